/* grid.c - tables for programs. Interface: grid.h. */
#include "lab/report/grid.h"

#include <stdlib.h>
#include <string.h>

#include "lab/report/text_out.h"

void dsgd_grid_column(struct dsgd_grid *grid, const char *name)
{
    char **grown = realloc(grid->column, (grid->columns + 1) * sizeof *grown);
    if (grown) { grid->column = grown; }
    if (!grown || !(grid->column[grid->columns] = strdup(name))) {
        grid->failed = true;
        return;
    }
    ++grid->columns;
}

static void put(struct dsgd_grid *grid, struct dsgd_grid_cell cell)
{
    if (grid->cells == grid->capacity && !grid->failed) {
        const size_t capacity = grid->capacity ? 2 * grid->capacity : 256;
        struct dsgd_grid_cell *grown = realloc(grid->cell, capacity * sizeof *grown);
        grid->failed = grown == NULL;
        if (grown) {
            grid->cell = grown;
            grid->capacity = capacity;
        }
    }
    if (!grid->failed) {
        grid->cell[grid->cells++] = cell;
    } else if (cell.kind == DSGD_CELL_TEXT) {
        free(cell.as.text);
    }
}

void dsgd_grid_text(struct dsgd_grid *grid, const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy) { grid->failed = true; }
    if (copy) { put(grid, (struct dsgd_grid_cell){.kind = DSGD_CELL_TEXT, .as.text = copy}); }
}

void dsgd_grid_integer(struct dsgd_grid *grid, int64_t value)
{
    put(grid, (struct dsgd_grid_cell){.kind = DSGD_CELL_INTEGER, .as.integer = value});
}

void dsgd_grid_real(struct dsgd_grid *grid, int digits, double value)
{
    put(grid, (struct dsgd_grid_cell){.kind = DSGD_CELL_REAL, .digits = digits, .as.real = value});
}

size_t dsgd_grid_rows(const struct dsgd_grid *grid)
{
    return grid->columns > 0 ? grid->cells / grid->columns : 0;
}

static void print_cell(const struct dsgd_grid_cell *cell, FILE *out)
{
    switch (cell->kind) {
    case DSGD_CELL_TEXT: dsgd_print_tsv(out, cell->as.text); break;
    case DSGD_CELL_INTEGER: fprintf(out, "%lld", (long long)cell->as.integer); break;
    case DSGD_CELL_REAL: dsgd_print_tsv_number(out, cell->digits, cell->as.real); break;
    }
}

enum dsgd_status dsgd_grid_print(const struct dsgd_grid *grid, FILE *out)
{
    if (grid->failed) { return dsgd_fail(DSGD_ENOMEM, "no memory for a table of %zu columns", grid->columns); }
    if (grid->columns == 0 || grid->cells % grid->columns != 0) {
        return dsgd_fail(DSGD_EINTERNAL, "a table of %zu columns and %zu cells: expected full rows", grid->columns, grid->cells);
    }
    for (size_t c = 0; c < grid->columns; ++c) {
        if (c > 0) { fputc('\t', out); }
        dsgd_print_tsv(out, grid->column[c]);
    }
    fputc('\n', out);
    for (size_t j = 0; j < grid->cells; ++j) {
        if (j % grid->columns > 0) { fputc('\t', out); }
        print_cell(&grid->cell[j], out);
        if ((j + 1) % grid->columns == 0) { fputc('\n', out); }
    }
    return DSGD_OK;
}

void dsgd_grid_clear(struct dsgd_grid *grid)
{
    for (size_t c = 0; c < grid->columns; ++c) { free(grid->column[c]); }
    for (size_t j = 0; j < grid->cells; ++j) {
        if (grid->cell[j].kind == DSGD_CELL_TEXT) { free(grid->cell[j].as.text); }
    }
    free(grid->column);
    free(grid->cell);
    *grid = (struct dsgd_grid){.columns = 0};
}
