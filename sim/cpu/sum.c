/* sum.c - sums in the one order with chunks over threads. Interface: sum.h. */
#include "sim/cpu/sum.h"

enum {
    WINDOW = 1024, /* chunks whose sums wait to be added: 8 KiB of the stack, and few regions for a long vector */
    PARALLEL = 64  /* chunks that are worth waking threads for, about 30 us of one */
};

static double one_chunk(size_t n, size_t c, cpu_chunk *chunk, const void *args)
{
    const size_t first = c * DSGD_SUM_CHUNK;
    return chunk(args, first, n - first < DSGD_SUM_CHUNK ? n - first : DSGD_SUM_CHUNK);
}

double cpu_sum(int threads, size_t n, cpu_chunk *chunk, const void *args)
{
    const size_t chunks = (n + DSGD_SUM_CHUNK - 1) / DSGD_SUM_CHUNK;
    struct dsgd_sum sum = {{{0.0}}, {0}};
    double part[WINDOW];
    if (chunks <= 1) { return chunk(args, 0, n); }
    for (size_t from = 0; from < chunks; from += WINDOW) {
        const size_t count = chunks - from < WINDOW ? chunks - from : WINDOW;
        if (threads > 1 && count >= PARALLEL) {
#pragma omp parallel for schedule(static) num_threads(threads)
            for (size_t c = 0; c < count; ++c) { part[c] = one_chunk(n, from + c, chunk, args); }
        } else {
            for (size_t c = 0; c < count; ++c) { part[c] = one_chunk(n, from + c, chunk, args); }
        }
        for (size_t c = 0; c < count; ++c) { dsgd_sum_add(&sum, part[c]); }
    }
    return dsgd_sum_end(&sum);
}
