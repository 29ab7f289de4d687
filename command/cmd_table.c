/* cmd_table.c - dsgd table: one row for each method, a method being runs that differ in nothing but their seed: test accuracy
 * over the seeds, and compression from the ledger's columns alone.
 */
#include <argp.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/commands.h"
#include "command/show.h"
#include "lab/config/resolved.h"
#include "lab/report/table_text.h"
#include "lab/report/text_out.h"
#include "command/whole_output.h"

enum form { FORM_TEXT, FORM_MARKDOWN, FORM_TSV, FORM_JSON };

enum { KEY_MARKDOWN = 256, KEY_TSV, KEY_JSON, KEY_COLUMN, COLUMNS = 11, MORE_MAX = 6, CELL = 64 };

struct table_options {
    struct sweep_input sweep;
    enum form form;
    int more; /* columns of /trace */
    const char *column[MORE_MAX];
};

static const struct argp_option option_table[] = {
    {"markdown", KEY_MARKDOWN, NULL, 0, "A Markdown table", 0},
    {"tsv", KEY_TSV, NULL, 0, "Tab-separated numbers, 8 digits, one unit per column, one header and nothing else", 0},
    {"json", KEY_JSON, NULL, 0, "The same as JSON", 0},
    {"column", KEY_COLUMN, "NAME", 0, "Also this column of /trace, its last value as mean and standard deviation over the seeds; repeatable", 0},
    {0},
};

