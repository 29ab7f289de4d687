/* test_identities_quantised.c - what levels and ternary vectors must be equal to: means without bias, exact levels without
 * loss, codes that change no bit of the model, bytes by formula.
 */
#include "tests/chosen.h"

/* --- unbiased quantisers -------------------------------------------------------------------------------------------------- */

/* Mean deviation of the update from the mean gradient of the same step, for every coordinate. */
static void deviations(int steps, const char *more, struct check_mean deviation[D], double *norm)
{
    enum { W = 3 };
    struct trial t;
    double total[D] = {0};
    memset(deviation, 0, D * sizeof *deviation);
    trial_open(&t, keyed, W, steps, more);
    for (uint32_t s = 0; s < (uint32_t)steps; ++s) {
        double update[D], mean[D] = {0};
        for (uint32_t w = 0; w < W; ++w) {
            float g[D];
            keyed(s, w, g);
            for (int i = 0; i < D; ++i) { mean[i] += (double)g[i] / W; }
        }
        trial_step(&t, update);
        for (int i = 0; i < D; ++i) {
            check_mean_add(&deviation[i], update[i] - mean[i]);
            total[i] += mean[i] / steps;
        }
    }
    trial_close(&t);
    *norm = 0.0;
    for (int i = 0; i < D; ++i) { *norm += total[i] * total[i]; }
    *norm = sqrt(*norm);
}

/* Within four standard errors in every coordinate (plus what floats round: updates below 4 in a few operations, 2^-20), and
 * all standard errors together below 1% of the gradient's norm. Chance of a false alarm 6e-5 a coordinate, 3% for all
 * settings below together, once for all because seeds are fixed. */
static bool unbiased(int steps, const char *more)
{
    struct check_mean deviation[D];
    double norm = 0.0, error2 = 0.0;
    bool within = true;
    deviations(steps, more, deviation, &norm);
    for (int i = 0; i < D; ++i) {
        const double error = check_mean_error(&deviation[i]);
        within = within && check_is_close(deviation[i].mean, 0.0, 4.0 * error + 0x1p-20);
        error2 += error * error;
    }
    if (!(sqrt(error2) < 0.01 * norm)) { fail_msg("standard error %g of a norm %g: not enough steps\n%s", sqrt(error2), norm, more); }
    return within;
}

static void qsgd_is_unbiased(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "qsgd { norm = max }", "qsgd { norm = l2 }", "qsgd { norm = max bucket = 10 }", "qsgd { norm = l2 bucket = 10 }",
        "qsgd { norm = max bucket = 0 levels = 1 }", "qsgd { norm = l2 bucket = 7 levels = 20 }",
        "qsgd { norm = max bucket = 10 down = levels }", "qsgd { norm = l2 bucket = 0 levels = 15 down = levels }",
    };
    for (size_t j = 0; j < sizeof settings / sizeof *settings; ++j) {
        char more[256];
        snprintf(more, sizeof more, "algorithm = qsgd\n%s\n", settings[j]);
        if (!unbiased(strstr(more, "levels = 1 ") ? 10000 : 3000, more)) { fail_msg("the mean differs\n%s", more); }
    }
}

static void terngrad_is_unbiased(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "share = true per = vector", "share = false per = vector", "share = true per = segment", "share = false per = segment coding = entropy"};
    char more[256];
    for (size_t j = 0; j < sizeof settings / sizeof *settings; ++j) {
        snprintf(more, sizeof more, "algorithm = terngrad\nterngrad { clip = 0 %s }\n", settings[j]);
        if (!unbiased(10000, more)) { fail_msg("the mean differs\n%s", more); }
    }
    /* a planted bias is found: clipping cuts the larger values off */
    assert_false(unbiased(10000, "algorithm = terngrad\nterngrad { clip = 1.5 }\n"));
}

static void terngrad_shared_and_own_scaler_have_one_mean(void **state)
{
    (void)state;
    struct check_mean shared[D], own[D];
    double norm = 0.0;
    /* clipping is the worker's own, so both means are that of the clipped gradients */
    deviations(10000, "algorithm = terngrad\nterngrad { clip = 1.5 per = segment share = true }\n", shared, &norm);
    deviations(10000, "algorithm = terngrad\nterngrad { clip = 1.5 per = segment share = false }\n", own, &norm);
    for (int i = 0; i < D; ++i) {
        const double error = sqrt(pow(check_mean_error(&shared[i]), 2) + pow(check_mean_error(&own[i]), 2));
        CHECK_CLOSE(shared[i].mean, own[i].mean, 4.0 * error + 0x1p-20);
    }
}

