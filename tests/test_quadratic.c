/* test_quadratic.c - the noise of the quadratic: moments, power laws, and what a draw depends on. */
#include "tests/built.h"

#include <float.h>
#include <string.h>

static void quadratic_noise_has_the_stated_moments(void **unused)
{
    (void)unused;
    enum { D = 300, DRAWS = 500 };
    for (int sign = 0; sign < 2; ++sign) {
        struct built noisy = build(
            "quadratic", (const char *const[]){"d", "300", "sigma", "2", "noise", sign ? "sign" : "gaussian", NULL});
        struct built exact = build("quadratic", (const char *const[]){"d", "300", "sigma", "0", NULL});
        struct check_mean norm2 = {0}, coordinate = {0}, product = {0};
        float x[D] = {0}, g[D], g0[D];
        double previous = 0;
        const struct dsgd_batch still = {NULL, 1, 0, 0, 5};
        assert_int_equal(exact.ops->gradient(exact.self, x, &still, g0), DSGD_OK);
        for (uint32_t t = 0; t < DRAWS; ++t) {
            const struct dsgd_batch batch = {NULL, 4, t, 1, 5};
            double sum2 = 0;
            assert_int_equal(noisy.ops->gradient(noisy.self, x, &batch, g), DSGD_OK);
            for (int j = 0; j < D; ++j) {
                const double noise = (double)g[j] - (double)g0[j];
                sum2 += noise * noise;
                check_mean_add(&coordinate, noise);
                check_mean_add(&product, noise * previous);
                previous = noise;
            }
            check_mean_add(&norm2, sum2);
            /* +-sigma/sqrt(d b), up to the rounding of g (|g| < 100): a constant norm */
            if (sign) { CHECK_CLOSE(sum2, 1, 2 * 100 * (double)FLT_EPSILON * sqrt(D)); }
        }
        if (!sign) { CHECK_MEAN(&norm2, 1); } /* sigma^2/b = 4/4 */
        CHECK_MEAN(&coordinate, 0);
        CHECK_MEAN(&product, 0); /* neighbours and successive steps are uncorrelated */
        destroy(&noisy);
        destroy(&exact);
    }
}

/* By a power law the ends are mu and L exactly, and coordinate r from the top has r^-1.5 of the last one's deviation. */
static void quadratic_power_laws_have_their_ends_and_ratios(void **unused)
{
    (void)unused;
    enum { D = 64, DRAWS = 2000 };
    struct built b = build("quadratic", (const char *const[]){"d", "64", "mu", "0.5", "kappa", "8", "spectrum", "power", "decay", "2",
                                                              "noise_decay", "1.5", "rotations", "0", "sigma", "3", NULL});
    struct dsgd_constants constants;
    double at[D] = {0}, grad[D], start[D];
    assert_int_equal(b.ops->constants(b.self, &constants), DSGD_OK);
    CHECK_CLOSE(constants.mu, 0.5, 0.0);
    CHECK_CLOSE(constants.L, 4.0, 0.0);
    assert_int_equal(b.ops->full_gradient(b.self, at, start), DSGD_OK);
    for (int j = 0; j < D; ++j) { /* unit steps along the axes show the eigenvalues */
        at[j] = 1.0;
        assert_int_equal(b.ops->full_gradient(b.self, at, grad), DSGD_OK);
        at[j] = 0.0;
        const double r = D - j, last = 1.0 / (D * D);
        CHECK_CLOSE(grad[j] - start[j], 0.5 + 3.5 * (1.0 / (r * r) - last) / (1.0 - last), 1e-13); /* roundings of numbers below 10 */
    }
    struct check_mean total = {0}, one[D] = {{0}};
    float x[D] = {0}, g[D];
    for (uint32_t t = 0; t < DRAWS; ++t) {
        const struct dsgd_batch batch = {.count = 2, .step = t, .worker = 1, .seed = 5};
        double sum = 0.0;
        assert_int_equal(b.ops->gradient(b.self, x, &batch, g), DSGD_OK);
        for (int j = 0; j < D; ++j) {
            const double noise = (double)g[j] - start[j];
            sum += noise * noise;
            check_mean_add(&one[j], noise * noise);
        }
        check_mean_add(&total, sum);
    }
    double shares = 0.0;
    for (int r = 1; r <= D; ++r) { shares += pow(r, -3.0); }
    CHECK_MEAN(&total, 4.5); /* sigma^2/b */
    for (int j = 0; j < D; j += 9) { CHECK_MEAN(&one[j], 4.5 * pow(D - j, -3.0) / shares); }
    CHECK_MEAN(&one[D - 1], 4.5 / shares);
    destroy(&b);
}

static void quadratic_noise_depends_on_step_worker_and_seed_only(void **unused)
{
    (void)unused;
    struct built b = build("quadratic", (const char *const[]){"d", "64", NULL});
    float x[64] = {0}, g[5][64];
    const struct dsgd_batch batch[5] = {
        {.count = 1, .step = 3, .worker = 1, .seed = 5}, {.count = 1, .step = 3, .worker = 1, .seed = 5}, {.count = 1, .step = 4, .worker = 1, .seed = 5},
        {.count = 1, .step = 3, .worker = 2, .seed = 5}, {.count = 1, .step = 3, .worker = 1, .seed = 6}};
    for (int k = 0; k < 5; ++k) { assert_int_equal(b.ops->gradient(b.self, x, &batch[k], g[k]), DSGD_OK); }
    assert_memory_equal(g[0], g[1], sizeof g[0]);
    for (int k = 2; k < 5; ++k) { assert_memory_not_equal(g[0], g[k], sizeof g[0]); }
    destroy(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quadratic_noise_has_the_stated_moments),
        cmocka_unit_test(quadratic_noise_depends_on_step_worker_and_seed_only),
        cmocka_unit_test(quadratic_power_laws_have_their_ends_and_ratios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
