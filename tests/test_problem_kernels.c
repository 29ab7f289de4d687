/* test_problem_kernels.c - gradients and metrics of problems in a device's memory: the plain functions' numbers to the bit, on every device
 * and on one that has no kernels (staged); scores of bytes in the one order of sums.
 */
#include <stdlib.h>
#include <string.h>

#include "convex/cpu/bytes.h"
#include "convex/registry.h"
#include "sim/problem_rows.h"
#include "tests/ops.h"
#include "tests/rows_case.h"

enum { N = 97, FEATURES = 300, CLASSES = 7, BATCH = 3, ROWS = 3, CONFIG_SIZE = 256, METRICS = 8 };

/* The CPU's operations under a name that no problem knows. */
static struct dsgd_device elsewhere;

static const struct dsgd_device *device_at(int j)
{
    return j < OPS_DEVICES ? dsgd_device_at(j) : &elsewhere;
}

static void gradients_and_metrics(const struct dsgd_problem_ops *problem, const void *self, size_t d, int which, bool own_points)
{
    struct ops o;
    static const uint32_t example[ROWS * BATCH] = {3, 3, 96, 0, 17, 41, 95, 1, 2};
    const struct dsgd_batch batch = {.example = example, .count = BATCH, .step = 5, .worker = 7, .seed = 12};
    float *x = malloc(ROWS * d * sizeof *x), *expected = malloc(d * sizeof *expected), *got = malloc(d * sizeof *got);
    double *model = malloc(2 * d * sizeof *model), value[METRICS], there[METRICS];
    assert_true(x && expected && got && model);
    ops_open(&o, 0, ROWS);
    o.queue.device = device_at(which);
    for (size_t j = 0; j < ROWS * d; ++j) { x[j] = (float)(0.4 * synthetic_uniform(3, (uint32_t)j, 9)); }
    for (size_t j = 0; j < d; ++j) { model[j] = (double)x[j] + 1e-9; }
    struct dsgd_handle *at = ops_vector(&o, DSGD_F32, d, own_points ? ROWS : 0, x), *grad = ops_vector(&o, DSGD_F32, d, ROWS, NULL);
    struct dsgd_handle *w = ops_vector(&o, DSGD_F64, d, 1, model);
    assert_int_equal(dsgd_problem_gradients(problem, self, &o.turn, &at->as.f32, &batch, &grad->as.f32), DSGD_OK);
    assert_int_equal(o.queue.failed, DSGD_OK);
    for (uint32_t row = 0; row < ROWS; ++row) {
        struct dsgd_batch one = batch;
        one.example += row * BATCH;
        one.worker += row;
        assert_int_equal(problem->gradient(self, x + (own_points ? row * d : 0), &one, expected), DSGD_OK);
        ops_read(&o, grad, row, got);
        assert_memory_equal(got, expected, d * sizeof *got);
    }
    assert_true(problem->metrics <= METRICS);
    assert_int_equal(problem->evaluate(self, model, value), DSGD_OK);
    assert_int_equal(dsgd_problem_evaluate(problem, self, &o.turn, &w->as.f64, NULL, model + d, there), DSGD_OK);
    assert_memory_equal(there, value, (size_t)problem->metrics * sizeof *value);
    /* what a minibatch without examples is told, and that it is told here */
    const struct dsgd_batch none = {.example = example, .count = 0, .step = 5, .worker = 7, .seed = 12};
    assert_int_equal(dsgd_problem_gradients(problem, self, &o.turn, &at->as.f32, &none, &grad->as.f32), DSGD_EINTERNAL);
    ops_close(&o);
    free(x), free(expected), free(got), free(model);
}

