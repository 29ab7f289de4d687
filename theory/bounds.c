/* bounds.c - bounds of links, constant steps, HEAVYMIX and sketches. Interface, sources, units: bounds.h. */
#include "theory/bounds.h"

#include <math.h>
#include "sim/kernel/maths.h"
#include "sim/schedule.h"

#define UNKNOWN ((double)NAN)

static bool is_contraction(double tau)
{
    return tau > 0.0 && tau <= 1.0;
}

double theory_rho(double beta)
{
    return beta > 4.0 ? 4.0 * beta / ((beta - 4.0) * (beta + 1.0) * (beta + 1.0)) : UNKNOWN;
}

double theory_xi_limit(double tau, double beta)
{
    return is_contraction(tau) ? 1.0 + (1.0 + beta) / (tau * (1.0 + theory_rho(beta))) : UNKNOWN;
}

double theory_xi_repaired(double tau, double beta, double kappa)
{
    return beta > 4.0 && is_contraction(tau) ? fmax(dsgd_schedule_xi_paper(tau, beta), ceil(32.0 * kappa)) : UNKNOWN;
}

double theory_fact1(double mu, double G2)
{
    return 4.0 * G2 / (mu * mu);
}

/* mu ||w - w*|| <= ||grad f(w)||, and ||grad f||^2 = ||E g||^2 <= E||g||^2. */
double theory_fact1_proved(double mu, double G2)
{
    return G2 / (mu * mu);
}

double theory_fact2(double L, double excess)
{
    return 2.0 * L * excess;
}

double theory_lemma2(const struct theory_step *s)
{
    return (1.0 - s->eta * s->mu / 2.0) * s->distance2 + s->eta * s->eta * s->sigma2 +
           (2.0 * s->L * s->eta * s->eta - s->eta) * s->excess + (s->mu + 2.0 * s->L) * s->eta * s->memory2;
}

double theory_lemma2_printed(const struct theory_step *s, double xi)
{
    return (1.0 - s->eta * s->mu / 2.0) * s->distance2 + s->sigma2 * s->eta - (1.0 - 2.0 / xi) * s->excess * s->eta +
           (s->mu + 2.0 * s->L) * s->memory2 * s->eta;
}

double theory_lemma2_moment(const struct theory_step *s)
{
    return (1.0 - s->eta * s->mu / 2.0) * s->distance2 + s->eta * s->eta * s->G2 - s->eta * s->excess +
           (s->mu + 2.0 * s->L) * s->eta * s->memory2;
}

double theory_fact4(double beta, double tau, double eta, double A)
{
    return beta > 4.0 && is_contraction(tau) ? 4.0 * beta / (beta - 4.0) * eta * eta * A / (tau * tau) : UNKNOWN;
}

double theory_lemma3(double beta, double tau, double eta, double G2)
{
    return theory_fact4(beta, tau, eta, G2);
}

double theory_lemma3_constant(double tau, double eta, double G2)
{
    return is_contraction(tau) ? 4.0 * (1.0 - tau) * eta * eta * G2 / (tau * tau) : UNKNOWN;
}

double theory_theorem6_tau(double k, double d, double delta)
{
    return (1.0 - delta) * k / d;
}

double theory_theorem6_tau_paper(double k, double d)
{
    return k / (2.0 * d);
}

/* Theorem 4's letters: the start F, the noise M = eta L G^2/2, and E = L^2 max h with Lemma 3 at a constant step. The proof gives
 * N - sqrt(N E) <= F + M for the average N of ||grad f||^2: f decreases along w~, and grad f(w~_t) differs by L ||a_t||. */
struct descent {
    double F, M, E;
};

static struct descent descent_of(double L, double tau, double T, double f0, double G2)
{
    const double eta = 1.0 / sqrt(T + 1.0);
    return (struct descent){f0 / (eta * (T + 1.0)), eta * L * G2 / 2.0, L * L * theory_lemma3_constant(tau, eta, G2)};
}

static struct theory_terms sum_of(double start, double noise, double memory)
{
    return (struct theory_terms){.start = start, .noise = noise, .memory = memory, .total = start + noise + memory};
}

struct theory_terms theory_theorem4_printed(double L, double tau, double T, double f0, double G2)
{
    const struct descent p = descent_of(L, tau, T, f0, G2);
    return sum_of(2.0 * p.F, p.M, p.E);
}

struct theory_terms theory_theorem4(double L, double tau, double T, double f0, double G2)
{
    const struct descent p = descent_of(L, tau, T, f0, G2);
    return sum_of(2.0 * p.F, 2.0 * p.M, p.E);
}

double theory_theorem4_root(double L, double tau, double T, double f0, double G2)
{
    const struct descent p = descent_of(L, tau, T, f0, G2);
    const double root = (sqrt(p.E) + sqrt(p.E + 4.0 * (p.F + p.M))) / 2.0;
    return root * root;
}

bool theory_theorem4_printed_follows(double L, double tau, double T, double f0, double G2)
{
    const struct descent p = descent_of(L, tau, T, f0, G2);
    return p.E * p.M <= p.F * p.F;
}

static struct theory_terms theorem5(double tau, double T, double b0, double G2, double factor)
{
    const double root = sqrt(T + 1.0);
    const double memory = is_contraction(tau) ? 2.0 * sqrt(1.0 - tau) / tau : UNKNOWN;
    return sum_of(factor * b0 / root, factor * G2 / root, memory * G2 / root);
}

struct theory_terms theory_theorem5_printed(double tau, double T, double b0, double G2)
{
    return theorem5(tau, T, b0, G2, 1.0);
}

struct theory_terms theory_theorem5(double tau, double T, double b0, double G2)
{
    return theorem5(tau, T, b0, G2, 0.5);
}

double theory_lemma1_error(double d, double k, double h, double norm2, double heavy2)
{
    if (!(h >= 0.0 && h <= k && k <= d)) { return UNKNOWN; }
    return k < d ? (d - k) / (d - h) * (norm2 - heavy2) : 0.0; /* k = d sends everything, whatever h is */
}

double theory_lemma1_ratio(double d, double k, double h, double norm2, double heavy2)
{
    return k < d ? theory_lemma1_error(d, k, h, norm2, heavy2) / ((1.0 - k / d) * norm2) : UNKNOWN;
}

double theory_lemma1_worst(double d, double k, double h, double alpha)
{
    return theory_lemma1_ratio(d, k, h, 1.0, fmin(1.0, alpha * h / k));
}

double theory_lemma1_alpha_squares(double e2, double es)
{
    return fmax(0.0, 1.0 - e2 - es);
}

double theory_lemma1_alpha_values(double e2, double e)
{
    const double root = e2 < 1.0 ? sqrt(1.0 - e2) - e : 0.0;
    return root > 0.0 ? root * root : 0.0;
}

double theory_lemma1_k_max(double d, double alpha)
{
    return alpha * d;
}

double theory_lemma1_heavy_max(double k, double alpha)
{
    return k / alpha;
}

double theory_estimate_variance(double norm2, double value, double cols)
{
    return (norm2 - value * value) / cols;
}

double theory_norm2_variance(double norm2, double fourth, double cols)
{
    return 2.0 * (norm2 * norm2 - fourth) / cols;
}

double theory_norm2_failure(double cols, double e)
{
    return fmin(1.0, 2.0 / (cols * e * e));
}

double theory_theorem7_space(double d, double delta, double k, double tail2, double e, double theta)
{
    return dsgd_log(d / delta) * (k + tail2 / (e * e * theta * theta));
}
