/* message.h - what the codecs write to and read from: sections of bytes in an arena.
 *
 * An arena takes memory in blocks from a codec_memory, or lies in one piece that the caller has (codec_arena_in), which it never leaves.
 */
#ifndef DSGD_SIM_CODEC_MESSAGE_H
#define DSGD_SIM_CODEC_MESSAGE_H

#include "sim/message.h"

/** Where arenas take their blocks. */
struct codec_memory {
    void *(*alloc)(size_t bytes); /* 64-byte aligned; NULL when out of memory */
    void (*release)(void *data);
};
extern const struct codec_memory codec_heap;

/** A run of bytes of one kind. */
struct codec_section {
    enum dsgd_kind kind;
    enum dsgd_encoding encoding;
    uint64_t count; /* elements */
    size_t bytes;   /* length on the wire */
    void *data;     /* [bytes], owned by the message's arena */
};

/** Grows in blocks, never moves what it handed out, keeps its memory when reset: no allocation in a steady round. A free block
 *  that is too small for the next piece is given back, so that pieces of varying length do not pile up. */
struct codec_arena {
    const struct codec_memory *memory;
    struct codec_arena_block *first, *current;
    size_t used;
    char *piece;          /* not NULL: one piece of memory of so many bytes, taken from in order without gaps */
    size_t room;
};

/** What one party sends in one exchange. */
struct codec_message {
    int sections;
    struct codec_section section[DSGD_SECTIONS_MAX];
    struct codec_arena arena;
};

/** An empty arena in the backend's memory. */
void codec_arena_init(struct codec_arena *arena, const struct codec_memory *memory);
/** An arena in `room` bytes of the caller's. */
void codec_arena_in(struct codec_arena *arena, void *piece, size_t room);
/** 64-byte aligned memory, valid until reset. NULL when out of memory. */
void *codec_arena_take(struct codec_arena *arena, size_t bytes);
void codec_arena_reset(struct codec_arena *arena);
void codec_arena_destroy(struct codec_arena *arena);

/** Removes all sections and keeps the memory. */
void codec_message_reset(struct codec_message *message);

/** Appends a section of `bytes` bytes and hands out its memory, not cleared. DSGD_ENOMEM, or DSGD_EINTERNAL beyond eight. */
enum dsgd_status codec_message_add(struct codec_message *message, enum dsgd_kind kind, enum dsgd_encoding encoding,
                                  uint64_t count, size_t bytes, void **data);

/** A section of count 4-byte elements. */
enum dsgd_status codec_message_add_f32(struct codec_message *message, enum dsgd_kind kind, size_t count, float **data);
enum dsgd_status codec_message_add_u32(struct codec_message *message, enum dsgd_kind kind, size_t count, uint32_t **data);

/** Looks up section number `at` and checks kind, encoding, count and length; DSGD_EMESSAGE with a sentence otherwise. */
enum dsgd_status codec_message_get(const struct codec_message *message, int at, enum dsgd_kind kind,
                                  enum dsgd_encoding encoding, uint64_t count, size_t bytes, const void **data);
enum dsgd_status codec_message_get_f32(const struct codec_message *message, int at, enum dsgd_kind kind, size_t count,
                                      const float **data);
/** Indices must also be strictly ascending and below `limit`. */
enum dsgd_status codec_message_get_indices(const struct codec_message *message, int at, enum dsgd_kind kind, size_t count,
                                          uint64_t limit, const uint32_t **data);

#endif
