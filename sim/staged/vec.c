/* vec.c - staged element-wise operations. Interface: staged.h. */
#include "sim/staged/staged.h"

static void clear(struct dsgd_rows *r, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->clear(&s.turn, v_host); }
    staged_end(&s);
}

static void copy(struct dsgd_rows *r, const dsgd_f32 *from, dsgd_f32 *to)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *from_host = staged_f32(&s, from, rows, DSGD_READ);
    dsgd_f32 *to_host = staged_f32(&s, to, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->copy(&s.turn, from_host, to_host); }
    staged_end(&s);
}

static void copy_i32(struct dsgd_rows *r, const dsgd_i32 *from, dsgd_i32 *to)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_i32 *from_host = staged_i32(&s, from, rows, DSGD_READ);
    dsgd_i32 *to_host = staged_i32(&s, to, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->copy_i32(&s.turn, from_host, to_host); }
    staged_end(&s);
}

static void subtract(struct dsgd_rows *r, const dsgd_f32 *a, const dsgd_f32 *b, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *a_host = staged_f32(&s, a, rows, DSGD_READ);
    dsgd_f32 *b_host = staged_f32(&s, b, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->subtract(&s.turn, a_host, b_host, out_host); }
    staged_end(&s);
}

static void scale(struct dsgd_rows *r, double factor, const dsgd_f32 *x, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *x_host = staged_f32(&s, x, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->scale(&s.turn, factor, x_host, out_host); }
    staged_end(&s);
}

static void add_scaled(struct dsgd_rows *r, float eta, const dsgd_f32 *g, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *g_host = staged_f32(&s, g, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->add_scaled(&s.turn, eta, g_host, v_host); }
    staged_end(&s);
}

static void scale_add(struct dsgd_rows *r, float m, dsgd_f32 *u, const dsgd_f32 *g)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *u_host = staged_f32(&s, u, rows, DSGD_READ_WRITE);
    dsgd_f32 *g_host = staged_f32(&s, g, rows, DSGD_READ);
    if (staged_ready(&s)) { s.cpu->scale_add(&s.turn, m, u_host, g_host); }
    staged_end(&s);
}

static void moving_average(struct dsgd_rows *r, float b, dsgd_f32 *u, const dsgd_f32 *g)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *u_host = staged_f32(&s, u, rows, DSGD_READ_WRITE);
    dsgd_f32 *g_host = staged_f32(&s, g, rows, DSGD_READ);
    if (staged_ready(&s)) { s.cpu->moving_average(&s.turn, b, u_host, g_host); }
    staged_end(&s);
}

static void momentum(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *g_host = staged_f32(&s, g, rows, DSGD_READ);
    dsgd_f32 *u_host = staged_f32(&s, u, rows, DSGD_READ_WRITE);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->momentum(&s.turn, m, eta, g_host, u_host, v_host); }
    staged_end(&s);
}

static void nesterov(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *g_host = staged_f32(&s, g, rows, DSGD_READ);
    dsgd_f32 *u_host = staged_f32(&s, u, rows, DSGD_READ_WRITE);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->nesterov(&s.turn, m, eta, g_host, u_host, v_host); }
    staged_end(&s);
}

static void axpy(struct dsgd_rows *r, double a, const dsgd_f64 *x, dsgd_f32 *y)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f64 *x_host = staged_f64(&s, x, rows, DSGD_READ);
    dsgd_f32 *y_host = staged_f32(&s, y, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->axpy(&s.turn, a, x_host, y_host); }
    staged_end(&s);
}

static void error_add(struct dsgd_rows *r, double eta, const dsgd_f32 *g, dsgd_f64 *a)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *g_host = staged_f32(&s, g, rows, DSGD_READ);
    dsgd_f64 *a_host = staged_f64(&s, a, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->error_add(&s.turn, eta, g_host, a_host); }
    staged_end(&s);
}

static void round_all(struct dsgd_rows *r, const dsgd_f64 *a, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f64 *a_host = staged_f64(&s, a, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->round(&s.turn, a_host, out_host); }
    staged_end(&s);
}

static void mean(struct dsgd_rows *r, double factor, const dsgd_f64 *sum, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f64 *sum_host = staged_f64(&s, sum, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->mean(&s.turn, factor, sum_host, out_host); }
    staged_end(&s);
}

static void where_positive(struct dsgd_rows *r, double factor, const dsgd_f64 *a, const dsgd_f32 *otherwise, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f64 *a_host = staged_f64(&s, a, rows, DSGD_READ);
    dsgd_f32 *otherwise_host = staged_f32(&s, otherwise, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->where_positive(&s.turn, factor, a_host, otherwise_host, out_host); }
    staged_end(&s);
}

void staged_enter_vec(struct dsgd_device *d)
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
