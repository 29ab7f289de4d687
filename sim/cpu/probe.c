/* probe.c - what the observer measures, on the CPU: means of vectors, squared norms, and how many of the largest were found. */
#include "sim/cpu/cpu.h"
#include "sim/cpu/split.h"
#include "sim/cpu/sum.h"

#include <math.h>
#include <stdlib.h>
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

/* Each loop names what it uses. */
struct terms {
    double factor; /* or a divisor */
    const float *a;
    const double *x;
    double *out;
};

static void add_f32(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const double divisor = t->factor;
    const float *restrict a = t->a;
    double *restrict out = t->out;
    for (size_t i = first; i < end; ++i) { out[i] += (double)a[i] / divisor; }
}

static void add_f64(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const double divisor = t->factor, *restrict x = t->x;
    double *restrict out = t->out;
    for (size_t i = first; i < end; ++i) { out[i] += x[i] / divisor; }
}

static void divide(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const double divisor = t->factor;
    double *out = t->out;
    for (size_t i = first; i < end; ++i) { out[i] /= divisor; }
}

/* out = x - factor a */
static void difference(const void *args, size_t first, size_t end)
{
    const struct terms *t = args;
    const double factor = t->factor, *restrict x = t->x;
    const float *restrict a = t->a;
    double *restrict out = t->out;
    for (size_t i = first; i < end; ++i) { out[i] = x[i] - factor * (double)a[i]; }
}

void cpu_probe_add(struct dsgd_queue *q, const struct dsgd_handle *v, uint32_t rows, bool first, double divisor, dsgd_f64 *sum, dsgd_f64 *norm2)
{
    const size_t d = sum->array.count;
    struct terms t = {.factor = divisor, .out = cpu_f64(sum, 0)};
    if (first) { memset(t.out, 0, d * sizeof *t.out); }
    for (uint32_t row = 0; row < rows; ++row) {
        double squares;
        if (v->type == DSGD_F64) {
            t.x = cpu_f64(&v->as.f64, row);
            cpu_split(q, d, add_f64, &t);
            squares = cpu_sum(q->threads, d, squares_f64, t.x);
        } else {
            t.a = cpu_f32(&v->as.f32, row);
            cpu_split(q, d, add_f32, &t);
            squares = cpu_sum(q->threads, d, squares_f32, t.a);
        }
        if (norm2) { cpu_f64(norm2, 0)[row] = squares; }
    }
}

void cpu_probe_divide(struct dsgd_queue *q, double divisor, dsgd_f64 *v)
{
    const struct terms t = {.factor = divisor, .out = cpu_f64(v, 0)};
    cpu_split(q, v->array.count, divide, &t);
}

void cpu_probe_norm2(struct dsgd_queue *q, const dsgd_f64 *v, dsgd_f64 *out)
{
    cpu_f64(out, 0)[0] = cpu_sum(q->threads, v->array.count, squares_f64, cpu_f64(v, 0));
}

void cpu_probe_error(struct dsgd_queue *q, const dsgd_f64 *p, double gain, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *out)
{
    const struct terms t = {.factor = gain, .a = cpu_f32(value, 0), .x = cpu_f64(p, 0), .out = cpu_f64(out, 0)};
    if (!at) {
        cpu_split(q, out->array.count, difference, &t);
        return;
    }
    const uint32_t *index = cpu_set(at, 0);
    memcpy(t.out, t.x, out->array.count * sizeof *t.out);
    for (size_t j = 0, n = *cpu_length(at, 0); j < n; ++j) { t.out[index[j]] -= gain * (double)t.a[j]; }
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

enum { DIGIT = 11, CLASSES = 1 << DIGIT, TOP = 63 - DIGIT, FEW = 512 }; /* 8 KiB of counts, 4 KiB of keys */

/* The keys that begin like `prefix`, as many as fit; returns how many there are. */
static size_t alike(size_t d, const double *v, uint64_t mask, uint64_t prefix, uint64_t key[FEW])
{
    size_t n = 0;
    for (size_t i = 0; i < d; ++i) {
        const uint64_t own = key_of(v[i]);
        if ((own & mask) != prefix) { continue; }
        if (n < FEW) { key[n] = own; }
        ++n;
    }
    return n;
}

static int larger_first(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a < b) - (a > b);
}

/* A key that the n-th largest probably reaches and most do not, from a sample; 0 where that says nothing. It only saves time. */
static uint64_t sampled_bound(size_t d, const double *v, size_t n, uint64_t key[FEW])
{
    const double expected = (double)n * FEW / (double)d;
    const size_t rank = (size_t)(expected + 4.0 * sqrt(expected)) + 8;
    if (d < FEW * (size_t)FEW || rank >= FEW) { return 0; }
    for (size_t i = 0; i < FEW; ++i) { key[i] = key_of(v[i * (d / FEW)]); }
    qsort(key, FEW, sizeof *key, larger_first);
    return key[rank];
}

/* The class of the digit at `shift` in which the n-th largest key lies, of those from `bound` on that begin like `prefix`, and n becomes its
 * place there; CLASSES if there are fewer than n. */
static uint64_t digit_of(size_t d, const double *v, uint64_t bound, uint64_t mask, uint64_t prefix, int shift, size_t *n)
{
    uint32_t count[CLASSES] = {0}; /* d < 2^32 */
    for (size_t i = 0; i < d; ++i) {
        const uint64_t key = key_of(v[i]);
        if (key >= bound && (key & mask) == prefix) { ++count[key >> shift & (CLASSES - 1)]; }
    }
    size_t left = *n;
    for (uint64_t digit = CLASSES; digit-- > 0; left -= count[digit]) {
        if (count[digit] < left) { continue; }
        *n = left;
        return digit;
    }
    return CLASSES;
}

/* The n-th largest magnitude, by its bits from the top, a pass over the vector for 11 of them; a few that agree so far are sorted.
 * 1 <= n <= d. */
static double nth_largest(size_t d, const double *v, size_t n)
{
    uint64_t key[FEW], digit = digit_of(d, v, sampled_bound(d, v, n, key), 0, 0, TOP, &n);
    if (digit == CLASSES) { digit = digit_of(d, v, 0, 0, 0, TOP, &n); }
    uint64_t prefix = digit << TOP, mask = UINT64_C(0x7ff) << TOP;
    for (int shift = TOP - DIGIT; mask != UINT64_MAX >> 1; shift = shift > DIGIT ? shift - DIGIT : 0) {
        const size_t same = alike(d, v, mask, prefix, key);
        if (same <= FEW) {
            qsort(key, same, sizeof *key, larger_first);
            prefix = key[n - 1];
            break;
        }
        prefix |= digit_of(d, v, 0, mask, prefix, shift, &n) << shift;
        mask |= UINT64_C(0x7ff) << shift;
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
