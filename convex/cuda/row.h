/* row.h - products of rows of a split with vectors, by a warp: convex/cpu/bytes.h and floats.h for devices. C++.
 *
 * Numbers are those of the arrays; who calls divides scalars by the unit, never rows. Column j goes to lane j mod 32 of its chunk.
 */
#ifndef DSGD_CONVEX_CUDA_ROW_H
#define DSGD_CONVEX_CUDA_ROW_H

#include "convex/cuda/convex.h"
#include "convex/cuda/sum.h"

/** The number of a row's element, and how many times the values these numbers are. */
template <int form> struct convex_number { typedef float type; };
template <> struct convex_number<CUDA_ROWS_BYTES> { typedef uint8_t type; };
template <int form, class T> static __device__ __forceinline__ T convex_unit() { return form == CUDA_ROWS_BYTES ? (T)255 : (T)1; }

template <int form> static __device__ __forceinline__ const typename convex_number<form>::type *convex_row(const struct cuda_split &split, size_t features, size_t i)
{
    return static_cast<const typename convex_number<form>::type *>(split.number) + i * features;
}

/** <row e, vector g> for E rows and G vectors, n <= DSGD_SUM_CHUNK: a number is loaded once for all its products. */
template <class N, class T, int E, int G>
static __device__ __forceinline__ void convex_dots(size_t n, const N *const row[E], const T *x, size_t width, T out[E][G])
{
GPU_UNROLL
    for (int e = 0; e < E; ++e) {
GPU_UNROLL
        for (int g = 0; g < G; ++g) { out[e][g] = 0; }
    }
#if defined(__CUDACC__)
#pragma unroll 4
#endif
    for (size_t j = convex_lane(); j < n; j += DSGD_SUM_LANES) {
        T number[E];
GPU_UNROLL
        for (int e = 0; e < E; ++e) { number[e] = (T)row[e][j]; }
GPU_UNROLL
        for (int g = 0; g < G; ++g) {
            const T at = x[g * width + j];
GPU_UNROLL
            for (int e = 0; e < E; ++e) { out[e][g] += number[e] * at; }
        }
    }
GPU_UNROLL
    for (int e = 0; e < E; ++e) {
GPU_UNROLL
        for (int g = 0; g < G; ++g) { out[e][g] = convex_fold(out[e][g]); }
    }
}

/** <row, x> of a row of any length. */
template <class N, class T> static __device__ __forceinline__ T convex_dot(size_t n, const N *row, const T *x)
{
    T sum[1][1];
    if (n <= DSGD_SUM_CHUNK) {
        convex_dots<N, T, 1, 1>(n, &row, x, 0, sum);
        return sum[0][0];
    }
    convex_total<T> total;
    size_t chunk = 0;
    for (size_t j = 0; j < n; j += DSGD_SUM_CHUNK, ++chunk) {
        const N *const from = row + j;
        convex_dots<N, T, 1, 1>(n - j < DSGD_SUM_CHUNK ? n - j : (size_t)DSGD_SUM_CHUNK, &from, x + j, 0, sum);
        total.add(chunk, sum[0][0]);
    }
    return total.end(chunk);
}

/* Adds the entries from *k on that lie in one chunk of columns. Entries of one lane take turns in their order; `lane_sum` is shared memory. */
template <class T>
static __device__ __forceinline__ T convex_sparse_chunk(size_t count, const uint32_t *column, const float *value, const T *x, T *lane_sum, size_t *k)
{
    const unsigned lane = convex_lane();
    const uint32_t chunk = column[*k] / DSGD_SUM_CHUNK;
    unsigned taken;
    lane_sum[lane] = 0;
    __syncwarp();
    do {
        const bool there = *k + lane < count;
        const uint32_t at = there ? column[*k + lane] : 0;
        const bool mine = there && at / DSGD_SUM_CHUNK == chunk; /* columns ascend: the first lanes */
        const T product = mine ? (T)value[*k + lane] * x[at] : (T)0;
        const unsigned to = at % DSGD_SUM_LANES, alike = __match_any_sync(GPU_ALL_LANES, mine ? to : GPU_WARP + lane);
        const unsigned turn = (unsigned)__popc(alike & ((1u << lane) - 1));
        taken = __ballot_sync(GPU_ALL_LANES, mine);
        for (unsigned now = 0; __any_sync(GPU_ALL_LANES, mine && turn >= now); ++now) {
            if (mine && turn == now) { lane_sum[to] += product; }
            __syncwarp();
        }
        *k += (size_t)__popc(taken);
    } while (taken == GPU_ALL_LANES && *k < count);
    return convex_fold(lane_sum[lane]);
}

