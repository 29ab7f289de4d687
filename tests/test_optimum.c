/* test_optimum.c - certified minimisers against independent solvers (GSL's BFGS, LIBLINEAR, GSL's eigenvalues), and what every problem of
 * the registry with an optimum promises. A new one needs a line in `compared`: without one the test fails. */
#include "tests/check.h"

#include <float.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <gsl/gsl_sort_vector.h>
#include <linear.h>
#include "tests/every_problem.h"
#include "tests/optimum_case.h"

/* ---- every problem ---- */

/* Where the optimum of each problem is compared with another solver's. */
static const struct {
    const char *name, *where;
} compared[] = {
    {"quadratic", "below: closed form, GSL's eigenvalues"},
    {"logistic", "below: GSL's BFGS"},
    {"svm", "below: LIBLINEAR"},
    {"softmax", "test_multiclass.c: GSL's BFGS"},
    {"one_vs_rest", "test_multiclass.c: the sum of the classes' optima"},
};

static bool is_compared(const struct dsgd_problem_ops *problem)
{
    for (size_t k = 0; k < sizeof compared / sizeof *compared; ++k) {
        if (strcmp(compared[k].name, problem->name) == 0) { return true; }
    }
    return !problem->optimum;
}

static void every_optimum_is_compared(void **unused)
{
    (void)unused;
    every_problem_is_seen("compared of tests/test_optimum.c", is_compared, (const struct left_out[]){{NULL, NULL}});
}

/* With default keys: the certificate is good enough, f* is the value at w, and no point near or far has a smaller one than f* - gap. */
static void every_optimum_is_a_minimum(void **unused)
{
    (void)unused;
    enum { CONFIG_SIZE = 256 };
    const struct dsgd_problem_ops *ops;
    struct dsgd_dataset *data = synthetic_create(23, N, FEATURES, CLASSES);
    for (size_t i = 0; (ops = dsgd_problem_at(i)) != NULL; ++i) {
        if (!ops->optimum) { continue; }
        _Alignas(16) unsigned char config[CONFIG_SIZE];
        const struct dsgd_problem_args args = {config, ops->needs_dataset ? data : NULL, 3};
        struct dsgd_layout layout;
        size_t n;
        void *self;
        assert_true(ops->config_size <= sizeof config);
        assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
        assert_int_equal(ops->create(&args, &self), DSGD_OK);
        if (ops->optimum && (!ops->has_optimum || ops->has_optimum(self))) {
            struct dsgd_optimum optimum;
            double value[DSGD_METRICS_MAX];
            ops->shape(self, &layout, &n);
            assert_int_equal(ops->optimum(self, &optimum), DSGD_OK);
            double *x = malloc(layout.d * sizeof *x);
            assert_non_null(x);
            assert_int_equal(ops->evaluate(self, optimum.w, value), DSGD_OK);
            /* sums of n or d terms, in two orders; weak duality holds up to as much */
            const double rounding = (double)(n + layout.d) * DBL_EPSILON * (1 + fabs(optimum.f_star));
            bool holds = optimum.gap <= ops->optimum_gap && optimum.gap >= -rounding && check_is_close(value[0], optimum.f_star, rounding);
            for (uint32_t k = 0; k < 24; ++k) {
                for (size_t j = 0; j < layout.d; ++j) { x[j] = optimum.w[j] + pow(10, -(double)(k % 6)) * synthetic_uniform(k, (uint32_t)j, 5); }
                assert_int_equal(ops->evaluate(self, x, value), DSGD_OK);
                holds = holds && value[0] >= optimum.f_star - optimum.gap - rounding;
            }
            if (!holds) { fail_msg("problem %s: f* = %.17g with a gap of %.3g is no minimum", ops->name, optimum.f_star, optimum.gap); }
            free(x);
            free(optimum.w);
        }
        ops->destroy(self);
    }
    dsgd_dataset_destroy(data);
}

static double norm2(size_t d, const double *v)
{
    double sum = 0;
    for (size_t j = 0; j < d; ++j) { sum += v[j] * v[j]; }
    return sum;
}

static double distance2(size_t d, const double *a, const double *b)
{
    double sum = 0;
    for (size_t j = 0; j < d; ++j) { sum += (a[j] - b[j]) * (a[j] - b[j]); }
    return sum;
}

/* ---- closed form ---- */

