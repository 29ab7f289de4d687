/* table.c - log tables: columns that grow together. */
#include "sim/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int dsgd_table_column(struct dsgd_table *table, const char *name, const char *unit, const char *help, bool integer)
{
    if (table->columns == DSGD_COLUMNS_MAX || table->rows > 0) { return -1; }
    struct dsgd_column *column = &table->column[table->columns];
    *column = (struct dsgd_column){.integer = integer};
    snprintf(column->name, sizeof column->name, "%s", name);
    snprintf(column->unit, sizeof column->unit, "%s", unit);
    snprintf(column->help, sizeof column->help, "%s", help);
    return table->columns++;
}

enum dsgd_status dsgd_table_append(struct dsgd_table *table)
{
    if (table->rows == table->capacity) {
        const size_t capacity = table->capacity ? 2 * table->capacity : DSGD_TABLE_ROWS_MIN;
        for (int c = 0; c < table->columns; ++c) {
            union dsgd_cell *cell = realloc(table->column[c].cell, capacity * sizeof *cell);
            if (!cell) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu rows of table %s", capacity, table->name); }
            table->column[c].cell = cell;
        }
        table->capacity = capacity;
    }
    for (int c = 0; c < table->columns; ++c) {
        union dsgd_cell *cell = &table->column[c].cell[table->rows];
        if (table->column[c].integer) {
            cell->i = 0;
        } else {
            cell->f = NAN;
        }
    }
    ++table->rows;
    return DSGD_OK;
}

union dsgd_cell *dsgd_table_last(struct dsgd_table *table, int column)
{
    return &table->column[column].cell[table->rows - 1];
}

const struct dsgd_column *dsgd_table_find(const struct dsgd_table *table, const char *name)
{
    for (int c = 0; c < table->columns; ++c) {
        if (strcmp(table->column[c].name, name) == 0) { return &table->column[c]; }
    }
    return NULL;
}

void dsgd_table_destroy(struct dsgd_table *table)
{
    for (int c = 0; c < table->columns; ++c) { free(table->column[c].cell); }
    *table = (struct dsgd_table){.columns = 0};
}
