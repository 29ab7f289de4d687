/* provenance.c - configuration, versions, machine, time. */
#include "lab/run/provenance.h"

#include <gsl/gsl_version.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "dsgd_revision.h"
#include "lab/config/library.h"
#include "sim/level.h"

extern char **environ;

static void add_text(struct provenance *p, const char *name, const char *text)
{
    p->attribute[p->attributes++] = (struct dsgd_attribute){.name = name, .text = text ? text : ""};
}

static void add_integer(struct provenance *p, const char *name, int64_t value)
{
    p->attribute[p->attributes++] = (struct dsgd_attribute){.name = name, .is_integer = true, .integer = value};
}

static void read_cpu(char *text, size_t size)
{
    snprintf(text, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon) {
            snprintf(text, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file) { fclose(file); }
}

/* Variables that can change speed or threads. */
static char *read_environment(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (char **entry = environ; out && *entry; ++entry) {
        if (strncmp(*entry, "OMP_", 4) == 0 || strncmp(*entry, "OPENBLAS_", 9) == 0) { fprintf(out, "%s\n", *entry); }
    }
    if (out) { fclose(out); }
    return text;
}

static char *join(int argc, char **argv)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (int j = 0; out && j < argc; ++j) { fprintf(out, "%s%s", j ? " " : "", argv[j]); }
    if (out) { fclose(out); }
    return text;
}

enum dsgd_status dsgd_provenance_collect(const struct dsgd_session *session, int argc, char **argv, struct provenance *p)
{
    *p = (struct provenance){.attributes = 0};
    const struct dsgd_spec *spec = session->spec;
    p->argv = join(argc, argv);
    p->environment = read_environment();
    if (!p->argv || !p->environment) {
        dsgd_provenance_clear(p);
        return dsgd_fail(DSGD_ENOMEM, "no memory for the provenance of a result");
    }
    const time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(p->created, sizeof p->created, "%Y-%m-%dT%H:%M:%SZ", &utc);
    gethostname(p->host, sizeof p->host - 1);
    struct utsname system;
    if (uname(&system) == 0) { snprintf(p->os, sizeof p->os, "%.60s %.120s %.60s", system.sysname, system.release, system.machine); }
    read_cpu(p->cpu, sizeof p->cpu);
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    snprintf(p->hdf5, sizeof p->hdf5, "%u.%u.%u", major, minor, release);

    add_integer(p, "schema_version", DSGD_SCHEMA_VERSION);
    add_integer(p, "results_version", DSGD_RESULTS_VERSION);
    add_text(p, "config", spec->text);
    add_text(p, "config_name", spec->name);
    add_text(p, "config_sha256", spec->sha256);
    add_text(p, "plugins", spec->plugins);
    add_text(p, "label", spec->run.label);
    add_text(p, "problem", spec->problem->name);
    add_text(p, "algorithm", spec->algorithm->name);
    add_text(p, "dataset", spec->run.dataset);
    add_text(p, "dataset_title", dsgd_session_dataset_title(session));
    add_text(p, "dataset_sha256", dsgd_session_dataset_sha256(session));
    add_integer(p, "workers", spec->run.workers);
    add_integer(p, "batch", spec->run.batch);
    add_integer(p, "steps", spec->run.steps);
    add_integer(p, "seed", spec->run.seed);
    add_integer(p, "seed_data", spec->run.seed_data);
    add_integer(p, "seed_hash", spec->run.seed_hash);
    add_integer(p, "seed_algorithm", spec->run.seed_algorithm);
    add_integer(p, "threads", session->args.threads);
    add_text(p, "argv", p->argv);
    add_text(p, "created", p->created);
    add_text(p, "dsgd_version", DSGD_VERSION);
    add_text(p, "git_revision", DSGD_GIT_REVISION);
    add_integer(p, "git_dirty", DSGD_GIT_DIRTY);
    add_text(p, "compiler", DSGD_COMPILER);
    add_text(p, "instruction_set", dsgd_level_name(dsgd_level()));
    add_text(p, "problem_library", dsgd_problem_library(session->ops));
    add_text(p, "build_type", DSGD_BUILD_TYPE);
    add_text(p, "hdf5_version", p->hdf5);
    add_text(p, "gsl_version", GSL_VERSION);
    add_text(p, "host", p->host);
    add_text(p, "os", p->os);
    add_text(p, "cpu_model", p->cpu);
    add_text(p, "environment", p->environment);
    return DSGD_OK;
}

void dsgd_provenance_clear(struct provenance *p)
{
    free(p->argv);
    free(p->environment);
    *p = (struct provenance){.attributes = 0};
}
