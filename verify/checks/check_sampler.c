/* check_sampler.c - the examples that workers draw, and what their independence is worth.
 *
 * All theorems take the workers' minibatches as independent and uniform over the examples, over workers, steps and places in a batch. A
 * problem that does nothing but write down what it is asked counts them; chi-square statistics are held against their quantiles of 1 -
 * 1e-5, so that a table of seeds raises an alarm by chance once in twenty thousand. Then what follows from it on data: the variance of the
 * mean gradient of W workers is 1/W of one worker's (Remark 3's premise), on gradients of examples and not of noise that is added.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/trial.h"

enum { N = 1024, W = 4, BATCH = 2, STEPS = 8000, CLASSES = 16 }; /* N / CLASSES examples a class */
static const double LEVEL = 1e-5;

static const char words[] = "algorithm=sgd workers=4 batch=2 steps=8000 step_size=constant step.constant=1e-9";

struct book {
    size_t each[N];                                           /* how often an example was drawn */
    size_t worker[CLASSES][CLASSES], step[CLASSES][CLASSES], place[CLASSES][CLASSES];
    size_t same;                                              /* two workers, one example */
    uint32_t now[W][BATCH], before[W][BATCH];
    bool any;
    uint32_t calls; /* one thread, ascending workers: call number modulo W is the worker, whatever it is told */
};

static void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    static const struct dsgd_segment all = {.name = "w", .count = 1, .rows = 1, .cols = 1};
    (void)self;
    *layout = (struct dsgd_layout){1, 1, &all};
    *n = N;
}

static unsigned class_of(uint32_t example)
{
    return example / (N / CLASSES);
}

/* A step is complete when the last worker has drawn: pairs of neighbouring workers, of a worker's steps, of places in its batch. */
static void write_down(struct book *b)
{
    for (uint32_t w = 0; w < W; ++w) {
        for (uint32_t j = 0; j < BATCH; ++j) {
            ++b->each[b->now[w][j]];
            if (b->any) { ++b->step[class_of(b->before[w][j])][class_of(b->now[w][j])]; }
        }
        ++b->place[class_of(b->now[w][0])][class_of(b->now[w][1])];
        if (w > 0) {
            ++b->worker[class_of(b->now[w - 1][0])][class_of(b->now[w][0])];
            b->same += b->now[w - 1][0] == b->now[w][0];
        }
    }
    memcpy(b->before, b->now, sizeof b->now);
    b->any = true;
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    struct book *b = *(struct book *const *)self;
    (void)x;
    *grad = 0.0f;
    for (uint32_t j = 0; j < BATCH; ++j) {
        if (batch->example[j] >= N) { return dsgd_fail(DSGD_EINTERNAL, "example %lu of %d was drawn", (unsigned long)batch->example[j], (int)N); }
        b->now[b->calls % W][j] = batch->example[j];
    }
    ++b->calls;
    return DSGD_OK;
}

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    (void)trial;
    if (view->t > 0) { write_down(user); } /* the step before is over */
    return DSGD_OK;
}

static enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    (void)self, (void)x;
    *value = 0.0;
    return DSGD_OK;
}

static enum dsgd_status constants(const void *self, struct dsgd_constants *out)
{
    (void)self;
    *out = (struct dsgd_constants){.mu = (double)NAN, .L = (double)NAN, .sigma2 = (double)NAN};
    return DSGD_OK;
}

static const struct dsgd_metric metric[] = {{"objective", "1", "0"}};
static const struct dsgd_problem_ops recorder = {.name = "recorder", .metric = metric, .metrics = 1, .shape = shape, .gradient = gradient,
                                                 .evaluate = evaluate, .constants = constants};

static enum dsgd_status report(struct verify_context *context, const char *id, const char *quantity, const char *setting, struct theory_interval measured,
                               enum theory_relation relation, double bound, double upper)
{
    struct verify_row row = {.measured = measured, .relation = relation, .bound = bound, .upper = upper, .trivial = NAN};
    snprintf(row.id, sizeof row.id, "sampler.%s", id);
    snprintf(row.statement, sizeof row.statement, "Independent draws");
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(setting, row.setting);
    return verify_report(context, &row);
}

/* Chi-square of counts that should be equal. */
static enum dsgd_status chi_square(struct verify_context *context, const char *id, const char *what, size_t cells, const size_t *count)
{
    char quantity[VERIFY_TEXT_MAX];
    double total = 0.0, sum = 0.0;
    for (size_t c = 0; c < cells; ++c) { total += (double)count[c]; }
    const double expected = total / (double)cells;
    for (size_t c = 0; c < cells; ++c) { sum += ((double)count[c] - expected) * ((double)count[c] - expected) / expected; }
    verify_record(context, 1, &sum);
    snprintf(quantity, sizeof quantity, "chi-square of %.0f %s in %zu cells, against its quantile of 1 - 1e-5", total, what, cells);
    return report(context, id, quantity, words, theory_exact(sum), THEORY_AT_MOST, gsl_cdf_chisq_Qinv(LEVEL, (double)cells - 1.0), NAN);
}

