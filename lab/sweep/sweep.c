/* sweep.c - expansion of a grid. Which of its combinations are possible: sweep_check.c. */
#define _DEFAULT_SOURCE /* realpath */
#include "lab/sweep/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/run/result_state.h"
#include "lab/config/resolved.h"
#include "lab/config/source.h"

enum { AXES_MAX = 64, RUNS_MAX = 100000 };

struct axis {
    char key[2 * DSGD_TEXT_MAX];
    cfg_opt_t *values;
    unsigned at;
};

static enum dsgd_status no_memory(void)
{
    return dsgd_fail(DSGD_ENOMEM, "no memory for the sweep");
}

static void run_clear(struct sweep_run *run)
{
    for (size_t j = 0; j < run->sets; ++j) { free(run->set[j]); }
    free(run->set);
    free(run->block);
    free(run->config);
    free(run->path);
    free(run->label);
    free(run->key);
    free(run->kind);
    free(run->reason);
}

void dsgd_sweep_clear(struct sweep *sweep)
{
    for (size_t j = 0; j < sweep->runs; ++j) { run_clear(&sweep->run[j]); }
    free(sweep->run);
    free(sweep->name);
    free(sweep->path);
    free(sweep->no_data);
    *sweep = (struct sweep){.run = NULL};
}

static bool overridden(const char *key, const char *const *set, size_t sets)
{
    const size_t length = strlen(key);
    for (size_t j = 0; j < sets; ++j) {
        if (strncmp(set[j], key, length) == 0 && set[j][length] == '=') { return true; }
    }
    return false;
}

/* The keys of one table that the block gives values for. */
static enum dsgd_status add_axes(cfg_t *cfg, const char *section, const struct dsgd_param *table, const char *const *set,
                                 size_t sets, struct axis *axis, int *axes)
{
    for (const struct dsgd_param *p = table; cfg && p && p->name; ++p) {
        cfg_opt_t *values = cfg_getopt(cfg, p->name);
        if (!values || cfg_opt_size(values) == 0) { continue; }
        if (*axes == AXES_MAX) { return dsgd_fail(DSGD_EINPUT, "a block has more than %d keys: expected a smaller one", AXES_MAX); }
        struct axis *a = &axis[*axes];
        *a = (struct axis){.values = values};
        snprintf(a->key, sizeof a->key, "%s%s%s", section, *section ? "." : "", p->name);
        if (!overridden(a->key, set, sets)) { ++*axes; }
    }
    return DSGD_OK;
}

/* The resolved configuration without what repeats a run or makes it longer: runs that share it cost the same a step. */
static char *kind_of(const struct dsgd_spec *spec)
{
    return dsgd_resolved_without_seeds(spec->text, true);
}

static enum dsgd_status grow(struct sweep *sweep)
{
    if (sweep->runs < sweep->capacity) { return DSGD_OK; }
    const size_t capacity = sweep->capacity ? 2 * sweep->capacity : 64;
    if (capacity > 2 * RUNS_MAX) {
        return dsgd_fail(DSGD_EINPUT, "sweep %s has more than %d runs: expected several smaller ones", sweep->path, RUNS_MAX);
    }
    struct sweep_run *grown = realloc(sweep->run, capacity * sizeof *grown);
    if (!grown) { return no_memory(); }
    sweep->run = grown;
    sweep->capacity = capacity;
    return DSGD_OK;
}

/* Copies what the combination sets: the block's keys at their present values, then --set. */
static enum dsgd_status fill_run(struct sweep_run *run, const struct axis *axis, int axes, const char *const *set, size_t sets)
{
    if (!(run->set = calloc((size_t)axes + sets + 1, sizeof *run->set))) { return no_memory(); }
    for (int j = 0; j < axes; ++j) {
        const char *value = cfg_opt_getnstr(axis[j].values, axis[j].at);
        const size_t size = strlen(axis[j].key) + strlen(value) + 2;
        if (strpbrk(value, "\n\r\t")) { return dsgd_fail(DSGD_EINPUT, "%s: expected a value without tabs and line breaks", axis[j].key); }
        if (!(run->set[run->sets] = malloc(size))) { return no_memory(); }
        snprintf(run->set[run->sets++], size, "%s=%s", axis[j].key, value);
    }
    for (size_t j = 0; j < sets; ++j) {
        if (!(run->set[run->sets] = strdup(set[j]))) { return no_memory(); }
        ++run->sets;
    }
    return DSGD_OK;
}

