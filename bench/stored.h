/* stored.h - a problem whose gradients lie in memory already: rounds cost what the algorithm costs. */
#ifndef DSGD_BENCH_STORED_H
#define DSGD_BENCH_STORED_H

#include <stdatomic.h>

#include "sim/problem.h"

enum { BENCH_STORED_MAX = 256 };

/** Points to d floats; a gradient is this vector, moved by 97 places for each worker. It is written into a gradient's memory when a worker has
 *  that for the first time, and stays there: where several workers share it one behind the other, and in all later steps, nothing is done. Only
 *  for runs in which nobody else writes there (no coupled weight decay), one engine after each bench_stored_init. */
struct bench_stored {
    size_t d;
    const float *vector; /* [d] */
    struct dsgd_segment segment[1];
    atomic_size_t places;
    _Atomic(const void *) place[BENCH_STORED_MAX]; /* memory that has its gradient */
};

void bench_stored_init(struct bench_stored *stored, size_t d, const float *vector);
extern const struct dsgd_problem_ops bench_stored_problem; /* `create` takes none: self is a struct bench_stored of the caller */

#endif
