/* convolution.c - convolutions of few channels on plain planes, where a library's blocks of 16 channels would be mostly empty (LeNet-5 has 1,
 * 6 and 16).
 *
 * An image's planes are copied with their frame of zeros, rows of W' = w + 2 pad numbers. Then every output plane is one run,
 *     out[o][q] = sum over i, r, s of W[o][i][r][s] in[i][q + r W' + s],    q = y W' + x,
 * whose numbers with x >= w' (the true width) are thrown away: a few more products, and no edges. A run is taken 3 x 16 numbers at a time
 * for up to 8 output planes, whose sums stay in registers. The derivative by the input is the same with W turned round and the
 * planes of dout in a frame of kernel - 1 - pad; that by W is a product of runs, 16 lanes that are added in the end.
 *
 * This file's products and sums may be fused (CMakeLists.txt): twice as fast, and bits that belong to the instruction set.
 */
#include "deep/cpu/convolution.h"

#include <string.h>

enum { VECTOR = 16, VECTORS = 3, STEP = VECTOR * VECTORS, KERNEL_MAX = 7 };

/* Sums stay in registers only where all loops over them are unrolled. */
typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));

/* Lengths in numbers: a framed row, a framed plane, the run of an output plane, rounded up. */
struct sizes {
    size_t row, plane, run, framed; /* framed: all planes, and what the last run reads behind them */
};

static struct sizes sizes_of(const struct deep_windowed *p)
{
    struct sizes s;
    s.row = p->w + 2 * p->pad;
    s.plane = (p->h + 2 * p->pad) * s.row;
    s.run = ((p->h + 2 * p->pad - p->kernel + 1) * s.row + STEP - 1) / STEP * STEP;
    s.framed = (p->in * s.plane + STEP + p->kernel * (s.row + 1) + VECTOR - 1) / VECTOR * VECTOR;
    return s;
}

static struct deep_windowed turned(const struct deep_windowed *p)
{
    return (struct deep_windowed){.n = p->n, .in = p->out, .out = p->in, .h = p->h + 2 * p->pad - p->kernel + 1, .w = p->w + 2 * p->pad - p->kernel + 1,
                                  .kernel = p->kernel, .pad = p->kernel - 1 - p->pad};
}

static size_t numbers(const struct deep_windowed *p)
{
    const struct sizes s = sizes_of(p);
    return s.framed + (p->out + 1) * s.run;
}

size_t deep_cpu_convolution_scratch(const struct deep_windowed *p)
{
    const struct deep_windowed back = turned(p);
    const size_t weights = p->out * p->in * p->kernel * p->kernel, a = numbers(p), b = numbers(&back);
    return ((a > b ? a : b) + weights * (VECTOR + 1)) * sizeof(float);
}

static void frame(const struct deep_windowed *p, const struct sizes *s, const float *in, float *framed)
{
    for (size_t i = 0; i < p->in; ++i) {
        for (size_t y = 0; y < p->h; ++y) { memcpy(framed + i * s->plane + (y + p->pad) * s->row + p->pad, in + (i * p->h + y) * p->w, p->w * sizeof *in); }
    }
}

/* STEP numbers of `planes` output planes from `in` on; planes is a constant where this is called. */
static inline __attribute__((always_inline)) void step(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight,
                                                       const size_t planes, float *out)
{
    lanes sum[8][VECTORS];
    const size_t k = p->kernel, stride = p->in * k * k;
#pragma GCC unroll 8
    for (size_t o = 0; o < planes; ++o) {
#pragma GCC unroll 8
        for (size_t v = 0; v < VECTORS; ++v) { sum[o][v] = (lanes){0.0f}; }
    }
    for (size_t i = 0; i < p->in; ++i) {
        for (size_t r = 0; r < k; ++r) {
            for (size_t c = 0; c < k; ++c) {
                const float *from = in + i * s->plane + r * s->row + c, *w = weight + (i * k + r) * k + c;
                const lanes x0 = *(const lanes *)from, x1 = *(const lanes *)(from + VECTOR), x2 = *(const lanes *)(from + 2 * VECTOR);
#pragma GCC unroll 8
                for (size_t o = 0; o < planes; ++o) {
                    sum[o][0] += w[o * stride] * x0;
                    sum[o][1] += w[o * stride] * x1;
                    sum[o][2] += w[o * stride] * x2;
                }
            }
        }
    }
#pragma GCC unroll 8
    for (size_t o = 0; o < planes; ++o) {
#pragma GCC unroll 8
        for (size_t v = 0; v < VECTORS; ++v) { *(lanes *)(out + o * s->run + v * VECTOR) = sum[o][v]; }
    }
}

