/* stored.c - gradients from memory. Interface: stored.h. */
#include "bench/stored.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/device_ops.h"

static const size_t APART = 97, WORKERS = 16; /* so that workers and steps differ, and nothing is computed */

void bench_stored_init(struct bench_stored *stored, size_t d, const float *vector)
{
    *stored = (struct bench_stored){.d = d, .vector = vector};
    stored->segment[0] = (struct dsgd_segment){.name = "all", .count = d, .rows = 1, .cols = d};
}

static enum dsgd_status create(const struct dsgd_problem_args *args, void **self)
{
    (void)args;
    *self = NULL;
    return dsgd_fail(DSGD_EINTERNAL, "bench: stored gradients belong to their caller");
}

static void destroy(void *self)
{
    (void)self;
}

static void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct bench_stored *stored = self;
    *layout = (struct dsgd_layout){.d = stored->d, .segments = 1, .segment = stored->segment};
    *n = 0;
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct bench_stored *stored = self;
    const size_t by = APART * (batch->worker + WORKERS * (size_t)batch->step) % stored->d;
    (void)x;
    memcpy(grad, stored->vector + by, (stored->d - by) * sizeof *grad);
    memcpy(grad + (stored->d - by), stored->vector, by * sizeof *grad);
    return DSGD_OK;
}

static enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    value[0] = x[0];
    return DSGD_OK;
}

/* On a device the vector lies there twice over, so that every place of it begins a run of d floats: a gradient is one copy. */
static size_t resident(const void *self)
{
    const struct bench_stored *stored = self;
    return (2 * stored->d * sizeof *stored->vector + 63) / 64 * 64;
}

static enum dsgd_status upload(const void *self, struct dsgd_rows *all, void *memory)
{
    const struct bench_stored *stored = self;
    const size_t bytes = stored->d * sizeof *stored->vector;
    struct dsgd_queue *q = all->queue;
    q->device->write(q, memory, stored->vector, bytes);
    q->device->write(q, (char *)memory + bytes, stored->vector, bytes);
    return q->failed;
}

static enum dsgd_status gradients(const void *self, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    const struct bench_stored *stored = self;
    struct dsgd_queue *q = w->queue;
    (void)x;
    for (uint32_t row = 0; row < w->rows; ++row) {
        const size_t by = APART * (batch->worker + row + WORKERS * (size_t)batch->step) % stored->d;
        q->device->move(q, (char *)grad->array.at + row * grad->array.stride * sizeof *stored->vector, q,
                        (const char *)batch->resident + by * sizeof *stored->vector, stored->d * sizeof *stored->vector);
    }
    return q->failed;
}

static const struct dsgd_problem_kernels *kernels(const char *device)
{
    static const struct dsgd_problem_kernels there = {.resident = resident, .upload = upload, .gradients = gradients};
    return strcmp(device, "cuda") == 0 ? &there : NULL;
}

static const struct dsgd_metric metric[] = {{"f", "1", "nothing: gradients are stored"}};

const struct dsgd_problem_ops bench_stored_problem = {
    .name = "stored",
    .title = "gradients from memory",
    .reference = "none",
    .metric = metric,
    .metrics = 1,
    .create = create,
    .destroy = destroy,
    .shape = shape,
    .gradient = gradient,
    .kernels = kernels,
    .evaluate = evaluate,
};
