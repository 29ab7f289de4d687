/* bounds_strongly_convex.c - Fact 3, Theorems 1, 2, 3, 6 and the repaired bound. Interface, sources, units: bounds.h.
 *
 * All of them are Fact 3 with some A, B, divided by the share theta of the descent -eta_t eps_t that is left:
 *   theta (sum q_t eps_t)/Q_T <= [mu xi^3 b_0/8 + 4 T (T + 2 xi) A/mu + 64 T B/mu^2]/Q_T,   B = (mu + 2 L) 4 beta/(beta - 4) G^2/tau^2 (Lemma 3).
 *
 * The repaired bound: Lemma 2 leaves (2 L eta_t - 1) eta_t eps_t, and 2 L eta_t <= 1 - theta holds from t_theta on, where
 * 16 kappa/(xi + t) <= 1 - theta; before t_theta, Stich et al.'s form with G^2 leaves -eta_t eps_t whole. So A = sigma^2 plus
 * 4 t (t + 2 xi) (G^2 - sigma^2)/mu with t = t_theta.
 *
 * Its minimum over theta: t_theta is a step function, and for t_theta = j < T the best theta is the largest, 1 - 16 kappa/(xi + j).
 * With s = xi + j, a = 16 kappa, c = 4 (G^2 - sigma^2)/mu and P the other three terms, j (j + 2 xi) = s^2 - xi^2, so that the bound is
 *   phi(s)/Q_T,   phi(s) = (p s + c s^3)/(s - a),   p = P - c xi^2,   for s > a.
 * phi'(s) has the sign of 2 c s^3 - 3 a c s^2 - a p, whose derivative 6 c s (s - a) is >= 0: phi falls, then rises. The first j
 * where it does not fall any more, and its predecessor, are found by bisection and compared with theta = 1 (t_theta = T).
 */
#include <math.h>
#include "theory/bounds.h"

#define UNKNOWN ((double)NAN)

double theory_q_sum(double xi, double T)
{
    return T * xi * xi + xi * T * (T - 1.0) + (T - 1.0) * T * (2.0 * T - 1.0) / 6.0;
}

/* 4 t (t + 2 xi)/mu: what A is multiplied by after t steps. */
static double noise_steps(double mu, double xi, double t)
{
    return 4.0 * t * (t + 2.0 * xi) / mu;
}

static struct theory_terms scaled(double factor, double start, double noise, double warmup, double memory)
{
    struct theory_terms out = {factor * start, factor * noise, factor * warmup, factor * memory, 0.0};
    out.total = out.start + out.noise + out.warmup + out.memory;
    return out;
}

struct theory_terms theory_fact3(double mu, double xi, double T, double b0, double A, double B)
{
    return scaled(1.0 / theory_q_sum(xi, T), mu * xi * xi * xi * b0 / 8.0, noise_steps(mu, xi, T) * A, 0.0, 64.0 * T * B / (mu * mu));
}

struct theory_terms theory_fact3_sharp(double mu, double xi, double T, double b0, double A, double B)
{
    return scaled(1.0 / theory_q_sum(xi, T), xi >= 4.0 ? mu * xi * xi * (xi - 4.0) * b0 / 8.0 : UNKNOWN,
                  noise_steps(mu, xi, T) * A, 0.0, 64.0 * T * B / (mu * mu));
}

/* B of Fact 3: Lemma 3's h_t <= ... eta_t^2 times (mu + 2 L). */
static double memory_constant(const struct theory_run *run)
{
    return (run->mu + 2.0 * run->L) * theory_lemma3(run->beta, run->tau, 1.0, run->G2);
}

struct theory_terms theory_stated(const struct theory_run *run)
{
    const struct theory_terms p = theory_fact3(run->mu, run->xi, run->T, run->b0, run->sigma2, memory_constant(run));
    const double factor = run->xi > 2.0 ? run->xi / (run->xi - 2.0) : UNKNOWN; /* 1/(1 - 2/xi) */
    return scaled(factor, p.start, p.noise, 0.0, p.memory);
}

