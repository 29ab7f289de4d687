/* sketch_hash_polynomial.c - the textbook hash family of the Count Sketch, evaluated fast.
 *
 * Row j has two polynomials over the field of p = 2^61 - 1 elements, coefficients independent and uniform in [0, p):
 *   bucket h_j(i) = floor(c p1_j(i) / p), p1_j of degree 1: 2-wise independent,
 *   sign   s_j(i) = -1 where p3_j(i) is odd, p3_j of degree 3: 4-wise independent (Wegman, Carter 1981).
 * A bucket's probability differs from 1/c by less than 1/p, a sign's from 1/2 by 1/(2p).
 *
 * Blocks of coordinates are walked by finite differences (Knuth, TAOCP 2, 4.6.4): a cubic costs three additions mod p
 * a coordinate. A bucket needs no product either: with c p1(i) = q p + r, advancing i adds constants to q (mod c) and
 * r (mod p, carrying into q), and q is the bucket. LANES coordinates advance side by side with stride LANES: the loop
 * is independent across lanes and vectorises. Everything is exact integer arithmetic; `one` evaluates the same
 * polynomials by Horner's rule with 128-bit products and gives the same cells.
 *
 * Departure from the paper's reference code: that one computes a i + b in wrapping 64-bit integers, which is not
 * arithmetic mod p and carries no independence guarantee, and fixes one seed.
 */
#include "sim/cpu/sketch_hash.h"

#include <string.h>
#include "sim/kernel/sketch_hash.h"

__extension__ typedef unsigned __int128 uint128;

enum {
    LANES = 16,       /* 8 is slower, 32 spends more on the start of a block */
    COEFFICIENTS = 6, /* two of the bucket, four of the sign */
    CUBIC_POINTS = 4 * LANES /* values that fix the differences of order 0..3 at stride LANES */
};

static const uint64_t P = (UINT64_C(1) << 61) - 1;

struct row_functions {
    uint64_t bucket[2], sign[4]; /* coefficient of i^e at position e, in [0, p) */
};

struct polynomial_state {
    uint32_t rows, cols;
    struct row_functions row[SKETCH_ROWS_MAX];
};

/* ---- arithmetic mod p; arguments and results in [0, p) ---- */

static inline uint64_t add(uint64_t a, uint64_t b)
{
    const uint64_t sum = a + b;
    return sum >= P ? sum - P : sum;
}

static inline uint64_t subtract(uint64_t a, uint64_t b)
{
    return a >= b ? a - b : a + P - b;
}

static inline uint64_t multiply(uint64_t a, uint64_t b)
{
    const uint128 product = (uint128)a * b; /* 2^61 = 1 mod p: fold the upper bits onto the lower ones */
    return add((uint64_t)product & P, (uint64_t)(product >> 61));
}

static inline uint64_t horner(const uint64_t *coefficient, int degree, uint64_t i)
{
    uint64_t value = coefficient[degree];
    for (int e = degree - 1; e >= 0; --e) { value = add(multiply(value, i), coefficient[e]); }
    return value;
}

/* c x = quotient p + remainder, x in [0, p), c < 2^31: one fold and one correction. */
static inline uint64_t scale(uint64_t x, uint32_t c, uint64_t *remainder)
{
    const uint128 product = (uint128)x * c;
    const uint64_t quotient = (uint64_t)(product >> 61), rest = ((uint64_t)product & P) + quotient;
    *remainder = rest >= P ? rest - P : rest;
    return quotient + (rest >= P ? 1 : 0);
}

/* ---- the family ---- */

static void polynomial_reseed(void *state, uint32_t rows, uint32_t cols, uint32_t seed, uint32_t step)
{
    struct polynomial_state *s = state;
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose(DSGD_TEXTBOOK_PURPOSE)};
    s->rows = rows;
    s->cols = cols;
    for (uint32_t j = 0; j < rows; ++j) {
        for (uint32_t e = 0; e < COEFFICIENTS; ++e) {
            const uint64_t value = dsgd_sketch_coefficient(key, j * COEFFICIENTS + e, step);
            if (e < 2) {
                s->row[j].bucket[e] = value;
            } else {
                s->row[j].sign[e - 2] = value;
            }
        }
    }
}

static uint32_t polynomial_one(const void *state, uint32_t row, size_t i)
{
    const struct polynomial_state *s = state;
    const struct row_functions *f = &s->row[row];
    uint64_t remainder;
    const uint64_t bucket = scale(horner(f->bucket, 1, i), s->cols, &remainder);
    return (uint32_t)bucket | (uint32_t)horner(f->sign, 3, i) << 31;
}

static void polynomial_some(const void *state, uint32_t row, size_t n, const uint32_t *index, uint32_t *cell)
{
    for (size_t j = 0; j < n; ++j) { cell[j] = polynomial_one(state, row, index[j]); }
}

