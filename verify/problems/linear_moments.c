/* linear_moments.c - E||g||^2 and its variance by enumeration. Interface, formula: linear_moments.h. */
#include "verify/problems/linear_moments.h"

#include <stdlib.h>
#include <string.h>

static double norm2_of(size_t d, const double *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < d; ++i) { sum += x[i] * x[i]; }
    return sum;
}

enum dsgd_status linear_moments_open(const struct dsgd_linear *p, struct linear_moments *out)
{
    *out = (struct linear_moments){.problem = p, .norm2 = malloc((p->n + 2 * p->d) * sizeof *out->norm2)};
    if (!out->norm2) { return dsgd_fail(DSGD_ENOMEM, "no memory for the norms of %zu examples", p->n); }
    out->point = out->norm2 + p->n;
    out->grad = out->point + p->d;
    for (size_t i = 0; i < p->n; ++i) { out->norm2[i] = dsgd_linear_square(&p->data->train, p->features, i); }
    return DSGD_OK;
}

void linear_moments_close(struct linear_moments *m)
{
    free(m->norm2);
    memset(m, 0, sizeof *m);
}

/* c_i, and ||g_i||^2 without its last term, which is the same for all i. */
static double weight(const void *context, size_t i, double score, double *sum)
{
    const struct linear_moments *m = context;
    const struct dsgd_linear *p = m->problem;
    const double y = dsgd_linear_sign(p, p->data->train.label[i]), c = y * p->loss->slope(y * score);
    *sum += c * (c * m->norm2[i] + 2.0 * p->l2 * score);
    return c;
}

enum dsgd_status linear_moments_at(struct linear_moments *m, const double *w, double draws, double *sigma2, double *G2)
{
    const struct dsgd_linear *p = m->problem;
    double mean = 0.0;
    for (size_t j = 0; j < p->d; ++j) { m->point[j] = (double)(float)w[j]; }
    DSGD_TRY(dsgd_linear_pass(p, m->point, weight, m, m->grad, &mean));
    for (size_t j = 0; j < p->d; ++j) { m->grad[j] += p->l2 * m->point[j]; }
    const double gradient2 = norm2_of(p->d, m->grad);
    *sigma2 = (mean + p->l2 * p->l2 * norm2_of(p->d, m->point) - gradient2) / draws;
    *G2 = gradient2 + *sigma2;
    return DSGD_OK;
}