/* A row: what the runs of one method have in common, and means over them. */
struct row {
    const char *label; /* borrowed */
    char *keys, *step; /* owned; step: NULL if the configuration does not say */
    int runs, diverged;
    int64_t steps;
    double accuracy, deviation; /* percent; of the runs that did not diverge, as what follows */
    double more[MORE_MAX], more_deviation[MORE_MAX];
    double values, values_up, values_down, wire, wire_up, wire_down; /* ratios: what no compression costs, over what it cost */
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct table_options *o = state->input;
    switch (key) {
    case KEY_COLUMN:
        if (o->more == MORE_MAX) { argp_error(state, "--column=%s: expected at most %d columns", argument, MORE_MAX); }
        o->column[o->more++] = argument;
        return 0;
    case KEY_MARKDOWN: o->form = FORM_MARKDOWN; return 0;
    case KEY_TSV: o->form = FORM_TSV; return 0;
    case KEY_JSON: o->form = FORM_JSON; return 0;
    case ARGP_KEY_INIT: state->child_inputs[0] = state->child_inputs[1] = &o->sweep; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* Mean of a column's last value over the runs that did not diverge; NaN if there are none. deviation: NaN for one. */
static double mean_of(const struct curve *method, const char *column, double *deviation)
{
    double sum = 0.0, squares = 0.0;
    int good = 0;
    for (int r = 0; r < method->runs; ++r) {
        if (strcmp(method->run[r]->status, "diverged") == 0) { continue; }
        sum += dsgd_run_last(method->run[r], column);
        ++good;
    }
    const double mean = sum / good;
    for (int r = 0; r < method->runs; ++r) {
        const double away = dsgd_run_last(method->run[r], column) - mean;
        if (strcmp(method->run[r]->status, "diverged") != 0) { squares += away * away; }
    }
    *deviation = good > 1 ? sqrt(squares / (good - 1)) : (double)NAN;
    return mean;
}

static enum dsgd_status fill_row(const struct curve *method, const struct table_options *o, struct row *out)
{
    struct comm sum = {.values = 0.0};
    *out = (struct row){.label = method->label, .runs = method->runs, .steps = method->run[0]->steps,
                        .step = dsgd_resolved_value(method->run[0]->config, "step", "constant")};
    for (int r = 0; r < method->runs; ++r) {
        struct show_facts facts;
        DSGD_TRY(show_facts(method->run[r], &facts));
        out->diverged += strcmp(method->run[r]->status, "diverged") == 0;
        sum.values_up += facts.comm.values_up;
        sum.values_down += facts.comm.values_down;
        sum.wire_up += facts.comm.wire_up;
        sum.wire_down += facts.comm.wire_down;
    }
    out->accuracy = 100.0 - 100.0 * mean_of(method, "test_error", &out->deviation); /* NaN where the problem has no test error */
    out->deviation *= 100.0;
    for (int c = 0; c < o->more; ++c) { out->more[c] = mean_of(method, o->column[c], &out->more_deviation[c]); }
    const double d = (double)method->run[0]->d, n = (double)method->runs;
    out->values = 2.0 * d * n / (sum.values_up + sum.values_down);
    out->values_up = d * n / sum.values_up;
    out->values_down = d * n / sum.values_down;
    out->wire = 8.0 * d * n / (sum.wire_up + sum.wire_down);
    out->wire_up = 4.0 * d * n / sum.wire_up;
    out->wire_down = 4.0 * d * n / sum.wire_down;
    return DSGD_OK;
}

/* format: of one double. */
__attribute__((format(printf, 2, 0))) static void mean_text(const struct row *row, const char *format, double mean, double deviation, char text[CELL])
{
    if (row->diverged > 0) {
        snprintf(text, CELL, "%d of %d diverged", row->diverged, row->runs);
    } else if (isnan(mean)) {
        snprintf(text, CELL, "-");
    } else {
        int used = snprintf(text, CELL, format, mean);
        if (row->runs > 1) {
            used += snprintf(text + used, CELL - (size_t)used, " +- ");
            snprintf(text + used, CELL - (size_t)used, format, deviation);
        }
    }
}

/* A ratio for people; "-" where nothing of this kind is sent. */
static void ratio_text(double ratio, char text[CELL])
{
    if (!isfinite(ratio)) {
        snprintf(text, CELL, "-");
    } else {
        snprintf(text, CELL, ratio < 100.0 ? "%.2f" : "%.1f", ratio);
    }
}

enum { BEFORE = 4, WIDEST = COLUMNS + MORE_MAX }; /* columns in front of --column's */
static const char *const heading[COLUMNS] = {"method", "algorithm and keys", "step", "test accuracy %", "seeds",
                                             "values", "up", "down", "wire", "up", "down"};

/* A row as people read it. */
struct cells {
    const char *text[WIDEST];
    char number[WIDEST][CELL]; /* where the text is made */
};

static void fill_head(const struct table_options *o, const char *text[WIDEST])
{
    for (int c = 0; c < COLUMNS; ++c) { text[c < BEFORE ? c : c + o->more] = heading[c]; }
    for (int c = 0; c < o->more; ++c) { text[BEFORE + c] = o->column[c]; }
}

static void fill_cells(const struct row *row, const struct table_options *o, struct cells *out)
{
    const double ratio[] = {row->values, row->values_up, row->values_down, row->wire, row->wire_up, row->wire_down};
    char (*after)[CELL] = out->number + BEFORE + o->more;
    mean_text(row, "%.2f", row->accuracy, row->deviation, out->number[BEFORE - 1]);
    for (int c = 0; c < o->more; ++c) { mean_text(row, "%.4g", row->more[c], row->more_deviation[c], out->number[BEFORE + c]); }
    snprintf(after[0], CELL, "%d", row->runs);
    for (size_t c = 0; c < sizeof ratio / sizeof *ratio; ++c) { ratio_text(ratio[c], after[1 + c]); }
    for (int c = 0; c < COLUMNS + o->more; ++c) { out->text[c] = out->number[c]; }
    out->text[0] = row->label;
    out->text[1] = row->keys;
    out->text[2] = row->step ? row->step : "-";
}

static void print_line(FILE *out, enum form form, int columns, const char *const text[WIDEST], const int width[WIDEST])
{
    for (int c = 0; c < columns; ++c) {
        if (form == FORM_MARKDOWN) {
            fprintf(out, "%s ", c ? " |" : "|");
            dsgd_print_markdown(out, text[c]);
        } else {
            fprintf(out, "%s", c ? "  " : "");
            dsgd_print_padded(out, c < 2 ? -width[c] : width[c], text[c]);
        }
    }
    fprintf(out, form == FORM_MARKDOWN ? " |\n" : "\n");
}

static enum dsgd_status print_people(FILE *out, const struct table_options *o, int rows, const struct row *row)
{
    const int columns = COLUMNS + o->more;
    int width[WIDEST] = {0};
    const char *head[WIDEST];
    struct cells *cells = calloc((size_t)rows, sizeof *cells);
    if (!cells) { return dsgd_fail(DSGD_ENOMEM, "no memory for a table of %d methods", rows); }
    fill_head(o, head);
    for (int r = 0; r < rows; ++r) { fill_cells(&row[r], o, &cells[r]); }
    for (int c = 0; c < columns; ++c) {
        width[c] = dsgd_text_width(head[c]);
        for (int r = 0; r < rows; ++r) {
            const int other = dsgd_text_width(cells[r].text[c]);
            width[c] = other > width[c] ? other : width[c];
        }
    }
    print_line(out, o->form, columns, head, width);
    for (int c = 0; o->form == FORM_MARKDOWN && c < columns; ++c) { fprintf(out, "%s%s", c < 2 ? "|---" : "|--:", c + 1 < columns ? "" : "|\n"); }
    for (int r = 0; r < rows; ++r) { print_line(out, o->form, columns, cells[r].text, width); }
    free(cells);
    return DSGD_OK;
}

static void fill_grid(struct dsgd_grid *grid, const struct table_options *o, int rows, const struct row *row, const struct dsgd_runfile *first)
{
    static const char *const column[] = {"method", "algorithm", "step_constant", "steps", "seeds", "diverged", "test_accuracy_percent",
                                         "standard_deviation", "values", "values_up", "values_down", "wire", "wire_up", "wire_down", "problem",
                                         "dataset", "dataset_sha256", "d", "results_version"};
    for (size_t c = 0; c < sizeof column / sizeof *column; ++c) { dsgd_grid_column(grid, column[c]); }
    for (int c = 0; c < o->more; ++c) {
        char name[CELL + 20];
        dsgd_grid_column(grid, o->column[c]);
        snprintf(name, sizeof name, "%.*s_deviation", CELL, o->column[c]);
        dsgd_grid_column(grid, name);
    }
    for (int r = 0; r < rows; ++r) {
        const struct row *at = &row[r];
        const double number[] = {at->accuracy, at->deviation, at->values, at->values_up, at->values_down, at->wire, at->wire_up, at->wire_down};
        dsgd_grid_text(grid, at->label);
        dsgd_grid_text(grid, at->keys);
        dsgd_grid_text(grid, at->step ? at->step : "");
        dsgd_grid_integer(grid, at->steps);
        dsgd_grid_integer(grid, at->runs);
        dsgd_grid_integer(grid, at->diverged);
        for (size_t c = 0; c < sizeof number / sizeof *number; ++c) { dsgd_grid_real(grid, 8, number[c]); }
        dsgd_grid_text(grid, first->problem);
        dsgd_grid_text(grid, first->dataset_title);
        dsgd_grid_text(grid, first->dataset_sha256);
        dsgd_grid_integer(grid, (int64_t)first->d);
        dsgd_grid_integer(grid, first->results_version);
        for (int c = 0; c < o->more; ++c) {
            dsgd_grid_real(grid, 8, at->more[c]);
            dsgd_grid_real(grid, 8, at->more_deviation[c]);
        }
    }
}

/* What all rows have in common. */
static void print_head(FILE *out, enum form form, const struct dsgd_runfile *first)
{
    void (*print_text)(FILE *, const char *) = form == FORM_MARKDOWN ? dsgd_print_markdown : dsgd_print_shown;
    char sha256[9];
    snprintf(sha256, sizeof sha256, "%.8s", first->dataset_sha256);
    print_text(out, first->problem);
    if (strcmp(first->dataset_sha256, "none") != 0) {
        fprintf(out, " on ");
        print_text(out, first->dataset_title);
        fprintf(out, " (sha256 ");
        print_text(out, sha256);
        fputc(')', out);
    }
    fprintf(out, ", d = %zu, results version %lld\n%s", first->d, (long long)first->results_version, form == FORM_MARKDOWN ? "\n" : "");
}

/* For people, or into the grid. */
static enum dsgd_status print_rows(FILE *out, const struct curve_set *set, const struct table_options *o, struct dsgd_grid *grid)
{
    struct row *row = calloc((size_t)set->curves, sizeof *row);
    enum dsgd_status status = row ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for a table of %d methods", set->curves);
    for (int m = 0; status == DSGD_OK && m < set->curves; ++m) {
        status = fill_row(&set->curve[m], o, &row[m]);
        if (status == DSGD_OK) { status = dsgd_table_text_keys(set, m, &row[m].keys); }
    }
    if (status == DSGD_OK) {
        if (grid) {
            fill_grid(grid, o, set->curves, row, set->curve[0].run[0]);
        } else {
            print_head(out, o->form, set->curve[0].run[0]);
            status = print_people(out, o, set->curves, row);
        }
    }
    for (int m = 0; row && m < set->curves; ++m) {
        free(row[m].keys);
        free(row[m].step);
    }
    free(row);
    return status;
}

static enum dsgd_status print(const struct curve_set *set, const struct table_options *o)
{
    struct whole_output whole;
    if (o->form == FORM_TSV || o->form == FORM_JSON) {
        struct dsgd_grid grid = {.columns = 0};
        const enum dsgd_status status = print_rows(NULL, set, o, &grid);
        if (status == DSGD_OK) { return whole_output_grid(&grid, o->form == FORM_TSV ? WHOLE_TSV : WHOLE_JSON, o->sweep.output); }
        dsgd_grid_clear(&grid);
        return status;
    }
    DSGD_TRY(whole_output_open(&whole));
    const enum dsgd_status status = print_rows(whole.out, set, o, NULL);
    return whole_output_close(&whole, status, o->sweep.output, o->form == FORM_MARKDOWN ? TEXT_FILE_MARKDOWN : TEXT_FILE_HASH);
}

static enum dsgd_status check_finished(const struct run_set *set)
{
    for (int r = 0; r < set->runs; ++r) {
        if (strcmp(set->run[r]->status, "running") == 0) {
            return dsgd_fail(DSGD_EINPUT, "%s is a snapshot of an unfinished run: expected finished runs in one table",
                             set->run[r]->path);
        }
    }
    return DSGD_OK;
}

static enum dsgd_status check_columns(const struct run_set *set, const struct table_options *o)
{
    for (int r = 0; r < set->runs; ++r) {
        for (int c = 0; c < o->more; ++c) {
            const struct dsgd_column *column = dsgd_table_find(dsgd_runfile_table(set->run[r], "trace"), o->column[c]);
            if (!column || column->integer) {
                return dsgd_fail(DSGD_EINPUT, "--column=%s: %s has no such quantity in /trace; dsgd list %s names those of its problem", o->column[c],
                                 set->run[r]->path, set->run[r]->problem);
            }
        }
    }
    return DSGD_OK;
}

static int command(int argc, char **argv)
{
    static const struct argp_child children[] = {{&sweep_input_argp, 0, NULL, 0}, {&curve_names_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {
        option_table, parse, "FILE...",
        "Prints one row for each method: runs that differ in their seed only. Accuracy is 100 minus the test error in the last "
        "row, mean and standard deviation over the seeds. values and wire say how many times less than no compression was sent "
        "per worker and step, both ways together, up and down: in 32-bit words as papers count them, and in all bytes. Files must "
        "be of one problem, dataset and results version.",
        children, NULL, NULL};
    struct table_options o = {.form = FORM_TEXT};
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0) { return 2; }
    struct run_set set;
    struct curve_set methods = {.curves = 0};
    enum dsgd_status status = sweep_input_read(&o.sweep, &set);
    if (status != DSGD_OK) {
        sweep_input_clear(&o.sweep);
        return command_fail(status);
    }
    status = check_finished(&set);
    if (status == DSGD_OK) { status = dsgd_run_set_comparable(&set); }
    if (status == DSGD_OK) { status = check_columns(&set, &o); }
    if (status == DSGD_OK) { status = dsgd_curve_set_create(&set, false, &methods); }
    if (status == DSGD_OK) { status = sweep_input_arrange(&o.sweep, &methods); }
    if (status == DSGD_OK) { status = print(&methods, &o); }
    sweep_input_clear(&o.sweep);
    dsgd_curve_set_destroy(&methods);
    dsgd_run_set_destroy(&set);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_table = {"table", "one row per method over its seeds: accuracy, compression", command};
