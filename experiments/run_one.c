/* run_one.c - one run from its first round to its result file: snapshots, signals, report. */
#include "experiments/run_one.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "experiments/json_out.h"
#include "experiments/peak.h"
#include "experiments/progress.h"
#include "experiments/provenance.h"
#include "experiments/text_out.h"
#include "sim/clock.h"

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

/* Rounds until the end, a signal or a failure, with snapshots in between. */
static enum dsgd_status go(struct dsgd_engine *engine, const struct run_one_options *options, struct output *output,
                           const struct session *session, const struct dsgd_runfile_args *file, struct progress *progress)
{
    double last = dsgd_clock();
    while (dsgd_engine_status(engine) == DSGD_RUNNING) {
        if (interrupted) {
            DSGD_TRY(output_snapshot(output, engine, file));
            return dsgd_fail(DSGD_EINTERRUPTED, "interrupted at step %lld; the same command%s goes on from %s",
                             (long long)dsgd_engine_steps_done(engine), options->wish.restart ? " without --restart" : "", output->snapshot);
        }
        DSGD_TRY(dsgd_engine_step(engine));
        progress_update(progress, engine);
        const double now = dsgd_clock();
        const int64_t steps = dsgd_engine_steps_done(engine);
        const bool due = (options->snapshot_seconds > 0.0 && now - last >= options->snapshot_seconds) ||
                         (options->snapshot_steps > 0 && steps % options->snapshot_steps == 0);
        /* where a user's file is in the way the run may still end well */
        if (due && dsgd_engine_status(engine) == DSGD_RUNNING && output_snapshot_free(output)) {
            DSGD_TRY(output_snapshot(output, engine, file));
            last = dsgd_clock();
        }
    }
    return output_result(output, session, engine, file);
}

static enum dsgd_status report_json(const struct session *session, struct dsgd_engine *engine, const char *path,
                                    const char *status, double rounds, double evaluation)
{
    json_t *root = json_object();
    json_set_text(root, "file", path);
    json_set_text(root, "status", status);
    json_set_text(root, "dataset", session_dataset_title(session));
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

static enum dsgd_status report(const struct run_one_options *options, const struct session *session, struct dsgd_engine *engine,
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
    text_shown(stdout, path);
    printf("  %s  %.0f steps in %.2f s (%.0f steps/s), evaluation %.2f s", status, steps, rounds,
           rounds > 0.0 ? steps / rounds : 0.0, evaluation);
    for (int c = 2; c < trace->columns; ++c) {
        const double value = trace->column[c].cell[trace->rows - 1].f;
        if (isfinite(value)) { printf("  %s %.4g", trace->column[c].name, value); }
    }
    printf("  peak memory %.1f MiB  [", peak_bytes() / 1048576.0);
    text_shown(stdout, session_dataset_title(session));
    printf("]\n");
    return DSGD_OK;
}

static enum dsgd_status run_engine(const struct run_one_options *options, const struct session *session,
                                   struct dsgd_engine *engine, struct output *output, enum output_state state, int argc,
                                   char **argv)
{
    struct provenance provenance;
    DSGD_TRY(provenance_collect(session, argc, argv, &provenance));
    const struct dsgd_runfile_args file = {provenance.attribute, provenance.attributes, &session->stored, NULL};
    enum dsgd_status status = DSGD_OK;
    if (state == OUTPUT_SNAPSHOT) {
        status = dsgd_runfile_restore(output->snapshot, engine);
        if (status == DSGD_OK && !options->quiet) {
            fprintf(stderr, "dsgd: going on from step %lld (%s) [%s]\n", (long long)dsgd_engine_steps_done(engine),
                    output->snapshot, session_dataset_title(session));
        }
    }
    if (status == DSGD_OK) {
        struct progress progress;
        progress_start(&progress, session, options->quiet || options->json);
        catch_signals();
        status = go(engine, options, output, session, &file, &progress);
        progress_end(&progress);
    }
    if (status == DSGD_OK) { status = report(options, session, engine, output->path); }
    provenance_clear(&provenance);
    return status;
}

/* Said beforehand where it matters: a run that does not fit should be stopped now. */
enum { MEMORY_WORTH_SAYING = 256 << 20 };

static enum dsgd_status announce_memory(const struct run_one_options *options, const struct session *session)
{
    size_t engine = 0, workers = 0;
    DSGD_TRY(dsgd_engine_memory(&session->args, &engine, &workers));
    if (!options->quiet && (engine + workers >= MEMORY_WORTH_SAYING || isatty(STDERR_FILENO))) {
        fprintf(stderr, "dsgd: needs about %.1f MiB, of which the %lld workers' states %.1f MiB\n",
                (double)(engine + workers) / 1048576.0, (long long)session->spec->run.workers, (double)workers / 1048576.0);
    }
    return DSGD_OK;
}

/* The engine comes first: it refuses impossible settings before a folder is made. */
enum dsgd_status run_one(const char *path, const struct run_one_options *options, const struct session *session, int argc,
                         char **argv)
{
    struct dsgd_engine *engine = NULL;
    DSGD_TRY(announce_memory(options, session));
    DSGD_TRY(dsgd_engine_create(&session->args, &engine));
    struct output output;
    enum output_state state;
    enum dsgd_status status = output_open(path, session, &options->wish, &output, &state);
    if (status == DSGD_OK) {
        if (state != OUTPUT_COMPLETE) {
            status = run_engine(options, session, engine, &output, state, argc, argv);
        } else if (options->json) {
            status = report_json(session, NULL, path, "already complete", 0.0, 0.0);
        } else if (!options->quiet) {
            text_shown(stdout, path);
            printf("  already complete  [");
            text_shown(stdout, session_dataset_title(session));
            printf("]\n");
        }
        output_close(&output);
    }
    dsgd_engine_destroy(engine);
    return status;
}
