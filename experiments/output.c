/* output.c - one writer for each result, and what may be resumed. */
#define _DEFAULT_SOURCE /* flock */
#include "experiments/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "experiments/folders.h"

/* A finished process removes its lock file, so what we locked may already be another file than what is at the path. */
static enum dsgd_status take_lock(struct output *output)
{
    for (;;) {
        output->lock_fd = open(output->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (output->lock_fd < 0) {
            return dsgd_fail(DSGD_EIO, "cannot create %s: %s; expected a writable folder", output->lock, strerror(errno));
        }
        if (flock(output->lock_fd, LOCK_EX | LOCK_NB) != 0) {
            const int error = errno;
            close(output->lock_fd);
            output->lock_fd = -1;
            if (error != EWOULDBLOCK) {
                return dsgd_fail(DSGD_EIO, "cannot lock %s: %s; expected a file system with locks", output->lock, strerror(error));
            }
            return dsgd_fail(DSGD_EINPUT, "%s is being written by another process: expected one writer", output->path);
        }
        struct stat ours, there;
        if (fstat(output->lock_fd, &ours) == 0 && stat(output->lock, &there) == 0 && ours.st_ino == there.st_ino) {
            return DSGD_OK;
        }
        close(output->lock_fd);
    }
}

/* `running`: a snapshot is expected, else a finished result. */
static enum dsgd_status check_file(const char *path, const struct spec *spec, const char *dataset_sha256, bool running)
{
    struct dsgd_runfile *run = NULL;
    DSGD_TRY(dsgd_runfile_read(path, &run));
    enum dsgd_status status = DSGD_OK;
    if ((strcmp(run->status, "running") == 0) != running) {
        status = dsgd_fail(DSGD_EINPUT, "%s has status %s: expected a %s; another path, or --restart to discard it", path,
                           run->status, running ? "running one" : "finished run");
    } else if (run->schema_version != DSGD_SCHEMA_VERSION) {
        status = dsgd_fail(DSGD_EINPUT, "%s has schema version %lld: expected %d; another path, or --restart to discard it", path,
                           (long long)run->schema_version, DSGD_SCHEMA_VERSION);
    } else if (run->results_version != DSGD_RESULTS_VERSION) {
        status = dsgd_fail(DSGD_EINPUT, "%s has results version %lld: expected %d; another path, or --restart to discard it", path,
                           (long long)run->results_version, DSGD_RESULTS_VERSION);
    } else if (strcmp(run->config_sha256, spec->sha256) != 0) {
        status = dsgd_fail(DSGD_EINPUT, "%s belongs to configuration %.8s: expected %.8s; another path, or --restart to discard it",
                           path, run->config_sha256, spec->sha256);
    } else if (dataset_sha256 && strcmp(run->dataset_sha256, dataset_sha256) != 0) {
        status = dsgd_fail(DSGD_EINPUT, "%s was made with data %.8s: expected %.8s; another path, or --restart to discard it", path,
                           run->dataset_sha256, dataset_sha256);
    }
    dsgd_runfile_destroy(run);
    return status;
}

/* A place that cannot become a result is refused before the run, not after it. */
static enum dsgd_status check_place(const char *path)
{
    struct stat there;
    const size_t length = strlen(path);
    if (length == 0 || path[length - 1] == '/') { return dsgd_fail(DSGD_EINPUT, "output path \"%s\": expected the name of a file", path); }
    if (length + 16 > sizeof ((struct output *)NULL)->path) { return dsgd_fail(DSGD_EINPUT, "output path %.64s... is too long", path); }
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        return dsgd_fail(DSGD_EINPUT, "output path %s is not a regular file: expected a new file or a result of dsgd run", path);
    }
    return DSGD_OK;
}

/* --restart removes results and snapshots, whole or broken, but no file that was never one. */
static enum dsgd_status discard(const char *path, bool snapshot)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char head[8];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) { return DSGD_OK; }
    const ssize_t n = read(fd, head, sizeof head);
    close(fd);
    if (!snapshot && n != 0 && (n != sizeof head || memcmp(head, signature, sizeof head) != 0)) {
        return dsgd_fail(DSGD_EINPUT, "%s is not an HDF5 file: expected a result, nothing else is discarded by --restart", path);
    }
    if (unlink(path) != 0) { return dsgd_fail(DSGD_EIO, "cannot remove %s: %s; expected a writable folder", path, strerror(errno)); }
    return DSGD_OK;
}

static enum dsgd_status look(const struct output *out, const struct session *session, bool restart, enum output_state *state)
{
    const char *sha256 = session_dataset_sha256(session);
    char leftover[4200];
    snprintf(leftover, sizeof leftover, "%s.new", out->path);
    unlink(leftover); /* of a process that was killed while it wrote */
    snprintf(leftover, sizeof leftover, "%s.new", out->snapshot);
    unlink(leftover);
    if (restart) {
        DSGD_TRY(discard(out->path, false));
        return discard(out->snapshot, true);
    }
    if (access(out->path, F_OK) == 0) {
        DSGD_TRY(check_file(out->path, session->spec, sha256, false));
        *state = OUTPUT_COMPLETE;
        unlink(out->snapshot); /* of a process that was killed between the result and its clean-up */
    } else if (access(out->snapshot, F_OK) == 0) {
        DSGD_TRY(check_file(out->snapshot, session->spec, sha256, true));
        *state = OUTPUT_SNAPSHOT;
    }
    return DSGD_OK;
}

enum dsgd_status output_open(const char *path, const struct session *session, bool restart, struct output *out,
                             enum output_state *state)
{
    *out = (struct output){.lock_fd = -1};
    *state = OUTPUT_NEW;
    DSGD_TRY(check_place(path));
    snprintf(out->path, sizeof out->path, "%s", path);
    snprintf(out->snapshot, sizeof out->snapshot, "%.4080s.tmp", path);
    snprintf(out->lock, sizeof out->lock, "%.4080s.lock", path);
    /* A result appears by a rename: a finished one needs no lock, and may lie where nothing can be written. */
    if (!restart && access(path, F_OK) == 0 && access(out->snapshot, F_OK) != 0) {
        DSGD_TRY(check_file(path, session->spec, session_dataset_sha256(session), false));
        *state = OUTPUT_COMPLETE;
        return DSGD_OK;
    }
    DSGD_TRY(make_folders(path));
    DSGD_TRY(take_lock(out));
    enum dsgd_status status = look(out, session, restart, state);
    if (status != DSGD_OK) { output_close(out); }
    return status;
}

void output_finished(struct output *output)
{
    unlink(output->snapshot);
}

void output_close(struct output *output)
{
    if (output->lock_fd >= 0) {
        unlink(output->lock);
        close(output->lock_fd);
        output->lock_fd = -1;
    }
}
