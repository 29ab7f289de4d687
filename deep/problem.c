/* problem.c - models as problems: construction, blocks, gradients. Interface: problem.h. */
#include "deep/problem.h"

#include <stdlib.h>
#include <string.h>

#include "deep/blocks.h"
#include "deep/loops.h"
#include "deep/parts.h"
#include "deep/step.h"

const struct dsgd_metric deep_metric[DEEP_METRICS] = {
    {"objective", "1", "f(w): mean training loss + l2/2 ||w||^2"},
    {"train_error", "1", "fraction of training examples whose largest score is another class's"},
    {"test_loss", "1", "mean test loss + l2/2 ||w||^2, so that it compares with the objective"},
    {"test_error", "1", "fraction of test examples whose largest score is another class's"},
};

enum dsgd_status deep_problem_create(const struct deep_model *model, const struct deep_settings *settings, const struct dsgd_problem_args *args, void **self)
{
    *self = NULL;
    struct deep_problem *p = calloc(1, sizeof *p);
    if (!p) { return dsgd_fail(DSGD_ENOMEM, "problem %s: no memory", model->name); }
    p->settings = *settings;
    p->seed = args->seed_data;
    p->examples = args->examples;
    enum dsgd_status status = deep_images_open(args->data, model->name, model->images, &p->images);
    if (status == DSGD_OK) {
        const struct deep_sizes sizes = {.image = p->images.shape, .classes = args->data->classes, .width = (size_t)settings->width,
                                         .dropout = settings->dropout, .smoothing = settings->smoothing};
        status = deep_graph_build(model, &sizes, &p->graph);
    }
    if (status == DSGD_OK) { status = deep_plan_create(&p->graph, DEEP_BLOCK, true, false, &p->evaluate); }
    if (status == DSGD_OK && p->graph.statistics > 0) {
        const size_t n = args->data->train.n;
        status = deep_plan_create(&p->graph, n < DEEP_STATISTIC_BLOCK ? n : (size_t)DEEP_STATISTIC_BLOCK, true, false, &p->collect);
    }
    if (status != DSGD_OK) {
        deep_problem_destroy(p);
        return status;
    }
    *self = p;
    return DSGD_OK;
}

void deep_problem_destroy(void *self)
{
    struct deep_problem *p = self;
    if (!p) { return; }
    for (int n = 0; n <= DEEP_BLOCK; ++n) { deep_plan_destroy(p->train[n]); }
    deep_plan_destroy(p->evaluate);
    deep_plan_destroy(p->collect);
    free(p);
}

size_t deep_problem_bytes(const void *self)
{
    const struct deep_problem *p = self;
    size_t bytes = sizeof *p + sizeof *p->evaluate + (p->collect ? sizeof *p->collect : 0) + deep_evaluate_bytes(p);
    for (int n = 0; n <= DEEP_BLOCK; ++n) { bytes += p->train[n] ? sizeof *p->train[n] : 0; }
    return bytes;
}

void deep_problem_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct deep_problem *p = self;
    *layout = (struct dsgd_layout){.d = p->graph.d, .segments = p->graph.segments, .segment = p->graph.segment};
    *n = p->images.data->train.n;
}

void deep_problem_start(const void *self, double *x)
{
    const struct deep_problem *p = self;
    deep_graph_start(&p->graph, p->seed, x);
}

/* ---- blocks ---- */

/* Makes the plans of a batch's blocks that are not there. If that fails, `gradient` will say so. */
static void make_plans(struct deep_problem *p, uint32_t count)
{
    for (uint32_t j = 0; j < deep_blocks(count); ++j) {
        const uint32_t n = deep_block_size(count, j);
        if (!p->train[n] && deep_plan_create(&p->graph, n, true, true, &p->train[n]) != DSGD_OK) { return; }
    }
}

uint32_t deep_problem_parts(const void *self, uint32_t count)
{
    (void)self;
    return deep_blocks(count);
}

