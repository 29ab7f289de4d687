/* stored.c - gradients from memory. Interface: stored.h. */
#include "bench/stored.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/device_ops.h"

static const size_t APART = 97; /* so that workers differ, and nothing is computed */

void bench_stored_init(struct bench_stored *stored, size_t d, const float *vector)
{
    stored->d = d;
    stored->vector = vector;
    atomic_init(&stored->places, 0);
    for (size_t j = 0; j < BENCH_STORED_MAX; ++j) { atomic_init(&stored->place[j], NULL); }
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

/* Whether a gradient lies here already; if not it will be said to, where there is room to say so. Blocks of workers ask side by side, each for
 * memory of its own. */
static bool lies_there(const void *self, const void *grad)
{
    struct bench_stored *stored = (struct bench_stored *)(uintptr_t)self; /* the caller's own; what changes is what it remembers */
    const size_t places = atomic_load(&stored->places);
    for (size_t j = 0; j < places && j < BENCH_STORED_MAX; ++j) {
        if (atomic_load(&stored->place[j]) == grad) { return true; }
    }
    const size_t mine = atomic_fetch_add(&stored->places, 1);
    if (mine < BENCH_STORED_MAX) { atomic_store(&stored->place[mine], grad); }
    return false;
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct bench_stored *stored = self;
    const size_t by = APART * batch->worker % stored->d;
    (void)x;
    if (lies_there(self, grad)) { return DSGD_OK; }
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
        const size_t by = APART * (batch->worker + row) % stored->d;
        char *to = (char *)grad->array.at + row * grad->array.stride * sizeof *stored->vector;
        if (lies_there(self, to)) { continue; }
        q->device->move(q, to, q,
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
