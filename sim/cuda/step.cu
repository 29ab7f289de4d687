/* step.cu - the launches of a step, sent to the device as one CUDA graph.
 *
 * Where vectors are short, a step costs what its launches cost. So the stream is captured from the begin of a step to its end, the graph of the
 * last step is updated with this step's arguments (learning rate, step, counters of draws), and one launch runs it. No launcher knows: what is
 * captured is what would have been launched, in the same order, and the bits are the same.
 *
 * Whatever waits, allocates or frees within a step sends what was recorded so far, and the rest of the step goes launch by launch; since an
 * algorithm that waits in one step waits in most, some steps do not record then: 1, 3, 7, ... up to REST, until one sets out whole. The same after a
 * step whose graph has another shape than the one before it, which means a new graph. Host memory that a step copies from is pinned (pinned.cu).
 */
#include "sim/cuda/launch.h"
#include "sim/cuda/pinned.h"
#include "sim/cuda/step.h"

enum { DEVICES_MAX = 16, REST = 64 };

static struct recording {
    bool on, whole;       /* whole: `graph` is of a step that was recorded to its end */
    unsigned rest, pause; /* steps that will not record, and that did not the last time */
    cudaGraphExec_t graph; /* of the last step */
} table[DEVICES_MAX];

void cuda_step_begin(int device)
{
    struct recording *const r = &table[device];
    cuda_set_out(device); /* of a step that failed */
    if (r->rest > 0) {
        --r->rest;
        return;
    }
    if (!cuda_pinned_next(device)) { return; } /* steps go launch by launch then */
    const cudaError_t error = cudaStreamBeginCapture(cuda_stream(device), cudaStreamCaptureModeThreadLocal);
    cuda_keep(device, error);
    r->on = error == cudaSuccess;
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
        cuda_keep(device, cudaGraphExecDestroy(r->graph)); /* it may run still: CUDA frees it when it has (cuGraphExecDestroy) */
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
