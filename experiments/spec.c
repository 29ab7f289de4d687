/* spec.c - configuration files (libConfuse) and --set, through the parameter tables. */
#include "experiments/spec.h"

#include <confuse.h>
#include <libgen.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "algorithms/registry.h"
#include "convex/registry.h"

enum { SECTIONS_MAX = 128, SECTION_BYTES_MAX = 1024 };

bool spec_section(size_t i, const char **name, const struct dsgd_param **table)
{
    if (i == 0) { return *name = "step", *table = dsgd_step_params, true; }
    if (i == 1) { return *name = "log", *table = dsgd_log_params, true; }
    i -= 2;
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

static size_t edit_distance(const char *a, const char *b)
{
    size_t row[DSGD_TEXT_MAX + 1];
    const size_t n = strlen(a), m = strlen(b);
    if (n > DSGD_TEXT_MAX || m > DSGD_TEXT_MAX) { return DSGD_TEXT_MAX; }
    for (size_t j = 0; j <= m; ++j) { row[j] = j; }
    for (size_t i = 1; i <= n; ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; ++j) {
            const size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            const size_t insert = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
            row[j] = replace < insert ? replace : insert;
        }
    }
    return row[m];
}

static void nearer(const char *key, const char *section, const char *candidate, size_t *best, char *text, size_t size)
{
    const size_t distance = edit_distance(key, candidate);
    if (distance < *best) {
        *best = distance;
        snprintf(text, size, "%s%s%s", section, *section ? "." : "", candidate);
    }
}

/* The sentence about an unknown key, with the nearest known one: in its section if that exists, else anywhere. */
static enum dsgd_status unknown_key(const char *where, const char *section, const char *key)
{
    char text[2 * DSGD_TEXT_MAX] = "";
    size_t best = SIZE_MAX;
    const char *name = NULL;
    const struct dsgd_param *table = NULL;
    for (int all = 0; all < 2 && best == SIZE_MAX; ++all) {
        for (const struct dsgd_param *p = dsgd_run_params; (all || !*section) && p->name; ++p) {
            nearer(key, "", p->name, &best, text, sizeof text);
        }
        for (size_t i = 0; spec_section(i, &name, &table); ++i) {
            if (all || !*section) { nearer(key, "", name, &best, text, sizeof text); }
            if (!all && strcmp(section, name) != 0) { continue; }
            for (const struct dsgd_param *p = table; p && p->name; ++p) {
                nearer(key, name, p->name, &best, text, sizeof text);
            }
        }
    }
    return dsgd_fail(DSGD_EINPUT, "%s: unknown key %s%s%s; the nearest known one is %s (all: dsgd list)", where, section,
                     *section ? "." : "", key, text);
}

/* libConfuse reports through a callback without a context: the sentence goes to dsgd_fail, the first one stays. */
static _Thread_local bool parse_failed;
static _Thread_local const cfg_t *parse_root; /* a section knows its line but not its file */

static void on_parse_error(cfg_t *cfg, const char *format, va_list arguments)
{
    if (parse_failed) { return; }
    parse_failed = true;
    char where[512], text[512];
    snprintf(where, sizeof where, "%s:%d", parse_root->filename ? parse_root->filename : "configuration", cfg->line);
    if (strncmp(format, "no such option", 14) == 0) {
        va_list copy;
        va_copy(copy, arguments);
        const char *key = va_arg(copy, const char *);
        unknown_key(where, strcmp(cfg->name, "root") == 0 ? "" : cfg->name, key);
        va_end(copy);
        return;
    }
    vsnprintf(text, sizeof text, format, arguments);
    dsgd_fail(DSGD_EINPUT, "%s: %s; expected key = value, section { ... } or include(\"file\")", where, text);
}

/* All keys are texts to libConfuse; types and ranges are the tables' business. */
static cfg_opt_t *options_of(const struct dsgd_param *table, size_t extra)
{
    size_t n = 0;
    while (table && table[n].name) { ++n; }
    cfg_opt_t *options = calloc(n + extra + 1, sizeof *options);
    for (size_t j = 0; options && j < n; ++j) {
        options[j] = (cfg_opt_t)CFG_STR(table[j].name, NULL, CFGF_NODEFAULT);
    }
    return options;
}

