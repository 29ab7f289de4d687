/* fold_sparse.cu - sums of sparse vectors: a block has the sums of a piece of the coordinates, and adds the part of each row that falls there,
 * row after row in ascending order. Where a row's part begins and ends is found by bisection, for many rows at once. Which coordinates were
 * seen is a bit each; bits have no order.
 *
 * Short vectors have too few pieces for that: there a warp has 32 coordinates, one a lane, whose sums stay in registers, and takes 32 rows at
 * once. Each lane puts what one row has of these coordinates in a line of shared memory; then each adds its coordinate, line after line.
 */
#include "sim/cuda/fold_parts.h"
#include "sim/cuda/launch.h"

enum {
    PIECE = 4096, /* coordinates: whole words of what was seen */
    WORD = 32,
    BATCH = CUDA_THREADS / 2, /* rows that are searched at once */
    AHEAD = 4,    /* rows whose entries are read ahead, one a thread */
    WARPS = CUDA_THREADS / GPU_WARP,
    LONG = 1 << 14 /* coordinates from which there are pieces; below, to search each row for 32 of them costs little. From counts, not measured */
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

static __global__ void short_kernel(uint32_t rows, size_t d, struct dsgd_array at, struct dsgd_array value, double *sum, uint32_t *seen)
{
    GPU_SHARED(float, line, [WARPS][GPU_WARP][GPU_WARP + 1]);
    const unsigned lane = threadIdx.x % GPU_WARP;
    const size_t word = (size_t)blockIdx.x * WARPS + threadIdx.x / GPU_WARP, begin = word * WORD, i = begin + lane;
    float (*const mine)[GPU_WARP + 1] = line[threadIdx.x / GPU_WARP];
    if (begin >= d) { return; } /* whole warps */
    const bool is = i < d;
    double all = is ? sum[i] : 0.0;
    uint32_t met = 0;
    for (uint32_t first = 0; first < rows; first += GPU_WARP) {
        const uint32_t row = first + lane;
        uint32_t has = 0;
        if (row < rows) {
            const uint32_t n = *cuda_length(at, row), *const index = cuda_row<const uint32_t>(at, row);
            for (uint32_t j = place_of(n, index, begin); j < n && index[j] - begin < WORD; ++j) {
                mine[lane][index[j] - begin] = cuda_row<const float>(value, row)[j];
                has |= UINT32_C(1) << (index[j] - begin);
            }
        }
        __syncwarp();
GPU_UNROLL
        for (unsigned r = 0; r < GPU_WARP; ++r) {
            const uint32_t there = __shfl_sync(GPU_ALL_LANES, has, (int)r);
            if (there >> lane & 1) { all += (double)mine[r][lane]; }
            met |= there;
        }
        __syncwarp(); /* the next rows overwrite these */
    }
    if (is) { sum[i] = all; }
    if (lane == 0 && met != 0) { seen[word] |= met; }
}

void fold_sparse(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array value, struct dsgd_array sum, struct dsgd_array seen)
{
    const size_t d = sum.count;
    double *const to = static_cast<double *>(sum.at);
    uint32_t *const bits = static_cast<uint32_t *>(seen.at);
    if (d == 0 || t->rows == 0) { return; }
    if (d < LONG) {
        GPU_LAUNCH(short_kernel, cuda_grid(d, 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, d, at, value, to, bits);
    } else {
        GPU_LAUNCH(sparse_kernel, (unsigned)((d + PIECE - 1) / PIECE), CUDA_THREADS, 0, cuda_stream(t), t->rows, at, value, to, bits);
    }
    cuda_launched(t);
}
