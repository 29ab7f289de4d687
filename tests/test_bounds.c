/* test_bounds.c - theory/bounds.h against formulas written again, limits, recursions with equality, and a brute-force minimum.
 *
 * The formulas here are typed from the statements, with numbers put in by hand where that is possible, and share nothing with
 * the library's factors: a slip on one side shows. Recursions of Facts 3 and 4 say that the bounds are bounds, and tight.
 */
#include "tests/check.h"

#include "sim/kernel/rng.h"
#include "sim/schedule.h"
#include "theory/bounds.h"

/* kappa = 3, rho = 4 8/(4 81) = 8/81, limit = 1 + 9 4/(1 + 8/81) = 1 + 36 81/89 = 33.764... */
static const struct theory_run example = {.mu = 0.5, .L = 1.5, .beta = 8.0, .xi = 96.0, .tau = 0.25, .T = 5000.0, .b0 = 2.0, .sigma2 = 0.3, .G2 = 4.0};

static void check_relative(double actual, double expected)
{
    CHECK_CLOSE(actual, expected, 1e-12 * fabs(expected));
}

/* Parts add up, and none is negative. */
static void check_sum(const struct theory_terms *t)
{
    check_relative(t->start + t->noise + t->warmup + t->memory, t->total);
    assert_true(t->start >= 0.0 && t->noise >= 0.0 && t->warmup >= 0.0 && t->memory >= 0.0);
}

static void schedule(void **state)
{
    (void)state;
    check_relative(theory_rho(8.0), 8.0 / 81.0);
    check_relative(theory_xi_limit(0.25, 8.0), 1.0 + 36.0 * 81.0 / 89.0);
    assert_true(isnan(theory_rho(4.0)) && isnan(theory_xi_limit(0.25, 4.0)) && isnan(theory_xi_limit(0.0, 8.0)) && isnan(theory_xi_limit(1.1, 8.0)));
    for (double tau = 1.0; tau > 1e-3; tau /= 3.0) {
        for (double beta = 4.001; beta < 1e4; beta *= 2.0) {
            const double limit = theory_xi_limit(tau, beta), paper = dsgd_schedule_xi_paper(tau, beta);
            assert_true(paper > limit && paper <= limit + 1.0);
        }
    }
    assert_true(theory_xi_repaired(0.25, 8.0, 3.0) == 96.0);
    assert_true(theory_xi_repaired(0.25, 8.0, 1.0) == 34.0); /* Fact 4's is larger than 32 */
    for (double T = 1.0; T < 3000.0; T = floor(2.0 * T) + 1.0) {
        double sum = 0.0;
        for (double t = 0.0; t < T; ++t) { sum += (7.5 + t) * (7.5 + t); }
        check_relative(theory_q_sum(7.5, T), sum);
        assert_true(theory_q_sum(1.0, T) >= T * T * T / 3.0);
    }
}

