/* result_state.c - looks at result files. Interface: result_state.h. */
#include "lab/run/result_state.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/runfile.h"

/* Of this configuration and results version, and finished; the hash of its data. */
static enum dsgd_status look(const char *path, const struct dsgd_spec *spec, char dataset_sha256[65])
{
    struct dsgd_runfile *run = NULL;
    DSGD_TRY(dsgd_runfile_read(path, &run));
    enum dsgd_status status = DSGD_OK;
    snprintf(dataset_sha256, 65, "%s", run->dataset_sha256);
    if (strcmp(run->status, "running") == 0) {
        status = dsgd_fail(DSGD_EINPUT, "%s is a snapshot of an unfinished run: expected a finished one under this name", path);
    } else if (run->results_version != DSGD_RESULTS_VERSION || strcmp(run->config_sha256, spec->sha256) != 0) {
        status = dsgd_fail(DSGD_EINPUT, "%s is the result of another configuration: expected %.8s", path, spec->sha256);
    }
    dsgd_runfile_destroy(run);
    return status;
}

enum result_state dsgd_result_state(const char *path, const struct dsgd_spec *spec, const char *dataset_sha256)
{
    struct stat there;
    char found[65];
    if (stat(path, &there) != 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)) { return RESULT_MISSING; }
    if (look(path, spec, found) != DSGD_OK) { return RESULT_DAMAGED; }
    if (strcmp(found, dataset_sha256) == 0) { return RESULT_DONE; }
    dsgd_fail(DSGD_EINPUT, "%s was made with data %.8s: expected %.8s", path, found, dataset_sha256);
    return RESULT_DAMAGED;
}

static enum dsgd_status append(const char *text, char ***path, size_t *paths)
{
    char **grown = realloc(*path, (*paths + 1) * sizeof *grown);
    if (grown) { *path = grown; }
    if (!grown || !(grown[*paths] = strdup(text))) { return dsgd_fail(DSGD_ENOMEM, "no memory for a list of results"); }
    ++*paths;
    return DSGD_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A name is one of ours if the hash in it is that of the configuration and the data that the file names. */
static enum dsgd_status keep(const char *folder, const char *name, const struct dsgd_spec *spec, char ***path, size_t *paths)
{
    char candidate[4096], own[4096], sha256[65];
    if (snprintf(candidate, sizeof candidate, "%s%s", folder, name) >= (int)sizeof candidate) { return DSGD_OK; }
    if (look(candidate, spec, sha256) != DSGD_OK) { return DSGD_OK; }
    DSGD_TRY(dsgd_spec_path(spec, sha256, own, sizeof own));
    if (strcmp(own, candidate) != 0) { return DSGD_OK; }
    return append(candidate, path, paths);
}

enum dsgd_status dsgd_result_find(const struct dsgd_spec *spec, char ***path, size_t *paths)
{
    char pattern[4096];
    *path = NULL;
    *paths = 0;
    DSGD_TRY(dsgd_spec_path(spec, NULL, pattern, sizeof pattern));
    const char *name = strrchr(pattern, '/') + 1, *hash = strrchr(name, '?') - 7;
    const size_t head = (size_t)(hash - name), length = strlen(name);
    char *folder = strndup(pattern, (size_t)(name - pattern));
    if (!folder) { return dsgd_fail(DSGD_ENOMEM, "no memory for the name of a folder"); }
    DIR *entries = opendir(folder);
    if (!entries) {
        free(folder);
        return DSGD_OK;
    }
    enum dsgd_status status = DSGD_OK;
    for (struct dirent *entry; status == DSGD_OK && (entry = readdir(entries));) {
        const char *n = entry->d_name;
        if (strlen(n) == length && strncmp(n, name, head) == 0 && strcmp(n + head + 8, ".h5") == 0 &&
            strspn(n + head, "0123456789abcdef") == 8) {
            status = keep(folder, n, spec, path, paths);
        }
    }
    closedir(entries);
    free(folder);
    if (*paths > 1) { qsort(*path, *paths, sizeof **path, by_name); }
    return status;
}