struct source {
    cfg_t *cfg;
    cfg_opt_t *root, *section[SECTIONS_MAX];
    size_t sections;
};

static void source_clear(struct source *source)
{
    if (source->cfg) { cfg_free(source->cfg); }
    for (size_t j = 0; j < source->sections; ++j) { free(source->section[j]); }
    free(source->root);
}

static enum dsgd_status source_parse(const char *path, struct source *source)
{
    const char *name = NULL;
    const struct dsgd_param *table = NULL;
    size_t n = 0;
    while (dsgd_run_params[n].name) { ++n; }
    source->root = options_of(dsgd_run_params, SECTIONS_MAX + 2);
    if (!source->root) { return dsgd_fail(DSGD_ENOMEM, "no memory for the configuration"); }
    for (size_t i = 0; i < SECTIONS_MAX && spec_section(i, &name, &table); ++i) {
        source->section[i] = options_of(table, 0);
        if (!source->section[i]) { return dsgd_fail(DSGD_ENOMEM, "no memory for the configuration"); }
        source->sections = i + 1;
        source->root[n++] = (cfg_opt_t)CFG_SEC(name, source->section[i], CFGF_NONE);
    }
    source->root[n++] = (cfg_opt_t)CFG_FUNC("include", &cfg_include);
    source->root[n] = (cfg_opt_t)CFG_END();
    source->cfg = cfg_init(source->root, CFGF_NONE);
    if (!source->cfg) { return dsgd_fail(DSGD_ENOMEM, "no memory for the configuration"); }
    cfg_set_error_function(source->cfg, on_parse_error);
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    cfg_add_searchpath(source->cfg, dirname(folder)); /* include("x") is relative to the file */
    if (access(path, R_OK) != 0) {
        return dsgd_fail(DSGD_EINPUT, "configuration %s cannot be read: expected a file such as experiments/logistic_vanilla.conf",
                         path);
    }
    char name_in_folder[4096]; /* libConfuse looks in the search path, which is this file's folder */
    snprintf(name_in_folder, sizeof name_in_folder, "%s", path);
    parse_failed = false;
    parse_root = source->cfg;
    const int result = cfg_parse(source->cfg, basename(name_in_folder));
    if (result != CFG_SUCCESS) {
        return parse_failed ? DSGD_EINPUT : dsgd_fail(DSGD_EINPUT, "configuration %s cannot be parsed: expected key = value lines", path);
    }
    return DSGD_OK;
}

/* Fills `config` from one table: defaults, then the file's values, then --set. section "" is the top level. */
static enum dsgd_status fill(const struct source *source, const char *section, const struct dsgd_param *table,
                             const char *const *set, size_t sets, void *config)
{
    DSGD_TRY(dsgd_param_defaults(table, section, config));
    cfg_t *cfg = *section ? cfg_getsec(source->cfg, section) : source->cfg;
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
    for (size_t i = 0; dot && spec_section(i, &name, &table); ++i) {
        if (strcmp(name, section) == 0 && dsgd_param_find(table, key)) { return DSGD_OK; }
    }
    char where[2 * DSGD_TEXT_MAX];
    snprintf(where, sizeof where, "--set %.100s", set);
    return unknown_key(where, section, key);
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
    for (size_t i = 2; spec_section(i, &name, &table); ++i) {
        _Alignas(16) char scratch[SECTION_BYTES_MAX];
        memset(scratch, 0, sizeof scratch);
        for (const struct dsgd_param *p = table; p && p->name; ++p) {
            if (p->offset + DSGD_TEXT_MAX > sizeof scratch) { return dsgd_fail(DSGD_EINTERNAL, "section %s is too large", name); }
        }
        DSGD_TRY(fill(source, name, table, set, sets, scratch));
    }
    return DSGD_OK;
}

