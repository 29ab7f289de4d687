/* sketch_lanes.h - a quarter of a block of the block hash, 16 floats, as vectors: signs, lanes moved by XOR, sums, places in the order.
 *
 * One definition for each width of vectors and one in plain C for all other processors; the bits are the same, for every operation is exact
 * or one addition of floats. For sim/cpu/sketch_*.c alone.
 */
#ifndef DSGD_SIM_CPU_SKETCH_LANES_H
#define DSGD_SIM_CPU_SKETCH_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif
#include "sim/kernel/median.h"

enum { LANES = 16 };

#if defined(__AVX512F__)

typedef struct { __m512i all; } lanes;

static inline lanes lanes_load(const float *v) { return (lanes){_mm512_loadu_si512(v)}; }
static inline void lanes_store(lanes x, float *v) { _mm512_storeu_si512(v, x.all); }
static inline lanes lanes_add(lanes x, lanes y)
{
    return (lanes){_mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(x.all), _mm512_castsi512_ps(y.all)))};
}
/* Lane l changes its sign where bit l of the lower 16 is set. */
static inline lanes lanes_flip(lanes x, uint32_t minus)
{
    return (lanes){_mm512_mask_xor_epi32(x.all, (__mmask16)minus, x.all, _mm512_set1_epi32(INT32_MIN))};
}
/* Lane l goes to lane l xor m, m < 16. */
static inline lanes lanes_move(lanes x, uint32_t m)
{
    const __m512i own = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return (lanes){_mm512_permutexvar_epi32(_mm512_xor_si512(own, _mm512_set1_epi32((int)m)), x.all)};
}

#elif defined(__AVX2__)

typedef struct { __m256i low, high; } lanes;

static inline lanes lanes_load(const float *v)
{
    return (lanes){_mm256_loadu_si256((const __m256i *)(const void *)v), _mm256_loadu_si256((const __m256i *)(const void *)(v + 8))};
}
static inline void lanes_store(lanes x, float *v)
{
    _mm256_storeu_si256((__m256i *)(void *)v, x.low);
    _mm256_storeu_si256((__m256i *)(void *)(v + 8), x.high);
}
static inline __m256i lanes_add8(__m256i x, __m256i y)
{
    return _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(x), _mm256_castsi256_ps(y)));
}
static inline lanes lanes_add(lanes x, lanes y) { return (lanes){lanes_add8(x.low, y.low), lanes_add8(x.high, y.high)}; }
/* Lane l changes its sign where bit l of the lower 16 is set. */
static inline lanes lanes_flip(lanes x, uint32_t minus)
{
    const __m256i bits = _mm256_set1_epi32((int)minus), top = _mm256_set1_epi32(INT32_MIN);
    const __m256i low = _mm256_sllv_epi32(bits, _mm256_set_epi32(24, 25, 26, 27, 28, 29, 30, 31));
    const __m256i high = _mm256_sllv_epi32(bits, _mm256_set_epi32(16, 17, 18, 19, 20, 21, 22, 23));
    return (lanes){_mm256_xor_si256(x.low, _mm256_and_si256(low, top)), _mm256_xor_si256(x.high, _mm256_and_si256(high, top))};
}
/* Lane l goes to lane l xor m, m < 16. */
static inline lanes lanes_move(lanes x, uint32_t m)
{
    const __m256i own = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0); /* of an index the instruction takes three bits */
    const __m256i from = _mm256_xor_si256(own, _mm256_set1_epi32((int)m));
    const __m256i low = _mm256_permutevar8x32_epi32(x.low, from), high = _mm256_permutevar8x32_epi32(x.high, from);
    return m & 8 ? (lanes){high, low} : (lanes){low, high};
}

#else

typedef struct { float lane[LANES]; } lanes;

static inline lanes lanes_load(const float *v)
{
    lanes x;
    memcpy(x.lane, v, sizeof x.lane);
    return x;
}
static inline void lanes_store(lanes x, float *v) { memcpy(v, x.lane, sizeof x.lane); }
static inline lanes lanes_add(lanes x, lanes y)
{
    for (unsigned l = 0; l < LANES; ++l) { x.lane[l] += y.lane[l]; }
    return x;
}
/* Lane l changes its sign where bit l of the lower 16 is set. */
static inline lanes lanes_flip(lanes x, uint32_t minus)
{
    for (unsigned l = 0; l < LANES; ++l) { x.lane[l] = dsgd_float_of(dsgd_bits32(x.lane[l]) ^ (minus >> l & 1u) << 31); }
    return x;
}
/* Lane l goes to lane l xor m, m < 16. */
static inline lanes lanes_move(lanes x, uint32_t m)
{
    lanes y;
    for (unsigned l = 0; l < LANES; ++l) { y.lane[l ^ m] = x.lane[l]; }
    return y;
}

#endif

#endif
