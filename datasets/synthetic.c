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
 * form = floats: the same numbers, between 0 and 1, before they are rounded down to bytes. form = sparse: those of them that are not 0; so
 * runs on the two forms have the same bits (convex/linear.h). Their optima are computed twice: the hash of the data is another.
 *
 * Everything is keyed randomness (sim/kernel/rng.h) and arithmetic that IEEE 754 fixes, without functions of a mathematical
 * library (a normal number is a sum of 8 uniform bytes): the same keys give the same bytes on any machine.
 *
 * The seed is a key of the dataset with a fixed default. It does not follow the run's seed: runs with several seeds
 * shall differ in what the algorithms draw, on one set of data with one optimum, as runs on files do.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "datasets/noise.h"
#include "datasets/split.h"
#include "sim/kernel/maths.h"
#include "sim/kernel/rng.h"

enum {
    NORMALS = DSGD_NOISE_PER_DRAW,
    TRAIN = 0,
    TEST = 1,
    EXAMPLES_PARALLEL = 256, /* fewer examples are not worth waking threads for */
};

struct config {
    int64_t n, n_test, features, classes, seed;
    double separability, rare;
    int split, form;
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
    {"form", DSGD_PARAM_CHOICE, offsetof(struct config, form), "bytes", 0, 0, "bytes|floats|sparse",
     "rows in memory: floats = not rounded to multiples of 1/255; sparse = the same floats, those that are not 0 alone"},
    DSGD_SPLIT_PARAM(offsetof(struct config, split)),
    DSGD_PARAM_END,
};

static const char *const of_form[] = {"", ", floats", ", sparse floats"}; /* in the title */

