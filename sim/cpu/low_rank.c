/* low_rank.c - products with few columns, after PowerSGD (Vogels, Karimireddy, Jaggi 2019, arXiv:1905.13727, Alg. 1).
 *
 * The matrices are large in one or two dimensions and the rank is a handful, where a library's blocking gains nothing; own
 * loops give one order of sums on every machine: scalar products in that of sim/kernel/sum.h, Q's elements row after row. M^T P is made
 * in tiles of columns: one reading of M serves up to four columns of P, and four rows are added to a partial sum before it goes back to
 * memory; each sum has the order that it has alone. M Q gains nothing from that (32 lanes for each column fill the registers).
 * Gram-Schmidt in its modified form (Golub, Van Loan, Matrix Computations, Alg. 5.2.6): orthogonality is lost in proportion
 * to the condition number, at most 1e7 here, in doubles.
 */
#include "sim/cpu/low_rank.h"

#include <math.h>

#include "sim/kernel/sum.h"

enum {
    COLUMNS = 4, /* of P that one reading of M serves */
    ROWS = 4,    /* added to a partial sum at a time */
    TILE = 256   /* coordinates of a row that are summed or reconstructed at a time */
};

#if defined(__GNUC__)
#define INLINED static inline __attribute__((always_inline))
#else
#define INLINED static inline
#endif

/* What remains of a column that depends on the others is rounding of floats, about 2^-24 of it. */
static const double DEPENDENT = 1e-7;

static size_t row_length(const struct low_rank_shape *shape, size_t row)
{
    const size_t left = shape->count - row * shape->cols;
    return left < shape->cols ? left : shape->cols;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void low_rank_times(const struct low_rank_shape *shape, size_t rank, const float *m, const float *q, size_t first, size_t end, float *p)
{
    for (size_t i = first; i < end; ++i) {
        const size_t n = row_length(shape, i);
        for (size_t j = 0; j < rank; ++j) {
            p[j * shape->rows + i] = (float)dsgd_sum_products_f32(n, m + i * shape->cols, q + j * shape->cols);
        }
    }
}

/* ---- Q = M^T P ---- */

/* sum[c] += p_(c, r) row r for `rows` rows one after the other and `columns` columns of P, `high` apart. */
INLINED void add_rows(size_t rows, size_t columns, size_t n, const float *p, size_t high, const float *restrict m, size_t cols, double (*restrict sum)[TILE])
{
    double factor[COLUMNS][ROWS];
    for (size_t c = 0; c < columns; ++c) {
        for (size_t r = 0; r < rows; ++r) { factor[c][r] = (double)p[c * high + r]; }
    }
    for (size_t i = 0; i < n; ++i) {
        for (size_t c = 0; c < columns; ++c) {
            double s = sum[c][i];
            for (size_t r = 0; r < rows; ++r) { s += factor[c][r] * (double)m[r * cols + i]; }
            sum[c][i] = s;
        }
    }
}

static void add_four(size_t columns, size_t n, const float *p, size_t high, const float *m, size_t cols, double (*sum)[TILE])
{
    switch (columns) {
    case 1: add_rows(ROWS, 1, n, p, high, m, cols, sum); break;
    case 2: add_rows(ROWS, 2, n, p, high, m, cols, sum); break;
    case 3: add_rows(ROWS, 3, n, p, high, m, cols, sum); break;
    default: add_rows(ROWS, 4, n, p, high, m, cols, sum); break;
    }
}

/* A tile of up to four columns of Q. */
static void transposed_tile(const struct low_rank_shape *shape, size_t columns, const float *m, const float *p, size_t first, size_t n, float *q)
{
    const size_t full = shape->rows - 1, cols = shape->cols; /* the last row may be shorter */
    double sum[COLUMNS][TILE] = {{0.0}}; /* 8 KiB */
    size_t i = 0;
    for (; i + ROWS <= full; i += ROWS) { add_four(columns, n, p + i, shape->rows, m + i * cols + first, cols, sum); }
    for (; i < shape->rows; ++i) {
        const size_t length = row_length(shape, i), left = length > first ? length - first : 0;
        for (size_t c = 0; c < columns; ++c) { add_rows(1, 1, smaller(n, left), p + c * shape->rows + i, shape->rows, m + i * cols + first, cols, &sum[c]); }
    }
    for (size_t c = 0; c < columns; ++c) {
        for (size_t at = 0; at < n; ++at) { q[c * cols + first + at] = (float)sum[c][at]; }
    }
}

void low_rank_transposed_times(const struct low_rank_shape *shape, size_t rank, const float *m, const float *p, size_t first, size_t end, float *q)
{
    for (size_t tile = first; tile < end; tile += TILE) {
        for (size_t j = 0; j < rank; j += COLUMNS) {
            transposed_tile(shape, smaller(COLUMNS, rank - j), m, p + j * shape->rows, tile, smaller(TILE, end - tile), q + j * shape->cols);
        }
    }
}

/* ---- orthonormal columns ---- */

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

/* ---- P Q^T ---- */

/* sum += factor row */
static void add_row(size_t n, double factor, const float *restrict row, double *restrict sum)
{
    for (size_t i = 0; i < n; ++i) { sum[i] += factor * (double)row[i]; }
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

void low_rank_product(const struct low_rank_shape *shape, size_t rank, const float *p, const float *q, size_t first, size_t end, float *out)
{
    double tile[TILE];
    for (size_t row = first; row < end; ++row) {
        const size_t length = row_length(shape, row);
        for (size_t at = 0; at < length; at += TILE) {
            const size_t n = smaller(TILE, length - at);
            reconstruct(shape, rank, p, q, row, at, n, tile);
            float *to = out + row * shape->cols + at;
            for (size_t i = 0; i < n; ++i) { to[i] = (float)tile[i]; }
        }
    }
}

void low_rank_subtract(const struct low_rank_shape *shape, size_t rank, const float *p, const float *q, size_t first, size_t end, float *m)
{
    double tile[TILE];
    for (size_t row = first; row < end; ++row) {
        const size_t length = row_length(shape, row);
        for (size_t at = 0; at < length; at += TILE) {
            const size_t n = smaller(TILE, length - at);
            reconstruct(shape, rank, p, q, row, at, n, tile);
            float *from = m + row * shape->cols + at;
            for (size_t i = 0; i < n; ++i) { from[i] -= (float)tile[i]; }
        }
    }
}