/* One worker, scaler = std: every coordinate is 0 or +-2.5 standard deviations, the single-coordinate segment its own value. */
static void terngrad_std_scaler_is_clip_deviations(void **state)
{
    (void)state;
    struct trial t;
    double update[D];
    float g[D];
    trial_open(&t, keyed, 1, 20, "algorithm = terngrad\nterngrad { scaler = std share = false per = segment }\n");
    for (uint32_t s = 0; s < 20; ++s) {
        keyed(s, 0, g);
        trial_step(&t, update);
        for (size_t j = 0; j < 4; ++j) {
            const size_t offset = segment[j].offset, n = segment[j].count;
            double mean = 0.0, square = 0.0;
            for (size_t i = 0; i < n; ++i) { mean += (double)g[offset + i] / (double)n; }
            for (size_t i = 0; i < n; ++i) { square += pow((double)g[offset + i] - mean, 2) / (double)n; }
            const double scale = n == 1 ? fabs((double)g[offset]) : 2.5 * sqrt(square);
            for (size_t i = offset; i < offset + n; ++i) {
                const double signed_scale = g[i] < 0.0f ? -scale : scale;
                if (n == 1 || fabs(update[i]) > 1e-9) { CHECK_CLOSE(update[i], signed_scale, 1e-5); }
            }
        }
    }
    trial_close(&t);
}

/* Draws belong to coordinates, wherever segments end: with equal scalers one or four of them are the same bits. */
static void terngrad_segments_with_one_scaler_are_the_vector(void **state)
{
    (void)state;
    double vector[D], segments[D];
    trial_model(same_maximum, 3, 50, "algorithm = terngrad\nterngrad { clip = 0 per = vector }\n", vector);
    trial_model(same_maximum, 3, 50, "algorithm = terngrad\nterngrad { clip = 0 per = segment }\n", segments);
    assert_memory_equal(vector, segments, sizeof vector);
}

/* --- levels that are exact ------------------------------------------------------------------------------------------------ */

/* Multiples of 1/8 of a maximum of 8 in each run of eight. */
static void eighths(uint32_t step, uint32_t worker, float *grad)
{
    for (uint32_t i = 0; i < D; ++i) { grad[i] = i % 8 == 0 ? 8.0f : (float)((int)((i * 5 + step * 3 + worker) % 17) - 8); }
}

/* (3, 4, 0, 0) and its like, with a norm of 5: level 3 and 4 of 5; the last run has (4, 3, 0). The same for all workers. */
static void pythagoras(uint32_t step, uint32_t worker, float *grad)
{
    (void)worker;
    for (uint32_t i = 0; i < D; ++i) {
        const uint32_t place = (i + step) % 4 < 2 ? (i + step) % 2 : 2;
        grad[i] = i / 4 == D / 4 ? (i % 4 == 0 ? 4.0f : i % 4 == 1 ? -3.0f : 0.0f) : place == 0 ? -3.0f : place == 1 ? 4.0f : 0.0f;
    }
}

/* Nothing is left to chance, sums of small integers are exact: the model of plain SGD, bit for bit. A probability of 1 that
 * rounding turned into 1 - 2^-52 would fail with a chance of 2^-32. */
static void qsgd_exact_levels_are_lossless(void **state)
{
    (void)state;
    double plain[D], quantised[D];
    trial_model(eighths, 4, 30, "algorithm = sgd\n", plain);
    trial_model(eighths, 4, 30, "algorithm = qsgd\nqsgd { levels = 8 bucket = 8 norm = max }\n", quantised);
    assert_memory_equal(plain, quantised, sizeof plain);
    trial_model(pythagoras, 4, 30, "algorithm = sgd\n", plain);
    trial_model(pythagoras, 4, 30, "algorithm = qsgd\nqsgd { levels = 5 bucket = 4 norm = l2 }\n", quantised);
    assert_memory_equal(plain, quantised, sizeof plain);
    trial_model(pythagoras, 4, 30, "algorithm = qsgd\nqsgd { levels = 5 bucket = 4 norm = l2 down = levels coding = elias }\n", quantised);
    assert_memory_equal(plain, quantised, sizeof plain);
}

