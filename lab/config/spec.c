/* spec.c - a run from a configuration file and --set, through the parameter tables. */
#include "lab/config/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/registry.h"
#include "convex/registry.h"
#include "lab/config/aliases.h"
#include "lab/config/library.h"
#include "lab/config/source.h"
#include "lab/config/words.h"
#include "lab/plugin.h"
#include "sim/sha256.h"

bool dsgd_spec_section(size_t i, const char **name, const struct dsgd_param **table)
{
    for (const struct dsgd_run_section *s = dsgd_run_sections; s->name; ++s, --i) {
        if (i == 0) { return *name = s->name, *table = s->params, true; }
    }
    for (size_t j = 0; dsgd_dataset_at(j); ++j, --i) {
        if (i == 0) { return *name = dsgd_dataset_at(j)->name, *table = dsgd_dataset_at(j)->params, true; }
    }
    for (size_t j = 0; dsgd_problem_at(j); ++j, --i) {
        if (i == 0) { return *name = dsgd_problem_at(j)->name, *table = dsgd_problem_at(j)->params, true; }
    }
    for (size_t j = 0; dsgd_algorithm_at(j); ++j, --i) {
        if (i == 0) { return *name = dsgd_algorithm_at(j)->name, *table = dsgd_algorithm_at(j)->params, true; }
    }
    return false;
}

/* Fills `config` from one table: defaults, then the file's values, then --set. section "" is the top level. */
static enum dsgd_status fill(const struct source *source, const char *section, const struct dsgd_param *table,
                             const char *const *set, size_t sets, void *config)
{
    DSGD_TRY(dsgd_param_defaults(table, section, config));
    cfg_t *cfg = *section && source->cfg ? cfg_getsec(source->cfg, section) : source->cfg; /* NULL: no file */
    for (const struct dsgd_param *p = table; p && p->name; ++p) {
        cfg_opt_t *option = cfg ? cfg_getopt(cfg, p->name) : NULL;
        const char *text = option && cfg_opt_size(option) > 0 ? cfg_opt_getnstr(option, 0) : NULL;
        if (text) { DSGD_TRY(dsgd_param_set(p, section, config, text)); }
    }
    const size_t prefix = strlen(section);
    for (size_t j = 0; j < sets; ++j) {
        const char *key = set[j], *equals = strchr(key, '=');
        if (*section) {
            if (strncmp(key, section, prefix) != 0 || key[prefix] != '.') { continue; }
            key += prefix + 1;
        }
        char name[DSGD_TEXT_MAX];
        if (snprintf(name, sizeof name, "%.*s", (int)(equals - key), key) >= (int)sizeof name) { continue; }
        const struct dsgd_param *p = dsgd_param_find(table, name);
        if (p) { DSGD_TRY(dsgd_param_set(p, section, config, equals + 1)); }
    }
    return DSGD_OK;
}

/* Every --set must be key=value with a known key. */
static enum dsgd_status check_set(const char *set)
{
    const char *equals = strchr(set, '=');
    if (!equals || equals == set) { return dsgd_fail(DSGD_EINPUT, "--set %s: expected key=value or section.key=value", set); }
    char section[DSGD_TEXT_MAX] = "", key[DSGD_TEXT_MAX];
    const char *dot = memchr(set, '.', (size_t)(equals - set));
    if (dot) { snprintf(section, sizeof section, "%.*s", (int)(dot - set), set); }
    const char *from = dot ? dot + 1 : set;
    snprintf(key, sizeof key, "%.*s", (int)(equals - from), from);
    if (!dot && dsgd_param_find(dsgd_run_params, key)) { return DSGD_OK; }
    const char *name = NULL;
    const struct dsgd_param *table = NULL;
    for (size_t i = 0; dot && dsgd_spec_section(i, &name, &table); ++i) {
        if (strcmp(name, section) == 0 && dsgd_param_find(table, key)) { return DSGD_OK; }
    }
    char where[2 * DSGD_TEXT_MAX];
    snprintf(where, sizeof where, "--set %.100s", set);
    return dsgd_source_unknown_key(where, section, key);
}

