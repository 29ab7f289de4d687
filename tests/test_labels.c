/* test_labels.c - what curves are called and how they are ordered, on runs that were never written. */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/labels.h"

static int number;

/* A run of one row with gap at the end; `own` are lines of its algorithm's section. */
static struct dsgd_runfile *make_run(const char *label, const char *algorithm, const char *top, const char *own, double gap)
{
    struct dsgd_runfile *run = calloc(1, sizeof *run);
    char text[512];
    assert_non_null(run);
    snprintf(text, sizeof text, "problem = x\nalgorithm = %s\nsteps = 10\nseed = %d\nseed_hash = %d\n%sx {\n    d = 5\n}\n%s {\n%s}\n", algorithm, number, number, top,
             algorithm, own);
    run->config = strdup(text);
    snprintf(text, sizeof text, "%d.h5", number);
    run->path = strdup(text);
    snprintf(run->config_sha256, sizeof run->config_sha256, "%d", number++);
    snprintf(run->label, sizeof run->label, "%s", label);
    snprintf(run->algorithm, sizeof run->algorithm, "%s", algorithm);
    strcpy(run->status, "complete");
    strcpy(run->problem, "x");
    run->steps = 10;
    struct dsgd_table *trace = &run->table[0];
    strcpy(trace->name, "trace");
    dsgd_table_column(trace, "step", "1", "", true);
    dsgd_table_column(trace, "gap", "1", "", false);
    assert_int_equal(dsgd_table_append(trace), DSGD_OK);
    dsgd_table_last(trace, 0)->i = 10;
    dsgd_table_last(trace, 1)->f = gap;
    return run;
}

static void expect_labels(const struct curve_set *curves, const char *const *label, int n)
{
    assert_int_equal(curves->curves, n);
    for (int c = 0; c < n; ++c) { assert_string_equal(curves->curve[c].label, label[c]); }
}

enum { RUNS = 8 };

static void fill(struct dsgd_runfile *run[RUNS])
{
    run[0] = make_run("", "sgd", "workers = 4\n", "    momentum = 0\n", 3.0);
    run[1] = make_run("", "topk", "workers = 4\n", "    k = 20\n    text = \"a b\"\n", 1.0);
    run[2] = make_run("", "topk", "workers = 4\n", "    k = 3\n    text = \"a b\"\n", 2.0);
    run[3] = make_run("", "topk", "workers = 8\n", "    k = 3\n    text = \"a b\"\n", 7.0);
    run[4] = make_run("mine", "sgd", "workers = 16\n", "    momentum = 0\n", 5.0);
    run[5] = make_run("mine", "topk", "workers = 16\n", "    k = 3\n    text = \"a b\"\n", 6.0);
    run[6] = make_run("alone", "sgd", "workers = 32\n", "    momentum = 0.5\n", 4.0);
    run[7] = make_run("", "topk", "workers = 4\n", "    k = 20\n    text = \"a b\"\n", 1.5); /* another seed of run 1 */
}

static void release(struct dsgd_runfile *run[RUNS], struct curve_set *curves)
{
    dsgd_curve_set_destroy(curves);
    for (int r = 0; r < RUNS; ++r) { dsgd_runfile_destroy(run[r]); }
}

static void labels_are_algorithm_and_differing_keys(void **state)
{
    (void)state;
    struct dsgd_runfile *run[RUNS];
    struct curve_set curves;
    fill(run);
    const struct run_set set = {RUNS, run};
    assert_int_equal(dsgd_curve_set_create(&set, false, &curves), DSGD_OK);
    /* seeds tell nothing apart; of "topk" workers and k differ, of "mine" the algorithm does, and sections that only one of them has do not */
    static const char *const expected[] = {"sgd", "topk workers=4 k=20", "topk workers=4 k=3", "topk workers=8 k=3", "mine algorithm=sgd",
                                           "mine algorithm=topk", "alone"};
    expect_labels(&curves, expected, 7);
    assert_int_equal(curves.curve[1].runs, 2);
    release(run, &curves);
}

static void renamed(void **state)
{
    (void)state;
    struct dsgd_runfile *run[RUNS];
    struct curve_set curves;
    fill(run);
    const struct run_set set = {RUNS, run};
    assert_int_equal(dsgd_curve_set_create(&set, false, &curves), DSGD_OK);
    assert_int_equal(dsgd_curve_rename(&curves, "al=one"), DSGD_OK); /* one label alone begins so */
    assert_int_equal(dsgd_curve_rename(&curves, "topk workers=4 k=3=three = 3"), DSGD_OK);
    assert_int_equal(dsgd_curve_rename(&curves, "topk workers=8=eight"), DSGD_OK);
    static const char *const expected[] = {"sgd", "topk workers=4 k=20", "three = 3", "eight", "mine algorithm=sgd", "mine algorithm=topk", "one"};
    expect_labels(&curves, expected, 7);
    static const char *const wrong[] = {"mine=x", "nobody=x", "sgd", "=x"};
    static const char *const why[] = {"several labels begin so", "no curve has this label", "no OLD=NEW", "several labels begin so"};
    for (int j = 0; j < 4; ++j) {
        assert_int_equal(dsgd_curve_rename(&curves, wrong[j]), DSGD_EINPUT);
        assert_non_null(strstr(dsgd_error(), why[j]));
    }
    expect_labels(&curves, expected, 7);
    release(run, &curves);
}

static void sorted(void **state)
{
    (void)state;
    struct dsgd_runfile *run[RUNS];
    struct curve_set curves;
    fill(run);
    const struct run_set set = {RUNS, run};
    assert_int_equal(dsgd_curve_set_create(&set, false, &curves), DSGD_OK);
    static const struct {
        const char *by;
        int first, last; /* of the curves as they came */
    } expected[] = {{"given", 0, 6}, {"label", 6, 3}, {"workers", 0, 6}, {"-workers", 6, 2}, {"k", 2, 6}, {"topk.k", 2, 6}, {"-topk.k", 1, 6}, {"gap", 1, 3}, {"-gap", 3, 1}};
    for (size_t j = 0; j < sizeof expected / sizeof *expected; ++j) {
        struct curve_set again;
        assert_int_equal(dsgd_curve_set_create(&set, false, &again), DSGD_OK);
        assert_int_equal(dsgd_curve_sort(&again, expected[j].by), DSGD_OK);
        assert_int_equal(again.curves, 7);
        if (again.curve[0].run[0] != curves.curve[expected[j].first].run[0] || again.curve[6].run[0] != curves.curve[expected[j].last].run[0]) {
            fail_msg("--sort %s: from \"%s\" to \"%s\"", expected[j].by, again.curve[0].label, again.curve[6].label);
        }
        dsgd_curve_set_destroy(&again);
    }
    assert_int_equal(dsgd_curve_sort(&curves, "nothing"), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "--sort nothing: expected given, label"));
    release(run, &curves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(labels_are_algorithm_and_differing_keys), cmocka_unit_test(renamed), cmocka_unit_test(sorted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
