/* step.cu - the launches of a step, sent to the device as one CUDA graph.
 *
 * Where vectors are short, a step costs what its launches cost. So the stream is captured from the begin of a step to its end, the graph of the
 * last step is updated with this step's arguments (learning rate, step, counters of draws), and one launch runs it. No launcher knows: what is
 * captured is what would have been launched, in the same order, and the bits are the same.
 *
 * Whatever waits, allocates or frees within a step sends what was recorded so far, and the rest of the step goes launch by launch; since an
 * algorithm that waits in one step waits in most, some steps do not record then: 1, 3, 7, ... up to REST, until one sets out whole. The same after a
 * step whose graph has another shape than the one before it, which means a new graph. Host memory that a step copies from is kept in pinned
 * slots until the device has read it.
 */
#include <string.h>

#include "sim/cuda/launch.h"
#include "sim/cuda/step.h"

enum { DEVICES_MAX = 16, SLOTS = 4, REST = 64 };
static const size_t SLOT_BYTES = (size_t)1 << 18; /* examples of a step: 4 bytes each */

struct slot {
    char *host;
    cudaEvent_t read; /* the graph that copies from it has run */
    bool sent;
};

static struct recording {
    bool on, never, whole; /* whole: `graph` is of a step that was recorded to its end */
    unsigned turn, rest, pause; /* steps that will not record, and that did not the last time */
    size_t used;
    cudaGraphExec_t graph; /* of the last step */
    struct slot slot[SLOTS];
} table[DEVICES_MAX];

/* A slot that nothing copies from. */
static bool prepare(struct slot *slot)
{
    cudaError_t error = cudaSuccess;
    if (!slot->host) {
        error = cudaMallocHost(&slot->host, SLOT_BYTES);
        if (error == cudaSuccess) { error = cudaEventCreateWithFlags(&slot->read, cudaEventDisableTiming); }
    } else if (slot->sent) {
        error = cudaEventSynchronize(slot->read);
    }
    slot->sent = false;
    if (error != cudaSuccess) { (void)cudaGetLastError(); } /* steps go launch by launch then */
    return error == cudaSuccess;
}

void cuda_step_begin(int device)
{
    struct recording *const r = &table[device];
    cuda_set_out(device); /* of a step that failed */
    if (r->never) { return; }
    if (r->rest > 0) {
        --r->rest;
        return;
    }
    cudaStream_t stream = cuda_stream(device);
    r->turn = (r->turn + 1) % SLOTS;
    r->used = 0;
    r->never = !prepare(&r->slot[r->turn]);
    if (r->never) { return; }
    const cudaError_t error = cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
    cuda_keep(device, error);
    r->on = error == cudaSuccess;
}

const void *cuda_recorded(int device, const void *host, size_t bytes)
{
    struct recording *const r = &table[device];
    if (!r->on) { return host; }
    if (bytes > SLOT_BYTES - r->used) {
        cuda_set_out(device);
        return host;
    }
    char *const copy = r->slot[r->turn].host + r->used;
    memcpy(copy, host, bytes);
    r->used += (bytes + 63) / 64 * 64;
    return copy;
}

static void rest(struct recording *r)
{
    const unsigned more = 2 * r->pause + 1;
    r->rest = r->pause = more < REST ? more : (unsigned)REST;
}

/* The graph of the last step with the arguments of this one; a new one where that cannot be. */
static cudaError_t renew(int device, struct recording *r, cudaGraph_t recorded)
{
    if (r->graph) {
        cudaGraphExecUpdateResultInfo why;
        if (cudaGraphExecUpdate(r->graph, recorded, &why) == cudaSuccess) { return cudaSuccess; }
        (void)cudaGetLastError();
        cuda_keep(device, cudaStreamSynchronize(cuda_stream(device))); /* it may run still */
        cuda_keep(device, cudaGraphExecDestroy(r->graph));
        r->graph = NULL;
        if (r->whole) { rest(r); }
    }
    const cudaError_t error = cudaGraphInstantiate(&r->graph, recorded, 0);
    if (error != cudaSuccess) { r->graph = NULL; }
    return error;
}

static void send(int device)
{
    struct recording *const r = &table[device];
    cudaStream_t stream = cuda_stream(device);
    cudaGraph_t recorded = NULL;
    r->on = false;
    cudaError_t error = cudaStreamEndCapture(stream, &recorded);
    if (error == cudaSuccess) { error = renew(device, r, recorded); }
    if (error == cudaSuccess) { error = cudaGraphLaunch(r->graph, stream); }
    if (error == cudaSuccess) { error = cudaEventRecord(r->slot[r->turn].read, stream); }
    r->slot[r->turn].sent = error == cudaSuccess;
    if (recorded) { cuda_keep(device, cudaGraphDestroy(recorded)); }
    cuda_keep(device, error);
}

void cuda_set_out(int device)
{
    struct recording *const r = &table[device];
    if (!r->on) { return; }
    send(device);
    r->whole = false;
    rest(r);
}

void cuda_step_end(int device)
{
    struct recording *const r = &table[device];
    if (!r->on) { return; }
    send(device);
    r->whole = true;
    if (r->rest == 0) { r->pause = 0; }
}
