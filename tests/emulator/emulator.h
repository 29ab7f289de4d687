/* emulator.h - runs CUDA kernels on the CPU: the part of CUDA that dsgd's kernels use, for g++ and clang++.
 *
 * Each CUDA thread is a fiber; one OS thread runs them all, so that everything is repeatable. A fiber runs until it waits
 * at a barrier or a warp operation. The order of blocks, warps and lanes is a permutation chosen by EMU_ORDER (forward,
 * reverse, or a number): a kernel whose result depends on it has a race. Streams are lazy: work runs only when somebody
 * waits for it, and unordered streams interleave by the same permutation. Device memory cannot be touched by host code
 * (it faults with a sentence), host memory and other devices' memory not by kernels in a checked build (see checker.cpp).
 *
 *   EMU_ORDER=forward|reverse|<seed>   EMU_DEVICES=<n>, 0: no device   EMU_MEMORY=<bytes of a device>
 *   EMU_CAPABILITY=<major>.<minor>   EMU_GRID_MOST=<blocks in y that kernels ask for at most>   EMU_STRICT=0 (host may touch device memory: faster)
 *   EMU_PINNED=0: no pinned memory
 *   EMU_COUNT=<file>: how many launches there were outside graphs, and of graphs, is written there at the end
 */
#ifndef DSGD_TESTS_EMULATOR_EMULATOR_H
#define DSGD_TESTS_EMULATOR_EMULATOR_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <memory>
#include <type_traits>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__

/* ---- vector types ---- */
struct uint3 {
    unsigned x, y, z;
};
struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct __align__(8) uint2 {
    unsigned x, y;
};
struct __align__(16) uint4 {
    unsigned x, y, z, w;
};
struct __align__(8) float2 {
    float x, y;
};
struct __align__(16) float4 {
    float x, y, z, w;
};
static inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

/* ---- the running thread ---- */
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

