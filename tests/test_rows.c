/* test_rows.c - examples that are bytes, floats or sparse rows: gradients against differences of the objective on every form, sparse rows
 * with the bits of the floats that they stand for, bytes with the numbers of the floats that they round, optima and constants of each, and
 * what a dataset must not be. A new problem needs a line in `cases`, or in `without_rows` with a reason: without one the test fails.
 */
#include "tests/check.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "convex/cpu/floats.h"
#include "convex/registry.h"
#include "sim/sha256.h"
#include "tests/every_problem.h"
#include "tests/rows_case.h"

enum { N = 90, FEATURES = 37, CLASSES = 7, CONFIG_SIZE = 256, METRICS_MAX = 8, FORMS = 3 };

static const struct {
    const char *name;
    const char *keys[5];
} cases[] = {
    {"logistic", {NULL}},
    {"logistic", {"digit", "2", "l2", "0", NULL}},
    {"svm", {"l2", "0.1", NULL}},
    {"softmax", {NULL}},
    {"one_vs_rest", {NULL}},
    {"one_vs_rest", {"loss", "hinge", "l2", "0.1", NULL}},
    {"sigmoid", {"digit", "1", NULL}},
};
enum { CASES = sizeof cases / sizeof *cases };

static const struct left_out without_rows[] = {
    {"quadratic", "makes its own data: it has no rows"},
    DEEP_LEFT_OUT("one form of rows, dense floats, is made of all: test_deep_models.c"),
    {NULL, NULL},
};

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
    every_problem_is_seen("cases of tests/test_rows.c, or in without_rows with a reason", has_case, without_rows);
}

struct built {
    const struct dsgd_problem_ops *ops;
    struct dsgd_dataset *data;
    void *self;
    size_t d, n;
};

static struct built build(size_t which, enum dsgd_form form, bool negative)
{
    struct built b = {.ops = dsgd_problem_find(cases[which].name), .data = rows_as(synthetic_create(11, N, FEATURES, CLASSES), form, negative)};
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    struct dsgd_layout layout;
    assert_int_equal(dsgd_param_defaults(b.ops->params, b.ops->name, config), DSGD_OK);
    for (const char *const *k = cases[which].keys; *k; k += 2) {
        assert_int_equal(dsgd_param_set(dsgd_param_find(b.ops->params, k[0]), b.ops->name, config, k[1]), DSGD_OK);
    }
    assert_int_equal(dsgd_dataset_check(b.data), DSGD_OK);
    const struct dsgd_problem_args args = {config, b.data, 5};
    assert_int_equal(b.ops->create(&args, &b.self), DSGD_OK);
    b.ops->shape(b.self, &layout, &b.n);
    b.d = layout.d;
    return b;
}

static void destroy(struct built *b)
{
    b->ops->destroy(b->self);
    dsgd_dataset_destroy(b->data);
}

/* ---- sums ---- */

/* sim/kernel/sum.h's order, written down once more. */
static double score(size_t n, const float *row, const double *x, bool in_float)
{
    double sum[32] = {0};
    float sum_float[32] = {0};
    for (size_t from = 0; from < n; from += 4096) {
        double lane[32] = {0};
        float lane_float[32] = {0};
        for (size_t j = from; j < n && j < from + 4096; ++j) {
            lane[j % 32] += (double)row[j] * x[j];
            lane_float[j % 32] += row[j] * (float)x[j];
        }
        for (size_t half = 16; half > 0; half /= 2) {
            for (size_t l = 0; l < half; ++l) {
                lane[l] += lane[l + half];
                lane_float[l] += lane_float[l + half];
            }
        }
        sum[from / 4096 % 32] += lane[0];
        sum_float[from / 4096 % 32] += lane_float[0];
    }
    for (size_t half = 16; half > 0; half /= 2) {
        for (size_t l = 0; l < half; ++l) {
            sum[l] += sum[l + half];
            sum_float[l] += sum_float[l + half];
        }
    }
    return in_float ? (double)sum_float[0] : sum[0];
}

