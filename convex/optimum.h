/* optimum.h - certified minimisers of the linear classifiers. Both are deterministic: same bits for any number of
 * threads. w in the result is [d] and the caller's to free. */
#ifndef DSGD_CONVEX_OPTIMUM_H
#define DSGD_CONVEX_OPTIMUM_H

#include "convex/linear.h"
#include "sim/problem.h"

/** Logistic loss, in the doubles of one machine:
 *  f(w) - f* <= ||grad f(w)||^2/(2 l2) <= 1e-12. DSGD_EINPUT if l2 = 0; DSGD_EINTERNAL if the bound is not reached. */
enum dsgd_status dsgd_optimum_logistic(const struct dsgd_linear *p, struct dsgd_optimum *out);

/** Hinge loss: f(w) - f* <= duality gap <= 1e-8. DSGD_EINPUT if l2 = 0; DSGD_EINTERNAL if the gap is not reached. */
enum dsgd_status dsgd_optimum_hinge(const struct dsgd_linear *p, struct dsgd_optimum *out);

#endif
