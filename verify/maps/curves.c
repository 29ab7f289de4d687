/* curves.c - excess risk over T and over W, error memory over t. Interface: curves.h.
 *
 * All on one quadratic: d = 16, kappa = 2, sigma^2 = 1 per worker, sketch 5 x 16, k = 4, that is tau = 1/4; beta = 8, xi = 64 = 32 kappa (`repaired`)
 * for every curve, SGD's too, so that step sizes agree. mu, L, sigma^2, w* are exact; G^2 = max over t < T of the runs' mean of E||g_t||^2.
 */
#include "verify/maps/curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel/maths.h"
#include "theory/bounds.h"
#include "verify/ensemble.h"

#define BETA 8
#define TAU 0.25
#define PROBLEM "problem=quadratic quadratic.d=16 quadratic.kappa=2 quadratic.sigma=1 "
#define STEP " average=theory step_size=theory step.constant=8 step.beta=8 step.xi=repaired "
#define HEAVYMIX "algorithm=sketched_sgd sketched_sgd.rows=5 sketched_sgd.cols=16 sketched_sgd.k=4 "
#define SGD "algorithm=sgd "
enum { WORDS = 384, SEED_PROBLEM = 700, SEED_RUNS = 701, RUNS_MAX = 100, CURVE_POINTS = 13 };

/* Runs record numbers for a digest, which verify_run provides: a map is a check without rows, and the file travels behind its context. */
struct map {
    struct verify_context context; /* first: verify_check.run gets a pointer to it */
    FILE *out;
};

static FILE *file_of(struct verify_context *context)
{
    return ((struct map *)context)->out;
}

static enum dsgd_status write_map(const struct verify_context *context, FILE *out, const struct verify_check *check)
{
    struct map map = {*context, out};
    DSGD_TRY(verify_run(&map.context, check));
    return ferror(out) ? dsgd_fail(DSGD_ENOMEM, "no memory for the whole map %s", check->name) : DSGD_OK;
}

static void write_head(FILE *out, const char *algorithm, const struct verify_context *context, size_t runs, const char *columns)
{
    fprintf(out, "# dataset: quadratic, d = 16, κ = 2, σ² = 1 per worker, one problem\n# setting: %s\n# words: " PROBLEM "%s" STEP "\n# runs: %zu\n"
            "# seed: %lu\n# columns: %s\n", "HEAVYMIX 5 × 16, k = 4 (τ = 1/4), ηₜ = 8/(μ(ξ + t)), ξ = 64, β = 8", algorithm, runs,
            (unsigned long)context->seed, columns);
}

static void write_interval(FILE *out, struct theory_interval x)
{
    fprintf(out, "\t%.9g\t%.9g\t%.9g", x.value, x.low, x.high);
}

static enum dsgd_status ensemble_of(struct verify_context *context, const char *algorithm, const char *more, int workers, size_t runs, size_t points,
                                    const int64_t *at, bool moments, struct ensemble *out)
{
    char words[WORDS];
    snprintf(words, sizeof words, PROBLEM "%s" STEP "%sworkers=%d steps=%lld", algorithm, more, workers, (long long)at[points - 1]);
    const struct ensemble_plan plan = {.words = words, .problem_seed = SEED_PROBLEM, .first_seed = SEED_RUNS, .runs = runs, .points = points, .at = at,
                                       .moments = moments};
    return ensemble_run(context, &plan, out);
}

/* ---- excess risk over T ---- */

static enum dsgd_status write_excess(FILE *out, const struct ensemble *mix, const struct ensemble *sgd)
{
    double *sigma2 = malloc(mix->steps * sizeof *sigma2);
    if (!sigma2) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu steps", mix->steps); }
    for (size_t t = 0; t < mix->steps; ++t) { sigma2[t] = mix->sigma2; }
    for (size_t p = 0; p < mix->points; ++p) {
        const struct theory_run run = ensemble_constants(mix, BETA, TAU, mix->at[p]);
        const struct theory_terms stated = theory_stated(&run);
        const struct theory_terms certificate = theory_certificate(mix->mu, mix->L, mix->xi, mix->b0, (size_t)mix->at[p], sigma2, mix->h);
        fprintf(out, "%lld", (long long)mix->at[p]);
        write_interval(out, ensemble_mean(mix, mix->output, p));
        write_interval(out, ensemble_mean(sgd, sgd->output, p));
        fprintf(out, "\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n", stated.total, stated.start, stated.noise, stated.memory,
                theory_repaired_best(&run).terms.total, certificate.total, mix->f0);
    }
    free(sigma2);
    return DSGD_OK;
}

