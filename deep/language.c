/* language.c - models of sequences as problems: construction and gradients. Interface: language.h. */
#include "deep/language.h"

#include <stdio.h>
#include <stdlib.h>

#include "deep/loops.h"
#include "deep/parts.h"
#include "sim/kernel/rng.h"

const struct dsgd_metric deep_language_metric[LANGUAGE_METRICS] = {
    {"objective", "nats", "f(w): mean training loss per target token + l2/2 ||w||^2"},
    {"valid_loss", "nats", "mean -log p of a target token of the validation pairs, without smoothing and l2"},
    {"valid_error", "1", "fraction of target tokens of the validation pairs, behind the true ones before, whose largest score is another id's"},
    {"test_loss", "nats", "valid_loss of the test pairs"},
    {"test_error", "1", "valid_error of the test pairs"},
    {"sequence_error", "1", "fraction of the decoded test pairs whose decoded target is not the true one, id for id"},
    {"bleu", "BLEU", "BLEU of the decoded test pairs, 0 to 100, as sacreBLEU computes it by default"},
};

/* ---- construction ---- */

/* A description and its graph. */
static enum dsgd_status describe(const struct deep_language_settings *s, const struct deep_translator *keys, struct deep_description *d, struct deep_graph *graph)
{
    const struct deep_sizes none = {.classes = 0};
    DSGD_TRY(s->describe(keys, d));
    return deep_graph_build(&d->model, &none, graph);
}

static enum dsgd_status measure(const char *who, const struct dsgd_split *split, const struct dsgd_bins_rule *rule, const struct deep_graph *graph, struct deep_measured *out)
{
    out->split = split;
    DSGD_TRY(dsgd_bins_create(who, split, rule, &out->bins));
    return deep_bin_plans_create(graph, out->bins, false, &out->plans);
}

/* Fisher and Yates. */
static enum dsgd_status shuffle(struct deep_language *p)
{
    const struct dsgd_rng_key key = {p->seed, dsgd_rng_purpose("order of bins")};
    const size_t n = p->train.bins->n;
    p->bin_of = malloc(n * sizeof *p->bin_of);
    if (!p->bin_of) { return dsgd_fail(DSGD_ENOMEM, "problem %s: no memory for the order of %zu bins", p->graph.model->name, n); }
    for (size_t j = 0; j < n; ++j) { p->bin_of[j] = (uint32_t)j; }
    for (uint32_t j = (uint32_t)n - 1; j > 0; --j) {
        const uint32_t other = dsgd_rng_below(key, j, 0, 0, j + 1), kept = p->bin_of[j];
        p->bin_of[j] = p->bin_of[other];
        p->bin_of[other] = kept;
    }
    return DSGD_OK;
}

static size_t length_of(const struct dsgd_sentences *s, size_t i)
{
    return s->start[i + 1] - s->start[i];
}

/* Targets may be as long as the longest one of the training pairs, with its end. */
static enum dsgd_status make_decoder(struct deep_language *p)
{
    const struct deep_language_settings *s = &p->settings;
    const struct dsgd_split *test = &p->data->test;
    p->decoded = s->decode < test->n ? s->decode : test->n;
    if (p->decoded == 0) { return DSGD_OK; }
    for (size_t i = 0; i < p->decoded; ++i) {
        const size_t length = length_of(&test->source, i) + 1;
        p->longest_source = length > p->longest_source ? length : p->longest_source;
    }
    p->longest_target = p->train.bins->most_target;
    const struct deep_search search = {DSGD_ID_BEGIN, DSGD_ID_END, s->beam, s->alpha};
    return deep_decoder_create(&p->plain, &search, p->decoded < DEEP_LANGUAGE_DECODED ? p->decoded : (size_t)DEEP_LANGUAGE_DECODED, p->longest_source, p->longest_target,
                               true, &p->decoder);
}

