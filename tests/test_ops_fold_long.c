/* test_ops_fold_long.c - sums over workers of long vectors: pieces and threads against one loop after the other.
 *
 * NaN, infinities, zeros of both signs and subnormal numbers among the values; groups whose ends are no multiples of anything, one of them
 * empty, one scale infinite, one zero; from one to nine rows, afresh and on top of what was there, with 1, 2, 3 and 7 threads.
 */
#include "tests/ops.h"

enum { LONG = 3 * 131072 + 4096 + 77, ROWS_MOST = 9 };
static const uint32_t long_rows[] = {1, 2, 3, 4, 5, 8, ROWS_MOST};
static const int long_threads[] = {1, 2, 3, 7};
enum { LONG_ROWS = sizeof long_rows / sizeof *long_rows, LONG_THREADS = sizeof long_threads / sizeof *long_threads };
static const size_t long_starts[] = {0, 5, 5, 1030, 131072, 262151, LONG};
static const struct dsgd_groups long_groups = {6, long_starts};

/* What operations are called on, and what they start from where they do not start afresh. */
struct long_scene {
    struct ops o;
    struct dsgd_handle section[DSGD_SECTIONS_MAX];
    struct dsgd_arrivals up;
};

static bool same64(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static float *long_values(size_t n)
{
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; ++i) { x[i] = ops_value((uint32_t)i, i % 64 < 7); }
    return x;
}

/* Planes without a bit past the end; a sign only where its number is. */
static uint8_t *long_planes(size_t rows, bool two)
{
    const size_t bytes = (LONG + 7) / 8, row = two ? 2 * bytes : bytes;
    uint8_t *bits = malloc(rows * row);
    assert_non_null(bits);
    for (size_t r = 0; r < rows; ++r) {
        for (size_t b = 0; b < bytes; ++b) {
            const uint32_t word = (uint32_t)(b + r * 7919) * 2654435769u;
            const uint8_t inside = b + 1 == bytes && LONG % 8 > 0 ? (uint8_t)((1u << LONG % 8) - 1) : 0xff;
            bits[r * row + b] = (uint8_t)(word >> 24) & inside;
            if (two) { bits[r * row + bytes + b] = bits[r * row + b] & (uint8_t)(word >> 16); }
        }
    }
    return bits;
}

static int bit(const uint8_t *bits, size_t i) { return bits[i / 8] >> i % 8 & 1; }

static void long_open(struct long_scene *s, int threads, uint32_t rows, bool first)
{
    memset(s, 0, sizeof *s);
    ops_open(&s->o, 0, 1);
    s->o.queue.threads = threads;
    s->up = (struct dsgd_arrivals){s->section, rows, first};
}

/* The sum of what `term` says in ascending order, from `before` unless afresh. */
typedef double long_term(const void *content, const float *scale, uint32_t row, size_t i);

static double float_term(const void *content, const float *scale, uint32_t row, size_t i)
{
    (void)scale;
    return (double)((const float *)content)[row * (size_t)LONG + i];
}

static size_t long_group(size_t i)
{
    size_t group = 0;
    while (long_starts[group + 1] <= i) { ++group; }
    return group;
}

static double scale_at(const float *scale, uint32_t row, size_t i) { return (double)scale[row * 6 + long_group(i)]; }

static double long_sign(const void *content, const float *scale, uint32_t row, size_t i)
{
    return scale_at(scale, row, i) * (bit((const uint8_t *)content + row * ((LONG + 7) / 8), i) ? -1.0 : 1.0);
}

static int trit_of(const void *content, uint32_t row, size_t i)
{
    const size_t bytes = (LONG + 7) / 8;
    const uint8_t *nonzero = (const uint8_t *)content + row * 2 * bytes;
    return bit(nonzero, i) - 2 * bit(nonzero + bytes, i);
}

static double long_trit(const void *content, const float *scale, uint32_t row, size_t i)
{
    return scale_at(scale, row, i) * (double)trit_of(content, row, i);
}

static double long_level(const void *content, const float *scale, uint32_t row, size_t i)
{
    return (double)(float)((double)((const int32_t *)content)[row * (size_t)LONG + i] * (scale_at(scale, row, i) / 7.0));
}

enum long_fold { SUM, SIGNS, TERNARY, LEVELS };

static void long_call(struct long_scene *s, enum long_fold which, dsgd_f64 *sum)
{
    switch (which) {
    case SUM: OPS(&s->o, dsgd_fold_sum(&s->o.turn, &s->up, 0, sum)); break;
    case SIGNS: OPS(&s->o, dsgd_fold_signs_scaled(&s->o.turn, &s->up, 0, &long_groups, 1, sum)); break;
    case TERNARY: OPS(&s->o, dsgd_fold_ternary_scaled(&s->o.turn, &s->up, 0, &long_groups, 1, sum)); break;
    case LEVELS: OPS(&s->o, dsgd_fold_levels_scaled(&s->o.turn, &s->up, 0, &long_groups, 1, 7, sum)); break;
    }
}

