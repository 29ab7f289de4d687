/* test_gradients.c - every convex problem of the registry: gradients against differences of the objective, stochastic
 * against full gradients, and the definitions that design decisions fixed (sign of score 0, subgradient at the kink). A new problem needs a line in `cases`: without one the test fails. */
#include "tests/built.h"

#include <float.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "convex/linear.h"
#include "convex/registry.h"
#include "tests/every_problem.h"
#include "tests/synthetic.h"

#ifdef _OPENMP
void omp_set_num_threads(int); /* omp.h is not there for every compiler that has the library */
#endif

/* The configurations that the loops below go through. kinks: the loss has some, where a score is 1 or -1. */
static const struct {
    const char *name;
    bool kinks;
    const char *keys[9];
} cases[] = {
    {"logistic", false, {NULL}},
    {"logistic", false, {"digit", "2", "l2", "0.5", NULL}},
    {"logistic", false, {"l2", "0", NULL}},
    {"svm", true, {NULL}},
    {"svm", true, {"digit", "1", "l2", "0", NULL}},
    {"softmax", false, {NULL}},
    {"softmax", false, {"l2", "0", NULL}},
    {"one_vs_rest", false, {NULL}},
    {"one_vs_rest", true, {"loss", "hinge", "l2", "0.1", NULL}},
    {"sigmoid", false, {NULL}},
    {"sigmoid", false, {"digit", "1", "l2", "0", NULL}},
    {"quadratic", false, {"d", "50", "sigma", "0", NULL}},
    {"quadratic", false, {"d", "129", "sigma", "0", "rotations", "0", "kappa", "1", NULL}},
    {"quadratic", false, {"d", "1", "sigma", "0", "mu", "3", NULL}},
    {"quadratic", false, {"d", "40", "sigma", "0", "spectrum", "power", "kappa", "100", NULL}},
    {"quadratic", false, {"d", "1", "sigma", "0", "spectrum", "power", "mu", "3", NULL}},
    {"quadratic", false, {"d", "7", "sigma", "0", "rotations", "16", "kappa", "1000", NULL}},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static struct built build_case(size_t c, size_t examples)
{
    struct built b = build_sized(cases[c].name, cases[c].keys, examples);
    b.kinks = cases[c].kinks;
    return b;
}

static bool has_case(const struct dsgd_problem_ops *problem)
{
    for (size_t c = 0; c < CASES; ++c) {
        if (strcmp(cases[c].name, problem->name) == 0) { return true; }
    }
    return false;
}

static void every_problem_has_a_case(void **unused)
{
    (void)unused;
    every_problem_is_seen("cases of tests/test_gradients.c", has_case,
                          (const struct left_out[]){DEEP_LEFT_OUT("in floats alone: test_deep_ops.c, test_deep_models.c"), {NULL, NULL}});
}

/* The smallest ||score| - 1| over the training set and the scores of all classes: how far x is from any kink of the
 * hinge loss, whatever the labels. */
static double kink_distance(const struct built *b, const double *x)
{
    double nearest = HUGE_VAL;
    for (size_t from = 0; from < b->d; from += FEATURES + 1) {
        for (size_t i = 0; i < b->n; ++i) {
            double score = x[from + FEATURES];
            for (size_t j = 0; j < FEATURES; ++j) {
                score += b->data->train.feature[i * FEATURES + j] / 255.0 * x[from + j];
            }
            nearest = fmin(nearest, fabs(fabs(score) - 1));
        }
    }
    return nearest;
}

/* A point that floats represent, with coordinates in (-0.4, 0.4); for hinge losses at least `away` from every kink. */
static void choose_point(const struct built *b, double away, double *x)
{
    for (uint32_t seed = 1; seed < 1000; ++seed) {
        for (size_t j = 0; j < b->d; ++j) { x[j] = (double)(float)(0.4 * synthetic_uniform(seed, (uint32_t)j, 9)); }
        if (!b->kinks || kink_distance(b, x) > away) { return; }
    }
    fail_msg("no point away from the kinks");
}

static double objective_at(const struct built *b, double *x, size_t j, double shift)
{
    double value[METRICS_MAX];
    const double saved = x[j];
    x[j] += shift;
    assert_int_equal(b->ops->evaluate(b->self, x, value), DSGD_OK);
    x[j] = saved;
    return value[0];
}

static void full_gradient_any_problem_equals_differences(void **unused)
{
    (void)unused;
    /* (f(x-2h) - 8f(x-h) + 8f(x+h) - f(x+2h))/(12h): truncation h^4 |f^(5)|/30 < 1e-14 for losses with derivatives of
     * order 1 (exact for quadratics), rounding about eps max|f|/h; 1e-9 leaves two orders. */
    const double h = 3e-4;
    for (size_t c = 0; c < CASES; ++c) {
        struct built b = build_case(c, N);
        double *x = malloc(b.d * sizeof *x), *grad = malloc(b.d * sizeof *grad);
        assert_true(x && grad);
        choose_point(&b, 3 * h, x); /* a step of 2h moves a margin by at most 2h, since features are at most 1 */
        assert_int_equal(b.ops->full_gradient(b.self, x, grad), DSGD_OK);
        const double scale = 1 + fabs(objective_at(&b, x, 0, 0));
        for (size_t j = 0; j < b.d; ++j) {
            const double difference = (objective_at(&b, x, j, -2 * h) - 8 * objective_at(&b, x, j, -h) +
                                       8 * objective_at(&b, x, j, h) - objective_at(&b, x, j, 2 * h)) /
                                      (12 * h);
            CHECK_CLOSE(grad[j], difference, 1e-9 * scale);
        }
        free(x);
        free(grad);
        destroy(&b);
    }
}

/* What float arithmetic may cost one coordinate of a gradient at x. */
static double float_tolerance(const struct built *b, const double *x)
{
    const double unit = (double)FLT_EPSILON / 2;
    double l1 = 0, l2 = 0;
    for (size_t j = 0; j < b->d; ++j) {
        l1 += fabs(x[j]);
        l2 += x[j] * x[j];
    }
    if (b->n > 0) {
        /* A score of terms <= |x_j| in d additions is off by d u ||x||_1, the slope (<= 1, Lipschitz 1) by as much;
         * then come n additions of terms <= 1, and a few roundings of terms <= 1. */
        return unit * ((double)b->d * l1 + (double)b->n + 8);
    }
    /* x - w*, 2 reflections for each rotation and D: each rounds every coordinate of a vector of length <= L ||x -
     * w*||. */
    struct dsgd_constants constants;
    assert_int_equal(b->ops->constants(b->self, &constants), DSGD_OK);
    return unit * 40 * constants.L * (sqrt(l2) + 1);
}

static void gradient_full_batch_equals_full_gradient(void **unused)
{
    (void)unused;
    for (size_t c = 0; c < CASES; ++c) {
        struct built b = build_case(c, N);
        double *x = malloc(b.d * sizeof *x), *grad = malloc(b.d * sizeof *grad);
        float *xf = malloc(b.d * sizeof *xf), *gf = malloc(b.d * sizeof *gf);
        assert_true(x && grad && xf && gf);
        choose_point(&b, 1e-4, x);
        const struct dsgd_batch batch = {b.all, b.n > 0 ? (uint32_t)b.n : 1, 0, 0, 5};
        for (size_t j = 0; j < b.d; ++j) {
            xf[j] = (float)x[j];
            gf[j] = NAN; /* must be overwritten */
        }
        assert_int_equal(b.ops->full_gradient(b.self, x, grad), DSGD_OK);
        assert_int_equal(b.ops->gradient(b.self, xf, &batch, gf), DSGD_OK);
        for (size_t j = 0; j < b.d; ++j) { CHECK_CLOSE((double)gf[j], grad[j], float_tolerance(&b, x)); }
        free(x);
        free(grad);
        free(xf);
        free(gf);
        destroy(&b);
    }
}

static void gradient_batch_is_mean_of_its_examples(void **unused)
{
    (void)unused;
    for (size_t c = 0; c < CASES; ++c) {
        struct built b = build_case(c, N);
        if (b.n > 0) {
            const uint32_t example[4] = {3, 202, 3, 57}; /* with replacement: 3 counts twice */
            enum { DIM = CLASSES * (FEATURES + 1) };
            double x[DIM], mean[DIM] = {0};
            float xf[DIM], gf[DIM];
            assert_true(b.d <= DIM);
            choose_point(&b, 1e-4, x);
            for (size_t j = 0; j < b.d; ++j) { xf[j] = (float)x[j]; }
            for (int k = 0; k < 4; ++k) {
                const struct dsgd_batch one = {&example[k], 1, 0, 0, 5};
                assert_int_equal(b.ops->gradient(b.self, xf, &one, gf), DSGD_OK);
                for (size_t j = 0; j < b.d; ++j) { mean[j] += (double)gf[j] / 4; }
            }
            const struct dsgd_batch four = {example, 4, 0, 0, 5};
            assert_int_equal(b.ops->gradient(b.self, xf, &four, gf), DSGD_OK);
            for (size_t j = 0; j < b.d; ++j) { CHECK_CLOSE((double)gf[j], mean[j], float_tolerance(&b, x)); }
        }
        destroy(&b);
    }
}

static void gradient_empty_batch_is_refused(void **unused)
{
    (void)unused;
    for (size_t c = 0; c < CASES; ++c) {
        struct built b = build_case(c, N);
        float *x = calloc(b.d, sizeof *x), *grad = calloc(b.d, sizeof *grad);
        const struct dsgd_batch batch = {b.all, 0, 0, 0, 5};
        assert_int_equal(b.ops->gradient(b.self, x, &batch, grad), DSGD_EINTERNAL);
        free(x);
        free(grad);
        destroy(&b);
    }
}

static void evaluate_score_zero_counts_as_negative(void **unused)
{
    (void)unused;
    static const char *const names[] = {"logistic", "svm"};
    static const double loss[] = {0.69314718055994530942, 1}; /* log 2, hinge at margin 0 */
    for (int c = 0; c < 2; ++c) {
        struct built b = build(names[c], (const char *const[]){"digit", "1", NULL});
        double x[FEATURES + 1] = {0}, value[DSGD_LINEAR_METRICS];
        size_t train = 0, test = 0;
        for (size_t i = 0; i < b.data->train.n; ++i) { train += b.data->train.label[i] == 1; }
        for (size_t i = 0; i < b.data->test.n; ++i) { test += b.data->test.label[i] == 1; }
        assert_int_equal(b.ops->evaluate(b.self, x, value), DSGD_OK);
        /* a mean of n equal numbers: n roundings of relative size eps */
        CHECK_CLOSE(value[DSGD_LINEAR_OBJECTIVE], loss[c], N * DBL_EPSILON);
        CHECK_CLOSE(value[DSGD_LINEAR_TEST_LOSS], loss[c], N * DBL_EPSILON);
        CHECK_CLOSE(value[DSGD_LINEAR_TRAIN_ERROR], (double)train / (double)b.data->train.n, DBL_EPSILON);
        CHECK_CLOSE(value[DSGD_LINEAR_TEST_ERROR], (double)test / (double)b.data->test.n, DBL_EPSILON);
        destroy(&b);
    }
}

static void evaluate_regulariser_includes_bias(void **unused)
{
    (void)unused;
    struct built with = build("svm", (const char *const[]){"l2", "0.5", NULL});
    struct built without = build("svm", (const char *const[]){"l2", "0", NULL});
    double x[FEATURES + 1] = {0}, a[DSGD_LINEAR_METRICS], b[DSGD_LINEAR_METRICS];
    x[FEATURES] = 2;
    assert_int_equal(with.ops->evaluate(with.self, x, a), DSGD_OK);
    assert_int_equal(without.ops->evaluate(without.self, x, b), DSGD_OK);
    CHECK_CLOSE(a[DSGD_LINEAR_OBJECTIVE] - b[DSGD_LINEAR_OBJECTIVE], 0.5 / 2 * 4, 1e-14); /* a few eps of 3 */
    CHECK_CLOSE(a[DSGD_LINEAR_TEST_LOSS] - b[DSGD_LINEAR_TEST_LOSS], 0.5 / 2 * 4, 1e-14);
    destroy(&with);
    destroy(&without);
}

static void gradient_hinge_at_kink_is_zero(void **unused)
{
    (void)unused;
    struct built b = build("svm", (const char *const[]){"digit", "0", "l2", "0.25", NULL});
    float x[FEATURES + 1] = {0}, grad[FEATURES + 1];
    x[FEATURES] = 1; /* every score is exactly 1: margin 1 for label 0, margin -1 for the others */
    for (uint32_t i = 0; i < N; ++i) {
        const struct dsgd_batch batch = {&i, 1, 0, 0, 5};
        assert_int_equal(b.ops->gradient(b.self, x, &batch, grad), DSGD_OK);
        const bool kink = b.data->train.label[i] == 0;
        for (size_t j = 0; j < FEATURES; ++j) {
            const float pixel = (float)b.data->train.feature[i * FEATURES + j];
            /* pixel * (1/255) rounds twice, pixel / 255 once */
            CHECK_CLOSE((double)grad[j], kink ? 0 : (double)pixel / 255, (double)FLT_EPSILON);
        }
        assert_true(grad[FEATURES] == (kink ? 0.25f : 1.25f)); /* exact in float */
    }
    destroy(&b);
}

static void logistic_large_margins_stay_finite(void **unused)
{
    (void)unused;
    struct built b = build("logistic", (const char *const[]){"l2", "0", NULL});
    double x[FEATURES + 1] = {0}, value[DSGD_LINEAR_METRICS], grad[FEATURES + 1];
    float xf[FEATURES + 1] = {0}, gf[FEATURES + 1];
    x[FEATURES] = 1e6;
    xf[FEATURES] = 1e6f;
    size_t positive = 0;
    for (size_t i = 0; i < N; ++i) { positive += b.data->train.label[i] == 0; }
    const double negative = (double)(N - positive) / N;
    assert_int_equal(b.ops->evaluate(b.self, x, value), DSGD_OK);
    CHECK_CLOSE(value[0], 1e6 * negative, 1e6 * N * DBL_EPSILON); /* N roundings of a sum */
    assert_int_equal(b.ops->full_gradient(b.self, x, grad), DSGD_OK);
    CHECK_CLOSE(grad[FEATURES], negative, N * DBL_EPSILON);
    const struct dsgd_batch batch = {b.all, N, 0, 0, 5};
    assert_int_equal(b.ops->gradient(b.self, xf, &batch, gf), DSGD_OK);
    CHECK_CLOSE((double)gf[FEATURES], negative, N * (double)FLT_EPSILON);
    destroy(&b);
}

static void full_passes_any_number_of_threads_same_bits(void **unused)
{
    (void)unused;
#ifdef _OPENMP
    for (size_t c = 0; c < CASES; ++c) {
        struct built b = build_case(c, DSGD_LINEAR_PARALLEL + 77); /* fewer: one thread */
        double *x = malloc(b.d * sizeof *x), *grad = malloc(2 * b.d * sizeof *grad),
               value[2][METRICS_MAX] = {{0}};
        assert_true(x && grad);
        choose_point(&b, 0, x); /* kinks do no harm here */
        for (int k = 0; k < 2; ++k) {
            omp_set_num_threads(k == 0 ? 1 : 3);
            assert_int_equal(b.ops->evaluate(b.self, x, value[k]), DSGD_OK);
            assert_int_equal(b.ops->full_gradient(b.self, x, grad + (size_t)k * b.d), DSGD_OK);
        }
        assert_memory_equal(value[0], value[1], sizeof value[0]);
        assert_memory_equal(grad, grad + b.d, b.d * sizeof *grad);
        free(x);
        free(grad);
        destroy(&b);
    }
#endif
}

static void shape_segments_cover_all_coordinates(void **unused)
{
    (void)unused;
    for (size_t c = 0; c < CASES; ++c) {
        struct built b = build_case(c, N);
        struct dsgd_layout layout;
        size_t at = 0, n;
        b.ops->shape(b.self, &layout, &n);
        for (size_t s = 0; s < layout.segments; ++s) {
            assert_int_equal(layout.segment[s].offset, at);
            assert_int_equal(layout.segment[s].rows * layout.segment[s].cols, layout.segment[s].count);
            at += layout.segment[s].count;
        }
        assert_int_equal(at, layout.d);
        destroy(&b);
    }
}

static void create_digit_beyond_classes_is_refused(void **unused)
{
    (void)unused;
    struct dsgd_dataset *data = synthetic_create(11, N, FEATURES, CLASSES);
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    for (size_t k = 0; dsgd_problem_at(k); ++k) {
        const struct dsgd_problem_ops *ops = dsgd_problem_at(k);
        assert_ptr_equal(dsgd_problem_find(ops->name), ops);
        if (!dsgd_param_find(ops->params, "digit")) { continue; }
        assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
        assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, "digit"), ops->name, config, "7"), DSGD_OK);
        const struct dsgd_problem_args args = {config, data, 1};
        void *self;
        assert_int_equal(ops->create(&args, &self), DSGD_EINPUT);
        assert_null(self);
        assert_non_null(strstr(dsgd_error(), "digit = 7"));
        ops->destroy(NULL);
    }
    assert_null(dsgd_problem_find("no such problem"));
    dsgd_dataset_destroy(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_problem_has_a_case),
        cmocka_unit_test(full_gradient_any_problem_equals_differences),
        cmocka_unit_test(gradient_full_batch_equals_full_gradient),
        cmocka_unit_test(gradient_batch_is_mean_of_its_examples),
        cmocka_unit_test(gradient_empty_batch_is_refused),
        cmocka_unit_test(evaluate_score_zero_counts_as_negative),
        cmocka_unit_test(evaluate_regulariser_includes_bias),
        cmocka_unit_test(gradient_hinge_at_kink_is_zero),
        cmocka_unit_test(logistic_large_margins_stay_finite),
        cmocka_unit_test(full_passes_any_number_of_threads_same_bits),
        cmocka_unit_test(shape_segments_cover_all_coordinates),
        cmocka_unit_test(create_digit_beyond_classes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
