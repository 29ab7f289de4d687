/* level.c - QSGD's stochastic quantisation (Alistarh et al. 2017, arXiv:1610.02132, section 3.1), on the CPU.
 *
 * Q_s(v_i) = ||v|| sign(v_i) xi_i with xi_i = (l + 1)/s with probability |v_i| s/||v|| - l and l/s otherwise, l = floor(|v_i| s/||v||).
 * The rounding itself: sim/kernel/number.h. A group without a finite norm gets levels 0; norm * 0 is then NaN at every receiver, so a
 * diverging run shows.
 */
#include <string.h>

#include "sim/cpu/cpu.h"
#include "sim/cpu/draws.h"
#include "sim/cpu/split.h"
#include "sim/kernel/number.h"

enum {
    BLOCK = 1024, /* coordinates whose words are drawn at once, 4 KiB */
    DEAR = 4      /* as much work as so many elements elsewhere */
};

static void quantise_run(size_t n, const float *restrict v, float norm, uint32_t s, const uint32_t *restrict word, int32_t *restrict level)
{
    const double factor = dsgd_level_factor(norm, s);
    if (!(factor > 0.0)) {
        memset(level, 0, n * sizeof *level);
        return;
    }
    for (size_t i = 0; i < n; ++i) { level[i] = dsgd_level(v[i], factor, s, word[i]); }
}

/* Who draws. */
struct draws { struct dsgd_rng_key key; uint32_t step, worker; };

/* Coordinates first .. end - 1, `first` a multiple of BLOCK. */
static void quantise(size_t first, size_t end, const struct dsgd_groups *g, const float *norm, uint32_t s, const float *v, const struct draws *by,
                     int32_t *level)
{
    uint32_t word[BLOCK];
    size_t at = 0;
    for (size_t block = first; block < end; block += BLOCK) {
        const size_t stop = end - block < BLOCK ? end : block + BLOCK, unit = CPU_DRAWS_UNIT * CPU_DRAW_WORDS;
        cpu_draws(by->key, (uint32_t)(block / CPU_DRAW_WORDS), (stop - block + unit - 1) / unit * CPU_DRAWS_UNIT, by->step, by->worker, word);
        for (size_t i = block; i < stop;) {
            while (g->start[at + 1] <= i) { ++at; }
            const size_t to = g->start[at + 1] < stop ? g->start[at + 1] : stop;
            quantise_run(to - i, v + i, norm[at], s, word + (i - block), level + i);
            i = to;
        }
    }
}

void cpu_quantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_f32 *v, struct dsgd_rng_key key,
                  dsgd_i32 *level)
{
    const size_t n = g->start[g->count];
    const int parts = cpu_parts(r->queue, DEAR * n);
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct draws by = {key, r->step, dsgd_row_worker(r, row)};
        if (parts == 1) {
            quantise(0, n, g, cpu_f32(norm, row), s, cpu_f32(v, row), &by, cpu_i32(level, row));
            continue;
        }
#pragma omp parallel for num_threads(parts)
        for (int p = 0; p < parts; ++p) {
            quantise(cpu_part(n, p, parts), cpu_part(n, p + 1, parts), g, cpu_f32(norm, row), s, cpu_f32(v, row), &by, cpu_i32(level, row));
        }
    }
}

/* A row, and what its levels mean. */
struct levels { const struct dsgd_groups *g; const float *norm; uint32_t s; const int32_t *level; float *out; };

static void dequantise(const void *args, size_t first, size_t end)
{
    const struct levels *l = args;
    size_t at = 0;
    for (size_t i = first; i < end;) {
        while (l->g->start[at + 1] <= i) { ++at; }
        const size_t stop = l->g->start[at + 1] < end ? l->g->start[at + 1] : end;
        const double unit = dsgd_level_unit(l->norm[at], l->s);
        const int32_t *restrict level = l->level;
        float *restrict out = l->out;
        for (; i < stop; ++i) { out[i] = dsgd_level_value(level[i], unit); }
    }
}

void cpu_dequantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_i32 *level, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct levels l = {g, cpu_f32(norm, row), s, cpu_i32(level, row), cpu_f32(out, row)};
        cpu_split(r->queue, g->start[g->count], dequantise, &l);
    }
}
