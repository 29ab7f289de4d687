/* check_sent.c - what Sketched-SGD with HEAVYMIX really sends, step by step, through the engine's network.
 *
 * Algorithms 1 and 2, line by line, from the messages alone: tables (Alg. 2 line 5), heavy coordinates and fill (Alg. 1 lines 3, 4), exact
 * values of the second round (line 5), memories (Alg. 2 lines 4, 9), step (line 8), and Lemma 1 with the values that travelled. Nothing here
 * is taken from the algorithm's code: what entered the compressors is the observer's, sketches and H are made again from the messages.
 *
 * A problem of its own, so that there is something to find: every step's gradient has SPIKES coordinates that all workers share, from barely
 * to far above l2^2/k, among noise of each worker. cells < d: the sketch compresses.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cpu/count_sketch.h"
#include "sim/kernel/normal.h"
#include "verify/trial.h"

enum { D = 400, K = 8, ROWS = 5, COLS = 40, CELLS = ROWS * COLS, W = 4, STEPS = 400, SPIKES = 3, BINS = 10 };
static const double NOISE = 0.03, XI = 2000.0, MU = 1.0;
static const double spike[SPIKES] = {6.0, 9.0, 12.0};

static const char words[] = "algorithm=sketched_sgd sketched_sgd.variant=heavymix sketched_sgd.rows=5 sketched_sgd.cols=40 sketched_sgd.k=8 "
                            "sketched_sgd.indices=raw workers=4 steps=400 step_size=theory step.constant=8 step.beta=8 step.xi=2000 average=theory "
                            "log.every=1 log.oracle=true";

/* ---- the problem: f = ||w||^2/2 as far as anybody asks; gradients that do not depend on w ---- */

static void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    static const struct dsgd_segment all = {.name = "w", .count = D, .rows = 1, .cols = D};
    (void)self;
    *layout = (struct dsgd_layout){D, 1, &all};
    *n = 0;
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct dsgd_rng_key noise = {batch->seed, dsgd_rng_purpose("verify sent noise")}, place = {batch->seed, dsgd_rng_purpose("verify sent spikes")};
    (void)self, (void)x;
    for (uint32_t i = 0; i < D; i += 2) {
        const struct dsgd_rng4 draw = dsgd_rng_draw(noise, i / 2, batch->step, batch->worker, 0);
        double z[2];
        dsgd_normal_pair(&draw, z);
        grad[i] = (float)(NOISE * z[0]);
        grad[i + 1] = (float)(NOISE * z[1]);
    }
    for (uint32_t j = 0; j < SPIKES; ++j) { grad[dsgd_rng_below(place, j, batch->step, 0, D)] += (float)spike[j]; } /* the same for all workers */
    return DSGD_OK;
}

static enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    *value = 0.0;
    for (size_t i = 0; i < D; ++i) { *value += 0.5 * x[i] * x[i]; }
    return DSGD_OK;
}

static enum dsgd_status constants(const void *self, struct dsgd_constants *out)
{
    (void)self;
    *out = (struct dsgd_constants){.mu = MU, .L = 1.0, .sigma2 = D * NOISE * NOISE};
    return DSGD_OK;
}

static const struct dsgd_metric metric[] = {{"objective", "1", "||w||^2/2"}};
static const struct dsgd_problem_ops problem = {.name = "sent", .metric = metric, .metrics = 1, .shape = shape, .gradient = gradient,
                                                .evaluate = evaluate, .constants = constants};

/* ---- one step as it crossed the network ---- */

struct watch {
    struct verify_context *context;
    struct sketch_hash *hash;
    uint32_t seed_data, seed_hash;
    bool complete; /* a step's messages have been seen */
    float table[W][CELLS], up[W][K], down[K];
    uint32_t request[K];
    double entered[W][D], kept[W][D], before[W][D], x[D];
    /* found */
    double tables, values, mean, memory, step, update;           /* largest deviations */
    size_t heavy, heavy_sent, heavy_steps, fills, bin[BINS], steps; /* of H, and ranks of the fill */
    double ratio[STEPS];                                         /* ||p - g~||^2/||p||^2 over 1 - k/d */
};

static void copy(const struct dsgd_message *message, size_t bytes, void *to)
{
    if (message->sections > 0 && message->section[0].bytes == bytes) { memcpy(to, message->section[0].data, bytes); }
}

static void on_message(void *user, uint32_t step, int exchange, bool up, uint32_t worker, const struct dsgd_message *message)
{
    struct watch *w = user;
    (void)step;
    if (up && worker < W) {
        if (exchange == 0) { copy(message, sizeof w->table[0], w->table[worker]); } else { copy(message, sizeof w->up[0], w->up[worker]); }
    } else if (!up) {
        if (exchange == 0) { copy(message, sizeof w->request, w->request); } else { copy(message, sizeof w->down, w->down); }
        w->complete = w->complete || exchange == 1;
    }
}

