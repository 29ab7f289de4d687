/* quadratic.c - a quadratic with known everything:
 *     f(w) = 1/2 (w - w*)^T Q^T D Q (w - w*),
 * least squares ||sqrt(D) Q (w - w*)||^2/2. D is diagonal with eigenvalues from mu to L = mu kappa, ascending: spaced evenly
 * in the logarithm, or by a power law, mu + (L - mu) (r^-a - d^-a)/(1 - d^-a) for the r-th largest, r = 1 .. d. Q is a product
 * of Householder reflections I - 2 v v^T with v uniform on the sphere, so that the eigenvectors do not lie on the axes and a
 * gradient costs O(d rotations); a few of them move a coordinate of many only a little, and what is heavy stays so.
 * f* = 0, ||w*|| = 1, start 0. Q and w* are keyed by seed_data.
 *
 * A worker's gradient is grad f plus noise of E||noise||^2 = sigma^2/b for b examples, whatever w is: normal, or
 * +-sigma/sqrt(d b) in every coordinate (its norm is then a constant; the mean of b signs would not be a sign). By noise_decay
 * the standard deviations of the coordinates fall as r^-noise_decay too, with the same sum of squares; noise_decay = decay/2
 * resembles least squares with noise on the labels, whose covariance is the Hessian.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "convex/kernels.h"
#include "convex/quadratic.h"
#include "sim/kernel/sum.h"

enum { ROTATIONS_MAX = 16 };
static const struct dsgd_param quadratic_params[] = {
    {"d", DSGD_PARAM_INT, offsetof(struct dsgd_quadratic_config, d), "1000", 1, 1 << 26, NULL, "number of parameters"},
    {"mu", DSGD_PARAM_REAL, offsetof(struct dsgd_quadratic_config, mu), "1", 1e-12, 1e12, NULL, "smallest eigenvalue of the Hessian"},
    {"kappa", DSGD_PARAM_REAL, offsetof(struct dsgd_quadratic_config, kappa), "10", 1, 1e12, NULL, "condition number; L = mu kappa"},
    {"sigma", DSGD_PARAM_REAL, offsetof(struct dsgd_quadratic_config, sigma), "1", 0, 1e12, NULL,
     "E||noise||^2 = sigma^2 / batch for a worker's gradient"},
    {"noise", DSGD_PARAM_CHOICE, offsetof(struct dsgd_quadratic_config, noise), "gaussian", 0, 0, "gaussian|sign",
     "shape of the noise: normal, or +-sigma/sqrt(d batch) in every coordinate"},
    {"rotations", DSGD_PARAM_INT, offsetof(struct dsgd_quadratic_config, rotations), "3", 0, ROTATIONS_MAX, NULL,
     "Householder reflections in Q; 0 leaves the eigenvectors on the axes"},
    {"spectrum", DSGD_PARAM_CHOICE, offsetof(struct dsgd_quadratic_config, spectrum), "geometric", 0, 0, "geometric|power",
     "eigenvalues: evenly spaced in the logarithm, or falling as the power `decay` of their rank, between the same ends"},
    {"decay", DSGD_PARAM_REAL, offsetof(struct dsgd_quadratic_config, decay), "1", 0.01, 10, NULL, "spectrum = power: its exponent"},
    {"noise_decay", DSGD_PARAM_REAL, offsetof(struct dsgd_quadratic_config, noise_decay), "0", 0, 10, NULL,
     "standard deviations of the noise fall as this power of the coordinates' ranks, the last one the largest; 0 = all alike"},
    DSGD_PARAM_END,
};

static const struct dsgd_metric quadratic_metric[] = {
    {"objective", "1", "f(w); f* = 0"},
    {"distance2", "1", "||w - w*||^2"},
};

/* A vector uniform on the unit sphere. */
static void unit_vector(struct dsgd_rng_key key, uint32_t which, size_t d, double *v)
{
    double z[2] = {0, 0};
    for (size_t j = 0; j < d; ++j) {
        if (j % 2 == 0) { dsgd_quadratic_normals(key, (uint32_t)(j / 2), which, 0, z); }
        v[j] = z[j % 2];
    }
    const double norm = sqrt(dsgd_sum_products_f64(d, v, v));
    for (size_t j = 0; j < d; ++j) { v[j] /= norm; }
}

static void quadratic_destroy(void *self)
{
    struct dsgd_quadratic *p = self;
    if (!p) { return; }
    free(p->optimum);
    free(p->eigenvalue);
    free(p->reflection);
    free(p->profile);
    free(p);
}

/* Eigenvalue j of d, ascending from exactly mu to exactly L. */
static double eigenvalue(const struct dsgd_quadratic_config *config, size_t j, size_t d)
{
    if (config->spectrum == DSGD_SPECTRUM_GEOMETRIC || d == 1) {
        const double position = d > 1 ? (double)j / (double)(d - 1) : 0;
        return config->mu * dsgd_pow(config->kappa, position);
    }
    const double last = dsgd_pow((double)d, -config->decay), own = dsgd_pow((double)(d - j), -config->decay);
    return config->mu + config->mu * (config->kappa - 1) * ((own - last) / (1 - last));
}

