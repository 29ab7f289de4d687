/* output.h - the place of a result: folder, lock, snapshot, finished file. */
#ifndef DSGD_EXPERIMENTS_OUTPUT_H
#define DSGD_EXPERIMENTS_OUTPUT_H

#include <stdbool.h>
#include "experiments/session.h"

struct output {
    char path[4096], snapshot[4096], lock[4096];
    int lock_fd; /* -1: not held */
};

enum output_state {
    OUTPUT_NEW,      /* nothing there */
    OUTPUT_SNAPSHOT, /* an interrupted run of this configuration */
    OUTPUT_COMPLETE, /* the finished result of this configuration */
};

/** Makes the folder, takes the lock and looks at what is there. DSGD_EINPUT with a sentence if another process writes
 *  here, or a file is of another configuration, data, schema or results version; DSGD_EIO if the folder cannot be written.
 *  restart: an earlier result and snapshot are removed (a file that is not HDF5 is refused). Caller: output_close. */
enum dsgd_status output_open(const char *path, const struct session *session, bool restart, struct output *out,
                             enum output_state *state);
/** Removes the snapshot of a finished run. */
void output_finished(struct output *output);
void output_close(struct output *output);

#endif
