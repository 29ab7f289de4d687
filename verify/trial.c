/* trial.c - from words to an engine, step by step. Interface: trial.h. */
#include "verify/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convex/optimum_cache.h"

enum { WORDS_MAX = 2048 };

static bool is_heavymix(const struct trial *t)
{
    char word[DSGD_TEXT_MAX] = "";
    const struct dsgd_param *variant = dsgd_param_find(t->algorithm.params, "variant");
    if (variant) { dsgd_param_format(variant, t->algorithm_config, word, sizeof word); }
    return strcmp(t->algorithm.name, "sketched_sgd") == 0 && strcmp(word, "heavymix") == 0;
}

/* The slots that serve this configuration, in the trial's own copy, and the fault in them. */
static void plant(const struct verify_fault *fault, const struct dsgd_layout *layout, struct trial *t)
{
    const struct dsgd_setting setting = {.config = t->algorithm_config, .params = t->algorithm.params, .layout = layout,
                                         .workers = (uint32_t)t->spec.run.workers};
    const struct dsgd_algorithm *form = t->algorithm.variant ? t->algorithm.variant(&setting) : &t->algorithm;
    struct dsgd_algorithm whole = *form;
    whole.name = t->algorithm.name;
    whole.title = t->algorithm.title;
    whole.reference = t->algorithm.reference;
    whole.aliases = t->algorithm.aliases;
    whole.departures = t->algorithm.departures;
    whole.params = t->algorithm.params;
    whole.config_size = t->algorithm.config_size;
    whole.unmergeable = t->algorithm.unmergeable;
    whole.check = t->algorithm.check;
    whole.may_merge = t->algorithm.may_merge;
    whole.tau = t->algorithm.tau;
    whole.variant = NULL;
    t->algorithm = whole;
    fault->algorithm(&t->algorithm);
}

/* ---- a planted sampler: the problem's slots that the engine calls, with other examples ---- */

static void sampled_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct trial_sampler *s = self;
    s->problem->shape(s->self, layout, n);
}

static void sampled_start(const void *self, double *x)
{
    const struct trial_sampler *s = self;
    s->problem->start(s->self, x);
}

static enum dsgd_status sampled_evaluate(const void *self, const double *x, double *value)
{
    const struct trial_sampler *s = self;
    return s->problem->evaluate(s->self, x, value);
}

/* One thread: worker 0 comes first in every step. */
static enum dsgd_status sampled_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct trial_sampler *s = self;
    struct dsgd_batch planted = *batch;
    for (uint32_t j = 0; s->n > 0 && j < batch->count; ++j) {
        if (s->how == VERIFY_SAMPLER_HALF) { s->first[j] = batch->example[j] % (uint32_t)(s->n / 2); }
        if (s->how == VERIFY_SAMPLER_SAME && batch->worker == 0) { s->first[j] = batch->example[j]; }
    }
    if (s->n > 0) { planted.example = s->first; }
    if (s->how == VERIFY_SAMPLER_SAME) { planted.worker = 0; }
    return s->problem->gradient(s->self, x, &planted, grad);
}

static enum dsgd_status plant_sampler(struct trial *t, size_t n)
{
    t->sampler = (struct trial_sampler){.problem = t->problem, .self = t->self, .how = t->fault->sampler, .n = n,
                                        .first = calloc((size_t)t->spec.run.batch, sizeof(uint32_t))};
    if (!t->sampler.first) { return dsgd_fail(DSGD_ENOMEM, "no memory for %lld examples", (long long)t->spec.run.batch); }
    t->sampled = *t->problem;
    t->sampled.shape = sampled_shape;
    t->sampled.start = t->problem->start ? sampled_start : NULL;
    t->sampled.evaluate = sampled_evaluate;
    t->sampled.gradient = sampled_gradient;
    t->sampled.kernels = NULL;
    return DSGD_OK;
}

