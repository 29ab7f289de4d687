/* probe_recall.cu - which share of a set's coordinates is among the largest |p|, as many as the set has.
 *
 * The n-th largest magnitude is found by its bits from the top, 11 at a time: a histogram of the next digit of those that agree so far, then
 * the digit in which the n-th lies. n is the set's length, which stays on the device.
 */
#include <math.h>

#include "sim/cuda/launch.h"
#include "sim/cuda/probe.h"
#include "sim/kernel/hd.h"

enum { DIGIT = 11, CLASSES = 1 << DIGIT, TOP = 63 - DIGIT, BLOCKS_MOST = 1024 };

/* What is known of the n-th largest key; `left`: its place among those that agree. */
struct search {
    uint64_t prefix, mask;
    uint32_t left, found;
    uint32_t count[CLASSES];
};

static __device__ __forceinline__ uint64_t key_of(double x) { return dsgd_bits64(x) & (UINT64_MAX >> 1); }

static __global__ void begin_kernel(struct dsgd_array at, struct search *s)
{
    if (threadIdx.x == 0) {
        s->prefix = s->mask = 0;
        s->left = *cuda_length(at, 0);
        s->found = 0;
    }
    for (unsigned c = threadIdx.x; c < CLASSES; c += CUDA_THREADS) { s->count[c] = 0; }
}

static __global__ void count_kernel(struct dsgd_array p, int shift, struct search *s)
{
    GPU_SHARED(uint32_t, count, [CLASSES]);
    const double *const v = cuda_row<const double>(p, 0);
    const uint64_t mask = s->mask, prefix = s->prefix;
    for (unsigned c = threadIdx.x; c < CLASSES; c += CUDA_THREADS) { count[c] = 0; }
    __syncthreads();
    for (size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x; i < p.count; i += (size_t)gridDim.x * CUDA_THREADS) {
        const uint64_t key = key_of(v[i]);
        if ((key & mask) == prefix) { atomicAdd(&count[key >> shift & (CLASSES - 1)], 1u); }
    }
    __syncthreads();
    for (unsigned c = threadIdx.x; c < CLASSES; c += CUDA_THREADS) {
        if (count[c] > 0) { atomicAdd(&s->count[c], count[c]); }
    }
}

/* The digit of the n-th: thread 0 first passes over 256 groups of eight classes, then over one of them. Leaves the counts 0. */
static __global__ void digit_kernel(int shift, struct search *s)
{
    enum { EACH = CLASSES / CUDA_THREADS };
    GPU_SHARED(uint32_t, count, [CLASSES]);
    GPU_SHARED(uint32_t, group, [CUDA_THREADS]);
    uint32_t sum = 0;
    for (unsigned j = 0; j < EACH; ++j) {
        const unsigned c = threadIdx.x * EACH + j;
        count[c] = s->count[c];
        s->count[c] = 0;
        sum += count[c];
    }
    group[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x > 0 || s->left == 0) { return; }
    uint32_t left = s->left;
    unsigned g = CUDA_THREADS - 1, c = 0;
    for (; g > 0 && group[g] < left; --g) { left -= group[g]; }
    for (c = g * EACH + EACH - 1; c > g * EACH && count[c] < left; --c) { left -= count[c]; }
    s->left = left;
    s->prefix |= (uint64_t)c << shift;
    s->mask |= (uint64_t)(CLASSES - 1) << shift;
}

static __global__ void found_kernel(struct dsgd_array p, struct dsgd_array at, struct search *s)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (j >= *cuda_length(at, 0)) { return; }
    const double x = dsgd_magnitude64(cuda_row<const double>(p, 0)[cuda_row<const uint32_t>(at, 0)[j]]);
    if (x >= dsgd_double_of(s->prefix)) { atomicAdd(&s->found, 1u); }
}

static __global__ void share_kernel(struct dsgd_array at, const struct search *s, double *out)
{
    const uint32_t n = *cuda_length(at, 0);
    *out = n > 0 ? (double)s->found / (double)n : (double)NAN;
}

size_t probe_recall_bytes(size_t d)
{
    (void)d;
    return sizeof(struct search);
}

void probe_recall(const struct cuda_turn *t, struct dsgd_array p, struct dsgd_array at, struct dsgd_array out, void *scratch)
{
    struct search *const s = static_cast<struct search *>(scratch);
    const dim3 wide = cuda_grid((p.count + 3) / 4, 1);
    cudaStream_t stream = cuda_stream(t);
    GPU_LAUNCH(begin_kernel, 1, CUDA_THREADS, 0, stream, at, s);
    for (int shift = TOP, last = 0; !last; shift = shift > DIGIT ? shift - DIGIT : 0) {
        last = shift == 0;
        GPU_LAUNCH(count_kernel, wide.x < BLOCKS_MOST ? wide.x : (unsigned)BLOCKS_MOST, CUDA_THREADS, 0, stream, p, shift, s);
        GPU_LAUNCH(digit_kernel, 1, CUDA_THREADS, 0, stream, shift, s);
    }
    if (at.count > 0) { GPU_LAUNCH(found_kernel, cuda_grid(at.count, 1), CUDA_THREADS, 0, stream, p, at, s); }
    GPU_LAUNCH(share_kernel, 1, 1, 0, stream, at, s, static_cast<double *>(out.at));
    cuda_launched(t);
}
