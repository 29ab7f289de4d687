/* bytes.h - dot products of a row of bytes with a vector: the inner loop of every linear classifier, for one
 * vector or for several (classes) at once.
 *
 * Rows stay bytes (a quarter of the memory traffic of float) and are widened in registers. gcc 12 widens bytes with
 * shuffle chains (110 ns instead of 46 ns for 784 features), hence the AVX2 path. Partial sum k of the LANES takes the
 * elements k, k + LANES, ...; then halves are added to halves, then the tail: both paths and all compilers give the
 * same bits.
 */
#ifndef DSGD_CONVEX_BYTES_H
#define DSGD_CONVEX_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

/** sum_j row[j] x[j] in float. 16 partial sums. */
static inline float dsgd_bytes_dot_float(size_t n, const uint8_t *restrict row, const float *restrict x)
{
    enum { LANES = 16 };
    float lane[LANES] = {0}, tail = 0;
    size_t j = 0;
#ifdef __AVX2__
    __m256 low = _mm256_setzero_ps(), high = low;
    for (; j + LANES <= n; j += LANES) {
        const __m128i pixels = _mm_loadu_si128((const __m128i *)(const void *)(row + j));
        const __m256 first = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(pixels));
        const __m256 second = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpackhi_epi64(pixels, pixels)));
        low = _mm256_add_ps(low, _mm256_mul_ps(first, _mm256_loadu_ps(x + j)));
        high = _mm256_add_ps(high, _mm256_mul_ps(second, _mm256_loadu_ps(x + j + 8)));
    }
    _mm256_storeu_ps(lane, low);
    _mm256_storeu_ps(lane + 8, high);
#else
    for (; j + LANES <= n; j += LANES) {
        for (size_t k = 0; k < LANES; ++k) { lane[k] += (float)row[j + k] * x[j + k]; }
    }
#endif
    for (; j < n; ++j) { tail += (float)row[j] * x[j]; }
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int k = 0; k < width; ++k) { lane[k] += lane[k + width]; }
    }
    return lane[0] + tail;
}

/** sum_j row[j] x[j] in double. 8 partial sums. */
static inline double dsgd_bytes_dot(size_t n, const uint8_t *restrict row, const double *restrict x)
{
    enum { LANES = 8 };
    double lane[LANES] = {0}, tail = 0;
    size_t j = 0;
#ifdef __AVX2__
    __m256d low = _mm256_setzero_pd(), high = low;
    for (; j + LANES <= n; j += LANES) {
        int64_t eight;
        memcpy(&eight, row + j, sizeof eight);
        const __m256i pixels = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(eight));
        const __m256d first = _mm256_cvtepi32_pd(_mm256_castsi256_si128(pixels));
        const __m256d second = _mm256_cvtepi32_pd(_mm256_extracti128_si256(pixels, 1));
        low = _mm256_add_pd(low, _mm256_mul_pd(first, _mm256_loadu_pd(x + j)));
        high = _mm256_add_pd(high, _mm256_mul_pd(second, _mm256_loadu_pd(x + j + 4)));
    }
    _mm256_storeu_pd(lane, low);
    _mm256_storeu_pd(lane + 4, high);
#else
    for (; j + LANES <= n; j += LANES) {
        for (size_t k = 0; k < LANES; ++k) { lane[k] += (double)row[j + k] * x[j + k]; }
    }
#endif
    for (; j < n; ++j) { tail += (double)row[j] * x[j]; }
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int k = 0; k < width; ++k) { lane[k] += lane[k + width]; }
    }
    return lane[0] + tail;
}

/** Classes that the functions below treat together: five times two registers of partial sums fit beside the row. */
enum { DSGD_BYTES_GROUP = 5 };

/** sum_j row[j] x[c stride + j] for c < DSGD_BYTES_GROUP: the row is widened once. The bits of dsgd_bytes_dot_float. */
static inline void dsgd_bytes_dots_float(size_t n, const uint8_t *restrict row, size_t stride, const float *restrict x,
                                         float *restrict out)
{
#ifdef __AVX2__
    enum { LANES = 16 };
    __m256 low[DSGD_BYTES_GROUP], high[DSGD_BYTES_GROUP];
    size_t j = 0;
    for (int c = 0; c < DSGD_BYTES_GROUP; ++c) { low[c] = high[c] = _mm256_setzero_ps(); }
    for (; j + LANES <= n; j += LANES) {
        const __m128i pixels = _mm_loadu_si128((const __m128i *)(const void *)(row + j));
        const __m256 first = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(pixels));
        const __m256 second = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpackhi_epi64(pixels, pixels)));
        for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) {
            const float *at = x + c * stride + j;
            low[c] = _mm256_add_ps(low[c], _mm256_mul_ps(first, _mm256_loadu_ps(at)));
            high[c] = _mm256_add_ps(high[c], _mm256_mul_ps(second, _mm256_loadu_ps(at + 8)));
        }
    }
    for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) {
        float lane[8], tail = 0;
        _mm256_storeu_ps(lane, _mm256_add_ps(low[c], high[c]));
        for (size_t k = j; k < n; ++k) { tail += (float)row[k] * x[c * stride + k]; }
        for (int width = 4; width > 0; width /= 2) {
            for (int k = 0; k < width; ++k) { lane[k] += lane[k + width]; }
        }
        out[c] = lane[0] + tail;
    }
#else
    for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) { out[c] = dsgd_bytes_dot_float(n, row, x + c * stride); }
#endif
}

/** The same in double: the bits of dsgd_bytes_dot. */
static inline void dsgd_bytes_dots(size_t n, const uint8_t *restrict row, size_t stride, const double *restrict x,
                                   double *restrict out)
{
#ifdef __AVX2__
    enum { LANES = 8 };
    __m256d low[DSGD_BYTES_GROUP], high[DSGD_BYTES_GROUP];
    size_t j = 0;
    for (int c = 0; c < DSGD_BYTES_GROUP; ++c) { low[c] = high[c] = _mm256_setzero_pd(); }
    for (; j + LANES <= n; j += LANES) {
        int64_t eight;
        memcpy(&eight, row + j, sizeof eight);
        const __m256i pixels = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(eight));
        const __m256d first = _mm256_cvtepi32_pd(_mm256_castsi256_si128(pixels));
        const __m256d second = _mm256_cvtepi32_pd(_mm256_extracti128_si256(pixels, 1));
        for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) {
            const double *at = x + c * stride + j;
            low[c] = _mm256_add_pd(low[c], _mm256_mul_pd(first, _mm256_loadu_pd(at)));
            high[c] = _mm256_add_pd(high[c], _mm256_mul_pd(second, _mm256_loadu_pd(at + 4)));
        }
    }
    for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) {
        double lane[4], tail = 0;
        _mm256_storeu_pd(lane, _mm256_add_pd(low[c], high[c]));
        for (size_t k = j; k < n; ++k) { tail += (double)row[k] * x[c * stride + k]; }
        for (int width = 2; width > 0; width /= 2) {
            for (int k = 0; k < width; ++k) { lane[k] += lane[k + width]; }
        }
        out[c] = lane[0] + tail;
    }
#else
    for (size_t c = 0; c < DSGD_BYTES_GROUP; ++c) { out[c] = dsgd_bytes_dot(n, row, x + c * stride); }
#endif
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