struct theory_terms theory_theorem3(const struct theory_run *run)
{
    return theory_fact3(run->mu, run->xi, run->T, run->b0, run->G2, memory_constant(run));
}

/* The bound for given theta with t_theta = t. G^2 >= sigma^2 always; constants that were measured apart may say otherwise. */
static struct theory_repaired repaired(const struct theory_run *run, double theta, double t)
{
    const struct theory_terms p = theory_fact3(run->mu, run->xi, run->T, run->b0, run->sigma2, memory_constant(run));
    const double warmup = noise_steps(run->mu, run->xi, t) * fmax(0.0, run->G2 - run->sigma2) / theory_q_sum(run->xi, run->T);
    return (struct theory_repaired){scaled(1.0 / theta, p.start, p.noise, warmup, p.memory), theta, t};
}

struct theory_repaired theory_repaired_at(const struct theory_run *run, double theta)
{
    if (!(theta > 0.0 && theta <= 1.0)) { return repaired(run, UNKNOWN, run->T); }
    const double steps = theta < 1.0 ? ceil(16.0 * run->L / run->mu / (1.0 - theta) - run->xi) : run->T;
    return repaired(run, theta, fmin(run->T, fmax(0.0, steps)));
}

struct theory_repaired theory_repaired_best(const struct theory_run *run)
{
    const double a = 16.0 * run->L / run->mu, c = 4.0 * fmax(0.0, run->G2 - run->sigma2) / run->mu, xi = run->xi;
    const struct theory_terms rest = theory_fact3(run->mu, xi, run->T, run->b0, run->sigma2, memory_constant(run));
    const double p = rest.total * theory_q_sum(xi, run->T) - c * xi * xi;
    struct theory_repaired best = repaired(run, 1.0, run->T);
    const double first = fmax(0.0, floor(a - xi) + 1.0); /* the first j with xi + j > a, theta > 0 */
    double low = first, high = run->T - 1.0;
    while (low < high) { /* smallest j in [first, T - 1] where phi rises; T - 1 if it falls everywhere */
        const double middle = floor((low + high) / 2.0), s = xi + middle;
        if (2.0 * c * s * s * s - 3.0 * a * c * s * s - a * p >= 0.0) {
            high = middle;
        } else {
            low = middle + 1.0;
        }
    }
    for (double j = fmax(first, high - 1.0); j <= high; ++j) {
        const struct theory_repaired one = repaired(run, 1.0 - a / (xi + j), j);
        if (one.terms.total < best.terms.total) { best = one; }
    }
    return best;
}

struct theory_terms theory_certificate(double mu, double L, double xi, double b0, size_t T, const double *sigma2, const double *h)
{
    double noise = 0.0, memory = 0.0;
    for (size_t t = 0; t < T; ++t) {
        const double s = xi + (double)t;
        noise += 8.0 * s / mu * sigma2[t]; /* q_t eta_t sigma_t^2 */
        memory += s * s * h[t];            /* q_t h_t */
    }
    const double theta = 1.0 - 16.0 * L / mu / xi; /* 2 L eta_t <= 16 kappa/xi for all t */
    const double factor = theta > 0.0 && xi >= 4.0 ? 1.0 / (theta * theory_q_sum(xi, (double)T)) : UNKNOWN;
    return scaled(factor, mu * xi * xi * (xi - 4.0) * b0 / 8.0, noise, 0.0, (mu + 2.0 * L) * memory);
}

double theory_remark1_steps(double kappa, double beta, double tau, double sigma2, double G2)
{
    return 16.0 * (1.0 + 2.0 * kappa) * theory_lemma3(beta, tau, 1.0, G2) / sigma2;
}

/* Of 4 T (T + 2 xi) sigma^2/(mu Q_T), Q_T -> T^3/3. */
double theory_leading_term(double mu, double T, double sigma2)
{
    return 12.0 * sigma2 / (mu * T);
}
