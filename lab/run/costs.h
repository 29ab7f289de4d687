/* costs.h - what a run will cost, from a few real rounds that leave nothing behind. */
#ifndef DSGD_LAB_RUN_COSTS_H
#define DSGD_LAB_RUN_COSTS_H

#include "lab/run/session.h"

/* A question about the costs must not cost them. */
#define DSGD_COSTS_MEMORY_MAX ((size_t)1 << 28)

struct dsgd_costs {
    size_t d;
    const char *hashes;       /* family of the sketch's hashes, as dsgd_engine_hashes */
    size_t engine_bytes, worker_bytes;
    struct dsgd_device_share share[DSGD_DEVICES_MAX]; /* the same by device */
    int shares;
    bool measured;            /* false: rounds would take more than DSGD_COSTS_MEMORY_MAX, or than there is; then rounds, columns, seconds are 0 */
    int64_t rounds, rows;     /* rounds that were measured; rows of the whole run */
    int64_t evaluations;      /* rows that are evaluated, which is what takes their time */
    int columns;              /* of all tables */
    double round_s, row_s, total_s;
    struct dsgd_ledger ledger; /* of those rounds; else the longest that messages can be (dsgd_engine_most) */
};

/** Runs rounds in memory for `seconds` at most, if they take little memory, and fills `costs`. */
enum dsgd_status dsgd_costs_measure(const struct dsgd_session *session, double seconds, struct dsgd_costs *costs);

#endif
