/* line.c - a robust line through points. Interface: line.h. */
#include "theory/line.h"

#include <gsl/gsl_fit.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

enum { ROBUST_FROM = 5 };

static void weigh(size_t points, const double *x, const double *y, struct theory_line *line)
{
    gsl_matrix *design = gsl_matrix_alloc(points, 2), *covariance = gsl_matrix_alloc(2, 2);
    gsl_vector *coefficient = gsl_vector_alloc(2);
    gsl_multifit_robust_workspace *work = gsl_multifit_robust_alloc(gsl_multifit_robust_bisquare, points, 2);
    if (design && covariance && coefficient && work) {
        for (size_t j = 0; j < points; ++j) {
            gsl_matrix_set(design, j, 0, 1.0);
            gsl_matrix_set(design, j, 1, x[j]);
        }
        const gsl_vector_const_view right = gsl_vector_const_view_array(y, points);
        if (gsl_multifit_robust(design, &right.vector, coefficient, covariance, work) == GSL_SUCCESS) {
            line->slope = gsl_vector_get(coefficient, 1);
            line->error = sqrt(gsl_matrix_get(covariance, 1, 1));
        }
    }
    if (work) { gsl_multifit_robust_free(work); }
    gsl_vector_free(coefficient);
    gsl_matrix_free(covariance);
    gsl_matrix_free(design);
}

struct theory_line theory_line(size_t points, const double *x, const double *y)
{
    struct theory_line line = {(double)NAN, (double)NAN};
    double intercept, c00, c01, c11, squares, scale = 0.0;
    if (!(gsl_stats_tss(x, 1, points) > 0.0)) { return line; }
    gsl_fit_linear(x, 1, y, 1, points, &intercept, &line.slope, &c00, &c01, &c11, &squares);
    line.error = sqrt(c11);
    for (size_t j = 0; j < points; ++j) { scale += y[j] * y[j]; }
    /* on a line there is nothing to weigh: what is left is rounding */
    if (points >= ROBUST_FROM && isfinite(line.slope) && squares > 1e-26 * scale) { weigh(points, x, y, &line); }
    return line;
}
