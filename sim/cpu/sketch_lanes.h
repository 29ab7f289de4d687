/* sketch_lanes.h - a piece of a block of the block hash as a vector: signs, lanes moved by XOR, sums, places in the order of medians.
 *
 * LANES floats a piece, by what the processor has. The bits are the same, for every operation is exact or one
 * addition of floats. For sim/cpu/sketch_*.c alone.
 */
#ifndef DSGD_SIM_CPU_SKETCH_LANES_H
#define DSGD_SIM_CPU_SKETCH_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif
#include "sim/kernel/median.h"

/* lanes_flip: lane l changes its sign where bit LANES piece + l of `signs` is set. lanes_move: lane l goes to lane l xor m, m below 64, of
 * which only what is below LANES counts: the piece is chosen by addresses. lanes_key: dsgd_order_key, of values that are not NaN the first.
 * lanes_reach: bit l where the magnitude of the value with key x is at least that with key least. */

#if defined(__AVX512F__)

enum { LANES = 16 };
typedef __m512i lanes;

static inline lanes lanes_load(const void *v) { return _mm512_loadu_si512(v); }
static inline void lanes_store(lanes x, void *v) { _mm512_storeu_si512(v, x); }
static inline lanes lanes_add(lanes x, lanes y)
{
    return _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(x), _mm512_castsi512_ps(y)));
}
static inline lanes lanes_flip(lanes x, uint64_t signs, unsigned piece)
{
    return _mm512_mask_xor_epi32(x, (__mmask16)(signs >> LANES * piece), x, _mm512_set1_epi32(INT32_MIN));
}
static inline lanes lanes_move(lanes x, uint32_t m)
{
    const __m512i own = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_permutexvar_epi32(_mm512_xor_si512(own, _mm512_set1_epi32((int)m)), x); /* of an index four bits count */
}
static inline lanes lanes_key(lanes x)
{
    return _mm512_xor_si512(x, _mm512_and_si512(_mm512_srai_epi32(x, 31), _mm512_set1_epi32(INT32_MAX))); /* one instruction: vpternlog */
}
static inline lanes lanes_key_nan(lanes x)
{
    const __m512i most = _mm512_set1_epi32(INT32_MAX);
    return _mm512_mask_mov_epi32(lanes_key(x), _mm512_cmpgt_epi32_mask(_mm512_and_si512(x, most), _mm512_set1_epi32(0x7f800000)), most);
}
static inline lanes lanes_value(lanes key) { return lanes_key(key); }
static inline lanes lanes_least(lanes x, lanes y) { return _mm512_min_epi32(x, y); }
static inline lanes lanes_most(lanes x, lanes y) { return _mm512_max_epi32(x, y); }
static inline uint64_t lanes_reach(lanes x, int32_t least)
{
    return _mm512_cmpge_epi32_mask(_mm512_xor_si512(x, _mm512_srai_epi32(x, 31)), _mm512_set1_epi32(least));
}

#elif defined(__AVX2__)

enum { LANES = 8 };
typedef __m256i lanes;

