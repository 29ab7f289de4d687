/* codec_values.c - values as 32-bit, 16-bit (binary16) or bfloat16 numbers. Interface: codec.h.
 *
 * Formats and rounding: IEEE 754-2008, sections 3.6 and 4.3.1 (nearest, ties to even); bfloat16 is the upper half of a
 * binary32. Integer operations without branches: loops vectorise and no floating-point mode of the process can change a
 * bit. NaN becomes quiet and keeps its sign and the upper bits of its payload. A signalling NaN of 16 bits is therefore
 * never sent and is refused; in 32 bits every pattern is content. Processors with F16C convert eight values at a time to these bits
 * themselves: the rounding stands in the instruction, and subnormal numbers are taken as they are whatever the mode.
 */
#include "sim/codec/codec.h"

#include <string.h>

#include "sim/codec/codec_bits.h"
#include "sim/codec/message.h"
#if defined(__F16C__)
#include <immintrin.h>
#endif

enum {
    F16_QUIET = 0x0200, F16_INFINITY = 0x7c00, F16_MAGNITUDE = 0x7fff,
    BF16_QUIET = 0x0040, BF16_INFINITY = 0x7f80,
    CUT = 13,  /* bits of a binary32 fraction that binary16 does not have */
    BIAS = 112 /* difference of the exponents' biases */
};
#define F32_MAGNITUDE UINT32_C(0x7fffffff)
#define F32_INFINITY UINT32_C(0x7f800000)
#define F32_LEADING UINT32_C(0x00800000)        /* the bit in front of the fraction */
#define F16_NORMAL_MIN UINT32_C(0x38800000)     /* 2^-14 as a binary32 */
#define F16_OVERFLOW UINT32_C(0x477ff000)       /* 65520: half-way from 65504 to 2^16, rounds to even, that is infinity */

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint16_t to_f16(float value)
{
    const uint32_t bits = bits_of(value), magnitude = bits & F32_MAGNITUDE, exponent = magnitude >> 23;
    /* normal: cut 13 bits; a carry out of the fraction raises the exponent, as it should */
    const uint32_t normal = (magnitude + ((UINT32_C(1) << (CUT - 1)) - 1) + (magnitude >> CUT & 1)) >> CUT;
    /* subnormal: units of 2^-24; from 25 bits on every fraction rounds to zero */
    const uint32_t shift = exponent > 101 ? (126 - exponent) & 31 : 25;
    const uint32_t whole = (magnitude & (F32_LEADING - 1)) | F32_LEADING;
    const uint32_t subnormal = (whole + ((UINT32_C(1) << ((shift - 1) & 31)) - 1) + (whole >> shift & 1)) >> shift;
    uint32_t half = magnitude < F16_NORMAL_MIN ? subnormal : normal - ((uint32_t)BIAS << 10);
    half = magnitude >= F16_OVERFLOW ? F16_INFINITY : half;
    half = magnitude > F32_INFINITY ? F16_INFINITY | F16_QUIET | (magnitude >> CUT & (F16_QUIET - 1)) : half;
    return (uint16_t)(bits >> 16 & 0x8000) | (uint16_t)half;
}

static inline float from_f16(uint16_t half)
{
    const uint32_t magnitude = half & F16_MAGNITUDE, sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t normal = (magnitude << CUT) + ((uint32_t)BIAS << 23);
    const uint32_t special = normal + ((uint32_t)BIAS << 23); /* infinity and NaN: the exponent of all ones */
    const uint32_t subnormal = bits_of((float)(int32_t)magnitude * 0x1p-24f); /* exact, and never a subnormal binary32 */
    const uint32_t above = magnitude >= F16_INFINITY ? special : normal;
    return float_of(sign | (magnitude < 0x0400 ? subnormal : above));
}

static inline uint16_t to_bf16(float value)
{
    const uint32_t bits = bits_of(value);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (uint16_t)((bits & F32_MAGNITUDE) > F32_INFINITY ? bits >> 16 | BF16_QUIET : rounded);
}

static inline float from_bf16(uint16_t upper)
{
    return float_of((uint32_t)upper << 16);
}

