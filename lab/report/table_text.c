/* table_text.c - a method in few words: its algorithm and the keys that distinguish it. */
#include "lab/report/table_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/registry.h"
#include "lab/config/resolved.h"

static bool is_default(const struct dsgd_algorithm *algorithm, const void *defaults, const struct dsgd_resolved_line *line)
{
    char text[DSGD_TEXT_MAX + 32];
    struct dsgd_span value = line->value;
    const struct dsgd_param *param = algorithm->params;
    while (param && param->name && !dsgd_span_same(line->key, dsgd_span_of(param->name))) { ++param; }
    if (!param || !param->name) { return false; }
    dsgd_param_format(param, defaults, text, sizeof text);
    if (param->type == DSGD_PARAM_TEXT && value.length >= 2 && value.at[0] == '"') { value = (struct dsgd_span){value.at + 1, value.length - 2}; }
    return dsgd_span_same(value, dsgd_span_of(text));
}

/* A key of engine or problem is worth a word where another method has another value. */
static bool differs(const struct curve_set *set, const struct dsgd_resolved_line *line)
{
    for (int m = 0; m < set->curves; ++m) {
        struct dsgd_resolved_line other;
        if (!dsgd_resolved_find(set->curve[m].run[0]->config, line->section, line->key, &other) || !dsgd_span_same(other.value, line->value)) { return true; }
    }
    return false;
}

/* Seeds make no method, and a table has the step's constant in a column of its own. */
static bool is_left_out(const struct dsgd_resolved_line *line)
{
    if (dsgd_span_same(line->section, dsgd_span_of("step"))) { return dsgd_span_same(line->key, dsgd_span_of("constant")); }
    return (line->section.length == 0 && dsgd_span_same(line->key, dsgd_span_of("algorithm"))) || dsgd_resolved_is_seed(line);
}

static void print_span(FILE *out, struct dsgd_span span)
{
    fwrite(span.at, 1, span.length, out);
}

static void print_keys(FILE *out, const struct curve_set *set, const struct dsgd_runfile *run, const struct dsgd_algorithm *algorithm,
                       const void *defaults)
{
    fputs(run->algorithm, out);
    for (int own = 1; own >= 0; --own) { /* first the algorithm's keys */
        struct dsgd_resolved reader = {run->config, {"", 0}};
        struct dsgd_resolved_line line;
        while (dsgd_resolved_next(&reader, &line)) {
            if (dsgd_span_same(line.section, dsgd_span_of(run->algorithm)) != (own == 1)) { continue; }
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
