/* conform_signsgd.c - signSGD with majority vote (Bernstein, Zhao, Azizzadenesheli, Anandkumar 2019, arXiv:1810.05291, Alg. 1),
 * Signum (Alg. 2), the rules for zeros and ties, decoupled decay. Signs and votes agree exactly. */
#include "tests/conformance/conformance.h"

enum { PLUS, MINUS, COIN };
static const char *const rule_name[] = {"plus", "minus", "coin"};

/* -1 or 1 for a number that is neither. */
static double by_rule(int rule, const char *purpose, uint32_t i, uint32_t step, uint32_t worker)
{
    if (rule == COIN) { return conform_word(purpose, i, step, worker) & 1 ? -1.0 : 1.0; }
    return rule == PLUS ? 1.0 : -1.0;
}

static void signsgd(const struct conform_setting *setting, double b, int zero, int tie)
{
    struct conform c;
    char text[256];
    int zeros = 0, ties = 0;
    snprintf(text, sizeof text, "algorithm = signsgd\nsignsgd { momentum = %g zero = %s tie = %s }\n", b, rule_name[zero], rule_name[tie]);
    conform_open(&c, setting, text, b);
    conform_vector buffer[W_MAX] = {0};
    while (c.t < setting->steps) {
        conform_vector vote = {0};
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            conform_gradient(&c, w, g);
            for (uint32_t i = 0; i < c.d; ++i) {
                buffer[w][i] = b * buffer[w][i] + (1.0 - b) * g[i];         /* Signum: v = beta v + (1 - beta) g */
                const double v = buffer[w][i];
                zeros += v == 0.0;
                vote[i] += v < 0.0 ? -1.0 : v > 0.0 ? 1.0 : by_rule(zero, "signsgd zero", i, c.t, w); /* push sign(v) */
            }
        }
        for (uint32_t i = 0; i < c.d; ++i) {
            ties += vote[i] == 0.0;
            vote[i] = vote[i] < 0.0 ? -1.0 : vote[i] > 0.0 ? 1.0 : by_rule(tie, "signsgd tie", i, c.t, DSGD_RNG_SERVER);
        }
        conform_step(&c);
        if (b > 0.0) { conform_field(&c, "worker/buffer", buffer); } else { conform_absent(&c, "worker/buffer"); }
        conform_update(&c, conform_eta(&c), vote, NULL);                    /* x = x - eta (sign(vote) + lambda x) */
    }
    if (setting->grain > 0.0) { assert_true(zeros > 20 && ties > 20); }
    conform_close(&c);
}

static void vote(void **state)
{
    (void)state;
    struct conform_setting one = conform_random;
    one.workers = 1;
    signsgd(&conform_random, 0.0, PLUS, PLUS);
    signsgd(&one, 0.0, PLUS, PLUS);
    signsgd(&conform_theory, 0.9, PLUS, PLUS);
    one.workers = 4;
    signsgd(&one, 0.5, PLUS, MINUS);
}

static void zeros_and_ties(void **state)
{
    (void)state;
    for (int zero = PLUS; zero <= COIN; ++zero) {
        for (int tie = PLUS; tie <= COIN; ++tie) { signsgd(&conform_ties, 0.0, zero, tie); }
    }
    struct conform_setting coarse = conform_ties;
    coarse.grain = 1.0; /* mostly zeros, the buffer too */
    signsgd(&coarse, 0.5, COIN, COIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vote), cmocka_unit_test(zeros_and_ties)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
