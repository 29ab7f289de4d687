/* test_kernel.c - the definitions of sim/kernel that decide bits: the order of sums, the median's order, keys, stochastic rounding.
 *
 * The order of sums is held against a recursion written from its definition, on numbers of which every other order gives another sum.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cpu/sum.h"
#include "sim/kernel/median.h"
#include "sim/kernel/number.h"
#include "sim/kernel/sum.h"
#include "sim/kernel/rng.h"
#include "tests/check.h"

/* The definition, word by word: lanes, fold, and the sums of chunks in the same way. */
static double by_definition(size_t n, const double *a)
{
    if (n > 4096) {
        const size_t chunks = (n + 4095) / 4096;
        double *part = malloc(chunks * sizeof *part);
        assert_non_null(part);
        for (size_t c = 0; c < chunks; ++c) { part[c] = by_definition(n - c * 4096 < 4096 ? n - c * 4096 : 4096, a + c * 4096); }
        const double sum = by_definition(chunks, part);
        free(part);
        return sum;
    }
    double lane[32];
    for (size_t l = 0; l < 32; ++l) {
        lane[l] = 0.0;
        for (size_t i = l; i < n; i += 32) { lane[l] = lane[l] + a[i]; }
    }
    for (size_t l = 0; l < 16; ++l) { lane[l] = lane[l] + lane[l + 16]; }
    for (size_t l = 0; l < 8; ++l) { lane[l] = lane[l] + lane[l + 8]; }
    for (size_t l = 0; l < 4; ++l) { lane[l] = lane[l] + lane[l + 4]; }
    for (size_t l = 0; l < 2; ++l) { lane[l] = lane[l] + lane[l + 2]; }
    return lane[0] + lane[1];
}

static double backwards(size_t n, const double *a)
{
    double sum = 0.0;
    for (size_t i = n; i-- > 0;) { sum += a[i]; }
    return sum;
}

/* Numbers of 60 magnitudes and both signs: additions round all the time. */
static double number(uint32_t i)
{
    const struct dsgd_rng4 words = dsgd_rng_draw((struct dsgd_rng_key){5, 6}, i, 0, 0, 0);
    return ldexp(dsgd_rng_unit(dsgd_rng_u64(&words, 0)) - 0.5, (int)(words.word[2] % 60));
}

struct products { const double *a, *b; };

static double products_chunk(const void *args, size_t first, size_t n)
{
    const struct products *p = args;
    return dsgd_sum_chunk_f64(n, p->a + first, p->b + first);
}

static void sums_have_one_order(void **state)
{
    enum { SHORT = 200 }; /* every length below it: rests of all kinds */
    static const size_t lengths[] = {785, 4095, 4096, 4097, 8192, 8200, 4096 * 32, 4096 * 33 + 17, 4096 * 300 + 4095};
    const size_t most = 4096 * 300 + 4095;
    double *a = malloc(most * sizeof *a), *b = malloc(most * sizeof *b);
    float *x = malloc(most * sizeof *x), *y = malloc(most * sizeof *y);
    (void)state;
    assert_true(a && b && x && y);
    size_t others = 0;
    for (size_t j = 0; j < SHORT + sizeof lengths / sizeof *lengths; ++j) {
        const size_t n = j < SHORT ? j : lengths[j - SHORT];
        for (size_t i = 0; i < n; ++i) { a[i] = number((uint32_t)i); }
        const double expected = by_definition(n, a), got = dsgd_sum_of(n, a);
        assert_memory_equal(&got, &expected, sizeof got);
        others += backwards(n, a) != expected;
        for (size_t i = 0; i < n; ++i) { b[i] = i % 2 ? 1.0 : -1.0; }
        const double scalar = dsgd_sum_products_f64(n, a, b);
        for (size_t i = 0; i < n; ++i) { b[i] *= a[i]; }
        const double product = by_definition(n, b);
        assert_memory_equal(&scalar, &product, sizeof scalar);
        for (size_t i = 0; i < n; ++i) { b[i] = i % 2 ? 1.0 : -1.0; }
        for (int threads = 1; threads <= 7; threads += threads == 3 ? 4 : 1) {
            const struct products p = {a, b};
            const double shared = cpu_sum(threads, n, products_chunk, &p);
            assert_memory_equal(&shared, &product, sizeof shared);
        }
        for (size_t i = 0; i < n; ++i) {
            x[i] = (float)number((uint32_t)i), y[i] = (float)number((uint32_t)(i + n));
            b[i] = (double)x[i] * (double)y[i]; /* exact */
        }
        const double floats = dsgd_sum_products_f32(n, x, y), exact = by_definition(n, b);
        assert_memory_equal(&floats, &exact, sizeof floats);
    }
    print_message("%zu of the sums are others in another order\n", others);
    assert_true(others >= 100); /* the numbers show the order */
    free(a), free(b), free(x), free(y);
}

