/* vec.c - entries of the element-wise operations. */
#include "sim/cuda/vec.h"

#include "sim/cuda/cuda.h"

static void clear(struct dsgd_rows *r, dsgd_f32 *v)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->clear(&t, v->array);
}

static void copy(struct dsgd_rows *r, const dsgd_f32 *from, dsgd_f32 *to)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->copy(&t, from->array, to->array);
}

static void copy_i32(struct dsgd_rows *r, const dsgd_i32 *from, dsgd_i32 *to)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->copy(&t, from->array, to->array);
}

static void subtract(struct dsgd_rows *r, const dsgd_f32 *a, const dsgd_f32 *b, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->subtract(&t, a->array, b->array, out->array);
}

static void scale(struct dsgd_rows *r, double factor, const dsgd_f32 *x, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->scale(&t, factor, x->array, out->array);
}

static void add_scaled(struct dsgd_rows *r, float eta, const dsgd_f32 *g, dsgd_f32 *v)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->add_scaled(&t, eta, g->array, v->array);
}

static void scale_add(struct dsgd_rows *r, float m, dsgd_f32 *u, const dsgd_f32 *g)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->scale_add(&t, m, u->array, g->array);
}

static void moving_average(struct dsgd_rows *r, float b, dsgd_f32 *u, const dsgd_f32 *g)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->moving_average(&t, b, u->array, g->array);
}

static void momentum(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->momentum(&t, m, eta, g->array, u->array, v->array);
}

static void nesterov(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->nesterov(&t, m, eta, g->array, u->array, v->array);
}

static void axpy(struct dsgd_rows *r, double a, const dsgd_f64 *x, dsgd_f32 *y)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->axpy(&t, a, x->array, y->array);
}

static void error_add(struct dsgd_rows *r, double eta, const dsgd_f32 *g, dsgd_f64 *a)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->error_add(&t, eta, g->array, a->array);
}

static void round_all(struct dsgd_rows *r, const dsgd_f64 *a, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->round(&t, a->array, out->array);
}

static void mean(struct dsgd_rows *r, double factor, const dsgd_f64 *sum, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->mean(&t, factor, sum->array, out->array);
}

static void where_positive(struct dsgd_rows *r, double factor, const dsgd_f64 *a, const dsgd_f32 *otherwise, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->vec->where_positive(&t, factor, a->array, otherwise->array, out->array);
}

void cuda_enter_vec(struct dsgd_device *d)
{
    d->clear = clear;
    d->copy = copy;
    d->copy_i32 = copy_i32;
    d->subtract = subtract;
    d->scale = scale;
    d->add_scaled = add_scaled;
    d->scale_add = scale_add;
    d->moving_average = moving_average;
    d->momentum = momentum;
    d->nesterov = nesterov;
    d->axpy = axpy;
    d->error_add = error_add;
    d->round = round_all;
    d->mean = mean;
    d->where_positive = where_positive;
}
