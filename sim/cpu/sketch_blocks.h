/* sketch_blocks.h - Count Sketch tables with the block hash (sim/kernel/block_hash.h): whole blocks of 64 coordinates at a time. */
#ifndef DSGD_SIM_CPU_SKETCH_BLOCKS_H
#define DSGD_SIM_CPU_SKETCH_BLOCKS_H

#include <stddef.h>
#include "sim/cpu/sketch_cells.h"
#include "sim/kernel/block_hash.h"

/** Functions of the rows and sizes of tables and vectors. */
struct sketch_blocks {
    const struct dsgd_block_row *row; /* [rows] */
    size_t d;
    uint32_t rows, cols;
};

/** All vectors into their tables; the same bits for any number of vectors at once and of threads. */
void sketch_blocks_accumulate(const struct sketch_blocks *s, const struct sketch_vectors *x, int threads);
/** The same by one thread, which makes the vectors piece by piece on its way: one pass over them. False, and nothing has happened, with so
 *  many rows that it would be several. */
bool sketch_blocks_make(const struct sketch_blocks *s, const struct sketch_vectors *x, sketch_before *before, const void *args);

#endif
