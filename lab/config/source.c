/* source.c - libConfuse with the parameter tables as its schema; it sees only what source_text.c has checked and written. */
#include "lab/config/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/config/aliases.h"
#include "lab/config/spec.h"

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

/* Keeps the candidate that is nearest; `apart`: how far its section is from the one that was written. */
static void nearer(const char *key, size_t apart, const char *section, const char *candidate, size_t *best, char *text, size_t size)
{
    const size_t distance = apart + edit_distance(key, candidate);
    if (distance < *best) {
        *best = distance;
        snprintf(text, size, "%s%s%s", section, *section ? "." : "", candidate);
    }
}

/* The sentence about an unknown key, with the nearest known one: in its section if that exists, else anywhere. */
enum dsgd_status dsgd_source_unknown_key(const char *where, const char *section, const char *key)
{
    char text[5 * DSGD_TEXT_MAX] = "", place[DSGD_SHOWN_MAX], shown[2][DSGD_SHOWN_MAX];
    size_t best = SIZE_MAX;
    if (dsgd_alias_keys(section, key, text, sizeof text) > 0) {
        return dsgd_fail(DSGD_EINPUT, "%s: unknown key %s%s%s; here it is %s (all: dsgd list)", dsgd_text_shown(where, place),
                         dsgd_text_shown(section, shown[0]), *section ? "." : "", dsgd_text_shown(key, shown[1]), text);
    }
    const char *name = NULL;
    const struct dsgd_param *table = NULL;
    for (int all = 0; all < 2 && best == SIZE_MAX; ++all) {
        for (const struct dsgd_param *p = dsgd_run_params; (all || !*section) && p->name; ++p) {
            nearer(key, strlen(section), "", p->name, &best, text, sizeof text);
        }
        for (size_t i = 0; dsgd_spec_section(i, &name, &table); ++i) {
            if (!*section) { nearer(key, 0, "", name, &best, text, sizeof text); }
            if (!all && strcmp(section, name) != 0) { continue; }
            const size_t apart = *section ? edit_distance(section, name) : 0;
            for (const struct dsgd_param *p = table; p && p->name; ++p) { nearer(key, apart, name, p->name, &best, text, sizeof text); }
        }
    }
    return dsgd_fail(DSGD_EINPUT, "%s: unknown key %s%s%s; the nearest known one is %s (all: dsgd list)",
                     dsgd_text_shown(where, place), dsgd_text_shown(section, shown[0]), *section ? "." : "",
                     dsgd_text_shown(key, shown[1]), text);
}

/* libConfuse reports through a callback without a context: the sentence goes to dsgd_fail, the first one stays. */
static _Thread_local bool parse_failed;
static _Thread_local const struct source_text *parse_text; /* knows the files that libConfuse's lines came from */
static _Thread_local enum source_kind parse_kind;

static void on_parse_error(cfg_t *cfg, const char *format, va_list arguments)
{
    if (parse_failed) { return; }
    parse_failed = true;
    char place[SOURCE_PLACE_MAX], text[512], shown[DSGD_SHOWN_MAX];
    dsgd_source_text_place(parse_text, cfg->line, place);
    if (strncmp(format, "no such option", 14) == 0) {
        va_list copy;
        va_copy(copy, arguments);
        const char *key = va_arg(copy, const char *);
        if (parse_kind == SOURCE_SWEEP && strcmp(cfg->name, "root") == 0) {
            dsgd_fail(DSGD_EINPUT, "%s: %s stands outside of a block; expected runs NAME { config = FILE.conf ... } in a sweep (a configuration is "
                      "for dsgd run)", place, dsgd_text_shown(key, shown));
            va_end(copy);
            return;
        }
        const bool top = strcmp(cfg->name, "root") == 0 || strcmp(cfg->name, "runs") == 0;
        dsgd_source_unknown_key(place, top ? "" : cfg->name, key);
        va_end(copy);
        return;
    }
    vsnprintf(text, sizeof text, format, arguments);
    dsgd_fail(DSGD_EINPUT, "%s: %s; expected %s", place, dsgd_text_shown(text, shown), dsgd_source_expected[parse_kind]);
}

