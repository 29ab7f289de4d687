/* contraction.c - Lemma 1's conditional ratio, exactly. Interface: contraction.h.
 *
 * Supplement A, proof of Lemma 1. NH, the rest, has d - h entries, of which l = k - h are drawn. Each stays behind with
 * probability 1 - l/(d - h) = (d - k)/(d - h), and what was drawn is sent exactly, so
 *     E||g - g~||^2 = (d - k)/(d - h) ||g_NH||^2,
 * an equality. Over (1 - k/d)||g||^2 this is d/(d - h) ||g_NH||^2/||g||^2: at most 1 if and only if the mean energy in H is at
 * least the mean energy of all coordinates, ||g_H||^2/h >= ||g||^2/d. The same formula serves |H| > k, where h = k are kept.
 *
 * The supplement goes on with g_i^2 >= ||g||^2/(2k) for all i in H, which holds for estimates, not for g: alpha tells what H
 * really has. With h <= k and alpha >= k/d the ratio is at most 1, for then ||g_H||^2 >= h alpha ||g||^2/k >= h ||g||^2/d.
 */
#include "theory/contraction.h"

#include <math.h>

static void set_marks(size_t n, const uint32_t *index, unsigned char value, unsigned char *mark)
{
    for (size_t j = 0; j < n; ++j) { mark[index[j]] = value; }
}

/* ||g||^2, and the part of it outside the marks; the marked energy is not subtracted, so that a small rest keeps its digits. */
static double energy(size_t d, const float *g, const unsigned char *mark, double *outside)
{
    double all = 0.0, rest = 0.0;
    for (size_t i = 0; i < d; ++i) {
        const double square = (double)g[i] * (double)g[i]; /* exact */
        all += square;
        rest += mark[i] ? 0.0 : square;
    }
    *outside = rest;
    return all;
}

struct theory_contraction theory_contraction(size_t d, const float *g, size_t k, size_t h, const uint32_t *heavy, unsigned char *mark)
{
    struct theory_contraction out = {.relative = (double)NAN, .alpha = (double)INFINITY};
    double rest = 0.0;
    set_marks(h, heavy, 1, mark);
    out.norm2 = energy(d, g, mark, &rest);
    set_marks(h, heavy, 0, mark);
    if (out.norm2 == 0.0) { return out; }
    for (size_t j = 0; j < h; ++j) {
        const double value = (double)g[heavy[j]];
        out.alpha = fmin(out.alpha, value * value * (double)k / out.norm2);
    }
    if (k < d) { /* hence h < d */
        out.relative = (double)d / (double)(d - h) * (rest / out.norm2);
        out.ratio = (double)(d - k) / (double)(d - h) * (rest / out.norm2);
    }
    return out;
}

double theory_residual(size_t d, const float *g, size_t k, const uint32_t *chosen, unsigned char *mark)
{
    double rest = 0.0;
    set_marks(k, chosen, 1, mark);
    const double norm2 = energy(d, g, mark, &rest);
    set_marks(k, chosen, 0, mark);
    return norm2 == 0.0 ? 0.0 : rest / norm2;
}