namespace emu {

enum warp_op { SHFL, VOTE, REDUCE, SYNC, MATCH };

void *shared(const void *site, size_t bytes, size_t alignment);
void *dynamic_shared();
void block_barrier(const char *file, int line);
void grid_barrier();
/** Deposits `value`, waits for all lanes of mask, and copies what each deposited to all[32]. Returns the lane's number. */
unsigned warp_exchange(warp_op op, unsigned mask, uint64_t value, uint64_t all[32]);
void touch_atomic(const void *address, size_t bytes);
[[noreturn]] void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** What each thread of a launch runs: a copy of the arguments, and the function that passes them to the kernel. */
struct Work {
    std::shared_ptr<const void> arguments;
    size_t bytes;
    void (*call)(const void *arguments);
};

struct Stream;
void launch(const char *name, dim3 grid, dim3 block, size_t shared, Stream *stream, const void *kernel, bool cooperative,
            Work work);

template <class F> void call(const void *thread)
{
    (*static_cast<const F *>(thread))();
}

template <class... P, class... A>
void start(const char *name, bool cooperative, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, Stream *stream,
           const A &...args)
{
    auto convert = [&](P... value) { /* to the kernel's types, now: a launch copies its arguments */
        auto thread = [=] { kernel(value...); };
        launch(name, grid, block, shared, stream, reinterpret_cast<const void *>(kernel), cooperative,
               Work{std::make_shared<decltype(thread)>(thread), sizeof thread, call<decltype(thread)>});
    };
    convert(args...);
}

/* any 4- or 8-byte value as bits and back */
template <class T> uint64_t to_bits(T value)
{
    static_assert(sizeof(T) <= 8 && std::is_trivially_copyable<T>::value, "a warp operation takes 4 or 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    return bits;
}
template <class T> T from_bits(uint64_t bits)
{
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
template <class T> T shuffle(unsigned mask, T value, unsigned (*source)(unsigned lane, unsigned argument, unsigned width),
                             unsigned argument, unsigned width)
{
    uint64_t all[32];
    const unsigned lane = warp_exchange(SHFL, mask, to_bits(value), all), from = source(lane, argument, width);
    if (!(mask >> from & 1)) { fail("a shuffle reads lane %u, which is not in mask %08x", from, mask); }
    return from_bits<T>(all[from]);
}

} /* namespace emu */

#define GPU_SHARED(type, name, extents)                                        \
    using name##_array = type extents;                                         \
    static const char name##_site = 0;                                         \
    name##_array &name = *static_cast<name##_array *>(emu::shared(&name##_site, sizeof(name##_array), 16))
#define GPU_DYNAMIC_SHARED(type, name) type *const name = static_cast<type *>(emu::dynamic_shared())
#define GPU_LAUNCH(kernel, grid, block, shared, stream, ...) \
    emu::start(#kernel, false, kernel, grid, block, shared, stream, __VA_ARGS__)

/* ---- synchronisation ---- */
static inline void emu_syncthreads(const char *file = __builtin_FILE(), int line = __builtin_LINE())
{
    emu::block_barrier(file, line);
}
#define __syncthreads() emu_syncthreads()
static inline void gpu_grid_sync() { emu::grid_barrier(); }
static inline void __threadfence() {}
static inline void __threadfence_block() {}
static inline void __syncwarp(unsigned mask = 0xffffffffu)
{
    uint64_t all[32];
    emu::warp_exchange(emu::SYNC, mask, 0, all);
}

/* ---- warp operations ---- */
template <class T> T __shfl_sync(unsigned mask, T value, int source, int width = 32)
{
    return emu::shuffle<T>(mask, value, [](unsigned lane, unsigned a, unsigned w) { return (lane & ~(w - 1)) | (a & (w - 1)); },
                           (unsigned)source, (unsigned)width);
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32)
{
    return emu::shuffle<T>(mask, value, [](unsigned lane, unsigned a, unsigned w) {
        return (lane ^ a) < (lane & ~(w - 1)) + w ? lane ^ a : lane; }, (unsigned)lanes, (unsigned)width);
}
template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    return emu::shuffle<T>(mask, value, [](unsigned lane, unsigned a, unsigned w) {
        return (lane & (w - 1)) + a < w ? lane + a : lane; }, delta, (unsigned)width);
}
template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    return emu::shuffle<T>(mask, value, [](unsigned lane, unsigned a, unsigned w) {
        return (lane & (w - 1)) >= a ? lane - a : lane; }, delta, (unsigned)width);
}
static inline unsigned __ballot_sync(unsigned mask, int predicate)
{
    uint64_t all[32];
    unsigned bits = 0;
    emu::warp_exchange(emu::VOTE, mask, predicate != 0, all);
    for (unsigned l = 0; l < 32; ++l) { bits |= (unsigned)(mask >> l & 1 ? all[l] : 0) << l; }
    return bits;
}
static inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
static inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) == mask; }
template <class T> unsigned __match_any_sync(unsigned mask, T value)
{
    uint64_t all[32];
    const uint64_t mine = emu::to_bits(value);
    unsigned bits = 0;
    emu::warp_exchange(emu::MATCH, mask, mine, all);
    for (unsigned l = 0; l < 32; ++l) { bits |= (unsigned)((mask >> l & 1) && all[l] == mine) << l; }
    return bits;
}
template <class T, class F> T emu_reduce(unsigned mask, T value, F combine)
{
    uint64_t all[32];
    const unsigned lane = emu::warp_exchange(emu::REDUCE, mask, emu::to_bits(value), all);
    T result = value;
    for (unsigned l = 0; l < 32; ++l) {
        if ((mask >> l & 1) && l != lane) { result = combine(result, emu::from_bits<T>(all[l])); }
    }
    return result;
}
static inline unsigned __reduce_add_sync(unsigned m, unsigned v) { return emu_reduce(m, v, [](unsigned a, unsigned b) { return a + b; }); }
static inline unsigned __reduce_max_sync(unsigned m, unsigned v) { return emu_reduce(m, v, [](unsigned a, unsigned b) { return a > b ? a : b; }); }
static inline unsigned __reduce_min_sync(unsigned m, unsigned v) { return emu_reduce(m, v, [](unsigned a, unsigned b) { return a < b ? a : b; }); }
static inline unsigned __reduce_or_sync(unsigned m, unsigned v) { return emu_reduce(m, v, [](unsigned a, unsigned b) { return a | b; }); }
static inline unsigned __reduce_and_sync(unsigned m, unsigned v) { return emu_reduce(m, v, [](unsigned a, unsigned b) { return a & b; }); }

/* ---- atomics: integers only ---- */
template <class T, class F> __attribute__((noinline, no_sanitize("thread"))) T emu_atomic(T *address, F change)
{
    static_assert(std::is_integral<T>::value, "atomics on floats give results that depend on timing: not in dsgd");
    emu::touch_atomic(address, sizeof *address);
    const T old = *const_cast<volatile T *>(address);
    *const_cast<volatile T *>(address) = change(old);
    return old;
}
template <class T> T atomicAdd(T *a, typename std::common_type<T>::type v) { return emu_atomic(a, [=](T o) { return (T)(o + v); }); }
template <class T> T atomicSub(T *a, typename std::common_type<T>::type v) { return emu_atomic(a, [=](T o) { return (T)(o - v); }); }
template <class T> T atomicMax(T *a, typename std::common_type<T>::type v) { return emu_atomic(a, [=](T o) { return o > v ? o : v; }); }
template <class T> T atomicMin(T *a, typename std::common_type<T>::type v) { return emu_atomic(a, [=](T o) { return o < v ? o : v; }); }
template <class T> T atomicOr(T *a, typename std::common_type<T>::type v) { return emu_atomic(a, [=](T o) { return (T)(o | v); }); }
template <class T> T atomicAnd(T *a, typename std::common_type<T>::type v) { return emu_atomic(a, [=](T o) { return (T)(o & v); }); }
template <class T> T atomicXor(T *a, typename std::common_type<T>::type v) { return emu_atomic(a, [=](T o) { return (T)(o ^ v); }); }
template <class T> T atomicExch(T *a, typename std::common_type<T>::type v) { return emu_atomic(a, [=](T) { return v; }); }
template <class T> T atomicCAS(T *a, typename std::common_type<T>::type c, typename std::common_type<T>::type v)
{
    return emu_atomic(a, [=](T o) { return o == c ? v : o; });
}

