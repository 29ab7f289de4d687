/* test_synthetic.c - the datasets made on the spot: the same bytes for the same keys on any machine and number of threads. Of `synthetic`:
 * equally frequent classes, and a separability that orders the errors of a certified optimum. A new dataset without files needs a line
 * in `generated`: without one the test fails. */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_cdf.h>
#include "convex/linear.h"
#include "convex/registry.h"
#include "datasets/dataset.h"

#ifdef _OPENMP
void omp_set_num_threads(int); /* omp.h is not there for every compiler that has the library */
#endif

enum { CONFIG_SIZE = 256 };

/* The datasets without files, small, with the SHA-256 of what they make. Pinned: another machine, compiler or C library must make the same
 * bytes; see the head of datasets/synthetic.c. */
static const struct {
    const char *name;
    const char *keys[9]; /* "key value ..." */
    const char *sha256;
} generated[] = {
    {"synthetic", {"n", "600", "n_test", "301", "features", "21", "classes", "3", NULL},
     "50ffd32eb1270743dd479b63a271022ee4152219d2bb5cf61c04cbbea2f7fb3b"},
    {"grammar", {"n", "300", "n_validation", "20", "n_test", "20", NULL},
     "3f969fcbe27aacc4fd2382d1228d25cbd2dc2035b893b453617251b20ed65acb"},
    {"images", {"n", "200", "n_test", "101", "size", "17", "channels", "3", NULL},
     "d42e7c3f52be398734870fc9175493f0588714b7ec833b62f3ad382d0209c7c3"},
};
enum { GENERATED = sizeof generated / sizeof *generated };

/* Dataset `which` of the table, where `keys` ("key value ...") do not say otherwise. */
static enum dsgd_status try_load_of(size_t which, const char *const *keys, struct dsgd_dataset **data)
{
    const struct dsgd_dataset_ops *ops = dsgd_dataset_find(generated[which].name);
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    assert_non_null(ops);
    assert_true(ops->config_size <= sizeof config);
    assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
    for (int pass = 0; pass < 2; ++pass) {
        for (const char *const *k = pass == 0 ? generated[which].keys : keys; *k; k += 2) {
            assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, k[0]), ops->name, config, k[1]), DSGD_OK);
        }
    }
    const struct dsgd_dataset_args args = {.config = config, .folder = "/nonexistent"};
    return dsgd_dataset_load(ops, &args, data);
}

static enum dsgd_status try_load(const char *const *keys, struct dsgd_dataset **data)
{
    return try_load_of(0, keys, data);
}

static struct dsgd_dataset *load(const char *const *keys)
{
    struct dsgd_dataset *data = NULL;
    assert_int_equal(try_load(keys, &data), DSGD_OK);
    return data;
}

static const char *const none[] = {NULL};

/* The first dataset of the registry that has no files and no line in the table; NULL: there is none. */
static const char *unseen_dataset(void)
{
    const struct dsgd_dataset_ops *ops;
    for (size_t i = 0; (ops = dsgd_dataset_at(i)) != NULL; ++i) {
        size_t g = 0;
        while (g < GENERATED && strcmp(generated[g].name, ops->name) != 0) { ++g; }
        if (g == GENERATED && !ops->survey) { return ops->name; }
    }
    return NULL;
}

static void every_generated_dataset_has_a_case(void **unused)
{
    (void)unused;
    const char *name = unseen_dataset();
    if (name) { fail_msg("dataset %s of the registry has no files and no case: expected one in generated of tests/test_synthetic.c", name); }
    struct dsgd_dataset_ops planted = *dsgd_dataset_find("synthetic"); /* one that nobody listed is found */
    planted.name = "planted";
    assert_int_equal(dsgd_dataset_register(&planted), DSGD_OK);
    name = unseen_dataset();
    dsgd_dataset_take_back(&planted);
    assert_true(name && strcmp(name, "planted") == 0);
}

static void every_generated_dataset_has_its_bytes(void **unused)
{
    (void)unused;
    for (size_t g = 0; g < GENERATED; ++g) {
        struct dsgd_dataset *data = NULL;
        for (int threads = 1; threads <= 3; threads += 2) {
#ifdef _OPENMP
            omp_set_num_threads(threads);
#endif
            assert_int_equal(try_load_of(g, none, &data), DSGD_OK);
            if (strcmp(data->sha256, generated[g].sha256) != 0) {
                fail_msg("dataset %s, %d threads: SHA-256 %s, expected %s", generated[g].name, threads, data->sha256, generated[g].sha256);
            }
            assert_string_equal(data->name, generated[g].name);
            dsgd_dataset_destroy(data);
        }
        if (!dsgd_param_find(dsgd_dataset_find(generated[g].name)->params, "split")) { continue; }
        assert_int_equal(try_load_of(g, (const char *const[]){"split", "tuning", NULL}, &data), DSGD_OK);
        if (strcmp(data->sha256, generated[g].sha256) == 0) { fail_msg("dataset %s: split = tuning has the sum of split = full", generated[g].name); }
        assert_non_null(strstr(data->title, "tuning split ("));
        dsgd_dataset_destroy(data);
    }
}

