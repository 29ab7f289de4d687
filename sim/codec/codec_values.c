/* codec_values.c - values as 32-bit, 16-bit (binary16) or bfloat16 numbers. Interface: codec.h.
 *
 * Formats and rounding: IEEE 754-2008, sections 3.6 and 4.3.1 (nearest, ties to even); bfloat16 is the upper half of a
 * binary32. Integer operations without branches: loops vectorise and no floating-point mode of the process can change a
 * bit. The conversions stand in sim/kernel/half.h: NaN becomes quiet and keeps its sign and the upper bits of its payload. A signalling NaN of 16 bits is therefore
 * never sent and is refused; in 32 bits every pattern is content. Processors with F16C convert eight values at a time to these bits
 * themselves: the rounding stands in the instruction, and subnormal numbers are taken as they are whatever the mode.
 */
#include "sim/codec/codec.h"

#include <string.h>

#include "sim/codec/codec_bits.h"
#include "sim/codec/message.h"
#include "sim/kernel/half.h"
#if defined(__F16C__)
#include <immintrin.h>
#endif

static void all_to_f16(size_t n, const float *value, uint16_t *half)
{
    size_t i = 0;
#if defined(__F16C__)
    for (; i + 8 <= n; i += 8) {
        _mm_storeu_si128((__m128i *)(void *)(half + i), _mm256_cvtps_ph(_mm256_loadu_ps(value + i), _MM_FROUND_TO_NEAREST_INT));
    }
#endif
    for (; i < n; ++i) { half[i] = dsgd_to_f16(value[i]); }
}

static void all_from_f16(size_t n, const uint16_t *half, float *value)
{
    size_t i = 0;
#if defined(__F16C__)
    for (; i + 8 <= n; i += 8) { _mm256_storeu_ps(value + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(half + i)))); }
#endif
    for (; i < n; ++i) { value[i] = dsgd_from_f16(half[i]); }
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
        for (size_t i = 0; i < n; ++i) { half[i] = dsgd_to_bf16(value[i]); }
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
    if (has_signalling(n, half, f16 ? DSGD_F16_INFINITY : DSGD_BF16_INFINITY, f16 ? DSGD_F16_QUIET : DSGD_BF16_QUIET)) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): a signalling NaN among %zu values of 16 bits; expected quiet ones only",
                         at, dsgd_kind_name(kind), n);
    }
    void *memory = NULL;
    DSGD_TRY(codec_take(scratch, n * sizeof(float), "values", &memory));
    float *out = memory;
    if (f16) {
        all_from_f16(n, half, out);
    } else {
        for (size_t i = 0; i < n; ++i) { out[i] = dsgd_from_bf16(half[i]); }
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
        for (size_t i = 0; i < n; ++i) { value[i] = dsgd_from_bf16(dsgd_to_bf16(value[i])); }
    }
}