/* The three terms of method.md, each typed out. */
static void strongly_convex(void **state)
{
    (void)state;
    const double mu = 0.5, xi = 96.0, T = 5000.0, b0 = 2.0, s2 = 0.3, G2 = 4.0;
    double q = 0.0;
    for (int t = 0; t < 5000; ++t) { q += (96.0 + t) * (96.0 + t); }
    const double start = mu * pow(xi, 3.0) * b0 / 8.0 / q, memory = 256.0 * (0.5 + 3.0) * 8.0 * G2 * T / (0.25 * 4.0 * 0.0625) / q;
    const struct theory_terms stated = theory_stated(&example), third = theory_theorem3(&example);
    check_relative(stated.start, mu * pow(xi, 4.0) * b0 / (8.0 * 94.0 * q));
    check_relative(stated.noise, 4.0 * T * (T + 2.0 * xi) * xi * s2 / (mu * 94.0 * q));
    check_relative(stated.memory, memory * 96.0 / 94.0);
    assert_true(stated.warmup == 0.0);
    check_relative(third.start, start);
    check_relative(third.noise, 4.0 * T * (T + 2.0 * xi) * G2 / mu / q);
    check_relative(third.memory, memory);
    check_sum(&stated);
    check_sum(&third);

    /* theta = 1 is Theorem 3; xi = 32 kappa and theta = 1/2: factor 2, no further term */
    const struct theory_repaired one = theory_repaired_at(&example, 1.0), half = theory_repaired_at(&example, 0.5);
    check_relative(one.terms.total, third.total);
    assert_true(one.t_theta == T && half.t_theta == 0.0 && half.terms.warmup == 0.0);
    check_relative(half.terms.start, 2.0 * start);
    check_relative(half.terms.noise, 8.0 * T * (T + 2.0 * xi) * s2 / mu / q);
    check_relative(half.terms.memory, 2.0 * memory);
    /* theta = 0.75: 48/0.25 - 96 = 96 steps with G^2 */
    const struct theory_repaired most = theory_repaired_at(&example, 0.75);
    assert_true(most.t_theta == 96.0);
    check_relative(most.terms.warmup, 4.0 * 96.0 * (96.0 + 192.0) * 3.7 / mu / q / 0.75);
    check_sum(&most.terms);
    /* "as stated" is theta = 1 - 2/xi without the term that belongs to it */
    const struct theory_repaired missing = theory_repaired_at(&example, 1.0 - 2.0 / xi);
    check_relative(missing.terms.total - missing.terms.warmup, stated.total);
    assert_true(missing.t_theta >= (8.0 * 3.0 - 1.0) * xi && missing.t_theta <= (8.0 * 3.0 - 1.0) * xi + 1.0 && missing.terms.warmup > 0.0);
    /* tau = 1 leaves a memory term in these bounds: Lemma 3's factor is not (1 - tau) for decreasing steps */
    struct theory_run whole = example;
    whole.tau = 1.0;
    check_relative(theory_theorem3(&whole).memory, memory / 16.0);

    struct theory_run wrong = example;
    wrong.beta = 4.0;
    assert_true(isnan(theory_stated(&wrong).total) && isnan(theory_theorem3(&wrong).total) && isnan(theory_repaired_best(&wrong).terms.total));
    wrong = example;
    wrong.xi = 2.0;
    assert_true(isnan(theory_stated(&wrong).total));
    assert_true(isnan(theory_repaired_at(&example, 0.0).terms.total));
    check_relative(theory_remark1_steps(3.0, 8.0, 0.25, 0.3, 4.0), 64.0 * 7.0 * 2.0 * 4.0 / (0.3 * 0.0625));
    /* at Remark 1's T the two terms are equal, up to what is of lower order in T */
    struct theory_run long_run = example;
    long_run.sigma2 = 1e-3;
    long_run.T = floor(theory_remark1_steps(3.0, 8.0, 0.25, 1e-3, 4.0));
    CHECK_CLOSE(theory_theorem3(&long_run).memory / theory_leading_term(0.5, long_run.T, 1e-3), 1.0, 1e-3);
}

/* A random setting: kappa 1..1000, xi on both sides of 16 kappa, T 1..3000. */
static struct theory_run random_run(uint32_t i)
{
    double u[8];
    for (uint32_t j = 0; j < 8; ++j) {
        const struct dsgd_rng4 r = dsgd_rng_draw((struct dsgd_rng_key){2027, dsgd_rng_purpose("test bounds")}, j, i, 0, 0);
        u[j] = dsgd_rng_unit(dsgd_rng_u64(&r, 0));
    }
    const double mu = pow(10.0, 2.0 * u[0] - 1.0), kappa = pow(10.0, 3.0 * u[1]);
    return (struct theory_run){.mu = mu, .L = mu * kappa, .beta = 4.1 + 20.0 * u[2], .xi = 5.0 + pow(10.0, 4.0 * u[3]), .tau = 0.05 + 0.95 * u[4],
                               .T = 1.0 + floor(3000.0 * u[5] * u[5]), .b0 = u[6], .sigma2 = i % 7 == 0 ? 1.0 : pow(10.0, -4.0 * u[7]), .G2 = 1.0};
}

