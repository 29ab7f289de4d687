/* quadratic.c - a quadratic with known everything on CUDA. Formulas: convex/quadratic.c. Its vectors stay on the device during a run. */
#include "convex/quadratic.h"

#include <math.h>

#include "convex/cuda/convex.h"
#include "sim/cuda/cuda.h"

/* Resident memory: w*, eigenvalues, reflections, and the profile if there is one, one vector behind the other. */
static size_t vectors(const struct dsgd_quadratic *p) { return 2 + (size_t)p->config.rotations + (p->profile ? 1 : 0); }

static size_t resident_bytes(const void *self)
{
    const struct dsgd_quadratic *p = self;
    return vectors(p) * p->d * sizeof(double);
}

static enum dsgd_status upload(const void *self, struct dsgd_rows *all, void *resident)
{
    const struct dsgd_quadratic *p = self;
    const size_t bytes = p->d * sizeof(double), rotations = (size_t)p->config.rotations;
    char *at = resident;
    all->queue->device->write(all->queue, at, p->optimum, bytes);
    all->queue->device->write(all->queue, at + bytes, p->eigenvalue, bytes);
    all->queue->device->write(all->queue, at + 2 * bytes, p->reflection, rotations * bytes);
    if (p->profile) { all->queue->device->write(all->queue, at + (2 + rotations) * bytes, p->profile, bytes); }
    return DSGD_OK;
}

static struct cuda_quadratic on_device(const struct dsgd_quadratic *p, const void *resident)
{
    const double *at = resident;
    const size_t rotations = (size_t)p->config.rotations;
    return (struct cuda_quadratic){.d = p->d, .rotations = rotations, .optimum = at, .eigenvalue = at + p->d, .reflection = at + 2 * p->d,
                                   .profile = p->profile ? at + (2 + rotations) * p->d : NULL};
}

static size_t workspace(const void *self, uint32_t count, uint32_t rows)
{
    (void)count;
    return cuda_quadratic_work(((const struct dsgd_quadratic *)self)->d, rows) * sizeof(double);
}

static enum dsgd_status gradients(const void *self, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    const struct dsgd_quadratic *p = self;
    const struct cuda_turn t = cuda_turn_of(w);
    const struct cuda_quadratic there = on_device(p, batch->resident);
    const struct cuda_noise noise = {.any = p->config.sigma > 0,
                                     .signs = p->config.noise == DSGD_NOISE_SIGN,
                                     .key = {batch->seed, p->noise_key.purpose},
                                     .all = p->config.sigma / sqrt((double)batch->count),
                                     .alike = p->config.sigma / sqrt((double)p->d * (double)batch->count)};
    cuda_library->convex->quadratic_gradients(&t, &there, &noise, x->array, batch->work, grad->array);
    return DSGD_OK;
}

static enum dsgd_status evaluate(const void *self, struct dsgd_rows *all, const dsgd_f64 *x, const void *resident, double *value)
{
    const struct dsgd_quadratic *p = self;
    const struct cuda_turn t = cuda_turn_of(all);
    const struct cuda_quadratic there = on_device(p, resident);
    const struct cuda_quadratic_metrics *metrics = cuda_library->convex->quadratic_metrics(&t, &there, x->array);
    struct cuda_quadratic_metrics m = {.objective = 0.0};
    if (!metrics) { return dsgd_fail(DSGD_ENOMEM, "problem quadratic: no memory for %zu numbers", p->d); }
    all->queue->device->read(all->queue, &m, metrics, sizeof m);
    value[0] = m.objective;
    value[1] = m.distance2;
    return DSGD_OK;
}

extern const struct dsgd_problem_kernels dsgd_quadratic_cuda;
const struct dsgd_problem_kernels dsgd_quadratic_cuda = {resident_bytes, upload, workspace, gradients, evaluate};
