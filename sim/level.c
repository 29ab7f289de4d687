/* level.c - the choice of an instruction set. Interface: level.h.
 *
 * The processor is asked by the compiler's own means, which also ask whether the system saves the wide registers.
 */
#include "sim/level.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sim/text.h"

#ifndef DSGD_ISAS
#define DSGD_ISAS 1
#endif
#ifndef DSGD_BASE_LEVEL
#define DSGD_BASE_LEVEL "generic"
#endif

static const struct level {
    const char *name, *word; /* word: a shorter name */
} level[DSGD_LEVEL_MAX] = {{DSGD_BASE_LEVEL, "base"}, {"x86-64-v3", "v3"}, {"x86-64-v4", "v4"}};

int dsgd_levels(void)
{
    return DSGD_ISAS;
}

const char *dsgd_level_name(int at)
{
    return level[at].name;
}

bool dsgd_level_runs(int at)
{
#if DSGD_ISAS > 1
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return at == 0 || (at == 1 && v3) || (at == 2 && v4);
#else
    return at == 0;
#endif
}

/* The level that is asked for; -1: none; -2: one that does not exist. */
static int asked(void)
{
    const char *name = getenv("DSGD_ISA");
    if (!name || *name == '\0') { return -1; }
    for (int at = 0; at < DSGD_ISAS; ++at) {
        if (strcmp(name, level[at].name) == 0 || strcmp(name, level[at].word) == 0) { return at; }
    }
    return -2;
}

int dsgd_level(void)
{
    static atomic_int chosen; /* the level and 1 */
    int now = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (now == 0) { /* several threads find the same */
        int best = DSGD_ISAS - 1;
        while (!dsgd_level_runs(best)) { --best; }
        const int wanted = asked();
        now = 1 + (wanted >= 0 && dsgd_level_runs(wanted) ? wanted : best);
        atomic_store_explicit(&chosen, now, memory_order_relaxed);
    }
    return now - 1;
}

enum dsgd_status dsgd_level_check(void)
{
    const int wanted = asked();
    if (wanted == -1 || (wanted >= 0 && dsgd_level_runs(wanted))) { return DSGD_OK; }
    char names[96] = "", shown[DSGD_SHOWN_MAX];
    for (int at = 0; at < DSGD_ISAS; ++at) {
        if (!dsgd_level_runs(at)) { continue; }
        if (names[0] != '\0') { strcat(names, ", "); }
        strcat(names, level[at].name);
    }
    return dsgd_fail(DSGD_EINPUT, "DSGD_ISA = %s: expected an instruction set of this build that this processor has (%s)",
                     dsgd_text_shown(getenv("DSGD_ISA"), shown), names);
}
