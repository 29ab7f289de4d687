/* test_separable.c - the functions of Theorems 4 and 5's checks: values, slopes, constants, start and noise are what the bounds assume. */
#include "check.h"
#include "verify/problems/problem_separable.h"

enum { D = 130 }; /* more than one draw's 128 bits */

static struct separable make(enum separable_kind kind, double sigma)
{
    struct separable p = {.kind = kind, .d = D, .sigma = sigma, .start = 3.0};
    separable_init(&p);
    return p;
}

static double f(const struct separable *p, const double *x)
{
    double value = (double)NAN;
    assert_int_equal(separable_problem.evaluate(p, x, &value), DSGD_OK);
    return value;
}

static void slopes_are_central_differences(void **state)
{
    (void)state;
    for (int kind = SEPARABLE_WELL; kind <= SEPARABLE_L1; ++kind) {
        const struct separable p = make((enum separable_kind)kind, 0.0);
        double x[D], grad[D];
        for (size_t i = 0; i < D; ++i) { x[i] = 3.0 * sin(1.0 + (double)i); }
        assert_int_equal(separable_problem.full_gradient(&p, x, grad), DSGD_OK);
        for (size_t i = 0; i < D; ++i) {
            const double at = x[i], h = 1e-5;
            x[i] = at + h;
            const double up = f(&p, x);
            x[i] = at - h;
            const double down = f(&p, x);
            x[i] = at;
            CHECK_CLOSE(grad[i], (up - down) / (2.0 * h), 1e-8);
        }
    }
}

/* |f''| <= L, and L is attained at 0. */
static void smoothness_is_two(void **state)
{
    (void)state;
    const struct separable p = make(SEPARABLE_WELL, 0.0);
    struct dsgd_constants constants;
    assert_int_equal(separable_problem.constants(&p, &constants), DSGD_OK);
    double x[D] = {0.0}, y[D] = {0.0}, at_x[D], at_y[D], largest = 0.0;
    for (int j = 0; j < 4000; ++j) {
        x[0] = -4.0 + 0.002 * j;
        y[0] = x[0] + 1e-4;
        assert_int_equal(separable_problem.full_gradient(&p, x, at_x), DSGD_OK);
        assert_int_equal(separable_problem.full_gradient(&p, y, at_y), DSGD_OK);
        largest = fmax(largest, fabs(at_y[0] - at_x[0]) / 1e-4);
    }
    assert_true(largest <= constants.L * (1.0 + 1e-9));
    CHECK_CLOSE(largest, constants.L, 1e-3);
}

static void start_has_its_norm_and_value(void **state)
{
    (void)state;
    for (int kind = SEPARABLE_WELL; kind <= SEPARABLE_L1; ++kind) {
        const struct separable p = make((enum separable_kind)kind, 0.0);
        double x[D], norm2 = 0.0;
        separable_problem.start(&p, x);
        for (size_t i = 0; i < D; ++i) { norm2 += x[i] * x[i]; }
        CHECK_CLOSE(sqrt(norm2), p.start, 1e-12);
        CHECK_CLOSE(separable_start_value(&p), f(&p, x), 1e-12);
    }
}

/* Every draw has exactly ||noise||^2 = sigma^2/b, coordinates have mean 0, steps and workers differ. */
static void noise_has_its_variance(void **state)
{
    (void)state;
    const struct separable p = make(SEPARABLE_L1, 2.0);
    const float x[D] = {0.0F}; /* sign(0) = 0: the gradient is the noise */
    struct check_mean first = {0}, last = {0}, product = {0};
    float before = 0.0F;
    for (uint32_t t = 0; t < 4000; ++t) {
        const struct dsgd_batch batch = {.count = 4, .step = t / 2, .worker = t % 2, .seed = 7};
        float grad[D];
        double norm2 = 0.0;
        assert_int_equal(separable_problem.gradient(&p, x, &batch, grad), DSGD_OK);
        for (size_t i = 0; i < D; ++i) { norm2 += (double)grad[i] * (double)grad[i]; }
        CHECK_CLOSE(norm2, 1.0, 1e-6);
        check_mean_add(&first, (double)grad[0]);
        check_mean_add(&last, (double)grad[D - 1]);
        if (t > 0) { check_mean_add(&product, (double)before * (double)grad[0]); }
        before = grad[0];
    }
    CHECK_MEAN(&first, 0.0);
    CHECK_MEAN(&last, 0.0);
    CHECK_MEAN(&product, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slopes_are_central_differences),
        cmocka_unit_test(smoothness_is_two),
        cmocka_unit_test(start_has_its_norm_and_value),
        cmocka_unit_test(noise_has_its_variance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
