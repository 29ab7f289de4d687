/* row.h - one row of a split, whatever its form: products with a vector, adding it to a vector, its norm. Formulas: convex/linear.h.
 *
 * Numbers are those of the arrays, `unit` times the values (datasets/dataset.h); who calls divides scalars, never rows. A function of a loop
 * over many rows asks for the form once: it is a static inline function with the form as an argument, called with a constant
 * (CONVEX_CPU_BY_FORM), so that a loop stands once and nothing asks for the form inside it.
 */
#ifndef DSGD_CONVEX_CPU_ROW_H
#define DSGD_CONVEX_CPU_ROW_H

#include "convex/cpu/bytes.h"
#include "convex/cpu/floats.h"
#include "datasets/dataset.h"

#if defined(__GNUC__)
#define CONVEX_CPU_INLINE static inline __attribute__((always_inline))
#else
#define CONVEX_CPU_INLINE static inline
#endif

/** The value of a call with the form as a constant, its last argument. */
#define CONVEX_CPU_BY_FORM(form, function, ...)                                           \
    ((form) == DSGD_ROWS_BYTES    ? function(__VA_ARGS__, DSGD_ROWS_BYTES)                \
     : (form) == DSGD_ROWS_FLOATS ? function(__VA_ARGS__, DSGD_ROWS_FLOATS)               \
                                  : function(__VA_ARGS__, DSGD_ROWS_SPARSE))

struct convex_cpu_row {
    size_t features, count; /* count: entries of a sparse row */
    const uint8_t *byte;
    const float *real; /* floats, or a sparse row's values */
    const uint32_t *column;
};

CONVEX_CPU_INLINE struct convex_cpu_row convex_cpu_row_at(const struct dsgd_split *split, size_t features, size_t i, enum dsgd_form form)
{
    if (form == DSGD_ROWS_BYTES) { return (struct convex_cpu_row){.features = features, .byte = split->feature + i * features}; }
    if (form == DSGD_ROWS_FLOATS) { return (struct convex_cpu_row){.features = features, .real = split->real + i * features}; }
    const size_t from = split->start[i];
    return (struct convex_cpu_row){.features = features, .count = split->start[i + 1] - from, .real = split->value + from, .column = split->column + from};
}

/** <row, x> in float. */
CONVEX_CPU_INLINE float convex_cpu_row_dot_float(struct convex_cpu_row row, const float *x, enum dsgd_form form)
{
    return form == DSGD_ROWS_BYTES    ? dsgd_bytes_dot_float(row.features, row.byte, x)
           : form == DSGD_ROWS_FLOATS ? dsgd_floats_dot_float(row.features, row.real, x)
                                      : dsgd_sparse_dot_float(row.features, row.count, row.column, row.real, x);
}

/** <row, x> in double. */
CONVEX_CPU_INLINE double convex_cpu_row_dot(struct convex_cpu_row row, const double *x, enum dsgd_form form)
{
    return form == DSGD_ROWS_BYTES    ? dsgd_bytes_dot(row.features, row.byte, x)
           : form == DSGD_ROWS_FLOATS ? dsgd_floats_dot(row.features, row.real, x)
                                      : dsgd_sparse_dot(row.features, row.count, row.column, row.real, x);
}

/** out += scale row. */
CONVEX_CPU_INLINE void convex_cpu_row_add_float(struct convex_cpu_row row, float scale, float *restrict out, enum dsgd_form form)
{
    const uint8_t *restrict byte = row.byte;
    const float *restrict real = row.real;
    if (form == DSGD_ROWS_BYTES) {
        for (size_t j = 0; j < row.features; ++j) { out[j] += scale * (float)byte[j]; }
    } else if (form == DSGD_ROWS_FLOATS) {
        for (size_t j = 0; j < row.features; ++j) { out[j] += scale * real[j]; }
    } else {
        for (size_t k = 0; k < row.count; ++k) { out[row.column[k]] += scale * real[k]; }
    }
}

/** The same in double. */
CONVEX_CPU_INLINE void convex_cpu_row_add(struct convex_cpu_row row, double scale, double *restrict out, enum dsgd_form form)
{
    const uint8_t *restrict byte = row.byte;
    const float *restrict real = row.real;
    if (form == DSGD_ROWS_BYTES) {
        for (size_t j = 0; j < row.features; ++j) { out[j] += scale * (double)byte[j]; }
    } else if (form == DSGD_ROWS_FLOATS) {
        for (size_t j = 0; j < row.features; ++j) { out[j] += scale * (double)real[j]; }
    } else {
        for (size_t k = 0; k < row.count; ++k) { out[row.column[k]] += scale * (double)real[k]; }
    }
}

/** out = l2 x + scale row: the first example of a minibatch also writes the regulariser, one pass over out fewer. In bytes, which are never
 *  sparse, a sum may be -0. Of the others none is: l2 x + 0 comes first, so that a column of value 0 leaves it as it is, stored or not. */
CONVEX_CPU_INLINE void convex_cpu_row_begin_float(struct convex_cpu_row row, float l2, const float *restrict x, float scale,
                                                  float *restrict out, enum dsgd_form form)
{
    const uint8_t *restrict byte = row.byte;
    const float *restrict real = row.real;
    if (form == DSGD_ROWS_BYTES) {
        for (size_t j = 0; j < row.features; ++j) { out[j] = l2 * x[j] + scale * (float)byte[j]; }
    } else if (form == DSGD_ROWS_FLOATS) {
        for (size_t j = 0; j < row.features; ++j) { out[j] = (l2 * x[j] + 0.0f) + scale * real[j]; }
    } else {
        for (size_t j = 0; j < row.features; ++j) { out[j] = l2 * x[j] + 0.0f; }
        convex_cpu_row_add_float(row, scale, out, form);
    }
}

/** Asks for all cache lines of a row at once: rows are drawn at random, and their misses should overlap. */
CONVEX_CPU_INLINE void convex_cpu_row_prefetch(struct convex_cpu_row row, enum dsgd_form form)
{
    if (form == DSGD_ROWS_BYTES) {
        dsgd_bytes_prefetch(row.features, row.byte);
    } else {
        const size_t count = form == DSGD_ROWS_FLOATS ? row.features : row.count;
        dsgd_bytes_prefetch(count * sizeof *row.real, (const uint8_t *)row.real);
        if (form == DSGD_ROWS_SPARSE) { dsgd_bytes_prefetch(count * sizeof *row.column, (const uint8_t *)row.column); }
    }
}

#endif
