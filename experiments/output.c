/* output.c - what may be resumed, and what is complete already. */
#include "experiments/output.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiments/folders.h"
#include "sim/lock.h"

static const char snapshot_suffix[] = ".tmp";

/* The same number, bit for bit; NaN: not known. */
static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* What a run takes from the world besides its data must be what it began with. */
static enum dsgd_status check_reference(const struct dsgd_runfile *run, const struct dsgd_run_reference *now)
{
    if (same(run->f_star, now->f_star) && same(run->mu, now->constants.mu) && same(run->L, now->constants.L)) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "%s began with f* = %.17g, mu = %.17g, L = %.17g, and now they are %.17g, %.17g, %.17g: expected the same (the "
                     "DSGD_CACHE that it began with); another path, or --restart to discard it", run->path, run->f_star, run->mu, run->L,
                     now->f_star, now->constants.mu, now->constants.L);
}

static enum dsgd_status check_run(const struct dsgd_runfile *run, const struct session *session, bool running)
{
    const char *path = run->path, *sha256 = session_dataset_sha256(session);
    if ((strcmp(run->status, "running") == 0) != running) {
        return dsgd_fail(DSGD_EINPUT, "%s has status %s: expected a %s; another path, or --restart to discard it", path,
                         run->status, running ? "running one" : "finished run");
    }
    if (run->results_version != DSGD_RESULTS_VERSION) {
        return dsgd_fail(DSGD_EINPUT, "%s has results version %lld: expected %d; another path, or --restart to discard it", path,
                         (long long)run->results_version, DSGD_RESULTS_VERSION);
    }
    if (strcmp(run->config_sha256, session->spec->sha256) != 0) {
        return dsgd_fail(DSGD_EINPUT, "%s belongs to configuration %.8s: expected %.8s; another path, or --restart to discard it",
                         path, run->config_sha256, session->spec->sha256);
    }
    if (strcmp(run->dataset_sha256, sha256) != 0) {
        return dsgd_fail(DSGD_EINPUT, "%s was made with data %.8s: expected %.8s; another path, or --restart to discard it", path,
                         run->dataset_sha256, sha256);
    }
    return running ? check_reference(run, &session->stored) : DSGD_OK;
}

/* `running`: a snapshot is expected, else a finished result. */
static enum dsgd_status check_file(const char *path, const struct session *session, bool running)
{
    struct dsgd_runfile *run = NULL;
    DSGD_TRY(dsgd_runfile_read(path, &run));
    const enum dsgd_status status = check_run(run, session, running);
    dsgd_runfile_destroy(run);
    return status;
}

/* Does a file hold these bytes? */
static bool contains(int fd, const char *word)
{
    enum { CHUNK = 1 << 14 };
    char bytes[CHUNK];
    const size_t length = strlen(word);
    for (size_t at = 0;; at += CHUNK - length) {
        const size_t got = dsgd_read_at(fd, bytes, CHUNK, at);
        for (size_t i = 0; i + length <= got; ++i) {
            if (bytes[i] == *word && memcmp(bytes + i, word, length) == 0) { return true; }
        }
        if (got < CHUNK) { return false; }
    }
}

/* --restart removes results and snapshots, whole or broken, but no file that was never one: HDF5 writes names of attributes
 * as they are. */
static enum dsgd_status discard(const char *path)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    static const char *const word[] = {"config_sha256", "results_version", "dataset_sha256"};
    unsigned char head[8];
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) { return DSGD_OK; }
    if (fd < 0) { return dsgd_fail(DSGD_EINPUT, "%s: cannot be read (%s); expected a result of dsgd run", path, strerror(errno)); }
    const size_t n = dsgd_read_at(fd, head, sizeof head, 0);
    bool ours = n == sizeof head && memcmp(head, signature, sizeof head) == 0;
    for (size_t w = 0; ours && w < sizeof word / sizeof *word; ++w) { ours = contains(fd, word[w]); }
    close(fd);
    if (!ours && n > 0) {
        return dsgd_fail(DSGD_EINPUT, "%s is no result of dsgd run: expected one, nothing else is discarded by --restart", path);
    }
    if (unlink(path) != 0) { return dsgd_fail(DSGD_EIO, "cannot remove %s: %s; expected a writable folder", path, strerror(errno)); }
    return DSGD_OK;
}

/* Of a process that was killed between the result and its clean-up. */
static void remove_stale_snapshot(const struct output *out, const struct session *session)
{
    struct dsgd_runfile *run = NULL;
    if (access(out->snapshot, F_OK) != 0 || dsgd_runfile_read(out->snapshot, &run) != DSGD_OK) { return; }
    if (strcmp(run->status, "running") == 0 && strcmp(run->config_sha256, session->spec->sha256) == 0) { unlink(out->snapshot); }
    dsgd_runfile_destroy(run);
}

static enum dsgd_status look(const struct output *out, const struct session *session, bool restart, enum output_state *state)
{
    dsgd_replace_clean(out->path, dsgd_runfile_whole);
    if (restart) {
        DSGD_TRY(discard(out->path));
        return discard(out->snapshot);
    }
    if (access(out->path, F_OK) == 0) {
        DSGD_TRY(check_file(out->path, session, false));
        *state = OUTPUT_COMPLETE;
        remove_stale_snapshot(out, session);
    } else if (access(out->snapshot, F_OK) == 0) {
        DSGD_TRY(check_file(out->snapshot, session, true));
        *state = OUTPUT_SNAPSHOT;
    }
    return DSGD_OK;
}

enum dsgd_status output_open(const char *path, const struct session *session, const struct output_wish *wish, struct output *out,
                             enum output_state *state)
{
    *out = (struct output){.lock_fd = -1};
    *state = OUTPUT_NEW;
    DSGD_TRY(dsgd_place(path, sizeof snapshot_suffix - 1, out->path));
    snprintf(out->snapshot, sizeof out->snapshot, "%.4080s%s", out->path, snapshot_suffix);
    dsgd_lock_name(out->path, out->lock);
    /* A result appears by a rename: a finished one needs no lock, and may lie where nothing can be written. */
    if (!wish->restart && access(out->path, F_OK) == 0 && access(out->snapshot, F_OK) != 0) {
        DSGD_TRY(check_file(out->path, session, false));
        *state = OUTPUT_COMPLETE;
        return DSGD_OK;
    }
    DSGD_TRY(make_folders(out->path));
    DSGD_TRY(dsgd_lock_take(out->path, out->lock, wish->wait, &out->lock_fd));
    enum dsgd_status status = look(out, session, wish->restart, state);
    if (status != DSGD_OK) { output_close(out); }
    return status;
}

void output_finished(struct output *output)
{
    unlink(output->snapshot);
}

void output_close(struct output *output)
{
    dsgd_lock_release(output->lock, &output->lock_fd);
}
