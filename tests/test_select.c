/* test_select.c - top-k against qsort, HEAVYMIX's choice against its rule and its distribution. */
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>
#include "sim/cpu/select.h"
#include "sim/cpu/select_keys.h"
#include "sim/cpu/sketch_list.h"

/* ---- reference: sort everything ---- */

static const float *sorted_values;

static int by_magnitude(const void *left, const void *right)
{
    const uint32_t i = *(const uint32_t *)left, j = *(const uint32_t *)right;
    const float a = fabsf(sorted_values[i]), b = fabsf(sorted_values[j]);
    if (isnan(a) != isnan(b)) { return isnan(a) ? -1 : 1; }
    if (!isnan(a) && a != b) { return a > b ? -1 : 1; }
    return i < j ? -1 : i > j;
}

static int by_index(const void *left, const void *right)
{
    const uint32_t i = *(const uint32_t *)left, j = *(const uint32_t *)right;
    return i < j ? -1 : i > j;
}

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes > 0 ? bytes : 1);
    assert_non_null(memory);
    return memory;
}

enum { PARTS = 4 };
static const int parts[PARTS] = {1, 2, 3, 7};

/* Compares select_topk with the reference for each k of the list. */
static void check_topk(size_t d, const float *v, size_t count, const size_t *k)
{
    uint32_t *order = allocate(d * sizeof *order), *expected = allocate(d * sizeof *expected);
    uint32_t *index = allocate((d + 1) * sizeof *index);
    void *scratch = allocate(select_scratch_bytes(d));
    for (size_t i = 0; i < d; ++i) { order[i] = (uint32_t)i; }
    sorted_values = v;
    qsort(order, d, sizeof *order, by_magnitude);
    for (size_t c = 0; c < count; ++c) {
        if (k[c] > d) { continue; }
        memcpy(expected, order, k[c] * sizeof *expected);
        qsort(expected, k[c], sizeof *expected, by_index);
        index[k[c]] = 0xabababab;
        for (int p = 0; p < PARTS; ++p) {
            memset(index, 0xcd, k[c] * sizeof *index);
            select_topk(d, v, k[c], index, scratch, parts[p]);
            assert_memory_equal(index, expected, k[c] * sizeof *index);
            assert_int_equal(index[k[c]], 0xabababab);
        }
    }
    free(order);
    free(expected);
    free(index);
    free(scratch);
}

enum pattern { REALS, FEW_VALUES, COARSE, MOSTLY_ZERO, ALL_ZERO, SPECIAL, RAMP, PERIODIC, HEAVY_TAIL, PATTERNS };

static void fill_pattern(enum pattern pattern, size_t d, float *v)
{
    const struct dsgd_rng_key key = {(uint32_t)pattern, dsgd_rng_purpose("test_select pattern")};
    static const float special[] = {NAN, -NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-45f, 3e38f, 1.0f, -1.0f};
    for (size_t i = 0; i < d; ++i) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)i, 0, 0, 0);
        const float unit = (float)(dsgd_rng_unit(dsgd_rng_u64(&words, 0)) - 0.5);
        switch (pattern) {
        case REALS: v[i] = unit; break;
        case FEW_VALUES: v[i] = (float)((int)(words.word[0] % 7) - 3); break;
        case COARSE: v[i] = (float)(int)(unit * 64.0f) / 64.0f; break; /* a handful of ties at the top */
        case MOSTLY_ZERO: v[i] = words.word[0] % 50 == 0 ? unit : (words.word[1] % 2 ? 0.0f : -0.0f); break;
        case ALL_ZERO: v[i] = words.word[0] % 2 ? 0.0f : -0.0f; break;
        case SPECIAL: v[i] = special[words.word[0] % 10]; break;
        case RAMP: v[i] = (float)i; break;
        case PERIODIC: v[i] = i % 8 == 0 ? 1.0f + unit : 1e-3f * unit; break; /* a strided sample sees only the large */
        default: v[i] = 1.0f / (unit * unit * unit * unit * unit + 1e-9f); break;
        }
    }
}

static void topk_small_vectors_equal_sorting(void **unused)
{
    (void)unused;
    enum { D = 40 };
    float v[D];
    size_t k[D + 1];
    for (size_t j = 0; j <= D; ++j) { k[j] = j; }
    for (int pattern = 0; pattern < PATTERNS; ++pattern) {
        for (size_t d = 0; d <= D; ++d) {
            fill_pattern((enum pattern)pattern, d, v);
            check_topk(d, v, d + 1, k); /* includes k = 0 and k = d */
        }
    }
}

