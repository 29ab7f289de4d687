/* codec_case.h - what tests and fuzzer of the codecs share: any bytes as a section, and any bytes as content.
 *
 * A section lies in memory of exactly its size, so that the address sanitizer sees a byte too far. Each function leaves its
 * arenas empty. Needs stdlib, string.
 */
#ifndef DSGD_TESTS_CODEC_CASE_H
#define DSGD_TESTS_CODEC_CASE_H

#include <stdlib.h>
#include <string.h>
#include "sim/codec/codec.h"
#include "sim/codec/ternary.h"
#include "sim/codec/message.h"

/** One codec and the numbers that both sides know. */
struct codec_case {
    enum codec_what { CASE_VALUES, CASE_INDICES, CASE_SIGNS, CASE_TERNARY, CASE_LEVELS, CASE_WHATS } what;
    int as; /* enum codec_values, codec_indices, codec_ternary, codec_levels */
    size_t n, d;
    uint32_t m;
};

/** A codec must refuse, or take what it would have written itself. */
enum codec_verdict { VERDICT_REFUSED, VERDICT_SAME, VERDICT_DIFFERENT };

static inline void *codec_case_copy(const void *bytes, size_t length)
{
    void *copy = malloc(length > 0 ? length : 1);
    if (!copy) { abort(); }
    if (length > 0) { memcpy(copy, bytes, length); }
    return copy;
}

/** The encoding and count of the case's sections. */
static inline struct codec_section codec_case_section(const struct codec_case *c)
{
    static const enum dsgd_encoding values[] = {DSGD_RAW_F32, DSGD_RAW_F16, DSGD_RAW_BF16};
    static const enum dsgd_encoding indices[] = {DSGD_INDEX_TAGGED, DSGD_RAW_U32, DSGD_INDEX_FIXED, DSGD_INDEX_DELTA,
                                                 DSGD_INDEX_BITMAP};
    struct codec_section section = {.kind = DSGD_VALUE, .encoding = DSGD_BIT_PLANE, .count = c->d};
    if (c->what == CASE_VALUES) { section.encoding = values[c->as]; }
    if (c->what == CASE_INDICES) { section.encoding = indices[c->as]; }
    if (c->what == CASE_TERNARY && c->as == CODEC_ENTROPY) { section.encoding = DSGD_TERNARY_ENTROPY; }
    if (c->what == CASE_LEVELS) { section.encoding = c->as == CODEC_PACKED ? DSGD_LEVELS : DSGD_LEVELS_ELIAS; }
    if (c->what == CASE_VALUES || c->what == CASE_INDICES) { section.count = c->n; }
    return section;
}

/** The older decoders of ternary.h, which add and scale at once, must agree about what is valid and what it means. */
static inline void codec_case_agree(const struct codec_case *c, const struct codec_message *message, enum dsgd_status status,
                                    const uint8_t *nonzero, const uint8_t *negative, const int32_t *level)
{
    const struct codec_section *section = message->section;
    if (status == DSGD_ENOMEM || c->as != 0) { return; }
    if (c->what == CASE_TERNARY && section[0].bytes == ternary_plane_bytes(c->d) && section[1].bytes == section[0].bytes) {
        int32_t *sum = calloc(c->d + 1, sizeof *sum);
        if (!sum || ternary_accumulate(c->d, section[0].data, section[1].data, sum) != status) { abort(); }
        for (size_t i = 0; status == DSGD_OK && i < c->d; ++i) {
            const int bit = nonzero[i / 8] >> i % 8 & 1, minus = negative[i / 8] >> i % 8 & 1;
            if (sum[i] != bit - 2 * minus) { abort(); }
        }
        free(sum);
    }
    if (c->what == CASE_LEVELS && section[0].bytes == levels_bytes(c->d, c->m)) {
        float *value = calloc(c->d + 1, sizeof *value);
        if (!value || levels_unpack(c->d, section[0].data, c->m, 1.0f, value) != status) { abort(); }
        for (size_t i = 0; status == DSGD_OK && i < c->d; ++i) {
            if (value[i] != (float)level[i]) { abort(); }
        }
        free(value);
    }
}