/* Without "..", where the sweep lies in another folder than the configuration: the result tells how it was made. */
static char *shorter(char *path)
{
    char *slash = strrchr(path, '/'), *result = NULL;
    if (!strstr(path, "/../")) { return path; }
    *slash = '\0';
    char *folder = realpath(path, NULL), *here = realpath(".", NULL);
    *slash = '/';
    const size_t length = here ? strlen(here) : 0;
    if (folder && here) {
        const bool inside = strncmp(folder, here, length) == 0 && (folder[length] == '/' || folder[length] == '\0');
        const char *from = !inside ? folder : folder[length] == '/' ? folder + length + 1 : "";
        const size_t size = strlen(from) + strlen(slash) + 1;
        if ((result = malloc(size))) { snprintf(result, size, "%s%s", from, *from ? slash : slash + 1); }
    }
    free(folder);
    free(here);
    if (!result) { return path; }
    free(path);
    return result;
}

/* A configuration's path is relative to the sweep's folder. One that begins with - would be an option of the command. */
static enum dsgd_status find_config(const struct sweep *sweep, const char *config, struct sweep_run *run)
{
    const char *slash = *config == '/' ? NULL : strrchr(sweep->path, '/');
    const int folder = slash ? (int)(slash - sweep->path + 1) : 0;
    const bool option = folder > 0 ? *sweep->path == '-' : *config == '-';
    const size_t size = (size_t)folder + strlen(config) + 3;
    if (!(run->config = malloc(size))) { return no_memory(); }
    snprintf(run->config, size, "%s%.*s%s", option ? "./" : "", folder, sweep->path, config);
    run->config = shorter(run->config);
    return DSGD_OK;
}

static enum dsgd_status copy(const char *text, char **out)
{
    free(*out);
    return (*out = strdup(text)) ? DSGD_OK : no_memory();
}

/* With the data at hand: where the result is, or will be. */
static enum dsgd_status look(struct sweep_run *run, const struct dsgd_spec *spec, const char *dataset_sha256)
{
    char path[4096];
    DSGD_TRY(dsgd_spec_path(spec, dataset_sha256, path, sizeof path));
    DSGD_TRY(copy(path, &run->path));
    switch (dsgd_result_state(path, spec, dataset_sha256)) {
    case RESULT_MISSING: run->state = SWEEP_TO_DO; return DSGD_OK;
    case RESULT_DONE: run->state = SWEEP_DONE; return DSGD_OK;
    case RESULT_DAMAGED: run->state = SWEEP_DAMAGED; return copy(dsgd_error(), &run->reason);
    }
    return DSGD_OK;
}

/* Fills path, state, key, kind, steps and rows from the resolved configuration. `more`: further results that were found. */
static enum dsgd_status resolve_spec(struct sweep *sweep, struct sweep_run *run, const struct dsgd_spec *spec, struct data_shelf *shelf,
                                     char ***more, size_t *mores)
{
    char path[4096], sha256[65];
    DSGD_TRY(dsgd_spec_path(spec, "", path, sizeof path));
    DSGD_TRY(copy(path, &run->key));
    DSGD_TRY(copy(spec->run.label, &run->label));
    if (!(run->kind = kind_of(spec))) { return no_memory(); }
    run->steps = spec->run.steps;
    run->rows = dsgd_run_rows(&spec->run);
    run->evaluations = dsgd_run_evaluations(&spec->run);
    const enum dsgd_status status = dsgd_data_shelf_hash(shelf, spec, sha256);
    if (status == DSGD_OK) { return look(run, spec, sha256); }
    if (status != DSGD_EINPUT && status != DSGD_EIO) { return status; }
    if (!spec->dataset->survey) { /* made from the configuration, not from files: another value is needed */
        run->state = SWEEP_IMPOSSIBLE;
        DSGD_TRY(copy(dsgd_error(), &run->reason));
    } else {
        run->no_data = true;
        run->state = SWEEP_NO_DATA;
        if (!sweep->no_data) { DSGD_TRY(copy(dsgd_error(), &sweep->no_data)); }
        DSGD_TRY(dsgd_result_find(spec, more, mores));
        if (*mores > 0) { run->state = SWEEP_DONE; }
    }
    DSGD_TRY(dsgd_spec_path(spec, NULL, path, sizeof path));
    return copy(run->state == SWEEP_DONE ? (*more)[0] : path, &run->path);
}

