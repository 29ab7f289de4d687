/* split.h - one vector over several threads: how many are worth waking, and where their parts begin.
 *
 * For operations whose elements do not depend on each other; sums have chunks of their own (sim/cpu/sum.h). Either cpu_split, or where a
 * loop needs to know its part:
 *   const int parts = cpu_parts(q, n);
 *   #pragma omp parallel for num_threads(parts) if (parts > 1)
 *   for (int p = 0; p < parts; ++p) { work from cpu_part(n, p, parts) to cpu_part(n, p + 1, parts); }
 * A region costs 0.3 us even with `if (0)`, as much as an operation on a small model: code that such models run has a branch round it.
 * A worker's queue has one thread where workers have threads, so parts are never made inside parts.
 */
#ifndef DSGD_SIM_CPU_SPLIT_H
#define DSGD_SIM_CPU_SPLIT_H

#include "sim/device_ops.h"

enum {
    CPU_PART_LEAST = 1 << 17, /* elements that are worth a thread: tens of microseconds where an element takes part of a nanosecond */
    CPU_PART_UNIT = 4096      /* parts begin at multiples of it: whole blocks, words of bits and cache lines of every operation */
};

/** How many parts a vector of n elements has. What costs much more an element says so by a larger n. */
static inline int cpu_parts(const struct dsgd_queue *q, size_t n)
{
    const size_t most = n / CPU_PART_LEAST;
    return q->threads < 2 || most < 2 ? 1 : most < (size_t)q->threads ? (int)most : q->threads;
}

/** The first element of part p; part `parts` begins at n. */
static inline size_t cpu_part(size_t n, int p, int parts)
{
    const size_t units = n / CPU_PART_UNIT + (n % CPU_PART_UNIT > 0), first = units * (size_t)p / (size_t)parts * CPU_PART_UNIT;
    return first < n ? first : n;
}

/** Elements first .. end - 1. */
typedef void cpu_work(const void *args, size_t first, size_t end);

/** Calls `work` for n elements, in parts by several threads where that is worth it. */
static inline void cpu_split(const struct dsgd_queue *q, size_t n, cpu_work *work, const void *args)
{
    const int parts = cpu_parts(q, n);
    if (parts == 1) {
        work(args, 0, n);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(parts)
    for (int p = 0; p < parts; ++p) { work(args, cpu_part(n, p, parts), cpu_part(n, p + 1, parts)); }
}

#endif
