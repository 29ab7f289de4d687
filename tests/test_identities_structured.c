/* test_identities_structured.c - what must be equal for PowerSGD and FetchSGD. */
#include "sim/cpu/low_rank.h"
#include "tests/structured.h"

/* --- PowerSGD ----------------------------------------------------------------------------------------------------------- */

/* r (n + m) >= n m saves nothing, so a matrix goes dense from r = n m / (n + m) on, and the run is SGD bit for bit. */
static void powersgd_full_rank_is_sgd(void **state)
{
    (void)state;
    CHECK_CLOSE(difference(NOISY, 4, "algorithm = sgd\n", "algorithm = powersgd\npowersgd { rank = 10 }\n"), 0.0, 0.0);
    CHECK_CLOSE(difference(NOISY, 4, "algorithm = sgd\nserver_momentum = 0.9\n",
                           "algorithm = powersgd\npowersgd { rank = 6 memory = false }\nserver_momentum = 0.9\n"), 0.0, 0.0);
    assert_true(difference(NOISY, 4, "algorithm = sgd\n", "algorithm = powersgd\npowersgd { rank = 2 }\n") > 1e-3);
}

/* The arithmetic itself with as many columns as the matrix has: P^ P^^T M = M. Products of floats of size 1 round to 2^-24
 * relative in P, P^, Q and the result; the condition number of a matrix of 10 random columns is some tens. */
static void low_rank_full_rank_is_exact(void **state)
{
    (void)state;
    enum { SHORT = M - 4 }; /* the last row lacks four elements */
    const struct dsgd_rng_key key = {8, dsgd_rng_purpose("low rank test")};
    float m[M] = {0}, q[COLS * COLS], p[ROWS * COLS], out[SHORT];
    double work[ROWS * COLS];
    for (uint32_t i = 0; i < M; ++i) {
        const struct dsgd_rng4 r = dsgd_rng_draw(key, i, 0, 0, 0);
        m[i] = (float)(2.0 * dsgd_rng_unit(dsgd_rng_u64(&r, 0)) - 1.0);
        if (i < COLS * COLS) { q[i] = (float)(2.0 * dsgd_rng_unit(dsgd_rng_u64(&r, 1)) - 1.0); }
    }
    const struct low_rank_shape s = {SHORT, ROWS, COLS};
    low_rank_times(&s, COLS, m, q, 0, ROWS, p);
    low_rank_orthonormalise(ROWS, COLS, p, work);
    for (int a = 0; a < COLS; ++a) {
        for (int b = 0; b <= a; ++b) {
            double dot = 0.0;
            for (int i = 0; i < ROWS; ++i) { dot += (double)p[a * ROWS + i] * (double)p[b * ROWS + i]; }
            CHECK_CLOSE(dot, a == b ? 1.0 : 0.0, 1e-6);
        }
    }
    low_rank_transposed_times(&s, COLS, m, p, 0, COLS, q);
    low_rank_product(&s, COLS, p, q, 0, ROWS, out);
    for (int i = 0; i < SHORT; ++i) { CHECK_CLOSE((double)out[i], (double)m[i], 1e-5); }
    low_rank_subtract(&s, COLS, p, q, 0, ROWS, out);
    for (int i = 0; i < SHORT; ++i) { CHECK_CLOSE((double)out[i], 0.0, 0.0); } /* the very same floats */
}

static void low_rank_dependent_column_is_zero(void **state)
{
    (void)state;
    float p[] = {3, 4, 0, 0, 6, 8, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, NAN, 0, 0, 0};
    double work[20];
    low_rank_orthonormalise(4, 5, p, work);
    for (int i = 4; i < 12; ++i) { CHECK_CLOSE((double)p[i], 0.0, 0.0); } /* twice the first column; nothing */
    CHECK_CLOSE((double)p[0], 0.6, 1e-7);
    CHECK_CLOSE((double)p[14], 1.0, 0.02); /* (1, 1, 2, 0) without its part along (3, 4, 0, 0) / 5: (0.16, -0.12, 2, 0) */
    for (int i = 16; i < 20; ++i) { assert_true(isnan(p[i])); } /* a diverged run shows */
}

static void powersgd_one_worker_feedbacks_agree(void **state)
{
    (void)state;
    CHECK_CLOSE(difference(NOISY, 1, "algorithm = powersgd\n", "algorithm = powersgd\npowersgd { feedback = own }\n"), 0.0, 0.0);
}

/* What was sent and what is held back add up to all gradients: sum_t update + e_i = sum_t g_i. feedback = mean: for every
 * worker, since all subtract the same update, and so for the mean. feedback = own: for the mean only, since the mean of
 * P^ Q_i^T is P^ Q^T; a single worker's sum differs. Tolerance: elements below 64, 24 steps, 4 roundings of 2^-24 each. */
