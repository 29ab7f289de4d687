/* sparse_sum.h - the server's sum of sparse vectors with different supports. Internal.
 *
 * A dense sum in doubles and one bit for each coordinate that arrived, so that a sum of exactly 0 still counts as sent.
 * Both are zero between rounds: whoever takes the sum empties it, in time d / 32 and not d.
 */
#ifndef DSGD_ALGORITHMS_SPARSE_SUM_H
#define DSGD_ALGORITHMS_SPARSE_SUM_H

#include <stddef.h>
#include <stdint.h>

struct dsgd_backend;

/** Words of `seen` for d coordinates. */
static inline size_t sparse_sum_words(size_t d)
{
    return (d + 31) / 32;
}

/** Adds a vector of n entries; index ascending, distinct, below d. */
void sparse_sum_add(const struct dsgd_backend *be, size_t n, const uint32_t *index, const float *value, double *sum /*[d]*/,
                    uint32_t *seen /*[sparse_sum_words(d)]*/);

/** How many coordinates have arrived. */
size_t sparse_sum_count(size_t d, const uint32_t *seen);

/** The coordinates that arrived, ascending, and (float)(factor * sum) there; leaves sum and seen zero. */
void sparse_sum_take(size_t d, double factor, double *sum, uint32_t *seen, uint32_t *index /*[count]*/, float *value /*[count]*/);

#endif
