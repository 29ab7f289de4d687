/* sketch_walk.h - cells of consecutive blocks of the block hash (sim/kernel/block_hash.h), by finite differences.
 *
 * A cubic at consecutive places costs three additions mod p a value (Knuth, TAOCP 2, 4.6.4). SKETCH_ABREAST blocks are walked side by side with
 * that stride, so the loop has no dependence across them. Exact integers: the cells are those of dsgd_block_cell.
 */
#ifndef DSGD_SIM_CPU_SKETCH_WALK_H
#define DSGD_SIM_CPU_SKETCH_WALK_H

#include <stddef.h>
#include "sim/kernel/block_hash.h"

enum { SKETCH_ABREAST = 4 };

/** One row's functions at the next blocks. Signed: comparisons are then single instructions of vectors; all below 2^62. */
struct sketch_walk {
    int64_t value[DSGD_BLOCK_FUNCTIONS][3][SKETCH_ABREAST]; /* and differences of order 1 and 2 */
    int64_t third[DSGD_BLOCK_FUNCTIONS];                    /* the third difference, the same everywhere */
};

/** value b + coefficient mod p, up to a multiple of p: below p + 8 where value is. b is below 2^26, as every block's number is, so that two
 *  products of 32 bits do, which vectors have. */
static inline uint64_t sketch_value_next(uint64_t value, uint64_t b, uint64_t coefficient)
{
    const uint64_t low = (value & UINT32_MAX) * b, high = (value >> 32) * b; /* below 2^58, 2^56 */
    const uint64_t sum = low + ((high & ((UINT64_C(1) << 29) - 1)) << 32) + (high >> 29) + coefficient; /* 2^61 = 1 */
    return (sum & DSGD_BLOCK_PRIME) + (sum >> 61);
}

/** dsgd_block_value of c0 .. c3, for loops over any blocks. */
static inline uint64_t sketch_value(uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3, uint64_t b)
{
    const uint64_t value = sketch_value_next(sketch_value_next(sketch_value_next(c3, b, c2), b, c1), b, c0);
    return value - (value >= DSGD_BLOCK_PRIME ? DSGD_BLOCK_PRIME : 0);
}

/** The cells of n blocks from `first` on, by themselves: where there are few. */
void sketch_walk_none(const struct dsgd_block_row *row, uint32_t segments, size_t first, size_t n, uint32_t *place, uint64_t *signs);
/** The next block is `first`. */
void sketch_walk_start(struct sketch_walk *w, const struct dsgd_block_row *row, size_t first);
/** The cells of the next n blocks, n a multiple of SKETCH_ABREAST. */
void sketch_walk_on(struct sketch_walk *w, uint32_t segments, size_t n, uint32_t *place, uint64_t *signs);

#endif