/* p->profile */
static void shape_noise(struct dsgd_quadratic *p)
{
    for (size_t j = 0; j < p->d; ++j) { p->profile[j] = dsgd_pow((double)(p->d - j), -p->config.noise_decay); }
    const double norm = sqrt(dsgd_sum_products_f64(p->d, p->profile, p->profile));
    for (size_t j = 0; j < p->d; ++j) { p->profile[j] /= norm; }
}

static enum dsgd_status quadratic_create(const struct dsgd_problem_args *args, void **self)
{
    const struct dsgd_quadratic_config *config = args->config;
    *self = NULL;
    struct dsgd_quadratic *p = calloc(1, sizeof *p);
    if (!p) { return dsgd_fail(DSGD_ENOMEM, "problem quadratic: no memory"); }
    const size_t d = (size_t)config->d;
    p->config = *config;
    p->d = d;
    p->segment = (struct dsgd_segment){.name = "w", .count = d, .rows = 1, .cols = d};
    p->noise_key.purpose = dsgd_rng_purpose("quadratic noise");
    p->optimum = malloc(d * sizeof(double));
    p->eigenvalue = malloc(d * sizeof(double));
    p->reflection = malloc((size_t)(config->rotations + 1) * d * sizeof(double)); /* + 1: never 0 bytes */
    p->profile = config->noise_decay > 0 ? malloc(d * sizeof(double)) : NULL;
    if (!p->optimum || !p->eigenvalue || !p->reflection || (config->noise_decay > 0 && !p->profile)) {
        quadratic_destroy(p);
        return dsgd_fail(DSGD_ENOMEM, "quadratic.d = %zu, quadratic.rotations = %d: no memory", d,
                         (int)config->rotations);
    }
    const struct dsgd_rng_key optimum_key = {args->seed_data, dsgd_rng_purpose("quadratic optimum")};
    const struct dsgd_rng_key rotation_key = {args->seed_data, dsgd_rng_purpose("quadratic rotation")};
    unit_vector(optimum_key, 0, d, p->optimum);
    for (int64_t r = 0; r < config->rotations; ++r) {
        unit_vector(rotation_key, (uint32_t)r, d, p->reflection + (size_t)r * d);
    }
    for (size_t j = 0; j < d; ++j) { p->eigenvalue[j] = eigenvalue(config, j, d); }
    if (p->profile) { shape_noise(p); }
    *self = p;
    return DSGD_OK;
}

static size_t quadratic_bytes(const void *self)
{
    const struct dsgd_quadratic *p = self;
    return ((size_t)p->config.rotations + (p->profile ? 4 : 3) + 2) * p->d * sizeof(double); /* and a gradient's working vector for two threads */
}

static void quadratic_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct dsgd_quadratic *p = self;
    *layout = (struct dsgd_layout){.d = p->d, .segments = 1, .segment = &p->segment};
    *n = 0;
}

static enum dsgd_status quadratic_constants(const void *self, struct dsgd_constants *out)
{
    const struct dsgd_quadratic *p = self;
    *out = (struct dsgd_constants){
        .mu = p->eigenvalue[0], .L = p->eigenvalue[p->d - 1], .sigma2 = p->config.sigma * p->config.sigma};
    return DSGD_OK;
}

static enum dsgd_status quadratic_optimum(const void *self, struct dsgd_optimum *out)
{
    const struct dsgd_quadratic *p = self;
    *out = (struct dsgd_optimum){.f_star = 0, .gap = 0, .certificate = "closed form", .solver = "closed form"};
    out->w = malloc(p->d * sizeof(double));
    if (!out->w) { return dsgd_fail(DSGD_ENOMEM, "problem quadratic: no memory for %zu numbers", p->d); }
    memcpy(out->w, p->optimum, p->d * sizeof(double));
    return DSGD_OK;
}

const struct dsgd_problem_ops dsgd_problem_quadratic = {
    .name = "quadratic",
    .title = "Rotated quadratic with additive noise, both even or by a power law",
    .reference = "Nesterov, Lectures on Convex Optimization, 2nd ed., 2.1 (strongly convex and smooth functions)",
    .params = quadratic_params,
    .config_size = sizeof(struct dsgd_quadratic_config),
    .metric = quadratic_metric,
    .metrics = sizeof quadratic_metric / sizeof quadratic_metric[0],
    .create = quadratic_create,
    .destroy = quadratic_destroy,
    .bytes = quadratic_bytes,
    .shape = quadratic_shape,
    .gradient = dsgd_quadratic_gradient,
    .kernels = dsgd_quadratic_kernels,
    .evaluate = dsgd_quadratic_evaluate,
    .full_gradient = dsgd_quadratic_full_gradient,
    .constants = quadratic_constants,
    .optimum = quadratic_optimum,
};
