/* launch.h - what launchers share: a device's stream and working memory, grids, and where a row of an array lies. C++. */
#ifndef DSGD_SIM_CUDA_LAUNCH_H
#define DSGD_SIM_CUDA_LAUNCH_H

#include "sim/cuda/gpu.h"
#include "sim/cuda/library.h"

/** The stream of a device: all work of all turns on it, in order. Makes the device the current one. */
cudaStream_t cuda_stream(int device);
static inline cudaStream_t cuda_stream(const struct cuda_turn *t) { return cuda_stream(t->device); }

/** Working memory of one launcher on the stream of a device, 256-byte aligned: good until the next call for this device, by launchers that
 *  come later on the same stream. Not cleared. Grows where it must, which waits. NULL, with the failure kept for the next read, when out of memory. */
void *cuda_scratch(int device, size_t bytes);

/** Before whatever waits, allocates or frees: what was recorded so far sets out (step.cu), and recording ends for this step. */
void cuda_set_out(int device);

/** Keeps a failure of a launch (cudaPeekAtLastError) or call for the next read. Every launcher ends with it. */
void cuda_keep(int device, cudaError_t error);
static inline void cuda_launched(const struct cuda_turn *t) { cuda_keep(t->device, cudaPeekAtLastError()); }

enum { CUDA_THREADS = 256 };

static inline uint32_t cuda_rows(size_t rows) { return rows < GPU_GRID_MOST ? (uint32_t)rows : GPU_GRID_MOST; }

/** Blocks of CUDA_THREADS for n elements a row, rows in y: kernels loop over rows with a stride of gridDim.y, since y has an end. */
static inline dim3 cuda_grid(size_t n, uint32_t rows)
{
    const size_t blocks = (n + CUDA_THREADS - 1) / CUDA_THREADS;
    return dim3((unsigned)(blocks > 0 ? blocks : 1), cuda_rows(rows));
}

/** Element 0 of row `row`. */
template <class T> static __host__ __device__ __forceinline__ T *cuda_row(const struct dsgd_array &a, size_t row)
{
    return static_cast<T *>(a.at) + row * a.stride;
}
/** How many coordinates are in a row's set; a set that rows share has one length. */
static __host__ __device__ __forceinline__ uint32_t *cuda_length(const struct dsgd_array &set, size_t row)
{
    return static_cast<uint32_t *>(set.length) + (set.stride == 0 ? 0 : row);
}

/** The worker of a row, for draws. */
static __host__ __device__ __forceinline__ uint32_t cuda_worker(const struct cuda_turn &t, uint32_t row)
{
    return t.first == DSGD_RNG_SERVER ? DSGD_RNG_SERVER : t.first + row;
}

#endif