static void powersgd_sent_plus_memory_is_everything(void **state)
{
    (void)state;
    static const char *const feedback[] = {"mean", "own"};
    const double tolerance = 64 * 24 * 4 * 0x1p-24;
    for (int own = 0; own < 2; ++own) {
        enum kind kind = NOISY;
        struct harness h;
        char more[128];
        snprintf(more, sizeof more, "algorithm = powersgd\npowersgd { rank = 2 feedback = %s }\n", feedback[own]);
        struct dsgd_engine *engine = open_kind(&h, &kind, 4, more);
        double all[4][D] = {{0}};
        for (uint32_t t = 0; t < 24; ++t) {
            for (uint32_t w = 0; w < 4; ++w) {
                float g[D];
                gradient(&kind, NULL, &(struct dsgd_batch){.step = t, .worker = w}, g);
                for (int i = 0; i < D; ++i) { all[w][i] += (double)g[i]; }
            }
            HARNESS_OK(dsgd_engine_step(engine));
        }
        double worst_mean = 0.0, worst_single = 0.0, memory = 0.0, held[4][D];
        for (uint32_t w = 0; w < 4; ++w) { harness_row(engine, "worker/e", w, D, held[w]); }
        for (int i = 0; i < D; ++i) {
            const double sent = -dsgd_engine_model(engine)[i] / 0.25;
            double mean = 0.0;
            for (uint32_t w = 0; w < 4; ++w) {
                const double e = held[w][i];
                mean += (sent + e - all[w][i]) / 4.0;
                worst_single = fmax(worst_single, fabs(sent + e - all[w][i]) * (i < M));
                memory = fmax(memory, fabs(e));
                if (i >= M) { CHECK_CLOSE(e, 0.0, 0.0); }
            }
            worst_mean = fmax(worst_mean, fabs(mean));
        }
        print_message("feedback = %s: mean off by %.2g, a worker by %.2g, memory up to %.2g\n", feedback[own], worst_mean, worst_single, memory);
        assert_true(memory > 1.0 && memory < 64.0);
        CHECK_CLOSE(worst_mean, 0.0, tolerance);
        if (own) { assert_true(worst_single > 0.1); } else { CHECK_CLOSE(worst_single, 0.0, tolerance); }
        close_kind(&h, engine);
    }
}

static double memory_norm(struct dsgd_engine *engine)
{
    double e[D], sum = 0.0;
    harness_row(engine, "worker/e", 0, D, e);
    for (int i = 0; i < M; ++i) { sum += e[i] * e[i]; }
    return sqrt(sum);
}

/* A gradient of rank 2 lies in the span of P from the first step on: nothing is held back but rounding. Workers' gradients
 * are multiples of one matrix of norm sqrt(80); feedback = own, since with the mean each keeps its own deviation. Also
 * where the first gradients are 0, then of rank 1, and leave columns of Q without content: zeros stay zeros in a power
 * iteration, so they must be drawn anew. */
static void powersgd_low_rank_gradient_is_exact(void **state)
{
    (void)state;
    static const enum kind kinds[] = {RANK_TWO, RANK_GROWS};
    for (int j = 0; j < 2; ++j) {
        enum kind kind = kinds[j];
        struct harness h;
        struct dsgd_engine *engine = open_kind(&h, &kind, 4, "algorithm = powersgd\npowersgd { rank = 2 feedback = own }\n");
        for (int t = 0; t < 24; ++t) {
            HARNESS_OK(dsgd_engine_step(engine));
            if (kind == RANK_GROWS && t == 3) { continue; } /* Q has followed rank 1 alone: P meets the second direction next time */
            CHECK_CLOSE(memory_norm(engine), 0.0, 24 * 64 * 0x1p-24);
        }
        close_kind(&h, engine);
    }
}

/* Power iteration: on a constant matrix the captured part never falls, and tends to the two largest singular values, 8 and
 * 4: the rest is sqrt(4 + 1 + 1/4), reached as (2/4)^(2t). With a fresh start in every step nothing is gained. */
static void powersgd_warm_start_converges(void **state)
{
    (void)state;
    const double best = sqrt(4.0 + 1.0 + 0.25);
    for (int warm = 0; warm < 2; ++warm) {
        enum kind kind = CONSTANT;
        struct harness h;
        struct dsgd_engine *engine = open_kind(&h, &kind, 1, warm ? "algorithm = powersgd\npowersgd { memory = false }\n"
                                                                  : "algorithm = powersgd\npowersgd { memory = false warm_start = false }\n");
        double before[D] = {0}, first = 0.0, last = INFINITY;
        int rises = 0;
        for (int t = 0; t < 24; ++t) {
            HARNESS_OK(dsgd_engine_step(engine));
            const double *x = dsgd_engine_model(engine);
            double sum = 0.0;
            for (int i = 0; i < M; ++i) {
                const double error = (double)(float)element(5, i / COLS, i % COLS) - (before[i] - x[i]) / 0.25;
                sum += error * error;
            }
            memcpy(before, x, sizeof before);
            rises += sqrt(sum) > last + 1e-5;
            last = sqrt(sum);
            if (t == 0) { first = last; }
        }
        print_message("warm start %d: error %.4f at first, %.4f at last, best %.4f, %d rises\n", warm, first, last, best, rises);
        if (warm) {
            assert_int_equal(rises, 0);
            assert_true(first > best + 0.01);
            CHECK_CLOSE(last, best, 1e-4);
        } else {
            assert_true(rises > 5);
        }
        close_kind(&h, engine);
    }
}

