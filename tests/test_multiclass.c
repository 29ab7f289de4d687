/* test_multiclass.c - the problems beyond one convex classifier: softmax regression, all one-vs-rest classifiers at
 * once (the same floats as each of them alone), the sigmoid loss; their constants against Hessians by differences,
 * their optima against GSL's BFGS. */
#include "tests/check.h"

#include <float.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include "convex/linear.h"
#include "convex/optimum_cache.h"
#include "convex/registry.h"
#include "tests/synthetic.h"

enum { N = 150, FEATURES = 19, WIDTH = FEATURES + 1, CLASSES = 7, D = CLASSES * WIDTH, METRICS_MAX = 8 };

struct built {
    const struct dsgd_problem_ops *ops;
    struct dsgd_dataset *data;
    _Alignas(16) unsigned char config[256];
    void *self;
    size_t d;
};

/* A problem on n examples of `classes` classes; keys: "key value key value". */
static void build(struct built *b, const char *name, const char *const *keys, size_t n, size_t classes)
{
    *b = (struct built){.ops = dsgd_problem_find(name), .data = synthetic_create(31, n, FEATURES, classes)};
    assert_true(b->ops->config_size <= sizeof b->config);
    assert_int_equal(dsgd_param_defaults(b->ops->params, name, b->config), DSGD_OK);
    for (; *keys; keys += 2) {
        assert_int_equal(dsgd_param_set(dsgd_param_find(b->ops->params, keys[0]), name, b->config, keys[1]), DSGD_OK);
    }
    const struct dsgd_problem_args args = {b->config, b->data, 1};
    assert_int_equal(b->ops->create(&args, &b->self), DSGD_OK);
    struct dsgd_layout layout;
    size_t examples;
    b->ops->shape(b->self, &layout, &examples);
    assert_int_equal(examples, n);
    b->d = layout.d;
}

static void destroy(struct built *b)
{
    b->ops->destroy(b->self);
    dsgd_dataset_destroy(b->data);
}

/* The single problem of one class with the same loss and l2. */
static void build_single(struct built *b, const char *loss, size_t c, const char *l2)
{
    const char digit[2] = {(char)('0' + c), '\0'};
    build(b, strcmp(loss, "hinge") == 0 ? "svm" : "logistic", (const char *const[]){"digit", digit, "l2", l2, NULL}, N,
          CLASSES);
}

static void choose_point(double scale, uint32_t seed, size_t d, double *x)
{
    for (size_t j = 0; j < d; ++j) { x[j] = (double)(float)(scale * synthetic_uniform(seed, (uint32_t)j, 9)); }
}

static double norm2(size_t d, const double *v)
{
    double sum = 0;
    for (size_t j = 0; j < d; ++j) { sum += v[j] * v[j]; }
    return sum;
}

static double value_at(const struct built *b, const double *x, int metric)
{
    double value[METRICS_MAX];
    assert_int_equal(b->ops->evaluate(b->self, x, value), DSGD_OK);
    return value[metric];
}

static const char *const losses[] = {"logistic", "hinge"};

/* ---- all one-vs-rest classifiers at once ---- */

static void one_vs_rest_gradients_are_those_of_each_class_bit_for_bit(void **unused)
{
    (void)unused;
    for (int k = 0; k < 2; ++k) {
        struct built all;
        build(&all, "one_vs_rest", (const char *const[]){"loss", losses[k], "l2", "0.03", NULL}, N, CLASSES);
        double x[D], grad[D], one[WIDTH];
        float xf[D], gf[D], onef[WIDTH];
        uint32_t example[21];
        choose_point(0.5, 3, D, x);
        for (size_t j = 0; j < D; ++j) { xf[j] = (float)x[j]; }
        for (uint32_t i = 0; i < 21; ++i) { example[i] = i * 59 % N; }
        for (size_t c = 0; c < CLASSES; ++c) {
            struct built single;
            build_single(&single, losses[k], c, "0.03");
            assert_int_equal(single.d, WIDTH);
            for (uint32_t count = 1; count <= 21; count += 5) { /* 1 to 21 examples: one, and several tiles of 8 */
                const struct dsgd_batch batch = {example, count, 0, 0, 1};
                assert_int_equal(all.ops->gradient(all.self, xf, &batch, gf), DSGD_OK);
                assert_int_equal(single.ops->gradient(single.self, xf + c * WIDTH, &batch, onef), DSGD_OK);
                assert_memory_equal(gf + c * WIDTH, onef, sizeof onef);
            }
            assert_int_equal(all.ops->full_gradient(all.self, x, grad), DSGD_OK);
            assert_int_equal(single.ops->full_gradient(single.self, x + c * WIDTH, one), DSGD_OK);
            assert_memory_equal(grad + c * WIDTH, one, sizeof one);
            destroy(&single);
        }
        destroy(&all);
    }
}