static void on_view(void *user, uint32_t step, uint32_t worker, bool kept, const double *v)
{
    struct watch *w = user;
    (void)step;
    if (worker < W) { memcpy(kept ? w->kept[worker] : w->entered[worker], v, D * sizeof *v); }
}

/* The largest of several deviations; what is no number is infinite. */
static void worst(double *so_far, double deviation)
{
    const double off = isnan(deviation) ? (double)INFINITY : fabs(deviation);
    *so_far = fmax(*so_far, off);
}

/* Alg. 2 lines 4, 5 and 9, Alg. 1 line 5: what each worker had, sent and kept. */
static enum dsgd_status look_at_workers(struct watch *w, uint32_t t)
{
    const double eta = 8.0 / (MU * (XI + (double)t)); /* the theorem's, not the engine's */
    float grad[D], rounded[D], table[CELLS];
    sketch_hash_reseed(w->hash, w->seed_hash, t, 1);
    for (uint32_t i = 0; i < W; ++i) {
        const struct dsgd_batch batch = {.count = 1, .step = t, .worker = i, .seed = w->seed_data};
        DSGD_TRY(gradient(NULL, NULL, &batch, grad));
        for (size_t j = 0; j < D; ++j) {
            worst(&w->step, (w->entered[i][j] - w->before[i][j]) / eta - (double)grad[j]);
            rounded[j] = (float)w->entered[i][j];
        }
        memset(table, 0, sizeof table);
        count_sketch_accumulate(w->hash, rounded, table);
        for (size_t c = 0; c < CELLS; ++c) { worst(&w->tables, (double)w->table[i][c] - (double)table[c]); }
        for (size_t j = 0; j < K; ++j) { worst(&w->values, (double)w->up[i][j] - (double)rounded[w->request[j]]); }
        double kept[D];
        memcpy(kept, w->entered[i], sizeof kept);
        for (size_t j = 0; j < K; ++j) { kept[w->request[j]] -= (double)w->down[j]; }
        for (size_t j = 0; j < D; ++j) { worst(&w->memory, w->kept[i][j] - kept[j]); }
        memcpy(w->before[i], w->kept[i], sizeof w->before[i]);
    }
    return DSGD_OK;
}

/* Alg. 1 lines 1 to 4, from the tables that arrived: H, and the ranks of the fill among the coordinates outside H. */
static void look_at_choice(struct watch *w)
{
    float table[CELLS];
    bool chosen[D] = {false}, heavy[D];
    size_t many = 0, rank = 0;
    for (size_t c = 0; c < CELLS; ++c) {
        double sum = 0.0;
        for (size_t i = 0; i < W; ++i) { sum += (double)w->table[i][c]; }
        table[c] = (float)(sum * (1.0 / W));
    }
    float estimate[D];
    count_sketch_estimate(w->hash, table, estimate, 1);
    const double least = count_sketch_norm2(w->hash, table) / K;
    for (size_t j = 0; j < K; ++j) { chosen[w->request[j]] = true; }
    for (size_t i = 0; i < D; ++i) {
        heavy[i] = (double)estimate[i] * (double)estimate[i] >= least && estimate[i] != 0.0f;
        many += heavy[i];
    }
    if (many == 0 || many > K) { return; }
    ++w->heavy_steps;
    for (size_t i = 0; i < D; ++i) {
        w->heavy += heavy[i];
        w->heavy_sent += heavy[i] && chosen[i];
        if (!heavy[i] && chosen[i]) {
            ++w->bin[rank * BINS / (D - many)];
            ++w->fills;
        }
        rank += !heavy[i];
    }
}

/* Lemma 1 and Alg. 2 line 8 with the values that travelled. */
static void look_at_update(struct watch *w, const double *x)
{
    double p[D] = {0.0}, norm2 = 0.0, rest = 0.0, moved[D];
    for (size_t i = 0; i < W; ++i) {
        for (size_t j = 0; j < D; ++j) { p[j] += w->entered[i][j] / W; }
    }
    for (size_t j = 0; j < D; ++j) { norm2 += p[j] * p[j]; }
    memcpy(moved, w->x, sizeof moved);
    for (size_t j = 0; j < K; ++j) {
        double sum = 0.0;
        for (size_t i = 0; i < W; ++i) { sum += (double)w->up[i][j]; }
        worst(&w->mean, (double)w->down[j] - (double)(float)(sum * (1.0 / W)));
        p[w->request[j]] -= (double)w->down[j];
        moved[w->request[j]] -= (double)w->down[j];
    }
    for (size_t j = 0; j < D; ++j) {
        rest += p[j] * p[j];
        worst(&w->update, x[j] - moved[j]);
    }
    w->ratio[w->steps++] = rest / norm2 / (1.0 - (double)K / D);
}

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    struct watch *w = user;
    (void)trial;
    if (view->t > 0 && w->complete && w->steps < STEPS) { /* the step before is over */
        for (size_t j = 0; j < K; ++j) {
            if (w->request[j] >= D) { return dsgd_fail(DSGD_EINTERNAL, "coordinate %lu of %d was requested", (unsigned long)w->request[j], (int)D); }
        }
        DSGD_TRY(look_at_workers(w, (uint32_t)view->t - 1));
        look_at_choice(w);
        look_at_update(w, view->x);
        w->complete = false;
    }
    memcpy(w->x, view->x, sizeof w->x);
    return DSGD_OK;
}

