/* settings.h - every choice and switch of every registered algorithm, without a line written for one of them. */
#ifndef DSGD_TESTS_SETTINGS_H
#define DSGD_TESTS_SETTINGS_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "algorithms/registry.h"

/** The words that a parameter is tried with: all of a choice, both of a switch, else none. */
static inline const char *settings_words(const struct dsgd_param *p)
{
    return p->type == DSGD_PARAM_CHOICE ? p->choices : p->type == DSGD_PARAM_BOOL ? "true|false" : "";
}

/** Setting number *i as `base` plus the algorithm and its section: each word of each parameter once, and the defaults, all
 *  with and without momentum where there is one. False past the end; impossible combinations are for the caller to skip. */
static inline bool settings_next(const char *base, size_t *i, char *text, size_t size)
{
    size_t n = 0;
    for (size_t a = 0; dsgd_algorithm_at(a); ++a) {
        const struct dsgd_algorithm *algorithm = dsgd_algorithm_at(a);
        const bool momentum = dsgd_param_find(algorithm->params, "momentum") != NULL;
        for (const struct dsgd_param *p = algorithm->params; p && p->name; ++p) {
            for (const char *word = settings_words(p); *word;) {
                const int length = (int)strcspn(word, "|");
                for (int m = 0; m <= momentum; ++m) {
                    if (n++ == *i) {
                        const char *cols = strcmp(p->name, "hash") == 0 ? " cols = 64" : ""; /* block takes multiples of 64 */
                        snprintf(text, size, "%salgorithm = %s\n%s { %s = %.*s%s%s }\n", base, algorithm->name, algorithm->name, p->name,
                                 length, word, cols, m ? " momentum = 0.9" : "");
                        return ++*i, true;
                    }
                }
                word += length + (word[length] == '|');
            }
        }
        for (int m = 0; m <= momentum; ++m) {
            if (n++ == *i) {
                snprintf(text, size, "%salgorithm = %s\n%s { %s }\n", base, algorithm->name, algorithm->name, m ? "momentum = 0.9" : "");
                return ++*i, true;
            }
        }
    }
    return false;
}

#endif