/* ---- arithmetic with one rounding, bits, loads ---- */
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
static inline int __clz(int v) { return v ? __builtin_clz((unsigned)v) : 32; }
static inline int __ffs(int v) { return __builtin_ffs(v); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b)
{
    return (unsigned long long)((unsigned __int128)a * b >> 64);
}
static inline unsigned __float_as_uint(float v) { return (unsigned)emu::to_bits(v); }
static inline int __float_as_int(float v) { return (int)emu::to_bits(v); }
static inline float __uint_as_float(unsigned v) { return emu::from_bits<float>(v); }
static inline float __int_as_float(int v) { return emu::from_bits<float>((uint32_t)v); }
template <class T> T __ldg(const T *p) { return *p; }
template <class T> T __ldcs(const T *p) { return *p; }
template <class T> void __stcs(T *p, T v) { *p = v; }
static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
static inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
static inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }

/* ---- the runtime ---- */
typedef enum {
    cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2, cudaErrorInvalidConfiguration = 9,
    cudaErrorInvalidDevice = 101, cudaErrorNoDevice = 100, cudaErrorNotReady = 600, cudaErrorPeerAccessAlreadyEnabled = 704,
    cudaErrorCooperativeLaunchTooLarge = 720, cudaErrorGraphExecUpdateFailure = 910
} cudaError_t;
typedef enum { cudaMemcpyHostToHost, cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice, cudaMemcpyDefault } cudaMemcpyKind;
typedef enum { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 } cudaFuncAttribute;
typedef enum { cudaStreamCaptureModeThreadLocal = 1 } cudaStreamCaptureMode;
typedef emu::Stream *cudaStream_t;
typedef struct emu_event *cudaEvent_t;
typedef struct emu_graph *cudaGraph_t;
typedef struct emu_graph *cudaGraphExec_t;
enum { cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2 };
struct cudaDeviceProp {
    char name[256];
    int multiProcessorCount, major, minor, l2CacheSize;
    size_t totalGlobalMem, sharedMemPerBlockOptin;
};

const char *cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDevice(int *device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int device);
cudaError_t cudaDeviceSynchronize();
cudaError_t cudaDriverGetVersion(int *version);
cudaError_t cudaRuntimeGetVersion(int *version);
cudaError_t cudaMemGetInfo(size_t *free, size_t *total);
enum cudaMemoryType { cudaMemoryTypeUnregistered, cudaMemoryTypeHost, cudaMemoryTypeDevice };
struct cudaPointerAttributes {
    cudaMemoryType type;
    int device;
};
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *attributes, const void *pointer);
cudaError_t cudaDeviceCanAccessPeer(int *can, int device, int peer);
cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned flags);
cudaError_t emu_malloc(void **data, size_t bytes);
cudaError_t emu_malloc_host(void **data, size_t bytes);
template <class T> cudaError_t cudaMalloc(T **data, size_t bytes) { return emu_malloc((void **)data, bytes); }
template <class T> cudaError_t cudaMallocHost(T **data, size_t bytes) { return emu_malloc_host((void **)data, bytes); }
cudaError_t cudaFree(void *data);
cudaError_t cudaFreeHost(void *data);
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream = nullptr);
cudaError_t cudaMemcpyPeerAsync(void *to, int to_device, const void *from, int from_device, size_t bytes, cudaStream_t stream = nullptr);
cudaError_t cudaMemset(void *data, int value, size_t bytes);
cudaError_t cudaMemsetAsync(void *data, int value, size_t bytes, cudaStream_t stream = nullptr);
/** From here on this allocation is as good as new, and has so many bytes: poison, and nobody has written it. */
void emu_fresh(cudaStream_t stream, void *data, size_t bytes);
/** EMU_GRID_MOST, or 65535. */
unsigned emu_grid_most();
cudaError_t cudaStreamCreate(cudaStream_t *stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags = 0);
cudaError_t cudaEventCreate(cudaEvent_t *event);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream = nullptr);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t stop);
cudaError_t cudaFuncSetAttributeImpl(const void *kernel, cudaFuncAttribute attribute, int value);
template <class K> cudaError_t cudaFuncSetAttribute(K *kernel, cudaFuncAttribute attribute, int value)
{
    return cudaFuncSetAttributeImpl(reinterpret_cast<const void *>(kernel), attribute, value);
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long flags = 0);
/** Of the same work in the same order, launches of the same kernels: else cudaErrorGraphExecUpdateFailure, and exec is as it was. */
struct cudaGraphExecUpdateResultInfo {
    int result;
};
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t exec, cudaGraph_t graph, cudaGraphExecUpdateResultInfo *why);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);
template <class... P, class... A>
cudaError_t gpu_launch_cooperative(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared, cudaStream_t stream, A... args)
{
    emu::start("cooperative kernel", true, kernel, grid, block, shared, stream, args...);
    return cudaPeekAtLastError();
}

#endif
