/* output.h - the place of a result: folder, lock, snapshot, finished file. */
#ifndef DSGD_LAB_RUN_OUTPUT_H
#define DSGD_LAB_RUN_OUTPUT_H

#include <stdbool.h>
#include <sys/stat.h>
#include "lab/run/session.h"
#include "record/replace.h"

struct output {
    char path[DSGD_PATH_MAX], snapshot[DSGD_PATH_MAX]; /* symbolic links followed; snapshot: path + ".tmp", likewise */
    char lock[DSGD_PATH_MAX]; /* .dsgd-<16 hex digits of the name's SHA-256>.lock beside them */
    int lock_fd;              /* -1: not held */
    char replaces[65];        /* SHA-256 (hex) of the earlier result that --restart replaces; "": none */
    bool snapshot_known;      /* this run has read or written a snapshot */
    struct stat snapshot_seen; /* what it looked like then */
};

enum output_state {
    OUTPUT_NEW,      /* nothing there */
    OUTPUT_SNAPSHOT, /* an interrupted run of this configuration */
    OUTPUT_COMPLETE, /* the finished result of this configuration */
};

struct output_wish {
    bool restart; /* an earlier snapshot is removed, an earlier result replaced when the new one is there, if they are such */
    bool wait;    /* for another process that writes the same, as long as it takes */
};

/** Makes the folder, takes the lock and looks at what is there. DSGD_EINPUT with a sentence if another process writes
 *  here, if a file is of another configuration, data, schema or results version, if a snapshot began with another f*, mu or L, or
 *  if one of the names belongs to a file that the program did not write; DSGD_EIO if the folder cannot be written. A refusal
 *  leaves everything as it was. Caller: dsgd_output_close. */
enum dsgd_status dsgd_output_open(const char *path, const struct dsgd_session *session, const struct output_wish *wish, struct output *out,
                             enum output_state *state);
/** Writes a snapshot. DSGD_EINPUT if a file that is not the run's is in its place, which then stays. */
enum dsgd_status dsgd_output_snapshot(struct output *output, struct dsgd_engine *engine, const struct dsgd_runfile_args *args);
/** False: a file that is not the run's is in the snapshot's place. */
bool dsgd_output_snapshot_free(const struct output *output);
/** Writes the result and removes the snapshot. DSGD_EINPUT if a file that is not the run's appeared in its place. */
enum dsgd_status dsgd_output_result(struct output *output, const struct dsgd_session *session, struct dsgd_engine *engine,
                               const struct dsgd_runfile_args *args);
void dsgd_output_close(struct output *output);

#endif
