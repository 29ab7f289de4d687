/* list_json.c - the tables of parameters as JSON. Interface: list_json.h. */
#include "command/list_json.h"

#include <string.h>

#include "algorithms/registry.h"
#include "command/json_out.h"
#include "convex/registry.h"
#include "datasets/dataset.h"
#include "lab/plugin.h"
#include "sim/run_config.h"

static json_t *keys_json(const struct dsgd_param *table)
{
    static const char *const type[] = {[DSGD_PARAM_INT] = "integer", [DSGD_PARAM_COUNT] = "count", [DSGD_PARAM_REAL] = "real", [DSGD_PARAM_BOOL] = "bool",
                                       [DSGD_PARAM_CHOICE] = "choice", [DSGD_PARAM_TEXT] = "text"};
    json_t *keys = json_array();
    for (const struct dsgd_param *p = table; p && p->name; ++p) {
        json_t *key = json_object();
        const bool number = p->type == DSGD_PARAM_INT || p->type == DSGD_PARAM_COUNT || p->type == DSGD_PARAM_REAL;
        json_set_text(key, "name", p->name);
        json_set_text(key, "type", type[p->type]);
        json_set_text(key, "default", p->initial);
        json_set_text(key, "meaning", p->help);
        if (number) { json_set_number(key, "least", p->min); }
        if (number && p->type != DSGD_PARAM_COUNT) { json_set_number(key, "most", p->max); }
        if (p->choices) {
            json_t *choices = json_array();
            for (const char *at = p->choices; *at;) {
                const size_t length = strcspn(at, "|");
                json_array_append_new(choices, json_stringn(at, length));
                at += length + (at[length] == '|');
            }
            json_object_set_new(key, "choices", choices);
        }
        json_array_append_new(keys, key);
    }
    return keys;
}

static void add_entry(json_t *list, const char *name, const char *title, const char *reference, const char *aliases, const struct dsgd_param *table,
                      const void *entry)
{
    struct dsgd_plugin_origin origin;
    json_t *one = json_object();
    json_set_text(one, "name", name);
    if (title) { json_set_text(one, "title", title); }
    if (reference) { json_set_text(one, "reference", reference); }
    if (aliases) { json_set_text(one, "aliases", aliases); }
    if (entry && dsgd_plugin_origin(entry, &origin)) {
        json_set_text(one, "plugin", origin.path);
        json_set_text(one, "plugin_sha256", origin.sha256);
    }
    json_object_set_new(one, "keys", keys_json(table));
    json_array_append_new(list, one);
}

/* Everything that a configuration can say, or what `name` asks for of it. */
enum dsgd_status list_json(const char *name)
{
    static const char *const role[] = {"algorithms", "problems", "datasets", "engine"};
    json_t *root = json_object();
    size_t found = 0;
    for (int k = 0; k < 4; ++k) {
        json_t *list = json_array();
        const bool all = !name || strcmp(name, role[k]) == 0;
#define WANTED(entry) (all || strcmp(name, (entry)->name) == 0)
        for (size_t i = 0; k == 0 && dsgd_algorithm_at(i); ++i) {
            const struct dsgd_algorithm *a = dsgd_algorithm_at(i);
            if (WANTED(a)) { add_entry(list, a->name, a->title, a->reference, a->aliases, a->params, a); }
        }
        for (size_t i = 0; k == 1 && dsgd_problem_at(i); ++i) {
            const struct dsgd_problem_ops *p = dsgd_problem_at(i);
            if (WANTED(p)) { add_entry(list, p->name, p->title, p->reference, NULL, p->params, p); }
        }
        for (size_t i = 0; k == 2 && dsgd_dataset_at(i); ++i) {
            const struct dsgd_dataset_ops *d = dsgd_dataset_at(i);
            if (!WANTED(d)) { continue; }
            add_entry(list, d->name, d->title, d->reference, NULL, d->params, d);
            json_object_set_new(json_array_get(list, json_array_size(list) - 1), "pairs", json_boolean(d->pairs));
        }
#undef WANTED
        if (k == 3 && all) {
            add_entry(list, "", NULL, NULL, NULL, dsgd_run_params, NULL);
            for (const struct dsgd_run_section *s = dsgd_run_sections; s->name; ++s) { add_entry(list, s->name, NULL, NULL, NULL, s->params, NULL); }
        }
        found += json_array_size(list);
        json_object_set_new(root, role[k], list);
    }
    if (found > 0) { return json_print(root); }
    json_decref(root);
    return dsgd_fail(DSGD_EINPUT, "list %s: expected algorithms, problems, datasets, engine or the name of one of them", name);
}
