/* planted.cpp - kernels and host code with one error each, which the emulator must report, and right ones, of which it must not. planted NAME.
 *
 * planted.sh has the list with the sentences that are expected.
 */
#include <stdio.h>
#include <stdlib.h>

#include <vector>

#include "sim/cuda/gpu.h"

enum { N = 256 };

static void need(cudaError_t error, int line)
{
    if (error == cudaSuccess) { return; }
    printf("line %d: %s\n", line, cudaGetErrorString(error));
    exit(1);
}
#define CUDA(call) need((call), __LINE__)

/* Device memory with these numbers, or with nothing in it. */
template <class T> static T *device(size_t n, const T *from)
{
    T *data;
    CUDA(cudaMalloc(&data, n * sizeof *data));
    if (from) { CUDA(cudaMemcpy(data, from, n * sizeof *data, cudaMemcpyHostToDevice)); }
    return data;
}

static __global__ void no_barrier(const float *v, float *out)
{
    GPU_SHARED(float, tile, [N]);
    tile[threadIdx.x] = v[threadIdx.x];
    out[threadIdx.x] = tile[N - 1 - threadIdx.x]; /* __syncthreads() is missing */
}

static __global__ void no_syncwarp(const float *v, float *out)
{
    GPU_SHARED(float, tile, [32]);
    tile[threadIdx.x] = v[threadIdx.x];
    (void)__ballot_sync(GPU_ALL_LANES, 1); /* a vote does not order memory */
    out[threadIdx.x] = tile[31 - threadIdx.x];
}

static __global__ void with_syncwarp(const float *v, float *out)
{
    GPU_SHARED(float, tile, [32]);
    tile[threadIdx.x] = v[threadIdx.x];
    __syncwarp();
    out[threadIdx.x] = tile[31 - threadIdx.x];
}

/* The end of one array is not the beginning of another. */
static __global__ void past_shared_end(const float *v, float *out)
{
    GPU_SHARED(float, tile, [N]);
    GPU_SHARED(float, next, [N]);
    next[threadIdx.x] = v[threadIdx.x];
    tile[threadIdx.x + 1] = v[threadIdx.x];
    __syncthreads();
    out[threadIdx.x] = next[threadIdx.x];
}

static __global__ void past_end(float *out) { out[threadIdx.x + 1] = 1.0f; }
static __global__ void copies(const float *v, float *out) { out[threadIdx.x] = v[threadIdx.x]; }
static __global__ void sums_plainly(const float *v, float *out) { out[0] += v[threadIdx.x]; }
static __global__ void counts_plainly(uint32_t *out) { ++*out; }
static __global__ void counts(uint32_t *out) { atomicAdd(out, 1u); }
static __global__ void blocks_meet(float *out) { out[threadIdx.x] = (float)blockIdx.x; }

static __global__ void half_a_barrier(float *out)
{
    if (threadIdx.x < 128) {
        __syncthreads();
        out[threadIdx.x] = 1.0f;
    } else {
        __syncthreads();
    }
}

static __global__ void lost_lanes(float *out)
{
    if (threadIdx.x >= 16) { return; }
    out[threadIdx.x] = __shfl_xor_sync(GPU_ALL_LANES, 1.0f, 1);
}

static __global__ void waits_for_nobody(float *out)
{
    if (threadIdx.x == 0) { (void)__ballot_sync(3u, 1); }
    out[threadIdx.x] = 1.0f;
    __syncthreads();
}

static __global__ void neighbours(int sync, uint32_t *cell)
{
    const uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    cell[i] = i;
    if (sync) { gpu_grid_sync(); }
    const uint32_t next = cell[(i + blockDim.x) % (gridDim.x * blockDim.x)];
    gpu_grid_sync();
    cell[i] = next;
}

