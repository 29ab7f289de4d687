/* convolution.c - convolutions of few channels on plain planes, where a library's blocks of 16 channels would be mostly empty (LeNet-5 has 1,
 * 6 and 16).
 *
 * An image's planes are copied with their frame of zeros, rows of W' numbers. Then every output plane is one run,
 *     out[o][q] = sum over i, r, s of W[o][i][r][s] in[i][q + r W' + s],    q = y W' + x,
 * whose numbers with x >= w' (the true width) are thrown away: a few more products, and no edges. W' = w + pad: the zeros to the right of a row are
 * those to the left of the next one. A run is taken 3 x 16 numbers at a time for up to 8 output planes, whose sums stay in registers; rows of
 * zeros above and below are left out. The derivative by the input is the same with W turned round and the planes of dout in a frame
 * of kernel - 1 - pad; that by W is a product of runs, 16 lanes that are added in the end, with rows of W' = w + 2 pad.
 *
 * This file's products and sums may be fused (CMakeLists.txt): twice as fast, and bits that belong to the instruction set.
 */
#include "deep/cpu/convolution.h"

#include <string.h>

enum { VECTOR = 16, VECTORS = 3, STEP = VECTOR * VECTORS, KERNEL_MAX = 7, EIGHT = 8 };

/* Sums stay in registers only where all loops over them are unrolled. */
typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));

/* Lengths in numbers: a framed row, a framed plane, the run of an output plane, and that rounded up. */
struct sizes {
    size_t row, plane, used, run, framed; /* framed: all planes, and what the last run reads behind them */
};

static struct sizes sizes_of(const struct deep_windowed *p, size_t row)
{
    struct sizes s;
    s.row = row;
    s.plane = (p->h + 2 * p->pad) * s.row;
    s.used = (p->h + 2 * p->pad - p->kernel + 1) * s.row;
    s.run = (s.used + STEP - 1) / STEP * STEP;
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
    const struct sizes s = sizes_of(p, p->w + 2 * p->pad);
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

/* Rows of the kernel, of which output rows from number q on of a run see others than zeros. */
struct span {
    size_t begin, end;
};

static struct span rows_seen(const struct deep_windowed *p, const struct sizes *s, size_t q, size_t count)
{
    const size_t first = q / s->row, last = (q + count - 1) / s->row, below = p->h + p->pad;
    struct span seen = {last < p->pad ? p->pad - last : 0, below > first ? below - first : 0};
    if (seen.end > p->kernel) { seen.end = p->kernel; }
    return seen;
}

/* vectors x 16 numbers of `planes` output planes from number q on; planes and vectors are constants where this is called. */
static inline __attribute__((always_inline)) void step(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight, size_t q,
                                                       const size_t planes, const size_t vectors, float *out)
{
    lanes sum[8][VECTORS];
    const size_t k = p->kernel, stride = p->in * k * k;
    const struct span seen = rows_seen(p, s, q, vectors * VECTOR);
#pragma GCC unroll 8
    for (size_t o = 0; o < planes; ++o) {
#pragma GCC unroll 8
        for (size_t v = 0; v < vectors; ++v) { sum[o][v] = (lanes){0.0f}; }
    }
    for (size_t i = 0; i < p->in; ++i) {
        for (size_t r = seen.begin; r < seen.end; ++r) {
            for (size_t c = 0; c < k; ++c) {
                const float *from = in + q + i * s->plane + r * s->row + c, *w = weight + (i * k + r) * k + c;
                lanes x[VECTORS];
#pragma GCC unroll 8
                for (size_t v = 0; v < vectors; ++v) { x[v] = *(const lanes *)(from + v * VECTOR); }
#pragma GCC unroll 8
                for (size_t o = 0; o < planes; ++o) {
#pragma GCC unroll 8
                    for (size_t v = 0; v < vectors; ++v) { sum[o][v] += w[o * stride] * x[v]; }
                }
            }
        }
    }
#pragma GCC unroll 8
    for (size_t o = 0; o < planes; ++o) {
#pragma GCC unroll 8
        for (size_t v = 0; v < vectors; ++v) { *(lanes *)(out + q + o * s->run + v * VECTOR) = sum[o][v]; }
    }
}

/* A whole run; a last vector by itself where no more is left. */
static inline __attribute__((always_inline)) void steps(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight,
                                                        const size_t planes, float *out)
{
    size_t q = 0;
    for (; q + VECTOR < s->used; q += STEP) { step(p, s, in, weight, q, planes, VECTORS, out); }
    if (q < s->used) { step(p, s, in, weight, q, planes, 1, out); }
}

static void planes_of_8(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight, float *out)
{
    steps(p, s, in, weight, 8, out);
}

static void planes_of_6(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight, float *out)
{
    steps(p, s, in, weight, 6, out);
}

static void planes_of_2(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight, float *out)
{
    steps(p, s, in, weight, 2, out);
}

static void planes_of_1(const struct deep_windowed *p, const struct sizes *s, const float *in, const float *weight, float *out)
{
    steps(p, s, in, weight, 1, out);
}

/* to = from + shift; the last eight numbers of a short row overlap those before, so that nothing is done one by one. */
static void shifted(size_t n, const float *restrict from, float shift, float *restrict to)
{
    if (n < EIGHT) {
        for (size_t x = 0; x < n; ++x) { to[x] = from[x] + shift; }
        return;
    }
    for (size_t x = 0; x < n; x = x + EIGHT >= n ? n : x + 2 * EIGHT > n ? n - EIGHT : x + EIGHT) {
#pragma omp simd
        for (size_t l = 0; l < EIGHT; ++l) { to[x + l] = from[x + l] + shift; }
    }
}

void deep_cpu_convolution(const struct deep_windowed *p, const float *in, const float *weight, const float *bias, float *out, void *scratch)
{
    const struct sizes s = sizes_of(p, p->w + p->pad);
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
                shifted(w, run + o * s.run + y * s.row, shift, out + ((n * p->out + o) * h + y) * w);
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
    const struct sizes s = sizes_of(p, p->w + 2 * p->pad);
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
