/* schedule.c - step sizes of the paper's theorems: 8/(mu (xi + t)) (Theorems 1, 2, 6), 1/sqrt(T + 1) (Theorems 4, 5), and of practice.
 *
 * Those are the constant times a function of time: up and down in straight lines (triangle: what the Sketched-SGD authors trained CIFAR-10
 * with, after D. Page's "How to train your ResNet"), half a cosine (Loshchilov, Hutter 2017, arXiv:1608.03983, without restarts), one straight
 * line down (linear), the inverse square root of time (noam: Vaswani et al. 2017, arXiv:1706.03762, section 5.3), or any straight lines and
 * jumps (piecewise); a linear warm-up in front (Goyal et al. 2017, arXiv:1706.02677).
 */
#include "sim/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel/maths.h"

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

/* "0:0 5:1 24:0"; an empty text has no knots. Checked also where it has no effect. */
static enum dsgd_status parse_knots(const char *text, struct dsgd_schedule *s)
{
    s->knots = 0;
    for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
        const int j = s->knots;
        char *colon = NULL, *end = NULL;
        const double time = strtod(at, &colon);
        const double factor = colon > at && *colon == ':' && colon[1] != ' ' ? strtod(colon + 1, &end) : -1.0;
        const bool number = end && end > colon + 1 && (*end == '\0' || *end == ' ') && time >= 0.0 && isfinite(time) && factor >= 0.0 && isfinite(factor);
        const bool later = number && (j < 1 || time >= s->knot_time[j - 1]) && (j < 2 || time > s->knot_time[j - 2]);
        if (!later || j == DSGD_KNOTS_MAX) {
            return dsgd_fail(DSGD_EINPUT, "step.knots = %s: expected time:factor pairs of numbers from 0 on, separated by blanks, times ascending "
                             "and at most two alike, as in 0:0 5:1 24:0", text);
        }
        s->knot_time[j] = time;
        s->knot_factor[j] = factor;
        ++s->knots;
        at = end;
    }
    return DSGD_OK;
}

static const char *word_of(const char *key, const struct dsgd_run_config *config, char word[DSGD_TEXT_MAX])
{
    const bool top = strcmp(key, "step_size") == 0;
    dsgd_param_format(dsgd_param_find(top ? dsgd_run_params : dsgd_step_params, key), config, word, DSGD_TEXT_MAX);
    return word;
}

/* What time is counted in. Without the need of epochs it is steps. */
static void set_clock(const struct dsgd_run_config *config, size_t n, struct dsgd_schedule *s)
{
    const bool epochs = config->step.unit == DSGD_UNIT_EPOCHS && n > 0;
    s->clock = epochs ? (double)config->workers * (double)config->batch : 1.0;
    s->n = epochs ? (double)n : 1.0;
    s->end = s->steps * s->clock / s->n;
}