/* centre [classes][features] */
static void choose_centres(const struct config *config, double *centre)
{
    const struct dsgd_rng_key key = {(uint32_t)config->seed, dsgd_rng_purpose("synthetic centre")};
    const size_t features = (size_t)config->features, classes = (size_t)config->classes;
    for (size_t c = 0; c < classes; ++c) {
        double *m = centre + c * features, z[NORMALS] = {0}, norm2 = 0;
        for (size_t j = 0; j < features; ++j) {
            if (j % NORMALS == 0) { dsgd_noise(key, (uint32_t)(j / NORMALS), (uint32_t)c, 0, z); }
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

/* Where the numbers of one example go: the array of its form. A sparse row without arrays is counted. */
struct sink {
    enum dsgd_form form;
    uint8_t *byte;
    float *real; /* floats, or the values of a sparse row */
    uint32_t *column;
    size_t count; /* entries of a sparse row */
};

/* Feature j is value / 255, value in [0, 255]. */
static inline void put(struct sink *to, size_t j, double value)
{
    if (to->form == DSGD_ROWS_BYTES) {
        to->byte[j] = (uint8_t)value;
        return;
    }
    const float real = (float)(value / 255);
    if (to->form == DSGD_ROWS_FLOATS) {
        to->real[j] = real;
    } else if (real > 0) {
        if (to->real) {
            to->column[to->count] = (uint32_t)j;
            to->real[to->count] = real;
        }
        ++to->count;
    }
}

/* What examples are made of. */
struct recipe {
    const struct config *config;
    double *centre;  /* [classes][features] */
    uint64_t *below; /* [features] how many of 2^32 words let an example have feature j; NULL if each has all */
};

static void make_row(const struct recipe *recipe, uint32_t split, size_t i, struct sink *to)
{
    const struct config *config = recipe->config;
    const struct dsgd_rng_key noise = {(uint32_t)config->seed, dsgd_rng_purpose("synthetic noise")};
    const struct dsgd_rng_key rare = {(uint32_t)config->seed, dsgd_rng_purpose("synthetic rare features")};
    const size_t features = (size_t)config->features;
    const double *m = recipe->centre + i % (size_t)config->classes * features;
    double z[NORMALS] = {0};
    struct dsgd_rng4 words = {{0}};
    for (size_t j = 0; j < features; ++j) {
        if (j % NORMALS == 0) { dsgd_noise(noise, (uint32_t)(j / NORMALS), (uint32_t)i, split, z); }
        if (recipe->below && j % 4 == 0) { words = dsgd_rng_draw(rare, (uint32_t)(j / 4), (uint32_t)i, split, 0); }
        const bool has = !recipe->below || words.word[j % 4] < recipe->below[j];
        const double value = (z[j % NORMALS] + m[j]) * (255.0 / 3);
        put(to, j, !has || value <= 0 ? 0 : value >= 255 ? 255 : value);
    }
}

/* Allocates an array of the dataset, in the next free place of owned; NULL if there is no memory. */
static void *take(struct dsgd_dataset *data, size_t count, size_t size)
{
    for (int k = 0; k < DSGD_DATASET_ARRAYS; ++k) {
        if (!data->owned[k]) { return data->owned[k] = malloc((count + 1) * size); } /* + 1: never 0 bytes */
    }
    return NULL;
}

/* The entries of each sparse row are counted, then made: twice the time, but never the memory of dense rows. */
static bool fill_sparse(const struct recipe *recipe, uint32_t split, struct dsgd_dataset *data, struct dsgd_split *out)
{
    size_t *start = take(data, out->n, sizeof *start);
    if (!start) { return false; }
    start[0] = 0;
#pragma omp parallel for schedule(static) if (out->n >= EXAMPLES_PARALLEL)
    for (size_t i = 0; i < out->n; ++i) {
        struct sink to = {.form = DSGD_ROWS_SPARSE};
        make_row(recipe, split, i, &to);
        start[i + 1] = to.count;
    }
    for (size_t i = 0; i < out->n; ++i) { start[i + 1] += start[i]; }
    uint32_t *column = take(data, start[out->n], sizeof *column);
    float *value = take(data, start[out->n], sizeof *value);
    if (!column || !value) { return false; }
#pragma omp parallel for schedule(static) if (out->n >= EXAMPLES_PARALLEL)
    for (size_t i = 0; i < out->n; ++i) {
        struct sink to = {.form = DSGD_ROWS_SPARSE, .real = value + start[i], .column = column + start[i]};
        make_row(recipe, split, i, &to);
    }
    out->start = start;
    out->column = column;
    out->value = value;
    return true;
}

/* Bytes or floats. */
static bool fill_dense(const struct recipe *recipe, uint32_t split, struct dsgd_dataset *data, struct dsgd_split *out)
{
    const bool bytes = out->form == DSGD_ROWS_BYTES;
    const size_t features = data->features;
    uint8_t *byte = bytes ? take(data, out->n * features, 1) : NULL; /* at most 1e8 * 2^20: no overflow */
    float *real = bytes ? NULL : take(data, out->n * features, sizeof *real);
    if (!byte && !real) { return false; }
#pragma omp parallel for schedule(static) if (out->n >= EXAMPLES_PARALLEL)
    for (size_t i = 0; i < out->n; ++i) {
        struct sink to = {.form = out->form, .byte = bytes ? byte + i * features : NULL, .real = bytes ? NULL : real + i * features};
        make_row(recipe, split, i, &to);
    }
    out->feature = byte;
    out->real = real;
    return true;
}

static bool fill_split(const struct recipe *recipe, uint32_t split, size_t n, struct dsgd_dataset *data, struct dsgd_split *out)
{
    *out = (struct dsgd_split){.n = n, .form = (enum dsgd_form)recipe->config->form};
    uint8_t *label = take(data, n, 1);
    if (!label || !(out->form == DSGD_ROWS_SPARSE ? fill_sparse : fill_dense)(recipe, split, data, out)) { return false; }
    for (size_t i = 0; i < n; ++i) { label[i] = (uint8_t)(i % data->classes); }
    out->label = label;
    return true;
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
    const size_t n = (size_t)config->n, n_test = (size_t)config->n_test;
    struct recipe recipe = {config, malloc(data->classes * data->features * sizeof *recipe.centre), config->rare > 0 ? presence(config) : NULL};
    bool made = recipe.centre && (recipe.below || !(config->rare > 0));
    if (made) {
        choose_centres(config, recipe.centre);
        made = fill_split(&recipe, TRAIN, n, data, &data->train) &&
               (config->split == DSGD_SPLIT_TUNING || fill_split(&recipe, TEST, n_test, data, &data->test));
    }
    free(recipe.centre);
    free(recipe.below);
    if (!made) {
        return dsgd_fail(DSGD_ENOMEM, "dataset synthetic: no memory for %zu + %zu examples of %zu features", n, n_test, data->features);
    }
    dsgd_dataset_hash(data);
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
    data->shape = (struct dsgd_shape){.channels = 1, .height = 1, .width = data->features}; /* no picture */
    data->classes = (size_t)config->classes;
    snprintf(data->name, sizeof data->name, "synthetic");
    char rare[24] = "";
    if (config->rare > 0) { snprintf(rare, sizeof rare, ", rare %g", config->rare); }
    snprintf(data->title, sizeof data->title, "synthetic data (%lld classes, %lld features, separability %g%s%s)", (long long)config->classes,
             (long long)config->features, config->separability, rare, of_form[config->form]);
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
