/* op_tanh.c - out = tanh(in), with the derivative 1 - out^2. */
#include "deep/loops.h"
#include "deep/naive.h"
#include "deep/op.h"

static enum dsgd_status tanh_shape(struct deep_site *site)
{
    site->out = site->in;
    return DSGD_OK;
}

static enum dsgd_status tanh_forward(const struct deep_call *call)
{
    deep_loops()->tanh(deep_out_count(call->site, call->n), call->in[0], call->out);
    return DSGD_OK;
}

static enum dsgd_status tanh_backward(const struct deep_call *call)
{
    if (call->din[0]) { deep_loops()->tanh_back(deep_out_count(call->site, call->n), call->out, call->dout, call->din[0]); }
    return DSGD_OK;
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const double *in = call->in[0];
    double *out = call->out;
    for (size_t j = 0; j < deep_out_count(call->site, call->n); ++j) { out[j] = deep_naive_tanh(in[j]); }
    return DSGD_OK;
}

static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const double *out = call->out, *dout = call->dout;
    double *din = call->din[0];
    for (size_t j = 0; din && j < deep_out_count(call->site, call->n); ++j) { din[j] = dout[j] * (1.0 - out[j] * out[j]); }
    return DSGD_OK;
}

const struct deep_op deep_op_tanh = {
    .name = "tanh",
    .inputs = 1,
    .uses_out = true,
    .shape = tanh_shape,
    .fast = {.forward = tanh_forward, .backward = tanh_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
