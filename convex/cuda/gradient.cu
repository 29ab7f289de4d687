/* gradient.cu - stochastic gradients of linear classifiers for a block of workers: convex/cpu/linear.c and multiclass.c for devices.
 *
 * Two launches. First a warp takes one example of one worker: its scores, and from them the coefficient of its row for each class. Then each
 * coordinate of each worker adds its examples in their order, so that nothing is added by two threads. The entries of sparse rows go where
 * their columns say: there a block takes a class of a worker and its examples one after the other, a third launch.
 */
#include "convex/cuda/row.h"

enum { WARPS = 4, THREADS = WARPS * GPU_WARP };

/* weight [pairs][classes]; pair = row count + place in the minibatch. Shared: scores of the block's examples, and lanes of sparse sums. */
template <int form>
static __global__ void slopes_kernel(struct cuda_classifier p, struct dsgd_array x, const uint32_t *example, uint32_t count, size_t pairs,
                                     struct cuda_weight *weight)
{
    GPU_DYNAMIC_SHARED(float, score);
    const struct cuda_split &train = p.split[CUDA_TRAIN];
    float *const lane_sum = score + WARPS * p.classes;
    const size_t warp = threadIdx.x / GPU_WARP, first = (size_t)blockIdx.x * WARPS, pair = first + warp;
    if (pair < pairs) {
        const size_t i = example[pair];
        convex_scores<form, float, 1>(p, train, i, i, cuda_row<const float>(x, pair / count), score + warp * p.classes, lane_sum + warp * GPU_WARP);
    }
    __syncthreads();
    if (p.softmax) {
        if (threadIdx.x < WARPS && first + threadIdx.x < pairs) {
            float *const own = score + threadIdx.x * p.classes;
            dsgd_softmax_slope_float(p.classes, own, train.label[example[first + threadIdx.x]], own);
        }
        __syncthreads();
    }
    for (size_t k = threadIdx.x; k < WARPS * p.classes && first + k / p.classes < pairs; k += THREADS) {
        const size_t c = k % p.classes;
        const uint32_t label = train.label[example[first + k / p.classes]];
        float slope = score[k];
        if (!p.softmax) { slope = dsgd_one_vs_rest_slope_float((enum dsgd_loss)p.loss, slope, p.binary ? label == p.digit : label == c); }
        slope /= (float)count;
        struct cuda_weight *const out = weight + first * p.classes + k;
        out->slope = slope;
        out->scale = form == CUDA_ROWS_BYTES ? slope / 255.0f : slope;
    }
}

/* Of the bias; an example without a share is skipped where there is one class. */
static __device__ __forceinline__ float bias_gradient(const struct cuda_classifier &p, float start, const struct cuda_weight *weight, uint32_t count)
{
    float sum = start + weight[0].slope;
    for (uint32_t b = 1; b < count; ++b) {
        const float slope = weight[b * (size_t)p.classes].slope;
        if (!p.binary || slope != 0.0f) { sum += slope; }
    }
    return sum;
}

/* grad = l2 x, and the share of each example in turn; of sparse rows the beginning alone. */
template <int form>
static __global__ void coordinates_kernel(struct cuda_classifier p, struct dsgd_array x, const uint32_t *example, uint32_t count, uint32_t rows,
                                          const struct cuda_weight *weights, struct dsgd_array grad)
{
    typedef typename convex_number<form>::type number;
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= p.d) { return; }
    const size_t c = i / p.width, j = i - c * p.width;
    const number *const from = static_cast<const number *>(p.split[CUDA_TRAIN].number) + j;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const struct cuda_weight *const weight = weights + (size_t)row * count * p.classes + c;
        const uint32_t *const mine = example + (size_t)row * count;
        const float start = p.l2 * cuda_row<const float>(x, row)[i];
        float *const out = cuda_row<float>(grad, row) + i;
        if (j == p.features) {
            *out = bias_gradient(p, start, weight, count);
            continue;
        }
        if (form == CUDA_ROWS_SPARSE) {
            *out = start + 0.0f;
            continue;
        }
        float sum = form == CUDA_ROWS_BYTES ? start : start + 0.0f; /* why: convex/cpu/row.h */
        sum += weight[0].scale * (float)from[mine[0] * p.features];
#if defined(__CUDACC__)
#pragma unroll 4
#endif
        for (uint32_t b = 1; b < count; ++b) {
            const struct cuda_weight w = weight[b * (size_t)p.classes];
            const float value = (float)from[mine[b] * p.features];
            if ((p.binary ? w.slope : w.scale) != 0.0f) { sum += w.scale * value; }
        }
        *out = sum;
    }
}

/* The entries of the examples, a block for a class of a worker. Columns of one row differ; barriers keep the rows in order. */
static __global__ void entries_kernel(struct cuda_classifier p, const uint32_t *example, uint32_t count, uint32_t rows, const struct cuda_weight *weights,
                                      struct dsgd_array grad)
{
    const struct cuda_split &train = p.split[CUDA_TRAIN];
    const float *const value = static_cast<const float *>(train.number);
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        float *const out = cuda_row<float>(grad, row) + blockIdx.x * p.width;
        for (uint32_t b = 0; b < count; ++b) {
            const size_t pair = (size_t)row * count + b, i = example[pair];
            const float scale = weights[pair * p.classes + blockIdx.x].slope;
            if (scale == 0.0f) { continue; } /* the whole block: what it would add changes nothing */
            const uint64_t end = train.start[i + 1] - train.first;
            for (uint64_t k = train.start[i] - train.first + threadIdx.x; k < end; k += CUDA_THREADS) { out[train.column[k]] += scale * value[k]; }
            __syncthreads();
        }
    }
}

template <int form>
static void launch(const struct cuda_turn *t, const struct cuda_classifier *p, struct dsgd_array x, const uint32_t *example, uint32_t count,
                   struct cuda_weight *weight, struct dsgd_array grad)
{
    const size_t pairs = (size_t)t->rows * count, shared = WARPS * (p->classes + (form == CUDA_ROWS_SPARSE ? GPU_WARP : 0)) * sizeof(float);
    cudaStream_t stream = cuda_stream(t);
    GPU_LAUNCH((slopes_kernel<form>), (unsigned)((pairs + WARPS - 1) / WARPS), THREADS, shared, stream, *p, x, example, count, pairs, weight);
    GPU_LAUNCH((coordinates_kernel<form>), cuda_grid(p->d, t->rows), CUDA_THREADS, 0, stream, *p, x, example, count, t->rows, weight, grad);
    if (form == CUDA_ROWS_SPARSE) {
        GPU_LAUNCH((entries_kernel), dim3(p->classes, cuda_grid(1, t->rows).y), CUDA_THREADS, 0, stream, *p, example, count, t->rows, weight, grad);
    }
    cuda_launched(t);
}

void convex_gradients(const struct cuda_turn *t, const struct cuda_classifier *p, struct dsgd_array x, const uint32_t *example, uint32_t count,
                      struct cuda_weight *weight, struct dsgd_array grad)
{
    if (p->form == CUDA_ROWS_BYTES) {
        launch<CUDA_ROWS_BYTES>(t, p, x, example, count, weight, grad);
    } else if (p->form == CUDA_ROWS_FLOATS) {
        launch<CUDA_ROWS_FLOATS>(t, p, x, example, count, weight, grad);
    } else {
        launch<CUDA_ROWS_SPARSE>(t, p, x, example, count, weight, grad);
    }
}