static enum dsgd_status make(struct deep_language *p, const char *who)
{
    struct deep_translator keys = p->settings.model;
    keys.source_ids = p->data->source.size;
    keys.target_ids = p->data->target.size;
    DSGD_TRY(describe(&p->settings, &keys, &p->description, &p->graph));
    keys.dropout = keys.smoothing = 0.0;
    DSGD_TRY(describe(&p->settings, &keys, &p->plain_description, &p->plain));
    const struct dsgd_bins_rule rule = {p->settings.sentences, p->settings.tokens, p->seed}, measured = {DEEP_LANGUAGE_MEASURED, 0, p->seed};
    DSGD_TRY(measure(who, &p->data->train, &rule, &p->graph, &p->train));
    DSGD_TRY(measure(who, &p->data->validation, &measured, &p->plain, &p->validation));
    DSGD_TRY(measure(who, &p->data->test, &measured, &p->plain, &p->test));
    DSGD_TRY(shuffle(p));
    return make_decoder(p);
}

enum dsgd_status deep_language_create(const char *name, const struct deep_language_settings *settings, const struct dsgd_problem_args *args, void **self)
{
    char who[64];
    *self = NULL;
    DSGD_TRY(dsgd_dataset_fits(args->data, name, true));
    struct deep_language *p = calloc(1, sizeof *p);
    if (!p) { return dsgd_fail(DSGD_ENOMEM, "problem %s: no memory", name); }
    p->settings = *settings;
    p->seed = args->seed_data;
    p->examples = args->examples;
    p->data = args->data;
    snprintf(who, sizeof who, "problem %s", name);
    const enum dsgd_status status = make(p, who);
    if (status != DSGD_OK) {
        deep_language_destroy(p);
        return status;
    }
    *self = p;
    return DSGD_OK;
}

static void forget(struct deep_measured *m)
{
    deep_bin_plans_destroy(m->plans);
    dsgd_bins_destroy(m->bins);
}

void deep_language_destroy(void *self)
{
    struct deep_language *p = self;
    if (!p) { return; }
    deep_decoder_destroy(p->decoder);
    deep_bin_plans_destroy(p->steps);
    forget(&p->train);
    forget(&p->validation);
    forget(&p->test);
    free(p->bin_of);
    free(p);
}

static size_t measured_bytes(const struct deep_measured *m)
{
    return sizeof *m->bins + m->bins->n * sizeof(struct dsgd_bin) + m->split->n * sizeof(uint32_t) + deep_bin_plans_bytes(m->plans, m->bins->n);
}

/* Plans of steps take what those of the same shapes without derivatives take. */
size_t deep_language_bytes(const void *self)
{
    const struct deep_language *p = self;
    return sizeof *p + measured_bytes(&p->train) + measured_bytes(&p->validation) + measured_bytes(&p->test) + deep_bin_plans_bytes(p->train.plans, p->train.bins->n) +
           p->train.bins->n * sizeof *p->bin_of + deep_language_evaluate_bytes(p);
}

void deep_language_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct deep_language *p = self;
    *layout = (struct dsgd_layout){.d = p->graph.d, .segments = p->graph.segments, .segment = p->graph.segment};
    *n = p->train.bins->n;
}

void deep_language_start(const void *self, double *x)
{
    const struct deep_language *p = self;
    deep_graph_start(&p->graph, p->seed, x);
}

/* ---- gradients ---- */

uint32_t deep_language_parts(const void *self, uint32_t count)
{
    (void)self;
    return count;
}

static uint32_t helpers_of(uint32_t count, uint32_t threads)
{
    return threads < 1 ? 1 : count < threads ? count : threads;
}

/* Bytes of one helper: a bin's room and a gradient. */
static size_t each_of(const struct deep_language *p)
{
    return deep_bin_room_bytes(p->steps) + (p->graph.d * sizeof(float) + DEEP_ALIGN - 1) / DEEP_ALIGN * DEEP_ALIGN;
}

