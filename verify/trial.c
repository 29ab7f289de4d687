/* trial.c - from words to an engine, step by step. Interface: trial.h. */
#include "verify/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/registry.h"
#include "convex/optimum_cache.h"
#include "convex/registry.h"
#include "datasets/dataset.h"
#include "verify/trial_words.h"

enum { WORDS_MAX = 2048 };

static enum dsgd_status resolve_run(const char *words, uint32_t seed, struct dsgd_run_config *run)
{
    DSGD_TRY(dsgd_param_defaults(dsgd_run_params, "", run));
    DSGD_TRY(dsgd_param_defaults(dsgd_step_params, "step", run));
    DSGD_TRY(dsgd_param_defaults(dsgd_log_params, "log", run));
    run->log.per_decade = 0;
    run->log.oracle = run->log.optimum = false;
    DSGD_TRY(trial_words_set(words, "", dsgd_run_params, run));
    DSGD_TRY(trial_words_set(words, "step", dsgd_step_params, run));
    DSGD_TRY(trial_words_set(words, "log", dsgd_log_params, run));
    run->seed = seed;
    run->seed_data = dsgd_run_seed(run, run->seed_data);
    run->seed_hash = dsgd_run_seed(run, run->seed_hash);
    run->seed_algorithm = dsgd_run_seed(run, run->seed_algorithm);
    return DSGD_OK;
}

static enum dsgd_status load_data(const struct verify_context *context, const char *words, struct trial *t)
{
    const struct dsgd_dataset_ops *ops = dsgd_dataset_find(t->run.dataset);
    if (!ops) { return dsgd_fail(DSGD_EINTERNAL, "a trial's dataset %s is unknown", t->run.dataset); }
    if (context->mnist && strcmp(ops->name, "mnist") == 0 && !strstr(words, "mnist.")) {
        t->dataset = context->mnist;
        return DSGD_OK;
    }
    DSGD_TRY(trial_words_config(words, ops->name, ops->params, ops->config_size, &t->dataset_config));
    const struct dsgd_dataset_args args = {t->dataset_config, context->data};
    DSGD_TRY(ops->load(&args, &t->loaded));
    t->dataset = t->loaded;
    return DSGD_OK;
}

static struct dsgd_problem_args problem_args(const struct trial *t)
{
    return (struct dsgd_problem_args){.config = t->problem_config, .data = t->dataset, .seed_data = (uint32_t)t->run.seed_data};
}

static enum dsgd_status make_problem(const struct verify_context *context, const char *words, struct trial *t)
{
    DSGD_TRY(trial_words_config(words, t->problem->name, t->problem->params, t->problem->config_size, &t->problem_config));
    const struct dsgd_param *sigma = dsgd_param_find(t->problem->params, "sigma");
    if (context->fault && context->fault->noise_grows && sigma) {
        *(double *)((char *)t->problem_config + sigma->offset) *= sqrt((double)t->run.workers);
    }
    const struct dsgd_problem_args args = problem_args(t);
    DSGD_TRY(t->problem->create(&args, &t->self));
    return dsgd_constants_cached(t->problem, t->self, &args, context->cache, &t->constants, NULL);
}

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
                                         .workers = (uint32_t)t->run.workers};
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
                                        .first = calloc((size_t)t->run.batch, sizeof(uint32_t))};
    if (!t->sampler.first) { return dsgd_fail(DSGD_ENOMEM, "no memory for %lld examples", (long long)t->run.batch); }
    t->sampled = *t->problem;
    t->sampled.shape = sampled_shape;
    t->sampled.start = t->problem->start ? sampled_start : NULL;
    t->sampled.evaluate = sampled_evaluate;
    t->sampled.gradient = sampled_gradient;
    t->sampled.kernels = NULL;
    return DSGD_OK;
}

