/* run_one.c - one run as the command makes it: signals, progress, report. */
#include "command/run_one.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "command/json_out.h"
#include "command/peak.h"
#include "command/progress.h"
#include "lab/report/text_out.h"

static volatile sig_atomic_t interrupted;

/* Launchers such as timeout(1) signal the process and its group: two may arrive at once, and mean one. The third is somebody
 * who does not want to wait for the end of a long step. */
static void on_signal(int number)
{
    if (interrupted < 3) { ++interrupted; }
    if (interrupted == 3) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

/* Only while rounds run: everything else may be stopped at once. What the parent ignored (nohup) stays ignored. Whoever
 * reads the progress may go away: that ends no run. */
static void catch_signals(void)
{
    static const int asks[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM};
    const struct sigaction action = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    for (size_t s = 0; s < sizeof asks / sizeof *asks; ++s) {
        struct sigaction before;
        if (sigaction(asks[s], NULL, &before) == 0 && before.sa_handler != SIG_IGN) { sigaction(asks[s], &action, NULL); }
    }
    sigaction(SIGPIPE, &ignore, NULL);
}

static enum dsgd_status report_json(const struct dsgd_session *session, struct dsgd_engine *engine, const char *path,
                                    const char *status, double rounds, double evaluation)
{
    json_t *root = json_object();
    json_set_text(root, "file", path);
    json_set_text(root, "status", status);
    json_set_text(root, "dataset", dsgd_session_dataset_title(session));
    if (engine) {
        const struct dsgd_table *trace = dsgd_engine_table(engine, 0);
        json_object_set_new(root, "steps", json_integer(dsgd_engine_steps_done(engine)));
        json_set_number(root, "seconds_rounds", rounds);
        json_set_number(root, "seconds_evaluation", evaluation);
        json_set_number(root, "memory_peak", peak_bytes());
        for (int c = 0; c < trace->columns; ++c) {
            if (!trace->column[c].integer) { json_set_number(root, trace->column[c].name, trace->column[c].cell[trace->rows - 1].f); }
        }
    }
    return json_print(root);
}

static enum dsgd_status report(const struct run_one_options *options, const struct dsgd_session *session, struct dsgd_engine *engine,
                               const char *path)
{
    static const char *const names[] = {"running", "complete", "diverged"};
    const char *status = names[dsgd_engine_status(engine)];
    const struct dsgd_table *trace = dsgd_engine_table(engine, 0);
    double rounds, evaluation;
    dsgd_engine_seconds(engine, &rounds, &evaluation);
    if (options->json) { return report_json(session, engine, path, status, rounds, evaluation); }
    if (options->quiet) { return DSGD_OK; }
    const double steps = (double)dsgd_engine_steps_done(engine);
    dsgd_print_shown(stdout, path);
    printf("  %s  %.0f steps in %.2f s (%.0f steps/s), evaluation %.2f s", status, steps, rounds,
           rounds > 0.0 ? steps / rounds : 0.0, evaluation);
    for (int c = 2; c < trace->columns; ++c) {
        const double value = trace->column[c].cell[trace->rows - 1].f;
        if (isfinite(value)) { printf("  %s %.4g", trace->column[c].name, value); }
    }
    printf("  peak memory %.1f MiB  [", peak_bytes() / 1048576.0);
    dsgd_print_shown(stdout, dsgd_session_dataset_title(session));
    printf("]\n");
    return DSGD_OK;
}

/* What the hooks of one run share. */
struct watching {
    const struct run_one_options *options;
    struct progress progress;
};

static void begin(void *context, const struct dsgd_session *session, struct dsgd_engine *engine, const char *snapshot)
{
    struct watching *w = context;
    if (snapshot && !w->options->quiet) {
        fprintf(stderr, "dsgd: going on from step %lld (%s) [%s]\n", (long long)dsgd_engine_steps_done(engine), snapshot,
                dsgd_session_dataset_title(session));
    }
    progress_start(&w->progress, session, w->options->quiet || w->options->json);
    catch_signals();
}

static void round_done(void *context, struct dsgd_engine *engine)
{
    struct watching *w = context;
    progress_update(&w->progress, engine);
}

static bool stop(void *context)
{
    (void)context;
    return interrupted > 0;
}

static void end(void *context)
{
    struct watching *w = context;
    progress_end(&w->progress);
}

static enum dsgd_status done(void *context, const struct dsgd_session *session, struct dsgd_engine *engine, const char *path)
{
    const struct watching *w = context;
    if (engine) { return report(w->options, session, engine, path); }
    if (w->options->json) { return report_json(session, NULL, path, "already complete", 0.0, 0.0); }
    if (w->options->quiet) { return DSGD_OK; }
    dsgd_print_shown(stdout, path);
    printf("  already complete  [");
    dsgd_print_shown(stdout, dsgd_session_dataset_title(session));
    printf("]\n");
    return DSGD_OK;
}

/* Said beforehand where it matters: a run that does not fit should be stopped now. */
enum { MEMORY_WORTH_SAYING = 256 << 20 };

static enum dsgd_status announce_memory(const struct run_one_options *options, const struct dsgd_session *session)
{
    size_t engine = 0, workers = 0;
    DSGD_TRY(dsgd_engine_memory(&session->args, &engine, &workers));
    if (!options->quiet && (engine + workers >= MEMORY_WORTH_SAYING || isatty(STDERR_FILENO))) {
        fprintf(stderr, "dsgd: needs about %.1f MiB, of which the %lld workers' states %.1f MiB\n",
                (double)(engine + workers) / 1048576.0, (long long)session->spec->run.workers, (double)workers / 1048576.0);
        struct dsgd_device_share share[DSGD_DEVICES_MAX];
        int count = 0;
        DSGD_TRY(dsgd_engine_shares(&session->args, share, &count));
        for (int j = 0; strchr(share[0].device, ':') && j < count; ++j) {
            fprintf(stderr, "dsgd: %s: %.1f MiB, %u workers\n", share[j].device, (double)share[j].bytes / 1048576.0, (unsigned)share[j].workers);
        }
    }
    return DSGD_OK;
}

enum dsgd_status run_one(const char *path, const struct run_one_options *options, const struct dsgd_session *session, int argc,
                         char **argv)
{
    struct watching watching = {.options = options};
    DSGD_TRY(announce_memory(options, session));
    const struct dsgd_run_options run = {.wish = options->wish, .snapshot_seconds = options->snapshot_seconds,
                                         .snapshot_steps = options->snapshot_steps, .argc = argc, .argv = argv,
                                         .watch = {begin, round_done, stop, end, done, &watching}};
    return dsgd_run(path, &run, session);
}