size_t deep_language_workspace(const void *self, uint32_t count, uint32_t threads)
{
    struct deep_language *p = (struct deep_language *)(uintptr_t)self; /* plans are added, nothing else changes */
    size_t bytes = 0;
#pragma omp critical(deep_plans)
    {
        /* If that fails, `gradient` says so. */
        if (p->steps || deep_bin_plans_create(&p->graph, p->train.bins, true, &p->steps) == DSGD_OK) { bytes = each_of(p) * helpers_of(count, threads) + DEEP_ALIGN; }
    }
    return bytes;
}

/* Bins of one call that are computed at once. */
struct together {
    const struct deep_language *p;
    const float *x;
    const struct dsgd_batch *batch;
    uint32_t first, sentence; /* the first bin's place in the batch; its first sentence's */
    double weight;
    size_t each;
    float *grad;
};

static const struct dsgd_bin *bin_of(const struct deep_language *p, uint32_t example)
{
    return &p->train.bins->bin[p->bin_of[example]];
}

static float *gradient_of(const struct together *t, uint32_t j)
{
    return t->first + j == 0 ? t->grad : (float *)((char *)t->batch->work + j * t->each + deep_bin_room_bytes(t->p->steps));
}

/* Bin first + j with helper j's memory; bin 0's gradient goes to `grad`. */
static enum dsgd_status helper(void *context, uint32_t j)
{
    const struct together *t = context;
    const struct deep_language *p = t->p;
    const uint32_t *example = t->batch->example + t->first;
    const struct deep_plan *plan = deep_bin_plan(p->steps, p->bin_of[example[j]]);
    const struct deep_bin_room room = deep_bin_room_of(p->steps, (char *)t->batch->work + j * t->each);
    uint32_t sentence = t->sentence;
    for (uint32_t k = 0; k < j; ++k) { sentence += bin_of(p, example[k])->n; }
    struct deep_tokens tokens;
    struct deep_block block = deep_bin_fill(p->train.bins, bin_of(p, example[j]), p->train.split, &room, &tokens);
    block.parameter = t->x;
    block.weight = t->weight;
    block.keys = (struct deep_keys){t->batch->seed, t->batch->step, t->batch->worker, sentence, true};
    block.gradient = gradient_of(t, j);
    DSGD_TRY(deep_run_forward(plan, &block));
    return deep_run_backward(plan, &block);
}

enum dsgd_status deep_language_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct deep_language *p = self;
    if (!p->steps) { return dsgd_fail(DSGD_ENOMEM, "problem %s: no memory for the plans of %zu bins", p->graph.model->name, p->train.bins->n); }
    uint64_t tokens = 0;
    for (uint32_t j = 0; j < batch->count; ++j) { tokens += bin_of(p, batch->example[j])->target_tokens; }
    struct together t = {.p = p, .x = x, .batch = batch, .weight = 1.0 / (double)tokens, .each = each_of(p), .grad = grad};
    const uint32_t helpers = helpers_of(batch->count, batch->threads);
    for (; t.first < batch->count; t.first += helpers) {
        const uint32_t left = batch->count - t.first, count = left < helpers ? left : helpers;
        const enum dsgd_status status = deep_parts(count, helper, &t);
        if (status != DSGD_OK && count > 1) {
            return dsgd_fail(status, "problem %s: a bin of worker %u's batch in step %u failed", p->graph.model->name, (unsigned)batch->worker, (unsigned)batch->step);
        }
        DSGD_TRY(status);
        for (uint32_t j = 0; j < count; ++j) {
            if (t.first + j > 0) { deep_loops()->add(p->graph.d, grad, gradient_of(&t, j), grad); }
            t.sentence += bin_of(p, batch->example[t.first + j])->n;
        }
    }
    if (p->settings.l2 > 0.0) { deep_loops()->add_scaled(p->graph.d, (float)p->settings.l2, x, grad); }
    return DSGD_OK;
}
