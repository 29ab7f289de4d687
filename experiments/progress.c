/* progress.c - the progress line. */
#include "experiments/progress.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_start(struct progress *p, const struct session *session, bool quiet)
{
    *p = (struct progress){.shown = !quiet && isatty(STDERR_FILENO), .name = session->spec->name,
                           .steps = session->spec->run.steps, .first = -1, .start = now_seconds()};
    p->last = p->start;
}

void progress_update(struct progress *p, struct dsgd_engine *engine)
{
    if (!p->shown) { return; }
    const int64_t step = dsgd_engine_steps_done(engine);
    if (p->first < 0) { p->first = step; }
    const double now = now_seconds();
    if (now - p->last < 0.2) { return; }
    p->last = now;
    const double rate = (double)(step - p->first) / (now - p->start);
    const double left = rate > 0.0 ? (double)(p->steps - step) / rate : 0.0;
    const struct dsgd_table *trace = dsgd_engine_table(engine, 0);
    const struct dsgd_column *gap = dsgd_table_find(trace, "gap");
    fprintf(stderr, "\r\033[K%s  step %lld/%lld  %.1f k steps/s", p->name, (long long)step, (long long)p->steps, rate / 1e3);
    if (gap && trace->rows > 0 && isfinite(gap->cell[trace->rows - 1].f)) {
        fprintf(stderr, "  gap %.3g", gap->cell[trace->rows - 1].f);
    }
    fprintf(stderr, "  ETA %d:%02d", (int)(left / 60.0), (int)fmod(left, 60.0));
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->shown) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
    }
}
