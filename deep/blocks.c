/* blocks.c - blocks of a batch. Interface: blocks.h. */
#include "deep/blocks.h"

#include "deep/augment.h"

/* What a block needs, and behind it an image before it is changed. */
struct room {
    double loss[DEEP_BLOCK];
    uint8_t label[DEEP_BLOCK], wrong[DEEP_BLOCK];
};

static size_t room_bytes(const struct deep_problem *p)
{
    return deep_padded(sizeof(struct room)) + deep_padded(p->images.data->features * sizeof(float));
}

struct deep_lane_layout deep_lane_layout(const struct deep_problem *p, uint32_t count)
{
    size_t most = 0;
    for (uint32_t j = 0; j < deep_blocks(count); ++j) {
        const struct deep_plan *plan = p->train[deep_block_size(count, j)];
        if (plan && plan->bytes > most) { most = plan->bytes; }
    }
    struct deep_lane_layout l = {room_bytes(p), deep_padded(most), deep_padded(p->graph.d * sizeof(float)), 0};
    l.each = l.room + l.plan + l.gradient;
    return l;
}

enum dsgd_status deep_block_plan(const struct deep_problem *p, const struct dsgd_batch *batch, uint32_t j, const struct deep_plan **plan)
{
    const uint32_t n = deep_block_size(batch->count, j);
    *plan = p->train[n];
    return *plan ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "problem %s: no memory for blocks of %u examples", p->graph.model->name, (unsigned)n);
}

struct deep_block deep_block_of(const struct deep_problem *p, const struct dsgd_batch *batch, uint32_t j, const float *x, char *memory, float *grad)
{
    struct room *room = (struct room *)memory;
    return (struct deep_block){.parameter = x, .memory = memory + room_bytes(p), .label = room->label, .weight = 1.0 / (double)batch->count,
                               .mode = DEEP_OWN, .keys = {batch->seed, batch->step, batch->worker, deep_block_begin(batch->count, j), true},
                               .loss = room->loss, .wrong = room->wrong, .gradient = grad};
}

void deep_block_fill(const struct deep_problem *p, const struct dsgd_batch *batch, uint32_t j, const struct deep_plan *plan, char *memory)
{
    struct room *room = (struct room *)memory;
    float *images = deep_plan_images(plan, memory + room_bytes(p)), *plain = (float *)(memory + deep_padded(sizeof *room));
    const uint32_t first = deep_block_begin(batch->count, j), each = batch->count / (batch->workers > 1 ? batch->workers : 1); /* a worker's */
    const bool changed = p->settings.augment == DEEP_AUGMENT_CIFAR;
    for (uint32_t i = 0; i < plan->n; ++i) {
        const uint32_t item = first + i, example = batch->example[item];
        float *image = images + i * p->images.data->features;
        deep_images_read(&p->images, &p->images.data->train, example, changed ? plain : image);
        if (changed) {
            const struct deep_keys keys = {batch->seed, batch->step, batch->worker + item / each, 0, true};
            deep_augment_cifar(p->images.shape, p->images.shift, &keys, item % each, plain, image); /* shift: what 0 becomes */
        }
        room->label[i] = p->images.data->train.label[example];
    }
}
