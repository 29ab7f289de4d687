/* schedule.h - the learning rate eta_t and the weights q_t of the averaged iterate. */
#ifndef DSGD_SIM_SCHEDULE_H
#define DSGD_SIM_SCHEDULE_H

#include "sim/problem.h"
#include "sim/run_config.h"

/** Knots that a text of DSGD_TEXT_MAX bytes can hold. */
enum { DSGD_KNOTS_MAX = DSGD_TEXT_MAX / 4 };

/** A resolved schedule: eta_t is a function of it and t, nothing else. */
struct dsgd_schedule {
    int step_size, average;
    double constant, steps;
    double mu, xi; /* theory; NaN otherwise */
    /* The others are functions of a time u(t) = t clock / n, in steps (clock = n = 1) or epochs (clock = W b, n examples). */
    double clock, n, end;            /* end = u(T) */
    double warmup, peak_at, final;   /* warmup = 0: none */
    int knots;
    double knot_time[DSGD_KNOTS_MAX], knot_factor[DSGD_KNOTS_MAX]; /* times do not descend, at most two are equal */
};

/**
 * The smallest xi that Fact 4 of the supplement allows, rounded up to an integer strictly above
 * 1 + (1 + beta)/(tau (1 + rho)), rho = 4 beta/((beta - 4)(beta + 1)^2).
 */
double dsgd_schedule_xi_paper(double tau, double beta);

/** Refuses a schedule that makes no sense for this run, whose problem has n examples (0: none): DSGD_EINPUT with a sentence. */
enum dsgd_status dsgd_schedule_check(const struct dsgd_run_config *config, size_t n);

/**
 * Resolves a configuration that has been checked. xi = repaired: the larger of xi_paper and 32 L/mu, with which Theorems 1, 2 and 6 hold up
 * to a factor of 2 (Lemma 2's last step needs eta_t <= 1/(4L)). DSGD_EINPUT with a sentence where mu or L is needed and unknown or 0.
 * tau: contraction of the compressor, k/d; 1 without compression.
 */
enum dsgd_status dsgd_schedule_resolve(const struct dsgd_run_config *config, const struct dsgd_constants *constants,
                                       size_t n, double tau, struct dsgd_schedule *out);

/** eta_t; at t = T, where no update is made any more, the value that the last steps approach. */
double dsgd_schedule_lr(const struct dsgd_schedule *schedule, double t);
/** q_t: 0 without averaging, 1 for uniform, (xi + t)^2 for theory. */
double dsgd_schedule_weight(const struct dsgd_schedule *schedule, double t);
/** True if eta_t or q_t use mu, so that the problem's constants are needed. */
int dsgd_schedule_needs_constants(const struct dsgd_run_config *config);

#endif
