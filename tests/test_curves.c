/* test_curves.c - quantiles, slopes, grouping over seeds, and communication from a ledger, on known numbers. */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/comm.h"
#include "lab/report/curves.h"
#include "sim/transport.h"

/* ---- quantiles ---- */

static void test_quantiles(void **state)
{
    (void)state;
    double five[] = {5, 1, 4, 2, 3};
    CHECK_CLOSE(dsgd_quantile(five, 5, 0.5), 3.0, 0.0);
    CHECK_CLOSE(dsgd_quantile(five, 5, 0.2), 1.8, 1e-15);
    CHECK_CLOSE(dsgd_quantile(five, 5, 0.8), 4.2, 1e-15);
    CHECK_CLOSE(dsgd_quantile(five, 5, 1.0), 5.0, 0.0);
    CHECK_CLOSE(dsgd_quantile((double[]){2, 1}, 2, 0.5), 1.5, 0.0);
    CHECK_CLOSE(dsgd_quantile((double[]){7}, 1, 0.2), 7.0, 0.0);
    assert_true(isnan(dsgd_quantile(five, 0, 0.5)));
}

static void test_quantile_counts_nan_as_worst(void **state)
{
    (void)state;
    CHECK_CLOSE(dsgd_quantile((double[]){NAN, 1, 3, 2, NAN}, 5, 0.5), 3.0, 0.0); /* 1 2 3 inf inf */
    CHECK_CLOSE(dsgd_quantile((double[]){NAN, 1, 3, 2, NAN}, 5, 0.2), 1.8, 1e-15);
    assert_true(isinf(dsgd_quantile((double[]){NAN, 1, 3, 2, NAN}, 5, 0.8)));
    assert_true(isinf(dsgd_quantile((double[]){NAN, 1, NAN}, 3, 0.5)));
}

/* ---- slopes ---- */

enum { POINTS = 20 };

static void power_law(double slope, double *x, double *y)
{
    for (int i = 0; i < POINTS; ++i) {
        x[i] = 1e4 * pow(10.0, i / (double)(POINTS - 1));
        y[i] = 37.0 * pow(x[i], slope);
    }
}

static void test_exact_power_law(void **state)
{
    (void)state;
    double x[POINTS], y[POINTS];
    struct slope s;
    power_law(-1.0, x, y);
    assert_int_equal(dsgd_slope_fit(x, y, POINTS, &s), DSGD_OK);
    CHECK_CLOSE(s.slope, -1.0, 1e-10);
    CHECK_CLOSE(s.half, 0.0, 1e-10);
    assert_int_equal(s.points, POINTS);
    power_law(-0.5, x, y);
    assert_int_equal(dsgd_slope_fit(x, y, POINTS, &s), DSGD_OK);
    CHECK_CLOSE(s.slope, -0.5, 1e-10);
}

static void test_outliers_are_resisted(void **state)
{
    (void)state;
    double x[POINTS], y[POINTS];
    struct slope s;
    power_law(-1.0, x, y);
    for (int i = 0; i < POINTS; ++i) { y[i] *= i % 2 ? 1.01 : 0.99; } /* what noise there is */
    y[POINTS - 1] *= 30.0;
    y[POINTS - 4] *= 10.0;
    assert_int_equal(dsgd_slope_fit(x, y, POINTS, &s), DSGD_OK);
    CHECK_CLOSE(s.slope, -1.0, 0.01); /* least squares would say -0.4 */
    assert_true(s.half > 0.0 && fabs(s.slope + 1.0) < s.half);
}

static void test_slope_leaves_out_what_has_no_logarithm(void **state)
{
    (void)state;
    double x[POINTS], y[POINTS];
    struct slope s;
    power_law(-1.0, x, y);
    y[0] = (double)NAN;
    y[3] = -1.0;
    y[5] = 0.0;
    y[7] = (double)INFINITY;
    x[9] = 0.0;
    assert_int_equal(dsgd_slope_fit(x, y, POINTS, &s), DSGD_OK);
    assert_int_equal(s.points, POINTS - 5);
    CHECK_CLOSE(s.slope, -1.0, 1e-10);
    assert_int_equal(dsgd_slope_fit(x, y, 3, &s), DSGD_OK); /* 2 points are left */
    assert_true(isnan(s.slope) && isnan(s.half));
}

