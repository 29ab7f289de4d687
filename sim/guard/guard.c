/* guard.c - a device for tests: the CPU's operations, on memory that nobody but sim/cpu can reach.
 *
 * An address that is given out has bit 62 set. No such address exists, so whoever follows one ends at once, without system calls and in
 * any thread; only cpu_near (sim/cpu/cpu.h) takes the bit away. It is also looked at rarely, as a device is where a look costs a wait.
 */
#include "sim/cpu/cpu.h"

static void *guard_alloc(int ordinal, size_t bytes)
{
    void *memory = cpu_alloc(ordinal, bytes);
    return memory ? (void *)((uintptr_t)memory | DSGD_CPU_FAR) : NULL;
}

const struct dsgd_device dsgd_device_guard = {
    .name = "guard",
    .title = "the same, in memory that only the device's own code can reach: for tests",
    .look_every = 32,
    .alloc = guard_alloc,
#include "sim/cpu/table.h"
};
