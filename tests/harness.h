/* harness.h - runs in one process for the tests: from configuration text to engine, digest and model. */
#ifndef DSGD_TESTS_HARNESS_H
#define DSGD_TESTS_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/run/session.h"
#include "tests/check.h"

struct harness {
    struct dsgd_spec spec;
    struct dsgd_session session;
    struct dsgd_engine *engine;
};

#define HARNESS_OK(call)                                                                          \
    do {                                                                                          \
        enum dsgd_status harness_s_ = (call);                                                     \
        if (harness_s_ != DSGD_OK) { fail_msg("%s: %s", #call, dsgd_error()); }                 \
    } while (0)

/** A new file name in a folder of this process; the folder goes with the operating system's temporary files. */
static inline void harness_path(char *path, size_t size, const char *suffix)
{
    static int number;
    const char *folder = getenv("TMPDIR");
    if (!folder) { folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; } /* many snapshots, each synced */
    snprintf(path, size, "%s/dsgd-test-%ld-%d%s", folder, (long)getpid(), number++, suffix);
}

/** Resolves `text` plus one optional override and builds the problem, but no engine. */
static inline enum dsgd_status harness_resolve(struct harness *h, const char *text, const char *set, int threads)
{
    char path[256];
    memset(h, 0, sizeof *h);
    harness_path(path, sizeof path, ".conf");
    FILE *file = fopen(path, "w");
    if (!file) { return dsgd_fail(DSGD_EIO, "cannot write %s", path); }
    fputs(text, file);
    fclose(file);
    enum dsgd_status status = dsgd_spec_load(path, set ? &set : NULL, set ? 1 : 0, &h->spec);
    unlink(path);
    const struct dsgd_session_options options = {.threads = threads};
    if (status == DSGD_OK) { status = dsgd_session_open(&h->spec, &options, &h->session); }
    h->session.args.lane_work = 1; /* small problems shall use threads here */
    const char *backend = getenv("DSGD_TEST_BACKEND"); /* the same tests on another device */
    if (status == DSGD_OK && backend && *backend) { snprintf(h->spec.run.backend, sizeof h->spec.run.backend, "%s", backend); }
    return status;
}

/** Resolves `text` plus one optional override and builds problem and engine. */
static inline enum dsgd_status harness_open(struct harness *h, const char *text, const char *set, int threads)
{
    DSGD_TRY(harness_resolve(h, text, set, threads));
    return dsgd_engine_create(&h->session.args, &h->engine);
}

/** The array of the state with this name, "worker/v" or "server/error"; false if there is none. */
static inline bool harness_saved(struct dsgd_engine *engine, const char *name, struct dsgd_saved *out)
{
    struct dsgd_saved saved[DSGD_SAVED_MAX];
    const int n = dsgd_engine_saved(engine, saved);
    for (int j = 0; j < n; ++j) {
        if (strcmp(saved[j].name, name) == 0) { return *out = saved[j], true; }
    }
    return false;
}

/** Row `row` of that array as doubles, `n` of them. */
static inline void harness_row(struct dsgd_engine *engine, const char *name, size_t row, size_t n, double *out)
{
    struct dsgd_saved saved = {.cols = 0};
    if (!harness_saved(engine, name, &saved)) { fail_msg("no persistent field %s", name); }
    assert_int_equal(saved.cols, n);
    assert_true(row < saved.rows);
    HARNESS_OK(dsgd_engine_read(engine, name, row, out));
}

static inline void harness_close(struct harness *h)
{
    dsgd_engine_destroy(h->engine);
    if (h->session.spec) { dsgd_session_close(&h->session); }
    dsgd_spec_clear(&h->spec);
}

static inline void harness_finish(struct dsgd_engine *engine)
{
    while (dsgd_engine_status(engine) == DSGD_RUNNING) { HARNESS_OK(dsgd_engine_step(engine)); }
}

/** Writes the engine as a result or snapshot with the few attributes that reading needs. */
static inline void harness_write(struct dsgd_engine *engine, const char *path, bool snapshot)
{
    const struct dsgd_attribute attribute[] = {
        {.name = "config_sha256", .text = "0"}, {.name = "dataset_sha256", .text = "none"}, {.name = "problem", .text = "p"},
        {.name = "dataset", .text = "none"}, {.name = "dataset_title", .text = "none"}, {.name = "algorithm", .text = "a"},
        {.name = "label", .text = "l"}, {.name = "config", .text = ""},
        {.name = "schema_version", .is_integer = true, .integer = DSGD_SCHEMA_VERSION},
        {.name = "results_version", .is_integer = true, .integer = DSGD_RESULTS_VERSION},
        {.name = "seed", .is_integer = true, .integer = 1}, {.name = "steps", .is_integer = true, .integer = dsgd_engine_steps_done(engine)},
    };
    struct dsgd_run_reference reference = {.certificate = "", .solver = ""};
    const struct dsgd_runfile_args args = {attribute, sizeof attribute / sizeof *attribute, &reference, NULL};
    HARNESS_OK(dsgd_runfile_write(path, engine, &args, snapshot));
}

/** The digest of what the engine would store now. */
static inline void harness_digest(struct dsgd_engine *engine, char hex[65])
{
    char path[256];
    struct dsgd_runfile *run = NULL;
    harness_path(path, sizeof path, ".h5");
    harness_write(engine, path, false);
    HARNESS_OK(dsgd_runfile_read(path, &run));
    dsgd_runfile_digest(run, hex);
    dsgd_runfile_destroy(run);
    unlink(path);
}

/** Runs a configuration to its end and returns its digest. */
static inline void harness_run(const char *text, const char *set, int threads, char hex[65])
{
    struct harness h;
    HARNESS_OK(harness_open(&h, text, set, threads));
    harness_finish(h.engine);
    harness_digest(h.engine, hex);
    harness_close(&h);
}

/** Runs to the end and copies the model; returns d. */
static inline size_t harness_model(const char *text, const char *set, double **model)
{
    struct harness h;
    HARNESS_OK(harness_open(&h, text, set, 1));
    harness_finish(h.engine);
    const size_t d = dsgd_engine_d(h.engine);
    *model = malloc(d * sizeof **model);
    assert_non_null(*model);
    memcpy(*model, dsgd_engine_model(h.engine), d * sizeof **model);
    harness_close(&h);
    return d;
}

#endif