static void sparse_sums_have_the_bits_of_dense_ones(void **unused)
{
    enum { MOST = 40 * 4096 + 45 };
    static float row[MOST], x[MOST], value[MOST];
    static double w[MOST];
    static uint32_t column[MOST];
    (void)unused;
    for (uint32_t j = 0; j < MOST; ++j) {
        w[j] = ldexp(synthetic_uniform(4, j, 1), (int)(j % 23)); /* every addition rounds */
        x[j] = (float)w[j];
        w[j] = (double)x[j];
    }
    for (int every = 1; every <= 3000; every *= 7) { /* from all columns to whole chunks without any */
        size_t count = 0;
        for (uint32_t j = 0; j < MOST; ++j) {
            row[j] = j % (uint32_t)every == 0 && j / 4096 % 3 != 1 ? (float)synthetic_uniform(5, j, 2) : (j & 1 ? -0.0f : 0.0f);
            if (row[j] != 0 || j % 1000 == 3) {
                column[count] = j;
                value[count++] = row[j];
            }
        }
        for (size_t n = 0; n <= MOST; n += n < 70 ? 1 : n < 4000 ? 389 : 4051) {
            size_t used = 0;
            while (used < count && column[used] < n) { ++used; }
            const float single = dsgd_floats_dot_float(n, row, x);
            const double wide = dsgd_floats_dot(n, row, w), square = dsgd_sum_products_f32(n, row, row);
            if ((double)single != score(n, row, w, true) || wide != score(n, row, w, false)) { fail_msg("dense, n = %zu", n); }
            const float sparse = dsgd_sparse_dot_float(n, used, column, value, x);
            const double sparse_wide = dsgd_sparse_dot(n, used, column, value, w), sparse_square = dsgd_sparse_dot(n, used, column, value, NULL);
            assert_memory_equal(&sparse, &single, sizeof single);
            assert_memory_equal(&sparse_wide, &wide, sizeof wide);
            assert_memory_equal(&sparse_square, &square, sizeof square);
        }
    }
}

static void skipped_chunks_are_zeros(void **unused)
{
    (void)unused;
    static const size_t gaps[] = {0, 1, 31, 4094, 4095, 4096, 4097, 9000, 3, 0, 12289};
    struct dsgd_sum a = {{{0.0}}, {0}}, b = a;
    for (size_t k = 0; k < sizeof gaps / sizeof *gaps; ++k) {
        const double chunk = ldexp(synthetic_uniform(3, (uint32_t)k, 1), (int)k);
        dsgd_sum_skip(&a, gaps[k]);
        for (size_t j = 0; j < gaps[k]; ++j) { dsgd_sum_add(&b, 0.0); }
        dsgd_sum_add(&a, chunk);
        dsgd_sum_add(&b, chunk);
        assert_memory_equal(&a, &b, sizeof a);
        struct dsgd_sum ends[2] = {a, b};
        assert_true(dsgd_sum_end(&ends[0]) == dsgd_sum_end(&ends[1]));
    }
}

/* ---- problems ---- */

static double value_of(const struct dsgd_dataset *data, size_t i, size_t j)
{
    const struct dsgd_split *s = &data->train;
    if (s->form == DSGD_ROWS_BYTES) { return s->feature[i * FEATURES + j] / 255.0; }
    if (s->form == DSGD_ROWS_FLOATS) { return (double)s->real[i * FEATURES + j]; }
    for (size_t k = s->start[i]; k < s->start[i + 1]; ++k) {
        if (s->column[k] == j) { return (double)s->value[k]; }
    }
    return 0;
}

