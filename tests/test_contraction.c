/* test_contraction.c - Lemma 1's ratio against enumeration and Monte Carlo; the sizes of Lemma 1 and Theorem 7 (suite: numerics). */
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "theory/contraction.h"
#include "theory/sketch_size.h"
#include "verify/heavymix.h"
#include "verify/shapes.h"

enum { SMALL = 9, SEED = 2026 };

static const float small[SMALL] = {0.5f, -3.0f, 0.25f, 0.0f, 1.5f, -0.125f, 2.0f, 0.75f, -1.0f};

static unsigned bits_of(unsigned set)
{
    unsigned n = 0;
    for (; set != 0; set &= set - 1) { ++n; }
    return n;
}

/* E||g - g~||^2/||g||^2 over all fills of H, each with equal weight. */
static double enumerated(unsigned heavy, unsigned k)
{
    double total = 0.0, fills = 0.0, norm2 = 0.0;
    for (unsigned i = 0; i < SMALL; ++i) { norm2 += (double)small[i] * (double)small[i]; }
    for (unsigned set = 0; set < 1u << SMALL; ++set) {
        if ((set & heavy) != heavy || bits_of(set) != k) { continue; }
        fills += 1.0;
        for (unsigned i = 0; i < SMALL; ++i) { total += set >> i & 1 ? 0.0 : (double)small[i] * (double)small[i]; }
    }
    return total / fills / norm2;
}

static void contraction_equals_enumeration_for_every_h_and_k(void **unused)
{
    (void)unused;
    unsigned char mark[SMALL] = {0};
    for (unsigned heavy = 0; heavy < 1u << SMALL; ++heavy) {
        uint32_t index[SMALL];
        size_t h = 0;
        double heavy2 = 0.0, norm2 = 0.0;
        for (unsigned i = 0; i < SMALL; ++i) {
            norm2 += (double)small[i] * (double)small[i];
            if (!(heavy >> i & 1)) { continue; }
            index[h++] = i;
            heavy2 += (double)small[i] * (double)small[i];
        }
        for (size_t k = h > 0 ? h : 1; k <= SMALL; ++k) {
            const struct theory_contraction c = theory_contraction(SMALL, small, k, h, index, mark);
            CHECK_CLOSE(c.ratio, enumerated(heavy, (unsigned)k), 1e-14);
            CHECK_CLOSE(c.norm2, norm2, 0.0);
            assert_int_equal(isnan(c.relative), k == SMALL);
            if (k == SMALL) { continue; }
            CHECK_CLOSE(c.relative, c.ratio / (1.0 - (double)k / SMALL), 1e-14);
            /* at most 1 exactly where H has at least the mean energy */
            if (fabs(c.relative - 1.0) > 1e-12) { assert_int_equal(c.relative < 1.0, heavy2 / norm2 > (double)h / SMALL); }
            /* alpha >= k/d is enough */
            if (c.alpha >= (double)k / SMALL) { assert_true(c.relative <= 1.0 + 1e-14); }
        }
    }
    for (unsigned i = 0; i < SMALL; ++i) { assert_int_equal(mark[i], 0); }
}

static void contraction_of_nothing_and_of_all_is_zero(void **unused)
{
    (void)unused;
    static const float zero[SMALL] = {0.0f};
    unsigned char mark[SMALL] = {0};
    uint32_t all[SMALL];
    for (uint32_t i = 0; i < SMALL; ++i) { all[i] = i; }
    const struct theory_contraction none = theory_contraction(SMALL, zero, 3, 1, all, mark);
    CHECK_CLOSE(none.ratio, 0.0, 0.0);
    assert_true(isnan(none.relative));
    CHECK_CLOSE(theory_residual(SMALL, zero, 3, all, mark), 0.0, 0.0);
    CHECK_CLOSE(theory_residual(SMALL, small, SMALL, all, mark), 0.0, 0.0);
    CHECK_CLOSE(theory_residual(SMALL, small, 0, all, mark), 1.0, 0.0);
    assert_true(isinf(theory_contraction(SMALL, small, 3, 0, all, mark).alpha));
    CHECK_CLOSE(theory_contraction(SMALL, small, 2, 1, all + 1, mark).alpha, 9.0 * 2.0 / 17.140625, 1e-12);
}

