/* test_sketch.c - hash cells and Count Sketch tables against slow and obvious evaluations.
 *
 * Values are integers throughout, so == is right; a comment says where not. The family is compiled into this test, so
 * that coefficients can be set by hand. */
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>
#define sketch_hash_polynomial sketch_hash_polynomial_under_test
#include "sim/cpu/sketch_hash_polynomial.c"
#include "sim/cpu/count_sketch.h"
#include "sim/kernel/rng.h"
#include "tests/naive_sketch.h"

static const struct sketch_hash_family *const family = &sketch_hash_polynomial_under_test;

/* ---- the definition, evaluated naively ---- */

static uint64_t naive_polynomial(const uint64_t *coefficient, int degree, uint64_t i)
{
    uint128 sum = 0, power = 1;
    for (int e = 0; e <= degree; ++e) {
        sum = (sum + coefficient[e] * power % P) % P;
        power = power * i % P;
    }
    return (uint64_t)sum;
}

static uint32_t naive_cell(const uint64_t *six, uint32_t cols, uint64_t i)
{
    const uint32_t bucket = (uint32_t)((uint128)naive_polynomial(six, 1, i) * cols / P);
    return bucket | (naive_polynomial(six + 2, 3, i) % 2 ? SKETCH_SIGN_BIT : 0);
}

/* The coefficients of row j as the file's head defines them. */
static void naive_coefficients(uint32_t row, uint32_t seed, uint32_t step, uint64_t *six)
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("sketch_hash_polynomial coefficients")};
    for (uint32_t e = 0; e < 6; ++e) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, row * 6 + e, step, 0, 0); /* a rejection has chance 2^-61 */
        six[e] = (((uint64_t)words.word[0] << 32) | words.word[1]) >> 3;
    }
}

static struct sketch_hash *create(size_t d, uint32_t rows, uint32_t cols, size_t cache_cells, uint32_t seed,
                                  uint32_t step)
{
    struct sketch_hash *hash;
    assert_int_equal(sketch_hash_create(family, d, rows, cols, cache_cells, &hash), DSGD_OK);
    sketch_hash_reseed(hash, seed, step, 1);
    return hash;
}

/* ---- cells ---- */

static void fill_random_coefficients_equals_definition(void **unused)
{
    (void)unused;
    enum { N = 700 };
    static const uint32_t cols[] = {1, 2, 40, 1000003, INT32_MAX};
    static const size_t starts[] = {0, 1, 785, 6573120, (size_t)UINT32_MAX - N};
    void *state = malloc(family->state_size);
    assert_non_null(state);
    for (size_t c = 0; c < sizeof cols / sizeof *cols; ++c) {
        family->reseed(state, 7, cols[c], 11, (uint32_t)c);
        for (uint32_t row = 0; row < 7; ++row) {
            uint64_t six[6];
            naive_coefficients(row, 11, (uint32_t)c, six);
            for (size_t s = 0; s < sizeof starts / sizeof *starts; ++s) {
                uint32_t cell[N + 1];
                cell[N] = 12345;
                family->fill(state, row, starts[s], N, cell);
                for (size_t i = 0; i < N; ++i) {
                    assert_int_equal(cell[i], naive_cell(six, cols[c], starts[s] + i));
                    assert_int_equal(cell[i], family->one(state, row, starts[s] + i));
                    assert_true((cell[i] & ~SKETCH_SIGN_BIT) < cols[c]);
                }
                assert_int_equal(cell[N], 12345);
            }
        }
    }
    free(state);
}

static void fill_coefficients_at_the_modulus_equals_definition(void **unused)
{
    (void)unused;
    enum { N = 300 };
    static const uint32_t cols[] = {1, 40, INT32_MAX};
    const uint64_t edge[] = {0, 1, P / 2, P - 2, P - 1};
    struct polynomial_state *state = calloc(1, sizeof *state);
    assert_non_null(state);
    for (int choice = 0; choice < 15625; ++choice) { /* 5^6: each coefficient at each edge */
        uint64_t six[6];
        for (int e = 0, rest = choice; e < 6; ++e, rest /= 5) { six[e] = edge[rest % 5]; }
        memcpy(state->row[0].bucket, six, sizeof state->row[0].bucket);
        memcpy(state->row[0].sign, six + 2, sizeof state->row[0].sign);
        state->rows = 1;
        state->cols = cols[choice % 3];
        const size_t start = choice % 2 ? 0 : (size_t)UINT32_MAX - N;
        const size_t n = choice % 64 == 0 ? N : 40; /* 40: two blocks and a part of one */
        uint32_t cell[N];
        polynomial_fill(state, 0, start, n, cell);
        for (size_t i = 0; i < n; ++i) {
            assert_int_equal(cell[i], naive_cell(six, state->cols, start + i));
            assert_int_equal(cell[i], polynomial_one(state, 0, start + i));
        }
    }
    free(state);
}

