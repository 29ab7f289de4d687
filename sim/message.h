/* message.h - what crosses the network: a message is at most eight sections of bytes.
 *
 * A section is {kind, encoding, count, bytes, pointer}; the pointer lies in the backend's memory. The ledger adds section
 * lengths by kind and knows nothing else, so a byte that is not in a section cannot reach the other side, and one that is
 * cannot be left out. Senders append sections to an arena that the engine owns and reuses; receivers look sections up and
 * check them before they read.
 */
#ifndef DSGD_SIM_MESSAGE_H
#define DSGD_SIM_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include "sim/status.h"

struct dsgd_backend;

/** The kinds of sections: symbol, word in column names, meaning. */
#define DSGD_KIND_LIST(X)                                                                         \
    X(DSGD_TABLE, "table", "sketch tables")                                                       \
    X(DSGD_VALUE, "value", "values of chosen coordinates, signs, levels")                         \
    X(DSGD_INDEX, "index", "indices of sent coordinates")                                         \
    X(DSGD_REQUEST, "request", "indices the server asks for")                                     \
    X(DSGD_SCALE, "scale", "scales of quantisers")                                                \
    X(DSGD_DENSE, "dense", "whole gradients or models")                                           \
    X(DSGD_HEADER, "header", "counts and lengths")

/** What a section holds. */
enum dsgd_kind {
#define DSGD_KIND_ENUM(name, word, help) name,
    DSGD_KIND_LIST(DSGD_KIND_ENUM)
#undef DSGD_KIND_ENUM
    DSGD_KINDS
};

/** How a section is written. */
enum dsgd_encoding {
    DSGD_RAW_F32,     /* 4 bytes an element, IEEE-754 binary32 little-endian */
    DSGD_RAW_U32,     /* 4 bytes an element, little-endian */
    DSGD_BIT_PLANE,   /* 1 bit an element, bit i % 8 of byte i / 8 */
    DSGD_LEVELS,      /* fixed number of bits an element, packed little-endian */
    DSGD_RAW_F16,     /* 2 bytes an element, IEEE-754 binary16 little-endian */
    DSGD_RAW_BF16,    /* 2 bytes an element, the upper half of a binary32 */
    DSGD_INDEX_FIXED, /* ascending indices in ceil(log2 d) bits each */
    DSGD_INDEX_DELTA, /* gaps between ascending indices, Rice code */
    DSGD_INDEX_BITMAP, /* d bits, one for each coordinate */
    DSGD_INDEX_TAGGED, /* one byte that names one of the four codes of indices, then that code */
    DSGD_TERNARY_ENTROPY, /* ternary vector: arithmetic code of the non-zero places, then a sign bit each */
    DSGD_LEVELS_ELIAS, /* QSGD's code: gaps and magnitudes in Elias omega, a sign bit each */
};

enum { DSGD_SECTIONS_MAX = 8 };

/** A run of bytes of one kind. */
struct dsgd_section {
    enum dsgd_kind kind;
    enum dsgd_encoding encoding;
    uint64_t count; /* elements */
    size_t bytes;   /* length on the wire */
    void *data;     /* [bytes], backend memory, owned by the message's arena */
};

/** Grows in blocks, never moves what it handed out, keeps its memory when reset: no allocation in a steady round. A free block
 *  that is too small for the next piece is given back, so that pieces of varying length do not pile up. */
struct dsgd_arena {
    const struct dsgd_backend *backend;
    struct dsgd_arena_block *first, *current;
    size_t used;
};

/** What one party sends in one exchange. */
struct dsgd_message {
    int sections;
    struct dsgd_section section[DSGD_SECTIONS_MAX];
    struct dsgd_arena arena;
};

/** An empty arena in the backend's memory. */
void dsgd_arena_init(struct dsgd_arena *arena, const struct dsgd_backend *backend);
/** 64-byte aligned memory, valid until reset. NULL when out of memory. */
void *dsgd_arena_take(struct dsgd_arena *arena, size_t bytes);
void dsgd_arena_reset(struct dsgd_arena *arena);
void dsgd_arena_destroy(struct dsgd_arena *arena);

/** Name of a kind: "table", "value", ... */
const char *dsgd_kind_name(enum dsgd_kind kind);

/** Removes all sections and keeps the memory. */
void dsgd_message_reset(struct dsgd_message *message);

/** Appends a section of `bytes` bytes and hands out its memory, not cleared. DSGD_ENOMEM, or DSGD_EINTERNAL beyond eight. */
enum dsgd_status dsgd_message_add(struct dsgd_message *message, enum dsgd_kind kind, enum dsgd_encoding encoding,
                                  uint64_t count, size_t bytes, void **data);

/** A section of count 4-byte elements. */
enum dsgd_status dsgd_message_add_f32(struct dsgd_message *message, enum dsgd_kind kind, size_t count, float **data);
enum dsgd_status dsgd_message_add_u32(struct dsgd_message *message, enum dsgd_kind kind, size_t count, uint32_t **data);

/** Looks up section number `at` and checks kind, encoding, count and length; DSGD_EMESSAGE with a sentence otherwise. */
enum dsgd_status dsgd_message_get(const struct dsgd_message *message, int at, enum dsgd_kind kind,
                                  enum dsgd_encoding encoding, uint64_t count, size_t bytes, const void **data);
enum dsgd_status dsgd_message_get_f32(const struct dsgd_message *message, int at, enum dsgd_kind kind, size_t count,
                                      const float **data);
/** Indices must also be strictly ascending and below `limit`. */
enum dsgd_status dsgd_message_get_indices(const struct dsgd_message *message, int at, enum dsgd_kind kind, size_t count,
                                          uint64_t limit, const uint32_t **data);

#endif
