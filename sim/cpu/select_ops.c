/* select_ops.c - selection as operations of the CPU: select*.c row by row, one row's working memory for all. */
#include <math.h>

#include "sim/cpu/cpu.h"
#include "sim/cpu/select.h"
#include "sim/cpu/select_keys.h"
#include "sim/cpu/split.h"

size_t cpu_select_bytes(size_t n, uint32_t rows)
{
    (void)rows;
    return select_scratch_bytes(n);
}

void cpu_select_topk(struct dsgd_rows *r, const dsgd_f32 *v, size_t k, dsgd_set *out, void *scratch)
{
    const int parts = cpu_parts(r->queue, v->array.count);
    for (uint32_t row = 0; row < r->rows; ++row) {
        select_topk(v->array.count, cpu_f32(v, row), k, cpu_set(out, row), cpu_near(scratch), parts);
        *cpu_length(out, row) = (uint32_t)k;
    }
}

void cpu_select_topk_sparse(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, size_t k, dsgd_set *places, void *scratch)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const size_t n = *cpu_length(at, row);
        if (n < k) {
            dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "select_topk_sparse: %zu coordinates, expected at least %zu", n, k);
            return;
        }
        /* ascending: order by place is order by index */
        select_topk(n, cpu_f32(value, row), k, cpu_set(places, row), cpu_near(scratch), cpu_parts(r->queue, n));
        *cpu_length(places, row) = (uint32_t)k;
    }
}

void cpu_select_at_least(struct dsgd_rows *r, const dsgd_f32 *v, float threshold, dsgd_set *out, void *scratch)
{
    const int32_t key = threshold > 0.0f ? dsgd_magnitude_key(threshold) : 0; /* every magnitude is at least 0 */
    (void)scratch;
    for (uint32_t row = 0; row < r->rows; ++row) {
        *cpu_length(out, row) = (uint32_t)select_at_least(v->array.count, cpu_f32(v, row), key, out->array.count, cpu_set(out, row));
    }
}

void cpu_select_heavymix(struct dsgd_rows *r, const dsgd_f32 *estimate, const dsgd_f64 *norm2, size_t k, struct dsgd_rng_key key, dsgd_set *out,
                         dsgd_set *heavy, void *scratch)
{
    const int parts = cpu_parts(r->queue, estimate->array.count);
    for (uint32_t row = 0; row < r->rows; ++row) {
        const float *est = cpu_f32(estimate, row);
        const double norm = cpu_f64(norm2, row)[0];
        size_t found;
        select_heavymix(estimate->array.count, est, norm, k, key, r->step, cpu_set(out, row), &found, cpu_near(scratch), parts);
        *cpu_length(out, row) = (uint32_t)k;
        if (heavy) { *cpu_length(heavy, row) = (uint32_t)select_heavy_of(k, cpu_set(out, row), est, norm, cpu_set(heavy, row)); }
    }
}

void cpu_select_uniform(struct dsgd_rows *r, size_t n, size_t k, struct dsgd_rng_key key, dsgd_set *out, void *scratch)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        select_uniform(n, k, key, r->step, dsgd_row_worker(r, row), cpu_set(out, row), cpu_near(scratch));
        *cpu_length(out, row) = (uint32_t)k;
    }
}
