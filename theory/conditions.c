/* conditions.c - conditions, one function each, and the statements that need them. Interface: conditions.h.
 *
 * Each statement lists what its proof uses (docs/theory.md), which is sometimes more than the supplement prints: Lemma 1 with alpha,
 * fresh hashes for every statement that multiplies contractions over t, E g_i = grad f for each worker's draw, the step 8/(mu (xi + t)).
 * "As stated" lists what is printed, with that step: these are the conditions under which somebody would use the printed bound.
 * Comparisons are written so that NaN fails.
 */
#include "theory/conditions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "theory/bounds.h"
#include "theory/sketch_size.h"

static enum dsgd_status dimensions(const struct theory_setting *s)
{
    if (s->k >= 1.0 && s->k <= s->d) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "k = %g, d = %g: expected 1 <= k <= d", s->k, s->d);
}

static enum dsgd_status contraction(const struct theory_setting *s)
{
    if (s->tau > 0.0 && s->tau <= 1.0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "tau = %g: expected a contraction, 0 < tau <= 1", s->tau);
}

static enum dsgd_status few_coordinates(const struct theory_setting *s)
{
    if (s->compressor != THEORY_HEAVYMIX || s->k <= theory_lemma1_k_max(s->d, s->alpha)) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "k = %g: expected at most alpha d = %g (Lemma 1; alpha = %g, the least share of norm(g)^2/k in "
                     "a heavy coordinate's square)", s->k, theory_lemma1_k_max(s->d, s->alpha), s->alpha);
}

static enum dsgd_status is_heavymix(const struct theory_setting *s)
{
    if (s->compressor == THEORY_HEAVYMIX) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "compressor: expected HEAVYMIX, algorithm = sketched_sgd with variant = heavymix (Algorithms 1 and 2)");
}

static enum dsgd_status is_contracting(const struct theory_setting *s)
{
    if (s->compressor != THEORY_UNPROVED) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "compressor: expected a proved contraction with the learning rate inside the error memory "
                     "(sketched_sgd with variant = heavymix; true_topk or random_k with lr_inside = true; sgd)");
}

/* With fixed hashes the memory depends on them: neither the union bound over steps nor E over hashes applies to the next step. */
static enum dsgd_status fresh(const struct theory_setting *s)
{
    if (s->compressor != THEORY_HEAVYMIX || s->fresh_hashes) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "sketch_reseed = run: expected step, fresh hashes (with fixed ones the error memory depends on them)");
}

static enum dsgd_status size(const struct theory_setting *s, double most, const char *why)
{
    if (s->compressor != THEORY_HEAVYMIX || s->call_delta <= most) { return DSGD_OK; }
    uint32_t rows = 0, cols = 0;
    char enough[64] = "no size of at most 63 rows would do";
    if (theory_lemma1_size((size_t)s->d, (size_t)s->k, most, &rows, &cols)) {
        snprintf(enough, sizeof enough, "%lu x %lu would do", (unsigned long)rows, (unsigned long)cols);
    }
    return dsgd_fail(DSGD_EINPUT, "%.0f x %.0f: not proved at this size: by Lemma 1's proof a call fails to contract with probability at most %.3g, "
                     "expected at most %.3g%s (k = %g, d = %g; %s)", s->rows, s->cols, s->call_delta, most, why, s->k, s->d, enough);
}

/* One call. */
static enum dsgd_status size_once(const struct theory_setting *s)
{
    return size(s, THEORY_DELTA, "");
}

/* All calls of the run, by the union bound. */
static enum dsgd_status size_always(const struct theory_setting *s)
{
    char why[48];
    snprintf(why, sizeof why, ", %g over %.0f steps", THEORY_DELTA, s->steps);
    return size(s, THEORY_DELTA / s->steps, why);
}

/* A run with another step size has no xi to speak of. */
static enum dsgd_status has_xi(const struct theory_setting *s)
{
    if (!isnan(s->xi)) { return DSGD_OK; }
    return s->step == THEORY_STEP_DECREASING ? dsgd_fail(DSGD_EINPUT, "xi is not known: expected mu > 0, and L for xi = repaired")
                                             : dsgd_fail(DSGD_EINPUT, "no xi without step_size = theory: expected that step size, eta_t = 8/(mu (xi + t))");
}

/* In expectation over the hashes a failing call costs its share of the contraction: the paper's half, or what is left. */
static enum dsgd_status size_half(const struct theory_setting *s)
{
    DSGD_TRY(size(s, 0.5, ", the half that tau = k/(2 d) allows for"));
    DSGD_TRY(has_xi(s));
    if (s->xi > theory_xi_limit(theory_theorem6_tau_paper(s->k, s->d), s->beta)) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "xi = %g: expected more than %g (Fact 4 with tau = k/(2 d))", s->xi,
                     theory_xi_limit(theory_theorem6_tau_paper(s->k, s->d), s->beta));
}