static enum dsgd_status make_engine(const struct verify_context *context, const char *words, const struct dsgd_tap *tap, struct trial *t)
{
    const struct verify_fault *fault = context->fault;
    const struct dsgd_algorithm *algorithm = dsgd_algorithm_find(t->run.algorithm);
    if (!algorithm) { return dsgd_fail(DSGD_EINTERNAL, "a trial's algorithm %s is unknown", t->run.algorithm); }
    t->algorithm = *algorithm;
    DSGD_TRY(trial_words_config(words, algorithm->name, algorithm->params, algorithm->config_size, &t->algorithm_config));
    struct dsgd_layout layout;
    size_t n = 0;
    t->problem->shape(t->self, &layout, &n);
    t->d = layout.d;
    if (fault && fault->algorithm && is_heavymix(t)) { plant(fault, &layout, t); }
    struct dsgd_engine_args args = {.config = &t->run, .problem = t->problem, .problem_self = t->self, .algorithm = &t->algorithm,
                                    .algorithm_config = t->algorithm_config, .constants = t->constants, .f_star = NAN, .threads = 1};
    if (tap) { args.tap = *tap; }
    if (fault && fault->sampler != VERIFY_SAMPLER) {
        DSGD_TRY(plant_sampler(t, n));
        args.problem = &t->sampled;
        args.problem_self = &t->sampler;
    }
    if (fault && fault->average_linear && t->run.average == DSGD_AVERAGE_THEORY) {
        t->linear = calloc(t->d, sizeof *t->linear);
        if (!t->linear) { return dsgd_fail(DSGD_ENOMEM, "no memory for an average of %zu numbers", t->d); }
    }
    return dsgd_engine_create(&args, &t->engine);
}

/* The fault's words come last and win. */
static enum dsgd_status all_words(const struct verify_context *context, const char *words, char all[WORDS_MAX])
{
    const char *planted = context->fault && context->fault->settings ? context->fault->settings : "";
    if (snprintf(all, WORDS_MAX, "%s %s", words, planted) >= WORDS_MAX) {
        return dsgd_fail(DSGD_EINTERNAL, "a trial's words are longer than %d bytes", WORDS_MAX);
    }
    return trial_words_check(all);
}

/* From words to the run's own configuration, a planted step included. */
static enum dsgd_status begin(const struct verify_context *context, const char *words, uint32_t seed, char all[WORDS_MAX], struct trial *out)
{
    memset(out, 0, sizeof *out);
    out->f_star = NAN;
    out->fault = context->fault;
    DSGD_TRY(all_words(context, words, all));
    DSGD_TRY(resolve_run(all, seed, &out->run));
    if (out->fault && out->fault->step_factor > 0.0) { out->run.step.constant *= out->fault->step_factor; }
    return DSGD_OK;
}

enum dsgd_status trial_open_listening(const struct verify_context *context, const struct dsgd_problem_ops *problem, void *self, const char *words,
                                      uint32_t seed, const struct dsgd_tap *tap, struct trial *out)
{
    char all[WORDS_MAX];
    DSGD_TRY(begin(context, words, seed, all, out));
    if (problem) {
        out->problem = problem;
        out->self = self;
        out->borrowed = true;
        DSGD_TRY(problem->constants(self, &out->constants));
    } else {
        out->problem = dsgd_problem_find(out->run.problem);
        if (!out->problem) { return dsgd_fail(DSGD_EINTERNAL, "a trial's problem %s is unknown", out->run.problem); }
        if (out->problem->needs_dataset) { DSGD_TRY(load_data(context, all, out)); }
        DSGD_TRY(make_problem(context, all, out));
    }
    return make_engine(context, all, tap, out);
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
    if (t->problem && !t->borrowed) { t->problem->destroy(t->self); }
    dsgd_dataset_destroy(t->loaded);
    free(t->algorithm_config);
    free(t->problem_config);
    free(t->dataset_config);
    free(t->w_star);
    free(t->sampler.first);
    free(t->linear);
    memset(t, 0, sizeof *t);
}

enum dsgd_status trial_optimum(const struct verify_context *context, struct trial *t)
{
    struct dsgd_reference reference;
    const struct dsgd_problem_args args = problem_args(t);
    if (t->borrowed) {
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

/* The mean memory of the emulated workers, ascending, and ||a_1||^2; *kept: whether the algorithm keeps one, in a field called a or v. */
static enum dsgd_status mean_memory(struct trial *t, double *row, double *mean, double *one, bool *kept)
{
    struct dsgd_saved saved[DSGD_SAVED_MAX];
    const int n = dsgd_engine_saved(t->engine, saved);
    *kept = false;
    for (int j = 0; j < n && !*kept; ++j) {
        if (strcmp(saved[j].name, "worker/a") != 0 && strcmp(saved[j].name, "worker/v") != 0) { continue; }
        if (saved[j].cols != t->d) { continue; }
        memset(mean, 0, t->d * sizeof *mean);
        *one = 0.0;
        for (size_t w = 0; w < saved[j].rows; ++w) {
            DSGD_TRY(dsgd_engine_read(t->engine, saved[j].name, w, row));
            for (size_t i = 0; i < t->d; ++i) {
                mean[i] += row[i] / (double)saved[j].rows;
                *one += w == 0 ? row[i] * row[i] : 0.0;
            }
        }
        *kept = true;
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
