/* sketch_cells.c - one write a coordinate and row, or one for four vectors. Interface: sketch_cells.h.
 *
 * Scattered writes are what costs. Four vectors have their cells in the same places, so their tables are written interleaved, 16 bytes at
 * once, and taken apart when a row is complete. Every cell gets its additions in ascending order all the same.
 *
 * Threads share a line of work: the rows one behind the other, and so for each four vectors. A thread's part may begin and end inside a row.
 * Then the thread before does its end first, and this one its beginning last: by then the coordinates before are long there.
 */
#include "sim/cpu/sketch_cells.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "sim/kernel/number.h"

enum {
    TILE = 2048,      /* coordinates whose cells are looked up at a time, 8 KiB */
    ABREAST = 4,      /* vectors at once */
    APART = 512,      /* cells taken apart at a time, 8 KiB */
    AHEAD = 64,       /* coordinates between asking for a cell and writing it */
    PARTS_MAX = 64,
    PARALLEL = 1 << 15 /* coordinates times rows that are worth a thread */
};
static const size_t FAR_BYTES = (size_t)512 << 10; /* larger rows are asked for ahead */

typedef float four __attribute__((vector_size(16)));
typedef uint32_t four_bits __attribute__((vector_size(16)));

static inline size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline uint32_t bucket(uint32_t cell)
{
    return cell & ~SKETCH_SIGN_BIT;
}

/* Four at a time: cells and signed values are read ahead, the additions stay in order (buckets may repeat). */
static void add_one(const uint32_t *restrict cell, const float *restrict v, size_t n, float *restrict row_table)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const uint32_t c0 = cell[i], c1 = cell[i + 1], c2 = cell[i + 2], c3 = cell[i + 3];
        const float v0 = dsgd_flip(v[i], c0), v1 = dsgd_flip(v[i + 1], c1);
        const float v2 = dsgd_flip(v[i + 2], c2), v3 = dsgd_flip(v[i + 3], c3);
        row_table[bucket(c0)] += v0;
        row_table[bucket(c1)] += v1;
        row_table[bucket(c2)] += v2;
        row_table[bucket(c3)] += v3;
    }
    for (; i < n; ++i) { row_table[bucket(cell[i])] += dsgd_flip(v[i], cell[i]); }
}

static inline void add_four(uint32_t cell, four x, four *table)
{
    const uint32_t sign = cell & SKETCH_SIGN_BIT;
    table[bucket(cell)] += (four)((four_bits)x ^ (four_bits){sign, sign, sign, sign});
}

static void add_abreast(const uint32_t *restrict cell, const float *const v[ABREAST], size_t first, size_t n, four *restrict table, bool far)
{
    const float *a = v[0] + first, *b = v[1] + first, *c = v[2] + first, *d = v[3] + first;
    size_t i = 0;
    for (; far && i + AHEAD < n; ++i) {
        __builtin_prefetch(table + bucket(cell[i + AHEAD]), 1);
        add_four(cell[i], (four){a[i], b[i], c[i], d[i]}, table);
    }
    for (; i < n; ++i) { add_four(cell[i], (four){a[i], b[i], c[i], d[i]}, table); }
}

/* ---- one row of up to four vectors ---- */

struct job {
    const struct sketch_hash *hash;
    const struct sketch_vectors *x;
    size_t d, cols, tiles;
    uint32_t rows;
    char *scratch;
};

static size_t slot_bytes(size_t cols)
{
    return (cols * sizeof(four) + 63) / 64 * 64;
}

static uint32_t groups_of(uint32_t vectors)
{
    return (vectors + ABREAST - 1) / ABREAST;
}

/* How many vectors unit u of the line has: a row of a group. */
static uint32_t vectors_of(const struct job *j, size_t u)
{
    const uint32_t first = (uint32_t)(u / j->rows) * ABREAST;
    return (uint32_t)smaller(ABREAST, j->x->n - first);
}

static float *row_of(const struct job *j, size_t u, uint32_t vector)
{
    return j->x->table + (u / j->rows * ABREAST + vector) * j->x->table_stride + u % j->rows * j->cols;
}

