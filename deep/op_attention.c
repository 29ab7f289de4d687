/* op_attention.c - what the positions of one sequence take from those of another (or the same one). With queries q_t [c] from the first input, and
 * keys k_s and values v_s from the second:
 *     a_ts = <q_t, k_s> scale,    w_t = softmax over s of a_t,    out_t = sum_s w_ts v_s,
 * in each of `heads` parts of the c numbers by itself. Where the second input has 2 c channels these are a key and a value, and scale =
 * 1/sqrt(c/heads) (Vaswani et al. 2017, 3.2); where it has c they are both, and scale = 1: with one head, and a dense layer without bias that
 * makes the queries, that is the global attention with "general" scores of Luong, Pham, Manning 2015, equations 7 and 8.
 *
 * Keys behind an example's length are left out, and in a causal node those behind the query's own position. Queries behind the length get 0.
 */
#include <math.h>

#include "deep/loops.h"
#include "deep/op.h"
#include "sim/kernel/maths.h"

static enum dsgd_status attention_shape(struct deep_site *site)
{
    const size_t c = site->in.c, other = site->other.c, heads = site->node->heads;
    if (heads < 1 || c < 1 || c % heads != 0) {
        return dsgd_fail(DSGD_EINPUT, "layer %s: %zu heads for %zu channels, expected heads that share them evenly", site->node->name, heads, c);
    }
    if ((other != c && other != 2 * c) || site->sequence_in[0] == DEEP_EXAMPLES || site->sequence_in[1] == DEEP_EXAMPLES ||
        (site->node->causal && site->sequence_in[0] != site->sequence_in[1])) {
        return dsgd_fail(DSGD_EINTERNAL, "layer %s: %zu channels ask %zu, expected keys and values of as many in a sequence", site->node->name, c, other);
    }
    site->out = site->in;
    return DSGD_OK;
}

static bool is_shared(const struct deep_site *site) { return site->other.c == site->in.c; }

static double scale_of(const struct deep_site *site)
{
    return is_shared(site) ? 1.0 : 1.0 / sqrt((double)(site->in.c / site->node->heads));
}

static struct deep_heads heads_of(const struct deep_site *site, const struct deep_extent *e)
{
    return (struct deep_heads){.n = e->n, .heads = site->node->heads, .each = site->in.c / site->node->heads, .queries = e->rows[site->sequence_in[0]],
                               .keys = e->rows[site->sequence_in[1]], .query_stride = site->in.c, .key_stride = site->other.c, .causal = site->node->causal,
                               .scale = (float)scale_of(site)};
}

static struct deep_heads heads(const struct deep_call *call)
{
    struct deep_heads a = heads_of(call->site, call->extent);
    a.query_length = call->tokens->length[call->site->sequence_in[0]];
    a.key_length = call->tokens->length[call->site->sequence_in[1]];
    return a;
}

static size_t attention_saved(const struct deep_site *site, const struct deep_extent *e)
{
    const struct deep_heads a = heads_of(site, e);
    return a.n * a.heads * a.queries * ((a.keys + 15) / 16 * 16) * sizeof(float);
}

static size_t other_count(const struct deep_heads *a)
{
    return a->n * a->keys * a->key_stride;
}

/* Shared: derivatives of the keys by themselves, and behind them what a head needs. */
static size_t attention_scratch(const struct deep_site *site, const void *prepared, const struct deep_extent *e)
{
    const struct deep_heads a = heads_of(site, e);
    (void)prepared;
    return deep_loops()->attention_scratch(&a) + (is_shared(site) ? other_count(&a) * sizeof(float) : 0);
}

static enum dsgd_status attention_forward(const struct deep_call *call)
{
    const struct deep_heads a = heads(call);
    const float *key = call->in[1], *value = is_shared(call->site) ? key : key + call->site->in.c;
    deep_loops()->attention(&a, call->in[0], key, value, call->saved, call->out, call->scratch);
    return DSGD_OK;
}

static enum dsgd_status attention_backward(const struct deep_call *call)
{
    const struct deep_heads a = heads(call);
    const float *key = call->in[1], *value = is_shared(call->site) ? key : key + call->site->in.c;
    float *dother = call->din[1], *own = call->scratch;
    if (!call->din[0] || !dother) {
        return dsgd_fail(DSGD_EINTERNAL, "layer %s: attention to the input itself, expected layers before it", call->site->node->name);
    }
    if (is_shared(call->site)) {
        deep_loops()->attention_back(&a, call->in[0], key, value, call->saved, call->dout, call->din[0], own, dother, own + other_count(&a));
        deep_loops()->add(other_count(&a), own, dother, dother);
    } else {
        deep_loops()->attention_back(&a, call->in[0], key, value, call->saved, call->dout, call->din[0], dother, dother + call->site->in.c, call->scratch);
    }
    return DSGD_OK;
}

