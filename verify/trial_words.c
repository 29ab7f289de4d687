/* trial_words.c - from words "key=value" to config structs. Interface: trial_words.h. */
#include "verify/trial_words.h"

#include <stdlib.h>
#include <string.h>

#include "algorithms/registry.h"
#include "convex/registry.h"
#include "datasets/dataset.h"
#include "sim/run_config.h"

enum { WORD_MAX = 192 };

/* The next word of *text into word; false at the end. */
static bool next_word(const char **text, char word[WORD_MAX])
{
    *text += strspn(*text, " ");
    const size_t length = strcspn(*text, " ");
    if (length == 0 || length >= WORD_MAX) { return false; }
    memcpy(word, *text, length);
    word[length] = '\0';
    *text += length;
    return true;
}

/* Sets the keys of one section ("" is the top level) that occur among the words, the last one for a key wins. */
enum dsgd_status trial_words_set(const char *words, const char *section, const struct dsgd_param *table, void *config)
{
    char word[WORD_MAX];
    const size_t prefix = strlen(section);
    while (next_word(&words, word)) {
        char *equals = strchr(word, '='), *key = word;
        if (!equals) { return dsgd_fail(DSGD_EINTERNAL, "a trial's word %s is not key=value", word); }
        *equals = '\0';
        if (prefix > 0) {
            if (strncmp(word, section, prefix) != 0 || word[prefix] != '.') { continue; }
            key += prefix + 1;
        }
        const struct dsgd_param *param = dsgd_param_find(table, key);
        if (param) { DSGD_TRY(dsgd_param_set(param, section, config, equals + 1)); }
    }
    return DSGD_OK;
}

/* A config struct with defaults and the words' values; NULL table: none. */
enum dsgd_status trial_words_config(const char *words, const char *section, const struct dsgd_param *table, size_t size, void **config)
{
    *config = calloc(1, size > 0 ? size : 1);
    if (!*config) { return dsgd_fail(DSGD_ENOMEM, "no memory for the configuration of %s", section); }
    DSGD_TRY(dsgd_param_defaults(table, section, *config));
    return trial_words_set(words, section, table, *config);
}

/* Whether a table of parameters knows a key. */
static bool knows(const struct dsgd_param *table, const char *key)
{
    return table && dsgd_param_find(table, key);
}

/* Whether some section of a configuration has this key: the run's own, or of a plug-in that is registered, be it used or not. */
static bool is_key(const char *section, const char *key)
{
    if (!*section) { return knows(dsgd_run_params, key); }
    const struct dsgd_algorithm *algorithm = dsgd_algorithm_find(section);
    const struct dsgd_problem_ops *problem = dsgd_problem_find(section);
    const struct dsgd_dataset_ops *dataset = dsgd_dataset_find(section);
    return (strcmp(section, "step") == 0 && knows(dsgd_step_params, key)) || (strcmp(section, "log") == 0 && knows(dsgd_log_params, key)) ||
           (algorithm && knows(algorithm->params, key)) || (problem && knows(problem->params, key)) || (dataset && knows(dataset->params, key));
}

/* A word that means nothing would leave a default where a check believes it has set something. */
enum dsgd_status trial_words_check(const char *words)
{
    char word[WORD_MAX];
    while (next_word(&words, word)) {
        char *equals = strchr(word, '='), *dot = strchr(word, '.');
        if (!equals) { return dsgd_fail(DSGD_EINTERNAL, "a trial's word %s is not key=value", word); }
        *equals = '\0';
        if (dot && dot < equals) { *dot = '\0'; }
        const bool inside = dot && dot < equals;
        if (!is_key(inside ? word : "", inside ? dot + 1 : word)) {
            return dsgd_fail(DSGD_EINTERNAL, "a trial's word %s%s%s=%s: no configuration has this key", word, inside ? "." : "", inside ? dot + 1 : "", equals + 1);
        }
    }
    return *words ? dsgd_fail(DSGD_EINTERNAL, "a trial's word is longer than %d bytes", (int)WORD_MAX - 1) : DSGD_OK;
}
