/* wire.c - lengths and encodings of sections, from what was declared. */
#include "sim/wire.h"

#include "sim/codec/codec.h"
#include "sim/codec/ternary.h"

size_t dsgd_wire_bytes_sent(const struct dsgd_wire *wire, size_t n, uint32_t participants)
{
    const uint32_t m = wire->m == DSGD_PARTICIPANTS ? participants : wire->m;
    switch (wire->type) {
    case DSGD_SET: {
        size_t most = 0; /* of any set of at most n coordinates: a code is longest for a middling number */
        const size_t middle = wire->limit / 2 < n ? wire->limit / 2 : n, size[3] = {n, middle, n > 0 ? n - 1 : 0};
        for (int j = 0; j < 3; ++j) {
            const size_t bytes = codec_indices_bytes_max((enum codec_indices)wire->code, size[j], wire->limit);
            most = bytes > most ? bytes : most;
        }
        return most;
    }
    case DSGD_SIGNS: return codec_signs_bytes(n);
    case DSGD_TERNARY: return codec_ternary_bytes_max((enum codec_ternary)wire->code, n);
    case DSGD_I32: return codec_levels_bytes_max((enum codec_levels)wire->code, n, m);
    case DSGD_F32: return codec_values_bytes((enum codec_values)wire->code, n);
    case DSGD_F64:
    case DSGD_HASHES:
    case DSGD_VOTES: break;
    }
    return 0;
}

size_t dsgd_wire_bytes_max(const struct dsgd_wire *wire, size_t n, uint32_t participants)
{
    const bool open = wire->type == DSGD_SET && wire->length.how == DSGD_AT_MOST;
    return dsgd_wire_bytes_sent(wire, n, participants) + (open ? 4 * n + (wire->limit + 7) / 8 : 0);
}

enum dsgd_encoding dsgd_wire_encoding(const struct dsgd_wire *wire)
{
    static const enum dsgd_encoding values[] = {DSGD_RAW_F32, DSGD_RAW_F16, DSGD_RAW_BF16};
    static const enum dsgd_encoding indices[] = {DSGD_INDEX_TAGGED, DSGD_RAW_U32, DSGD_INDEX_FIXED, DSGD_INDEX_DELTA, DSGD_INDEX_BITMAP};
    switch (wire->type) {
    case DSGD_SET: return indices[wire->code];
    case DSGD_SIGNS: return DSGD_BIT_PLANE;
    case DSGD_TERNARY: return wire->code == DSGD_PLANES ? DSGD_BIT_PLANE : DSGD_TERNARY_ENTROPY;
    case DSGD_I32: return wire->code == DSGD_PACKED ? DSGD_LEVELS : DSGD_LEVELS_ELIAS;
    case DSGD_F32:
    case DSGD_F64:
    case DSGD_HASHES:
    case DSGD_VOTES: break;
    }
    return values[wire->type == DSGD_F32 ? wire->code : 0];
}

bool dsgd_wire_countable(const struct dsgd_wire *wire)
{
    return !(wire->type == DSGD_TERNARY && wire->code == DSGD_ENTROPY) && !(wire->type == DSGD_I32 && wire->code == DSGD_ELIAS);
}

size_t dsgd_wire_bytes_counted(const struct dsgd_wire *wire, size_t n, uint32_t participants, uint64_t gaps)
{
    return wire->type == DSGD_SET ? codec_indices_bytes((enum codec_indices)wire->code, n, wire->limit, gaps)
                                  : dsgd_wire_bytes_sent(wire, n, participants);
}
