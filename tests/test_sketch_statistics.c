/* test_sketch_statistics.c - the distribution of hashes and estimates over many fresh draws (suite: numerics).
 *
 * What theory.md uses is measured: buckets uniform and 2-wise independent, signs 4-wise independent, hence for one row
 *   E est_i = g_i, Var est_i = (||g||^2 - g_i^2) / c, E norm2 = ||g||^2, Var norm2 = 2 (||g||^4 - sum g_i^4) / c.
 * Each is compared two-sided at four standard errors, about 120 comparisons with a false alarm of 6e-5 each, once for
 * all because the seeds are fixed. The same checks must fail on planted defects, else they would show nothing.
 */
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>
#include "sim/cpu/count_sketch.h"
#include "sim/kernel/rng.h"

__extension__ typedef unsigned __int128 uint128;

enum { D = 48, COLS = 8, TABLE_DRAWS = 60000, CELL_DRAWS = 60000, WATCHED = 6, SEED = 2026 };

enum defect { MEAN = 1, VARIANCE = 2, NORM = 4, NORM_VARIANCE = 8, BUCKET = 16, COLLISION = 32, SIGN = 64,
              SIGN_PAIR = 128, SIGN_FOUR = 256 };

static void wrong(unsigned *defects, enum defect which, int fine)
{
    if (!fine) { *defects |= (unsigned)which; }
}

/* A vector with a heavy coordinate, small ones of both signs and a zero. */
static void test_vector(float *g)
{
    for (int i = 0; i < D; ++i) { g[i] = (float)(i % 7 - 2) * 0.25f + (i == 5 ? 6.0f : 0.0f); }
    g[11] = 0.0f;
}

/* Tables of factor * g, one row, against the moments of g. */
static unsigned table_defects(const struct sketch_hash_family *family, float factor)
{
    static const int watched[WATCHED] = {0, 4, 5, 11, 30, 47}; /* 4: the neighbour of the heavy one */
    float g[D], v[D];
    double norm2 = 0.0, fourth = 0.0;
    test_vector(g);
    for (int i = 0; i < D; ++i) {
        v[i] = factor * g[i];
        norm2 += (double)g[i] * (double)g[i];
        fourth += pow((double)g[i], 4.0);
    }
    struct check_mean estimate[WATCHED], square[WATCHED], norm, norm_square;
    memset(estimate, 0, sizeof estimate);
    memset(square, 0, sizeof square);
    memset(&norm, 0, sizeof norm);
    memset(&norm_square, 0, sizeof norm_square);
    struct sketch_hash *hash;
    assert_int_equal(sketch_hash_create(family, D, 1, COLS, D, &hash), DSGD_OK);
    for (uint32_t step = 0; step < TABLE_DRAWS; ++step) {
        float table[COLS] = {0.0f}, out[D];
        sketch_hash_reseed(hash, SEED, step, 1);
        count_sketch_accumulate(hash, v, table);
        count_sketch_estimate(hash, table, out, 1);
        for (int w = 0; w < WATCHED; ++w) {
            const double error = (double)out[watched[w]] - (double)g[watched[w]];
            check_mean_add(&estimate[w], error);
            check_mean_add(&square[w], error * error);
        }
        const double error = count_sketch_norm2(hash, table) - norm2;
        check_mean_add(&norm, error);
        check_mean_add(&norm_square, error * error);
    }
    sketch_hash_destroy(hash);

    unsigned defects = 0;
    for (int w = 0; w < WATCHED; ++w) {
        const double own = (double)g[watched[w]], variance = (norm2 - own * own) / COLS;
        wrong(&defects, MEAN, check_mean_is(&estimate[w], 0.0));
        wrong(&defects, VARIANCE, check_mean_is(&square[w], variance));
    }
    wrong(&defects, NORM, check_mean_is(&norm, 0.0));
    wrong(&defects, NORM_VARIANCE, check_mean_is(&norm_square, 2.0 * (norm2 * norm2 - fourth) / COLS));
    assert_true(check_mean_error(&norm_square) < 0.02 * norm_square.mean); /* sharp enough to mean something */
    return defects;
}

/* A rate of independent events against its probability. */
static int rate_is(double count, double draws, double p)
{
    return check_is_close(count / draws, p, 4.0 * sqrt(p * (1.0 - p) / draws));
}

