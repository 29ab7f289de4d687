/* cmd_run.c - dsgd run: one configuration to one result file, resumable at any moment. */
#include <argp.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiments/commands.h"
#include "experiments/dry_run.h"
#include "experiments/json_out.h"
#include "experiments/options.h"
#include "experiments/output.h"
#include "experiments/progress.h"
#include "experiments/provenance.h"
#include "sim/clock.h"

struct run_options {
    struct common_options common;
    const char *output;
    double snapshot_seconds;
    int64_t snapshot_steps;
    bool dry_run, restart;
};

enum { KEY_DRY_RUN = 1000, KEY_RESTART, KEY_SNAPSHOT, KEY_SNAPSHOT_STEPS };

static const struct argp_option run_options_table[] = {
    {"output", 'o', "FILE.h5", 0, "Result file (default: results/<dataset>/<name>-T<steps>-s<seed>-<hash>.h5)", 0},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "Only tell d, bytes a step by kind, memory and the estimated time", 0},
    {"restart", KEY_RESTART, NULL, 0, "Discard an earlier result or snapshot at this path", 0},
    {"snapshot", KEY_SNAPSHOT, "SECONDS", 0, "Write a snapshot every so often (default 30; 0: only when interrupted)", 0},
    {"snapshot-steps", KEY_SNAPSHOT_STEPS, "N", 0, "Also write a snapshot every N steps", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

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

/* Only while rounds run: everything else may be stopped at once. */
static void catch_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct run_options *options = state->input;
    switch (key) {
    case 'o': options->output = arg; return 0;
    case KEY_DRY_RUN: options->dry_run = true; return 0;
    case KEY_RESTART: options->restart = true; return 0;
    case KEY_SNAPSHOT: return option_real(state, "--snapshot", arg, 0.0, 1e9, &options->snapshot_seconds);
    case KEY_SNAPSHOT_STEPS: return option_integer(state, "--snapshot-steps", arg, 1, INT64_MAX / 2, &options->snapshot_steps);
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->common; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* Rounds until the end, a signal or a failure, with snapshots in between. */
static enum dsgd_status go(struct dsgd_engine *engine, const struct run_options *options, const struct output *output,
                           const struct dsgd_runfile_args *file, struct progress *progress)
{
    double last = dsgd_clock();
    while (dsgd_engine_status(engine) == DSGD_RUNNING) {
        if (interrupted) {
            DSGD_TRY(dsgd_runfile_write(output->snapshot, engine, file, true));
            return dsgd_fail(DSGD_EINTERRUPTED, "interrupted at step %lld; the same command goes on from %s",
                             (long long)dsgd_engine_steps_done(engine), output->snapshot);
        }
        DSGD_TRY(dsgd_engine_step(engine));
        progress_update(progress, engine);
        const double now = dsgd_clock();
        const int64_t steps = dsgd_engine_steps_done(engine);
        const bool due = (options->snapshot_seconds > 0.0 && now - last >= options->snapshot_seconds) ||
                         (options->snapshot_steps > 0 && steps % options->snapshot_steps == 0);
        if (due && dsgd_engine_status(engine) == DSGD_RUNNING) {
            DSGD_TRY(dsgd_runfile_write(output->snapshot, engine, file, true));
            last = dsgd_clock();
        }
    }
    return dsgd_runfile_write(output->path, engine, file, false);
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
        for (int c = 0; c < trace->columns; ++c) {
            if (!trace->column[c].integer) { json_set_number(root, trace->column[c].name, trace->column[c].cell[trace->rows - 1].f); }
        }
    }
    return json_print(root);
}

static enum dsgd_status report(const struct run_options *options, const struct session *session, struct dsgd_engine *engine,
                               const char *path)
{
    static const char *const names[] = {"running", "complete", "diverged"};
    const char *status = names[dsgd_engine_status(engine)];
    const struct dsgd_table *trace = dsgd_engine_table(engine, 0);
    double rounds, evaluation;
    dsgd_engine_seconds(engine, &rounds, &evaluation);
    if (options->common.json) { return report_json(session, engine, path, status, rounds, evaluation); }
    if (options->common.quiet) { return DSGD_OK; }
    const double steps = (double)dsgd_engine_steps_done(engine);
    printf("%s  %s  %.0f steps in %.2f s (%.0f steps/s), evaluation %.2f s", path, status, steps, rounds,
           rounds > 0.0 ? steps / rounds : 0.0, evaluation);
    for (int c = 2; c < trace->columns; ++c) {
        const double value = trace->column[c].cell[trace->rows - 1].f;
        if (isfinite(value)) { printf("  %s %.4g", trace->column[c].name, value); }
    }
    printf("  [%s]\n", session_dataset_title(session));
    return DSGD_OK;
}

static enum dsgd_status run_engine(const struct run_options *options, const struct session *session,
                                   struct dsgd_engine *engine, struct output *output, enum output_state state, int argc,
                                   char **argv)
{
    struct provenance provenance;
    DSGD_TRY(provenance_collect(session, argc, argv, &provenance));
    const struct dsgd_runfile_args file = {provenance.attribute, provenance.attributes, &session->stored};
    enum dsgd_status status = DSGD_OK;
    if (state == OUTPUT_SNAPSHOT) {
        status = dsgd_runfile_restore(output->snapshot, engine);
        if (status == DSGD_OK && !options->common.quiet) {
            fprintf(stderr, "dsgd: going on from step %lld (%s) [%s]\n", (long long)dsgd_engine_steps_done(engine),
                    output->snapshot, session_dataset_title(session));
        }
    }
    if (status == DSGD_OK) {
        struct progress progress;
        progress_start(&progress, session, options->common.quiet || options->common.json);
        catch_signals();
        status = go(engine, options, output, &file, &progress);
        progress_end(&progress);
    }
    if (status == DSGD_OK) {
        output_finished(output);
        status = report(options, session, engine, output->path);
    }
    provenance_clear(&provenance);
    return status;
}

/* Said beforehand where it matters: a run that does not fit should be stopped now. */
enum { MEMORY_WORTH_SAYING = 256 << 20 };

static enum dsgd_status announce_memory(const struct run_options *options, const struct session *session)
{
    size_t engine = 0, workers = 0;
    DSGD_TRY(dsgd_engine_memory(&session->args, &engine, &workers));
    if (!options->common.quiet && (engine + workers >= MEMORY_WORTH_SAYING || isatty(STDERR_FILENO))) {
        fprintf(stderr, "dsgd: needs about %.1f MiB, of which the %lld workers' states %.1f MiB\n",
                (double)(engine + workers) / 1048576.0, (long long)session->spec->run.workers, (double)workers / 1048576.0);
    }
    return DSGD_OK;
}

/* The engine comes first: it refuses impossible settings before a folder is made. */
static enum dsgd_status run_to(const char *path, const struct run_options *options, const struct session *session, int argc,
                               char **argv)
{
    struct dsgd_engine *engine = NULL;
    DSGD_TRY(announce_memory(options, session));
    DSGD_TRY(dsgd_engine_create(&session->args, &engine));
    struct output output;
    enum output_state state;
    enum dsgd_status status = output_open(path, session, options->restart, &output, &state);
    if (status == DSGD_OK) {
        if (state != OUTPUT_COMPLETE) {
            status = run_engine(options, session, engine, &output, state, argc, argv);
        } else if (options->common.json) {
            status = report_json(session, NULL, path, "already complete", 0.0, 0.0);
        } else if (!options->common.quiet) {
            printf("%s  already complete  [%s]\n", path, session_dataset_title(session));
        }
        output_close(&output);
    }
    dsgd_engine_destroy(engine);
    return status;
}

static enum dsgd_status run(const struct run_options *options, int argc, char **argv)
{
    struct spec spec;
    DSGD_TRY(spec_load(options->common.config, options->common.set, options->common.sets, &spec));
    char path[4096];
    enum dsgd_status status = DSGD_OK;
    if (options->output) {
        if (snprintf(path, sizeof path, "%s", options->output) >= (int)sizeof path) {
            status = dsgd_fail(DSGD_EINPUT, "output path %.64s... is too long", options->output);
        }
    } else {
        status = spec_path(&spec, path, sizeof path);
    }
    struct session session = {.spec = NULL};
    const struct session_options open = {options->common.data, session_cache_folder(), options->common.threads, options->common.quiet, options->dry_run};
    if (status == DSGD_OK) { status = session_open(&spec, &open, &session); }
    if (status == DSGD_OK && options->dry_run) {
        status = dry_run(&session, path, options->common.json);
    } else if (status == DSGD_OK) {
        status = run_to(path, options, &session, argc, argv);
    }
    session_close(&session);
    spec_clear(&spec);
    return status;
}

static int command(int argc, char **argv)
{
    static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {run_options_table, parse, "CONFIG",
                                     "Runs one configuration and writes one result file. An interrupted run goes on where it was.",
                                     children, NULL, NULL};
    struct run_options options = {.snapshot_seconds = 30.0};
    const error_t error = argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (error) { return 2; }
    enum dsgd_status status = run(&options, argc, argv);
    common_options_clear(&options.common);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_run = {"run", "run one configuration (CONFIG [-o FILE.h5] [--set key=value]...)", command};
