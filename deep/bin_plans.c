/* bin_plans.c - plans by shapes of bins. Interface: bin_plans.h. */
#include "deep/bin_plans.h"

#include <stdlib.h>

static size_t padded(size_t bytes)
{
    return (bytes + DEEP_ALIGN - 1) / DEEP_ALIGN * DEEP_ALIGN;
}

static bool has_shape(const struct deep_plan *plan, const struct dsgd_bin *bin)
{
    return plan->extent.n == bin->n && plan->extent.rows[DEEP_SOURCE] == bin->S && plan->extent.rows[DEEP_TARGET] == bin->T;
}

static enum dsgd_status add_bin(struct deep_bin_plans *p, const struct deep_graph *graph, const struct dsgd_bin *bin, bool backward, uint32_t *shape)
{
    size_t at = p->shapes;
    while (at > 0 && !has_shape(p->plan[at - 1], bin)) { --at; } /* bins are sorted: mostly the last one */
    if (at == 0) {
        const struct deep_extent extent = {bin->n, {1, bin->S, bin->T}};
        struct deep_plan *plan = NULL;
        DSGD_TRY(deep_plan_create_pairs(graph, &extent, true, backward, &plan));
        p->plan[p->shapes] = plan;
        at = ++p->shapes;
        p->memory = plan->bytes > p->memory ? plan->bytes : p->memory;
    }
    *shape = (uint32_t)(at - 1);
    return DSGD_OK;
}

enum dsgd_status deep_bin_plans_create(const struct deep_graph *graph, const struct dsgd_bins *bins, bool backward, struct deep_bin_plans **out)
{
    *out = NULL;
    struct deep_bin_plans *p = calloc(1, sizeof *p);
    if (p) {
        *p = (struct deep_bin_plans){.plan = calloc(bins->n, sizeof(struct deep_plan *)), .shape_of = calloc(bins->n, sizeof(uint32_t)),
                                     .rows = bins->most_target_places, .words = dsgd_bins_words(bins)};
    }
    enum dsgd_status status = p && p->plan && p->shape_of ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "model %s: no memory for the plans of %zu batches", graph->model->name, bins->n);
    for (size_t j = 0; status == DSGD_OK && j < bins->n; ++j) { status = add_bin(p, graph, &bins->bin[j], backward, &p->shape_of[j]); }
    if (status != DSGD_OK) {
        deep_bin_plans_destroy(p);
        return status;
    }
    *out = p;
    return DSGD_OK;
}

void deep_bin_plans_destroy(struct deep_bin_plans *p)
{
    if (!p) { return; }
    for (size_t s = 0; s < p->shapes; ++s) { deep_plan_destroy(p->plan[s]); }
    free(p->plan);
    free(p->shape_of);
    free(p);
}

static size_t plan_bytes(const struct deep_plan *plan)
{
    size_t bytes = sizeof *plan;
    for (int j = 0; j < plan->graph->nodes; ++j) {
        const struct deep_op *op = plan->graph->site[j].node->op;
        if (plan->prepared[j] && op->bytes) { bytes += op->bytes(plan->prepared[j]); }
    }
    return bytes;
}

size_t deep_bin_plans_bytes(const struct deep_bin_plans *p, size_t bins)
{
    size_t bytes = sizeof *p + bins * (sizeof *p->plan + sizeof *p->shape_of);
    for (size_t s = 0; s < p->shapes; ++s) { bytes += plan_bytes(p->plan[s]); }
    return bytes;
}

size_t deep_bin_room_bytes(const struct deep_bin_plans *p)
{
    return padded(p->words * sizeof(uint32_t)) + padded(p->rows * sizeof(double)) + padded(p->rows) + padded(p->memory);
}

struct deep_bin_room deep_bin_room_of(const struct deep_bin_plans *p, char *memory)
{
    char *loss = memory + padded(p->words * sizeof(uint32_t)), *wrong = loss + padded(p->rows * sizeof(double));
    return (struct deep_bin_room){(uint32_t *)memory, (double *)loss, (uint8_t *)wrong, wrong + padded(p->rows)};
}

struct deep_block deep_bin_fill(const struct dsgd_bins *bins, const struct dsgd_bin *bin, const struct dsgd_split *split, const struct deep_bin_room *room,
                                struct deep_tokens *tokens)
{
    const struct dsgd_bin_ids ids = dsgd_bins_place(bin, room->words);
    dsgd_bins_fill(bins, bin, split, &ids);
    *tokens = (struct deep_tokens){.in = {NULL, ids.source, ids.target_in}, .length = {NULL, ids.source_length, ids.target_length}, .out = ids.target_out};
    return (struct deep_block){.memory = room->plan, .tokens = tokens, .mode = DEEP_OWN, .loss = room->loss, .wrong = room->wrong};
}