static enum dsgd_status check_times(const struct dsgd_run_config *config, const struct dsgd_schedule *s)
{
    char unit[DSGD_TEXT_MAX], rule[DSGD_TEXT_MAX];
    word_of("unit", config, unit);
    if (config->step.warmup > 0.0 && (config->step_size == DSGD_STEP_THEORY || config->step_size == DSGD_STEP_TRIANGLE)) {
        return dsgd_fail(DSGD_EINPUT, "step.warmup = %g: expected 0 with step_size = %s, which has a beginning of its own", config->step.warmup,
                         word_of("step_size", config, rule));
    }
    if (config->step.warmup > 0.0 && config->step.warmup >= s->end) {
        return dsgd_fail(DSGD_EINPUT, "step.warmup = %g: expected less than the run's %g %s", config->step.warmup, s->end, unit);
    }
    if (config->step_size == DSGD_STEP_TRIANGLE && config->step.peak_at > s->end) {
        return dsgd_fail(DSGD_EINPUT, "step.peak_at = %g: expected at most the run's %g %s", config->step.peak_at, s->end, unit);
    }
    if (config->step_size == DSGD_STEP_NOAM && !(config->step.warmup > 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "step_size = noam: expected step.warmup above 0, the time at which eta_t is largest");
    }
    if (config->step_size == DSGD_STEP_PIECEWISE && s->knots == 0) {
        return dsgd_fail(DSGD_EINPUT, "step_size = piecewise: expected step.knots, as in 0:0 5:1 24:0");
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_schedule_check(const struct dsgd_run_config *config, size_t n)
{
    struct dsgd_schedule s = {.steps = (double)config->steps};
    double ignored;
    DSGD_TRY(parse_xi(config->step.xi, &ignored));
    DSGD_TRY(parse_knots(config->step.knots, &s));
    if (n == 0 && config->step.unit == DSGD_UNIT_EPOCHS && dsgd_run_key_matters(config, dsgd_param_find(dsgd_step_params, "unit"))) {
        return dsgd_fail(DSGD_EINPUT, "step.unit = epochs: problem %s has no examples to count epochs by; expected steps", config->problem);
    }
    set_clock(config, n, &s);
    return check_times(config, &s);
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
                                       size_t n, double tau, struct dsgd_schedule *out)
{
    *out = (struct dsgd_schedule){.step_size = config->step_size, .average = config->average,
                                  .constant = config->step.constant, .steps = (double)config->steps, .mu = NAN, .xi = NAN,
                                  .warmup = config->step.warmup, .peak_at = config->step.peak_at, .final = config->step.final};
    double ignored;
    DSGD_TRY(parse_xi(config->step.xi, &ignored));
    DSGD_TRY(parse_knots(config->step.knots, out));
    set_clock(config, n, out);
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

static double triangle(const struct dsgd_schedule *s, double u)
{
    if (u < s->peak_at) { return u / s->peak_at; }
    return s->end > s->peak_at ? s->final + (1.0 - s->final) * ((s->end - u) / (s->end - s->peak_at)) : 1.0;
}

/* Half a wave from the end of the warm-up on: cos(pi x) of x in [0, 1]. */
static double half_cosine(const struct dsgd_schedule *s, double u)
{
    double sine, cosine;
    if (u <= s->warmup) { return 1.0; }
    dsgd_sincos_turns(0.5 * ((u - s->warmup) / (s->end - s->warmup)), &sine, &cosine);
    return s->final + (1.0 - s->final) * (0.5 * (1.0 + cosine));
}

/* Down from the start on; a warm-up only multiplies. */
static double linear(const struct dsgd_schedule *s, double u)
{
    return s->final + (1.0 - s->final) * (1.0 - u / s->end);
}

/* The value of the first knot before it, of the last one after it; at a jump the later value. */
static double piecewise(const struct dsgd_schedule *s, double u)
{
    int j = s->knots - 1;
    while (j >= 0 && s->knot_time[j] > u) { --j; }
    if (j < 0) { return s->knot_factor[0]; }
    if (j == s->knots - 1) { return s->knot_factor[j]; }
    return s->knot_factor[j] + (s->knot_factor[j + 1] - s->knot_factor[j]) * ((u - s->knot_time[j]) / (s->knot_time[j + 1] - s->knot_time[j]));
}

static double without_warmup(const struct dsgd_schedule *s, double t, double u)
{
    switch (s->step_size) {
    case DSGD_STEP_INVSQRT: return s->constant / sqrt(s->steps);
    case DSGD_STEP_THEORY: return s->constant / (s->mu * (s->xi + t));
    case DSGD_STEP_TRIANGLE: return s->constant * triangle(s, u);
    case DSGD_STEP_COSINE: return s->constant * half_cosine(s, u);
    case DSGD_STEP_PIECEWISE: return s->constant * piecewise(s, u);
    case DSGD_STEP_LINEAR: return s->constant * linear(s, u);
    /* (d w)^(-1/2) min(u/w, (w/u)^(1/2)) there: the constant is what it is at u = w. Before that the warm-up does the rest. */
    case DSGD_STEP_NOAM: return u > s->warmup ? s->constant * sqrt(s->warmup / u) : s->constant;
    default: return s->constant;
    }
}

double dsgd_schedule_lr(const struct dsgd_schedule *schedule, double t)
{
    const double u = t * schedule->clock / schedule->n, eta = without_warmup(schedule, t, u);
    return u < schedule->warmup ? eta * (u / schedule->warmup) : eta;
}

double dsgd_schedule_weight(const struct dsgd_schedule *schedule, double t)
{
    switch (schedule->average) {
    case DSGD_AVERAGE_UNIFORM: return 1.0;
    case DSGD_AVERAGE_THEORY: return (schedule->xi + t) * (schedule->xi + t);
    default: return 0.0;
    }
}
