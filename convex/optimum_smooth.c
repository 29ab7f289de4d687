/* optimum_smooth.c - the minimiser of a smooth convex function with an l2 regulariser (logistic, softmax).
 *
 * NLopt's preconditioned truncated Newton method (LD_TNEWTON_PRECOND_RESTART; Dembo and Steihaug, Math. Prog. 26, 1983)
 * as far as it goes; its line search compares values of f and may stop early, so Newton-CG steps of our own finish the
 * work. f is l2-strongly convex, hence f(w) - f* <= ||grad f(w)||^2/(2 l2): the certificate, computed from w alone.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <nlopt.h>
#include "convex/optimum.h"
#include "sim/kernel/sum.h"

/* The bound asked for; a thousandth of what is promised is tried for, since quadratic convergence makes it cheap. */
static const double gap_max = 1e-12, gap_aim = 1e-15;
enum { NLOPT_EVALUATIONS = 2000, NEWTON_STEPS = 60, HALVINGS = 40 };

/* The search as NLopt sees it; the best point is kept here because a forced stop does not promise to return it. */
struct search {
    const struct dsgd_smooth *p;
    nlopt_opt opt;
    double *w, *grad; /* [d] */
    double gap;       /* at w */
    enum dsgd_status status;
};

static double norm2(size_t d, const double *v)
{
    return dsgd_sum_products_f64(d, v, v);
}

static double search_objective(unsigned d, const double *x, double *grad, void *data)
{
    struct search *s = data;
    double f = HUGE_VAL;
    double *g = grad ? grad : s->grad;
    const enum dsgd_status status = s->p->objective(s->p->self, x, &f, g);
    if (status != DSGD_OK) {
        s->status = status;
        nlopt_force_stop(s->opt);
        return HUGE_VAL;
    }
    const double gap = norm2(d, g) / (2 * s->p->l2);
    if (gap < s->gap) {
        s->gap = gap;
        memcpy(s->w, x, d * sizeof *x);
    }
    if (gap <= gap_aim) { nlopt_force_stop(s->opt); }
    return f;
}

/* Improves s->w from zero. Whatever NLopt's return code, the point that was kept speaks for itself. */
static enum dsgd_status search_nlopt(struct search *s)
{
    const size_t d = s->p->d;
    double *x = calloc(d, sizeof *x), f;
    s->opt = nlopt_create(NLOPT_LD_TNEWTON_PRECOND_RESTART, (unsigned)d);
    if (!x || !s->opt || nlopt_set_min_objective(s->opt, search_objective, s) != NLOPT_SUCCESS ||
        nlopt_set_maxeval(s->opt, NLOPT_EVALUATIONS) != NLOPT_SUCCESS) {
        s->status = dsgd_fail(DSGD_ENOMEM, "NLopt: no memory for %zu parameters", d);
    } else {
        nlopt_optimize(s->opt, x, &f);
    }
    nlopt_destroy(s->opt);
    free(x);
    return s->status;
}

/* Conjugate gradients: step = -H^-1 grad to a relative residual of `tolerance`. work is [3][d]. */
static enum dsgd_status newton_direction(const struct dsgd_smooth *p, const double *state, const double *grad,
                                         double tolerance, double *step, double *work)
{
    const size_t d = p->d;
    double *r = work, *q = work + d, *hq = work + 2 * d;
    const double stop = tolerance * tolerance * norm2(d, grad);
    double rr = norm2(d, grad);
    for (size_t j = 0; j < d; ++j) {
        step[j] = 0;
        r[j] = q[j] = -grad[j];
    }
    for (size_t it = 0; it < 2 * d + 10 && rr > stop; ++it) {
        DSGD_TRY(p->hessian(p->self, state, q, hq));
        double curvature = 0;
        for (size_t j = 0; j < d; ++j) {
            hq[j] += p->l2 * q[j];
            curvature += q[j] * hq[j];
        }
        const double alpha = rr / curvature;
        for (size_t j = 0; j < d; ++j) {
            step[j] += alpha * q[j];
            r[j] -= alpha * hq[j];
        }
        const double beta = norm2(d, r) / rr;
        rr *= beta;
        for (size_t j = 0; j < d; ++j) { q[j] = r[j] + beta * q[j]; }
    }
    return DSGD_OK;
}

