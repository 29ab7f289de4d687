/* sketch_ops.c - Count Sketches as operations of the CPU: count_sketch.c row by row. A dsgd_sketch's memory holds a sketch_hash. */
#include "sim/cpu/count_sketch.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/select.h"
#include "sim/cpu/split.h"

/* Cells kept at most, 64 MiB: small models share one evaluation of the hashes among workers and server. */
enum { CACHE_CELLS = 1 << 24 };

static const struct sketch_hash_family *const family[] = {[DSGD_TEXTBOOK] = &sketch_hash_polynomial, [DSGD_BLOCKS] = &sketch_hash_block};

/* The block hash costs less than reading cells would. */
static size_t cache_of(enum dsgd_hash hash)
{
    return hash == DSGD_BLOCKS ? 0 : CACHE_CELLS;
}

static const struct sketch_hash *hash_of(const dsgd_sketch *s)
{
    return cpu_near(s->array.at);
}

size_t cpu_sketch_bytes(enum dsgd_hash hash, size_t n, uint32_t rows, uint32_t cols)
{
    (void)cols;
    return sketch_hash_bytes(family[hash], n, rows, cache_of(hash));
}

void cpu_sketch_reseed(struct dsgd_rows *r, dsgd_sketch *s)
{
    struct sketch_hash *hash = sketch_hash_at(cpu_near(s->array.at), family[s->hash], s->n, s->rows, s->cols, cache_of(s->hash));
    sketch_hash_reseed(hash, s->seed, s->step, r->queue->threads);
}

void cpu_sketch_vector(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *v, dsgd_f32 *table)
{
    cpu_clear(r, table);
    for (uint32_t row = 0; row < r->rows; ++row) { count_sketch_accumulate_over(hash_of(s), cpu_f32(v, row), cpu_f32(table, row), r->queue->threads); }
}

void cpu_sketch_add_some(struct dsgd_rows *r, const dsgd_sketch *s, float factor, const dsgd_set *at, const dsgd_f32 *value, dsgd_f32 *table)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        count_sketch_accumulate_some(hash_of(s), factor, *cpu_length(at, row), cpu_set(at, row), cpu_f32(value, row), cpu_f32(table, row));
    }
}

void cpu_sketch_clear_some(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_set *at, dsgd_f32 *table)
{
    for (uint32_t row = 0; row < r->rows; ++row) { count_sketch_clear_some(hash_of(s), *cpu_length(at, row), cpu_set(at, row), cpu_f32(table, row)); }
}

void cpu_sketch_estimate(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) { count_sketch_estimate(hash_of(s), cpu_f32(table, row), cpu_f32(out, row), r->queue->threads); }
}

void cpu_sketch_norm2(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f64 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) { cpu_f64(out, row)[0] = count_sketch_norm2(hash_of(s), cpu_f32(table, row)); }
}

size_t cpu_sketch_select_bytes(const dsgd_sketch *s, uint32_t rows)
{
    (void)rows;
    return (s->n * sizeof(float) + 63) / 64 * 64 + select_scratch_bytes(s->n);
}

/* All estimates, in the scratch, and what is left of it. */
static float *estimates(struct dsgd_rows *r, const dsgd_sketch *s, const float *table, void *scratch, void **rest)
{
    float *estimate = cpu_near(scratch);
    *rest = (char *)cpu_near(scratch) + (s->n * sizeof *estimate + 63) / 64 * 64;
    count_sketch_estimate(hash_of(s), table, estimate, r->queue->threads);
    return estimate;
}

void cpu_sketch_topk(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, size_t k, dsgd_set *out, dsgd_f32 *value, void *scratch)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        void *rest;
        const float *estimate = estimates(r, s, cpu_f32(table, row), scratch, &rest);
        uint32_t *index = cpu_set(out, row);
        select_topk(s->n, estimate, k, index, rest, cpu_parts(r->queue, s->n));
        *cpu_length(out, row) = (uint32_t)k;
        for (size_t j = 0; value && j < k; ++j) { cpu_f32(value, row)[j] = estimate[index[j]]; }
    }
}

void cpu_sketch_heavymix(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, const dsgd_f64 *norm2, size_t k, struct dsgd_rng_key key,
                         dsgd_set *out, dsgd_set *heavy, void *scratch)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        void *rest;
        size_t found;
        const float *estimate = estimates(r, s, cpu_f32(table, row), scratch, &rest);
        const double norm = cpu_f64(norm2, row)[0];
        select_heavymix(s->n, estimate, norm, k, key, r->step, cpu_set(out, row), &found, rest, cpu_parts(r->queue, s->n));
        *cpu_length(out, row) = (uint32_t)k;
        if (heavy) { *cpu_length(heavy, row) = (uint32_t)select_heavy_of(k, cpu_set(out, row), estimate, norm, cpu_set(heavy, row)); }
    }
}