static void every_problem(const struct dsgd_dataset *data)
{
    size_t problems = 0;
    for (const struct dsgd_problem_ops *ops; (ops = dsgd_problem_at(problems)) != NULL; ++problems) {
        _Alignas(16) unsigned char config[CONFIG_SIZE];
        void *self;
        struct dsgd_layout layout;
        size_t n;
        assert_true(ops->config_size <= sizeof config);
        assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
        const struct dsgd_problem_args args = {config, ops->needs_dataset ? data : NULL, 5};
        assert_int_equal(ops->create(&args, &self), DSGD_OK);
        ops->shape(self, &layout, &n);
        for (int which = 0; which <= OPS_DEVICES; ++which) {
            if (ops->kernels) { /* optional: without them everything is staged */
                assert_true((which == OPS_DEVICES) == (ops->kernels(device_at(which)->name) == NULL));
            }
            gradients_and_metrics(ops, self, layout.d, which, false);
            gradients_and_metrics(ops, self, layout.d, which, true);
        }
        ops->destroy(self);
    }
    assert_true(problems >= 6);
}

static void devices_compute_the_plain_numbers(void **state)
{
    (void)state;
    memcpy(&elsewhere, dsgd_device_at(0), sizeof elsewhere);
    elsewhere.name = "elsewhere";
    for (int form = DSGD_ROWS_BYTES; form <= DSGD_ROWS_SPARSE; ++form) {
        struct dsgd_dataset *data = rows_as(synthetic_create(11, N, FEATURES, CLASSES), (enum dsgd_form)form, true);
        every_problem(data);
        dsgd_dataset_destroy(data);
    }
}

/* The definition of sums, in float or in double. */
static float float_score(size_t n, const uint8_t *row, const float *x)
{
    float sum[32] = {0.0f};
    for (size_t from = 0; from < n; from += 4096) {
        float lane[32] = {0.0f};
        for (size_t j = from; j < n && j < from + 4096; ++j) { lane[(j - from) % 32] += (float)row[j] * x[j]; }
        for (size_t half = 16; half > 0; half /= 2) {
            for (size_t l = 0; l < half; ++l) { lane[l] += lane[l + half]; }
        }
        sum[from / 4096 % 32] += lane[0];
    }
    for (size_t half = 16; half > 0; half /= 2) {
        for (size_t l = 0; l < half; ++l) { sum[l] += sum[l + half]; }
    }
    return sum[0];
}

static double double_score(size_t n, const uint8_t *row, const double *x)
{
    double sum[32] = {0.0};
    for (size_t from = 0; from < n; from += 4096) {
        double lane[32] = {0.0};
        for (size_t j = from; j < n && j < from + 4096; ++j) { lane[(j - from) % 32] += (double)row[j] * x[j]; }
        for (size_t half = 16; half > 0; half /= 2) {
            for (size_t l = 0; l < half; ++l) { lane[l] += lane[l + half]; }
        }
        sum[from / 4096 % 32] += lane[0];
    }
    for (size_t half = 16; half > 0; half /= 2) {
        for (size_t l = 0; l < half; ++l) { sum[l] += sum[l + half]; }
    }
    return sum[0];
}

static void scores_have_one_order(void **state)
{
    enum { MOST = 3 * 4096 + 45, GROUP = DSGD_BYTES_GROUP };
    static uint8_t row[MOST];
    static float x[GROUP * MOST];
    static double w[GROUP * MOST];
    (void)state;
    for (uint32_t j = 0; j < MOST; ++j) { row[j] = (uint8_t)(j * 2654435761u >> 24); }
    for (uint32_t j = 0; j < GROUP * MOST; ++j) {
        w[j] = ldexp(synthetic_uniform(4, j, 1), (int)(j % 23)); /* every addition rounds */
        x[j] = (float)w[j];
    }
    for (size_t n = 0; n <= MOST; n += n < 140 ? 1 : n < 4000 ? 389 : 41) {
        float one[GROUP];
        double two[GROUP];
        dsgd_bytes_dots_float(n, row, MOST, x, one);
        dsgd_bytes_dots(n, row, MOST, w, two);
        for (size_t c = 0; c < GROUP; ++c) {
            const float single = dsgd_bytes_dot_float(n, row, x + c * MOST), expected = float_score(n, row, x + c * MOST);
            const double wide = dsgd_bytes_dot(n, row, w + c * MOST), exact = double_score(n, row, w + c * MOST);
            if (single != expected || one[c] != expected || wide != exact || two[c] != exact) { fail_msg("n = %zu, class %zu", n, c); }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(devices_compute_the_plain_numbers), cmocka_unit_test(scores_have_one_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