/* A point that floats represent, in (-0.4, 0.4), no score of which is closer than `away` to 1 or -1, the kinks of hinge losses. */
static void choose_point(const struct built *b, double away, double *x)
{
    for (uint32_t seed = 1; seed < 1000; ++seed) {
        double nearest = HUGE_VAL;
        for (size_t j = 0; j < b->d; ++j) { x[j] = (double)(float)(0.4 * synthetic_uniform(seed, (uint32_t)j, 9)); }
        for (size_t from = 0; from < b->d; from += FEATURES + 1) {
            for (size_t i = 0; i < b->n; ++i) {
                double s = x[from + FEATURES];
                for (size_t j = 0; j < FEATURES; ++j) { s += value_of(b->data, i, j) * x[from + j]; }
                nearest = fmin(nearest, fabs(fabs(s) - 1));
            }
        }
        if (nearest > away) { return; }
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

/* The tolerances of test_gradients.c: 1e-9 for differences with h = 3e-4; d u ||x||_1 + n u for gradients in float. */
static void gradients_of_every_form_equal_differences(void **unused)
{
    (void)unused;
    const double h = 3e-4;
    for (size_t c = 0; c < CASES * FORMS; ++c) {
        struct built b = build(c / FORMS, (enum dsgd_form)(c % FORMS), true);
        double *x = malloc(2 * b.d * sizeof *x), *grad = x + b.d, l1 = 0;
        float *xf = malloc(2 * b.d * sizeof *xf), *gf = xf + b.d;
        uint32_t all[N];
        assert_true(x && xf);
        choose_point(&b, 1e-3, x);
        for (size_t j = 0; j < b.d; ++j) {
            xf[j] = (float)x[j];
            gf[j] = NAN;
            l1 += fabs(x[j]);
        }
        for (uint32_t i = 0; i < N; ++i) { all[i] = i; }
        const struct dsgd_batch batch = {.example = all, .count = N};
        assert_int_equal(b.ops->full_gradient(b.self, x, grad), DSGD_OK);
        assert_int_equal(b.ops->gradient(b.self, xf, &batch, gf), DSGD_OK);
        const double scale = 1 + fabs(objective_at(&b, x, 0, 0)), unit = (double)FLT_EPSILON / 2;
        for (size_t j = 0; j < b.d; ++j) {
            const double difference = (objective_at(&b, x, j, -2 * h) - 8 * objective_at(&b, x, j, -h) + 8 * objective_at(&b, x, j, h) -
                                       objective_at(&b, x, j, 2 * h)) / (12 * h);
            CHECK_CLOSE(grad[j], difference, 1e-9 * scale);
            CHECK_CLOSE((double)gf[j], grad[j], unit * ((double)b.d * l1 + N + 8));
        }
        free(x);
        free(xf);
        destroy(&b);
    }
}

static void same_bits(const struct built *a, const struct built *b, uint32_t count, double *x, float *xf)
{
    static const uint32_t example[] = {3, 3, 0, 88, 17, 41, 5, 89, 2, 60, 61, 7, 9};
    const struct dsgd_batch batch = {.example = example, .count = count};
    const size_t d = a->d;
    float *gf = malloc(2 * d * sizeof *gf);
    double *g = malloc(2 * d * sizeof *g), value[2][METRICS_MAX] = {{0}};
    assert_true(gf && g);
    assert_int_equal(a->ops->gradient(a->self, xf, &batch, gf), DSGD_OK);
    assert_int_equal(b->ops->gradient(b->self, xf, &batch, gf + d), DSGD_OK);
    assert_memory_equal(gf, gf + d, d * sizeof *gf);
    assert_int_equal(a->ops->full_gradient(a->self, x, g), DSGD_OK);
    assert_int_equal(b->ops->full_gradient(b->self, x, g + d), DSGD_OK);
    assert_memory_equal(g, g + d, d * sizeof *g);
    assert_int_equal(a->ops->evaluate(a->self, x, value[0]), DSGD_OK);
    assert_int_equal(b->ops->evaluate(b->self, x, value[1]), DSGD_OK);
    assert_memory_equal(value[0], value[1], sizeof value[0]);
    free(gf);
    free(g);
}

static void sparse_rows_have_the_bits_of_floats(void **unused)
{
    (void)unused;
    for (size_t c = 0; c < CASES; ++c) {
        struct built a = build(c, DSGD_ROWS_FLOATS, true), b = build(c, DSGD_ROWS_SPARSE, true);
        double *x = malloc(a.d * sizeof *x);
        float *xf = malloc(a.d * sizeof *xf);
        assert_true(x && xf);
        for (int k = 0; k < 3; ++k) {
            for (size_t j = 0; j < a.d; ++j) { /* zeros of both signs, and numbers that vanish times l2 */
                x[j] = k == 0 ? (j % 2 ? -0.0 : 0.0) : k == 1 ? synthetic_uniform(8, (uint32_t)j, 3) : j % 3 ? -1e-45 : 0.2;
                xf[j] = (float)x[j];
            }
            same_bits(&a, &b, 1, x, xf);
            same_bits(&a, &b, 2, x, xf);
            same_bits(&a, &b, 13, x, xf);
        }
        struct dsgd_constants constants[2];
        assert_int_equal(a.ops->constants(a.self, &constants[0]), DSGD_OK);
        assert_int_equal(b.ops->constants(b.self, &constants[1]), DSGD_OK);
        assert_memory_equal(&constants[0], &constants[1], sizeof constants[0]);
        if (a.ops->optimum && a.ops->has_optimum(a.self)) {
            struct dsgd_optimum optimum[2];
            assert_int_equal(a.ops->optimum(a.self, &optimum[0]), DSGD_OK);
            assert_int_equal(b.ops->optimum(b.self, &optimum[1]), DSGD_OK);
            assert_true(optimum[0].f_star == optimum[1].f_star && optimum[0].gap == optimum[1].gap);
            assert_true(optimum[0].gap <= CLASSES * 1e-8); /* of one hinge loss 1e-8 */
            assert_memory_equal(optimum[0].w, optimum[1].w, a.d * sizeof *optimum[0].w);
            free(optimum[0].w);
            free(optimum[1].w);
        }
        free(x);
        free(xf);
        destroy(&a);
        destroy(&b);
    }
}

/* byte / 255 as a float is off by u = 2^-24 of it, a score by u ||w||_1, and so is a loss of slope <= 1; of the CLASSES losses of one
 * against the rest each class counts once, with its own weights. f* = f_a(w_a) <= f_a(w_b) + gap. */
static void bytes_have_the_numbers_of_their_floats(void **unused)
{
    (void)unused;
    const double unit = (double)FLT_EPSILON / 2;
    for (size_t c = 0; c < CASES; ++c) {
        struct built a = build(c, DSGD_ROWS_BYTES, false), b = build(c, DSGD_ROWS_FLOATS, false);
        double *x = malloc(3 * a.d * sizeof *x), value[2][METRICS_MAX], l1 = 0;
        assert_non_null(x);
        choose_point(&a, 1e-4, x);
        for (size_t j = 0; j < a.d; ++j) { l1 += fabs(x[j]); }
        assert_int_equal(a.ops->evaluate(a.self, x, value[0]), DSGD_OK);
        assert_int_equal(b.ops->evaluate(b.self, x, value[1]), DSGD_OK);
        CHECK_CLOSE(value[0][0], value[1][0], unit * l1 + 1e-13);
        assert_int_equal(a.ops->full_gradient(a.self, x, x + a.d), DSGD_OK);
        assert_int_equal(b.ops->full_gradient(b.self, x, x + 2 * a.d), DSGD_OK);
        for (size_t j = 0; j < a.d; ++j) { CHECK_CLOSE(x[a.d + j], x[2 * a.d + j], unit * (l1 + 1) + 1e-13); } /* slopes of slope <= 1 */
        struct dsgd_constants constants[2];
        assert_int_equal(a.ops->constants(a.self, &constants[0]), DSGD_OK);
        assert_int_equal(b.ops->constants(b.self, &constants[1]), DSGD_OK);
        assert_true(isnan(constants[0].L) == isnan(constants[1].L));
        if (!isnan(constants[0].L)) { CHECK_CLOSE(constants[0].L, constants[1].L, 3e-6 * constants[0].L); } /* two power iterations */
        if (a.ops->optimum && a.ops->has_optimum(a.self)) {
            struct dsgd_optimum optimum[2];
            double most = 0;
            assert_int_equal(a.ops->optimum(a.self, &optimum[0]), DSGD_OK);
            assert_int_equal(b.ops->optimum(b.self, &optimum[1]), DSGD_OK);
            for (size_t j = 0; j < a.d; ++j) { most += fmax(fabs(optimum[0].w[j]), fabs(optimum[1].w[j])); }
            CHECK_CLOSE(optimum[0].f_star, optimum[1].f_star, unit * most + optimum[0].gap + optimum[1].gap);
            free(optimum[0].w);
            free(optimum[1].w);
        }
        free(x);
        destroy(&a);
        destroy(&b);
    }
}

/* Rows (s, -s) and (-s, s): A = 2 s^2 on (1, -1), 0 on (1, 1), 1 on the bias. The start that does for bytes would see the bias alone. */
static void the_largest_eigenvalue_may_have_negative_entries(void **unused)
{
    (void)unused;
    static const float real[] = {3, -3, -3, 3};
    static const uint8_t label[] = {0, 1};
    const struct dsgd_split split = {.n = 2, .label = label, .form = DSGD_ROWS_FLOATS, .real = real};
    const struct dsgd_dataset data = {.name = "planted", .features = 2, .shape = {1, 1, 2}, .classes = 2, .train = split, .test = split};
    const struct dsgd_problem_ops *ops = dsgd_problem_find("logistic");
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    struct dsgd_constants constants;
    void *self;
    assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
    const struct dsgd_problem_args args = {config, &data, 5};
    assert_int_equal(ops->create(&args, &self), DSGD_OK);
    assert_int_equal(ops->constants(self, &constants), DSGD_OK);
    CHECK_CLOSE(constants.L, 18.0 / 4 + constants.mu, 3e-6 * 18 / 4);
    ops->destroy(self);
}

/* ---- datasets ---- */

struct fault {
    struct dsgd_dataset data;
    float real[4], value[4];
    size_t start[3];
    uint32_t column[4];
    uint8_t label[2];
};

static void refused(struct fault *f, enum dsgd_form form, const char *words)
{
    f->data.train.form = f->data.test.form = form;
    assert_int_equal(dsgd_dataset_check(&f->data), DSGD_EINPUT);
    if (!strstr(dsgd_error(), words) || !strstr(dsgd_error(), "dataset planted: ")) { fail_msg("\"%s\", expected \"%s\"", dsgd_error(), words); }
}

static struct fault *good(struct fault *f)
{
    *f = (struct fault){.real = {1, 2, 3, 4}, .value = {1, 2, 3, 4}, .start = {0, 2, 4}, .column = {0, 1, 0, 1}, .label = {0, 1}};
    const struct dsgd_split split = {.n = 2, .label = f->label, .feature = f->label, .real = f->real, .start = f->start, .column = f->column,
                                     .value = f->value};
    f->data = (struct dsgd_dataset){.name = "planted", .features = 2, .shape = {1, 1, 2}, .classes = 2, .train = split, .test = split};
    f->data.test.feature = (const uint8_t *)"abcd";
    f->data.train.feature = f->data.test.feature;
    for (int form = 0; form < FORMS; ++form) {
        f->data.train.form = f->data.test.form = (enum dsgd_form)form;
        assert_int_equal(dsgd_dataset_check(&f->data), DSGD_OK);
    }
    return f;
}

static void broken_datasets_are_refused(void **unused)
{
    (void)unused;
    struct fault f;
    good(&f)->real[3] = NAN;
    refused(&f, DSGD_ROWS_FLOATS, "training example 1: the value of column 1 is nan, expected a finite number");
    good(&f)->value[1] = -INFINITY;
    refused(&f, DSGD_ROWS_SPARSE, "training example 0: the value of column 1 is -inf, expected a finite number");
    good(&f)->column[3] = 2;
    refused(&f, DSGD_ROWS_SPARSE, "training example 1: column 2, expected one of 0..1");
    good(&f)->column[3] = 0;
    refused(&f, DSGD_ROWS_SPARSE, "training example 1: column 0 after column 0, expected ascending columns");
    good(&f)->start[1] = 5;
    f.start[0] = 5;
    refused(&f, DSGD_ROWS_SPARSE, "training example 1: its entries begin at 5 and end at 4, expected an end that is not before");
    good(&f)->label[1] = 2;
    for (int form = 0; form < FORMS; ++form) { refused(&f, (enum dsgd_form)form, "training example 1: label 2, expected one of 0..1"); }
    good(&f)->data.classes = 257;
    refused(&f, DSGD_ROWS_FLOATS, "257 classes, expected 2 to 256");
    good(&f)->data.features = 0;
    refused(&f, DSGD_ROWS_BYTES, "0 features, expected 1 to 4294967294");
    static const struct dsgd_shape wrong[] = {{0, 0, 0}, {1, 1, 1}, {1, 2, 2}, {2, 1, 0}, {0, 1, 2}, {1, 0, 2}, {SIZE_MAX, 2, SIZE_MAX}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; ++k) {
        good(&f)->data.shape = wrong[k];
        refused(&f, DSGD_ROWS_BYTES, "features, expected channels, height and width of 2 features");
    }
    good(&f)->data.shape = (struct dsgd_shape){2, 1, 1}; /* any that has as many */
    assert_int_equal(dsgd_dataset_check(&f.data), DSGD_OK);
    good(&f)->data.test.n = 0;
    refused(&f, DSGD_ROWS_FLOATS, "no test examples, expected at least 1");
    for (int form = 0; form < FORMS; ++form) {
        good(&f)->data.test.feature = NULL;
        f.data.test.real = NULL;
        f.data.test.column = NULL;
        refused(&f, (enum dsgd_form)form, "the test examples lack an array");
    }
    good(&f)->data.train.form = DSGD_ROWS_FLOATS;
    f.data.test.form = DSGD_ROWS_SPARSE;
    assert_int_equal(dsgd_dataset_check(&f.data), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "training rows of form 1 and test rows of form 2, expected one known form"));
}

/* The order that dataset.h documents, byte by byte. */
static void hashes_are_those_of_the_arrays(void **unused)
{
    (void)unused;
    static const uint8_t floats[] = {2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40, 0, 1};
    static const uint8_t sparse[] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
                                     0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40, 1};
    struct fault f;
    char expected[65];
    good(&f)->data.train.form = DSGD_ROWS_FLOATS;
    f.data.test.n = 0;
    dsgd_dataset_hash(&f.data);
    dsgd_sha256_hex(floats, sizeof floats, 64, expected);
    assert_string_equal(f.data.sha256, expected);
    good(&f)->data.train.form = DSGD_ROWS_SPARSE; /* the second row alone, amid the arrays of two */
    f.data.test.n = 0;
    f.data.train.n = 1;
    f.data.train.start += 1;
    f.data.train.label += 1;
    dsgd_dataset_hash(&f.data);
    dsgd_sha256_hex(sparse, sizeof sparse, 64, expected);
    assert_string_equal(f.data.sha256, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_problem_has_a_case),
        cmocka_unit_test(sparse_sums_have_the_bits_of_dense_ones),
        cmocka_unit_test(skipped_chunks_are_zeros),
        cmocka_unit_test(gradients_of_every_form_equal_differences),
        cmocka_unit_test(sparse_rows_have_the_bits_of_floats),
        cmocka_unit_test(bytes_have_the_numbers_of_their_floats),
        cmocka_unit_test(the_largest_eigenvalue_may_have_negative_entries),
        cmocka_unit_test(broken_datasets_are_refused),
        cmocka_unit_test(hashes_are_those_of_the_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
