/* check_lemma2.c - Lemma 2 and Facts 1, 2 (supplement A) by exact conditional expectations over a finite sum.
 *
 * At every step of a real run, given w_t and the mean memory a_t, E||w~_{t+1} - w*||^2 is the mean over all n^W draws of the workers'
 * examples, written out: W = 2, n = 8. It is compared with the right side of Lemma 2 before its last step, (2 L eta^2 - eta) eps, which
 * holds for every state and every eta; and with Stich et al.'s form with E||g||^2. sigma^2 and G^2 are the exact ones at w_t. Random
 * states without a run add directions and step sizes that no run visits; at w = w*, a = 0 both sides are equal.
 * The last step as printed is false: its counterexample (f = (x_1^2 + 2 x_2^2)/2, w = e_2, xi = 10) is the control.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/kernel/maths.h"
#include "sim/kernel/rng.h"
#include "theory/bounds.h"
#include "verify/problems/finite_sum.h"
#include "verify/trial.h"

enum { WORKERS = 2, DRAWS = FINITE_N * FINITE_N, WORDS_MAX = 200 };

static const double rounding = 1e-12;

/* The expectations at a state, over all draws of WORKERS examples. */
struct expectation {
    double left; /* E||w - a - eta g - w*||^2 */
    struct theory_step step;
    double distance2, gradient2; /* ||w - w*||^2, ||grad f||^2 */
};

static double norm2(const double *v)
{
    double sum = 0.0;
    for (int j = 0; j < FINITE_D; ++j) { sum += v[j] * v[j]; }
    return sum;
}

/* x - y */
static double distance2(const double *x, const double *y)
{
    double v[FINITE_D];
    for (int j = 0; j < FINITE_D; ++j) { v[j] = x[j] - y[j]; }
    return norm2(v);
}

static struct expectation expect(const struct finite_sum *p, const double *w, const double *a, double eta)
{
    double example[FINITE_N][FINITE_D], full[FINITE_D], ahead[FINITE_D], virtual_iterate[FINITE_D];
    struct expectation e = {.step = {.mu = p->mu, .L = p->L, .eta = eta, .excess = finite_sum_excess(p, w), .memory2 = norm2(a)}};
    finite_sum_gradient(p, w, full);
    for (int i = 0; i < FINITE_N; ++i) { finite_sum_gradient_of(p, i, w, example[i]); }
    for (int j = 0; j < FINITE_D; ++j) { virtual_iterate[j] = w[j] - a[j]; }
    for (int draw = 0; draw < DRAWS; ++draw) {
        double g[FINITE_D];
        for (int j = 0; j < FINITE_D; ++j) {
            g[j] = (example[draw / FINITE_N][j] + example[draw % FINITE_N][j]) / WORKERS;
            ahead[j] = virtual_iterate[j] - eta * g[j];
        }
        e.left += distance2(ahead, p->optimum) / DRAWS;
        e.step.sigma2 += distance2(g, full) / DRAWS;
        e.step.G2 += norm2(g) / DRAWS;
    }
    e.step.distance2 = distance2(virtual_iterate, p->optimum);
    e.distance2 = distance2(w, p->optimum);
    e.gradient2 = norm2(full);
    return e;
}

/* Larger of two, where not a number stays. */
static double larger(double worst, double value)
{
    return isnan(worst) || value <= worst ? worst : value;
}

enum { LEMMA2, MOMENT, FACT1, FACT1_PROVED, FACT2, RATIOS };

static void ratios_of(const struct expectation *e, double ratio[RATIOS])
{
    ratio[LEMMA2] = e->left / theory_lemma2(&e->step);
    ratio[MOMENT] = e->left / theory_lemma2_moment(&e->step);
    ratio[FACT1] = e->distance2 / theory_fact1(e->step.mu, e->step.G2);
    ratio[FACT1_PROVED] = e->distance2 / theory_fact1_proved(e->step.mu, e->step.G2);
    ratio[FACT2] = e->gradient2 / theory_fact2(e->step.L, e->step.excess);
}

static const struct {
    const char *id, *statement, *quantity;
} names[RATIOS] = {
    {"lemma2", "Lemma 2, before its last step", "max of E||w~_{t+1} - w*||^2 over the right side with (2 L eta^2 - eta) eps"},
    {"moment", "Lemma 2, with G^2", "max of E||w~_{t+1} - w*||^2 over the right side with eta^2 E||g||^2 - eta eps"},
    {"fact1", "Fact 1", "max of ||w - w*||^2 over 4 E||g||^2/mu^2"},
    {"fact1-proved", "Fact 1, proved", "max of ||w - w*||^2 over E||g||^2/mu^2"},
    {"fact2", "Fact 2", "max of ||grad f||^2 over 2 L (f - f*)"},
};