static void load_same_keys_same_bytes(void **unused)
{
    (void)unused;
    struct dsgd_dataset *a = load(none), *b = load(none);
    assert_int_equal(a->train.n, 600);
    assert_int_equal(a->test.n, 301);
    assert_int_equal(a->features, 21);
    assert_int_equal(a->classes, 3);
    assert_memory_equal(a->train.feature, b->train.feature, 600 * 21);
    assert_memory_equal(a->test.feature, b->test.feature, 301 * 21);
    assert_string_equal(a->sha256, b->sha256);
    assert_memory_not_equal(a->train.feature, a->test.feature, 301 * 21);
    assert_non_null(strstr(a->title, "synthetic"));
    assert_non_null(strstr(a->title, "separability 6"));
    dsgd_dataset_destroy(a);
    dsgd_dataset_destroy(b);
}

static void load_each_key_changes_the_bytes(void **unused)
{
    (void)unused;
    static const char *const keys[][3] = {{"seed", "2", NULL},     {"n", "601", NULL},
                                          {"n_test", "302", NULL}, {"features", "22", NULL},
                                          {"classes", "4", NULL},  {"separability", "6.1", NULL},
                                          {"rare", "0.1", NULL},   {"form", "floats", NULL},
                                          {"form", "sparse", NULL}};
    struct dsgd_dataset *a = load(none);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; ++k) {
        struct dsgd_dataset *b = load(keys[k]);
        assert_string_not_equal(a->sha256, b->sha256);
        dsgd_dataset_destroy(b);
    }
    struct dsgd_dataset *longer = load(keys[1]); /* examples have numbers: more of them leave the first as they are */
    assert_memory_equal(a->train.feature, longer->train.feature, 600 * 21);
    dsgd_dataset_destroy(longer);
    dsgd_dataset_destroy(a);
}

static void classes_are_equally_frequent_and_half_of_the_features_zero(void **unused)
{
    (void)unused;
    struct dsgd_dataset *data = load((const char *const[]){"classes", "7", "separability", "0", NULL});
    size_t count[7] = {0}, zeros = 0;
    for (size_t i = 0; i < data->train.n; ++i) { ++count[data->train.label[i]]; }
    for (size_t c = 0; c < 7; ++c) { assert_in_range(count[c], 600 / 7, 600 / 7 + 1); }
    for (size_t j = 0; j < 600 * 21; ++j) { zeros += data->train.feature[j] == 0; }
    /* z <= 0 has chance 1/2, and (0, 3/255) adds 0.5 %; four standard errors are 1.8 %: false alarm 6e-5, seed fixed */
    CHECK_CLOSE((double)zeros / (600 * 21), 0.505, 0.018);
    dsgd_dataset_destroy(data);
}

/* Feature j is there with probability j^-rare, in half of the cases as 0 all the same; what is there has the bytes that it had. */
static void rare_features_fall_as_a_power(void **unused)
{
    (void)unused;
    static const char *const keys[][7] = {{"separability", "0", "n", "8000", NULL}, {"separability", "0", "n", "8000", "rare", "0.5", NULL}};
    struct dsgd_dataset *all = load(keys[0]), *rare = load(keys[1]);
    size_t count[21] = {0};
    for (size_t i = 0; i < 8000 * 21; ++i) {
        count[i % 21] += rare->train.feature[i] != 0;
        assert_true(rare->train.feature[i] == 0 || rare->train.feature[i] == all->train.feature[i]);
    }
    for (size_t j = 0; j < 21; ++j) {
        const double share = 0.495 / sqrt((double)(j + 1)); /* (0, 3/255) is 0 too; four standard errors: false alarm 6e-5, seed fixed */
        CHECK_CLOSE((double)count[j] / 8000, share, 4 * sqrt(share * (1 - share) / 8000) + 0.001);
    }
    assert_non_null(strstr(rare->title, "separability 0, rare 0.5)"));
    dsgd_dataset_destroy(all);
    dsgd_dataset_destroy(rare);
}

