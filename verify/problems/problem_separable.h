/* problem_separable.h - functions of one coordinate, added up: constants, minimum and minimiser known in closed form.
 *
 * SEPARABLE_WELL: f(x) = sum x_i^2/(1 + x_i^2), smooth and not convex; f* = 0 at 0. The second derivative 2(1 - 3x^2)/(1 + x^2)^3 lies
 *   in [-1/2, 2], so that L = 2.
 * SEPARABLE_L1: f(x) = ||x||_1/sqrt(d), convex and not smooth; f* = 0 at 0; subgradient sign(x)/sqrt(d) with sign(0) = 0: norm at most 1.
 * A worker's gradient has noise +-sigma/sqrt(d b) in each coordinate, so that E||noise||^2 = sigma^2/b whatever x is.
 */
#ifndef DSGD_VERIFY_PROBLEMS_PROBLEM_SEPARABLE_H
#define DSGD_VERIFY_PROBLEMS_PROBLEM_SEPARABLE_H

#include "sim/problem.h"

enum separable_kind { SEPARABLE_WELL, SEPARABLE_L1 };

/** The problem's `self`. The caller fills kind, d, sigma and start, then calls separable_init. */
struct separable {
    enum separable_kind kind;
    size_t d;
    double sigma;
    double start; /* ||w_0||; coordinate i starts at a multiple of i + 1/2 */
    uint32_t noise; /* purpose of the draws */
    struct dsgd_segment segment;
};

/** For trial_open_problem; create fails. */
extern const struct dsgd_problem_ops separable_problem;
void separable_init(struct separable *problem);
/** f(w_0) - f*. */
double separable_start_value(const struct separable *problem);

#endif
