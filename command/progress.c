/* progress.c - the progress line. It steers the terminal, so it goes around visible_stderr.h. */
#include "command/progress.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "lab/report/text_out.h"
#include "sim/clock.h"

void progress_start(struct progress *p, const struct dsgd_session *session, bool quiet)
{
    *p = (struct progress){.shown = !quiet && isatty(STDERR_FILENO), .name = session->spec->name,
                           .dataset = session->spec->run.dataset,
                           .steps = session->spec->run.steps, .first = -1, .start = dsgd_clock()};
    p->last = p->start;
}

void progress_update(struct progress *p, struct dsgd_engine *engine)
{
    if (!p->shown) { return; }
    const int64_t step = dsgd_engine_steps_done(engine);
    const double now = dsgd_clock();
    if (p->first < 0) { /* the first round opens what later ones find open */
        p->first = step;
        p->start = now;
    }
    if (now - p->last < 0.2) { return; }
    p->last = now;
    const double rate = (double)(step - p->first) / (now - p->start);
    const double left = rate > 0.0 ? fmin((double)(p->steps - step) / rate, 3.6e8) : 0.0;
    const struct dsgd_table *trace = dsgd_engine_table(engine, 0);
    const struct dsgd_column *gap = dsgd_table_find(trace, "gap");
    char name[256], dataset[256], known[32] = "";
    dsgd_text_shown_into(name, sizeof name, p->name);
    dsgd_text_shown_into(dataset, sizeof dataset, p->dataset);
    if (gap && trace->rows > 0 && isfinite(gap->cell[trace->rows - 1].f)) {
        snprintf(known, sizeof known, "  gap %.3g", gap->cell[trace->rows - 1].f);
    }
    char eta[48] = "";
    if (now - p->start >= 1.0) { snprintf(eta, sizeof eta, "  ETA %d:%02d", (int)(left / 60.0), (int)fmod(left, 60.0)); }
    dprintf(STDERR_FILENO, "\r\033[K%s [%s]  step %lld/%lld  %.1f k steps/s%s%s", name, dataset, (long long)step, (long long)p->steps, rate / 1e3,
            known, eta);
}

void progress_end(struct progress *p)
{
    if (p->shown) { dprintf(STDERR_FILENO, "\r\033[K"); }
}
