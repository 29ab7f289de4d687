/* run_set.c - reading results together. Interface: run_set.h. */
#include "lab/report/run_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum dsgd_status dsgd_result_names_add(struct dsgd_result_names *names, const char *path, const char *label)
{
    struct dsgd_result_name *grown = realloc(names->name, (names->n + 1) * sizeof *grown);
    if (!grown) { return dsgd_fail(DSGD_ENOMEM, "no memory for a list of results"); }
    names->name = grown;
    struct dsgd_result_name *last = &grown[names->n++];
    *last = (struct dsgd_result_name){.path = strdup(path), .label = label ? strdup(label) : NULL};
    return last->path && (last->label || !label) ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for a list of results");
}

void dsgd_result_names_clear(struct dsgd_result_names *names)
{
    for (size_t j = 0; j < names->n; ++j) {
        free(names->name[j].path);
        free(names->name[j].label);
    }
    free(names->name);
    *names = (struct dsgd_result_names){.n = 0};
}

void dsgd_run_set_destroy(struct run_set *set)
{
    for (int r = 0; r < set->runs; ++r) { dsgd_runfile_destroy(set->run[r]); }
    free(set->run);
    *set = (struct run_set){.runs = 0};
}

enum dsgd_status dsgd_run_set_read(const struct dsgd_result_names *names, dsgd_result_open *open, struct run_set *out)
{
    *out = (struct run_set){.run = calloc(names->n + 1, sizeof *out->run)};
    if (!out->run) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu runs", names->n); }
    for (size_t f = 0; f < names->n; ++f) {
        const enum dsgd_status status = open(names->name[f].path, &out->run[f]);
        if (status != DSGD_OK) {
            dsgd_run_set_destroy(out);
            return status;
        }
        out->runs = (int)f + 1;
        struct dsgd_runfile *run = out->run[f];
        const char *label = names->name[f].label;
        if (label && run->sealed && strlen(label) < sizeof run->label) { strcpy(run->label, label); }
    }
    return DSGD_OK;
}

/* Two runs minimise the same f if their minima agree within what is certified. */
static bool same_minimum(const struct dsgd_runfile *a, const struct dsgd_runfile *b)
{
    if (isnan(a->f_star) || isnan(b->f_star)) { return isnan(a->f_star) && isnan(b->f_star); }
    const double known = a->f_star_gap + b->f_star_gap;
    return fabs(a->f_star - b->f_star) <= (known > 0.0 ? known : 0.0) + 1e-12 * fabs(a->f_star);
}

enum dsgd_status dsgd_run_set_comparable(const struct run_set *set)
{
    for (int r = 1; r < set->runs; ++r) {
        const struct dsgd_runfile *a = set->run[0], *b = set->run[r];
        if (strcmp(a->dataset, b->dataset) != 0 || strcmp(a->dataset_sha256, b->dataset_sha256) != 0) {
            return dsgd_fail(
                DSGD_EINPUT, "%s is on %s, %s on %s (sha256 %.8s and %.8s): expected one dataset in one summary",
                a->path, a->dataset_title, b->path, b->dataset_title, a->dataset_sha256, b->dataset_sha256);
        }
        if (a->results_version != b->results_version) {
            return dsgd_fail(DSGD_EINPUT,
                             "%s has results version %lld, %s has %lld: expected one version in one summary", a->path,
                             (long long)a->results_version, b->path, (long long)b->results_version);
        }
        if (strcmp(a->problem, b->problem) != 0 || a->d != b->d || !same_minimum(a, b)) {
            return dsgd_fail(DSGD_EINPUT,
                             "%s solves %s (d = %zu, f* = %.10g), %s solves %s (d = %zu, f* = %.10g): expected "
                             "one problem in one summary",
                             a->path, a->problem, a->d, a->f_star, b->path, b->problem, b->d, b->f_star);
        }
    }
    return DSGD_OK;
}
