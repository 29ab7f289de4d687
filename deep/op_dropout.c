/* op_dropout.c - dropout (Srivastava et al. 2014): in training each number is 0 with probability `rate`, else divided by 1 - rate.
 *
 * Which ones is keyed by {seed, node} and {item of the worker's batch, step, worker, number}: the same for any block, thread and version, so
 * nothing is kept between forward and backward. The numbers of a sequence are counted from position 0 on: how far it is padded does not matter.
 */
#include "deep/op.h"

#include <string.h>

#include "sim/kernel/rng.h"

enum { WORDS = 4 };

static enum dsgd_status dropout_shape(struct deep_site *site)
{
    site->out = site->in;
    return DSGD_OK;
}

/* What the four numbers from 4 j on of a row are multiplied by: of example i, and behind those of the positions before it. */
static void factors(const struct deep_call *call, size_t row, size_t j, double factor[WORDS])
{
    const struct dsgd_rng_key key = {call->keys.seed, dsgd_rng_purpose("dropout") + call->site->number};
    const size_t rows = call->extent->rows[call->site->sequence], i = row / rows, four = (deep_shape_count(call->site->out) + WORDS - 1) / WORDS;
    const double rate = call->site->value, kept = 1.0 / (1.0 - rate);
    const struct dsgd_rng4 r = dsgd_rng_draw(key, call->keys.first + (uint32_t)i, call->keys.step, call->keys.worker, (uint32_t)(row % rows * four + j));
    for (int w = 0; w < WORDS; ++w) { factor[w] = (double)r.word[w] < rate * 0x1p32 ? 0.0 : kept; }
}

/* Channels side by side have another order than the plain one; numbers are counted as they lie, so that only blocks of vectors differ. Where
 * every factor is 1 nothing is drawn: draws took a quarter of a step of the perceptron. */
static enum dsgd_status drop_fast(const struct deep_call *call, const float *from, float *to)
{
    const size_t count = deep_shape_count(call->site->out);
    if (!call->keys.training || call->site->value == 0.0) {
        if (to) { memcpy(to, from, call->n * count * sizeof *to); }
        return DSGD_OK;
    }
    for (size_t i = 0; to && i < call->n; ++i) {
        double factor[WORDS];
        for (size_t j = 0; j < count; ++j) {
            if (j % WORDS == 0) { factors(call, i, j / WORDS, factor); }
            to[i * count + j] = from[i * count + j] * (float)factor[j % WORDS];
        }
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
