/* cmd_table.c - dsgd table: one row for each method, a method being runs that differ in nothing but their seed: test accuracy
 * over the seeds, and compression from the ledger's columns alone.
 */
#include <argp.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/commands.h"
#include "experiments/show.h"
#include "experiments/table_text.h"

enum form { FORM_TEXT, FORM_MARKDOWN, FORM_TSV };

struct table_options {
    char **file;
    int files;
    enum form form;
};

enum { KEY_MARKDOWN = 256, KEY_TSV, COLUMNS = 11, CELL = 512 };

static const struct argp_option option_table[] = {
    {"markdown", KEY_MARKDOWN, NULL, 0, "A Markdown table", 0},
    {"tsv", KEY_TSV, NULL, 0, "Tab-separated numbers, 8 digits, one unit a column", 0},
    {0},
};

/* A row: what the runs of one method have in common, and means over them. */
struct row {
    int runs, diverged;
    int64_t steps;
    double accuracy, deviation; /* percent; of the runs that did not diverge */
    double values, values_up, values_down, wire, wire_up, wire_down; /* ratios: what no compression costs, over what it cost */
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct table_options *o = state->input;
    (void)argument;
    switch (key) {
    case KEY_MARKDOWN: o->form = FORM_MARKDOWN; return 0;
    case KEY_TSV: o->form = FORM_TSV; return 0;
    case ARGP_KEY_ARGS:
        o->file = state->argv + state->next;
        o->files = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "no FILE: expected results of dsgd run"); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static enum dsgd_status fill_row(const struct curve *method, struct row *out)
{
    struct comm sum = {.values = 0.0};
    double errors = 0.0, squares = 0.0;
    *out = (struct row){.runs = method->runs, .steps = method->run[0]->steps};
    for (int r = 0; r < method->runs; ++r) {
        struct show_facts facts;
        DSGD_TRY(show_facts(method->run[r], &facts));
        if (strcmp(method->run[r]->status, "diverged") == 0) {
            ++out->diverged;
        } else {
            errors += facts.test_error;
        }
        sum.values_up += facts.comm.values_up;
        sum.values_down += facts.comm.values_down;
        sum.wire_up += facts.comm.wire_up;
        sum.wire_down += facts.comm.wire_down;
    }
    const int good = method->runs - out->diverged;
    const double mean = errors / good, d = (double)method->run[0]->d, n = (double)method->runs;
    for (int r = 0; r < method->runs; ++r) {
        const double error = 100.0 * run_last(method->run[r], "test_error");
        if (strcmp(method->run[r]->status, "diverged") != 0) { squares += (error - mean) * (error - mean); }
    }
    out->accuracy = 100.0 - mean; /* NaN where all diverged or the problem has no test error */
    out->deviation = good > 1 ? sqrt(squares / (good - 1)) : (double)NAN;
    out->values = 2.0 * d * n / (sum.values_up + sum.values_down);
    out->values_up = d * n / sum.values_up;
    out->values_down = d * n / sum.values_down;
    out->wire = 8.0 * d * n / (sum.wire_up + sum.wire_down);
    out->wire_up = 4.0 * d * n / sum.wire_up;
    out->wire_down = 4.0 * d * n / sum.wire_down;
    return DSGD_OK;
}

static void accuracy_text(const struct row *row, char text[CELL])
{
    if (row->diverged > 0) {
        snprintf(text, CELL, "%d of %d diverged", row->diverged, row->runs);
    } else if (isnan(row->accuracy)) {
        snprintf(text, CELL, "-");
    } else if (row->runs == 1) {
        snprintf(text, CELL, "%.2f", row->accuracy);
    } else {
        snprintf(text, CELL, "%.2f +- %.2f", row->accuracy, row->deviation);
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

static const char *const heading[COLUMNS] = {"method", "algorithm and keys", "step", "test accuracy %", "seeds",
                                             "values", "up", "down", "wire", "up", "down"};

static void row_cells(const struct curve *method, const char *keys, const struct row *row, char cell[COLUMNS][CELL])
{
    snprintf(cell[0], CELL, "%s", method->label);
    snprintf(cell[1], CELL, "%s", keys);
    table_text_value(method->run[0]->config, "step", "constant", cell[2], CELL);
    accuracy_text(row, cell[3]);
    snprintf(cell[4], CELL, "%d", row->runs);
    ratio_text(row->values, cell[5]);
    ratio_text(row->values_up, cell[6]);
    ratio_text(row->values_down, cell[7]);
    ratio_text(row->wire, cell[8]);
    ratio_text(row->wire_up, cell[9]);
    ratio_text(row->wire_down, cell[10]);
}

static void print_line(enum form form, char cell[COLUMNS][CELL], const int width[COLUMNS])
{
    for (int c = 0; c < COLUMNS; ++c) {
        if (form == FORM_MARKDOWN) {
            printf("%s %s", c ? " |" : "|", cell[c]);
        } else {
            printf(c < 2 ? "%s%-*s" : "%s%*s", c ? "  " : "", width[c], cell[c]);
        }
    }
    printf(form == FORM_MARKDOWN ? " |\n" : "\n");
}

static void print_people(enum form form, int rows, char (*cell)[COLUMNS][CELL])
{
    int width[COLUMNS] = {0};
    char head[COLUMNS][CELL];
    for (int c = 0; c < COLUMNS; ++c) {
        snprintf(head[c], CELL, "%s", heading[c]);
        width[c] = (int)strlen(heading[c]);
        for (int r = 0; r < rows; ++r) { width[c] = (int)strlen(cell[r][c]) > width[c] ? (int)strlen(cell[r][c]) : width[c]; }
    }
    print_line(form, head, width);
    if (form == FORM_MARKDOWN) { printf("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"); }
    for (int r = 0; r < rows; ++r) { print_line(form, cell[r], width); }
}

static void print_tsv(const struct curve *method, const char *keys, const struct row *row)
{
    char step[64];
    table_text_value(method->run[0]->config, "step", "constant", step, sizeof step);
    printf("%s\t%s\t%s\t%lld\t%d\t%d\t%.8g\t%.8g\t%.8g\t%.8g\t%.8g\t%.8g\t%.8g\t%.8g\n", method->label, keys, step,
           (long long)row->steps, row->runs, row->diverged, row->accuracy, row->deviation, row->values, row->values_up,
           row->values_down, row->wire, row->wire_up, row->wire_down);
}

static enum dsgd_status print_table(const struct curve_set *set, enum form form)
{
    const struct dsgd_runfile *first = set->curve[0].run[0];
    char (*cell)[COLUMNS][CELL] = calloc((size_t)set->curves, sizeof *cell);
    enum dsgd_status status = cell ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for a table of %d methods", set->curves);
    const char *comment = form == FORM_TSV ? "# " : "";
    if (status == DSGD_OK) {
        printf("%s%s", comment, first->problem);
        if (strcmp(first->dataset_sha256, "none") != 0) { printf(" on %s (sha256 %.8s)", first->dataset_title, first->dataset_sha256); }
        printf(", d = %zu, results version %lld\n%s", first->d, (long long)first->results_version, form == FORM_MARKDOWN ? "\n" : "");
    }
    if (form == FORM_TSV) {
        printf("# method\talgorithm\tstep_constant\tsteps\tseeds\tdiverged\ttest_accuracy_percent\tstandard_deviation\tvalues\tvalues_up\t"
               "values_down\twire\twire_up\twire_down\n");
    }
    for (int m = 0; status == DSGD_OK && m < set->curves; ++m) {
        struct row row;
        char keys[CELL];
        status = fill_row(&set->curve[m], &row);
        if (status == DSGD_OK) { status = table_text_keys(set, m, keys, sizeof keys); }
        if (status == DSGD_OK && form == FORM_TSV) { print_tsv(&set->curve[m], keys, &row); }
        if (status == DSGD_OK && form != FORM_TSV) { row_cells(&set->curve[m], keys, &row, cell[m]); }
    }
    if (status == DSGD_OK && form != FORM_TSV) { print_people(form, set->curves, cell); }
    free(cell);
    return status;
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

static int command(int argc, char **argv)
{
    static const struct argp argp = {
        option_table, parse, "FILE...",
        "Prints one row for each method: runs that differ in their seed only. Accuracy is 100 minus the test error in the last "
        "row, mean and standard deviation over the seeds. values and wire say how many times less than no compression was sent "
        "a worker and step, both ways together, up and down: in 32-bit words as papers count them, and in all bytes. Files must "
        "be of one problem, dataset and results version.",
        NULL, NULL, NULL};
    struct table_options o = {.files = 0};
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0) { return 2; }
    struct run_set set;
    struct curve_set methods = {.curves = 0};
    enum dsgd_status status = run_set_read(o.files, o.file, &set);
    if (status != DSGD_OK) { return command_fail(status); }
    status = check_finished(&set);
    if (status == DSGD_OK) { status = run_set_comparable(&set); }
    if (status == DSGD_OK) { status = curve_set_create(&set, false, &methods); }
    if (status == DSGD_OK) { status = print_table(&methods, o.form); }
    curve_set_destroy(&methods);
    run_set_destroy(&set);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_table = {"table", "one row a method over its seeds: accuracy, compression", command};