/* ---- naive: one query of one head of one example at a time ---- */

struct naive {
    size_t keys; /* that it sees */
    const double *query, *key, *value;
    size_t query_at, key_at, stride; /* where query and first key begin; from one key to the next */
};

static struct naive naive_of(const struct deep_call *call, const struct deep_heads *a, size_t i, size_t head, size_t t)
{
    struct naive v = {.stride = a->key_stride, .query_at = (i * a->queries + t) * a->query_stride + head * a->each,
                      .key_at = i * a->keys * a->key_stride + head * a->each};
    v.query = (const double *)call->in[0] + v.query_at;
    v.key = (const double *)call->in[1] + v.key_at;
    v.value = v.key + (is_shared(call->site) ? 0 : call->site->in.c);
    v.keys = t >= a->query_length[i] ? 0 : a->causal ? t + 1 : a->key_length[i];
    return v;
}

/* w_t [keys], in scratch. */
static void shares(const struct naive *v, size_t each, double scale, double *w)
{
    double most = -HUGE_VAL, sum = 0.0;
    for (size_t s = 0; s < v->keys; ++s) {
        w[s] = 0.0;
        for (size_t c = 0; c < each; ++c) { w[s] += v->query[c] * v->key[s * v->stride + c] * scale; }
        most = fmax(most, w[s]);
    }
    for (size_t s = 0; s < v->keys; ++s) { sum += w[s] = dsgd_exp(w[s] - most); }
    for (size_t s = 0; s < v->keys; ++s) { w[s] /= sum; }
}

static size_t naive_scratch(const struct deep_site *site, const void *prepared, const struct deep_extent *e)
{
    (void)prepared;
    return 2 * e->rows[site->sequence_in[1]] * sizeof(double);
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const struct deep_heads a = heads(call);
    double *w = call->scratch;
    for (size_t j = 0; j < a.n * a.heads * a.queries; ++j) {
        const struct naive v = naive_of(call, &a, j / (a.heads * a.queries), j / a.queries % a.heads, j % a.queries);
        double *out = (double *)call->out + v.query_at;
        shares(&v, a.each, scale_of(call->site), w);
        for (size_t c = 0; c < a.each; ++c) {
            out[c] = 0.0;
            for (size_t s = 0; s < v.keys; ++s) { out[c] += w[s] * v.value[s * v.stride + c]; }
        }
    }
    return DSGD_OK;
}

/* dw_s = <dout, v_s>,  da_s = w_s (dw_s - sum_r w_r dw_r) scale,  dq = sum_s da_s k_s,  dk_s += da_s q,  dv_s += w_s dout. */
static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const struct deep_heads a = heads(call);
    const double scale = scale_of(call->site);
    double *w = call->scratch, *slope = w + a.keys, *dother = call->din[1];
    for (size_t j = 0; j < other_count(&a); ++j) { dother[j] = 0.0; }
    for (size_t j = 0; j < a.n * a.heads * a.queries; ++j) {
        const struct naive v = naive_of(call, &a, j / (a.heads * a.queries), j / a.queries % a.heads, j % a.queries);
        const double *dout = (const double *)call->dout + v.query_at;
        double mean = 0.0, *dquery = (double *)call->din[0] + v.query_at, *dkey = dother + v.key_at, *dvalue = dkey + (v.value - v.key);
        shares(&v, a.each, scale, w);
        for (size_t s = 0; s < v.keys; ++s) {
            slope[s] = 0.0;
            for (size_t c = 0; c < a.each; ++c) { slope[s] += dout[c] * v.value[s * v.stride + c]; }
            mean += w[s] * slope[s];
        }
        for (size_t c = 0; c < a.each; ++c) { dquery[c] = 0.0; }
        for (size_t s = 0; s < v.keys; ++s) {
            const double dscore = scale * w[s] * (slope[s] - mean);
            for (size_t c = 0; c < a.each; ++c) {
                dquery[c] += dscore * v.key[s * v.stride + c];
                dkey[s * v.stride + c] += dscore * v.query[c];
                dvalue[s * v.stride + c] += w[s] * dout[c];
            }
        }
    }
    return DSGD_OK;
}

const struct deep_op deep_op_attention = {
    .name = "attention",
    .inputs = 2,
    .uses_in = true,
    .shape = attention_shape,
    .fast = {.saved = attention_saved, .scratch = attention_scratch, .forward = attention_forward, .backward = attention_backward},
    .naive = {.scratch = naive_scratch, .forward = naive_forward, .backward = naive_backward},
};