static inline lanes lanes_load(const void *v) { return _mm256_loadu_si256(v); }
static inline void lanes_store(lanes x, void *v) { _mm256_storeu_si256(v, x); }
static inline lanes lanes_add(lanes x, lanes y)
{
    return _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(x), _mm256_castsi256_ps(y)));
}
static inline lanes lanes_flip(lanes x, uint64_t signs, unsigned piece)
{
    const int left = (int)(24 - piece % 4 * 8); /* the piece's bits begin at the top of a word; constants where `piece` is one */
    const __m256i up = _mm256_set_epi32(left, left + 1, left + 2, left + 3, left + 4, left + 5, left + 6, left + 7);
    const __m256i bits = _mm256_sllv_epi32(_mm256_set1_epi32((int)(signs >> piece / 4 * 32)), up);
    return _mm256_xor_si256(x, _mm256_and_si256(bits, _mm256_set1_epi32(INT32_MIN)));
}
static inline lanes lanes_move(lanes x, uint32_t m)
{
    const __m256i own = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    return _mm256_permutevar8x32_epi32(x, _mm256_xor_si256(own, _mm256_set1_epi32((int)m))); /* of an index three bits count */
}
static inline lanes lanes_key(lanes x)
{
    return _mm256_xor_si256(x, _mm256_and_si256(_mm256_srai_epi32(x, 31), _mm256_set1_epi32(INT32_MAX)));
}
static inline lanes lanes_key_nan(lanes x)
{
    const __m256i most = _mm256_set1_epi32(INT32_MAX);
    return _mm256_blendv_epi8(lanes_key(x), most, _mm256_cmpgt_epi32(_mm256_and_si256(x, most), _mm256_set1_epi32(0x7f800000)));
}
static inline lanes lanes_value(lanes key) { return lanes_key(key); }
static inline lanes lanes_least(lanes x, lanes y) { return _mm256_min_epi32(x, y); }
static inline lanes lanes_most(lanes x, lanes y) { return _mm256_max_epi32(x, y); }
static inline uint64_t lanes_reach(lanes x, int32_t least)
{
    const __m256i below = _mm256_cmpgt_epi32(_mm256_set1_epi32(least), _mm256_xor_si256(x, _mm256_srai_epi32(x, 31)));
    return (uint64_t)_mm256_movemask_ps(_mm256_castsi256_ps(below)) ^ 0xff;
}

#else

enum { LANES = 4 };
typedef int32_t lanes __attribute__((vector_size(16))); /* the compiler takes what the processor has */
typedef float lanes_float __attribute__((vector_size(16)));

#if defined(__clang__) || __GNUC__ >= 12
#define LANES_SHUFFLE(x, a, b, c, d) __builtin_shufflevector(x, x, a, b, c, d)
#else
#define LANES_SHUFFLE(x, a, b, c, d) __builtin_shuffle(x, (lanes){a, b, c, d})
#endif

static inline lanes lanes_all(int32_t value) { return (lanes){value, value, value, value}; }
static inline lanes lanes_where(lanes mask, lanes x, lanes y) { return (x & mask) | (y & ~mask); }
static inline lanes lanes_load(const void *v)
{
    lanes x;
    memcpy(&x, v, sizeof x);
    return x;
}
static inline void lanes_store(lanes x, void *v) { memcpy(v, &x, sizeof x); }
static inline lanes lanes_add(lanes x, lanes y) { return (lanes)((lanes_float)x + (lanes_float)y); }
static inline lanes lanes_flip(lanes x, uint64_t signs, unsigned piece)
{
    const lanes own = lanes_all((int32_t)(uint32_t)(signs >> LANES * piece)) & (lanes){1, 2, 4, 8};
    return x ^ ((own != 0) & INT32_MIN);
}
static inline lanes lanes_move(lanes x, uint32_t m)
{
    const lanes one = lanes_all(-(int32_t)(m & 1)), two = lanes_all(-(int32_t)(m >> 1 & 1)); /* exchanged or not: no branch */
    x = lanes_where(one, LANES_SHUFFLE(x, 1, 0, 3, 2), x);
    return lanes_where(two, LANES_SHUFFLE(x, 2, 3, 0, 1), x);
}
static inline lanes lanes_key(lanes x) { return x ^ ((x < 0) & INT32_MAX); }
static inline lanes lanes_key_nan(lanes x) { return lanes_where((x & INT32_MAX) > 0x7f800000, lanes_all(INT32_MAX), lanes_key(x)); }
static inline lanes lanes_value(lanes key) { return lanes_key(key); }
static inline lanes lanes_least(lanes x, lanes y) { return lanes_where(x < y, x, y); }
static inline lanes lanes_most(lanes x, lanes y) { return lanes_where(x < y, y, x); }
static inline uint64_t lanes_reach(lanes x, int32_t least)
{
    const lanes reach = ((x ^ (x < 0)) >= lanes_all(least)) & (lanes){1, 2, 4, 8};
    return (uint64_t)(uint32_t)(reach[0] | reach[1] | reach[2] | reach[3]);
}

#endif

#endif