/* ---- communication ---- */

/* Two rows: the start, and `steps` steps of W = 4 workers with the given bytes per worker and step. */
static void make_ledger(struct dsgd_table *ledger, const int64_t up[DSGD_KINDS], const int64_t down[DSGD_KINDS],
                        int64_t steps)
{
    static const char *const rest[] = {"broadcast",       "worker_steps",  "values_step_min",
                                       "values_step_max", "wire_step_min", "wire_step_max"};
    dsgd_table_column(ledger, "step", "1", "", true);
    for (int k = 0; k < DSGD_KINDS; ++k) {
        char name[32];
        snprintf(name, sizeof name, "up_%s", dsgd_kind_name((enum dsgd_kind)k));
        dsgd_table_column(ledger, name, "byte", "", true);
        snprintf(name, sizeof name, "down_%s", dsgd_kind_name((enum dsgd_kind)k));
        dsgd_table_column(ledger, name, "byte", "", true);
    }
    for (size_t j = 0; j < 6; ++j) { dsgd_table_column(ledger, rest[j], "1", "", j < 2); }
    assert_int_equal(dsgd_table_append(ledger), DSGD_OK); /* all 0, extremes NaN */
    if (steps == 0) { return; }
    assert_int_equal(dsgd_table_append(ledger), DSGD_OK);
    int64_t answer = 0;
    dsgd_table_last(ledger, 0)->i = steps;
    for (int k = 0; k < DSGD_KINDS; ++k) {
        dsgd_table_last(ledger, 1 + 2 * k)->i = 4 * steps * up[k];
        dsgd_table_last(ledger, 2 + 2 * k)->i = 4 * steps * down[k];
        answer += down[k];
    }
    const int at = 1 + 2 * DSGD_KINDS;
    dsgd_table_last(ledger, at)->i = steps * answer;
    dsgd_table_last(ledger, at + 1)->i = 4 * steps;
    dsgd_table_last(ledger, at + 2)->f = dsgd_table_last(ledger, at + 3)->f = 390.0;
    dsgd_table_last(ledger, at + 4)->f = dsgd_table_last(ledger, at + 5)->f = 2000.0;
}

/* r = 7, c = 40, k = 10, P = 10: 280 + 100 values up, 10 down; requests and indices are free in the paper's count. */
static void test_communication_of_the_papers_setting(void **state)
{
    (void)state;
    static const int64_t up[DSGD_KINDS] = {[DSGD_TABLE] = 1120, [DSGD_VALUE] = 400};
    static const int64_t down[DSGD_KINDS] = {[DSGD_VALUE] = 40, [DSGD_INDEX] = 40, [DSGD_REQUEST] = 400};
    struct dsgd_table ledger = {.columns = 0};
    struct comm c;
    make_ledger(&ledger, up, down, 100);
    assert_int_equal(dsgd_comm_from_ledger(&ledger, 785, &c), DSGD_OK);
    CHECK_CLOSE(c.values_up, 380.0, 0.0);
    CHECK_CLOSE(c.values_down, 10.0, 0.0);
    CHECK_CLOSE(c.values, 390.0, 0.0);
    CHECK_CLOSE(c.values_least, 390.0, 0.0);
    CHECK_CLOSE(c.values_most, 390.0, 0.0);
    CHECK_CLOSE(c.wire_up, 1520.0, 0.0);
    CHECK_CLOSE(c.wire_down, 480.0, 0.0);
    CHECK_CLOSE(c.broadcast, 480.0, 0.0);
    CHECK_CLOSE(c.ratio_wire, 3.14, 1e-15);
    char text[16];
    snprintf(text, sizeof text, "%.2f", c.ratio_values);
    assert_string_equal(text, "4.03");
    dsgd_table_destroy(&ledger);
}

static void test_communication_without_steps_or_columns(void **state)
{
    (void)state;
    static const int64_t none[DSGD_KINDS] = {0};
    struct dsgd_table ledger = {.columns = 0};
    struct comm c;
    make_ledger(&ledger, none, none, 0);
    assert_int_equal(dsgd_comm_from_ledger(&ledger, 785, &c), DSGD_OK);
    assert_true(isnan(c.values) && isnan(c.wire) && isnan(c.ratio_values));
    strcpy(ledger.column[2].name, "other");
    assert_int_equal(dsgd_comm_from_ledger(&ledger, 785, &c), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "down_table"));
    dsgd_table_destroy(&ledger);
}

