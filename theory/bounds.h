/* bounds.h - every bound of the theory as a pure function of its constants.
 *
 * Sources: Ivkin et al. 2019 (arXiv:1903.04488) and its supplement, parts A and B; Stich, Cordonnier, Jaggi 2018
 * (arXiv:1809.07599); Karimireddy et al. 2019 (arXiv:1901.09847). "As stated" is what is printed, with all constants of the
 * proof's last display; "proved" and "repaired" are what the proofs give, derived in docs/theory.md.
 *
 * A bound is a formula: whether its statement may be used at all is the business of conditions.h. Where the formula itself has
 * no meaning (beta <= 4, tau outside (0, 1], xi <= 2 with a factor xi/(xi - 2)), the result is not a number, and no verdict follows.
 * Units: f in [f], w in [w]; mu and L in [f]/[w]^2; b_0 and h_t in [w]^2; sigma^2 and G^2 in ([f]/[w])^2; beta, xi, tau, t none.
 */
#ifndef DSGD_THEORY_BOUNDS_H
#define DSGD_THEORY_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>

/* ---- schedule: eta_t = 8/(mu (xi + t)), q_t = (xi + t)^2, t = 0 .. T-1 ---- */

/** rho = 4 beta/((beta - 4)(beta + 1)^2); beta > 4. */
double theory_rho(double beta);
/** Fact 4: xi must be larger than this, 1 + (1 + beta)/(tau (1 + rho)). dsgd_schedule_xi_paper is the next integer. */
double theory_xi_limit(double tau, double beta);
/** xi with which the repaired bound has factor 2 and no further term: the larger of dsgd_schedule_xi_paper and
 *  32 L/mu, rounded up. */
double theory_xi_repaired(double tau, double beta, double kappa);
/** Q_T = sum over t < T of (xi + t)^2, exactly; >= T^3/3 for xi >= 1. */
double theory_q_sum(double xi, double T);

/* ---- links ---- */

/** Fact 1: E||w - w*||^2 <= 4 G^2/mu^2 as printed; G^2/mu^2 is what strong convexity gives. */
double theory_fact1(double mu, double G2);
double theory_fact1_proved(double mu, double G2);
/** Fact 2: ||grad f(w)||^2 <= 2 L (f(w) - f*), f L-smooth and convex on R^d. */
double theory_fact2(double L, double excess);

/** One step of the virtual iterate w~_t = w_t - a_t: what bounds E||w~_{t+1} - w*||^2, given the past. */
struct theory_step {
    double mu, L, eta;
    double distance2; /* ||w~_t - w*||^2 */
    double excess;    /* f(w_t) - f* */
    double memory2;   /* ||a_t||^2 */
    double sigma2;    /* E||g_t - grad f(w_t)||^2, of the mean over the workers */
    double G2;        /* E||g_t||^2; theory_lemma2_moment only */
};
/** Lemma 2 up to its last step, which is where it is right: (1 - eta mu/2) distance2 + eta^2 sigma2 + (2 L eta^2 - eta) excess
 *  + (mu + 2L) eta memory2. */
double theory_lemma2(const struct theory_step *step);
/** Lemma 2 as printed: sigma2 eta, and -(1 - 2/xi) eta excess, which needs eta <= 1/(L xi). False in general. */
double theory_lemma2_printed(const struct theory_step *step, double xi);
/** Stich et al.'s form: eta^2 G2 in place of eta^2 sigma2, and -eta excess. No condition on eta. */
double theory_lemma2_moment(const struct theory_step *step);

/** Parts of a bound; total is their sum. Every part is at its final scale, so that they can be drawn beside the total. */
struct theory_terms {
    double start;  /* distance of the start (b_0, f_0, ||w_0 - w*||^2) */
    double noise;  /* stochastic gradients: sigma^2 or G^2 */
    double warmup; /* repaired bound only: G^2 - sigma^2 of the first t_theta steps */
    double memory; /* error memory, 1/tau^2 */
    double total;
};

/** Fact 3, right side: bound of sum q_t eps_t/Q_T if b_{t+1} <= (1 - mu eta_t/2) b_t - eps_t eta_t + A eta_t^2 + B eta_t^3. */
struct theory_terms theory_fact3(double mu, double xi, double T, double b0, double A, double B);
/** The same with the first term that the telescoping sum has, mu xi^2 (xi - 4) b_0/8 (xi >= 4). */
struct theory_terms theory_fact3_sharp(double mu, double xi, double T, double b0, double A, double B);
/** Fact 4: h_t <= 4 beta/(beta - 4) eta_t^2 A/tau^2, xi > theory_xi_limit. Lemma 3 is this with A = G^2. */
double theory_fact4(double beta, double tau, double eta, double A);
double theory_lemma3(double beta, double tau, double eta, double G2);
/** Lemma 3 at a constant step (Karimireddy et al. 2019): h_t <= 4 (1 - tau) eta^2 G^2/tau^2. */
double theory_lemma3_constant(double tau, double eta, double G2);

/* ---- strongly convex: f(what) - f*, what = sum q_t w_t/Q_T over t < T ---- */

/** Constants of a run. G2 = max over t < T of E||g_t||^2, g_t the mean over the workers, sigma2 its variance (sigma^2/W). */
struct theory_run {
    double mu, L, beta, xi, tau, T;
    double b0; /* ||w_0 - w*||^2 */
    double sigma2, G2;
};
/** Theorems 1 (tau = k/d, W workers), 2 (any contraction, one machine) and 6 (tau of theory_theorem6_tau) as stated. */
struct theory_terms theory_stated(const struct theory_run *run);
/** Theorem 3 and Fact 5: G^2 where Theorem 2 has sigma^2; no factor xi/(xi - 2). */
struct theory_terms theory_theorem3(const struct theory_run *run);