static void one_vs_rest_optimum_is_the_sum_of_its_classes(void **unused)
{
    (void)unused;
    for (int k = 0; k < 2; ++k) {
        struct built all;
        struct dsgd_optimum optimum, part;
        struct dsgd_constants constants, single_constants;
        build(&all, "one_vs_rest", (const char *const[]){"loss", losses[k], "l2", "0.03", NULL}, N, CLASSES);
        assert_int_equal(all.ops->optimum(all.self, &optimum), DSGD_OK);
        assert_int_equal(all.ops->constants(all.self, &constants), DSGD_OK);
        double f_star = 0, gap = 0, objective = 0;
        for (size_t c = 0; c < CLASSES; ++c) {
            struct built single;
            build_single(&single, losses[k], c, "0.03");
            assert_int_equal(single.ops->optimum(single.self, &part), DSGD_OK);
            assert_int_equal(single.ops->constants(single.self, &single_constants), DSGD_OK);
            f_star += part.f_star;
            gap += part.gap;
            objective += value_at(&single, part.w, 0);
            assert_memory_equal(optimum.w + c * WIDTH, part.w, WIDTH * sizeof(double));
            assert_true(constants.mu == single_constants.mu);
            assert_true(k == 1 ? isnan(constants.L) : constants.L == single_constants.L);
            free(part.w);
            destroy(&single);
        }
        assert_true(optimum.f_star == f_star && optimum.gap == gap); /* the same floats: added in the same order */
        assert_non_null(strstr(optimum.certificate, k == 1 ? "duality gap" : "gradient norm"));
        /* the objective adds up the classes inside the examples: N CLASSES roundings of a sum of order CLASSES */
        CHECK_CLOSE(value_at(&all, optimum.w, 0), objective, N * CLASSES * CLASSES * DBL_EPSILON);
        free(optimum.w);
        destroy(&all);
    }
}

static void predictions_take_the_largest_score_and_the_lowest_class(void **unused)
{
    (void)unused;
    static const char *const names[] = {"softmax", "one_vs_rest"};
    for (int k = 0; k < 2; ++k) {
        struct built b;
        build(&b, names[k], (const char *const[]){"l2", "0", NULL}, N, CLASSES);
        double x[D] = {0};
        size_t not_zero = 0, not_four = 0;
        for (size_t i = 0; i < N; ++i) {
            not_zero += b.data->train.label[i] != 0;
            not_four += b.data->train.label[i] != 4;
        }
        assert_true(value_at(&b, x, DSGD_LINEAR_TRAIN_ERROR) == (double)not_zero / N);
        /* log 7 for softmax, 7 log 2 for one against the rest; N roundings of a mean of equal numbers */
        CHECK_CLOSE(value_at(&b, x, 0), k == 0 ? log(CLASSES) : CLASSES * log(2), CLASSES * N * DBL_EPSILON);
        x[4 * WIDTH + FEATURES] = x[5 * WIDTH + FEATURES] = 1; /* biases of classes 4 and 5 */
        assert_true(value_at(&b, x, DSGD_LINEAR_TRAIN_ERROR) == (double)not_four / N);
        destroy(&b);
    }
}

/* ---- softmax ---- */

static double gsl_value(const gsl_vector *x, void *problem)
{
    return value_at(problem, gsl_vector_const_ptr(x, 0), 0);
}

static void gsl_gradient(const gsl_vector *x, void *problem, gsl_vector *grad)
{
    const struct built *b = problem;
    assert_int_equal(b->ops->full_gradient(b->self, gsl_vector_const_ptr(x, 0), gsl_vector_ptr(grad, 0)), DSGD_OK);
}

static void gsl_both(const gsl_vector *x, void *problem, double *f, gsl_vector *grad)
{
    *f = gsl_value(x, problem);
    gsl_gradient(x, problem, grad);
}