/* More chunks than one chunk holds: their sums are summed by a further level. */
static void sums_of_many_chunks(void **state)
{
    static const size_t counts[] = {1, 4095, 4096, 4097, 8192, 3 * 4096 + 5};
    static double part[3 * 4096 + 5];
    (void)state;
    for (size_t i = 0; i < sizeof part / sizeof *part; ++i) { part[i] = number((uint32_t)i); }
    for (size_t j = 0; j < sizeof counts / sizeof *counts; ++j) {
        struct dsgd_sum sum = {{{0.0}}, {0}};
        for (size_t c = 0; c < counts[j]; ++c) { dsgd_sum_add(&sum, part[c]); }
        const double got = dsgd_sum_end(&sum), expected = by_definition(counts[j], part);
        assert_memory_equal(&got, &expected, sizeof got);
    }
    const double minus = -0.0;
    assert_true(!signbit(dsgd_sum_of(1, &minus)) && !signbit(dsgd_sum_of(0, NULL))); /* lanes begin at +0 */
}

static int by_order(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    if (isnan(x) || isnan(y)) { return !!isnan(x) - !!isnan(y); } /* NaN above everything, all alike */
    if (x == y) { return !!signbit(y) - !!signbit(x); }          /* -0 below +0 */
    return x < y ? -1 : 1;
}

static void medians_follow_the_order(void **state)
{
    static const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, -NAN, 1e-45f, -1e-45f, 3.4e38f, 1.0f, -1.0f};
    enum { SPECIAL = sizeof special / sizeof *special };
    struct dsgd_median_network network;
    (void)state;
    for (int a = 0; a < SPECIAL; ++a) {
        const float back = dsgd_order_value(dsgd_order_key(special[a]));
        assert_true(isnan(special[a]) ? dsgd_bits32(back) == 0x7fffffffu : memcmp(&back, &special[a], sizeof back) == 0);
        for (int b = 0; b < SPECIAL; ++b) {
            const int32_t ka = dsgd_order_key(special[a]), kb = dsgd_order_key(special[b]);
            assert_int_equal((ka > kb) - (ka < kb), by_order(&special[a], &special[b]));
        }
    }
    for (unsigned rows = 1; rows <= DSGD_MEDIAN_ROWS_MAX; rows += 2) {
        dsgd_median_network(rows, &network);
        for (uint32_t draw = 0; draw < 400; ++draw) {
            float value[DSGD_MEDIAN_ROWS_MAX];
            int32_t order[DSGD_MEDIAN_ROWS_MAX];
            for (unsigned j = 0; j < rows; ++j) {
                const struct dsgd_rng4 words = dsgd_rng_draw((struct dsgd_rng_key){7, 8}, j, draw, rows, 0);
                value[j] = words.word[0] % 3 ? special[words.word[1] % SPECIAL] : (float)(int32_t)words.word[2];
                order[j] = dsgd_order_key(value[j]);
            }
            for (unsigned s = 0; s < network.count; ++s) { dsgd_order_two(&order[network.step[s].low], &order[network.step[s].high]); }
            const float got = dsgd_order_value(order[rows / 2]);
            qsort(value, rows, sizeof *value, by_order);
            const float expected = value[rows / 2];
            if (isnan(expected) ? dsgd_bits32(got) != 0x7fffffffu : memcmp(&got, &expected, sizeof got) != 0) {
                fail_msg("median of %u, draw %u: %a, expected %a", rows, draw, (double)got, (double)expected);
            }
        }
    }
}

