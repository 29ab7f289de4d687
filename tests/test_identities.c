/* test_identities.c - what must be equal: k = d and SGD, faithful and merged, ledgers and formulas derived by hand. */
#include "tests/integer_problem.h"

static const char *const base = "problem = quadratic\nquadratic { d = 50 kappa = 5 sigma = 1 }\nworkers = 4\nsteps = 200\n"
                                "step { constant = 0.05 }\n";

static void text_of(char *text, size_t size, const char *more)
{
    snprintf(text, size, "%s%s", base, more);
}

static double max_difference_with(const char *a, const char *b, const char *set)
{
    char text[1024];
    double *x = NULL, *y = NULL, worst = 0.0;
    text_of(text, sizeof text, a);
    const size_t d = harness_model(text, set, &x);
    text_of(text, sizeof text, b);
    assert_int_equal(harness_model(text, set, &y), d);
    for (size_t i = 0; i < d; ++i) {
        const double difference = fabs(x[i] - y[i]);
        worst = difference <= worst ? worst : difference; /* keeps a NaN */
    }
    free(x);
    free(y);
    return worst;
}

static double max_difference(const char *a, const char *b)
{
    return max_difference_with(a, b, NULL);
}

/* Everything is sent, v = g and u, v are cleared: the same floats are averaged in the same order, so the bits agree. */
static void sketched_topk_k_equals_d_is_sgd(void **state)
{
    (void)state;
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 50 cols = 8 }\n"), 0.0,
                0.0);
}

static void sketched_topk_momentum_k_equals_d_is_sgd_without_momentum(void **state)
{
    (void)state;
    const char *sketched = "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 50 cols = 8 momentum = 0.9 }\n";
    CHECK_CLOSE(max_difference("algorithm = sgd\n", sketched), 0.0, 0.0);
    /* and it is not SGD with momentum: the masking has cancelled it (rebuttal 8) */
    assert_true(max_difference("algorithm = sgd\nsgd { momentum = 0.9 }\n", sketched) > 1e-3);
}

/* The same floats in the same order, whether the server's buffer is SGD's or the engine's; and a replica's momentum on a
 * sparse update equals that on the same dense one. */
static void server_momentum_is_sgd_momentum(void **state)
{
    (void)state;
    CHECK_CLOSE(max_difference("algorithm = sgd\nsgd { momentum = 0.9 }\n", "algorithm = sgd\nserver_momentum = 0.9\n"), 0.0, 0.0);
    CHECK_CLOSE(max_difference("algorithm = sgd\nserver_momentum = 0.9\n",
                               "algorithm = local_topk\nlocal_topk { k = 50 }\nserver_momentum = 0.9\n"), 0.0, 0.0);
    const char *nesterov = "algorithm = sgd\nserver_momentum = 0.9\nserver_nesterov = true\n";
    CHECK_CLOSE(max_difference(nesterov, "algorithm = local_topk\nlocal_topk { k = 50 }\nserver_momentum = 0.9\nserver_nesterov = true\n"), 0.0, 0.0);
    assert_true(max_difference(nesterov, "algorithm = sgd\nserver_momentum = 0.9\n") > 1e-3);
}

static void local_topk_k_equals_d_is_sgd(void **state)
{
    (void)state;
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = local_topk\nlocal_topk { k = 50 }\n"), 0.0, 0.0);
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = local_topk\nlocal_topk { k = 50 momentum = 0.9 }\n"), 0.0, 0.0);
}

/* Algorithm 2 sends eta g + a rounded to floats: at most half an ulp of a value below 1 per step and worker (2^-25), which
 * goes into the memory and comes back; over 200 contracting steps well below 200 2^-24. */
static void sketched_heavymix_k_equals_d_is_sgd(void **state)
{
    (void)state;
    const double tolerance = 200 * 0x1p-24;
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = sketched_sgd\nsketched_sgd { k = 50 cols = 8 }\n"), 0.0, tolerance);
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = sketched_sgd\nsketched_sgd { k = 50 cols = 8 own_value = true }\n"), 0.0,
                tolerance);
}

/* lr inside or outside the memory: the same for a constant power of two, bit for bit. */
static void sketched_topk_lr_inside_power_of_two_is_outside(void **state)
{
    (void)state;
    CHECK_CLOSE(max_difference_with("algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 5 cols = 20 lr_inside = true }\n",
                                    "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 5 cols = 20 }\n", "step.constant=0.0625"), 0.0, 0.0);
}

/* dense_below larger than the only segment leaves nothing to sketch */
static void sketched_dense_everything_is_refused(void **state)
{
    (void)state;
    struct harness h;
    char text[1024];
    text_of(text, sizeof text, "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 5 dense_below = 51 }\n");
    assert_int_equal(harness_open(&h, text, NULL, 1), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "dense_below"));
    harness_close(&h);
}

