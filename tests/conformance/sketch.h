/* sketch.h - Count Sketches of the references: the hash family from its definition in algorithms/sketch_hash.h, evaluated by
 * plain modular arithmetic; tables, estimates and norms in doubles.
 */
#ifndef DSGD_TESTS_CONFORMANCE_SKETCH_H
#define DSGD_TESTS_CONFORMANCE_SKETCH_H

#include "tests/conformance/conformance.h"

enum { CELLS_MAX = 16 * 64 };

static inline uint64_t conform_mod_multiply(uint64_t a, uint64_t b) /* a b mod 2^61 - 1 by doubling and adding */
{
    const uint64_t p = (UINT64_C(1) << 61) - 1;
    uint64_t out = 0;
    for (; b > 0; b >>= 1) {
        if (b & 1) { out = (out + a) % p; }
        a = (a + a) % p;
    }
    return out;
}

struct conform_sketch {
    uint32_t rows, cols;
    uint32_t bucket[16][D_MAX];
    double sign[16][D_MAX];
};

/** Bucket floor(c p1(i) / p), sign the lowest bit of p3(i); row j has coefficients 6j, 6j + 1 (constant, slope) of p1 and
 *  6j + 2 .. 6j + 5 of p3. Each is the first of its draws' upper 61 bits of 64 below p. */
static inline void conform_sketch_draw(struct conform_sketch *s, size_t d, uint32_t rows, uint32_t cols, uint32_t step)
{
    const struct dsgd_rng_key key = {SEED_HASH, dsgd_rng_purpose("sketch_hash_polynomial coefficients")};
    const uint64_t p = (UINT64_C(1) << 61) - 1;
    s->rows = rows;
    s->cols = cols;
    for (uint32_t j = 0; j < rows; ++j) {
        uint64_t a[6];
        for (uint32_t e = 0; e < 6; ++e) {
            a[e] = p;
            for (uint32_t draw = 0; a[e] >= p; ++draw) {
                const struct dsgd_rng4 words = dsgd_rng_draw(key, 6 * j + e, step, 0, draw);
                a[e] = dsgd_rng_u64(&words, 0) >> 3;
                if (a[e] >= p) { a[e] = dsgd_rng_u64(&words, 1) >> 3; }
            }
        }
        for (uint32_t i = 0; i < d; ++i) {
            const uint64_t p1 = (a[0] + conform_mod_multiply(a[1], i)) % p;
            uint64_t p3 = 0, power = 1;
            for (uint32_t e = 2; e < 6; ++e) {
                p3 = (p3 + conform_mod_multiply(a[e], power)) % p;
                power = conform_mod_multiply(power, i);
            }
            /* floor(c p1 / p) = the number of multiples of p up to c p1 */
            uint64_t quotient = 0, rest = 0;
            for (uint32_t n = 0; n < cols; ++n) {
                rest += p1;
                if (rest >= p) { rest -= p, ++quotient; }
            }
            s->bucket[j][i] = (uint32_t)quotient;
            s->sign[j][i] = p3 & 1 ? -1.0 : 1.0;
        }
    }
}

/** table += factor S(v), coordinates ascending. */
static inline void conform_sketch_add(const struct conform_sketch *s, size_t d, double factor, const double *v, double *table)
{
    for (uint32_t j = 0; j < s->rows; ++j) {
        for (uint32_t i = 0; i < d; ++i) { table[j * s->cols + s->bucket[j][i]] += factor * s->sign[j][i] * v[i]; }
    }
}

static inline double conform_median(uint32_t n, const double *v)
{
    for (uint32_t i = 0; i < n; ++i) { /* the one with as many below as above, however ties are broken */
        uint32_t below = 0;
        for (uint32_t j = 0; j < n; ++j) { below += v[j] < v[i] || (v[j] == v[i] && j < i); }
        if (below == n / 2) { return v[i]; }
    }
    return NAN;
}

static inline void conform_sketch_estimate(const struct conform_sketch *s, size_t d, const double *table, double *out)
{
    for (uint32_t i = 0; i < d; ++i) {
        double row[16];
        for (uint32_t j = 0; j < s->rows; ++j) { row[j] = s->sign[j][i] * table[j * s->cols + s->bucket[j][i]]; }
        out[i] = conform_median(s->rows, row);
    }
}

static inline double conform_sketch_norm2(const struct conform_sketch *s, const double *table)
{
    double row[16];
    for (uint32_t j = 0; j < s->rows; ++j) {
        row[j] = 0.0;
        for (uint32_t b = 0; b < s->cols; ++b) { row[j] += table[j * s->cols + b] * table[j * s->cols + b]; }
    }
    return conform_median(s->rows, row);
}

/** merged += factor S(v), each cell as it travels. */
static inline void conform_sketch_send(const struct conform_sketch *s, size_t d, int values, const double *v, double factor,
                                       double *merged)
{
    double table[CELLS_MAX] = {0};
    assert_true(s->rows * s->cols <= CELLS_MAX);
    conform_sketch_add(s, d, 1.0, v, table);
    for (uint32_t b = 0; b < s->rows * s->cols; ++b) { merged[b] += factor * conform_as(values, table[b]); }
}

#endif
