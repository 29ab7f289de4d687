/* test_problem_kernels.c - gradients and metrics of problems in a device's memory: the plain functions' numbers to the bit, on every device
 * (CUDA where there is one) and on one that has no kernels (staged); scores of bytes in the one order of sums.
 */
#include <stdlib.h>
#include <string.h>

#include "convex/cpu/bytes.h"
#include "convex/linear.h"
#include "convex/registry.h"
#include "sim/problem_rows.h"
#include "tests/ops.h"
#include "tests/rows_case.h"

enum { BATCH = 3, ROWS = 3, CONFIG_SIZE = 256, METRICS = 8, EXAMPLES_LEAST = 9 };

/* The CPU's operations under a name that no problem knows; CUDA, where there is a device or an emulated one. */
static struct dsgd_device elsewhere;
static const struct dsgd_device *cuda;
enum { ELSEWHERE = 2, CUDA, DEVICES };

static const struct dsgd_device *device_at(int j)
{
    return j == ELSEWHERE ? &elsewhere : j == CUDA ? cuda : dsgd_device_at(j);
}

static int look_for_devices(void **state)
{
    struct dsgd_places places;
    (void)state;
    memcpy(&elsewhere, dsgd_device_at(0), sizeof elsewhere);
    elsewhere.name = "elsewhere";
    if (dsgd_places_named("cuda", &places) == DSGD_OK && dsgd_places_open(&places) == DSGD_OK) { cuda = places.device; }
    if (!cuda && getenv("DSGD_CUDA_LIBRARY")) { fprintf(stderr, "%s\n", dsgd_error()); }
    return !cuda && getenv("DSGD_CUDA_LIBRARY"); /* who names a library wants it tested */
}

/* Device memory for the problem; NULL if it wants none. */
static void *room(struct ops *o, size_t bytes)
{
    if (bytes == 0) { return NULL; }
    void *memory = o->queue.device->alloc(0, (bytes + 63) / 64 * 64);
    assert_non_null(memory);
    return memory;
}

static void gradients_and_metrics(const struct dsgd_problem_ops *problem, const void *self, size_t d, int which, bool own_points)
{
    struct ops o;
    static const uint32_t example[ROWS * BATCH] = {3, 3, EXAMPLES_LEAST - 1, 0, 7, 4, 5, 1, 2};
    struct dsgd_batch batch = {.example = example, .count = BATCH, .step = 5, .worker = 7, .seed = 12};
    float *x = malloc(ROWS * d * sizeof *x), *expected = malloc(d * sizeof *expected), *got = malloc(d * sizeof *got);
    double *model = malloc(2 * d * sizeof *model), value[METRICS], there[METRICS];
    bool on_device;
    assert_true(x && expected && got && model);
    ops_open(&o, 0, ROWS);
    o.queue.device = device_at(which);
    for (size_t j = 0; j < ROWS * d; ++j) { x[j] = j % 13 == 4 ? -0.0f : (float)(0.4 * synthetic_uniform(3, (uint32_t)j, 9)); }
    for (size_t j = 0; j < d; ++j) { model[j] = (double)x[j] + 1e-9; }
    struct dsgd_handle *at = ops_vector(&o, DSGD_F32, d, own_points ? ROWS : 0, x), *grad = ops_vector(&o, DSGD_F32, d, ROWS, NULL);
    struct dsgd_handle *w = ops_vector(&o, DSGD_F64, d, 1, model);
    const size_t resident = dsgd_problem_resident(problem, self, &o.turn), work = dsgd_problem_workspace(problem, self, &o.turn, BATCH, ROWS, 1, &on_device);
    void *kept = room(&o, resident), *plain_work = on_device ? NULL : malloc(work + 1);
    void *device_work = on_device ? room(&o, work) : NULL;
    if (resident > 0) { assert_int_equal(dsgd_problem_upload(problem, self, &o.turn, kept), DSGD_OK); }
    batch.resident = kept;
    batch.work = on_device ? device_work : plain_work;
    assert_int_equal(dsgd_problem_gradients(problem, self, &o.turn, &at->as.f32, &batch, &grad->as.f32), DSGD_OK);
    assert_int_equal(o.queue.failed, DSGD_OK);
    for (uint32_t row = 0; row < ROWS; ++row) {
        struct dsgd_batch one = batch;
        one.example += row * BATCH;
        one.worker += row;
        assert_int_equal(problem->gradient(self, x + (own_points ? row * d : 0), &one, expected), DSGD_OK);
        ops_read(&o, grad, row, got);
        for (size_t j = 0; j < d; ++j) { OPS_SAME(got[j], expected[j], j); }
        assert_memory_equal(got, expected, d * sizeof *got);
    }
    assert_true(problem->metrics <= METRICS);
    if (!own_points) {
        assert_int_equal(problem->evaluate(self, model, value), DSGD_OK);
        assert_int_equal(dsgd_problem_evaluate(problem, self, &o.turn, &w->as.f64, kept, model + d, there), DSGD_OK);
        assert_int_equal(o.queue.failed, DSGD_OK);
    }
    for (int m = 0; !own_points && m < problem->metrics; ++m) {
        if (memcmp(&there[m], &value[m], sizeof *value) != 0) {
            fail_msg("%s on %s: %s = %a, expected %a", problem->name, o.queue.device->name, problem->metric[m].name, there[m], value[m]);
        }
    }
    /* what a minibatch without examples is told, and that it is told here */
    const struct dsgd_batch none = {.example = example, .count = 0, .step = 5, .worker = 7, .seed = 12};
    assert_int_equal(dsgd_problem_gradients(problem, self, &o.turn, &at->as.f32, &none, &grad->as.f32), DSGD_EINTERNAL);
    if (kept) { o.queue.device->release(kept); }
    if (device_work) { o.queue.device->release(device_work); }
    ops_close(&o);
    free(plain_work), free(x), free(expected), free(got), free(model);
}