static void fill_any_length_writes_only_its_cells(void **unused)
{
    (void)unused;
    void *state = malloc(family->state_size);
    assert_non_null(state);
    family->reseed(state, 1, 97, 5, 6);
    for (size_t n = 0; n <= 100; ++n) {
        uint32_t cell[102];
        memset(cell, 0xab, sizeof cell);
        family->fill(state, 0, 1000, n, cell + 1);
        assert_int_equal(cell[0], 0xabababab);
        assert_int_equal(cell[n + 1], 0xabababab);
        for (size_t i = 0; i < n; ++i) { assert_int_equal(cell[i + 1], family->one(state, 0, 1000 + i)); }
    }
    free(state);
}

static void cells_cached_equal_uncached(void **unused)
{
    (void)unused;
    enum { D = 785, ROWS = 7 };
    struct sketch_hash *cached = create(D, ROWS, 40, D * ROWS, 3, 9);
    struct sketch_hash *uncached = create(D, ROWS, 40, D * ROWS - 1, 3, 9);
    uint32_t buffer[D];
    for (uint32_t row = 0; row < ROWS; ++row) {
        const uint32_t *a = sketch_hash_cells(cached, row, 5, D - 5, buffer);
        assert_ptr_not_equal(a, buffer);
        const uint32_t *b = sketch_hash_cells(uncached, row, 5, D - 5, buffer);
        assert_ptr_equal(b, buffer);
        assert_memory_equal(a, b, (D - 5) * sizeof *a);
        assert_int_equal(sketch_hash_cell(cached, row, 700), a[695]);
        assert_int_equal(sketch_hash_cell(uncached, row, 700), a[695]);
    }
    assert_int_equal(sketch_hash_bytes(family, D, ROWS, D * ROWS) - sketch_hash_bytes(family, D, ROWS, 0),
                     (D * ROWS * 4 + 63) / 64 * 64); /* cells, in whole cache lines */
    sketch_hash_destroy(cached);
    sketch_hash_destroy(uncached);
    sketch_hash_destroy(NULL);
}

static void reseed_same_key_repeats_other_key_differs(void **unused)
{
    (void)unused;
    enum { D = 500 };
    uint32_t first[D], other[D];
    struct sketch_hash *hash = create(D, 1, 1000, 0, 1, 2);
    sketch_hash_cells(hash, 0, 0, D, first);
    for (uint32_t seed = 1; seed <= 2; ++seed) {
        for (uint32_t step = 2; step <= 3; ++step) {
            sketch_hash_reseed(hash, seed, step, 1);
            sketch_hash_cells(hash, 0, 0, D, other);
            assert_int_equal(memcmp(first, other, sizeof first) == 0, seed == 1 && step == 2);
        }
    }
    sketch_hash_destroy(hash);
}

static void create_bad_sizes_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        size_t d;
        uint32_t rows, cols;
    } bad[] = {{0, 1, 1}, {(size_t)UINT32_MAX + 1, 1, 1}, {9, 0, 1}, {9, 2, 1}, {9, 65, 1}, {9, 1, 0},
             {9, 1, 0x80000000u}};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        struct sketch_hash *hash;
        assert_int_equal(sketch_hash_create(family, bad[b].d, bad[b].rows, bad[b].cols, 0, &hash), DSGD_EINPUT);
        assert_null(hash);
    }
}

/* ---- tables ---- */

static const size_t table_d[] = {1, 2, 255, 256, 257, 785, 3000};
static const uint32_t table_rows[] = {1, 3, 5, 7, 9, 15, 63};
static const uint32_t table_cols[] = {1, 40, 7000}; /* 63 x 7000: written row by row, read with prefetching */

