/* costs.c - rounds for a fraction of a second in memory. Interface: costs.h. */
#include "lab/run/costs.h"

enum { ROUNDS_MAX = 2000 };

/* Rounds, their time and their messages. DSGD_ENOMEM: there is not even so much memory. */
static enum dsgd_status measure(const struct dsgd_session *session, double seconds, struct dsgd_costs *c)
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

enum dsgd_status dsgd_costs_measure(const struct dsgd_session *session, double seconds, struct dsgd_costs *c)
{
    const struct dsgd_run_config *config = &session->spec->run;
    struct dsgd_layout layout;
    size_t n = 0;
    *c = (struct dsgd_costs){.rows = dsgd_run_rows(config), .evaluations = dsgd_run_evaluations(config)};
    session->ops->shape(session->problem, &layout, &n);
    c->d = layout.d;
    DSGD_TRY(dsgd_engine_hashes_of(&session->args, &c->hashes));
    DSGD_TRY(dsgd_engine_memory(&session->args, &c->engine_bytes, &c->worker_bytes));
    DSGD_TRY(dsgd_engine_shares(&session->args, c->share, &c->shares));
    if (c->engine_bytes <= DSGD_COSTS_MEMORY_MAX && c->worker_bytes <= DSGD_COSTS_MEMORY_MAX - c->engine_bytes) {
        const enum dsgd_status status = measure(session, seconds, c);
        if (status != DSGD_OK && status != DSGD_ENOMEM) { return status; }
    }
    if (!c->measured) {
        c->rounds = 0;
        c->round_s = c->row_s = 0.0;
        DSGD_TRY(dsgd_engine_most(&session->args, &c->ledger));
    }
    c->total_s = c->round_s * (double)config->steps + c->row_s * (double)c->evaluations;
    return DSGD_OK;
}
