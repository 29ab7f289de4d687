/* cmd_export.c - `dsgd export`: a table of result files as tab-separated text, every row, 17 digits. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/sweep_input.h"
#include "lab/report/curves.h"
#include "command/whole_output.h"

struct options {
    const char *table;
    struct sweep_input sweep;
    bool json;
};

static const struct argp_option option_table[] = {
    {"table", 't', "NAME", 0, "trace (default), ledger, oracle or time", 0},
    {"json", 'j', NULL, 0, "As JSON", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    static const char *const tables[] = {"trace", "ledger", "oracle", "time"};
    struct options *o = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &o->sweep; return 0;
    case 'j': o->json = true; return 0;
    case 't':
        for (size_t t = 0; t < sizeof tables / sizeof *tables; ++t) {
            if (strcmp(argument, tables[t]) == 0) {
                o->table = tables[t];
                return 0;
            }
        }
        argp_error(state, "--table %s: expected trace, ledger, oracle or time", argument);
        return 0;
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

static void fill_grid(struct dsgd_grid *grid, const struct run_set *set, const char *name, bool with_file)
{
    const struct dsgd_table *first = dsgd_runfile_table(set->run[0], name);
    if (with_file) { dsgd_grid_column(grid, "file"); }
    for (int c = 0; c < first->columns; ++c) { dsgd_grid_column(grid, first->column[c].name); }
    for (int r = 0; r < set->runs; ++r) {
        const struct dsgd_table *table = dsgd_runfile_table(set->run[r], name);
        for (size_t row = 0; row < table->rows; ++row) {
            if (with_file) { dsgd_grid_text(grid, set->run[r]->path); }
            for (int c = 0; c < table->columns; ++c) {
                const struct dsgd_column *column = &table->column[c];
                if (column->integer) {
                    dsgd_grid_integer(grid, column->cell[row].i);
                } else {
                    dsgd_grid_real(grid, 17, column->cell[row].f);
                }
            }
        }
    }
}

/* The file's name stands in front where there are several, or where it says that a file is unsealed. */
static enum dsgd_status print(const struct run_set *set, const struct options *o)
{
    struct dsgd_grid grid = {.columns = 0};
    bool with_file = set->runs > 1;
    DSGD_TRY(same_columns(set, o->table));
    for (int r = 0; r < set->runs; ++r) { with_file = with_file || !set->run[r]->sealed; }
    fill_grid(&grid, set, o->table, with_file);
    return whole_output_grid(&grid, o->json ? WHOLE_JSON : WHOLE_TSV, o->sweep.output);
}

static int export(int argc, char **argv)
{
    struct options o = {.table = "trace"};
    static const struct argp_child children[] = {{&sweep_input_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp argp = {option_table, parse, "FILE...", "Prints a table of result files as tab-separated text.",
                              children,     NULL,  NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0) { return 2; }
    struct run_set set;
    enum dsgd_status status = sweep_input_read(&o.sweep, &set);
    sweep_input_clear(&o.sweep);
    if (status != DSGD_OK) { return command_fail(status); }
    status = print(&set, &o);
    dsgd_run_set_destroy(&set);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_export = {"export", "print a table of results as tab-separated text", export};
