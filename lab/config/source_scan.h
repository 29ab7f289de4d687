/* source_scan.h - the words of a configuration or sweep file, as libConfuse 3.3 cuts them but for what docs/configuration.md says. */
#ifndef DSGD_LAB_CONFIG_SOURCE_SCAN_H
#define DSGD_LAB_CONFIG_SOURCE_SCAN_H

#include "lab/config/source_file.h"

/** One token. */
struct source_token {
    char kind;        /* 'w' a word, 's' a quoted text, 0 the end, else one of = { } ( ) , itself */
    int line;         /* where it begins */
    const char *text; /* of a word or quoted text, without quotes and escapes; lives as long as the scan */
};

struct source_scan {
    const struct source_file *file;
    const char *at;
    int line;
    char *store, *free; /* owned; texts of all tokens */
};

/** Caller: dsgd_source_scan_clear, also after a failure. */
enum dsgd_status dsgd_source_scan_begin(const struct source_file *file, struct source_scan *out);
void dsgd_source_scan_clear(struct source_scan *scan);

/** DSGD_EINPUT with file and line: an unclosed comment or quoted text, +=, ${, an escape that is none. */
enum dsgd_status dsgd_source_scan_next(struct source_scan *scan, struct source_token *out);

#endif