static void quadratic_optimum_is_the_minimum(void **unused)
{
    (void)unused;
    enum { DIM = 40, CONFIG_SIZE = 256 };
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    const struct dsgd_problem_ops *ops = dsgd_problem_find("quadratic");
    void *self;
    assert_true(ops->config_size <= sizeof config);
    assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
    assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, "d"), ops->name, config, "40"), DSGD_OK);
    assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, "mu"), ops->name, config, "0.5"), DSGD_OK);
    assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, "kappa"), ops->name, config, "100"), DSGD_OK);
    const struct dsgd_problem_args args = {config, NULL, 3};
    assert_int_equal(ops->create(&args, &self), DSGD_OK);

    struct dsgd_reference r;
    double grad[DIM], value[2], x[DIM] = {0};
    assert_int_equal(dsgd_optimum_cached(ops, self, &args, "/nonexistent/folder", &r), DSGD_OK); /* needs no file */
    assert_true(r.has_optimum && !r.hit);
    assert_string_equal(r.optimum.certificate, "closed form");
    assert_true(r.optimum.f_star == 0 && r.optimum.gap == 0 && r.metric[0] == 0 && r.metric[1] == 0);
    assert_true(r.constants.mu == 0.5 && r.constants.L == 50 && r.constants.sigma2 == 1);
    assert_int_equal(ops->full_gradient(self, r.optimum.w, grad), DSGD_OK);
    assert_true(norm2(DIM, grad) == 0); /* w* - w* is exact */
    CHECK_CLOSE(norm2(DIM, r.optimum.w), 1, DIM * DBL_EPSILON);

    /* The Hessian, column by column, has trace sum of mu kappa^(j/(d-1)) and spectrum in [mu, L]. */
    gsl_matrix *hessian = gsl_matrix_alloc(DIM, DIM);
    gsl_vector *eigenvalue = gsl_vector_alloc(DIM);
    gsl_eigen_symm_workspace *work = gsl_eigen_symm_alloc(DIM);
    double start[DIM];
    assert_int_equal(ops->full_gradient(self, x, start), DSGD_OK);
    for (size_t j = 0; j < DIM; ++j) {
        x[j] = 1;
        assert_int_equal(ops->full_gradient(self, x, grad), DSGD_OK);
        x[j] = 0;
        for (size_t i = 0; i < DIM; ++i) { gsl_matrix_set(hessian, i, j, grad[i] - start[i]); }
    }
    assert_int_equal(gsl_eigen_symm(hessian, eigenvalue, work), GSL_SUCCESS);
    gsl_sort_vector(eigenvalue);
    for (size_t j = 0; j < DIM; ++j) { /* backward stable: a few d eps ||H|| = 40 * 2e-16 * 50 */
        CHECK_CLOSE(gsl_vector_get(eigenvalue, j), 0.5 * pow(100, (double)j / (DIM - 1)), 1e-12);
    }
    gsl_eigen_symm_free(work);
    gsl_vector_free(eigenvalue);
    gsl_matrix_free(hessian);
    assert_int_equal(ops->evaluate(self, x, value), DSGD_OK);
    CHECK_CLOSE(value[1], 1, DIM * DBL_EPSILON); /* ||0 - w*||^2 */
    dsgd_reference_clear(&r);
    ops->destroy(self);
}

/* ---- logistic regression ---- */

static double gsl_value(const gsl_vector *x, void *problem)
{
    const struct built *b = problem;
    double value[DSGD_LINEAR_METRICS];
    return b->ops->evaluate(b->self, gsl_vector_const_ptr(x, 0), value) == DSGD_OK ? value[0] : (double)NAN;
}

static void gsl_gradient(const gsl_vector *x, void *problem, gsl_vector *grad)
{
    const struct built *b = problem;
    if (b->ops->full_gradient(b->self, gsl_vector_const_ptr(x, 0), gsl_vector_ptr(grad, 0)) != DSGD_OK) {
        gsl_vector_set_all(grad, (double)NAN);
    }
}

static void gsl_both(const gsl_vector *x, void *problem, double *f, gsl_vector *grad)
{
    *f = gsl_value(x, problem);
    gsl_gradient(x, problem, grad);
}

