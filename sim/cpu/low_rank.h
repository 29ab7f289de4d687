/* low_rank.h - products of a matrix with few columns: one step of a power iteration on a piece of a vector.
 *
 * A matrix M is a run of consecutive coordinates, row-major. P (rows x rank) and Q (cols x rank) lie column by column:
 * column j of P is P[j * rows .. (j + 1) * rows). Elements are floats, sums are doubles in one fixed order.
 * Elements of a product do not depend on each other: threads can take ranges of them.
 */
#ifndef DSGD_SIM_CPU_LOW_RANK_H
#define DSGD_SIM_CPU_LOW_RANK_H

#include <stddef.h>

/** M: (rows - 1) * cols < count <= rows * cols. What the last row lacks counts as zero. */
struct low_rank_shape {
    size_t count, rows, cols;
};

/** Rows first .. end - 1 of P = M Q. */
void low_rank_times(const struct low_rank_shape *shape, size_t rank, const float *m, const float *q, size_t first, size_t end, float *p);

/** Rows first .. end - 1 of Q = M^T P. */
void low_rank_transposed_times(const struct low_rank_shape *shape, size_t rank, const float *m, const float *p, size_t first, size_t end, float *q);

/** The columns of P become orthonormal: modified Gram-Schmidt from left to right, in doubles. A column of which less than
 *  1e-7 of its norm remains, that is rounding noise of floats, becomes zero. A NaN or infinity ends in NaN.
 *  `work` is working memory of rows * rank doubles. */
void low_rank_orthonormalise(size_t rows, size_t rank, float *p, double *work);

/** Rows first .. end - 1 of out = P Q^T, each element rounded once. */
void low_rank_product(const struct low_rank_shape *shape, size_t rank, const float *p, const float *q, size_t first, size_t end, float *out);

/** The same rows of m -= P Q^T: subtracts the very floats that low_rank_product writes. */
void low_rank_subtract(const struct low_rank_shape *shape, size_t rank, const float *p, const float *q, size_t first, size_t end, float *m);

#endif