static enum dsgd_status make_engine(const struct verify_fault *fault, const struct dsgd_tap *tap, struct trial *t)
{
    struct dsgd_layout layout;
    size_t n = 0;
    t->problem->shape(t->self, &layout, &n);
    t->d = layout.d;
    t->algorithm = *t->spec.algorithm;
    t->algorithm_config = t->spec.algorithm_config;
    if (fault && fault->algorithm && is_heavymix(t)) { plant(fault, &layout, t); }
    struct dsgd_engine_args args = t->session.args;
    args.algorithm = &t->algorithm;
    args.threads = 1;
    if (tap) { args.tap = *tap; }
    if (fault && fault->sampler != VERIFY_SAMPLER) {
        DSGD_TRY(plant_sampler(t, n));
        args.problem = &t->sampled;
        args.problem_self = &t->sampler;
    }
    if (fault && fault->average_linear && t->spec.run.average == DSGD_AVERAGE_THEORY) {
        t->linear = calloc(t->d, sizeof *t->linear);
        if (!t->linear) { return dsgd_fail(DSGD_ENOMEM, "no memory for an average of %zu numbers", t->d); }
    }
    return dsgd_engine_create(&args, &t->engine);
}

/* Logging is off unless the words say otherwise; the fault's words win over them, and a trial has the seed it is given. */
static enum dsgd_status resolve(const struct verify_fault *fault, const char *words, uint32_t seed, struct trial *t)
{
    char all[WORDS_MAX];
    const int n = snprintf(all, sizeof all, "log.per_decade=0 log.oracle=false log.optimum=false %s %s seed=%u", words,
                           fault && fault->settings ? fault->settings : "", seed);
    if (n >= WORDS_MAX) { return dsgd_fail(DSGD_EINTERNAL, "a trial's words are longer than %d bytes", WORDS_MAX); }
    return dsgd_spec_words(all, &t->spec);
}

/* The faults that are numbers of the configuration, planted behind its ranges. */
static void plant_numbers(const struct verify_fault *fault, struct trial *t)
{
    const struct dsgd_param *sigma = dsgd_param_find(t->spec.problem->params, "sigma");
    if (fault && fault->step_factor > 0.0) { t->spec.run.step.constant *= fault->step_factor; }
    if (fault && fault->noise_grows && sigma) {
        *(double *)(void *)((char *)t->spec.problem_config + sigma->offset) *= sqrt((double)t->spec.run.workers);
    }
}

enum dsgd_status trial_open_listening(const struct verify_context *context, const struct dsgd_problem_ops *problem, void *self, const char *words,
                                      uint32_t seed, const struct dsgd_tap *tap, struct trial *out)
{
    *out = (struct trial){.f_star = NAN, .fault = context->fault};
    DSGD_TRY(resolve(context->fault, words, seed, out));
    plant_numbers(context->fault, out);
    const bool shared = context->mnist && out->spec.dataset && strcmp(out->spec.dataset->name, "mnist") == 0 && !strstr(words, "mnist.");
    const struct dsgd_session_options open = {.data = context->data, .cache = context->cache, .constants = true, .problem = problem,
                                              .problem_self = self, .loaded = shared ? context->mnist : NULL};
    DSGD_TRY(dsgd_session_open(&out->spec, &open, &out->session));
    out->problem = out->session.ops;
    out->self = out->session.problem;
    out->dataset = out->session.data;
    out->constants = out->session.args.constants;
    return make_engine(context->fault, tap, out);
}

enum dsgd_status trial_open(const struct verify_context *context, const char *words, uint32_t seed, struct trial *out)
{
    return trial_open_listening(context, NULL, NULL, words, seed, NULL, out);
}

enum dsgd_status trial_open_problem(const struct verify_context *context, const struct dsgd_problem_ops *problem, void *self, const char *words,
                                    uint32_t seed, struct trial *out)
{
    return trial_open_listening(context, problem, self, words, seed, NULL, out);
}

void trial_close(struct trial *t)
{
    dsgd_engine_destroy(t->engine);
    if (t->session.spec) { dsgd_session_close(&t->session); }
    dsgd_spec_clear(&t->spec);
    free(t->w_star);
    free(t->sampler.first);
    free(t->linear);
    memset(t, 0, sizeof *t);
}

enum dsgd_status trial_optimum(const struct verify_context *context, struct trial *t)
{
    struct dsgd_reference reference;
    const struct dsgd_problem_args args = {.config = t->spec.problem_config, .data = t->session.data, .seed_data = (uint32_t)t->spec.run.seed_data};
    if (t->session.problem_borrowed) {
        struct dsgd_optimum optimum = {.w = NULL};
        if (!t->problem->optimum) { return dsgd_fail(DSGD_EINTERNAL, "problem %s has no certified optimum", t->problem->name); }
        DSGD_TRY(t->problem->optimum(t->self, &optimum));
        t->f_star = optimum.f_star;
        t->w_star = optimum.w;
        return DSGD_OK;
    }
    DSGD_TRY(dsgd_optimum_cached(t->problem, t->self, &args, context->cache, &reference));
    t->f_star = reference.optimum.f_star;
    t->w_star = reference.optimum.w; /* ours now */
    reference.optimum.w = NULL;
    dsgd_reference_clear(&reference);
    return DSGD_OK;
}

