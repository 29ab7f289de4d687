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

#endif
