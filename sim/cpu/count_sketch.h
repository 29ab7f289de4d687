/* count_sketch.h - Count Sketch tables: accumulate, estimate, l2 norm.
 *
 * A table is float [rows * cols], row-major, owned by the caller (it lies in a message). Sources: Charikar, Chen,
 * Farach-Colton 2002; Alon, Matias, Szegedy 1999 for the norm; Sketched-SGD supplement, Algorithm 4 (its line 10 should
 * read estimates[j]). Linear: tables of the same hash add up to the table of the sum, exactly where floats are exact.
 */
#ifndef DSGD_SIM_CPU_COUNT_SKETCH_H
#define DSGD_SIM_CPU_COUNT_SKETCH_H

#include <stddef.h>
#include <stdint.h>
#include "sim/cpu/sketch_cells.h"
#include "sim/cpu/sketch_hash.h"

/** table[j][h_j(i)] += s_j(i) v[i] for all rows j, i ascending (one fixed order of additions). Does not clear the table.
 *  Cost O(d rows). */
void count_sketch_accumulate(const struct sketch_hash *hash, const float *v /*[d]*/, float *table /*[rows*cols]*/);
/** The same over threads; the same bits for any number of them. */
void count_sketch_accumulate_over(const struct sketch_hash *hash, const float *v, float *table, int threads);

/** Several vectors, each into a table of its own, `fresh`: shared passes over the hashes, the same bits as one by one. */
size_t count_sketch_vectors_bytes(bool of_blocks, uint32_t rows, uint32_t cols, uint32_t vectors, int threads);
void count_sketch_vectors(const struct sketch_hash *hash, const struct sketch_vectors *x, void *scratch, int threads);

/** table[j][h_j(i)] += factor s_j(i) value for n chosen coordinates, in the same order. */
void count_sketch_accumulate_some(const struct sketch_hash *hash, float factor, size_t n, const uint32_t *index /*[n] ascending*/,
                                  const float *value /*[n]*/, float *table, int threads);

/** table[j][h_j(i)] = 0 for all rows j and n chosen coordinates i. */
void count_sketch_clear_some(const struct sketch_hash *hash, size_t n, const uint32_t *index /*[n]*/, float *table, int threads);

/** out[i] = median_j s_j(i) table[j][h_j(i)] for all i in [0, d). Same bits for any number of threads. Cost O(d rows^2) comparators at
 *  most (a sorting network on vectors), far below the gathers for rows <= 15. `threads` >= 1. */
void count_sketch_estimate(const struct sketch_hash *hash, const float *table, float *out /*[d]*/, int threads);

/** The same for n chosen coordinates. */
void count_sketch_estimate_some(const struct sketch_hash *hash, const float *table, size_t n, const uint32_t *index /*[n]*/,
                                float *out /*[n]*/, int threads);

/** AMS: median_j sum_b table[j][b]^2, the estimate of ||v||_2^2, sums in double. */
double count_sketch_norm2(const struct sketch_hash *hash, const float *table);
double count_sketch_norm2_over(const struct sketch_hash *hash, const float *table, int threads); /* the same bits */

/** table += other; table *= factor. */
void count_sketch_merge(const struct sketch_hash *hash, const float *other, float *table);
void count_sketch_scale(const struct sketch_hash *hash, float factor, float *table);

#endif