/* Small integers: every sum is exact in float. */
static void integers(size_t d, uint32_t seed, float *v)
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("test_sketch integers")};
    for (size_t i = 0; i < d; ++i) { v[i] = (float)((int)dsgd_rng_below(key, (uint32_t)i, 0, 0, 2001) - 1000); }
}

static void check_one_table(size_t d, uint32_t rows, uint32_t cols)
{
    struct sketch_hash *hash = create(d, rows, cols, 0, rows, cols);
    struct sketch_hash *cached = create(d, rows, cols, SIZE_MAX, rows, cols);
    const size_t n = (size_t)rows * cols;
    float *a = zeros(d), *b = zeros(d), *sum = zeros(d), *out = zeros(d), *some = zeros(d);
    float *ta = zeros(n), *tb = zeros(n), *tsum = zeros(n), *naive = zeros(n);
    uint32_t *index = zeros(d);
    integers(d, 1, a);
    integers(d, 2, b);
    for (size_t i = 0; i < d; ++i) { sum[i] = a[i] + b[i]; }

    count_sketch_accumulate(hash, a, ta);
    count_sketch_accumulate(cached, b, tb);
    count_sketch_accumulate(hash, sum, tsum);
    for (uint32_t row = 0; row < rows; ++row) { /* the definition */
        for (size_t i = 0; i < d; ++i) {
            const uint32_t cell = sketch_hash_cell(hash, row, i);
            naive[row * (size_t)cols + (cell & ~SKETCH_SIGN_BIT)] += cell & SKETCH_SIGN_BIT ? -a[i] : a[i];
        }
    }
    for (size_t c = 0; c < n; ++c) { assert_true(ta[c] == naive[c]); }

    count_sketch_merge(hash, tb, ta);
    for (size_t c = 0; c < n; ++c) { assert_true(ta[c] == tsum[c]); } /* linear */
    count_sketch_scale(hash, 0.25f, ta);
    for (size_t c = 0; c < n; ++c) { assert_true(ta[c] == 0.25f * tsum[c]); }

    count_sketch_estimate(hash, tsum, out, 2);
    for (size_t i = 0; i < d; ++i) { assert_true(out[i] == naive_median(hash, tsum, i)); }
    for (size_t i = 0; i < d; ++i) { index[i] = (uint32_t)(d - 1 - i); }
    count_sketch_estimate_some(cached, tsum, d, index, some, 3);
    for (size_t i = 0; i < d; ++i) { assert_true(some[i] == out[index[i]]); }
    count_sketch_estimate(cached, tsum, some, 1);
    assert_memory_equal(some, out, d * sizeof *out); /* the same bits, cached or not, one thread or two */

    double norms[SKETCH_ROWS_MAX]; /* sums of squares of integers: exact in double */
    for (uint32_t row = 0; row < rows; ++row) {
        double norm = 0.0;
        for (size_t c = 0; c < cols; ++c) { norm += (double)tsum[row * cols + c] * (double)tsum[row * cols + c]; }
        uint32_t at = row;
        for (; at > 0 && norms[at - 1] > norm; --at) { norms[at] = norms[at - 1]; }
        norms[at] = norm;
    }
    assert_true(count_sketch_norm2(hash, tsum) == norms[rows / 2]);

    void *all[] = {a, b, sum, out, some, ta, tb, tsum, naive, index};
    for (size_t j = 0; j < sizeof all / sizeof *all; ++j) { free(all[j]); }
    sketch_hash_destroy(hash);
    sketch_hash_destroy(cached);
}

static void table_of_integers_equals_definition(void **unused)
{
    (void)unused;
    for (size_t x = 0; x < sizeof table_d / sizeof *table_d; ++x) {
        for (size_t y = 0; y < sizeof table_rows / sizeof *table_rows; ++y) {
            for (size_t z = 0; z < sizeof table_cols / sizeof *table_cols; ++z) {
                check_one_table(table_d[x], table_rows[y], table_cols[z]);
            }
        }
    }
}

