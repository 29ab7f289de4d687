/* test_ops_sparse.c - chosen coordinates, runs and selection on every device against plain definitions written here. */
#include "tests/ops.h"

enum { D = 4097, ROWS = 3, K = 40 };

static float v[ROWS * D], x[ROWS * K], got[D];
static double wide[ROWS * D], got_wide[D];
static uint32_t at[ROWS * K], got_at[D];

/* Row r chooses every (90 + r)-th coordinate, from r on. */
static void fill_all(int nasty)
{
    ops_fill(v, ROWS * D, 1, nasty);
    ops_fill(x, ROWS * K, 2, nasty);
    for (size_t i = 0; i < ROWS * D; ++i) { wide[i] = (double)v[i] * 1.0000001; }
    for (uint32_t r = 0; r < ROWS; ++r) {
        for (uint32_t j = 0; j < K; ++j) { at[r * K + j] = r + j * (90 + r); }
    }
}

static size_t length_of(size_t r) { return K - 7 * r; } /* rows have sets of different lengths */

static void gather_and_scatter(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        ops_open(&o, device, ROWS);
        fill_all(1);
        struct dsgd_handle *set = ops_vector(&o, DSGD_SET, K, ROWS, at), *from = ops_vector(&o, DSGD_F32, D, ROWS, v);
        struct dsgd_handle *a = ops_vector(&o, DSGD_F64, D, ROWS, wide), *value = ops_vector(&o, DSGD_F32, K, ROWS, x);
        struct dsgd_handle *out = ops_vector(&o, DSGD_F32, K, ROWS, x);
        for (uint32_t r = 0; r < ROWS; ++r) { ops_length(&o, set, r, (uint32_t)length_of(r)); }
        OPS(&o, dsgd_gather(&o.turn, &set->as.set, &from->as.f32, &out->as.f32));
        for (uint32_t r = 0; r < ROWS; ++r) {
            ops_read(&o, out, r, got);
            for (size_t j = 0; j < K; ++j) { OPS_SAME(got[j], j < length_of(r) ? v[r * D + at[r * K + j]] : x[r * K + j], j); }
        }
        OPS(&o, dsgd_gather_f64(&o.turn, &set->as.set, &a->as.f64, &out->as.f32));
        for (uint32_t r = 0; r < ROWS; ++r) {
            ops_read(&o, out, r, got);
            for (size_t j = 0; j < length_of(r); ++j) { OPS_SAME(got[j], (float)wide[r * D + at[r * K + j]], j); }
        }
        o.queue.measuring = true; /* not idempotent: once */
        dsgd_scatter_subtract(&o.turn, &set->as.set, &value->as.f32, &a->as.f64);
        o.queue.measuring = false;
        dsgd_scatter_subtract(&o.turn, &set->as.set, &value->as.f32, &a->as.f64);
        OPS(&o, dsgd_scatter(&o.turn, &set->as.set, &value->as.f32, &from->as.f32));
        for (uint32_t r = 0; r < ROWS; ++r) {
            float expected[D];
            double expected_wide[D];
            memcpy(expected, v + r * D, sizeof expected);
            memcpy(expected_wide, wide + r * D, sizeof expected_wide);
            for (size_t j = 0; j < length_of(r); ++j) {
                expected[at[r * K + j]] = x[r * K + j];
                expected_wide[at[r * K + j]] -= (double)x[r * K + j];
            }
            ops_read(&o, from, r, got);
            ops_read(&o, a, r, got_wide);
            for (size_t i = 0; i < D; ++i) {
                OPS_SAME(got[i], expected[i], i);
                assert_true(got_wide[i] == expected_wide[i] || (isnan(got_wide[i]) && isnan(expected_wide[i])));
            }
        }
        OPS(&o, dsgd_scatter_clear(&o.turn, &set->as.set, &from->as.f32));
        ops_read(&o, from, 1, got);
        for (size_t j = 0; j < length_of(1); ++j) { OPS_SAME(got[at[K + j]], 0.0f, j); }
        struct dsgd_handle *fewer = ops_vector(&o, DSGD_F32, K - 1, ROWS, NULL);
        OPS_REFUSED(&o, dsgd_gather(&o.turn, &set->as.set, &from->as.f32, &fewer->as.f32));
        ops_close(&o);
    }
}

