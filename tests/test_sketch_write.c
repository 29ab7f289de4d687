/* test_sketch_write.c - Count Sketch tables with whole blocks at a time, several vectors at once, over threads, and of chosen coordinates.
 *
 * Each is held against the definition cell by cell, bit by bit: additions in ascending order, tables that are not empty, infinities and NaN.
 */
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>

#include "sim/cpu/count_sketch.h"
#include "tests/naive_sketch.h"

/* ---- the block hash: whole blocks at a time against cell by cell ---- */

/* Equal bits, or both NaN: which of two NaN a sum keeps is open. */
static void assert_same_floats(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) {
            fail_msg("%a, expected %a, at %zu", (double)a[i], (double)b[i], i);
        }
    }
}

/* Reals of both signs; `nasty`: zeros of both signs, denormals, infinities and NaN among them. */
static void reals(size_t d, int nasty, float *v)
{
    for (size_t i = 0; i < d; ++i) {
        const uint32_t word = (uint32_t)i * 2654435769u ^ (uint32_t)i >> 7;
        v[i] = (word & 1 ? -1.0f : 1.0f) * (float)(word >> 8) * 0x1p-20f;
        if (nasty && i % 31 == 3) { v[i] = i % 2 ? 0.0f : -0.0f; }
        if (nasty && i % 37 == 5) { v[i] = i % 2 ? 1e-42f : -1e-42f; }
        if (nasty && i % 4001 == 7) { v[i] = i % 2 ? INFINITY : -INFINITY; }
        if (nasty && i % 5003 == 13) { v[i] = NAN; }
    }
}

static void check_blocks(size_t d, uint32_t rows, uint32_t cols, int nasty)
{
    static const int threads[] = {1, 2, 3, 7};
    const size_t n = (size_t)rows * cols;
    struct sketch_hash *hash;
    assert_int_equal(sketch_hash_create(&sketch_hash_block, d, rows, cols, 0, &hash), DSGD_OK);
    sketch_hash_reseed(hash, rows, cols, 1);
    float *v = zeros(d), *naive = zeros(n), *table = zeros(n);
    reals(d, nasty, v);
    for (uint32_t row = 0; row < rows; ++row) {
        float *row_table = naive + (size_t)row * cols;
        for (size_t i = 0; i < cols; ++i) { row_table[i] = i % 3 ? 0.0f : -0.0f; } /* a table that is not empty keeps its -0 */
        for (size_t i = 0; i < d; ++i) {
            const uint32_t cell = sketch_hash_cell(hash, row, i);
            row_table[cell & ~SKETCH_SIGN_BIT] += cell & SKETCH_SIGN_BIT ? -v[i] : v[i];
        }
    }
    for (size_t t = 0; t < sizeof threads / sizeof *threads; ++t) {
        for (size_t c = 0; c < n; ++c) { table[c] = c % cols % 3 ? 0.0f : -0.0f; }
        count_sketch_accumulate_over(hash, v, table, threads[t]);
        assert_same_floats(table, naive, n);
    }
    free(v);
    free(naive);
    free(table);
    sketch_hash_destroy(hash);
}

static void chosen_coordinates_equal_one_at_a_time(void **unused)
{
    (void)unused;
    enum { N = 20001, ROWS = 5, COLS = 6400, TABLE = ROWS * COLS };
    static const struct sketch_hash_family *const families[] = {&sketch_hash_polynomial, &sketch_hash_block};
    static const size_t d[] = {N, UINT32_MAX};
    uint32_t *index = zeros(N), *cell = zeros(N);
    float *value = zeros(N), *table = zeros(TABLE), *naive = zeros(TABLE), *out = zeros(N);
    reals(N, 0, value);
    for (size_t f = 0; f < 4; ++f) {
        const struct sketch_hash_family *const one = families[f / 2];
        struct sketch_hash *hash;
        assert_int_equal(sketch_hash_create(one, d[f % 2], ROWS, COLS, N * ROWS, &hash), DSGD_OK); /* cells are kept, and are not */
        sketch_hash_reseed(hash, 5, (uint32_t)f, 1);
        for (uint32_t j = 0; j < N; ++j) { index[j] = d[f % 2] == N ? j : UINT32_MAX / N * j + (j % 3 ? j % 64 : 0); }
        index[N - 1] = (uint32_t)(d[f % 2] - 1);
        for (int threads = 1; threads <= 7; threads += 2) {
            for (uint32_t row = 0; row < ROWS; ++row) {
                sketch_hash_some(hash, row, N, index, cell);
                float *row_table = naive + (size_t)row * COLS;
                memset(row_table, 0, COLS * sizeof *row_table);
                for (size_t j = 0; j < N; ++j) {
                    const uint32_t c = sketch_hash_cell(hash, row, index[j]);
                    assert_int_equal(cell[j], c);
                    row_table[c & ~SKETCH_SIGN_BIT] += 0.3f * (c & SKETCH_SIGN_BIT ? -value[j] : value[j]);
                }
            }
            memset(table, 0, TABLE * sizeof *table);
            count_sketch_accumulate_some(hash, 0.3f, N, index, value, table, threads);
            assert_memory_equal(table, naive, TABLE * sizeof *table);
            count_sketch_estimate_some(hash, table, N, index, out, threads);
            for (size_t j = 0; j < N; j += 101) { assert_true(out[j] == naive_median(hash, table, index[j])); }
            count_sketch_clear_some(hash, N / 2, index, table, threads);
            for (uint32_t row = 0; row < ROWS; ++row) {
                sketch_hash_some(hash, row, N / 2, index, cell);
                for (size_t j = 0; j < N / 2; ++j) { naive[(size_t)row * COLS + (cell[j] & ~SKETCH_SIGN_BIT)] = 0.0f; }
            }
            assert_memory_equal(table, naive, TABLE * sizeof *table);
        }
        sketch_hash_destroy(hash);
    }
    void *all[] = {index, cell, value, table, naive, out};
    for (size_t j = 0; j < sizeof all / sizeof *all; ++j) { free(all[j]); }
}

