/* dry_run.h - what a run will cost, from a few real rounds that leave nothing behind. */
#ifndef DSGD_EXPERIMENTS_DRY_RUN_H
#define DSGD_EXPERIMENTS_DRY_RUN_H

#include "experiments/session.h"

/* A question about the costs must not cost them. */
#define DRY_RUN_MEMORY_MAX ((size_t)1 << 30)

struct dry_run_costs {
    size_t d;
    size_t engine_bytes, worker_bytes;
    bool measured;            /* false: rounds would take more than DRY_RUN_MEMORY_MAX, or than there is; the rest is 0 */
    int64_t rounds, rows;     /* rounds that were measured; rows of the whole run */
    int columns;              /* of all tables */
    double round_s, row_s, total_s;
    struct dsgd_ledger ledger;
};

/** Runs rounds in memory for `seconds` at most, if they take little memory, and fills `costs`. */
enum dsgd_status dry_run_measure(const struct session *session, double seconds, struct dry_run_costs *costs);

/** Prints d, bytes a worker and step by kind (from the ledger of the rounds it ran), memory and time. */
enum dsgd_status dry_run(const struct session *session, const char *path, bool json);

#endif
