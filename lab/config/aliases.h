/* aliases.h - what other tools call a key or a plug-in: the words after "alias:" in a key's meaning, and the aliases of algorithms. */
#ifndef DSGD_LAB_CONFIG_ALIASES_H
#define DSGD_LAB_CONFIG_ALIASES_H

#include <stdbool.h>
#include <stddef.h>
#include "sim/param.h"

/** Whether `word` is among the aliases of a key: "...; alias: lr, learning_rate; default: ..."; a word with " = ..." behind it counts, capitals
 *  do not. */
bool dsgd_alias_of_key(const struct dsgd_param *param, const char *word);
/** Whether `word` is in a list with commas, such as an algorithm's aliases. */
bool dsgd_alias_in(const char *list, const char *word);

/** The keys of the configuration that other tools call `word`, in one section or in all ("" is any), after those of sections that have this
 *  very name: "step.constant"; ", " between several. Number of keys found. */
size_t dsgd_alias_keys(const char *section, const char *word, char *text, size_t size);

#endif
