/* cmd_digest.c - dsgd digest and dsgd diff: "same bits" means the same digest of trace, ledger, oracle and model. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/general.h"
#include "command/reading.h"
#include "command/json_out.h"
#include "command/whole_output.h"
#include "lab/report/text_out.h"

enum { FILES_MAX = 4096, KEY_UNSEALED = 1000 };

struct files {
    const char *path[FILES_MAX];
    int count;
    bool unsealed, json;
};

static const struct argp_option option_table[] = {
    {"unsealed", KEY_UNSEALED, NULL, 0, "Also read files without an intact checksum (edited or damaged); the output marks them", 0},
    {"json", 'j', NULL, 0, "Report as JSON", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct files *files = state->input;
    switch (key) {
    case KEY_UNSEALED: files->unsealed = true; return 0;
    case 'j': files->json = true; return 0;
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
    struct dsgd_grid grid = {.columns = 0};
    enum dsgd_status status = DSGD_OK;
    dsgd_grid_column(&grid, "file");
    dsgd_grid_column(&grid, "digest");
    for (int j = 0; status == DSGD_OK && j < files.count; ++j) {
        struct dsgd_runfile *run = NULL;
        char hex[65];
        status = reading_open(files.path[j], files.unsealed, &run);
        if (status != DSGD_OK) { break; }
        dsgd_runfile_digest(run, hex);
        if (files.json) {
            dsgd_grid_text(&grid, run->path);
            dsgd_grid_text(&grid, hex);
        } else {
            printf("%s  ", hex);
            dsgd_print_shown(stdout, run->path);
            putchar('\n');
        }
        dsgd_runfile_destroy(run);
    }
    if (status == DSGD_OK && files.json) { status = whole_output_grid(&grid, WHOLE_JSON, NULL); }
    dsgd_grid_clear(&grid);
    return status == DSGD_OK ? 0 : command_fail(status);
}

static bool same_cell(union dsgd_cell a, union dsgd_cell b, bool integer)
{
    return a.i == b.i || (!integer && isnan(a.f) && isnan(b.f));
}

/* Where two results differ first, a row for each table and the model. */
static void differ(struct dsgd_grid *g, const char *table, const char *column, int64_t step, int64_t row, double a, double b)
{
    dsgd_grid_text(g, table);
    dsgd_grid_text(g, column);
    dsgd_grid_integer(g, step);
    dsgd_grid_integer(g, row);
    dsgd_grid_real(g, 17, a);
    dsgd_grid_real(g, 17, b);
}

static void print_difference(const struct dsgd_grid_cell *cell)
{
    dsgd_print_shown(stdout, cell[0].as.text);
    putchar('/');
    dsgd_print_shown(stdout, cell[1].as.text);
    const long long step = (long long)cell[2].as.integer, row = (long long)cell[3].as.integer;
    if (row < 0) {
        printf(step < 0 ? " stands in one file only\n" : " has another length: ");
        if (step < 0) { return; }
    } else if (step < 0) {
        printf(" differs first at coordinate %lld: ", row);
    } else {
        printf(" differs first at step %lld (row %lld): ", step, row);
    }
    dsgd_print_tsv_number(stdout, 17, cell[4].as.real);
    printf(" against ");
    dsgd_print_tsv_number(stdout, 17, cell[5].as.real);
    putchar('\n');
}

static double number(union dsgd_cell cell, bool integer)
{
    return integer ? (double)cell.i : cell.f;
}

/* First difference of one table by step, then column. */
static void diff_table(const struct dsgd_table *a, const struct dsgd_table *b, struct dsgd_grid *g)
{
    if (strcmp(a->name, "time") == 0) { return; }
    const size_t rows = a->rows < b->rows ? a->rows : b->rows;
    for (size_t r = 0; r < rows; ++r) {
        for (int c = 0; c < a->columns; ++c) {
            const struct dsgd_column *left = &a->column[c], *right = dsgd_table_find(b, left->name);
            if (!right || left->integer != right->integer) {
                differ(g, a->name, left->name, -1, -1, (double)NAN, (double)NAN);
                return;
            }
            if (!same_cell(left->cell[r], right->cell[r], left->integer)) {
                differ(g, a->name, left->name, a->column[0].cell[r].i, (int64_t)r, number(left->cell[r], left->integer), number(right->cell[r], left->integer));
                return;
            }
        }
    }
    if (a->rows != b->rows) {
        differ(g, a->name, "rows", 0, -1, (double)a->rows, (double)b->rows);
    } else if (a->columns != b->columns) {
        differ(g, a->name, "columns", 0, -1, a->columns, b->columns);
    }
}

static void diff_model(const struct dsgd_runfile *a, const struct dsgd_runfile *b, struct dsgd_grid *g)
{
    if (a->d != b->d) { differ(g, "model", "x", 0, -1, (double)a->d, (double)b->d); }
    for (size_t i = 0; a->d == b->d && i < a->d; ++i) {
        const union dsgd_cell cell[4] = {{.f = a->x[i]}, {.f = b->x[i]}, {.f = a->output[i]}, {.f = b->output[i]}};
        if (!same_cell(cell[0], cell[1], false) || !same_cell(cell[2], cell[3], false)) {
            const int at = same_cell(cell[0], cell[1], false) ? 2 : 0;
            differ(g, "model", at ? "output" : "x", -1, (int64_t)i, cell[at].f, cell[at + 1].f);
            return;
        }
    }
}

/* As text, or as JSON with whether they are the same. */
static enum dsgd_status print_differences(const struct dsgd_grid *g, bool json)
{
    if (g->failed) { return dsgd_fail(DSGD_ENOMEM, "no memory for the differences of two results"); }
    if (json) { return json_print(json_pack("{s:b, s:o}", "same", g->cells == 0, "differences", json_grid(g))); }
    for (size_t j = 0; j < g->cells; j += g->columns) { print_difference(&g->cell[j]); }
    if (g->cells == 0) { printf("same bits\n"); }
    return DSGD_OK;
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
        static const char *const column[] = {"table", "column", "step", "row", "a", "b"};
        const struct dsgd_runfile *const both[] = {a, b};
        struct dsgd_grid grid = {.columns = 0};
        for (size_t c = 0; c < sizeof column / sizeof *column; ++c) { dsgd_grid_column(&grid, column[c]); }
        for (int j = 0; j < 2 && !files.json; ++j) {
            if (both[j]->sealed) { continue; }
            dsgd_print_shown(stdout, both[j]->path);
            putchar('\n');
        }
        for (int t = 0; t < DSGD_TABLES; ++t) { diff_table(&a->table[t], &b->table[t], &grid); }
        diff_model(a, b, &grid);
        status = print_differences(&grid, files.json);
        result = status != DSGD_OK ? command_fail(status) : grid.cells > 0 ? 1 : 0;
        dsgd_grid_clear(&grid);
    }
    dsgd_runfile_destroy(a);
    dsgd_runfile_destroy(b);
    return result;
}

const struct command command_digest = {"digest", "print the digest that \"same bits\" means", digest};
const struct command command_diff = {"diff", "name the first difference of two results", diff};
