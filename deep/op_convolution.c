/* op_convolution.c - a convolution of stride 1, kernel k x k, with p rows and columns of zeros around the image:
 *     out[o][y][x] = b[o] + sum over i, r, s of W[o][i][r][s] in[i][y + r - p][x + s - p]
 * (a correlation, as in all libraries of networks). The fast version is a library's where channels lie side by side, and loops of our own on
 * plain planes.
 */
#include "deep/loops.h"
#include "deep/onednn.h"
#include "deep/op.h"

static enum dsgd_status convolution_shape(struct deep_site *site)
{
    const struct deep_node *node = site->node;
    const size_t grown_h = site->in.h + 2 * node->pad, grown_w = site->in.w + 2 * node->pad, k = node->kernel;
    if (k == 0 || node->pad >= k || site->channels == 0 || grown_h < k || grown_w < k) {
        return dsgd_fail(DSGD_EINPUT, "layer %s: kernel %zu on planes of %zu x %zu with %zu around, expected a kernel that fits", node->name, k, site->in.h,
                         site->in.w, node->pad);
    }
    const size_t in = site->in.c * k * k, out = site->channels;
    site->out = (struct deep_shape){out, grown_h - k + 1, grown_w - k + 1};
    site->parameter[site->parameters++] = (struct deep_parameter){"weight", out, in, in, {DEEP_FAN_IN}, DSGD_ROLE_WEIGHTS};
    if (node->bias) { site->parameter[site->parameters++] = (struct deep_parameter){"bias", 1, out, in, {DEEP_FAN_IN}, DSGD_ROLE_BIAS}; }
    return DSGD_OK;
}

static bool is_plain(const struct deep_site *site)
{
    return site->vector == 1;
}

static struct deep_windowed windowed(const struct deep_site *site, size_t n)
{
    return (struct deep_windowed){n, site->in.c, site->out.c, site->in.h, site->in.w, site->node->kernel, site->node->pad};
}

static enum dsgd_status convolution_prepare(const struct deep_site *site, const struct deep_extent *extent, void **prepared)
{
    if (is_plain(site)) { return DSGD_OK; }
    const struct deep_convolution_shape shape = {.n = extent->n, .in = site->in.c, .out = site->out.c, .h = site->in.h, .w = site->in.w,
                                                 .kernel = site->node->kernel, .pad = site->node->pad, .vector_in = site->vector_in,
                                                 .vector = site->vector, .bias = site->node->bias, .first = site->first};
    struct deep_convolution *c;
    const enum dsgd_status status = deep_convolution_create(&shape, &c);
    *prepared = c;
    return status;
}

static void convolution_release(void *prepared)
{
    deep_convolution_destroy(prepared);
}

static size_t convolution_scratch(const struct deep_site *site, const void *prepared, const struct deep_extent *extent)
{
    const struct deep_windowed p = windowed(site, extent->n);
    return is_plain(site) ? deep_loops()->convolution_scratch(&p) : deep_convolution_scratch(prepared);
}

static size_t weights(const struct deep_call *call)
{
    return call->site->parameter[0].rows * call->site->parameter[0].cols;
}

static enum dsgd_status convolution_forward(const struct deep_call *call)
{
    const float *weight = call->parameter;
    if (is_plain(call->site)) {
        const struct deep_windowed p = windowed(call->site, call->n);
        deep_loops()->convolution(&p, call->in[0], weight, call->site->node->bias ? weight + weights(call) : NULL, call->out, call->scratch);
        return DSGD_OK;
    }
    return deep_convolution_forward(call->prepared, call->in[0], weight, weight + weights(call), call->out, call->scratch);
}

static enum dsgd_status convolution_backward(const struct deep_call *call)
{
    float *dweight = call->dparameter;
    if (is_plain(call->site)) {
        const struct deep_windowed p = windowed(call->site, call->n);
        deep_loops()->convolution_back(&p, call->in[0], call->parameter, call->dout, call->din[0], dweight, call->site->node->bias ? dweight + weights(call) : NULL,
                                       call->scratch);
        return DSGD_OK;
    }
    return deep_convolution_backward(call->prepared, call->in[0], call->parameter, call->dout, call->din[0], dweight, dweight + weights(call), call->scratch);
}