/* All j: the largest theta with t_theta <= j, in its own words; then a grid of theta. */
static void repaired_minimum(void **state)
{
    (void)state;
    int below_one = 0, inside = 0;
    for (uint32_t i = 0; i < 400; ++i) {
        const struct theory_run r = random_run(i);
        const double a = 16.0 * r.L / r.mu, rest = theory_theorem3(&r).start + theory_theorem3(&r).memory;
        const double q = theory_q_sum(r.xi, r.T), noise = 4.0 * r.T * (r.T + 2.0 * r.xi) * r.sigma2 / r.mu / q;
        double least = theory_theorem3(&r).total;
        for (double j = 0.0; j < r.T; ++j) {
            if (r.xi + j <= a) { continue; }
            const double warmup = 4.0 * j * (j + 2.0 * r.xi) * (r.G2 - r.sigma2) / r.mu / q;
            least = fmin(least, (rest + noise + warmup) / (1.0 - a / (r.xi + j)));
        }
        const struct theory_repaired best = theory_repaired_best(&r);
        CHECK_CLOSE(best.terms.total, least, 1e-11 * least);
        check_sum(&best.terms);
        for (int g = 1; g <= 500; ++g) { assert_true(theory_repaired_at(&r, g / 500.0).terms.total >= least * (1.0 - 1e-11)); }
        /* it is a value of the bound: at its own theta, a hair below so that rounding does not pass the jump */
        CHECK_CLOSE(theory_repaired_at(&r, best.theta < 1.0 ? best.theta * (1.0 - 1e-12) : 1.0).terms.total, least, 1e-9 * least);
        below_one += best.theta < 1.0;
        inside += best.theta < 1.0 && best.t_theta > 0.0 && best.t_theta < r.T - 1.0;
    }
    assert_true(below_one >= 30 && inside >= 10); /* the search was needed */
    struct theory_run huge = example;
    huge.T = 1e12;
    const struct theory_repaired best = theory_repaired_best(&huge);
    assert_true(best.theta < 1.0 && best.terms.total <= theory_repaired_at(&huge, 0.5).terms.total && best.terms.total <= theory_theorem3(&huge).total);
    huge.sigma2 = 5.0; /* above G^2: nothing is won before t_theta */
    assert_true(theory_repaired_best(&huge).terms.warmup == 0.0);
}

static void certificate(void **state)
{
    (void)state;
    enum { T = 300 };
    double sigma2[T], h[T], noise = 0.0, memory = 0.0, q = 0.0;
    for (int t = 0; t < T; ++t) {
        const double s = 96.0 + t, eta = 8.0 / (0.5 * s);
        sigma2[t] = 0.1 + 0.01 * (t % 5);
        h[t] = theory_lemma3(8.0, 0.25, eta, 4.0);
        q += s * s;
        noise += s * s * eta * sigma2[t];
        memory += s * s * h[t];
    }
    const struct theory_terms c = theory_certificate(0.5, 1.5, 96.0, 2.0, T, sigma2, h);
    check_relative(c.start, 2.0 * 0.5 * 96.0 * 96.0 * 92.0 * 2.0 / 8.0 / q);
    check_relative(c.noise, 2.0 * noise / q);
    check_relative(c.memory, 2.0 * 3.5 * memory / q);
    check_sum(&c);
    /* with the bounds in place of what is measured it is the repaired bound, sharper in the lower order of two terms */
    struct theory_run r = example;
    r.T = T;
    const double theta = theory_repaired_at(&r, 0.5).terms.memory;
    check_relative(c.memory, theta);
    assert_true(isnan(theory_certificate(0.5, 1.5, 48.0, 2.0, T, sigma2, h).total)); /* xi = 16 kappa */
}

/* Fact 3: the sequence that spends all b_t at once. Fact 4: its recursion with equality. */
static void recursions(void **state)
{
    (void)state;
    for (int part = 0; part < 3; ++part) {
        const double mu = 3.0, xi = part == 0 ? 1000.0 : 30.0, T = 5000.0, b0 = part == 0, A = part == 1, B = part == 2;
        double b = b0, sum = 0.0, q = 0.0;
        for (double t = 0.0; t < T; ++t) {
            const double eta = 8.0 / (mu * (xi + t)), eps = ((1.0 - mu * eta / 2.0) * b + A * eta * eta + B * pow(eta, 3.0)) / eta;
            q += pow(xi + t, 2.0);
            sum += pow(xi + t, 2.0) * eps;
            b = 0.0;
        }
        const double ratio = sum / q / theory_fact3(mu, xi, T, b0, A, B).total;
        assert_true(ratio > 0.99 && ratio <= 1.0 + 1e-12);
        if (part == 0) { CHECK_CLOSE(sum / q, theory_fact3_sharp(mu, xi, T, b0, A, B).total, 1e-12 * sum / q); }
    }
    for (double beta = 5.0; beta < 2e4; beta *= 12.6) { /* 5, 63, 794, 10002 */
        const double tau = 0.1, xi = dsgd_schedule_xi_paper(tau, beta);
        double h = 0.0, sum = 0.0, worst = 0.0;
        for (double t = 0.0; t < 20.0 * xi && t < 3e5; ++t) {
            sum += 1.0 / pow(xi + t, 2.0);
            h = fmin((1.0 - tau / 2.0) * h + 2.0 / tau / pow(xi + t, 2.0), (t + 1.0) * sum);
            worst = fmax(worst, h / theory_fact4(beta, tau, 1.0 / (xi + t + 1.0), 1.0));
        }
        assert_true(worst <= 1.0 + 1e-12 && (beta < 1e4 || worst > 0.99));
    }
}

