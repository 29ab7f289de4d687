/* op_dropout.c - dropout (Srivastava et al. 2014): in training each number is 0 with probability `rate`, else divided by 1 - rate.
 *
 * Which ones is keyed by {seed, node} and {item of the worker's batch, step, worker, number}: the same for any block, thread and version, so
 * nothing is kept between forward and backward. The numbers of a sequence are counted from position 0 on: how far it is padded does not matter.
 */
#include <math.h>
#include <string.h>

#include "deep/loops.h"
#include "deep/op.h"

#include "sim/kernel/rng.h"

enum { WORDS = 4 };

static enum dsgd_status dropout_shape(struct deep_site *site)
{
    site->out = site->in;
    return DSGD_OK;
}

/* Whose numbers a row has: an example's, behind the draws of the positions before it. Words below `below` make a 0. */
static struct deep_dropout draws_of(const struct deep_call *call, size_t row, uint32_t *draw)
{
    const size_t rows = call->extent->rows[call->site->sequence], four = (deep_shape_count(call->site->out) + WORDS - 1) / WORDS;
    *draw = (uint32_t)(row % rows * four);
    return (struct deep_dropout){.seed = call->keys.seed, .purpose = dsgd_rng_purpose("dropout") + call->site->number,
                                 .item = call->keys.first + (uint32_t)(row / rows), .step = call->keys.step, .worker = call->keys.worker,
                                 .below = (uint32_t)ceil(call->site->value * 0x1p32), .kept = (float)(1.0 / (1.0 - call->site->value))};
}

/* What the four numbers from 4 j on of a row are multiplied by. */
static void factors(const struct deep_call *call, size_t row, size_t j, double factor[WORDS])
{
    uint32_t draw;
    const struct deep_dropout d = draws_of(call, row, &draw);
    const struct dsgd_rng4 r = dsgd_rng_draw((struct dsgd_rng_key){d.seed, d.purpose}, d.item, d.step, d.worker, draw + (uint32_t)j);
    for (int w = 0; w < WORDS; ++w) { factor[w] = r.word[w] < d.below ? 0.0 : 1.0 / (1.0 - call->site->value); }
}

/* Channels side by side have another order than the plain one; numbers are counted as they lie, so that only blocks of vectors differ. Where
 * every factor is 1 nothing is drawn. */
static enum dsgd_status drop_fast(const struct deep_call *call, const float *from, float *to)
{
    const size_t count = deep_shape_count(call->site->out);
    if (!call->keys.training || call->site->value == 0.0) {
        if (to) { memcpy(to, from, call->n * count * sizeof *to); }
        return DSGD_OK;
    }
    for (size_t r = 0; to && r < call->n; ++r) {
        uint32_t draw;
        const struct deep_dropout d = draws_of(call, r, &draw);
        deep_loops()->dropout(&d, count, draw, from + r * count, to + r * count);
    }
    return DSGD_OK;
}

static enum dsgd_status drop_naive(const struct deep_call *call, const double *from, double *to)
{
    const size_t count = deep_shape_count(call->site->out);
    for (size_t i = 0; to && i < call->n; ++i) {
        double factor[WORDS] = {1.0, 1.0, 1.0, 1.0};
        for (size_t j = 0; j < count; ++j) {
            if (call->keys.training && j % WORDS == 0) { factors(call, i, j / WORDS, factor); }
            to[i * count + j] = from[i * count + j] * factor[j % WORDS];
        }
    }
    return DSGD_OK;
}

static enum dsgd_status dropout_forward(const struct deep_call *call) { return drop_fast(call, call->in[0], call->out); }
static enum dsgd_status dropout_backward(const struct deep_call *call) { return drop_fast(call, call->dout, call->din[0]); }
static enum dsgd_status naive_forward(const struct deep_call *call) { return drop_naive(call, call->in[0], call->out); }
static enum dsgd_status naive_backward(const struct deep_call *call) { return drop_naive(call, call->dout, call->din[0]); }

const struct deep_op deep_op_dropout = {
    .name = "dropout",
    .inputs = 1,
    .shape = dropout_shape,
    .fast = {.forward = dropout_forward, .backward = dropout_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
