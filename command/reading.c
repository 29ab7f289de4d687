/* reading.c - opening results for reading commands. Interface: reading.h. */
#define _DEFAULT_SOURCE
#include "command/reading.h"

#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char mark[] = " (unsealed)";

enum { CPU_S = 20, WALL_S = 120 };

/* Reads the file and ends; what the library does to itself stays in this process. */
static _Noreturn void try_to_read(const char *path)
{
    const struct rlimit cpu = {CPU_S, CPU_S}, core = {0, 0};
    struct dsgd_runfile *run = NULL;
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &core);
    alarm(WALL_S);
    if (dsgd_runfile_read_unsealed(path, &run) == DSGD_OK) { dsgd_runfile_destroy(run); }
    _exit(0);
}

static enum dsgd_status survives(const char *path)
{
    int result = 0;
    unsigned major = 0, minor = 0, release = 0;
    fflush(NULL);
    const pid_t child = fork();
    if (child < 0) { return dsgd_fail(DSGD_EINTERNAL, "no process to read %s in (%s)", path, strerror(errno)); }
    if (child == 0) { try_to_read(path); }
    while (waitpid(child, &result, 0) < 0 && errno == EINTR) {}
    if (WIFEXITED(result) && WEXITSTATUS(result) == 0) { return DSGD_OK; }
    H5get_libversion(&major, &minor, &release);
    return dsgd_fail(DSGD_EINPUT, "%s: HDF5 %u.%u.%u does not survive reading it (%s); expected a file without damage", path, major, minor, release,
                     WIFSIGNALED(result) ? strsignal(WTERMSIG(result)) : "it ends the process");
}

static enum dsgd_status add_mark(struct dsgd_runfile *run)
{
    const size_t path = strlen(run->path), room = sizeof run->label - sizeof mark;
    char *longer = realloc(run->path, path + sizeof mark);
    if (!longer) { return dsgd_fail(DSGD_ENOMEM, "no memory for the name of %s", run->path); }
    memcpy(longer + path, mark, sizeof mark);
    run->path = longer;
    if (!*run->label) { snprintf(run->label, sizeof run->label, "%s", run->algorithm); }
    const size_t label = strnlen(run->label, room);
    memcpy(run->label + label, mark, sizeof mark);
    return DSGD_OK;
}

enum dsgd_status reading_open(const char *path, bool unsealed, struct dsgd_runfile **out)
{
    enum dsgd_status status = dsgd_runfile_read(path, out);
    if (status != DSGD_EINPUT || !unsealed) { return status; }
    DSGD_TRY(survives(path));
    DSGD_TRY(dsgd_runfile_read_unsealed(path, out));
    if ((*out)->sealed) { return DSGD_OK; }
    status = add_mark(*out);
    if (status != DSGD_OK) {
        dsgd_runfile_destroy(*out);
        *out = NULL;
    }
    return status;
}