struct watch {
    struct verify_context *context;
    const struct finite_sum *problem;
    int64_t steps;
    double worst[RATIOS];
};

static void see(struct watch *watch, const double *w, const double *a, double eta)
{
    double ratio[RATIOS];
    const struct expectation e = expect(watch->problem, w, a, eta);
    ratios_of(&e, ratio);
    verify_record(watch->context, RATIOS, ratio);
    for (int i = 0; i < RATIOS; ++i) { watch->worst[i] = larger(watch->worst[i], ratio[i]); }
}

static enum dsgd_status visit(void *user, struct trial *trial, const struct trial_view *view)
{
    static const double none[FINITE_D];
    struct watch *watch = user;
    (void)trial;
    if (view->t < watch->steps) { see(watch, view->x, view->memory ? view->memory : none, view->eta); } /* w_T is no step */
    return DSGD_OK;
}

static enum dsgd_status report_all(struct watch *watch, const char *where, const char *setting)
{
    for (int i = 0; i < RATIOS; ++i) {
        struct verify_row row = {.measured = theory_exact(watch->worst[i]), .relation = THEORY_AT_MOST, .bound = 1.0 + rounding,
                                 .trivial = (double)NAN};
        snprintf(row.id, sizeof row.id, "lemma2.%s-%s", where, names[i].id);
        snprintf(row.statement, sizeof row.statement, "%s", names[i].statement);
        snprintf(row.quantity, sizeof row.quantity, "%s", names[i].quantity);
        snprintf(row.setting, sizeof row.setting, "%s", setting);
        verify_record(watch->context, 1, &watch->worst[i]);
        DSGD_TRY(verify_report(watch->context, &row));
    }
    return DSGD_OK;
}

static enum dsgd_status along_a_run(struct verify_context *context)
{
    char words[WORDS_MAX], setting[VERIFY_TEXT_MAX];
    struct finite_sum problem;
    struct trial trial = {.problem = NULL};
    struct watch watch = {.context = context, .problem = &problem, .steps = context->full ? 20000 : 2000};
    snprintf(words, sizeof words, "algorithm=sketched_sgd sketched_sgd.rows=3 sketched_sgd.cols=4 sketched_sgd.k=2 workers=%d steps=%lld "
             "step_size=theory step.constant=8 step.beta=8 step.xi=paper average=theory", WORKERS, (long long)watch.steps);
    DSGD_TRY(finite_sum_create(verify_seed(context, 0), 1.0, &problem));
    enum dsgd_status status = trial_open_problem(context, &finite_sum_problem, &problem, words, verify_seed(context, 1), &trial);
    if (status == DSGD_OK) { status = trial_run(&trial, visit, &watch); }
    trial_close(&trial);
    DSGD_TRY(status);
    snprintf(setting, sizeof setting, "least squares of %d examples, d = %d, l2 = 1: %s", FINITE_N, FINITE_D, words);
    return report_all(&watch, "run", setting);
}

/* mu, L, direction and size of w - w* and a, and eta in (0, 10/L), without a run. */
static enum dsgd_status at_random(struct verify_context *context)
{
    const int problems = context->full ? 2000 : 200, states = 25;
    char setting[VERIFY_TEXT_MAX];
    struct finite_sum problem;
    struct watch watch = {.context = context, .problem = &problem};
    for (int i = 0; i < problems; ++i) {
        const struct dsgd_rng_key key = {verify_seed(context, 2), dsgd_rng_purpose("verify lemma 2 states")};
        DSGD_TRY(finite_sum_create(verify_seed(context, 100 + (uint32_t)i), dsgd_pow(10.0, (double)(i % 5) - 3.0), &problem));
        for (uint32_t state = 0; state < (uint32_t)states; ++state) {
            double w[FINITE_D], a[FINITE_D], u[2 * FINITE_D + 3];
            for (uint32_t j = 0; j < 2 * FINITE_D + 3; ++j) {
                const struct dsgd_rng4 r = dsgd_rng_draw(key, j, (uint32_t)i, state, 0);
                u[j] = dsgd_rng_unit(dsgd_rng_u64(&r, 0));
            }
            const double far = dsgd_pow(10.0, 6.0 * u[2 * FINITE_D] - 3.0), memory = dsgd_pow(10.0, 6.0 * u[2 * FINITE_D + 1] - 3.0);
            for (int j = 0; j < FINITE_D; ++j) {
                w[j] = problem.optimum[j] + far * (2.0 * u[j] - 1.0);
                a[j] = memory * (2.0 * u[FINITE_D + j] - 1.0);
            }
            see(&watch, w, a, 10.0 * u[2 * FINITE_D + 2] / problem.L);
        }
    }
    snprintf(setting, sizeof setting, "%d random least-squares problems, l2 0.001..10, %d states each, eta in (0, 10/L), W = %d", problems,
             states, WORKERS);
    return report_all(&watch, "states", setting);
}

