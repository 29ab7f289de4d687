/* line.h - the one slope of the project: a robust line through points, on which rates and figures rest. */
#ifndef DSGD_THEORY_LINE_H
#define DSGD_THEORY_LINE_H

#include <stddef.h>

struct theory_line {
    double slope, error; /* error: standard error of the slope; both NaN where there is no line (one x only, or a point that is not finite) */
};

/** Line through (x_j, y_j): bisquare weights (Beaton, Tukey 1974, by GSL), which an outlying point cannot bend; ordinary least squares with
 *  fewer than 5 points, where the points lie on a line already, or where the weights do not settle. points >= 2. Out of memory: least squares.
 *  GSL's aborting error handler must be off. */
struct theory_line theory_line(size_t points, const double *x, const double *y);

#endif
