/* quadratic.c - a quadratic with known everything:
 *     f(w) = 1/2 (w - w*)^T Q^T D Q (w - w*),
 * least squares ||sqrt(D) Q (w - w*)||^2/2. D is diagonal with eigenvalues spaced evenly in the logarithm from mu to
 * mu kappa; Q is a product of Householder reflections I - 2 v v^T with v uniform on the sphere, so that the
 * eigenvectors do not lie on the axes and a gradient costs O(d rotations). f* = 0, ||w*|| = 1, start 0. Q and w* are
 * keyed by seed_data.
 *
 * A worker's gradient is grad f plus noise of E||noise||^2 = sigma^2/b for b examples, whatever w is: normal, or
 * +-sigma/sqrt(d b) in every coordinate (its norm is then a constant; the mean of b signs would not be a sign).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "sim/kernel/normal.h"
#include "sim/kernel/sum.h"
#include "sim/problem.h"
#include "sim/rng.h"

enum { ROTATIONS_MAX = 16 };
enum { NOISE_GAUSSIAN, NOISE_SIGN };

struct config {
    int64_t d, rotations;
    double mu, kappa, sigma;
    int noise;
};

struct quadratic {
    struct config config;
    size_t d;
    struct dsgd_segment segment;
    struct dsgd_rng_key noise_key; /* .seed comes with each batch */
    double *optimum;               /* [d] */
    double *eigenvalue;            /* [d] */
    double *reflection;            /* [rotations][d], unit vectors */
};

static const struct dsgd_param quadratic_params[] = {
    {"d", DSGD_PARAM_INT, offsetof(struct config, d), "1000", 1, 1 << 26, NULL, "number of parameters"},
    {"mu", DSGD_PARAM_REAL, offsetof(struct config, mu), "1", 1e-12, 1e12, NULL, "smallest eigenvalue of the Hessian"},
    {"kappa", DSGD_PARAM_REAL, offsetof(struct config, kappa), "10", 1, 1e12, NULL, "condition number; L = mu kappa"},
    {"sigma", DSGD_PARAM_REAL, offsetof(struct config, sigma), "1", 0, 1e12, NULL,
     "E||noise||^2 = sigma^2 / batch for a worker's gradient"},
    {"noise", DSGD_PARAM_CHOICE, offsetof(struct config, noise), "gaussian", 0, 0, "gaussian|sign",
     "shape of the noise: normal, or +-sigma/sqrt(d batch) in every coordinate"},
    {"rotations", DSGD_PARAM_INT, offsetof(struct config, rotations), "3", 0, ROTATIONS_MAX, NULL,
     "Householder reflections in Q; 0 leaves the eigenvectors on the axes"},
    DSGD_PARAM_END,
};

static const struct dsgd_metric quadratic_metric[] = {
    {"objective", "1", "f(w); f* = 0"},
    {"distance2", "1", "||w - w*||^2"},
};

/* Two standard normals from one draw. */
static void normal_pair(struct dsgd_rng_key key, uint32_t item, uint32_t step, uint32_t worker, double z[2])
{
    const struct dsgd_rng4 words = dsgd_rng_draw(key, item, step, worker, 0);
    dsgd_normal_pair(&words, z);
}

/* A vector uniform on the unit sphere. */
static void unit_vector(struct dsgd_rng_key key, uint32_t which, size_t d, double *v)
{
    double z[2] = {0, 0};
    for (size_t j = 0; j < d; ++j) {
        if (j % 2 == 0) { normal_pair(key, (uint32_t)(j / 2), which, 0, z); }
        v[j] = z[j % 2];
    }
    const double norm = sqrt(dsgd_sum_products_f64(d, v, v));
    for (size_t j = 0; j < d; ++j) { v[j] /= norm; }
}

static void quadratic_destroy(void *self)
{
    struct quadratic *p = self;
    if (!p) { return; }
    free(p->optimum);
    free(p->eigenvalue);
    free(p->reflection);
    free(p);
}

static enum dsgd_status quadratic_create(const struct dsgd_problem_args *args, void **self)
{
    const struct config *config = args->config;
    *self = NULL;
    struct quadratic *p = calloc(1, sizeof *p);
    if (!p) { return dsgd_fail(DSGD_ENOMEM, "problem quadratic: no memory"); }
    const size_t d = (size_t)config->d;
    p->config = *config;
    p->d = d;
    p->segment = (struct dsgd_segment){.name = "w", .count = d, .rows = 1, .cols = d};
    p->noise_key.purpose = dsgd_rng_purpose("quadratic noise");
    p->optimum = malloc(d * sizeof(double));
    p->eigenvalue = malloc(d * sizeof(double));
    p->reflection = malloc((size_t)(config->rotations + 1) * d * sizeof(double)); /* + 1: never 0 bytes */
    if (!p->optimum || !p->eigenvalue || !p->reflection) {
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
    for (size_t j = 0; j < d; ++j) {
        const double position = d > 1 ? (double)j / (double)(d - 1) : 0;
        p->eigenvalue[j] = config->mu * dsgd_pow(config->kappa, position);
    }
    *self = p;
    return DSGD_OK;
}

static size_t quadratic_bytes(const void *self)
{
    const struct quadratic *p = self;
    return ((size_t)p->config.rotations + 3 + 2) * p->d * sizeof(double); /* and a gradient's working vector for two threads */
}

static void quadratic_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct quadratic *p = self;
    *layout = (struct dsgd_layout){.d = p->d, .segments = 1, .segment = &p->segment};
    *n = 0;
}

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
    for (size_t j = 0; j < d; ++j) { z[j] = (float)((double)z[j] - 2 * sum * v[j]); }
}

