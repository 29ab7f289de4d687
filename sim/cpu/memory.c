/* memory.c - the CPU's memory as a device's. Long arrays ask for large pages: they are touched first in a fraction of the time, and what is read
 * at random places (cells, chosen coordinates) finds its page without a walk through tables.
 */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#include <sys/mman.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "sim/cpu/cpu.h"

static const size_t LARGE_PAGE = (size_t)2 << 20, LONG = (size_t)8 << 20;

void *cpu_alloc(int ordinal, size_t bytes)
{
    (void)ordinal;
    void *memory;
    const bool large = bytes >= LONG;
    if (posix_memalign(&memory, large ? LARGE_PAGE : 64, bytes) != 0) { return NULL; }
#if defined(__linux__)
    if (large) { (void)madvise(memory, bytes, MADV_HUGEPAGE); } /* a wish: the memory is the same without */
#endif
    memset(memory, 0, bytes);
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

void cpu_move(struct dsgd_queue *q, void *to, struct dsgd_queue *from_q, const void *from, size_t bytes)
{
    (void)q;
    (void)from_q;
    if (bytes > 0) { memmove(cpu_near(to), cpu_near(from), bytes); }
}
