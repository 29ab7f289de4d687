/* stored.h - a problem whose gradients lie in memory: rounds cost what the algorithm costs, and one copy of d floats a worker. */
#ifndef DSGD_BENCH_STORED_H
#define DSGD_BENCH_STORED_H

#include "sim/problem.h"

/** Points to d floats; the gradient of worker w in step t is this vector, moved by 97 (w + 16 t) places. */
struct bench_stored {
    size_t d;
    const float *vector; /* [d] */
    struct dsgd_segment segment[1];
};

void bench_stored_init(struct bench_stored *stored, size_t d, const float *vector);
extern const struct dsgd_problem_ops bench_stored_problem; /* `create` takes none: self is a struct bench_stored of the caller */

#endif
