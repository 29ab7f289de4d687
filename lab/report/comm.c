/* comm.c - communication of a run per worker and step; formulas in comm.h. */
#include "lab/report/comm.h"

#include <math.h>
#include <stdio.h>
#include "sim/transport.h"

/* The last row of a column as a number; notes what is missing. */
static double last(const struct dsgd_table *ledger, const char *name, const char **missing)
{
    const struct dsgd_column *column = dsgd_table_find(ledger, name);
    if (!column) {
        *missing = name;
        return (double)NAN;
    }
    if (ledger->rows == 0) { return (double)NAN; }
    const union dsgd_cell cell = column->cell[ledger->rows - 1];
    return column->integer ? (double)cell.i : cell.f;
}

/* Bytes of one direction: all, and those of the kinds that the paper counts. */
static void add_kinds(const struct dsgd_table *ledger, const char *direction, double *wire, double *values,
                      const char **missing)
{
    static _Thread_local char name[32]; /* missing may point to it */
    *wire = *values = 0.0;
    for (int k = 0; k < DSGD_KINDS && !*missing; ++k) {
        snprintf(name, sizeof name, "%s_%s", direction, dsgd_kind_name((enum dsgd_kind)k));
        const double bytes = last(ledger, name, missing);
        *wire += bytes;
        if (dsgd_kind_is_value((enum dsgd_kind)k)) { *values += bytes / 4.0; }
    }
}

enum dsgd_status dsgd_comm_from_ledger(const struct dsgd_table *ledger, size_t d, struct comm *out)
{
    const char *missing = NULL;
    struct comm c;
    add_kinds(ledger, "up", &c.wire_up, &c.values_up, &missing);
    add_kinds(ledger, "down", &c.wire_down, &c.values_down, &missing);
    if (!missing) {
        c.worker_steps = last(ledger, "worker_steps", &missing);
        c.broadcast = last(ledger, "broadcast", &missing) / last(ledger, "step", &missing);
        c.values_least = last(ledger, "values_step_min", &missing);
        c.values_most = last(ledger, "values_step_max", &missing);
        c.wire_least = last(ledger, "wire_step_min", &missing);
        c.wire_most = last(ledger, "wire_step_max", &missing);
    }
    if (missing) { return dsgd_fail(DSGD_EINPUT, "ledger without column %s; expected a result of dsgd run", missing); }
    c.values_up /= c.worker_steps; /* 0/0 = NaN before the first step */
    c.values_down /= c.worker_steps;
    c.wire_up /= c.worker_steps;
    c.wire_down /= c.worker_steps;
    c.values = c.values_up + c.values_down;
    c.wire = c.wire_up + c.wire_down;
    c.ratio_values = 2.0 * (double)d / c.values;
    c.ratio_wire = 8.0 * (double)d / c.wire;
    *out = c;
    return DSGD_OK;
}

/* Bytes of all kinds, or of those that count as values, both ways, since step 0 and a worker. */
static double sent(const struct dsgd_table *ledger, size_t row, bool values)
{
    const struct dsgd_column *step = dsgd_table_find(ledger, "step"), *turns = dsgd_table_find(ledger, "worker_steps");
    double bytes = 0.0;
    if (!step || !turns || row >= ledger->rows) { return (double)NAN; }
    if (turns->cell[row].i == 0) { return 0.0; }
    for (int way = 0; way < 2; ++way) {
        for (int k = 0; k < DSGD_KINDS; ++k) {
            char name[32];
            snprintf(name, sizeof name, "%s_%s", way == 0 ? "up" : "down", dsgd_kind_name((enum dsgd_kind)k));
            const struct dsgd_column *column = dsgd_table_find(ledger, name);
            if (!column) { return (double)NAN; }
            if (!values || dsgd_kind_is_value((enum dsgd_kind)k)) { bytes += (double)column->cell[row].i; }
        }
    }
    return bytes * (double)step->cell[row].i / (double)turns->cell[row].i;
}

double dsgd_comm_words(const struct dsgd_table *ledger, size_t row)
{
    return sent(ledger, row, true) / 4.0;
}

double dsgd_comm_bytes(const struct dsgd_table *ledger, size_t row)
{
    return sent(ledger, row, false);
}