/** <row, x> of a sparse row of n columns: the bits of the dense row. */
template <class T>
static __device__ __forceinline__ T convex_sparse_dot(size_t n, size_t count, const uint32_t *column, const float *value, const T *x, T *lane_sum)
{
    size_t k = 0;
    convex_total<T> total;
    if (count == 0) { return 0; }
    if (n <= DSGD_SUM_CHUNK) { return convex_sparse_chunk(count, column, value, x, lane_sum, &k); }
    while (k < count) {
        const size_t chunk = column[k] / DSGD_SUM_CHUNK;
        total.add(chunk, convex_sparse_chunk(count, column, value, x, lane_sum, &k));
    }
    return total.end((n + DSGD_SUM_CHUNK - 1) / DSGD_SUM_CHUNK);
}

/* Scores of G classes from `c` on for E dense rows. */
template <int form, class T, int E, int G>
static __device__ __forceinline__ void convex_class_scores(const struct cuda_classifier &p, const typename convex_number<form>::type *const row[E], const T *x,
                                                           size_t c, T *score)
{
    T sum[E][G];
    convex_dots<typename convex_number<form>::type, T, E, G>(p.features, row, x + c * p.width, p.width, sum);
    if (convex_lane() > 0) { return; }
GPU_UNROLL
    for (int e = 0; e < E; ++e) {
GPU_UNROLL
        for (int g = 0; g < G; ++g) {
            score[(size_t)e * p.classes + c + (size_t)g] = sum[e][g] / convex_unit<form, T>() + x[(c + (size_t)g) * p.width + p.features];
        }
    }
}

/* Where the products of more than one row do not share what they load: sparse rows, and rows of several chunks. */
template <int form, class T>
static __device__ __forceinline__ void convex_row_scores(const struct cuda_classifier &p, const struct cuda_split &split, size_t i, const T *x, T *score, T *lane_sum)
{
    for (size_t c = 0; c < p.classes; ++c) {
        const T *const w = x + c * p.width;
        T sum;
        if constexpr (form == CUDA_ROWS_SPARSE) {
            const uint64_t from = split.start[i] - split.first, count = split.start[i + 1] - split.first - from;
            sum = convex_sparse_dot(p.features, count, split.column + from, static_cast<const float *>(split.number) + from, w, lane_sum);
        } else {
            sum = convex_dot(p.features, convex_row<form>(split, p.features, i), w);
        }
        if (convex_lane() == 0) { score[c] = sum / convex_unit<form, T>() + w[p.features]; }
    }
}

/** score [E][classes] = <a_i, w_c> for the E examples from `first` on of a split, by a warp; those past `last` repeat it. lane_sum [32], shared. */
template <int form, class T, int E>
static __device__ __forceinline__ void convex_scores(const struct cuda_classifier &p, const struct cuda_split &split, size_t first, size_t last, const T *x, T *score,
                                                     T *lane_sum)
{
    enum { GROUP = 5 }; /* classes at once, as on the CPU: ten of them are two passes over a row */
    if (form == CUDA_ROWS_SPARSE || p.features > DSGD_SUM_CHUNK) {
        for (size_t e = 0; e < E; ++e) {
            convex_row_scores<form, T>(p, split, first + e < last ? first + e : last, x, score + e * p.classes, lane_sum);
        }
    } else if constexpr (form != CUDA_ROWS_SPARSE) {
        const typename convex_number<form>::type *row[E];
        size_t c = 0;
GPU_UNROLL
        for (size_t e = 0; e < E; ++e) { row[e] = convex_row<form>(split, p.features, first + e < last ? first + e : last); }
        for (; c + GROUP <= p.classes; c += GROUP) { convex_class_scores<form, T, E, GROUP>(p, row, x, c, score); }
        for (; c < p.classes; ++c) { convex_class_scores<form, T, E, 1>(p, row, x, c, score); }
    }
}

#endif
