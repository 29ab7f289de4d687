/* sketch_hash.h - the hash family of a Count Sketch: cell (bucket and sign) of every coordinate in every row.
 *
 * Textbook family: bucket h_j(i) = floor(c * p1_j(i) / p), p = 2^61 - 1, p1_j of degree 1 (2-wise independent); sign
 * s_j(i) = lowest bit of p3_j(i), degree 3 (4-wise independent); coefficients uniform in [0, p) from keyed randomness.
 * All values are exact: blocks of consecutive coordinates go through finite differences (modular additions only), single
 * coordinates through Horner's rule; both give the same integers.
 * Block family: sim/kernel/block_hash.h. A family hides behind this interface; another one is another `struct sketch_hash_family` and one
 * line in sketch_ops.c.
 */
#ifndef DSGD_SIM_CPU_SKETCH_HASH_H
#define DSGD_SIM_CPU_SKETCH_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim/status.h"

enum { SKETCH_ROWS_MAX = 63 }; /* experiments use 3..15 rows; bounds the median's buffers */

/** A cell is a bucket with the sign in the top bit: bit 31 set means -1. Buckets are below 2^31. */
#define SKETCH_SIGN_BIT 0x80000000u

struct sketch_hash; /* opaque */
struct sketch_blocks;
struct dsgd_block_row;

struct sketch_hash_family {
    const char *name, *reference;
    uint32_t cols_of; /* columns are a multiple of this; 0: any number */
    size_t state_size;
    /** Draws fresh functions for all rows; key words are whatever makes this draw unique (seed_hash, step). */
    void (*reseed)(void *state, uint32_t rows, uint32_t cols, uint32_t seed, uint32_t step);
    /** cell[0..n) of row j for coordinates i0 .. i0+n-1. */
    void (*fill)(const void *state, uint32_t row, size_t i0, size_t n, uint32_t *cell);
    /** One cell. Equals what fill writes. */
    uint32_t (*one)(const void *state, uint32_t row, size_t i);
    /** Cells of chosen coordinates, in any order; NULL: `one` by one. */
    void (*some)(const void *state, uint32_t row, size_t n, const uint32_t *index, uint32_t *cell);
    /** Functions of all rows if this is the block hash, which has loops of its own (sketch_blocks.h); NULL otherwise. */
    const struct dsgd_block_row *(*blocks)(const void *state);
};

extern const struct sketch_hash_family sketch_hash_polynomial; /* sketch_hash_polynomial.c: the textbook's */
extern const struct sketch_hash_family sketch_hash_block;      /* sketch_hash_block.c */

/**
 * Hash functions of a rows x cols sketch of vectors of length d. Caches all d * rows cells if that is at most
 * cache_cells (0: never), so that a step's workers and server share one evaluation.
 * `rows` odd, 1..SKETCH_ROWS_MAX; cols in 1..2^31-1. Caller: sketch_hash_destroy.
 */
enum dsgd_status sketch_hash_create(const struct sketch_hash_family *family, size_t d, uint32_t rows, uint32_t cols,
                                    size_t cache_cells, struct sketch_hash **out);
void sketch_hash_destroy(struct sketch_hash *hash); /* accepts NULL */

/** Fresh functions: a pure function of (seed, step). Refills the cache. Uses so many threads; between rounds only. */
void sketch_hash_reseed(struct sketch_hash *hash, uint32_t seed, uint32_t step, int threads);

/** Cells of row `row` for coordinates i0 .. i0+n-1: a pointer into the cache, or `buffer` [n] filled. Thread-safe. */
const uint32_t *sketch_hash_cells(const struct sketch_hash *hash, uint32_t row, size_t i0, size_t n, uint32_t *buffer);
/** Cells of row `row` for n chosen coordinates. Thread-safe. */
void sketch_hash_some(const struct sketch_hash *hash, uint32_t row, size_t n, const uint32_t *index, uint32_t *cell /*[n]*/);
uint32_t sketch_hash_cell(const struct sketch_hash *hash, uint32_t row, size_t i);

/** The functions as those of blocks; false where they are not. */
bool sketch_hash_blocks(const struct sketch_hash *hash, struct sketch_blocks *out);

size_t sketch_hash_d(const struct sketch_hash *hash);
uint32_t sketch_hash_rows(const struct sketch_hash *hash);
uint32_t sketch_hash_cols(const struct sketch_hash *hash);
/** Bytes of such an object, and one in memory of that size (64-byte aligned), without functions: reseed it. The
 *  arguments are those of sketch_hash_create, not checked. */
size_t sketch_hash_bytes(const struct sketch_hash_family *family, size_t d, uint32_t rows, size_t cache_cells);
struct sketch_hash *sketch_hash_at(void *memory, const struct sketch_hash_family *family, size_t d, uint32_t rows, uint32_t cols,
                                   size_t cache_cells);
/** The object that sketch_hash_at made in this memory, of these sizes; NULL if there is none. */
struct sketch_hash *sketch_hash_known(void *memory, const struct sketch_hash_family *family, size_t d, uint32_t rows, uint32_t cols);

/** Where to look for the k largest estimates, as a key of magnitudes; 0: nowhere. Kept from one choice to the next, to save time alone:
 *  no result depends on it. Any thread. */
int32_t sketch_hash_hint(const struct sketch_hash *hash, size_t k);
void sketch_hash_set_hint(const struct sketch_hash *hash, size_t k, int32_t key);

#endif
