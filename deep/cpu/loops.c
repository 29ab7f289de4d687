/* loops.c - the loops of deep/loops.h for the instruction set that this folder is compiled for. */
#include "deep/cpu/convolution.h"
#include "deep/cpu/functions.h"
#include "deep/cpu/norm.h"
#include "deep/cpu/sequence.h"

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

enum { VECTOR_MAX = 16 };

/* One number of a window against the largest so far: NaN wins, as it shall show. */
static inline void look(float value, int32_t place, float *most, int32_t *at)
{
    const int wins = value > *most || value != value;
    *most = wins ? value : *most;
    *at = wins ? place : *at;
}

/* The windows of one row of windows; v is a constant where it is called, so that the innermost loops are whole registers. */
static inline void windows_row(const struct deep_windows *p, size_t v, const float *restrict in, float *restrict out, uint8_t *restrict at)
{
    const size_t out_w = p->w / p->kernel_w;
    for (size_t x = 0; x < out_w; ++x) {
        float most[VECTOR_MAX];
        int32_t place[VECTOR_MAX];
#pragma omp simd
        for (size_t l = 0; l < v; ++l) {
            most[l] = in[x * p->kernel_w * v + l];
            place[l] = 0;
        }
        for (size_t r = 0; r < p->kernel_h; ++r) {
            for (size_t s = r == 0; s < p->kernel_w; ++s) {
                const float *restrict from = in + (r * p->w + x * p->kernel_w + s) * v;
#pragma omp simd
                for (size_t l = 0; l < v; ++l) { look(from[l], (int32_t)(r * p->kernel_w + s), &most[l], &place[l]); }
            }
        }
#pragma omp simd
        for (size_t l = 0; l < v; ++l) { out[x * v + l] = most[l]; }
#pragma omp simd
        for (size_t l = 0; l < v; ++l) { at[x * v + l] = (uint8_t)place[l]; }
    }
}

/* 2 x 2 in planes of single numbers, `rows` rows of windows at a time: first each row with the one below it, then neighbours. */
enum { PAIRS = 1024 };

/* Rows are short, and what a vector leaves over would be most of the time: the last eight numbers of a row overlap those before. */
enum { EIGHT = 8 };

static inline size_t eight_on(size_t x, size_t w)
{
    return x + EIGHT >= w ? w : x + 2 * EIGHT > w ? w - EIGHT : x + EIGHT;
}

static inline void eight_larger(const float *restrict upper, const float *restrict lower, float *restrict to, int32_t *restrict which)
{
#pragma omp simd
    for (size_t l = 0; l < EIGHT; ++l) {
        const int wins = lower[l] > upper[l] || lower[l] != lower[l];
        to[l] = wins ? lower[l] : upper[l];
        which[l] = wins ? 2 : 0;
    }
}

static inline void eight_given(const float *restrict from, const int32_t *restrict which, float *restrict upper, float *restrict lower)
{
#pragma omp simd
    for (size_t l = 0; l < EIGHT; ++l) {
        upper[l] = which[l] == 0 ? from[l] : 0.0f;
        lower[l] = which[l] == 2 ? from[l] : 0.0f;
    }
}

static size_t pair_rows(const struct deep_windows *p, size_t left)
{
    const size_t fit = p->w <= PAIRS ? PAIRS / p->w : 0;
    return left < fit ? left : fit;
}

static void pairs(const struct deep_windows *p, size_t rows, const float *restrict in, float *restrict out, uint8_t *restrict at)
{
    float most[PAIRS];
    int32_t place[PAIRS];
    for (size_t y = 0; y < rows; ++y) {
        const float *restrict upper = in + 2 * y * p->w, *restrict lower = upper + p->w;
        float *restrict to = most + y * p->w;
        int32_t *restrict which = place + y * p->w;
        for (size_t x = 0; x < p->w; x = eight_on(x, p->w)) { eight_larger(upper + x, lower + x, to + x, which + x); }
    }
#pragma omp simd
    for (size_t j = 0; j < rows * p->w / 2; ++j) {
        const float left = most[2 * j], right = most[2 * j + 1];
        const int32_t a = place[2 * j], b = place[2 * j + 1] + 1;
        const int wins = right > left || right != right || (right == left && b < a);
        out[j] = wins ? right : left;
        at[j] = (uint8_t)(wins ? b : a);
    }
}

static void pairs_back(const struct deep_windows *p, size_t rows, const float *restrict dout, const uint8_t *restrict at, float *restrict din)
{
    float slope[PAIRS];
    int32_t place[PAIRS]; /* which of its column's two: 0, 1 or neither */
#pragma omp simd
    for (size_t j = 0; j < rows * p->w / 2; ++j) {
        slope[2 * j] = slope[2 * j + 1] = dout[j];
        place[2 * j] = at[j];
        place[2 * j + 1] = at[j] - 1;
    }
    for (size_t y = 0; y < rows; ++y) {
        const float *restrict from = slope + y * p->w;
        const int32_t *restrict which = place + y * p->w;
        float *restrict upper = din + 2 * y * p->w, *restrict lower = upper + p->w;
        for (size_t x = 0; x < p->w; x = eight_on(x, p->w)) { eight_given(from + x, which + x, upper + x, lower + x); }
    }
}

