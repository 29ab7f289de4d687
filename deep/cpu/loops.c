/* loops.c - the loops of deep/loops.h for the instruction set that this folder is compiled for. */
#include "deep/cpu/norm.h"

#include <string.h>

static void relu(size_t n, const float *restrict in, float *restrict out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = in[i] > 0.0f || in[i] != in[i] ? in[i] : 0.0f; } /* NaN stays: a diverged run shall show it */
}

static void relu_back(size_t n, const float *restrict out, const float *restrict dout, float *restrict din)
{
    for (size_t i = 0; i < n; ++i) { din[i] = out[i] == 0.0f ? 0.0f : dout[i]; }
}

static void add(size_t n, const float *a, const float *b, float *out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = a[i] + b[i]; }
}

static void add_scaled(size_t n, float factor, const float *restrict a, float *restrict sum)
{
    for (size_t i = 0; i < n; ++i) { sum[i] += factor * a[i]; }
}

static void scale(size_t n, float factor, const float *restrict in, float *restrict out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = factor * in[i]; }
}

static void bias(size_t rows, size_t cols, const float *restrict from, float *restrict out)
{
    for (size_t r = 0; r < rows; ++r) {
        for (size_t c = 0; c < cols; ++c) { out[r * cols + c] += from[c]; }
    }
}

static void bias_back(size_t rows, size_t cols, const float *restrict dout, float *restrict to)
{
    memset(to, 0, cols * sizeof *to);
    for (size_t r = 0; r < rows; ++r) {
        for (size_t c = 0; c < cols; ++c) { to[c] += dout[r * cols + c]; }
    }
}

/* One number of a window against the largest so far: NaN wins, as it shall show. */
static inline void look(float value, uint8_t place, float *most, uint8_t *at)
{
    const int wins = value > *most || value != value;
    *most = wins ? value : *most;
    *at = wins ? place : *at;
}

/* The windows of one row of windows; v is a constant where it is called, so that the innermost loop has whole registers. */
static inline void windows_row(const struct deep_windows *p, size_t v, const float *restrict in, float *restrict out, uint8_t *restrict at)
{
    const size_t out_w = p->w / p->kernel_w;
    for (size_t x = 0; x < out_w; ++x) {
        float *most = out + x * v;
        uint8_t *place = at + x * v;
        for (size_t l = 0; l < v; ++l) {
            most[l] = in[x * p->kernel_w * v + l];
            place[l] = 0;
        }
        for (size_t k = 1; k < p->kernel_h * p->kernel_w; ++k) {
            const float *from = in + ((k / p->kernel_w) * p->w + x * p->kernel_w + k % p->kernel_w) * v;
            for (size_t l = 0; l < v; ++l) { look(from[l], (uint8_t)k, &most[l], &place[l]); }
        }
    }
}

/* 2 x 2 in planes of single numbers: neighbours in a row, a loop over x. */
static inline void pairs_row(const struct deep_windows *p, const float *restrict in, float *restrict out, uint8_t *restrict at)
{
    const float *restrict below = in + p->w;
    for (size_t x = 0; x < p->w / 2; ++x) {
        float most = in[2 * x];
        uint8_t place = 0;
        look(in[2 * x + 1], 1, &most, &place);
        look(below[2 * x], 2, &most, &place);
        look(below[2 * x + 1], 3, &most, &place);
        out[x] = most;
        at[x] = place;
    }
}

static void max_pool(const struct deep_windows *p, const float *in, float *out, uint8_t *at)
{
    const size_t out_h = p->h / p->kernel_h, out_w = p->w / p->kernel_w;
    for (size_t row = 0; row < p->planes * out_h; ++row) {
        const float *from = in + ((row / out_h) * p->h + (row % out_h) * p->kernel_h) * p->w * p->v;
        float *to = out + row * out_w * p->v;
        uint8_t *place = at + row * out_w * p->v;
        if (p->v == 16) {
            windows_row(p, 16, from, to, place);
        } else if (p->v == 8) {
            windows_row(p, 8, from, to, place);
        } else if (p->kernel_h == 2 && p->kernel_w == 2) {
            pairs_row(p, from, to, place);
        } else {
            windows_row(p, 1, from, to, place);
        }
    }
}

static inline void windows_row_back(const struct deep_windows *p, size_t v, const float *restrict dout, const uint8_t *restrict at, float *restrict din)
{
    const size_t out_w = p->w / p->kernel_w;
    for (size_t x = 0; x < out_w; ++x) {
        for (size_t k = 0; k < p->kernel_h * p->kernel_w; ++k) {
            float *to = din + ((k / p->kernel_w) * p->w + x * p->kernel_w + k % p->kernel_w) * v;
            for (size_t l = 0; l < v; ++l) { to[l] = at[x * v + l] == k ? dout[x * v + l] : 0.0f; }
        }
    }
}

static inline void pairs_row_back(const struct deep_windows *p, const float *restrict dout, const uint8_t *restrict at, float *restrict din)
{
    float *restrict below = din + p->w;
    for (size_t x = 0; x < p->w / 2; ++x) {
        din[2 * x] = at[x] == 0 ? dout[x] : 0.0f;
        din[2 * x + 1] = at[x] == 1 ? dout[x] : 0.0f;
        below[2 * x] = at[x] == 2 ? dout[x] : 0.0f;
        below[2 * x + 1] = at[x] == 3 ? dout[x] : 0.0f;
    }
}

static void max_pool_back(const struct deep_windows *p, const float *dout, const uint8_t *at, float *din)
{
    const size_t out_h = p->h / p->kernel_h, out_w = p->w / p->kernel_w;
    if (p->h % p->kernel_h != 0 || p->w % p->kernel_w != 0) { memset(din, 0, p->planes * p->h * p->w * p->v * sizeof *din); } /* what no window sees */
    for (size_t row = 0; row < p->planes * out_h; ++row) {
        float *to = din + ((row / out_h) * p->h + (row % out_h) * p->kernel_h) * p->w * p->v;
        const float *from = dout + row * out_w * p->v;
        const uint8_t *place = at + row * out_w * p->v;
        if (p->v == 16) {
            windows_row_back(p, 16, from, place, to);
        } else if (p->v == 8) {
            windows_row_back(p, 8, from, place, to);
        } else if (p->kernel_h == 2 && p->kernel_w == 2) {
            pairs_row_back(p, from, place, to);
        } else {
            windows_row_back(p, 1, from, place, to);
        }
    }
}

static void widen(size_t n, const uint8_t *restrict in, float factor, float shift, float *restrict out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = (float)in[i] * factor + shift; }
}

const struct deep_loops dsgd_deep_cpu = {
    .relu = relu,
    .relu_back = relu_back,
    .add = add,
    .add_scaled = add_scaled,
    .scale = scale,
    .bias = bias,
    .bias_back = bias_back,
    .max_pool = max_pool,
    .max_pool_back = max_pool_back,
    .norm_statistics = deep_cpu_norm_statistics,
    .norm_apply = deep_cpu_norm_apply,
    .norm_back = deep_cpu_norm_back,
    .widen = widen,
};