static enum dsgd_status draws(struct verify_context *context)
{
    struct book *b = calloc(1, sizeof *b);
    struct trial trial = {.engine = NULL};
    if (!b) { return dsgd_fail(DSGD_ENOMEM, "no memory for counts of examples"); }
    enum dsgd_status status = trial_open_problem(context, &recorder, &b, words, verify_seed(context, 91000), &trial);
    if (status == DSGD_OK) { status = trial_run(&trial, look, b); }
    if (status == DSGD_OK) { status = chi_square(context, "uniform", "draws over the examples", N, b->each); }
    if (status == DSGD_OK) { status = chi_square(context, "workers", "pairs of neighbouring workers", CLASSES * CLASSES, b->worker[0]); }
    if (status == DSGD_OK) { status = chi_square(context, "steps", "pairs of a worker's successive steps", CLASSES * CLASSES, b->step[0]); }
    if (status == DSGD_OK) { status = chi_square(context, "batch", "pairs within a minibatch", CLASSES * CLASSES, b->place[0]); }
    if (status == DSGD_OK) {
        const struct theory_interval share = theory_share(b->same, (size_t)STEPS * (W - 1));
        /* 24 pairs are expected, give or take 5: 0.6 to 2.2 at 99.9 %; one example for all makes 1024 */
        const struct theory_interval times = {share.value * N, share.low * N, share.high * N};
        status = report(context, "same", "share of neighbouring workers that draw one example, times the number of examples", words, times, THEORY_WITHIN, 0.2, 3.0);
    }
    trial_close(&trial);
    free(b);
    return status;
}

/* ---- variance of the mean gradient on data ---- */

enum { RUNS = 12, LOOKS = 400, WIDE = 16 };

struct spread { size_t n, d; double *sum; double squares; };

static void on_update(void *user, uint32_t step, const struct dsgd_seen_update *update)
{
    struct spread *s = user;
    (void)step;
    ++s->n;
    for (size_t j = 0; j < s->d && update->index == NULL; ++j) {
        s->sum[j] += (double)update->value[j];
        s->squares += (double)update->value[j] * (double)update->value[j];
    }
}

static void variance_words(int workers, char text[VERIFY_TEXT_MAX])
{
    snprintf(text, VERIFY_TEXT_MAX, "dataset=synthetic synthetic.n=2000 synthetic.n_test=10 synthetic.features=30 synthetic.classes=4 problem=softmax "
             "softmax.l2=0.01 algorithm=sgd workers=%d batch=1 steps=%d step_size=constant step.constant=1e-12", workers, (int)LOOKS);
}

/* E||mean gradient - its mean||^2 at w = 0, over one run that does not move. */
static enum dsgd_status variance(struct verify_context *context, int workers, uint32_t seed, double *out)
{
    char text[VERIFY_TEXT_MAX];
    struct trial trial = {.engine = NULL};
    struct spread s = {.n = 0};
    const struct dsgd_tap tap = {.update = on_update, .context = &s};
    variance_words(workers, text);
    enum dsgd_status status = trial_open_listening(context, NULL, NULL, text, seed, &tap, &trial);
    s.d = trial.d;
    if (status == DSGD_OK) {
        s.sum = calloc(s.d, sizeof *s.sum);
        status = s.sum ? trial_run(&trial, NULL, NULL) : dsgd_fail(DSGD_ENOMEM, "no memory for a mean gradient");
    }
    double of_mean = 0.0;
    for (size_t j = 0; status == DSGD_OK && j < s.d; ++j) { of_mean += s.sum[j] * s.sum[j] / (double)s.n; }
    if (status == DSGD_OK) { *out = (s.squares - of_mean) / ((double)s.n - 1.0); }
    free(s.sum);
    trial_close(&trial);
    return status;
}

static enum dsgd_status variances(struct verify_context *context)
{
    double one[RUNS], wide[RUNS];
    char text[VERIFY_TEXT_MAX];
    for (uint32_t r = 0; r < RUNS; ++r) {
        DSGD_TRY(variance(context, 1, verify_seed(context, 91100 + r), &one[r]));
        DSGD_TRY(variance(context, WIDE, verify_seed(context, 91200 + r), &wide[r]));
        wide[r] *= WIDE;
    }
    verify_record(context, RUNS, one);
    verify_record(context, RUNS, wide);
    variance_words(WIDE, text);
    /* the interval of 12 runs of 400 steps is 3 % wide; workers that draw alike make 16 */
    return report(context, "variance", "16 E||g - E g||^2 of the mean of 16 workers over that of one worker, gradients of examples", text,
                  theory_ratio(RUNS, wide, RUNS, one), THEORY_WITHIN, 0.9, 1.1);
}

static enum dsgd_status run(struct verify_context *context)
{
    DSGD_TRY(draws(context));
    return variances(context);
}

const struct verify_check verify_sampler = {
    .name = "sampler", .title = "workers draw uniformly and independently, and variance falls as 1/W on data", .version = 1, .run = run};
