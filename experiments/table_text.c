/* table_text.c - a method in few words: its algorithm and the keys that distinguish it. */
#include "experiments/table_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/registry.h"

/* One line of a resolved configuration: lengths, not copies. */
struct line {
    const char *section, *key, *value; /* section: "" at the top level */
    int section_length, key_length, value_length;
};

struct reader {
    const char *at, *section;
    int section_length;
};

/* The next key = value; false at the end. */
static bool next_line(struct reader *r, struct line *out)
{
    while (*r->at) {
        const char *line = r->at;
        const size_t length = strcspn(line, "\n");
        r->at += length + (line[length] == '\n');
        const char *equals = memchr(line, '=', length), *brace = memchr(line, '{', length);
        if (equals) {
            const char *key = line + strspn(line, " ");
            *out = (struct line){.section = r->section, .section_length = r->section_length,
                                 .key = key, .key_length = (int)(equals - 1 - key),
                                 .value = equals + 2, .value_length = (int)(line + length - equals - 2)};
            return true;
        }
        r->section = brace ? line : "";
        r->section_length = brace ? (int)(brace - 1 - line) : 0;
    }
    return false;
}

static bool is(const char *text, int length, const char *word)
{
    return (size_t)length == strlen(word) && strncmp(text, word, (size_t)length) == 0;
}

static bool find(const char *config, const char *section, int section_length, const char *key, int key_length, struct line *out)
{
    struct reader reader = {.at = config, .section = ""};
    while (next_line(&reader, out)) {
        if (out->section_length == section_length && out->key_length == key_length &&
            strncmp(out->section, section, (size_t)section_length) == 0 && strncmp(out->key, key, (size_t)key_length) == 0) {
            return true;
        }
    }
    return false;
}

void table_text_value(const char *config, const char *section, const char *key, char *text, size_t size)
{
    struct line line;
    const bool there = find(config, section, (int)strlen(section), key, (int)strlen(key), &line);
    snprintf(text, size, "%.*s", there ? line.value_length : 1, there ? line.value : "-");
}

static bool is_default(const struct dsgd_algorithm *algorithm, const void *defaults, const struct line *line)
{
    char name[DSGD_TEXT_MAX], text[DSGD_TEXT_MAX + 32];
    snprintf(name, sizeof name, "%.*s", line->key_length, line->key);
    const struct dsgd_param *param = dsgd_param_find(algorithm->params, name);
    if (!param) { return false; }
    dsgd_param_format(param, defaults, text, sizeof text);
    const bool quoted = param->type == DSGD_PARAM_TEXT && line->value_length >= 2 && line->value[0] == '"';
    return is(line->value + quoted, line->value_length - 2 * quoted, text);
}

/* A key of engine or problem is worth a word where another method has another value. */
static bool differs(const struct curve_set *set, const struct line *line)
{
    for (int m = 0; m < set->curves; ++m) {
        struct line other;
        if (!find(set->curve[m].run[0]->config, line->section, line->section_length, line->key, line->key_length, &other) ||
            other.value_length != line->value_length || strncmp(other.value, line->value, (size_t)line->value_length) != 0) {
            return true;
        }
    }
    return false;
}

enum dsgd_status table_text_keys(const struct curve_set *set, int method, char *text, size_t size)
{
    const struct dsgd_runfile *run = set->curve[method].run[0];
    const struct dsgd_algorithm *algorithm = dsgd_algorithm_find(run->algorithm); /* NULL: not of this program */
    void *defaults = calloc(1, algorithm && algorithm->config_size ? algorithm->config_size : 1);
    if (!defaults) { return dsgd_fail(DSGD_ENOMEM, "no memory for a table of %d methods", set->curves); }
    enum dsgd_status status = algorithm ? dsgd_param_defaults(algorithm->params, algorithm->name, defaults) : DSGD_OK;
    size_t used = (size_t)snprintf(text, size, "%s", run->algorithm);
    for (int own = 1; own >= 0; --own) { /* first the algorithm's keys */
        struct reader reader = {.at = run->config, .section = ""};
        struct line line;
        while (status == DSGD_OK && used < size && next_line(&reader, &line)) {
            const bool top = line.section_length == 0;
            if (is(line.section, line.section_length, run->algorithm) != (own == 1)) { continue; }
            if (own ? algorithm && is_default(algorithm, defaults, &line)
                    : (top && (is(line.key, line.key_length, "algorithm") || strncmp(line.key, "seed", 4) == 0)) ||
                          (is(line.section, line.section_length, "step") && is(line.key, line.key_length, "constant")) ||
                          !differs(set, &line)) {
                continue;
            }
            used += (size_t)snprintf(text + used, size - used, " %.*s%s%.*s=%.*s", own ? 0 : line.section_length, line.section,
                                     own || top ? "" : ".", line.key_length, line.key, line.value_length, line.value);
        }
    }
    free(defaults);
    return status;
}
