/* sum.h - sums in the one order (sim/kernel/sum.h) with chunks over threads. */
#ifndef DSGD_SIM_CPU_SUM_H
#define DSGD_SIM_CPU_SUM_H

#include "sim/kernel/sum.h"

/** The sum over the `n` numbers from number `first` on, n <= DSGD_SUM_CHUNK, in 32 lanes. */
typedef double cpu_chunk(const void *args, size_t first, size_t n);

/** The sum of n numbers, on up to `threads` threads; the same bits for any number of them. */
double cpu_sum(int threads, size_t n, cpu_chunk *chunk, const void *args);

#endif
