/* levels.c - integers in [-m, m] in ceil(log2(2m + 1)) bits each: TernGrad's mean on the way down (m = workers).
 *
 * Code value + m, the first level in the lowest bits of the first byte, no gaps. Wen et al. 2017 (arXiv:1705.07878)
 * count log2(2W + 1) bits; whole bits are what can be sent without an arithmetic coder. Interface: ternary.h.
 */
#include "sim/codec/ternary.h"

enum { BYTE = 8 };

unsigned levels_bits(uint32_t m)
{
    const uint64_t codes = 2 * (uint64_t)m + 1;
    unsigned bits = 0;
    while (UINT64_C(1) << bits < codes) { ++bits; }
    return bits;
}

size_t levels_bytes(size_t d, uint32_t m)
{
    const size_t bits = levels_bits(m);
    return d / BYTE * bits + (d % BYTE * bits + BYTE - 1) / BYTE; /* eight levels fill `bits` bytes */
}

void levels_pack(size_t d, const int32_t *level, uint32_t m, uint8_t *bytes)
{
    const unsigned bits = levels_bits(m);
    uint64_t pending = 0; /* the lowest `held` bits are still to be written: < 8 between levels, at most 39 inside */
    unsigned held = 0;
    for (size_t i = 0; i < d; ++i) {
        pending |= (uint64_t)((int64_t)level[i] + (int64_t)m) << held;
        for (held += bits; held >= BYTE; held -= BYTE) {
            *bytes++ = (uint8_t)pending;
            pending >>= BYTE;
        }
    }
    if (held > 0) { *bytes = (uint8_t)pending; }
}

enum dsgd_status levels_unpack(size_t d, const uint8_t *bytes, uint32_t m, float unit, float *out)
{
    const unsigned bits = levels_bits(m);
    const uint64_t mask = (UINT64_C(1) << bits) - 1, largest = 2 * (uint64_t)m;
    uint64_t pending = 0;
    unsigned held = 0;
    int valid = 1;
    for (size_t i = 0; i < d; ++i) {
        for (; held < bits; held += BYTE) { pending |= (uint64_t)*bytes++ << held; }
        const uint64_t code = pending & mask;
        pending >>= bits;
        held -= bits;
        valid &= code <= largest;
        out[i] = unit * (float)((int64_t)code - (int64_t)m);
    }
    if (!valid || pending != 0) {
        return dsgd_fail(DSGD_EMESSAGE, "packed levels of %zu coordinates: a code above %llu or a bit past the end", d,
                         (unsigned long long)largest);
    }
    return DSGD_OK;
}
