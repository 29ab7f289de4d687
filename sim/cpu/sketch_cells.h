/* sketch_cells.h - vectors into Count Sketch tables cell by cell, for hashes of single coordinates. For sim/cpu alone. */
#ifndef DSGD_SIM_CPU_SKETCH_CELLS_H
#define DSGD_SIM_CPU_SKETCH_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include "sim/cpu/sketch_hash.h"

/** Some vectors and their tables, each so many floats behind the one before. */
struct sketch_vectors {
    uint32_t n;
    const float *v;
    float *table;
    size_t v_stride, table_stride;
    bool fresh; /* tables are written, not added to */
};

/** Makes coordinates first .. end - 1 of vector w what they are, before they are read. */
typedef void sketch_before(const void *args, uint32_t w, size_t first, size_t end);

/** Scratch of the next. */
size_t sketch_cells_bytes(uint32_t rows, uint32_t cols, uint32_t vectors, int threads);
/** All vectors into their tables. Several at once must be `fresh`. The same bits for any number of vectors at once and of threads. */
void sketch_cells_accumulate(const struct sketch_hash *hash, const struct sketch_vectors *x, void *scratch, int threads);

#endif