static void check_long(enum long_fold which, enum dsgd_type type, const void *content, long_term *term)
{
    float scale[ROWS_MOST * 6];
    double *before = malloc(LONG * sizeof *before), *got = malloc(LONG * sizeof *got), *expected = malloc(LONG * sizeof *expected);
    assert_true(before && got && expected);
    for (size_t j = 0; j < sizeof scale / sizeof *scale; ++j) { scale[j] = j == 8 ? -0.0f : j == 15 ? (float)INFINITY : (float)j * 0.37f - 3.0f; }
    for (size_t i = 0; i < LONG; ++i) { before[i] = i % 5 ? -0.0 : (double)i * 1e-3; }
    for (size_t k = 0; k < 2 * LONG_ROWS; ++k) {
        const uint32_t rows = long_rows[k / 2];
        const bool first = k % 2 == 0;
        for (size_t i = 0; i < LONG; ++i) {
            expected[i] = first ? 0.0 : before[i];
            for (uint32_t row = 0; row < rows; ++row) { expected[i] += term(content, scale, row, i); }
        }
        for (size_t t = 0; t < LONG_THREADS; ++t) {
            struct long_scene s;
            long_open(&s, long_threads[t], rows, first);
            s.section[0] = *ops_vector(&s.o, type, LONG, rows, content);
            s.section[1] = *ops_vector(&s.o, DSGD_F32, 6, rows, scale);
            struct dsgd_handle *sum = ops_vector(&s.o, DSGD_F64, LONG, 1, before);
            long_call(&s, which, &sum->as.f64);
            ops_read(&s.o, sum, 0, got);
            for (size_t i = 0; i < LONG; ++i) {
                if (!same64(got[i], expected[i])) {
                    fail_msg("fold %d, %u rows, %d threads, coordinate %zu: %a, expected %a", (int)which, rows, long_threads[t], i, got[i], expected[i]);
                }
            }
            ops_close(&s.o);
        }
    }
    free(before);
    free(got);
    free(expected);
}

static void long_sums_are_naive_sums(void **state)
{
    (void)state;
    float *x = long_values((size_t)ROWS_MOST * LONG);
    uint8_t *signs = long_planes(ROWS_MOST, false), *trits = long_planes(ROWS_MOST, true);
    int32_t *levels = malloc((size_t)ROWS_MOST * LONG * sizeof *levels);
    assert_non_null(levels);
    for (size_t i = 0; i < (size_t)ROWS_MOST * LONG; ++i) { levels[i] = (int32_t)((uint32_t)i * 2654435769u >> 28) % 15 - 7; }
    check_long(SUM, DSGD_F32, x, float_term);
    check_long(SIGNS, DSGD_SIGNS, signs, long_sign);
    check_long(TERNARY, DSGD_TERNARY, trits, long_trit);
    check_long(LEVELS, DSGD_I32, levels, long_level);
    free(x);
    free(signs);
    free(trits);
    free(levels);
}

static void long_maxima_and_counts(void **state)
{
    (void)state;
    float *x = long_values((size_t)ROWS_MOST * LONG), *most = malloc(LONG * sizeof *most);
    int32_t *count = malloc(LONG * sizeof *count);
    uint8_t *trits = long_planes(ROWS_MOST, true);
    assert_true(most && count);
    for (size_t k = 0; k < LONG_ROWS * LONG_THREADS; ++k) {
        const uint32_t rows = long_rows[k / LONG_THREADS];
        struct long_scene s;
        long_open(&s, long_threads[k % LONG_THREADS], rows, true);
        s.section[0] = *ops_vector(&s.o, DSGD_F32, LONG, rows, x);
        s.section[1] = *ops_vector(&s.o, DSGD_TERNARY, LONG, rows, trits);
        struct dsgd_handle *max = ops_vector(&s.o, DSGD_F32, LONG, 1, NULL), *sum = ops_vector(&s.o, DSGD_I32, LONG, 1, NULL);
        OPS(&s.o, dsgd_fold_max(&s.o.turn, &s.up, 0, &max->as.f32));
        OPS(&s.o, dsgd_fold_ternary(&s.o.turn, &s.up, 1, &sum->as.i32));
        ops_read(&s.o, max, 0, most);
        ops_read(&s.o, sum, 0, count);
        for (size_t i = 0; i < LONG; ++i) {
            float largest = x[i];
            int32_t votes = trit_of(trits, 0, i);
            for (uint32_t row = 1; row < rows; ++row) {
                const float here = x[row * (size_t)LONG + i];
                if (here > largest || isnan(here)) { largest = here; }
                votes += trit_of(trits, row, i);
            }
            OPS_SAME(most[i], largest, i);
            assert_int_equal(count[i], votes);
        }
        ops_close(&s.o);
    }
    free(x);
    free(most);
    free(count);
    free(trits);
}