static void accumulate_order_is_ascending_in_each_bucket(void **unused)
{
    (void)unused;
    enum { D = 5000, ROWS = 5 }; /* non-integers: another order would give other bits somewhere */
    static const uint32_t cols[] = {3, 40, 100000};
    float *v = zeros(D);
    const struct dsgd_rng_key key = {4, dsgd_rng_purpose("test_sketch reals")};
    for (uint32_t i = 0; i < D; ++i) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, i, 0, 0, 0);
        v[i] = (float)(dsgd_rng_unit(dsgd_rng_u64(&words, 0)) - 0.5);
    }
    for (size_t c = 0; c < sizeof cols / sizeof *cols; ++c) {
        struct sketch_hash *hash = create(D, ROWS, cols[c], c % 2 ? SIZE_MAX : 0, 8, 8);
        float *table = zeros((size_t)ROWS * cols[c]), *naive = zeros((size_t)ROWS * cols[c]);
        count_sketch_accumulate(hash, v, table);
        for (uint32_t row = 0; row < ROWS; ++row) {
            for (size_t i = 0; i < D; ++i) {
                const uint32_t cell = sketch_hash_cell(hash, row, i);
                naive[row * (size_t)cols[c] + (cell & ~SKETCH_SIGN_BIT)] += cell & SKETCH_SIGN_BIT ? -v[i] : v[i];
            }
        }
        assert_memory_equal(table, naive, (size_t)ROWS * cols[c] * sizeof *table);
        free(table);
        free(naive);
        sketch_hash_destroy(hash);
    }
    free(v);
}

static void estimate_one_heavy_coordinate_is_exact(void **unused)
{
    (void)unused;
    enum { D = 10000, HEAVY = 7777 };
    struct sketch_hash *hash = create(D, 5, 500, 0, 2, 3);
    float *v = zeros(D), *out = zeros(D), *table = zeros(5 * 500);
    v[HEAVY] = -3.1415927f; /* alone: every row holds exactly +-v */
    count_sketch_accumulate(hash, v, table);
    count_sketch_estimate(hash, table, out, 1);
    assert_true(out[HEAVY] == v[HEAVY]);
    assert_true(count_sketch_norm2(hash, table) == (double)v[HEAVY] * (double)v[HEAVY]);
    size_t phantom = 0; /* others need a collision in 3 of 5 rows: about 10 / 500^3 of 10000 */
    for (size_t i = 0; i < D; ++i) { phantom += i != HEAVY && out[i] != 0.0f; }
    assert_int_equal(phantom, 0);
    free(v);
    free(out);
    free(table);
    sketch_hash_destroy(hash);
}

static void estimate_of_nan_is_deterministic(void **unused)
{
    (void)unused;
    enum { D = 600, ROWS = 7, COLS = 50 };
    struct sketch_hash *hash = create(D, ROWS, COLS, 0, 2, 3);
    float v[D], table[ROWS * COLS] = {0.0f}, first[D], second[D];
    uint32_t index[D];
    integers(D, 3, v);
    v[10] = NAN;
    v[20] = INFINITY;
    count_sketch_accumulate(hash, v, table);
    count_sketch_estimate(hash, table, first, 1);
    for (uint32_t i = 0; i < D; ++i) { index[i] = i; }
    count_sketch_estimate_some(hash, table, D, index, second, 1);
    assert_memory_equal(first, second, sizeof first);
    assert_true(isnan(first[10]));
    assert_true(isnan(count_sketch_norm2(hash, table))); /* a NaN in each row */
    sketch_hash_destroy(hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill_random_coefficients_equals_definition),
        cmocka_unit_test(fill_coefficients_at_the_modulus_equals_definition),
        cmocka_unit_test(fill_any_length_writes_only_its_cells),
        cmocka_unit_test(cells_cached_equal_uncached),
        cmocka_unit_test(reseed_same_key_repeats_other_key_differs),
        cmocka_unit_test(create_bad_sizes_are_refused),
        cmocka_unit_test(table_of_integers_equals_definition),
        cmocka_unit_test(accumulate_order_is_ascending_in_each_bucket),
        cmocka_unit_test(estimate_one_heavy_coordinate_is_exact),
        cmocka_unit_test(estimate_of_nan_is_deterministic),
    };
    return cmocka_run_group_tests_name("sketch", tests, NULL, NULL);
}
