/* contraction.h - Lemma 1 without a sketch: what HEAVYMIX leaves of a vector, in expectation over its random fill.
 *
 * g [d] is the true vector, H the set that HEAVYMIX takes for sure (after truncation: |H| <= k), and k - |H| coordinates of the
 * rest are drawn uniformly without replacement. Everything here is exact; estimates enter only through the choice of H.
 */
#ifndef DSGD_THEORY_CONTRACTION_H
#define DSGD_THEORY_CONTRACTION_H

#include <stddef.h>
#include <stdint.h>

/** One call of HEAVYMIX, given H. */
struct theory_contraction {
    double norm2;      /* ||g||^2 */
    double ratio;      /* E||g - g~||^2 / ||g||^2 over the fill; 0 for g = 0 */
    double relative;   /* ratio / (1 - k/d): Lemma 1 claims <= 1. Not a number if k = d or g = 0, where nothing is claimed */
    double alpha;      /* min over H of g_i^2 k / ||g||^2, the heaviness that H really has; +inf if H is empty */
};

/** H as h distinct coordinates, 0 <= h <= k <= d, 1 <= d. Sums run over ascending i: H is marked in `mark`, which is all zero
 *  before and after. */
struct theory_contraction theory_contraction(size_t d, const float *g /*[d]*/, size_t k, size_t h, const uint32_t *heavy /*[h]*/,
                                             unsigned char *mark /*[d]*/);

/** ||g - g~||^2 / ||g||^2 for k chosen coordinates whose exact values were sent; 0 for g = 0. Same `mark`. */
double theory_residual(size_t d, const float *g /*[d]*/, size_t k, const uint32_t *chosen /*[k]*/, unsigned char *mark /*[d]*/);

#endif
