/* fold_sparse.cu - sums of sparse vectors: a block has the sums of a piece of the coordinates, and adds the part of each row that falls there,
 * row after row in ascending order. Where a row's part begins and ends is found by bisection, for many rows at once. Which coordinates were
 * seen is a bit each; bits have no order.
 */
#include "sim/cuda/fold_parts.h"
#include "sim/cuda/launch.h"

enum {
    PIECE = 4096, /* coordinates: whole words of what was seen */
    WORD = 32,
    BATCH = CUDA_THREADS / 2, /* rows that are searched at once */
    AHEAD = 4     /* rows whose entries are read ahead, one a thread */
};

/* The first place of an ascending list whose coordinate is not below `least`. */
static __device__ __forceinline__ uint32_t place_of(uint32_t n, const uint32_t *index, size_t least)
{
    uint32_t low = 0;
    for (uint32_t high = n; low < high;) {
        const uint32_t middle = low + (high - low) / 2;
        if (index[middle] < least) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static __device__ __forceinline__ void add_one(uint32_t i, float x, double *sum, uint32_t *seen)
{
    sum[i] += (double)x;
    atomicOr(&seen[i / WORD], UINT32_C(1) << i % WORD);
}

static __global__ void sparse_kernel(uint32_t rows, struct dsgd_array at, struct dsgd_array value, double *sum, uint32_t *seen)
{
    GPU_SHARED(uint32_t, place, [2][BATCH]);
    const size_t begin = (size_t)blockIdx.x * PIECE;
    const unsigned me = threadIdx.x;
    for (uint32_t first = 0; first < rows; first += BATCH) {
        const uint32_t here = rows - first < BATCH ? rows - first : (uint32_t)BATCH, mine = first + me % BATCH;
        if (mine < rows) { place[me / BATCH][me % BATCH] = place_of(*cuda_length(at, mine), cuda_row<const uint32_t>(at, mine), begin + me / BATCH * PIECE); }
        __syncthreads();
        for (uint32_t r = 0; r < here; r += AHEAD) {
            uint32_t index[AHEAD];
            float x[AHEAD];
GPU_UNROLL
            for (uint32_t k = 0; k < AHEAD; ++k) {
                const uint32_t j = r + k < here ? place[0][r + k] + me : 0;
                if (r + k < here && j < place[1][r + k]) {
                    index[k] = cuda_row<const uint32_t>(at, first + r + k)[j];
                    x[k] = cuda_row<const float>(value, first + r + k)[j];
                }
            }
GPU_UNROLL
            for (uint32_t k = 0; k < AHEAD; ++k) {
                if (r + k >= here) { break; } /* alike in all threads */
                uint32_t j = place[0][r + k] + me;
                const uint32_t end = place[1][r + k];
                if (j < end) { add_one(index[k], x[k], sum, seen); }
                for (j += CUDA_THREADS; j < end; j += CUDA_THREADS) {
                    add_one(cuda_row<const uint32_t>(at, first + r + k)[j], cuda_row<const float>(value, first + r + k)[j], sum, seen);
                }
                __syncthreads(); /* the next row comes after this one; and places are read before they change */
            }
        }
    }
}

void fold_sparse(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array value, struct dsgd_array sum, struct dsgd_array seen)
{
    if (sum.count == 0 || t->rows == 0) { return; }
    GPU_LAUNCH(sparse_kernel, (unsigned)((sum.count + PIECE - 1) / PIECE), CUDA_THREADS, 0, cuda_stream(t), t->rows, at, value,
               static_cast<double *>(sum.at), static_cast<uint32_t *>(seen.at));
    cuda_launched(t);
}
