/* check_facts.c - Facts 3 and 4 (supplement A, from Stich et al. 2018) by iterating their recursions with equality.
 *
 * Fact 3: of all sequences eps_t >= 0 that keep b_t >= 0, the largest sum q_t eps_t spends b_t at once: q_t/eta_t = mu s^3/8 with
 * s = xi + t, and (1 - 4/s) s^3 <= (s - 1)^3, so what is kept for later is worth less. With the printed steps 1/(mu s) of erratum 1
 * it is worth more: there the sequence that waits until the last step breaks the bound, which is the control.
 * Fact 4: h_{t+1} equal to the right side of its recursion, over a grid of tau and beta with the smallest integer xi allowed; the
 * control takes xi - 1 four times too small. The constant-step recursion is Lemma 3's for Theorems 4 and 5.
 * Everything is arithmetic in doubles; rounding accumulates over up to 2 10^6 terms, hence 1e-9.
 */
#include <math.h>
#include <stdio.h>

#include "sim/kernel/maths.h"
#include "sim/kernel/rng.h"
#include "sim/schedule.h"
#include "theory/bounds.h"
#include "verify/verify.h"

static const double rounding = 1e-9;

static enum dsgd_status report(struct verify_context *context, struct verify_row row, double value, double low)
{
    row.measured = theory_exact(value);
    row.relation = isnan(low) ? THEORY_AT_MOST : THEORY_WITHIN;
    row.bound = isnan(low) ? 1.0 + rounding : low;
    row.upper = 1.0 + rounding;
    row.trivial = (double)NAN;
    verify_record(context, 1, &value);
    return verify_report(context, &row);
}

/* ---- Fact 3 ---- */

struct fact3 {
    double mu, constant, xi, T, b0, A, B; /* eta_t = constant/(mu (xi + t)) */
};

enum spend { AT_ONCE, AT_THE_END, AT_RANDOM };

/* sum q_t eps_t/Q_T of the recursion with equality, b_t >= 0 kept. */
static double weighted_excess(const struct fact3 *f, enum spend spend, struct dsgd_rng_key key)
{
    double b = f->b0, sum = 0.0;
    for (double t = 0.0; t < f->T; ++t) {
        const double s = f->xi + t, eta = f->constant / (f->mu * s);
        const double before = (1.0 - f->mu * eta / 2.0) * b + f->A * eta * eta + f->B * eta * eta * eta;
        double share = spend == AT_ONCE || t == f->T - 1.0 ? 1.0 : 0.0;
        if (spend == AT_RANDOM) {
            const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)t, 0, 0, 0);
            share = dsgd_rng_unit(dsgd_rng_u64(&words, 0));
        }
        sum += s * s * share * before / eta;
        b = (1.0 - share) * before;
    }
    return sum / theory_q_sum(f->xi, f->T);
}

static double fact3_ratio(const struct fact3 *f, enum spend spend, struct dsgd_rng_key key)
{
    return weighted_excess(f, spend, key) / theory_fact3(f->mu, f->xi, f->T, f->b0, f->A, f->B).total;
}

/* One part alone, each with its own worst case: how tight is the bound's term? */
static enum dsgd_status fact3_terms(struct verify_context *context)
{
    static const struct {
        const char *id, *what;
        struct fact3 f;
    } parts[] = {
        {"facts.3-start", "A = B = 0", {2.0, 8.0, 1000.0, 10000.0, 3.0, 0.0, 0.0}},
        {"facts.3-noise", "b_0 = B = 0", {2.0, 8.0, 26.0, 10000.0, 0.0, 5.0, 0.0}},
        {"facts.3-memory", "b_0 = A = 0", {2.0, 8.0, 26.0, 10000.0, 0.0, 0.0, 7.0}},
    };
    const struct dsgd_rng_key none = {0, 0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
        struct verify_row row = {.statement = "Fact 3", .quantity = "sum q_t eps_t/Q_T of the worst sequence over the bound"};
        snprintf(row.id, sizeof row.id, "%s", parts[i].id);
        snprintf(row.setting, sizeof row.setting, "%s, xi = %g, T = %g, eta_t = 8/(mu (xi + t)), all of b_t spent at once", parts[i].what,
                 parts[i].f.xi, parts[i].f.T);
        DSGD_TRY(report(context, row, fact3_ratio(&parts[i].f, AT_ONCE, none), 0.99));
    }
    const struct fact3 *start = &parts[0].f;
    struct verify_row row = {.id = "facts.3-start-sharp", .statement = "Fact 3, sharper start",
                             .quantity = "the same over the bound with mu xi^2 (xi - 4) b_0/8",
                             .setting = "A = B = 0, xi = 1000, T = 10000, eta_t = 8/(mu (xi + t)), all of b_t spent at once"};
    const double bound = theory_fact3_sharp(start->mu, start->xi, start->T, start->b0, 0.0, 0.0).total;
    return report(context, row, weighted_excess(start, AT_ONCE, none) / bound, 1.0 - rounding);
}

