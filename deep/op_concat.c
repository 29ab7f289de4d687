/* op_concat.c - two outputs side by side: each row is the first one's numbers and behind them the second one's. */
#include "deep/op.h"

#include <string.h>

static enum dsgd_status concat_shape(struct deep_site *site)
{
    const struct deep_shape a = site->in, b = site->other;
    if (deep_shape_count(a) != a.c || deep_shape_count(b) != b.c || site->sequence_in[0] != site->sequence_in[1]) {
        return dsgd_fail(DSGD_EINTERNAL, "layer %s: %zu x %zu x %zu beside %zu x %zu x %zu, expected rows of the same sequence", site->node->name, a.c, a.h,
                         a.w, b.c, b.h, b.w);
    }
    site->out = (struct deep_shape){a.c + b.c, 1, 1};
    return DSGD_OK;
}

static enum dsgd_status join(const struct deep_call *call, size_t element)
{
    const size_t a = call->site->in.c * element, b = call->site->other.c * element;
    for (size_t r = 0; r < call->n; ++r) {
        char *to = (char *)call->out + r * (a + b);
        memcpy(to, (const char *)call->in[0] + r * a, a);
        memcpy(to + a, (const char *)call->in[1] + r * b, b);
    }
    return DSGD_OK;
}

static enum dsgd_status part(const struct deep_call *call, size_t element)
{
    const size_t a = call->site->in.c * element, b = call->site->other.c * element;
    for (size_t r = 0; r < call->n; ++r) {
        const char *from = (const char *)call->dout + r * (a + b);
        if (call->din[0]) { memcpy((char *)call->din[0] + r * a, from, a); }
        if (call->din[1]) { memcpy((char *)call->din[1] + r * b, from + a, b); }
    }
    return DSGD_OK;
}

static enum dsgd_status concat_forward(const struct deep_call *call) { return join(call, sizeof(float)); }
static enum dsgd_status concat_backward(const struct deep_call *call) { return part(call, sizeof(float)); }
static enum dsgd_status naive_forward(const struct deep_call *call) { return join(call, sizeof(double)); }
static enum dsgd_status naive_backward(const struct deep_call *call) { return part(call, sizeof(double)); }

const struct deep_op deep_op_concat = {
    .name = "concat",
    .inputs = 2,
    .shape = concat_shape,
    .fast = {.forward = concat_forward, .backward = concat_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
