/* sketch_ops.c - Count Sketches as operations of the CPU: count_sketch.c row by row. A dsgd_sketch's memory holds a sketch_hash. */
#include "sim/cpu/count_sketch.h"
#include "sim/cpu/cpu.h"

/* Cells kept at most, 64 MiB: small models share one evaluation of the hashes among workers and server. */
enum { CACHE_CELLS = 1 << 24 };

static const struct sketch_hash *hash_of(const dsgd_sketch *s)
{
    return cpu_near(s->array.at);
}

size_t cpu_sketch_bytes(size_t n, uint32_t rows, uint32_t cols)
{
    (void)cols;
    return sketch_hash_bytes(n, rows, CACHE_CELLS);
}

void cpu_sketch_reseed(struct dsgd_rows *r, dsgd_sketch *s)
{
    struct sketch_hash *hash = sketch_hash_at(cpu_near(s->array.at), &sketch_hash_polynomial, s->n, s->rows, s->cols, CACHE_CELLS);
    sketch_hash_reseed(hash, s->seed, s->step, r->queue->threads);
}

void cpu_sketch_vector(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *v, dsgd_f32 *table)
{
    cpu_clear(r, table);
    for (uint32_t row = 0; row < r->rows; ++row) { count_sketch_accumulate(hash_of(s), cpu_f32(v, row), cpu_f32(table, row)); }
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