/* States at which a statement is an equality: a bound that is too small by anything fails here, one that is too large as well. */
static enum dsgd_status equalities(struct verify_context *context)
{
    static const double none[FINITE_D];
    struct finite_sum problem;
    double w[FINITE_D], ratio[RATIOS];
    struct verify_row row = {.relation = THEORY_WITHIN, .bound = 1.0 - rounding, .upper = 1.0 + rounding, .trivial = (double)NAN,
                             .setting = "random least-squares problem, l2 = 1, W = 2"};
    DSGD_TRY(finite_sum_create(verify_seed(context, 0), 1.0, &problem));

    struct expectation e = expect(&problem, problem.optimum, none, 1.0 / problem.L);
    ratios_of(&e, ratio);
    snprintf(row.id, sizeof row.id, "lemma2.equality");
    snprintf(row.statement, sizeof row.statement, "%s", names[LEMMA2].statement);
    snprintf(row.quantity, sizeof row.quantity, "E||w~_{t+1} - w*||^2 over the right side at w = w*, a = 0");
    row.measured = theory_exact(ratio[LEMMA2]);
    verify_record(context, 1, &ratio[LEMMA2]);
    DSGD_TRY(verify_report(context, &row));

    for (int j = 0; j < FINITE_D; ++j) { w[j] = problem.optimum[j] + problem.top[j]; }
    e = expect(&problem, w, none, 1.0 / problem.L);
    ratios_of(&e, ratio);
    snprintf(row.id, sizeof row.id, "lemma2.equality-fact2");
    snprintf(row.statement, sizeof row.statement, "%s", names[FACT2].statement);
    snprintf(row.quantity, sizeof row.quantity, "||grad f||^2 over 2 L (f - f*) at w* + the eigenvector of L");
    row.measured = theory_exact(ratio[FACT2]);
    verify_record(context, 1, &ratio[FACT2]);
    return verify_report(context, &row);
}

/* f = (x_1^2 + 2 x_2^2)/2, w = w~ = e_2, sigma = 0, xi = 10, t = 0: the step moves x_2 to 1 - 2 eta. */
static enum dsgd_status counterexample(struct verify_context *context)
{
    const double mu = 1.0, L = 2.0, xi = 10.0, eta = 8.0 / (mu * xi), x = 1.0 - L * eta, left = x * x;
    const struct theory_step step = {.mu = mu, .L = L, .eta = eta, .distance2 = 1.0, .excess = L / 2.0, .G2 = L * L};
    struct verify_row row = {.id = "lemma2.printed", .statement = "Lemma 2, as printed",
                             .quantity = "||w~_1 - w*||^2, at most the right side with -(1 - 2/xi) eta eps",
                             .setting = "f = (x_1^2 + 2 x_2^2)/2, w = e_2, a = 0, sigma = 0, kappa = 2, xi = 10, eta = 8/(mu xi)",
                             .measured = theory_exact(left), .relation = THEORY_AT_MOST, .bound = theory_lemma2_printed(&step, xi),
                             .trivial = (double)NAN};
    verify_record(context, 1, &left);
    DSGD_TRY(verify_report(context, &row));
    snprintf(row.id, sizeof row.id, "lemma2.same-state");
    snprintf(row.statement, sizeof row.statement, "%s", names[LEMMA2].statement);
    snprintf(row.quantity, sizeof row.quantity, "||w~_1 - w*||^2, at most the right side with (2 L eta^2 - eta) eps");
    row.control = false;
    row.bound = theory_lemma2(&step);
    verify_record(context, 1, &left);
    return verify_report(context, &row);
}

static enum dsgd_status run(struct verify_context *context)
{
    DSGD_TRY(along_a_run(context));
    DSGD_TRY(at_random(context));
    DSGD_TRY(equalities(context));
    return counterexample(context);
}

const struct verify_check verify_lemma2 = {
    .name = "lemma2", .title = "Lemma 2 and Facts 1, 2: exact conditional expectations over a finite sum", .version = 2, .run = run};
