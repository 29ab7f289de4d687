/* staged.c - operations on copies in host memory, for devices that lack them. */
#include "sim/device_ops.h"

void dsgd_staged_enter(struct dsgd_device *device)
{
    (void)device;
}