/* Are all planes cut into pairs without a rest, so that they are one plane of many rows? */
static int all_pairs(const struct deep_windows *p)
{
    return p->v == 1 && p->kernel_h == 2 && p->kernel_w == 2 && p->h % 2 == 0 && p->w % 2 == 0 && p->w >= EIGHT && pair_rows(p, 1) > 0;
}

static void max_pool(const struct deep_windows *p, const float *in, float *out, uint8_t *at)
{
    const size_t out_h = p->h / p->kernel_h, out_w = p->w / p->kernel_w, all = p->planes * out_h;
    if (all_pairs(p)) {
        for (size_t row = 0, rows; row < all; row += rows) {
            rows = pair_rows(p, all - row);
            pairs(p, rows, in + 2 * row * p->w, out + row * out_w, at + row * out_w);
        }
        return;
    }
    for (size_t row = 0; row < all; ++row) {
        const float *from = in + ((row / out_h) * p->h + (row % out_h) * p->kernel_h) * p->w * p->v;
        float *to = out + row * out_w * p->v;
        uint8_t *place = at + row * out_w * p->v;
        if (p->v == 16) {
            windows_row(p, 16, from, to, place);
        } else if (p->v == 8) {
            windows_row(p, 8, from, to, place);
        } else {
            windows_row(p, 1, from, to, place);
        }
    }
}

static inline void windows_row_back(const struct deep_windows *p, size_t v, const float *restrict dout, const uint8_t *restrict at, float *restrict din)
{
    const size_t out_w = p->w / p->kernel_w;
    for (size_t x = 0; x < out_w; ++x) {
        int32_t place[VECTOR_MAX];
#pragma omp simd
        for (size_t l = 0; l < v; ++l) { place[l] = at[x * v + l]; }
        for (size_t r = 0; r < p->kernel_h; ++r) {
            for (size_t s = 0; s < p->kernel_w; ++s) {
                float *restrict to = din + (r * p->w + x * p->kernel_w + s) * v;
                const int32_t k = (int32_t)(r * p->kernel_w + s);
#pragma omp simd
                for (size_t l = 0; l < v; ++l) { to[l] = place[l] == k ? dout[x * v + l] : 0.0f; }
            }
        }
    }
}

static void max_pool_back(const struct deep_windows *p, const float *dout, const uint8_t *at, float *din)
{
    const size_t out_h = p->h / p->kernel_h, out_w = p->w / p->kernel_w, all = p->planes * out_h;
    if (all_pairs(p)) {
        for (size_t row = 0, rows; row < all; row += rows) {
            rows = pair_rows(p, all - row);
            pairs_back(p, rows, dout + row * out_w, at + row * out_w, din + 2 * row * p->w);
        }
        return;
    }
    if (p->h % p->kernel_h != 0 || p->w % p->kernel_w != 0) { memset(din, 0, p->planes * p->h * p->w * p->v * sizeof *din); } /* what no window sees */
    for (size_t row = 0; row < all; ++row) {
        float *to = din + ((row / out_h) * p->h + (row % out_h) * p->kernel_h) * p->w * p->v;
        const float *from = dout + row * out_w * p->v;
        const uint8_t *place = at + row * out_w * p->v;
        if (p->v == 16) {
            windows_row_back(p, 16, from, place, to);
        } else if (p->v == 8) {
            windows_row_back(p, 8, from, place, to);
        } else {
            windows_row_back(p, 1, from, place, to);
        }
    }
}

static void tanh_of(size_t n, const float *restrict in, float *restrict out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = deep_tanh(in[i]); }
}

static void tanh_back(size_t n, const float *restrict out, const float *restrict dout, float *restrict din)
{
    for (size_t i = 0; i < n; ++i) { din[i] = dout[i] * (1.0f - out[i] * out[i]); }
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
    .convolution_scratch = deep_cpu_convolution_scratch,
    .convolution = deep_cpu_convolution,
    .convolution_back = deep_cpu_convolution_back,
    .norm_statistics = deep_cpu_norm_statistics,
    .norm_apply = deep_cpu_norm_apply,
    .norm_slopes = deep_cpu_norm_slopes,
    .norm_back = deep_cpu_norm_back,
    .dropout = deep_cpu_dropout,
    .tanh = tanh_of,
    .tanh_back = tanh_back,
    .layer_norm = deep_cpu_layer_norm,
    .layer_norm_back = deep_cpu_layer_norm_back,
    .attention_scratch = deep_cpu_attention_scratch,
    .attention = deep_cpu_attention,
    .attention_back = deep_cpu_attention_back,
    .lstm = deep_cpu_lstm,
    .lstm_back = deep_cpu_lstm_back,
    .scores = deep_cpu_scores,
    .scores_back = deep_cpu_scores_back,
    .widen = widen,
};