static void sgd_decoupled_decay_equals_coupled_plus_gradient(void **state)
{
    (void)state;
    /* plain SGD: x - eta (g + w x) = (1 - eta w) x - eta g; floats of the coupled form round once per step, 2^-24 relative */
    CHECK_CLOSE(max_difference("algorithm = sgd\nweight_decay = 0.1\n", "algorithm = sgd\nweight_decay = 0.1\nweight_decay_mode = decoupled\n"),
                0.0, 200 * 0x1p-24);
    assert_true(max_difference("algorithm = sgd\nweight_decay = 0.1\n", "algorithm = sgd\n") > 1e-3);
}

/* --- gradients are small integers: sums are exact in any order --------------------------------------------------------- */

static void integer_run(const char *more, const char *emulation, char digest[65])
{
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text,
             "problem = quadratic\nworkers = 4\nsteps = 12\nstep { constant = 0.25 }\naverage = uniform\n"
             "log { every = 1 oracle = false }\nemulation = %s\n%s", emulation, more);
    struct dsgd_engine *engine = integer_open(&h, text, 2);
    harness_finish(engine);
    harness_digest(engine, digest);
    dsgd_engine_destroy(engine);
    harness_close(&h);
}

/* Gradients are integers, W and the learning rate powers of two, momentum 1/2: every sum is exact, so W workers and one
 * worker on the mean are the same bits, ledger included. */
static void merged_exact_inputs_same_digest(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "algorithm = sgd\n",
        "algorithm = sgd\nsgd { momentum = 0.5 }\n",
        "algorithm = sketched_sgd\nsketched_sgd { variant = heavymix k = 7 rows = 5 cols = 16 }\n",
        "algorithm = sketched_sgd\nsketched_sgd { variant = heavymix k = 7 rows = 5 cols = 16 sketch_reseed = run }\n",
        "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 7 rows = 5 cols = 16 candidates = 3 }\n",
        "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 7 rows = 5 cols = 16 candidates = 3 momentum = 0.5 lr_inside = true }\n",
        "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 7 rows = 5 cols = 16 candidates = 0 momentum = 0.5 }\n",
        "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 7 rows = 5 cols = 16 candidates = 2 dense_below = 10 momentum = 0.5 }\n",
        "algorithm = true_topk\ntrue_topk { k = 7 }\n",
        "algorithm = true_topk\ntrue_topk { k = 7 momentum = 0.5 lr_inside = true indices = delta }\n",
        "algorithm = true_topk\ntrue_topk { k = 7 momentum = 0.5 masking = false }\n",
        "algorithm = random_k\nrandom_k { k = 7 }\n",
        "algorithm = random_k\nrandom_k { k = 7 momentum = 0.5 lr_inside = true }\n",
        "algorithm = random_k\nrandom_k { k = 7 momentum = 0.5 memory = false scale = unbiased }\n",
    };
    for (size_t j = 0; j < sizeof settings / sizeof *settings; ++j) {
        char faithful[65], merged[65];
        integer_run(settings[j], "faithful", faithful);
        integer_run(settings[j], "merged", merged);
        if (strcmp(faithful, merged) != 0) { fail_msg("faithful and merged differ for %s", settings[j]); }
    }
}

static void merged_unmergeable_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"algorithm = local_topk\n", "algorithm = terngrad\n", "algorithm = pkk\n"};
    for (size_t j = 0; j < sizeof names / sizeof *names; ++j) {
        struct harness h;
        char text[1024];
        snprintf(text, sizeof text, "%s%semulation = merged\n", base, names[j]);
        assert_int_equal(harness_open(&h, text, NULL, 1), DSGD_EINPUT);
        assert_non_null(strstr(dsgd_error(), "emulation = merged"));
        harness_close(&h);
    }
}

/* --- ledgers against formulas derived by hand, per worker and step ------------------------------------------------------ */

static void check_ledger(const char *more, uint64_t up, uint64_t down, double values)
{
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "problem = quadratic\nquadratic { d = 785 }\nworkers = 4\nsteps = 50\nstep { constant = 0.01 }\n%s", more);
    HARNESS_OK(harness_open(&h, text, NULL, 1));
    harness_finish(h.engine);
    const struct dsgd_ledger *ledger = dsgd_engine_ledger(h.engine);
    uint64_t all_up = 0, all_down = 0;
    for (int k = 0; k < DSGD_KINDS; ++k) {
        all_up += ledger->up[k];
        all_down += ledger->down[k];
    }
    assert_int_equal(ledger->worker_steps, 200);
    assert_int_equal(all_up, 200 * up);
    assert_int_equal(all_down, 200 * down);
    assert_int_equal(ledger->broadcast, 50 * down);
    CHECK_CLOSE(ledger->values_min, values, 0.0); /* at every step: the extremes are the value itself */
    CHECK_CLOSE(ledger->values_max, values, 0.0);
    CHECK_CLOSE(ledger->wire_min, (double)(up + down), 0.0);
    CHECK_CLOSE(ledger->wire_max, (double)(up + down), 0.0);
    harness_close(&h);
}

