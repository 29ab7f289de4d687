/* output.c - what may be resumed, and what is complete already. */
#include "lab/run/output.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/config/library.h"
#include "record/folders.h"
#include "record/lock.h"

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

/* A run whose bits belong to a library goes on with that one: no run has the bits of a half by each. */
static enum dsgd_status check_library(const struct dsgd_runfile *run, const struct dsgd_session *session)
{
    const char *now = dsgd_problem_library(session->ops);
    if (strcmp(run->problem_library, now) == 0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "%s is computed by %s, and this would be %s: expected the same (ONEDNN_MAX_CPU_ISA, DSGD_ISA); another path, or "
                     "--restart to discard it", run->path, *run->problem_library ? run->problem_library : "a library without a name", *now ? now : "none");
}

static enum dsgd_status check_run(const struct dsgd_runfile *run, const struct dsgd_session *session, bool running)
{
    const char *path = run->path, *sha256 = dsgd_session_dataset_sha256(session);
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
    if (!running) { return DSGD_OK; }
    DSGD_TRY(check_library(run, session));
    return check_reference(run, &session->stored);
}

/* `running`: a snapshot is expected, else a finished result. */
static enum dsgd_status check_file(const char *path, const struct dsgd_session *session, bool running)
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
    enum { CHUNK = 1 << 13 };
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

/* A result or snapshot, whole or broken, or empty; nothing else is replaced or removed by --restart. HDF5 writes names of
 * attributes as they are. */
static enum dsgd_status check_ours(const char *path)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    static const char *const word[] = {"config_sha256", "results_version", "dataset_sha256"};
    unsigned char head[8];
    struct stat there;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) { return DSGD_OK; }
    bool good = fd >= 0 && fstat(fd, &there) == 0, ours = false;
    if (good && S_ISREG(there.st_mode)) {
        const size_t n = dsgd_read_at(fd, head, sizeof head, 0);
        good = errno == 0;
        ours = n == sizeof head && memcmp(head, signature, sizeof head) == 0;
        for (size_t w = 0; ours && w < sizeof word / sizeof *word; ++w) { ours = contains(fd, word[w]); }
        ours = ours || (good && n == 0);
    }
    const int error = errno;
    if (fd >= 0) { close(fd); }
    if (!good) { return dsgd_fail(DSGD_EINPUT, "%s: cannot be read (%s); expected a result of dsgd run", path, strerror(error)); }
    return ours ? DSGD_OK : dsgd_fail(DSGD_EINPUT, "%s is no result of dsgd run: expected one, nothing else is discarded by --restart", path);
}

static enum dsgd_status discard(const char *path)
{
    DSGD_TRY(check_ours(path));
    if (unlink(path) == 0 || errno == ENOENT) { return DSGD_OK; }
    return dsgd_fail(DSGD_EIO, "cannot remove %s: %s; expected a writable folder", path, strerror(errno));
}

/* Does a snapshot say that the file at the result's path is what it is to replace? Then that file is no reason to stop. */
static bool is_to_replace(const struct output *out, const struct dsgd_runfile *snapshot)
{
    char there[65];
    if (strcmp(snapshot->status, "running") != 0 || !*snapshot->replaces) { return false; }
    dsgd_file_sha256(out->path, there);
    return strcmp(snapshot->replaces, there) == 0;
}

/* The snapshot of a run begun with --restart, beside the result that it began to replace. */
static bool find_restarted(struct output *out, const struct dsgd_session *session)
{
    struct dsgd_runfile *run = NULL;
    if (access(out->snapshot, F_OK) != 0 || dsgd_runfile_read(out->snapshot, &run) != DSGD_OK) { return false; }
    const bool found = is_to_replace(out, run) && check_run(run, session, true) == DSGD_OK;
    if (found) { strcpy(out->replaces, run->replaces); }
    dsgd_runfile_destroy(run);
    return found;
}

/* What is at the snapshot's path now is this run's. */
static void note_snapshot(struct output *out)
{
    out->snapshot_known = lstat(out->snapshot, &out->snapshot_seen) == 0;
}

/* Nobody has replaced or overwritten it since. */
static bool is_noted(const struct output *out, const struct stat *there)
{
    const struct stat *seen = &out->snapshot_seen;
    return out->snapshot_known && there->st_dev == seen->st_dev && there->st_ino == seen->st_ino && there->st_size == seen->st_size &&
           there->st_mtim.tv_sec == seen->st_mtim.tv_sec && there->st_mtim.tv_nsec == seen->st_mtim.tv_nsec;
}

static enum dsgd_status appeared(const char *path)
{
    return dsgd_fail(DSGD_EINPUT, "%s was put there while the run was under way, and is not its own: expected no file; move it away and repeat "
                     "the command", path);
}

