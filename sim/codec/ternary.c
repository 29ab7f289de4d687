/* ternary.c - vectors of -1, 0, 1 as two bit planes: what is valid, and sums. Interface: ternary.h. */
#include "sim/codec/ternary.h"

enum { BITS = 8 }; /* coordinates in a byte of a plane */

size_t ternary_plane_bytes(size_t d)
{
    return d / BITS + (d % BITS > 0);
}

/* True if no negative bit stands alone and no bit past d is set. */
static int planes_valid(size_t d, const uint8_t *nonzero, const uint8_t *negative)
{
    const size_t bytes = ternary_plane_bytes(d);
    unsigned stray = 0;
    for (size_t b = 0; b < bytes; ++b) { stray |= negative[b] & ~(unsigned)nonzero[b]; }
    if (d % BITS > 0) { stray |= (unsigned)nonzero[bytes - 1] >> d % BITS; } /* negative is within nonzero */
    return stray == 0;
}

enum dsgd_status ternary_accumulate(size_t d, const uint8_t *nonzero, const uint8_t *negative, int32_t *sum)
{
    if (!planes_valid(d, nonzero, negative)) {
        return dsgd_fail(DSGD_EMESSAGE, "ternary planes of %zu coordinates: a bit past the end or a sign alone", d);
    }
    size_t i = 0;
    for (; i + BITS <= d; i += BITS) {
        const int32_t value = nonzero[i / BITS], sign = negative[i / BITS];
        for (int j = 0; j < BITS; ++j) { sum[i + (size_t)j] += (value >> j & 1) - 2 * (sign >> j & 1); }
    }
    for (; i < d; ++i) {
        const int j = (int)(i % BITS);
        sum[i] += (nonzero[i / BITS] >> j & 1) - 2 * (negative[i / BITS] >> j & 1);
    }
    return DSGD_OK;
}
