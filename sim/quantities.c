/* quantities.c - every number of a run that a log row shows or a snapshot carries: one list, by name. Columns, rows and snapshots follow
 * from it; a new quantity is one line here.
 */
#include <math.h>
#include <stdio.h>

#include "sim/clock.h"
#include "sim/engine_internal.h"
#include "sim/problem_rows.h"

/* A list that is being written. */
struct list {
    struct dsgd_quantity *quantity;
    int n;
};

static struct dsgd_quantity *add(struct list *l, int table, const char *name, const char *unit, const char *help, bool kept)
{
    struct dsgd_quantity *q = &l->quantity[l->n++];
    *q = (struct dsgd_quantity){.table = table, .unit = unit, .help = help, .kept = kept};
    snprintf(q->name, sizeof q->name, "%s", name);
    return q;
}

/* A count, unsigned; in a table below 2^63. */
static void count(struct list *l, int table, const char *name, const char *unit, const char *help, bool kept, uint64_t *at)
{
    struct dsgd_quantity *q = add(l, table, name, unit, help, kept);
    q->integer = true;
    q->as.count = at;
}

static void real(struct list *l, int table, const char *name, const char *unit, const char *help, bool kept, double *at)
{
    add(l, table, name, unit, help, kept)->as.real = at;
}

static void ledger(struct dsgd_engine *e, struct list *l)
{
    struct dsgd_ledger *g = &e->ledger;
    for (int way = 0; way < 2; ++way) {
        for (int k = 0; k < DSGD_KINDS; ++k) {
            char name[32];
            snprintf(name, sizeof name, "%s_%s", way == 0 ? "up" : "down", dsgd_kind_name((enum dsgd_kind)k));
            count(l, DSGD_LEDGER, name, "byte", way == 0 ? "workers to server, all workers, since step 0" : "server to workers, unicast, since step 0",
                  true, way == 0 ? &g->up[k] : &g->down[k]);
        }
    }
    count(l, DSGD_LEDGER, "broadcast", "byte", "server to workers if every answer were sent once", true, &g->broadcast);
    count(l, DSGD_LEDGER, "messages_up", "1", "messages from workers", true, &g->messages_up);
    count(l, DSGD_LEDGER, "messages_down", "1", "messages to workers", true, &g->messages_down);
    count(l, DSGD_LEDGER, "worker_steps", "1", "participations, sum over steps", true, &g->worker_steps);
    real(l, DSGD_LEDGER, "values_step_min", "word", "least values per worker and step, of all steps so far", true, &g->values_min);
    real(l, DSGD_LEDGER, "values_step_max", "word", "most values per worker and step, of all steps so far", true, &g->values_max);
    real(l, DSGD_LEDGER, "wire_step_min", "byte", "least bytes per worker and step, of all steps so far", true, &g->wire_min);
    real(l, DSGD_LEDGER, "wire_step_max", "byte", "most bytes per worker and step, of all steps so far", true, &g->wire_max);
}

static void oracle(struct dsgd_engine *e, struct list *l)
{
    struct dsgd_observer *o = &e->observer;
    real(l, DSGD_ORACLE, "input_norm2", "1", "||p||^2, p = mean vector that entered the compressors", true, &o->input_norm2);
    real(l, DSGD_ORACLE, "error_norm2", "1", "||p - update||^2 in the same units", true, &o->error_norm2);
    real(l, DSGD_ORACLE, "recall", "1", "share of the update's coordinates among the largest of |p|", true, &o->recall);
    real(l, DSGD_ORACLE, "update_nnz", "1", "coordinates of the update", true, &o->update_nnz);
    real(l, DSGD_ORACLE, "heavy", "1", "|H|, heavy coordinates that were found, after a cut to k", true, &o->heavy);
    real(l, DSGD_ORACLE, "exact_ratio", "1", "E||p - update||^2/||p||^2 over the random fill beside H; Lemma 1: at most 1 - k/d", true, &o->exact_ratio);
    real(l, DSGD_ORACLE, "memory_mean_norm2", "1", "||mean a_i||^2 after the round", true, &o->memory_mean_norm2);
    real(l, DSGD_ORACLE, "memory_norm2_mean", "1", "mean ||a_i||^2 after the round", true, &o->memory_norm2_mean);
}

static void clocks(struct dsgd_engine *e, struct list *l)
{
    real(l, DSGD_TIME, "plan", "s", "wall seconds of what all parties derive for a step: fresh hashes", true, &e->plan_s);
    real(l, DSGD_TIME, "gradient", "s", "thread-seconds in gradients, all workers", true, &e->image.gradient_s);
    real(l, DSGD_TIME, "encode", "s", "thread-seconds in encoders, all workers", true, &e->image.encode_s);
    real(l, DSGD_TIME, "settle", "s", "thread-seconds in settling, all workers", true, &e->image.settle_s);
    real(l, DSGD_TIME, "server", "s", "wall seconds of the server: absorb and finish", true, &e->server_s);
    real(l, DSGD_TIME, "decode", "s", "wall seconds of decoding, averaging and applying", true, &e->decode_s);
    real(l, DSGD_TIME, "round", "s", "wall seconds of whole rounds", true, &e->round_s);
    real(l, DSGD_TIME, "evaluation", "s", "wall seconds of evaluation and observation, not part of round", true, &e->evaluation_s);
}