/** The repaired bound with where it was taken: from step t_theta on Lemma 2 with sigma^2, before it with G^2. */
struct theory_repaired {
    struct theory_terms terms;
    double theta, t_theta;
};
/** For one theta in (0, 1]: t_theta = min(T, max(0, ceil(16 kappa/(1 - theta) - xi))), T for theta = 1. */
struct theory_repaired theory_repaired_at(const struct theory_run *run, double theta);
/** The smallest over theta in (0, 1], exactly: bounds_strongly_convex.c says how. */
struct theory_repaired theory_repaired_best(const struct theory_run *run);

/** Lemma 2 summed with what was measured instead of Lemma 3's bound: sigma2[t] >= E||g_t - grad f||^2 and h[t] = E||a_t||^2 for
 *  t < T. Needs xi > 16 L/mu, else not a number. `warmup` is 0. */
struct theory_terms theory_certificate(double mu, double L, double xi, double b0, size_t T, const double *sigma2 /*[T]*/,
                                       const double *h /*[T]*/);

/** Theorem 6: with a second round, a sketch that fails with probability delta leaves the contraction (1 - delta) k/d; the paper's k/(2d). */
double theory_theorem6_tau(double k, double d, double delta);
double theory_theorem6_tau_paper(double k, double d);

/** Remark 1: the T at which the memory term equals the leading noise term, 64 (1 + 2 kappa) beta/(beta - 4) G^2/(sigma^2 tau^2). */
double theory_remark1_steps(double kappa, double beta, double tau, double sigma2, double G2);
/** The leading noise term, 12 sigma^2/(mu T): Remark 3 says that it falls as sigma^2/W. */
double theory_leading_term(double mu, double T, double sigma2);

/* ---- constant step eta = 1/sqrt(T + 1), iterates t = 0 .. T (a run of T + 1 steps) ---- */

/** Theorem 4 (smooth), average over t = 0 .. T of E||grad f(w_t)||^2; f0 = f(w_0) - f*. Printed: L G^2/2 in the middle, and a minimum
 *  instead of the average, not proved in general; proved: twice that term. Units ([f]/[w])^2 with eta in [w]^2/[f]. */
struct theory_terms theory_theorem4_printed(double L, double tau, double T, double f0, double G2);
struct theory_terms theory_theorem4(double L, double tau, double T, double f0, double G2);
/** What the proof gives before it is simplified, (sqrt E + sqrt(E + 4 (F + M)))^2/4; never above theory_theorem4. */
double theory_theorem4_root(double L, double tau, double T, double f0, double G2);
/** Whether the printed bound of the average follows from the proof after all: E M <= F^2. */
bool theory_theorem4_printed_follows(double L, double tau, double T, double f0, double G2);

/** Theorem 5 (convex), f(mean of w_0 .. w_T) - f*; b0 = ||w_0 - w*||^2. Printed; proved: first term and noise halved. */
struct theory_terms theory_theorem5_printed(double tau, double T, double b0, double G2);
struct theory_terms theory_theorem5(double tau, double T, double b0, double G2);

/* ---- HEAVYMIX: Lemma 1 ---- */

/** E||g - g~||^2 over the random fill, given H with h entries and energy heavy2 = ||g_H||^2: (d - k)/(d - h) (norm2 - heavy2); h <= k <= d. */
double theory_lemma1_error(double d, double k, double h, double norm2, double heavy2);
/** The same over (1 - k/d) norm2: at most 1 iff heavy2 >= h norm2/d. k < d. */
double theory_lemma1_ratio(double d, double k, double h, double norm2, double heavy2);
/** Its largest value if every coordinate of H has at least alpha norm2/k: (d - k)/(d - h) (1 - alpha h/k)/(1 - k/d); <= 1 iff k <= alpha d. */
double theory_lemma1_worst(double d, double k, double h, double alpha);
/** alpha that tolerances guarantee: l2hat^2 >= (1 - e2) norm2 and squares off by at most es norm2/k: 1 - e2 - es (the paper's 1/2
 *  and 1/2: 0); or values off by at most e ||g||/sqrt k: (sqrt(1 - e2) - e)^2. 0 if nothing is guaranteed. */
double theory_lemma1_alpha_squares(double e2, double es);
double theory_lemma1_alpha_values(double e2, double e);
/** Largest k that Lemma 1 covers, alpha d; largest number of heavy coordinates, k/alpha. */
double theory_lemma1_k_max(double d, double alpha);
double theory_lemma1_heavy_max(double k, double alpha);

/* ---- sketches: part C ---- */

/** Row estimate of g_i (2-wise buckets and signs): variance (||g||^2 - g_i^2)/c. */
double theory_estimate_variance(double norm2, double value, double cols);
/** Row estimate of ||g||^2, sum of c squared buckets (4-wise signs): variance 2 (||g||^4 - sum g_i^4)/c; c = 1 is AMS, where the supplement
 *  prints 4 ||g||^2. */
double theory_norm2_variance(double norm2, double fourth, double cols);
/** Chebyshev: a row's estimate of ||g||^2 is outside (1 +- e) ||g||^2 with at most this probability, 2/(c e^2). */
double theory_norm2_failure(double cols, double e);
/** Theorem 7's space without its constant: log(d/delta) (k + tail2/(e theta)^2), theta = k-th largest magnitude, tail2 = energy beyond the k.
 *  With constants: sketch_size.h. */
double theory_theorem7_space(double d, double delta, double k, double tail2, double e, double theta);

#endif
