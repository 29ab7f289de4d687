/* vec.c - element-wise operations on the CPU: plain loops that the compiler vectorises, row after row. */
#include "sim/cpu/cpu.h"
#include "sim/kernel/vec.h"

#include <string.h>

void cpu_clear(struct dsgd_rows *r, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) { memset(cpu_f32(v, row), 0, v->array.count * sizeof(float)); }
}

void cpu_copy(struct dsgd_rows *r, const dsgd_f32 *from, dsgd_f32 *to)
{
    for (uint32_t row = 0; row < r->rows; ++row) { memmove(cpu_f32(to, row), cpu_f32(from, row), to->array.count * sizeof(float)); }
}

void cpu_copy_i32(struct dsgd_rows *r, const dsgd_i32 *from, dsgd_i32 *to)
{
    for (uint32_t row = 0; row < r->rows; ++row) { memmove(cpu_i32(to, row), cpu_i32(from, row), to->array.count * sizeof(int32_t)); }
}

void cpu_subtract(struct dsgd_rows *r, const dsgd_f32 *a, const dsgd_f32 *b, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const float *x = cpu_f32(a, row), *y = cpu_f32(b, row);
        float *z = cpu_f32(out, row);
        for (size_t i = 0; i < out->array.count; ++i) { z[i] = x[i] - y[i]; }
    }
}

void cpu_scale(struct dsgd_rows *r, double factor, const dsgd_f32 *x, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const float *from = cpu_f32(x, row);
        float *to = cpu_f32(out, row);
        for (size_t i = 0; i < out->array.count; ++i) { to[i] = dsgd_one_scale(factor, from[i]); }
    }
}

static void add_scaled(size_t n, float eta, const float *restrict g, float *restrict v)
{
    for (size_t i = 0; i < n; ++i) { v[i] = dsgd_one_add_scaled(eta, g[i], v[i]); }
}

void cpu_add_scaled(struct dsgd_rows *r, float eta, const dsgd_f32 *g, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) { add_scaled(v->array.count, eta, cpu_f32(g, row), cpu_f32(v, row)); }
}

static void scale_add(size_t n, float m, float *restrict u, const float *restrict g)
{
    for (size_t i = 0; i < n; ++i) { u[i] = dsgd_one_scale_add(m, u[i], g[i]); }
}

void cpu_scale_add(struct dsgd_rows *r, float m, dsgd_f32 *u, const dsgd_f32 *g)
{
    for (uint32_t row = 0; row < r->rows; ++row) { scale_add(u->array.count, m, cpu_f32(u, row), cpu_f32(g, row)); }
}

static void moving_average(size_t n, float b, float *restrict u, const float *restrict g)
{
    const float rest = 1.0f - b;
    for (size_t i = 0; i < n; ++i) { u[i] = dsgd_one_moving_average(b, rest, u[i], g[i]); }
}

void cpu_moving_average(struct dsgd_rows *r, float b, dsgd_f32 *u, const dsgd_f32 *g)
{
    for (uint32_t row = 0; row < r->rows; ++row) { moving_average(u->array.count, b, cpu_f32(u, row), cpu_f32(g, row)); }
}

static void momentum(size_t n, float m, float eta, const float *restrict g, float *restrict u, float *restrict v)
{
    for (size_t i = 0; i < n; ++i) {
        u[i] = dsgd_one_scale_add(m, u[i], g[i]);
        v[i] = dsgd_one_add_scaled(eta, u[i], v[i]);
    }
}

void cpu_momentum(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) { momentum(v->array.count, m, eta, cpu_f32(g, row), cpu_f32(u, row), cpu_f32(v, row)); }
}

static void nesterov(size_t n, float m, float eta, const float *restrict g, float *restrict u, float *restrict v)
{
    for (size_t i = 0; i < n; ++i) {
        u[i] = dsgd_one_nesterov(m, u[i], g[i]);
        v[i] = dsgd_one_add_scaled(eta, u[i] + g[i], v[i]);
    }
}

void cpu_nesterov(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) { nesterov(v->array.count, m, eta, cpu_f32(g, row), cpu_f32(u, row), cpu_f32(v, row)); }
}

static void axpy(size_t n, double a, const double *restrict x, float *restrict y)
{
    for (size_t i = 0; i < n; ++i) { y[i] = dsgd_one_axpy(a, x[i], y[i]); }
}

void cpu_axpy(struct dsgd_rows *r, double a, const dsgd_f64 *x, dsgd_f32 *y)
{
    for (uint32_t row = 0; row < r->rows; ++row) { axpy(y->array.count, a, cpu_f64(x, row), cpu_f32(y, row)); }
}

static void error_add(size_t n, double eta, const float *restrict g, double *restrict a)
{
    for (size_t i = 0; i < n; ++i) { a[i] = dsgd_one_error_add(eta, g[i], a[i]); }
}

void cpu_error_add(struct dsgd_rows *r, double eta, const dsgd_f32 *g, dsgd_f64 *a)
{
    for (uint32_t row = 0; row < r->rows; ++row) { error_add(a->array.count, eta, cpu_f32(g, row), cpu_f64(a, row)); }
}

static void narrow(size_t n, double factor, const double *restrict a, float *restrict out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = dsgd_one_narrow(factor, a[i]); }
}

void cpu_round(struct dsgd_rows *r, const dsgd_f64 *a, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) { narrow(out->array.count, 1.0, cpu_f64(a, row), cpu_f32(out, row)); }
}

void cpu_mean(struct dsgd_rows *r, double factor, const dsgd_f64 *sum, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) { narrow(out->array.count, factor, cpu_f64(sum, row), cpu_f32(out, row)); }
}

void cpu_where_positive(struct dsgd_rows *r, double factor, const dsgd_f64 *a, const dsgd_f32 *otherwise, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const double *x = cpu_f64(a, row);
        const float *y = cpu_f32(otherwise, row);
        float *z = cpu_f32(out, row);
        for (size_t i = 0; i < out->array.count; ++i) { z[i] = dsgd_one_where_positive(factor, x[i], y[i]); }
    }
}