static void sets_of_sets(void **state)
{
    (void)state;
    static const uint32_t all[6] = {2, 5, 9, 12, 40, 41}, places[3] = {0, 3, 5}, other[5] = {0, 5, 12, 13, 41}, both[3] = {5, 12, 41};
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        ops_open(&o, device, 2);
        struct dsgd_handle *a = ops_vector(&o, DSGD_SET, 6, 0, all), *p = ops_vector(&o, DSGD_SET, 3, 0, places), *b = ops_vector(&o, DSGD_SET, 5, 0, other);
        struct dsgd_handle *out = ops_vector(&o, DSGD_SET, 6, 2, NULL);
        OPS(&o, dsgd_subset(&o.turn, &a->as.set, &p->as.set, &out->as.set));
        for (size_t r = 0; r < 2; ++r) {
            ops_read(&o, out, r, got_at);
            assert_int_equal(ops_length_of(&o, out, r), 3);
            for (size_t j = 0; j < 3; ++j) { assert_int_equal(got_at[j], all[places[j]]); }
        }
        OPS(&o, dsgd_intersect(&o.turn, &a->as.set, &b->as.set, &out->as.set));
        ops_read(&o, out, 1, got_at);
        assert_int_equal(ops_length_of(&o, out, 1), 3);
        assert_memory_equal(got_at, both, sizeof both);
        OPS(&o, dsgd_copy_set(&o.turn, &b->as.set, &out->as.set));
        ops_read(&o, out, 0, got_at);
        assert_int_equal(ops_length_of(&o, out, 0), 5);
        assert_memory_equal(got_at, other, sizeof other);
        OPS_REFUSED(&o, dsgd_copy_set(&o.turn, &out->as.set, &p->as.set));
        ops_close(&o);
    }
}

static void runs_are_packed_and_merged(void **state)
{
    (void)state;
    enum { N = 12 };
    struct dsgd_stretch stretch[2] = {{1, 3, 0}, {7, 2, 3}};
    const struct dsgd_runs runs = {2, 5, stretch};
    static const float values[N] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, dense[5] = {-1, -2, -3, -7, -8};
    static const uint32_t place[2] = {1, 4}, sparse_at[3] = {0, 5, 11}, merged_at[8] = {0, 1, 2, 3, 5, 7, 8, 11};
    static const float sparse[3] = {50, 55, 61}, merged[8] = {50, -1, -2, -3, 55, -7, -8, 61}, packed[5] = {1, 2, 3, 7, 8};
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        float out5[5], out12[N], out8[8];
        uint32_t at8[8], at2[2];
        ops_open(&o, device, 1);
        struct dsgd_handle *all = ops_vector(&o, DSGD_F32, N, 1, values), *five = ops_vector(&o, DSGD_F32, 5, 1, NULL);
        OPS(&o, dsgd_pack(&o.turn, &runs, &all->as.f32, &five->as.f32));
        ops_read(&o, five, 0, out5);
        assert_memory_equal(out5, packed, sizeof packed);
        struct dsgd_handle *other = ops_vector(&o, DSGD_F32, 5, 1, dense);
        OPS(&o, dsgd_unpack(&o.turn, &runs, &other->as.f32, &all->as.f32));
        ops_read(&o, all, 0, out12);
        for (size_t i = 0; i < N; ++i) { OPS_SAME(out12[i], i >= 1 && i < 4 ? dense[i - 1] : i == 7 || i == 8 ? dense[i - 4] : values[i], i); }
        OPS(&o, dsgd_clear_runs(&o.turn, &runs, &all->as.f32));
        ops_read(&o, all, 0, out12);
        for (size_t i = 0; i < N; ++i) { OPS_SAME(out12[i], (i >= 1 && i < 4) || i == 7 || i == 8 ? 0.0f : values[i], i); }
        struct dsgd_handle *places = ops_vector(&o, DSGD_SET, 2, 1, place);
        o.queue.measuring = false;
        dsgd_unpack_places(&o.turn, &runs, &places->as.set);
        ops_read(&o, places, 0, at2);
        assert_true(at2[0] == 2 && at2[1] == 8);
        struct dsgd_handle *s_at = ops_vector(&o, DSGD_SET, 3, 1, sparse_at), *s = ops_vector(&o, DSGD_F32, 3, 1, sparse);
        struct dsgd_handle *m_at = ops_vector(&o, DSGD_SET, 8, 1, NULL), *m = ops_vector(&o, DSGD_F32, 8, 1, NULL);
        OPS(&o, dsgd_merge_runs(&o.turn, &s_at->as.set, &s->as.f32, &runs, &other->as.f32, &m_at->as.set, &m->as.f32));
        ops_read(&o, m_at, 0, at8);
        ops_read(&o, m, 0, out8);
        assert_int_equal(ops_length_of(&o, m_at, 0), 8);
        assert_memory_equal(at8, merged_at, sizeof merged_at);
        assert_memory_equal(out8, merged, sizeof merged);
        OPS_REFUSED(&o, dsgd_pack(&o.turn, &runs, &all->as.f32, &all->as.f32));
        ops_close(&o);
    }
}