static void keys_and_choices(void **state)
{
    (void)state;
    assert_int_equal(dsgd_magnitude_key(0.0f), 0);
    assert_int_equal(dsgd_magnitude_key(-0.0f), 0);
    assert_true(dsgd_magnitude_key(-2.0f) > dsgd_magnitude_key(1.9f) && dsgd_magnitude_key(1e-45f) == 1);
    assert_int_equal(dsgd_magnitude_key(NAN), DSGD_KEY_NAN);
    assert_int_equal(dsgd_magnitude_key(-NAN), DSGD_KEY_NAN);
    assert_int_equal(dsgd_magnitude_key(-INFINITY), DSGD_KEY_INFINITY);
    assert_true(dsgd_flip(1.5f, 0x80000001u) == -1.5f && dsgd_flip(-1.5f, 0x7fffffffu) == -1.5f);
    /* a probability p is hit by the words below floor(p 2^32): counted at its border */
    const double quarter = dsgd_ternary_factor(4.0f);
    assert_true(dsgd_ternary_hit(1.0f, 4.0f, quarter, 0x3fffffffu) && !dsgd_ternary_hit(1.0f, 4.0f, quarter, 0x40000000u));
    assert_true(dsgd_ternary_hit(-4.0f, 4.0f, quarter, 0xffffffffu) && dsgd_ternary_hit(INFINITY, 4.0f, quarter, 0xffffffffu));
    assert_true(!dsgd_ternary_hit(0.0f, 4.0f, quarter, 0) && !dsgd_ternary_hit(NAN, 4.0f, quarter, 0));
    assert_true(!dsgd_ternary_hit(1.0f, 0.0f, dsgd_ternary_factor(0.0f), 0) && !dsgd_ternary_hit(1.0f, NAN, dsgd_ternary_factor(NAN), 0));
    assert_true(!dsgd_ternary_hit(INFINITY, INFINITY, dsgd_ternary_factor(INFINITY), 0));
    /* |v| s / ||v|| = 1.25: up for the words from 3/4 of 2^32 on */
    const double factor = dsgd_level_factor(4.0f, 5);
    assert_int_equal(dsgd_level(1.0f, factor, 5, 0xbfffffffu), 1);
    assert_int_equal(dsgd_level(1.0f, factor, 5, 0xc0000000u), 2);
    assert_int_equal(dsgd_level(-1.0f, factor, 5, 0xc0000000u), -2);
    assert_int_equal(dsgd_level(4.0f, factor, 5, 0xffffffffu), 5);
    assert_int_equal(dsgd_level(INFINITY, factor, 5, 0), 5);
    assert_int_equal(dsgd_level(NAN, factor, 5, 0xffffffffu), 0);
    assert_int_equal(dsgd_level(0.8f, dsgd_level_factor(4.0f, 5), 5, 0), 1); /* a whole number stays */
    assert_true(dsgd_level_factor(0.0f, 5) == 0.0 && dsgd_level_factor(INFINITY, 5) == 0.0 && dsgd_level_factor(NAN, 5) == 0.0);
    assert_true(isnan(dsgd_level_value(0, dsgd_level_unit(INFINITY, 5))) && dsgd_level_value(-5, dsgd_level_unit(4.0f, 5)) == -4.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_have_one_order), cmocka_unit_test(sums_of_many_chunks),
                                       cmocka_unit_test(medians_follow_the_order), cmocka_unit_test(keys_and_choices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