/* Cells of six coordinates, consecutive and far apart, row 2 of 3. */
static unsigned cell_defects(const struct sketch_hash_family *family)
{
    static const size_t watched[WATCHED] = {0, 1, 2, 3, 784, 6573119};
    static double bucket[WATCHED][COLS], same[WATCHED][WATCHED], sign[WATCHED], two[WATCHED][WATCHED];
    double four[1 << WATCHED] = {0.0};
    memset(bucket, 0, sizeof bucket);
    memset(same, 0, sizeof same);
    memset(sign, 0, sizeof sign);
    memset(two, 0, sizeof two);
    struct sketch_hash *hash;
    assert_int_equal(sketch_hash_create(family, 6573120, 3, COLS, 0, &hash), DSGD_OK);
    for (uint32_t step = 0; step < CELL_DRAWS; ++step) {
        sketch_hash_reseed(hash, SEED, step, 1);
        uint32_t b[WATCHED];
        int minus[WATCHED], minus_set = 0;
        for (int w = 0; w < WATCHED; ++w) {
            const uint32_t cell = sketch_hash_cell(hash, 2, watched[w]);
            b[w] = cell & ~SKETCH_SIGN_BIT;
            minus[w] = (cell & SKETCH_SIGN_BIT) != 0;
            minus_set |= minus[w] << w;
            bucket[w][b[w]] += 1.0;
            sign[w] += minus[w];
            for (int x = 0; x < w; ++x) {
                same[w][x] += b[w] == b[x];
                two[w][x] += minus[w] != minus[x];
            }
        }
        for (int set = 0; set < 1 << WATCHED; ++set) {
            int odd = 0;
            for (int rest = set & minus_set; rest != 0; rest &= rest - 1) { odd ^= 1; }
            four[set] += odd; /* the product of the signs in `set` is -1 */
        }
    }
    sketch_hash_destroy(hash);

    unsigned defects = 0;
    for (int w = 0; w < WATCHED; ++w) {
        for (int b = 0; b < COLS; ++b) { wrong(&defects, BUCKET, rate_is(bucket[w][b], CELL_DRAWS, 1.0 / COLS)); }
        wrong(&defects, SIGN, rate_is(sign[w], CELL_DRAWS, 0.5));
        for (int x = 0; x < w; ++x) {
            wrong(&defects, COLLISION, rate_is(same[w][x], CELL_DRAWS, 1.0 / COLS));
            wrong(&defects, SIGN_PAIR, rate_is(two[w][x], CELL_DRAWS, 0.5));
        }
    }
    for (int set = 0; set < 1 << WATCHED; ++set) {
        int members = 0;
        for (int rest = set; rest != 0; rest &= rest - 1) { ++members; }
        if (members == 4) { wrong(&defects, SIGN_FOUR, rate_is(four[set], CELL_DRAWS, 0.5)); }
    }
    return defects;
}

/* ---- planted families: the polynomial one with a defect ---- */

struct planted_state {
    uint64_t affine[2]; /* of the sign */
    uint64_t inner[];   /* the polynomial family's state */
};

static const uint64_t P = (UINT64_C(1) << 61) - 1;

static void planted_reseed(void *state, uint32_t rows, uint32_t cols, uint32_t seed, uint32_t step)
{
    struct planted_state *s = state;
    const struct dsgd_rng4 words = dsgd_rng_draw((struct dsgd_rng_key){seed, 1}, 0, step, 0, 0);
    for (int e = 0; e < 2; ++e) { s->affine[e] = dsgd_rng_u64(&words, e) % P; }
    sketch_hash_polynomial.reseed(s->inner, rows, cols, seed, step);
}

/* Signs from a polynomial of degree 1: pairwise independent only. */
static uint32_t affine_sign_one(const void *state, uint32_t row, size_t i)
{
    const struct planted_state *s = state;
    const uint64_t value = (uint64_t)(((uint128)s->affine[1] * i + s->affine[0]) % P);
    return (sketch_hash_polynomial.one(s->inner, row, i) & ~SKETCH_SIGN_BIT) | (uint32_t)value << 31;
}

