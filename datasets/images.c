/* images.c - pictures made on the spot, in place of files: glyphs at random places, which need more than a linear model.
 *
 * Each class is a glyph of 5 x 5 cells, +1 or -1 at random, any two of which differ in 6 cells or more. An example shows the glyph of its class
 * once, on even ground:
 *
 *   pixel (row i, column j) of channel h = ground + contrast gain_h G(i, j) + noise z, cut to [0, 1], as a byte (rounded down)
 *
 * G is the glyph as a surface: the cells' values at the points of a grid, 0 on the grid's next points around them, between them bilinear, and
 * 0 outside. Of each example at random, uniform:
 *   the grid's step, between 0.065 and 0.085 of the picture's side, so that a glyph takes two fifths to a half of the side;
 *   its place, anywhere in the picture, whole;
 *   ground between 0.4 and 0.6, contrast between 0.25 and 0.5;
 *   gain_h, between 0.5 and 1, of each channel by itself; 1 in pictures of one channel. Colour tells nothing of the class.
 * z: standard normal noise, of each pixel and channel by itself (datasets/noise.h). Example i has the class i mod classes.
 *
 * One weight a pixel cannot follow a glyph to all its places; a convolution can. With the defaults the optimum of softmax regression
 * (l2 = 0.001) errs on 47 % of the test examples, LeNet-5 after 12 epochs on 0.6 % (docs/configuration.md has how).
 *
 * Everything is keyed randomness (sim/kernel/rng.h) and arithmetic that IEEE 754 fixes: the same keys give the same bytes on any machine,
 * and more examples leave the first ones as they are. The seed is a key of the dataset with a fixed default, as in datasets/synthetic.c.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "datasets/noise.h"
#include "datasets/split.h"
#include "sim/kernel/rng.h"

enum {
    CELLS = 5,          /* of a glyph, in each direction */
    GRID = CELLS + 2,   /* with the zeros around it */
    DIFFERENT = 6,      /* cells in which two glyphs differ at least; thousands of glyphs exist at that distance */
    CHANNELS_MAX = 3,
    TRAIN = 0,
    TEST = 1,
    EXAMPLES_PARALLEL = 64, /* fewer examples are not worth waking threads for */
};

struct config {
    int64_t n, n_test, classes, size, channels, seed;
    double noise;
    int split;
};

static const struct dsgd_param images_params[] = {
    {"n", DSGD_PARAM_INT, offsetof(struct config, n), "10000", 2, 1e7, NULL, "training examples"},
    {"n_test", DSGD_PARAM_INT, offsetof(struct config, n_test), "2000", 1, 1e7, NULL, "test examples"},
    {"classes", DSGD_PARAM_INT, offsetof(struct config, classes), "10", 2, 256, NULL, "classes, equally frequent; each has a glyph"},
    {"size", DSGD_PARAM_INT, offsetof(struct config, size), "28", 16, 64, NULL, "height and width in pixels; 28 as MNIST, 32 as CIFAR-10"},
    {"channels", DSGD_PARAM_INT, offsetof(struct config, channels), "1", 1, CHANNELS_MAX, NULL, "1: grey; 3: colours, which tell nothing of the class"},
    {"noise", DSGD_PARAM_REAL, offsetof(struct config, noise), "0.1", 0, 10, NULL,
     "standard deviation of the noise of a pixel between 0 and 1; a glyph's contrast is 0.25 to 0.5"},
    {"seed", DSGD_PARAM_INT, offsetof(struct config, seed), "1", 0, 4294967295.0, NULL,
     "of the data; does not follow the run's seed, so that all seeds share one dataset"},
    DSGD_SPLIT_PARAM(offsetof(struct config, split)),
    DSGD_PARAM_END,
};

struct glyph {
    double at[GRID][GRID];
};

/* What examples are made of. */
struct recipe {
    const struct config *config;
    struct glyph *glyph; /* [classes] */
    struct dsgd_rng_key where, noise;
};

static int differing(uint32_t a, uint32_t b)
{
    int n = 0;
    for (uint32_t x = a ^ b; x; x &= x - 1) { ++n; }
    return n;
}

/* A bit a cell: the first draws of class c that are far enough from all classes before it. Balls of radius 5 around 255 glyphs hold half of
 * all at most, so that each turn succeeds with chance 1/2 or more. */
static void choose_glyphs(const struct config *config, struct glyph *glyph)
{
    const struct dsgd_rng_key key = {(uint32_t)config->seed, dsgd_rng_purpose("images glyph")};
    uint32_t chosen[256];
    for (size_t c = 0; c < (size_t)config->classes; ++c) {
        bool far = false;
        for (uint32_t turn = 0; !far; ++turn) {
            chosen[c] = dsgd_rng_draw(key, (uint32_t)c, turn, 0, 0).word[0] >> (32 - CELLS * CELLS);
            far = true;
            for (size_t b = 0; b < c; ++b) { far = far && differing(chosen[b], chosen[c]) >= DIFFERENT; }
        }
        for (int i = 0; i < GRID; ++i) {
            for (int j = 0; j < GRID; ++j) {
                const bool cell = i > 0 && j > 0 && i <= CELLS && j <= CELLS;
                glyph[c].at[i][j] = !cell ? 0 : chosen[c] >> ((i - 1) * CELLS + j - 1) & 1 ? 1 : -1;
            }
        }
    }
}

/* Uniform numbers of an example. */
enum { STEP, TOP, LEFT, GROUND, CONTRAST, GAIN, NUMBERS = GAIN + CHANNELS_MAX };