/* The project's own HEAVYMIX, one sketch, many fills; and many sketches. */
static void contraction_equals_monte_carlo_of_heavymix(void **unused)
{
    (void)unused;
    enum { D = 64, FILLS = 20000 };
    static const size_t budget[] = {1, 6, 12, 63};
    for (int shape = VERIFY_GAUSSIAN; shape <= VERIFY_SPIKY; ++shape) {
        float g[D];
        struct heavymix h;
        assert_int_equal(verify_shape_fill((enum verify_shape)shape, D, SEED, g), DSGD_OK);
        assert_int_equal(heavymix_open(D, D, 3, 16, NULL, SEED, &h), DSGD_OK);
        heavymix_sketch(&h, g);
        for (size_t j = 0; j < sizeof budget / sizeof *budget; ++j) {
            struct check_mean mean = {0}, over = {0};
            struct heavymix_call call;
            for (uint32_t t = 0; t < FILLS; ++t) {
                assert_int_equal(heavymix_choose(&h, g, budget[j], t, &call), DSGD_OK);
                check_mean_add(&mean, call.residual);
            }
            CHECK_CLOSE(mean.mean, call.lemma.ratio, 4.0 * check_mean_error(&mean) + 1e-12);
            for (uint32_t t = 0; t < FILLS / 10; ++t) {
                heavymix_reseed(&h, t + 1);
                heavymix_sketch(&h, g);
                assert_int_equal(heavymix_choose(&h, g, budget[j], t, &call), DSGD_OK);
                check_mean_add(&over, call.residual - call.lemma.ratio);
                if (shape == VERIFY_FLAT) { CHECK_CLOSE(call.lemma.relative, 1.0, 1e-12); }
            }
            CHECK_CLOSE(over.mean, 0.0, 4.0 * check_mean_error(&over) + 1e-12);
        }
        heavymix_close(&h);
    }
}

/* A wrong formula must not pass: without the random fill's share, ||g_NH||^2/||g||^2. */
static void contraction_planted_formula_without_fill_is_detected(void **unused)
{
    (void)unused;
    const double planted = 1.0 - 9.0 / 17.140625; /* H = {1}, k = 4 */
    assert_false(check_is_close(enumerated(1u << 1, 4), planted, 0.01));
}

static void median_failure_is_the_binomial_tail(void **unused)
{
    (void)unused;
    CHECK_CLOSE(theory_median_failure(1, 0.3), 0.3, 1e-14);
    CHECK_CLOSE(theory_median_failure(3, 0.1), 3.0 * 0.01 * 0.9 + 0.001, 1e-14);
    CHECK_CLOSE(theory_median_failure(5, 1.5), 1.0, 0.0);
    for (uint32_t r = 1; r <= 63; r += 2) { assert_true(theory_median_failure(r, 0.125) <= pow(7.0 / 16.0, r / 2.0)); }
}

static void lemma1_delta_falls_with_the_size_and_is_vacuous_at_the_papers(void **unused)
{
    (void)unused;
    CHECK_CLOSE(theory_lemma1_delta(785, 10, 7, 40), 1.0, 0.0);
    CHECK_CLOSE(theory_lemma1_delta(785, 785, 7, 40000), 1.0, 0.0); /* no tolerance is left */
    const double one = theory_lemma1_delta(256, 32, 11, 1300);
    assert_true(one > 0.0 && one < 0.02);
    assert_true(theory_lemma1_delta(256, 32, 13, 1300) < one);
    assert_true(theory_lemma1_delta(256, 32, 11, 1400) < one);
}

static void theorem7_size_gives_its_delta(void **unused)
{
    (void)unused;
    static const double deltas[] = {0.5, 0.05, 1e-3};
    for (size_t j = 0; j < sizeof deltas / sizeof *deltas; ++j) {
        const double cols = theory_theorem7_cols(5, 0.2, 0.5, 0.2);
        const uint32_t rows = theory_theorem7_rows(785, deltas[j]);
        assert_int_equal(rows % 2, 1);
        CHECK_CLOSE(cols, 8.0 * (5.0 + 80.0), 1e-9 + 1.0); /* rounded up */
        assert_true(theory_theorem7_delta(785, 5, 0.2, 0.5, 0.2, rows, cols) <= deltas[j]);
        CHECK_CLOSE(theory_theorem7_delta(785, 5, 0.2, 0.5, 0.2, 1, cols), 1.0, 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contraction_equals_enumeration_for_every_h_and_k),
        cmocka_unit_test(contraction_of_nothing_and_of_all_is_zero),
        cmocka_unit_test(contraction_equals_monte_carlo_of_heavymix),
        cmocka_unit_test(contraction_planted_formula_without_fill_is_detected),
        cmocka_unit_test(median_failure_is_the_binomial_tail),
        cmocka_unit_test(lemma1_delta_falls_with_the_size_and_is_vacuous_at_the_papers),
        cmocka_unit_test(theorem7_size_gives_its_delta),
    };
    return cmocka_run_group_tests_name("contraction", tests, NULL, NULL);
}
