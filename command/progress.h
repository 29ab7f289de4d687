/* progress.h - one line on a terminal while a run goes on: step, rate, gap, time left. */
#ifndef DSGD_COMMAND_PROGRESS_H
#define DSGD_COMMAND_PROGRESS_H

#include "lab/run/session.h"

struct progress {
    bool shown;          /* stderr is a terminal and nobody asked for quiet */
    const char *name, *dataset;
    int64_t steps, first; /* first: step at start, -1 before the first update */
    double start, last;
    int64_t calls;
};

void progress_start(struct progress *progress, const struct dsgd_session *session, bool quiet);
void progress_update(struct progress *progress, struct dsgd_engine *engine); /* cheap: looks at the clock now and then */
void progress_end(struct progress *progress);                               /* clears the line */

#endif
