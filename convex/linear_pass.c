/* linear_pass.c - passes over the whole training set in double precision: objective, gradient, largest eigenvalue.
 *
 * One function does the work (dsgd_linear_pass); each row is read once and used twice, for its score and its share of
 * the result.
 */
#include "convex/linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "sim/kernel/rng.h"
#include "sim/kernel/sum.h"

/* Chunk c of a pass: out [d] = sum of c_i a_i, with features still in the units of the rows. */
static double pass_chunk(const struct dsgd_linear *p, size_t c, const double *w, dsgd_linear_weight *weight,
                         const void *context, double *restrict out)
{
    const struct dsgd_split *train = &p->data->train;
    const size_t features = p->features, end = p->n * (c + 1) / DSGD_LINEAR_CHUNKS;
    double sum = 0;
    for (size_t i = p->n * c / DSGD_LINEAR_CHUNKS; i < end; ++i) {
        const double scale = weight(context, i, dsgd_linear_score(p, train, i, w), &sum);
        if (scale == 0) { continue; }
        dsgd_linear_add(train, features, i, scale, out);
        out[features] += scale;
    }
    return sum;
}

enum dsgd_status dsgd_linear_pass(const struct dsgd_linear *p, const double *w, dsgd_linear_weight *weight,
                                  const void *context, double *out, double *mean)
{
    double sum[DSGD_LINEAR_CHUNKS];
    double *part = calloc(DSGD_LINEAR_CHUNKS * p->d, sizeof *part);
    if (!part) {
        return dsgd_fail(DSGD_ENOMEM, "no memory for %d partial sums of %zu numbers", (int)DSGD_LINEAR_CHUNKS, p->d);
    }
#pragma omp parallel for schedule(static) if (p->n >= DSGD_LINEAR_PARALLEL)
    for (size_t c = 0; c < DSGD_LINEAR_CHUNKS; ++c) { sum[c] = pass_chunk(p, c, w, weight, context, part + c * p->d); }
    double total = 0;
    memset(out, 0, p->d * sizeof *out);
    for (size_t c = 0; c < DSGD_LINEAR_CHUNKS; ++c) {
        total += sum[c];
        for (size_t j = 0; j < p->d; ++j) { out[j] += part[c * p->d + j]; }
    }
    free(part);
    const double n = (double)p->n, unit = dsgd_form_unit(p->data->train.form);
    for (size_t j = 0; j < p->features; ++j) { out[j] /= unit * n; }
    out[p->features] /= n;
    if (mean) { *mean = total / n; }
    return DSGD_OK;
}

static double weight_loss(const void *context, size_t i, double score, double *sum)
{
    const struct dsgd_linear *p = context;
    const double y = dsgd_linear_sign(p, p->data->train.label[i]);
    *sum += p->loss->value(y * score);
    return y * p->loss->slope(y * score);
}

enum dsgd_status dsgd_linear_objective(const struct dsgd_linear *p, const double *w, double *f, double *grad)
{
    DSGD_TRY(dsgd_linear_pass(p, w, weight_loss, p, grad, f));
    for (size_t j = 0; j < p->d; ++j) { grad[j] += p->l2 * w[j]; }
    *f += 0.5 * p->l2 * dsgd_sum_products_f64(p->d, w, w);
    return DSGD_OK;
}

static double weight_score(const void *context, size_t i, double score, double *sum)
{
    (void)context;
    (void)i;
    (void)sum;
    return score;
}

/* v [d] of length 1 */
static void start_vector(const struct dsgd_linear *p, double *v)
{
    const struct dsgd_rng_key key = {1, dsgd_rng_purpose("power iteration")};
    for (size_t j = 0; j < p->d; ++j) { v[j] = 1.0 / sqrt((double)p->d); }
    if (p->data->train.form == DSGD_ROWS_BYTES) { return; }
    for (size_t j = 0; j < p->d; ++j) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)j, 0, 0, 0);
        v[j] = 2 * dsgd_rng_unit(dsgd_rng_u64(&words, 0)) - 1;
    }
    const double norm = sqrt(dsgd_sum_products_f64(p->d, v, v));
    for (size_t j = 0; j < p->d; ++j) { v[j] /= norm; }
}

enum dsgd_status dsgd_linear_largest_eigenvalue(const struct dsgd_linear *p, double *lambda)
{
    /* Of bytes A = 1/n sum a_i a_i^T has no negative entry, so a top eigenvector has none either (Perron-Frobenius) and the
     * positive start is never orthogonal to it: the iteration cannot settle on a smaller eigenvalue. Other rows may have
     * negative values; a random start is orthogonal to it with probability 0. With r = Av - theta v an eigenvalue lies
     * within ||r|| of theta, hence theta + ||r|| bounds the one that is approached. */
    enum { ITERATIONS_MAX = 10000 };
    const size_t d = p->d;
    double *v = malloc(2 * d * sizeof *v);
    if (!v) { return dsgd_fail(DSGD_ENOMEM, "no memory for power iteration in %zu dimensions", d); }
    double *av = v + d, theta = 0, residual = HUGE_VAL;
    enum dsgd_status status = DSGD_OK;
    start_vector(p, v);
    for (int it = 0; it < ITERATIONS_MAX && !(residual <= 1e-6 * theta); ++it) {
        status = dsgd_linear_pass(p, v, weight_score, NULL, av, NULL);
        if (status != DSGD_OK) { break; }
        const double norm = sqrt(dsgd_sum_products_f64(d, av, av)); /* > 0: A is not 0, the constant feature alone gives it an entry of 1 */
        theta = dsgd_sum_products_f64(d, v, av);
        for (size_t j = 0; j < d; ++j) { v[j] = av[j] - theta * v[j]; }
        residual = sqrt(dsgd_sum_products_f64(d, v, v));
        for (size_t j = 0; j < d; ++j) { v[j] = av[j] / norm; }
    }
    free(v);
    *lambda = theta + residual;
    return status;
}
