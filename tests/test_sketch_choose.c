/* test_sketch_choose.c - estimates of a whole vector, and the largest of them without a vector, against one estimate at a time.
 *
 * The definition is count_sketch_estimate_some, which test_sketch.c holds to its own, and a sort. Results must have its bits with both
 * families of hashes, any number of threads, whatever was kept from the last choice, and tables with NaN, infinities, zeros of both signs
 * and ties.
 */
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>

#include "sim/cpu/count_sketch.h"
#include "sim/cpu/select.h"
#include "sim/cpu/sketch_choose.h"
#include "sim/kernel/median.h"
#include "sim/kernel/number.h"

static const struct sketch_hash_family *const family[] = {&sketch_hash_polynomial, &sketch_hash_block};
enum { FAMILIES = 2 };
static const int threads[] = {1, 2, 3, 7};
enum { THREADS = 4, MOST = 7 };
enum table { REALS, NASTY, TIES, NEIGHBOURS, FEW, ZEROS, TABLES }; /* NEIGHBOURS: floats next to each other */

static void *memory(size_t bytes)
{
    void *at = calloc(bytes + 64, 1);
    assert_non_null(at);
    return at;
}

static void fill(enum table kind, size_t n, float *table)
{
    for (size_t i = 0; i < n; ++i) {
        const uint32_t word = ((uint32_t)i ^ (uint32_t)i >> 5) * 2654435769u;
        const float real = (word & 1 ? -1.0f : 1.0f) * (float)(word >> 8) * 0x1p-20f;
        table[i] = kind == TIES ? (float)(word >> 28) - 7.0f : kind == FEW ? (word >> 8) % 211 == 0 ? real : 0.0f : kind == ZEROS ? 0.0f : real;
        if (kind == ZEROS && i % 2) { table[i] = -0.0f; }
        if (kind == NEIGHBOURS) { table[i] = (word & 1 ? -1.0f : 1.0f) * (1.0f + (float)(word >> 25) * 0x1p-23f); }
        if (kind != NASTY) { continue; }
        if (i % 3 == 1) { table[i] = i % 2 ? 0.0f : -0.0f; }
        if (i % 11 == 5) { table[i] = i % 2 ? INFINITY : -INFINITY; }
        if (i % 7 == 3) { table[i] = i % 2 ? NAN : -NAN; }
    }
}

/* ---- the definition ---- */

static float *all_estimates;

static int by_order(const void *a, const void *b)
{
    const uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    const int32_t x = dsgd_magnitude_key(all_estimates[i]), y = dsgd_magnitude_key(all_estimates[j]);
    return x != y ? (x < y) - (x > y) : (i > j) - (i < j);
}

/* The n first of the order, ascending; rank: places in the order. */
static void assert_chosen(const struct sketch_chosen *chosen, size_t d, const uint32_t *rank, size_t n)
{
    size_t j = 0;
    assert_int_equal(chosen->n, n);
    for (size_t i = 0; i < d; ++i) {
        if (rank[i] >= n) { continue; }
        const float value = dsgd_order_value(chosen->key[j]);
        if (chosen->index[j] != i || memcmp(&value, &all_estimates[i], sizeof value) != 0) {
            fail_msg("choice %zu of %zu: coordinate %lu, expected %zu", j, n, (unsigned long)chosen->index[j], i);
        }
        ++j;
    }
}

