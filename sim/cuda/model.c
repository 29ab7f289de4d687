/* model.c - entries of the model's updates and of what the observer measures. */
#include "sim/cuda/model.h"

#include "sim/cuda/cuda.h"

static void apply(struct dsgd_queue *q, const struct dsgd_apply *update, dsgd_f64 *x, dsgd_f32 *replica, void *diverged)
{
    struct cuda_turn t = cuda_turn_on(q, 1);
    struct cuda_update u = {.sparse = update->sparse, .some = update->at != NULL, .shrink = update->shrink, .scale = update->scale};
    if (update->at) { u.at = update->at->array; }
    if (update->value) { u.value = update->value->array; }
    t.step = update->step;
    cuda_library->model->apply(&t, &u, x->array, replica->array, diverged);
}

static void average(struct dsgd_queue *q, double weight, const dsgd_f64 *x, dsgd_f64 *mean, const void *diverged)
{
    const struct cuda_turn t = cuda_turn_on(q, 1);
    cuda_library->model->average(&t, weight, x->array, mean->array, diverged);
}

static void replicate(struct dsgd_queue *q, const dsgd_f64 *x, dsgd_f32 *replica)
{
    const struct cuda_turn t = cuda_turn_on(q, 1);
    cuda_library->model->replicate(&t, x->array, replica->array);
}

static void probe_add(struct dsgd_queue *q, const struct dsgd_handle *v, uint32_t rows, bool first, double divisor, dsgd_f64 *sum, dsgd_f64 *norm2)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    const struct dsgd_array none = {.at = NULL};
    cuda_library->model->add(&t, v->type == DSGD_F64, v->as.array, first, divisor, sum->array, norm2 ? norm2->array : none);
}

static void probe_divide(struct dsgd_queue *q, double divisor, dsgd_f64 *v)
{
    const struct cuda_turn t = cuda_turn_on(q, 1);
    cuda_library->model->divide(&t, divisor, v->array);
}

static void probe_norm2(struct dsgd_queue *q, const dsgd_f64 *v, dsgd_f64 *out)
{
    const struct cuda_turn t = cuda_turn_on(q, 1);
    cuda_library->model->norm2(&t, v->array, out->array);
}

static void probe_error(struct dsgd_queue *q, const dsgd_f64 *p, double gain, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *out)
{
    const struct cuda_turn t = cuda_turn_on(q, 1);
    const struct dsgd_array none = {.at = NULL};
    cuda_library->model->error(&t, p->array, gain, at != NULL, at ? at->array : none, value->array, out->array);
}

static size_t probe_bytes(size_t d)
{
    return cuda_library->model->recall_bytes(d);
}

static void probe_recall(struct dsgd_queue *q, const dsgd_f64 *p, const dsgd_set *at, dsgd_f64 *out, void *scratch)
{
    const struct cuda_turn t = cuda_turn_on(q, 1);
    cuda_library->model->recall(&t, p->array, at->array, out->array, scratch);
}

void cuda_enter_model(struct dsgd_device *d)
{
    d->apply = apply;
    d->average = average;
    d->replicate = replicate;
    d->probe_add = probe_add;
    d->probe_divide = probe_divide;
    d->probe_norm2 = probe_norm2;
    d->probe_error = probe_error;
    d->probe_bytes = probe_bytes;
    d->probe_recall = probe_recall;
}
