/* codec_signs.c - one bit per coordinate: the signs of a vector, their votes, and the vector of one magnitude they stand for.
 * Interface: codec.h.
 *
 * signSGD (Bernstein et al. 2018, arXiv:1802.04434) and EF-signSGD (Karimireddy et al. 2019, arXiv:1901.09847) send one bit a
 * coordinate. There sign(0) is 0, which a bit cannot say; here zero, minus zero and NaN count as positive, so that what a
 * sender means does not depend on how a zero came about.
 */
#include "sim/codec/codec.h"

#include <string.h>

#include "sim/codec/codec_bits.h"

enum { BLOCK = 256 }; /* coordinates compared at once: a loop that vectorises, flags that stay in the cache */

size_t codec_signs_bytes(size_t d)
{
    return (size_t)codec_bytes_of_bits(d);
}

/* Eight flags 0 or 1 to one byte, flag 0 lowest: the product moves flag j to bit 56 + j and nothing else there. */
static inline uint8_t pack_flags(const uint8_t flag[CODEC_BYTE])
{
    return (uint8_t)(codec_load64(flag) * UINT64_C(0x0102040810204080) >> 56);
}

void codec_signs_pack(size_t d, const float *v, uint8_t *plane)
{
    for (size_t first = 0; first < d; first += BLOCK) {
        const size_t n = d - first < BLOCK ? d - first : BLOCK;
        uint8_t minus[BLOCK];
        for (size_t i = 0; i < n; ++i) { minus[i] = (uint8_t)(v[first + i] < 0.0f); }
        for (size_t i = n; i % CODEC_BYTE != 0; ++i) { minus[i] = 0; }
        for (size_t i = 0; i < n; i += CODEC_BYTE) { plane[(first + i) / CODEC_BYTE] = pack_flags(minus + i); }
    }
}

/* Only the last byte has room for bits past d. */
static enum dsgd_status check_padding(size_t d, const uint8_t *plane)
{
    if (d % CODEC_BYTE > 0 && plane[d / CODEC_BYTE] >> d % CODEC_BYTE != 0) {
        return dsgd_fail(DSGD_EMESSAGE, "signs of %zu coordinates end in byte 0x%02x; expected zero bits past the last sign", d,
                         plane[d / CODEC_BYTE]);
    }
    return DSGD_OK;
}

enum dsgd_status codec_signs_vote(size_t d, const uint8_t *plane, int32_t *sum)
{
    DSGD_TRY(check_padding(d, plane));
    size_t i = 0;
    for (; i + CODEC_BYTE <= d; i += CODEC_BYTE) {
        const int32_t minus = plane[i / CODEC_BYTE];
        for (int j = 0; j < CODEC_BYTE; ++j) { sum[i + (size_t)j] += 1 - 2 * (minus >> j & 1); }
    }
    for (; i < d; ++i) { sum[i] += 1 - 2 * (plane[i / CODEC_BYTE] >> i % CODEC_BYTE & 1); }
    return DSGD_OK;
}

enum dsgd_status codec_signs_unpack(size_t d, const uint8_t *plane, float unit, float *out)
{
    DSGD_TRY(check_padding(d, plane));
    size_t i = 0;
    for (; i + CODEC_BYTE <= d; i += CODEC_BYTE) {
        const int32_t minus = plane[i / CODEC_BYTE];
        for (int j = 0; j < CODEC_BYTE; ++j) { out[i + (size_t)j] = unit * (float)(1 - 2 * (minus >> j & 1)); }
    }
    for (; i < d; ++i) { out[i] = unit * (float)(1 - 2 * (plane[i / CODEC_BYTE] >> i % CODEC_BYTE & 1)); }
    return DSGD_OK;
}
