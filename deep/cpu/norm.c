/* norm.c - batch normalisation. Formulas: op_batch_norm.c.
 *
 * The planes of v channels lie side by side in one run of h w v numbers. A run is taken 64 numbers at a time, whatever v: lane l has channel
 * l mod v, and what belongs to one channel is added in the end. So plain planes and vectors of channels have the same loops, and any
 * registers give the same bits. A run's sums are floats; runs are added in doubles.
 */
#include "deep/cpu/norm.h"

#include <math.h>
#include <string.h>

enum { LANES = 64, VECTOR_MAX = 16 };

/* sum [v] += the lanes' sums of their channels. */
static inline void fold(size_t v, const float lane[LANES], double *sum)
{
    for (size_t l = 0; l < LANES; ++l) { sum[l % v] += (double)lane[l]; }
}

/* A number for each channel, one for each lane. */
static inline void spread(size_t v, const float *from, float lane[LANES])
{
    for (size_t l = 0; l < LANES; ++l) { lane[l] = from[l % v]; }
}

static void add_run(size_t n, size_t v, const float *restrict run, double *sum)
{
    float lane[LANES] = {0.0f};
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        for (size_t l = 0; l < LANES; ++l) { lane[l] += run[j + l]; }
    }
    for (size_t l = 0; j + l < n; ++l) { lane[l] += run[j + l]; }
    fold(v, lane, sum);
}

static void add_squares(size_t n, size_t v, const float *restrict run, const float mean[LANES], double *sum)
{
    float lane[LANES] = {0.0f};
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        for (size_t l = 0; l < LANES; ++l) { lane[l] += (run[j + l] - mean[l]) * (run[j + l] - mean[l]); }
    }
    for (size_t l = 0; j + l < n; ++l) { lane[l] += (run[j + l] - mean[l]) * (run[j + l] - mean[l]); }
    fold(v, lane, sum);
}

void deep_cpu_norm_statistics(const struct deep_planes *p, const float *in, float *statistic)
{
    const size_t run = p->area * p->v, groups = p->c / p->v;
    const double count = (double)(p->n * p->area);
    for (size_t g = 0; g < groups; ++g) {
        double sum[VECTOR_MAX] = {0.0}, squares[VECTOR_MAX] = {0.0};
        float mean[LANES], *means = statistic + g * p->v, *variances = statistic + p->c + g * p->v;
        for (size_t i = 0; i < p->n; ++i) { add_run(run, p->v, in + (i * groups + g) * run, sum); }
        for (size_t l = 0; l < p->v; ++l) { means[l] = (float)(sum[l] / count); }
        spread(p->v, means, mean);
        for (size_t i = 0; i < p->n; ++i) { add_squares(run, p->v, in + (i * groups + g) * run, mean, squares); }
        for (size_t l = 0; l < p->v; ++l) { variances[l] = (float)(squares[l] / count); }
    }
}

/* What a group of channels is multiplied by and so on, a number for each lane. */
struct factors {
    float mean[LANES], rate[LANES], factor[LANES], shift[LANES]; /* factor = scale rate */
};

static void factors_of(const struct deep_planes *p, size_t g, const float *parameter, const float *statistic, struct factors *f)
{
    for (size_t l = 0; l < LANES; ++l) {
        const size_t c = g * p->v + l % p->v;
        f->mean[l] = statistic[c];
        f->rate[l] = 1.0f / sqrtf(statistic[p->c + c] + DEEP_NORM_EPSILON);
        f->factor[l] = parameter[c] * f->rate[l];
        f->shift[l] = parameter[p->c + c];
    }
}

static inline float applied(const struct factors *f, size_t l, float x, float least)
{
    const float value = (x - f->mean[l]) * f->factor[l] + f->shift[l];
    return value < least ? least : value; /* NaN stays */
}