/* ---- rows ---- */

static enum dsgd_status report(const struct watch *w, const char *id, const char *statement, const char *quantity, struct theory_interval measured,
                               enum theory_relation relation, double bound)
{
    struct verify_row row = {.measured = measured, .relation = relation, .bound = bound, .upper = NAN, .trivial = NAN};
    snprintf(row.id, sizeof row.id, "sent.%s", id);
    snprintf(row.statement, sizeof row.statement, "%s", statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(words, row.setting);
    return verify_report(w->context, &row);
}

static enum dsgd_status report_all(const struct watch *w)
{
    char quantity[VERIFY_TEXT_MAX];
    const double expected = (double)w->fills / BINS;
    double chi2 = 0.0;
    for (size_t b = 0; b < BINS; ++b) { chi2 += ((double)w->bin[b] - expected) * ((double)w->bin[b] - expected) / expected; }
    const double counts[4] = {(double)w->heavy, (double)w->heavy_sent, (double)w->fills, (double)w->steps};
    verify_record(w->context, 4, counts);
    verify_record(w->context, w->steps, w->ratio);
    DSGD_TRY(report(w, "step", "Algorithm 2, line 4", "max |(gbar_i - a_i)/eta_t - g_i|, eta_t = 8/(mu (xi + t))", theory_exact(w->step), THEORY_AT_MOST,
                    1e-9)); /* gbar_i and a_i are of order 1 and eta_t above 3e-3: 2^-53/3e-3 a rounding */
    DSGD_TRY(report(w, "tables", "Algorithm 2, line 5", "max |cell that travelled - cell of S(gbar_i)|, workers and steps", theory_exact(w->tables), THEORY_AT_MOST, 0.0));
    snprintf(quantity, sizeof quantity, "share of H that was requested; |H| = %.2f of k = %d on average", (double)w->heavy / (double)w->heavy_steps, K);
    DSGD_TRY(report(w, "heavy", "Algorithm 1, line 3", quantity, theory_exact((double)w->heavy_sent / (double)w->heavy), THEORY_AT_LEAST, 1.0));
    snprintf(quantity, sizeof quantity, "chi-square of %zu fills' ranks outside H in %d bins, against its quantile of 1 - 1e-5", w->fills, BINS);
    DSGD_TRY(report(w, "fill", "Algorithm 1, line 4", quantity, theory_exact(chi2), THEORY_AT_MOST, gsl_cdf_chisq_Qinv(1e-5, BINS - 1)));
    DSGD_TRY(report(w, "values", "Algorithm 1, line 5", "max |value that travelled - gbar_i there|, workers and steps", theory_exact(w->values), THEORY_AT_MOST, 0.0));
    DSGD_TRY(report(w, "mean", "Algorithm 1, line 5", "max |answer - mean of the values that arrived|", theory_exact(w->mean), THEORY_AT_MOST, 0.0));
    DSGD_TRY(report(w, "update", "Algorithm 2, line 8", "max |w_{t+1} - (w_t - what travelled)|", theory_exact(w->update), THEORY_AT_MOST, 0.0));
    DSGD_TRY(report(w, "memory", "Algorithm 2, line 9", "max |a_i - (gbar_i - what travelled)|", theory_exact(w->memory), THEORY_AT_MOST, 0.0));
    return report(w, "contraction", "Lemma 1, in the mean", "||p - g~||^2/||p||^2 over 1 - k/d with the values that travelled, mean over steps",
                  theory_mean(w->steps, w->ratio), THEORY_AT_MOST, 1.0);
}

static enum dsgd_status run(struct verify_context *context)
{
    struct watch *w = calloc(1, sizeof *w);
    struct trial trial = {.engine = NULL};
    if (!w) { return dsgd_fail(DSGD_ENOMEM, "no memory for a step's messages"); }
    w->context = context;
    const struct dsgd_tap tap = {.message = on_message, .view = on_view, .context = w};
    enum dsgd_status status = sketch_hash_create(&sketch_hash_polynomial, D, ROWS, COLS, D * ROWS, &w->hash);
    if (status == DSGD_OK) { status = trial_open_listening(context, &problem, NULL, words, verify_seed(context, 90000), &tap, &trial); }
    if (status == DSGD_OK) {
        w->seed_data = (uint32_t)trial.spec.run.seed_data;
        w->seed_hash = (uint32_t)trial.spec.run.seed_hash;
        status = trial_run(&trial, look, w);
    }
    if (status == DSGD_OK) { status = report_all(w); }
    trial_close(&trial);
    sketch_hash_destroy(w->hash);
    free(w);
    return status;
}

const struct verify_check verify_sent = {
    .name = "sent", .title = "Algorithms 1 and 2 from the messages: tables, H, fill, exact values, memory, step", .version = 1, .run = run};
