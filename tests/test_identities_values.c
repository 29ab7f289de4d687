/* test_identities_values.c - what must be equal for local SGD, 16-bit values and truncation; ledgers of structured methods. */
#include "tests/structured.h"

/* --- local SGD ---------------------------------------------------------------------------------------------------------- */

/* eta g is rounded at the worker and not after the mean: half an ulp of a displacement below 1 per step, that is 2^-25. */
static void local_sgd_every_step_is_sgd(void **state)
{
    (void)state;
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = local_sgd\nlocal_sgd { local_steps = 1 }\n"), 0.0, 100 * 0x1p-24);
    CHECK_CLOSE(max_difference("algorithm = sgd\nsgd { momentum = 0.9 }\n", "algorithm = local_sgd\nlocal_sgd { local_steps = 1 momentum = 0.9 }\n"),
                0.0, 10 * 100 * 0x1p-24); /* u is a sum of ten gradients */
}

/* Gradients of a quadratic are linear in the model: the mean of the workers' walks is SGD's walk, whatever H is. Two
 * roundings per step, of x - delta and of delta. */
static void local_sgd_on_a_quadratic_averages_to_sgd(void **state)
{
    (void)state;
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = local_sgd\nlocal_sgd { local_steps = 10 }\n"), 0.0, 100 * 0x1p-23);
    /* 100 = 9 * 11 + 1: the last step averages too; H beyond T is one average at the end */
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = local_sgd\nlocal_sgd { local_steps = 11 }\n"), 0.0, 100 * 0x1p-23);
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = local_sgd\nlocal_sgd { local_steps = 1000 }\n"), 0.0, 100 * 0x1p-23);
}

/* One worker without noise walks as SGD does; its model is known to all at averaging steps, and stays in between. */
static void local_sgd_one_worker_is_sgd_at_averagings(void **state)
{
    (void)state;
    static const char *const text = "problem = quadratic\nquadratic { d = 50 kappa = 5 sigma = 0 }\nworkers = 1\nsteps = 44\nstep { constant = 0.05 }\n";
    struct harness plain, local;
    char with[512];
    double last[50] = {0};
    int averagings = 0;
    snprintf(with, sizeof with, "%salgorithm = local_sgd\nlocal_sgd { local_steps = 8 }\n", text);
    HARNESS_OK(harness_open(&plain, text, "algorithm=sgd", 1));
    HARNESS_OK(harness_open(&local, with, NULL, 1));
    for (int t = 1; t <= 44; ++t) {
        HARNESS_OK(dsgd_engine_step(plain.engine));
        HARNESS_OK(dsgd_engine_step(local.engine));
        const double *x = dsgd_engine_model(plain.engine), *y = dsgd_engine_model(local.engine);
        if (t % 8 == 0 || t == 44) {
            for (int i = 0; i < 50; ++i) { CHECK_CLOSE(y[i], x[i], t * 0x1p-23); } /* x - delta and delta: two roundings per step */
            assert_true(memcmp(last, y, sizeof last) != 0);
            memcpy(last, y, sizeof last);
            ++averagings;
        } else {
            assert_memory_equal(last, y, sizeof last);
        }
        const struct dsgd_ledger *ledger = dsgd_engine_ledger(local.engine);
        assert_int_equal(ledger->messages_up, averagings);
        assert_int_equal(ledger->messages_down, averagings);
        assert_int_equal(ledger->up[DSGD_DENSE], averagings * 4 * 50);
        assert_int_equal(ledger->down[DSGD_DENSE], averagings * 4 * 50);
    }
    harness_close(&plain);
    harness_close(&local);
}

/* --- 16-bit values, truncation ------------------------------------------------------------------------------------------ */

static void check_bytes(const char *more, const uint64_t up[DSGD_KINDS], const uint64_t down[DSGD_KINDS])
{
    enum kind kind = INTEGERS;
    struct harness h;
    struct dsgd_engine *engine = open_kind(&h, &kind, 4, more);
    harness_finish(engine);
    const struct dsgd_ledger *ledger = dsgd_engine_ledger(engine);
    for (int k = 0; k < DSGD_KINDS; ++k) {
        if (ledger->up[k] != 4 * 24 * up[k] || ledger->down[k] != 4 * 24 * down[k]) {
            fail_msg("%s%s: %llu up, %llu down in 96 messages", more, dsgd_kind_name((enum dsgd_kind)k), (unsigned long long)ledger->up[k],
                     (unsigned long long)ledger->down[k]);
        }
    }
    close_kind(&h, engine);
}

