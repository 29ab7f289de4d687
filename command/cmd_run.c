/* cmd_run.c - dsgd run: one configuration to one result file, resumable at any moment. */
#include <argp.h>
#include <stdio.h>

#include "command/commands.h"
#include "command/dry_run.h"
#include "command/options.h"
#include "command/run_one.h"

struct run_options {
    struct common_options common;
    struct run_one_options one;
    const char *output;
    bool dry_run;
};

enum { KEY_DRY_RUN = 1000, KEY_RESTART, KEY_SNAPSHOT, KEY_SNAPSHOT_STEPS, KEY_WAIT };

static const struct argp_option run_options_table[] = {
    {"output", 'o', "FILE.h5", 0, "Result file (default: results/<dataset>/<name>-T<steps>-s<seed>-<hash>.h5)", 0},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "Only tell d, bytes per step by kind, memory and the estimated time", 0},
    {"restart", KEY_RESTART, NULL, 0, "Begin anew: an earlier snapshot is discarded, an earlier result replaced at the end", 0},
    {"wait", KEY_WAIT, NULL, 0, "If another process writes this result, wait for it and take its result", 0},
    {"snapshot", KEY_SNAPSHOT, "SECONDS", 0, "Write a snapshot every so often (default 30; 0: only when interrupted)", 0},
    {"snapshot-steps", KEY_SNAPSHOT_STEPS, "N", 0, "Also write a snapshot every N steps", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct run_options *options = state->input;
    switch (key) {
    case 'o': options->output = arg; return 0;
    case KEY_DRY_RUN: options->dry_run = true; return 0;
    case KEY_RESTART: options->one.wish.restart = true; return 0;
    case KEY_WAIT: options->one.wish.wait = true; return 0;
    case KEY_SNAPSHOT: return option_real(state, "--snapshot", arg, 0.0, 1e9, &options->one.snapshot_seconds);
    case KEY_SNAPSHOT_STEPS: return option_integer(state, "--snapshot-steps", arg, 1, INT64_MAX / 2, &options->one.snapshot_steps);
    case ARGP_KEY_INIT: state->child_inputs[0] = &options->common; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static enum dsgd_status run(const struct run_options *options, int argc, char **argv)
{
    struct dsgd_spec spec;
    DSGD_TRY(dsgd_spec_load(options->common.config, options->common.set, options->common.sets, &spec));
    char path[4096];
    enum dsgd_status status = DSGD_OK;
    if (options->output && snprintf(path, sizeof path, "%s", options->output) >= (int)sizeof path) {
        status = dsgd_fail(DSGD_EINPUT, "output path %.64s... is too long", options->output);
    } else if (!options->output) {
        status = dsgd_spec_path(&spec, NULL, path, sizeof path); /* as long as the path with the hash of the data */
    }
    struct dsgd_session session = {.spec = NULL};
    const struct dsgd_session_options open = common_session(&options->common, options->dry_run);
    char place[DSGD_PATH_MAX]; /* what cannot become a result is refused before any work */
    if (status == DSGD_OK && !options->dry_run) { status = dsgd_place(path, 0, place); }
    if (status == DSGD_OK) { status = dsgd_session_open(&spec, &open, &session); }
    if (status == DSGD_OK && !options->output) { status = dsgd_spec_path(&spec, dsgd_session_dataset_sha256(&session), path, sizeof path); }
    if (status == DSGD_OK && options->dry_run) {
        status = dry_run(&session, path, options->common.json);
    } else if (status == DSGD_OK) {
        struct run_one_options one = options->one;
        one.quiet = options->common.quiet;
        one.json = options->common.json;
        status = run_one(path, &one, &session, argc, argv);
    }
    dsgd_session_close(&session);
    dsgd_spec_clear(&spec);
    return status;
}

static int command(int argc, char **argv)
{
    static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {run_options_table, parse, "CONFIG",
                                     "Runs one configuration and writes one result file. An interrupted run goes on where it was.",
                                     children, NULL, NULL};
    struct run_options options = {.one = {.snapshot_seconds = DSGD_SNAPSHOT_S}};
    const error_t error = argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (error) { return 2; }
    enum dsgd_status status = run(&options, argc, argv);
    common_options_clear(&options.common);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_run = {"run", "run one configuration (CONFIG [-o FILE.h5] [--set key=value]...)", command};
