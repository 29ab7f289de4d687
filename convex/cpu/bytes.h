/* bytes.h - dot products of a row of bytes with a vector: the inner loop of every linear classifier, for one
 * vector or for several (classes) at once.
 *
 * Rows stay bytes (a quarter of the memory traffic of float) and are widened in registers. gcc 12 widens bytes with
 * shuffle chains (110 ns instead of 46 ns for 784 features), hence the AVX2 path. Sums are in the one order of
 * sim/kernel/sum.h, in float or in double: element j to lane j mod 32, lanes folded 16, 8, 4, 2, 1, chunks of 4096; both
 * paths and all compilers give the same bits.
 */
#ifndef DSGD_CONVEX_CPU_BYTES_H
#define DSGD_CONVEX_CPU_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "sim/kernel/sum.h"

/** Classes that the functions below treat together: five times two registers of partial sums fit beside the row. */
enum { DSGD_BYTES_GROUP = 5 };

#ifdef __AVX2__
/* Registers of a chunk's lanes: lane 8 q + l (float) or 4 q + l (double) is element l of register q. */
enum { DSGD_BYTES_FLOATS = 8, DSGD_BYTES_DOUBLES = 4 };

/* acc[0 .. 2) += 16 bytes times 16 floats */
static inline void dsgd_bytes_step16(const uint8_t *row, const float *x, __m256 acc[2])
{
    const __m128i pixels = _mm_loadu_si128((const __m128i *)(const void *)row);
    const __m256 first = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(pixels));
    const __m256 second = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpackhi_epi64(pixels, pixels)));
    acc[0] = _mm256_add_ps(acc[0], _mm256_mul_ps(first, _mm256_loadu_ps(x)));
    acc[1] = _mm256_add_ps(acc[1], _mm256_mul_ps(second, _mm256_loadu_ps(x + 8)));
}

static inline __m128i dsgd_bytes_eight(const uint8_t *row)
{
    int64_t eight;
    memcpy(&eight, row, sizeof eight);
    return _mm_cvtsi64_si128(eight);
}

static inline __m256 dsgd_bytes_step8(const uint8_t *row, const float *x, __m256 acc)
{
    return _mm256_add_ps(acc, _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(dsgd_bytes_eight(row))), _mm256_loadu_ps(x)));
}

/* The last n % 8 elements, and the fold. */
static inline float dsgd_bytes_end_float(size_t n, const uint8_t *row, const float *x, __m256 acc[4])
{
    const size_t rest = n % DSGD_BYTES_FLOATS;
    if (rest > 0) {
        float lane[DSGD_BYTES_FLOATS];
        const size_t first = n - rest, q = first % DSGD_SUM_LANES / DSGD_BYTES_FLOATS;
        _mm256_storeu_ps(lane, acc[q]);
        for (size_t l = 0; l < rest; ++l) { lane[l] += (float)row[first + l] * x[first + l]; }
        acc[q] = _mm256_loadu_ps(lane);
    }
    const __m256 eight = _mm256_add_ps(_mm256_add_ps(acc[0], acc[2]), _mm256_add_ps(acc[1], acc[3]));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

static inline float dsgd_bytes_chunk_float(size_t n, const uint8_t *row, const float *x)
{
    __m256 acc[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    size_t j = 0;
    for (; j + DSGD_SUM_LANES <= n; j += DSGD_SUM_LANES) {
        dsgd_bytes_step16(row + j, x + j, acc);
        dsgd_bytes_step16(row + j + 16, x + j + 16, acc + 2);
    }
    for (int q = 0; j + DSGD_BYTES_FLOATS <= n; j += DSGD_BYTES_FLOATS, ++q) { acc[q] = dsgd_bytes_step8(row + j, x + j, acc[q]); }
    return dsgd_bytes_end_float(n, row, x, acc);
}

/* Half of the lanes at a time, so that the sums of five classes stay in registers. */
static inline void dsgd_bytes_chunk_floats(size_t n, const uint8_t *row, size_t stride, const float *x, float *out)
{
    __m256 acc[DSGD_BYTES_GROUP][4];
    for (size_t half = 0; half < 2; ++half) {
        __m256 sum[DSGD_BYTES_GROUP][2];
        size_t j = 16 * half;
        for (int c = 0; c < DSGD_BYTES_GROUP; ++c) { sum[c][0] = sum[c][1] = _mm256_setzero_ps(); }
        for (; j + 16 <= n; j += DSGD_SUM_LANES) {
            const __m128i pixels = _mm_loadu_si128((const __m128i *)(const void *)(row + j));
            const __m256 first = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(pixels));
            const __m256 second = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpackhi_epi64(pixels, pixels)));
            for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) {
                const float *at = x + c * stride + j;
                sum[c][0] = _mm256_add_ps(sum[c][0], _mm256_mul_ps(first, _mm256_loadu_ps(at)));
                sum[c][1] = _mm256_add_ps(sum[c][1], _mm256_mul_ps(second, _mm256_loadu_ps(at + 8)));
            }
        }
        for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) {
            if (j + DSGD_BYTES_FLOATS <= n) { sum[c][0] = dsgd_bytes_step8(row + j, x + c * stride + j, sum[c][0]); }
            acc[c][2 * half] = sum[c][0];
            acc[c][2 * half + 1] = sum[c][1];
        }
    }
    for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) { out[c] = dsgd_bytes_end_float(n, row, x + c * stride, acc[c]); }
}

