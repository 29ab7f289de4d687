/* finite_sum.h - a least-squares problem of a few examples, whose conditional expectations are sums that a check can write out.
 *
 *     f(w) = 1/n sum_i f_i(w),   f_i(w) = 1/2 (<a_i, w> - y_i)^2 + l2/2 ||w||^2,   grad f_i(w) = (<a_i, w> - y_i) a_i + l2 w.
 *
 * a_i, y_i are normal; a worker draws one example uniformly, so that E g = grad f and E||g - grad f||^2 depends on w. The Hessian
 * 1/n sum a_i a_i^T + l2 has the eigenvalues mu .. L (GSL, symmetric QR), w* comes from a Cholesky factor.
 */
#ifndef DSGD_VERIFY_PROBLEMS_FINITE_SUM_H
#define DSGD_VERIFY_PROBLEMS_FINITE_SUM_H

#include "sim/problem.h"

enum { FINITE_N = 8, FINITE_D = 6 };

struct finite_sum {
    double a[FINITE_N][FINITE_D], y[FINITE_N], l2;
    double hessian[FINITE_D][FINITE_D];
    double mu, L, optimum[FINITE_D], top[FINITE_D]; /* top: unit eigenvector of L */
    struct dsgd_segment segment;
};

/** Draws a problem; l2 >= 0. DSGD_EINTERNAL if its Hessian is singular. */
enum dsgd_status finite_sum_create(uint32_t seed, double l2, struct finite_sum *out);

/** grad f_i(w) of one example, and grad f(w) as their mean. */
void finite_sum_gradient_of(const struct finite_sum *p, int i, const double *w /*[d]*/, double *grad /*[d]*/);
void finite_sum_gradient(const struct finite_sum *p, const double *w, double *grad);
/** f(w) - f* = 1/2 (w - w*)^T Hessian (w - w*), without cancellation. */
double finite_sum_excess(const struct finite_sum *p, const double *w);

/** The problem for an engine; `self` is the struct finite_sum. n = FINITE_N. */
extern const struct dsgd_problem_ops finite_sum_problem;

#endif
