/* op_add.c - the sum of two outputs: where a residual connection ends. */
#include <string.h>

#include "deep/loops.h"
#include "deep/op.h"

static enum dsgd_status add_shape(struct deep_site *site)
{
    const struct deep_shape a = site->in, b = site->other;
    if (a.c != b.c || a.h != b.h || a.w != b.w || site->sequence_in[0] != site->sequence_in[1]) {
        return dsgd_fail(DSGD_EINTERNAL, "layer %s: inputs of %zu x %zu x %zu and %zu x %zu x %zu, expected the same", site->node->name, a.c, a.h, a.w, b.c,
                         b.h, b.w);
    }
    site->out = site->in;
    return DSGD_OK;
}

static enum dsgd_status add_forward(const struct deep_call *call)
{
    deep_loops()->add(deep_out_count(call->site, call->n), call->in[0], call->in[1], call->out);
    return DSGD_OK;
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const double *a = call->in[0], *b = call->in[1];
    double *out = call->out;
    for (size_t j = 0; j < deep_out_count(call->site, call->n); ++j) { out[j] = a[j] + b[j]; }
    return DSGD_OK;
}

static enum dsgd_status give(const struct deep_call *call, size_t element)
{
    for (int j = 0; j < DEEP_INPUTS; ++j) {
        if (call->din[j]) { memcpy(call->din[j], call->dout, deep_out_count(call->site, call->n) * element); }
    }
    return DSGD_OK;
}

static enum dsgd_status add_backward(const struct deep_call *call) { return give(call, sizeof(float)); }
static enum dsgd_status naive_backward(const struct deep_call *call) { return give(call, sizeof(double)); }

const struct deep_op deep_op_add = {
    .name = "add",
    .inputs = 2,
    .shape = add_shape,
    .fast = {.forward = add_forward, .backward = add_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
