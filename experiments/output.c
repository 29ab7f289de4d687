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

static enum dsgd_status make_folders(const char *path)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
            return dsgd_fail(DSGD_EIO, "cannot make folder %s: %s; expected a writable place for %s", folder, strerror(errno), path);
        }
        *slash = '/';
    }
    return DSGD_OK;
}

/* A finished process removes its lock file, so what we locked may already be another file than what is at the path. */
static enum dsgd_status take_lock(struct output *output)
{
    for (;;) {
        output->lock_fd = open(output->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (output->lock_fd < 0) {
            return dsgd_fail(DSGD_EIO, "cannot create %s: %s; expected a writable folder", output->lock, strerror(errno));
        }
        if (flock(output->lock_fd, LOCK_EX | LOCK_NB) != 0) {
            close(output->lock_fd);
            output->lock_fd = -1;
            return dsgd_fail(DSGD_EINPUT, "%s is being written by another process: expected one writer", output->path);
        }
        struct stat ours, there;
        if (fstat(output->lock_fd, &ours) == 0 && stat(output->lock, &there) == 0 && ours.st_ino == there.st_ino) {
            return DSGD_OK;
        }
        close(output->lock_fd);
    }
}

static enum dsgd_status check_file(const char *path, const struct spec *spec, const char *dataset_sha256)
{
    struct dsgd_runfile *run = NULL;
    DSGD_TRY(dsgd_runfile_read(path, &run));
    enum dsgd_status status = DSGD_OK;
    if (run->schema_version != DSGD_SCHEMA_VERSION) {
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

bool output_is_complete(const char *path, const struct spec *spec)
{
    return access(path, F_OK) == 0 && check_file(path, spec, NULL) == DSGD_OK;
}

enum dsgd_status output_open(const char *path, const struct session *session, bool restart, struct output *out,
                             enum output_state *state)
{
    *out = (struct output){.lock_fd = -1};
    *state = OUTPUT_NEW;
    if (strlen(path) + 16 > sizeof out->path) { return dsgd_fail(DSGD_EINPUT, "output path %.64s... is too long", path); }
    snprintf(out->path, sizeof out->path, "%s", path);
    snprintf(out->snapshot, sizeof out->snapshot, "%.4080s.tmp", path);
    snprintf(out->lock, sizeof out->lock, "%.4080s.lock", path);
    DSGD_TRY(make_folders(path));
    DSGD_TRY(take_lock(out));
    enum dsgd_status status = DSGD_OK;
    if (restart) {
        unlink(out->path);
        unlink(out->snapshot);
    } else if (access(out->path, F_OK) == 0) {
        status = check_file(out->path, session->spec, session_dataset_sha256(session));
        *state = OUTPUT_COMPLETE;
    } else if (access(out->snapshot, F_OK) == 0) {
        status = check_file(out->snapshot, session->spec, session_dataset_sha256(session));
        *state = OUTPUT_SNAPSHOT;
    }
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
