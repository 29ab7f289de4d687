/* grid.h - a table for programs: named columns, rows of texts and numbers; printed as tab-separated text that needs no options to be read, or
 * handed to who writes JSON. One header line, no comments, NaN where a number is not known.
 */
#ifndef DSGD_LAB_REPORT_GRID_H
#define DSGD_LAB_REPORT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "sim/status.h"

enum dsgd_cell_kind { DSGD_CELL_TEXT, DSGD_CELL_INTEGER, DSGD_CELL_REAL };

struct dsgd_grid_cell {
    enum dsgd_cell_kind kind;
    int digits; /* REAL */
    union {
        char *text; /* owned */
        int64_t integer;
        double real;
    } as;
};

/** All zero is an empty one. */
struct dsgd_grid {
    char **column; /* [columns], owned */
    size_t columns;
    struct dsgd_grid_cell *cell; /* [cells], row by row */
    size_t cells, capacity;
    bool failed; /* there was no memory */
};

/** Adds a column; before the first cell. */
void dsgd_grid_column(struct dsgd_grid *grid, const char *name);
/** The next cell, rows from left to right. NULL is the empty text. digits: significant ones, 17 for all. */
void dsgd_grid_text(struct dsgd_grid *grid, const char *text);
void dsgd_grid_integer(struct dsgd_grid *grid, int64_t value);
void dsgd_grid_real(struct dsgd_grid *grid, int digits, double value);

size_t dsgd_grid_rows(const struct dsgd_grid *grid);
/** Prints header and rows. DSGD_ENOMEM if something is missing, DSGD_EINTERNAL if the last row is not full. */
enum dsgd_status dsgd_grid_print(const struct dsgd_grid *grid, FILE *out);
void dsgd_grid_clear(struct dsgd_grid *grid);

#endif
