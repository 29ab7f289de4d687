/* check.c - whether a dataset's arrays are what datasets/dataset.h says, and their SHA-256. Whoever reads a dataset of a user's own from
 * files cannot trust it; the problems index by columns and labels without another look.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "datasets/hash.h"
#include "datasets/pairs.h"
#include "sim/sha256.h"

/* What is said of an example: "dataset words: training example 3". */
struct place {
    const char *dataset, *split;
};

static enum dsgd_status check_floats(struct place at, size_t i, size_t count, const uint32_t *column /* or NULL */, const float *value)
{
    for (size_t k = 0; k < count; ++k) {
        if (!isfinite(value[k])) {
            return dsgd_fail(DSGD_EINPUT, "dataset %s: %s example %zu: the value of column %zu is %g, expected a finite number", at.dataset,
                             at.split, i, column ? (size_t)column[k] : k, (double)value[k]);
        }
    }
    return DSGD_OK;
}

static enum dsgd_status check_columns(struct place at, size_t i, size_t features, size_t count, const uint32_t *column)
{
    for (size_t k = 0; k < count; ++k) {
        if (column[k] >= features) {
            return dsgd_fail(DSGD_EINPUT, "dataset %s: %s example %zu: column %zu, expected one of 0..%zu", at.dataset, at.split, i,
                             (size_t)column[k], features - 1);
        }
        if (k > 0 && column[k] <= column[k - 1]) {
            return dsgd_fail(DSGD_EINPUT, "dataset %s: %s example %zu: column %zu after column %zu, expected ascending columns", at.dataset,
                             at.split, i, (size_t)column[k], (size_t)column[k - 1]);
        }
    }
    return DSGD_OK;
}

static enum dsgd_status check_row(struct place at, const struct dsgd_split *split, size_t features, size_t i)
{
    if (split->form == DSGD_ROWS_FLOATS) { return check_floats(at, i, features, NULL, split->real + i * features); }
    const size_t from = split->start[i];
    if (split->start[i + 1] < from) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: %s example %zu: its entries begin at %zu and end at %zu, expected an end that is not before "
                         "the beginning", at.dataset, at.split, i, from, split->start[i + 1]);
    }
    DSGD_TRY(check_columns(at, i, features, split->start[i + 1] - from, split->column + from));
    return check_floats(at, i, split->start[i + 1] - from, split->column + from, split->value + from);
}

static enum dsgd_status check_split(const struct dsgd_dataset *data, const struct dsgd_split *split, const char *name)
{
    const struct place at = {data->name, name};
    const bool bytes = split->form == DSGD_ROWS_BYTES, floats = split->form == DSGD_ROWS_FLOATS, sparse = split->form == DSGD_ROWS_SPARSE;
    if (split->n == 0) { return dsgd_fail(DSGD_EINPUT, "dataset %s: no %s examples, expected at least 1", at.dataset, at.split); }
    if (!split->label || (bytes && !split->feature) || (floats && !split->real) || (sparse && (!split->start || !split->column || !split->value))) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: the %s examples lack an array, expected labels and the arrays of their form", at.dataset, at.split);
    }
    for (size_t i = 0; i < split->n; ++i) {
        if (split->label[i] >= data->classes) {
            return dsgd_fail(DSGD_EINPUT, "dataset %s: %s example %zu: label %d, expected one of 0..%zu", at.dataset, at.split, i,
                             split->label[i], data->classes - 1);
        }
        if (!bytes) { DSGD_TRY(check_row(at, split, data->features, i)); }
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_dataset_check(const struct dsgd_dataset *data)
{
    if (data->train.form == DSGD_PAIRS) { return dsgd_pairs_check(data); }
    if (data->classes < 2 || data->classes > DSGD_DATASET_CLASSES) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: %zu classes, expected 2 to %d", data->name, data->classes, (int)DSGD_DATASET_CLASSES);
    }
    if (data->features == 0 || data->features >= UINT32_MAX) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: %zu features, expected 1 to 4294967294", data->name, data->features);
    }
    const struct dsgd_shape *shape = &data->shape;
    /* without the product, which could overflow */
    const size_t plane = shape->channels > 0 && data->features % shape->channels == 0 ? data->features / shape->channels : 0;
    if (plane == 0 || shape->height == 0 || plane % shape->height != 0 || plane / shape->height != shape->width) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: rows of %zu x %zu x %zu features, expected channels, height and width of %zu features",
                         data->name, shape->channels, shape->height, shape->width, data->features);
    }
    if (data->train.form != data->test.form || data->train.form > DSGD_ROWS_SPARSE) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: training rows of form %d and test rows of form %d, expected one known form", data->name,
                         (int)data->train.form, (int)data->test.form);
    }
    DSGD_TRY(check_split(data, &data->train, "training"));
    return check_split(data, &data->test, "test");
}

