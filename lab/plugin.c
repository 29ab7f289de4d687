/* plugin.c - loading, checking and remembering plug-ins. Interface: plugin.h. */
#include "lab/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "algorithms/registry.h"
#include "convex/registry.h"
#include "record/replace.h"
#include "sim/run_config.h"
#include "sim/table.h"

enum { PLUGINS_MAX = 64 };

static struct loaded {
    char *path;
    char sha256[65];
    const struct dsgd_plugin *plugin;
} loaded[PLUGINS_MAX];
static size_t loaded_count;

/* One kind of entry: how it is checked, added and taken back. */
struct kind {
    const char *role;
    const void *const *list;
    enum dsgd_status (*check)(const char *path, const void *entry);
    enum dsgd_status (*add)(const void *entry);
    void (*take_back)(const void *entry);
};

/* ---- what an entry must have ---- */

/* A section of a configuration: letters, digits and underscores. */
static bool is_name(const char *name)
{
    const size_t length = name ? strlen(name) : 0;
    return length > 0 && length < DSGD_TEXT_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length && (name[0] < '0' || name[0] > '9');
}

/* Sections share one space of names with each other and with the keys of the top level; `dsgd list` takes some words for itself. */
static bool is_taken(const char *name)
{
    static const char *const words[] = {"engine", "algorithms", "problems", "datasets", "none"};
    for (size_t j = 0; j < sizeof words / sizeof *words; ++j) {
        if (strcmp(name, words[j]) == 0) { return true; }
    }
    for (const struct dsgd_run_section *s = dsgd_run_sections; s->name; ++s) {
        if (strcmp(name, s->name) == 0) { return true; }
    }
    return dsgd_param_find(dsgd_run_params, name) || dsgd_algorithm_find(name) || dsgd_problem_find(name) || dsgd_dataset_find(name);
}

static enum dsgd_status check_name(const char *path, const char *role, const char *name, const char *title, const char *reference)
{
    if (!is_name(name)) {
        return dsgd_fail(DSGD_EINPUT, "plug-in %s: its %s is called \"%.64s\": expected small letters, digits and underscores, fewer than %d", path, role,
                         name ? name : "", DSGD_TEXT_MAX);
    }
    if (is_taken(name)) { return dsgd_fail(DSGD_EINPUT, "plug-in %s: its %s is called %s, a name that is taken: expected another", path, role, name); }
    if (!title || !reference) { return dsgd_fail(DSGD_EINPUT, "plug-in %s: %s %s has no title or no reference: expected both", path, role, name); }
    return DSGD_OK;
}

static size_t field_bytes(enum dsgd_param_type type)
{
    switch (type) {
    case DSGD_PARAM_INT:
    case DSGD_PARAM_COUNT: return sizeof(int64_t);
    case DSGD_PARAM_REAL: return sizeof(double);
    case DSGD_PARAM_BOOL: return sizeof(bool);
    case DSGD_PARAM_CHOICE: return sizeof(int);
    case DSGD_PARAM_TEXT: return DSGD_TEXT_MAX;
    }
    return 0;
}

static enum dsgd_status check_params(const char *path, const char *name, const struct dsgd_param *table, size_t config_size)
{
    for (const struct dsgd_param *p = table; p && p->name; ++p) {
        const size_t bytes = field_bytes(p->type);
        if (!is_name(p->name) || bytes == 0 || !p->initial || !p->help || (p->type == DSGD_PARAM_CHOICE && !p->choices)) {
            return dsgd_fail(DSGD_EINPUT, "plug-in %s: a key of %s has no name, type, default, choices or meaning: expected all of them", path, name);
        }
        if (p->offset > config_size || bytes > config_size - p->offset || config_size > DSGD_CONFIG_MAX) {
            return dsgd_fail(DSGD_EINPUT, "plug-in %s: key %s.%s lies outside its configuration of %zu bytes: expected it inside, and at most %d bytes", path, name,
                             p->name, config_size, (int)DSGD_CONFIG_MAX);
        }
    }
    _Alignas(16) char config[DSGD_CONFIG_MAX];
    memset(config, 0, sizeof config);
    if (dsgd_param_defaults(table, name, config) == DSGD_OK) { return DSGD_OK; }
    char why[DSGD_MESSAGE_MAX];
    snprintf(why, sizeof why, "%s", dsgd_error());
    return dsgd_fail(DSGD_EINPUT, "plug-in %s: a default is no value of its key: %.300s", path, why);
}