static void check(const struct sketch_hash_family *f, size_t d, uint32_t rows, uint32_t cols, enum table kind)
{
    struct sketch_hash *hash;
    assert_int_equal(sketch_hash_create(f, d, rows, cols, 0, &hash), DSGD_OK);
    sketch_hash_reseed(hash, rows, (uint32_t)kind, 1);
    float *table = memory((size_t)rows * cols * sizeof *table), *estimate = memory(d * sizeof *estimate);
    uint32_t *sorted = memory(d * sizeof *sorted), *rank = memory(d * sizeof *rank);
    void *scratch = memory(sketch_choose_bytes(d, d, MOST));
    all_estimates = memory(d * sizeof *all_estimates);
    fill(kind, (size_t)rows * cols, table);
    for (size_t i = 0; i < d; ++i) { sorted[i] = (uint32_t)i; }
    count_sketch_estimate_some(hash, table, d, sorted, all_estimates, 1);
    qsort(sorted, d, sizeof *sorted, by_order);
    for (size_t i = 0; i < d; ++i) { rank[sorted[i]] = (uint32_t)i; }
    for (int t = 0; t < THREADS; ++t) {
        const size_t ks[] = {0, 1, d / 100, d / 3, d - 1, d}, few = d > 5000 ? 2 : 0; /* time */
        count_sketch_estimate(hash, table, estimate, threads[t]);
        assert_memory_equal(estimate, all_estimates, d * sizeof *estimate);
        for (size_t j = few; j < sizeof ks / sizeof *ks - few; ++j) {
            const size_t k = ks[j] < d ? ks[j] : d;
            const int32_t kept[] = {0, 1, dsgd_magnitude_key(all_estimates[sorted[k / 2]]), INT32_MAX}; /* nothing, too low, too high */
            for (size_t h = 0; h < sizeof kept / sizeof *kept; ++h) {
                sketch_hash_set_hint(hash, k, kept[h]);
                const struct sketch_chosen chosen = sketch_choose_largest(hash, table, k, scratch, threads[t]);
                assert_chosen(&chosen, d, rank, k);
            }
            const struct sketch_chosen again = sketch_choose_largest(hash, table, k, scratch, threads[t]); /* with what the last one kept */
            assert_chosen(&again, d, rank, k);
            const int32_t least = dsgd_magnitude_key(all_estimates[sorted[d / 5]]);
            size_t heavy = 0;
            while (heavy < d && dsgd_magnitude_key(all_estimates[sorted[heavy]]) >= least) { ++heavy; }
            const struct sketch_chosen above = sketch_choose_heavy(hash, table, least, k, scratch, threads[t]);
            assert_chosen(&above, d, rank, heavy < k ? heavy : k);
        }
    }
    void *all[] = {table, estimate, sorted, rank, scratch, all_estimates};
    for (size_t j = 0; j < sizeof all / sizeof *all; ++j) { free(all[j]); }
    sketch_hash_destroy(hash);
}

static void estimates_and_choices_equal_definition(void **unused)
{
    (void)unused;
    static const size_t d[] = {1, 63, 64, 65, 1023, 1024, 1025, 4097};
    static const uint32_t rows[] = {1, 3, 5, 7, 9, 11, 17, 63};
    for (int f = 0; f < FAMILIES; ++f) {
        for (size_t x = 0; x < sizeof d / sizeof *d; ++x) {
            for (size_t y = 0; y < sizeof rows / sizeof *rows; ++y) {
                if (rows[y] > 9 && d[x] > 1025) { continue; } /* time */
                check(family[f], d[x], rows[y], y % 2 ? 64 : 1024, (enum table)((x + y) % TABLES));
                if (y < 3) { check(family[f], d[x], rows[y], 256, NASTY); }
            }
        }
    }
}

static void long_vectors_over_threads_equal_definition(void **unused)
{
    (void)unused;
    for (int f = 0; f < FAMILIES; ++f) {
        for (int kind = 0; kind < TABLES; ++kind) { check(family[f], 100003, 5, 16064, (enum table)kind); } /* a sample; seven threads */
        check(family[f], 70001, 1, 192, TIES);
        check(family[f], 200003, 5, 16064, REALS);
        check(family[f], 65536, 3, 70016, FEW);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_and_choices_equal_definition),
        cmocka_unit_test(long_vectors_over_threads_equal_definition),
    };
    return cmocka_run_group_tests_name("sketch_choose", tests, NULL, NULL);
}
