/* devices.c - the devices that a configuration can name, in the order of DSGD_DEVICE_CHOICES. */
#include "sim/device_ops.h"

const struct dsgd_device *dsgd_device_at(int choice)
{
    static const struct dsgd_device *const devices[] = {&dsgd_device_cpu, &dsgd_device_guard};
    return choice >= 0 && (size_t)choice < sizeof devices / sizeof *devices ? devices[choice] : NULL;
}
