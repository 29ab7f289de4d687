/* constant_gradient.h - f(w) = <g, w>: every stochastic gradient is g, by default the vector of ones, whatever w is.
 *
 * What Lemma 3 is about without a problem around it: the memory's recursion with G^2 = ||g||^2 = d known exactly. A flat gradient
 * that persists is also the worst case of fixed hashes: within a bucket all estimates are equal in magnitude.
 */
#ifndef DSGD_VERIFY_PROBLEMS_CONSTANT_GRADIENT_H
#define DSGD_VERIFY_PROBLEMS_CONSTANT_GRADIENT_H

#include "sim/problem.h"

struct constant_gradient {
    struct dsgd_segment segment;
    const float *g; /* [d], the caller's; NULL: ones */
};

/** A problem of d parameters with g = 1; nothing to free. */
void constant_gradient_init(size_t d, struct constant_gradient *out);
/** For trial_open_problem with a struct constant_gradient. No mu, no L, no minimum. */
extern const struct dsgd_problem_ops constant_gradient_problem;

#endif