static void softmax_optimum_agrees_with_gsl_bfgs(void **unused)
{
    (void)unused;
    static const char *const l2s[] = {"1", "0.01", "0.0001"};
    for (size_t k = 0; k < 3; ++k) {
        struct built b;
        struct dsgd_optimum optimum;
        double grad[D];
        const double l2 = atof(l2s[k]);
        build(&b, "softmax", (const char *const[]){"l2", l2s[k], NULL}, N, CLASSES);
        assert_int_equal(b.ops->optimum(b.self, &optimum), DSGD_OK);
        assert_string_equal(optimum.certificate, "gradient norm");
        assert_int_equal(b.ops->full_gradient(b.self, optimum.w, grad), DSGD_OK);
        CHECK_CLOSE(optimum.gap, 0, 1e-12);
        CHECK_CLOSE(norm2(D, grad) / (2 * l2), 0, 1e-12); /* the certificate, from outside */
        CHECK_CLOSE(value_at(&b, optimum.w, 0), optimum.f_star, 2 * N * DBL_EPSILON); /* two orders of summation */

        gsl_multimin_function_fdf function = {gsl_value, gsl_gradient, gsl_both, D, &b};
        gsl_multimin_fdfminimizer *minimizer =
            gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, D);
        gsl_vector *x = gsl_vector_calloc(D);
        gsl_multimin_fdfminimizer_set(minimizer, &function, x, 0.1, 0.1);
        for (int it = 0; it < 2000 && gsl_multimin_fdfminimizer_iterate(minimizer) == GSL_SUCCESS; ++it) {}
        const double bound = norm2(D, gsl_vector_ptr(minimizer->gradient, 0)) / (2 * l2);
        CHECK_CLOSE(bound, 0, 1e-7); /* GSL got near enough to say anything */
        CHECK_CLOSE(minimizer->f, optimum.f_star, bound + 1e-12 + 2 * N * DBL_EPSILON);
        double distance2 = 0;
        for (size_t j = 0; j < D; ++j) {
            const double away = gsl_vector_get(minimizer->x, j) - optimum.w[j];
            distance2 += away * away;
        }
        CHECK_CLOSE(sqrt(distance2), 0, sqrt(2 * bound / l2) + sqrt(2 * 1e-12 / l2)); /* strong convexity, twice */
        gsl_multimin_fdfminimizer_free(minimizer);
        gsl_vector_free(x);
        free(optimum.w);
        destroy(&b);
    }
}

static void softmax_of_two_classes_is_logistic_regression(void **unused)
{
    (void)unused;
    /* With v = w_0 - w_1 the data terms agree; of all w with this v, w_0 = -w_1 = v/2 has the smallest norm, and
     * l2/2 ||w||^2 = (l2/2)/2 ||v||^2: half the l2. */
    struct built two, one;
    struct dsgd_optimum a, b;
    build(&two, "softmax", (const char *const[]){"l2", "0.02", NULL}, N, 2);
    build(&one, "logistic", (const char *const[]){"l2", "0.01", "digit", "0", NULL}, N, 2);
    assert_int_equal(two.ops->optimum(two.self, &a), DSGD_OK);
    assert_int_equal(one.ops->optimum(one.self, &b), DSGD_OK);
    CHECK_CLOSE(a.f_star, b.f_star, 2e-12);
    for (size_t j = 0; j < WIDTH; ++j) { /* ||w - w*|| <= sqrt(2 gap/l2), gap <= 1e-12 */
        CHECK_CLOSE(a.w[j] - a.w[WIDTH + j], b.w[j], 3 * sqrt(2e-12 / 0.01));
        CHECK_CLOSE(a.w[j] + a.w[WIDTH + j], 0, 3 * sqrt(2e-12 / 0.01));
    }
    free(a.w);
    free(b.w);
    destroy(&two);
    destroy(&one);
}

static void softmax_large_scores_stay_finite(void **unused)
{
    (void)unused;
    struct built b;
    build(&b, "softmax", (const char *const[]){"l2", "0", NULL}, N, CLASSES);
    double x[D] = {0}, grad[D];
    float xf[D] = {0}, gf[D];
    uint32_t all[N];
    size_t of_two = 0;
    for (uint32_t i = 0; i < N; ++i) {
        all[i] = i;
        of_two += b.data->train.label[i] == 2;
    }
    x[2 * WIDTH + FEATURES] = 1e6;
    xf[2 * WIDTH + FEATURES] = 1e6f;
    const double others = (double)(N - of_two) / N;
    CHECK_CLOSE(value_at(&b, x, 0), 1e6 * others, 1e6 * N * DBL_EPSILON);
    assert_int_equal(b.ops->full_gradient(b.self, x, grad), DSGD_OK);
    CHECK_CLOSE(grad[2 * WIDTH + FEATURES], others, N * DBL_EPSILON);
    const struct dsgd_batch batch = {all, N, 0, 0, 1};
    assert_int_equal(b.ops->gradient(b.self, xf, &batch, gf), DSGD_OK);
    CHECK_CLOSE((double)gf[2 * WIDTH + FEATURES], others, N * (double)FLT_EPSILON);
    destroy(&b);
}

