/* flags.h - comparisons of 64 numbers as one word of bits: number j gives bit j.
 *
 * Planes of bits (sim/codec/codec.h, ternary.h) are such words one behind the other, lowest byte first. Compilers do not find the
 * processor's own "signs of a register to bits", so x86 has it by name; elsewhere flags of a byte each are gathered by a product.
 */
#ifndef DSGD_SIM_CODEC_FLAGS_H
#define DSGD_SIM_CODEC_FLAGS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum { FLAGS = 64 };

/* For loops that turn bits into numbers: vectors as wide as the processor's (wider ones are taken apart through memory), and the bit of each lane. */
#if defined(__AVX2__)
enum { FLAG_LANES = 8 };
#define FLAG_FIRST_BITS {1, 2, 4, 8, 16, 32, 64, 128}
#else
enum { FLAG_LANES = 4 };
#define FLAG_FIRST_BITS {1, 2, 4, 8}
#endif

/** Bytes 0 or 1 as bits. */
static inline uint64_t flags_of_bytes(const uint8_t flag[FLAGS])
{
    uint64_t word = 0;
#if defined(__AVX2__)
    for (int j = 0; j < FLAGS; j += 32) {
        const __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(flag + j));
        word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(bytes, 7)) << j;
    }
#elif defined(__SSE2__)
    for (int j = 0; j < FLAGS; j += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(flag + j));
        word |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_slli_epi16(bytes, 7)) << j;
    }
#else
    for (int j = 0; j < FLAGS; j += 8) {
        uint64_t eight = 0; /* the product moves flag b to bit 56 + b and nothing else there */
        for (int b = 0; b < 8; ++b) { eight |= (uint64_t)flag[j + b] << 8 * b; }
        word |= (eight * UINT64_C(0x0102040810204080) >> 56) << j;
    }
#endif
    return word;
}

/** Bit j: v[j] < 0. */
static inline uint64_t flags_below_zero(const float v[FLAGS])
{
#if defined(__AVX512F__)
    uint64_t word = 0;
    for (int j = 0; j < FLAGS; j += 16) { word |= (uint64_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(v + j), _mm512_setzero_ps(), _CMP_LT_OQ) << j; }
    return word;
#elif defined(__AVX__)
    uint64_t word = 0;
    for (int j = 0; j < FLAGS; j += 8) {
        word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(v + j), _mm256_setzero_ps(), _CMP_LT_OQ)) << j;
    }
    return word;
#elif defined(__SSE2__)
    uint64_t word = 0;
    for (int j = 0; j < FLAGS; j += 4) { word |= (uint64_t)(uint32_t)_mm_movemask_ps(_mm_cmplt_ps(_mm_loadu_ps(v + j), _mm_setzero_ps())) << j; }
    return word;
#else
    uint8_t flag[FLAGS];
    for (int j = 0; j < FLAGS; ++j) { flag[j] = v[j] < 0.0f; }
    return flags_of_bytes(flag);
#endif
}

/** Bit j: v[j] is 0, of either sign. */
static inline uint64_t flags_zero(const float v[FLAGS])
{
#if defined(__AVX512F__)
    uint64_t word = 0;
    for (int j = 0; j < FLAGS; j += 16) { word |= (uint64_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(v + j), _mm512_setzero_ps(), _CMP_EQ_OQ) << j; }
    return word;
#elif defined(__AVX__)
    uint64_t word = 0;
    for (int j = 0; j < FLAGS; j += 8) {
        word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(v + j), _mm256_setzero_ps(), _CMP_EQ_OQ)) << j;
    }
    return word;
#elif defined(__SSE2__)
    uint64_t word = 0;
    for (int j = 0; j < FLAGS; j += 4) { word |= (uint64_t)(uint32_t)_mm_movemask_ps(_mm_cmpeq_ps(_mm_loadu_ps(v + j), _mm_setzero_ps())) << j; }
    return word;
#else
    uint8_t flag[FLAGS];
    for (int j = 0; j < FLAGS; ++j) { flag[j] = v[j] == 0.0f; }
    return flags_of_bytes(flag);
#endif
}

/** Bit j: word[j] is odd. */
static inline uint64_t flags_odd(const uint32_t word[FLAGS])
{
    uint64_t odd = 0;
#if defined(__AVX512F__)
    for (int j = 0; j < FLAGS; j += 16) { odd |= (uint64_t)_mm512_test_epi32_mask(_mm512_loadu_si512(word + j), _mm512_set1_epi32(1)) << j; }
#elif defined(__AVX2__)
    for (int j = 0; j < FLAGS; j += 8) {
        const __m256i top = _mm256_slli_epi32(_mm256_loadu_si256((const __m256i *)(const void *)(word + j)), 31);
        odd |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(top)) << j;
    }
#elif defined(__SSE2__)
    for (int j = 0; j < FLAGS; j += 4) {
        const __m128i top = _mm_slli_epi32(_mm_loadu_si128((const __m128i *)(const void *)(word + j)), 31);
        odd |= (uint64_t)(uint32_t)_mm_movemask_ps(_mm_castsi128_ps(top)) << j;
    }
#else
    for (int j = 0; j < FLAGS; ++j) { odd |= (uint64_t)(word[j] & 1) << j; }
#endif
    return odd;
}

/** The last n < FLAGS numbers, and 1 behind them. */
static inline void flags_tail(size_t n, const float *v, float padded[FLAGS])
{
    for (size_t j = 0; j < FLAGS; ++j) { padded[j] = j < n ? v[j] : 1.0f; }
}

/** Bits of coordinates first .. first + n - 1, n <= FLAGS, `first` a multiple of 8, to a plane and from it. Bits past n are not written
 *  beyond their byte, and are 0 when read. */
static inline void flags_store(uint64_t word, size_t n, uint8_t *plane)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (n == FLAGS) {
        memcpy(plane, &word, sizeof word);
        return;
    }
#endif
    for (size_t b = 0; b < (n + 7) / 8; ++b) { plane[b] = (uint8_t)(word >> 8 * b); }
}

static inline uint64_t flags_load(size_t n, const uint8_t *plane)
{
    uint64_t word = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (n == FLAGS) {
        memcpy(&word, plane, sizeof word);
        return word;
    }
#endif
    for (size_t b = 0; b < (n + 7) / 8; ++b) { word |= (uint64_t)plane[b] << 8 * b; }
    return word;
}

#endif
