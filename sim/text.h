/* text.h - texts from outside (values, names, bytes of a file): are they UTF-8 without control characters, and how does a
 * sentence show them on one line whatever they hold. */
#ifndef DSGD_SIM_TEXT_H
#define DSGD_SIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { DSGD_SHOWN_MAX = 256 }; /* bytes of a text in a sentence, with its end */

/** Bytes of the UTF-8 character that begins at `at` with `left` > 0 bytes to read; 0 if none does (overlong forms, surrogates
 *  and numbers above U+10FFFF are none). */
size_t dsgd_utf8_length(const char *at, size_t left);

/** C0, DEL and C1: tab and line ends too. `length` is that of dsgd_utf8_length. */
bool dsgd_utf8_control(const char *at, size_t length);

/** True if the text is UTF-8 without any control character. */
bool dsgd_text_plain(const char *text);

/** Copies the text for a sentence: control characters and bytes that are not UTF-8 as \xNN, a long text cut, with "...". */
const char *dsgd_text_shown(const char *text, char shown[DSGD_SHOWN_MAX]);

#endif
