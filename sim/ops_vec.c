/* ops_vec.c - fronts of the element-wise operations (sim/device.h, vec). */
#include "sim/ops.h"

void dsgd_clear(struct dsgd_rows *r, dsgd_f32 *v)
{
    if (dsgd_op_ready(r, "clear", true, &v->array)) { dsgd_op_device(r)->clear(r, v); }
}

void dsgd_copy(struct dsgd_rows *r, const dsgd_f32 *from, dsgd_f32 *to)
{
    if (dsgd_op_ready(r, "copy", dsgd_op_same(&from->array, &to->array), &to->array)) { dsgd_op_device(r)->copy(r, from, to); }
}

void dsgd_copy_i32(struct dsgd_rows *r, const dsgd_i32 *from, dsgd_i32 *to)
{
    if (dsgd_op_ready(r, "copy_i32", dsgd_op_same(&from->array, &to->array), &to->array)) { dsgd_op_device(r)->copy_i32(r, from, to); }
}

void dsgd_subtract(struct dsgd_rows *r, const dsgd_f32 *a, const dsgd_f32 *b, dsgd_f32 *out)
{
    const bool fits = dsgd_op_same(&a->array, &b->array) && dsgd_op_same(&a->array, &out->array);
    if (dsgd_op_ready(r, "subtract", fits, &out->array)) { dsgd_op_device(r)->subtract(r, a, b, out); }
}

void dsgd_scale(struct dsgd_rows *r, double factor, const dsgd_f32 *x, dsgd_f32 *out)
{
    if (dsgd_op_ready(r, "scale", dsgd_op_same(&x->array, &out->array), &out->array)) { dsgd_op_device(r)->scale(r, factor, x, out); }
}

void dsgd_add_scaled(struct dsgd_rows *r, float eta, const dsgd_f32 *g, dsgd_f32 *v)
{
    if (dsgd_op_ready(r, "add_scaled", dsgd_op_same(&g->array, &v->array), &v->array)) { dsgd_op_device(r)->add_scaled(r, eta, g, v); }
}

void dsgd_scale_add(struct dsgd_rows *r, float m, dsgd_f32 *u, const dsgd_f32 *g)
{
    if (dsgd_op_ready(r, "scale_add", dsgd_op_same(&g->array, &u->array), &u->array)) { dsgd_op_device(r)->scale_add(r, m, u, g); }
}

void dsgd_moving_average(struct dsgd_rows *r, float b, dsgd_f32 *u, const dsgd_f32 *g)
{
    if (dsgd_op_ready(r, "moving_average", dsgd_op_same(&g->array, &u->array), &u->array)) { dsgd_op_device(r)->moving_average(r, b, u, g); }
}

void dsgd_momentum(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    const bool fits = dsgd_op_same(&g->array, &u->array) && dsgd_op_same(&g->array, &v->array);
    if (dsgd_op_ready(r, "momentum", fits, &v->array)) { dsgd_op_device(r)->momentum(r, m, eta, g, u, v); }
}

void dsgd_nesterov(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    const bool fits = dsgd_op_same(&g->array, &u->array) && dsgd_op_same(&g->array, &v->array);
    if (dsgd_op_ready(r, "nesterov", fits, &v->array)) { dsgd_op_device(r)->nesterov(r, m, eta, g, u, v); }
}

void dsgd_axpy(struct dsgd_rows *r, double a, const dsgd_f64 *x, dsgd_f32 *y)
{
    if (dsgd_op_ready(r, "axpy", dsgd_op_same(&x->array, &y->array), &y->array)) { dsgd_op_device(r)->axpy(r, a, x, y); }
}

void dsgd_error_add(struct dsgd_rows *r, double eta, const dsgd_f32 *g, dsgd_f64 *a)
{
    if (dsgd_op_ready(r, "error_add", dsgd_op_same(&g->array, &a->array), &a->array)) { dsgd_op_device(r)->error_add(r, eta, g, a); }
}

void dsgd_round(struct dsgd_rows *r, const dsgd_f64 *a, dsgd_f32 *out)
{
    if (dsgd_op_ready(r, "round", dsgd_op_same(&a->array, &out->array), &out->array)) { dsgd_op_device(r)->round(r, a, out); }
}

void dsgd_mean(struct dsgd_rows *r, double factor, const dsgd_f64 *sum, dsgd_f32 *out)
{
    if (dsgd_op_ready(r, "mean", dsgd_op_same(&sum->array, &out->array), &out->array)) { dsgd_op_device(r)->mean(r, factor, sum, out); }
}

void dsgd_where_positive(struct dsgd_rows *r, double factor, const dsgd_f64 *a, const dsgd_f32 *otherwise, dsgd_f32 *out)
{
    const bool fits = dsgd_op_same(&a->array, &otherwise->array) && dsgd_op_same(&a->array, &out->array);
    if (dsgd_op_ready(r, "where_positive", fits, &out->array)) { dsgd_op_device(r)->where_positive(r, factor, a, otherwise, out); }
}
