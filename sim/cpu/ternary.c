/* ternary.c - TernGrad's stochastic ternarisation (Wen et al. 2017, arXiv:1705.07878, section 3) as two bit planes, on the CPU.
 *
 * t_i = s sign(g_i) b_i with P(b_i = 1) = |g_i| / s, so E t = g. Planes instead of two adjacent bits per coordinate: a plane is what
 * comparisons give and majority votes take, and both directions vectorise. The choice itself: sim/kernel/number.h.
 */
#include "sim/cpu/cpu.h"
#include "sim/cpu/ternary.h"
#include "sim/kernel/number.h"

enum {
    WORDS = 4,   /* coordinates a draw serves */
    BLOCK = 256, /* coordinates at once: 64 draws, a loop that vectorises */
    BITS = 8     /* coordinates in a byte of a plane */
};

/* Eight flags 0 or 1 to one byte, flag 0 lowest: the product moves flag j to bit 56 + j and nothing else there. */
static inline uint8_t pack_flags(const uint8_t flag[BITS])
{
    uint64_t eight = 0;
    for (int j = 0; j < BITS; ++j) { eight |= (uint64_t)flag[j] << BITS * j; } /* one load on little-endian machines */
    return (uint8_t)(eight * UINT64_C(0x0102040810204080) >> 56);
}

/* Random words of the coordinates first .. first + n - 1, n <= BLOCK; `first` is a multiple of BLOCK. */
static void draw_block(size_t first, size_t n, struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint32_t *word)
{
    const uint32_t draws = (uint32_t)((n + WORDS - 1) / WORDS), item = (uint32_t)(first / WORDS);
    for (uint32_t j = 0; j < draws; ++j) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, item + j, step, worker, 0);
        for (uint32_t l = 0; l < WORDS; ++l) { word[j * WORDS + l] = words.word[l]; }
    }
}

/* Flags of n coordinates with one scale. */
static void ternarise(size_t n, const float *g, float scale, const uint32_t *word, uint8_t *nonzero, uint8_t *negative)
{
    const double factor = dsgd_ternary_factor(scale); /* 0: a zero vector, or one that has diverged: its product with anything shows it */
    for (size_t i = 0; i < n; ++i) {
        const int hit = dsgd_ternary_hit(g[i], scale, factor, word[i]);
        nonzero[i] = (uint8_t)hit;
        negative[i] = (uint8_t)(hit & (g[i] < 0.0f));
    }
}

void ternary_encode_groups(size_t groups, const size_t *start, const float *scale, const float *g, struct dsgd_rng_key key, uint32_t step,
                           uint32_t worker, uint8_t *nonzero, uint8_t *negative)
{
    const size_t d = start[groups];
    size_t at = 0; /* the group of the next coordinate */
    for (size_t first = 0; first < d; first += BLOCK) {
        const size_t n = d - first < BLOCK ? d - first : BLOCK;
        uint32_t word[BLOCK];
        uint8_t hit[BLOCK], minus[BLOCK];
        draw_block(first, n, key, step, worker, word);
        for (size_t i = 0; i < n;) {
            while (start[at + 1] <= first + i) { ++at; }
            const size_t left = start[at + 1] - first - i, run = left < n - i ? left : n - i;
            ternarise(run, g + first + i, scale[at], word + i, hit + i, minus + i);
            i += run;
        }
        for (size_t i = n; i % BITS != 0; ++i) { hit[i] = minus[i] = 0; }
        for (size_t i = 0; i < n; i += BITS) {
            nonzero[(first + i) / BITS] = pack_flags(hit + i);
            negative[(first + i) / BITS] = pack_flags(minus + i);
        }
    }
}

void cpu_ternarise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_f32 *v, struct dsgd_rng_key key, dsgd_ternary *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        ternary_encode_groups(g->count, g->start, cpu_f32(scale, row), cpu_f32(v, row), key, r->step, dsgd_row_worker(r, row),
                              cpu_nonzero(out, row), cpu_negative(out, row));
    }
}
