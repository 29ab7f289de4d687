/* draws.c - Philox4x32-10 (Salmon et al. 2011) over vectors: a lane for each item. Interface: draws.h.
 *
 * A lane is 64 bits wide and holds one word of a counter, whose upper half may be anything: the processor's product of lower halves does not
 * look at it, and what is stored is cut to 32 bits. So a product gives its lower word without any work. The definition of a draw is
 * dsgd_rng_draw; test_kernel compares them.
 */
#include "sim/cpu/draws.h"

#include <stdbool.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { BYTES = 64 };
#elif defined(__AVX2__)
enum { BYTES = 32 };
#else
enum { BYTES = 16 };
#endif
typedef uint64_t lanes __attribute__((vector_size(BYTES)));

enum { LANES = BYTES / 8, AT_ONCE = 2 /* vectors, so that products overlap */, ROUNDS = 10 };

static const uint32_t MULTIPLIER[2] = {0xD2511F53, 0xCD9E8D57}, WEYL[2] = {0x9E3779B9, 0xBB67AE85};

/* *a = the lower half of each lane of *a times m */
static inline void multiply(lanes *a, uint64_t m)
{
#if defined(__AVX512F__)
    *a = (lanes)_mm512_mul_epu32((__m512i)*a, _mm512_set1_epi64((long long)m));
#elif defined(__AVX2__)
    *a = (lanes)_mm256_mul_epu32((__m256i)*a, _mm256_set1_epi64x((long long)m));
#elif defined(__SSE2__)
    *a = (lanes)_mm_mul_epu32((__m128i)*a, _mm_set1_epi64x((long long)m));
#else
    *a = (*a & UINT64_C(0xffffffff)) * m;
#endif
}

static inline void round_of(lanes c[4], const uint32_t key[2])
{
    lanes first = c[0], second = c[2];
    multiply(&first, MULTIPLIER[0]);
    multiply(&second, MULTIPLIER[1]);
    c[0] = (second >> 32) ^ c[1] ^ (uint64_t)key[0];
    c[1] = second;
    c[2] = (first >> 32) ^ c[3] ^ (uint64_t)key[1];
    c[3] = first;
}

/* Words 0, 1 of draw j to out[4 j], words 2, 3 behind them. */
static inline void store(const lanes c[4], uint32_t *out)
{
    const lanes none = {0}, mask = none + UINT64_C(0xffffffff);
    const lanes front = (c[0] & mask) | c[1] << 32, back = (c[2] & mask) | c[3] << 32;
#if defined(__AVX512F__)
    const lanes first = (lanes)_mm512_permutex2var_epi64((__m512i)front, _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), (__m512i)back);
    const lanes second = (lanes)_mm512_permutex2var_epi64((__m512i)front, _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4), (__m512i)back);
#elif defined(__AVX2__)
    const __m256i even = _mm256_unpacklo_epi64((__m256i)front, (__m256i)back), odd = _mm256_unpackhi_epi64((__m256i)front, (__m256i)back);
    const lanes first = (lanes)_mm256_permute2x128_si256(even, odd, 0x20), second = (lanes)_mm256_permute2x128_si256(even, odd, 0x31);
#else
    const lanes first = {front[0], back[0]}, second = {front[1], back[1]};
#endif
    memcpy(out, &first, sizeof first);
    memcpy(out + sizeof first / sizeof *out, &second, sizeof second);
}

/* Either items or draws of one item are counted. */
static inline void all(struct dsgd_rng_key key, uint32_t item, uint32_t draw, bool items, size_t draws, uint32_t step, uint32_t worker, uint32_t *word)
{
    const lanes none = {0};
    lanes number;
    for (uint64_t l = 0; l < LANES; ++l) { number[l] = l; }
    for (size_t j = 0; j < draws; j += AT_ONCE * LANES) {
        lanes c[AT_ONCE][4];
        for (size_t v = 0; v < AT_ONCE; ++v) {
            const uint32_t at = (uint32_t)(j + v * LANES); /* a count that passes 2^32 begins at 0: only lower halves count */
            c[v][0] = items ? number + (uint64_t)(item + at) : none + item;
            c[v][1] = none + step;
            c[v][2] = none + worker;
            c[v][3] = items ? none + draw : number + (uint64_t)(draw + at);
        }
        uint32_t k[2] = {key.seed, key.purpose};
        for (int r = 0; r < ROUNDS; ++r) {
            for (size_t v = 0; v < AT_ONCE; ++v) { round_of(c[v], k); }
            k[0] += WEYL[0];
            k[1] += WEYL[1];
        }
        for (size_t v = 0; v < AT_ONCE; ++v) { store(c[v], word + CPU_DRAW_WORDS * (j + v * LANES)); }
    }
}

void cpu_draws(struct dsgd_rng_key key, uint32_t item, size_t draws, uint32_t step, uint32_t worker, uint32_t *word)
{
    all(key, item, 0, true, draws, step, worker, word);
}

void cpu_draws_of_item(struct dsgd_rng_key key, uint32_t item, uint32_t draw, size_t draws, uint32_t step, uint32_t worker, uint32_t *word)
{
    all(key, item, draw, false, draws, step, worker, word);
}