static enum dsgd_status excess(struct verify_context *context)
{
    int64_t at[CURVE_POINTS];
    struct ensemble mix = {0}, sgd = {0};
    const size_t runs = context->full ? 60 : 20;
    ensemble_grid(10, context->full ? 200000 : 20000, CURVE_POINTS, at);
    enum dsgd_status status = ensemble_of(context, HEAVYMIX, "", 4, runs, CURVE_POINTS, at, true, &mix);
    if (status == DSGD_OK) { status = ensemble_of(context, SGD, "", 4, runs, CURVE_POINTS, at, false, &sgd); }
    if (status == DSGD_OK) {
        FILE *out = file_of(context);
        write_head(out, HEAVYMIX "workers=4", context, runs, "f(ŵ_T) - f* with interval, HEAVYMIX and SGD; Theorem 1 as stated and its terms; repaired; certificate");
        const struct theory_run run = ensemble_constants(&mix, BETA, TAU, at[CURVE_POINTS - 1]);
        fprintf(out, "# T*: %.0f\n", theory_remark1_steps(mix.kappa, BETA, TAU, run.sigma2, run.G2));
        fprintf(out, "# step\tgap\tgap_low\tgap_high\tsgd\tsgd_low\tsgd_high\tstated\tstart\tnoise\tmemory\trepaired\tcertificate\tstart_gap\n");
        status = write_excess(out, &mix, &sgd);
    }
    ensemble_close(&mix);
    ensemble_close(&sgd);
    return status;
}

enum dsgd_status verify_map_excess(const struct verify_context *context, FILE *out)
{
    static const struct verify_check check = {.name = "excess", .run = excess};
    return write_map(context, out, &check);
}

/* ---- excess risk over W ---- */

enum { BLOCKS = 3, COUNTS_MAX = 7 };

static enum dsgd_status workers(struct verify_context *context)
{
    const int64_t quick[BLOCKS] = {100, 1000, 10000}, full[BLOCKS] = {100, 2000, 50000}, *at = context->full ? full : quick;
    const size_t runs = context->full ? 60 : 20, counts = context->full ? COUNTS_MAX : COUNTS_MAX - 2;
    struct ensemble e[COUNTS_MAX] = {{0}};
    double number[COUNTS_MAX], gap[RUNS_MAX * COUNTS_MAX];
    enum dsgd_status status = DSGD_OK;
    /* merged: one memory for the mean of the workers, the same run in exact arithmetic (Theorem 1) */
    for (size_t j = 0; status == DSGD_OK && j < counts; ++j) {
        status = ensemble_of(context, HEAVYMIX, "emulation=merged ", 1 << j, runs, BLOCKS, at, true, &e[j]);
    }
    FILE *out = file_of(context);
    if (status == DSGD_OK) { write_head(out, HEAVYMIX "emulation=merged", context, runs, "f(ŵ_T) - f* with interval over W; Theorem 1 repaired; its leading term"); }
    for (size_t p = 0; status == DSGD_OK && p < BLOCKS; ++p) {
        for (size_t j = 0; j < counts; ++j) {
            number[j] = (double)(1 << j);
            for (size_t r = 0; r < runs; ++r) { gap[r * counts + j] = e[j].output[r * BLOCKS + p]; }
        }
        const struct theory_interval slope = theory_slope(counts, number, runs, gap);
        fprintf(out, "%s# T: %lld\n# slope: %.3f\n# slope low: %.3f\n# slope high: %.3f\n# workers\tgap\tgap_low\tgap_high\trepaired\tleading\tstart_gap\n", p ? "\n\n" : "",
                (long long)at[p], slope.value, slope.low, slope.high);
        for (size_t j = 0; j < counts; ++j) {
            const struct theory_run run = ensemble_constants(&e[j], BETA, TAU, at[p]);
            fprintf(out, "%d", 1 << j);
            write_interval(out, ensemble_mean(&e[j], e[j].output, p));
            fprintf(out, "\t%.9g\t%.9g\t%.9g\n", theory_repaired_best(&run).terms.total, theory_leading_term(run.mu, run.T, run.sigma2), e[j].f0);
        }
    }
    for (size_t j = 0; j < COUNTS_MAX; ++j) { ensemble_close(&e[j]); }
    return status;
}

enum dsgd_status verify_map_workers(const struct verify_context *context, FILE *out)
{
    static const struct verify_check check = {.name = "workers", .run = workers};
    return write_map(context, out, &check);
}

/* ---- error memory over t ---- */

enum { MEMORY_POINTS_MAX = 64, D = 16 };

