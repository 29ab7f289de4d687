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

/** The next block is `first`. */
void sketch_walk_start(struct sketch_walk *w, const struct dsgd_block_row *row, size_t first);
/** The cells of the next n blocks, n a multiple of SKETCH_ABREAST. */
void sketch_walk_on(struct sketch_walk *w, uint32_t segments, size_t n, uint32_t *place, uint64_t *signs);

#endif