static void print_table(FILE *out, const char *section, const struct dsgd_param *table, const void *config)
{
    if (!table || !table->name) { return; }
    if (*section) { fprintf(out, "%s {\n", section); }
    for (const struct dsgd_param *p = table; p->name; ++p) {
        char text[DSGD_TEXT_MAX + 32];
        if (table == dsgd_run_params && strcmp(p->name, "label") == 0) { continue; }
        dsgd_param_format(p, config, text, sizeof text);
        fprintf(out, "%s%s = %s\n", *section ? "    " : "", p->name, p->type == DSGD_PARAM_TEXT && !*text ? "\"\"" : text);
    }
    if (*section) { fprintf(out, "}\n"); }
}

static enum dsgd_status resolve_text(struct spec *spec)
{
    size_t size = 0;
    FILE *out = open_memstream(&spec->text, &size);
    if (!out) { return dsgd_fail(DSGD_ENOMEM, "no memory for the resolved configuration"); }
    print_table(out, "", dsgd_run_params, &spec->run);
    print_table(out, "step", dsgd_step_params, &spec->run);
    print_table(out, "log", dsgd_log_params, &spec->run);
    if (spec->dataset) { print_table(out, spec->dataset->name, spec->dataset->params, spec->dataset_config); }
    print_table(out, spec->problem->name, spec->problem->params, spec->problem_config);
    print_table(out, spec->algorithm->name, spec->algorithm->params, spec->algorithm_config);
    if (fclose(out) != 0) { return dsgd_fail(DSGD_ENOMEM, "no memory for the resolved configuration"); }
    char version[64];
    snprintf(version, sizeof version, "results_version = %d\n", DSGD_RESULTS_VERSION);
    struct sha256_ctx sha;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&sha);
    sha256_update(&sha, strlen(version), (const uint8_t *)version);
    sha256_update(&sha, size, (const uint8_t *)spec->text);
    sha256_digest(&sha, sizeof digest, digest);
    for (int b = 0; b < SHA256_DIGEST_SIZE; ++b) { snprintf(spec->sha256 + 2 * b, 3, "%02x", digest[b]); }
    return DSGD_OK;
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
    return dsgd_fail(DSGD_EINPUT, "%s = %s: expected one of %s", role, name, names);
}

static enum dsgd_status resolve(const struct source *source, const char *const *set, size_t sets, struct spec *spec)
{
    struct dsgd_run_config *run = &spec->run;
    DSGD_TRY(fill(source, "", dsgd_run_params, set, sets, run));
    DSGD_TRY(fill(source, "step", dsgd_step_params, set, sets, run));
    DSGD_TRY(fill(source, "log", dsgd_log_params, set, sets, run));
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
    return resolve_text(spec);
}

enum dsgd_status spec_load(const char *path, const char *const *set, size_t sets, struct spec *out)
{
    *out = (struct spec){.name = NULL};
    for (size_t j = 0; j < sets; ++j) { DSGD_TRY(check_set(set[j])); }
    struct source source = {.cfg = NULL};
    enum dsgd_status status = source_parse(path, &source);
    if (status == DSGD_OK) { status = resolve(&source, set, sets, out); }
    source_clear(&source);
    if (status == DSGD_OK) {
        const char *slash = strrchr(path, '/');
        out->name = strdup(slash ? slash + 1 : path);
        if (!out->name) { status = dsgd_fail(DSGD_ENOMEM, "no memory for a name"); }
    }
    if (status != DSGD_OK) {
        spec_clear(out);
        return status;
    }
    char *end = strrchr(out->name, '.');
    if (end && strcmp(end, ".conf") == 0) { *end = '\0'; }
    return DSGD_OK;
}

void spec_clear(struct spec *spec)
{
    free(spec->dataset_config);
    free(spec->problem_config);
    free(spec->algorithm_config);
    free(spec->name);
    free(spec->text);
    *spec = (struct spec){.name = NULL};
}

enum dsgd_status spec_path(const struct spec *spec, char *path, size_t size)
{
    const int n = snprintf(path, size, "results/%s/%s-T%lld-s%lld-%.8s.h5", spec->dataset ? spec->dataset->name : spec->problem->name,
                           spec->name, (long long)spec->run.steps, (long long)spec->run.seed, spec->sha256);
    return n > 0 && (size_t)n < size ? DSGD_OK : dsgd_fail(DSGD_EINPUT, "configuration name %s is too long", spec->name);
}
