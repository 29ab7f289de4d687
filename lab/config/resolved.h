/* resolved.h - the lines of a resolved configuration, as a result holds it: the one reader of such texts.
 *
 * The text may be any, it comes from a file: what is no line of a configuration is passed over.
 */
#ifndef DSGD_LAB_CONFIG_RESOLVED_H
#define DSGD_LAB_CONFIG_RESOLVED_H

#include <stdbool.h>
#include <stddef.h>

/** A piece of a text. */
struct dsgd_span {
    const char *at;
    size_t length;
};

/** "key = value". */
struct dsgd_resolved_line {
    struct dsgd_span section, key, value; /* section: empty at the top level */
};

struct dsgd_resolved {
    const char *at; /* begin with {text, {"", 0}} */
    struct dsgd_span section;
};

struct dsgd_span dsgd_span_of(const char *text);
bool dsgd_span_same(struct dsgd_span a, struct dsgd_span b);

/** The next line; false at the end. */
bool dsgd_resolved_next(struct dsgd_resolved *reader, struct dsgd_resolved_line *out);
/** The line of a key; false if there is none. */
bool dsgd_resolved_find(const char *config, struct dsgd_span section, struct dsgd_span key, struct dsgd_resolved_line *out);
/** The value of "key" or "section.key"; NULL if it is not there or without memory. Caller frees. */
char *dsgd_resolved_value(const char *config, const char *section, const char *key);
/** The text without the lines of seeds, label and, where it changes no bits, `backend`; and of `steps` if that is asked: equal for runs that are alike but for these. Lines that say
 *  nothing stay with the next one, what follows the last one is left out. NULL without memory. Caller frees. */
char *dsgd_resolved_without_seeds(const char *config, bool without_steps);
/** Whether the line is a seed of the top level. */
bool dsgd_resolved_is_seed(const struct dsgd_resolved_line *line);

#endif