static void draw_numbers(const struct recipe *recipe, uint32_t split, size_t i, double u[NUMBERS])
{
    for (uint32_t k = 0; k < NUMBERS; ++k) {
        const struct dsgd_rng4 words = dsgd_rng_draw(recipe->where, k / 2, (uint32_t)i, split, 0);
        u[k] = dsgd_rng_unit(dsgd_rng_u64(&words, (int)(k % 2)));
    }
}

/* The surface at (v, u) in steps of the grid from its upper left point. */
static double surface(const struct glyph *glyph, double v, double u)
{
    if (!(v >= 0 && u >= 0 && v < GRID - 1 && u < GRID - 1)) { return 0; }
    const int i = (int)v, j = (int)u;
    const double down = v - i, right = u - j;
    const double *above = glyph->at[i] + j, *below = glyph->at[i + 1] + j;
    const double upper = (1 - right) * above[0] + right * above[1], lower = (1 - right) * below[0] + right * below[1];
    return (1 - down) * upper + down * lower;
}

/* out [channels][size][size] */
static void make_picture(const struct recipe *recipe, uint32_t split, size_t i, uint8_t *out)
{
    const struct config *config = recipe->config;
    const struct glyph *glyph = &recipe->glyph[i % (size_t)config->classes];
    const size_t side = (size_t)config->size, channels = (size_t)config->channels, pixels = side * side;
    double u[NUMBERS], z[DSGD_NOISE_PER_DRAW] = {0};
    draw_numbers(recipe, split, i, u);
    const double step = (double)side * (0.065 + 0.02 * u[STEP]), room = (double)(side - 1) - step * (GRID - 1);
    const double top = room * u[TOP], left = room * u[LEFT], ground = 0.4 + 0.2 * u[GROUND], contrast = 0.25 + 0.25 * u[CONTRAST];
    for (size_t k = 0; k < channels * pixels; ++k) {
        const double gain = channels == 1 ? 1 : 0.5 + 0.5 * u[GAIN + k / pixels];
        const double shown = surface(glyph, ((double)(k % pixels / side) - top) / step, ((double)(k % side) - left) / step);
        if (k % DSGD_NOISE_PER_DRAW == 0) { dsgd_noise(recipe->noise, (uint32_t)(k / DSGD_NOISE_PER_DRAW), (uint32_t)i, split, z); }
        const double value = 255 * (ground + contrast * gain * shown + config->noise * z[k % DSGD_NOISE_PER_DRAW]);
        out[k] = (uint8_t)(value <= 0 ? 0 : value >= 255 ? 255 : value);
    }
}

static bool fill_split(const struct recipe *recipe, uint32_t split, size_t n, struct dsgd_dataset *data, struct dsgd_split *out)
{
    uint8_t *feature = malloc(n * data->features), *label = malloc(n); /* at most 1e7 * 3 * 64^2: no overflow */
    data->owned[2 * split] = feature;
    data->owned[2 * split + 1] = label;
    if (!feature || !label) { return false; }
#pragma omp parallel for schedule(static) if (n >= EXAMPLES_PARALLEL)
    for (size_t i = 0; i < n; ++i) {
        make_picture(recipe, split, i, feature + i * data->features);
        label[i] = (uint8_t)(i % data->classes);
    }
    *out = (struct dsgd_split){.n = n, .feature = feature, .label = label};
    return true;
}

static enum dsgd_status generate(const struct config *config, struct dsgd_dataset *data)
{
    const size_t n = (size_t)config->n, n_test = (size_t)config->n_test;
    struct recipe recipe = {.config = config,
                            .glyph = malloc(data->classes * sizeof *recipe.glyph),
                            .where = {(uint32_t)config->seed, dsgd_rng_purpose("images place")},
                            .noise = {(uint32_t)config->seed, dsgd_rng_purpose("images noise")}};
    bool made = recipe.glyph != NULL;
    if (made) {
        choose_glyphs(config, recipe.glyph);
        made = fill_split(&recipe, TRAIN, n, data, &data->train) &&
               (config->split == DSGD_SPLIT_TUNING || fill_split(&recipe, TEST, n_test, data, &data->test));
    }
    free(recipe.glyph);
    if (!made) { return dsgd_fail(DSGD_ENOMEM, "dataset images: no memory for %zu + %zu examples of %zu features", n, n_test, data->features); }
    dsgd_dataset_hash(data);
    return DSGD_OK;
}

static enum dsgd_status images_load(const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    const struct config *config = args->config;
    const size_t side = (size_t)config->size, channels = (size_t)config->channels;
    *out = NULL;
    if (config->n < config->classes) {
        return dsgd_fail(DSGD_EINPUT, "images.n = %lld: expected at least one example of each of %lld classes", (long long)config->n,
                         (long long)config->classes);
    }
    struct dsgd_dataset *data = calloc(1, sizeof *data);
    if (!data) { return dsgd_fail(DSGD_ENOMEM, "dataset images: no memory"); }
    data->features = channels * side * side;
    data->shape = (struct dsgd_shape){.channels = channels, .height = side, .width = side};
    data->classes = (size_t)config->classes;
    snprintf(data->name, sizeof data->name, "images");
    snprintf(data->title, sizeof data->title, "generated images (%zu classes, %zu x %zu x %zu, noise %g)", data->classes, channels, side, side,
             config->noise);
    enum dsgd_status status = generate(config, data);
    if (status == DSGD_OK && config->split == DSGD_SPLIT_TUNING) { status = dsgd_split_tuning(data); }
    if (status != DSGD_OK) {
        dsgd_dataset_destroy(data);
        return status;
    }
    *out = data;
    return DSGD_OK;
}

const struct dsgd_dataset_ops dsgd_dataset_images = {
    .name = "images",
    .title = "Generated pictures: glyphs at random places; needs no files",
    .reference = "datasets/images.c",
    .params = images_params,
    .config_size = sizeof(struct config),
    .load = images_load,
};