static void links(void **state)
{
    (void)state;
    /* Lemma 2's printed form: 0.36 <= -0.04 */
    const struct theory_step step = {.mu = 1.0, .L = 2.0, .eta = 0.8, .distance2 = 1.0, .excess = 1.0, .G2 = 4.0};
    CHECK_CLOSE(theory_lemma2_printed(&step, 10.0), -0.04, 1e-15);
    CHECK_CLOSE(theory_lemma2(&step), 0.6 + (4.0 * 0.64 - 0.8), 1e-15);
    CHECK_CLOSE(theory_lemma2_moment(&step), 0.6 + 0.64 * 4.0 - 0.8, 1e-15);
    assert_true(0.36 > theory_lemma2_printed(&step, 10.0) && 0.36 <= theory_lemma2(&step) && 0.36 <= theory_lemma2_moment(&step));
    const struct theory_step all = {.mu = 2.0, .L = 3.0, .eta = 0.1, .distance2 = 5.0, .excess = 7.0, .memory2 = 11.0, .sigma2 = 13.0, .G2 = 17.0};
    CHECK_CLOSE(theory_lemma2(&all), 0.9 * 5.0 + 0.13 + (0.06 - 0.1) * 7.0 + 8.0 * 0.1 * 11.0, 1e-14);
    CHECK_CLOSE(theory_lemma2_moment(&all), 0.9 * 5.0 + 0.17 - 0.7 + 8.8, 1e-14);
    CHECK_CLOSE(theory_lemma2_printed(&all, 8.0), 4.5 + 1.3 - 0.75 * 0.7 + 8.8, 1e-14);
    CHECK_CLOSE(theory_fact1(2.0, 3.0), 3.0, 0.0);
    CHECK_CLOSE(theory_fact1_proved(2.0, 3.0), 0.75, 0.0);
    CHECK_CLOSE(theory_fact2(3.0, 0.5), 3.0, 0.0);
    check_relative(theory_lemma3(8.0, 0.25, 0.1, 3.0), 4.0 * 8.0 / 4.0 * 0.01 * 3.0 * 16.0);
    check_relative(theory_lemma3_constant(0.25, 0.1, 3.0), 4.0 * 0.75 * 0.01 * 3.0 * 16.0);
    assert_true(theory_lemma3_constant(1.0, 0.1, 3.0) == 0.0);
}

