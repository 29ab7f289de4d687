/* evaluate.c - metrics of a model at x, in the floats of the replicas; losses are added in doubles, in the order of the examples.
 *
 * Batch norm takes statistics of 2000 training images, the first ones, at this x: nothing is kept between evaluations, and an averaged
 * iterate has the right ones. They are those of all images together where the layers below have each block's own: mean of the blocks' means,
 * and mean of the blocks' variances plus the variance of their means. Blocks run in parallel; a block's examples do not see each other then.
 */
#include <stdlib.h>
#include <string.h>

#include "deep/one_thread.h"
#include "deep/problem.h"
#include "sim/kernel/sum.h"

/* What the threads of an evaluation share. */
struct work {
    const struct deep_problem *p;
    float *x, *statistic;
    char *memory;        /* [threads][each] */
    size_t each;
    int threads;
};

struct room {
    double loss[DEEP_BLOCK];
    uint8_t label[DEEP_BLOCK], wrong[DEEP_BLOCK];
};

enum { ROOM = (sizeof(struct room) + DEEP_ALIGN - 1) / DEEP_ALIGN * DEEP_ALIGN };

/* Runs examples from .. of a split forward; those beyond its end are the last one again, and nobody looks at them. */
static enum dsgd_status run_block(const struct work *w, int thread, const struct deep_plan *plan, const struct dsgd_split *split, size_t from, enum deep_mode mode,
                                  float *statistic)
{
    const struct deep_problem *p = w->p;
    char *memory = w->memory + (size_t)thread * w->each;
    struct room *room = (struct room *)memory;
    const struct deep_block block = {.parameter = w->x, .memory = memory + ROOM, .label = room->label, .weight = 0.0, .mode = mode, .statistic = statistic,
                                     .loss = room->loss, .wrong = room->wrong};
    float *images = deep_plan_images(plan, block.memory);
    for (size_t i = 0; i < plan->n; ++i) {
        const size_t example = from + i < split->n ? from + i : split->n - 1;
        deep_images_read(&p->images, split, example, images + i * p->images.data->features);
        room->label[i] = split->label[example];
    }
    const int threads = deep_one_thread();
    const enum dsgd_status status = deep_run_forward(plan, &block);
    deep_threads_back(threads);
    return status;
}

/* Means and variances over all blocks, from `all` [blocks][statistics]. */
static void join_statistics(const struct deep_graph *g, size_t blocks, const float *all, float *out)
{
    for (int j = 0; j < g->nodes; ++j) {
        if (g->site[j].node->op != &deep_op_batch_norm) { continue; }
        const size_t channels = g->site[j].in.c, at = g->start_of[j];
        for (size_t c = 0; c < channels; ++c) {
            double mean = 0.0, square = 0.0, variance = 0.0;
            for (size_t b = 0; b < blocks; ++b) {
                const double m = (double)all[b * g->statistics + at + c];
                mean += m;
                square += m * m;
                variance += (double)all[b * g->statistics + at + channels + c];
            }
            mean /= (double)blocks;
            const double between = square / (double)blocks - mean * mean;
            out[at + c] = (float)mean;
            out[at + channels + c] = (float)(variance / (double)blocks + (between > 0.0 ? between : 0.0));
        }
    }
}

static enum dsgd_status collect(struct work *w)
{
    const struct deep_problem *p = w->p;
    const struct dsgd_split *train = &p->images.data->train;
    const size_t n = p->collect->n, there = train->n / n, blocks = there < DEEP_STATISTIC_BLOCKS ? there : (size_t)DEEP_STATISTIC_BLOCKS;
    float *all = malloc(blocks * p->graph.statistics * sizeof *all);
    if (!all) { return dsgd_fail(DSGD_ENOMEM, "no memory for the statistics of batch norm"); }
    enum dsgd_status worst = DSGD_OK;
#pragma omp parallel for schedule(static, 1) num_threads(w->threads)
    for (size_t b = 0; b < blocks; ++b) {
        const enum dsgd_status status = run_block(w, omp_get_thread_num(), p->collect, train, b * n, DEEP_COLLECT, all + b * p->graph.statistics);
        if (status != DSGD_OK) {
#pragma omp atomic write
            worst = status;
        }
    }
    if (worst == DSGD_OK) { join_statistics(&p->graph, blocks, all, w->statistic); }
    free(all);
    return worst;
}

