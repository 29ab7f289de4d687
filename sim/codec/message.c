/* message.c - sections, their checks, and the arena they live in. */
#include "sim/codec/message.h"

#include <stdalign.h>
#include <stdlib.h>


struct codec_arena_block {
    struct codec_arena_block *next;
    size_t capacity;
    void *data;
};

enum { ARENA_ALIGN = 64, ARENA_BLOCK_MIN = 1 << 16 };

static void *heap_alloc(size_t bytes)
{
    return aligned_alloc(64, bytes);
}

const struct codec_memory codec_heap = {heap_alloc, free};

void codec_arena_in(struct codec_arena *arena, void *piece, size_t room)
{
    *arena = (struct codec_arena){.piece = piece, .room = room};
}

void codec_arena_init(struct codec_arena *arena, const struct codec_memory *memory)
{
    *arena = (struct codec_arena){.memory = memory};
}

void *codec_arena_take(struct codec_arena *arena, size_t bytes)
{
    if (arena->piece) {
        if (arena->room - arena->used < bytes) { return NULL; }
        arena->used += bytes;
        return arena->piece + arena->used - bytes;
    }
    const size_t need = bytes > 0 ? (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN : ARENA_ALIGN;
    if (need < bytes) { return NULL; }
    if (arena->used == 0 || arena->current->capacity - arena->used < need) {
        /* Blocks behind the current one are empty. One that is too small is given back: an arena holds what a round needs,
         * not every size that messages of varying length ever had. */
        struct codec_arena_block **link = arena->used > 0 ? &arena->current->next : &arena->first;
        while (*link && (*link)->capacity < need) {
            struct codec_arena_block *small = *link;
            *link = small->next;
            arena->memory->release(small->data);
            free(small);
        }
        if (!*link) {
            struct codec_arena_block *block = calloc(1, sizeof *block);
            if (!block) { return NULL; }
            block->capacity = need > ARENA_BLOCK_MIN ? need : ARENA_BLOCK_MIN;
            block->data = arena->memory->alloc(block->capacity);
            if (!block->data) {
                free(block);
                return NULL;
            }
            *link = block;
        }
        arena->current = *link;
        arena->used = 0;
    }
    void *data = (char *)arena->current->data + arena->used;
    arena->used += need;
    return data;
}

void codec_arena_reset(struct codec_arena *arena)
{
    arena->current = arena->first;
    arena->used = 0;
}

void codec_arena_destroy(struct codec_arena *arena)
{
    struct codec_arena_block *block = arena->first;
    while (block) {
        struct codec_arena_block *next = block->next;
        arena->memory->release(block->data);
        free(block);
        block = next;
    }
    *arena = (struct codec_arena){.memory = arena->memory};
}

void codec_message_reset(struct codec_message *message)
{
    message->sections = 0;
    codec_arena_reset(&message->arena);
}

enum dsgd_status codec_message_add(struct codec_message *message, enum dsgd_kind kind, enum dsgd_encoding encoding,
                                  uint64_t count, size_t bytes, void **data)
{
    if (message->sections == DSGD_SECTIONS_MAX) {
        return dsgd_fail(DSGD_EINTERNAL, "a message has at most %d sections", DSGD_SECTIONS_MAX);
    }
    *data = codec_arena_take(&message->arena, bytes);
    if (!*data) { return dsgd_fail(DSGD_ENOMEM, "no memory for a message section of %zu bytes", bytes); }
    message->section[message->sections++] =
        (struct codec_section){.kind = kind, .encoding = encoding, .count = count, .bytes = bytes, .data = *data};
    return DSGD_OK;
}

enum dsgd_status codec_message_add_f32(struct codec_message *message, enum dsgd_kind kind, size_t count, float **data)
{
    void *memory = NULL;
    DSGD_TRY(codec_message_add(message, kind, DSGD_RAW_F32, count, count * sizeof **data, &memory));
    *data = memory;
    return DSGD_OK;
}

enum dsgd_status codec_message_add_u32(struct codec_message *message, enum dsgd_kind kind, size_t count, uint32_t **data)
{
    void *memory = NULL;
    DSGD_TRY(codec_message_add(message, kind, DSGD_RAW_U32, count, count * sizeof **data, &memory));
    *data = memory;
    return DSGD_OK;
}

enum dsgd_status codec_message_get(const struct codec_message *message, int at, enum dsgd_kind kind,
                                  enum dsgd_encoding encoding, uint64_t count, size_t bytes, const void **data)
{
    if (!message || at >= message->sections) {
        return dsgd_fail(DSGD_EMESSAGE, "message ends before its section %d (%s)", at, dsgd_kind_name(kind));
    }
    const struct codec_section *section = &message->section[at];
    if (section->kind != kind || section->encoding != encoding) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d is of kind %s, encoding %d; expected %s, %d", at,
                         dsgd_kind_name(section->kind), (int)section->encoding, dsgd_kind_name(kind), (int)encoding);
    }
    if (section->count != count || section->bytes != bytes) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s) has %llu elements in %zu bytes; expected %llu in %zu", at,
                         dsgd_kind_name(kind), (unsigned long long)section->count, section->bytes,
                         (unsigned long long)count, bytes);
    }
    *data = section->data;
    return DSGD_OK;
}

enum dsgd_status codec_message_get_f32(const struct codec_message *message, int at, enum dsgd_kind kind, size_t count,
                                      const float **data)
{
    const void *memory = NULL;
    DSGD_TRY(codec_message_get(message, at, kind, DSGD_RAW_F32, count, count * sizeof **data, &memory));
    *data = memory;
    return DSGD_OK;
}

enum dsgd_status codec_message_get_indices(const struct codec_message *message, int at, enum dsgd_kind kind, size_t count,
                                          uint64_t limit, const uint32_t **data)
{
    const void *memory = NULL;
    DSGD_TRY(codec_message_get(message, at, kind, DSGD_RAW_U32, count, count * sizeof **data, &memory));
    const uint32_t *index = memory;
    for (size_t j = 0; j < count; ++j) {
        if (index[j] >= limit || (j > 0 && index[j] <= index[j - 1])) {
            return dsgd_fail(DSGD_EMESSAGE, "index %u at place %zu of section %d (%s): expected ascending indices below %llu",
                             index[j], j, at, dsgd_kind_name(kind), (unsigned long long)limit);
        }
    }
    *data = index;
    return DSGD_OK;
}