static void reflect(size_t d, const double *restrict v, double *restrict z)
{
    const double sum = dsgd_sum_products_f64(d, v, z);
    for (size_t j = 0; j < d; ++j) { z[j] -= 2 * sum * v[j]; }
}

static void add_noise(const struct quadratic *p, const struct dsgd_batch *batch, float *grad)
{
    const struct dsgd_rng_key key = {batch->seed, p->noise_key.purpose};
    const double scale = p->config.sigma / sqrt((double)p->d * (double)batch->count);
    if (p->config.noise == NOISE_GAUSSIAN) {
        double z[2] = {0, 0};
        for (size_t j = 0; j < p->d; ++j) {
            if (j % 2 == 0) { normal_pair(key, (uint32_t)(j / 2), batch->step, batch->worker, z); }
            grad[j] += (float)(scale * z[j % 2]);
        }
        return;
    }
    const float sign[2] = {(float)scale, -(float)scale};
    for (size_t j = 0; j < p->d; j += 128) { /* one draw has 128 bits */
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(j / 128), batch->step, batch->worker, 0);
        const size_t end = p->d - j < 128 ? p->d - j : 128;
        for (size_t k = 0; k < end; ++k) { grad[j + k] += sign[words.word[k / 32] >> (k % 32) & 1]; }
    }
}

/* grad is the scratch space too: several workers may be in here at once. */
static enum dsgd_status quadratic_gradient(const void *self, const float *x, const struct dsgd_batch *batch,
                                           float *grad)
{
    const struct quadratic *p = self;
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
static void rotate(const struct quadratic *p, const double *x, double *z)
{
    for (size_t j = 0; j < p->d; ++j) { z[j] = x[j] - p->optimum[j]; }
    for (size_t r = 0; r < (size_t)p->config.rotations; ++r) { reflect(p->d, p->reflection + r * p->d, z); }
}

static enum dsgd_status quadratic_evaluate(const void *self, const double *x, double *value)
{
    const struct quadratic *p = self;
    double *z = malloc(p->d * sizeof *z);
    if (!z) { return dsgd_fail(DSGD_ENOMEM, "problem quadratic: no memory for %zu numbers", p->d); }
    rotate(p, x, z);
    for (size_t j = 0; j < p->d; ++j) { z[j] *= 0.5 * p->eigenvalue[j] * z[j]; }
    value[0] = dsgd_sum_of(p->d, z);
    for (size_t j = 0; j < p->d; ++j) { z[j] = x[j] - p->optimum[j]; }
    value[1] = dsgd_sum_products_f64(p->d, z, z);
    free(z);
    return DSGD_OK;
}

static enum dsgd_status quadratic_full_gradient(const void *self, const double *x, double *grad)
{
    const struct quadratic *p = self;
    rotate(p, x, grad);
    for (size_t j = 0; j < p->d; ++j) { grad[j] *= p->eigenvalue[j]; }
    for (size_t r = (size_t)p->config.rotations; r-- > 0;) { reflect(p->d, p->reflection + r * p->d, grad); }
    return DSGD_OK;
}

static enum dsgd_status quadratic_constants(const void *self, struct dsgd_constants *out)
{
    const struct quadratic *p = self;
    *out = (struct dsgd_constants){
        .mu = p->eigenvalue[0], .L = p->eigenvalue[p->d - 1], .sigma2 = p->config.sigma * p->config.sigma};
    return DSGD_OK;
}

static enum dsgd_status quadratic_optimum(const void *self, struct dsgd_optimum *out)
{
    const struct quadratic *p = self;
    *out = (struct dsgd_optimum){.f_star = 0, .gap = 0, .certificate = "closed form", .solver = "closed form"};
    out->w = malloc(p->d * sizeof(double));
    if (!out->w) { return dsgd_fail(DSGD_ENOMEM, "problem quadratic: no memory for %zu numbers", p->d); }
    memcpy(out->w, p->optimum, p->d * sizeof(double));
    return DSGD_OK;
}

const struct dsgd_problem_ops dsgd_problem_quadratic = {
    .name = "quadratic",
    .title = "Rotated quadratic with log-spaced eigenvalues and additive noise",
    .reference = "Nesterov, Lectures on Convex Optimization, 2nd ed., 2.1 (strongly convex and smooth functions)",
    .params = quadratic_params,
    .config_size = sizeof(struct config),
    .metric = quadratic_metric,
    .metrics = sizeof quadratic_metric / sizeof quadratic_metric[0],
    .create = quadratic_create,
    .destroy = quadratic_destroy,
    .bytes = quadratic_bytes,
    .shape = quadratic_shape,
    .gradient = quadratic_gradient,
    .evaluate = quadratic_evaluate,
    .full_gradient = quadratic_full_gradient,
    .constants = quadratic_constants,
    .optimum = quadratic_optimum,
};
