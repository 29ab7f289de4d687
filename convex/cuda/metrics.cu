/* metrics.cu - losses and errors of linear classifiers over both splits, and ||x||^2: dsgd_linear_metrics for devices.
 *
 * A warp takes four examples at a time, so that a weight is loaded once for four products; scores wait in shared memory until one thread an
 * example has made its loss of them. Losses are then added in the one order of sums, errors as integers.
 */
#include "convex/cuda/row.h"
#include "convex/cuda/total.h"

enum { WARPS = 4, THREADS = WARPS * GPU_WARP, EACH = 4, EXAMPLES = WARPS * EACH, ALIGN = 256 };

static __device__ __forceinline__ double loss_of(const struct cuda_classifier &p, const double *score, uint32_t label)
{
    if (p.binary) { return dsgd_loss_value((enum dsgd_loss)p.loss, label == p.digit ? score[0] : -score[0]); }
    if (!p.softmax) { return dsgd_one_vs_rest_value((enum dsgd_loss)p.loss, p.classes, score, label); }
    double rest;
    const size_t top = dsgd_softmax_exponentials(p.classes, score, NULL, &rest);
    return dsgd_softmax_value(rest, score[top], score[label]);
}

static __device__ __forceinline__ bool wrong_of(const struct cuda_classifier &p, const double *score, uint32_t label)
{
    return p.binary ? (score[0] > 0) != (label == p.digit) : dsgd_top_class(p.classes, score) != label;
}

template <int form> static __global__ void losses_kernel(struct cuda_classifier p, int which, const double *x, double *loss, unsigned long long *wrong)
{
    GPU_DYNAMIC_SHARED(double, score);
    const struct cuda_split &split = p.split[which];
    const size_t warp = threadIdx.x / GPU_WARP, first = (size_t)blockIdx.x * EXAMPLES;
    convex_scores<form, double, EACH>(p, split, first + warp * EACH, split.n - 1, x, score + warp * EACH * p.classes,
                                      score + EXAMPLES * p.classes + warp * GPU_WARP);
    __syncthreads();
    if (threadIdx.x >= GPU_WARP) { return; }
    bool bad = false;
    const size_t i = first + threadIdx.x;
    if (threadIdx.x < EXAMPLES && i < split.n) {
        const double *const own = score + threadIdx.x * p.classes;
        loss[i] = loss_of(p, own, split.label[i]);
        bad = wrong_of(p, own, split.label[i]);
    }
    const unsigned all = __ballot_sync(GPU_ALL_LANES, bad);
    if (threadIdx.x == 0 && all != 0) { atomicAdd(wrong, (unsigned long long)__popc(all)); }
}

struct loss_number {
    const double *loss;
    __device__ double operator()(size_t i) const { return loss[i]; }
};

struct square_number {
    const double *x;
    __device__ double operator()(size_t i) const { return x[i] * x[i]; }
};

template <int form> static void losses(cudaStream_t stream, const struct cuda_classifier *p, int which, const double *x, double *loss, struct cuda_metrics *out)
{
    const size_t n = p->split[which].n, blocks = (n + EXAMPLES - 1) / EXAMPLES;
    const size_t shared = (EXAMPLES * p->classes + (form == CUDA_ROWS_SPARSE ? THREADS : 0)) * sizeof(double);
    if (n > 0) { GPU_LAUNCH((losses_kernel<form>), (unsigned)blocks, THREADS, shared, stream, *p, which, x, loss, &out->wrong[which]); }
}

static size_t aligned(size_t bytes) { return (bytes + ALIGN - 1) / ALIGN * ALIGN; }

const struct cuda_metrics *convex_metrics(const struct cuda_turn *t, const struct cuda_classifier *p, struct dsgd_array x)
{
    size_t most = p->d;
    for (int which = 0; which < CUDA_SPLITS; ++which) { most = p->split[which].n > most ? p->split[which].n : most; }
    const size_t head = aligned(sizeof(struct cuda_metrics)), losses_bytes = aligned(most * sizeof(double));
    char *const memory = static_cast<char *>(cuda_scratch(t->device, head + losses_bytes + convex_chunks(most) * sizeof(double)));
    if (!memory) { return NULL; }
    struct cuda_metrics *const out = reinterpret_cast<struct cuda_metrics *>(memory);
    double *const loss = reinterpret_cast<double *>(memory + head), *const part = reinterpret_cast<double *>(memory + head + losses_bytes);
    const double *const at = static_cast<const double *>(x.at);
    cudaStream_t stream = cuda_stream(t);
    cuda_keep(t->device, cudaMemsetAsync(out, 0, sizeof *out, stream));
    convex_sum(stream, p->d, square_number{at}, part, &out->squares);
    for (int which = 0; which < CUDA_SPLITS; ++which) {
        if (p->form == CUDA_ROWS_BYTES) {
            losses<CUDA_ROWS_BYTES>(stream, p, which, at, loss, out);
        } else if (p->form == CUDA_ROWS_FLOATS) {
            losses<CUDA_ROWS_FLOATS>(stream, p, which, at, loss, out);
        } else {
            losses<CUDA_ROWS_SPARSE>(stream, p, which, at, loss, out);
        }
        convex_sum(stream, p->split[which].n, loss_number{loss}, part, &out->loss[which]);
    }
    cuda_launched(t);
    return out;
}
