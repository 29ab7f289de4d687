/* synthetic.c - classification data made on the spot, in place of files: clouds of points around different centres.
 *
 * Feature j of example i in class c is the byte of max(0, z + m_cj)/3, z standard normal noise: about half of the
 * features are 0, as in images. The centres m_c are random directions of length separability/sqrt 2, perpendicular to
 * each other (as far as there are dimensions), so that any two are `separability` apart in units of the noise. 0: the
 * labels have nothing to do with the features; two classes: nobody errs less often than Phi(-separability/2); 10 and
 * more: nearly separable. Example i has the class i mod classes: the classes are equally frequent.
 *
 * rare > 0: example i has feature j, counted from 1, with probability j^-rare, independently; a feature that it does not have is 0. So few
 * features are frequent and most are rare, as words are in texts, and a gradient has few large coordinates. Classes are then closer than
 * `separability` says, which is their distance where all features are there.
 *
 * Everything is keyed randomness (sim/kernel/rng.h) and arithmetic that IEEE 754 fixes, without functions of a mathematical
 * library (a normal number is a sum of 8 uniform bytes): the same keys give the same bytes on any machine.
 *
 * The seed is a key of the dataset with a fixed default. It does not follow the run's seed: runs with several seeds
 * shall differ in what the algorithms draw, on one set of data with one optimum, as runs on files do.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "datasets/split.h"
#include "sim/kernel/maths.h"
#include "sim/kernel/rng.h"
#include "sim/sha256.h"

enum {
    UNIFORMS = 8,            /* bytes that make one normal number ... */
    NORMALS = 16 / UNIFORMS, /* ... and numbers that one draw of 128 bits makes */
    TRAIN = 0,
    TEST = 1,
    EXAMPLES_PARALLEL = 256, /* fewer examples are not worth waking threads for */
};

struct config {
    int64_t n, n_test, features, classes, seed;
    double separability, rare;
    int split;
};

static const struct dsgd_param synthetic_params[] = {
    {"n", DSGD_PARAM_INT, offsetof(struct config, n), "10000", 2, 1e8, NULL, "training examples"},
    {"n_test", DSGD_PARAM_INT, offsetof(struct config, n_test), "2000", 1, 1e8, NULL, "test examples"},
    {"features", DSGD_PARAM_INT, offsetof(struct config, features), "784", 1, 1 << 20, NULL,
     "features of an example; a linear classifier has one parameter more"},
    {"classes", DSGD_PARAM_INT, offsetof(struct config, classes), "10", 2, 256, NULL, "classes, equally frequent"},
    {"separability", DSGD_PARAM_REAL, offsetof(struct config, separability), "6", 0, 1000, NULL,
     "distance of two class centres in standard deviations of the noise; 0 = labels independent of the features"},
    {"rare", DSGD_PARAM_REAL, offsetof(struct config, rare), "0", 0, 10, NULL,
     "an example has feature j = 1, 2, .. with probability j^-rare; 0 = all features"},
    {"seed", DSGD_PARAM_INT, offsetof(struct config, seed), "1", 0, 4294967295.0, NULL,
     "of the data; does not follow the run's seed, so that all seeds share one optimum"},
    DSGD_SPLIT_PARAM(offsetof(struct config, split)),
    DSGD_PARAM_END,
};

/* Two numbers of mean 0, variance 1 from one draw: the sum of 8 bytes has mean 1020 and variance 8 (256^2 - 1)/12. */
static void normals(struct dsgd_rng_key key, uint32_t item, uint32_t step, uint32_t split, double z[NORMALS])
{
    const struct dsgd_rng4 words = dsgd_rng_draw(key, item, step, split, 0);
    for (int k = 0; k < NORMALS; ++k) {
        uint32_t sum = 0;
        for (int b = 0; b < UNIFORMS; ++b) { sum += words.word[2 * k + b / 4] >> (b % 4 * 8) & 255; }
        z[k] = ((double)sum - UNIFORMS * 127.5) / sqrt(UNIFORMS * 65535.0 / 12);
    }
}

/* centre [classes][features] */
static void choose_centres(const struct config *config, double *centre)
{
    const struct dsgd_rng_key key = {(uint32_t)config->seed, dsgd_rng_purpose("synthetic centre")};
    const size_t features = (size_t)config->features, classes = (size_t)config->classes;
    for (size_t c = 0; c < classes; ++c) {
        double *m = centre + c * features, z[NORMALS] = {0}, norm2 = 0;
        for (size_t j = 0; j < features; ++j) {
            if (j % NORMALS == 0) { normals(key, (uint32_t)(j / NORMALS), (uint32_t)c, 0, z); }
            m[j] = z[j % NORMALS];
        }
        for (size_t b = 0; b < c && c < features; ++b) { /* Gram and Schmidt; the earlier ones have length 1 still */
            const double *other = centre + b * features;
            double product = 0;
            for (size_t j = 0; j < features; ++j) { product += m[j] * other[j]; }
            for (size_t j = 0; j < features; ++j) { m[j] -= product * other[j]; }
        }
        for (size_t j = 0; j < features; ++j) { norm2 += m[j] * m[j]; }
        for (size_t j = 0; norm2 > 0 && j < features; ++j) { m[j] /= sqrt(norm2); }
    }
    for (size_t j = 0; j < classes * features; ++j) { centre[j] *= config->separability / sqrt(2.0); }
}

