/* scan.h - exclusive sums of a long array of integers, in place. C++. */
#ifndef DSGD_SIM_CUDA_SCAN_H
#define DSGD_SIM_CUDA_SCAN_H

#include "sim/cuda/compact.h"

enum { SCAN_EACH = 8, SCAN_TILE = CUDA_THREADS * SCAN_EACH };

/** uint32_t of working memory. */
static inline size_t scan_room(size_t n) { return (n + SCAN_TILE - 1) / SCAN_TILE; }

/** data[j] = the sum of data[0 .. j-1], j < n. A block scans a tile, one block the tiles' sums, and the tiles add what lies before them. */
void scan_exclusive(int device, size_t n, uint32_t *data, uint32_t *work);

#endif
