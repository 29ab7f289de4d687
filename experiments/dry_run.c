/* dry_run.c - runs rounds for a fraction of a second in memory and tells what the whole run will cost. */
#include "experiments/dry_run.h"

#include <jansson.h>
#include <stdio.h>

enum { ROUNDS_MAX = 2000 };

struct costs {
    size_t d;
    size_t engine_bytes, worker_bytes;
    int64_t rounds, rows;
    double round_s, row_s, total_s;
    struct dsgd_ledger ledger;
};

static enum dsgd_status measure(const struct session *session, struct costs *c)
{
    const struct dsgd_run_config *config = &session->spec->run;
    struct dsgd_engine *engine = NULL;
    DSGD_TRY(dsgd_engine_memory(&session->args, &c->engine_bytes, &c->worker_bytes));
    DSGD_TRY(dsgd_engine_create(&session->args, &engine));
    enum dsgd_status status = DSGD_OK;
    double rounds = 0.0, rows = 0.0;
    while (status == DSGD_OK && dsgd_engine_status(engine) == DSGD_RUNNING && rounds < 0.3 &&
           dsgd_engine_steps_done(engine) < ROUNDS_MAX) {
        status = dsgd_engine_step(engine);
        dsgd_engine_seconds(engine, &rounds, &rows);
    }
    c->d = dsgd_engine_d(engine);
    c->rounds = dsgd_engine_steps_done(engine);
    c->ledger = *dsgd_engine_ledger(engine);
    const size_t measured_rows = dsgd_engine_table(engine, 0)->rows;
    dsgd_engine_destroy(engine);
    DSGD_TRY(status);
    for (int64_t step = -1; step < config->steps; ++c->rows) { step = dsgd_run_next_row(config, step); }
    c->round_s = c->rounds > 0 ? rounds / (double)c->rounds : 0.0;
    c->row_s = measured_rows > 0 ? rows / (double)measured_rows : 0.0;
    c->total_s = c->round_s * (double)config->steps + c->row_s * (double)c->rows;
    return DSGD_OK;
}

static void print_json(const struct session *session, const struct costs *c, const char *path)
{
    json_t *up = json_object(), *down = json_object();
    for (int k = 0; k < DSGD_KINDS; ++k) {
        json_object_set_new(up, dsgd_kind_name((enum dsgd_kind)k), json_real((double)c->ledger.up[k] / (double)c->ledger.worker_steps));
        json_object_set_new(down, dsgd_kind_name((enum dsgd_kind)k), json_real((double)c->ledger.down[k] / (double)c->ledger.worker_steps));
    }
    json_t *root = json_pack("{s:s, s:s, s:I, s:o, s:o, s:I, s:I, s:I, s:f}", "output", path, "config", session->spec->text, "d",
                             (json_int_t)c->d, "bytes_up", up, "bytes_down", down, "memory_engine", (json_int_t)c->engine_bytes,
                             "memory_workers", (json_int_t)c->worker_bytes, "rows", (json_int_t)c->rows, "seconds", c->total_s);
    json_dumpf(root, stdout, JSON_SORT_KEYS | JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    printf("\n");
    json_decref(root);
}

enum dsgd_status dry_run(const struct session *session, const char *path, bool json)
{
    struct costs c = {.d = 0};
    DSGD_TRY(measure(session, &c));
    if (json) {
        print_json(session, &c, path);
        return DSGD_OK;
    }
    const double participations = (double)c.ledger.worker_steps;
    uint64_t wire = 0, values = 0;
    printf("%s# output %s\n# data   %s\n", session->spec->text, path, session_dataset_title(session));
    printf("parameters d           %zu\n", c.d);
    printf("bytes a worker and step, mean of %lld real steps:\n", (long long)c.rounds);
    for (int k = 0; k < DSGD_KINDS; ++k) {
        const uint64_t both = c.ledger.up[k] + c.ledger.down[k];
        wire += both;
        values += dsgd_kind_is_value((enum dsgd_kind)k) ? both : 0;
        if (both > 0) {
            printf("  %-8s up %12.1f   down %12.1f\n", dsgd_kind_name((enum dsgd_kind)k), (double)c.ledger.up[k] / participations,
                   (double)c.ledger.down[k] / participations);
        }
    }
    printf("  values %.2f words (%.2fx), wire %.1f bytes (%.2fx against dense SGD)\n", (double)values / 4.0 / participations,
           8.0 * (double)c.d * participations / (double)values, (double)wire / participations,
           8.0 * (double)c.d * participations / (double)wire);
    printf("memory                 engine %.1f MiB, workers %.1f MiB\n", (double)c.engine_bytes / 1048576.0,
           (double)c.worker_bytes / 1048576.0);
    printf("time, estimated        %.1f s (%.1f us a step, %lld rows of %.1f ms)\n", c.total_s, 1e6 * c.round_s,
           (long long)c.rows, 1e3 * c.row_s);
    return DSGD_OK;
}