/* Newton steps with backtracking from s->w until the gap is reached or f cannot be lowered. work is [5][d]. */
static enum dsgd_status search_newton(struct search *s, double *state, double *work)
{
    const struct dsgd_smooth *p = s->p;
    const size_t d = p->d;
    double *trial = work, *step = work + d, f, f_trial;
    DSGD_TRY(p->objective(p->self, s->w, &f, s->grad));
    s->gap = norm2(d, s->grad) / (2 * p->l2);
    for (int it = 0; it < NEWTON_STEPS && s->gap > gap_aim; ++it) {
        DSGD_TRY(p->curvature(p->self, s->w, state, trial));
        DSGD_TRY(newton_direction(p, state, s->grad, 1e-3, step, work + 2 * d));
        double descent = 0, t = 1;
        for (size_t j = 0; j < d; ++j) { descent += s->grad[j] * step[j]; }
        bool lower = false;
        for (int half = 0; half < HALVINGS && !lower; ++half, t /= 2) {
            for (size_t j = 0; j < d; ++j) { trial[j] = s->w[j] + t * step[j]; }
            DSGD_TRY(p->objective(p->self, trial, &f_trial, s->grad));
            lower = f_trial <= f + 1e-4 * t * descent + 1e-14 * f; /* the last term: rounding of two sums near f */
        }
        const double gap = norm2(d, s->grad) / (2 * p->l2);
        if (!lower || (gap <= gap_max && gap >= s->gap)) { break; }
        memcpy(s->w, trial, d * sizeof *trial);
        f = f_trial;
        s->gap = gap;
    }
    return DSGD_OK;
}

static enum dsgd_status search_all(struct search *s)
{
    const size_t d = s->p->d;
    double *state = malloc(s->p->state * sizeof *state);
    double *work = malloc(5 * d * sizeof *work);
    enum dsgd_status status = DSGD_ENOMEM;
    if (!state || !work) {
        dsgd_fail(DSGD_ENOMEM, "no memory for the optimum of %zu parameters", d);
    } else {
        status = search_nlopt(s);
        if (status == DSGD_OK && s->gap > gap_aim) { status = search_newton(s, state, work); }
    }
    free(state);
    free(work);
    return status;
}

enum dsgd_status dsgd_optimum_smooth(const struct dsgd_smooth *p, struct dsgd_optimum *out)
{
    *out = (struct dsgd_optimum){.certificate = "gradient norm"};
    if (!(p->l2 > 0)) {
        return dsgd_fail(DSGD_EUNAVAILABLE, "%s.l2 = %g: no certified optimum, expected l2 > 0", p->problem, p->l2);
    }
    struct search s = {
        .p = p, .gap = HUGE_VAL, .w = calloc(p->d, sizeof(double)), .grad = calloc(p->d, sizeof(double))};
    enum dsgd_status status = DSGD_OK;
    if (!s.w || !s.grad) {
        status = dsgd_fail(DSGD_ENOMEM, "no memory for %zu parameters", p->d);
    } else {
        status = search_all(&s);
    }
    /* The certificate comes from w alone, not from what the search believed. */
    if (status == DSGD_OK) { status = p->objective(p->self, s.w, &out->f_star, s.grad); }
    if (status == DSGD_OK) {
        out->gap = norm2(p->d, s.grad) / (2 * p->l2);
        if (!(out->gap <= gap_max)) {
            status = dsgd_fail(DSGD_EINTERNAL, "%s.l2 = %g: optimum certified to %.3g only, expected %.0e", p->problem,
                               p->l2, out->gap, gap_max);
        }
    }
    free(s.grad);
    if (status != DSGD_OK) {
        free(s.w);
        return status;
    }
    snprintf(out->solver, sizeof out->solver, "NLopt LD_TNEWTON_PRECOND_RESTART, Newton-CG");
    out->w = s.w;
    return DSGD_OK;
}