static void codes_do_not_change_the_model(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"algorithm = qsgd\nqsgd { coding = packed }\n", "algorithm = qsgd\nqsgd { coding = elias }\n"},
        {"algorithm = qsgd\nqsgd { coding = packed bucket = 9 norm = l2 down = levels }\n",
         "algorithm = qsgd\nqsgd { coding = elias bucket = 9 norm = l2 down = levels }\n"},
        {"algorithm = terngrad\nterngrad { coding = planes }\n", "algorithm = terngrad\nterngrad { coding = entropy }\n"},
        {"algorithm = terngrad\nterngrad { coding = planes share = false per = segment }\n",
         "algorithm = terngrad\nterngrad { coding = entropy share = false per = segment }\n"},
    };
    for (size_t j = 0; j < sizeof pairs / sizeof *pairs; ++j) {
        double a[D], b[D];
        trial_model(keyed, 3, 100, pairs[j][0], a);
        trial_model(keyed, 3, 100, pairs[j][1], b);
        assert_memory_equal(a, b, sizeof a);
    }
}

/* --- bytes, per worker and step ------------------------------------------------------------------------------------------- */

static void check_wire(const char *more, const uint64_t up[DSGD_KINDS], const uint64_t down[DSGD_KINDS])
{
    struct trial t;
    trial_open(&t, keyed, 3, 10, more);
    harness_finish(t.engine);
    const struct dsgd_ledger *ledger = dsgd_engine_ledger(t.engine);
    for (int k = 0; k < DSGD_KINDS; ++k) {
        assert_int_equal(ledger->up[k], 3 * 10 * up[k]);
        assert_int_equal(ledger->down[k], 3 * 10 * down[k]);
    }
    trial_close(&t);
}

static void bytes_are_those_of_the_formulas(void **state)
{
    (void)state;
    const uint64_t plane = 6; /* ceil(43/8) */
    check_wire("algorithm = signsgd\n", (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = plane}, (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = plane});
    check_wire("algorithm = signsgd\nsignsgd { momentum = 0.9 zero = coin tie = coin }\n", (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = plane},
               (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = plane});
    check_wire("algorithm = ef_signsgd\n", (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = plane, [DSGD_SCALE] = 4},
               (uint64_t[DSGD_KINDS]){[DSGD_DENSE] = 4 * D});
    check_wire("algorithm = ef_signsgd\nef_signsgd { scale = segment down = sign }\n",
               (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = plane, [DSGD_SCALE] = 4 * 4},
               (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = plane, [DSGD_SCALE] = 4 * 4});
    /* 15 levels: 4 bits each, ceil(43 * 4 / 8) = 22; ceil(43/10) = 5 buckets */
    check_wire("algorithm = qsgd\n", (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 22, [DSGD_SCALE] = 4}, (uint64_t[DSGD_KINDS]){[DSGD_DENSE] = 4 * D});
    check_wire("algorithm = qsgd\nqsgd { bucket = 10 down = levels }\n", (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 22, [DSGD_SCALE] = 4 * 5},
               (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 22, [DSGD_SCALE] = 4 * 5});
    /* W = 3: sums in [-3, 3], 3 bits each, ceil(43 * 3 / 8) = 17 */
    check_wire("algorithm = terngrad\nterngrad { per = segment }\n", (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 2 * plane, [DSGD_SCALE] = 4 * 4},
               (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 17, [DSGD_SCALE] = 4 * 4});
    check_wire("algorithm = terngrad\nterngrad { share = false }\n", (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 2 * plane, [DSGD_SCALE] = 4},
               (uint64_t[DSGD_KINDS]){[DSGD_DENSE] = 4 * D});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qsgd_is_unbiased),
        cmocka_unit_test(terngrad_is_unbiased),
        cmocka_unit_test(terngrad_shared_and_own_scaler_have_one_mean),
        cmocka_unit_test(terngrad_std_scaler_is_clip_deviations),
        cmocka_unit_test(terngrad_segments_with_one_scaler_are_the_vector),
        cmocka_unit_test(qsgd_exact_levels_are_lossless),
        cmocka_unit_test(codes_do_not_change_the_model),
        cmocka_unit_test(bytes_are_those_of_the_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
