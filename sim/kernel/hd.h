/* hd.h - one definition for C and for code that runs on a device: the qualifier, and numbers seen as bits.
 *
 * What stands in sim/kernel is `static inline` and uses +, -, *, /, sqrt, comparisons and integers only: IEEE 754 fixes each of these, so
 * every compiler and processor gives the same bits, provided that no multiply-add is fused (-ffp-contract=off, nvcc -fmad=false).
 */
#ifndef DSGD_SIM_KERNEL_HD_H
#define DSGD_SIM_KERNEL_HD_H

#include <stdint.h>
#include <string.h>

#if defined(__CUDACC__)
#define DSGD_HD static __host__ __device__ __forceinline__
#else
#define DSGD_HD static inline
#endif

DSGD_HD uint32_t dsgd_bits32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

DSGD_HD float dsgd_float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

DSGD_HD uint64_t dsgd_bits64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

DSGD_HD double dsgd_double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/** |value| by its bits: a NaN stays one. */
DSGD_HD float dsgd_magnitude32(float value) { return dsgd_float_of(dsgd_bits32(value) & 0x7fffffffu); }
DSGD_HD double dsgd_magnitude64(double value) { return dsgd_double_of(dsgd_bits64(value) & UINT64_C(0x7fffffffffffffff)); }

#endif