/* Looks once for the field that the workers' memories are in, called a or v: the list of a run's state is long. */
static void find_memory(struct trial *t)
{
    struct dsgd_saved saved[DSGD_SAVED_MAX];
    const int n = dsgd_engine_saved(t->engine, saved);
    t->memory_sought = true;
    for (int j = 0; j < n; ++j) {
        if (strcmp(saved[j].name, "worker/a") != 0 && strcmp(saved[j].name, "worker/v") != 0) { continue; }
        if (saved[j].cols != t->d) { continue; }
        t->memory = saved[j];
        return;
    }
}

/* The mean memory of the emulated workers, ascending, and ||a_1||^2; *kept: whether the algorithm keeps one. */
static enum dsgd_status mean_memory(struct trial *t, double *row, double *mean, double *one, bool *kept)
{
    if (!t->memory_sought) { find_memory(t); }
    *kept = t->memory.rows > 0;
    if (!*kept) { return DSGD_OK; }
    memset(mean, 0, t->d * sizeof *mean);
    *one = 0.0;
    for (size_t w = 0; w < t->memory.rows; ++w) {
        DSGD_TRY(dsgd_engine_saved_real(t->engine, &t->memory, w, row));
        for (size_t i = 0; i < t->d; ++i) {
            mean[i] += row[i] / (double)t->memory.rows;
            *one += w == 0 ? row[i] * row[i] : 0.0;
        }
    }
    return DSGD_OK;
}

/* The planted average: w_t with the weight xi + t. */
static void average_linear(struct trial *t, double step)
{
    const double weight = trial_xi(t) + step, *x = dsgd_engine_model(t->engine);
    t->linear_sum += weight;
    for (size_t i = 0; i < t->d; ++i) { t->linear[i] += weight / t->linear_sum * (x[i] - t->linear[i]); }
}

enum dsgd_status trial_run(struct trial *t, trial_visit *visit, void *context)
{
    double *mean = malloc(2 * t->d * sizeof *mean);
    if (!mean) { return dsgd_fail(DSGD_ENOMEM, "no memory for a look at %zu parameters", t->d); }
    double *row = mean + t->d;
    enum dsgd_status status = DSGD_OK;
    while (status == DSGD_OK) {
        const int64_t step = dsgd_engine_steps_done(t->engine);
        const bool running = dsgd_engine_status(t->engine) == DSGD_RUNNING;
        if (visit) {
            struct trial_view view = {.t = step, .eta = dsgd_schedule_lr(dsgd_engine_schedule(t->engine), (double)step),
                                      .x = dsgd_engine_model(t->engine)};
            bool kept = false;
            status = t->forgetful ? DSGD_OK : mean_memory(t, row, mean, &view.memory_one, &kept);
            view.memory = kept ? mean : NULL;
            if (status == DSGD_OK) { status = visit(context, t, &view); }
        }
        if (!running || status != DSGD_OK) { break; }
        if (t->linear) { average_linear(t, (double)step); }
        status = dsgd_engine_step(t->engine);
    }
    free(mean);
    return status;
}

double trial_objective(struct trial *t, const double *x)
{
    double value[16] = {NAN};
    return t->problem->metrics <= 16 && t->problem->evaluate(t->self, x, value) == DSGD_OK ? value[0] : (double)NAN;
}

enum dsgd_status trial_gradient(struct trial *t, const double *x, double *grad)
{
    if (!t->problem->full_gradient) { return dsgd_fail(DSGD_EINTERNAL, "problem %s has no full gradient", t->problem->name); }
    return t->problem->full_gradient(t->self, x, grad);
}

const double *trial_output(const struct trial *t)
{
    return t->linear ? t->linear : dsgd_engine_output(t->engine);
}

double trial_xi(const struct trial *t)
{
    return dsgd_engine_schedule(t->engine)->xi;
}

void trial_setting(const char *words, char setting[VERIFY_TEXT_MAX])
{
    snprintf(setting, VERIFY_TEXT_MAX, "%s", words);
}