/* One worker on the mean gradient: the same up to rounding, where the mean of e_i follows the mean gradient alone. */
static void powersgd_merged_is_faithful(void **state)
{
    (void)state;
    CHECK_CLOSE(difference(NOISY, 4, "algorithm = powersgd\n", "algorithm = powersgd\nemulation = merged\n"), 0.0, 1e-4);
    CHECK_CLOSE(difference(NOISY, 4, "algorithm = powersgd\npowersgd { feedback = own }\n", "algorithm = powersgd\nemulation = merged\n"), 0.0, 1e-4);
}

/* --- FetchSGD ----------------------------------------------------------------------------------------------------------- */

/* No two of 50 coordinates share a cell: the estimates are the values, and k = d sends all. eta stands inside: a rounding of
 * 2^-24 relative a step in values below 1. */
static void fetchsgd_without_collisions_is_sgd(void **state)
{
    (void)state;
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = fetchsgd\nfetchsgd { k = 50 cols = 20001 rows = 5 momentum = 0 }\n"), 0.0,
                100 * 0x1p-24);
    CHECK_CLOSE(max_difference("algorithm = sgd\n", "algorithm = fetchsgd\nfetchsgd { k = 50 cols = 20001 rows = 5 momentum = 0 lr_inside = false }\n"),
                0.0, 0.0); /* outside: the same floats */
    CHECK_CLOSE(max_difference("algorithm = sgd\nsgd { momentum = 0.9 }\n",
                               "algorithm = fetchsgd\nfetchsgd { k = 50 cols = 20001 rows = 5 masking = false lr_inside = false }\n"), 0.0, 0.0);
}

static void fetchsgd_clear_rules_agree_without_collisions(void **state)
{
    (void)state;
    CHECK_CLOSE(max_difference("algorithm = fetchsgd\nfetchsgd { k = 7 cols = 20001 clear = subtract }\n",
                               "algorithm = fetchsgd\nfetchsgd { k = 7 cols = 20001 clear = zero }\n"), 0.0, 0.0);
    assert_true(max_difference("algorithm = fetchsgd\nfetchsgd { k = 7 cols = 20 clear = subtract momentum = 0 }\n",
                               "algorithm = fetchsgd\nfetchsgd { k = 7 cols = 20 clear = zero momentum = 0 }\n") > 1e-6);
}

/* Gradients are integers and W a power of two: the sketch of the mean is the mean of sketches bit for bit, ledger included. */
static void fetchsgd_merged_exact_inputs_same_digest(void **state)
{
    (void)state;
    static const char *const settings[] = {"", "clear = subtract", "masking = false momentum = 0.5", "lr_inside = false indices = delta"};
    for (int j = 0; j < 4; ++j) {
        char faithful[65], merged[65], more[256];
        snprintf(more, sizeof more, "algorithm = fetchsgd\nfetchsgd { cols = 16 k = 7 %s }\nemulation = faithful\n", settings[j]);
        digest_of(INTEGERS, more, faithful);
        snprintf(more, sizeof more, "algorithm = fetchsgd\nfetchsgd { cols = 16 k = 7 %s }\nemulation = merged\n", settings[j]);
        digest_of(INTEGERS, more, merged);
        assert_string_equal(faithful, merged);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(powersgd_full_rank_is_sgd),
        cmocka_unit_test(low_rank_full_rank_is_exact),
        cmocka_unit_test(low_rank_dependent_column_is_zero),
        cmocka_unit_test(powersgd_one_worker_feedbacks_agree),
        cmocka_unit_test(powersgd_sent_plus_memory_is_everything),
        cmocka_unit_test(powersgd_low_rank_gradient_is_exact),
        cmocka_unit_test(powersgd_warm_start_converges),
        cmocka_unit_test(powersgd_merged_is_faithful),
        cmocka_unit_test(fetchsgd_without_collisions_is_sgd),
        cmocka_unit_test(fetchsgd_clear_rules_agree_without_collisions),
        cmocka_unit_test(fetchsgd_merged_exact_inputs_same_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
