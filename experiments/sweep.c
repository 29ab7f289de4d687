/* sweep.c - expansion of a grid, and which of its combinations are possible. */
#include "experiments/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiments/dry_run.h"
#include "experiments/source.h"
#include "sim/clock.h"

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
    free(run->kind);
    free(run->skipped);
}

void sweep_clear(struct sweep *sweep)
{
    for (size_t j = 0; j < sweep->runs; ++j) { run_clear(&sweep->run[j]); }
    free(sweep->run);
    free(sweep->name);
    free(sweep->path);
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
static char *kind_of(const struct spec *spec)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (const char *line = spec->text; out && *line; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, "seed", 4) != 0 && strncmp(line, "steps ", 6) != 0) {
            fprintf(out, "%.*s\n", (int)strcspn(line, "\n"), line);
        }
    }
    return out && fclose(out) == 0 ? text : NULL;
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

/* A configuration's path is relative to the sweep's folder. */
static enum dsgd_status find_config(const struct sweep *sweep, const char *config, struct sweep_run *run)
{
    const char *slash = *config == '/' ? NULL : strrchr(sweep->path, '/');
    const int folder = slash ? (int)(slash - sweep->path + 1) : 0;
    const size_t size = (size_t)folder + strlen(config) + 1;
    if (!(run->config = malloc(size))) { return no_memory(); }
    snprintf(run->config, size, "%.*s%s", folder, sweep->path, config);
    return DSGD_OK;
}

/* Fills path, kind, steps and rows from the resolved configuration. */
static enum dsgd_status resolve(struct sweep_run *run)
{
    struct spec spec;
    char path[4096];
    DSGD_TRY(spec_load(run->config, (const char *const *)run->set, run->sets, &spec));
    enum dsgd_status status = spec_path(&spec, path, sizeof path);
    if (status == DSGD_OK) {
        run->path = strdup(path);
        run->kind = kind_of(&spec);
        run->steps = spec.run.steps;
        run->rows = dsgd_run_rows(&spec.run);
        run->done = access(path, F_OK) == 0;
        if (!run->path || !run->kind) { status = no_memory(); }
    }
    spec_clear(&spec);
    return status;
}

/* Compares the newest run with those before; one that its block has already is taken out again. */
static void compare(struct sweep *sweep)
{
    const size_t self = sweep->runs - 1;
    struct sweep_run *run = &sweep->run[self];
    run->alike = self;
    for (size_t j = 0; j < self; ++j) {
        const struct sweep_run *other = &sweep->run[j];
        if (run->alike == self && other->alike == j && strcmp(other->kind, run->kind) == 0) { run->alike = j; }
        if (strcmp(other->path, run->path) != 0) { continue; }
        run->repeated = true;
        if (strcmp(other->block, run->block) == 0) {
            ++sweep->same;
            run_clear(run);
            --sweep->runs;
            return;
        }
    }
}

static enum dsgd_status add_run(struct sweep *sweep, const char *block, const char *config, const struct axis *axis, int axes,
                                const char *const *set, size_t sets)
{
    DSGD_TRY(grow(sweep));
    struct sweep_run *run = &sweep->run[sweep->runs++];
    *run = (struct sweep_run){.block = strdup(block)};
    if (!run->block) { return no_memory(); }
    DSGD_TRY(find_config(sweep, config, run));
    DSGD_TRY(fill_run(run, axis, axes, set, sets));
    enum dsgd_status status = resolve(run);
    if (status != DSGD_OK) { /* a value that no run accepts, or the configuration itself */
        char text[DSGD_MESSAGE_MAX];
        snprintf(text, sizeof text, "%s", dsgd_message());
        return dsgd_fail(status, "%s, runs %s: %s", sweep->path, block, text);
    }
    compare(sweep);
    return DSGD_OK;
}

/* All combinations of a block; the last key varies fastest. */
static enum dsgd_status expand(struct sweep *sweep, cfg_t *block, const char *const *set, size_t sets)
{
    struct axis axis[AXES_MAX];
    int axes = 0;
    const char *section = NULL;
    const struct dsgd_param *table = NULL;
    DSGD_TRY(add_axes(block, "", dsgd_run_params, set, sets, axis, &axes));
    for (size_t i = 0; spec_section(i, &section, &table); ++i) {
        DSGD_TRY(add_axes(cfg_getsec(block, section), section, table, set, sets, axis, &axes));
    }
    if (cfg_size(block, "config") == 0) {
        return dsgd_fail(DSGD_EINPUT, "%s: runs %s has no config: expected config = FILE.conf", sweep->path, cfg_title(block));
    }
    for (unsigned c = 0; c < cfg_size(block, "config"); ++c) {
        int turn = 0;
        while (turn >= 0) {
            DSGD_TRY(add_run(sweep, cfg_title(block), cfg_getnstr(block, "config", c), axis, axes, set, sets));
            for (turn = axes - 1; turn >= 0 && ++axis[turn].at == cfg_opt_size(axis[turn].values); --turn) { axis[turn].at = 0; }
        }
    }
    return DSGD_OK;
}