void deep_cpu_norm_apply(const struct deep_planes *p, const float *in, const float *parameter, const float *statistic, bool relu, float *out)
{
    const size_t run = p->area * p->v, groups = p->c / p->v;
    const float least = relu ? 0.0f : -INFINITY;
    struct factors f;
    for (size_t g = 0; g < groups; ++g) {
        factors_of(p, g, parameter, statistic, &f);
        for (size_t i = 0; i < p->n; ++i) {
            const float *restrict from = in + (i * groups + g) * run;
            float *restrict to = out + (i * groups + g) * run;
            size_t j = 0;
            for (; j + LANES <= run; j += LANES) {
                for (size_t l = 0; l < LANES; ++l) { to[j + l] = applied(&f, l, from[j + l], least); }
            }
            for (size_t l = 0; j + l < run; ++l) { to[j + l] = applied(&f, l, from[j + l], least); }
        }
    }
}

/* The derivative behind the ReLU. */
static inline float behind(float dout, float out, bool relu)
{
    return relu && out == 0.0f ? 0.0f : dout;
}

static inline void add_slopes(size_t n, size_t v, const struct factors *f, const float *restrict in, const float *restrict out, const float *restrict dout,
                              bool relu, double *sum, double *product)
{
    float slope[LANES] = {0.0f}, with[LANES] = {0.0f};
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        for (size_t l = 0; l < LANES; ++l) {
            const float d = behind(dout[j + l], out[j + l], relu);
            slope[l] += d;
            with[l] += d * ((in[j + l] - f->mean[l]) * f->rate[l]);
        }
    }
    for (size_t l = 0; j + l < n; ++l) {
        const float d = behind(dout[j + l], out[j + l], relu);
        slope[l] += d;
        with[l] += d * ((in[j + l] - f->mean[l]) * f->rate[l]);
    }
    fold(v, slope, sum);
    fold(v, with, product);
}

/* din = factor (slope - a - z b), with a and b the means of slope and slope z. */
static inline void give_back(size_t n, const struct factors *f, const float a[LANES], const float b[LANES], const float *restrict in, const float *restrict out,
                             const float *restrict dout, bool relu, float *restrict din)
{
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        for (size_t l = 0; l < LANES; ++l) {
            din[j + l] = f->factor[l] * (behind(dout[j + l], out[j + l], relu) - a[l] - (in[j + l] - f->mean[l]) * f->rate[l] * b[l]);
        }
    }
    for (size_t l = 0; j + l < n; ++l) {
        din[j + l] = f->factor[l] * (behind(dout[j + l], out[j + l], relu) - a[l] - (in[j + l] - f->mean[l]) * f->rate[l] * b[l]);
    }
}

void deep_cpu_norm_slopes(const struct deep_planes *p, const float *in, const float *out, const float *parameter, const float *statistic, bool relu,
                          const float *dout, double *slope)
{
    const size_t run = p->area * p->v, groups = p->c / p->v;
    struct factors f;
    for (size_t g = 0; g < groups; ++g) {
        double sum[VECTOR_MAX] = {0.0}, product[VECTOR_MAX] = {0.0};
        factors_of(p, g, parameter, statistic, &f);
        for (size_t i = 0; i < p->n; ++i) {
            const size_t at = (i * groups + g) * run;
            if (relu) {
                add_slopes(run, p->v, &f, in + at, out + at, dout + at, true, sum, product);
            } else {
                add_slopes(run, p->v, &f, in + at, out + at, dout + at, false, sum, product);
            }
        }
        for (size_t l = 0; l < p->v; ++l) {
            slope[g * p->v + l] = product[l];
            slope[p->c + g * p->v + l] = sum[l];
        }
    }
}

void deep_cpu_norm_back(const struct deep_planes *p, const float *in, const float *out, const float *parameter, const float *statistic, bool relu,
                        const float *dout, const double *slope, double count, float *din)
{
    const size_t run = p->area * p->v, groups = p->c / p->v;
    struct factors f;
    for (size_t g = 0; g < groups; ++g) {
        float a[LANES], b[LANES];
        factors_of(p, g, parameter, statistic, &f);
        for (size_t l = 0; l < LANES; ++l) {
            a[l] = (float)(slope[p->c + g * p->v + l % p->v] / count);
            b[l] = (float)(slope[g * p->v + l % p->v] / count);
        }
        for (size_t i = 0; i < p->n; ++i) {
            const size_t at = (i * groups + g) * run;
            if (relu) {
                give_back(run, &f, a, b, in + at, out + at, dout + at, true, din + at);
            } else {
                give_back(run, &f, a, b, in + at, out + at, dout + at, false, din + at);
            }
        }
    }
}