static void all_to_f16(size_t n, const float *value, uint16_t *half)
{
    size_t i = 0;
#if defined(__F16C__)
    for (; i + 8 <= n; i += 8) {
        _mm_storeu_si128((__m128i *)(void *)(half + i), _mm256_cvtps_ph(_mm256_loadu_ps(value + i), _MM_FROUND_TO_NEAREST_INT));
    }
#endif
    for (; i < n; ++i) { half[i] = to_f16(value[i]); }
}

static void all_from_f16(size_t n, const uint16_t *half, float *value)
{
    size_t i = 0;
#if defined(__F16C__)
    for (; i + 8 <= n; i += 8) { _mm256_storeu_ps(value + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(half + i)))); }
#endif
    for (; i < n; ++i) { value[i] = from_f16(half[i]); }
}

/* True if a pattern is a NaN without its quiet bit. */
static bool has_signalling(size_t n, const uint16_t *value, uint32_t infinity, uint32_t quiet)
{
    uint32_t found = 0;
    for (size_t i = 0; i < n; ++i) {
        const uint32_t magnitude = value[i] & UINT32_C(0x7fff);
        found |= (uint32_t)(magnitude > infinity) & (uint32_t)((magnitude & quiet) == 0);
    }
    return found != 0;
}

static enum dsgd_encoding encoding_of(enum codec_values as)
{
    return as == CODEC_FP32 ? DSGD_RAW_F32 : as == CODEC_FP16 ? DSGD_RAW_F16 : DSGD_RAW_BF16;
}

size_t codec_values_bytes(enum codec_values as, size_t n)
{
    return n * (as == CODEC_FP32 ? sizeof(float) : sizeof(uint16_t));
}

enum dsgd_status codec_add_values(struct codec_message *message, enum dsgd_kind kind, enum codec_values as, size_t n,
                                  const float *value)
{
    void *data = NULL;
    const size_t bytes = codec_values_bytes(as, n);
    DSGD_TRY(codec_message_add(message, kind, encoding_of(as), n, bytes, &data));
    uint16_t *half = data;
    switch (as) {
    case CODEC_FP32:
        if (n > 0) { memcpy(data, value, bytes); }
        break;
    case CODEC_FP16:
        all_to_f16(n, value, half);
        break;
    case CODEC_BF16:
        for (size_t i = 0; i < n; ++i) { half[i] = to_bf16(value[i]); }
        break;
    }
    return DSGD_OK;
}

enum dsgd_status codec_get_values(const struct codec_message *message, int at, enum dsgd_kind kind, enum codec_values as,
                                  size_t n, struct codec_arena *scratch, const float **value)
{
    if (n > UINT32_MAX) { return dsgd_fail(DSGD_EMESSAGE, "section %d: %zu values; expected fewer than 2^32", at, n); }
    const void *data = NULL;
    DSGD_TRY(codec_message_get(message, at, kind, encoding_of(as), n, codec_values_bytes(as, n), &data));
    if (as == CODEC_FP32) {
        *value = data;
        return DSGD_OK;
    }
    const uint16_t *half = data;
    const bool f16 = as == CODEC_FP16;
    if (has_signalling(n, half, f16 ? F16_INFINITY : BF16_INFINITY, f16 ? F16_QUIET : BF16_QUIET)) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): a signalling NaN among %zu values of 16 bits; expected quiet ones only",
                         at, dsgd_kind_name(kind), n);
    }
    void *memory = NULL;
    DSGD_TRY(codec_take(scratch, n * sizeof(float), "values", &memory));
    float *out = memory;
    if (f16) {
        all_from_f16(n, half, out);
    } else {
        for (size_t i = 0; i < n; ++i) { out[i] = from_bf16(half[i]); }
    }
    *value = out;
    return DSGD_OK;
}

void codec_round_values(enum codec_values as, size_t n, float *value)
{
    if (as == CODEC_FP16) {
        enum { PIECE = 512 };
        uint16_t half[PIECE];
        for (size_t i = 0; i < n; i += PIECE) {
            const size_t here = n - i < PIECE ? n - i : PIECE;
            all_to_f16(here, value + i, half);
            all_from_f16(here, half, value + i);
        }
    } else if (as == CODEC_BF16) {
        for (size_t i = 0; i < n; ++i) { value[i] = from_bf16(to_bf16(value[i])); }
    }
}
