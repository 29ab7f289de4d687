/* text.c - UTF-8 as RFC 3629 has it, and texts on one line. */
#include "sim/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

size_t dsgd_utf8_length(const char *at, size_t left)
{
    const unsigned char first = (unsigned char)at[0];
    if (first < 0x80) { return 1; }
    const size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (length == 0 || length > left) { return 0; }
    for (size_t i = 1; i < length; ++i) {
        if (((unsigned char)at[i] & 0xC0) != 0x80) { return 0; }
    }
    /* the second byte alone tells overlong forms, surrogates and what lies above U+10FFFF */
    const unsigned char second = (unsigned char)at[1];
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) { return 0; }
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) { return 0; }
    return length;
}

bool dsgd_utf8_control(const char *at, size_t length)
{
    const unsigned char first = (unsigned char)at[0];
    return first < 0x20 || first == 0x7F || (length == 2 && first == 0xC2 && (unsigned char)at[1] < 0xA0);
}

bool dsgd_text_plain(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        const size_t length = dsgd_utf8_length(text, left);
        if (length == 0 || dsgd_utf8_control(text, length)) { return false; }
        text += length;
        left -= length;
    }
    return true;
}

const char *dsgd_text_shown(const char *text, char shown[DSGD_SHOWN_MAX])
{
    enum { ROOM = DSGD_SHOWN_MAX - 4 }; /* for "..." and the end */
    size_t left = strlen(text), used = 0;
    while (left > 0) {
        const size_t length = dsgd_utf8_length(text, left), bytes = length ? length : 1;
        const bool plain = length > 0 && !dsgd_utf8_control(text, length);
        if (used + (plain ? bytes : 4 * bytes) > ROOM) {
            memcpy(shown + used, "...", 3);
            used += 3;
            break;
        }
        for (size_t i = 0; i < bytes; ++i) {
            if (plain) {
                shown[used++] = text[i];
            } else {
                used += (size_t)snprintf(shown + used, DSGD_SHOWN_MAX - used, "\\x%02x", (unsigned)(uint8_t)text[i]);
            }
        }
        text += bytes;
        left -= bytes;
    }
    shown[used] = '\0';
    return shown;
}