static enum dsgd_status resolve(struct sweep *sweep, struct sweep_run *run, struct data_shelf *shelf, char ***more, size_t *mores)
{
    struct dsgd_spec spec;
    DSGD_TRY(dsgd_spec_load(run->config, (const char *const *)run->set, run->sets, &spec));
    const enum dsgd_status status = resolve_spec(sweep, run, &spec, shelf, more, mores);
    dsgd_spec_clear(&spec);
    return status;
}

/* Compares the newest run with those before; one that its block has already is taken out again, and the answer is false. */
static bool compare(struct sweep *sweep)
{
    const size_t self = sweep->runs - 1;
    struct sweep_run *run = &sweep->run[self];
    run->alike = self;
    for (size_t j = 0; j < self; ++j) {
        const struct sweep_run *other = &sweep->run[j];
        if (run->alike == self && other->alike == j && strcmp(other->kind, run->kind) == 0) { run->alike = j; }
        if (strcmp(other->key, run->key) != 0) { continue; }
        run->repeated = true;
        if (strcmp(other->block, run->block) == 0) {
            ++sweep->same;
            run_clear(run);
            --sweep->runs;
            return false;
        }
    }
    return true;
}

/* Another result of the newest run's configuration, of other data. */
static enum dsgd_status add_found(struct sweep *sweep, const char *path)
{
    DSGD_TRY(grow(sweep));
    const struct sweep_run *from = &sweep->run[sweep->runs - 1];
    struct sweep_run *run = &sweep->run[sweep->runs++];
    *run = (struct sweep_run){.alike = sweep->runs - 1, .repeated = from->repeated, .no_data = true, .state = SWEEP_DONE,
                              .steps = from->steps, .rows = from->rows, .evaluations = from->evaluations};
    DSGD_TRY(copy(from->block, &run->block));
    DSGD_TRY(copy(from->config, &run->config));
    DSGD_TRY(copy(from->label, &run->label));
    DSGD_TRY(copy(from->key, &run->key));
    DSGD_TRY(copy(from->kind, &run->kind));
    DSGD_TRY(copy(path, &run->path));
    return fill_run(run, NULL, 0, (const char *const *)from->set, from->sets);
}

/* What all runs of a sweep share. */
struct common {
    const char *const *set;
    size_t sets;
    struct data_shelf *shelf;
};

static enum dsgd_status add_run(struct sweep *sweep, const char *block, const char *config, const struct axis *axis, int axes,
                                const struct common *common)
{
    DSGD_TRY(grow(sweep));
    struct sweep_run *run = &sweep->run[sweep->runs++];
    *run = (struct sweep_run){.block = strdup(block)};
    if (!run->block) { return no_memory(); }
    DSGD_TRY(find_config(sweep, config, run));
    DSGD_TRY(fill_run(run, axis, axes, common->set, common->sets));
    char **found = NULL;
    size_t count = 0;
    enum dsgd_status status = resolve(sweep, run, common->shelf, &found, &count);
    if (status != DSGD_OK) { /* a value that no run accepts, or the configuration itself */
        char text[DSGD_MESSAGE_MAX];
        snprintf(text, sizeof text, "%s", dsgd_error());
        status = dsgd_fail(status, "%s, runs %s: %s", sweep->path, block, text);
    } else if (compare(sweep)) {
        for (size_t j = 1; j < count && status == DSGD_OK; ++j) { status = add_found(sweep, found[j]); }
    }
    for (size_t j = 0; j < count; ++j) { free(found[j]); }
    free(found);
    return status;
}