/* Allocates and fills a plug-in's config struct; at least one byte, so that NULL means failure. */
static enum dsgd_status plug_in(const struct source *source, const char *name, const struct dsgd_param *table, size_t size,
                                const char *const *set, size_t sets, void **config)
{
    *config = calloc(1, size ? size : 1);
    if (!*config) { return dsgd_fail(DSGD_ENOMEM, "no memory for section %s", name); }
    return fill(source, name, table, set, sets, *config);
}

/* Sections of plug-ins that this run does not use must make sense too. */
static enum dsgd_status check_unused(const struct source *source, const char *const *set, size_t sets)
{
    const char *name = NULL;
    const struct dsgd_param *table = NULL;
    size_t i = 0;
    while (dsgd_run_sections[i].name) { ++i; }
    for (; dsgd_spec_section(i, &name, &table); ++i) {
        _Alignas(16) char scratch[DSGD_CONFIG_MAX];
        memset(scratch, 0, sizeof scratch);
        for (const struct dsgd_param *p = table; p && p->name; ++p) {
            if (p->offset + DSGD_TEXT_MAX > sizeof scratch) { return dsgd_fail(DSGD_EINTERNAL, "section %s is too large", name); }
        }
        DSGD_TRY(fill(source, name, table, set, sets, scratch));
    }
    return DSGD_OK;
}

/* Not everything that can be set is part of a result. */
static bool matters(const struct dsgd_param *table, const struct dsgd_param *p, const void *config)
{
    for (const struct dsgd_run_section *s = dsgd_run_sections; s->name; ++s) {
        if (table == s->params) { return dsgd_run_key_matters(config, p); }
    }
    return table != dsgd_run_params || strcmp(p->name, "label") != 0;
}

/* Whether a section has a line that matters. */
static bool any_matters(const struct dsgd_param *table, const void *config)
{
    for (const struct dsgd_param *p = table; p && p->name; ++p) {
        if (matters(table, p, config)) { return true; }
    }
    return false;
}

static void print_table(FILE *out, const char *section, const struct dsgd_param *table, const void *config)
{
    if (!any_matters(table, config)) { return; }
    if (*section) { fprintf(out, "%s {\n", section); }
    for (const struct dsgd_param *p = table; p->name; ++p) {
        char text[DSGD_TEXT_MAX + 32];
        if (!matters(table, p, config)) { continue; }
        dsgd_param_format(p, config, text, sizeof text);
        fprintf(out, "%s%s = ", *section ? "    " : "", p->name);
        dsgd_source_print_value(out, text);
        putc('\n', out);
    }
    if (*section) { fprintf(out, "}\n"); }
}

/* SHA-256 of two texts, one behind the other. */
static void hash_texts(const char *a, const char *b, char hex[65])
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, strlen(a), (const uint8_t *)a);
    sha256_update(&sha, strlen(b), (const uint8_t *)b);
    dsgd_sha256_end(&sha, 64, hex);
}

static enum dsgd_status print_spec(const struct dsgd_spec *spec, const struct dsgd_run_config *run, char **text)
{
    size_t size = 0;
    FILE *out = open_memstream(text, &size);
    if (!out) { return dsgd_fail(DSGD_ENOMEM, "no memory for the resolved configuration"); }
    print_table(out, "", dsgd_run_params, run);
    for (const struct dsgd_run_section *s = dsgd_run_sections; s->name; ++s) { print_table(out, s->name, s->params, run); }
    if (spec->dataset) { print_table(out, spec->dataset->name, spec->dataset->params, spec->dataset_config); }
    print_table(out, spec->problem->name, spec->problem->params, spec->problem_config);
    print_table(out, spec->algorithm->name, spec->algorithm->params, spec->algorithm_config);
    return fclose(out) == 0 ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for the resolved configuration");
}

/* The text, and its hash: of what makes the bits. A problem of our own has the same on every device; one of a library has them on its own. */
static enum dsgd_status resolve_text(struct dsgd_spec *spec)
{
    DSGD_TRY(print_spec(spec, &spec->run, &spec->text));
    struct dsgd_run_config anywhere = spec->run;
    if (!*dsgd_problem_library(spec->problem)) { DSGD_TRY(dsgd_param_set(dsgd_param_find(dsgd_run_params, "backend"), "", &anywhere, "cpu")); }
    char *text = NULL;
    const enum dsgd_status status = print_spec(spec, &anywhere, &text);
    char version[64 + sizeof spec->plugins];
    snprintf(version, sizeof version, "results_version = %d\n%s", DSGD_RESULTS_VERSION, spec->plugins);
    if (status == DSGD_OK) { hash_texts(version, text, spec->sha256); }
    free(text);
    return status;
}

