/* statistics.h - measured values with intervals, and what they say about a statement.
 *
 * All intervals are two-sided at THEORY_LEVEL: with about a hundred rows per table, 95 % would raise several false alarms in
 * each. GSL's aborting error handler must be off (gsl_set_error_handler_off), as in the command: what fails becomes NaN here.
 * Sources: Student's t (Gosset 1908), Clopper and Pearson 1934 (GSL's distribution functions).
 */
#ifndef DSGD_THEORY_STATISTICS_H
#define DSGD_THEORY_STATISTICS_H

#include <stddef.h>

#define THEORY_LEVEL 0.999

/** A measured value; exact ones have low = high = value. Not a number in any of them: nothing is known. */
struct theory_interval {
    double value, low, high;
};

/** Computed, not estimated. */
struct theory_interval theory_exact(double value);
/** Mean of n independent numbers, t interval; n = 1 has no interval (low = -inf, high = inf). */
struct theory_interval theory_mean(size_t n, const double *x /*[n]*/);
/** Share of `hits` among n independent trials, Clopper-Pearson. */
struct theory_interval theory_share(size_t hits, size_t n);
/** Ratio of two independent means, by the delta method on the logarithms; both means must be positive. */
struct theory_interval theory_ratio(size_t n, const double *x /*[n]*/, size_t m, const double *y /*[m]*/);
/** Slope of log y against log x: a robust line (bisquare) for each of n seeds, then the t interval over seeds, which asks
 *  nothing of the noise along a curve. points >= 2, all positive; else not a number. */
struct theory_interval theory_slope(size_t points, const double *x /*[points]*/, size_t n, const double *y /*[n][points]*/);

/** What a statement claims about a value. */
enum theory_relation {
    THEORY_AT_MOST, /* value <= bound */
    THEORY_AT_LEAST, /* value >= bound */
    THEORY_WITHIN   /* bound <= value <= upper */
};

/** What was found. */
enum theory_verdict {
    THEORY_HOLDS,     /* the whole interval is on the right side */
    THEORY_VIOLATED,  /* the whole interval is on the wrong side */
    THEORY_VACUOUS,   /* the bound says nothing that is not known without the theory (it is >= trivial) */
    THEORY_UNDECIDED  /* the interval contains the bound, or is not a number */
};

/** trivial: a bound that needs no theory, such as f(w_0) - f*; NaN if there is none. Violated comes before vacuous. */
enum theory_verdict theory_judge(enum theory_relation relation, struct theory_interval measured, double bound, double upper,
                                 double trivial);
const char *theory_verdict_name(enum theory_verdict verdict);

#endif
