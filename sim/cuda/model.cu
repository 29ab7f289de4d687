/* model.cu - the model: updates, replica, average. What a coordinate becomes stands in sim/kernel/vec.h.
 *
 * The word of divergence is 0, or a step + 1: an update whose word says an earlier step does nothing. Of a launch some blocks may find what
 * others have written in it, which is this step's own and stops nobody: there is one update a step.
 */
#include "sim/cuda/four.h"
#include "sim/cuda/model.h"
#include "sim/cuda/probe.h"
#include "sim/kernel/vec.h"

/* For all threads of a block, at the same place. */
static __device__ __forceinline__ bool has_diverged(uint32_t *word, uint32_t now)
{
    GPU_SHARED(uint32_t, before, [1]);
    if (threadIdx.x == 0) { before[0] = atomicOr(word, 0u); } /* others may be writing it */
    __syncthreads();
    return before[0] != 0 && before[0] != now;
}

static __device__ __forceinline__ bool is_finite(float x) { return (dsgd_bits32(x) & 0x7f800000u) != 0x7f800000u; }

static __global__ void apply_dense_kernel(double keep, double scale, struct dsgd_array value, struct dsgd_array x, struct dsgd_array replica, uint32_t *word,
                                          uint32_t now)
{
    const size_t i = 4 * ((size_t)blockIdx.x * CUDA_THREADS + threadIdx.x);
    const unsigned here = i >= x.count ? 0 : x.count - i < 4 ? (unsigned)(x.count - i) : 4;
    double *const x_i = cuda_row<double>(x, 0) + i, old[4] = {};
    float *const r_i = cuda_row<float>(replica, 0) + i, v[4] = {}, seen[4] = {};
    cuda_load4(cuda_row<const float>(value, 0) + i, here, v); /* under way while the word is */
    cuda_load4(x_i, here, old);
    if (has_diverged(word, now)) { return; }
    bool finite = true;
GPU_UNROLL
    for (unsigned j = 0; j < 4; ++j) {
        if (j >= here) { break; }
        old[j] = dsgd_one_apply(keep, scale, v[j], old[j]);
        seen[j] = (float)old[j];
        finite = finite && is_finite(seen[j]);
    }
    cuda_store4(x_i, here, old);
    cuda_store4(r_i, here, seen);
    if (!finite) { atomicCAS(word, 0u, now); }
}

static __global__ void shrink_kernel(double keep, struct dsgd_array x, struct dsgd_array replica, const uint32_t *word)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= x.count || *word != 0) { return; }
    double *const x_i = cuda_row<double>(x, 0) + i;
    *x_i = keep * *x_i;
    cuda_row<float>(replica, 0)[i] = (float)*x_i;
}

static __global__ void apply_sparse_kernel(double scale, struct dsgd_array at, struct dsgd_array value, struct dsgd_array x, struct dsgd_array replica,
                                           uint32_t *word, uint32_t now)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (has_diverged(word, now) || j >= *cuda_length(at, 0)) { return; }
    const uint32_t i = cuda_row<const uint32_t>(at, 0)[j];
    double *const x_i = cuda_row<double>(x, 0) + i;
    *x_i = dsgd_one_apply(1.0, scale, cuda_row<const float>(value, 0)[j], *x_i);
    const float seen = (float)*x_i;
    cuda_row<float>(replica, 0)[i] = seen;
    if (!is_finite(seen)) { atomicCAS(word, 0u, now); }
}

static void apply(const struct cuda_turn *t, const struct cuda_update *update, struct dsgd_array x, struct dsgd_array replica, void *diverged)
{
    uint32_t *const word = static_cast<uint32_t *>(diverged), now = t->step + 1;
    const double keep = 1.0 - update->shrink;
    cudaStream_t stream = cuda_stream(t);
    if (x.count == 0) { return; }
    if (!update->sparse) {
        GPU_LAUNCH(apply_dense_kernel, cuda_grid_of(x.count, 4, 1), CUDA_THREADS, 0, stream, keep, update->scale, update->value, x, replica, word, now);
    } else {
        if (update->shrink != 0.0) { GPU_LAUNCH(shrink_kernel, cuda_grid(x.count, 1), CUDA_THREADS, 0, stream, keep, x, replica, word); }
        if (update->some && update->at.count > 0) {
            GPU_LAUNCH(apply_sparse_kernel, cuda_grid(update->at.count, 1), CUDA_THREADS, 0, stream, update->scale, update->at, update->value, x, replica,
                       word, now);
        }
    }
    cuda_launched(t);
}

static __global__ void average_kernel(double weight, struct dsgd_array x, struct dsgd_array mean, const uint32_t *word)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= x.count || *word != 0) { return; }
    double *const m = cuda_row<double>(mean, 0) + i;
    *m = dsgd_one_average(weight, cuda_row<const double>(x, 0)[i], *m);
}

static void average(const struct cuda_turn *t, double weight, struct dsgd_array x, struct dsgd_array mean, const void *diverged)
{
    if (x.count == 0) { return; }
    GPU_LAUNCH(average_kernel, cuda_grid(x.count, 1), CUDA_THREADS, 0, cuda_stream(t), weight, x, mean, static_cast<const uint32_t *>(diverged));
    cuda_launched(t);
}

static __global__ void replicate_kernel(struct dsgd_array x, struct dsgd_array replica)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i < x.count) { cuda_row<float>(replica, 0)[i] = (float)cuda_row<const double>(x, 0)[i]; }
}

static void replicate(const struct cuda_turn *t, struct dsgd_array x, struct dsgd_array replica)
{
    if (x.count == 0) { return; }
    GPU_LAUNCH(replicate_kernel, cuda_grid(x.count, 1), CUDA_THREADS, 0, cuda_stream(t), x, replica);
    cuda_launched(t);
}

extern const struct cuda_model cuda_model_table;
const struct cuda_model cuda_model_table = {apply, average, replicate, probe_add, probe_divide, probe_norm2, probe_error, probe_recall_bytes, probe_recall};
