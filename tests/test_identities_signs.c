/* test_identities_signs.c - what signs must be equal to: votes by hand under all rules for zeros and ties, Signum and signSGD,
 * weight decay outside and under the sign, error feedback that loses nothing.
 */
#include "tests/chosen.h"

/* --- signs ---------------------------------------------------------------------------------------------------------------- */

/* Rows of four workers' signs; column i is coordinate i, and the rest repeats. */
static const int votes[WORKERS_MAX][8] = {
    {+1, +1, +1, +1, -1, 0, 0, 0},
    {+1, +1, +1, -1, -1, 0, 0, 0},
    {+1, +1, -1, -1, -1, 0, +1, 0},
    {+1, -1, -1, -1, -1, 0, +1, -1},
};

static void by_hand(uint32_t step, uint32_t worker, float *grad)
{
    for (uint32_t i = 0; i < D; ++i) { grad[i] = (float)votes[worker][i % 8] * (1.0f + (float)((i + step) % 3)); }
}

static bool odd_word(const char *purpose, uint32_t i, uint32_t step, uint32_t worker)
{
    const struct dsgd_rng_key key = {1, dsgd_rng_purpose(purpose)};
    return dsgd_rng_draw(key, i / 4, step, worker, 0).word[i % 4] % 2 == 1;
}

static int rule_sign(const char *rule, const char *purpose, uint32_t i, uint32_t step, uint32_t worker)
{
    if (strcmp(rule, "coin") == 0) { return odd_word(purpose, i, step, worker) ? -1 : +1; }
    return strcmp(rule, "minus") == 0 ? -1 : +1;
}

static void votes_by_hand_under_all_rules(void **state)
{
    (void)state;
    static const char *const rules[] = {"plus", "minus", "coin"};
    /* even votes of non-zero signs: coordinate 2. Zeros: 5 all, 6 two zeros and two plus, 7 three zeros and one minus. */
    static const int plus_plus[8] = {+1, +1, +1, -1, -1, +1, +1, +1}, minus_minus[8] = {+1, +1, -1, -1, -1, -1, -1, -1},
                     plus_minus[8] = {+1, +1, -1, -1, -1, +1, +1, +1}, minus_plus[8] = {+1, +1, +1, -1, -1, -1, +1, -1};
    for (int z = 0; z < 3; ++z) {
        for (int r = 0; r < 3; ++r) {
            struct trial t;
            char more[256];
            double update[D];
            int tossed = 0;
            snprintf(more, sizeof more, "algorithm = signsgd\nsignsgd { zero = %s tie = %s }\n", rules[z], rules[r]);
            trial_open(&t, by_hand, 4, 50, more);
            for (uint32_t s = 0; s < 50; ++s) {
                trial_step(&t, update);
                for (uint32_t i = 0; i < D; ++i) {
                    int sum = 0;
                    for (uint32_t w = 0; w < 4; ++w) {
                        const int vote = votes[w][i % 8];
                        sum += vote != 0 ? vote : rule_sign(rules[z], "signsgd zero", i, s, w);
                    }
                    const int expected = sum > 0 ? +1 : sum < 0 ? -1 : rule_sign(rules[r], "signsgd tie", i, s, DSGD_RNG_SERVER);
                    CHECK_CLOSE(update[i], expected, 0.0);
                    if (z < 2 && r < 2) {
                        const int *row = z == 0 ? (r == 0 ? plus_plus : plus_minus) : r == 0 ? minus_plus : minus_minus;
                        CHECK_CLOSE(update[i], row[i % 8], 0.0);
                    }
                    tossed += i % 8 == 2 && update[i] > 0.0;
                }
            }
            /* a coin for coordinate 2: six places, 50 steps, half of 300 +- 4 standard deviations of 8.7 */
            if (r == 2) { assert_in_range(tossed, 115, 185); }
            trial_close(&t);
        }
    }
}