/* ---- curves of runs that were never written ---- */

/* A run with rows at 1, 10, 100, ... up to `done`, gap = scale/step. */
static struct dsgd_runfile *make_run(const char *label, int64_t seed, int64_t steps, int64_t done, double scale)
{
    struct dsgd_runfile *run = calloc(1, sizeof *run);
    assert_non_null(run);
    char text[128];
    snprintf(text, sizeof text, "run-%s-%lld-%lld.h5", label, (long long)steps, (long long)seed);
    run->path = strdup(text);
    snprintf(text, sizeof text, "problem = x\nsteps = %lld\nseed = %lld\nseed_data = %lld\nk = %s\n", (long long)steps,
             (long long)seed, (long long)seed, label);
    run->config = strdup(text);
    snprintf(run->config_sha256, sizeof run->config_sha256, "%.40s", run->path);
    strcpy(run->status, done < steps ? "diverged" : "complete");
    strcpy(run->problem, "logistic");
    strcpy(run->dataset, "mnist");
    strcpy(run->algorithm, "sgd");
    snprintf(run->label, sizeof run->label, "%s", label);
    run->seed = seed;
    run->steps = steps;
    run->f_star = 0.5;
    struct dsgd_table *trace = &run->table[0];
    strcpy(trace->name, "trace");
    dsgd_table_column(trace, "step", "1", "", true);
    dsgd_table_column(trace, "gap", "1", "", false);
    dsgd_table_column(trace, "test_loss", "1", "", false);
    for (int64_t step = 1; step <= done; step *= 10) {
        assert_int_equal(dsgd_table_append(trace), DSGD_OK);
        dsgd_table_last(trace, 0)->i = step;
        dsgd_table_last(trace, 1)->f = scale / (double)step;
        dsgd_table_last(trace, 2)->f = 0.25 + scale / (double)step;
    }
    run->optimum_metrics = 1;
    strcpy(run->optimum_metric[0], "test_loss");
    run->optimum_value[0] = 0.25;
    return run;
}

static void test_curve_over_seeds(void **state)
{
    (void)state;
    struct dsgd_runfile *run[] = {make_run("a", 1, 10000, 10000, 1.0), make_run("b", 1, 10000, 10000, 5.0),
                                  make_run("a", 2, 10000, 10000, 3.0), make_run("a", 3, 10000, 100, 2.0)};
    struct run_set set = {4, run};
    struct curve_set curves;
    struct curve_slopes slopes;
    double value[4];
    assert_int_equal(dsgd_run_set_comparable(&set), DSGD_OK);
    assert_int_equal(dsgd_curve_set_create(&set, false, &curves), DSGD_OK);
    assert_int_equal(curves.curves, 2);
    assert_string_equal(curves.curve[0].label, "a");
    assert_string_equal(curves.curve[1].label, "b");
    const struct curve *a = &curves.curve[0];
    assert_int_equal(a->runs, 3);
    assert_int_equal(a->points, 5); /* the diverged seed does not shorten the curve */
    assert_int_equal(dsgd_curve_values(a, 2, "gap", CURVE_VALUE, value), 3);
    CHECK_CLOSE(dsgd_quantile(value, 3, 0.5), 0.02, 1e-17);
    assert_int_equal(dsgd_curve_values(a, 4, "gap", CURVE_VALUE, value), 3);
    CHECK_CLOSE(dsgd_quantile(value, 3, 0.5), 3e-4, 1e-18); /* 1, 3, infinite */
    dsgd_curve_values(a, 2, "test_loss", CURVE_MINUS_OPTIMUM, value);
    CHECK_CLOSE(value[1], 0.03, 1e-15);
    assert_int_equal(dsgd_curve_slopes(a, "gap", 1.0, 1e4, &slopes), DSGD_OK);
    assert_int_equal(slopes.seeds, 3);
    CHECK_CLOSE(slopes.median, -1.0, 1e-10);
    CHECK_CLOSE(slopes.half, 0.0, 1e-10);
    assert_int_equal(slopes.pooled.points, 13);
    dsgd_curve_set_destroy(&curves);
    for (int r = 0; r < 4; ++r) { dsgd_runfile_destroy(run[r]); }
}

