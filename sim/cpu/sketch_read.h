/* sketch_read.h - estimates of consecutive coordinates from a Count Sketch's table, tile by tile, as keys of medians (sim/kernel/median.h).
 *
 * A tile's estimates stay in the first-level cache and go to whoever wants them: to a vector (count_sketch_estimate), or to a choice of the
 * largest, which needs no vector of length d (sketch_choose.h). For sim/cpu alone.
 */
#ifndef DSGD_SIM_CPU_SKETCH_READ_H
#define DSGD_SIM_CPU_SKETCH_READ_H

#include "sim/cpu/sketch_blocks.h"
#include "sim/cpu/sketch_hash.h"
#include "sim/kernel/median.h"

/** A table to be read; threads share it. */
struct sketch_read {
    const struct sketch_hash *hash;
    const float *table;
    struct sketch_blocks blocks; /* where is_blocks */
    bool is_blocks, nan, far;    /* there is a NaN in the table; it is too large for a cache of one core */
    struct dsgd_median_network network;
};
void sketch_read_open(struct sketch_read *s, const struct sketch_hash *hash, const float *table, int threads);

/** Told about n estimates from coordinate `first` on. */
typedef void sketch_take(void *own, size_t first, size_t n, const int32_t *key);

/** Estimates of the coordinates from .. to - 1, ascending; `from` a multiple of 64. */
void sketch_read_keys(const struct sketch_read *s, size_t from, size_t to, sketch_take *take, void *own);
void sketch_read_blocks(const struct sketch_read *s, size_t from, size_t to, sketch_take *take, void *own); /* with the block hash */

/** The first coordinate of part p of so many; part `parts` begins at d. */
static inline size_t sketch_read_part(size_t d, int p, int parts)
{
    const size_t units = (d + 63) / 64, first = units * (size_t)p / (size_t)parts * 64;
    return first < d ? first : d;
}
/** How many threads are worth waking. */
int sketch_read_parts(const struct sketch_read *s, int threads);

#endif
