/* quadratic.c - gradients and metrics of a quadratic with known everything, on the CPU. Formulas: convex/quadratic.c. */
#include "convex/quadratic.h"
#include "convex/cpu/plain.h"

#include <math.h>
#include <stdlib.h>

#include "convex/cpu/rows.h"
#include "sim/kernel/sum.h"

/* sum v_j z_j in a chunk, in the one order of sums. */
static double mixed_chunk(size_t n, const double *v, const float *z)
{
    double lane[DSGD_SUM_LANES] = {0};
    size_t j = 0;
    for (; j + DSGD_SUM_LANES <= n; j += DSGD_SUM_LANES) {
        for (size_t l = 0; l < DSGD_SUM_LANES; ++l) { lane[l] += v[j + l] * (double)z[j + l]; }
    }
    for (size_t l = 0; j + l < n; ++l) { lane[l] += v[j + l] * (double)z[j + l]; }
    return dsgd_sum_fold(lane);
}

/* z -= 2 <v, z> v for float and for double vectors. */
static void reflect_float(size_t d, const double *restrict v, float *restrict z)
{
    struct dsgd_sum products = {{{0}}, {0}};
    for (size_t j = 0; j < d; j += DSGD_SUM_CHUNK) {
        dsgd_sum_add(&products, mixed_chunk(d - j < DSGD_SUM_CHUNK ? d - j : DSGD_SUM_CHUNK, v + j, z + j));
    }
    const double sum = dsgd_sum_end(&products);
    for (size_t j = 0; j < d; ++j) { z[j] = (float)dsgd_quadratic_reflected((double)z[j], sum, v[j]); }
}

static void reflect(size_t d, const double *restrict v, double *restrict z)
{
    const double sum = dsgd_sum_products_f64(d, v, z);
    for (size_t j = 0; j < d; ++j) { z[j] = dsgd_quadratic_reflected(z[j], sum, v[j]); }
}

/* What coordinate j's standard normal, or sign, is multiplied by. */
static double scale_of(const struct dsgd_quadratic *p, size_t j, double all, double alike)
{
    return p->profile ? p->profile[j] * all : alike;
}

static void add_noise(const struct dsgd_quadratic *p, const struct dsgd_batch *batch, float *grad)
{
    const struct dsgd_rng_key key = {batch->seed, p->noise_key.purpose};
    const double all = p->config.sigma / sqrt((double)batch->count), alike = p->config.sigma / sqrt((double)p->d * (double)batch->count);
    if (p->config.noise == DSGD_NOISE_GAUSSIAN) {
        double z[2] = {0, 0};
        for (size_t j = 0; j < p->d; ++j) {
            if (j % 2 == 0) { dsgd_quadratic_normals(key, (uint32_t)(j / 2), batch->step, batch->worker, z); }
            grad[j] += (float)(scale_of(p, j, all, alike) * z[j % 2]);
        }
        return;
    }
    for (size_t j = 0; j < p->d; j += 128) { /* one draw has 128 bits */
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(j / 128), batch->step, batch->worker, 0);
        const size_t end = p->d - j < 128 ? p->d - j : 128;
        for (size_t k = 0; k < end; ++k) {
            grad[j + k] += dsgd_quadratic_sign(&words, (uint32_t)k, scale_of(p, j + k, all, alike));
        }
    }
}

/* grad is the scratch space too: several workers may be in here at once. */
enum dsgd_status convex_cpu_quadratic_gradient(const void *self, const float *x, const struct dsgd_batch *batch,
                                           float *grad)
{
    const struct dsgd_quadratic *p = self;
    const size_t d = p->d, rotations = (size_t)p->config.rotations;
    if (batch->count == 0) {
        return dsgd_fail(DSGD_EINTERNAL, "gradient of an empty minibatch, expected at least 1 example");
    }
    for (size_t j = 0; j < d; ++j) { grad[j] = (float)((double)x[j] - p->optimum[j]); }
    for (size_t r = 0; r < rotations; ++r) { reflect_float(d, p->reflection + r * d, grad); }
    for (size_t j = 0; j < d; ++j) { grad[j] = (float)(p->eigenvalue[j] * (double)grad[j]); }
    for (size_t r = rotations; r-- > 0;) { reflect_float(d, p->reflection + r * d, grad); }
    if (p->config.sigma > 0) { add_noise(p, batch, grad); }
    return DSGD_OK;
}

/* z [d] = Q (x - w*) */
static void rotate(const struct dsgd_quadratic *p, const double *x, double *z)
{
    for (size_t j = 0; j < p->d; ++j) { z[j] = x[j] - p->optimum[j]; }
    for (size_t r = 0; r < (size_t)p->config.rotations; ++r) { reflect(p->d, p->reflection + r * p->d, z); }
}

enum dsgd_status convex_cpu_quadratic_evaluate(const void *self, const double *x, double *value)
{
    const struct dsgd_quadratic *p = self;
    double *z = malloc(p->d * sizeof *z);
    if (!z) { return dsgd_fail(DSGD_ENOMEM, "problem quadratic: no memory for %zu numbers", p->d); }
    rotate(p, x, z);
    for (size_t j = 0; j < p->d; ++j) { z[j] = dsgd_quadratic_energy(z[j], p->eigenvalue[j]); }
    value[0] = dsgd_sum_of(p->d, z);
    for (size_t j = 0; j < p->d; ++j) { z[j] = x[j] - p->optimum[j]; }
    value[1] = dsgd_sum_products_f64(p->d, z, z);
    free(z);
    return DSGD_OK;
}

enum dsgd_status convex_cpu_quadratic_full_gradient(const void *self, const double *x, double *grad)
{
    const struct dsgd_quadratic *p = self;
    rotate(p, x, grad);
    for (size_t j = 0; j < p->d; ++j) { grad[j] *= p->eigenvalue[j]; }
    for (size_t r = (size_t)p->config.rotations; r-- > 0;) { reflect(p->d, p->reflection + r * p->d, grad); }
    return DSGD_OK;
}

static enum dsgd_status gradients(const void *self, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    return convex_cpu_rows(convex_cpu_quadratic_gradient, NULL, self, w, x, batch, grad);
}

static enum dsgd_status evaluate(const void *self, struct dsgd_rows *all, const dsgd_f64 *x, const void *resident, double *value)
{
    (void)resident;
    (void)all;
    return convex_cpu_quadratic_evaluate(self, cpu_f64(x, 0), value);
}

const struct dsgd_problem_kernels dsgd_quadratic_cpu = {.gradients = gradients, .evaluate = evaluate};