/* The order of magnitudes: NaN first, then larger, then the lower index. */
static int before(const float *w, size_t i, size_t j)
{
    const double a = isnan(w[i]) ? (double)INFINITY * 2 : fabs((double)w[i]), b = isnan(w[j]) ? (double)INFINITY * 2 : fabs((double)w[j]);
    if (isnan(w[i]) != isnan(w[j])) { return isnan(w[i]); }
    return a > b || (a == b && i < j);
}

static int by_key(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void selection_has_defined_ties(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 15, 16, 17, 600};
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (size_t l = 0; l < 5; ++l) {
            const size_t n = lengths[l], ks[] = {0, 1, n / 3, n - 1, n};
            for (size_t which = 0; which < 5; ++which) {
                const size_t k = ks[which];
                struct ops o;
                ops_open(&o, device, ROWS);
                ops_fill(v, ROWS * n, 3, 1);
                struct dsgd_handle *from = ops_vector(&o, DSGD_F32, n, ROWS, v), *out = ops_vector(&o, DSGD_SET, n, ROWS, NULL);
                OPS(&o, dsgd_select_topk(&o.turn, &from->as.f32, k, &out->as.set));
                for (size_t r = 0; r < ROWS; ++r) {
                    size_t taken = 0;
                    ops_read(&o, out, r, got_at);
                    assert_int_equal(ops_length_of(&o, out, r), k);
                    for (size_t i = 0; i < n; ++i) {
                        size_t rank = 0;
                        for (size_t j = 0; j < n; ++j) { rank += j != i && before(v + r * n, j, i); }
                        if (rank < k) { assert_int_equal(got_at[taken++], i); }
                    }
                    assert_int_equal(taken, k);
                }
                OPS(&o, dsgd_select_at_least(&o.turn, &from->as.f32, 0.75f, &out->as.set));
                for (size_t r = 0; r < ROWS; ++r) {
                    size_t taken = 0;
                    ops_read(&o, out, r, got_at);
                    for (size_t i = 0; i < n; ++i) {
                        if (isnan(v[r * n + i]) || fabsf(v[r * n + i]) >= 0.75f) { assert_int_equal(got_at[taken++], i); }
                    }
                    assert_int_equal(ops_length_of(&o, out, r), taken);
                }
                OPS_REFUSED(&o, dsgd_select_topk(&o.turn, &from->as.f32, n + 1, &out->as.set));
                ops_close(&o);
            }
        }
    }
}