/* Bytes of one worker and step, by hand. */
static void ledgers_are_the_formulas(void **state)
{
    (void)state;
    check_bytes("algorithm = sgd\nsgd { values = fp16 }\n", (uint64_t[DSGD_KINDS]){[DSGD_DENSE] = 2 * D},
                (uint64_t[DSGD_KINDS]){[DSGD_DENSE] = 2 * D});
    check_bytes("algorithm = sgd\nsgd { values = bf16 }\n", (uint64_t[DSGD_KINDS]){[DSGD_DENSE] = 2 * D},
                (uint64_t[DSGD_KINDS]){[DSGD_DENSE] = 2 * D});
    /* r (n + m) floats of P and Q, the bias dense */
    check_bytes("algorithm = powersgd\npowersgd { rank = 2 }\n",
                (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 4 * 2 * (ROWS + COLS), [DSGD_DENSE] = 4 * BIAS},
                (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 4 * 2 * (ROWS + COLS), [DSGD_DENSE] = 4 * BIAS});
    /* 7 numbers in 2 rows of 4: 1 (2 + 4) < 7 */
    check_bytes("algorithm = powersgd\npowersgd { rank = 1 vectors = square }\n",
                (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 4 * (ROWS + COLS + 2 + 4)}, (uint64_t[DSGD_KINDS]){[DSGD_VALUE] = 4 * (ROWS + COLS + 2 + 4)});
    check_bytes("algorithm = fetchsgd\nfetchsgd { rows = 5 cols = 16 k = 7 indices = raw }\n", (uint64_t[DSGD_KINDS]){[DSGD_TABLE] = 4 * 80},
                (uint64_t[DSGD_KINDS]){[DSGD_INDEX] = 4 * 7, [DSGD_VALUE] = 4 * 7});
    /* tables, values and dense segments halved, indices in ceil(log2 127) = 7 bits: 21 -> 19 bytes, 7 -> 7 bytes */
    check_bytes("algorithm = sketched_sgd\nsketched_sgd { variant = topk rows = 5 cols = 16 k = 7 candidates = 3 dense_below = 8 values = fp16 indices = fixed }\n",
                (uint64_t[DSGD_KINDS]){[DSGD_TABLE] = 2 * 80, [DSGD_VALUE] = 2 * 21, [DSGD_DENSE] = 2 * BIAS},
                (uint64_t[DSGD_KINDS]){[DSGD_REQUEST] = 19, [DSGD_INDEX] = 7, [DSGD_VALUE] = 2 * 7, [DSGD_DENSE] = 2 * BIAS});
    check_bytes("algorithm = sketched_sgd\nsketched_sgd { rows = 5 cols = 16 k = 7 values = bf16 indices = fixed }\n",
                (uint64_t[DSGD_KINDS]){[DSGD_TABLE] = 2 * 80, [DSGD_VALUE] = 2 * 7},
                (uint64_t[DSGD_KINDS]){[DSGD_REQUEST] = 7, [DSGD_VALUE] = 2 * 7});
}

/* Means of four integers up to 24 have two bits behind the point: seven bits, which both formats hold. */
static void sgd_16_bits_exact_inputs_same_model(void **state)
{
    (void)state;
    CHECK_CLOSE(difference(INTEGERS, 4, "algorithm = sgd\n", "algorithm = sgd\nsgd { values = fp16 }\n"), 0.0, 0.0);
    CHECK_CLOSE(difference(INTEGERS, 4, "algorithm = sgd\n", "algorithm = sgd\nsgd { values = bf16 }\n"), 0.0, 0.0);
    const double fp16 = difference(NOISY, 4, "algorithm = sgd\n", "algorithm = sgd\nsgd { values = fp16 }\n");
    const double bf16 = difference(NOISY, 4, "algorithm = sgd\n", "algorithm = sgd\nsgd { values = bf16 }\n");
    print_message("rounding of values: fp16 %.2g, bf16 %.2g\n", fp16, bf16);
    assert_true(fp16 > 1e-6 && fp16 < bf16 && bf16 < 24 * 0.25 * 2 * 4 * 0x1p-8); /* values below 4, half an ulp of 8 bits, twice */
}

