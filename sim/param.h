/* param.h - parameter tables: one row per configuration key.
 *
 * An algorithm, problem or dataset owns a config struct and a table of its keys. From the table come parsing, ranges,
 * `dsgd list`, --help, the resolved configuration and the HDF5 attributes; nothing else knows a key's name.
 */
#ifndef DSGD_SIM_PARAM_H
#define DSGD_SIM_PARAM_H

#include <stddef.h>
#include <stdint.h>
#include "sim/status.h"

/** Type of a key, and of its field in the config struct. */
enum dsgd_param_type {
    DSGD_PARAM_INT,    /* int64_t in [min, max] */
    DSGD_PARAM_COUNT,  /* int64_t in [min, max], a number of coordinates: at most d, which is known once there is a problem */
    DSGD_PARAM_REAL,   /* double in [min, max], finite */
    DSGD_PARAM_BOOL,   /* bool: true | false */
    DSGD_PARAM_CHOICE, /* int: index of the word in choices */
    DSGD_PARAM_TEXT,   /* char[DSGD_TEXT_MAX] */
};

enum { DSGD_TEXT_MAX = 64, DSGD_CONFIG_MAX = 1024 }; /* bytes of a text; of a config struct */

/** One key. */
struct dsgd_param {
    const char *name;    /* the key */
    enum dsgd_param_type type;
    size_t offset;       /* offsetof the field in the config struct */
    const char *initial; /* default, in the words of a configuration file */
    double min, max;     /* INT, COUNT and REAL; both ends included */
    const char *choices; /* CHOICE: "heavymix|topk" */
    const char *help;    /* meaning and unit, one line; other tools' word for it as "alias: ..." */
};

/** Ends a table. */
#define DSGD_PARAM_END {NULL, DSGD_PARAM_INT, 0, NULL, 0, 0, NULL, NULL}

/** Sets one key of `config` from text and checks type and range. `where` names the place in the message, such as
 *  "sketched_sgd.k" is made of section "sketched_sgd". DSGD_EINPUT with a sentence if the text is not such a value. */
enum dsgd_status dsgd_param_set(const struct dsgd_param *param, const char *section, void *config, const char *text);

/** Checks the rows of type COUNT of `config` against the number of parameters. DSGD_EINPUT with a sentence if one is above d. */
enum dsgd_status dsgd_param_check_counts(const struct dsgd_param *table, const char *section, const void *config, uint64_t d);

/** Sets all keys to their defaults. */
enum dsgd_status dsgd_param_defaults(const struct dsgd_param *table, const char *section, void *config);

/** Writes the value as text that dsgd_param_set reads back to the same value. */
void dsgd_param_format(const struct dsgd_param *param, const void *config, char *text, size_t size);

/** The row called `name`, or NULL. A NULL table has no rows. */
const struct dsgd_param *dsgd_param_find(const struct dsgd_param *table, const char *name);

#endif
