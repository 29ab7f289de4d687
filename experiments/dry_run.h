/* dry_run.h - what a run will cost, from a few real rounds that leave nothing behind. */
#ifndef DSGD_EXPERIMENTS_DRY_RUN_H
#define DSGD_EXPERIMENTS_DRY_RUN_H

#include "experiments/session.h"

/** Prints d, bytes a worker and step by kind (from the ledger of the rounds it ran), memory and time. */
enum dsgd_status dry_run(const struct session *session, const char *path, bool json);

#endif
