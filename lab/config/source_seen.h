/* source_seen.h - which keys and blocks a file has given, to find what stands twice. */
#ifndef DSGD_LAB_CONFIG_SOURCE_SEEN_H
#define DSGD_LAB_CONFIG_SOURCE_SEEN_H

#include <stddef.h>

#include "sim/status.h"

struct source_mention {
    int block;           /* number of the block that the key stands in; -1: `key` is the name of a block itself */
    const char *section; /* "" outside of one */
    const char *key;
    int line;
    size_t order;
};

struct source_seen {
    struct source_mention *mention; /* owned */
    size_t mentions, capacity;
};

/** The texts are borrowed. DSGD_ENOMEM. */
enum dsgd_status dsgd_source_seen_add(struct source_seen *seen, int block, const char *section, const char *key, int line);

/** DSGD_EINPUT for the first key or block of the file that stood there before, with both lines. */
enum dsgd_status dsgd_source_seen_check(struct source_seen *seen, const char *file);
void dsgd_source_seen_clear(struct source_seen *seen);

#endif
