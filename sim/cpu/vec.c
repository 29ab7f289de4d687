/* vec.c - element-wise operations on the CPU: one pass each, plain loops that the compiler vectorises, row after row; a long vector in
 * parts by several threads.
 */
#include "sim/cpu/cpu.h"
#include "sim/cpu/split.h"
#include "sim/kernel/vec.h"

#include <string.h>

/* What a loop reads and writes; each names what it uses. */
struct terms {
    double factor;
    float m, eta;
    const float *a, *b;
    const double *x;
    float *u, *v;
    double *w;
};

static void clear(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    memset(t->v + first, 0, (end - first) * sizeof *t->v);
}

void cpu_clear(struct dsgd_rows *r, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.v = cpu_f32(v, row)};
        cpu_split(r->queue, v->array.count, clear, &t);
    }
}

static void copy(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    memmove(t->v + first, t->a + first, (end - first) * sizeof *t->v);
}

void cpu_copy(struct dsgd_rows *r, const dsgd_f32 *from, dsgd_f32 *to)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.a = cpu_f32(from, row), .v = cpu_f32(to, row)};
        cpu_split(r->queue, to->array.count, copy, &t);
    }
}

void cpu_copy_i32(struct dsgd_rows *r, const dsgd_i32 *from, dsgd_i32 *to)
{
    for (uint32_t row = 0; row < r->rows; ++row) { memmove(cpu_i32(to, row), cpu_i32(from, row), to->array.count * sizeof(int32_t)); }
}

static void subtract(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const float *a = t->a, *b = t->b;
    float *v = t->v;
    for (size_t i = first; i < end; ++i) { v[i] = a[i] - b[i]; }
}

void cpu_subtract(struct dsgd_rows *r, const dsgd_f32 *a, const dsgd_f32 *b, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.a = cpu_f32(a, row), .b = cpu_f32(b, row), .v = cpu_f32(out, row)};
        cpu_split(r->queue, out->array.count, subtract, &t);
    }
}

static void scale(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const float *a = t->a;
    const double factor = t->factor;
    float *v = t->v;
    for (size_t i = first; i < end; ++i) { v[i] = dsgd_one_scale(factor, a[i]); }
}

void cpu_scale(struct dsgd_rows *r, double factor, const dsgd_f32 *x, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.factor = factor, .a = cpu_f32(x, row), .v = cpu_f32(out, row)};
        cpu_split(r->queue, out->array.count, scale, &t);
    }
}

static void add_scaled(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const float eta = t->eta;
    const float *restrict a = t->a;
    float *restrict v = t->v;
    for (size_t i = first; i < end; ++i) { v[i] = dsgd_one_add_scaled(eta, a[i], v[i]); }
}

void cpu_add_scaled(struct dsgd_rows *r, float eta, const dsgd_f32 *g, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.eta = eta, .a = cpu_f32(g, row), .v = cpu_f32(v, row)};
        cpu_split(r->queue, v->array.count, add_scaled, &t);
    }
}

static void scale_add(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const float m = t->m;
    const float *restrict a = t->a;
    float *restrict u = t->u;
    for (size_t i = first; i < end; ++i) { u[i] = dsgd_one_scale_add(m, u[i], a[i]); }
}

void cpu_scale_add(struct dsgd_rows *r, float m, dsgd_f32 *u, const dsgd_f32 *g)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.m = m, .a = cpu_f32(g, row), .u = cpu_f32(u, row)};
        cpu_split(r->queue, u->array.count, scale_add, &t);
    }
}

static void moving_average(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const float m = t->m, rest = 1.0f - m;
    const float *restrict a = t->a;
    float *restrict u = t->u;
    for (size_t i = first; i < end; ++i) { u[i] = dsgd_one_moving_average(m, rest, u[i], a[i]); }
}