static void logistic_optimum_agrees_with_gsl_bfgs(void **unused)
{
    (void)unused;
    static const double l2s[] = {1, 0.01, 1e-5};
    for (size_t k = 0; k < sizeof l2s / sizeof *l2s; ++k) {
        struct built b;
        build(&b, "logistic", 1, l2s[k]);
        struct dsgd_optimum optimum;
        double grad[D], value[DSGD_LINEAR_METRICS];
        assert_int_equal(b.ops->optimum(b.self, &optimum), DSGD_OK);
        assert_int_equal(b.ops->full_gradient(b.self, optimum.w, grad), DSGD_OK);
        assert_int_equal(b.ops->evaluate(b.self, optimum.w, value), DSGD_OK);
        CHECK_CLOSE(optimum.gap, 0, 1e-12);
        CHECK_CLOSE(norm2(D, grad) / (2 * l2s[k]), 0, 1e-12);   /* the certificate, once more from outside */
        CHECK_CLOSE(value[0], optimum.f_star, N * DBL_EPSILON); /* two orders of summation of terms <= 1 */

        gsl_multimin_function_fdf function = {gsl_value, gsl_gradient, gsl_both, D, &b};
        gsl_multimin_fdfminimizer *minimizer =
            gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, D);
        gsl_vector *x = gsl_vector_calloc(D);
        gsl_multimin_fdfminimizer_set(minimizer, &function, x, 0.1, 0.1);
        for (int it = 0; it < 500 && gsl_multimin_fdfminimizer_iterate(minimizer) == GSL_SUCCESS; ++it) {}
        const double f = minimizer->f, bound = norm2(D, gsl_vector_ptr(minimizer->gradient, 0)) / (2 * l2s[k]);
        CHECK_CLOSE(bound, 0, 1e-7); /* GSL got near enough to say anything; its line search stops on rounding of f */
        CHECK_CLOSE(f, optimum.f_star, bound + 1e-12 + N * DBL_EPSILON); /* each is within its bound above f* */
        /* strong convexity: l2/2 ||w - w*||^2 <= f(w) - f*; a triangle of two such points */
        CHECK_CLOSE(sqrt(distance2(D, gsl_vector_ptr(minimizer->x, 0), optimum.w)), 0,
                    sqrt(2 * bound / l2s[k]) + sqrt(2 * 1e-12 / l2s[k]));
        gsl_multimin_fdfminimizer_free(minimizer);
        gsl_vector_free(x);
        free(optimum.w);
        destroy(&b);
    }
}

static void logistic_smoothness_agrees_with_gsl_eigenvalues(void **unused)
{
    (void)unused;
    struct built b;
    build(&b, "logistic", 0, 0.01);
    struct dsgd_constants constants;
    gsl_matrix *moment = gsl_matrix_calloc(D, D);
    gsl_vector *eigenvalue = gsl_vector_alloc(D);
    gsl_eigen_symm_workspace *work = gsl_eigen_symm_alloc(D);
    for (size_t i = 0; i < N; ++i) {
        double a[D];
        for (size_t j = 0; j < FEATURES; ++j) { a[j] = b.data->train.feature[i * FEATURES + j] / 255.0; }
        a[FEATURES] = 1;
        for (size_t j = 0; j < D; ++j) {
            for (size_t k = 0; k < D; ++k) { *gsl_matrix_ptr(moment, j, k) += a[j] * a[k] / N; }
        }
    }
    assert_int_equal(gsl_eigen_symm(moment, eigenvalue, work), GSL_SUCCESS);
    const double expected = gsl_vector_max(eigenvalue) / 4 + 0.01;
    assert_int_equal(b.ops->constants(b.self, &constants), DSGD_OK);
    assert_true(constants.mu == 0.01 && isnan(constants.sigma2));
    CHECK_CLOSE(constants.L, expected, 2e-6 * expected);          /* theta + residual, each within 1e-6 */
    assert_true(constants.L >= expected * (1 - D * DBL_EPSILON)); /* a bound from above */
    gsl_eigen_symm_free(work);
    gsl_vector_free(eigenvalue);
    gsl_matrix_free(moment);
    destroy(&b);
}

/* ---- SVM ---- */

static void quiet(const char *text)
{
    (void)text;
}