static void topk_large_vectors_equal_sorting(void **unused)
{
    (void)unused;
    static const size_t ds[] = {785, 1000, 16383, 16384, 16385, 100000, 300000};
    static const size_t k[] = {0, 1, 2, 10, 31, 100, 784, 785, 1000, 2048, 2049, 16384,
                               37500, 37501, 99999, 100000, 300000};
    for (size_t x = 0; x < sizeof ds / sizeof *ds; ++x) {
        float *v = allocate(ds[x] * sizeof *v);
        for (int pattern = 0; pattern < PATTERNS; ++pattern) {
            fill_pattern((enum pattern)pattern, ds[x], v);
            check_topk(ds[x], v, sizeof k / sizeof *k, k);
        }
        free(v);
    }
}

/* Over threads: counts of all, ties and parts without a survivor on both sides of a border. */
static void topk_of_parts_equals_sorting(void **unused)
{
    (void)unused;
    enum { LONG = (1 << 20) + 5000 };
    static const size_t k[] = {1, 7, 4096, 50000, LONG / 8, LONG / 8 + 1, LONG - 1};
    float *v = allocate(LONG * sizeof *v);
    fill_pattern(REALS, LONG, v);
    for (size_t i = 0; i < LONG; i += 3) { v[i] = i % 2 ? 0.25f : -0.25f; } /* a third are ties */
    for (size_t i = LONG / 2 - 100; i < LONG / 2 + 100; ++i) { v[i] = i % 2 ? 1.0f : (float)NAN; }
    check_topk(LONG, v, sizeof k / sizeof *k, k);
    for (size_t i = LONG / 3; i < LONG; ++i) { v[i] *= 0x1p-20f; } /* the large lie together: a part's room is not enough for them */
    check_topk(LONG, v, sizeof k / sizeof *k, k);
    free(v);
}

/* Sizes at which maxima of groups, few or many, say enough or not. */
static void topk_short_vectors_equal_sorting(void **unused)
{
    (void)unused;
    static const size_t ds[] = {191, 192, 193, 383, 785, 6145, 15000};
    for (size_t x = 0; x < sizeof ds / sizeof *ds; ++x) {
        const size_t d = ds[x], k[] = {15, 16, 17, 31, 32, 33, 64, 65, 96, 128, d / 6 - 1, d / 6, d / 6 + 1, 1023, 1024, 1025};
        float *v = allocate(d * sizeof *v);
        for (int pattern = 0; pattern < PATTERNS; ++pattern) {
            fill_pattern((enum pattern)pattern, d, v);
            check_topk(d, v, sizeof k / sizeof *k, k);
        }
        free(v);
    }
}

/* ---- lists of estimates (sketch_list.h) ---- */

static const int32_t *sorted_keys;

static int by_key(const void *left, const void *right)
{
    const uint32_t i = *(const uint32_t *)left, j = *(const uint32_t *)right;
    const int32_t a = sketch_magnitude(sorted_keys[i]), b = sketch_magnitude(sorted_keys[j]);
    return a != b ? (a < b) - (a > b) : i < j ? -1 : i > j;
}

static void cut_lists_equal_sorting(void **unused)
{
    (void)unused;
    static const size_t ns[] = {1, 2, 3, 63, 785, 4096, 4097, 9000};
    static const uint32_t kinds[] = {1, 2, 5, 100, 1u << 20, UINT32_MAX}; /* of magnitudes */
    const struct dsgd_rng_key draws = {11, dsgd_rng_purpose("test_select lists")};
    for (size_t x = 0; x < sizeof ns / sizeof *ns; ++x) {
        const size_t n = ns[x];
        int32_t *key = allocate(n * sizeof *key), *before = allocate(n * sizeof *before);
        uint32_t *index = allocate(n * sizeof *index), *order = allocate(n * sizeof *order);
        for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; ++kind) {
            for (size_t k = 1; k <= n; k += 1 + k / 2) {
                for (size_t i = 0; i < n; ++i) {
                    const struct dsgd_rng4 words = dsgd_rng_draw(draws, (uint32_t)i, (uint32_t)kind, 0, 0);
                    const int32_t magnitude = words.word[1] % 50 == 0 ? INT32_MAX : (int32_t)(words.word[0] % kinds[kind] / 2);
                    before[i] = key[i] = words.word[2] % 2 ? magnitude : ~magnitude;
                    index[i] = order[i] = (uint32_t)i;
                }
                sorted_keys = before;
                qsort(order, n, sizeof *order, by_key);
                qsort(order, k, sizeof *order, by_index);
                struct sketch_list list = {.index = index, .key = key, .n = n, .capacity = n, .k = k};
                sketch_list_cut(&list);
                assert_int_equal(list.n, k);
                assert_memory_equal(index, order, k * sizeof *index);
                for (size_t j = 0; j < k; ++j) { assert_int_equal(key[j], before[index[j]]); }
            }
        }
        free(key), free(before), free(index), free(order);
    }
}