/* Several vectors at once, over threads, against one by one. */
static void check_vectors(const struct sketch_hash_family *f, size_t d, uint32_t rows, uint32_t cols, uint32_t vectors)
{
    static const int threads[] = {1, 2, 3, 7};
    const size_t n = (size_t)rows * cols, v_stride = d + 3, table_stride = n + 5;
    struct sketch_hash *hash;
    assert_int_equal(sketch_hash_create(f, d, rows, cols, vectors % 2 ? 0 : SIZE_MAX, &hash), DSGD_OK);
    sketch_hash_reseed(hash, rows, cols, 1);
    float *v = zeros(vectors * v_stride), *naive = zeros(vectors * table_stride), *table = zeros(vectors * table_stride);
    char *scratch = malloc(count_sketch_vectors_bytes(f->blocks != NULL, rows, cols, vectors, 7) + 64);
    assert_non_null(scratch);
    reals(vectors * v_stride, vectors % 3 == 2, v);
    for (uint32_t w = 0; w < vectors; ++w) {
        for (uint32_t row = 0; row < rows; ++row) {
            for (size_t i = 0; i < d; ++i) {
                const uint32_t cell = sketch_hash_cell(hash, row, i);
                const float x = v[w * v_stride + i];
                naive[w * table_stride + row * (size_t)cols + (cell & ~SKETCH_SIGN_BIT)] += cell & SKETCH_SIGN_BIT ? -x : x;
            }
        }
    }
    for (size_t t = 0; t < sizeof threads / sizeof *threads; ++t) {
        for (size_t c = 0; c < vectors * table_stride; ++c) { table[c] = c % table_stride < n ? 77.0f : 0.0f; } /* rubbish; zeros between */
        const struct sketch_vectors x = {.n = vectors, .v = v, .v_stride = v_stride, .table = table, .table_stride = table_stride, .fresh = true};
        count_sketch_vectors(hash, &x, scratch, threads[t]);
        assert_same_floats(table, naive, vectors * table_stride);
    }
    free(v);
    free(naive);
    free(table);
    free(scratch);
    sketch_hash_destroy(hash);
}

static void vectors_at_once_equal_one_by_one(void **unused)
{
    (void)unused;
    static const struct sketch_hash_family *const families[] = {&sketch_hash_polynomial, &sketch_hash_block};
    static const uint32_t vectors[] = {1, 2, 3, 4, 5, 8, 9};
    for (size_t f = 0; f < 2; ++f) {
        for (size_t w = 0; w < sizeof vectors / sizeof *vectors; ++w) {
            check_vectors(families[f], 785, 5, 192, vectors[w]);
            check_vectors(families[f], 20479, 5, 64 * 97, vectors[w]); /* a row is split between threads */
            check_vectors(families[f], 100003, 1, 64, vectors[w]);
        }
        check_vectors(families[f], 3, 63, 64, 4);
        check_vectors(families[f], 60001, 7, 64 * 1600, 4); /* rows are asked for ahead */
    }
}

static void blocks_at_a_time_equal_cells(void **unused)
{
    (void)unused;
    static const size_t d[] = {1, 63, 64, 65, 255, 256, 257, 785, 2560, 2561, 4097};
    static const uint32_t rows[] = {1, 3, 5, 15, 17, 63}, cols[] = {64, 192, 6400};
    for (size_t x = 0; x < sizeof d / sizeof *d; ++x) {
        for (size_t y = 0; y < sizeof rows / sizeof *rows; ++y) {
            for (size_t z = 0; z < sizeof cols / sizeof *cols; ++z) { check_blocks(d[x], rows[y], cols[z], (x + y + z) % 2); }
        }
    }
}

static void blocks_over_threads_equal_cells(void **unused)
{
    (void)unused;
    check_blocks(1000003, 1, 64000, 0); /* long enough for two threads, three, and seven */
    check_blocks(200003, 5, 16064, 1);
    check_blocks(131072, 3, 64, 0);
    check_blocks(30001, 63, 6400, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_at_a_time_equal_cells),
        cmocka_unit_test(blocks_over_threads_equal_cells),
        cmocka_unit_test(chosen_coordinates_equal_one_at_a_time),
        cmocka_unit_test(vectors_at_once_equal_one_by_one),
    };
    return cmocka_run_group_tests_name("sketch_write", tests, NULL, NULL);
}
