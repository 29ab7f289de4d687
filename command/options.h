/* options.h - the options that commands on a configuration share. */
#ifndef DSGD_COMMAND_OPTIONS_H
#define DSGD_COMMAND_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/run/session.h"

struct common_options {
    const char *config, *data;
    const char **set; /* [sets], borrowed from argv or `settings`; the array is owned */
    size_t sets;
    char **settings; /* [many], owned: what --settings brought */
    size_t many;
    int threads; /* 0 = automatic */
    bool quiet, json;
};

/** CONFIG, --set, --settings, --data, --threads, --quiet, --json; input: struct common_options. A missing CONFIG is a usage error. */
extern const struct argp common_argp;
void common_options_clear(struct common_options *options);

/** How these options open a configuration; announcements go to stderr unless they ask for quiet, warnings in any case. dry: nothing is
 *  written. Borrows from `options`. */
struct dsgd_session_options common_session(const struct common_options *options, bool dry);

/** For --set and --settings of other tables: appends "key=value", or the words of a text (words.h); ends with a usage error. */
error_t option_set(struct common_options *options, const char *text);
error_t option_settings(struct argp_state *state, struct common_options *options, const char *text);

/** Parses a number or ends with a usage error that names option, value and range. */
error_t option_integer(struct argp_state *state, const char *name, const char *text, int64_t min, int64_t max, int64_t *out);
error_t option_real(struct argp_state *state, const char *name, const char *text, double min, double max, double *out);

#endif
