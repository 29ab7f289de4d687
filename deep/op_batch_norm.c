/* op_batch_norm.c - batch normalisation (Ioffe, Szegedy 2015), with a ReLU behind it where the node says so:
 *     out = relu(scale (in - mean)/sqrt(variance + epsilon) + shift),
 * mean and variance (divided by the count) of each channel over the block's images and pixels, or given (enum deep_mode). Parameters: scale [c], shift [c].
 */
#include <math.h>
#include <string.h>

#include "deep/loops.h"
#include "deep/op.h"

static enum dsgd_status norm_shape(struct deep_site *site)
{
    const size_t c = site->in.c;
    site->out = site->in;
    site->parameter[site->parameters++] = (struct deep_parameter){"scale", 1, c, 0, {DEEP_CONSTANT, 1.0}, DSGD_ROLE_NORM};
    site->parameter[site->parameters++] = (struct deep_parameter){"shift", 1, c, 0, {DEEP_CONSTANT, 0.0}, DSGD_ROLE_NORM};
    return DSGD_OK;
}

static size_t norm_saved(const struct deep_site *site, const struct deep_extent *extent)
{
    (void)extent;
    return 2 * site->in.c * (sizeof(float) + sizeof(double)); /* means and variances, and behind them slopes */
}

static struct deep_planes planes(const struct deep_call *call)
{
    const struct deep_shape s = call->site->in;
    return (struct deep_planes){call->n, s.c, s.h * s.w, call->site->vector};
}

static enum dsgd_status norm_forward(const struct deep_call *call)
{
    const struct deep_planes p = planes(call);
    const float *statistic = call->mode == DEEP_FIXED ? call->statistic : call->saved;
    if (call->mode != DEEP_FIXED) { deep_loops()->norm_statistics(&p, call->in[0], call->saved); }
    if (call->mode == DEEP_MEASURE) { return DSGD_OK; }
    deep_loops()->norm_apply(&p, call->in[0], call->parameter, statistic, call->site->node->relu, call->out);
    if (call->mode == DEEP_COLLECT) { memcpy(call->statistic, statistic, 2 * p.c * sizeof *statistic); }
    return DSGD_OK;
}

static enum dsgd_status norm_backward(const struct deep_call *call)
{
    const struct deep_planes p = planes(call);
    const bool relu = call->site->node->relu, alone = call->mode == DEEP_OWN || call->mode == DEEP_COLLECT;
    const float *statistic = alone ? call->saved : call->statistic;
    double *slope = (double *)((float *)call->saved + 2 * p.c);
    if (!call->din[0]) { return dsgd_fail(DSGD_EINTERNAL, "layer %s: batch norm of the image itself, expected a layer before it", call->site->node->name); }
    if (call->mode != DEEP_FIXED) {
        deep_loops()->norm_slopes(&p, call->in[0], call->out, call->parameter, statistic, relu, call->dout, slope);
        for (size_t j = 0; j < 2 * p.c; ++j) { ((float *)call->dparameter)[j] = (float)slope[j]; }
    }
    if (call->mode == DEEP_MEASURE) { return DSGD_OK; }
    const double count = (double)((alone ? call->n : call->whole) * p.area);
    deep_loops()->norm_back(&p, call->in[0], call->out, call->parameter, statistic, relu, call->dout, alone ? slope : call->slope, count, call->din[0]);
    return DSGD_OK;
}

/* The naive version's channel c: its numbers are `count` runs of h w, a stride of c h w apart. */
struct channel {
    size_t images, area, stride;
    const double *in;
    double mean, variance;
};

static struct channel channel_of(const struct deep_call *call, size_t c)
{
    const struct deep_shape s = call->site->in;
    struct channel a = {.images = call->n, .area = s.h * s.w, .stride = s.c * s.h * s.w, .in = (const double *)call->in[0] + c * s.h * s.w};
    const double count = (double)(a.images * a.area);
    if (call->mode == DEEP_FIXED) {
        const double *given = call->statistic;
        a.mean = given[c];
        a.variance = given[s.c + c];
        return a;
    }
    for (size_t j = 0; j < a.images * a.area; ++j) { a.mean += a.in[j / a.area * a.stride + j % a.area]; }
    a.mean /= count;
    for (size_t j = 0; j < a.images * a.area; ++j) {
        const double off = a.in[j / a.area * a.stride + j % a.area] - a.mean;
        a.variance += off * off;
    }
    a.variance /= count;
    return a;
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const struct deep_shape s = call->site->in;
    const double *scale = call->parameter, *shift = scale + s.c;
    for (size_t c = 0; c < s.c; ++c) {
        const struct channel a = channel_of(call, c);
        const double rate = 1.0 / sqrt(a.variance + (double)DEEP_NORM_EPSILON);
        double *out = (double *)call->out + c * a.area;
        for (size_t j = 0; j < a.images * a.area; ++j) {
            const size_t at = j / a.area * a.stride + j % a.area;
            const double value = scale[c] * (a.in[at] - a.mean) * rate + shift[c];
            out[at] = call->site->node->relu && value <= 0.0 ? 0.0 : value;
        }
        if (call->mode == DEEP_COLLECT) {
            ((double *)call->statistic)[c] = a.mean;
            ((double *)call->statistic)[s.c + c] = a.variance;
        }
    }
    return DSGD_OK;
}

/* With z = (in - mean) rate: din = scale rate (dout - mean of dout - z mean of (dout z)). */
static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const struct deep_shape s = call->site->in;
    const double *scale = call->parameter, *shift = scale + s.c;
    double *dscale = call->dparameter, *dshift = dscale + s.c;
    for (size_t c = 0; c < s.c; ++c) {
        const struct channel a = channel_of(call, c);
        const double rate = 1.0 / sqrt(a.variance + (double)DEEP_NORM_EPSILON), count = (double)(a.images * a.area);
        const double *dout = (const double *)call->dout + c * a.area;
        double sum = 0.0, product = 0.0, *din = call->din[0] ? (double *)call->din[0] + c * a.area : NULL;
        for (int pass = 0; pass < 2; ++pass) {
            for (size_t j = 0; j < a.images * a.area; ++j) {
                const size_t at = j / a.area * a.stride + j % a.area;
                const double z = (a.in[at] - a.mean) * rate;
                const double slope = call->site->node->relu && scale[c] * z + shift[c] <= 0.0 ? 0.0 : dout[at];
                if (pass == 0) {
                    sum += slope;
                    product += slope * z;
                } else if (din) {
                    din[at] = scale[c] * rate * (slope - sum / count - z * product / count);
                }
            }
        }
        dscale[c] = product;
        dshift[c] = sum;
    }
    return DSGD_OK;
}

const struct deep_op deep_op_batch_norm = {
    .name = "batch_norm",
    .inputs = 1,
    .uses_in = true,
    .uses_out = true,
    .shape = norm_shape,
    .fast = {.saved = norm_saved, .forward = norm_forward, .backward = norm_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
