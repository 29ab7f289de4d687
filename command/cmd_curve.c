/* cmd_curve.c - `dsgd curve`: medians and bands over seeds as tab-separated text that gnuplot draws.
 *
 * One block per curve, two empty lines between them (gnuplot's `index`). Each block begins with comments: label, runs,
 * compression from the ledgers, means of what the oracle logged, metrics at w*, names and units of the columns. For each column of the
 * trace, and for the words of values and the bytes that a worker has sent and received, stand median, low and high: the 20% and 80%
 * quantiles over the seeds, linear between neighbours. --tsv and --json have the same numbers for programs: one table, a row per point.
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

/* What stands first in a row: the points' own steps, or what was sent until then. */
enum x { X_STEPS, X_VALUES, X_WIRE };
static const char *const x_words[] = {"steps", "values", "wire"};

enum form { FORM_BLOCKS, FORM_TSV, FORM_JSON };

struct options {
    struct sweep_input sweep;
    bool final, minus_optimum;
    enum x x;
    enum form form;
};

/* What a worker has sent and received, in two units. */
static const struct sent {
    const char *name, *unit;
    double (*of)(const struct dsgd_table *ledger, size_t row);
} sent[] = {{"words", "word", dsgd_comm_words}, {"bytes", "byte", dsgd_comm_bytes}};
enum { SENT = sizeof sent / sizeof *sent };

enum { OPTION_FINAL = 256, OPTION_MINUS_OPTIMUM, OPTION_X, OPTION_TSV, OPTION_JSON };

