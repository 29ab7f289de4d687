/* table_text.c - a method in few words: its algorithm and the keys that distinguish it. */
#include "lab/report/table_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/registry.h"

/* A piece of a text. */
struct span {
    const char *at;
    size_t length;
};

/* "key = value" of a resolved configuration. */
struct line {
    struct span section, key, value; /* section: empty at the top level */
};

struct reader {
    const char *at;
    struct span section;
};

static struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

/* What is left between `from` and `end` without blanks at both ends. */
static struct span trim(const char *from, const char *end)
{
    while (from < end && strchr(" \t\r", *from)) { ++from; }
    while (from < end && strchr(" \t\r", end[-1])) { --end; }
    return (struct span){from, (size_t)(end - from)};
}

static bool same(struct span a, struct span b)
{
    return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

/* The next key = value; false at the end. A file may hold any text: lines without a key are passed over. */
static bool next_line(struct reader *r, struct line *out)
{
    while (*r->at) {
        const char *line = r->at, *end = line + strcspn(line, "\n");
        r->at = end + (*end == '\n');
        const char *equals = memchr(line, '=', (size_t)(end - line));
        const struct span all = trim(line, end);
        if (equals) {
            *out = (struct line){r->section, trim(line, equals), trim(equals + 1, end)};
            if (out->key.length > 0) { return true; }
        } else if (all.length > 0 && all.at[all.length - 1] == '{') {
            r->section = trim(all.at, all.at + all.length - 1);
        } else if (same(all, span_of("}"))) {
            r->section = span_of("");
        }
    }
    return false;
}

static bool find(const char *config, struct span section, struct span key, struct line *out)
{
    struct reader reader = {config, span_of("")};
    while (next_line(&reader, out)) {
        if (same(out->section, section) && same(out->key, key)) { return true; }
    }
    return false;
}

char *dsgd_table_text_value(const char *config, const char *section, const char *key)
{
    struct line line;
    return find(config, span_of(section), span_of(key), &line) ? strndup(line.value.at, line.value.length) : NULL;
}

static bool is_default(const struct dsgd_algorithm *algorithm, const void *defaults, const struct line *line)
{
    char text[DSGD_TEXT_MAX + 32];
    struct span value = line->value;
    const struct dsgd_param *param = algorithm->params;
    while (param && param->name && !same(line->key, span_of(param->name))) { ++param; }
    if (!param || !param->name) { return false; }
    dsgd_param_format(param, defaults, text, sizeof text);
    if (param->type == DSGD_PARAM_TEXT && value.length >= 2 && value.at[0] == '"') { value = (struct span){value.at + 1, value.length - 2}; }
    return same(value, span_of(text));
}

/* A key of engine or problem is worth a word where another method has another value. */
static bool differs(const struct curve_set *set, const struct line *line)
{
    for (int m = 0; m < set->curves; ++m) {
        struct line other;
        if (!find(set->curve[m].run[0]->config, line->section, line->key, &other) || !same(other.value, line->value)) { return true; }
    }
    return false;
}

/* Seeds make no method, and a table has the step's constant in a column of its own. */
static bool is_left_out(const struct line *line)
{
    if (same(line->section, span_of("step"))) { return same(line->key, span_of("constant")); }
    return line->section.length == 0 && (same(line->key, span_of("algorithm")) || (line->key.length >= 4 && memcmp(line->key.at, "seed", 4) == 0));
}

static void print_span(FILE *out, struct span span)
{
    fwrite(span.at, 1, span.length, out);
}

static void print_keys(FILE *out, const struct curve_set *set, const struct dsgd_runfile *run, const struct dsgd_algorithm *algorithm,
                       const void *defaults)
{
    fputs(run->algorithm, out);
    for (int own = 1; own >= 0; --own) { /* first the algorithm's keys */
        struct reader reader = {run->config, span_of("")};
        struct line line;
        while (next_line(&reader, &line)) {
            if (same(line.section, span_of(run->algorithm)) != (own == 1)) { continue; }
            if (own ? algorithm && is_default(algorithm, defaults, &line) : is_left_out(&line) || !differs(set, &line)) { continue; }
            fputc(' ', out);
            if (!own && line.section.length > 0) {
                print_span(out, line.section);
                fputc('.', out);
            }
            print_span(out, line.key);
            fputc('=', out);
            print_span(out, line.value);
        }
    }
}

enum dsgd_status dsgd_table_text_keys(const struct curve_set *set, int method, char **text)
{
    const struct dsgd_runfile *run = set->curve[method].run[0];
    const struct dsgd_algorithm *algorithm = dsgd_algorithm_find(run->algorithm); /* NULL: not of this program */
    void *defaults = calloc(1, algorithm && algorithm->config_size ? algorithm->config_size : 1);
    size_t size = 0;
    *text = NULL;
    FILE *out = open_memstream(text, &size);
    enum dsgd_status status = defaults && out ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for a table of %d methods", set->curves);
    if (status == DSGD_OK && algorithm) { status = dsgd_param_defaults(algorithm->params, algorithm->name, defaults); }
    if (status == DSGD_OK) { print_keys(out, set, run, algorithm, defaults); }
    if (out && fclose(out) != 0 && status == DSGD_OK) { status = dsgd_fail(DSGD_ENOMEM, "no memory for a table of %d methods", set->curves); }
    free(defaults);
    if (status != DSGD_OK) {
        free(*text);
        *text = NULL;
    }
    return status;
}