/* acc[0 .. 2) += 8 bytes times 8 doubles */
static inline void dsgd_bytes_step8_double(const uint8_t *row, const double *x, __m256d acc[2])
{
    const __m256i pixels = _mm256_cvtepu8_epi32(dsgd_bytes_eight(row));
    const __m256d first = _mm256_cvtepi32_pd(_mm256_castsi256_si128(pixels));
    const __m256d second = _mm256_cvtepi32_pd(_mm256_extracti128_si256(pixels, 1));
    acc[0] = _mm256_add_pd(acc[0], _mm256_mul_pd(first, _mm256_loadu_pd(x)));
    acc[1] = _mm256_add_pd(acc[1], _mm256_mul_pd(second, _mm256_loadu_pd(x + 4)));
}

static inline __m256d dsgd_bytes_step4_double(const uint8_t *row, const double *x, __m256d acc)
{
    int32_t four;
    memcpy(&four, row, sizeof four);
    return _mm256_add_pd(acc, _mm256_mul_pd(_mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four))), _mm256_loadu_pd(x)));
}

static inline double dsgd_bytes_end(size_t n, const uint8_t *row, const double *x, __m256d acc[8])
{
    const size_t rest = n % DSGD_BYTES_DOUBLES;
    if (rest > 0) {
        double lane[DSGD_BYTES_DOUBLES];
        const size_t first = n - rest, q = first % DSGD_SUM_LANES / DSGD_BYTES_DOUBLES;
        _mm256_storeu_pd(lane, acc[q]);
        for (size_t l = 0; l < rest; ++l) { lane[l] += (double)row[first + l] * x[first + l]; }
        acc[q] = _mm256_loadu_pd(lane);
    }
    for (int half = 4; half > 0; half /= 2) {
        for (int q = 0; q < half; ++q) { acc[q] = _mm256_add_pd(acc[q], acc[q + half]); }
    }
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(acc[0]), _mm256_extractf128_pd(acc[0], 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

static inline double dsgd_bytes_chunk(size_t n, const uint8_t *row, const double *x)
{
    __m256d acc[8];
    size_t j = 0;
    for (int q = 0; q < 8; ++q) { acc[q] = _mm256_setzero_pd(); }
    for (; j + DSGD_SUM_LANES <= n; j += DSGD_SUM_LANES) {
        for (size_t q = 0; q < 8; q += 2) { dsgd_bytes_step8_double(row + j + 4 * q, x + j + 4 * q, acc + q); }
    }
    for (int q = 0; j + DSGD_BYTES_DOUBLES <= n; j += DSGD_BYTES_DOUBLES, ++q) { acc[q] = dsgd_bytes_step4_double(row + j, x + j, acc[q]); }
    return dsgd_bytes_end(n, row, x, acc);
}

/* A quarter of the lanes at a time. */
static inline void dsgd_bytes_chunk_doubles(size_t n, const uint8_t *row, size_t stride, const double *x, double *out)
{
    __m256d acc[DSGD_BYTES_GROUP][8];
    for (size_t quarter = 0; quarter < 4; ++quarter) {
        __m256d sum[DSGD_BYTES_GROUP][2];
        size_t j = 8 * quarter;
        for (int c = 0; c < DSGD_BYTES_GROUP; ++c) { sum[c][0] = sum[c][1] = _mm256_setzero_pd(); }
        for (; j + 8 <= n; j += DSGD_SUM_LANES) {
            const __m256i pixels = _mm256_cvtepu8_epi32(dsgd_bytes_eight(row + j));
            const __m256d first = _mm256_cvtepi32_pd(_mm256_castsi256_si128(pixels));
            const __m256d second = _mm256_cvtepi32_pd(_mm256_extracti128_si256(pixels, 1));
            for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) {
                const double *at = x + c * stride + j;
                sum[c][0] = _mm256_add_pd(sum[c][0], _mm256_mul_pd(first, _mm256_loadu_pd(at)));
                sum[c][1] = _mm256_add_pd(sum[c][1], _mm256_mul_pd(second, _mm256_loadu_pd(at + 4)));
            }
        }
        for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) {
            if (j + DSGD_BYTES_DOUBLES <= n) { sum[c][0] = dsgd_bytes_step4_double(row + j, x + c * stride + j, sum[c][0]); }
            acc[c][2 * quarter] = sum[c][0];
            acc[c][2 * quarter + 1] = sum[c][1];
        }
    }
    for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) { out[c] = dsgd_bytes_end(n, row, x + c * stride, acc[c]); }
}

