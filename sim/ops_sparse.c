/* ops_sparse.c - fronts of the operations on chosen coordinates and runs (sim/device.h, sparse). */
#include "sim/ops.h"

void dsgd_gather(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *v, dsgd_f32 *out)
{
    if (dsgd_op_ready(r, "gather", at->array.count <= out->array.count, &out->array)) { dsgd_op_device(r)->gather(r, at, v, out); }
}

void dsgd_gather_f64(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f64 *a, dsgd_f32 *out)
{
    if (dsgd_op_ready(r, "gather_f64", at->array.count <= out->array.count, &out->array)) { dsgd_op_device(r)->gather_f64(r, at, a, out); }
}

void dsgd_scatter(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f32 *v)
{
    if (dsgd_op_ready(r, "scatter", at->array.count <= x->array.count, &v->array)) { dsgd_op_device(r)->scatter(r, at, x, v); }
}

void dsgd_scatter_subtract(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f64 *a)
{
    if (dsgd_op_ready(r, "scatter_subtract", at->array.count <= x->array.count, &a->array)) { dsgd_op_device(r)->scatter_subtract(r, at, x, a); }
}

void dsgd_scatter_clear(struct dsgd_rows *r, const dsgd_set *at, dsgd_f32 *v)
{
    if (dsgd_op_ready(r, "scatter_clear", true, &v->array)) { dsgd_op_device(r)->scatter_clear(r, at, v); }
}

void dsgd_copy_set(struct dsgd_rows *r, const dsgd_set *from, dsgd_set *to)
{
    if (dsgd_op_ready(r, "copy_set", from->array.count <= to->array.count, &to->array)) { dsgd_op_device(r)->copy_set(r, from, to); }
}

void dsgd_subset(struct dsgd_rows *r, const dsgd_set *of, const dsgd_set *places, dsgd_set *out)
{
    if (dsgd_op_ready(r, "subset", places->array.count <= out->array.count, &out->array)) { dsgd_op_device(r)->subset(r, of, places, out); }
}

void dsgd_intersect(struct dsgd_rows *r, const dsgd_set *a, const dsgd_set *b, dsgd_set *out)
{
    const size_t least = a->array.count < b->array.count ? a->array.count : b->array.count;
    if (dsgd_op_ready(r, "intersect", least <= out->array.count, &out->array)) { dsgd_op_device(r)->intersect(r, a, b, out); }
}

void dsgd_sparse_take(struct dsgd_rows *r, double factor, dsgd_f64 *sum, dsgd_i32 *seen, dsgd_set *at, dsgd_f32 *value)
{
    const bool fits = at->array.count <= value->array.count && seen->array.count * 32 >= sum->array.count;
    if (dsgd_op_ready(r, "sparse_take", fits, &at->array)) { dsgd_op_device(r)->sparse_take(r, factor, sum, seen, at, value); }
}

void dsgd_pack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *v, dsgd_f32 *packed)
{
    if (dsgd_op_ready(r, "pack", packed->array.count == runs->total, &packed->array)) { dsgd_op_device(r)->pack(r, runs, v, packed); }
}

void dsgd_unpack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *packed, dsgd_f32 *v)
{
    if (dsgd_op_ready(r, "unpack", packed->array.count == runs->total, &v->array)) { dsgd_op_device(r)->unpack(r, runs, packed, v); }
}

void dsgd_clear_runs(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_f32 *v)
{
    if (dsgd_op_ready(r, "clear_runs", true, &v->array)) { dsgd_op_device(r)->clear_runs(r, runs, v); }
}

void dsgd_unpack_places(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_set *places)
{
    if (dsgd_op_ready(r, "unpack_places", true, &places->array)) { dsgd_op_device(r)->unpack_places(r, runs, places); }
}

void dsgd_merge_runs(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, const struct dsgd_runs *runs, const dsgd_f32 *packed,
                     dsgd_set *at_all, dsgd_f32 *value_all)
{
    const size_t n = at->array.count + runs->total;
    const bool fits = value->array.count >= at->array.count && packed->array.count == runs->total && at_all->array.count >= n &&
                      value_all->array.count >= n;
    if (dsgd_op_ready(r, "merge_runs", fits, &at_all->array)) {
        dsgd_op_device(r)->merge_runs(r, at, value, runs, packed, at_all, value_all);
    }
}