const char *deep_problem_whole(const void *self)
{
    const struct deep_problem *p = self;
    return p->settings.whole ? "batch_norm = batch" : NULL;
}

/* Blocks that are computed at once. */
static uint32_t helpers_of(uint32_t count, uint32_t threads)
{
    const uint32_t blocks = deep_blocks(count);
    return threads < 1 ? 1 : blocks < threads ? blocks : threads;
}

size_t deep_problem_workspace(const void *self, uint32_t count, uint32_t threads)
{
    struct deep_problem *p = (struct deep_problem *)(uintptr_t)self; /* plans are added, nothing else changes */
    size_t bytes = 0;
#pragma omp critical(deep_plans)
    {
        make_plans(p, count);
        bytes = p->settings.whole ? deep_step_bytes(p, count) : deep_lane_layout(p, count).each * helpers_of(count, threads) + DEEP_ALIGN;
    }
    return bytes;
}

static enum dsgd_status one_block(const struct deep_problem *p, const float *x, const struct dsgd_batch *batch, uint32_t j, char *memory, float *grad)
{
    const struct deep_plan *plan = NULL;
    DSGD_TRY(deep_block_plan(p, batch, j, &plan));
    const struct deep_block block = deep_block_of(p, batch, j, x, memory, grad);
    deep_block_fill(p, batch, j, plan, memory);
    DSGD_TRY(deep_run_forward(plan, &block));
    return deep_run_backward(plan, &block);
}

/* Blocks of one call that are computed at once. */
struct together {
    const struct deep_problem *p;
    const float *x;
    const struct dsgd_batch *batch;
    uint32_t first;
    const struct deep_lane_layout *layout;
    float *grad;
};

/* Block first + j with helper j's memory; block 0's gradient goes to `grad`. */
static enum dsgd_status helper(void *context, uint32_t j)
{
    const struct together *t = context;
    char *memory = (char *)t->batch->work + j * t->layout->each;
    const uint32_t block = t->first + j;
    return one_block(t->p, t->x, t->batch, block, memory, block == 0 ? t->grad : deep_block_gradient(t->layout, memory));
}

/* Blocks first .. first + count - 1 at once. */
static enum dsgd_status some_blocks(const struct deep_problem *p, const float *x, const struct dsgd_batch *batch, uint32_t first, uint32_t count,
                                    const struct deep_lane_layout *l, float *grad)
{
    struct together t = {p, x, batch, first, l, grad};
    const enum dsgd_status worst = deep_parts(count, helper, &t);
    if (worst == DSGD_OK || count == 1) { return worst; }
    return dsgd_fail(worst, "problem %s: a block of worker %u's batch in step %u failed", p->graph.model->name, (unsigned)batch->worker, (unsigned)batch->step);
}

/* All blocks but the first of a batch write their gradients beside the result. */
enum dsgd_status deep_problem_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct deep_problem *p = self;
    const uint32_t blocks = deep_blocks(batch->count), helpers = helpers_of(batch->count, batch->threads);
    const struct deep_lane_layout l = deep_lane_layout(p, batch->count);
    if (p->settings.whole) { DSGD_TRY(deep_step_gradient(p, x, batch, grad)); }
    for (uint32_t first = 0; first < blocks && !p->settings.whole; first += helpers) {
        const uint32_t count = blocks - first < helpers ? blocks - first : helpers;
        DSGD_TRY(some_blocks(p, x, batch, first, count, &l, grad));
        for (uint32_t j = 0; j < count; ++j) {
            if (first + j == 0) { continue; }
            deep_loops()->add(p->graph.d, grad, deep_block_gradient(&l, (char *)batch->work + j * l.each), grad);
        }
    }
    if (p->settings.l2 > 0.0) { deep_loops()->add_scaled(p->graph.d, (float)p->settings.l2, x, grad); }
    return DSGD_OK;
}