/* Signed, so that comparisons are single instructions also where vectors only compare signed numbers; all < 2^62. */
struct walk {
    int64_t sign[3][LANES];    /* p3 and its differences of order 1 and 2, one lane per coordinate */
    int64_t quotient[LANES];   /* the bucket */
    int64_t remainder[LANES];  /* of c p1 by p */
    int64_t sign3;             /* third difference, the same in all lanes */
    int64_t step_quotient, step_remainder, cols;
};

static void walk_start(struct walk *w, const struct row_functions *f, uint32_t cols, size_t i0)
{
    /* Points i0 .. i0 + 4 LANES - 1 by differences of stride 1 from four evaluations. */
    uint64_t value[CUBIC_POINTS], delta[4];
    for (int m = 0; m < 4; ++m) { delta[m] = horner(f->sign, 3, i0 + (size_t)m); }
    for (int order = 1; order < 4; ++order) {
        for (int m = 3; m >= order; --m) { delta[m] = subtract(delta[m], delta[m - 1]); }
    }
    for (int m = 0; m < CUBIC_POINTS; ++m) {
        value[m] = delta[0];
        for (int order = 0; order < 3; ++order) { delta[order] = add(delta[order], delta[order + 1]); }
    }
    for (int lane = 0; lane < LANES; ++lane) {
        const uint64_t v0 = value[lane], v1 = value[lane + LANES], v2 = value[lane + 2 * LANES];
        w->sign[0][lane] = (int64_t)v0;
        w->sign[1][lane] = (int64_t)subtract(v1, v0);
        w->sign[2][lane] = (int64_t)subtract(subtract(v2, v1), subtract(v1, v0));
    }
    const uint64_t second = subtract(subtract(value[3 * LANES], value[2 * LANES]),
                                     subtract(value[2 * LANES], value[LANES]));
    w->sign3 = (int64_t)subtract(second, (uint64_t)w->sign[2][0]);

    uint64_t remainder, p1 = horner(f->bucket, 1, i0);
    for (int lane = 0; lane < LANES; ++lane) {
        w->quotient[lane] = (int64_t)scale(p1, cols, &remainder);
        w->remainder[lane] = (int64_t)remainder;
        p1 = add(p1, f->bucket[1]);
    }
    w->step_quotient = (int64_t)scale(multiply(f->bucket[1], LANES), cols, &remainder);
    w->step_remainder = (int64_t)remainder;
    w->cols = (int64_t)cols;
}

static inline int64_t wrap(int64_t sum, int64_t modulus)
{
    return sum - (sum >= modulus ? modulus : 0);
}

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* unoptimised builds need not vectorise the loop below */
#endif

/* Writes blocks * LANES cells. */
static void walk_blocks(struct walk *state, size_t blocks, uint32_t *cell)
{
    const int64_t p = (int64_t)P;
    struct walk w = *state; /* a local copy cannot alias cell */
    for (size_t block = 0; block < blocks; ++block) {
        uint32_t *out = cell + block * LANES;
#pragma omp simd
        for (int lane = 0; lane < LANES; ++lane) {
            out[lane] = (uint32_t)w.quotient[lane] | (uint32_t)w.sign[0][lane] << 31;
            w.sign[0][lane] = wrap(w.sign[0][lane] + w.sign[1][lane], p);
            w.sign[1][lane] = wrap(w.sign[1][lane] + w.sign[2][lane], p);
            w.sign[2][lane] = wrap(w.sign[2][lane] + w.sign3, p);
            const int64_t remainder = w.remainder[lane] + w.step_remainder;
            const int64_t carry = remainder >= p;
            w.remainder[lane] = wrap(remainder, p);
            w.quotient[lane] = wrap(w.quotient[lane] + w.step_quotient + carry, w.cols);
        }
    }
    *state = w;
}

static void polynomial_fill(const void *state, uint32_t row, size_t i0, size_t n, uint32_t *cell)
{
    const struct polynomial_state *s = state;
    if (n < 2 * LANES) { /* starting a walk costs about as much as these */
        for (size_t i = 0; i < n; ++i) { cell[i] = polynomial_one(state, row, i0 + i); }
        return;
    }
    struct walk w;
    walk_start(&w, &s->row[row], s->cols, i0);
    walk_blocks(&w, n / LANES, cell);
    if (n % LANES > 0) {
        uint32_t last[LANES];
        walk_blocks(&w, 1, last);
        memcpy(cell + n - n % LANES, last, n % LANES * sizeof *last);
    }
}

const struct sketch_hash_family sketch_hash_polynomial = {
    .name = "polynomial",
    .reference = "Wegman, Carter 1981; Charikar, Chen, Farach-Colton 2002; Alon, Matias, Szegedy 1999",
    .state_size = sizeof(struct polynomial_state),
    .reseed = polynomial_reseed,
    .fill = polynomial_fill,
    .one = polynomial_one,
    .some = polynomial_some,
};
