/* test_linear_moments.c - second moments by scalars against the gradients themselves, one for each example. */
#include <stdlib.h>

#include "check.h"
#include "verify/problems/linear_moments.h"
#include "verify/trial.h"

enum { EXAMPLES = 500, FEATURES = 20, D = FEATURES + 1, DRAWS = 4 };

/* E||g||^2 and the variance of a mean of DRAWS gradients from the problem's own stochastic gradients, l2 large enough to count. */
static void moments_agree(const char *problem)
{
    const struct verify_context context = {.seed = 1, .threads = 1};
    struct trial trial;
    struct linear_moments moments;
    char words[512];
    snprintf(words, sizeof words, "dataset=synthetic synthetic.n=%d synthetic.features=%d synthetic.classes=3 "
             "problem=%s %s.digit=1 %s.l2=0.3 algorithm=sgd steps=1", EXAMPLES, FEATURES, problem, problem, problem);
    assert_int_equal(trial_open(&context, words, 1, &trial), DSGD_OK);
    assert_int_equal(trial.d, D);
    assert_int_equal(linear_moments_open(trial.self, &moments), DSGD_OK);
    struct dsgd_layout layout;
    size_t n = 0;
    trial.problem->shape(trial.self, &layout, &n);
    assert_true(n > 100);
    for (int at = 0; at < 3; ++at) {
        double w[D], mean[D] = {0.0}, second = 0.0, gradient2 = 0.0, sigma2 = 0.0, G2 = 0.0;
        float x[D], g[D];
        for (int i = 0; i < D; ++i) {
            w[i] = 0.7 * at * sin(i + at);
            x[i] = (float)w[i];
        }
        for (uint32_t e = 0; e < n; ++e) {
            const struct dsgd_batch batch = {.example = &e, .count = 1};
            assert_int_equal(trial.problem->gradient(trial.self, x, &batch, g), DSGD_OK);
            for (int i = 0; i < D; ++i) {
                second += (double)g[i] * (double)g[i] / (double)n;
                mean[i] += (double)g[i] / (double)n;
            }
        }
        for (int i = 0; i < D; ++i) { gradient2 += mean[i] * mean[i]; }
        assert_int_equal(linear_moments_at(&moments, w, DRAWS, &sigma2, &G2), DSGD_OK);
        CHECK_CLOSE(sigma2, (second - gradient2) / DRAWS, 1e-5 * second);
        CHECK_CLOSE(G2, gradient2 + (second - gradient2) / DRAWS, 1e-5 * second);
    }
    linear_moments_close(&moments);
    trial_close(&trial);
}

static void logistic(void **state)
{
    (void)state;
    moments_agree("logistic");
}

static void svm(void **state)
{
    (void)state;
    moments_agree("svm");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(logistic), cmocka_unit_test(svm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