/* Keys that arrive in pieces at a list that is cut again and again: what a cut makes too small must not come in behind it, where magnitudes
 * grow (each group is larger than what is there), fall, and jump by more than the first bins reach. */
static void filled_lists_equal_sorting(void **unused)
{
    (void)unused;
    enum { N = 60000 };
    static const size_t ks[] = {1, 40, 3000, 5000, 20000};
    const struct dsgd_rng_key draws = {12, dsgd_rng_purpose("test_select lists")};
    int32_t *all = allocate(N * sizeof *all), *key = allocate(N * sizeof *key);
    uint32_t *index = allocate(N * sizeof *index), *order = allocate(N * sizeof *order);
    for (int form = 0; form < 5; ++form) {
        for (size_t x = 0; x < sizeof ks / sizeof *ks; ++x) {
            const size_t k = ks[x], spare = form % 2 ? 4160 : 64;
            for (size_t i = 0; i < N; ++i) {
                const struct dsgd_rng4 words = dsgd_rng_draw(draws, (uint32_t)i, (uint32_t)form, 0, 0);
                const uint32_t noise = words.word[0] >> 4, slope = (uint32_t)i * 30000u;
                const uint32_t by_form[] = {noise, slope + noise % 4000000u, 1900000000u - slope + noise % 4000000u, (uint32_t)(i / 64) * 2000000u + noise % 64u,
                                            words.word[1] % 2 ? 100u + noise % 8u : 1000000000u + noise};
                const int32_t magnitude = (int32_t)(by_form[form] & INT32_MAX);
                all[i] = words.word[2] % 2 ? magnitude : ~magnitude;
                order[i] = (uint32_t)i;
            }
            sorted_keys = all;
            qsort(order, N, sizeof *order, by_key);
            qsort(order, k, sizeof *order, by_index);
            struct sketch_list list = {.index = index, .key = key, .capacity = k + spare, .k = k};
            for (size_t i = 0, n; i < N; i += n) {
                n = 1 + (i * 7919) % 1500;
                n = n < N - i ? n : N - i;
                sketch_list_take(&list, i, n, all + i);
                for (size_t j = 0; j < list.n; ++j) { assert_true(sketch_magnitude(key[j]) >= list.floor); }
            }
            sketch_list_cut(&list);
            assert_int_equal(list.n, k);
            assert_memory_equal(index, order, k * sizeof *index);
        }
    }
    free(all), free(key), free(index), free(order);
}

/* ---- HEAVYMIX ---- */

enum { D = 60, K = 12 };

static const struct dsgd_rng_key fill_key = {5, 77};

/* The three coordinates 7, 30, 59 hold 10, -11, 10, the rest is small. */
static double three_heavy(float *est)
{
    double norm2 = 0.0;
    for (int i = 0; i < D; ++i) { est[i] = 0.01f * (float)(i + 1); }
    est[7] = 10.0f;
    est[30] = -11.0f;
    est[59] = 10.0f;
    for (int i = 0; i < D; ++i) { norm2 += (double)est[i] * (double)est[i]; }
    return norm2;
}

