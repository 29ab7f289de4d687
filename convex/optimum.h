/* optimum.h - certified minimisers of the linear classifiers. All are deterministic: same bits for any number of
 * threads. w in the result is [d] and the caller's to free. */
#ifndef DSGD_CONVEX_OPTIMUM_H
#define DSGD_CONVEX_OPTIMUM_H

#include "convex/linear.h"
#include "sim/problem.h"

/** A twice differentiable f(w) = data term + l2/2 ||w||^2 with a convex data term. */
struct dsgd_smooth {
    const char *problem; /* for sentences */
    const void *self;
    size_t d;
    double l2;
    size_t state; /* doubles that describe the Hessian at a point */
    /** f and its gradient, regulariser included. */
    enum dsgd_status (*objective)(const void *self, const double *w /*[d]*/, double *f, double *grad /*[d]*/);
    /** state = what `hessian` needs at w; scratch [d] is overwritten. */
    enum dsgd_status (*curvature)(const void *self, const double *w /*[d]*/, double *state, double *scratch /*[d]*/);
    /** hv = Hessian of the data term times v, without the regulariser. */
    enum dsgd_status (*hessian)(const void *self, const double *state, const double *v /*[d]*/, double *hv /*[d]*/);
};

/** f(w) - f* <= ||grad f(w)||^2/(2 l2) <= 1e-12, in the doubles of one machine. DSGD_EUNAVAILABLE if l2 = 0;
 *  DSGD_EINTERNAL if the bound is not reached. */
enum dsgd_status dsgd_optimum_smooth(const struct dsgd_smooth *smooth, struct dsgd_optimum *out);

/** Logistic loss, through dsgd_optimum_smooth. */
enum dsgd_status dsgd_optimum_logistic(const struct dsgd_linear *p, struct dsgd_optimum *out);

/** Hinge loss: f(w) - f* <= duality gap <= 1e-8. DSGD_EUNAVAILABLE if l2 = 0; DSGD_EINTERNAL if the gap is not
 *  reached. */
enum dsgd_status dsgd_optimum_hinge(const struct dsgd_linear *p, struct dsgd_optimum *out);

#endif