static enum dsgd_status fact3_sequences(struct verify_context *context)
{
    const int sequences = context->full ? 10000 : 1000;
    const struct dsgd_rng_key key = {verify_seed(context, 0), dsgd_rng_purpose("verify fact 3")};
    double worst = 0.0;
    for (int i = 0; i < sequences; ++i) {
        double u[6];
        for (uint32_t j = 0; j < 6; ++j) {
            const struct dsgd_rng4 words = dsgd_rng_draw(key, j, (uint32_t)i, 0, 0);
            u[j] = dsgd_rng_unit(dsgd_rng_u64(&words, 0));
        }
        /* xi >= 4 keeps 1 - mu eta/2 at or above 0, without which b_t >= 0 could not be kept */
        const struct fact3 f = {dsgd_pow(10.0, 4.0 * u[0] - 2.0), 8.0, 4.0 + 100.0 * u[1], 1.0 + floor(1000.0 * u[2]), u[3], u[4], u[5]};
        const struct dsgd_rng_key own = {key.seed, key.purpose + 1u + (uint32_t)i};
        const double ratio = fact3_ratio(&f, i % 2 ? AT_ONCE : AT_RANDOM, own);
        verify_record(context, 1, &ratio);
        worst = ratio <= worst ? worst : ratio;
    }
    struct verify_row row = {.id = "facts.3-random", .statement = "Fact 3", .quantity = "largest sum q_t eps_t/Q_T over the bound"};
    snprintf(row.setting, sizeof row.setting, "%d random sequences, mu 0.01..100, xi 4..104, T 1..1000", sequences);
    return report(context, row, worst, (double)NAN);
}

static enum dsgd_status fact3_control(struct verify_context *context)
{
    const struct fact3 f = {1.0, 1.0, 26.0, 10000.0, 1.0, 0.0, 0.0};
    const struct dsgd_rng_key none = {0, 0};
    struct verify_row row = {.id = "facts.3-step-1", .statement = "Fact 3, step 1/(mu (xi + t))", .control = true,
                             .quantity = "sum q_t eps_t/Q_T of the sequence that spends b_t last, over the bound",
                             .setting = "A = B = 0, xi = 26, T = 10000, eta_t = 1/(mu (xi + t)) as printed elsewhere"};
    return report(context, row, fact3_ratio(&f, AT_THE_END, none), (double)NAN);
}

/* ---- Fact 4 ---- */

static const double taus[] = {1.0, 0.5, 0.25, 0.1, 0.01, 0.001};
static const double betas[] = {4.0001, 4.1, 5.0, 8.0, 16.0, 100.0, 1e4};
enum { TAUS = sizeof taus / sizeof *taus, BETAS = sizeof betas / sizeof *betas };

/* max over t of h_t over Fact 4's bound, with A = 1; `growth`: with the second branch of the minimum, as printed. */
static double fact4_ratio(double tau, double beta, double xi, bool growth)
{
    const double steps = fmin(2e6, 10.0 * xi + 100.0 / tau);
    double h = 0.0, sum = 0.0, worst = 0.0;
    for (double t = 0.0; t < steps; ++t) {
        const double eta = 1.0 / (xi + t), next = 1.0 / (xi + t + 1.0);
        sum += eta * eta;
        h = (1.0 - tau / 2.0) * h + 2.0 / tau * eta * eta;
        if (growth) { h = fmin(h, (t + 1.0) * sum); }
        worst = fmax(worst, h / theory_fact4(beta, tau, next, 1.0));
    }
    return worst;
}

