/* vector.h - the vector that operations are timed on. */
#ifndef DSGD_BENCH_VECTOR_H
#define DSGD_BENCH_VECTOR_H

#include "bench/bench.h"

/** d floats, from options->vector (raw, little-endian, exactly d of them), else made: signs at random, magnitudes 1 / (1 + 4096 u) with u uniform,
 *  so that few coordinates are large, as in gradients. Caller frees. DSGD_EINPUT, DSGD_ENOMEM with a sentence. */
enum dsgd_status bench_vector(const struct bench_options *options, float **out /*[d]*/);

#endif
