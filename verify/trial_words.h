/* trial_words.h - a trial's words "key=value key=value ...": what they may be, and what they set. */
#ifndef DSGD_VERIFY_TRIAL_WORDS_H
#define DSGD_VERIFY_TRIAL_WORDS_H

#include "sim/param.h"

/** Every word is a key of the run or of some plug-in, used or not; DSGD_EINTERNAL with the word that is not. */
enum dsgd_status trial_words_check(const char *words);
/** Sets the keys of one section ("" is the top level) that occur among the words; the last one for a key wins. */
enum dsgd_status trial_words_set(const char *words, const char *section, const struct dsgd_param *table, void *config);
/** A config struct with defaults and the words' values; NULL table: none. Caller frees, also after a failure. */
enum dsgd_status trial_words_config(const char *words, const char *section, const struct dsgd_param *table, size_t size, void **config);

#endif
