/* words.c - splitting and quoting. Interface: words.h. */
#include "lab/config/words.h"

#include <stdlib.h>
#include <string.h>

enum words dsgd_words_next(const char **at, char **word)
{
    static const char blanks[] = " \t\r\n";
    const char *from = *at + strspn(*at, blanks);
    bool quoted = false;
    size_t length = 0;
    *at = from;
    *word = NULL;
    if (!*from) { return WORDS_NONE; }
    if (!(*word = malloc(strlen(from) + 1))) { return WORDS_MEMORY; }
    for (; *from && (quoted || !strchr(blanks, *from)); ++from) {
        if (*from == '"') {
            quoted = !quoted;
        } else {
            (*word)[length++] = *from;
        }
    }
    (*word)[length] = '\0';
    *at = from;
    if (!quoted) { return WORDS_ONE; }
    free(*word);
    *word = NULL;
    return WORDS_OPEN;
}

void dsgd_words_print(FILE *out, const char *word, bool make)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=,:@%+-";
    const bool quoted = !*word || strspn(word, plain) != strlen(word);
    if (quoted) { fputc('\'', out); }
    for (; *word; ++word) {
        if (*word == '\'') {
            fprintf(out, "'\\''");
        } else {
            if (make && *word == '$') { fputc('$', out); }
            fputc(*word, out);
        }
    }
    if (quoted) { fputc('\'', out); }
}
