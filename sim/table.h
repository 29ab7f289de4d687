/* table.h - a log table in memory: named columns of doubles or integers, one row for each logged step. */
#ifndef DSGD_SIM_TABLE_H
#define DSGD_SIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim/status.h"

enum { DSGD_COLUMNS_MAX = 40, DSGD_TABLE_ROWS_MIN = 64 /* that room is made for at first */ };

/** One entry; which of the two, the column says. */
union dsgd_cell {
    int64_t i;
    double f;
};

/** One column. */
struct dsgd_column {
    char name[32], unit[16], help[96];
    bool integer;
    union dsgd_cell *cell; /* [capacity] */
};

/** One table. */
struct dsgd_table {
    char name[16]; /* HDF5 group: "trace", "ledger", "oracle", "time" */
    int columns;
    struct dsgd_column column[DSGD_COLUMNS_MAX];
    size_t rows, capacity;
};

/** Adds a column to a table without rows; its number, or -1 if the table is full. */
int dsgd_table_column(struct dsgd_table *table, const char *name, const char *unit, const char *help, bool integer);
/** Appends a row of NaN and 0; fill it through dsgd_table_last. DSGD_ENOMEM leaves the table as it was. */
enum dsgd_status dsgd_table_append(struct dsgd_table *table);
/** The cell of the last row. */
union dsgd_cell *dsgd_table_last(struct dsgd_table *table, int column);
/** The column called name, or NULL. */
const struct dsgd_column *dsgd_table_find(const struct dsgd_table *table, const char *name);
/** Frees the cells and empties the struct. */
void dsgd_table_destroy(struct dsgd_table *table);

#endif