static enum dsgd_status size_some(const struct theory_setting *s)
{
    if (s->call_delta >= 1.0) { return size(s, 0.99, ", less than 1"); }
    DSGD_TRY(has_xi(s));
    const double limit = theory_xi_limit(theory_theorem6_tau(s->k, s->d, s->call_delta), s->beta);
    if (s->xi > limit) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "xi = %g: expected more than %g (Fact 4 with tau = (1 - delta) k/d, delta = %.3g)", s->xi, limit, s->call_delta);
}

static enum dsgd_status unbiased(const struct theory_setting *s)
{
    if (!s->shared_sampling) {
        return dsgd_fail(DSGD_EINPUT, "partition = shards: expected shared, every worker drawing from the whole set (with shards E g_i is "
                         "not grad f)");
    }
    if (s->with_replacement) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "sampling = epoch: expected replacement, draws independent of the past (within an epoch E g_i is not grad f)");
}

static enum dsgd_status plain(const struct theory_setting *s)
{
    if (!(s->momentum == 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "momentum = %g: expected 0, the theory has none", s->momentum);
    }
    if (!(s->weight_decay == 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "weight_decay = %g: expected 0, a regulariser belongs to f (the problem's l2)", s->weight_decay);
    }
    return DSGD_OK;
}

static enum dsgd_status strongly_convex(const struct theory_setting *s)
{
    if (s->mu > 0.0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "mu = %g: expected a strongly convex f, mu > 0 (the problem's l2 > 0)", s->mu);
}

static enum dsgd_status convex(const struct theory_setting *s)
{
    if (s->mu >= 0.0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "mu = %g: expected a convex f, mu >= 0", s->mu);
}

static enum dsgd_status smooth(const struct theory_setting *s)
{
    if (s->L > 0.0 && isfinite(s->L)) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "L = %g: expected a smooth f with a known constant L", s->L);
}

static enum dsgd_status beta_above(const struct theory_setting *s)
{
    if (s->beta > 4.0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "beta = %g: expected beta > 4 (Fact 4)", s->beta);
}

static enum dsgd_status xi_above(const struct theory_setting *s)
{
    DSGD_TRY(has_xi(s));
    if (s->xi > theory_xi_limit(s->tau, s->beta)) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "xi = %g: expected more than 1 + (1 + beta)/(tau (1 + rho)) = %g (Fact 4)", s->xi,
                     theory_xi_limit(s->tau, s->beta));
}

static enum dsgd_status xi_positive(const struct theory_setting *s)
{
    DSGD_TRY(has_xi(s));
    if (s->xi > 1.0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "xi = %g: expected xi > 1 (Fact 3)", s->xi);
}

static enum dsgd_status xi_two(const struct theory_setting *s)
{
    DSGD_TRY(has_xi(s));
    if (s->xi > 2.0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "xi = %g: expected xi > 2 (Lemma 2, the factor xi/(xi - 2))", s->xi);
}

/* 2 L eta_t < 1 from the first step on. */
static enum dsgd_status xi_kappa(const struct theory_setting *s)
{
    DSGD_TRY(has_xi(s));
    if (s->xi > 16.0 * s->L / s->mu) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "xi = %g: expected more than 16 L/mu = %g (some of Lemma 2's descent must be left at every step)", s->xi,
                     16.0 * s->L / s->mu);
}

static enum dsgd_status step_decreasing(const struct theory_setting *s)
{
    if (s->step != THEORY_STEP_DECREASING) {
        return dsgd_fail(DSGD_EINPUT, "step_size: expected theory, eta_t = 8/(mu (xi + t))");
    }
    if (s->step_constant == 8.0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "step.constant = %g: expected 8, eta_t = 8/(mu (xi + t)) (Fact 3)", s->step_constant);
}

static enum dsgd_status step_invsqrt(const struct theory_setting *s)
{
    if (s->step != THEORY_STEP_INVSQRT) {
        return dsgd_fail(DSGD_EINPUT, "step_size: expected invsqrt without a warm-up, eta = 1/sqrt(T + 1) over T + 1 steps");
    }
    if (s->step_constant == 1.0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "step.constant = %g: expected 1, eta = 1/sqrt(T + 1)", s->step_constant);
}

/* Lemma 3 has a form for both: eta_t a multiple of 1/(xi + t), or constant. */
static enum dsgd_status step_lemma3(const struct theory_setting *s)
{
    if (s->step == THEORY_STEP_OTHER) {
        return dsgd_fail(DSGD_EINPUT, "step_size: expected theory, or constant or invsqrt without a warm-up (Lemma 3)");
    }
    if (s->step != THEORY_STEP_DECREASING) { return DSGD_OK; }
    DSGD_TRY(beta_above(s));
    return xi_above(s);
}

static enum dsgd_status average_weighted(const struct theory_setting *s)
{
    if (s->average == THEORY_AVERAGE_THEORY) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "average = %s: expected theory, weights (xi + t)^2 (Fact 3)",
                     s->average == THEORY_AVERAGE_NONE ? "none" : "uniform");
}

