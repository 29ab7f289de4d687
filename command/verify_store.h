/* verify_store.h - rows of checks that were made before: one small file per check, so that a long set can be interrupted.
 *
 * A file is believed if its last line has its checksum, its first line says what is asked for now, and its rows are what the command
 * would write for them, byte for byte. Anything else of ours is made again; a file that is not ours stays, and is a failure.
 */
#ifndef DSGD_COMMAND_VERIFY_STORE_H
#define DSGD_COMMAND_VERIFY_STORE_H

#include "verify/verify.h"

struct verify_store {
    bool restart;       /* what is stored is made again */
    bool quiet;         /* nothing on stderr */
    const char *absent; /* why context->mnist is NULL */
};

/** How the rows of a check came. */
enum verify_source { VERIFY_STORED, VERIFY_MADE, VERIFY_LEFT_OUT };

/** Rows of a check with this seed, set, fault and data into context->row, which has room for VERIFY_ROWS_MAX: read from results/verify, else
 *  made and written. Without MNIST, rows that need it are those that are stored, if they are of one dataset; else the check is left out. What
 *  a user should know (a damaged file, a check left out) goes to stderr, one line each. */
enum dsgd_status verify_store_get(const struct verify_store *store, struct verify_context *context, const struct verify_check *check,
                                  enum verify_source *source);

#endif