static enum dsgd_status fact4_grid(struct verify_context *context, bool growth)
{
    double worst = 0.0;
    for (int i = 0; i < TAUS; ++i) {
        for (int j = 0; j < BETAS; ++j) {
            const double ratio = fact4_ratio(taus[i], betas[j], dsgd_schedule_xi_paper(taus[i], betas[j]), growth);
            verify_record(context, 1, &ratio);
            worst = ratio <= worst ? worst : ratio;
        }
    }
    struct verify_row row = {.statement = "Fact 4", .quantity = "largest h_t over 4 beta/(beta - 4) eta_t^2 A/tau^2"};
    snprintf(row.id, sizeof row.id, "facts.4-%s", growth ? "grid" : "first-branch");
    snprintf(row.setting, sizeof row.setting, "recursion with equality%s, tau 0.001..1, beta 4.0001..1e4, smallest integer xi allowed",
             growth ? "" : " without the second branch of the minimum");
    return report(context, row, worst, (double)NAN);
}

/* beta -> infinity closes the gap: h_t tends to (2/tau) eta^2/(tau/2). */
static enum dsgd_status fact4_tight(struct verify_context *context)
{
    double least = 1.0 + 2.0 * rounding, most = 0.0;
    for (int i = 0; i < TAUS; ++i) {
        const double ratio = fact4_ratio(taus[i], 1e4, dsgd_schedule_xi_paper(taus[i], 1e4), true);
        verify_record(context, 1, &ratio);
        least = ratio >= least ? least : ratio;
        most = ratio <= most ? most : ratio;
    }
    struct verify_row row = {.id = "facts.4-tight", .statement = "Fact 4",
                             .quantity = "max over t of h_t over the bound, smallest over tau",
                             .setting = "recursion with equality, tau 0.001..1, beta = 1e4, smallest integer xi allowed"};
    return report(context, row, most > 1.0 + rounding ? most : least, 0.99);
}

static enum dsgd_status fact4_control(struct verify_context *context)
{
    struct verify_row row = {.id = "facts.4-small-xi", .statement = "Fact 4, xi too small", .control = true,
                             .quantity = "largest h_t over 4 beta/(beta - 4) eta_t^2 A/tau^2",
                             .setting = "recursion with equality, tau = 0.01, beta = 16, xi - 1 a quarter of what is allowed"};
    const double xi = 1.0 + (theory_xi_limit(0.01, 16.0) - 1.0) / 4.0;
    return report(context, row, fact4_ratio(0.01, 16.0, xi, true), (double)NAN);
}

/* Lemma 3 at a constant step: (1 - tau)(1 + gamma) and (1 - tau)(1 + 1/gamma) with gamma = tau/(2 (1 - tau)). */
static enum dsgd_status constant_step(struct verify_context *context)
{
    const double tau = 0.01, eta = 0.1, G2 = 3.0, gamma = tau / (2.0 * (1.0 - tau));
    double h = 0.0, worst = 0.0;
    for (int t = 0; t < 20000; ++t) {
        h = (1.0 - tau) * ((1.0 + gamma) * h + (1.0 + 1.0 / gamma) * eta * eta * G2);
        worst = fmax(worst, h / theory_lemma3_constant(tau, eta, G2));
    }
    struct verify_row row = {.id = "facts.constant-step", .statement = "Lemma 3, constant step",
                             .quantity = "max over t of h_t over 4 (1 - tau) eta^2 G^2/tau^2",
                             .setting = "recursion with equality, tau = 0.01, T = 20000"};
    return report(context, row, worst, 0.99);
}

static enum dsgd_status run(struct verify_context *context)
{
    DSGD_TRY(fact3_terms(context));
    DSGD_TRY(fact3_sequences(context));
    DSGD_TRY(fact3_control(context));
    DSGD_TRY(fact4_grid(context, true));
    DSGD_TRY(fact4_grid(context, false));
    DSGD_TRY(fact4_tight(context));
    DSGD_TRY(fact4_control(context));
    return constant_step(context);
}

const struct verify_check verify_facts = {
    .name = "facts", .title = "Facts 3 and 4: their recursions with equality against their bounds", .version = 1, .run = run};