static void one_worker_is_its_own_sign(void **state)
{
    (void)state;
    struct trial t;
    double update[D];
    float g[D];
    trial_open(&t, keyed, 1, 40, "algorithm = signsgd\n");
    for (uint32_t s = 0; s < 40; ++s) {
        keyed(s, 0, g);
        trial_step(&t, update);
        for (int i = 0; i < D; ++i) { CHECK_CLOSE(update[i], g[i] < 0.0f ? -1.0 : 1.0, 0.0); }
    }
    trial_close(&t);
}

/* b = 0 without a buffer, and b so small that b m does not change a float: the same signs. b = 0.9 by recursion. */
static void signum_without_momentum_is_signsgd(void **state)
{
    (void)state;
    double plain[D], tiny[D], update[D], buffer[3][D] = {{0}};
    struct trial t;
    trial_model(keyed, 3, 60, "algorithm = signsgd\nsignsgd { momentum = 0 }\n", plain);
    trial_model(keyed, 3, 60, "algorithm = signsgd\nsignsgd { momentum = 1e-30 }\n", tiny);
    assert_memory_equal(plain, tiny, sizeof plain);
    trial_model(keyed, 3, 60, "algorithm = signsgd\nsignsgd { momentum = 0.9 }\n", tiny);
    assert_memory_not_equal(plain, tiny, sizeof plain);
    trial_open(&t, keyed, 3, 60, "algorithm = signsgd\nsignsgd { momentum = 0.9 }\n");
    for (uint32_t s = 0; s < 60; ++s) {
        int sum[D] = {0}, near_zero[D] = {0};
        for (uint32_t w = 0; w < 3; ++w) {
            float g[D];
            keyed(s, w, g);
            for (int i = 0; i < D; ++i) {
                buffer[w][i] = 0.9 * buffer[w][i] + 0.1 * (double)g[i];
                sum[i] += buffer[w][i] < 0.0 ? -1 : 1;
                near_zero[i] |= fabs(buffer[w][i]) < 1e-5; /* floats may differ in sign there */
            }
        }
        trial_step(&t, update);
        for (int i = 0; i < D; ++i) {
            if (!near_zero[i]) { CHECK_CLOSE(update[i], sum[i] < 0 ? -1.0 : 1.0, 0.0); }
        }
    }
    trial_close(&t);
}

/* eta = 1/4, lambda = 1/2. Decoupled, all signs plus: x = (7/8) x - 1/4: -1/4, -15/32, -169/256. Coupled with g = 1/10: the sign of
 * 1/10 + x/2 turns as soon as x < -1/5: -1/4, 0, -1/4. */
static void tenth(uint32_t step, uint32_t worker, float *grad)
{
    (void)step, (void)worker;
    for (int i = 0; i < D; ++i) { grad[i] = 0.1f; }
}

static void decay_outside_and_under_the_sign(void **state)
{
    (void)state;
    static const double decoupled[] = {-0.25, -15.0 / 32, -169.0 / 256}, coupled[] = {-0.25, 0.0, -0.25};
    for (int mode = 0; mode < 2; ++mode) {
        struct trial t;
        double update[D];
        trial_open(&t, tenth, 3, 3, mode == 0 ? "algorithm = signsgd\nweight_decay = 0.5\nweight_decay_mode = decoupled\n"
                                              : "algorithm = signsgd\nweight_decay = 0.5\nweight_decay_mode = coupled\n");
        for (int s = 0; s < 3; ++s) {
            trial_step(&t, update);
            for (int i = 0; i < D; ++i) { CHECK_CLOSE(dsgd_engine_model(t.engine)[i], mode == 0 ? decoupled[s] : coupled[s], 0.0); }
        }
        trial_close(&t);
    }
}

/* --- error feedback ------------------------------------------------------------------------------------------------------- */

/* All that entered is in the model or in a memory: sum eta u = -x + mean e_i + e_server. Roundings of a step: eta u, p and e of
 * each worker, the mean, p and e of the server, at most eight of 2^-24 relative to numbers below 8 (asserted for e). */
