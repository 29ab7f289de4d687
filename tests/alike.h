/* alike.h - what operations leave on one device against what they leave on the CPU, bit by bit; one NaN is as good as another.
 *
 * For shapes that plain loops in a test would be too long for: long vectors, many rows, groups of all kinds. A scene makes its vectors on
 * a device, calls operations and keeps what it wants compared.
 */
#ifndef DSGD_TESTS_ALIKE_H
#define DSGD_TESTS_ALIKE_H

#include "tests/ops.h"

struct kept {
    unsigned char *bytes;
    size_t used, room;
};

static inline unsigned char *kept_more(struct kept *k, size_t bytes)
{
    if (k->used + bytes > k->room) {
        k->room = 2 * (k->used + bytes);
        k->bytes = realloc(k->bytes, k->room);
        assert_non_null(k->bytes);
    }
    k->used += bytes;
    return k->bytes + k->used - bytes;
}

/** All rows of a vector, of a set with their lengths and nothing behind them; of values that go with a set (at, else NULL) likewise. */
static inline void keep_with(struct kept *k, struct ops *o, const struct dsgd_handle *v, const struct dsgd_handle *at)
{
    const size_t vector = (size_t)(v - o->vector), rows = o->rows[vector], bytes = ops_row_bytes(v->type, v->as.array.count);
    for (size_t row = 0; row < rows; ++row) {
        unsigned char *to = kept_more(k, bytes);
        ops_read(o, v, row, to);
        size_t n = v->as.array.count;
        if (at) {
            n = ops_length_of(o, at, row);
            k->used -= bytes - n * ops_element(v->type);
        }
        for (size_t i = 0; i < n && v->type == DSGD_F32; ++i) {
            float x;
            memcpy(&x, to + i * sizeof x, sizeof x);
            if (isnan(x)) { memset(to + i * sizeof x, 0xff, sizeof x); }
        }
        for (size_t i = 0; i < n && v->type == DSGD_F64; ++i) {
            double x;
            memcpy(&x, to + i * sizeof x, sizeof x);
            if (isnan(x)) { memset(to + i * sizeof x, 0xff, sizeof x); }
        }
    }
}

static inline void keep(struct kept *k, struct ops *o, const struct dsgd_handle *v)
{
    keep_with(k, o, v, v->type == DSGD_SET ? v : NULL);
    for (size_t row = 0; v->type == DSGD_SET && row < o->rows[v - o->vector]; ++row) {
        const uint32_t n = ops_length_of(o, v, row);
        memcpy(kept_more(k, sizeof n), &n, sizeof n);
    }
}

/* Where there are two CUDA devices they take turns. */
static inline int alike_ordinal(const struct dsgd_device *device)
{
    static int turn;
    const int both[] = {0, 1};
    return device->open && device->open(both, 2) == DSGD_OK ? turn++ % 2 : 0;
}

/** Calls scene(o, k, context) in a turn of `rows` rows: on the CPU, which is the reference whatever is tested, and on every device of ops.h. */
static inline void alike(const char *what, uint32_t rows, void (*scene)(struct ops *o, struct kept *k, const void *context), const void *context)
{
    struct kept first = {NULL, 0, 0};
    for (int device = -1; device < OPS_DEVICES; ++device) {
        struct kept k = {NULL, 0, 0};
        struct ops o;
        ops_open(&o, device < 0 ? 0 : device, rows);
        if (device < 0) {
            o.queue.device = dsgd_device_at(0);
        } else if (o.queue.device == dsgd_device_at(0)) {
            continue;
        } else if (ops_cuda()) {
            o.queue.ordinal = alike_ordinal(o.queue.device);
        }
        scene(&o, &k, context);
        ops_close(&o);
        if (device < 0) {
            first = k;
            continue;
        }
        assert_int_equal(k.used, first.used);
        for (size_t b = 0; b < k.used; ++b) {
            if (k.bytes[b] != first.bytes[b]) {
                fail_msg("%s, %u rows, %s: byte %zu of %zu differs", what, (unsigned)rows, o.queue.device->name, b, k.used);
            }
        }
        free(k.bytes);
    }
    free(first.bytes);
}

/** A vector of `rows` rows (0: one that all share) of the kinds of ops_value. */
static inline struct dsgd_handle *alike_floats(struct ops *o, size_t n, uint32_t rows, uint32_t seed, int nasty)
{
    const size_t all = n * (rows > 0 ? rows : 1);
    float *x = malloc((all + 1) * sizeof *x);
    assert_non_null(x);
    ops_fill(x, all, seed, nasty);
    struct dsgd_handle *v = ops_vector(o, DSGD_F32, n, rows, x);
    free(x);
    return v;
}

static inline struct dsgd_handle *alike_doubles(struct ops *o, size_t n, uint32_t rows, uint32_t seed, int nasty)
{
    const size_t all = n * (rows > 0 ? rows : 1);
    double *x = malloc((all + 1) * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < all; ++i) { x[i] = (double)ops_value((uint32_t)i + seed * 7919u, nasty) * (1.0 + 0x1p-40 * (double)(i % 97)); }
    struct dsgd_handle *v = ops_vector(o, DSGD_F64, n, rows, x);
    free(x);
    return v;
}

static inline struct dsgd_handle *alike_levels(struct ops *o, size_t n, uint32_t rows, uint32_t m)
{
    const size_t all = n * (rows > 0 ? rows : 1);
    int32_t *x = malloc((all + 1) * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < all; ++i) { x[i] = (int32_t)((uint32_t)i * 2654435769u % (2 * m + 1)) - (int32_t)m; }
    struct dsgd_handle *v = ops_vector(o, DSGD_I32, n, rows, x);
    free(x);
    return v;
}

/** A set of up to `most` of d coordinates, of other lengths in each row: row r leaves every (r + 3)-th place out. */
static inline struct dsgd_handle *alike_set(struct ops *o, size_t d, size_t most, uint32_t rows, uint32_t seed)
{
    const size_t real = rows > 0 ? rows : 1;
    uint32_t *x = calloc(most * real + 1, sizeof *x), *length = calloc(real, sizeof *length);
    assert_true(x && length);
    for (size_t r = 0; r < real; ++r) {
        const size_t wide = most > 0 ? d / most : 1;
        for (size_t j = 0; j < most; ++j) { /* one in each stretch of d / most */
            if (j % (r + 3) == seed % (r + 3)) { continue; }
            x[r * most + length[r]++] = (uint32_t)(j * wide + ((uint32_t)j * 2654435769u + seed * 40503u + (uint32_t)r) % wide);
        }
    }
    struct dsgd_handle *v = ops_vector(o, DSGD_SET, most, rows, x);
    for (size_t r = 0; r < real; ++r) { ops_length(o, v, r, length[r]); }
    free(x);
    free(length);
    return v;
}

#endif
