/* codec_signs.c - one bit per coordinate: the signs of a vector, and the vector of one magnitude they stand for.
 * Interface: codec.h.
 *
 * signSGD (Bernstein et al. 2018, arXiv:1802.04434) and EF-signSGD (Karimireddy et al. 2019, arXiv:1901.09847) send one bit a
 * coordinate. There sign(0) is 0, which a bit cannot say; here zero, minus zero and NaN count as positive, so that what a
 * sender means does not depend on how a zero came about.
 */
#include "sim/codec/codec.h"

#include <string.h>

#include "sim/codec/codec_bits.h"
#include "sim/codec/flags.h"
#include "sim/kernel/hd.h"

size_t codec_signs_bytes(size_t d)
{
    return (size_t)codec_bytes_of_bits(d);
}

void codec_signs_pack(size_t d, const float *v, uint8_t *plane)
{
    size_t i = 0;
    for (; i + FLAGS <= d; i += FLAGS) { flags_store(flags_below_zero(v + i), FLAGS, plane + i / CODEC_BYTE); }
    if (i < d) {
        float last[FLAGS];
        flags_tail(d - i, v + i, last);
        flags_store(flags_below_zero(last), d - i, plane + i / CODEC_BYTE);
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

typedef uint32_t words __attribute__((vector_size(4 * FLAG_LANES)));
typedef float floats __attribute__((vector_size(4 * FLAG_LANES)));

/* The floats of eight signs: 1 or -1 by its bits, times the unit, so that a NaN keeps its own sign. */
static inline void unpack_byte(uint32_t minus, float unit, float out[CODEC_BYTE])
{
    for (unsigned j = 0; j < CODEC_BYTE; j += FLAG_LANES) {
        const words bit = (words)FLAG_FIRST_BITS << j, signs = (words)((bit & minus) == bit) & UINT32_C(0x80000000);
        const floats value = (floats)(signs | dsgd_bits32(1.0f)) * unit;
        memcpy(out + j, &value, sizeof value);
    }
}

enum dsgd_status codec_signs_unpack(size_t d, const uint8_t *plane, float unit, float *out)
{
    DSGD_TRY(check_padding(d, plane));
    size_t i = 0;
    for (; i + CODEC_BYTE <= d; i += CODEC_BYTE) { unpack_byte(plane[i / CODEC_BYTE], unit, out + i); }
    if (i < d) {
        float last[CODEC_BYTE];
        unpack_byte(plane[i / CODEC_BYTE], unit, last);
        memcpy(out + i, last, (d - i) * sizeof *out);
    }
    return DSGD_OK;
}