/* Tiles from .. to - 1 of unit u; interleaved tables lie in this slot. */
static void add(const struct job *j, size_t u, size_t from, size_t to, size_t slot)
{
    uint32_t buffer[TILE];
    const uint32_t vectors = vectors_of(j, u);
    four *table = vectors > 1 ? (four *)(void *)(j->scratch + slot * slot_bytes(j->cols)) : NULL;
    const float *v[ABREAST];
    for (uint32_t w = 0; w < ABREAST; ++w) { /* where there are fewer than four, the last counts several times, in cells that nobody reads */
        v[w] = j->x->v + (u / j->rows * ABREAST + smaller(w, vectors - 1)) * j->x->v_stride;
    }
    if (from == 0 && vectors > 1) {
        memset(table, 0, j->cols * sizeof *table);
    } else if (from == 0 && j->x->fresh) {
        memset(row_of(j, u, 0), 0, j->cols * sizeof(float));
    }
    for (size_t tile = from; tile < to; ++tile) {
        const size_t first = tile * TILE, n = smaller(TILE, j->d - first);
        const uint32_t *cell = sketch_hash_cells(j->hash, (uint32_t)(u % j->rows), first, n, buffer);
        if (vectors == 1) {
            add_one(cell, v[0] + first, n, row_of(j, u, 0));
        } else {
            add_abreast(cell, v, first, n, table, j->cols * sizeof *table > FAR_BYTES);
        }
    }
    if (to < j->tiles || vectors == 1) { return; }
    for (size_t c = 0; c < j->cols; c += APART) {
        const size_t end = smaller(c + APART, j->cols);
        for (uint32_t w = 0; w < vectors; ++w) {
            float *row = row_of(j, u, w);
            for (size_t i = c; i < end; ++i) { row[i] = table[i][w]; }
        }
    }
}

/* ---- the line over threads ---- */

size_t sketch_cells_bytes(uint32_t rows, uint32_t cols, uint32_t vectors, int threads)
{
    const size_t parts = smaller((size_t)threads, smaller((size_t)rows * groups_of(vectors), PARTS_MAX));
    return vectors < 2 ? 0 : (2 * parts - 1) * slot_bytes(cols);
}

void sketch_cells_accumulate(const struct sketch_hash *hash, const struct sketch_vectors *x, void *scratch, int threads)
{
    const size_t d = sketch_hash_d(hash);
    const struct job j = {.hash = hash, .x = x, .d = d, .cols = sketch_hash_cols(hash), .tiles = (d + TILE - 1) / TILE, .rows = sketch_hash_rows(hash),
                          .scratch = scratch};
    const size_t units = (size_t)j.rows * groups_of(x->n), worth = j.d * units / PARALLEL, line = units * j.tiles;
    const int parts = (int)smaller((size_t)threads, smaller(smaller(units, PARTS_MAX), worth > 1 ? worth : 1)); /* a part is no shorter than a row */
    atomic_bool done[PARTS_MAX];
    for (int p = 0; p < parts; ++p) { atomic_init(&done[p], false); }
#pragma omp parallel for schedule(static, 1) num_threads(parts) if (parts > 1)
    for (int p = 0; p < parts; ++p) {
        const size_t from = line * (size_t)p / (size_t)parts, to = line * ((size_t)p + 1) / (size_t)parts;
        if (to % j.tiles > 0) { add(&j, to / j.tiles, 0, to % j.tiles, (size_t)(parts + p)); } /* slots: one a part, then one between two */
        atomic_store_explicit(&done[p], true, memory_order_release);
        for (size_t u = (from + j.tiles - 1) / j.tiles; u < to / j.tiles; ++u) { add(&j, u, 0, j.tiles, (size_t)p); }
        if (from % j.tiles > 0) {
            while (!atomic_load_explicit(&done[p - 1], memory_order_acquire)) { sched_yield(); }
            add(&j, from / j.tiles, from % j.tiles, j.tiles, (size_t)(parts + p - 1));
        }
    }
}