enum dsgd_status dsgd_dataset_fits(const struct dsgd_dataset *data, const char *problem, bool pairs)
{
    if (!data) { return dsgd_fail(DSGD_EINPUT, "problem %s: no dataset, expected one", problem); }
    if ((data->train.form == DSGD_PAIRS) == pairs) { return DSGD_OK; }
    if (pairs) {
        return dsgd_fail(DSGD_EINPUT, "problem %s: dataset %s holds rows with labels, expected pairs of sentences such as those of grammar", problem,
                         data->name);
    }
    return dsgd_fail(DSGD_EINPUT, "problem %s: dataset %s holds pairs of sentences, expected rows with labels such as those of mnist", problem,
                     data->name);
}

enum dsgd_status dsgd_dataset_load(const struct dsgd_dataset_ops *dataset, const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    struct dsgd_dataset *data = NULL;
    *out = NULL;
    enum dsgd_status status = dataset->load(args, &data);
    if (status == DSGD_OK) { status = dsgd_dataset_check(data); }
    if (status != DSGD_OK) {
        dsgd_dataset_destroy(data);
        return status;
    }
    *out = data;
    return DSGD_OK;
}

void dsgd_hash_number(struct sha256_ctx *hash, uint64_t x)
{
    uint8_t byte[8];
    for (int k = 0; k < 8; ++k) { byte[k] = (uint8_t)(x >> (8 * k)); }
    sha256_update(hash, sizeof byte, byte);
}

/* In pieces that are put into little-endian order. */
void dsgd_hash_words(struct sha256_ctx *hash, size_t n, const void *words)
{
    enum { PIECE = 1024 };
    uint8_t byte[4 * PIECE];
    for (size_t from = 0; from < n; from += PIECE) {
        const size_t count = n - from < PIECE ? n - from : PIECE;
        for (size_t j = 0; j < count; ++j) {
            uint32_t word;
            memcpy(&word, (const uint8_t *)words + 4 * (from + j), sizeof word);
            for (int k = 0; k < 4; ++k) { byte[4 * j + (size_t)k] = (uint8_t)(word >> (8 * k)); }
        }
        sha256_update(hash, 4 * count, byte);
    }
}

static void hash_split(struct sha256_ctx *hash, const struct dsgd_split *split, size_t features)
{
    if (split->form == DSGD_ROWS_BYTES) {
        sha256_update(hash, split->n * features, split->feature);
    } else {
        dsgd_hash_number(hash, split->n);
        dsgd_hash_number(hash, features);
    }
    if (split->form == DSGD_ROWS_FLOATS) { dsgd_hash_words(hash, split->n * features, split->real); }
    if (split->form == DSGD_ROWS_SPARSE) {
        const size_t first = split->start[0], count = split->start[split->n] - first;
        for (size_t i = 0; i < split->n; ++i) { dsgd_hash_number(hash, split->start[i + 1] - split->start[i]); }
        dsgd_hash_words(hash, count, split->column + first);
        dsgd_hash_words(hash, count, split->value + first);
    }
    sha256_update(hash, split->n, split->label);
}

void dsgd_dataset_hash(struct dsgd_dataset *data)
{
    struct sha256_ctx hash;
    sha256_init(&hash);
    if (data->train.form == DSGD_PAIRS) {
        dsgd_pairs_hash(&hash, data);
        dsgd_sha256_end(&hash, 64, data->sha256);
        return;
    }
    if (data->train.n > 0) { hash_split(&hash, &data->train, data->features); }
    if (data->test.n > 0) { hash_split(&hash, &data->test, data->features); }
    dsgd_sha256_end(&hash, 64, data->sha256);
}
