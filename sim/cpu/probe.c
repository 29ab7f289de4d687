/* probe.c - what the observer measures, on the CPU: means of vectors, squared norms, and how many of the largest were found. */
#include "sim/cpu/cpu.h"
#include "sim/cpu/sum.h"

#include <math.h>
#include <string.h>

static double squares_f32(const void *args, size_t first, size_t n)
{
    const float *v = (const float *)args + first;
    return dsgd_sum_chunk_f32(n, v, v);
}

static double squares_f64(const void *args, size_t first, size_t n)
{
    const double *v = (const double *)args + first;
    return dsgd_sum_chunk_f64(n, v, v);
}

void cpu_probe_add(struct dsgd_queue *q, const struct dsgd_handle *v, uint32_t rows, bool first, double divisor, dsgd_f64 *sum, dsgd_f64 *norm2)
{
    double *total = cpu_f64(sum, 0);
    const size_t d = sum->array.count;
    if (first) { memset(total, 0, d * sizeof *total); }
    for (uint32_t row = 0; row < rows; ++row) {
        double squares;
        if (v->type == DSGD_F64) {
            const double *x = cpu_f64(&v->as.f64, row);
            for (size_t i = 0; i < d; ++i) { total[i] += x[i] / divisor; }
            squares = cpu_sum(q->threads, d, squares_f64, x);
        } else {
            const float *x = cpu_f32(&v->as.f32, row);
            for (size_t i = 0; i < d; ++i) { total[i] += (double)x[i] / divisor; }
            squares = cpu_sum(q->threads, d, squares_f32, x);
        }
        if (norm2) { cpu_f64(norm2, 0)[row] = squares; }
    }
}

void cpu_probe_divide(struct dsgd_queue *q, double divisor, dsgd_f64 *v)
{
    double *x = cpu_f64(v, 0);
    (void)q;
    for (size_t i = 0; i < v->array.count; ++i) { x[i] /= divisor; }
}

void cpu_probe_norm2(struct dsgd_queue *q, const dsgd_f64 *v, dsgd_f64 *out)
{
    cpu_f64(out, 0)[0] = cpu_sum(q->threads, v->array.count, squares_f64, cpu_f64(v, 0));
}

void cpu_probe_error(struct dsgd_queue *q, const dsgd_f64 *p, double gain, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *out)
{
    const float *x = cpu_f32(value, 0);
    double *error = cpu_f64(out, 0);
    (void)q;
    memcpy(error, cpu_f64(p, 0), out->array.count * sizeof *error);
    if (at) {
        const uint32_t *index = cpu_set(at, 0);
        for (size_t j = 0, n = *cpu_length(at, 0); j < n; ++j) { error[index[j]] -= gain * (double)x[j]; }
    } else {
        for (size_t i = 0; i < out->array.count; ++i) { error[i] -= gain * (double)x[i]; }
    }
}

size_t cpu_probe_bytes(size_t d)
{
    (void)d; /* the n-th largest is found by counting */
    return 0;
}

/* Magnitudes as integers: the same order, NaN above infinity. */
static uint64_t key_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits &= UINT64_MAX >> 1;
    return bits;
}

/* The n-th largest magnitude, by its bits from the top: eight counts of 256 classes, each a pass over the vector. 1 <= n <= d. */
static double nth_largest(size_t d, const double *v, size_t n)
{
    uint64_t prefix = 0, mask = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        size_t count[256] = {0};
        for (size_t i = 0; i < d; ++i) {
            const uint64_t key = key_of(v[i]);
            if ((key & mask) == prefix) { ++count[key >> shift & 255]; }
        }
        uint64_t digit = 255;
        while (count[digit] < n) { n -= count[digit--]; }
        prefix |= digit << shift;
        mask |= UINT64_C(255) << shift;
    }
    double magnitude;
    memcpy(&magnitude, &prefix, sizeof magnitude);
    return magnitude;
}

void cpu_probe_recall(struct dsgd_queue *q, const dsgd_f64 *p, const dsgd_set *at, dsgd_f64 *out, void *scratch)
{
    const size_t n = *cpu_length(at, 0);
    const uint32_t *index = cpu_set(at, 0);
    const double *v = cpu_f64(p, 0);
    (void)q, (void)scratch;
    cpu_f64(out, 0)[0] = (double)NAN;
    if (n == 0) { return; }
    const double threshold = nth_largest(p->array.count, v, n);
    size_t found = 0;
    for (size_t j = 0; j < n; ++j) { found += fabs(v[index[j]]) >= threshold; }
    cpu_f64(out, 0)[0] = (double)found / (double)n;
}
