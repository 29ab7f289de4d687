/* op_layer_norm.c - layer normalisation (Ba, Kiros, Hinton 2016): with mean and variance (divided by the count) of a row's numbers,
 *     z = (in - mean)/sqrt(variance + epsilon),    out = scale z + shift,    scale [c], shift [c];
 *     din = (g - mean of g - z mean of (g z))/sqrt(variance + epsilon) with g = dout scale.
 */
#include <math.h>

#include "deep/loops.h"
#include "deep/op.h"

static enum dsgd_status norm_shape(struct deep_site *site)
{
    const size_t c = site->in.c;
    if (deep_shape_count(site->in) != c || c < 1) {
        return dsgd_fail(DSGD_EINTERNAL, "layer %s: rows of %zu x %zu x %zu, expected vectors", site->node->name, c, site->in.h, site->in.w);
    }
    site->out = site->in;
    site->parameter[site->parameters++] = (struct deep_parameter){"scale", 1, c, 0, {DEEP_CONSTANT, 1.0, 0, 0}, DSGD_ROLE_NORM};
    site->parameter[site->parameters++] = (struct deep_parameter){"shift", 1, c, 0, {DEEP_CONSTANT, 0.0, 0, 0}, DSGD_ROLE_NORM};
    return DSGD_OK;
}

static size_t norm_saved(const struct deep_site *site, const struct deep_extent *extent)
{
    return deep_rows(extent, site->sequence) * 2 * sizeof(float);
}

static enum dsgd_status norm_forward(const struct deep_call *call)
{
    deep_loops()->layer_norm(call->n, call->site->in.c, call->in[0], call->parameter, call->saved, call->out);
    return DSGD_OK;
}

static enum dsgd_status norm_backward(const struct deep_call *call)
{
    deep_loops()->layer_norm_back(call->n, call->site->in.c, call->in[0], call->parameter, call->saved, call->dout, call->din[0], call->dparameter);
    return DSGD_OK;
}

static void mean_and_rate(size_t c, const double *in, double *mean, double *rate)
{
    double variance = 0.0;
    *mean = 0.0;
    for (size_t j = 0; j < c; ++j) { *mean += in[j] / (double)c; }
    for (size_t j = 0; j < c; ++j) { variance += (in[j] - *mean) * (in[j] - *mean) / (double)c; }
    *rate = 1.0 / sqrt(variance + (double)DEEP_NORM_EPSILON);
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const size_t c = call->site->in.c;
    const double *scale = call->parameter, *shift = scale + c;
    for (size_t r = 0; r < call->n; ++r) {
        const double *in = (const double *)call->in[0] + r * c;
        double mean, rate, *out = (double *)call->out + r * c;
        mean_and_rate(c, in, &mean, &rate);
        for (size_t j = 0; j < c; ++j) { out[j] = scale[j] * (in[j] - mean) * rate + shift[j]; }
    }
    return DSGD_OK;
}

static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const size_t c = call->site->in.c;
    const double *scale = call->parameter;
    double *dscale = call->dparameter, *dshift = dscale + c;
    for (size_t j = 0; j < 2 * c; ++j) { dscale[j] = 0.0; }
    for (size_t r = 0; r < call->n; ++r) {
        const double *in = (const double *)call->in[0] + r * c, *dout = (const double *)call->dout + r * c;
        double mean, rate, sum = 0.0, product = 0.0, *din = call->din[0] ? (double *)call->din[0] + r * c : NULL;
        mean_and_rate(c, in, &mean, &rate);
        for (size_t j = 0; j < c; ++j) {
            const double z = (in[j] - mean) * rate;
            dscale[j] += dout[j] * z;
            dshift[j] += dout[j];
            sum += dout[j] * scale[j] / (double)c;
            product += dout[j] * scale[j] * z / (double)c;
        }
        for (size_t j = 0; din && j < c; ++j) { din[j] = rate * (dout[j] * scale[j] - sum - (in[j] - mean) * rate * product); }
    }
    return DSGD_OK;
}

const struct deep_op deep_op_layer_norm = {
    .name = "layer_norm",
    .inputs = 1,
    .uses_in = true,
    .shape = norm_shape,
    .fast = {.saved = norm_saved, .forward = norm_forward, .backward = norm_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
