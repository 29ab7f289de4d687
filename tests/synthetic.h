/* synthetic.h - a small classification dataset of keyed random bytes, and points to evaluate problems at. */
#ifndef DSGD_TESTS_SYNTHETIC_H
#define DSGD_TESTS_SYNTHETIC_H

#include <stdio.h>
#include <stdlib.h>
#include "datasets/dataset.h"
#include "sim/kernel/rng.h"

static inline double synthetic_uniform(uint32_t seed, uint32_t item, uint32_t which) /* in (-1, 1) */
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("synthetic test data")};
    const struct dsgd_rng4 words = dsgd_rng_draw(key, item, which, 0, 0);
    return 2 * dsgd_rng_unit(dsgd_rng_u64(&words, 0)) - 1;
}

/* Half the bytes are 0. Labels 0..classes-1: the largest of `classes` random linear scores plus noise, so that they can
 * be learnt but not perfectly. The arrays belong to the caller. */
static inline struct dsgd_split synthetic_split(uint32_t seed, size_t n, size_t features, size_t classes,
                                                uint8_t **feature, uint8_t **label)
{
    *feature = malloc(n * features);
    *label = malloc(n);
    if (!*feature || !*label) { abort(); }
    for (size_t i = 0; i < n; ++i) {
        uint8_t *row = *feature + i * features;
        for (size_t j = 0; j < features; ++j) {
            const double u = synthetic_uniform(seed, (uint32_t)(i * features + j), 1);
            row[j] = u > 0 ? (uint8_t)(256 * u) : 0;
        }
        double best = -1e9;
        for (size_t c = 0; c < classes; ++c) {
            double score = 1.5 * synthetic_uniform(seed, (uint32_t)(i * classes + c), 2);
            for (size_t j = 0; j < features; ++j) { /* the rule is the same for every seed: train and test agree */
                score += row[j] / 255.0 * synthetic_uniform(7, (uint32_t)(c * features + j), 3);
            }
            if (score > best) {
                best = score;
                (*label)[i] = (uint8_t)c;
            }
        }
    }
    return (struct dsgd_split){.n = n, .feature = *feature, .label = *label};
}

static inline struct dsgd_dataset *synthetic_create(uint32_t seed, size_t n, size_t features, size_t classes)
{
    struct dsgd_dataset *data = calloc(1, sizeof *data);
    uint8_t *part[4];
    if (!data) { abort(); }
    data->features = features;
    data->shape = (struct dsgd_shape){1, 1, features};
    data->classes = classes;
    data->train = synthetic_split(seed, n, features, classes, &part[0], &part[1]);
    data->test = synthetic_split(seed + 1, n / 4 + 1, features, classes, &part[2], &part[3]);
    for (int k = 0; k < 4; ++k) { data->owned[k] = part[k]; }
    snprintf(data->name, sizeof data->name, "synthetic");
    snprintf(data->title, sizeof data->title, "synthetic bytes");
    snprintf(data->sha256, sizeof data->sha256, "%08x-%zu-%zu-%zu", (unsigned)seed, n, features, classes);
    return data;
}

#endif