/* ---- smoothness constants against Hessians ---- */

/* Smallest and largest eigenvalue of the Hessian at x, by central differences of the full gradient: off by h^2/6 times
 * a fourth derivative of f along lines and by eps/h, both below 1e-8 for these losses and features. */
static void spectrum(const struct built *b, double *x, double *smallest, double *largest)
{
    const double h = 1e-5;
    const size_t d = b->d;
    double *plus = malloc(2 * d * sizeof *plus), *minus = plus + d;
    gsl_matrix *hessian = gsl_matrix_alloc(d, d);
    gsl_vector *eigenvalue = gsl_vector_alloc(d);
    gsl_eigen_symm_workspace *work = gsl_eigen_symm_alloc(d);
    assert_true(plus && hessian && eigenvalue && work);
    for (size_t j = 0; j < d; ++j) {
        const double saved = x[j];
        x[j] = saved + h;
        assert_int_equal(b->ops->full_gradient(b->self, x, plus), DSGD_OK);
        x[j] = saved - h;
        assert_int_equal(b->ops->full_gradient(b->self, x, minus), DSGD_OK);
        x[j] = saved;
        for (size_t i = 0; i < d; ++i) { gsl_matrix_set(hessian, i, j, (plus[i] - minus[i]) / (2 * h)); }
    }
    for (size_t i = 0; i < d; ++i) {
        for (size_t j = 0; j < i; ++j) {
            CHECK_CLOSE(gsl_matrix_get(hessian, i, j), gsl_matrix_get(hessian, j, i), 1e-7);
        }
    }
    assert_int_equal(gsl_eigen_symm(hessian, eigenvalue, work), GSL_SUCCESS);
    *smallest = gsl_vector_min(eigenvalue);
    *largest = gsl_vector_max(eigenvalue);
    gsl_eigen_symm_free(work);
    gsl_vector_free(eigenvalue);
    gsl_matrix_free(hessian);
    free(plus);
}

static void softmax_constants_bound_every_hessian(void **unused)
{
    (void)unused;
    struct built b;
    struct dsgd_constants constants;
    double x[D] = {0}, smallest, largest;
    build(&b, "softmax", (const char *const[]){"l2", "0.05", NULL}, N, CLASSES);
    assert_int_equal(b.ops->constants(b.self, &constants), DSGD_OK);
    assert_true(constants.mu == 0.05 && isnan(constants.sigma2));
    for (uint32_t k = 0; k < 4; ++k) {
        choose_point(0.5 * k, k, D, x);
        spectrum(&b, x, &smallest, &largest);
        assert_true(largest <= constants.L + 1e-7);
        CHECK_CLOSE(smallest, 0.05, 1e-7); /* equal vectors for all classes are flat directions of the data term */
    }
    destroy(&b);

    build(&b, "softmax", (const char *const[]){"l2", "0.05", NULL}, N, 2); /* two classes at p = 1/2 attain L */
    assert_int_equal(b.ops->constants(b.self, &constants), DSGD_OK);
    memset(x, 0, sizeof x);
    spectrum(&b, x, &smallest, &largest);
    CHECK_CLOSE(largest, constants.L, 3e-6 * constants.L); /* theta + residual, each within 1e-6 */
    destroy(&b);
}