static enum dsgd_status average_uniform(const struct theory_setting *s)
{
    if (s->average == THEORY_AVERAGE_UNIFORM) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "average = %s: expected uniform, the mean of w_0 .. w_T",
                     s->average == THEORY_AVERAGE_NONE ? "none" : "theory");
}

static enum dsgd_status several_workers(const struct theory_setting *s)
{
    if (s->workers >= 2.0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "workers = %g: expected at least 2, the statement compares numbers of workers", s->workers);
}

/* ---- statements ---- */

#define STRONGLY_CONVEX strongly_convex, smooth, beta_above, dimensions, contraction, xi_above, unbiased, plain, step_decreasing, average_weighted
#define SKETCHED is_heavymix, few_coordinates, fresh
#define LIST(...) ((theory_condition *const[]){__VA_ARGS__, NULL})

static const struct theory_statement statements[] = {
    {"Lemma 1", "HEAVYMIX is a k/d-contraction", LIST(dimensions, SKETCHED, size_once)},
    {"Fact 1", "E||w - w*||^2 <= 4 G^2/mu^2", LIST(strongly_convex, unbiased)},
    {"Fact 2", "||grad f||^2 <= 2 L (f - f*)", LIST(convex, smooth)},
    {"Fact 3", "the recursion of b_t bounds the weighted mean of eps_t", LIST(strongly_convex, xi_positive, step_decreasing)},
    {"Fact 4", "the recursion of h_t stays below 4 beta/(beta - 4) eta_t^2 A/tau^2", LIST(beta_above, contraction, xi_above)},
    {"Lemma 2", "one step of the virtual iterate", LIST(strongly_convex, smooth, unbiased, plain)},
    {"Lemma 3", "the mean error memory is of the order of eta_t^2 G^2/tau^2",
     LIST(dimensions, contraction, is_contracting, few_coordinates, fresh, plain, step_lemma3, size_always)},
    {"Theorem 1, as stated", "W workers, strongly convex", LIST(STRONGLY_CONVEX, SKETCHED, xi_two, size_always)},
    {"Theorem 1, repaired", "the same with the smallest bound over theta", LIST(STRONGLY_CONVEX, SKETCHED, size_always)},
    {"Theorem 2, as stated", "one machine, any contraction", LIST(STRONGLY_CONVEX, is_contracting, few_coordinates, fresh, xi_two, size_always)},
    {"Theorem 2, repaired", "the same with the smallest bound over theta", LIST(STRONGLY_CONVEX, is_contracting, few_coordinates, fresh, size_always)},
    {"Theorem 3", "bounded second moment, HEAVYMIX", LIST(STRONGLY_CONVEX, SKETCHED, size_always)},
    {"Fact 5", "bounded second moment, any sparsification", LIST(STRONGLY_CONVEX, is_contracting, few_coordinates, fresh, size_always)},
    {"Theorem 4", "smooth: the mean squared gradient", LIST(smooth, dimensions, contraction, is_contracting, few_coordinates, fresh, unbiased, plain, step_invsqrt, size_always)},
    {"Theorem 5", "convex: the mean iterate", LIST(convex, dimensions, contraction, is_contracting, few_coordinates, fresh, unbiased, plain, step_invsqrt, average_uniform, size_always)},
    {"Theorem 6, as stated", "in expectation over the hashes, tau = k/(2 d)", LIST(STRONGLY_CONVEX, SKETCHED, xi_two, size_half)},
    {"Theorem 6, repaired", "in expectation over the hashes, tau = (1 - delta) k/d", LIST(STRONGLY_CONVEX, SKETCHED, size_some)},
    {"Remark 1", "the rate of SGD from some T on", LIST(STRONGLY_CONVEX, is_contracting, few_coordinates, fresh, size_always)},
    {"Remark 3", "the leading term falls as 1/W", LIST(STRONGLY_CONVEX, is_contracting, few_coordinates, fresh, several_workers, size_always)},
    {"Certificate", "Lemma 2 summed with the measured memory", LIST(strongly_convex, smooth, unbiased, plain, step_decreasing, average_weighted, xi_kappa)},
};

enum { STATEMENTS = sizeof statements / sizeof *statements };

const struct theory_statement *theory_statement_at(size_t i)
{
    return i < STATEMENTS ? &statements[i] : NULL;
}

const struct theory_statement *theory_statement_find(const char *name)
{
    for (size_t i = 0; i < STATEMENTS; ++i) {
        if (strcmp(statements[i].name, name) == 0) { return &statements[i]; }
    }
    return NULL;
}

enum dsgd_status theory_statement_check(const struct theory_statement *statement, const struct theory_setting *setting)
{
    for (theory_condition *const *condition = statement->condition; *condition; ++condition) { DSGD_TRY((*condition)(setting)); }
    return DSGD_OK;
}

enum dsgd_status theory_check(const char *name, const struct theory_setting *setting)
{
    const struct theory_statement *statement = theory_statement_find(name);
    if (!statement) { return dsgd_fail(DSGD_EINPUT, "statement \"%s\": expected one of the theory's, such as \"Lemma 1\"", name); }
    return theory_statement_check(statement, setting);
}