/* Places in a sparse vector whose set is shorter than what it could hold. */
static void selection_in_a_sparse_vector(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 16, 17, 300}, spare = 5;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (size_t l = 0; l < 4; ++l) {
            const size_t n = lengths[l], k = (n + 1) / 2;
            struct ops o;
            uint32_t places[ROWS * 305];
            ops_open(&o, device, ROWS);
            ops_fill(v, ROWS * (n + spare), 4, 1);
            for (size_t r = 0; r < ROWS; ++r) {
                for (size_t j = 0; j < n + spare; ++j) {
                    places[r * (n + spare) + j] = (uint32_t)(3 * j + r);
                    if (j >= n) { v[r * (n + spare) + j] = 1e30f; } /* behind the end: not to be chosen */
                }
            }
            struct dsgd_handle *set = ops_vector(&o, DSGD_SET, n + spare, ROWS, places), *value = ops_vector(&o, DSGD_F32, n + spare, ROWS, v);
            struct dsgd_handle *out = ops_vector(&o, DSGD_SET, k, ROWS, NULL);
            for (size_t r = 0; r < ROWS; ++r) { ops_length(&o, set, r, (uint32_t)n); }
            OPS(&o, dsgd_select_topk_sparse(&o.turn, &set->as.set, &value->as.f32, k, &out->as.set));
            for (size_t r = 0; r < ROWS; ++r) {
                size_t taken = 0;
                ops_read(&o, out, r, got_at);
                assert_int_equal(ops_length_of(&o, out, r), k);
                for (size_t i = 0; i < n; ++i) {
                    size_t rank = 0;
                    for (size_t j = 0; j < n; ++j) { rank += j != i && before(v + r * (n + spare), j, i); }
                    if (rank < k) { assert_int_equal(got_at[taken++], i); }
                }
            }
            ops_close(&o);
        }
    }
}

/* Round the blocks of the CPU's loops, against a sort of the keys. */
static void selection_round_block_sizes(void **state)
{
    (void)state;
    static uint64_t order[OPS_LONGEST];
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (size_t n = 4095; n <= 4097; ++n) {
            for (size_t k = 1; k <= n; k = k * 7 + 60) {
                struct ops o;
                ops_open(&o, device, 1);
                ops_fill(v, n, 5, 1);
                for (size_t i = 0; i < n; ++i) { /* magnitude down, then index up: a NaN first */
                    uint32_t bits;
                    memcpy(&bits, v + i, sizeof bits);
                    bits &= 0x7fffffffu;
                    order[i] = (uint64_t)(0x80000000u - (bits > 0x7f800000u ? 0x7f800001u : bits)) << 32 | i;
                }
                qsort(order, n, sizeof *order, by_key);
                struct dsgd_handle *from = ops_vector(&o, DSGD_F32, n, 0, v), *out = ops_vector(&o, DSGD_SET, k, 1, NULL);
                OPS(&o, dsgd_select_topk(&o.turn, &from->as.f32, k, &out->as.set));
                ops_read(&o, out, 0, got_at);
                for (size_t j = 0; j < k; ++j) { order[j] &= UINT32_MAX; }
                qsort(order, k, sizeof *order, by_key);
                for (size_t j = 0; j < k; ++j) { assert_int_equal(got_at[j], order[j]); }
                ops_close(&o);
            }
        }
    }
}

/* All of a set, nothing twice, and other workers draw others; none of 0. */
static void uniform_sets_are_sets(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        uint32_t first[100];
        ops_open(&o, device, 2);
        struct dsgd_handle *out = ops_vector(&o, DSGD_SET, 100, 2, NULL);
        OPS(&o, dsgd_select_uniform(&o.turn, 1000, 100, (struct dsgd_rng_key){1, 2}, &out->as.set));
        for (size_t r = 0; r < 2; ++r) {
            ops_read(&o, out, r, got_at);
            assert_int_equal(ops_length_of(&o, out, r), 100);
            for (size_t j = 0; j < 100; ++j) { assert_true(got_at[j] < 1000 && (j == 0 || got_at[j] > got_at[j - 1])); }
            if (r == 0) { memcpy(first, got_at, sizeof first); }
        }
        assert_memory_not_equal(first, got_at, sizeof first);
        OPS(&o, dsgd_select_uniform(&o.turn, 1000, 0, (struct dsgd_rng_key){1, 2}, &out->as.set));
        for (size_t r = 0; r < 2; ++r) { assert_int_equal(ops_length_of(&o, out, r), 0); }
        ops_close(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gather_and_scatter), cmocka_unit_test(sets_of_sets), cmocka_unit_test(runs_are_packed_and_merged),
        cmocka_unit_test(selection_has_defined_ties), cmocka_unit_test(selection_in_a_sparse_vector),
        cmocka_unit_test(selection_round_block_sizes), cmocka_unit_test(uniform_sets_are_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
