/* linear_moments.h - second moments of stochastic gradients of a linear classifier, exactly, by one pass over the training set.
 *
 * The gradient of example i is c_i a_i + l2 w with c_i = y_i loss'(y_i <a_i, w>), so that its squared norm needs three scalars:
 * c_i^2 ||a_i||^2 + 2 l2 c_i <a_i, w> + l2^2 ||w||^2. A pass over MNIST takes about 20 ms of one core; 60,000 gradients take several times that.
 */
#ifndef DSGD_VERIFY_PROBLEMS_LINEAR_MOMENTS_H
#define DSGD_VERIFY_PROBLEMS_LINEAR_MOMENTS_H

#include "convex/linear.h"

struct linear_moments {
    const struct dsgd_linear *problem; /* borrowed */
    double *norm2;                     /* [n] ||a_i||^2 */
    double *point, *grad;              /* [d] */
};

/** `problem` is the `self` of problem logistic or svm. DSGD_ENOMEM. Caller: linear_moments_close, also after a failure. */
enum dsgd_status linear_moments_open(const struct dsgd_linear *problem, struct linear_moments *out);
void linear_moments_close(struct linear_moments *m); /* accepts an all-zero one */

/** sigma2 = E||g - grad f(w)||^2 and G2 = E||g||^2 for g the mean of `draws` independent examples' gradients (W b of them: shared data, with
 *  replacement), at w rounded to float, which is what workers are given. */
enum dsgd_status linear_moments_at(struct linear_moments *m, const double *w /*[d]*/, double draws, double *sigma2, double *G2);

#endif
