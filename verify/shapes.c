/* shapes.c - vectors with a shape. Interface: shapes.h.
 *
 * MNIST: digit 0 against the rest, l2 = 0.01, 4 workers with batch 1 (supplement E.1), hence the mean over four examples drawn with
 * replacement. The memory is Algorithm 2's on one machine (Theorem 1's reduction), 7 x 40, k = 10, fresh hashes; its step, 0.05, is ours.
 */
#include "verify/shapes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "convex/linear.h"
#include "convex/registry.h"
#include "datasets/dataset.h"
#include "sim/kernel/normal.h"
#include "verify/heavymix.h"
#include "verify/mnist.h"

enum { SPIKES = 4, EXAMPLES = 4, STEPS = 500 };

static const char *const names[VERIFY_SHAPES] = {"gaussian", "power-law", "flat", "spiky", "mnist-gradient", "mnist-memory"};

const char *verify_shape_name(enum verify_shape shape)
{
    return names[shape];
}

static struct dsgd_rng4 draw(uint32_t seed, enum verify_shape shape, size_t i)
{
    return dsgd_rng_draw((struct dsgd_rng_key){seed, dsgd_rng_purpose("verify shape")}, (uint32_t)i, (uint32_t)shape, 0, 0);
}

/* One standard normal: the first of a pair. */
static double normal(const struct dsgd_rng4 *words)
{
    double z[2];
    dsgd_normal_pair(words, z);
    return z[0];
}

/* place[0..d) = a random order of 0 .. d-1 (Fisher and Yates). */
static void shuffle(uint32_t seed, size_t d, uint32_t *place)
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("verify shape places")};
    for (size_t i = 0; i < d; ++i) { place[i] = (uint32_t)i; }
    for (size_t i = d; i-- > 1;) {
        const uint32_t j = dsgd_rng_below(key, (uint32_t)i, 0, 0, (uint32_t)(i + 1)), kept = place[i];
        place[i] = place[j];
        place[j] = kept;
    }
}

enum dsgd_status verify_shape_fill(enum verify_shape shape, size_t d, uint32_t seed, float *g)
{
    uint32_t *place = malloc(d * sizeof *place);
    if (!place) { return dsgd_fail(DSGD_ENOMEM, "no memory for a vector of %zu coordinates", d); }
    shuffle(seed, d, place);
    for (size_t i = 0; i < d; ++i) {
        const struct dsgd_rng4 words = draw(seed, shape, i);
        const double sign = words.word[0] & 1 ? -1.0 : 1.0;
        double value = sign;
        if (shape == VERIFY_POWER_LAW) { value = sign / (double)(i + 1); }
        if (shape == VERIFY_GAUSSIAN || (shape == VERIFY_SPIKY && i >= SPIKES)) { value = normal(&words); }
        if (shape == VERIFY_SPIKY && i < SPIKES) { value = sign * sqrt((double)d); }
        g[place[i]] = (float)value;
    }
    free(place);
    return DSGD_OK;
}

/* The mean gradient of step t at w. */
static enum dsgd_status mnist_gradient(const struct dsgd_problem_ops *ops, const void *problem, size_t n, uint32_t seed, uint32_t t,
                                       const float *w, float *grad)
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("verify shape examples")};
    uint32_t example[EXAMPLES];
    for (uint32_t j = 0; j < EXAMPLES; ++j) { example[j] = dsgd_rng_below(key, j, t, 0, (uint32_t)n); }
    const struct dsgd_batch batch = {.example = example, .count = EXAMPLES, .step = t, .seed = seed};
    return ops->gradient(problem, w, &batch, grad);
}

/* Algorithm 2 on one machine up to what would enter HEAVYMIX in step STEPS. */
static enum dsgd_status mnist_memory(const struct dsgd_problem_ops *ops, const void *problem, size_t n, uint32_t seed,
                                     struct heavymix *h, float *v)
{
    const float eta = 0.05f;
    float w[VERIFY_MNIST_D] = {0.0f}, grad[VERIFY_MNIST_D];
    double a[VERIFY_MNIST_D] = {0.0};
    for (uint32_t t = 0;; ++t) {
        DSGD_TRY(mnist_gradient(ops, problem, n, seed, t, w, grad));
        for (size_t i = 0; i < VERIFY_MNIST_D; ++i) {
            a[i] += (double)(eta * grad[i]);
            v[i] = (float)a[i];
        }
        if (t == STEPS) { return DSGD_OK; }
        struct heavymix_call call;
        heavymix_reseed(h, t);
        heavymix_sketch(h, v);
        DSGD_TRY(heavymix_choose(h, v, h->k_max, t, &call));
        for (size_t j = 0; j < h->k_max; ++j) {
            const uint32_t i = h->chosen[j];
            w[i] -= v[i];
            a[i] -= (double)v[i];
        }
    }
}

enum dsgd_status verify_shape_mnist(const struct verify_context *context, uint32_t seed, float *gradient, float *memory)
{
    const struct dsgd_problem_ops *ops = dsgd_problem_find("logistic");
    const struct dsgd_linear_config config = {.digit = 0, .l2 = 0.01};
    struct dsgd_dataset *loaded = NULL;
    void *problem = NULL;
    struct heavymix h;
    memset(&h, 0, sizeof h);
    if (!context->mnist) { DSGD_TRY(verify_mnist_load(context->data, &loaded)); }
    const struct dsgd_dataset *data = context->mnist ? context->mnist : loaded;
    const struct dsgd_problem_args args = {.config = &config, .data = data, .seed_data = seed};
    enum dsgd_status status = data->features == VERIFY_MNIST_D - 1 ? ops->create(&args, &problem)
        : dsgd_fail(DSGD_EINPUT, "dataset mnist: images of %zu pixels; expected %d, the length of these vectors", data->features, VERIFY_MNIST_D - 1);
    if (status == DSGD_OK) {
        const float zero[VERIFY_MNIST_D] = {0.0f};
        status = mnist_gradient(ops, problem, data->train.n, seed, STEPS + 1, zero, gradient);
    }
    if (status == DSGD_OK) { status = heavymix_open(VERIFY_MNIST_D, 10, 7, 40, NULL, seed, &h); }
    if (status == DSGD_OK) { status = mnist_memory(ops, problem, data->train.n, seed, &h, memory); }
    heavymix_close(&h);
    ops->destroy(problem);
    dsgd_dataset_destroy(loaded);
    return status;
}
