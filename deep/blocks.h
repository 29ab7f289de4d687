/* blocks.h - how a batch is cut into blocks, and what a block's computation needs: memory, images, labels, keys. */
#ifndef DSGD_DEEP_BLOCKS_H
#define DSGD_DEEP_BLOCKS_H

#include "deep/problem.h"

static inline uint32_t deep_blocks(uint32_t count) { return (count + DEEP_BLOCK - 1) / DEEP_BLOCK; }
static inline uint32_t deep_block_begin(uint32_t count, uint32_t j) { return (uint32_t)((uint64_t)count * j / deep_blocks(count)); }
static inline uint32_t deep_block_size(uint32_t count, uint32_t j) { return deep_block_begin(count, j + 1) - deep_block_begin(count, j); }

static inline size_t deep_padded(size_t bytes)
{
    return (bytes + DEEP_ALIGN - 1) / DEEP_ALIGN * DEEP_ALIGN;
}

/** Bytes for one block at a time: a room, a plan's memory, a gradient; `each` is all of them. */
struct deep_lane_layout {
    size_t room, plan, gradient, each;
};

/** For blocks of a batch of `count` examples, from the plans that are there. */
struct deep_lane_layout deep_lane_layout(const struct deep_problem *p, uint32_t count);
/** Where a block's gradient goes, in memory of a layout. */
static inline float *deep_block_gradient(const struct deep_lane_layout *l, char *memory)
{
    return (float *)(memory + l->room + l->plan);
}

/** The plan of block j, which is NULL only where DSGD_ENOMEM comes back. */
enum dsgd_status deep_block_plan(const struct deep_problem *p, const struct dsgd_batch *batch, uint32_t j, const struct deep_plan **plan);
/** What block j is run with; reads nothing. */
struct deep_block deep_block_of(const struct deep_problem *p, const struct dsgd_batch *batch, uint32_t j, const float *x, char *memory, float *grad);
/** Reads its images, changed where the settings say so, and its labels. */
void deep_block_fill(const struct deep_problem *p, const struct dsgd_batch *batch, uint32_t j, const struct deep_plan *plan, char *memory);

#endif