static void planes_of_8(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight, float *out)
{
    for (size_t q = 0; q < s->run; q += STEP) { step(p, s, in + q, weight, 8, out + q); }
}

static void planes_of_6(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight, float *out)
{
    for (size_t q = 0; q < s->run; q += STEP) { step(p, s, in + q, weight, 6, out + q); }
}

static void planes_of_2(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight, float *out)
{
    for (size_t q = 0; q < s->run; q += STEP) { step(p, s, in + q, weight, 2, out + q); }
}

static void planes_of_1(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight, float *out)
{
    for (size_t q = 0; q < s->run; q += STEP) { step(p, s, in + q, weight, 1, out + q); }
}

void deep_cpu_convolution(const struct deep_windowed *p, const float *in, const float *weight, const float *bias, float *out, void *scratch)
{
    const struct sizes s = sizes_of(p);
    const size_t h = p->h + 2 * p->pad - p->kernel + 1, w = p->w + 2 * p->pad - p->kernel + 1, each = p->in * p->kernel * p->kernel;
    float *framed = scratch, *run = framed + s.framed;
    memset(framed, 0, s.framed * sizeof *framed);
    for (size_t n = 0; n < p->n; ++n) {
        frame(p, &s, in + n * p->in * p->h * p->w, framed);
        for (size_t o = 0; o < p->out;) {
            const size_t left = p->out - o, planes = left >= 8 ? 8 : left >= 6 ? 6 : left >= 2 ? 2 : 1;
            (planes == 8 ? planes_of_8 : planes == 6 ? planes_of_6 : planes == 2 ? planes_of_2 : planes_of_1)(p, &s, framed, weight + o * each, run + o * s.run);
            o += planes;
        }
        for (size_t o = 0; o < p->out; ++o) {
            const float shift = bias ? bias[o] : 0.0f;
            for (size_t y = 0; y < h; ++y) {
                const float *from = run + o * s.run + y * s.row;
                float *to = out + ((n * p->out + o) * h + y) * w;
                for (size_t x = 0; x < w; ++x) { to[x] = from[x] + shift; }
            }
        }
    }
}

/* Products of `planes` runs of dout with the run of `in` and its neighbours to the right, `taps` of them, added to sum [plane][tap]. */
static inline __attribute__((always_inline)) void products(size_t run, const float *in, const float *dout, const size_t planes, const size_t taps, size_t stride,
                                                           float *sum)
{
    lanes part[4][KERNEL_MAX];
#pragma GCC unroll 8
    for (size_t o = 0; o < planes; ++o) {
#pragma GCC unroll 8
        for (size_t c = 0; c < taps; ++c) { part[o][c] = *(const lanes *)(sum + o * stride + c * VECTOR); }
    }
    for (size_t q = 0; q < run; q += VECTOR) {
        lanes slope[4];
#pragma GCC unroll 8
        for (size_t o = 0; o < planes; ++o) { slope[o] = *(const lanes *)(dout + o * run + q); }
#pragma GCC unroll 8
        for (size_t c = 0; c < taps; ++c) {
            const lanes x = *(const lanes *)(in + q + c);
#pragma GCC unroll 8
            for (size_t o = 0; o < planes; ++o) { part[o][c] += slope[o] * x; }
        }
    }
#pragma GCC unroll 8
    for (size_t o = 0; o < planes; ++o) {
#pragma GCC unroll 8
        for (size_t c = 0; c < taps; ++c) { *(lanes *)(sum + o * stride + c * VECTOR) = part[o][c]; }
    }
}

