/* problem.c - models as problems: construction, blocks, gradients. Interface: problem.h. */
#include "deep/problem.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "deep/augment.h"
#include "deep/loops.h"
#include "deep/one_thread.h"

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

static uint32_t blocks_of(uint32_t count) { return (count + DEEP_BLOCK - 1) / DEEP_BLOCK; }
static uint32_t block_begin(uint32_t count, uint32_t j) { return (uint32_t)((uint64_t)count * j / blocks_of(count)); }

/* What a thread needs for its blocks, and behind it an image before it is changed. All blocks but the first of a batch write their gradients
 * beside the result. */
struct room {
    double loss[DEEP_BLOCK];
    uint8_t label[DEEP_BLOCK], wrong[DEEP_BLOCK];
};

static size_t padded(size_t bytes)
{
    return (bytes + DEEP_ALIGN - 1) / DEEP_ALIGN * DEEP_ALIGN;
}

/* The most bytes that the plans of a batch's blocks want; makes those that are not there. 0 if that fails: `gradient` will say so. */
static size_t plan_bytes(struct deep_problem *p, uint32_t count)
{
    size_t most = 0;
    for (uint32_t j = 0; j < blocks_of(count); ++j) {
        const uint32_t n = block_begin(count, j + 1) - block_begin(count, j);
        if (!p->train[n] && deep_plan_create(&p->graph, n, true, true, &p->train[n]) != DSGD_OK) { return 0; }
        most = p->train[n]->bytes > most ? p->train[n]->bytes : most;
    }
    return most;
}

uint32_t deep_problem_parts(const void *self, uint32_t count)
{
    (void)self;
    return blocks_of(count);
}

/* Blocks that are computed at once. */
static uint32_t helpers_of(uint32_t count, uint32_t threads)
{
    const uint32_t blocks = blocks_of(count);
    return threads < 1 ? 1 : blocks < threads ? blocks : threads;
}

static size_t room_bytes(const struct deep_problem *p)
{
    return padded(sizeof(struct room)) + padded(p->images.data->features * sizeof(float));
}

struct lane_layout {
    size_t room, plan, gradient, each; /* bytes: a room, a plan's memory, a gradient; of all three, a helper's */
};

static struct lane_layout layout_of(const struct deep_problem *p, size_t plan)
{
    struct lane_layout l = {room_bytes(p), padded(plan), padded(p->graph.d * sizeof(float)), 0};
    l.each = l.room + l.plan + l.gradient;
    return l;
}

size_t deep_problem_workspace(const void *self, uint32_t count, uint32_t threads)
{
    struct deep_problem *p = (struct deep_problem *)(uintptr_t)self; /* plans are added, nothing else changes */
    size_t bytes = 0;
#pragma omp critical(deep_plans)
    bytes = layout_of(p, plan_bytes(p, count)).each * helpers_of(count, threads) + DEEP_ALIGN;
    return bytes;
}

static enum dsgd_status one_block(const struct deep_problem *p, const float *x, const struct dsgd_batch *batch, uint32_t j, char *memory, float *grad)
{
    const uint32_t first = block_begin(batch->count, j), n = block_begin(batch->count, j + 1) - first;
    const struct deep_plan *plan = p->train[n];
    if (!plan) { return dsgd_fail(DSGD_ENOMEM, "problem %s: no memory for blocks of %u examples", p->graph.model->name, (unsigned)n); }
    struct room *room = (struct room *)memory;
    const struct deep_block block = {.parameter = x, .memory = memory + room_bytes(p), .label = room->label, .weight = 1.0 / (double)batch->count,
                                     .mode = DEEP_OWN, .keys = {batch->seed, batch->step, batch->worker, first, true}, .loss = room->loss,
                                     .wrong = room->wrong, .gradient = grad};
    float *images = deep_plan_images(plan, block.memory), *plain = (float *)(memory + padded(sizeof *room));
    const bool changed = p->settings.augment == DEEP_AUGMENT_CIFAR;
    for (uint32_t i = 0; i < n; ++i) {
        const uint32_t example = batch->example[first + i];
        float *image = images + i * p->images.data->features;
        deep_images_read(&p->images, &p->images.data->train, example, changed ? plain : image);
        if (changed) { deep_augment_cifar(p->images.shape, p->images.shift, &block.keys, first + i, plain, image); } /* shift: what 0 becomes */
        room->label[i] = p->images.data->train.label[example];
    }
    DSGD_TRY(deep_run_forward(plan, &block));
    return deep_run_backward(plan, &block);
}

/* Block first + j with helper j's memory; block 0's gradient goes to `grad`. */
static enum dsgd_status helper(const struct deep_problem *p, const float *x, const struct dsgd_batch *batch, uint32_t first, uint32_t j,
                               const struct lane_layout *l, float *grad)
{
    char *memory = (char *)batch->work + j * l->each;
    const int threads = deep_one_thread();
    const enum dsgd_status status = one_block(p, x, batch, first + j, memory, first + j == 0 ? grad : (float *)(memory + l->room + l->plan));
    deep_threads_back(threads);
    return status;
}

static void note(enum dsgd_status status, enum dsgd_status *worst)
{
    if (status != DSGD_OK) {
#pragma omp atomic write
        *worst = status;
    }
}

/* Blocks first .. first + count - 1 at once: threads of the region that this is called in, else of one of its own. */
static enum dsgd_status some_blocks(const struct deep_problem *p, const float *x, const struct dsgd_batch *batch, uint32_t first, uint32_t count,
                                    const struct lane_layout *l, float *grad)
{
    if (count == 1) { return helper(p, x, batch, first, 0, l, grad); }
    enum dsgd_status worst = DSGD_OK;
    if (omp_in_parallel()) {
        for (uint32_t j = 0; j < count; ++j) {
#pragma omp task shared(worst)
            note(helper(p, x, batch, first, j, l, grad), &worst);
        }
#pragma omp taskwait
    } else {
#pragma omp parallel for schedule(static, 1) num_threads((int)count)
        for (uint32_t j = 0; j < count; ++j) { note(helper(p, x, batch, first, j, l, grad), &worst); }
    }
    if (worst == DSGD_OK) { return DSGD_OK; }
    return dsgd_fail(worst, "problem %s: a block of worker %u's batch in step %u failed", p->graph.model->name, (unsigned)batch->worker, (unsigned)batch->step);
}

enum dsgd_status deep_problem_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct deep_problem *p = self;
    const uint32_t blocks = blocks_of(batch->count), helpers = helpers_of(batch->count, batch->threads);
    size_t most = 0;
    for (uint32_t j = 0; j < blocks; ++j) {
        const struct deep_plan *plan = p->train[block_begin(batch->count, j + 1) - block_begin(batch->count, j)];
        if (plan && plan->bytes > most) { most = plan->bytes; }
    }
    const struct lane_layout l = layout_of(p, most);
    for (uint32_t first = 0; first < blocks; first += helpers) {
        const uint32_t count = blocks - first < helpers ? blocks - first : helpers;
        DSGD_TRY(some_blocks(p, x, batch, first, count, &l, grad));
        for (uint32_t j = 0; j < count; ++j) {
            if (first + j == 0) { continue; }
            deep_loops()->add(p->graph.d, grad, (const float *)((const char *)batch->work + j * l.each + l.room + l.plan), grad);
        }
    }
    if (p->settings.l2 > 0.0) { deep_loops()->add_scaled(p->graph.d, (float)p->settings.l2, x, grad); }
    return DSGD_OK;
}
