/* slopes.c - quantiles over seeds, and robust slopes on log-log axes. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "lab/report/curves.h"

#include "sim/kernel/maths.h"
#include "theory/line.h"

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double dsgd_quantile(double *value, int n, double fraction)
{
    if (n < 1) { return (double)NAN; }
    int finite = 0, unknown = 0;
    for (int i = 0; i < n; ++i) {
        finite += isfinite(value[i]) != 0;
        unknown += isnan(value[i]) != 0;
    }
    if (unknown == n) { return (double)NAN; } /* nothing is known, which is not infinite */
    for (int i = 0; i < n; ++i) { value[i] = isnan(value[i]) ? (double)INFINITY : value[i]; }
    qsort(value, (size_t)n, sizeof *value, ascending);
    if (finite == n) { return gsl_stats_quantile_from_sorted_data(value, 1, (size_t)n, fraction); }
    const double position = fraction * (n - 1); /* 0 times infinity must not spoil what lies below */
    const int low = (int)floor(position);
    if (!(position > low) || isinf(value[low])) { return value[low]; }
    return value[low] + (position - low) * (value[low + 1] - value[low]);
}

/* t quantile for a two-sided 95% interval */
static double student(double freedom)
{
    return gsl_cdf_tdist_Pinv(0.975, freedom);
}

/* log x and log y of the usable points; returns their number. */
static int take_logs(const double *x, const double *y, int n, double *log_x, double *log_y)
{
    int used = 0;
    for (int i = 0; i < n; ++i) {
        if (!(x[i] > 0.0) || !(y[i] > 0.0) || !isfinite(x[i]) || !isfinite(y[i])) { continue; }
        log_x[used] = dsgd_log(x[i]);
        log_y[used++] = dsgd_log(y[i]);
    }
    return used;
}

enum dsgd_status dsgd_slope_fit(const double *x, const double *y, int n, struct slope *out)
{
    gsl_set_error_handler_off();
    *out = (struct slope){.slope = (double)NAN, .error = (double)NAN, .half = (double)NAN};
    double *log_x = malloc(2 * ((size_t)n + 1) * sizeof *log_x);
    if (!log_x) { return dsgd_fail(DSGD_ENOMEM, "no memory for a fit of %d points", n); }
    double *log_y = log_x + n;
    out->points = take_logs(x, y, n, log_x, log_y);
    if (out->points >= 3) {
        const struct theory_line line = theory_line((size_t)out->points, log_x, log_y);
        out->slope = line.slope;
        out->error = line.error;
        out->half = student(out->points - 2) * line.error;
    }
    free(log_x);
    return DSGD_OK;
}

/* Points of the curve in the window that belong to one seed, or to all of them. */
static int window(const struct curve *curve, const char *column, double from, double to, const int64_t *seed,
                  double *value, double *x, double *y)
{
    int n = 0;
    for (size_t p = 0; p < curve->points; ++p) {
        const double step = (double)curve->step[p];
        if (step < from || step > to) { continue; }
        dsgd_curve_values(curve, p, column, CURVE_VALUE, value);
        int at = 0;
        for (int r = 0; r < curve->runs; ++r) {
            if (curve->final && curve->run[r]->steps != curve->step[p]) { continue; }
            if (!seed || curve->run[r]->seed == *seed) {
                x[n] = step;
                y[n++] = value[at];
            }
            ++at;
        }
    }
    return n;
}

static bool seen_before(const struct curve *curve, int r)
{
    for (int q = 0; q < r; ++q) {
        if (curve->run[q]->seed == curve->run[r]->seed) { return true; }
    }
    return false;
}

enum dsgd_status dsgd_curve_slopes(const struct curve *curve, const char *column, double from, double to,
                              struct curve_slopes *out)
{
    *out = (struct curve_slopes){.median = (double)NAN, .mean = (double)NAN, .half = (double)NAN};
    const size_t runs = (size_t)curve->runs, room = curve->points * runs + 1;
    double *x = malloc((2 * room + 2 * runs) * sizeof *x);
    if (!x) { return dsgd_fail(DSGD_ENOMEM, "no memory for slopes of %d runs", curve->runs); }
    double *y = x + room, *value = y + room, *slope = value + runs;
    int n = window(curve, column, from, to, NULL, value, x, y);
    enum dsgd_status status = dsgd_slope_fit(x, y, n, &out->pooled);
    for (int r = 0; r < curve->runs && status == DSGD_OK; ++r) {
        if (seen_before(curve, r)) { continue; }
        struct slope one;
        n = window(curve, column, from, to, &curve->run[r]->seed, value, x, y);
        status = dsgd_slope_fit(x, y, n, &one);
        if (isfinite(one.slope)) { slope[out->seeds++] = one.slope; }
    }
    if (status == DSGD_OK && out->seeds > 0) {
        const size_t seeds = (size_t)out->seeds;
        out->mean = gsl_stats_mean(slope, 1, seeds);
        if (seeds > 1) {
            out->half = student((double)seeds - 1) * gsl_stats_sd_m(slope, 1, seeds, out->mean) / sqrt((double)seeds);
        }
        out->median = dsgd_quantile(slope, out->seeds, 0.5);
    }
    free(x);
    return status;
}
