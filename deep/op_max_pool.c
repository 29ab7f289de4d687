/* op_max_pool.c - the largest number of each window of kernel x kernel, windows beside each other; kernel = 0: of the whole plane. Rows and
 * columns beyond the last whole window are not looked at. Of equal numbers the first one, row by row, gets the derivative.
 */
#include "deep/loops.h"
#include "deep/op.h"

enum { PLACES = 256 }; /* a place in a window is a byte */

static struct deep_windows windows(const struct deep_site *site, size_t n)
{
    const size_t k = site->node->kernel;
    return (struct deep_windows){.planes = n * site->in.c / site->vector, .h = site->in.h, .w = site->in.w, .kernel_h = k ? k : site->in.h,
                                 .kernel_w = k ? k : site->in.w, .v = site->vector};
}

static enum dsgd_status pool_shape(struct deep_site *site)
{
    site->vector = site->vector ? site->vector : 1;
    const struct deep_windows p = windows(site, 1);
    if (p.kernel_h > p.h || p.kernel_w > p.w || p.kernel_h * p.kernel_w > PLACES) {
        return dsgd_fail(DSGD_EINPUT, "layer %s: windows of %zu x %zu on planes of %zu x %zu, expected windows that fit, of at most %d numbers", site->node->name,
                         p.kernel_h, p.kernel_w, p.h, p.w, (int)PLACES);
    }
    site->out = (struct deep_shape){site->in.c, p.h / p.kernel_h, p.w / p.kernel_w};
    return DSGD_OK;
}

static size_t pool_saved(const struct deep_site *site, const struct deep_extent *extent)
{
    return deep_out_count(site, extent->n);
}

static enum dsgd_status pool_forward(const struct deep_call *call)
{
    const struct deep_windows p = windows(call->site, call->n);
    deep_loops()->max_pool(&p, call->in[0], call->out, call->saved);
    return DSGD_OK;
}

static enum dsgd_status pool_backward(const struct deep_call *call)
{
    const struct deep_windows p = windows(call->site, call->n);
    if (call->din[0]) { deep_loops()->max_pool_back(&p, call->dout, call->saved, call->din[0]); }
    return DSGD_OK;
}

/* Where window (y, x) of a plane has its largest number. */
static size_t largest(const struct deep_windows *p, const double *plane, size_t y, size_t x)
{
    size_t best = y * p->kernel_h * p->w + x * p->kernel_w;
    for (size_t r = 0; r < p->kernel_h; ++r) {
        for (size_t s = 0; s < p->kernel_w; ++s) {
            const size_t at = (y * p->kernel_h + r) * p->w + x * p->kernel_w + s;
            if (plane[at] > plane[best]) { best = at; }
        }
    }
    return best;
}

static enum dsgd_status naive_either(const struct deep_call *call, bool back)
{
    struct deep_windows p = windows(call->site, call->n);
    const struct deep_shape out = call->site->out;
    const double *in = call->in[0], *dout = call->dout;
    double *to = call->out, *din = call->din[0];
    if (back && !din) { return DSGD_OK; }
    for (size_t j = 0; back && j < deep_in_count(call->site, call->n); ++j) { din[j] = 0.0; }
    for (size_t plane = 0; plane < call->n * out.c; ++plane) {
        for (size_t y = 0; y < out.h; ++y) {
            for (size_t x = 0; x < out.w; ++x) {
                const size_t at = plane * p.h * p.w + largest(&p, in + plane * p.h * p.w, y, x), window = (plane * out.h + y) * out.w + x;
                if (back) {
                    din[at] += dout[window];
                } else {
                    to[window] = in[at];
                }
            }
        }
    }
    return DSGD_OK;
}

static enum dsgd_status naive_forward(const struct deep_call *call) { return naive_either(call, false); }
static enum dsgd_status naive_backward(const struct deep_call *call) { return naive_either(call, true); }

const struct deep_op deep_op_max_pool = {
    .name = "max_pool",
    .inputs = 1,
    .uses_in = true, /* the naive version; the fast one keeps a byte for each window */
    .shape = pool_shape,
    .fast = {.saved = pool_saved, .forward = pool_forward, .backward = pool_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