/* What of a run comes from outside: "algorithm rounding 0123...\n", a line each. */
static void note_plugins(struct dsgd_spec *spec)
{
    const struct {
        const char *role, *name;
        const void *entry;
    } used[] = {{"algorithm", spec->algorithm->name, spec->algorithm}, {"problem", spec->problem->name, spec->problem},
                {"dataset", spec->dataset ? spec->dataset->name : "", spec->dataset}};
    size_t length = 0;
    for (size_t j = 0; j < sizeof used / sizeof *used; ++j) {
        struct dsgd_plugin_origin origin;
        if (!used[j].entry || !dsgd_plugin_origin(used[j].entry, &origin)) { continue; }
        length += (size_t)snprintf(spec->plugins + length, sizeof spec->plugins - length, "%s %s %s\n", used[j].role, used[j].name, origin.sha256);
    }
}

#define KNOWN(role, at)                                                                           \
    static void known_##role(char *text, size_t size)                                             \
    {                                                                                             \
        size_t used = 0;                                                                          \
        for (size_t i = 0; at(i) && used < size; ++i) {                                           \
            used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", at(i)->name); \
        }                                                                                         \
    }
KNOWN(algorithm, dsgd_algorithm_at)
KNOWN(problem, dsgd_problem_at)
KNOWN(dataset, dsgd_dataset_at)

static enum dsgd_status unknown_name(const char *role, const char *name, void (*known)(char *, size_t))
{
    char names[512] = "";
    known(names, sizeof names);
    for (size_t i = 0; strcmp(role, "algorithm") == 0 && dsgd_algorithm_at(i); ++i) {
        const struct dsgd_algorithm *a = dsgd_algorithm_at(i);
        if (a->aliases && dsgd_alias_in(a->aliases, name)) {
            return dsgd_fail(DSGD_EINPUT, "algorithm = %s: here it is %s; expected one of %s", name, a->name, names);
        }
    }
    return dsgd_fail(DSGD_EINPUT, "%s = %s: expected one of %s", role, name, names);
}

/* A file's label speaks of the file's algorithm: under another one, which `set` names, the run has none unless `set` gives that too. */
static enum dsgd_status drop_label(const struct source *source, const char *const *set, size_t sets, struct dsgd_run_config *run)
{
    struct dsgd_run_config file;
    for (size_t j = 0; j < sets; ++j) {
        if (strncmp(set[j], "label=", 6) == 0) { return DSGD_OK; }
    }
    DSGD_TRY(fill(source, "", dsgd_run_params, NULL, 0, &file));
    if (strcmp(file.algorithm, run->algorithm) != 0) { *run->label = '\0'; }
    return DSGD_OK;
}

static enum dsgd_status resolve(const struct source *source, const char *const *set, size_t sets, struct dsgd_spec *spec)
{
    struct dsgd_run_config *run = &spec->run;
    DSGD_TRY(fill(source, "", dsgd_run_params, set, sets, run));
    DSGD_TRY(drop_label(source, set, sets, run));
    for (const struct dsgd_run_section *s = dsgd_run_sections; s->name; ++s) { DSGD_TRY(fill(source, s->name, s->params, set, sets, run)); }
    spec->algorithm = dsgd_algorithm_find(run->algorithm);
    spec->problem = dsgd_problem_find(run->problem);
    if (!spec->algorithm) { return unknown_name("algorithm", run->algorithm, known_algorithm); }
    if (!spec->problem) { return unknown_name("problem", run->problem, known_problem); }
    spec->dataset = dsgd_dataset_find(run->dataset);
    if (!spec->dataset && spec->problem->needs_dataset) { return unknown_name("dataset", run->dataset, known_dataset); }
    if (!spec->problem->needs_dataset) {
        spec->dataset = NULL;
        strcpy(run->dataset, "none");
    }
    DSGD_TRY(check_unused(source, set, sets));
    DSGD_TRY(plug_in(source, run->algorithm, spec->algorithm->params, spec->algorithm->config_size, set, sets,
                     &spec->algorithm_config));
    DSGD_TRY(plug_in(source, run->problem, spec->problem->params, spec->problem->config_size, set, sets, &spec->problem_config));
    if (spec->dataset) {
        DSGD_TRY(plug_in(source, run->dataset, spec->dataset->params, spec->dataset->config_size, set, sets,
                         &spec->dataset_config));
    }
    run->seed_data = dsgd_run_seed(run, run->seed_data);
    run->seed_hash = dsgd_run_seed(run, run->seed_hash);
    run->seed_algorithm = dsgd_run_seed(run, run->seed_algorithm);
    note_plugins(spec);
    return resolve_text(spec);
}

enum dsgd_status dsgd_spec_load(const char *path, const char *const *set, size_t sets, struct dsgd_spec *out)
{
    *out = (struct dsgd_spec){.name = NULL};
    for (size_t j = 0; j < sets; ++j) { DSGD_TRY(check_set(set[j])); }
    struct source source = {.cfg = NULL};
    enum dsgd_status status = path ? dsgd_source_parse(path, SOURCE_CONFIG, &source) : DSGD_OK;
    if (status == DSGD_OK) { status = resolve(&source, set, sets, out); }
    dsgd_source_clear(&source);
    if (status == DSGD_OK) {
        const char *slash = path ? strrchr(path, '/') : NULL;
        out->name = strdup(slash ? slash + 1 : path ? path : "run");
        if (!out->name) { status = dsgd_fail(DSGD_ENOMEM, "no memory for a name"); }
    }
    if (status != DSGD_OK) {
        dsgd_spec_clear(out);
        return status;
    }
    char *end = strrchr(out->name, '.');
    if (end && strcmp(end, ".conf") == 0) { *end = '\0'; }
    return DSGD_OK;
}

/* Splits the text; *words is owned, its words too. */
static enum dsgd_status split(const char *text, char ***words, size_t *n)
{
    for (const char *at = text;;) {
        char **grown = realloc(*words, (*n + 1) * sizeof *grown);
        if (!grown) { return dsgd_fail(DSGD_ENOMEM, "no memory for the words of a configuration"); }
        *words = grown;
        switch (dsgd_words_next(&at, &grown[*n])) {
        case WORDS_ONE: ++*n; break;
        case WORDS_NONE: return DSGD_OK;
        case WORDS_OPEN: return dsgd_fail(DSGD_EINPUT, "configuration \"%.200s\": expected another \" that ends what the last one begins", text);
        case WORDS_MEMORY: return dsgd_fail(DSGD_ENOMEM, "no memory for the words of a configuration");
        }
    }
}

enum dsgd_status dsgd_spec_words(const char *words, struct dsgd_spec *out)
{
    char **word = NULL;
    size_t n = 0;
    *out = (struct dsgd_spec){.name = NULL};
    enum dsgd_status status = split(words, &word, &n);
    if (status == DSGD_OK) { status = dsgd_spec_load(NULL, (const char *const *)word, n, out); }
    for (size_t j = 0; j < n; ++j) { free(word[j]); }
    free(word);
    return status;
}

void dsgd_spec_clear(struct dsgd_spec *spec)
{
    free(spec->dataset_config);
    free(spec->problem_config);
    free(spec->algorithm_config);
    free(spec->name);
    free(spec->text);
    *spec = (struct dsgd_spec){.name = NULL};
}

enum dsgd_status dsgd_spec_path(const struct dsgd_spec *spec, const char *dataset_sha256, char *path, size_t size)
{
    char hex[65] = "????????";
    if (dataset_sha256) { hash_texts(spec->sha256, dataset_sha256, hex); }
    const int n = snprintf(path, size, "results/%s/%s-T%lld-s%lld-%.8s.h5", spec->dataset ? spec->dataset->name : spec->problem->name,
                           spec->name, (long long)spec->run.steps, (long long)spec->run.seed, hex);
    return n > 0 && (size_t)n < size ? DSGD_OK : dsgd_fail(DSGD_EINPUT, "configuration name %s is too long", spec->name);
}
