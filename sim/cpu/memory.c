/* memory.c - the CPU's memory as a device's. */
#include <stdlib.h>
#include <string.h>

#include "sim/cpu/cpu.h"

void *cpu_alloc(size_t bytes)
{
    void *memory = aligned_alloc(64, bytes);
    if (memory) { memset(memory, 0, bytes); }
    return memory;
}

void cpu_release(void *memory)
{
    free(cpu_near(memory));
}

void cpu_read(struct dsgd_queue *q, void *host, const void *from, size_t bytes)
{
    (void)q;
    if (bytes > 0) { memcpy(host, cpu_near(from), bytes); }
}

void cpu_write(struct dsgd_queue *q, void *to, const void *host, size_t bytes)
{
    (void)q;
    if (bytes > 0) { memcpy(cpu_near(to), host, bytes); }
}