enum dsgd_status sweep_load(const char *path, const char *const *set, size_t sets, struct sweep *out)
{
    const char *slash = strrchr(path, '/');
    *out = (struct sweep){.name = strdup(slash ? slash + 1 : path), .path = strdup(path)};
    struct source source = {.cfg = NULL};
    enum dsgd_status status = out->name && out->path ? source_parse(path, SOURCE_SWEEP, &source) : no_memory();
    if (status == DSGD_OK) {
        char *end = strrchr(out->name, '.');
        if (end && strcmp(end, ".sweep") == 0) { *end = '\0'; }
        if (cfg_size(source.cfg, "runs") == 0) {
            status = dsgd_fail(DSGD_EINPUT, "sweep %s is empty: expected runs NAME { config = FILE.conf ... }", path);
        }
    }
    for (unsigned b = 0; status == DSGD_OK && b < cfg_size(source.cfg, "runs"); ++b) {
        status = expand(out, cfg_getnsec(source.cfg, "runs", b), set, sets);
    }
    source_clear(&source);
    if (status != DSGD_OK) { sweep_clear(out); }
    return status;
}

/* What a result holds besides columns and models: names, units, provenance, HDF5's own. Measured. */
enum { FILE_BYTES = 41000 };

static void estimate(struct sweep_run *run, const struct dry_run_costs *c, double open_s)
{
    run->seconds = open_s + c->round_s * (double)run->steps + c->row_s * (double)run->rows;
    run->bytes = FILE_BYTES + 8.0 * (double)c->columns * (double)run->rows + 16.0 * (double)c->d;
}

/* Opens one of the runs that are alike. DSGD_EINPUT that is not the data's is a reason to skip. */
static enum dsgd_status look(struct sweep_run *run, const struct session_options *options, double seconds,
                             struct dry_run_costs *costs, double *open_s)
{
    struct spec spec;
    struct session session = {.spec = NULL};
    DSGD_TRY(spec_load(run->config, (const char *const *)run->set, run->sets, &spec));
    const double start = dsgd_clock();
    enum dsgd_status status = session_open(&spec, options, &session);
    *open_s = dsgd_clock() - start - session.reference_s; /* optimum and constants are found once and stored */
    if (status == DSGD_OK && seconds > 0.0) {
        status = dry_run_measure(&session, seconds, costs);
    } else if (status == DSGD_OK) {
        struct dsgd_engine *engine = NULL;
        status = dsgd_engine_create(&session.args, &engine);
        dsgd_engine_destroy(engine);
    }
    if (status == DSGD_EINPUT || status == DSGD_EUNAVAILABLE) {
        run->skipped = strdup(dsgd_message());
        if (!run->skipped) { status = no_memory(); }
        struct dsgd_dataset *data = NULL;
        const struct dsgd_dataset_args args = {.config = spec.dataset_config, .folder = options->data};
        if (run->skipped && (!spec.dataset || spec.dataset->load(&args, &data) == DSGD_OK)) { status = DSGD_OK; }
        dsgd_dataset_destroy(data);
    }
    session_close(&session);
    spec_clear(&spec);
    return status;
}

enum dsgd_status sweep_check(struct sweep *sweep, const struct session_options *options, double seconds)
{
    for (size_t j = 0; j < sweep->runs; ++j) {
        struct sweep_run *first = &sweep->run[j];
        bool wanted = false;
        for (size_t i = j; first->alike == j && i < sweep->runs; ++i) {
            wanted = wanted || (sweep->run[i].alike == j && !(seconds > 0.0 && sweep->run[i].done));
        }
        if (!wanted) { continue; }
        struct dry_run_costs costs = {.d = 0};
        double open_s = 0.0;
        DSGD_TRY(look(first, options, seconds, &costs, &open_s));
        for (size_t i = j; i < sweep->runs; ++i) {
            struct sweep_run *run = &sweep->run[i];
            if (run->alike != j) { continue; }
            if (first->skipped && i != j && !(run->skipped = strdup(first->skipped))) { return no_memory(); }
            if (!run->skipped && seconds > 0.0 && !run->done) { estimate(run, &costs, open_s); }
        }
    }
    return DSGD_OK;
}
