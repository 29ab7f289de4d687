/* ternary.c - TernGrad's stochastic ternarisation (Wen et al. 2017, arXiv:1705.07878, section 3) as two bit planes, on the CPU.
 *
 * t_i = s sign(g_i) b_i with P(b_i = 1) = |g_i| / s, so E t = g. Planes instead of two adjacent bits per coordinate: a plane is what
 * comparisons give and majority votes take, and both directions vectorise. The choice itself: sim/kernel/number.h; here 64 coordinates at a
 * time, in which |g| >= scale is asked in floats and word + 1 is made of a signed integer, both exactly.
 */
#include "sim/codec/flags.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/draws.h"
#include "sim/cpu/split.h"
#include "sim/cpu/ternary.h"
#include "sim/kernel/number.h"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum {
    BLOCK = 1024, /* coordinates whose words are drawn at once, 4 KiB */
    BITS = 8,     /* coordinates in a byte of a plane */
    DEAR = 4      /* as much work as so many elements elsewhere */
};

/* Bit j: dsgd_ternary_hit of coordinate j. */
static inline uint64_t hits(const float g[FLAGS], float scale, double factor, const uint32_t word[FLAGS])
{
    if (!(factor > 0.0)) { return 0; } /* a zero vector, or one that has diverged: its product with anything shows it */
    uint64_t hit = 0;
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    const __m512d f = _mm512_set1_pd(factor), one = _mm512_set1_pd(1.0);
    for (int j = 0; j < FLAGS; j += 8) {
        const __m512d magnitude = _mm512_abs_pd(_mm512_cvtps_pd(_mm256_loadu_ps(g + j)));
        const __m512d least = _mm512_add_pd(_mm512_cvtepu32_pd(_mm256_loadu_si256((const __m256i *)(const void *)(word + j))), one);
        hit |= (uint64_t)_mm512_cmp_pd_mask(least, _mm512_mul_pd(magnitude, f), _CMP_LE_OQ) << j;
    }
    const __m512 all = _mm512_set1_ps(scale);
    for (int j = 0; j < FLAGS; j += 16) { hit |= (uint64_t)_mm512_cmp_ps_mask(_mm512_abs_ps(_mm512_loadu_ps(g + j)), all, _CMP_GE_OQ) << j; }
#elif defined(__AVX2__)
    const __m256d f = _mm256_set1_pd(factor), shift = _mm256_set1_pd(2147483649.0); /* 2^31 + 1 */
    const __m128 sign4 = _mm_set1_ps(-0.0f);
    const __m128i top = _mm_set1_epi32(INT32_MIN);
    for (int j = 0; j < FLAGS; j += 4) {
        const __m256d magnitude = _mm256_cvtps_pd(_mm_andnot_ps(sign4, _mm_loadu_ps(g + j)));
        const __m128i low = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)(word + j)), top); /* word - 2^31 */
        const __m256d least = _mm256_add_pd(_mm256_cvtepi32_pd(low), shift);
        hit |= (uint64_t)(uint32_t)_mm256_movemask_pd(_mm256_cmp_pd(least, _mm256_mul_pd(magnitude, f), _CMP_LE_OQ)) << j;
    }
    const __m256 all = _mm256_set1_ps(scale), sign8 = _mm256_set1_ps(-0.0f);
    for (int j = 0; j < FLAGS; j += 8) {
        hit |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_andnot_ps(sign8, _mm256_loadu_ps(g + j)), all, _CMP_GE_OQ)) << j;
    }
#else
    uint8_t flag[FLAGS];
    for (int j = 0; j < FLAGS; ++j) { flag[j] = dsgd_ternary_hit(g[j], scale, factor, word[j]); }
    hit = flags_of_bytes(flag);
#endif
    return hit;
}

/* The same for fewer coordinates, or of several groups: `at` is the group of the first one, and moves on. */
static uint64_t hits_of_groups(size_t first, size_t n, const size_t *start, const float *scale, size_t *at, const float *g, const uint32_t *word)
{
    uint64_t hit = 0;
    for (size_t i = 0; i < n; ++i) {
        while (start[*at + 1] <= first + i) { ++*at; }
        hit |= (uint64_t)dsgd_ternary_hit(g[i], scale[*at], dsgd_ternary_factor(scale[*at]), word[i]) << i;
    }
    return hit;
}

/* Who draws. */
struct draws { struct dsgd_rng_key key; uint32_t step, worker; };

/* Coordinates first .. end - 1, `first` a multiple of BLOCK. */
static void encode(size_t first, size_t end, size_t groups, const size_t *start, const float *scale, const float *g, const struct draws *by,
                   uint8_t *nonzero, uint8_t *negative)
{
    uint32_t word[BLOCK];
    size_t at = 0; /* the group of the next coordinate */
    while (at + 1 < groups && start[at + 1] <= first) { ++at; }
    double factor = dsgd_ternary_factor(scale[at]);
    for (size_t block = first; block < end; block += BLOCK) {
        const size_t left = end - block < BLOCK ? end - block : BLOCK, unit = CPU_DRAWS_UNIT * CPU_DRAW_WORDS;
        cpu_draws(by->key, (uint32_t)(block / CPU_DRAW_WORDS), (left + unit - 1) / unit * CPU_DRAWS_UNIT, by->step, by->worker, word);
        for (size_t i = 0; i < left; i += FLAGS) {
            const size_t here = block + i, n = left - i < FLAGS ? left - i : FLAGS;
            const float *v = g + here;
            uint64_t hit, minus;
            if (n == FLAGS && here + FLAGS <= start[at + 1]) {
                hit = hits(v, scale[at], factor, word + i);
                minus = flags_below_zero(v);
            } else {
                float last[FLAGS];
                hit = hits_of_groups(here, n, start, scale, &at, v, word + i);
                flags_tail(n, v, last);
                minus = flags_below_zero(last);
                factor = dsgd_ternary_factor(scale[at]);
            }
            flags_store(hit, n, nonzero + here / BITS);
            flags_store(hit & minus, n, negative + here / BITS);
            while (at + 1 < groups && start[at + 1] <= here + n) { factor = dsgd_ternary_factor(scale[++at]); }
        }
    }
}

void ternary_encode_groups(size_t groups, const size_t *start, const float *scale, const float *g, struct dsgd_rng_key key, uint32_t step,
                           uint32_t worker, uint8_t *nonzero, uint8_t *negative)
{
    const struct draws by = {key, step, worker};
    encode(0, start[groups], groups, start, scale, g, &by, nonzero, negative);
}

void cpu_ternarise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_f32 *v, struct dsgd_rng_key key, dsgd_ternary *out)
{
    const size_t n = g->start[g->count];
    const int parts = cpu_parts(r->queue, DEAR * n);
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct draws by = {key, r->step, dsgd_row_worker(r, row)};
        if (parts == 1) {
            encode(0, n, g->count, g->start, cpu_f32(scale, row), cpu_f32(v, row), &by, cpu_nonzero(out, row), cpu_negative(out, row));
            continue;
        }
#pragma omp parallel for num_threads(parts)
        for (int p = 0; p < parts; ++p) {
            encode(cpu_part(n, p, parts), cpu_part(n, p + 1, parts), g->count, g->start, cpu_f32(scale, row), cpu_f32(v, row), &by,
                   cpu_nonzero(out, row), cpu_negative(out, row));
        }
    }
}
