/* language_evaluate.c - metrics of a model of sequences at x, in the floats of the replicas. Bins run in parallel; their losses are added in doubles, in the
 * order of the examples, so threads do not change bits. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "deep/language.h"
#include "sim/kernel/sum.h"

/* What a bin came to. */
struct result {
    double loss;
    uint64_t wrong;
};

/* What the threads of an evaluation share. */
struct work {
    const struct deep_language *p;
    float *x;
    char *memory;          /* [threads][each] */
    size_t each;
    int threads;
    struct result *result; /* of a split's bins, [the most of any split] */
};

static enum dsgd_status run_bin(const struct work *w, const struct deep_measured *m, size_t bin, struct result *out)
{
    const struct deep_plan *plan = deep_bin_plan(m->plans, bin);
    const struct deep_bin_room room = deep_bin_room_of(m->plans, w->memory + (size_t)omp_get_thread_num() * w->each);
    const size_t rows = deep_rows(&plan->extent, DEEP_TARGET);
    struct deep_tokens tokens;
    struct deep_block block = deep_bin_fill(m->bins, &m->bins->bin[bin], m->split, &room, &tokens);
    block.parameter = w->x;
    const int threads = deep_one_thread();
    const enum dsgd_status status = deep_run_forward(plan, &block);
    deep_threads_back(threads);
    *out = (struct result){dsgd_sum_of(rows, room.loss), 0};
    for (size_t r = 0; r < rows; ++r) { out->wrong += room.wrong[r]; }
    return status;
}

/* Per target token over n bins: the first ones in `order`, or in their own. */
static enum dsgd_status losses(const struct work *w, const struct deep_measured *m, size_t n, const uint32_t *order, double *loss, double *error)
{
    enum dsgd_status worst = DSGD_OK;
#pragma omp parallel for schedule(dynamic) num_threads(w->threads)
    for (size_t j = 0; j < n; ++j) {
        const enum dsgd_status status = run_bin(w, m, order ? order[j] : j, &w->result[j]);
        if (status != DSGD_OK) {
#pragma omp atomic write
            worst = status;
        }
    }
    if (worst != DSGD_OK) { return dsgd_fail(worst, "problem %s: the loss of a bin could not be computed", w->p->graph.model->name); }
    double sum = 0.0;
    uint64_t wrong = 0, tokens = 0;
    for (size_t j = 0; j < n; ++j) {
        sum += w->result[j].loss;
        wrong += w->result[j].wrong;
        tokens += m->bins->bin[order ? order[j] : j].target_tokens;
    }
    *loss = sum / (double)tokens;
    *error = (double)wrong / (double)tokens;
    return DSGD_OK;
}

static enum dsgd_status all_metrics(const struct work *w, const double *x, double *value)
{
    const struct deep_language *p = w->p;
    const size_t bins = p->train.bins->n, n = p->examples == 0 || p->examples > bins ? bins : p->examples;
    double train_error;
    DSGD_TRY(losses(w, &p->train, n, p->bin_of, &value[LANGUAGE_OBJECTIVE], &train_error));
    value[LANGUAGE_OBJECTIVE] += 0.5 * p->settings.l2 * dsgd_sum_products_f64(p->graph.d, x, x);
    DSGD_TRY(losses(w, &p->validation, p->validation.bins->n, NULL, &value[LANGUAGE_VALID_LOSS], &value[LANGUAGE_VALID_ERROR]));
    DSGD_TRY(losses(w, &p->test, p->test.bins->n, NULL, &value[LANGUAGE_TEST_LOSS], &value[LANGUAGE_TEST_ERROR]));
    value[LANGUAGE_SEQUENCE_ERROR] = value[LANGUAGE_BLEU] = NAN;
    return p->decoder ? deep_language_translate(p, w->x, w->threads, &value[LANGUAGE_SEQUENCE_ERROR], &value[LANGUAGE_BLEU]) : DSGD_OK;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t each_of(const struct deep_language *p)
{
    return most(deep_bin_room_bytes(p->train.plans), most(deep_bin_room_bytes(p->validation.plans), deep_bin_room_bytes(p->test.plans)));
}

static size_t bins_of(const struct deep_language *p)
{
    return most(p->train.bins->n, most(p->validation.bins->n, p->test.bins->n));
}

size_t deep_language_evaluate_bytes(const struct deep_language *p)
{
    const int threads = omp_get_max_threads();
    return (size_t)threads * each_of(p) + p->graph.d * sizeof(float) + bins_of(p) * sizeof(struct result) + deep_language_translate_bytes(p, threads);
}

enum dsgd_status deep_language_evaluate(const void *self, const double *x, double *value)
{
    const struct deep_language *p = self;
    struct work w = {.p = p, .threads = omp_get_max_threads(), .each = each_of(p)};
    w.x = malloc(p->graph.d * sizeof *w.x);
    w.result = malloc(bins_of(p) * sizeof *w.result);
    w.memory = aligned_alloc(DEEP_ALIGN, (size_t)w.threads * w.each);
    enum dsgd_status status = DSGD_OK;
    if (!w.x || !w.result || !w.memory) {
        status = dsgd_fail(DSGD_ENOMEM, "no memory for the evaluation of model %s: %zu bytes for each of %d threads", p->graph.model->name, w.each, w.threads);
    } else {
        for (size_t j = 0; j < p->graph.d; ++j) { w.x[j] = (float)x[j]; }
        status = all_metrics(&w, x, value);
    }
    free(w.x);
    free(w.result);
    free(w.memory);
    return status;
}
