/* cpu.c - the CPU as a device. */
#include "sim/cpu/cpu.h"

const struct dsgd_device dsgd_device_cpu = {
    .name = "cpu",
    .title = "this machine's processors",
    .look_every = 1,
    .alloc = cpu_alloc,
#include "sim/cpu/table.h"
};