/* HEAVYMIX feeds the rounding of its answers back: what was sent and what is held back still add up to all gradients. */
static void sketched_heavymix_16_bits_loses_nothing(void **state)
{
    (void)state;
    enum kind kind = NOISY;
    struct harness h;
    struct dsgd_engine *engine = open_kind(&h, &kind, 4, "algorithm = sketched_sgd\nsketched_sgd { k = 30 cols = 60 values = bf16 }\n");
    double all[D] = {0};
    for (uint32_t t = 0; t < 24; ++t) {
        for (uint32_t w = 0; w < 4; ++w) {
            float g[D];
            gradient(&kind, NULL, &(struct dsgd_batch){.step = t, .worker = w}, g);
            for (int i = 0; i < D; ++i) { all[i] += 0.25 * (double)g[i] / 4.0; }
        }
        HARNESS_OK(dsgd_engine_step(engine));
    }
    double a[4][D];
    for (uint32_t w = 0; w < 4; ++w) { harness_row(engine, "worker/a", w, D, a[w]); }
    for (int i = 0; i < D; ++i) {
        double mean = 0.0;
        for (uint32_t w = 0; w < 4; ++w) { mean += a[w][i] / 4.0; }
        CHECK_CLOSE(mean - dsgd_engine_model(engine)[i], all[i], 1e-12);
    }
    close_kind(&h, engine);
}

/* 18 coordinates are not zero: their sketch is the sketch of everything. Three are too few. */
static void sketched_truncate_enough_is_none(void **state)
{
    (void)state;
    const char *whole = "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 3 cols = 20 }\n";
    CHECK_CLOSE(difference(SPARSE, 4, whole, "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 3 cols = 20 truncate = 7 }\n"), 0.0, 0.0);
    CHECK_CLOSE(difference(NOISY, 4, whole, "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 3 cols = 20 truncate = 43 }\n"), 0.0, 0.0);
    assert_true(difference(NOISY, 4, whole, "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 3 cols = 20 truncate = 1 }\n") > 1e-3);
}

static void merged_is_refused_where_it_is_not_linear(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "algorithm = sgd\nsgd { values = fp16 }\n", "algorithm = local_sgd\n",
        "algorithm = sketched_sgd\nsketched_sgd { values = bf16 }\n",
        "algorithm = sketched_sgd\nsketched_sgd { variant = topk truncate = 2 }\n",
    };
    for (size_t j = 0; j < sizeof texts / sizeof *texts; ++j) {
        struct harness h;
        char text[512];
        snprintf(text, sizeof text, "problem = quadratic\nworkers = 4\nsteps = 4\nstep { constant = 0.1 }\nemulation = merged\n%s", texts[j]);
        assert_int_equal(harness_open(&h, text, NULL, 1), DSGD_EINPUT);
        assert_non_null(strstr(dsgd_error(), "emulation = merged"));
        harness_close(&h);
    }
    CHECK_CLOSE(difference(INTEGERS, 4, "algorithm = local_sgd\nlocal_sgd { local_steps = 1 }\n",
                           "algorithm = local_sgd\nlocal_sgd { local_steps = 1 }\nemulation = merged\n"), 0.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_sgd_every_step_is_sgd),
        cmocka_unit_test(local_sgd_on_a_quadratic_averages_to_sgd),
        cmocka_unit_test(local_sgd_one_worker_is_sgd_at_averagings),
        cmocka_unit_test(ledgers_are_the_formulas),
        cmocka_unit_test(sgd_16_bits_exact_inputs_same_model),
        cmocka_unit_test(sketched_heavymix_16_bits_loses_nothing),
        cmocka_unit_test(sketched_truncate_enough_is_none),
        cmocka_unit_test(merged_is_refused_where_it_is_not_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