static const struct argp_option option_table[] = {
    {"final", OPTION_FINAL, NULL, 0, "Points are the last rows of runs that were made for different numbers of steps",
     0},
    {"minus-optimum", OPTION_MINUS_OPTIMUM, NULL, 0,
     "Also columns of the metrics minus their values at w* (NAME_excess)", 0},
    {"x", OPTION_X, "WHAT", 0, "What stands in the first column, for the axis: steps (default), values (words of values that a worker has sent "
     "and received until then), wire (all bytes)", 0},
    {"tsv", OPTION_TSV, NULL, 0, "One table for programs: one header and a row per point, the label in front", 0},
    {"json", OPTION_JSON, NULL, 0, "The same as JSON", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case OPTION_X:
        for (int x = 0; x < 3; ++x) {
            if (strcmp(argument, x_words[x]) == 0) { return o->x = (enum x)x, 0; }
        }
        argp_error(state, "--x %s: expected steps, values or wire", argument);
        return 0;
    case OPTION_TSV: o->form = FORM_TSV; return 0;
    case OPTION_JSON: o->form = FORM_JSON; return 0;
    case OPTION_FINAL: o->final = true; return 0;
    case OPTION_MINUS_OPTIMUM: o->minus_optimum = true; return 0;
    case ARGP_KEY_INIT: state->child_inputs[0] = state->child_inputs[1] = &o->sweep; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* Median, low and high. A diverged seed makes quantiles infinite; gnuplot draws neither NaN nor infinities, and takes the axis from the
 * latter. */
static void three(double *value, int n, double out[3])
{
    const double fraction[] = {0.5, low_quantile, high_quantile};
    for (int q = 0; q < 3; ++q) {
        const double at = dsgd_quantile(value, n, fraction[q]);
        out[q] = isfinite(at) ? at : (double)NAN;
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

/* ---- one list of columns for all forms ---- */

/* Quantity `q` of a curve's rows: columns of the trace without the step, what was sent, excesses. False past the end. */
struct quantity {
    const char *name, *suffix, *unit;
    enum curve_measure measure;
    const struct sent *sent; /* NULL: a column of the trace */
};

static bool quantity_at(const struct curve *curve, const struct options *o, int q, struct quantity *out)
{
    const struct dsgd_runfile *run = curve->run[0];
    const struct dsgd_table *trace = dsgd_runfile_table(run, "trace");
    for (int c = 0; c < trace->columns; ++c) {
        const struct dsgd_column *column = &trace->column[c];
        if (strcmp(column->name, "step") == 0 || q-- > 0) { continue; }
        return *out = (struct quantity){column->name, "", column->unit, CURVE_VALUE, NULL}, true;
    }
    if (q < SENT) { return *out = (struct quantity){sent[q].name, "", sent[q].unit, CURVE_VALUE, &sent[q]}, true; }
    q -= SENT;
    if (!o->minus_optimum || q >= run->optimum_metrics) { return false; }
    const char *name = run->optimum_metric[q];
    return *out = (struct quantity){name, "_excess", dsgd_table_find(trace, name)->unit, CURVE_MINUS_OPTIMUM, NULL}, true;
}

static void quantity_values(const struct curve *curve, size_t point, const struct quantity *q, double *work, double out[3])
{
    const int n = q->sent ? dsgd_curve_sent(curve, point, q->sent->of, work) : dsgd_curve_values(curve, point, q->name, q->measure, work);
    three(work, n, out);
}

static double x_of(const struct curve *curve, size_t point, enum x x, double *work)
{
    double value[3];
    three(work, dsgd_curve_sent(curve, point, sent[x - X_VALUES].of, work), value);
    return value[0];
}

/* ---- blocks for gnuplot ---- */

/* Names and units; the row of names stands first. */
static void print_column_head(FILE *out, const struct curve *curve, const struct options *o, bool units)
{
    static const char *const end[] = {"", "_low", "_high"};
    struct quantity quantity;
    fprintf(out, "# ");
    if (o->x != X_STEPS) { fprintf(out, "%s\t", units ? sent[o->x - X_VALUES].unit : x_words[o->x]); }
    fprintf(out, "%s", units ? "1\t1" : "step\tseeds");
    for (int q = 0; quantity_at(curve, o, q, &quantity); ++q) {
        for (int e = 0; e < 3; ++e) {
            fputc('\t', out);
            dsgd_print_tsv(out, units ? quantity.unit : quantity.name);
            if (!units) { fprintf(out, "%s%s", quantity.suffix, end[e]); }
        }
    }
    fputc('\n', out);
}

static void print_point(FILE *out, const struct curve *curve, size_t point, const struct options *o, double *work)
{
    struct quantity quantity;
    if (o->x != X_STEPS) {
        dsgd_print_tsv_number(out, 17, x_of(curve, point, o->x, work));
        fputc('\t', out);
    }
    fprintf(out, "%lld\t%d", (long long)curve->step[point], dsgd_curve_values(curve, point, "step", CURVE_VALUE, work));
    for (int q = 0; quantity_at(curve, o, q, &quantity); ++q) {
        double value[3];
        quantity_values(curve, point, &quantity, work, value);
        for (int e = 0; e < 3; ++e) {
            fputc('\t', out);
            dsgd_print_tsv_number(out, 17, value[e]);
        }
    }
    fputc('\n', out);
}

/* ---- one table for programs ---- */

static enum dsgd_status fill_grid(struct dsgd_grid *grid, const struct curve_set *set, const struct options *o)
{
    static const char *const end[] = {"", "_low", "_high"};
    struct quantity quantity;
    dsgd_grid_column(grid, "label");
    dsgd_grid_column(grid, "algorithm");
    if (o->x != X_STEPS) { dsgd_grid_column(grid, x_words[o->x]); }
    dsgd_grid_column(grid, "step");
    dsgd_grid_column(grid, "seeds");
    for (int q = 0; set->curves > 0 && quantity_at(&set->curve[0], o, q, &quantity); ++q) {
        for (int e = 0; e < 3; ++e) {
            char name[64];
            snprintf(name, sizeof name, "%.31s%s%s", quantity.name, quantity.suffix, end[e]);
            dsgd_grid_column(grid, name);
        }
    }
    for (int c = 0; c < set->curves; ++c) {
        const struct curve *curve = &set->curve[c];
        double *work = malloc(((size_t)curve->runs + 1) * sizeof *work);
        if (!work) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", curve->runs); }
        for (size_t p = 0; p < curve->points; ++p) {
            dsgd_grid_text(grid, curve->label);
            dsgd_grid_text(grid, curve->run[0]->algorithm);
            if (o->x != X_STEPS) { dsgd_grid_real(grid, 17, x_of(curve, p, o->x, work)); }
            dsgd_grid_integer(grid, curve->step[p]);
            dsgd_grid_integer(grid, dsgd_curve_values(curve, p, "step", CURVE_VALUE, work));
            for (int q = 0; quantity_at(&set->curve[0], o, q, &quantity); ++q) {
                double value[3];
                quantity_values(curve, p, &quantity, work, value);
                for (int e = 0; e < 3; ++e) { dsgd_grid_real(grid, 17, value[e]); }
            }
        }
        free(work);
    }
    return DSGD_OK;
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
    if (o->form != FORM_BLOCKS) {
        struct dsgd_grid grid = {.columns = 0};
        const enum dsgd_status filled = fill_grid(&grid, set, o);
        if (filled == DSGD_OK) { return whole_output_grid(&grid, o->form == FORM_TSV ? WHOLE_TSV : WHOLE_JSON, o->sweep.output); }
        dsgd_grid_clear(&grid);
        return filled;
    }
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
        "Prints medians and bands over seeds, one block per curve, for gnuplot. Files must be of one problem "
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
