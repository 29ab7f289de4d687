/* words.h - words of a text: --settings, and commands that are printed for make and the shell.
 *
 * Blanks separate words; "..." holds blanks together and is taken off. Every other character stands for itself, also ' $ `
 * and \: nothing is ever expanded.
 */
#ifndef DSGD_LAB_CONFIG_WORDS_H
#define DSGD_LAB_CONFIG_WORDS_H

#include <stdbool.h>
#include <stdio.h>

enum words { WORDS_NONE, WORDS_ONE, WORDS_OPEN /* a quote that does not end */, WORDS_MEMORY };

/** The next word, the caller's to free, and `at` behind it. */
enum words dsgd_words_next(const char **at, char **word);

/** Prints a word so that a shell reads it back; in a recipe of make with its dollars doubled. Without line breaks. */
void dsgd_words_print(FILE *out, const char *word, bool make);

#endif