/* LIBLINEAR -s 3 minimises 1/2 ||w||^2 + C sum hinge = f/l2 with C = 1/(n l2); the bias is a feature of value 1. */
static void liblinear_svm(const struct built *b, double w[D])
{
    struct feature_node *node = malloc((size_t)N * (D + 1) * sizeof *node), *row[N];
    double label[N];
    assert_non_null(node);
    for (size_t i = 0; i < N; ++i) {
        row[i] = node + i * (D + 1);
        label[i] = b->data->train.label[i] == b->config.digit ? 1 : -1;
        for (size_t j = 0; j < FEATURES; ++j) {
            row[i][j] = (struct feature_node){(int)j + 1, b->data->train.feature[i * FEATURES + j] / 255.0};
        }
        row[i][FEATURES] = (struct feature_node){D, 1};
        row[i][D] = (struct feature_node){-1, 0};
    }
    const struct problem problem = {.l = N, .n = D, .y = label, .x = row, .bias = -1};
    const struct parameter parameter = {
        .solver_type = L2R_L1LOSS_SVC_DUAL, .eps = 1e-8, .C = 1 / (N * b->config.l2), .p = 0.1};
    set_print_string_function(quiet);
    struct model *model = train(&problem, &parameter);
    for (size_t j = 0; j < D; ++j) { w[j] = model->label[0] == 1 ? model->w[j] : -model->w[j]; }
    free_and_destroy_model(&model);
    free(node);
}

static void svm_optimum_agrees_with_liblinear(void **unused)
{
    (void)unused;
    static const double l2s[] = {1, 0.01, 1e-3};
    for (size_t k = 0; k < sizeof l2s / sizeof *l2s; ++k) {
        for (int64_t digit = 0; digit < CLASSES; ++digit) {
            struct built b;
            build(&b, "svm", digit, l2s[k]);
            struct dsgd_optimum optimum;
            double w[D], value[DSGD_LINEAR_METRICS], other[DSGD_LINEAR_METRICS];
            assert_int_equal(b.ops->optimum(b.self, &optimum), DSGD_OK);
            assert_string_equal(optimum.certificate, "duality gap");
            CHECK_CLOSE(optimum.gap, 0, 1e-8);
            assert_true(optimum.gap >= -N * DBL_EPSILON); /* weak duality, up to rounding */
            assert_int_equal(b.ops->evaluate(b.self, optimum.w, value), DSGD_OK);
            assert_true(value[0] == optimum.f_star);
            liblinear_svm(&b, w);
            assert_int_equal(b.ops->evaluate(b.self, w, other), DSGD_OK);
            assert_true(other[0] >= optimum.f_star - optimum.gap - N * DBL_EPSILON); /* nobody beats the dual value */
            CHECK_CLOSE(other[0], optimum.f_star, 1e-3 * optimum.f_star); /* three digits: LIBLINEAR may stop early */
            const double excess = other[0] - (optimum.f_star - optimum.gap) + N * DBL_EPSILON; /* rounding of both */
            CHECK_CLOSE(sqrt(distance2(D, w, optimum.w)), 0, sqrt(2 * excess / l2s[k]) + sqrt(2 * 1e-8 / l2s[k]));
            free(optimum.w);
            destroy(&b);
        }
    }
}

static void optimum_without_l2_is_refused_but_constants_are_not(void **unused)
{
    (void)unused;
    static const char *const names[] = {"logistic", "svm"};
    for (int k = 0; k < 2; ++k) {
        struct built b;
        struct dsgd_reference r;
        struct dsgd_constants constants;
        build(&b, names[k], 0, 0);
        assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, NULL, &r), DSGD_EUNAVAILABLE);
        assert_null(r.optimum.w);
        assert_non_null(strstr(dsgd_error(), "l2 = 0"));
        assert_int_equal(dsgd_constants_cached(b.ops, b.self, &b.args, NULL, &constants, NULL), DSGD_OK);
        assert_true(constants.mu == 0);
        destroy(&b);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_optimum_is_compared),
        cmocka_unit_test(every_optimum_is_a_minimum),
        cmocka_unit_test(quadratic_optimum_is_the_minimum),
        cmocka_unit_test(logistic_optimum_agrees_with_gsl_bfgs),
        cmocka_unit_test(logistic_smoothness_agrees_with_gsl_eigenvalues),
        cmocka_unit_test(svm_optimum_agrees_with_liblinear),
        cmocka_unit_test(optimum_without_l2_is_refused_but_constants_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