static void heavymix_few_heavy_keeps_them_and_fills_to_k(void **unused)
{
    (void)unused;
    float est[D];
    const double norm2 = three_heavy(est);
    void *scratch = allocate(select_scratch_bytes(D));
    for (uint32_t step = 0; step < 2000; ++step) {
        uint32_t index[K + 1], again[K];
        size_t heavy;
        index[K] = 0xabababab;
        select_heavymix(D, est, norm2, K, fill_key, step, index, &heavy, scratch, 1);
        assert_int_equal(heavy, 3);
        assert_int_equal(index[K], 0xabababab);
        int found = 0;
        for (int j = 0; j < K; ++j) {
            assert_true(index[j] < D);
            assert_true(j == 0 || index[j - 1] < index[j]); /* ascending, hence distinct */
            found += index[j] == 7 || index[j] == 30 || index[j] == 59;
        }
        assert_int_equal(found, 3);
        select_heavymix(D, est, norm2, K, fill_key, step, again, &heavy, scratch, 1);
        assert_memory_equal(index, again, sizeof again);
    }
    free(scratch);
}

static void heavymix_rule_is_square_at_least_norm2_over_k(void **unused)
{
    (void)unused;
    /* norm2 / k = 4: 2 is heavy, the next float below is not; -2 is; NaN is, 0 is not. */
    float est[8] = {1.0f, 2.0f, nextafterf(2.0f, 0.0f), -2.0f, 0.0f, NAN, nextafterf(2.0f, 3.0f), -0.0f};
    static const uint32_t expected[] = {1, 3, 5, 6};
    uint32_t index[4];
    size_t heavy;
    void *scratch = allocate(select_scratch_bytes(8));
    select_heavymix(8, est, 16.0, 4, fill_key, 0, index, &heavy, scratch, 1);
    assert_int_equal(heavy, 4);
    assert_memory_equal(index, expected, sizeof expected);
    free(scratch);
}

static void heavymix_too_many_heavy_keeps_the_k_largest(void **unused)
{
    (void)unused;
    static const float est[10] = {3.0f, -5.0f, 3.0f, 4.0f, 0.1f, 3.0f, 6.0f, 0.1f, 5.0f, 3.0f};
    static const uint32_t expected[] = {1, 3, 6, 8}, five[] = {0, 1, 3, 6, 8}; /* of four 3s the first */
    uint32_t index[5];
    size_t heavy;
    void *scratch = allocate(select_scratch_bytes(10));
    select_heavymix(10, est, 4.0 * 9.0, 4, fill_key, 0, index, &heavy, scratch, 1);
    assert_int_equal(heavy, 8);
    assert_memory_equal(index, expected, sizeof expected);
    select_heavymix(10, est, 5.0 * 9.0, 5, fill_key, 0, index, &heavy, scratch, 1);
    assert_int_equal(heavy, 8);
    assert_memory_equal(index, five, sizeof five);
    select_heavymix(10, est, 5.0 * 9.0, 0, fill_key, 0, NULL, &heavy, scratch, 1);
    assert_int_equal(heavy, 0);
    free(scratch);
}

static void heavymix_k_is_d_takes_all(void **unused)
{
    (void)unused;
    float est[D];
    const double norm2 = three_heavy(est);
    uint32_t index[D];
    size_t heavy;
    void *scratch = allocate(select_scratch_bytes(D));
    select_heavymix(D, est, norm2, D, fill_key, 1, index, &heavy, scratch, 1);
    for (uint32_t i = 0; i < D; ++i) { assert_int_equal(index[i], i); }
    free(scratch);
}

static void heavymix_many_sizes_choose_k_distinct_with_h(void **unused)
{
    (void)unused;
    static const size_t ds[] = {1, 63, 64, 65, 785, 5000};
    for (size_t x = 0; x < sizeof ds / sizeof *ds; ++x) {
        const size_t d = ds[x];
        float *est = allocate(d * sizeof *est);
        uint32_t *index = allocate(d * sizeof *index);
        void *scratch = allocate(select_scratch_bytes(d));
        fill_pattern(HEAVY_TAIL, d, est);
        for (size_t k = 1; k <= d; k += 1 + k / 3) {
            for (uint32_t threshold = 0; threshold < 3; ++threshold) { /* the rule at three levels */
                const double norm2 = pow(10.0, (double)threshold * 3.0) * (double)k;
                size_t heavy, count = 0, inside = 0;
                select_heavymix(d, est, norm2, k, fill_key, threshold, index, &heavy, scratch, 1);
                for (size_t i = 0; i < d; ++i) { count += (double)est[i] * (double)est[i] >= norm2 / (double)k; }
                assert_int_equal(heavy, count);
                for (size_t j = 0; j < k; ++j) {
                    assert_true(index[j] < d && (j == 0 || index[j - 1] < index[j]));
                    inside += (double)est[index[j]] * (double)est[index[j]] >= norm2 / (double)k;
                }
                assert_int_equal(inside, count < k ? count : k);
            }
        }
        free(est);
        free(index);
        free(scratch);
    }
}