/* The runs of a block with its axes; the last key varies fastest. */
static enum dsgd_status expand_axes(struct sweep *sweep, cfg_t *block, const struct common *common, struct axis *axis)
{
    int axes = 0;
    const char *section = NULL;
    const struct dsgd_param *table = NULL;
    DSGD_TRY(add_axes(block, "", dsgd_run_params, common->set, common->sets, axis, &axes));
    for (size_t i = 0; dsgd_spec_section(i, &section, &table); ++i) {
        DSGD_TRY(add_axes(cfg_getsec(block, section), section, table, common->set, common->sets, axis, &axes));
    }
    if (cfg_size(block, "config") == 0) {
        return dsgd_fail(DSGD_EINPUT, "%s: runs %s has no config: expected config = FILE.conf", sweep->path, cfg_title(block));
    }
    for (unsigned c = 0; c < cfg_size(block, "config"); ++c) {
        int turn = 0;
        while (turn >= 0) {
            DSGD_TRY(add_run(sweep, cfg_title(block), cfg_getnstr(block, "config", c), axis, axes, common));
            for (turn = axes - 1; turn >= 0 && ++axis[turn].at == cfg_opt_size(axis[turn].values); --turn) { axis[turn].at = 0; }
        }
    }
    return DSGD_OK;
}

static enum dsgd_status expand(struct sweep *sweep, cfg_t *block, const struct common *common)
{
    struct axis *axis = calloc(AXES_MAX, sizeof *axis);
    if (!axis) { return no_memory(); }
    const enum dsgd_status status = expand_axes(sweep, block, common, axis);
    free(axis);
    return status;
}

enum dsgd_status dsgd_sweep_load(const char *path, const char *const *set, size_t sets, struct data_shelf *shelf, struct sweep *out)
{
    const char *slash = strrchr(path, '/');
    *out = (struct sweep){.name = strdup(slash ? slash + 1 : path), .path = strdup(path)};
    const struct common common = {set, sets, shelf};
    struct source source = {.cfg = NULL};
    enum dsgd_status status = out->name && out->path ? dsgd_source_parse(path, SOURCE_SWEEP, &source) : no_memory();
    if (status == DSGD_OK) {
        char *end = strrchr(out->name, '.');
        if (end && strcmp(end, ".sweep") == 0) { *end = '\0'; }
        if (cfg_size(source.cfg, "runs") == 0) {
            status = dsgd_fail(DSGD_EINPUT, "sweep %s is empty: expected runs NAME { config = FILE.conf ... }", path);
        }
    }
    for (unsigned b = 0; status == DSGD_OK && b < cfg_size(source.cfg, "runs"); ++b) {
        status = expand(out, cfg_getnsec(source.cfg, "runs", b), &common);
    }
    dsgd_source_clear(&source);
    if (status != DSGD_OK) { dsgd_sweep_clear(out); }
    return status;
}

bool dsgd_sweep_selected(const struct sweep_run *run, const char *block)
{
    return block ? strcmp(run->block, block) == 0 : !run->repeated;
}

bool dsgd_sweep_to_make(const struct sweep_run *run)
{
    return run->state == SWEEP_TO_DO || run->state == SWEEP_DAMAGED;
}

enum dsgd_status dsgd_sweep_check_block(const struct sweep *sweep, const char *block)
{
    char names[512] = "";
    for (size_t j = 0; block && j < sweep->runs; ++j) {
        if (strcmp(sweep->run[j].block, block) == 0) { return DSGD_OK; }
        if (j > 0 && strcmp(sweep->run[j].block, sweep->run[j - 1].block) == 0) { continue; }
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", sweep->run[j].block);
    }
    return block ? dsgd_fail(DSGD_EINPUT, "--block %s: expected a block of %s: %s", block, sweep->path, names) : DSGD_OK;
}
