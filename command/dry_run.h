/* dry_run.h - what a run will cost, told. */
#ifndef DSGD_COMMAND_DRY_RUN_H
#define DSGD_COMMAND_DRY_RUN_H

#include "lab/run/session.h"

/** Prints d, bytes per worker and step by kind (from the ledger of the rounds it ran), memory and time. */
enum dsgd_status dry_run(const struct dsgd_session *session, const char *path, bool json);

#endif