static void error_feedback_loses_nothing(const char *more, double momentum, bool inside, bool server)
{
    enum { W = 3, T = 200 };
    struct trial t;
    double entered[D] = {0}, u[W][D] = {{0}};
    trial_open(&t, with_zeros, W, T, more);
    for (uint32_t s = 0; s < T; ++s) {
        HARNESS_OK(dsgd_engine_step(t.engine));
        for (uint32_t w = 0; w < W; ++w) {
            float g[D];
            with_zeros(s, w, g);
            for (int i = 0; i < D; ++i) {
                u[w][i] = momentum * u[w][i] + (double)g[i];
                entered[i] += ETA * u[w][i] / W;
            }
        }
    }
    const double outside = inside ? 1.0 : ETA; /* the memory's units */
    double server_e[D] = {0}, e[W][D];
    struct dsgd_saved saved;
    assert_int_equal(harness_saved(t.engine, "server/e", &saved), server);
    if (server) { harness_row(t.engine, "server/e", 0, D, server_e); }
    for (uint32_t w = 0; w < W; ++w) { harness_row(t.engine, "worker/e", w, D, e[w]); }
    for (int i = 0; i < D; ++i) {
        double held = outside * server_e[i];
        for (uint32_t w = 0; w < W; ++w) {
            assert_true(fabs(e[w][i]) < 8.0 / outside);
            held += outside * e[w][i] / W;
        }
        CHECK_CLOSE(held - dsgd_engine_model(t.engine)[i], entered[i], T * 8 * 8 * 0x1p-24);
    }
    trial_close(&t);
}

static void ef_signsgd_sent_plus_memory_is_everything(void **state)
{
    (void)state;
    error_feedback_loses_nothing("algorithm = ef_signsgd\n", 0.0, true, false);
    error_feedback_loses_nothing("algorithm = ef_signsgd\nef_signsgd { scale = segment zero = minus }\n", 0.0, true, false);
    error_feedback_loses_nothing("algorithm = ef_signsgd\nef_signsgd { momentum = 0.5 }\n", 0.5, true, false);
    error_feedback_loses_nothing("algorithm = ef_signsgd\nef_signsgd { down = sign }\n", 0.0, true, true);
    error_feedback_loses_nothing("algorithm = ef_signsgd\nef_signsgd { down = sign scale = segment momentum = 0.5 }\n", 0.5, true, true);
    error_feedback_loses_nothing("algorithm = ef_signsgd\nef_signsgd { lr_inside = false }\n", 0.0, false, false);
    error_feedback_loses_nothing("algorithm = ef_signsgd\nef_signsgd { lr_inside = false down = sign }\n", 0.0, false, true);
}

/* One worker: what the server would compress already has one magnitude, whose mean over D floats is exact in doubles. So the
 * server's error stays 0 and both answers are the same numbers. With three workers they are not. */
static void ef_signsgd_one_worker_down_sign_is_mean(void **state)
{
    (void)state;
    static const char *const settings[] = {"", "scale = segment", "momentum = 0.5 zero = minus", "lr_inside = false scale = segment"};
    double mean[D], sign[D];
    char more[256];
    for (size_t j = 0; j < sizeof settings / sizeof *settings; ++j) {
        for (int workers = 1; workers <= 3; workers += 2) {
            snprintf(more, sizeof more, "algorithm = ef_signsgd\nef_signsgd { down = mean %s }\n", settings[j]);
            trial_model(keyed, workers, 100, more, mean);
            snprintf(more, sizeof more, "algorithm = ef_signsgd\nef_signsgd { down = sign %s }\n", settings[j]);
            trial_model(keyed, workers, 100, more, sign);
            assert_int_equal(memcmp(mean, sign, sizeof mean) == 0, workers == 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(votes_by_hand_under_all_rules),
        cmocka_unit_test(one_worker_is_its_own_sign),
        cmocka_unit_test(signum_without_momentum_is_signsgd),
        cmocka_unit_test(decay_outside_and_under_the_sign),
        cmocka_unit_test(ef_signsgd_sent_plus_memory_is_everything),
        cmocka_unit_test(ef_signsgd_one_worker_down_sign_is_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
