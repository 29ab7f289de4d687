/* cmd_digest.c - dsgd digest and dsgd diff: "same bits" means the same digest of trace, ledger, oracle and model. */
#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/general.h"
#include "command/reading.h"
#include "lab/report/text_out.h"

enum { FILES_MAX = 4096, KEY_UNSEALED = 1000 };

struct files {
    const char *path[FILES_MAX];
    int count;
    bool unsealed;
};

static const struct argp_option option_table[] = {
    {"unsealed", KEY_UNSEALED, NULL, 0, "Also read files without an intact checksum (edited or damaged); the output marks them", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct files *files = state->input;
    switch (key) {
    case KEY_UNSEALED: files->unsealed = true; return 0;
    case ARGP_KEY_ARG:
        if (files->count == FILES_MAX) { argp_error(state, "at most %d files", FILES_MAX); }
        files->path[files->count++] = arg;
        return 0;
    case ARGP_KEY_NO_ARGS: argp_error(state, "expected result files"); return EINVAL;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static int digest(int argc, char **argv)
{
    static const struct argp_child general[] = {{&general_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {option_table, parse, "FILE.h5...",
                                     "Prints SHA-256 of trace, ledger, oracle and model; not of timings, host or dates.", general, NULL, NULL};
    static struct files files;
    if (argp_parse(&argp, argc, argv, 0, NULL, &files)) { return 2; }
    for (int j = 0; j < files.count; ++j) {
        struct dsgd_runfile *run = NULL;
        enum dsgd_status status = reading_open(files.path[j], files.unsealed, &run);
        if (status != DSGD_OK) { return command_fail(status); }
        char hex[65];
        dsgd_runfile_digest(run, hex);
        printf("%s  ", hex);
        dsgd_print_shown(stdout, run->path);
        putchar('\n');
        dsgd_runfile_destroy(run);
    }
    return 0;
}

static bool same_cell(union dsgd_cell a, union dsgd_cell b, bool integer)
{
    return a.i == b.i || (!integer && isnan(a.f) && isnan(b.f));
}

static void print_cell(union dsgd_cell cell, bool integer)
{
    if (integer) {
        printf("%" PRId64, cell.i);
    } else {
        dsgd_print_tsv_number(stdout, 17, cell.f);
    }
}

static void print_column(const struct dsgd_table *table, const struct dsgd_column *column)
{
    printf("%s/", table->name);
    dsgd_print_shown(stdout, column->name);
}

/* First difference of one table by step, then column; true if there is one. */
static bool diff_table(const struct dsgd_table *a, const struct dsgd_table *b)
{
    if (strcmp(a->name, "time") == 0) { return false; }
    const size_t rows = a->rows < b->rows ? a->rows : b->rows;
    for (size_t r = 0; r < rows; ++r) {
        for (int c = 0; c < a->columns; ++c) {
            const struct dsgd_column *left = &a->column[c], *right = dsgd_table_find(b, left->name);
            if (!right || left->integer != right->integer) {
                print_column(a, left);
                printf(" stands in one file only\n");
                return true;
            }
            if (!same_cell(left->cell[r], right->cell[r], left->integer)) {
                print_column(a, left);
                printf(" differs first at step %" PRId64 " (row %zu): ", a->column[0].cell[r].i, r);
                print_cell(left->cell[r], left->integer);
                printf(" against ");
                print_cell(right->cell[r], right->integer);
                printf("\n");
                return true;
            }
        }
    }
    if (a->rows != b->rows || a->columns != b->columns) {
        printf("%s has %zu rows of %d columns against %zu of %d\n", a->name, a->rows, a->columns, b->rows, b->columns);
        return true;
    }
    return false;
}

static bool diff_model(const struct dsgd_runfile *a, const struct dsgd_runfile *b)
{
    if (a->d != b->d) {
        printf("model/x has %zu coordinates against %zu\n", a->d, b->d);
        return true;
    }
    for (size_t i = 0; i < a->d; ++i) {
        const union dsgd_cell cell[4] = {{.f = a->x[i]}, {.f = b->x[i]}, {.f = a->output[i]}, {.f = b->output[i]}};
        if (!same_cell(cell[0], cell[1], false) || !same_cell(cell[2], cell[3], false)) {
            const int at = same_cell(cell[0], cell[1], false) ? 2 : 0;
            printf("model/%s differs first at coordinate %zu: ", at ? "output" : "x", i);
            print_cell(cell[at], false);
            printf(" against ");
            print_cell(cell[at + 1], false);
            putchar('\n');
            return true;
        }
    }
    return false;
}

static int diff(int argc, char **argv)
{
    static const struct argp_child general[] = {{&general_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {option_table, parse, "A.h5 B.h5",
                                     "Names the first differing column and step of two results; exit 0 if they are the same bits, else 1.",
                                     general, NULL, NULL};
    static struct files files;
    if (argp_parse(&argp, argc, argv, 0, NULL, &files)) { return 2; }
    if (files.count != 2) {
        fprintf(stderr, "dsgd: diff: expected two result files, got %d\n", files.count);
        return 2;
    }
    struct dsgd_runfile *a = NULL, *b = NULL;
    enum dsgd_status status = reading_open(files.path[0], files.unsealed, &a);
    if (status == DSGD_OK) { status = reading_open(files.path[1], files.unsealed, &b); }
    int result = 0;
    if (status != DSGD_OK) {
        result = command_fail(status);
    } else {
        const struct dsgd_runfile *const both[] = {a, b};
        bool differs = false;
        for (int j = 0; j < 2; ++j) {
            if (both[j]->sealed) { continue; }
            dsgd_print_shown(stdout, both[j]->path);
            putchar('\n');
        }
        for (int t = 0; t < DSGD_TABLES; ++t) { differs = diff_table(&a->table[t], &b->table[t]) || differs; }
        differs = diff_model(a, b) || differs;
        if (!differs) { printf("same bits\n"); }
        result = differs ? 1 : 0;
    }
    dsgd_runfile_destroy(a);
    dsgd_runfile_destroy(b);
    return result;
}

const struct command command_digest = {"digest", "print the digest that \"same bits\" means", digest};
const struct command command_diff = {"diff", "name the first difference of two results", diff};
