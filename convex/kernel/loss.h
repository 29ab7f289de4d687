/* loss.h - losses of linear classifiers by margin or by scores, one definition for every device.
 *
 * Binary losses are functions of the margin m = y <a, w>; formulas stand in logistic.c, svm.c and sigmoid.c, those of several classes in
 * softmax.c and ovr.c. Sums over classes ascend.
 */
#ifndef DSGD_CONVEX_KERNEL_LOSS_H
#define DSGD_CONVEX_KERNEL_LOSS_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/kernel/maths.h"

/** Losses that devices know. DSGD_LOSS_OTHER: a loss that exists in C alone. */
enum dsgd_loss { DSGD_LOSS_OTHER, DSGD_LOSS_LOGISTIC, DSGD_LOSS_HINGE, DSGD_LOSS_SIGMOID };

/** log(1 + exp(-m)) without overflow, and with full relative precision where it is small. */
DSGD_HD double dsgd_logistic_value(double m)
{
    return m > 0 ? dsgd_log1p(dsgd_exp(-m)) : dsgd_log1p(dsgd_exp(m)) - m;
}

/** -1/(1 + exp(m)): exp overflows to infinity for a large m, and the quotient is then 0 as it should be. */
DSGD_HD double dsgd_logistic_slope(double m) { return -1.0 / (1.0 + dsgd_exp(m)); }
DSGD_HD float dsgd_logistic_slope_float(float m) { return -1.0f / (1.0f + dsgd_expf(m)); }

DSGD_HD double dsgd_hinge_value(double m) { return m < 1 ? 1 - m : 0; }
DSGD_HD double dsgd_hinge_slope(double m) { return m < 1 ? -1 : 0; }
DSGD_HD float dsgd_hinge_slope_float(float m) { return m < 1 ? -1.0f : 0.0f; }

DSGD_HD double dsgd_sigmoid_value(double m) { return 1 / (1 + dsgd_exp(m)); }

/** -s (1 - s), written in exp(-|m|): neither overflows nor cancels. */
DSGD_HD double dsgd_sigmoid_slope(double m)
{
    const double e = dsgd_exp(-dsgd_magnitude64(m));
    return -e / ((1 + e) * (1 + e));
}

DSGD_HD float dsgd_sigmoid_slope_float(float m)
{
    const float e = dsgd_expf(-dsgd_magnitude32(m));
    return -e / ((1 + e) * (1 + e));
}

/** Of a loss by its name; DSGD_LOSS_OTHER is nobody's. */
DSGD_HD double dsgd_loss_value(enum dsgd_loss loss, double m)
{
    return loss == DSGD_LOSS_LOGISTIC ? dsgd_logistic_value(m) : loss == DSGD_LOSS_HINGE ? dsgd_hinge_value(m) : dsgd_sigmoid_value(m);
}

DSGD_HD double dsgd_loss_slope(enum dsgd_loss loss, double m)
{
    return loss == DSGD_LOSS_LOGISTIC ? dsgd_logistic_slope(m) : loss == DSGD_LOSS_HINGE ? dsgd_hinge_slope(m) : dsgd_sigmoid_slope(m);
}

DSGD_HD float dsgd_loss_slope_float(enum dsgd_loss loss, float m)
{
    return loss == DSGD_LOSS_LOGISTIC ? dsgd_logistic_slope_float(m) : loss == DSGD_LOSS_HINGE ? dsgd_hinge_slope_float(m) : dsgd_sigmoid_slope_float(m);
}

/** One class against the rest, the sum over classes. */
DSGD_HD double dsgd_one_vs_rest_value(enum dsgd_loss loss, size_t classes, const double *score, uint32_t label)
{
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) { sum += dsgd_loss_value(loss, c == label ? score[c] : -score[c]); }
    return sum;
}

DSGD_HD float dsgd_one_vs_rest_slope_float(enum dsgd_loss loss, float score, bool own)
{
    const float y = own ? 1.0f : -1.0f;
    return y * dsgd_loss_slope_float(loss, y * score);
}

/** The class of the largest score; of equal ones the lowest. */
DSGD_HD size_t dsgd_top_class(size_t classes, const double *score)
{
    size_t top = 0;
    for (size_t c = 1; c < classes; ++c) {
        if (score[c] > score[top]) { top = c; }
    }
    return top;
}

/** p [classes] = exp(s_c - max s), unless p is NULL. Returns the index of the maximum and the sum of the other terms, which keeps its relative
 *  precision where it is small. */
DSGD_HD size_t dsgd_softmax_exponentials(size_t classes, const double *score, double *p, double *rest)
{
    const size_t top = dsgd_top_class(classes, score);
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) {
        const double e = dsgd_exp(score[c] - score[top]);
        if (p) { p[c] = e; }
        if (c != top) { sum += e; }
    }
    *rest = sum;
    return top;
}

DSGD_HD double dsgd_softmax_value(double rest, double top, double own) { return dsgd_log1p(rest) + (top - own); }

/** slope [classes] = p_c - [c = label] in floats; the label's as minus the sum of the others. score and slope may be the same. */
DSGD_HD void dsgd_softmax_slope_float(size_t classes, const float *score, uint32_t label, float *slope)
{
    float top = score[0], sum = 0, others = 0;
    for (size_t c = 1; c < classes; ++c) { top = score[c] > top ? score[c] : top; }
    for (size_t c = 0; c < classes; ++c) {
        slope[c] = dsgd_expf(score[c] - top);
        sum += slope[c];
    }
    for (size_t c = 0; c < classes; ++c) {
        slope[c] /= sum;
        if (c != label) { others += slope[c]; }
    }
    slope[label] = -others;
}

#endif