static enum dsgd_status missing(const char *path, const char *role, const char *name, const char *what)
{
    return dsgd_fail(DSGD_EINPUT, "plug-in %s: %s %s lacks one of %s: expected all of them", path, role, name, what);
}

static enum dsgd_status check_algorithm(const char *path, const void *entry)
{
    const struct dsgd_algorithm *a = entry;
    DSGD_TRY(check_name(path, "algorithm", a->name, a->title, a->reference));
    if (!a->departures || !(a->variant || (a->init && a->declare && a->encode && a->absorb && a->finish && a->decode))) {
        return missing(path, "algorithm", a->name, "departures, init, declare, encode, absorb, finish, decode");
    }
    return check_params(path, a->name, a->params, a->config_size);
}

static enum dsgd_status check_problem(const char *path, const void *entry)
{
    const struct dsgd_problem_ops *p = entry;
    DSGD_TRY(check_name(path, "problem", p->name, p->title, p->reference));
    if (!p->create || !p->destroy || !p->shape || !p->gradient || !p->evaluate || !p->metric || p->metrics < 1 || p->metrics > DSGD_METRICS_MAX) {
        return missing(path, "problem", p->name, "create, destroy, shape, gradient, evaluate, 1 to 8 metrics");
    }
    return check_params(path, p->name, p->params, p->config_size);
}

static enum dsgd_status check_dataset(const char *path, const void *entry)
{
    const struct dsgd_dataset_ops *d = entry;
    DSGD_TRY(check_name(path, "dataset", d->name, d->title, d->reference));
    if (!d->load) { return missing(path, "dataset", d->name, "load"); }
    return check_params(path, d->name, d->params, d->config_size);
}

static enum dsgd_status add_algorithm(const void *entry) { return dsgd_algorithm_register(entry); }
static enum dsgd_status add_problem(const void *entry) { return dsgd_problem_register(entry); }
static enum dsgd_status add_dataset(const void *entry) { return dsgd_dataset_register(entry); }
static void back_algorithm(const void *entry) { dsgd_algorithm_take_back(entry); }
static void back_problem(const void *entry) { dsgd_problem_take_back(entry); }
static void back_dataset(const void *entry) { dsgd_dataset_take_back(entry); }

enum { KINDS = 3 };

static void kinds_of(const struct dsgd_plugin *plugin, struct kind kind[KINDS])
{
    kind[0] = (struct kind){"algorithm", (const void *const *)plugin->algorithms, check_algorithm, add_algorithm, back_algorithm};
    kind[1] = (struct kind){"problem", (const void *const *)plugin->problems, check_problem, add_problem, back_problem};
    kind[2] = (struct kind){"dataset", (const void *const *)plugin->datasets, check_dataset, add_dataset, back_dataset};
}

/* Checked one by one as they are added, so that two of one name are found; a failure takes all back. */
static enum dsgd_status add_all(const char *path, const struct dsgd_plugin *plugin)
{
    struct kind kind[KINDS];
    size_t added[KINDS] = {0};
    enum dsgd_status status = DSGD_OK;
    kinds_of(plugin, kind);
    for (int k = 0; k < KINDS; ++k) {
        while (status == DSGD_OK && kind[k].list && kind[k].list[added[k]]) {
            status = kind[k].check(path, kind[k].list[added[k]]);
            if (status == DSGD_OK) { status = kind[k].add(kind[k].list[added[k]]); }
            added[k] += status == DSGD_OK;
        }
    }
    for (int k = 0; status != DSGD_OK && k < KINDS; ++k) {
        while (added[k] > 0) { kind[k].take_back(kind[k].list[--added[k]]); }
    }
    if (status == DSGD_OK && added[0] + added[1] + added[2] == 0) {
        return dsgd_fail(DSGD_EINPUT, "plug-in %s: brings nothing: expected an algorithm, a problem or a dataset", path);
    }
    return status;
}

/* ---- the file ---- */

