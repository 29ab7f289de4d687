/* cmd_export.c - `dsgd export`: a table of result files as tab-separated text, every row, 17 digits. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "experiments/commands.h"
#include "experiments/curves.h"

struct options {
    char **file;
    int files;
    const char *table;
};

static const struct argp_option option_table[] = {
    {"table", 't', "NAME", 0, "trace (default), ledger, oracle or time", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    static const char *const tables[] = {"trace", "ledger", "oracle", "time"};
    struct options *o = state->input;
    switch (key) {
    case 't':
        for (size_t t = 0; t < sizeof tables / sizeof *tables; ++t) {
            if (strcmp(argument, tables[t]) == 0) {
                o->table = tables[t];
                return 0;
            }
        }
        argp_error(state, "--table %s: expected trace, ledger, oracle or time", argument);
        return 0;
    case ARGP_KEY_ARGS:
        o->file = state->argv + state->next;
        o->files = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "no FILE: expected results of dsgd run"); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* Rows of several files under one heading: columns must be the same. */
static enum dsgd_status same_columns(const struct run_set *set, const char *name)
{
    const struct dsgd_table *a = dsgd_runfile_table(set->run[0], name);
    for (int r = 1; r < set->runs; ++r) {
        const struct dsgd_table *b = dsgd_runfile_table(set->run[r], name);
        bool same = a->columns == b->columns;
        for (int c = 0; same && c < a->columns; ++c) { same = strcmp(a->column[c].name, b->column[c].name) == 0; }
        if (!same) {
            return dsgd_fail(DSGD_EINPUT, "table %s of %s and %s have different columns: expected runs of one problem",
                             name, set->run[0]->path, set->run[r]->path);
        }
    }
    return DSGD_OK;
}

static void print_head(const struct dsgd_table *table, bool with_file)
{
    printf("# table %s; second line: units (1 = none); NaN = not known\n", table->name);
    printf("# %s", with_file ? "file\t" : "");
    for (int c = 0; c < table->columns; ++c) { printf("%s%s", c > 0 ? "\t" : "", table->column[c].name); }
    printf("\n# %s", with_file ? "\t" : "");
    for (int c = 0; c < table->columns; ++c) { printf("%s%s", c > 0 ? "\t" : "", table->column[c].unit); }
    printf("\n");
}

static void print_rows(const struct dsgd_table *table, const char *file)
{
    for (size_t row = 0; row < table->rows; ++row) {
        if (file) { printf("%s\t", file); }
        for (int c = 0; c < table->columns; ++c) {
            const struct dsgd_column *column = &table->column[c];
            if (c > 0) { putchar('\t'); }
            if (column->integer) {
                printf("%lld", (long long)column->cell[row].i);
            } else if (column->cell[row].f != column->cell[row].f) {
                printf("NaN"); /* never "-nan" */
            } else {
                printf("%.17g", column->cell[row].f);
            }
        }
        putchar('\n');
    }
}

static int export(int argc, char **argv)
{
    struct options o = {.table = "trace"};
    const struct argp argp = {option_table, parse, "FILE...", "Prints a table of result files as tab-separated text.",
                              NULL,         NULL,  NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0) { return 2; }
    struct run_set set;
    enum dsgd_status status = run_set_read(o.files, o.file, &set);
    if (status != DSGD_OK) { return command_fail(status); }
    status = same_columns(&set, o.table);
    if (status == DSGD_OK) {
        print_head(dsgd_runfile_table(set.run[0], o.table), set.runs > 1);
        for (int r = 0; r < set.runs; ++r) {
            print_rows(dsgd_runfile_table(set.run[r], o.table), set.runs > 1 ? set.run[r]->path : NULL);
        }
        if (fflush(stdout) != 0 || ferror(stdout)) { status = dsgd_fail(DSGD_EIO, "cannot write to standard output"); }
    }
    run_set_destroy(&set);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_export = {"export", "print a table of results as tab-separated text", export};
