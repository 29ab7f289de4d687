/* levels.c - integers in [-m, m] in ceil(log2(2m + 1)) bits each: TernGrad's mean on the way down (m = workers).
 *
 * Code value + m, the first level in the lowest bits of the first byte, no gaps. Wen et al. 2017 (arXiv:1705.07878)
 * count log2(2W + 1) bits; whole bits are what can be sent without an arithmetic coder. Interface: ternary.h.
 */
#include "sim/codec/codec_bits.h"
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

/* Eight levels of `bits` <= 8 bits are a word of `bits` bytes. `bits` is a constant at every call: shifts by constants, whole stores. */
static inline __attribute__((always_inline)) void pack_eights(unsigned bits, size_t eights, const int32_t *level, uint32_t m, uint8_t *bytes)
{
    for (size_t g = 0; g < eights; ++g, level += BYTE) {
        uint32_t code[BYTE];
        for (unsigned j = 0; j < BYTE; ++j) { code[j] = (uint32_t)level[j] + m; }
        for (unsigned j = 0; j < BYTE; j += 2) { code[j] |= code[j + 1] << bits; }
        for (unsigned j = 0; j < BYTE; j += 4) { code[j] |= code[j + 2] << 2 * bits; }
        const uint64_t word = code[0] | (uint64_t)code[4] << 4 * bits;
        for (unsigned b = 0; b < bits; ++b) { *bytes++ = (uint8_t)(word >> BYTE * b); }
    }
}

static inline __attribute__((always_inline)) uint32_t unpack_eights(unsigned bits, size_t eights, const uint8_t *bytes, uint32_t m, int32_t *level)
{
    const uint32_t mask = (UINT32_C(1) << bits) - 1;
    uint32_t largest = 0;
    for (size_t g = 0; g < eights; ++g, level += BYTE) {
        uint64_t word = 0;
        for (unsigned b = 0; b < bits; ++b) { word |= (uint64_t)*bytes++ << BYTE * b; }
        const uint32_t half[2] = {(uint32_t)word, (uint32_t)(word >> 4 * bits)};
        for (unsigned j = 0; j < BYTE; ++j) {
            const uint32_t code = half[j / 4] >> j % 4 * bits & mask;
            largest = code > largest ? code : largest;
            level[j] = (int32_t)(code - m);
        }
    }
    return largest;
}

void levels_pack(size_t d, const int32_t *level, uint32_t m, uint8_t *bytes)
{
    const unsigned bits = levels_bits(m);
    const size_t eights = bits <= BYTE ? d / BYTE : 0;
    switch (bits) {
    case 2: pack_eights(2, eights, level, m, bytes); break;
    case 3: pack_eights(3, eights, level, m, bytes); break;
    case 4: pack_eights(4, eights, level, m, bytes); break;
    case 5: pack_eights(5, eights, level, m, bytes); break;
    case 6: pack_eights(6, eights, level, m, bytes); break;
    case 7: pack_eights(7, eights, level, m, bytes); break;
    case 8: pack_eights(8, eights, level, m, bytes); break;
    default: break;
    }
    struct codec_writer w = {.next = bytes + eights * bits};
    for (size_t i = eights * BYTE; i < d; ++i) { codec_put(&w, (uint32_t)level[i] + m, bits); }
    codec_put_end(&w);
}

const char *levels_get(size_t d, const uint8_t *bytes, size_t length, uint32_t m, int32_t *level)
{
    const unsigned bits = levels_bits(m);
    const size_t eights = bits <= BYTE && length >= d / BYTE * bits ? d / BYTE : 0;
    uint64_t largest = 0;
    switch (bits) {
    case 2: largest = unpack_eights(2, eights, bytes, m, level); break;
    case 3: largest = unpack_eights(3, eights, bytes, m, level); break;
    case 4: largest = unpack_eights(4, eights, bytes, m, level); break;
    case 5: largest = unpack_eights(5, eights, bytes, m, level); break;
    case 6: largest = unpack_eights(6, eights, bytes, m, level); break;
    case 7: largest = unpack_eights(7, eights, bytes, m, level); break;
    case 8: largest = unpack_eights(8, eights, bytes, m, level); break;
    default: break;
    }
    struct codec_reader r = {.next = bytes + eights * bits, .end = bytes + length};
    for (size_t i = eights * BYTE; i < d; ++i) {
        uint64_t code = 0;
        if (!codec_get(&r, bits, &code)) { return "a code that ends too early"; }
        largest = code > largest ? code : largest;
        level[i] = (int32_t)((int64_t)code - (int64_t)m);
    }
    if (largest > 2 * (uint64_t)m) { return "a level above the largest"; }
    return codec_get_end(&r) ? NULL : "a code with a bit past the end";
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