/* All keys of a table and room for more. */
static cfg_opt_t *options_of(const struct dsgd_param *table, cfg_flag_t flags, size_t extra)
{
    size_t n = 0;
    while (table && table[n].name) { ++n; }
    cfg_opt_t *options = calloc(n + extra + 1, sizeof *options);
    for (size_t j = 0; options && j < n; ++j) {
        const cfg_opt_t text = CFG_STR(table[j].name, NULL, CFGF_NODEFAULT), list = CFG_STR_LIST(table[j].name, NULL, CFGF_NODEFAULT);
        options[j] = flags == CFGF_LIST ? list : text;
    }
    return options;
}

void dsgd_source_clear(struct source *source)
{
    if (source->cfg) { cfg_free(source->cfg); }
    for (size_t j = 0; j < source->sections; ++j) { free(source->section[j]); }
    free(source->runs);
    free(source->root);
    *source = (struct source){.cfg = NULL};
}

/* The keys of a configuration: top level and sections; each a list in a sweep. */
static enum dsgd_status build(struct source *source, enum source_kind kind)
{
    const char *name = NULL;
    const struct dsgd_param *table = NULL;
    const cfg_flag_t flags = kind == SOURCE_SWEEP ? CFGF_LIST : CFGF_NONE;
    size_t n = 0;
    while (dsgd_run_params[n].name) { ++n; }
    cfg_opt_t *keys = options_of(dsgd_run_params, flags, SOURCE_SECTIONS_MAX + 2);
    if (!keys) { return dsgd_fail(DSGD_ENOMEM, "no memory for the configuration"); }
    *(kind == SOURCE_SWEEP ? &source->runs : &source->root) = keys;
    for (size_t i = 0; i < SOURCE_SECTIONS_MAX && dsgd_spec_section(i, &name, &table); ++i) {
        source->section[i] = options_of(table, flags, 0);
        if (!source->section[i]) { return dsgd_fail(DSGD_ENOMEM, "no memory for the configuration"); }
        source->sections = i + 1;
        keys[n++] = (cfg_opt_t)CFG_SEC(name, source->section[i], CFGF_NONE);
    }
    if (kind == SOURCE_CONFIG) {
        keys[n] = (cfg_opt_t)CFG_END();
        return DSGD_OK;
    }
    keys[n++] = (cfg_opt_t)CFG_STR_LIST("config", NULL, CFGF_NODEFAULT);
    keys[n] = (cfg_opt_t)CFG_END();
    source->root = calloc(2, sizeof *source->root);
    if (!source->root) { return dsgd_fail(DSGD_ENOMEM, "no memory for the sweep"); }
    source->root[0] = (cfg_opt_t)CFG_SEC("runs", keys, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    source->root[1] = (cfg_opt_t)CFG_END();
    return DSGD_OK;
}

static enum dsgd_status parse(struct source *source, const struct source_text *text, enum source_kind kind)
{
    source->cfg = cfg_init(source->root, CFGF_NONE);
    if (!source->cfg) { return dsgd_fail(DSGD_ENOMEM, "no memory for the keys of a configuration"); }
    cfg_set_error_function(source->cfg, on_parse_error);
    parse_failed = false;
    parse_text = text;
    parse_kind = kind;
    const int result = cfg_parse_buf(source->cfg, text->text);
    parse_text = NULL;
    if (result == CFG_SUCCESS) { return DSGD_OK; }
    /* the text is in order: without a sentence of its own the parser lacks memory */
    return parse_failed ? DSGD_EINPUT : dsgd_fail(DSGD_ENOMEM, "no memory for the values of a configuration");
}

enum dsgd_status dsgd_source_parse(const char *path, enum source_kind kind, struct source *source)
{
    struct source_text text = {.text = NULL};
    enum dsgd_status status = build(source, kind);
    if (status == DSGD_OK) { status = dsgd_source_text_read(path, kind, &text); }
    if (status == DSGD_OK) { status = parse(source, &text, kind); }
    dsgd_source_text_clear(&text);
    return status;
}
