/* schedule.c - step sizes of the paper's theorems: 8/(mu (xi + t)) (Theorems 1, 2, 6), 1/sqrt(T + 1) (Theorems 4, 5). */
#include "sim/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double dsgd_schedule_xi_paper(double tau, double beta)
{
    const double rho = 4.0 * beta / ((beta - 4.0) * (beta + 1.0) * (beta + 1.0));
    return floor(1.0 + (1.0 + beta) / (tau * (1.0 + rho))) + 1.0;
}

int dsgd_schedule_needs_constants(const struct dsgd_run_config *config)
{
    return config->step_size == DSGD_STEP_THEORY;
}

/* Checked also where it has no effect: a typo is a typo. */
static enum dsgd_status parse_xi(const char *text, double *xi)
{
    char *end = NULL;
    *xi = 0.0;
    if (strcmp(text, "paper") == 0 || strcmp(text, "repaired") == 0) { return DSGD_OK; }
    *xi = strtod(text, &end);
    if (end == text || *end || !(*xi > 0.0) || !isfinite(*xi)) {
        return dsgd_fail(DSGD_EINPUT, "step.xi = %s: expected repaired, paper or a positive number", text);
    }
    return DSGD_OK;
}

static enum dsgd_status resolve_xi(const struct dsgd_run_config *config, const struct dsgd_constants *constants, double tau,
                                   double *xi)
{
    const double paper = dsgd_schedule_xi_paper(tau, config->step.beta);
    if (strcmp(config->step.xi, "paper") == 0) {
        *xi = paper;
        return DSGD_OK;
    }
    if (strcmp(config->step.xi, "repaired") == 0) {
        if (!(constants->L > 0.0)) {
            return dsgd_fail(DSGD_EINPUT, "step.xi = repaired: problem %s has no smoothness constant L; expected step.xi = paper "
                             "or a number", config->problem);
        }
        *xi = fmax(paper, ceil(32.0 * constants->L / constants->mu));
        return DSGD_OK;
    }
    return parse_xi(config->step.xi, xi);
}

enum dsgd_status dsgd_schedule_resolve(const struct dsgd_run_config *config, const struct dsgd_constants *constants,
                                       double tau, struct dsgd_schedule *out)
{
    *out = (struct dsgd_schedule){.step_size = config->step_size, .average = config->average,
                                  .constant = config->step.constant, .steps = (double)config->steps, .mu = NAN, .xi = NAN};
    double ignored;
    DSGD_TRY(parse_xi(config->step.xi, &ignored));
    if (config->step_size != DSGD_STEP_THEORY) {
        if (config->average == DSGD_AVERAGE_THEORY) {
            return dsgd_fail(DSGD_EINPUT, "average = theory: weights (xi + t)^2 belong to step_size = theory; "
                             "expected average = uniform or none here");
        }
        return DSGD_OK;
    }
    if (isnan(constants->mu)) {
        return dsgd_fail(DSGD_EINPUT, "step_size = theory: problem %s is not known to be strongly convex; expected another "
                         "step_size", config->problem);
    }
    if (!(constants->mu > 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "step_size = theory: problem %s is not strongly convex (mu = %g); expected l2 > 0 or "
                         "another step_size", config->problem, constants->mu);
    }
    out->mu = constants->mu;
    return resolve_xi(config, constants, tau, &out->xi);
}

double dsgd_schedule_lr(const struct dsgd_schedule *schedule, double t)
{
    switch (schedule->step_size) {
    case DSGD_STEP_INVSQRT: return schedule->constant / sqrt(schedule->steps);
    case DSGD_STEP_THEORY: return schedule->constant / (schedule->mu * (schedule->xi + t));
    default: return schedule->constant;
    }
}

double dsgd_schedule_weight(const struct dsgd_schedule *schedule, double t)
{
    switch (schedule->average) {
    case DSGD_AVERAGE_UNIFORM: return 1.0;
    case DSGD_AVERAGE_THEORY: return (schedule->xi + t) * (schedule->xi + t);
    default: return 0.0;
    }
}
