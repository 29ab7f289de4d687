/* source.h - text files in the vocabulary of the parameter tables, parsed by libConfuse: configurations and sweeps. */
#ifndef DSGD_LAB_CONFIG_SOURCE_H
#define DSGD_LAB_CONFIG_SOURCE_H

#include <confuse.h>
#include <stddef.h>

#include "lab/config/source_text.h"

enum { SOURCE_SECTIONS_MAX = 128 };

struct source {
    cfg_t *cfg; /* all values are texts: types and ranges are the tables' business */
    cfg_opt_t *root, *runs, *section[SOURCE_SECTIONS_MAX];
    size_t sections;
};

/** DSGD_EINPUT with a sentence that names file and line (for an unknown key the nearest known one). Caller: dsgd_source_clear,
 *  also after a failure; `out` starts all zero. */
enum dsgd_status dsgd_source_parse(const char *path, enum source_kind kind, struct source *out);
void dsgd_source_clear(struct source *source);

/** The sentence about an unknown key ("" = no section), with the nearest known one; DSGD_EINPUT. */
enum dsgd_status dsgd_source_unknown_key(const char *where, const char *section, const char *key);

#endif