void cpu_moving_average(struct dsgd_rows *r, float b, dsgd_f32 *u, const dsgd_f32 *g)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.m = b, .a = cpu_f32(g, row), .u = cpu_f32(u, row)};
        cpu_split(r->queue, u->array.count, moving_average, &t);
    }
}

static void momentum(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const float m = t->m, eta = t->eta;
    const float *restrict a = t->a;
    float *restrict u = t->u, *restrict v = t->v;
    for (size_t i = first; i < end; ++i) {
        u[i] = dsgd_one_scale_add(m, u[i], a[i]);
        v[i] = dsgd_one_add_scaled(eta, u[i], v[i]);
    }
}

void cpu_momentum(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.m = m, .eta = eta, .a = cpu_f32(g, row), .u = cpu_f32(u, row), .v = cpu_f32(v, row)};
        cpu_split(r->queue, v->array.count, momentum, &t);
    }
}

static void nesterov(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const float m = t->m, eta = t->eta;
    const float *restrict a = t->a;
    float *restrict u = t->u, *restrict v = t->v;
    for (size_t i = first; i < end; ++i) {
        u[i] = dsgd_one_nesterov(m, u[i], a[i]);
        v[i] = dsgd_one_add_scaled(eta, u[i] + a[i], v[i]);
    }
}

void cpu_nesterov(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.m = m, .eta = eta, .a = cpu_f32(g, row), .u = cpu_f32(u, row), .v = cpu_f32(v, row)};
        cpu_split(r->queue, v->array.count, nesterov, &t);
    }
}

static void axpy(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const double factor = t->factor;
    const double *restrict x = t->x;
    float *restrict v = t->v;
    for (size_t i = first; i < end; ++i) { v[i] = dsgd_one_axpy(factor, x[i], v[i]); }
}

void cpu_axpy(struct dsgd_rows *r, double a, const dsgd_f64 *x, dsgd_f32 *y)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.factor = a, .x = cpu_f64(x, row), .v = cpu_f32(y, row)};
        cpu_split(r->queue, y->array.count, axpy, &t);
    }
}

static void error_add(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const double factor = t->factor;
    const float *restrict a = t->a;
    double *restrict w = t->w;
    for (size_t i = first; i < end; ++i) { w[i] = dsgd_one_error_add(factor, a[i], w[i]); }
}

void cpu_error_add(struct dsgd_rows *r, double eta, const dsgd_f32 *g, dsgd_f64 *a)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.factor = eta, .a = cpu_f32(g, row), .w = cpu_f64(a, row)};
        cpu_split(r->queue, a->array.count, error_add, &t);
    }
}

static void narrow(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const double factor = t->factor;
    const double *restrict x = t->x;
    float *restrict v = t->v;
    for (size_t i = first; i < end; ++i) { v[i] = dsgd_one_narrow(factor, x[i]); }
}

void cpu_round(struct dsgd_rows *r, const dsgd_f64 *a, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.factor = 1.0, .x = cpu_f64(a, row), .v = cpu_f32(out, row)};
        cpu_split(r->queue, out->array.count, narrow, &t);
    }
}

void cpu_mean(struct dsgd_rows *r, double factor, const dsgd_f64 *sum, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.factor = factor, .x = cpu_f64(sum, row), .v = cpu_f32(out, row)};
        cpu_split(r->queue, out->array.count, narrow, &t);
    }
}

static void where_positive(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const double factor = t->factor;
    const double *x = t->x;
    const float *a = t->a;
    float *v = t->v;
    for (size_t i = first; i < end; ++i) { v[i] = dsgd_one_where_positive(factor, x[i], a[i]); }
}

void cpu_where_positive(struct dsgd_rows *r, double factor, const dsgd_f64 *a, const dsgd_f32 *otherwise, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct terms t = {.factor = factor, .x = cpu_f64(a, row), .a = cpu_f32(otherwise, row), .v = cpu_f32(out, row)};
        cpu_split(r->queue, out->array.count, where_positive, &t);
    }
}
