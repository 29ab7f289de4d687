/* sweep_check.c - which combinations of a sweep are possible, and what its runs will cost. */
#include <stdlib.h>
#include <string.h>

#include "lab/run/costs.h"
#include "lab/sweep/sweep.h"
#include "sim/clock.h"

/* What a result holds besides columns and models: names, units, provenance, HDF5's own. Measured. */
enum { FILE_BYTES = 41000 };

static enum dsgd_status no_memory(void)
{
    return dsgd_fail(DSGD_ENOMEM, "no memory for the sweep");
}

static void estimate(struct sweep_run *run, const struct dsgd_costs *c, double open_s)
{
    run->seconds = open_s + c->round_s * (double)run->steps + c->row_s * (double)run->evaluations;
    run->bytes = FILE_BYTES + 8.0 * (double)c->columns * (double)run->rows + 16.0 * (double)c->d;
}

/* Opens one of the runs that are alike. DSGD_EINPUT is a reason to leave it out: the data are in memory already. */
static enum dsgd_status look(const struct sweep_run *run, struct data_shelf *shelf, const struct dsgd_session_options *options,
                             double seconds, struct dsgd_costs *costs, double *open_s, char **refused)
{
    struct dsgd_spec spec;
    struct dsgd_session session = {.spec = NULL};
    struct dsgd_session_options open = *options;
    DSGD_TRY(dsgd_spec_load(run->config, (const char *const *)run->set, run->sets, &spec));
    enum dsgd_status status = dsgd_data_shelf_load(shelf, &spec, &open.loaded);
    if (status == DSGD_OK) {
        const double start = dsgd_clock();
        status = dsgd_session_open(&spec, &open, &session);
        *open_s = dsgd_clock() - start - session.reference_s; /* optimum and constants are found once and stored */
        if (status == DSGD_OK && seconds > 0.0) {
            status = dsgd_costs_measure(&session, seconds, costs);
        } else if (status == DSGD_OK) {
            status = dsgd_engine_possible(&session.args);
        }
        if (status == DSGD_EINPUT || status == DSGD_EUNAVAILABLE) { status = (*refused = strdup(dsgd_error())) ? DSGD_OK : no_memory(); }
        dsgd_session_close(&session);
    }
    dsgd_spec_clear(&spec);
    return status;
}

/* Whether the run is one of kind `first` that is to be made. */
static bool wanted(const struct sweep_run *run, size_t first, const char *block)
{
    return run->alike == first && dsgd_sweep_to_make(run) && (!block || dsgd_sweep_selected(run, block));
}

enum dsgd_status dsgd_sweep_check(struct sweep *sweep, const char *block, struct data_shelf *shelf, const struct dsgd_session_options *options,
                             double seconds)
{
    for (size_t j = 0; j < sweep->runs; ++j) {
        size_t i = j;
        if (sweep->run[j].alike != j) { continue; }
        while (i < sweep->runs && !wanted(&sweep->run[i], j, block)) { ++i; }
        if (i == sweep->runs) { continue; }
        struct dsgd_costs costs = {.d = 0};
        double open_s = 0.0;
        char *refused = NULL;
        DSGD_TRY(look(&sweep->run[i], shelf, options, seconds, &costs, &open_s, &refused));
        enum dsgd_status status = DSGD_OK;
        for (; i < sweep->runs && status == DSGD_OK; ++i) {
            struct sweep_run *run = &sweep->run[i];
            if (!wanted(run, j, block)) { continue; }
            if (refused) {
                free(run->reason);
                run->state = SWEEP_IMPOSSIBLE;
                if (!(run->reason = strdup(refused))) { status = no_memory(); }
            } else if (seconds > 0.0) {
                estimate(run, &costs, open_s);
            }
        }
        free(refused);
        DSGD_TRY(status);
    }
    return DSGD_OK;
}
