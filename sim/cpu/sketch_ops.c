/* sketch_ops.c - Count Sketches as operations of the CPU: count_sketch.c row by row. A dsgd_sketch's memory holds a sketch_hash. */
#include "sim/cpu/count_sketch.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/select.h"
#include "sim/cpu/sketch_blocks.h"
#include "sim/cpu/sketch_choose.h"
#include "sim/kernel/median.h"
#include "sim/kernel/vec.h"

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
    void *memory = cpu_near(s->array.at);
    struct sketch_hash *hash = sketch_hash_known(memory, family[s->hash], s->n, s->rows, s->cols); /* made in an earlier round */
    if (!hash) { hash = sketch_hash_at(memory, family[s->hash], s->n, s->rows, s->cols, cache_of(s->hash)); }
    sketch_hash_reseed(hash, s->seed, s->step, r->queue->threads);
}

size_t cpu_sketch_vector_bytes(const dsgd_sketch *s, uint32_t rows, int threads)
{
    return count_sketch_vectors_bytes(s->hash == DSGD_BLOCKS, s->rows, s->cols, rows, threads);
}

static struct sketch_vectors vectors_of(const struct dsgd_rows *r, const dsgd_f32 *v, const dsgd_f32 *table)
{
    return (struct sketch_vectors){.n = r->rows, .v = cpu_f32(v, 0), .v_stride = v->array.stride, .table = cpu_f32(table, 0),
                                   .table_stride = table->array.stride, .fresh = true};
}

void cpu_sketch_vector(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *v, dsgd_f32 *table, void *scratch)
{
    const struct sketch_vectors x = vectors_of(r, v, table);
    count_sketch_vectors(hash_of(s), &x, cpu_near(scratch), r->queue->threads);
}

/* u = m u + g; v += eta u, row by row. */
struct momentum {
    float m, eta;
    const dsgd_f32 *g;
    dsgd_f32 *u, *v;
};

static void add_momentum(const void *args, uint32_t w, size_t first, size_t end)
{
    const struct momentum *p = args;
    const float m = p->m, eta = p->eta, *restrict g = cpu_f32(p->g, w);
    float *restrict u = cpu_f32(p->u, w), *restrict v = cpu_f32(p->v, w);
    for (size_t i = first; i < end; ++i) {
        u[i] = dsgd_one_scale_add(m, u[i], g[i]);
        v[i] = dsgd_one_add_scaled(eta, u[i], v[i]);
    }
}

/* Threads share the rows of a table and read all of a vector each, so only one alone can make it on its way. */
void cpu_sketch_momentum(struct dsgd_rows *r, const dsgd_sketch *s, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v, dsgd_f32 *table,
                         void *scratch)
{
    const struct momentum p = {m, eta, g, u, v};
    const struct sketch_vectors x = vectors_of(r, v, table);
    struct sketch_blocks blocks;
    if (r->queue->threads == 1 && sketch_hash_blocks(hash_of(s), &blocks) && sketch_blocks_make(&blocks, &x, add_momentum, &p)) { return; }
    cpu_momentum(r, m, eta, g, u, v);
    cpu_sketch_vector(r, s, v, table, scratch);
}

void cpu_sketch_add_some(struct dsgd_rows *r, const dsgd_sketch *s, float factor, const dsgd_set *at, const dsgd_f32 *value, dsgd_f32 *table)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        count_sketch_accumulate_some(hash_of(s), factor, *cpu_length(at, row), cpu_set(at, row), cpu_f32(value, row), cpu_f32(table, row),
                                     r->queue->threads);
    }
}

void cpu_sketch_clear_some(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_set *at, dsgd_f32 *table)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        count_sketch_clear_some(hash_of(s), *cpu_length(at, row), cpu_set(at, row), cpu_f32(table, row), r->queue->threads);
    }
}

void cpu_sketch_estimate(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) { count_sketch_estimate(hash_of(s), cpu_f32(table, row), cpu_f32(out, row), r->queue->threads); }
}

void cpu_sketch_norm2(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f64 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        cpu_f64(out, row)[0] = count_sketch_norm2_over(hash_of(s), cpu_f32(table, row), r->queue->threads);
    }
}

size_t cpu_sketch_select_bytes(const dsgd_sketch *s, size_t k, int threads)
{
    const size_t choose = sketch_choose_bytes(s->n, k, threads), fill = select_heavymix_fill_bytes(s->n);
    return choose > fill ? choose : fill;
}

void cpu_sketch_topk(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, size_t k, dsgd_set *out, dsgd_f32 *value, void *scratch)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct sketch_chosen chosen = sketch_choose_largest(hash_of(s), cpu_f32(table, row), k, cpu_near(scratch), r->queue->threads);
        *cpu_length(out, row) = (uint32_t)k;
        for (size_t j = 0; j < k; ++j) { cpu_set(out, row)[j] = chosen.index[j]; }
        for (size_t j = 0; value && j < k; ++j) { cpu_f32(value, row)[j] = dsgd_order_value(chosen.key[j]); }
    }
}

void cpu_sketch_heavymix(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, const dsgd_f64 *norm2, size_t k, struct dsgd_rng_key key,
                         dsgd_set *out, dsgd_set *heavy, void *scratch)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        *cpu_length(out, row) = (uint32_t)k;
        if (heavy) { *cpu_length(heavy, row) = 0; }
        if (k == 0) { continue; }
        const int32_t least = select_heavy_key(cpu_f64(norm2, row)[0], k);
        const struct sketch_chosen chosen = sketch_choose_heavy(hash_of(s), cpu_f32(table, row), least, k, cpu_near(scratch), r->queue->threads);
        for (size_t j = 0; j < chosen.n; ++j) { cpu_set(out, row)[j] = chosen.index[j]; }
        if (heavy) {
            *cpu_length(heavy, row) = (uint32_t)chosen.n;
            for (size_t j = 0; j < chosen.n; ++j) { cpu_set(heavy, row)[j] = chosen.index[j]; }
        }
        if (chosen.n < k) { select_heavymix_fill(s->n, chosen.n, k, key, r->step, cpu_set(out, row), cpu_near(scratch)); }
    }
}