/* Longer than the caches. */
static void longest_sums(void **state)
{
    (void)state;
    enum { N = (1 << 21) + 4096 + 5, ROWS = 5 };
    float *x = long_values((size_t)ROWS * N);
    double *got = malloc(N * sizeof *got);
    assert_non_null(got);
    for (size_t t = 0; t < LONG_THREADS; ++t) {
        struct long_scene s;
        long_open(&s, long_threads[t], ROWS, true);
        s.section[0] = *ops_vector(&s.o, DSGD_F32, N, ROWS, x);
        struct dsgd_handle *sum = ops_vector(&s.o, DSGD_F64, N, 1, NULL);
        OPS(&s.o, dsgd_fold_sum(&s.o.turn, &s.up, 0, &sum->as.f64));
        ops_read(&s.o, sum, 0, got);
        for (size_t i = 0; i < N; ++i) {
            double expected = 0.0;
            for (size_t row = 0; row < ROWS; ++row) { expected += (double)x[row * N + i]; }
            if (!same64(got[i], expected)) { fail_msg("coordinate %zu: %a, expected %a", i, got[i], expected); }
        }
        ops_close(&s.o);
    }
    free(x);
    free(got);
}

static void long_sparse_sums(void **state)
{
    (void)state;
    enum { ENTRIES = 40000, ROWS = 3, WORDS = (LONG + 31) / 32 };
    static uint32_t at[ROWS * ENTRIES];
    static float value[ROWS * ENTRIES];
    static int32_t none[WORDS], seen[WORDS], expected_seen[WORDS];
    double *zero = calloc(LONG, sizeof *zero), *expected = calloc(LONG, sizeof *expected), *got = malloc(LONG * sizeof *got);
    assert_true(zero && expected && got);
    memset(expected_seen, 0, sizeof expected_seen);
    for (uint32_t row = 0; row < ROWS; ++row) {
        for (uint32_t j = 0; j < ENTRIES; ++j) {
            const uint32_t k = row * ENTRIES + j;
            at[k] = 9 * j + (j * 2654435769u >> 7) % (row + 2);
            value[k] = ops_value(k, 0);
        }
    }
    for (uint32_t k = 0; k < ROWS * ENTRIES; ++k) {
        expected[at[k]] += (double)value[k];
        expected_seen[at[k] / 32] = (int32_t)((uint32_t)expected_seen[at[k] / 32] | UINT32_C(1) << at[k] % 32);
    }
    for (size_t t = 0; t < LONG_THREADS; ++t) {
        struct long_scene s;
        long_open(&s, long_threads[t], ROWS, true);
        s.section[0] = *ops_vector(&s.o, DSGD_SET, ENTRIES, ROWS, at);
        s.section[1] = *ops_vector(&s.o, DSGD_F32, ENTRIES, ROWS, value);
        struct dsgd_handle *sum = ops_vector(&s.o, DSGD_F64, LONG, 1, zero), *bits = ops_vector(&s.o, DSGD_I32, WORDS, 1, none);
        OPS(&s.o, dsgd_fold_sparse(&s.o.turn, &s.up, 0, 1, &sum->as.f64, &bits->as.i32));
        ops_read(&s.o, sum, 0, got);
        ops_read(&s.o, bits, 0, seen);
        assert_memory_equal(got, expected, LONG * sizeof *got);
        assert_memory_equal(seen, expected_seen, sizeof seen);
        ops_close(&s.o);
    }
    free(zero);
    free(expected);
    free(got);
}

/* The values of one worker's levels, by the same definition, on several threads. */
static void long_values_of_levels(void **state)
{
    (void)state;
    static const float norm[6] = {1.5f, 2.0f, -0.0f, (float)INFINITY, 1e-40f, 3.0f};
    int32_t *levels = malloc(LONG * sizeof *levels);
    float *got = malloc(LONG * sizeof *got);
    assert_true(levels && got);
    for (size_t i = 0; i < LONG; ++i) { levels[i] = (int32_t)((uint32_t)i * 2654435769u >> 28) % 15 - 7; }
    for (size_t t = 0; t < LONG_THREADS; ++t) {
        struct long_scene s;
        long_open(&s, long_threads[t], 1, true);
        struct dsgd_handle *l = ops_vector(&s.o, DSGD_I32, LONG, 1, levels), *n = ops_vector(&s.o, DSGD_F32, 6, 1, norm);
        struct dsgd_handle *out = ops_vector(&s.o, DSGD_F32, LONG, 1, NULL);
        OPS(&s.o, dsgd_dequantise(&s.o.turn, &long_groups, &n->as.f32, 7, &l->as.i32, &out->as.f32));
        ops_read(&s.o, out, 0, got);
        for (size_t i = 0; i < LONG; ++i) { OPS_SAME(got[i], (float)long_level(levels, norm, 0, i), i); }
        ops_close(&s.o);
    }
    free(levels);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_sums_are_naive_sums), cmocka_unit_test(long_maxima_and_counts), cmocka_unit_test(longest_sums),
        cmocka_unit_test(long_sparse_sums), cmocka_unit_test(long_values_of_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
