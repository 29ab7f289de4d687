/* sketch_size.c - the sizes that the proofs give. Interface: sketch_size.h.
 *
 * One row (supplement C; Charikar, Chen, Farach-Colton 2002; Alon, Matias, Szegedy 1999). The error of coordinate i is the sum
 * over j != i in its bucket of s_i s_j g_j: mean 0 and variance (||g||^2 - g_i^2)/c for pairwise independent signs and buckets.
 * The row's sum of squares is ||g||^2 plus the sum over pairs i != j of one bucket of s_i s_j g_i g_j: mean ||g||^2 and, for
 * signs of which any four are independent, variance 2 (||g||^4 - sum g_i^4)/c. (The supplement prints 4||g||^2 for c = 1.)
 *
 * Median of r rows: off by more than t only if at least (r + 1)/2 rows are. The binomial tail is used as it is; for p <= 1/8 it
 * is below (4 p (1 - p))^(r/2) <= (7/16)^(r/2) = exp(-0.4133 r), hence r >= 2.42 ln(d/delta) for d medians at once.
 *
 * Lemma 1. Let 0 < e2 < 1 and e = sqrt(1 - e2) - sqrt(k/d) > 0. Up to probability T(2/(c e2^2)) (T the median's failure,
 * Chebyshev in a row) the norm estimate is at least (1 - e2)||g||^2, and up to d T(k/(c e^2)) all estimates are within
 * e||g||/sqrt(k). Then i in H means |g_i| >= (sqrt(1 - e2) - e)||g||/sqrt(k) = ||g||/sqrt(d): H's coordinates are above the root
 * mean square of all, which is all that the contraction needs (contraction.c), also after truncation to k. The sum of both
 * is minimised over e2. (The paper's tolerances, with e2 = 1/2 and an error of ||g||^2/(2k) on squares, leave g_i^2 >= 0 only.)
 *
 * Theorem 7. In a row, coordinate i is safe if none of the k largest others shares its bucket (fails with probability <= k/c)
 * and the tail in its bucket is below eps theta/2 (fails with probability <= 4||g_tail||^2/(c eps^2 theta^2)). With
 * c >= 8 (k + 4||g_tail||^2/(eps theta)^2) a row fails with probability at most 1/8. If all d medians are within eps theta/2,
 * strictly, the k largest estimates hold every |g_i| >= (1 + eps) theta: else k others had estimates above (1 + eps/2) theta,
 * hence magnitudes above theta, k + 1 in all. And no |g_i| < (1 - eps) theta: it would displace one of the k largest, whose
 * estimate is above (1 - eps/2) theta. Departure: magnitudes, where the supplement prints g_i.
 */
#include "theory/sketch_size.h"
#include "sim/kernel/maths.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

double theory_median_failure(uint32_t rows, double p)
{
    return p < 1.0 ? gsl_cdf_binomial_Q((rows - 1) / 2, p, rows) : 1.0;
}

double theory_lemma1_delta(size_t d, size_t k, uint32_t rows, uint32_t cols)
{
    enum { STEPS = 1000 }; /* of e2; the minimum is flat */
    double best = 1.0;
    for (int s = 1; s < STEPS; ++s) {
        const double e2 = (double)s / STEPS, e = sqrt(1.0 - e2) - sqrt((double)k / (double)d);
        if (e <= 0.0) { break; }
        best = fmin(best, theory_median_failure(rows, 2.0 / (cols * e2 * e2)) +
                              (double)d * theory_median_failure(rows, (double)k / (cols * e * e)));
    }
    return best;
}

int theory_lemma1_size(size_t d, size_t k, double delta, uint32_t *rows, uint32_t *cols)
{
    enum { ROWS_MAX = 63 };
    double cells = HUGE_VAL;
    for (uint32_t r = 1; r <= ROWS_MAX; r += 2) { /* for a number of rows the failure falls with the columns */
        const double fewer = ceil(cells / r) - 1.0; /* columns with which this number of rows has fewer cells than the best so far */
        uint32_t low = 1, high = fewer < INT32_MAX ? (uint32_t)fewer : INT32_MAX;
        if (high < 1 || theory_lemma1_delta(d, k, r, high) > delta) { continue; }
        while (low < high) {
            const uint32_t middle = low + (high - low) / 2;
            if (theory_lemma1_delta(d, k, r, middle) <= delta) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        cells = (double)r * (double)high;
        *rows = r;
        *cols = high;
    }
    return cells < HUGE_VAL;
}

double theory_theorem7_cols(size_t k, double tail2, double eps, double theta)
{
    return ceil(8.0 * ((double)k + 4.0 * tail2 / (eps * theta * eps * theta)));
}

uint32_t theory_theorem7_rows(size_t d, double delta)
{
    const double least = dsgd_log((double)d / delta) / (0.5 * dsgd_log(16.0 / 7.0));
    const uint32_t rows = (uint32_t)fmax(1.0, ceil(least));
    return rows + (rows % 2 == 0);
}

double theory_theorem7_delta(size_t d, size_t k, double tail2, double eps, double theta, uint32_t rows, double cols)
{
    const double row = ((double)k + 4.0 * tail2 / (eps * theta * eps * theta)) / cols;
    return fmin(1.0, (double)d * theory_median_failure(rows, row));
}
