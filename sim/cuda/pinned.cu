/* pinned.cu - host memory that copies to a device read.
 *
 * Of a copy from pageable memory CUDA does not say whether it has been read when the call returns ("might be synchronous": CUDA Runtime API, API
 * synchronization behavior), and a step that is recorded reads it when it runs. So bytes are copied to pinned slots first. A slot is filled bit by
 * bit; an event behind the last copy from it says when it may be filled anew.
 */
#include <string.h>

#include "sim/cuda/launch.h"
#include "sim/cuda/pinned.h"

enum { DEVICES_MAX = 16, SLOTS = 4 };
static const size_t SLOT_BYTES = (size_t)1 << 18; /* examples of a step: 4 bytes each */

struct slot {
    char *host;
    cudaEvent_t read; /* all that copies from it has run */
};

static struct ring {
    bool none; /* there is no pinned memory */
    unsigned turn;
    size_t used;
    struct slot slot[SLOTS];
} table[DEVICES_MAX];

static cudaError_t prepare(struct slot *slot)
{
    if (slot->host) { return cudaEventSynchronize(slot->read); }
    cudaError_t error = cudaEventCreateWithFlags(&slot->read, cudaEventDisableTiming);
    if (error == cudaSuccess) { error = cudaMallocHost(&slot->host, SLOT_BYTES); }
    return error;
}

bool cuda_pinned_next(int device)
{
    struct ring *const r = &table[device];
    cudaStream_t stream = cuda_stream(device);
    if (r->none) { return false; }
    if (r->used > 0) {
        cuda_keep(device, cudaEventRecord(r->slot[r->turn].read, stream));
        r->turn = (r->turn + 1) % SLOTS;
        r->used = 0;
    }
    r->none = prepare(&r->slot[r->turn]) != cudaSuccess;
    if (r->none) { (void)cudaGetLastError(); }
    return !r->none;
}

const void *cuda_pinned(int device, const void *host, size_t *bytes)
{
    struct ring *const r = &table[device];
    const bool fits = r->slot[r->turn].host && *bytes <= SLOT_BYTES - r->used;
    if (!fits) {
        cuda_set_out(device);
        if (!cuda_pinned_next(device)) { return NULL; }
    }
    if (*bytes > SLOT_BYTES) { *bytes = SLOT_BYTES; }
    char *const copy = r->slot[r->turn].host + r->used;
    memcpy(copy, host, *bytes);
    r->used += (*bytes + 63) / 64 * 64;
    return copy;
}
