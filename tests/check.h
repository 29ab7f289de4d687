/* check.h - what the tests share: cmocka with its preamble, comparisons that NaN fails, means with standard errors. */
#ifndef DSGD_TESTS_CHECK_H
#define DSGD_TESTS_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/** |actual - expected| <= tolerance; false for every NaN. */
static inline int check_is_close(double actual, double expected, double tolerance)
{
    return fabs(actual - expected) <= tolerance;
}

#define CHECK_CLOSE(actual, expected, tolerance)                                                                      \
    do {                                                                                                              \
        const double check_a_ = (actual), check_e_ = (expected), check_t_ = (tolerance);                              \
        if (!check_is_close(check_a_, check_e_, check_t_)) {                                                          \
            print_error("%s = %.17g, expected %.17g within %.3g\n", #actual, check_a_, check_e_, check_t_);           \
            fail();                                                                                                   \
        }                                                                                                             \
    } while (0)

/** Mean and variance of numbers that arrive one by one (Welford 1962). Start from {0}. */
struct check_mean {
    double n, mean, squares;
};

static inline void check_mean_add(struct check_mean *m, double value)
{
    const double delta = value - m->mean;
    m->n += 1.0;
    m->mean += delta / m->n;
    m->squares += delta * (value - m->mean);
}

/** Sample variance; the standard error of the mean. */
static inline double check_mean_variance(const struct check_mean *m)
{
    return m->squares / (m->n - 1.0);
}

static inline double check_mean_error(const struct check_mean *m)
{
    return sqrt(check_mean_variance(m) / m->n);
}

/** Two-sided: within four standard errors. False alarm 6e-5, once for all because seeds are fixed. */
static inline int check_mean_is(const struct check_mean *m, double expected)
{
    return check_is_close(m->mean, expected, 4.0 * check_mean_error(m));
}

#define CHECK_MEAN(m, expected) CHECK_CLOSE((m)->mean, expected, 4.0 * check_mean_error(m))

#endif