/* The bytes are the floats rounded down; the sparse rows are the floats that are not 0, also where the test set is held out. */
static void forms_hold_the_same_numbers(void **unused)
{
    (void)unused;
    for (int tuning = 0; tuning < 2; ++tuning) {
        const char *split = tuning ? "tuning" : "full";
        struct dsgd_dataset *bytes = load((const char *const[]){"rare", "0.3", "split", split, NULL});
        struct dsgd_dataset *floats = load((const char *const[]){"rare", "0.3", "split", split, "form", "floats", NULL});
        struct dsgd_dataset *sparse = load((const char *const[]){"rare", "0.3", "split", split, "form", "sparse", NULL});
        for (int s = 0; s < 2; ++s) {
            const struct dsgd_split *b = s ? &bytes->test : &bytes->train, *f = s ? &floats->test : &floats->train, *p = s ? &sparse->test : &sparse->train;
            assert_int_equal(f->n, b->n);
            assert_int_equal(p->n, b->n);
            assert_memory_equal(f->label, b->label, b->n);
            assert_memory_equal(p->label, b->label, b->n);
            for (size_t i = 0; i < b->n; ++i) {
                size_t k = p->start[i];
                for (size_t j = 0; j < 21; ++j) {
                    const double value = 255 * (double)f->real[21 * i + j], off = value - b->feature[21 * i + j];
                    assert_true(off > -1e-4 && off < 1 && value <= 255);
                    if (value == 0) { continue; }
                    assert_true(k < p->start[i + 1] && p->column[k] == j && p->value[k] == f->real[21 * i + j]);
                    ++k;
                }
                assert_int_equal(k, p->start[i + 1]);
            }
        }
        assert_non_null(strstr(floats->title, "rare 0.3, floats)"));
        assert_non_null(strstr(sparse->title, "rare 0.3, sparse floats)"));
        assert_int_equal(dsgd_dataset_check(bytes), DSGD_OK);
        assert_int_equal(dsgd_dataset_check(floats), DSGD_OK);
        assert_int_equal(dsgd_dataset_check(sparse), DSGD_OK);
        dsgd_dataset_destroy(bytes);
        dsgd_dataset_destroy(floats);
        dsgd_dataset_destroy(sparse);
    }
}

/* Metrics of softmax regression at its certified optimum. */
static void optimum_metrics(const char *const *keys, double value[DSGD_LINEAR_METRICS])
{
    struct dsgd_dataset *data = load(keys);
    const struct dsgd_problem_ops *ops = dsgd_problem_find("softmax");
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
    assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, "l2"), ops->name, config, "0.001"), DSGD_OK);
    const struct dsgd_problem_args args = {config, data, 1};
    struct dsgd_optimum optimum;
    void *self;
    assert_int_equal(ops->create(&args, &self), DSGD_OK);
    assert_int_equal(ops->optimum(self, &optimum), DSGD_OK);
    assert_int_equal(ops->evaluate(self, optimum.w, value), DSGD_OK);
    free(optimum.w);
    ops->destroy(self);
    dsgd_dataset_destroy(data);
}

static void separability_orders_objective_and_errors(void **unused)
{
    (void)unused;
    static const char *const separability[] = {"0", "2", "4", "6", "10"};
    double value[5][DSGD_LINEAR_METRICS];
    for (int k = 0; k < 5; ++k) {
        optimum_metrics((const char *const[]){"separability", separability[k], "n", "4000", "n_test", "2000", NULL},
                        value[k]);
        if (k == 0) { continue; }
        for (int m = 0; m < DSGD_LINEAR_METRICS; ++m) { assert_true(value[k][m] < value[k - 1][m]); }
    }
    /* 0: a guess among 3 classes, four standard errors of 2000 trials (false alarm 6e-5, seed fixed) */
    CHECK_CLOSE(value[0][DSGD_LINEAR_TEST_ERROR], 2.0 / 3, 4 * sqrt(2.0 / 9 / 2000));
    CHECK_CLOSE(value[4][DSGD_LINEAR_TEST_ERROR], 0, 0.002);
}

static void two_classes_respect_the_bound_of_any_classifier(void **unused)
{
    (void)unused;
    static const double separability[] = {1, 2, 3};
    for (int k = 0; k < 3; ++k) {
        char text[24];
        double value[DSGD_LINEAR_METRICS];
        snprintf(text, sizeof text, "%g", separability[k]);
        optimum_metrics(
            (const char *const[]){"separability", text, "classes", "2", "n", "4000", "n_test", "8000", NULL}, value);
        const double least = gsl_cdf_ugaussian_P(-separability[k] / 2), error = 4 * sqrt(least * (1 - least) / 8000);
        assert_true(value[DSGD_LINEAR_TEST_ERROR] >= least - error); /* false alarm 3e-5 each, seeds fixed */
        assert_true(value[DSGD_LINEAR_TEST_ERROR] <= least + 0.1);   /* and most of the information is left */
    }
}

static void load_fewer_examples_than_classes_is_refused(void **unused)
{
    (void)unused;
    struct dsgd_dataset *data = NULL;
    assert_int_equal(try_load((const char *const[]){"n", "9", "classes", "10", NULL}, &data), DSGD_EINPUT);
    assert_null(data);
    assert_non_null(strstr(dsgd_error(), "synthetic.n = 9"));
    data = load((const char *const[]){"n", "10", "classes", "10", "features", "1", "n_test", "1", NULL});
    assert_int_equal(data->train.label[9], 9);
    dsgd_dataset_destroy(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_generated_dataset_has_a_case),
        cmocka_unit_test(every_generated_dataset_has_its_bytes),
        cmocka_unit_test(load_same_keys_same_bytes),
        cmocka_unit_test(load_each_key_changes_the_bytes),
        cmocka_unit_test(classes_are_equally_frequent_and_half_of_the_features_zero),
        cmocka_unit_test(rare_features_fall_as_a_power),
        cmocka_unit_test(forms_hold_the_same_numbers),
        cmocka_unit_test(separability_orders_objective_and_errors),
        cmocka_unit_test(two_classes_respect_the_bound_of_any_classifier),
        cmocka_unit_test(load_fewer_examples_than_classes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