/* Neighbours 2m and 2m + 1 share their bucket in one draw of sixteen. */
static uint32_t clustered_one(const void *state, uint32_t row, size_t i)
{
    const struct planted_state *s = state;
    const size_t partner = s->affine[0] % 16 == 0 ? i & ~(size_t)1 : i;
    return (sketch_hash_polynomial.one(s->inner, row, partner) & ~SKETCH_SIGN_BIT) |
           (sketch_hash_polynomial.one(s->inner, row, i) & SKETCH_SIGN_BIT);
}

/* One minus in twenty becomes a plus. */
static uint32_t leaning_one(const void *state, uint32_t row, size_t i)
{
    const struct planted_state *s = state;
    const uint32_t cell = sketch_hash_polynomial.one(s->inner, row, i);
    return s->affine[0] % 20 == 0 ? cell & ~SKETCH_SIGN_BIT : cell;
}

/* The last bucket is never used, as with a range reduction that is off by one. */
static uint32_t short_one(const void *state, uint32_t row, size_t i)
{
    const struct planted_state *s = state;
    const uint32_t cell = sketch_hash_polynomial.one(s->inner, row, i);
    return (cell & ~SKETCH_SIGN_BIT) == COLS - 1 ? cell - 1 : cell;
}

static uint32_t (*planted_one)(const void *, uint32_t, size_t);

static void planted_fill(const void *state, uint32_t row, size_t i0, size_t n, uint32_t *cell)
{
    for (size_t i = 0; i < n; ++i) { cell[i] = planted_one(state, row, i0 + i); }
}

static struct sketch_hash_family planted(uint32_t (*one)(const void *, uint32_t, size_t))
{
    planted_one = one;
    const struct sketch_hash_family family = {
        .name = "planted",
        .reference = "a defect",
        .state_size = sizeof(struct planted_state) + sketch_hash_polynomial.state_size,
        .reseed = planted_reseed,
        .fill = planted_fill,
        .one = one,
    };
    return family;
}

/* ---- tests ---- */

static void table_moments_are_those_of_theory(void **unused)
{
    (void)unused;
    assert_int_equal(table_defects(&sketch_hash_polynomial, 1.0f), 0);
}

static void table_planted_bias_of_five_percent_is_detected(void **unused)
{
    (void)unused;
    const unsigned defects = table_defects(&sketch_hash_polynomial, 0.95f);
    assert_int_equal(defects & (MEAN | VARIANCE | NORM), MEAN | VARIANCE | NORM);
}

static void table_pairwise_signs_fail_the_norm_variance(void **unused)
{
    (void)unused;
    const struct sketch_hash_family family = planted(affine_sign_one);
    const unsigned defects = table_defects(&family, 1.0f);
    assert_true(defects & NORM_VARIANCE);
    assert_false(defects & (MEAN | VARIANCE | NORM)); /* these need pairs only */
}

static void table_clustered_buckets_fail_the_variance(void **unused)
{
    (void)unused;
    const struct sketch_hash_family family = planted(clustered_one);
    assert_true(table_defects(&family, 1.0f) & VARIANCE);
}

static void cells_are_uniform_and_independent(void **unused)
{
    (void)unused;
    assert_int_equal(cell_defects(&sketch_hash_polynomial), 0);
}

static void cells_planted_defects_are_detected(void **unused)
{
    (void)unused;
    struct sketch_hash_family family = planted(affine_sign_one);
    assert_int_equal(cell_defects(&family), SIGN_FOUR);
    family = planted(clustered_one);
    assert_int_equal(cell_defects(&family), COLLISION);
    family = planted(leaning_one);
    assert_true(cell_defects(&family) & SIGN);
    family = planted(short_one);
    assert_true(cell_defects(&family) & BUCKET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_moments_are_those_of_theory),
        cmocka_unit_test(table_planted_bias_of_five_percent_is_detected),
        cmocka_unit_test(table_pairwise_signs_fail_the_norm_variance),
        cmocka_unit_test(table_clustered_buckets_fail_the_variance),
        cmocka_unit_test(cells_are_uniform_and_independent),
        cmocka_unit_test(cells_planted_defects_are_detected),
    };
    return cmocka_run_group_tests_name("sketch_statistics", tests, NULL, NULL);
}
