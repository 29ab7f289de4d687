/* half.h - floats as 16-bit numbers (binary16) or bfloat16 numbers and back, for every device.
 *
 * Formats and rounding: IEEE 754-2008, sections 3.6 and 4.3.1 (nearest, ties to even); bfloat16 is the upper half of a binary32. Integer
 * operations without branches: loops vectorise and no floating-point mode of the process can change a bit. NaN becomes quiet and keeps
 * its sign and the upper bits of its payload.
 */
#ifndef DSGD_SIM_KERNEL_HALF_H
#define DSGD_SIM_KERNEL_HALF_H

#include "sim/kernel/hd.h"

enum {
    DSGD_F16_QUIET = 0x0200, DSGD_F16_INFINITY = 0x7c00, DSGD_F16_MAGNITUDE = 0x7fff,
    DSGD_BF16_QUIET = 0x0040, DSGD_BF16_INFINITY = 0x7f80,
    DSGD_F16_CUT = 13,  /* bits of a binary32 fraction that binary16 does not have */
    DSGD_F16_BIAS = 112 /* difference of the exponents' biases */
};
#define DSGD_F32_MAGNITUDE UINT32_C(0x7fffffff)
#define DSGD_F32_INFINITY UINT32_C(0x7f800000)
#define DSGD_F32_LEADING UINT32_C(0x00800000)    /* the bit in front of the fraction */
#define DSGD_F16_NORMAL_MIN UINT32_C(0x38800000) /* 2^-14 as a binary32 */
#define DSGD_F16_OVERFLOW UINT32_C(0x477ff000)   /* 65520: half-way from 65504 to 2^16, rounds to even, that is infinity */

DSGD_HD uint16_t dsgd_to_f16(float value)
{
    const uint32_t bits = dsgd_bits32(value), magnitude = bits & DSGD_F32_MAGNITUDE, exponent = magnitude >> 23;
    /* normal: cut 13 bits; a carry out of the fraction raises the exponent, as it should */
    const uint32_t normal = (magnitude + ((UINT32_C(1) << (DSGD_F16_CUT - 1)) - 1) + (magnitude >> DSGD_F16_CUT & 1)) >> DSGD_F16_CUT;
    /* subnormal: units of 2^-24; from 25 bits on every fraction rounds to zero */
    const uint32_t shift = exponent > 101 ? (126 - exponent) & 31 : 25;
    const uint32_t whole = (magnitude & (DSGD_F32_LEADING - 1)) | DSGD_F32_LEADING;
    const uint32_t subnormal = (whole + ((UINT32_C(1) << ((shift - 1) & 31)) - 1) + (whole >> shift & 1)) >> shift;
    uint32_t half = magnitude < DSGD_F16_NORMAL_MIN ? subnormal : normal - ((uint32_t)DSGD_F16_BIAS << 10);
    half = magnitude >= DSGD_F16_OVERFLOW ? (uint32_t)DSGD_F16_INFINITY : half;
    half = magnitude > DSGD_F32_INFINITY ? DSGD_F16_INFINITY | DSGD_F16_QUIET | (magnitude >> DSGD_F16_CUT & (DSGD_F16_QUIET - 1)) : half;
    return (uint16_t)(bits >> 16 & 0x8000) | (uint16_t)half;
}

DSGD_HD float dsgd_from_f16(uint16_t half)
{
    const uint32_t magnitude = half & DSGD_F16_MAGNITUDE, sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t normal = (magnitude << DSGD_F16_CUT) + ((uint32_t)DSGD_F16_BIAS << 23);
    const uint32_t special = normal + ((uint32_t)DSGD_F16_BIAS << 23); /* infinity and NaN: the exponent of all ones */
    const uint32_t subnormal = dsgd_bits32((float)(int32_t)magnitude * 0x1p-24f); /* exact, and never a subnormal binary32 */
    const uint32_t above = magnitude >= DSGD_F16_INFINITY ? special : normal;
    return dsgd_float_of(sign | (magnitude < 0x0400 ? subnormal : above));
}

DSGD_HD uint16_t dsgd_to_bf16(float value)
{
    const uint32_t bits = dsgd_bits32(value);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (uint16_t)((bits & DSGD_F32_MAGNITUDE) > DSGD_F32_INFINITY ? bits >> 16 | DSGD_BF16_QUIET : rounded);
}

DSGD_HD float dsgd_from_bf16(uint16_t upper)
{
    return dsgd_float_of((uint32_t)upper << 16);
}

#endif
