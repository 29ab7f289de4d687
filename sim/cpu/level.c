/* level.c - QSGD's stochastic quantisation (Alistarh et al. 2017, arXiv:1610.02132, section 3.1), on the CPU.
 *
 * Q_s(v_i) = ||v|| sign(v_i) xi_i with xi_i = (l + 1)/s with probability |v_i| s/||v|| - l and l/s otherwise, l = floor(|v_i| s/||v||).
 * The rounding itself: sim/kernel/number.h. A group without a finite norm gets levels 0; norm * 0 is then NaN at every receiver, so a
 * diverging run shows.
 */
#include <string.h>

#include "sim/cpu/cpu.h"
#include "sim/kernel/number.h"

enum {
    WORDS = 4,  /* coordinates a draw serves */
    BLOCK = 256 /* coordinates quantised at once: a loop that vectorises */
};

static void quantise_run(size_t n, const float *v, float norm, uint32_t s, const uint32_t *word, int32_t *level)
{
    const double factor = dsgd_level_factor(norm, s);
    if (!(factor > 0.0)) {
        memset(level, 0, n * sizeof *level);
        return;
    }
    for (size_t i = 0; i < n; ++i) { level[i] = dsgd_level(v[i], factor, s, word[i]); }
}

static void quantise_row(const struct dsgd_groups *g, const float *norm, uint32_t s, const float *v, struct dsgd_rng_key key, uint32_t step,
                         uint32_t worker, int32_t *level)
{
    const size_t d = g->start[g->count];
    size_t at = 0;
    for (size_t first = 0; first < d; first += BLOCK) {
        const size_t end = d - first < BLOCK ? d : first + BLOCK;
        uint32_t word[BLOCK];
        for (size_t i = first; i < end; i += WORDS) {
            const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(i / WORDS), step, worker, 0);
            for (size_t l = 0; l < WORDS; ++l) { word[i - first + l] = words.word[l]; }
        }
        for (size_t i = first; i < end;) {
            while (g->start[at + 1] <= i) { ++at; }
            const size_t stop = g->start[at + 1] < end ? g->start[at + 1] : end;
            quantise_run(stop - i, v + i, norm[at], s, word + (i - first), level + i);
            i = stop;
        }
    }
}

void cpu_quantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_f32 *v, struct dsgd_rng_key key,
                  dsgd_i32 *level)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        quantise_row(g, cpu_f32(norm, row), s, cpu_f32(v, row), key, r->step, dsgd_row_worker(r, row), cpu_i32(level, row));
    }
}

void cpu_dequantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_i32 *level, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const int32_t *from = cpu_i32(level, row);
        float *to = cpu_f32(out, row);
        for (size_t j = 0; j < g->count; ++j) {
            const double unit = dsgd_level_unit(cpu_f32(norm, row)[j], s);
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) { to[i] = dsgd_level_value(from[i], unit); }
        }
    }
}
