/* statistics.c - intervals and verdicts. Interface: statistics.h. */
#include "theory/statistics.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "sim/kernel/maths.h"
#include "theory/line.h"

struct theory_interval theory_exact(double value)
{
    return (struct theory_interval){value, value, value};
}

/* Half-width of the t interval of a mean. */
static double half_width(double deviation, size_t n)
{
    return n > 1 ? gsl_cdf_tdist_Pinv(0.5 + THEORY_LEVEL / 2, (double)n - 1.0) * deviation / sqrt((double)n) : (double)INFINITY;
}

struct theory_interval theory_mean(size_t n, const double *x)
{
    if (n == 0) { return theory_exact((double)NAN); }
    const double mean = gsl_stats_mean(x, 1, n);
    const double half = half_width(n > 1 ? gsl_stats_sd_m(x, 1, n, mean) : 0.0, n);
    return (struct theory_interval){mean, mean - half, mean + half};
}

/* The x with P(beta(a, b) <= x) = tail, by bisection: GSL's own inverse fails to converge for about one pair in twenty at n = 3000. */
static double beta_quantile(double tail, double a, double b)
{
    double low = 0.0, high = 1.0;
    for (int halving = 0; halving < 200 && high - low > 1e-15 * high; ++halving) {
        const double middle = 0.5 * (low + high);
        *(gsl_cdf_beta_P(middle, a, b) < tail ? &low : &high) = middle;
    }
    return 0.5 * (low + high);
}

struct theory_interval theory_share(size_t hits, size_t n)
{
    if (n == 0) { return theory_exact((double)NAN); }
    const double tail = (1.0 - THEORY_LEVEL) / 2.0, k = (double)hits, m = (double)n;
    /* the upper end by symmetry: 1 - x has the parameters exchanged */
    return (struct theory_interval){k / m, hits > 0 ? beta_quantile(tail, k, m - k + 1.0) : 0.0,
                                    hits < n ? 1.0 - beta_quantile(tail, m - k, k + 1.0) : 1.0};
}

struct theory_interval theory_ratio(size_t n, const double *x, size_t m, const double *y)
{
    if (n < 2 || m < 2) { return theory_exact((double)NAN); }
    const double a = gsl_stats_mean(x, 1, n), b = gsl_stats_mean(y, 1, m);
    const double relative_a = gsl_stats_sd_m(x, 1, n, a) / a, relative_b = gsl_stats_sd_m(y, 1, m, b) / b;
    if (!(a > 0.0 && b > 0.0)) { return theory_exact((double)NAN); }
    const double half_a = half_width(relative_a, n), half_b = half_width(relative_b, m), half = sqrt(half_a * half_a + half_b * half_b);
    return (struct theory_interval){a / b, a / b * dsgd_exp(-half), a / b * dsgd_exp(half)};
}

struct theory_interval theory_slope(size_t points, const double *x, size_t n, const double *y)
{
    double *log_x = malloc(points * sizeof *log_x), *log_y = malloc(points * sizeof *log_y), *slope = malloc(n * sizeof *slope);
    struct theory_interval out = theory_exact((double)NAN);
    if (log_x && log_y && slope && points >= 2 && n >= 1) {
        for (size_t j = 0; j < points; ++j) { log_x[j] = dsgd_log(x[j]); }
        for (size_t i = 0; i < n; ++i) {
            for (size_t j = 0; j < points; ++j) { log_y[j] = dsgd_log(y[i * points + j]); } /* not a number below 0: the slope is none either */
            slope[i] = theory_line(points, log_x, log_y).slope;
        }
        out = theory_mean(n, slope);
    }
    free(log_x);
    free(log_y);
    free(slope);
    return out;
}

enum theory_verdict theory_judge(enum theory_relation relation, struct theory_interval m, double bound, double upper, double trivial)
{
    const double low = relation == THEORY_AT_MOST ? -(double)INFINITY : bound;
    const double high = relation == THEORY_AT_LEAST ? (double)INFINITY : relation == THEORY_AT_MOST ? bound : upper;
    if (isnan(m.value) || isnan(m.low) || isnan(m.high) || isnan(low) || isnan(high)) { return THEORY_UNDECIDED; }
    if (m.low > high || m.high < low) { return THEORY_VIOLATED; }
    if (relation == THEORY_AT_MOST && bound >= trivial) { return THEORY_VACUOUS; } /* false for NaN */
    return m.low >= low && m.high <= high ? THEORY_HOLDS : THEORY_UNDECIDED;
}

const char *theory_verdict_name(enum theory_verdict verdict)
{
    static const char *const names[] = {"holds", "violated", "vacuous", "undecided"};
    return names[verdict];
}
