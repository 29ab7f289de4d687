/* gpu.h - what a .cu file includes: the CUDA runtime under nvcc, the emulator of the tests under g++ or clang++.
 *
 * A kernel file is written in what both sides understand:
 *   - shared memory is declared with GPU_SHARED or GPU_DYNAMIC_SHARED, kernels start with GPU_LAUNCH;
 *   - warp operations carry a full, explicit mask; there is no __activemask;
 *   - atomics are on integers only: the result of float atomics depends on timing, and they do not compile in the emulator;
 *   - blocks of one launch do not talk to each other, except by integer atomics whose order does not matter, or across
 *     gpu_grid_sync() in a cooperative launch.
 */
#ifndef DSGD_SIM_CUDA_GPU_H
#define DSGD_SIM_CUDA_GPU_H

#if defined(__CUDACC__)

#include <cooperative_groups.h>
#include <cuda_runtime.h>

/* GPU_SHARED(float, tile, [8][33]); */
#define GPU_SHARED(type, name, extents) __shared__ type name extents
#define GPU_DYNAMIC_SHARED(type, name)                                         \
    extern __shared__ __align__(16) unsigned char gpu_dynamic_shared_memory[]; \
    type *const name = reinterpret_cast<type *>(gpu_dynamic_shared_memory)
#define GPU_LAUNCH(kernel, grid, block, shared, stream, ...) kernel<<<(grid), (block), (shared), (stream)>>>(__VA_ARGS__)
#define GPU_UNROLL _Pragma("unroll")
/* Blocks of a grid in y at most; in the emulator fewer if a test wants it, so that kernels loop over few rows as they do over many. */
#define GPU_GRID_MOST 65535u
/* Working memory for these bytes from now on, none of which is read before it is written: the emulator sees to it. */
#define GPU_FRESH(stream, data, bytes) ((void)0)

/** Every block of the grid is resident; cudaErrorCooperativeLaunchTooLarge if they do not fit. */
template <class... P, class... A>
cudaError_t gpu_launch_cooperative(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, cudaStream_t stream, A... args)
{
    auto launch = [&](P... value) {
        void *list[sizeof...(P) + 1] = {static_cast<void *>(&value)...};
        return cudaLaunchCooperativeKernel(reinterpret_cast<const void *>(kernel), grid, block, list, shared, stream);
    };
    return launch(args...); /* converted to the kernel's parameter types */
}

__device__ inline void gpu_grid_sync()
{
    cooperative_groups::this_grid().sync();
}

#else
#include "emulator.h" /* tests/emulator */
#ifndef GPU_UNROLL
#define GPU_UNROLL
#endif
#define GPU_GRID_MOST emu_grid_most()
#define GPU_FRESH(stream, data, bytes) emu_fresh(stream, data, bytes)
#endif

/** Lanes of a warp and the mask that names all of them. */
enum { GPU_WARP = 32 };
#define GPU_ALL_LANES 0xffffffffu

#endif
