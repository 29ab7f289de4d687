/* dry_run.c - runs rounds for a fraction of a second in memory and tells what the whole run will cost. */
#include "experiments/dry_run.h"

#include <math.h>
#include <stdio.h>

#include "experiments/json_out.h"
#include "experiments/text_out.h"

enum { ROUNDS_MAX = 2000 };
#define MEASURE_S 0.3

/* Rounds, their time and their messages. DSGD_ENOMEM: there is not even so much memory. */
static enum dsgd_status measure(const struct session *session, double seconds, struct dry_run_costs *c)
{
    struct dsgd_engine *engine = NULL;
    DSGD_TRY(dsgd_engine_create(&session->args, &engine));
    enum dsgd_status status = DSGD_OK;
    double rounds = 0.0, rows = 0.0;
    while (status == DSGD_OK && dsgd_engine_status(engine) == DSGD_RUNNING && rounds < seconds &&
           dsgd_engine_steps_done(engine) < ROUNDS_MAX) {
        status = dsgd_engine_step(engine);
        dsgd_engine_seconds(engine, &rounds, &rows);
    }
    c->measured = status == DSGD_OK;
    c->rounds = dsgd_engine_steps_done(engine);
    c->ledger = *dsgd_engine_ledger(engine);
    const size_t measured_rows = dsgd_engine_table(engine, 0)->rows;
    for (int j = 0; j < DSGD_TABLES; ++j) { c->columns += dsgd_engine_table(engine, j)->columns; }
    dsgd_engine_destroy(engine);
    c->round_s = c->rounds > 0 ? rounds / (double)c->rounds : 0.0;
    c->row_s = measured_rows > 0 ? rows / (double)measured_rows : 0.0;
    return status;
}

enum dsgd_status dry_run_measure(const struct session *session, double seconds, struct dry_run_costs *c)
{
    const struct dsgd_run_config *config = &session->spec->run;
    struct dsgd_layout layout;
    size_t n = 0;
    *c = (struct dry_run_costs){.rows = dsgd_run_rows(config)};
    session->spec->problem->shape(session->problem, &layout, &n);
    c->d = layout.d;
    DSGD_TRY(dsgd_engine_memory(&session->args, &c->engine_bytes, &c->worker_bytes));
    if (c->engine_bytes <= DRY_RUN_MEMORY_MAX && c->worker_bytes <= DRY_RUN_MEMORY_MAX - c->engine_bytes) {
        const enum dsgd_status status = measure(session, seconds, c);
        if (status != DSGD_OK && status != DSGD_ENOMEM) { return status; }
    }
    c->total_s = c->round_s * (double)config->steps + c->row_s * (double)c->rows;
    return DSGD_OK;
}

static enum dsgd_status print_json(const struct session *session, const struct dry_run_costs *c, const char *path)
{
    json_t *up = json_object(), *down = json_object(), *root = json_object();
    const double nothing = c->measured ? 1.0 : (double)NAN; /* null in JSON */
    for (int k = 0; k < DSGD_KINDS; ++k) {
        json_set_number(up, dsgd_kind_name((enum dsgd_kind)k), nothing * (double)c->ledger.up[k] / (double)c->ledger.worker_steps);
        json_set_number(down, dsgd_kind_name((enum dsgd_kind)k), nothing * (double)c->ledger.down[k] / (double)c->ledger.worker_steps);
    }
    json_set_text(root, "output", path);
    json_set_text(root, "config", session->spec->text);
    json_object_set_new(root, "d", json_integer((json_int_t)c->d));
    json_object_set_new(root, "bytes_up", up);
    json_object_set_new(root, "bytes_down", down);
    json_object_set_new(root, "memory_engine", json_integer((json_int_t)c->engine_bytes));
    json_object_set_new(root, "memory_workers", json_integer((json_int_t)c->worker_bytes));
    json_object_set_new(root, "rows", json_integer(c->rows));
    json_set_number(root, "seconds", nothing * c->total_s);
    return json_print(root);
}

static void print_bytes(const struct dry_run_costs *c)
{
    const double participations = (double)c->ledger.worker_steps;
    uint64_t wire = 0, values = 0;
    printf("bytes a worker and step, mean of %lld real steps:\n", (long long)c->rounds);
    for (int k = 0; k < DSGD_KINDS; ++k) {
        const uint64_t both = c->ledger.up[k] + c->ledger.down[k];
        wire += both;
        values += dsgd_kind_is_value((enum dsgd_kind)k) ? both : 0;
        if (both > 0) {
            printf("  %-8s up %12.1f   down %12.1f\n", dsgd_kind_name((enum dsgd_kind)k), (double)c->ledger.up[k] / participations,
                   (double)c->ledger.down[k] / participations);
        }
    }
    printf("  values %.2f words (%.2fx), wire %.1f bytes (%.2fx against dense SGD)\n", (double)values / 4.0 / participations,
           8.0 * (double)c->d * participations / (double)values, (double)wire / participations,
           8.0 * (double)c->d * participations / (double)wire);
}

enum dsgd_status dry_run(const struct session *session, const char *path, bool json)
{
    struct dry_run_costs c;
    DSGD_TRY(dry_run_measure(session, MEASURE_S, &c));
    if (json) { return print_json(session, &c, path); }
    text_lines(stdout, session->spec->text);
    printf("# output ");
    text_shown(stdout, path);
    printf("\n# data   ");
    text_shown(stdout, session_dataset_title(session));
    printf("\n");
    printf("parameters d           %zu\n", c.d);
    if (c.measured) { print_bytes(&c); }
    printf("memory                 engine %.1f MiB, workers %.1f MiB\n", (double)c.engine_bytes / 1048576.0,
           (double)c.worker_bytes / 1048576.0);
    if (c.measured) {
        printf("time, estimated        %.1f s (%.1f us a step, %lld rows of %.1f ms)\n", c.total_s, 1e6 * c.round_s,
               (long long)c.rows, 1e3 * c.row_s);
    } else {
        printf("bytes and time         not measured: rounds would take this memory, more than %zu MiB or than there is\n", DRY_RUN_MEMORY_MAX >> 20);
    }
    return DSGD_OK;
}