static void test_final_rows(void **state)
{
    (void)state;
    struct dsgd_runfile *run[6];
    for (int r = 0; r < 6; ++r) {
        run[r] = make_run("a", 1 + r % 2,
                          r < 2   ? 100
                          : r < 4 ? 1000
                                  : 10000,
                          r < 2   ? 100
                          : r < 4 ? 1000
                                  : 10000,
                          1.0 + r % 2);
    }
    struct run_set set = {6, run};
    struct curve_set curves;
    struct curve_slopes slopes;
    double value[6];
    assert_int_equal(dsgd_curve_set_create(&set, false, &curves), DSGD_OK);
    assert_int_equal(curves.curves, 3); /* different T are different configurations ... */
    assert_string_equal(curves.curve[1].label, "a steps=1000"); /* ... which their labels say */
    dsgd_curve_set_destroy(&curves);
    assert_int_equal(dsgd_curve_set_create(&set, true, &curves), DSGD_OK);
    assert_int_equal(curves.curves, 1); /* ... and points of one curve here */
    assert_int_equal(curves.curve[0].points, 3);
    assert_int_equal(dsgd_curve_values(&curves.curve[0], 1, "gap", CURVE_VALUE, value), 2);
    CHECK_CLOSE(value[0], 1e-3, 1e-18);
    CHECK_CLOSE(value[1], 2e-3, 1e-18);
    assert_int_equal(dsgd_curve_slopes(&curves.curve[0], "gap", 100.0, 1e4, &slopes), DSGD_OK);
    assert_int_equal(slopes.seeds, 2);
    CHECK_CLOSE(slopes.mean, -1.0, 1e-10);
    dsgd_curve_set_destroy(&curves);
    strcpy(run[3]->status, "running");
    assert_int_equal(dsgd_curve_set_create(&set, true, &curves), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), run[3]->path));
    for (int r = 0; r < 6; ++r) { dsgd_runfile_destroy(run[r]); }
}

static void refused(const struct run_set *set)
{
    assert_int_equal(dsgd_run_set_comparable(set), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), set->run[0]->path));
    assert_non_null(strstr(dsgd_error(), set->run[1]->path));
}

static void test_mixtures_are_refused(void **state)
{
    (void)state;
    struct dsgd_runfile *run[] = {make_run("a", 1, 100, 100, 1.0), make_run("a", 2, 100, 100, 1.0)};
    struct run_set set = {2, run};
    struct curve_set curves;
    assert_int_equal(dsgd_run_set_comparable(&set), DSGD_OK);
    strcpy(run[1]->dataset, "fashion_mnist");
    refused(&set);
    strcpy(run[1]->dataset, "mnist");
    strcpy(run[1]->dataset_sha256, "1");
    refused(&set);
    strcpy(run[1]->dataset_sha256, "");
    run[1]->results_version = 7;
    refused(&set);
    run[1]->results_version = 0;
    strcpy(run[1]->problem, "svm");
    refused(&set);
    strcpy(run[1]->problem, "logistic");
    run[1]->f_star = 0.500001; /* another l2, say */
    refused(&set);
    run[1]->f_star = 0.5;
    assert_int_equal(dsgd_run_set_comparable(&set), DSGD_OK);
    strcpy(run[1]->config_sha256, run[0]->config_sha256); /* the same run twice */
    assert_int_equal(dsgd_curve_set_create(&set, false, &curves), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), run[1]->path));
    for (int r = 0; r < 2; ++r) { dsgd_runfile_destroy(run[r]); }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_quantile_counts_nan_as_worst),
        cmocka_unit_test(test_exact_power_law),
        cmocka_unit_test(test_outliers_are_resisted),
        cmocka_unit_test(test_slope_leaves_out_what_has_no_logarithm),
        cmocka_unit_test(test_communication_of_the_papers_setting),
        cmocka_unit_test(test_communication_without_steps_or_columns),
        cmocka_unit_test(test_curve_over_seeds),
        cmocka_unit_test(test_final_rows),
        cmocka_unit_test(test_mixtures_are_refused),
    };
    return cmocka_run_group_tests_name("curves", tests, NULL, NULL);
}