static void constant_steps(void **state)
{
    (void)state;
    /* T = 99: eta = 1/10 */
    const double L = 2.0, f0 = 3.0, G2 = 5.0, tau = 0.25, E = 4.0 * 4.0 * 5.0 * 0.75 / 0.0625 / 100.0;
    const struct theory_terms printed = theory_theorem4_printed(L, tau, 99.0, f0, G2), proved = theory_theorem4(L, tau, 99.0, f0, G2);
    check_relative(printed.start, 0.6);
    check_relative(printed.noise, 0.5);
    check_relative(printed.memory, E);
    check_relative(proved.noise, 1.0);
    check_relative(proved.total, 0.6 + 1.0 + E);
    /* the root x of x^2 - sqrt(E) x = F + M, from the quadratic itself */
    const double x = sqrt(theory_theorem4_root(L, tau, 99.0, f0, G2));
    check_relative(x * x - sqrt(E) * x, 0.3 + 0.5);
    /* tau = 1: F + M, half of the proved bound */
    check_relative(theory_theorem4_root(L, 1.0, 99.0, f0, G2), 0.8);
    check_relative(theory_theorem4(L, 1.0, 99.0, f0, G2).total, 1.6);
    assert_false(theory_theorem4_printed_follows(L, tau, 99.0, f0, G2));
    for (double T = 3.0; T < 1e12; T *= 3.0) {
        const double root = theory_theorem4_root(L, tau, T, f0, G2);
        const bool follows = f0 * f0 * sqrt(T + 1.0) >= 2.0 * L * L * L * G2 * G2 * (1.0 - tau) / (tau * tau);
        assert_true(root <= theory_theorem4(L, tau, T, f0, G2).total);
        assert_int_equal(theory_theorem4_printed_follows(L, tau, T, f0, G2), follows);
        assert_int_equal(root <= theory_theorem4_printed(L, tau, T, f0, G2).total * (1.0 + 1e-13), follows);
    }
    const struct theory_terms five = theory_theorem5_printed(tau, 99.0, 7.0, G2), tight = theory_theorem5(tau, 99.0, 7.0, G2);
    check_relative(five.total, 0.7 + (1.0 + 2.0 * sqrt(0.75) / 0.25) * 0.5);
    check_relative(tight.total, 0.35 + (0.5 + 2.0 * sqrt(0.75) / 0.25) * 0.5);
    check_relative(theory_theorem5(1.0, 99.0, 7.0, G2).total, 0.5 * theory_theorem5_printed(1.0, 99.0, 7.0, G2).total);
    check_sum(&five);
    check_sum(&proved);
}

static void heavymix(void **state)
{
    (void)state;
    CHECK_CLOSE(theory_theorem6_tau(10.0, 785.0, 0.02), 9.8 / 785.0, 1e-17);
    CHECK_CLOSE(theory_theorem6_tau_paper(10.0, 785.0), 5.0 / 785.0, 1e-17);
    /* flat vectors contract by exactly k/d, whatever h is */
    for (double h = 0.0; h <= 10.0; ++h) { check_relative(theory_lemma1_ratio(785.0, 10.0, h, 785.0, h), 1.0); }
    check_relative(theory_lemma1_error(6.0, 3.0, 1.0, 10.0, 4.0), 3.6); /* 3 of 5 others stay */
    assert_true(theory_lemma1_error(6.0, 6.0, 6.0, 10.0, 3.0) == 0.0 && isnan(theory_lemma1_error(6.0, 3.0, 4.0, 1.0, 0.0)));
    for (double k = 1.0; k < 60.0; ++k) {
        for (double h = 1.0; h <= k; ++h) { /* <= 1 iff k <= alpha d */
            const double worst = theory_lemma1_worst(60.0, k, h, 0.4);
            assert_true(k <= theory_lemma1_k_max(60.0, 0.4) ? worst <= 1.0 + 1e-12 : worst > 1.0);
        }
    }
    assert_true(theory_lemma1_alpha_squares(0.5, 0.5) == 0.0 && theory_lemma1_alpha_squares(0.25, 0.25) == 0.5);
    assert_true(theory_lemma1_alpha_squares(0.5, 0.0) == 0.5 && theory_lemma1_heavy_max(10.0, 0.5) == 20.0);
    CHECK_CLOSE(theory_lemma1_alpha_values(0.19, 0.4), 0.25, 1e-15);
    assert_true(theory_lemma1_alpha_values(0.75, 0.6) == 0.0 && theory_lemma1_alpha_values(1.0, 0.0) == 0.0);
    CHECK_CLOSE(theory_estimate_variance(10.0, 2.0, 4.0), 1.5, 0.0);
    CHECK_CLOSE(theory_norm2_variance(10.0, 40.0, 4.0), 30.0, 0.0);
    CHECK_CLOSE(theory_norm2_failure(16.0, 0.5), 0.5, 0.0);
    assert_true(theory_norm2_failure(1.0, 0.5) == 1.0);
    check_relative(theory_theorem7_space(1000.0, 0.1, 10.0, 3.0, 0.5, 2.0), log(1e4) * 13.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedule),   cmocka_unit_test(strongly_convex), cmocka_unit_test(repaired_minimum), cmocka_unit_test(certificate),
        cmocka_unit_test(recursions), cmocka_unit_test(links),           cmocka_unit_test(constant_steps),   cmocka_unit_test(heavymix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
