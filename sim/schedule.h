/* schedule.h - the learning rate eta_t and the weights q_t of the averaged iterate. */
#ifndef DSGD_SIM_SCHEDULE_H
#define DSGD_SIM_SCHEDULE_H

#include "sim/problem.h"
#include "sim/run_config.h"

/** A resolved schedule. */
struct dsgd_schedule {
    int step_size, average;
    double constant, steps;
    double mu, xi; /* theory; NaN otherwise */
};

/**
 * The smallest xi that Fact 4 of the supplement allows, rounded up to an integer strictly above
 * 1 + (1 + beta)/(tau (1 + rho)), rho = 4 beta/((beta - 4)(beta + 1)^2).
 */
double dsgd_schedule_xi_paper(double tau, double beta);

/**
 * Resolves the configuration. xi = repaired: the larger of xi_paper and 32 L/mu, with which Theorems 1, 2 and 6 hold up
 * to a factor of 2 (Lemma 2's last step needs eta_t <= 1/(4L)). DSGD_EINPUT with a sentence where mu or L is needed and unknown or 0.
 * tau: contraction of the compressor, k/d; 1 without compression.
 */
enum dsgd_status dsgd_schedule_resolve(const struct dsgd_run_config *config, const struct dsgd_constants *constants,
                                       double tau, struct dsgd_schedule *out);

/** eta_t. */
double dsgd_schedule_lr(const struct dsgd_schedule *schedule, double t);
/** q_t: 0 without averaging, 1 for uniform, (xi + t)^2 for theory. */
double dsgd_schedule_weight(const struct dsgd_schedule *schedule, double t);
/** True if eta_t or q_t use mu, so that the problem's constants are needed. */
int dsgd_schedule_needs_constants(const struct dsgd_run_config *config);

#endif
