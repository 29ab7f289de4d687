/* bin_plans.h - plans for the bins of a split: one for each shape that a bin has. */
#ifndef DSGD_DEEP_BIN_PLANS_H
#define DSGD_DEEP_BIN_PLANS_H

#include "datasets/bins.h"
#include "deep/graph.h"

struct deep_bin_plans {
    struct deep_plan **plan; /* [shapes] */
    uint32_t *shape_of;      /* [bins] */
    size_t shapes;
    size_t memory;           /* the most that any plan's run takes */
    size_t rows;             /* of the target, the most of any bin: losses */
    size_t words;            /* of ids, the same */
};

/** Fast plans, with derivatives or without. Graph and bins are only read. Caller: deep_bin_plans_destroy. Cost: shapes times bins, and some 10 us for each node
 *  of each plan; outside parallel regions, or one thread at a time. */
enum dsgd_status deep_bin_plans_create(const struct deep_graph *graph, const struct dsgd_bins *bins, bool backward, struct deep_bin_plans **out);
void deep_bin_plans_destroy(struct deep_bin_plans *p); /* accepts NULL */
/** Bytes held. */
size_t deep_bin_plans_bytes(const struct deep_bin_plans *p, size_t bins);

static inline const struct deep_plan *deep_bin_plan(const struct deep_bin_plans *p, size_t bin)
{
    return p->plan[p->shape_of[bin]];
}

/** Memory in which one bin runs: ids, losses, flags, the plan's. 64-byte aligned if `memory` is. */
struct deep_bin_room {
    uint32_t *words;
    double *loss;   /* [rows] */
    uint8_t *wrong; /* [rows] */
    void *plan;
};
size_t deep_bin_room_bytes(const struct deep_bin_plans *p);
struct deep_bin_room deep_bin_room_of(const struct deep_bin_plans *p, char *memory);

/** A bin's ids in `room`, and a block that runs them: parameters, weight, keys and gradient are the caller's to add. `tokens` is what it points to. */
struct deep_block deep_bin_fill(const struct dsgd_bins *bins, const struct dsgd_bin *bin, const struct dsgd_split *split, const struct deep_bin_room *room,
                                struct deep_tokens *tokens);

#endif
