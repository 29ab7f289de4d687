/* number.h - small definitions that decide bits: the order of magnitudes, coins, ternarisation, rounding to levels. */
#ifndef DSGD_SIM_KERNEL_NUMBER_H
#define DSGD_SIM_KERNEL_NUMBER_H

#include <stdbool.h>

#include "sim/kernel/hd.h"

enum { DSGD_KEY_INFINITY = 0x7f800000, DSGD_KEY_NAN = 0x7f800001 }; /* one key for every NaN, next above infinity's */

/** The order of magnitudes as integers: |a| < |b| if and only if key(a) < key(b); both zeros are 0. */
DSGD_HD int32_t dsgd_magnitude_key(float value)
{
    const int32_t bits = (int32_t)(dsgd_bits32(value) & 0x7fffffffu);
    return bits < DSGD_KEY_NAN ? bits : DSGD_KEY_NAN;
}

/** The value with its sign flipped where the top bit of `sign` is set. */
DSGD_HD float dsgd_flip(float value, uint32_t sign)
{
    return dsgd_float_of(dsgd_bits32(value) ^ (sign & UINT32_C(0x80000000)));
}

/** TernGrad, Wen et al. 2017, section 3: b = 1 with probability |g| / s. The factor that turns |g| into a threshold for 32 random bits,
 *  2^32 / s, made once for a scale; 0 where there is nothing to send: s = 0, or not finite. */
DSGD_HD double dsgd_ternary_factor(float scale)
{
    return scale > 0.0f && dsgd_bits32(scale) < DSGD_KEY_INFINITY ? 4294967296.0 / (double)scale : 0.0;
}

/** Whether |g| (2^32 / s) > word, in doubles: word < floor(x) for an integer word is word + 1 <= x. The probability is less than 2^-32 too
 *  low, and 1 from |g| = s on; a NaN gives 0. */
DSGD_HD bool dsgd_ternary_hit(float g, float scale, double factor, uint32_t word)
{
    const double magnitude = (double)dsgd_magnitude32(g);
    return (factor > 0.0) & (((double)word + 1.0 <= magnitude * factor) | (magnitude >= (double)scale));
}

/** A word as a double, exactly; of a signed integer, which vectors of every processor can convert. */
DSGD_HD double dsgd_word_value(uint32_t word) { return (double)(int32_t)(word ^ UINT32_C(0x80000000)) + 2147483648.0; }

/** QSGD, Alistarh et al. 2017, section 3.1: levels per second. The factor s / ||v||, made once for a norm; 0 where the norm is 0 or not finite. */
DSGD_HD double dsgd_level_factor(float norm, uint32_t s)
{
    return norm > 0.0f && dsgd_bits32(norm) < DSGD_KEY_INFINITY ? (double)s / (double)norm : 0.0;
}

/** floor(a + word / 2^32) with a = |v| factor, at most s, with the sign of v: up from l = floor(a) with probability a - l, less than 2^-32
 *  too low; whole a stay. A NaN gives 0. */
DSGD_HD int32_t dsgd_level(float v, double factor, uint32_t s, uint32_t word)
{
    const double a = (double)dsgd_magnitude32(v) * factor + dsgd_word_value(word) * 0x1p-32, most = (double)s;
    const int32_t level = (int32_t)(a < most ? a : (a >= most ? most : 0.0)); /* the norm is rounded, so |v| factor may lie above s */
    return v < 0.0f ? -level : level;
}

/** The value of a level: l (||v|| / s), the quotient made once for a norm. norm = NaN or infinity shows in every value, also of level 0. */
DSGD_HD double dsgd_level_unit(float norm, uint32_t s) { return (double)norm / (double)s; }
DSGD_HD float dsgd_level_value(int32_t level, double unit) { return (float)((double)level * unit); }

#endif