/* Features that an example does not have become 0: below[j] of 2^32 words let it have feature j. */
static void leave_out(const struct config *config, const uint64_t *below, uint32_t split, uint32_t i, uint8_t *row)
{
    const struct dsgd_rng_key key = {(uint32_t)config->seed, dsgd_rng_purpose("synthetic rare features")};
    struct dsgd_rng4 words = {{0}};
    for (size_t j = 0; j < (size_t)config->features; ++j) {
        if (j % 4 == 0) { words = dsgd_rng_draw(key, (uint32_t)(j / 4), i, split, 0); }
        if (words.word[j % 4] >= below[j]) { row[j] = 0; }
    }
}

/* below: NULL if each example has all features. */
static void fill_split(const struct config *config, const double *centre, const uint64_t *below, uint32_t split, size_t n, uint8_t *feature,
                       uint8_t *label)
{
    const struct dsgd_rng_key key = {(uint32_t)config->seed, dsgd_rng_purpose("synthetic noise")};
    const size_t features = (size_t)config->features;
#pragma omp parallel for schedule(static) if (n >= EXAMPLES_PARALLEL)
    for (size_t i = 0; i < n; ++i) {
        uint8_t *row = feature + i * features;
        double z[NORMALS] = {0};
        label[i] = (uint8_t)(i % (size_t)config->classes);
        const double *m = centre + label[i] * features;
        for (size_t j = 0; j < features; ++j) {
            if (j % NORMALS == 0) { normals(key, (uint32_t)(j / NORMALS), (uint32_t)i, split, z); }
            const double value = (z[j % NORMALS] + m[j]) * (255.0 / 3);
            row[j] = value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
        }
        if (below) { leave_out(config, below, split, (uint32_t)i, row); }
    }
}

/* [features] 2^32 j^-rare, or NULL if there is no memory; the caller frees it. */
static uint64_t *presence(const struct config *config)
{
    uint64_t *below = malloc((size_t)config->features * sizeof *below);
    for (size_t j = 0; below && j < (size_t)config->features; ++j) {
        below[j] = (uint64_t)(4294967296.0 * dsgd_pow((double)(j + 1), -config->rare));
    }
    return below;
}

static enum dsgd_status generate(const struct config *config, struct dsgd_dataset *data)
{
    const size_t n[2] = {(size_t)config->n, (size_t)config->n_test}, features = (size_t)config->features;
    struct dsgd_split *split[2] = {&data->train, &data->test};
    double *centre = malloc((size_t)config->classes * features * sizeof *centre);
    uint64_t *below = config->rare > 0 ? presence(config) : NULL;
    const int last = config->split == DSGD_SPLIT_TUNING ? TRAIN : TEST;
    for (int s = TRAIN; s <= last; ++s) {
        data->owned[2 * s] = malloc(n[s] * features); /* at most 1e8 * 2^20: no overflow */
        data->owned[2 * s + 1] = malloc(n[s]);
    }
    if (!centre || (config->rare > 0 && !below) || !data->owned[2 * TRAIN] || !data->owned[2 * TRAIN + 1] || !data->owned[2 * last] || !data->owned[2 * last + 1]) {
        free(centre);
        free(below);
        return dsgd_fail(DSGD_ENOMEM, "dataset synthetic: no memory for %zu + %zu examples of %zu features", n[TRAIN],
                         n[TEST], features);
    }
    choose_centres(config, centre);
    struct sha256_ctx hash;
    sha256_init(&hash);
    for (int s = TRAIN; s <= last; ++s) {
        uint8_t *feature = data->owned[2 * s], *label = data->owned[2 * s + 1];
        fill_split(config, centre, below, (uint32_t)s, n[s], feature, label);
        *split[s] = (struct dsgd_split){.n = n[s], .feature = feature, .label = label};
        sha256_update(&hash, n[s] * features, feature);
        sha256_update(&hash, n[s], label);
    }
    free(centre);
    free(below);
    dsgd_sha256_end(&hash, 64, data->sha256);
    return DSGD_OK;
}

static enum dsgd_status synthetic_load(const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    const struct config *config = args->config;
    *out = NULL;
    if (config->n < config->classes) {
        return dsgd_fail(DSGD_EINPUT, "synthetic.n = %lld: expected at least one example of each of %lld classes",
                         (long long)config->n, (long long)config->classes);
    }
    struct dsgd_dataset *data = calloc(1, sizeof *data);
    if (!data) { return dsgd_fail(DSGD_ENOMEM, "dataset synthetic: no memory"); }
    data->features = (size_t)config->features;
    data->classes = (size_t)config->classes;
    snprintf(data->name, sizeof data->name, "synthetic");
    const int length = snprintf(data->title, sizeof data->title, "synthetic data (%lld classes, %lld features, separability %g",
                                (long long)config->classes, (long long)config->features, config->separability);
    if (length > 0 && (size_t)length < sizeof data->title) {
        snprintf(data->title + length, sizeof data->title - (size_t)length, config->rare > 0 ? ", rare %g)" : ")", config->rare);
    }
    enum dsgd_status status = generate(config, data);
    if (status == DSGD_OK && config->split == DSGD_SPLIT_TUNING) { status = dsgd_split_tuning(data); }
    if (status != DSGD_OK) {
        dsgd_dataset_destroy(data);
        return status;
    }
    *out = data;
    return DSGD_OK;
}

const struct dsgd_dataset_ops dsgd_dataset_synthetic = {
    .name = "synthetic",
    .title = "Synthetic clouds of points around class centres; needs no files",
    .reference = "datasets/synthetic.c",
    .params = synthetic_params,
    .config_size = sizeof(struct config),
    .load = synthetic_load,
};
