/* run.c - a block forward and backward through a graph. Interface: graph.h. */
#include "deep/graph.h"
#include "deep/loops.h"

#include <string.h>

static void *at(const struct deep_block *block, size_t offset)
{
    return offset == SIZE_MAX ? NULL : (char *)block->memory + offset;
}

void *deep_plan_images(const struct deep_plan *plan, void *memory)
{
    return (char *)memory + plan->place[0].out;
}

void *deep_plan_output(const struct deep_plan *plan, void *memory, int node)
{
    return (char *)memory + plan->place[node].out;
}

void *deep_plan_saved(const struct deep_plan *plan, void *memory, int node)
{
    return (char *)memory + plan->place[node].saved;
}

static const struct deep_version *version(const struct deep_plan *plan, int j)
{
    const struct deep_op *op = plan->graph->site[j].node->op;
    return plan->element == sizeof(float) ? &op->fast : &op->naive;
}

/* What both directions tell a node. */
static struct deep_call call_of(const struct deep_plan *plan, const struct deep_block *block, int j)
{
    const struct deep_graph *g = plan->graph;
    const struct deep_site *site = &g->site[j];
    struct deep_call call = {.site = site, .prepared = plan->prepared[j], .n = deep_rows(&plan->extent, site->sequence), .extent = &plan->extent,
                             .tokens = block->tokens, .out = at(block, plan->place[j].out),
                             .parameter = (const char *)block->parameter + site->offset * plan->element, .saved = at(block, plan->place[j].saved),
                             .scratch = at(block, plan->scratch), .mode = block->mode, .keys = block->keys, .label = block->label,
                             .weight = block->weight, .loss = block->loss, .wrong = block->wrong};
    for (int i = 0; i < site->inputs; ++i) { call.in[i] = at(block, plan->place[site->node->in[i]].out); }
    if (block->statistic) { call.statistic = (char *)block->statistic + g->start_of[j] * plan->element; }
    if (block->slope) { call.slope = block->slope + g->start_of[j]; }
    call.whole = block->whole;
    return call;
}

enum dsgd_status deep_run_node_forward(const struct deep_plan *plan, const struct deep_block *block, int node)
{
    const struct deep_call call = call_of(plan, block, node);
    return version(plan, node)->forward(&call);
}

enum dsgd_status deep_run_rows(const struct deep_plan *plan, const struct deep_block *block, int node, size_t n, const void *in, void *out)
{
    struct deep_call call = call_of(plan, block, node);
    call.n = n;
    call.in[0] = in;
    call.out = out;
    return version(plan, node)->forward(&call);
}

enum dsgd_status deep_run_forward(const struct deep_plan *plan, const struct deep_block *block)
{
    for (int j = 1; j < plan->graph->nodes; ++j) { DSGD_TRY(deep_run_node_forward(plan, block, j)); }
    return DSGD_OK;
}

static void add(const struct deep_plan *plan, size_t n, const void *more, void *sum)
{
    if (plan->element == sizeof(float)) {
        deep_loops()->add(n, sum, more, sum);
        return;
    }
    for (size_t j = 0; j < n; ++j) { ((double *)sum)[j] += ((const double *)more)[j]; }
}

/* The last state of a sequence has no derivative from those that only look at the sequence. */
static void clear_states(const struct deep_plan *plan, const struct deep_site *site, const struct deep_call *call)
{
    for (int i = 0; i < site->inputs; ++i) {
        if (site->state_in[i] == 0 || !call->din[i] || (i == 1 && site->node->op->takes_state)) { continue; }
        const size_t rows = deep_rows(&plan->extent, site->sequence_in[i]) * deep_shape_count(i == 0 ? site->in : site->other);
        memset((char *)call->din[i] + rows * plan->element, 0, plan->n * site->state_in[i] * plan->element);
    }
}

enum dsgd_status deep_run_node_backward(const struct deep_plan *plan, const struct deep_block *block, int node)
{
    const struct deep_graph *g = plan->graph;
    const struct deep_site *site = &g->site[node];
    const struct deep_places *place = &plan->place[node];
    struct deep_call call = call_of(plan, block, node);
    call.dout = at(block, place->dout);
    call.dparameter = (char *)block->gradient + site->offset * plan->element;
    for (int i = 0; i < site->inputs; ++i) {
        const size_t direct = plan->place[site->node->in[i]].dout;
        call.din[i] = at(block, place->spare[i] != SIZE_MAX ? place->spare[i] : direct);
    }
    clear_states(plan, site, &call);
    DSGD_TRY(version(plan, node)->backward(&call));
    for (int i = 0; i < site->inputs && block->mode != DEEP_MEASURE; ++i) {
        if (place->spare[i] == SIZE_MAX) { continue; }
        const int from = site->node->in[i];
        add(plan, deep_block_count(&g->site[from], &plan->extent), at(block, place->spare[i]), at(block, plan->place[from].dout));
    }
    return DSGD_OK;
}

enum dsgd_status deep_run_backward(const struct deep_plan *plan, const struct deep_block *block)
{
    for (int j = plan->graph->nodes - 1; j > 0; --j) { DSGD_TRY(deep_run_node_backward(plan, block, j)); }
    return DSGD_OK;
}