/* Mean loss and error of the first n examples of a split. */
static enum dsgd_status losses(const struct work *w, const struct dsgd_split *split, size_t n, double *loss, double *error)
{
    const struct deep_plan *plan = w->p->evaluate;
    const size_t blocks = (n + plan->n - 1) / plan->n;
    double *all = malloc((n + 1) * sizeof *all);
    uint8_t *wrong = malloc(n + 1);
    enum dsgd_status worst = all && wrong ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for the losses of %zu examples", n);
#pragma omp parallel for schedule(static, 1) num_threads(w->threads) if (worst == DSGD_OK)
    for (size_t b = 0; b < blocks; ++b) {
        if (!all || !wrong) { continue; }
        const int thread = omp_get_thread_num();
        const size_t from = b * plan->n, count = n - from < plan->n ? n - from : plan->n;
        const enum dsgd_status status = run_block(w, thread, plan, split, from, DEEP_FIXED, w->statistic);
        const struct room *room = (const struct room *)(w->memory + (size_t)thread * w->each);
        memcpy(all + from, room->loss, count * sizeof *all);
        memcpy(wrong + from, room->wrong, count);
        if (status != DSGD_OK) {
#pragma omp atomic write
            worst = status;
        }
    }
    if (worst == DSGD_OK) {
        size_t errors = 0;
        for (size_t i = 0; i < n; ++i) { errors += wrong[i]; }
        *loss = n > 0 ? dsgd_sum_of(n, all) / (double)n : 0.0;
        *error = n > 0 ? (double)errors / (double)n : 0.0;
    }
    free(all);
    free(wrong);
    return worst;
}

static enum dsgd_status all_metrics(struct work *w, const double *x, double *value)
{
    const struct deep_problem *p = w->p;
    const struct dsgd_dataset *data = p->images.data;
    const size_t asked = p->examples, n = asked == 0 || asked > data->train.n ? data->train.n : asked;
    if (p->collect) { DSGD_TRY(collect(w)); }
    DSGD_TRY(losses(w, &data->train, n, &value[DEEP_OBJECTIVE], &value[DEEP_TRAIN_ERROR]));
    DSGD_TRY(losses(w, &data->test, data->test.n, &value[DEEP_TEST_LOSS], &value[DEEP_TEST_ERROR]));
    const double regulariser = 0.5 * p->settings.l2 * dsgd_sum_products_f64(p->graph.d, x, x);
    value[DEEP_OBJECTIVE] += regulariser;
    value[DEEP_TEST_LOSS] += regulariser;
    return DSGD_OK;
}

/* A thread's share. */
static size_t each_of(const struct deep_problem *p)
{
    size_t most = p->evaluate->bytes;
    if (p->collect && p->collect->bytes > most) { most = p->collect->bytes; }
    return ROOM + (most + DEEP_ALIGN - 1) / DEEP_ALIGN * DEEP_ALIGN;
}

size_t deep_evaluate_bytes(const struct deep_problem *p)
{
    const size_t statistics = p->collect ? (DEEP_STATISTIC_BLOCKS + 1) * p->graph.statistics : 0;
    const size_t train = p->images.data->train.n, test = p->images.data->test.n, examples = train > test ? train : test;
    return (size_t)omp_get_max_threads() * each_of(p) + (p->graph.d + statistics) * sizeof(float) + examples * (sizeof(double) + 1);
}

enum dsgd_status deep_problem_evaluate(const void *self, const double *x, double *value)
{
    const struct deep_problem *p = self;
    struct work w = {.p = p, .threads = omp_get_max_threads(), .each = each_of(p)};
    w.x = malloc(p->graph.d * sizeof *w.x);
    w.statistic = malloc((p->graph.statistics + 1) * sizeof *w.statistic);
    w.memory = aligned_alloc(DEEP_ALIGN, (size_t)w.threads * w.each);
    enum dsgd_status status = DSGD_OK;
    if (!w.x || !w.statistic || !w.memory) {
        status = dsgd_fail(DSGD_ENOMEM, "no memory for the evaluation of model %s: %zu bytes for each of %d threads", p->graph.model->name, w.each, w.threads);
    } else {
        for (size_t j = 0; j < p->graph.d; ++j) { w.x[j] = (float)x[j]; }
        status = all_metrics(&w, x, value);
    }
    free(w.x);
    free(w.statistic);
    free(w.memory);
    return status;
}