/* Coordinates outside H are chosen with probability (k - h) / (d - h), pairs of them with its hypergeometric square. */
static int fill_looks_uniform(void (*choose)(uint32_t step, uint32_t *index, void *scratch))
{
    enum { STEPS = 20000, H = 3 };
    static double count[D], pair[D];
    memset(count, 0, sizeof count);
    memset(pair, 0, sizeof pair);
    void *scratch = allocate(select_scratch_bytes(D));
    for (uint32_t step = 0; step < STEPS; ++step) {
        uint32_t index[K];
        int chosen[D] = {0};
        choose(step, index, scratch);
        for (int j = 0; j < K; ++j) { chosen[index[j]] = 1; }
        for (int i = 0; i < D; ++i) {
            count[i] += chosen[i];
            pair[i] += chosen[i] && chosen[(i + 1) % D];
        }
    }
    free(scratch);
    const double p = (double)(K - H) / (D - H), p2 = p * (K - H - 1) / (D - H - 1);
    int fine = 1;
    for (int i = 0; i < D; ++i) {
        const int next = (i + 1) % D;
        if (i == 7 || i == 30 || i == 59) { continue; }
        fine &= check_is_close(count[i] / STEPS, p, 4.0 * sqrt(p * (1.0 - p) / STEPS)); /* steps are independent */
        if (next == 7 || next == 30 || next == 59) { continue; }
        fine &= check_is_close(pair[i] / STEPS, p2, 4.0 * sqrt(p2 * (1.0 - p2) / STEPS));
    }
    return fine;
}

static void choose_heavymix(uint32_t step, uint32_t *index, void *scratch)
{
    float est[D];
    size_t heavy;
    const double norm2 = three_heavy(est);
    select_heavymix(D, est, norm2, K, fill_key, step, index, &heavy, scratch, 1);
}

/* Planted: the fill is the lowest indices. */
static void choose_lowest(uint32_t step, uint32_t *index, void *scratch)
{
    static const uint32_t lowest[K] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 59};
    (void)step;
    (void)scratch;
    memcpy(index, lowest, sizeof lowest);
}

/* Planted: in one step of eight, coordinate 20 is replaced by 21 where that is free: 0.016 of 0.158 moves. */
static void choose_shifted(uint32_t step, uint32_t *index, void *scratch)
{
    choose_heavymix(step, index, scratch);
    for (int j = 0; step % 8 == 0 && j < K - 1; ++j) {
        if (index[j] == 20 && index[j + 1] != 21) { index[j] = 21; }
    }
}

static void heavymix_fill_is_uniform(void **unused)
{
    (void)unused;
    assert_true(fill_looks_uniform(choose_heavymix));
}

static void heavymix_planted_fills_are_detected(void **unused)
{
    (void)unused;
    assert_false(fill_looks_uniform(choose_lowest));
    assert_false(fill_looks_uniform(choose_shifted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topk_small_vectors_equal_sorting),
        cmocka_unit_test(topk_large_vectors_equal_sorting),
        cmocka_unit_test(topk_of_parts_equals_sorting),
        cmocka_unit_test(topk_short_vectors_equal_sorting),
        cmocka_unit_test(cut_lists_equal_sorting),
        cmocka_unit_test(filled_lists_equal_sorting),
        cmocka_unit_test(heavymix_few_heavy_keeps_them_and_fills_to_k),
        cmocka_unit_test(heavymix_rule_is_square_at_least_norm2_over_k),
        cmocka_unit_test(heavymix_too_many_heavy_keeps_the_k_largest),
        cmocka_unit_test(heavymix_k_is_d_takes_all),
        cmocka_unit_test(heavymix_many_sizes_choose_k_distinct_with_h),
        cmocka_unit_test(heavymix_fill_is_uniform),
        cmocka_unit_test(heavymix_planted_fills_are_detected),
    };
    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
