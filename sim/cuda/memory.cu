/* memory.cu - devices, their one stream each, memory, copies, and the first failure of each.
 *
 * All work for a device goes to one stream, in order, whichever turn it belongs to: so two parties on one device need no events, and working
 * memory of one launcher is free when the next begins. Between two devices `move` puts events on both streams. Nothing waits but reads,
 * and what allocates or frees; each of them first sends what a step has recorded (step.cu).
 */
#include <stdio.h>

#include "sim/cuda/launch.h"
#include "sim/cuda/memory.h"
#include "sim/cuda/pinned.h"
#include "sim/cuda/step.h"

enum { DEVICES_MAX = 16, ALIGN = 256 };

static struct device {
    cudaStream_t stream;
    cudaEvent_t event;
    void *scratch;
    size_t scratch_bytes;
    cudaError_t failed;
    bool peer[DEVICES_MAX];
} table[DEVICES_MAX];

void cuda_keep(int device, cudaError_t error)
{
    if (error != cudaSuccess && table[device].failed == cudaSuccess) { table[device].failed = error; }
}

/* The failure so far, once. */
static const char *report(int device)
{
    const cudaError_t error = table[device].failed;
    table[device].failed = cudaSuccess;
    if (error == cudaSuccess) { return NULL; }
    (void)cudaGetLastError(); /* launches that follow begin anew, where the device still can */
    return cudaGetErrorString(error);
}

cudaStream_t cuda_stream(int device)
{
    struct device *const d = &table[device];
    cuda_keep(device, cudaSetDevice(device));
    if (!d->stream) {
        cuda_keep(device, cudaStreamCreateWithFlags(&d->stream, cudaStreamNonBlocking));
        cuda_keep(device, cudaEventCreateWithFlags(&d->event, cudaEventDisableTiming));
    }
    return d->stream;
}

void *cuda_scratch(int device, size_t bytes)
{
    struct device *const d = &table[device];
    cudaStream_t stream = cuda_stream(device);
    if (bytes > d->scratch_bytes) {
        cuda_set_out(device);
        cuda_keep(device, cudaStreamSynchronize(stream)); /* work that uses the old one */
        if (d->scratch) { cuda_keep(device, cudaFree(d->scratch)); }
        const size_t wanted = (bytes + bytes / 4 + ALIGN - 1) / ALIGN * ALIGN;
        const cudaError_t error = cudaMalloc(&d->scratch, wanted);
        if (error != cudaSuccess) { d->scratch = NULL; }
        d->scratch_bytes = error == cudaSuccess ? wanted : 0;
        cuda_keep(device, error);
    }
    if (d->scratch) { GPU_FRESH(stream, d->scratch, bytes); }
    return d->scratch;
}

static int devices(const char **wrong)
{
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    *wrong = error == cudaSuccess ? NULL : cudaGetErrorString(error);
    (void)cudaGetLastError();
    return error == cudaSuccess ? (count < DEVICES_MAX ? count : (int)DEVICES_MAX) : 0;
}

static void versions(int *driver, int *runtime)
{
    if (cudaDriverGetVersion(driver) != cudaSuccess) { *driver = 0; }
    if (cudaRuntimeGetVersion(runtime) != cudaSuccess) { *runtime = 0; }
}

static const char *info(int device, struct cuda_device_info *out)
{
    cudaDeviceProp properties;
    cudaError_t error = cudaSetDevice(device);
    if (error == cudaSuccess) { error = cudaGetDeviceProperties(&properties, device); }
    if (error == cudaSuccess) { error = cudaMemGetInfo(&out->free, &out->memory); }
    if (error != cudaSuccess) { return cudaGetErrorString(error); }
    snprintf(out->name, sizeof out->name, "%s", properties.name);
    out->major = properties.major;
    out->minor = properties.minor;
    out->processors = properties.multiProcessorCount;
    return NULL;
}

static void *allocate(int device, size_t bytes)
{
    void *memory = NULL;
    cudaStream_t stream = cuda_stream(device);
    cuda_set_out(device);
    if (cudaMalloc(&memory, bytes) != cudaSuccess) {
        (void)cudaGetLastError();
        return NULL;
    }
    cuda_keep(device, cudaMemsetAsync(memory, 0, bytes, stream));
    return memory;
}

static void release(void *memory)
{
    if (!memory) { return; }
    cudaPointerAttributes where;
    if (cudaPointerGetAttributes(&where, memory) == cudaSuccess) {
        cuda_set_out(where.device);
        (void)cudaStreamSynchronize(cuda_stream(where.device));
    }
    (void)cudaFree(memory);
}

/* To pageable memory: CUDA does not say that the copy has ended when the call returns. */
static const char *read(int device, void *host, const void *from, size_t bytes)
{
    cuda_set_out(device);
    cudaStream_t stream = cuda_stream(device);
    cuda_keep(device, cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, stream));
    cuda_keep(device, cudaStreamSynchronize(stream));
    return report(device);
}

static const char *write(int device, void *to, const void *host, size_t bytes)
{
    cudaStream_t stream = cuda_stream(device);
    for (size_t done = 0, here; done < bytes; done += here) {
        const char *const rest = static_cast<const char *>(host) + done;
        here = bytes - done;
        const void *const from = cuda_pinned(device, rest, &here);
        cuda_keep(device, cudaMemcpyAsync(static_cast<char *>(to) + done, from ? from : rest, here, cudaMemcpyHostToDevice, stream));
        if (!from) { cuda_keep(device, cudaStreamSynchronize(stream)); }
    }
    return report(device);
}

/* The other device's stream waits for all that was put on this one so far. */
static void follow(int device, int other)
{
    cudaStream_t stream = cuda_stream(device);
    cuda_keep(device, cudaEventRecord(table[device].event, stream));
    stream = cuda_stream(other);
    cuda_keep(other, cudaStreamWaitEvent(stream, table[device].event, 0));
}

static void befriend(int device, int other)
{
    int can = 0;
    if (table[device].peer[other]) { return; }
    table[device].peer[other] = true;
    cuda_keep(device, cudaSetDevice(device));
    if (cudaDeviceCanAccessPeer(&can, device, other) == cudaSuccess && can) { /* else copies go through the host, by the runtime */
        const cudaError_t error = cudaDeviceEnablePeerAccess(other, 0);
        if (error != cudaSuccess && error != cudaErrorPeerAccessAlreadyEnabled) { cuda_keep(device, error); }
        (void)cudaGetLastError();
    }
}

static const char *end(int device)
{
    cuda_step_end(device);
    return report(device);
}

static const char *move(int to_device, void *to, int from_device, const void *from, size_t bytes)
{
    if (to_device == from_device) {
        cuda_keep(to_device, cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, cuda_stream(to_device)));
        return report(to_device);
    }
    cuda_set_out(to_device);
    cuda_set_out(from_device);
    befriend(to_device, from_device);
    follow(from_device, to_device);
    cudaStream_t stream = cuda_stream(to_device);
    cuda_keep(to_device, cudaMemcpyPeerAsync(to, to_device, from, from_device, bytes, stream));
    follow(to_device, from_device); /* nobody overwrites what is still being read */
    return report(to_device);
}

extern const struct cuda_memory cuda_memory_table;
const struct cuda_memory cuda_memory_table = {devices, versions, info, allocate, release, read, write, move, cuda_step_begin, end};