/* Runs on the problem of the first trial; points are the logged steps. */
struct memory {
    size_t points, run;
    int64_t at[MEMORY_POINTS_MAX];
    double mean[MEMORY_POINTS_MAX][RUNS_MAX], one[MEMORY_POINTS_MAX][RUNS_MAX]; /* ||mean a_t||^2, ||a_1||^2 */
    double eta[MEMORY_POINTS_MAX];
    double *gradient2; /* [T] sum over runs of ||grad f(w_t)||^2 */
    int64_t steps;
    size_t next;
};

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    struct memory *m = user;
    double grad[D];
    if (view->t < m->steps) {
        DSGD_TRY(trial_gradient(trial, view->x, grad));
        for (size_t i = 0; i < D; ++i) { m->gradient2[view->t] += grad[i] * grad[i]; }
    }
    if (m->next == m->points || view->t != m->at[m->next]) { return DSGD_OK; }
    double norm2 = 0.0;
    for (size_t i = 0; i < D; ++i) { norm2 += view->memory[i] * view->memory[i]; }
    m->mean[m->next][m->run] = norm2;
    m->one[m->next][m->run] = view->memory_one;
    m->eta[m->next++] = view->eta;
    return DSGD_OK;
}

static enum dsgd_status memory_runs(struct verify_context *context, const char *more, size_t runs, struct memory *m, double *sigma2)
{
    char words[WORDS];
    struct trial first;
    snprintf(words, sizeof words, PROBLEM HEAVYMIX STEP "%sworkers=4 steps=%lld", more, (long long)m->steps);
    memset(m->gradient2, 0, (size_t)m->steps * sizeof *m->gradient2);
    enum dsgd_status status = trial_open(context, words, verify_seed(context, SEED_PROBLEM), &first);
    *sigma2 = first.constants.sigma2 / (double)first.spec.run.workers;
    for (m->run = 0; status == DSGD_OK && m->run < runs; ++m->run) {
        struct trial trial;
        m->next = 0;
        status = trial_open_problem(context, first.problem, first.self, words, verify_seed(context, SEED_RUNS + (uint32_t)m->run), &trial);
        if (status == DSGD_OK) { status = trial_run(&trial, look, m); }
        trial_close(&trial);
    }
    trial_close(&first);
    return status;
}

static enum dsgd_status write_memory(struct verify_context *context, struct memory *paper, struct memory *own, size_t runs)
{
    FILE *out = file_of(context);
    double sigma2 = 0.0, G2 = 0.0;
    DSGD_TRY(memory_runs(context, "sketched_sgd.own_value=true ", runs, own, &sigma2));
    DSGD_TRY(memory_runs(context, "", runs, paper, &sigma2));
    for (int64_t t = 0; t < paper->steps; ++t) { G2 = fmax(G2, paper->gradient2[t] / (double)runs + sigma2); }
    write_head(out, HEAVYMIX "workers=4", context, runs, "||mean a_t||² and ||a_1||² with intervals; ||a_1||² with own_value = true; Lemma 3");
    fprintf(out, "# step\tmean\tmean_low\tmean_high\tone\tone_low\tone_high\town\town_low\town_high\tbound\n");
    for (size_t p = 0; p < paper->points; ++p) {
        fprintf(out, "%lld", (long long)paper->at[p]);
        write_interval(out, theory_mean(runs, paper->mean[p]));
        write_interval(out, theory_mean(runs, paper->one[p]));
        write_interval(out, theory_mean(runs, own->one[p]));
        fprintf(out, "\t%.9g\n", theory_lemma3(BETA, TAU, paper->eta[p], G2));
    }
    return DSGD_OK;
}

static enum dsgd_status memory(struct verify_context *context)
{
    struct memory *m = calloc(2, sizeof *m); /* what the paper does; a worker subtracts its own value */
    const int64_t steps = context->full ? 50000 : 10000;
    if (!m) { return dsgd_fail(DSGD_ENOMEM, "no memory for a map"); }
    m->gradient2 = calloc((size_t)steps, sizeof *m->gradient2);
    m->steps = steps;
    for (double t = 1.0; t < 1.0001 * (double)steps && m->points < MEMORY_POINTS_MAX; t *= dsgd_pow(10.0, 0.1)) {
        if (m->points == 0 || llround(t) > m->at[m->points - 1]) { m->at[m->points++] = llround(t); }
    }
    m[1] = m[0]; /* G^2 comes from the first alone: the mean memory is the same in exact arithmetic */
    const enum dsgd_status status =
        m->gradient2 ? write_memory(context, &m[0], &m[1], context->full ? 60 : 20) : dsgd_fail(DSGD_ENOMEM, "no memory for %lld steps", (long long)steps);
    free(m->gradient2);
    free(m);
    return status;
}

enum dsgd_status verify_map_memory(const struct verify_context *context, FILE *out)
{
    static const struct verify_check check = {.name = "memory", .run = memory};
    return write_map(context, out, &check);
}