/* One output number, or one output's derivative given to all that it was made of: the loops are the same. */
struct naive {
    const struct deep_site *site;
    const double *in, *weight;
    double *din, *dweight;
};

static double gather(const struct naive *a, size_t i, size_t o, size_t y, size_t x)
{
    const struct deep_shape in = a->site->in;
    const size_t k = a->site->node->kernel, pad = a->site->node->pad;
    double sum = 0.0;
    for (size_t c = 0; c < in.c; ++c) {
        for (size_t r = 0; r < k; ++r) {
            for (size_t s = 0; s < k; ++s) {
                if (y + r < pad || y + r - pad >= in.h || x + s < pad || x + s - pad >= in.w) { continue; }
                sum += a->weight[((o * in.c + c) * k + r) * k + s] * a->in[((i * in.c + c) * in.h + y + r - pad) * in.w + x + s - pad];
            }
        }
    }
    return sum;
}

static void scatter(const struct naive *a, size_t i, size_t o, size_t y, size_t x, double slope)
{
    const struct deep_shape in = a->site->in;
    const size_t k = a->site->node->kernel, pad = a->site->node->pad;
    for (size_t c = 0; c < in.c; ++c) {
        for (size_t r = 0; r < k; ++r) {
            for (size_t s = 0; s < k; ++s) {
                if (y + r < pad || y + r - pad >= in.h || x + s < pad || x + s - pad >= in.w) { continue; }
                const size_t at = ((i * in.c + c) * in.h + y + r - pad) * in.w + x + s - pad, w = ((o * in.c + c) * k + r) * k + s;
                a->dweight[w] += slope * a->in[at];
                if (a->din) { a->din[at] += slope * a->weight[w]; }
            }
        }
    }
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const struct deep_shape out = call->site->out;
    const struct naive a = {.site = call->site, .in = call->in[0], .weight = call->parameter};
    const double *bias = a.weight + weights(call);
    double *to = call->out;
    for (size_t i = 0; i < call->n; ++i) {
        for (size_t o = 0; o < out.c; ++o) {
            for (size_t y = 0; y < out.h; ++y) {
                for (size_t x = 0; x < out.w; ++x) { *to++ = (call->site->node->bias ? bias[o] : 0.0) + gather(&a, i, o, y, x); }
            }
        }
    }
    return DSGD_OK;
}

static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const struct deep_shape out = call->site->out;
    const struct naive a = {.site = call->site, .in = call->in[0], .weight = call->parameter, .din = call->din[0], .dweight = call->dparameter};
    const double *slope = call->dout;
    double *dbias = a.dweight + weights(call);
    for (size_t j = 0; j < weights(call); ++j) { a.dweight[j] = 0.0; }
    for (size_t o = 0; call->site->node->bias && o < out.c; ++o) { dbias[o] = 0.0; }
    for (size_t j = 0; a.din && j < deep_in_count(call->site, call->n); ++j) { a.din[j] = 0.0; }
    for (size_t i = 0; i < call->n; ++i) {
        for (size_t o = 0; o < out.c; ++o) {
            for (size_t y = 0; y < out.h; ++y) {
                for (size_t x = 0; x < out.w; ++x, ++slope) {
                    if (call->site->node->bias) { dbias[o] += *slope; }
                    scatter(&a, i, o, y, x, *slope);
                }
            }
        }
    }
    return DSGD_OK;
}

const struct deep_op deep_op_convolution = {
    .name = "convolution",
    .inputs = 1,
    .uses_in = true,
    .shape = convolution_shape,
    .fast = {.scratch = convolution_scratch, .forward = convolution_forward, .backward = convolution_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
    .prepare = convolution_prepare,
    .release = convolution_release,
};
