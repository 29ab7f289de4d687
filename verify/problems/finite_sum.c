/* finite_sum.c - see finite_sum.h. */
#include "verify/problems/finite_sum.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "sim/kernel/normal.h"
#include "sim/kernel/rng.h"

/* One standard normal: the first of a pair. */
static double normal(struct dsgd_rng_key key, uint32_t item)
{
    const struct dsgd_rng4 words = dsgd_rng_draw(key, item, 0, 0, 0);
    double z[2];
    dsgd_normal_pair(&words, z);
    return z[0];
}

static void fill(uint32_t seed, double l2, struct finite_sum *p)
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("verify finite sum")};
    *p = (struct finite_sum){.l2 = l2, .segment = {.name = "w", .count = FINITE_D, .rows = 1, .cols = FINITE_D}};
    for (int i = 0; i < FINITE_N; ++i) {
        for (int j = 0; j < FINITE_D; ++j) { p->a[i][j] = normal(key, (uint32_t)(i * FINITE_D + j)); }
        p->y[i] = normal(key, (uint32_t)(FINITE_N * FINITE_D + i));
    }
    for (int j = 0; j < FINITE_D; ++j) {
        for (int k = 0; k < FINITE_D; ++k) {
            double sum = 0.0;
            for (int i = 0; i < FINITE_N; ++i) { sum += p->a[i][j] * p->a[i][k]; }
            p->hessian[j][k] = sum / FINITE_N + (j == k ? l2 : 0.0);
        }
    }
}

static int eigenvalues(struct finite_sum *p, gsl_matrix *work, gsl_vector *value, gsl_matrix *vector, gsl_eigen_symmv_workspace *space)
{
    int failed = gsl_eigen_symmv(work, value, vector, space);
    gsl_eigen_symmv_sort(value, vector, GSL_EIGEN_SORT_VAL_ASC);
    p->mu = gsl_vector_get(value, 0);
    p->L = gsl_vector_get(value, FINITE_D - 1);
    for (size_t j = 0; j < FINITE_D; ++j) { p->top[j] = gsl_matrix_get(vector, j, FINITE_D - 1); }
    return failed;
}

/* Hessian w* = 1/n sum y_i a_i */
static int solve(struct finite_sum *p, gsl_matrix *work, gsl_vector *right)
{
    gsl_vector_view solution = gsl_vector_view_array(p->optimum, FINITE_D);
    for (size_t j = 0; j < FINITE_D; ++j) {
        double sum = 0.0;
        for (int i = 0; i < FINITE_N; ++i) { sum += p->y[i] * p->a[i][j]; }
        gsl_vector_set(right, j, sum / FINITE_N);
    }
    const int failed = gsl_linalg_cholesky_decomp1(work);
    return failed ? failed : gsl_linalg_cholesky_solve(work, right, &solution.vector);
}

static void load(const struct finite_sum *p, gsl_matrix *work)
{
    for (size_t j = 0; j < FINITE_D; ++j) {
        for (size_t k = 0; k < FINITE_D; ++k) { gsl_matrix_set(work, j, k, p->hessian[j][k]); }
    }
}

enum dsgd_status finite_sum_create(uint32_t seed, double l2, struct finite_sum *out)
{
    gsl_matrix *work = gsl_matrix_alloc(FINITE_D, FINITE_D), *vector = gsl_matrix_alloc(FINITE_D, FINITE_D);
    gsl_vector *value = gsl_vector_alloc(FINITE_D);
    gsl_eigen_symmv_workspace *space = gsl_eigen_symmv_alloc(FINITE_D);
    enum dsgd_status status = DSGD_OK;
    fill(seed, l2, out);
    if (!work || !vector || !value || !space) {
        status = dsgd_fail(DSGD_ENOMEM, "no memory for a finite sum");
    } else {
        load(out, work);
        int failed = eigenvalues(out, work, value, vector, space);
        load(out, work);
        failed = failed ? failed : solve(out, work, value);
        if (failed || !(out->mu > 0.0)) { status = dsgd_fail(DSGD_EINTERNAL, "the Hessian of a finite sum is singular (seed %u)", (unsigned)seed); }
    }
    if (space) { gsl_eigen_symmv_free(space); }
    if (value) { gsl_vector_free(value); }
    if (vector) { gsl_matrix_free(vector); }
    if (work) { gsl_matrix_free(work); }
    return status;
}

void finite_sum_gradient_of(const struct finite_sum *p, int i, const double *w, double *grad)
{
    double residual = -p->y[i];
    for (int j = 0; j < FINITE_D; ++j) { residual += p->a[i][j] * w[j]; }
    for (int j = 0; j < FINITE_D; ++j) { grad[j] = residual * p->a[i][j] + p->l2 * w[j]; }
}

void finite_sum_gradient(const struct finite_sum *p, const double *w, double *grad)
{
    double one[FINITE_D];
    memset(grad, 0, FINITE_D * sizeof *grad);
    for (int i = 0; i < FINITE_N; ++i) {
        finite_sum_gradient_of(p, i, w, one);
        for (int j = 0; j < FINITE_D; ++j) { grad[j] += one[j] / FINITE_N; }
    }
}

double finite_sum_excess(const struct finite_sum *p, const double *w)
{
    double sum = 0.0;
    for (int j = 0; j < FINITE_D; ++j) {
        for (int k = 0; k < FINITE_D; ++k) { sum += (w[j] - p->optimum[j]) * p->hessian[j][k] * (w[k] - p->optimum[k]); }
    }
    return sum / 2.0;
}

/* ---- the contract of a problem ---- */

static enum dsgd_status create(const struct dsgd_problem_args *args, void **self)
{
    (void)args;
    *self = NULL;
    return dsgd_fail(DSGD_EINTERNAL, "a finite sum is made by its check, not from a configuration");
}

static void destroy(void *self)
{
    (void)self; /* the check's */
}

static void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct finite_sum *p = self;
    *layout = (struct dsgd_layout){FINITE_D, 1, &p->segment};
    *n = FINITE_N;
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    double w[FINITE_D], one[FINITE_D], sum[FINITE_D] = {0.0};
    for (int j = 0; j < FINITE_D; ++j) { w[j] = (double)x[j]; }
    for (uint32_t b = 0; b < batch->count; ++b) {
        finite_sum_gradient_of(self, (int)batch->example[b], w, one);
        for (int j = 0; j < FINITE_D; ++j) { sum[j] += one[j]; }
    }
    for (int j = 0; j < FINITE_D; ++j) { grad[j] = (float)(sum[j] / batch->count); }
    return DSGD_OK;
}

static enum dsgd_status full_gradient(const void *self, const double *x, double *grad)
{
    finite_sum_gradient(self, x, grad);
    return DSGD_OK;
}

/* f itself, with f* = 0 */
static enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    value[0] = finite_sum_excess(self, x);
    return DSGD_OK;
}

static enum dsgd_status constants(const void *self, struct dsgd_constants *out)
{
    const struct finite_sum *p = self;
    *out = (struct dsgd_constants){.mu = p->mu, .L = p->L, .sigma2 = (double)NAN};
    return DSGD_OK;
}

static const struct dsgd_metric metric[] = {{"objective", "1", "f(w) - f*"}};

const struct dsgd_problem_ops finite_sum_problem = {
    .name = "finite_sum", .title = "least squares of a few examples", .reference = "none", .metric = metric, .metrics = 1,
    .create = create, .destroy = destroy, .shape = shape, .gradient = gradient, .evaluate = evaluate,
    .full_gradient = full_gradient, .constants = constants};