static void sigmoid_smoothness_bounds_every_hessian_and_is_attained(void **unused)
{
    (void)unused;
    struct built b;
    struct dsgd_constants constants;
    double x[WIDTH], smallest, largest, lowest = HUGE_VAL;
    build(&b, "sigmoid", (const char *const[]){"l2", "0", "digit", "1", NULL}, N, CLASSES);
    assert_int_equal(b.ops->constants(b.self, &constants), DSGD_OK);
    assert_true(isnan(constants.mu) && isnan(constants.sigma2) && !b.ops->optimum);
    for (uint32_t k = 0; k < 8; ++k) {
        choose_point(0.7 * k, k, WIDTH, x);
        spectrum(&b, x, &smallest, &largest);
        assert_true(fmax(fabs(smallest), fabs(largest)) <= constants.L + 1e-7);
        lowest = fmin(lowest, smallest);
    }
    assert_true(lowest < -1e-3); /* really not convex */
    destroy(&b);

    /* One example a: at the margin +-m with s = (1 - 1/sqrt 3)/2 the Hessian is +-a a^T/(6 sqrt 3) + l2. */
    for (int sign = -1; sign <= 1; sign += 2) {
        double a2 = 1;
        const double s = (1 - 1 / sqrt(3)) / 2, margin = sign * log((1 - s) / s);
        build(&b, "sigmoid", (const char *const[]){"l2", "0", "digit", "1", NULL}, N, CLASSES);
        struct dsgd_linear *one = b.self; /* cut afterwards: two classes in one example cannot be had */
        one->n = b.data->train.n = 1;
        assert_int_equal(b.ops->constants(b.self, &constants), DSGD_OK);
        const double y = b.data->train.label[0] == 1 ? 1 : -1;
        for (size_t j = 0; j < FEATURES; ++j) {
            x[j] = b.data->train.feature[j] / 255.0;
            a2 += x[j] * x[j];
        }
        x[FEATURES] = 1;
        for (size_t j = 0; j < WIDTH; ++j) { x[j] *= y * margin / a2; }
        spectrum(&b, x, &smallest, &largest);
        CHECK_CLOSE(sign > 0 ? largest : -smallest, constants.L, 3e-6 * constants.L);
        destroy(&b);
    }
}

static void sigmoid_gradient_norm_is_a_metric(void **unused)
{
    (void)unused;
    struct built b;
    double x[WIDTH], grad[WIDTH];
    build(&b, "sigmoid", (const char *const[]){NULL}, N, CLASSES);
    assert_int_equal(b.ops->metrics, 5);
    assert_string_equal(b.ops->metric[4].name, "grad_norm2");
    choose_point(1, 5, WIDTH, x);
    assert_int_equal(b.ops->full_gradient(b.self, x, grad), DSGD_OK);
    CHECK_CLOSE(value_at(&b, x, 4), norm2(WIDTH, grad), WIDTH * DBL_EPSILON);
    memset(x, 0, sizeof x);
    CHECK_CLOSE(value_at(&b, x, 0), 0.5, N * DBL_EPSILON);
    x[FEATURES] = 1e6; /* every score: no overflow, error of the others exactly 1 */
    size_t others = 0;
    for (size_t i = 0; i < N; ++i) { others += b.data->train.label[i] != 0; }
    CHECK_CLOSE(value_at(&b, x, 0), (double)others / N + 0.5 * 0.01 * 1e12, 1e10 * DBL_EPSILON);
    CHECK_CLOSE(value_at(&b, x, 4), 1e8, 1e-3); /* l2 x alone: the loss is flat there */
    destroy(&b);
}

static void optimum_without_l2_is_refused(void **unused)
{
    (void)unused;
    static const char *const names[] = {"softmax", "one_vs_rest"};
    for (int k = 0; k < 2; ++k) {
        struct built b;
        struct dsgd_optimum optimum;
        struct dsgd_constants constants;
        build(&b, names[k], (const char *const[]){"l2", "0", NULL}, N, CLASSES);
        assert_int_equal(b.ops->optimum(b.self, &optimum), DSGD_EUNAVAILABLE);
        assert_non_null(strstr(dsgd_error(), names[k]));
        assert_non_null(strstr(dsgd_error(), "l2 = 0"));
        assert_int_equal(b.ops->constants(b.self, &constants), DSGD_OK);
        assert_true(constants.mu == 0);
        destroy(&b);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_vs_rest_gradients_are_those_of_each_class_bit_for_bit),
        cmocka_unit_test(one_vs_rest_optimum_is_the_sum_of_its_classes),
        cmocka_unit_test(predictions_take_the_largest_score_and_the_lowest_class),
        cmocka_unit_test(softmax_optimum_agrees_with_gsl_bfgs),
        cmocka_unit_test(softmax_of_two_classes_is_logistic_regression),
        cmocka_unit_test(softmax_large_scores_stay_finite),
        cmocka_unit_test(softmax_constants_bound_every_hessian),
        cmocka_unit_test(sigmoid_smoothness_bounds_every_hessian_and_is_attained),
        cmocka_unit_test(sigmoid_gradient_norm_is_a_metric),
        cmocka_unit_test(optimum_without_l2_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
