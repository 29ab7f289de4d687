/* sparse.c - chosen coordinates and runs on the CPU. Lengths of sets are read here, on the device. */
#include "sim/cpu/cpu.h"

#include <string.h>

void cpu_gather(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *v, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const uint32_t *index = cpu_set(at, row);
        const float *from = cpu_f32(v, row);
        float *to = cpu_f32(out, row);
        for (size_t j = 0, n = *cpu_length(at, row); j < n; ++j) { to[j] = from[index[j]]; }
    }
}

void cpu_gather_f64(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f64 *a, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const uint32_t *index = cpu_set(at, row);
        const double *from = cpu_f64(a, row);
        float *to = cpu_f32(out, row);
        for (size_t j = 0, n = *cpu_length(at, row); j < n; ++j) { to[j] = (float)from[index[j]]; }
    }
}

void cpu_scatter(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const uint32_t *index = cpu_set(at, row);
        const float *from = cpu_f32(x, row);
        float *to = cpu_f32(v, row);
        for (size_t j = 0, n = *cpu_length(at, row); j < n; ++j) { to[index[j]] = from[j]; }
    }
}

void cpu_scatter_subtract(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f64 *a)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const uint32_t *index = cpu_set(at, row);
        const float *from = cpu_f32(x, row);
        double *to = cpu_f64(a, row);
        for (size_t j = 0, n = *cpu_length(at, row); j < n; ++j) { to[index[j]] -= (double)from[j]; }
    }
}

void cpu_scatter_clear(struct dsgd_rows *r, const dsgd_set *at, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const uint32_t *index = cpu_set(at, row);
        float *to = cpu_f32(v, row);
        for (size_t j = 0, n = *cpu_length(at, row); j < n; ++j) { to[index[j]] = 0.0f; }
    }
}

void cpu_copy_set(struct dsgd_rows *r, const dsgd_set *from, dsgd_set *to)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const uint32_t n = *cpu_length(from, row);
        memmove(cpu_set(to, row), cpu_set(from, row), n * sizeof(uint32_t));
        *cpu_length(to, row) = n;
    }
}

void cpu_subset(struct dsgd_rows *r, const dsgd_set *of, const dsgd_set *places, dsgd_set *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const uint32_t *all = cpu_set(of, row), *place = cpu_set(places, row), n = *cpu_length(places, row);
        uint32_t *to = cpu_set(out, row);
        for (uint32_t j = 0; j < n; ++j) { to[j] = all[place[j]]; }
        *cpu_length(out, row) = n;
    }
}

void cpu_intersect(struct dsgd_rows *r, const dsgd_set *a, const dsgd_set *b, dsgd_set *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const uint32_t *x = cpu_set(a, row), *y = cpu_set(b, row), nx = *cpu_length(a, row), ny = *cpu_length(b, row);
        uint32_t *to = cpu_set(out, row), n = 0;
        for (uint32_t i = 0, j = 0; i < nx; ++i) { /* both ascend */
            while (j < ny && y[j] < x[i]) { ++j; }
            if (j < ny && y[j] == x[i]) { to[n++] = x[i]; }
        }
        *cpu_length(out, row) = n;
    }
}

void cpu_sparse_take(struct dsgd_rows *r, double factor, dsgd_f64 *sum, dsgd_i32 *seen, dsgd_set *at, dsgd_f32 *value)
{
    enum { WORD = 32 };
    for (uint32_t row = 0; row < r->rows; ++row) {
        double *total = cpu_f64(sum, row);
        int32_t *word = cpu_i32(seen, row);
        uint32_t *index = cpu_set(at, row), n = 0;
        float *out = cpu_f32(value, row);
        for (size_t w = 0; w < (sum->array.count + WORD - 1) / WORD; ++w) {
            for (uint32_t bits = (uint32_t)word[w]; bits; bits &= bits - 1) {
                const uint32_t i = (uint32_t)(WORD * w) + (uint32_t)__builtin_ctz(bits);
                if (n == at->array.count) { /* cannot be: at most what all workers send */
                    dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "sparse_take: more than %zu coordinates arrived", at->array.count);
                    return;
                }
                index[n] = i;
                out[n++] = (float)(factor * total[i]);
                total[i] = 0.0;
            }
            word[w] = 0;
        }
        *cpu_length(at, row) = n;
    }
}

/* ---- runs ---- */

void cpu_pack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *v, dsgd_f32 *packed)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < runs->n; ++j) {
            memcpy(cpu_f32(packed, row) + runs->run[j].place, cpu_f32(v, row) + runs->run[j].offset, runs->run[j].count * sizeof(float));
        }
    }
}

void cpu_unpack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *packed, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < runs->n; ++j) {
            memcpy(cpu_f32(v, row) + runs->run[j].offset, cpu_f32(packed, row) + runs->run[j].place, runs->run[j].count * sizeof(float));
        }
    }
}

void cpu_clear_runs(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < runs->n; ++j) { memset(cpu_f32(v, row) + runs->run[j].offset, 0, runs->run[j].count * sizeof(float)); }
    }
}

void cpu_unpack_places(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_set *places)
{
    for (uint32_t row = 0; row < r->rows; ++row) { /* places ascend, so one walk over the runs does */
        uint32_t *index = cpu_set(places, row);
        const struct dsgd_stretch *run = runs->run;
        for (size_t j = 0, n = *cpu_length(places, row); j < n; ++j) {
            while (index[j] >= run->place + run->count) { ++run; }
            index[j] = (uint32_t)(index[j] - run->place + run->offset);
        }
    }
}

void cpu_merge_runs(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, const struct dsgd_runs *runs, const dsgd_f32 *packed,
                    dsgd_set *at_all, dsgd_f32 *value_all)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const uint32_t *index = cpu_set(at, row), k = *cpu_length(at, row);
        const float *sparse = cpu_f32(value, row), *dense = cpu_f32(packed, row);
        uint32_t *to = cpu_set(at_all, row), n = 0;
        float *out = cpu_f32(value_all, row);
        for (size_t run = 0, j = 0; run <= runs->n; ++run) {
            const struct dsgd_stretch *s = run < runs->n ? &runs->run[run] : NULL;
            for (; j < k && (!s || index[j] < s->offset); ++j, ++n) {
                to[n] = index[j];
                out[n] = sparse[j];
            }
            for (size_t i = 0; s && i < s->count; ++i, ++n) {
                to[n] = (uint32_t)(s->offset + i);
                out[n] = dense[s->place + i];
            }
        }
        *cpu_length(at_all, row) = n;
    }
}
