/* codec.c - sections of the CPU: content to bytes and back, through the codecs of sim/codec.
 *
 * A section is written straight to its place on the wire and read straight to what the receiver holds: the arenas of the codecs are these
 * two pieces of memory. What a decoder says of bad bytes stays in `wrong` until the next one of this thread.
 */
#include <stdio.h>
#include <string.h>

#include "sim/codec/codec.h"
#include "sim/codec/ternary.h"
#include "sim/cpu/cpu.h"
#include "sim/wire.h"

static uint32_t largest(const struct dsgd_wire *wire, uint32_t participants)
{
    return wire->m == DSGD_PARTICIPANTS ? participants : wire->m;
}

static enum dsgd_status add(const struct dsgd_wire *wire, const struct dsgd_handle *h, size_t row, size_t n, uint32_t participants,
                            struct codec_message *message)
{
    void *plane = NULL;
    switch (wire->type) {
    case DSGD_SET: return codec_add_indices(message, wire->kind, (enum codec_indices)wire->code, n, wire->limit, cpu_set(&h->as.set, row));
    case DSGD_SIGNS:
        DSGD_TRY(codec_message_add(message, wire->kind, DSGD_BIT_PLANE, n, codec_signs_bytes(n), &plane));
        memcpy(plane, cpu_signs(&h->as.signs, row), codec_signs_bytes(n));
        return DSGD_OK;
    case DSGD_TERNARY:
        return codec_add_ternary(message, wire->kind, (enum codec_ternary)wire->code, n, cpu_nonzero(&h->as.ternary, row),
                                 cpu_negative(&h->as.ternary, row));
    case DSGD_I32:
        return codec_add_levels(message, wire->kind, (enum codec_levels)wire->code, n, largest(wire, participants), cpu_i32(&h->as.i32, row));
    case DSGD_F32: return codec_add_values(message, wire->kind, (enum codec_values)wire->code, n, cpu_f32(&h->as.f32, row));
    case DSGD_F64:
    case DSGD_HASHES:
    case DSGD_VOTES: break;
    }
    return dsgd_fail(DSGD_EINTERNAL, "a section of a type that does not travel");
}

size_t cpu_encode(struct dsgd_queue *q, const struct dsgd_wire *wire, const struct dsgd_array *a, size_t row, size_t n, uint32_t participants,
                  void *bytes)
{
    struct codec_message message = {.sections = 0};
    const struct dsgd_handle handle = {.type = wire->type, .as.array = *a};
    size_t length = 0;
    codec_arena_in(&message.arena, cpu_near(bytes), dsgd_wire_bytes_max(wire, wire->most, participants));
    if (add(wire, &handle, row, n, participants, &message) != DSGD_OK) {
        dsgd_queue_fail(q, DSGD_EINTERNAL, "a section of %zu elements cannot be written: %s", n, dsgd_error());
        return 0;
    }
    for (int s = 0; s < message.sections; ++s) { length += message.section[s].bytes; }
    return length;
}

/* Bits past the end of a plane of signs. */
static enum dsgd_status get_signs(const struct codec_message *message, size_t n, uint8_t *to)
{
    const void *plane = NULL;
    DSGD_TRY(codec_message_get(message, 0, message->section[0].kind, DSGD_BIT_PLANE, n, codec_signs_bytes(n), &plane));
    const uint8_t *from = plane;
    if (n % 8 > 0 && from[n / 8] >> n % 8) { return dsgd_fail(DSGD_EMESSAGE, "signs with a bit past the end"); }
    memcpy(to, from, codec_signs_bytes(n));
    return DSGD_OK;
}

static enum dsgd_status get(const struct dsgd_wire *wire, const struct codec_message *message, const struct dsgd_handle *h, size_t row, size_t n,
                            uint32_t participants)
{
    struct codec_arena out;
    const enum dsgd_kind kind = wire->kind;
    if (wire->type == DSGD_SET) {
        const uint32_t *index = NULL;
        codec_arena_in(&out, cpu_set(&h->as.set, row), n * sizeof *index);
        DSGD_TRY(codec_get_indices(message, 0, kind, (enum codec_indices)wire->code, n, wire->limit, &out, &index));
        if (n > 0 && index != cpu_set(&h->as.set, row)) { memcpy(cpu_set(&h->as.set, row), index, n * sizeof *index); } /* raw: as they lie */
        *cpu_length(&h->as.set, row) = (uint32_t)n;
        return DSGD_OK;
    }
    if (wire->type == DSGD_SIGNS) { return get_signs(message, n, cpu_signs(&h->as.signs, row)); }
    if (wire->type == DSGD_TERNARY) {
        const uint8_t *nonzero = NULL, *negative = NULL;
        const size_t plane = ternary_plane_bytes(n);
        codec_arena_in(&out, cpu_nonzero(&h->as.ternary, row), 2 * plane);
        DSGD_TRY(codec_get_ternary(message, 0, kind, (enum codec_ternary)wire->code, n, &out, &nonzero, &negative));
        if (plane > 0 && nonzero != cpu_nonzero(&h->as.ternary, row)) {
            memcpy(cpu_nonzero(&h->as.ternary, row), nonzero, plane);
            memcpy(cpu_negative(&h->as.ternary, row), negative, plane);
        }
        return DSGD_OK;
    }
    if (wire->type == DSGD_I32) {
        const int32_t *level = NULL;
        codec_arena_in(&out, cpu_i32(&h->as.i32, row), n * sizeof *level);
        return codec_get_levels(message, 0, kind, (enum codec_levels)wire->code, n, largest(wire, participants), &out, &level);
    }
    const float *value = NULL;
    codec_arena_in(&out, cpu_f32(&h->as.f32, row), n * sizeof *value);
    DSGD_TRY(codec_get_values(message, 0, kind, (enum codec_values)wire->code, n, &out, &value));
    if (n > 0 && value != cpu_f32(&h->as.f32, row)) { memcpy(cpu_f32(&h->as.f32, row), value, n * sizeof *value); }
    return DSGD_OK;
}

const char *cpu_decode(struct dsgd_queue *q, const struct dsgd_wire *wire, const void *bytes, size_t length, size_t n, uint32_t participants,
                       const struct dsgd_array *a, size_t row)
{
    static _Thread_local char wrong[DSGD_MESSAGE_MAX];
    const struct dsgd_handle handle = {.type = wire->type, .as.array = *a};
    const enum dsgd_encoding encoding = dsgd_wire_encoding(wire);
    const bool planes = wire->type == DSGD_TERNARY && wire->code == DSGD_PLANES;
    struct codec_message message = {.sections = 1};
    (void)q;
    message.section[0] = (struct codec_section){wire->kind, encoding, n, length, cpu_near(bytes)};
    if (planes) { /* two sections, one behind the other */
        if (length % 2 != 0) { return "planes of different lengths"; }
        message.sections = 2;
        message.section[0].bytes = length / 2;
        message.section[1] = (struct codec_section){wire->kind, encoding, n, length / 2, (char *)cpu_near(bytes) + length / 2};
    }
    if (get(wire, &message, &handle, row, n, participants) == DSGD_OK) { return NULL; }
    snprintf(wrong, sizeof wrong, "refused: %s", dsgd_error());
    return wrong;
}