/* A problem with keys that are not the defaults, "key=value key=value". */
static void one_problem(const struct dsgd_problem_ops *ops, const struct dsgd_dataset *data, const char *keys, int first)
{
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    void *self;
    struct dsgd_layout layout;
    size_t n;
    assert_true(ops->config_size <= sizeof config);
    assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
    char key[32], text[32];
    for (int used; sscanf(keys, " %31[a-z0-9_]=%31s%n", key, text, &used) == 2; keys += used) {
        assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, key), ops->name, config, text), DSGD_OK);
    }
    const struct dsgd_problem_args args = {config, ops->needs_dataset ? data : NULL, 5};
    assert_int_equal(ops->create(&args, &self), DSGD_OK);
    ops->shape(self, &layout, &n);
    for (int which = first; which < DEVICES; ++which) {
        if (!device_at(which)) { continue; }
        assert_true((which == ELSEWHERE) == (ops->kernels(device_at(which)->name) == NULL)); /* there everything is staged */
        gradients_and_metrics(ops, self, layout.d, which, false);
        gradients_and_metrics(ops, self, layout.d, which, true);
    }
    ops->destroy(self);
}

static void every_problem(const struct dsgd_dataset *data, int first)
{
    size_t problems = 0;
    for (const struct dsgd_problem_ops *ops; (ops = dsgd_problem_at(problems)) != NULL; ++problems) {
        if (!ops->kernels) { continue; } /* nothing on any device: deep ones, which other tests go through */
        if (first == 0 || ops->needs_dataset) { one_problem(ops, data, "", first); }
    }
    assert_true(problems >= 6);
}

static const struct dsgd_problem_ops *problem_named(const char *name)
{
    for (size_t p = 0;; ++p) {
        assert_non_null(dsgd_problem_at(p));
        if (strcmp(dsgd_problem_at(p)->name, name) == 0) { return dsgd_problem_at(p); }
    }
}

static void devices_compute_the_plain_numbers(void **state)
{
    (void)state;
    for (int form = DSGD_ROWS_BYTES; form <= DSGD_ROWS_SPARSE; ++form) {
        struct dsgd_dataset *data = rows_as(synthetic_create(11, 97, 300, 7), (enum dsgd_form)form, true);
        every_problem(data, 0);
        one_problem(problem_named("one_vs_rest"), data, "loss=hinge l2=0", CUDA);
        dsgd_dataset_destroy(data);
    }
}

/* Rows, examples and vectors of more than one chunk, where devices go other ways; the CPU's plain functions have tests of their own. */
static void devices_compute_sums_of_chunks(void **state)
{
    static const char *const quadratic[] = {"d=1", "d=4096 noise=sign", "d=4095 noise=sign", "d=4097 noise_decay=0.5",
                                            "d=9001 noise=sign noise_decay=1 rotations=2", "d=8193 sigma=0", "d=5003 rotations=0", "d=31 rotations=1 noise_decay=0.5"};
    (void)state;
    if (!cuda) { skip(); }
    for (int form = DSGD_ROWS_BYTES; form <= DSGD_ROWS_SPARSE; ++form) {
        struct dsgd_dataset *wide = rows_as(synthetic_create(11, 21, 2 * 4096 + 77, 3), (enum dsgd_form)form, true);
        every_problem(wide, CUDA);
        dsgd_dataset_destroy(wide);
        struct dsgd_dataset *tall = rows_as(synthetic_create(11, 4096 + 3, 5, 12), (enum dsgd_form)form, true);
        one_problem(problem_named("logistic"), tall, "", CUDA);
        one_problem(problem_named("softmax"), tall, "", CUDA);
        dsgd_dataset_destroy(tall);
    }
    for (size_t q = 0; q < sizeof quadratic / sizeof *quadratic; ++q) { one_problem(problem_named("quadratic"), NULL, quadratic[q], CUDA); }
}

/* A device cannot call functions of the host. */
static void a_loss_without_a_name_is_refused(void **state)
{
    static const struct dsgd_linear_loss own;
    struct dsgd_dataset *data = synthetic_create(11, 21, 5, 3);
    const struct dsgd_linear classifier = {.data = data, .loss = &own, .features = 5, .d = 6, .n = 21};
    struct ops o;
    (void)state;
    if (!cuda) {
        dsgd_dataset_destroy(data);
        skip();
    }
    ops_open(&o, 0, 1);
    o.queue.device = cuda;
    assert_int_equal(dsgd_problem_upload(problem_named("logistic"), &classifier, &o.turn, NULL), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "this classifier's loss"));
    ops_close(&o);
    dsgd_dataset_destroy(data);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(devices_compute_the_plain_numbers), cmocka_unit_test(devices_compute_sums_of_chunks),
                                       cmocka_unit_test(a_loss_without_a_name_is_refused),
                                       cmocka_unit_test(scores_have_one_order)};
    return cmocka_run_group_tests(tests, look_for_devices, NULL);
}
