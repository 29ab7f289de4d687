/* sketch.h - Count Sketches of the references: both families of hashes from their definitions in docs/sketching.md, evaluated by plain
 * modular arithmetic; tables, estimates and norms in doubles.
 */
#ifndef DSGD_TESTS_CONFORMANCE_SKETCH_H
#define DSGD_TESTS_CONFORMANCE_SKETCH_H

#ifndef CONFORM_D_MAX
#define CONFORM_D_MAX 256
#endif
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

#define CONFORM_PRIME ((UINT64_C(1) << 61) - 1)

/* Coefficients: the first of each one's draws' upper 61 bits of 64 below the prime. */
static inline void conform_coefficients(const char *purpose, uint32_t first, uint32_t n, uint32_t step, uint64_t *a)
{
    const struct dsgd_rng_key key = {SEED_HASH, dsgd_rng_purpose(purpose)};
    for (uint32_t e = 0; e < n; ++e) {
        a[e] = CONFORM_PRIME;
        for (uint32_t draw = 0; a[e] >= CONFORM_PRIME; ++draw) {
            const struct dsgd_rng4 words = dsgd_rng_draw(key, first + e, step, 0, draw);
            a[e] = dsgd_rng_u64(&words, 0) >> 3;
            if (a[e] >= CONFORM_PRIME) { a[e] = dsgd_rng_u64(&words, 1) >> 3; }
        }
    }
}

/* a[0] + a[1] x + ... + a[n - 1] x^(n - 1) */
static inline uint64_t conform_polynomial(const uint64_t *a, uint32_t n, uint64_t x)
{
    uint64_t value = 0, power = 1;
    for (uint32_t e = 0; e < n; ++e) {
        value = (value + conform_mod_multiply(a[e], power)) % CONFORM_PRIME;
        power = conform_mod_multiply(power, x);
    }
    return value;
}

/** hash = block: coordinate l of block b goes to cell 64 s + (l xor m); P(b) gives s, the upper 32 of its 61 bits times c/64 over 2^32, and
 *  m, its lowest 6 bits; the sign is bit l mod 32 of Q0(b) or, from l = 32 on, of Q1(b). Row j has coefficients 12 j .. 12 j + 11. */
static inline void conform_sketch_draw_blocks(struct conform_sketch *s, size_t d, uint32_t rows, uint32_t cols, uint32_t step)
{
    s->rows = rows;
    s->cols = cols;
    for (uint32_t j = 0; j < rows; ++j) {
        uint64_t a[12];
        conform_coefficients("sketch_hash_block coefficients", 12 * j, 12, step, a);
        for (uint32_t i = 0; i < d; ++i) {
            const uint32_t l = i % 64;
            const uint64_t at = conform_polynomial(a, 4, i / 64), bits = conform_polynomial(l < 32 ? a + 4 : a + 8, 4, i / 64);
            const double segment = floor((double)(at / (UINT64_C(1) << 29)) * (cols / 64.0) / 0x1p32);
            s->bucket[j][i] = 64 * (uint32_t)segment + (l ^ (uint32_t)(at % 64));
            s->sign[j][i] = bits >> l % 32 & 1 ? -1.0 : 1.0;
        }
    }
}

/** hash = textbook: bucket floor(c p1(i) / p), sign the lowest bit of p3(i); row j has coefficients 6j, 6j + 1 (constant, slope) of p1 and
 *  6j + 2 .. 6j + 5 of p3. */
static inline void conform_sketch_draw(struct conform_sketch *s, size_t d, uint32_t rows, uint32_t cols, uint32_t step)
{
    const uint64_t p = CONFORM_PRIME;
    s->rows = rows;
    s->cols = cols;
    for (uint32_t j = 0; j < rows; ++j) {
        uint64_t a[6];
        conform_coefficients("sketch_hash_polynomial coefficients", 6 * j, 6, step, a);
        for (uint32_t i = 0; i < d; ++i) {
            const uint64_t p1 = conform_polynomial(a, 2, i), p3 = conform_polynomial(a + 2, 4, i);
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
