/* sketch_median.h - medians of rows on vectors of keys (sim/kernel/median.h). For sim/cpu/sketch_*.c alone.
 *
 * Any network gives the same bits. Few rows have short ones (Paeth, Median finding on a 3x3 grid, 1990, and its kin) in straight lines, of
 * which the compiler leaves out what does not reach the middle; more rows go through Batcher's network in memory.
 */
#ifndef DSGD_SIM_CPU_SKETCH_MEDIAN_H
#define DSGD_SIM_CPU_SKETCH_MEDIAN_H

#include "sim/cpu/sketch_lanes.h"

enum { SKETCH_FEW = 9 }; /* rows: with more, registers do not hold them */

/* Afterwards x[a] <= x[b]. */
static inline void sketch_two(lanes *x, int a, int b)
{
    const lanes least = lanes_least(x[a], x[b]);
    x[b] = lanes_most(x[a], x[b]);
    x[a] = least;
}

/** The median of 1, 3, 5, 7 or 9 rows of keys, `stride` apart. `rows` is a constant where this is expanded. */
static inline lanes sketch_median_few(const int32_t *key, unsigned stride, unsigned rows)
{
    lanes x[SKETCH_FEW];
    for (unsigned j = 0; j < rows; ++j) { x[j] = lanes_load(key + j * stride); }
    if (rows == 3) {
        sketch_two(x, 0, 1); sketch_two(x, 1, 2); sketch_two(x, 0, 1);
    } else if (rows == 5) {
        sketch_two(x, 0, 1); sketch_two(x, 3, 4); sketch_two(x, 0, 3); sketch_two(x, 1, 4); sketch_two(x, 1, 2); sketch_two(x, 2, 3);
        sketch_two(x, 1, 2);
    } else if (rows == 7) {
        sketch_two(x, 0, 5); sketch_two(x, 0, 3); sketch_two(x, 1, 6); sketch_two(x, 2, 4); sketch_two(x, 0, 1); sketch_two(x, 3, 5);
        sketch_two(x, 2, 6); sketch_two(x, 2, 3); sketch_two(x, 3, 6); sketch_two(x, 4, 5); sketch_two(x, 1, 4); sketch_two(x, 1, 3);
        sketch_two(x, 3, 4);
    } else if (rows == 9) {
        sketch_two(x, 1, 2); sketch_two(x, 4, 5); sketch_two(x, 7, 8); sketch_two(x, 0, 1); sketch_two(x, 3, 4); sketch_two(x, 6, 7);
        sketch_two(x, 1, 2); sketch_two(x, 4, 5); sketch_two(x, 7, 8); sketch_two(x, 0, 3); sketch_two(x, 5, 8); sketch_two(x, 4, 7);
        sketch_two(x, 3, 6); sketch_two(x, 1, 4); sketch_two(x, 2, 5); sketch_two(x, 4, 7); sketch_two(x, 4, 2); sketch_two(x, 6, 4);
        sketch_two(x, 4, 2);
    }
    return x[rows / 2];
}

/** The same of any number of rows, in place. */
static inline lanes sketch_median_many(const struct dsgd_median_network *network, int32_t *key, unsigned stride, unsigned rows)
{
    for (unsigned s = 0; s < network->count; ++s) {
        int32_t *a = key + network->step[s].low * stride, *b = key + network->step[s].high * stride;
        const lanes x = lanes_load(a), y = lanes_load(b);
        lanes_store(lanes_least(x, y), a);
        lanes_store(lanes_most(x, y), b);
    }
    return lanes_load(key + rows / 2 * stride);
}

#endif
