/* loops.c - which instruction set's loops run. Interface: loops.h. */
#include "deep/loops.h"

#include "sim/level.h"

extern const struct deep_loops dsgd_deep_cpu; /* deep/cpu */
#if defined(DSGD_ISAS) && DSGD_ISAS > 1
extern const struct deep_loops dsgd_deep_cpu_v3, dsgd_deep_cpu_v4;
#endif

const struct deep_loops *deep_loops(void)
{
    static const struct deep_loops *const level[] = {
        &dsgd_deep_cpu,
#if defined(DSGD_ISAS) && DSGD_ISAS > 1
        &dsgd_deep_cpu_v3,
        &dsgd_deep_cpu_v4,
#endif
    };
    return level[dsgd_level()];
}