static void ledger_sgd_is_2d(void **state)
{
    (void)state;
    check_ledger("algorithm = sgd\n", 4 * 785, 4 * 785, 2 * 785);
}

static void ledger_sketched_topk_is_390(void **state)
{
    (void)state;
    /* up: table 280 + exact values 100; down: request 100 indices, then 10 indices and 10 values */
    check_ledger("algorithm = sketched_sgd\nsketched_sgd { variant = topk rows = 7 cols = 40 k = 10 candidates = 10 indices = raw }\n",
                 4 * (280 + 100), 4 * (100 + 10 + 10), 390);
}

static void ledger_sketched_heavymix_is_300(void **state)
{
    (void)state;
    /* up: table 280 + exact values 10; down: request 10 indices, then 10 values (their indices are known) */
    check_ledger("algorithm = sketched_sgd\nsketched_sgd { rows = 7 cols = 40 k = 10 indices = raw }\n", 4 * (280 + 10), 4 * (10 + 10), 300);
}

static void ledger_sketched_no_second_round(void **state)
{
    (void)state;
    check_ledger("algorithm = sketched_sgd\nsketched_sgd { variant = topk rows = 7 cols = 40 k = 10 candidates = 0 indices = raw }\n", 4 * 280,
                 4 * (10 + 10), 290);
}

static void ledger_merged_is_booked_for_all_workers(void **state)
{
    (void)state;
    check_ledger("algorithm = sketched_sgd\nemulation = merged\nsketched_sgd { rows = 7 cols = 40 k = 10 indices = raw }\n", 4 * (280 + 10),
                 4 * (10 + 10), 300);
}

static void ledger_terngrad_is_bits(void **state)
{
    (void)state;
    /* up: 4-byte scale, two planes of ceil(785/8) = 99 bytes; down: scale, levels in [-4, 4] of 4 bits = 393 bytes */
    check_ledger("algorithm = terngrad\n", 4 + 2 * 99, 4 + 393, (2 * 99 + 393) / 4.0);
}

/* A union downlink: never less than k, never more than W k entries, header of 4 bytes. */
static void ledger_local_topk_is_the_union(void **state)
{
    (void)state;
    struct harness h;
    HARNESS_OK(harness_open(&h, "problem = quadratic\nquadratic { d = 785 }\nworkers = 4\nsteps = 50\nstep { constant = 0.01 }\n"
                                "algorithm = local_topk\nlocal_topk { k = 10 }\nlog { every = 1 }\n", NULL, 1));
    harness_finish(h.engine);
    const struct dsgd_table *ledger = dsgd_engine_table(h.engine, 1), *oracle = dsgd_engine_table(h.engine, 2);
    const struct dsgd_column *down = dsgd_table_find(ledger, "down_value"), *nnz = dsgd_table_find(oracle, "update_nnz"),
                             *header = dsgd_table_find(ledger, "down_header"), *up = dsgd_table_find(ledger, "up_value");
    for (size_t r = 1; r < ledger->rows; ++r) {
        const int64_t bytes = down->cell[r].i - down->cell[r - 1].i;
        assert_int_equal(bytes, 4 * 4 * (int64_t)nnz->cell[r].f); /* W receivers, 4 bytes a value */
        assert_in_range(bytes / 16, 10, 40);
        assert_int_equal(header->cell[r].i - header->cell[r - 1].i, 4 * 4);
        assert_int_equal(up->cell[r].i - up->cell[r - 1].i, 4 * 40);
    }
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketched_topk_k_equals_d_is_sgd),
        cmocka_unit_test(sketched_topk_momentum_k_equals_d_is_sgd_without_momentum),
        cmocka_unit_test(server_momentum_is_sgd_momentum),
        cmocka_unit_test(local_topk_k_equals_d_is_sgd),
        cmocka_unit_test(sketched_heavymix_k_equals_d_is_sgd),
        cmocka_unit_test(sketched_topk_lr_inside_power_of_two_is_outside),
        cmocka_unit_test(sketched_dense_everything_is_refused),
        cmocka_unit_test(sgd_decoupled_decay_equals_coupled_plus_gradient),
        cmocka_unit_test(merged_exact_inputs_same_digest),
        cmocka_unit_test(merged_unmergeable_is_refused),
        cmocka_unit_test(ledger_sgd_is_2d),
        cmocka_unit_test(ledger_sketched_topk_is_390),
        cmocka_unit_test(ledger_sketched_heavymix_is_300),
        cmocka_unit_test(ledger_sketched_no_second_round),
        cmocka_unit_test(ledger_merged_is_booked_for_all_workers),
        cmocka_unit_test(ledger_terngrad_is_bits),
        cmocka_unit_test(ledger_local_topk_is_the_union),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
