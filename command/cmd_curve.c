/* cmd_curve.c - `dsgd curve`: medians and bands over seeds as tab-separated text that gnuplot draws.
 *
 * One block a curve, two empty lines between them (gnuplot's `index`). Each block begins with comments: label, runs,
 * compression from the ledgers, means of what the oracle logged, metrics at w*, names and units of the columns. For each column of the
 * trace, and for the words of values that a worker has sent and received, stand median, low and high: the 20% and 80% quantiles over the
 * seeds, linear between neighbours.
 */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/comm.h"
#include "command/commands.h"
#include "command/sweep_input.h"
#include "lab/report/curves.h"
#include "lab/report/text_out.h"
#include "command/whole_output.h"

static const double low_quantile = 0.2, high_quantile = 0.8;

struct options {
    struct sweep_input sweep;
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
    case ARGP_KEY_INIT: state->child_inputs[0] = state->child_inputs[1] = &o->sweep; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* A diverged seed makes quantiles infinite; gnuplot draws neither NaN nor infinities, and takes the axis from the latter. */
static void print_quantiles(FILE *out, double *value, int n)
{
    const double fraction[] = {0.5, low_quantile, high_quantile};
    for (int q = 0; q < 3; ++q) {
        const double at = dsgd_quantile(value, n, fraction[q]);
        fputc('\t', out);
        dsgd_print_tsv_number(out, 17, isfinite(at) ? at : (double)NAN);
    }
}

/* A comment "# NAME: TEXT", one line whatever the text is. */
static void print_comment(FILE *out, const char *name, const char *text)
{
    fprintf(out, "# %s: ", name);
    dsgd_print_shown(out, text);
    fputc('\n', out);
}

/* "# mean heavy: 0.21": of each column of the oracle that every run knows, over steps and runs. */
static void print_oracle_means(FILE *out, const struct curve *curve)
{
    const struct dsgd_table *oracle = dsgd_runfile_table(curve->run[0], "oracle");
    for (int c = 0; oracle && c < oracle->columns; ++c) {
        double mean = 0.0;
        if (oracle->column[c].integer) { continue; }
        for (int r = 0; r < curve->runs; ++r) { mean += dsgd_run_oracle_mean(curve->run[r], oracle->column[c].name) / curve->runs; }
        if (!isfinite(mean)) { continue; }
        fprintf(out, "# mean ");
        dsgd_print_shown(out, oracle->column[c].name);
        fprintf(out, ": ");
        dsgd_print_tsv_number(out, 6, mean);
        fputc('\n', out);
    }
}

/* What a block says about itself. */
static enum dsgd_status print_block_head(FILE *out, const struct curve *curve)
{
    const struct dsgd_runfile *run = curve->run[0];
    double *work = calloc(2 * (size_t)curve->runs, sizeof *work);
    if (!work) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", curve->runs); }
    double *wire = work + curve->runs;
    enum dsgd_status status = DSGD_OK;
    for (int r = 0; r < curve->runs && status == DSGD_OK; ++r) {
        struct comm comm;
        status = dsgd_comm_from_ledger(dsgd_runfile_table(curve->run[r], "ledger"), curve->run[r]->d, &comm);
        if (status == DSGD_OK) {
            work[r] = comm.ratio_values;
            wire[r] = comm.ratio_wire;
        }
    }
    if (status == DSGD_OK) {
        print_comment(out, "label", curve->label);
        print_comment(out, "dataset", run->dataset_title);
        fprintf(out, "# problem: ");
        dsgd_print_shown(out, run->problem);
        fprintf(out, ", d = %zu, f* = ", run->d);
        dsgd_print_tsv_number(out, 17, run->f_star);
        fprintf(out, " within ");
        dsgd_print_tsv_number(out, 3, run->f_star_gap);
        fputc('\n', out);
        print_comment(out, "algorithm", run->algorithm);
        fprintf(out, "# runs: %d\n# ratio values: %.4f\n# ratio wire: %.4f\n", curve->runs, dsgd_quantile(work, curve->runs, 0.5),
                dsgd_quantile(wire, curve->runs, 0.5));
        print_oracle_means(out, curve);
        for (int m = 0; m < run->optimum_metrics; ++m) {
            fprintf(out, "# at w*: ");
            dsgd_print_shown(out, run->optimum_metric[m]);
            fputc(' ', out);
            dsgd_print_tsv_number(out, 17, run->optimum_value[m]);
            fputc('\n', out);
        }
        fprintf(out, "# median, _low and _high: 50%%, %g%% and %g%% quantiles over seeds\n", 100.0 * low_quantile, 100.0 * high_quantile);
    }
    free(work);
    return status;
}

/* The three columns of a quantity: "\tNAME\tNAME_low\tNAME_high" with `suffix` after NAME, or three times its unit. */
static void print_three(FILE *out, const char *text, const char *suffix, bool unit)
{
    static const char *const end[] = {"", "_low", "_high"};
    for (int q = 0; q < 3; ++q) {
        fputc('\t', out);
        dsgd_print_tsv(out, text);
        if (!unit) { fprintf(out, "%s%s", suffix, end[q]); }
    }
}

/* Names and units; the row of names stands first. */
static void print_column_head(FILE *out, const struct curve *curve, const struct options *o, bool units)
{
    const struct dsgd_runfile *run = curve->run[0];
    const struct dsgd_table *trace = dsgd_runfile_table(run, "trace");
    fprintf(out, "# %s", units ? "1\t1" : "step\tseeds");
    for (int c = 0; c < trace->columns; ++c) {
        const struct dsgd_column *column = &trace->column[c];
        if (strcmp(column->name, "step") != 0) { print_three(out, units ? column->unit : column->name, "", units); }
    }
    print_three(out, units ? "word" : "words", "", units);
    for (int m = 0; o->minus_optimum && m < run->optimum_metrics; ++m) {
        const char *name = run->optimum_metric[m];
        print_three(out, units ? dsgd_table_find(trace, name)->unit : name, "_excess", units);
    }
    fputc('\n', out);
}

static void print_point(FILE *out, const struct curve *curve, size_t point, const struct options *o, double *work)
{
    const struct dsgd_runfile *run = curve->run[0];
    const struct dsgd_table *trace = dsgd_runfile_table(run, "trace");
    int n = dsgd_curve_values(curve, point, "step", CURVE_VALUE, work);
    fprintf(out, "%lld\t%d", (long long)curve->step[point], n);
    for (int c = 0; c < trace->columns; ++c) {
        if (strcmp(trace->column[c].name, "step") == 0) { continue; }
        n = dsgd_curve_values(curve, point, trace->column[c].name, CURVE_VALUE, work);
        print_quantiles(out, work, n);
    }
    n = dsgd_curve_words(curve, point, work);
    print_quantiles(out, work, n);
    for (int m = 0; o->minus_optimum && m < run->optimum_metrics; ++m) {
        n = dsgd_curve_values(curve, point, run->optimum_metric[m], CURVE_MINUS_OPTIMUM, work);
        print_quantiles(out, work, n);
    }
    fputc('\n', out);
}

static enum dsgd_status print_curves(FILE *out, const struct curve_set *set, const struct options *o)
{
    for (int c = 0; c < set->curves; ++c) {
        const struct curve *curve = &set->curve[c];
        double *work = malloc(((size_t)curve->runs + 1) * sizeof *work);
        if (!work) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", curve->runs); }
        if (c > 0) { fprintf(out, "\n\n"); }
        const enum dsgd_status status = print_block_head(out, curve);
        if (status == DSGD_OK) {
            print_column_head(out, curve, o, false);
            print_column_head(out, curve, o, true);
            for (size_t p = 0; p < curve->points; ++p) { print_point(out, curve, p, o, work); }
        }
        free(work);
        if (status != DSGD_OK) { return status; }
    }
    return DSGD_OK;
}

static enum dsgd_status print(const struct curve_set *set, const struct options *o)
{
    struct whole_output whole;
    DSGD_TRY(whole_output_open(&whole));
    const enum dsgd_status status = print_curves(whole.out, set, o);
    return whole_output_close(&whole, status, o->sweep.output, TEXT_FILE_HASH);
}

static int curve(int argc, char **argv)
{
    struct options o = {.final = false};
    static const struct argp_child children[] = {{&sweep_input_argp, 0, NULL, 0}, {&curve_names_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {
        option_table,
        parse,
        "FILE...",
        "Prints medians and bands over seeds, one block a curve, for gnuplot. Files must be of one problem "
        "and dataset; a curve is made of runs that differ in nothing but the seed.",
        children,
        NULL,
        NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0) { return 2; }
    struct run_set set;
    struct curve_set curves;
    enum dsgd_status status = sweep_input_read(&o.sweep, &set);
    if (status == DSGD_OK) {
        status = dsgd_run_set_comparable(&set);
        if (status == DSGD_OK) { status = dsgd_curve_set_create(&set, o.final, &curves); }
        if (status == DSGD_OK) {
            status = sweep_input_arrange(&o.sweep, &curves);
            if (status == DSGD_OK) { status = print(&curves, &o); }
            dsgd_curve_set_destroy(&curves);
        }
        dsgd_run_set_destroy(&set);
    }
    sweep_input_clear(&o.sweep);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_curve = {"curve", "print medians and bands over seeds for plotting", curve};
