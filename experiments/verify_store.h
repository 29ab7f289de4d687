/* verify_store.h - rows of checks that were made before: one small file a check, so that a long set can be interrupted. */
#ifndef DSGD_EXPERIMENTS_VERIFY_STORE_H
#define DSGD_EXPERIMENTS_VERIFY_STORE_H

#include "verify/verify.h"

/** Rows of a check with this seed, set and fault: read from results/verify if they are there and of this version, else made
 *  and written. `made`: whether they were made now. context->row has room for VERIFY_ROWS_MAX. */
enum dsgd_status verify_store_get(struct verify_context *context, const struct verify_check *check, bool restart, bool *made);

#endif