/* A name without a folder is a file of this folder, not of the system's libraries. */
static void *open_file(const char *path)
{
    char here[DSGD_PATH_MAX];
    snprintf(here, sizeof here, "%s%s", strchr(path, '/') ? "" : "./", path);
    return dlopen(here, RTLD_NOW | RTLD_LOCAL);
}

static enum dsgd_status find_plugin(const char *path, void **handle, const struct dsgd_plugin **out)
{
    *handle = open_file(path);
    if (!*handle) { return dsgd_fail(DSGD_EINPUT, "plug-in %s cannot be loaded: %.300s; expected a shared object that was built for this dsgd", path, dlerror()); }
    const struct dsgd_plugin *plugin = dlsym(*handle, "dsgd_plugin");
    if (!plugin) { return dsgd_fail(DSGD_EINPUT, "plug-in %s: no symbol dsgd_plugin: expected const struct dsgd_plugin dsgd_plugin (lab/plugin.h)", path); }
    if (plugin->contract != DSGD_CONTRACT_VERSION) {
        return dsgd_fail(DSGD_EINPUT, "plug-in %s: built for contract %d: expected %d, from the headers of this dsgd", path, plugin->contract,
                         DSGD_CONTRACT_VERSION);
    }
    *out = plugin;
    return DSGD_OK;
}

enum dsgd_status dsgd_plugin_load(const char *path)
{
    char sha256[65], again[65];
    dsgd_file_sha256(path, sha256);
    struct stat there;
    if (!*sha256) {
        const char *why = stat(path, &there) != 0 ? strerror(errno) : S_ISDIR(there.st_mode) ? "a folder" : "not readable";
        return dsgd_fail(DSGD_EINPUT, "plug-in %s cannot be read (%s): expected a shared object", path, why);
    }
    for (size_t j = 0; j < loaded_count; ++j) {
        if (strcmp(loaded[j].sha256, sha256) == 0) { return DSGD_OK; }
    }
    if (loaded_count == PLUGINS_MAX) { return dsgd_fail(DSGD_EINPUT, "plug-in %s: expected at most %d plug-ins", path, PLUGINS_MAX); }
    struct loaded *l = &loaded[loaded_count];
    void *handle = NULL;
    enum dsgd_status status = find_plugin(path, &handle, &l->plugin);
    dsgd_file_sha256(path, again); /* what was loaded is what was summed up */
    if (status == DSGD_OK && strcmp(sha256, again) != 0) { status = dsgd_fail(DSGD_EINPUT, "plug-in %s changes while it is loaded: expected a file that stays", path); }
    if (status == DSGD_OK) { status = add_all(path, l->plugin); }
    if (status == DSGD_OK && !(l->path = strdup(path))) { status = dsgd_fail(DSGD_ENOMEM, "no memory for plug-in %s", path); }
    if (status != DSGD_OK) {
        if (handle) { dlclose(handle); }
        return status;
    }
    strcpy(l->sha256, sha256);
    ++loaded_count;
    return DSGD_OK;
}

enum dsgd_status dsgd_plugin_load_all(const char *paths)
{
    for (const char *at = paths; at && *at;) {
        const size_t length = strcspn(at, ":");
        char path[DSGD_PATH_MAX];
        if (length >= sizeof path) { return dsgd_fail(DSGD_EINPUT, "DSGD_PLUGINS: a name of %zu bytes: expected fewer than %zu", length, sizeof path); }
        memcpy(path, at, length);
        path[length] = '\0';
        if (length > 0) { DSGD_TRY(dsgd_plugin_load(path)); }
        at += length + (at[length] == ':');
    }
    return DSGD_OK;
}

bool dsgd_plugin_at(size_t i, struct dsgd_plugin_origin *out)
{
    if (i >= loaded_count) { return false; }
    *out = (struct dsgd_plugin_origin){loaded[i].path, loaded[i].sha256};
    return true;
}

bool dsgd_plugin_origin(const void *entry, struct dsgd_plugin_origin *out)
{
    for (size_t i = 0; i < loaded_count; ++i) {
        struct kind kind[KINDS];
        kinds_of(loaded[i].plugin, kind);
        for (int k = 0; k < KINDS; ++k) {
            for (size_t j = 0; kind[k].list && kind[k].list[j]; ++j) {
                if (kind[k].list[j] == entry) { return dsgd_plugin_at(i, out); }
            }
        }
    }
    return false;
}