/* Two streams, one writes what the other reads: in order, or not. */
static void two_streams(cudaStream_t a, cudaStream_t b, const float *v, float *middle, float *out, bool event, bool early)
{
    cudaEvent_t there;
    CUDA(cudaEventCreateWithFlags(&there, cudaEventDisableTiming));
    if (event && early) { CUDA(cudaEventRecord(there, b)); }
    GPU_LAUNCH(copies, 1, N, 0, b, v, middle);
    if (event && !early) { CUDA(cudaEventRecord(there, b)); }
    if (event) { CUDA(cudaStreamWaitEvent(a, there, 0)); }
    GPU_LAUNCH(copies, 1, N, 0, a, middle, out);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    bool known = false;
    cudaStream_t a, b;
    CUDA(cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking));
    CUDA(cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking));
    const std::vector<float> ones(N, 1.0f);
    const std::vector<uint32_t> sevens(N, 7);
    float *const v = device(N, ones.data()), *const out = device(N, ones.data()), *const fresh = device<float>(N, nullptr);
    float *const there_before = device(N, ones.data());
#define CASE(text) if (strcmp(name, text) == 0 && (known = true))
    CASE("no_barrier") { GPU_LAUNCH(no_barrier, 1, N, 0, a, v, out); }
    CASE("no_syncwarp") { GPU_LAUNCH(no_syncwarp, 1, 32, 0, a, v, out); }
    CASE("with_syncwarp") { GPU_LAUNCH(with_syncwarp, 1, 32, 0, a, v, out); }
    CASE("past_end") { GPU_LAUNCH(past_end, 1, N, 0, a, out); }
    CASE("past_shared_end") { GPU_LAUNCH(past_shared_end, 1, N, 0, a, v, out); }
    CASE("uninitialised") { GPU_LAUNCH(copies, 1, N, 0, a, fresh, out); }
    CASE("host_pointer") { GPU_LAUNCH(copies, 1, N, 0, a, ones.data(), out); }
    CASE("sums_plainly") { GPU_LAUNCH(sums_plainly, 1, N, 0, a, v, out); }
    CASE("counts_plainly") { GPU_LAUNCH(counts_plainly, 2, N, 0, a, device(N, sevens.data())); }
    CASE("counts") { GPU_LAUNCH(counts, 2, N, 0, a, device(N, sevens.data())); }
    CASE("blocks_meet") { GPU_LAUNCH(blocks_meet, 2, N, 0, a, out); }
    CASE("half_a_barrier") { GPU_LAUNCH(half_a_barrier, 1, N, 0, a, out); }
    CASE("lost_lanes") { GPU_LAUNCH(lost_lanes, 1, 32, 0, a, out); }
    CASE("waits_for_nobody") { GPU_LAUNCH(waits_for_nobody, 1, 64, 0, a, out); }
    CASE("too_many_threads") {
        GPU_LAUNCH(copies, 1, 2000, 0, a, v, out);
        const cudaError_t error = cudaGetLastError();
        printf("launch: %s\n", cudaGetErrorString(error));
        return error != cudaSuccess ? 99 : 0;
    }
    CASE("host_reads_device") { printf("%g\n", (double)v[3]); }
    CASE("use_after_free") {
        CUDA(cudaFree(there_before));
        GPU_LAUNCH(copies, 1, N, 0, a, there_before, out);
    }
    CASE("freed_without_a_wait") {
        GPU_LAUNCH(copies, 1, N, 0, a, there_before, out);
        CUDA(cudaFree(there_before));
    }
    CASE("no_peer_access") {
        CUDA(cudaSetDevice(1));
        float *const there = device(N, ones.data());
        CUDA(cudaSetDevice(0));
        GPU_LAUNCH(copies, 1, N, 0, a, there, out);
    }
    CASE("grid_sync") { CUDA(gpu_launch_cooperative(neighbours, 4, 64, 0, a, 1, device(N, sevens.data()))); }
    CASE("no_grid_sync") { CUDA(gpu_launch_cooperative(neighbours, 4, 64, 0, a, 0, device(N, sevens.data()))); }
    CASE("no_wait") { /* reads the pinned copy before anybody waited for it */
        float *pinned;
        CUDA(cudaMallocHost(&pinned, N * sizeof(float)));
        CUDA(cudaMemcpyAsync(pinned, v, N * sizeof(float), cudaMemcpyDeviceToHost, a));
        const bool stale = pinned[0] != 1.0f;
        printf("pinned copy: %s\n", stale ? "stale" : "there");
        return stale ? 99 : 0;
    }
    CASE("graph_again") { /* each launch has the arguments of the graph it was updated with */
        cudaGraph_t graph;
        cudaGraphExec_t exec = NULL;
        for (int turn = 0; turn < 2; ++turn) {
            cudaGraphExecUpdateResultInfo why;
            CUDA(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
            GPU_LAUNCH(copies, 1, N, 0, a, turn ? there_before : v, turn ? out : there_before);
            CUDA(cudaStreamEndCapture(a, &graph));
            if (exec) { CUDA(cudaGraphExecUpdate(exec, graph, &why)); }
            if (!exec) { CUDA(cudaGraphInstantiate(&exec, graph, 0)); }
            CUDA(cudaGraphLaunch(exec, a));
            CUDA(cudaGraphDestroy(graph));
        }
        float got = 0.0f;
        CUDA(cudaMemcpyAsync(&got, out, sizeof got, cudaMemcpyDeviceToHost, a));
        CUDA(cudaStreamSynchronize(a));
        CUDA(cudaGraphExecDestroy(exec));
        if (got != 1.0f) { printf("graph: %g\n", (double)got); }
    }
    CASE("graph_of_another_shape") {
        cudaGraph_t one, two;
        cudaGraphExec_t exec;
        cudaGraphExecUpdateResultInfo why;
        CUDA(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
        GPU_LAUNCH(copies, 1, N, 0, a, v, out);
        CUDA(cudaStreamEndCapture(a, &one));
        CUDA(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
        CUDA(cudaMemsetAsync(out, 0, N * sizeof(float), a));
        CUDA(cudaStreamEndCapture(a, &two));
        CUDA(cudaGraphInstantiate(&exec, one, 0));
        const cudaError_t error = cudaGraphExecUpdate(exec, two, &why);
        printf("update: %s\n", cudaGetErrorString(error));
        return error != cudaSuccess ? 99 : 0;
    }
    CASE("pageable_in_a_graph") {
        CUDA(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
        CUDA(cudaMemcpyAsync(out, ones.data(), N * sizeof(float), cudaMemcpyHostToDevice, a));
    }
    CASE("allocates_in_a_graph") {
        CUDA(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
        (void)device(N, ones.data());
    }
    CASE("waits_in_a_graph") {
        CUDA(cudaStreamBeginCapture(a, cudaStreamCaptureModeThreadLocal));
        GPU_LAUNCH(copies, 1, N, 0, a, v, out);
        CUDA(cudaStreamSynchronize(a));
    }
    CASE("no_event") { two_streams(a, b, v, there_before, out, false, false); }
    CASE("event") { two_streams(a, b, v, there_before, out, true, false); }
    CASE("early_event") { two_streams(a, b, v, there_before, out, true, true); }
    CASE("host_waits") {
        GPU_LAUNCH(copies, 1, N, 0, b, v, there_before);
        CUDA(cudaStreamSynchronize(b));
        GPU_LAUNCH(copies, 1, N, 0, a, there_before, out);
    }
    CASE("written_while_read") { /* the reader is not waited for */
        GPU_LAUNCH(copies, 1, N, 0, a, there_before, out);
        CUDA(cudaMemsetAsync(there_before, 0, N * sizeof(float), b));
    }
    CASE("copy_without_event") { /* a copy counts as its accesses do */
        GPU_LAUNCH(copies, 1, N, 0, b, v, there_before);
        CUDA(cudaMemcpyAsync(out, there_before, N * sizeof(float), cudaMemcpyDeviceToDevice, a));
    }
    CASE("readers_together") {
        GPU_LAUNCH(copies, 1, N, 0, b, v, there_before);
        GPU_LAUNCH(copies, 1, N, 0, a, v, out);
    }
    if (!known) {
        printf("no case %s\n", name);
        return 1;
    }
    CUDA(cudaStreamSynchronize(a));
    CUDA(cudaStreamSynchronize(b));
    CUDA(cudaGetLastError());
    printf("nothing reported\n");
    return 0;
}
