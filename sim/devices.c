/* devices.c - the devices that a configuration can name, in the order of DSGD_DEVICE_CHOICES, for the instruction set that runs. */
#include "sim/device_ops.h"
#include "sim/level.h"

enum { DEVICES = 2 };

#if defined(DSGD_ISAS) && DSGD_ISAS > 1
extern const struct dsgd_device dsgd_device_cpu_v3, dsgd_device_guard_v3, dsgd_device_cpu_v4, dsgd_device_guard_v4; /* scripts/levels.cmake */
#endif

const struct dsgd_device *dsgd_device_at(int choice)
{
    static const struct dsgd_device *const devices[][DEVICES] = {
        {&dsgd_device_cpu, &dsgd_device_guard},
#if defined(DSGD_ISAS) && DSGD_ISAS > 1
        {&dsgd_device_cpu_v3, &dsgd_device_guard_v3},
        {&dsgd_device_cpu_v4, &dsgd_device_guard_v4},
#endif
    };
    return choice >= 0 && choice < DEVICES ? devices[dsgd_level()][choice] : NULL;
}