static void products_of(size_t run, const float *in, const float *dout, size_t planes, size_t taps, size_t stride, float *sum)
{
    if (planes == 4 && taps == 5) { products(run, in, dout, 4, 5, stride, sum); return; }
    if (planes == 4 && taps == 3) { products(run, in, dout, 4, 3, stride, sum); return; }
    if (planes == 2 && taps == 5) { products(run, in, dout, 2, 5, stride, sum); return; }
    if (planes == 2 && taps == 3) { products(run, in, dout, 2, 3, stride, sum); return; }
    for (size_t o = 0; o < planes; ++o) {
        for (size_t c = 0; c < taps; ++c) { products(run, in + c, dout + o * run, 1, 1, stride, sum + o * stride + c * VECTOR); }
    }
}

/* One image's part of dweight, in 16 lanes each. */
static void add_image(const struct deep_windowed *p, const struct sizes *s, const float *framed, const float *run, float *sum)
{
    const size_t k = p->kernel, stride = p->in * k * k * VECTOR;
    for (size_t o = 0, planes; o < p->out; o += planes) {
        planes = p->out - o >= 4 ? 4 : p->out - o >= 2 ? 2 : 1;
        for (size_t i = 0; i < p->in; ++i) {
            for (size_t r = 0; r < k; ++r) {
                products_of(s->run, framed + i * s->plane + r * s->row, run + o * s->run, planes, k, stride, sum + o * stride + (i * k + r) * k * VECTOR);
            }
        }
    }
}

static void back_weights(const struct deep_windowed *p, const float *in, const float *dout, float *dweight, float *dbias, float *scratch)
{
    const struct sizes s = sizes_of(p);
    const size_t h = p->h + 2 * p->pad - p->kernel + 1, w = p->w + 2 * p->pad - p->kernel + 1, weights = p->out * p->in * p->kernel * p->kernel;
    float *sum = scratch, *framed = sum + weights * VECTOR, *run = framed + s.framed;
    memset(scratch, 0, (weights * VECTOR + s.framed + p->out * s.run) * sizeof *scratch);
    for (size_t n = 0; n < p->n; ++n) {
        frame(p, &s, in + n * p->in * p->h * p->w, framed);
        for (size_t o = 0; o < p->out; ++o) {
            for (size_t y = 0; y < h; ++y) { memcpy(run + o * s.run + y * s.row, dout + ((n * p->out + o) * h + y) * w, w * sizeof *dout); }
        }
        add_image(p, &s, framed, run, sum);
    }
    for (size_t j = 0; j < weights; ++j) {
        for (size_t half = VECTOR / 2; half > 0; half /= 2) {
            for (size_t l = 0; l < half; ++l) { sum[j * VECTOR + l] += sum[j * VECTOR + l + half]; }
        }
        dweight[j] = sum[j * VECTOR];
    }
    for (size_t o = 0; dbias && o < p->out; ++o) {
        double all = 0.0;
        for (size_t n = 0; n < p->n; ++n) {
            float lane[VECTOR] = {0.0f};
            const float *from = dout + (n * p->out + o) * h * w;
            size_t j = 0;
            for (; j + VECTOR <= h * w; j += VECTOR) {
                for (size_t l = 0; l < VECTOR; ++l) { lane[l] += from[j + l]; }
            }
            for (size_t l = 0; j + l < h * w; ++l) { lane[l] += from[j + l]; }
            for (size_t l = 0; l < VECTOR; ++l) { all += (double)lane[l]; }
        }
        dbias[o] = (float)all;
    }
}

void deep_cpu_convolution_back(const struct deep_windowed *p, const float *in, const float *weight, const float *dout, float *din, float *dweight, float *dbias,
                               void *scratch)
{
    back_weights(p, in, dout, dweight, dbias, scratch);
    if (!din) { return; }
    const struct deep_windowed back = turned(p);
    const size_t area = p->kernel * p->kernel;
    float *round = scratch;
    for (size_t o = 0; o < p->out; ++o) {
        for (size_t i = 0; i < p->in; ++i) {
            for (size_t j = 0; j < area; ++j) { round[(i * p->out + o) * area + j] = weight[(o * p->in + i) * area + area - 1 - j]; }
        }
    }
    deep_cpu_convolution(&back, dout, round, NULL, din, round + p->out * p->in * area);
}
