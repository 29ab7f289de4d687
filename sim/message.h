/* message.h - what crosses the network: a message is at most eight sections of bytes.
 *
 * A section is {kind, encoding, count, bytes, pointer}. The ledger adds section lengths by kind and knows nothing else, so a byte that
 * is not in a section cannot reach the other side, and one that is cannot be left out. Which sections a message has follows from what
 * the algorithm declares (sim/algorithm.h); the engine makes and decodes their bytes.
 */
#ifndef DSGD_SIM_MESSAGE_H
#define DSGD_SIM_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include "sim/status.h"

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
    const void *data; /* [bytes] host memory, for a listener as long as it is called; else NULL */
};

/** What one party sends in one exchange. Without sections nothing is sent. */
struct dsgd_message {
    int sections;
    struct dsgd_section section[DSGD_SECTIONS_MAX];
};

/** Name of a kind: "table", "value", ... */
const char *dsgd_kind_name(enum dsgd_kind kind);

#endif