/* Of a process that was killed between the result and its clean-up. */
static void remove_stale_snapshot(const struct output *out, const struct dsgd_session *session)
{
    struct dsgd_runfile *run = NULL;
    if (access(out->snapshot, F_OK) != 0 || dsgd_runfile_read(out->snapshot, &run) != DSGD_OK) { return; }
    if (strcmp(run->status, "running") == 0 && strcmp(run->config_sha256, session->spec->sha256) == 0 && !is_to_replace(out, run)) {
        unlink(out->snapshot);
    }
    dsgd_runfile_destroy(run);
}

static enum dsgd_status look(struct output *out, const struct dsgd_session *session, bool restart, enum output_state *state)
{
    dsgd_replace_clean(out->path, dsgd_runfile_whole);
    if (restart) { /* the earlier result stays until the new one is there */
        DSGD_TRY(check_ours(out->path));
        DSGD_TRY(discard(out->snapshot));
        dsgd_file_sha256(out->path, out->replaces);
    } else if (access(out->path, F_OK) == 0 && !find_restarted(out, session)) {
        DSGD_TRY(check_file(out->path, session, false));
        *state = OUTPUT_COMPLETE;
        remove_stale_snapshot(out, session);
    } else if (access(out->snapshot, F_OK) == 0) {
        DSGD_TRY(check_file(out->snapshot, session, true));
        *state = OUTPUT_SNAPSHOT;
        note_snapshot(out);
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_output_open(const char *path, const struct dsgd_session *session, const struct output_wish *wish, struct output *out,
                             enum output_state *state)
{
    *out = (struct output){.lock_fd = -1};
    *state = OUTPUT_NEW;
    DSGD_TRY(dsgd_place(path, sizeof snapshot_suffix - 1, out->path));
    char name[DSGD_PATH_MAX];
    snprintf(name, sizeof name, "%.4080s%s", out->path, snapshot_suffix);
    dsgd_lock_name(out->path, out->lock);
    /* A result appears by a rename: a finished one needs no lock, and may lie where nothing can be written. */
    if (!wish->restart && access(out->path, F_OK) == 0 && access(name, F_OK) != 0) {
        DSGD_TRY(check_file(out->path, session, false));
        *state = OUTPUT_COMPLETE;
        dsgd_lock_clean(out->lock);
        return DSGD_OK;
    }
    DSGD_TRY(dsgd_place(name, 0, out->snapshot));
    DSGD_TRY(dsgd_make_folders(out->path));
    DSGD_TRY(dsgd_lock_take(out->path, out->lock, wish->wait, &out->lock_fd));
    enum dsgd_status status = look(out, session, wish->restart, state);
    if (status != DSGD_OK) { dsgd_output_close(out); }
    return status;
}

bool dsgd_output_snapshot_free(const struct output *out)
{
    struct stat there;
    if (lstat(out->snapshot, &there) != 0) { return errno == ENOENT; }
    if (is_noted(out, &there)) { return true; }
    const int fd = open(out->snapshot, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); /* touched, or a file system that numbers anew */
    if (fd < 0) { return false; }
    const bool ours = fstat(fd, &there) == 0 && S_ISREG(there.st_mode) && dsgd_runfile_whole(fd) && check_ours(out->snapshot) == DSGD_OK;
    close(fd);
    return ours;
}

enum dsgd_status dsgd_output_snapshot(struct output *out, struct dsgd_engine *engine, const struct dsgd_runfile_args *args)
{
    struct dsgd_runfile_args with = *args;
    with.replaces = out->replaces;
    if (!dsgd_output_snapshot_free(out)) { return appeared(out->snapshot); }
    DSGD_TRY(dsgd_runfile_write(out->snapshot, engine, &with, true));
    note_snapshot(out);
    return DSGD_OK;
}

enum dsgd_status dsgd_output_result(struct output *out, const struct dsgd_session *session, struct dsgd_engine *engine, const struct dsgd_runfile_args *args)
{
    char there[65];
    struct stat info;
    if (lstat(out->path, &info) == 0) {
        dsgd_file_sha256(out->path, there);
        const bool old = *out->replaces && strcmp(out->replaces, there) == 0;
        if (!old && check_file(out->path, session, false) != DSGD_OK) { return appeared(out->path); }
    }
    DSGD_TRY(dsgd_runfile_write(out->path, engine, args, false));
    if (dsgd_output_snapshot_free(out)) { unlink(out->snapshot); }
    return DSGD_OK;
}

void dsgd_output_close(struct output *output)
{
    dsgd_lock_release(output->lock, &output->lock_fd);
}
