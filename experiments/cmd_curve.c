/* cmd_curve.c - `dsgd curve`: medians and bands over seeds as tab-separated text that gnuplot draws.
 *
 * One block a curve, two empty lines between them (gnuplot's `index`). Each block begins with comments: label, runs,
 * compression from the ledgers, metrics at w*, names and units of the columns. For each column of the trace stand
 * median, low and high: the 20% and 80% quantiles over the seeds, linear between neighbours.
 */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/comm.h"
#include "experiments/commands.h"
#include "experiments/curves.h"

static const double low_quantile = 0.2, high_quantile = 0.8;

struct options {
    char **file;
    int files;
    bool final, minus_optimum;
};

enum { OPTION_FINAL = 256, OPTION_MINUS_OPTIMUM };

static const struct argp_option option_table[] = {
    {"final", OPTION_FINAL, NULL, 0, "Points are the last rows of runs that were made for different numbers of steps",
     0},
    {"minus-optimum", OPTION_MINUS_OPTIMUM, NULL, 0,
     "Also columns of the metrics minus their values at w* (NAME_excess)", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    (void)argument;
    switch (key) {
    case OPTION_FINAL: o->final = true; return 0;
    case OPTION_MINUS_OPTIMUM: o->minus_optimum = true; return 0;
    case ARGP_KEY_ARGS:
        o->file = state->argv + state->next;
        o->files = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "no FILE: expected results of dsgd run"); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static void print_number(double value)
{
    if (isfinite(value)) {
        printf("\t%.17g", value);
    } else {
        printf("\tNaN");
    }
}

/* What a block says about itself. */
static enum dsgd_status print_block_head(const struct curve *curve)
{
    const struct dsgd_runfile *run = curve->run[0];
    double *work = calloc(2 * (size_t)curve->runs, sizeof *work);
    if (!work) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", curve->runs); }
    double *wire = work + curve->runs;
    enum dsgd_status status = DSGD_OK;
    for (int r = 0; r < curve->runs && status == DSGD_OK; ++r) {
        struct comm comm;
        status = comm_from_ledger(dsgd_runfile_table(curve->run[r], "ledger"), curve->run[r]->d, &comm);
        if (status == DSGD_OK) {
            work[r] = comm.ratio_values;
            wire[r] = comm.ratio_wire;
        }
    }
    if (status == DSGD_OK) {
        printf(
            "# label: %s\n# dataset: %s\n# problem: %s, d = %zu, f* = %.17g within %.3g\n# algorithm: %s\n# runs: %d\n",
            curve->label, run->dataset_title, run->problem, run->d, run->f_star, run->f_star_gap, run->algorithm,
            curve->runs);
        printf("# ratio values: %.4f\n# ratio wire: %.4f\n", quantile(work, curve->runs, 0.5),
               quantile(wire, curve->runs, 0.5));
        for (int m = 0; m < run->optimum_metrics; ++m) {
            printf("# at w*: %s %.17g\n", run->optimum_metric[m], run->optimum_value[m]);
        }
        printf("# median, _low and _high: 50%%, %g%% and %g%% quantiles over seeds\n", 100.0 * low_quantile,
               100.0 * high_quantile);
    }
    free(work);
    return status;
}

/* Names and units; the row of names stands first. */
static void print_column_head(const struct curve *curve, const struct options *o, bool units)
{
    const struct dsgd_runfile *run = curve->run[0];
    const struct dsgd_table *trace = dsgd_runfile_table(run, "trace");
    printf("# %s", units ? "1\t1" : "step\tseeds");
    for (int c = 0; c < trace->columns; ++c) {
        const struct dsgd_column *column = &trace->column[c];
        if (strcmp(column->name, "step") == 0) { continue; }
        if (units) {
            printf("\t%s\t%s\t%s", column->unit, column->unit, column->unit);
        } else {
            printf("\t%s\t%s_low\t%s_high", column->name, column->name, column->name);
        }
    }
    for (int m = 0; o->minus_optimum && m < run->optimum_metrics; ++m) {
        const char *name = run->optimum_metric[m];
        if (units) {
            const char *unit = dsgd_table_find(trace, name)->unit;
            printf("\t%s\t%s\t%s", unit, unit, unit);
        } else {
            printf("\t%s_excess\t%s_excess_low\t%s_excess_high", name, name, name);
        }
    }
    printf("\n");
}

static void print_point(const struct curve *curve, size_t point, const struct options *o, double *work)
{
    const struct dsgd_runfile *run = curve->run[0];
    const struct dsgd_table *trace = dsgd_runfile_table(run, "trace");
    int n = curve_values(curve, point, "step", CURVE_VALUE, work);
    printf("%lld\t%d", (long long)curve->step[point], n);
    for (int c = 0; c < trace->columns; ++c) {
        if (strcmp(trace->column[c].name, "step") == 0) { continue; }
        n = curve_values(curve, point, trace->column[c].name, CURVE_VALUE, work);
        print_number(quantile(work, n, 0.5));
        print_number(quantile(work, n, low_quantile));
        print_number(quantile(work, n, high_quantile));
    }
    for (int m = 0; o->minus_optimum && m < run->optimum_metrics; ++m) {
        n = curve_values(curve, point, run->optimum_metric[m], CURVE_MINUS_OPTIMUM, work);
        print_number(quantile(work, n, 0.5));
        print_number(quantile(work, n, low_quantile));
        print_number(quantile(work, n, high_quantile));
    }
    printf("\n");
}

static enum dsgd_status print_curves(const struct curve_set *set, const struct options *o)
{
    for (int c = 0; c < set->curves; ++c) {
        const struct curve *curve = &set->curve[c];
        double *work = malloc(((size_t)curve->runs + 1) * sizeof *work);
        if (!work) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", curve->runs); }
        if (c > 0) { printf("\n\n"); }
        const enum dsgd_status status = print_block_head(curve);
        if (status == DSGD_OK) {
            print_column_head(curve, o, false);
            print_column_head(curve, o, true);
            for (size_t p = 0; p < curve->points; ++p) { print_point(curve, p, o, work); }
        }
        free(work);
        if (status != DSGD_OK) { return status; }
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? DSGD_OK : dsgd_fail(DSGD_EIO, "cannot write to standard output");
}

static int curve(int argc, char **argv)
{
    struct options o = {.file = NULL};
    const struct argp argp = {
        option_table,
        parse,
        "FILE...",
        "Prints medians and bands over seeds, one block a curve, for gnuplot. Files must be of one problem "
        "and dataset; a curve is made of runs that differ in nothing but the seed.",
        NULL,
        NULL,
        NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0) { return 2; }
    struct run_set set;
    struct curve_set curves;
    enum dsgd_status status = run_set_read(o.files, o.file, &set);
    if (status != DSGD_OK) { return command_fail(status); }
    status = run_set_comparable(&set);
    if (status == DSGD_OK) { status = curve_set_create(&set, o.final, &curves); }
    if (status == DSGD_OK) {
        status = print_curves(&curves, &o);
        curve_set_destroy(&curves);
    }
    run_set_destroy(&set);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_curve = {"curve", "print medians and bands over seeds for plotting", curve};
