/* step.c - the gradient of all of a step's examples at once. Interface: step.h.
 *
 * Blocks are as in problem.c, but all of them are under way: batch norm measures each block, what was measured is put together in the order
 * of the blocks, and only then the blocks go on, up to the next batch norm. Forward these are means and variances,
 *     mean = sum_j n_j mean_j / n,    variance = sum_j n_j (variance_j + (mean_j - mean)^2)/n,
 * and backward the sums that every derivative by an input contains. A block is computed by one thread at a time; with one block all numbers are
 * those of batch norm over a block.
 */
#include "deep/step.h"

#include <omp.h>

#include "deep/blocks.h"
#include "deep/loops.h"
#include "deep/one_thread.h"

struct step {
    const struct deep_problem *p;
    const float *x;
    const struct dsgd_batch *batch;
    struct deep_lane_layout layout;
    uint32_t blocks;
    float *grad;      /* of block 0, in the end of all */
    float *statistic; /* [graph.statistics] */
    double *slope;    /* the same */
    char *memory;     /* [blocks][layout.each] */
};

/* A stretch of nodes between two batch norms: `from` is where it begins, and `until` is the next to be measured; 0 and nodes: there is none. */
struct stretch {
    int from, until;
    bool back;
};

static size_t shared_bytes(const struct deep_problem *p)
{
    return deep_padded(p->graph.statistics * sizeof(double)) + deep_padded(p->graph.statistics * sizeof(float));
}

size_t deep_step_bytes(const struct deep_problem *p, uint32_t count)
{
    return shared_bytes(p) + deep_lane_layout(p, count).each * deep_blocks(count) + DEEP_ALIGN;
}

static char *memory_of(const struct step *s, uint32_t j)
{
    return s->memory + j * s->layout.each;
}

static float *gradient_of(const struct step *s, uint32_t j)
{
    return j == 0 ? s->grad : deep_block_gradient(&s->layout, memory_of(s, j));
}

static struct deep_block block_of(const struct step *s, uint32_t j, enum deep_mode mode)
{
    struct deep_block block = deep_block_of(s->p, s->batch, j, s->x, memory_of(s, j), gradient_of(s, j));
    block.mode = mode;
    block.statistic = s->statistic;
    block.slope = s->slope;
    block.whole = s->batch->count;
    return block;
}

static enum dsgd_status run_block(const struct step *s, uint32_t j, const struct stretch *t)
{
    const struct deep_plan *plan = NULL;
    DSGD_TRY(deep_block_plan(s->p, s->batch, j, &plan));
    const struct deep_block fixed = block_of(s, j, DEEP_FIXED), measure = block_of(s, j, DEEP_MEASURE);
    const int nodes = plan->graph->nodes;
    if (t->back) {
        for (int k = t->from; k > t->until; --k) { DSGD_TRY(deep_run_node_backward(plan, &fixed, k)); }
        return t->until > 0 ? deep_run_node_backward(plan, &measure, t->until) : DSGD_OK;
    }
    if (t->from == 1) { deep_block_fill(s->p, s->batch, j, plan, memory_of(s, j)); }
    for (int k = t->from; k < t->until; ++k) { DSGD_TRY(deep_run_node_forward(plan, &fixed, k)); }
    return t->until < nodes ? deep_run_node_forward(plan, &measure, t->until) : DSGD_OK;
}

static enum dsgd_status run_stretch(const struct step *s, const struct stretch *t)
{
    const uint32_t threads = s->batch->threads > 1 ? s->batch->threads : 1;
    enum dsgd_status worst = DSGD_OK;
#pragma omp parallel for schedule(static, 1) num_threads((int)(threads < s->blocks ? threads : s->blocks)) if (!omp_in_parallel())
    for (uint32_t j = 0; j < s->blocks; ++j) {
        const int before = deep_one_thread();
        const enum dsgd_status status = run_block(s, j, t);
        deep_threads_back(before);
        if (status != DSGD_OK) {
#pragma omp atomic write
            worst = status;
        }
    }
    return worst == DSGD_OK ? DSGD_OK : dsgd_fail(worst, "problem %s: a block of the batch of step %u failed", s->p->graph.model->name, (unsigned)s->batch->step);
}

/* What block j has measured at a batch norm, [2][c]. */
static const float *measured(const struct step *s, uint32_t j, int node)
{
    const struct deep_plan *plan = s->p->train[deep_block_size(s->batch->count, j)];
    return deep_plan_saved(plan, block_of(s, j, DEEP_MEASURE).memory, node);
}

static void join_statistics(const struct step *s, int node)
{
    const size_t channels = s->p->graph.site[node].in.c;
    float *out = s->statistic + s->p->graph.start_of[node];
    const double n = (double)s->batch->count;
    for (size_t c = 0; c < channels; ++c) {
        double mean = 0.0, variance = 0.0;
        for (uint32_t j = 0; j < s->blocks; ++j) { mean += deep_block_size(s->batch->count, j) * (double)measured(s, j, node)[c]; }
        mean /= n;
        for (uint32_t j = 0; j < s->blocks; ++j) {
            const float *own = measured(s, j, node);
            const double off = (double)own[c] - mean;
            variance += deep_block_size(s->batch->count, j) * ((double)own[channels + c] + off * off);
        }
        out[c] = (float)mean;
        out[channels + c] = (float)(variance / n);
    }
}

static void join_slopes(const struct step *s, int node)
{
    const size_t numbers = 2 * s->p->graph.site[node].in.c;
    double *out = s->slope + s->p->graph.start_of[node];
    for (size_t c = 0; c < numbers; ++c) {
        out[c] = 0.0;
        for (uint32_t j = 0; j < s->blocks; ++j) { out[c] += ((const double *)(measured(s, j, node) + numbers))[c]; }
    }
}

static bool is_norm(const struct step *s, int node)
{
    return s->p->graph.site[node].node->op == &deep_op_batch_norm;
}

enum dsgd_status deep_step_gradient(const struct deep_problem *p, const float *x, const struct dsgd_batch *batch, float *grad)
{
    struct step s = {.p = p, .x = x, .batch = batch, .layout = deep_lane_layout(p, batch->count), .blocks = deep_blocks(batch->count), .grad = grad,
                     .slope = batch->work};
    s.statistic = (float *)((char *)batch->work + deep_padded(p->graph.statistics * sizeof(double)));
    s.memory = (char *)batch->work + shared_bytes(p);
    const int nodes = p->graph.nodes;
    for (int from = 1, until; from < nodes; from = until) {
        for (until = from + 1; until < nodes && !is_norm(&s, until);) { ++until; }
        DSGD_TRY(run_stretch(&s, &(const struct stretch){from, until, false}));
        if (until < nodes) { join_statistics(&s, until); }
    }
    for (int from = nodes - 1, until; from > 0; from = until) {
        for (until = from - 1; until > 0 && !is_norm(&s, until);) { --until; }
        DSGD_TRY(run_stretch(&s, &(const struct stretch){from, until, true}));
        if (until > 0) { join_slopes(&s, until); }
    }
    for (uint32_t j = 1; j < s.blocks; ++j) { deep_loops()->add(p->graph.d, grad, gradient_of(&s, j), grad); }
    return DSGD_OK;
}
