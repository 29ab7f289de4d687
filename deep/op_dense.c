/* op_dense.c - a dense layer: out = W in + b, W of channels rows; of a sequence the same at every position. The fast version: products of
 * matrices by a library.
 */
#include <math.h>

#include "deep/loops.h"
#include "deep/onednn.h"
#include "deep/op.h"

static enum dsgd_status dense_shape(struct deep_site *site)
{
    const size_t in = deep_shape_count(site->in), out = site->channels;
    if (in == 0 || out == 0) { return dsgd_fail(DSGD_EINPUT, "layer %s: %zu inputs and %zu outputs, expected at least 1", site->node->name, in, out); }
    site->out = (struct deep_shape){out, 1, 1};
    const bool xavier = site->node->rule == DEEP_XAVIER;
    const size_t fan_out = out / (site->node->blocks > 0 ? site->node->blocks : 1);
    const struct deep_start usual = {DEEP_FAN_IN, 0.0, 0, 0}, none = {DEEP_CONSTANT, 0.0, 0, 0};
    const struct deep_start glorot = {DEEP_UNIFORM, sqrt(6.0 / (double)(in + fan_out)), 0, 0};
    site->parameter[site->parameters++] = (struct deep_parameter){"weight", out, in, in, xavier ? glorot : usual, DSGD_ROLE_WEIGHTS};
    if (site->node->bias) { site->parameter[site->parameters++] = (struct deep_parameter){"bias", 1, out, in, xavier ? none : usual, DSGD_ROLE_BIAS}; }
    return DSGD_OK;
}

static enum dsgd_status dense_forward(const struct deep_call *call)
{
    const size_t in = deep_shape_count(call->site->in), out = call->site->out.c;
    const float *weight = call->parameter;
    DSGD_TRY(deep_product(false, true, call->n, out, in, call->in[0], weight, call->out));
    if (call->site->node->bias) { deep_loops()->bias(call->n, out, weight + in * out, call->out); }
    return DSGD_OK;
}

static enum dsgd_status dense_backward(const struct deep_call *call)
{
    const size_t in = deep_shape_count(call->site->in), out = call->site->out.c;
    const float *weight = call->parameter;
    float *dweight = call->dparameter;
    DSGD_TRY(deep_product(true, false, out, in, call->n, call->dout, call->in[0], dweight));
    if (call->site->node->bias) { deep_loops()->bias_back(call->n, out, call->dout, dweight + in * out); }
    return call->din[0] ? deep_product(false, false, call->n, in, out, call->dout, weight, call->din[0]) : DSGD_OK;
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const size_t in = deep_shape_count(call->site->in), out = call->site->out.c;
    const double *weight = call->parameter, *bias = weight + in * out, *from = call->in[0];
    double *to = call->out;
    for (size_t i = 0; i < call->n; ++i) {
        for (size_t o = 0; o < out; ++o) {
            double sum = call->site->node->bias ? bias[o] : 0.0;
            for (size_t j = 0; j < in; ++j) { sum += weight[o * in + j] * from[i * in + j]; }
            to[i * out + o] = sum;
        }
    }
    return DSGD_OK;
}

static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const size_t in = deep_shape_count(call->site->in), out = call->site->out.c;
    const double *weight = call->parameter, *from = call->in[0], *dout = call->dout;
    double *dweight = call->dparameter, *dbias = dweight + in * out, *din = call->din[0];
    for (size_t j = 0; j < in * out; ++j) { dweight[j] = 0.0; }
    for (size_t o = 0; call->site->node->bias && o < out; ++o) { dbias[o] = 0.0; }
    for (size_t j = 0; din && j < call->n * in; ++j) { din[j] = 0.0; }
    for (size_t i = 0; i < call->n; ++i) {
        for (size_t o = 0; o < out; ++o) {
            const double slope = dout[i * out + o];
            if (call->site->node->bias) { dbias[o] += slope; }
            for (size_t j = 0; j < in; ++j) {
                dweight[o * in + j] += slope * from[i * in + j];
                if (din) { din[i * in + j] += slope * weight[o * in + j]; }
            }
        }
    }
    return DSGD_OK;
}

const struct deep_op deep_op_dense = {
    .name = "dense",
    .inputs = 1,
    .uses_in = true,
    .row_by_row = true,
    .shape = dense_shape,
    .fast = {.forward = dense_forward, .backward = dense_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
