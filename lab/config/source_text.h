/* source_text.h - a configuration or sweep file with all that it includes as one text that libConfuse can be given.
 *
 * docs/configuration.md, "What a file may contain", is checked here: files, characters, words, braces, keys that stand twice.
 * What comes out holds no comments, no includes and nothing that libConfuse's scanner expands or gives up on; what is left to
 * libConfuse is which keys and sections exist.
 */
#ifndef DSGD_LAB_CONFIG_SOURCE_TEXT_H
#define DSGD_LAB_CONFIG_SOURCE_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "lab/config/source_file.h"

enum source_kind {
    SOURCE_CONFIG, /* key = value, section { ... }, include("file") */
    SOURCE_SWEEP,  /* runs NAME { config = {...} and the keys of a configuration, each with a list of values } */
};

enum { SOURCE_TOTAL_MAX = 8 << 20, SOURCE_DEPTH_MAX = 10, SOURCE_FILES_MAX = 1000 };

struct source_origin {
    int file, line;
};

struct source_text {
    char *text; /* owned, like all below */
    struct source_origin *origin; /* [lines], of each line of the text */
    size_t lines, lines_capacity;
    char **file; /* [files] names as the user or an include wrote them, from the user's folder */
    size_t files;
};

/** What a file of this kind holds, for sentences. */
extern const char *const dsgd_source_expected[2];

/** DSGD_EINPUT or DSGD_EIO with a sentence that names file and line, DSGD_ENOMEM. Caller: dsgd_source_text_clear, also after a
 *  failure; `out` starts all zero. */
enum dsgd_status dsgd_source_text_read(const char *path, enum source_kind kind, struct source_text *out);
void dsgd_source_text_clear(struct source_text *text);

/** "file:line" of the line-th line of the text, counted from 1. */
const char *dsgd_source_text_place(const struct source_text *text, int line, char place[SOURCE_PLACE_MAX]);

/** Writes a value of UTF-8 without control characters, quotes or backslashes so that it reads back the same; in quotes only
 *  where it must. */
void dsgd_source_print_value(FILE *out, const char *value);

#endif
