/* cmd_export.c - `dsgd export`: a table of result files as tab-separated text, every row, 17 digits. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/sweep_input.h"
#include "lab/report/curves.h"
#include "lab/report/text_out.h"
#include "command/whole_output.h"

struct options {
    const char *table;
    struct sweep_input sweep;
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
    case ARGP_KEY_INIT: state->child_inputs[0] = &o->sweep; return 0;
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

static void print_head(FILE *out, const struct dsgd_table *table, bool with_file)
{
    fprintf(out, "# table %s; second line: units (1 = none); NaN = not known\n# %s", table->name, with_file ? "file\t" : "");
    for (int c = 0; c < table->columns; ++c) {
        if (c > 0) { fputc('\t', out); }
        dsgd_print_tsv(out, table->column[c].name);
    }
    fprintf(out, "\n# %s", with_file ? "\t" : "");
    for (int c = 0; c < table->columns; ++c) {
        if (c > 0) { fputc('\t', out); }
        dsgd_print_tsv(out, table->column[c].unit);
    }
    fprintf(out, "\n");
}

static void print_rows(FILE *out, const struct dsgd_table *table, const char *file)
{
    for (size_t row = 0; row < table->rows; ++row) {
        if (file) {
            dsgd_print_tsv(out, file);
            fputc('\t', out);
        }
        for (int c = 0; c < table->columns; ++c) {
            const struct dsgd_column *column = &table->column[c];
            if (c > 0) { fputc('\t', out); }
            if (column->integer) {
                fprintf(out, "%lld", (long long)column->cell[row].i);
            } else {
                dsgd_print_tsv_number(out, 17, column->cell[row].f);
            }
        }
        fputc('\n', out);
    }
}

static enum dsgd_status print(const struct run_set *set, const struct options *o)
{
    struct whole_output whole;
    DSGD_TRY(same_columns(set, o->table));
    DSGD_TRY(whole_output_open(&whole));
    for (int r = 0; r < set->runs; ++r) {
        if (!set->run[r]->sealed) {
            fputs("# ", whole.out);
            dsgd_print_shown(whole.out, set->run[r]->path);
            fputc('\n', whole.out);
        }
    }
    print_head(whole.out, dsgd_runfile_table(set->run[0], o->table), set->runs > 1);
    for (int r = 0; r < set->runs; ++r) {
        print_rows(whole.out, dsgd_runfile_table(set->run[r], o->table), set->runs > 1 ? set->run[r]->path : NULL);
    }
    return whole_output_close(&whole, DSGD_OK, o->sweep.output, TEXT_FILE_HASH);
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