int dsgd_engine_quantities(struct dsgd_engine *e, struct dsgd_quantity quantity[DSGD_QUANTITIES_MAX])
{
    struct list l = {quantity, 0};
    for (int t = 0; t < DSGD_TABLES; ++t) { count(&l, t, "step", "1", "updates of the model so far", t == DSGD_TRACE, &e->image.step); }
    count(&l, DSGD_NO_TABLE, "status", "1", "0 running, 1 complete, 2 diverged", true, &e->image.status);
    count(&l, DSGD_NO_TABLE, "next_row", "1", "step of the next row", true, &e->image.next_row);
    count(&l, DSGD_NO_TABLE, "rows_until", "1", "1 + step of the last row; 0: no row yet", true, &e->image.rows_until);
    real(&l, DSGD_NO_TABLE, "weight_sum", "1", "sum of the average's weights", true, &e->weight_sum);
    real(&l, DSGD_TRACE, "lr", "1", "eta_t of the next step", false, &e->image.lr);
    real(&l, DSGD_TRACE, "gap", "1", "objective minus f*", false, &e->image.gap);
    for (int m = 0; m < e->args.problem->metrics; ++m) {
        const struct dsgd_metric *metric = &e->args.problem->metric[m];
        real(&l, DSGD_TRACE, metric->name, metric->unit, metric->help, false, &e->image.metric[m]);
    }
    ledger(e, &l);
    oracle(e, &l);
    clocks(e, &l);
    return l.n;
}

/* Numbers that the engine has in another form. */
void dsgd_engine_image(struct dsgd_engine *e, bool restored)
{
    struct dsgd_image *i = &e->image;
    if (!restored) {
        i->step = (uint64_t)e->step;
        i->status = (uint64_t)e->status;
        i->next_row = (uint64_t)e->next_row;
        i->rows_until = (uint64_t)(e->last_row + 1);
        dsgd_lane_seconds(e, &i->gradient_s, &i->encode_s, &i->settle_s);
        return;
    }
    e->step = (int64_t)i->step;
    e->status = (enum dsgd_run_status)i->status;
    e->next_row = (int64_t)i->next_row;
    e->last_row = (int64_t)i->rows_until - 1;
    e->lane[0].gradient_s = i->gradient_s;
    e->lane[0].encode_s = i->encode_s;
    e->lane[0].settle_s = i->settle_s;
}

enum dsgd_status dsgd_engine_tables_create(struct dsgd_engine *e)
{
    static const char *const names[DSGD_TABLES] = {"trace", "ledger", "oracle", "time"};
    struct dsgd_quantity quantity[DSGD_QUANTITIES_MAX];
    const int n = dsgd_engine_quantities(e, quantity);
    for (int t = 0; t < DSGD_TABLES; ++t) { snprintf(e->table[t].name, sizeof e->table[t].name, "%s", names[t]); }
    for (int j = 0; j < n; ++j) {
        const struct dsgd_quantity *q = &quantity[j];
        if (q->table != DSGD_NO_TABLE && dsgd_table_column(&e->table[q->table], q->name, q->unit, q->help, q->integer) < 0) {
            return dsgd_fail(DSGD_EINTERNAL, "table %s has no room for column %s", names[q->table], q->name);
        }
    }
    return DSGD_OK;
}

static enum dsgd_status append(struct dsgd_engine *e, int table)
{
    struct dsgd_quantity quantity[DSGD_QUANTITIES_MAX];
    const int n = dsgd_engine_quantities(e, quantity);
    dsgd_engine_image(e, false);
    DSGD_TRY(dsgd_table_append(&e->table[table]));
    for (int j = 0, column = 0; j < n; ++j) {
        if (quantity[j].table != table) { continue; }
        union dsgd_cell *cell = dsgd_table_last(&e->table[table], column++);
        if (quantity[j].integer) {
            cell->i = (int64_t)*quantity[j].as.count;
        } else {
            cell->f = *quantity[j].as.real;
        }
    }
    return DSGD_OK;
}

/* Whether this row is evaluated. The last one of the trace tells when that was done before, in a run that goes on too. */
static bool is_evaluated(const struct dsgd_engine *e)
{
    const struct dsgd_table *trace = &e->table[DSGD_TRACE];
    const int64_t last = trace->rows > 0 ? trace->column[0].cell[trace->rows - 1].i : -1;
    return e->status != DSGD_RUNNING || dsgd_run_evaluates(e->args.config, e->step, last);
}

static enum dsgd_status evaluate(struct dsgd_engine *e)
{
    const struct dsgd_handle *output = e->average.used ? &e->average : &e->place->x;
    DSGD_TRY(dsgd_problem_evaluate(e->args.problem, e->args.problem_self, &e->place->turn, &output->as.f64, e->place->resident, e->host_output, e->image.metric));
    e->image.lr = dsgd_schedule_lr(&e->schedule, (double)e->step);
    e->image.gap = e->image.metric[0] - e->args.f_star;
    DSGD_TRY(append(e, DSGD_TRACE));
    if (!isfinite(e->image.metric[0])) { e->status = DSGD_DIVERGED; }
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_row(struct dsgd_engine *e)
{
    const double start = dsgd_clock();
    if (is_evaluated(e)) { DSGD_TRY(evaluate(e)); }
    DSGD_TRY(append(e, DSGD_LEDGER));
    DSGD_TRY(append(e, DSGD_ORACLE));
    e->evaluation_s += dsgd_clock() - start;
    DSGD_TRY(append(e, DSGD_TIME));
    e->last_row = e->step;
    return DSGD_OK;
}
