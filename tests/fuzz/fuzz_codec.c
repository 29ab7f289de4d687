/* fuzz_codec.c - any bytes as a section: refused with a sentence, or exactly what the encoder makes of the decoded content.
 * And any bytes as content: what is sent comes back. Options: -max_len=512
 *
 * Input: codec and direction (1 byte), code and spread (1 byte), d, n, m (4 bytes each, little-endian), then the bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/codec_case.h"
#include "tests/fuzz/input.h"

enum {
    HEADER = 14,
    DENSE_MAX = 1 << 16 /* coordinates where decoded content takes memory for each, whatever the section's length */
};

static uint32_t number(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (!memory) { abort(); }
    return memory;
}

/* Every byte is a gap, stretched by `spread` bits; those beyond d are left out. */
static enum dsgd_status add_indices(struct codec_case *c, unsigned spread, const uint8_t *bytes, size_t length,
                                    struct codec_message *message)
{
    uint32_t *index = take(length, sizeof *index);
    uint64_t next = 0;
    c->n = 0;
    for (size_t i = 0; i < length; ++i) {
        next += (uint64_t)bytes[i] << spread;
        if (next >= c->d) { break; }
        index[c->n++] = (uint32_t)next++;
    }
    const enum dsgd_status status = codec_add_indices(message, DSGD_VALUE, (enum codec_indices)c->as, c->n, c->d, index);
    free(index);
    return status;
}

static enum dsgd_status add_values(struct codec_case *c, const uint8_t *bytes, size_t length, struct codec_message *message)
{
    float *value = take(length / 4, sizeof *value);
    c->n = length / 4;
    memcpy(value, bytes, 4 * c->n);
    enum dsgd_status status = codec_add_values(message, DSGD_VALUE, (enum codec_values)c->as, c->n, value);
    codec_round_values((enum codec_values)c->as, c->n, value); /* what was sent is what rounding alone gives */
    if (status == DSGD_OK) { status = codec_add_values(message, DSGD_VALUE, (enum codec_values)c->as, c->n, value); }
    if (status != DSGD_OK || memcmp(message->section[0].data, message->section[1].data, message->section[0].bytes) != 0) {
        abort();
    }
    message->sections = 1;
    free(value);
    return status;
}

static enum dsgd_status add_signs(struct codec_case *c, const uint8_t *bytes, size_t length, struct codec_message *message)
{
    float *value = take(length, sizeof *value);
    void *plane = NULL;
    const size_t packed = codec_signs_bytes(length);
    c->d = length;
    for (size_t i = 0; i < length; ++i) { value[i] = (float)(int8_t)bytes[i]; }
    const enum dsgd_status status = codec_message_add(message, DSGD_VALUE, DSGD_BIT_PLANE, length, packed, &plane);
    if (status == DSGD_OK) { codec_signs_pack(length, value, plane); }
    free(value);
    return status;
}

/* Two bits of input per coordinate: 0 and 1 zero, 2 plus, 3 minus. */
static enum dsgd_status add_ternary(const struct codec_case *c, const uint8_t *bytes, size_t length, struct codec_message *message)
{
    uint8_t *nonzero = take(c->d / 8 + 1, 1), *negative = take(c->d / 8 + 1, 1);
    for (size_t i = 0; i < c->d && i / 4 < length; ++i) {
        const unsigned code = (unsigned)bytes[i / 4] >> i % 4 * 2 & 3;
        nonzero[i / 8] |= (uint8_t)((code >> 1) << i % 8);
        negative[i / 8] |= (uint8_t)((unsigned)(code == 3) << i % 8);
    }
    const enum dsgd_status status = codec_add_ternary(message, DSGD_VALUE, (enum codec_ternary)c->as, c->d, nonzero, negative);
    free(nonzero);
    free(negative);
    return status;
}

/* Two bytes of input per coordinate: a quarter of them levels, spread over the whole range. */
static enum dsgd_status add_levels(const struct codec_case *c, unsigned spread, const uint8_t *bytes, size_t length,
                                   struct codec_message *message)
{
    int32_t *level = take(c->d, sizeof *level);
    for (size_t i = 0; i < c->d && 2 * i + 1 < length; ++i) {
        const uint64_t code = (uint64_t)bytes[2 * i + 1] << spread;
        if (bytes[2 * i] % 4 == 0) { level[i] = (int32_t)((int64_t)(code % (2 * (uint64_t)c->m + 1)) - (int64_t)c->m); }
    }
    const enum dsgd_status status = codec_add_levels(message, DSGD_VALUE, (enum codec_levels)c->as, c->d, c->m, level);
    free(level);
    return status;
}

static enum dsgd_status add_content(struct codec_case *c, unsigned spread, const uint8_t *bytes, size_t length,
                                    struct codec_message *message)
{
    switch (c->what) {
    case CASE_VALUES: return add_values(c, bytes, length, message);
    case CASE_INDICES: return add_indices(c, spread, bytes, length, message);
    case CASE_SIGNS: return add_signs(c, bytes, length, message);
    case CASE_TERNARY: return add_ternary(c, bytes, length, message);
    default: return add_levels(c, spread, bytes, length, message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int codes[CASE_WHATS] = {3, 5, 1, 2, 2};
    if (size < HEADER) { return 0; }
    struct codec_case c = {.what = (enum codec_what)(data[0] % CASE_WHATS), .m = number(data + 10) & INT32_MAX};
    const int content = data[0] >= 128;
    const unsigned spread = data[1] / 16 * 2u;
    c.as = data[1] % 16 % codes[c.what];
    c.d = number(data + 2);
    c.n = number(data + 6);
    /* a set of all coordinates and a bitmap are as long as d */
    if (c.what != CASE_INDICES || c.n == c.d || (content && (c.as == CODEC_BITMAP || c.as == CODEC_CHEAPEST))) { c.d %= DENSE_MAX; }
    const uint8_t *bytes = data + HEADER;
    const size_t length = size - HEADER;
    if (!content) {
        if (codec_case_bytes(&c, bytes, length) == VERDICT_DIFFERENT) {
            fprintf(stderr, "accepted, but not what the encoder writes: %s\n", dsgd_error());
            abort();
        }
        return 0;
    }
    struct codec_message message = {.sections = 0};
    codec_arena_init(&message.arena, &codec_heap);
    if (add_content(&c, spread, bytes, length, &message) != DSGD_OK || codec_case_message(&c, &message) != VERDICT_SAME) {
        fprintf(stderr, "content did not come back: %s\n", dsgd_error());
        abort();
    }
    codec_arena_destroy(&message.arena);
    return 0;
}