#else

static inline float dsgd_bytes_chunk_float(size_t n, const uint8_t *restrict row, const float *restrict x)
{
    float lane[DSGD_SUM_LANES] = {0};
    size_t j = 0;
    for (; j + DSGD_SUM_LANES <= n; j += DSGD_SUM_LANES) {
        for (size_t k = 0; k < DSGD_SUM_LANES; ++k) { lane[k] += (float)row[j + k] * x[j + k]; }
    }
    for (size_t k = 0; j + k < n; ++k) { lane[k] += (float)row[j + k] * x[j + k]; }
    return dsgd_sum_fold_float(lane);
}

static inline double dsgd_bytes_chunk(size_t n, const uint8_t *restrict row, const double *restrict x)
{
    double lane[DSGD_SUM_LANES] = {0};
    size_t j = 0;
    for (; j + DSGD_SUM_LANES <= n; j += DSGD_SUM_LANES) {
        for (size_t k = 0; k < DSGD_SUM_LANES; ++k) { lane[k] += (double)row[j + k] * x[j + k]; }
    }
    for (size_t k = 0; j + k < n; ++k) { lane[k] += (double)row[j + k] * x[j + k]; }
    return dsgd_sum_fold(lane);
}

static inline void dsgd_bytes_chunk_floats(size_t n, const uint8_t *row, size_t stride, const float *x, float *out)
{
    for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) { out[c] = dsgd_bytes_chunk_float(n, row, x + c * stride); }
}

static inline void dsgd_bytes_chunk_doubles(size_t n, const uint8_t *row, size_t stride, const double *x, double *out)
{
    for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) { out[c] = dsgd_bytes_chunk(n, row, x + c * stride); }
}
#endif

/** sum_j row[j] x[j] in float. The sums of chunks are floats too, added in the same way. */
static inline float dsgd_bytes_dot_float(size_t n, const uint8_t *row, const float *x)
{
    if (n <= DSGD_SUM_CHUNK) { return dsgd_bytes_chunk_float(n, row, x); }
    float lane[DSGD_SUM_LANES] = {0};
    for (size_t j = 0, c = 0; j < n; j += DSGD_SUM_CHUNK, ++c) {
        lane[c % DSGD_SUM_LANES] += dsgd_bytes_chunk_float(n - j < DSGD_SUM_CHUNK ? n - j : DSGD_SUM_CHUNK, row + j, x + j);
    }
    return dsgd_sum_fold_float(lane); /* up to 4096 chunks: rows of 16 million features */
}

/** sum_j row[j] x[j] in double. */
static inline double dsgd_bytes_dot(size_t n, const uint8_t *row, const double *x)
{
    if (n <= DSGD_SUM_CHUNK) { return dsgd_bytes_chunk(n, row, x); }
    struct dsgd_sum sum = {{{0.0}}, {0}};
    for (size_t j = 0; j < n; j += DSGD_SUM_CHUNK) { dsgd_sum_add(&sum, dsgd_bytes_chunk(n - j < DSGD_SUM_CHUNK ? n - j : DSGD_SUM_CHUNK, row + j, x + j)); }
    return dsgd_sum_end(&sum);
}

/** sum_j row[j] x[c stride + j] for c < DSGD_BYTES_GROUP: the row is widened once. The bits of dsgd_bytes_dot_float. */
static inline void dsgd_bytes_dots_float(size_t n, const uint8_t *row, size_t stride, const float *x, float *out)
{
    if (n <= DSGD_SUM_CHUNK) {
        dsgd_bytes_chunk_floats(n, row, stride, x, out);
    } else {
        for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) { out[c] = dsgd_bytes_dot_float(n, row, x + c * stride); }
    }
}

/** The same in double: the bits of dsgd_bytes_dot. */
static inline void dsgd_bytes_dots(size_t n, const uint8_t *row, size_t stride, const double *x, double *out)
{
    if (n <= DSGD_SUM_CHUNK) {
        dsgd_bytes_chunk_doubles(n, row, stride, x, out);
    } else {
        for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) { out[c] = dsgd_bytes_dot(n, row, x + c * stride); }
    }
}

/** out[j] = row[j] as float. */
static inline void dsgd_bytes_widen_float(size_t n, const uint8_t *restrict row, float *restrict out)
{
    size_t j = 0;
#ifdef __AVX2__
    for (; j + 8 <= n; j += 8) {
        int64_t eight;
        memcpy(&eight, row + j, sizeof eight);
        _mm256_storeu_ps(out + j, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(eight))));
    }
#endif
    for (; j < n; ++j) { out[j] = (float)row[j]; }
}

/** Asks for all cache lines of a row at once: rows are drawn at random, and their misses should overlap. */
static inline void dsgd_bytes_prefetch(size_t n, const uint8_t *row)
{
#if defined(__GNUC__)
    for (size_t j = 0; j < n; j += 64) { __builtin_prefetch(row + j); }
#else
    (void)n;
    (void)row;
#endif
}

#endif
