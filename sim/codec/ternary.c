/* ternary.c - vectors of -1, 0, 1 as two bit planes: what is valid, and sums. Interface: ternary.h. */
#include "sim/codec/ternary.h"

#include <string.h>

#include "sim/codec/flags.h"

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

enum dsgd_status ternary_check(size_t d, const uint8_t *nonzero, const uint8_t *negative)
{
    if (planes_valid(d, nonzero, negative)) { return DSGD_OK; }
    return dsgd_fail(DSGD_EMESSAGE, "ternary planes of %zu coordinates: a bit past the end or a sign alone", d);
}

typedef int32_t words __attribute__((vector_size(4 * FLAG_LANES)));

/* sum += the eight numbers of a byte of each plane. A comparison gives -1 where it holds. */
static inline void add_byte(int32_t nonzero, int32_t negative, int32_t sum[BITS])
{
    for (int j = 0; j < BITS; j += FLAG_LANES) {
        const words bit = (words)FLAG_FIRST_BITS << j, value = bit & nonzero, sign = bit & negative, minus = (words)(sign == bit);
        words total;
        memcpy(&total, sum + j, sizeof total);
        total += minus + minus - (words)(value == bit);
        memcpy(sum + j, &total, sizeof total);
    }
}

void ternary_add(size_t d, const uint8_t *nonzero, const uint8_t *negative, int32_t *sum)
{
    size_t i = 0;
    for (; i + BITS <= d; i += BITS) { add_byte(nonzero[i / BITS], negative[i / BITS], sum + i); }
    for (; i < d; ++i) {
        const int j = (int)(i % BITS);
        sum[i] += (nonzero[i / BITS] >> j & 1) - 2 * (negative[i / BITS] >> j & 1);
    }
}

enum dsgd_status ternary_accumulate(size_t d, const uint8_t *nonzero, const uint8_t *negative, int32_t *sum)
{
    DSGD_TRY(ternary_check(d, nonzero, negative));
    ternary_add(d, nonzero, negative, sum);
    return DSGD_OK;
}