/** Decodes the message's first section or two and encodes the result into `again`. */
static inline enum dsgd_status codec_case_recode(const struct codec_case *c, const struct codec_message *message,
                                                 struct codec_arena *scratch, struct codec_message *again)
{
    switch (c->what) {
    case CASE_VALUES: {
        const float *value = NULL;
        DSGD_TRY(codec_get_values(message, 0, DSGD_VALUE, (enum codec_values)c->as, c->n, scratch, &value));
        return codec_add_values(again, DSGD_VALUE, (enum codec_values)c->as, c->n, value);
    }
    case CASE_INDICES: {
        const uint32_t *index = NULL;
        DSGD_TRY(codec_get_indices(message, 0, DSGD_VALUE, (enum codec_indices)c->as, c->n, c->d, scratch, &index));
        return codec_add_indices(again, DSGD_VALUE, (enum codec_indices)c->as, c->n, c->d, index);
    }
    case CASE_TERNARY: {
        const uint8_t *nonzero = NULL, *negative = NULL;
        const enum dsgd_status status = codec_get_ternary(message, 0, DSGD_VALUE, (enum codec_ternary)c->as, c->d, scratch,
                                                          &nonzero, &negative);
        codec_case_agree(c, message, status, nonzero, negative, NULL);
        DSGD_TRY(status);
        return codec_add_ternary(again, DSGD_VALUE, (enum codec_ternary)c->as, c->d, nonzero, negative);
    }
    case CASE_LEVELS: {
        const int32_t *level = NULL;
        const enum dsgd_status status = codec_get_levels(message, 0, DSGD_VALUE, (enum codec_levels)c->as, c->d, c->m, scratch,
                                                         &level);
        codec_case_agree(c, message, status, NULL, NULL, level);
        DSGD_TRY(status);
        return codec_add_levels(again, DSGD_VALUE, (enum codec_levels)c->as, c->d, c->m, level);
    }
    default: break;
    }
    /* signs have no section of their own: their length is the caller's business */
    const size_t bytes = codec_signs_bytes(c->d);
    if (message->section[0].bytes != bytes) { return dsgd_fail(DSGD_EMESSAGE, "%zu bytes for %zu signs", message->section[0].bytes, c->d); }
    float *out = codec_arena_take(scratch, c->d * sizeof *out);
    DSGD_TRY(codec_signs_unpack(c->d, message->section[0].data, 1.0f, out));
    void *plane = NULL;
    DSGD_TRY(codec_message_add(again, DSGD_VALUE, DSGD_BIT_PLANE, c->d, bytes, &plane));
    codec_signs_pack(c->d, out, plane);
    return DSGD_OK;
}

static inline int codec_case_equal(const struct codec_message *a, const struct codec_message *b)
{
    if (a->sections != b->sections) { return 0; }
    for (int s = 0; s < a->sections; ++s) {
        const struct codec_section *x = &a->section[s], *y = &b->section[s];
        if (x->kind != y->kind || x->encoding != y->encoding || x->count != y->count || x->bytes != y->bytes) { return 0; }
        if (x->bytes > 0 && memcmp(x->data, y->data, x->bytes) != 0) { return 0; }
    }
    return 1;
}

/** Any bytes as what arrived. Planes: the first half is the first plane. */
static inline enum codec_verdict codec_case_bytes(const struct codec_case *c, const uint8_t *bytes, size_t length)
{
    struct codec_message message = {.sections = 1}, again = {.sections = 0};
    struct codec_arena scratch;
    codec_arena_init(&scratch, &codec_heap);
    codec_arena_init(&again.arena, &codec_heap);
    message.section[0] = codec_case_section(c);
    if (c->what == CASE_TERNARY && c->as == CODEC_PLANES) {
        message.section[1] = message.section[0];
        message.section[1].bytes = length / 2;
        message.section[1].data = codec_case_copy(bytes + (length - length / 2), length / 2);
        message.sections = 2;
        length -= length / 2;
    }
    message.section[0].bytes = length;
    message.section[0].data = codec_case_copy(bytes, length);
    const enum dsgd_status status = codec_case_recode(c, &message, &scratch, &again);
    enum codec_verdict verdict = VERDICT_DIFFERENT;
    if (status == DSGD_EMESSAGE && *dsgd_error()) { verdict = VERDICT_REFUSED; }
    if (status == DSGD_OK && codec_case_equal(&message, &again)) { verdict = VERDICT_SAME; }
    for (int s = 0; s < message.sections; ++s) { free(message.section[s].data); }
    codec_arena_destroy(&scratch);
    codec_arena_destroy(&again.arena);
    return verdict;
}

/** The longest that the case's sections may become. */
static inline size_t codec_case_bytes_max(const struct codec_case *c)
{
    switch (c->what) {
    case CASE_VALUES: return codec_values_bytes((enum codec_values)c->as, c->n);
    case CASE_INDICES: return codec_indices_bytes_max((enum codec_indices)c->as, c->n, c->d);
    case CASE_TERNARY: return codec_ternary_bytes_max((enum codec_ternary)c->as, c->d);
    case CASE_LEVELS: return codec_levels_bytes_max((enum codec_levels)c->as, c->d, c->m);
    default: return codec_signs_bytes(c->d);
    }
}

/** What was encoded into `message` must be accepted and come back, in memory of exactly its size, and keep the bound. */
static inline enum codec_verdict codec_case_message(const struct codec_case *c, const struct codec_message *message)
{
    size_t length = 0;
    uint8_t *bytes = NULL;
    for (int s = 0; s < message->sections; ++s) { length += message->section[s].bytes; }
    bytes = malloc(length + 1);
    if (!bytes) { abort(); }
    size_t at = 0;
    for (int s = 0; s < message->sections; ++s) {
        if (message->section[s].bytes > 0) { memcpy(bytes + at, message->section[s].data, message->section[s].bytes); }
        at += message->section[s].bytes;
    }
    const enum codec_verdict verdict = length <= codec_case_bytes_max(c) ? codec_case_bytes(c, bytes, length) : VERDICT_DIFFERENT;
    free(bytes);
    return verdict;
}

#endif
