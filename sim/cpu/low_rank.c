/* low_rank.c - products with few columns, after PowerSGD (Vogels, Karimireddy, Jaggi 2019, arXiv:1905.13727, Alg. 1).
 *
 * The matrices are large in one or two dimensions and the rank is a handful, where a library's blocking gains nothing; own
 * loops give one order of sums on every machine: scalar products in that of sim/kernel/sum.h, Q's elements row after row. Every product reads M once for each column, in rows that stay in the cache.
 * Gram-Schmidt in its modified form (Golub, Van Loan, Matrix Computations, Alg. 5.2.6): orthogonality is lost in proportion
 * to the condition number, at most 1e7 here, in doubles.
 */
#include "sim/cpu/low_rank.h"

#include <math.h>

#include "sim/kernel/sum.h"

enum {
    TILE = 256 /* coordinates of a row that are reconstructed at a time */
};

/* What remains of a column that depends on the others is rounding of floats, about 2^-24 of it. */
static const double DEPENDENT = 1e-7;

static size_t row_length(const struct low_rank_shape *shape, size_t row)
{
    const size_t left = shape->count - row * shape->cols;
    return left < shape->cols ? left : shape->cols;
}

void low_rank_times(const struct low_rank_shape *shape, size_t rank, const float *m, const float *q, float *p)
{
    for (size_t i = 0; i < shape->rows; ++i) {
        const size_t n = row_length(shape, i);
        for (size_t j = 0; j < rank; ++j) {
            p[j * shape->rows + i] = (float)dsgd_sum_products_f32(n, m + i * shape->cols, q + j * shape->cols);
        }
    }
}

/* sum += factor row */
static void add_row(size_t n, double factor, const float *restrict row, double *restrict sum)
{
    for (size_t i = 0; i < n; ++i) { sum[i] += factor * (double)row[i]; }
}

void low_rank_transposed_times(const struct low_rank_shape *shape, size_t rank, const float *m, const float *p, double *sum,
                               float *q)
{
    const size_t cols = shape->cols;
    for (size_t j = 0; j < rank; ++j) {
        for (size_t i = 0; i < cols; ++i) { sum[i] = 0.0; }
        for (size_t i = 0; i < shape->rows; ++i) {
            add_row(row_length(shape, i), (double)p[j * shape->rows + i], m + i * cols, sum);
        }
        for (size_t i = 0; i < cols; ++i) { q[j * cols + i] = (float)sum[i]; }
    }
}

void low_rank_orthonormalise(size_t rows, size_t rank, float *p, double *work)
{
    for (size_t i = 0; i < rows * rank; ++i) { work[i] = (double)p[i]; }
    for (size_t j = 0; j < rank; ++j) {
        double *column = work + j * rows;
        const double before = sqrt(dsgd_sum_products_f64(rows, column, column));
        for (size_t earlier = 0; earlier < j; ++earlier) {
            const double *unit = work + earlier * rows, part = dsgd_sum_products_f64(rows, unit, column);
            for (size_t i = 0; i < rows; ++i) { column[i] -= part * unit[i]; }
        }
        const double norm = sqrt(dsgd_sum_products_f64(rows, column, column));
        if (norm == 0.0 || (isfinite(before) && norm < DEPENDENT * before)) {
            for (size_t i = 0; i < rows; ++i) { column[i] = 0.0; }
        } else { /* infinity / infinity makes a diverged column NaN */
            for (size_t i = 0; i < rows; ++i) { column[i] /= norm; }
        }
    }
    for (size_t i = 0; i < rows * rank; ++i) { p[i] = (float)work[i]; }
}

/* tile[0 .. n) = (P Q^T)[row][first .. first + n) */
static void reconstruct(const struct low_rank_shape *shape, size_t rank, const float *p, const float *q, size_t row, size_t first,
                        size_t n, double *restrict tile)
{
    for (size_t i = 0; i < n; ++i) { tile[i] = 0.0; }
    for (size_t j = 0; j < rank; ++j) {
        add_row(n, (double)p[j * shape->rows + row], q + j * shape->cols + first, tile);
    }
}

void low_rank_product(const struct low_rank_shape *shape, size_t rank, const float *p, const float *q, float *out)
{
    double tile[TILE];
    for (size_t row = 0; row < shape->rows; ++row) {
        const size_t length = row_length(shape, row);
        for (size_t first = 0; first < length; first += TILE) {
            const size_t n = length - first < TILE ? length - first : TILE;
            reconstruct(shape, rank, p, q, row, first, n, tile);
            float *to = out + row * shape->cols + first;
            for (size_t i = 0; i < n; ++i) { to[i] = (float)tile[i]; }
        }
    }
}

void low_rank_subtract(const struct low_rank_shape *shape, size_t rank, const float *p, const float *q, float *m)
{
    double tile[TILE];
    for (size_t row = 0; row < shape->rows; ++row) {
        const size_t length = row_length(shape, row);
        for (size_t first = 0; first < length; first += TILE) {
            const size_t n = length - first < TILE ? length - first : TILE;
            reconstruct(shape, rank, p, q, row, first, n, tile);
            float *from = m + row * shape->cols + first;
            for (size_t i = 0; i < n; ++i) { from[i] -= (float)tile[i]; }
        }
    }
}
