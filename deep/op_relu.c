/* op_relu.c - out = max(in, 0); the derivative at 0 is 0. */
#include "deep/loops.h"
#include "deep/op.h"

static enum dsgd_status relu_shape(struct deep_site *site)
{
    site->out = site->in;
    return DSGD_OK;
}

static enum dsgd_status relu_forward(const struct deep_call *call)
{
    deep_loops()->relu(deep_out_count(call->site, call->n), call->in[0], call->out);
    return DSGD_OK;
}

static enum dsgd_status relu_backward(const struct deep_call *call)
{
    if (call->din[0]) { deep_loops()->relu_back(deep_out_count(call->site, call->n), call->out, call->dout, call->din[0]); }
    return DSGD_OK;
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const double *in = call->in[0];
    double *out = call->out;
    for (size_t j = 0; j < deep_out_count(call->site, call->n); ++j) { out[j] = in[j] > 0.0 ? in[j] : 0.0; }
    return DSGD_OK;
}

static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const double *out = call->out, *dout = call->dout;
    double *din = call->din[0];
    for (size_t j = 0; din && j < deep_out_count(call->site, call->n); ++j) { din[j] = out[j] > 0.0 ? dout[j] : 0.0; }
    return DSGD_OK;
}

const struct deep_op deep_op_relu = {
    .name = "relu",
    .inputs = 1,
    .uses_out = true,
    .shape = relu_shape,
    .fast = {.forward = relu_forward, .backward = relu_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
