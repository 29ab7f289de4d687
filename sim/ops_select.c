/* ops_select.c - fronts of selection (sim/device.h, select). Working memory is taken also while it is measured. */
#include "sim/ops.h"

static struct dsgd_op_scratch scratch_for(struct dsgd_rows *r, size_t n)
{
    return dsgd_op_take(r, dsgd_op_device(r)->select_bytes(n, r->rows));
}

void dsgd_select_topk(struct dsgd_rows *r, const dsgd_f32 *v, size_t k, dsgd_set *out)
{
    const struct dsgd_op_scratch scratch = scratch_for(r, v->array.count);
    const bool fits = k <= v->array.count && k <= out->array.count;
    if (dsgd_op_ready(r, "select_topk", fits, &out->array)) { dsgd_op_device(r)->select_topk(r, v, k, out, scratch.at); }
    dsgd_op_return(r, scratch);
}

void dsgd_select_topk_sparse(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, size_t k, dsgd_set *places)
{
    const struct dsgd_op_scratch scratch = scratch_for(r, at->array.count);
    const bool fits = at->array.count <= value->array.count && k <= at->array.count && k <= places->array.count;
    if (dsgd_op_ready(r, "select_topk_sparse", fits, &places->array)) {
        dsgd_op_device(r)->select_topk_sparse(r, at, value, k, places, scratch.at);
    }
    dsgd_op_return(r, scratch);
}

void dsgd_select_at_least(struct dsgd_rows *r, const dsgd_f32 *v, float threshold, dsgd_set *out)
{
    const struct dsgd_op_scratch scratch = scratch_for(r, v->array.count);
    if (dsgd_op_ready(r, "select_at_least", out->array.count >= v->array.count, &out->array)) {
        dsgd_op_device(r)->select_at_least(r, v, threshold, out, scratch.at);
    }
    dsgd_op_return(r, scratch);
}

void dsgd_select_heavymix(struct dsgd_rows *r, const dsgd_f32 *estimate, const dsgd_f64 *norm2, size_t k, struct dsgd_rng_key key, dsgd_set *out,
                          dsgd_set *heavy)
{
    const struct dsgd_op_scratch scratch = scratch_for(r, estimate->array.count);
    const bool fits = k <= estimate->array.count && k <= out->array.count && norm2->array.count == 1 && (!heavy || k <= heavy->array.count);
    if (dsgd_op_ready(r, "select_heavymix", fits, &out->array)) {
        dsgd_op_device(r)->select_heavymix(r, estimate, norm2, k, key, out, heavy, scratch.at);
    }
    dsgd_op_return(r, scratch);
}

void dsgd_select_uniform(struct dsgd_rows *r, size_t n, size_t k, struct dsgd_rng_key key, dsgd_set *out)
{
    const struct dsgd_op_scratch scratch = scratch_for(r, n);
    if (dsgd_op_ready(r, "select_uniform", k <= n && k <= out->array.count, &out->array)) {
        dsgd_op_device(r)->select_uniform(r, n, k, key, out, scratch.at);
    }
    dsgd_op_return(r, scratch);
}
