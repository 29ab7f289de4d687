/* sketch_hash.c - the object around a hash family: size checks, the cell cache, dispatch.
 *
 * The cache is row-major like the table: cell (row, i) at row * d + i. It is filled by the family's own `fill`, so
 * cached and uncached cells are the same integers by construction. Without a cache nothing of length d is held: a state
 * of a few kilobytes replaces the d x rows arrays of buckets and signs that public implementations build.
 */
#include "sim/cpu/sketch_hash.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "sim/cpu/sketch_blocks.h"

enum { TILE = 1 << 16, PARALLEL_CELLS = 1 << 18 };

struct sketch_hash {
    const struct sketch_hash_family *family;
    void *state;     /* [family->state_size] */
    uint32_t *cache; /* [rows * d], or NULL */
    size_t d;
    uint32_t rows, cols;
    _Atomic uint64_t kept, *hint; /* k and a key; hint points to kept */
};

/* Cells to cache: all or none. */
static size_t cached_cells(size_t d, uint32_t rows, size_t cache_cells)
{
    if (rows == 0 || d > cache_cells / rows) { return 0; }
    return d * rows;
}

static enum dsgd_status check(const struct sketch_hash_family *family, size_t d, uint32_t rows, uint32_t cols)
{
    if (d < 1 || d > UINT32_MAX) {
        return dsgd_fail(DSGD_EINPUT, "%s: vectors of length %zu, expected 1..%lu", family->name, d,
                         (unsigned long)UINT32_MAX);
    }
    if (rows % 2 == 0 || rows > SKETCH_ROWS_MAX) {
        return dsgd_fail(DSGD_EINPUT, "rows = %lu, expected an odd number in 1..%d", (unsigned long)rows,
                         SKETCH_ROWS_MAX);
    }
    if (cols < 1 || cols > INT32_MAX) {
        return dsgd_fail(DSGD_EINPUT, "cols = %lu, expected 1..%ld", (unsigned long)cols, (long)INT32_MAX);
    }
    if (family->cols_of > 0 && cols % family->cols_of > 0) {
        return dsgd_fail(DSGD_EINPUT, "cols = %lu, expected a multiple of %lu with %s hashes", (unsigned long)cols,
                         (unsigned long)family->cols_of, family->name);
    }
    return DSGD_OK;
}

static size_t round_up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

size_t sketch_hash_bytes(const struct sketch_hash_family *family, size_t d, uint32_t rows, size_t cache_cells)
{
    return round_up(sizeof(struct sketch_hash)) + round_up(family->state_size) +
           round_up(cached_cells(d, rows, cache_cells) * sizeof(uint32_t));
}

struct sketch_hash *sketch_hash_at(void *memory, const struct sketch_hash_family *family, size_t d, uint32_t rows, uint32_t cols,
                                   size_t cache_cells)
{
    struct sketch_hash *hash = memory;
    char *state = (char *)memory + round_up(sizeof *hash), *cache = state + round_up(family->state_size);
    *hash = (struct sketch_hash){.family = family, .state = state, .d = d, .rows = rows, .cols = cols};
    if (cached_cells(d, rows, cache_cells) > 0) { hash->cache = (uint32_t *)(void *)cache; }
    atomic_init(&hash->kept, 0);
    hash->hint = &hash->kept;
    return hash;
}

struct sketch_hash *sketch_hash_known(void *memory, const struct sketch_hash_family *family, size_t d, uint32_t rows, uint32_t cols)
{
    struct sketch_hash *hash = memory;
    const bool known = hash->family == family && hash->hint == &hash->kept && hash->d == d && hash->rows == rows && hash->cols == cols;
    return known ? hash : NULL;
}

int32_t sketch_hash_hint(const struct sketch_hash *hash, size_t k)
{
    const uint64_t kept = atomic_load_explicit(hash->hint, memory_order_relaxed);
    return kept >> 32 == k ? (int32_t)(kept & INT32_MAX) : 0;
}

void sketch_hash_set_hint(const struct sketch_hash *hash, size_t k, int32_t key)
{
    atomic_store_explicit(hash->hint, (uint64_t)k << 32 | (uint64_t)key, memory_order_relaxed);
}

enum dsgd_status sketch_hash_create(const struct sketch_hash_family *family, size_t d, uint32_t rows, uint32_t cols,
                                    size_t cache_cells, struct sketch_hash **out)
{
    *out = NULL;
    DSGD_TRY(check(family, d, rows, cols));
    const size_t bytes = sketch_hash_bytes(family, d, rows, cache_cells);
    void *memory = aligned_alloc(64, bytes);
    if (!memory) {
        return dsgd_fail(DSGD_ENOMEM, "hash functions of %lu x %lu tables over %zu coordinates: no memory for %zu bytes",
                         (unsigned long)rows, (unsigned long)cols, d, bytes);
    }
    *out = sketch_hash_at(memory, family, d, rows, cols, cache_cells);
    sketch_hash_reseed(*out, 0, 0, 1); /* never hand out an object without functions */
    return DSGD_OK;
}

void sketch_hash_destroy(struct sketch_hash *hash)
{
    free(hash);
}

void sketch_hash_reseed(struct sketch_hash *hash, uint32_t seed, uint32_t step, int threads)
{
    hash->family->reseed(hash->state, hash->rows, hash->cols, seed, step);
    if (!hash->cache) { return; }
    /* Tiles of rows: each cell is a function of its own, so threads do not change a bit. A small cache is filled sooner than
     * threads wake up. */
    const size_t tiles = (hash->d + TILE - 1) / TILE, all = tiles * hash->rows;
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1 && hash->d * hash->rows > PARALLEL_CELLS)
    for (size_t t = 0; t < all; ++t) {
        const uint32_t row = (uint32_t)(t / tiles);
        const size_t i0 = t % tiles * TILE, n = hash->d - i0 < TILE ? hash->d - i0 : TILE;
        hash->family->fill(hash->state, row, i0, n, hash->cache + row * hash->d + i0);
    }
}

const uint32_t *sketch_hash_cells(const struct sketch_hash *hash, uint32_t row, size_t i0, size_t n, uint32_t *buffer)
{
    if (hash->cache) { return hash->cache + row * hash->d + i0; }
    hash->family->fill(hash->state, row, i0, n, buffer);
    return buffer;
}

void sketch_hash_some(const struct sketch_hash *hash, uint32_t row, size_t n, const uint32_t *index, uint32_t *cell)
{
    if (hash->cache) {
        const uint32_t *cached = hash->cache + row * hash->d;
        for (size_t j = 0; j < n; ++j) { cell[j] = cached[index[j]]; }
    } else if (hash->family->some) {
        hash->family->some(hash->state, row, n, index, cell);
    } else {
        for (size_t j = 0; j < n; ++j) { cell[j] = hash->family->one(hash->state, row, index[j]); }
    }
}

uint32_t sketch_hash_cell(const struct sketch_hash *hash, uint32_t row, size_t i)
{
    return hash->cache ? hash->cache[row * hash->d + i] : hash->family->one(hash->state, row, i);
}

bool sketch_hash_blocks(const struct sketch_hash *hash, struct sketch_blocks *out)
{
    if (!hash->family->blocks) { return false; }
    *out = (struct sketch_blocks){hash->family->blocks(hash->state), hash->d, hash->rows, hash->cols};
    return true;
}

size_t sketch_hash_d(const struct sketch_hash *hash)
{
    return hash->d;
}

uint32_t sketch_hash_rows(const struct sketch_hash *hash)
{
    return hash->rows;
}

uint32_t sketch_hash_cols(const struct sketch_hash *hash)
{
    return hash->cols;
}
