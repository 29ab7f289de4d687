/* compare.c - a program that runs two configurations through the library and compares them: error and bytes sent by a worker. */
#include <stdio.h>

#include "lab/run/session.h"

/* One configuration, opened as `dsgd run` opens it, from words in place of a file. */
static enum dsgd_status run(const char *name, const char *words)
{
    struct dsgd_spec spec;
    struct dsgd_session session;
    struct dsgd_engine *engine = NULL;
    const struct dsgd_session_options options = {.threads = 1};
    DSGD_TRY(dsgd_spec_words(words, &spec));
    enum dsgd_status status = dsgd_session_open(&spec, &options, &session);
    if (status == DSGD_OK) {
        status = dsgd_engine_create(&session.args, &engine);
        while (status == DSGD_OK && dsgd_engine_status(engine) == DSGD_RUNNING) { status = dsgd_engine_step(engine); }
        if (status == DSGD_OK) {
            const struct dsgd_table *trace = dsgd_engine_table(engine, 0);
            const struct dsgd_ledger *ledger = dsgd_engine_ledger(engine);
            uint64_t up = 0;
            for (int k = 0; k < DSGD_KINDS; ++k) { up += ledger->up[k]; }
            printf("%-10s f - f* %.3e  %8.1f bytes up per worker and step\n", name, dsgd_table_find(trace, "gap")->cell[trace->rows - 1].f,
                   (double)up / (double)ledger->worker_steps);
        }
        dsgd_engine_destroy(engine);
        dsgd_session_close(&session);
    }
    dsgd_spec_clear(&spec);
    return status;
}

int main(void)
{
    enum dsgd_status status = run("sgd", "problem=quadratic quadratic.kappa=10 step.constant=0.01 algorithm=sgd");
    if (status == DSGD_OK) { status = run("local_topk", "problem=quadratic quadratic.kappa=10 step.constant=0.01 algorithm=local_topk local_topk.k=50 local_topk.indices=fixed"); }
    if (status != DSGD_OK) { fprintf(stderr, "compare: %s\n", dsgd_error()); }
    return dsgd_status_exit_code(status);
}
