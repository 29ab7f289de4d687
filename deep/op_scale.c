/* op_scale.c - out = factor in, with a constant factor: the authors' ResNet-9 takes an eighth of its last layer as logits. */
#include "deep/loops.h"
#include "deep/op.h"

static enum dsgd_status scale_shape(struct deep_site *site)
{
    site->out = site->in;
    return DSGD_OK;
}

static enum dsgd_status scale_forward(const struct deep_call *call)
{
    deep_loops()->scale(deep_out_count(call->site, call->n), (float)call->site->value, call->in[0], call->out);
    return DSGD_OK;
}

static enum dsgd_status scale_backward(const struct deep_call *call)
{
    if (call->din[0]) { deep_loops()->scale(deep_out_count(call->site, call->n), (float)call->site->value, call->dout, call->din[0]); }
    return DSGD_OK;
}

static enum dsgd_status naive(const struct deep_call *call, const double *from, double *to)
{
    for (size_t j = 0; to && j < deep_out_count(call->site, call->n); ++j) { to[j] = call->site->value * from[j]; }
    return DSGD_OK;
}

static enum dsgd_status naive_forward(const struct deep_call *call) { return naive(call, call->in[0], call->out); }
static enum dsgd_status naive_backward(const struct deep_call *call) { return naive(call, call->dout, call->din[0]); }

const struct deep_op deep_op_scale = {
    .name = "scale",
    .inputs = 1,
    .shape = scale_shape,
    .fast = {.forward = scale_forward, .backward = scale_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
