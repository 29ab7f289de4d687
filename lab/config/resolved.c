/* resolved.c - lines of a resolved configuration. Interface: resolved.h. */
#include "lab/config/resolved.h"

#include <stdlib.h>
#include <string.h>

#include "convex/registry.h"
#include "lab/config/library.h"

struct dsgd_span dsgd_span_of(const char *text)
{
    return (struct dsgd_span){text, strlen(text)};
}

/* What is left between `from` and `end` without blanks at both ends. */
static struct dsgd_span trim(const char *from, const char *end)
{
    while (from < end && strchr(" \t\r", *from)) { ++from; }
    while (from < end && strchr(" \t\r", end[-1])) { --end; }
    return (struct dsgd_span){from, (size_t)(end - from)};
}

bool dsgd_span_same(struct dsgd_span a, struct dsgd_span b)
{
    return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

bool dsgd_resolved_next(struct dsgd_resolved *r, struct dsgd_resolved_line *out)
{
    while (*r->at) {
        const char *line = r->at, *end = line + strcspn(line, "\n");
        r->at = end + (*end == '\n');
        const char *equals = memchr(line, '=', (size_t)(end - line));
        const struct dsgd_span all = trim(line, end);
        if (equals) {
            *out = (struct dsgd_resolved_line){r->section, trim(line, equals), trim(equals + 1, end)};
            if (out->key.length > 0) { return true; }
        } else if (all.length > 0 && all.at[all.length - 1] == '{') {
            r->section = trim(all.at, all.at + all.length - 1);
        } else if (dsgd_span_same(all, dsgd_span_of("}"))) {
            r->section = dsgd_span_of("");
        }
    }
    return false;
}

bool dsgd_resolved_find(const char *config, struct dsgd_span section, struct dsgd_span key, struct dsgd_resolved_line *out)
{
    struct dsgd_resolved reader = {config, {"", 0}};
    while (dsgd_resolved_next(&reader, out)) {
        if (dsgd_span_same(out->section, section) && dsgd_span_same(out->key, key)) { return true; }
    }
    return false;
}

char *dsgd_resolved_value(const char *config, const char *section, const char *key)
{
    struct dsgd_resolved_line line;
    return dsgd_resolved_find(config, dsgd_span_of(section), dsgd_span_of(key), &line) ? strndup(line.value.at, line.value.length) : NULL;
}

bool dsgd_resolved_is_seed(const struct dsgd_resolved_line *line)
{
    return line->section.length == 0 && line->key.length >= 4 && memcmp(line->key.at, "seed", 4) == 0;
}

/* Whether a run of this problem has the same bits on every device: then they are seeds of one curve. */
static bool backend_is_free(const char *config)
{
    char *name = dsgd_resolved_value(config, "", "problem");
    const struct dsgd_problem_ops *problem = name ? dsgd_problem_find(name) : NULL;
    free(name);
    return problem && !*dsgd_problem_library(problem);
}

char *dsgd_resolved_without_seeds(const char *config, bool without_steps)
{
    char *text = malloc(strlen(config) + 1), *end = text;
    struct dsgd_resolved reader = {config, {"", 0}};
    struct dsgd_resolved_line line;
    if (!text) { return NULL; }
    const bool free_backend = backend_is_free(config);
    for (const char *from = config; dsgd_resolved_next(&reader, &line); from = reader.at) {
        const bool steps = without_steps && line.section.length == 0 && dsgd_span_same(line.key, dsgd_span_of("steps"));
        const bool label = line.section.length == 0 && dsgd_span_same(line.key, dsgd_span_of("label"));
        const bool backend = free_backend && line.section.length == 0 && dsgd_span_same(line.key, dsgd_span_of("backend"));
        if (steps || label || backend || dsgd_resolved_is_seed(&line)) { continue; }
        memcpy(end, from, (size_t)(reader.at - from));
        end += reader.at - from;
    }
    *end = '\0';
    return text;
}
