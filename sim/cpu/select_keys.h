/* select_keys.h - values by their magnitudes' keys, chosen ranks as bits: shared by select*.c; not for other files. */
#ifndef DSGD_SIM_CPU_SELECT_KEYS_H
#define DSGD_SIM_CPU_SELECT_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "sim/codec/flags.h"
#include "sim/kernel/number.h"
#include "sim/kernel/rng.h"

enum { SELECT_WORD = 64 };

/** Words of a set of ranks below n: one bit a rank. */
static inline size_t select_words(size_t n)
{
    return n / SELECT_WORD + 1;
}

/** Position of the lowest bit that is set; word != 0. */
static inline unsigned select_lowest_bit(uint64_t word)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(word);
#else
    unsigned bit = 0;
    while (!(word >> bit & 1)) { ++bit; }
    return bit;
#endif
}

/** Bit j: the key of v[j] is at least t, 0 <= t <= DSGD_KEY_NAN. The bits of every NaN are at least that, so nothing is cut off above. */
static inline uint64_t select_flags(const float v[SELECT_WORD], int32_t t)
{
#if defined(__AVX512F__)
    uint64_t word = 0;
    const __m512i bits = _mm512_set1_epi32(0x7fffffff), below = _mm512_set1_epi32(t - 1);
    for (int j = 0; j < SELECT_WORD; j += 16) {
        const __m512i key = _mm512_and_si512(_mm512_loadu_si512((const void *)(v + j)), bits);
        word |= (uint64_t)_mm512_cmpgt_epi32_mask(key, below) << j;
    }
    return word;
#elif defined(__AVX2__)
    uint64_t word = 0;
    const __m256i bits = _mm256_set1_epi32(0x7fffffff), below = _mm256_set1_epi32(t - 1);
    for (int j = 0; j < SELECT_WORD; j += 8) {
        const __m256i key = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)(v + j)), bits);
        word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(key, below))) << j;
    }
    return word;
#elif defined(__SSE2__)
    uint64_t word = 0;
    const __m128i bits = _mm_set1_epi32(0x7fffffff), below = _mm_set1_epi32(t - 1);
    for (int j = 0; j < SELECT_WORD; j += 4) {
        const __m128i key = _mm_and_si128(_mm_loadu_si128((const __m128i *)(const void *)(v + j)), bits);
        word |= (uint64_t)(uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpgt_epi32(key, below))) << j;
    }
    return word;
#else
    uint8_t flag[SELECT_WORD];
    for (int j = 0; j < SELECT_WORD; ++j) { flag[j] = dsgd_magnitude_key(v[j]) >= t; }
    return flags_of_bytes(flag);
#endif
}

/** The same for the last n < 64 numbers; no bits behind them. */
static inline uint64_t select_flags_tail(size_t n, const float *v, int32_t t)
{
    float last[SELECT_WORD];
    flags_tail(n, v, last);
    return select_flags(last, t) & ((UINT64_C(1) << n) - 1);
}

/** Indices of all keys >= t, ascending; returns how many there are. Writes at most `capacity`; if the result is larger,
 *  the list is incomplete. */
size_t select_at_least(size_t d, const float *v, int32_t t, size_t capacity, uint32_t *index /*[capacity]*/);

/** The same for coordinates first .. end - 1, their values beside them. */
size_t select_at_least_values(size_t first, size_t end, const float *v, int32_t t, size_t capacity, uint32_t *index /*[capacity]*/,
                              float *value /*[capacity]*/);

/** name[i] instead of i: the names of all v whose key is >= t; there are at most `capacity`. */
size_t select_named(size_t n, const float *v, const uint32_t *name /*[n]*/, int32_t t, size_t capacity, uint32_t *out /*[capacity]*/);

/** m of the ranks 0 .. n-1 as bits [select_words(n)], drawn as in select_uniform. */
void select_uniform_bits(size_t n, size_t m, struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint64_t *bits);

#endif
