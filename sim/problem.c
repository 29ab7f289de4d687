/* problem.c - a problem's gradients for blocks of workers and for plain host memory, by whichever slot it has. */
#include "sim/problem.h"

#include "sim/device_ops.h"
#include "sim/problem_rows.h"

/* What the loop over rows is told, and the first failure, which it keeps. */
struct call {
    const struct dsgd_problem_ops *problem;
    const void *self;
    const struct dsgd_batch *batch;
    enum dsgd_status *status;
};

static void one_worker(const struct dsgd_host_row *row)
{
    const struct call *call = row->arguments;
    struct dsgd_batch batch = *call->batch;
    if (*call->status != DSGD_OK) { return; }
    if (batch.example) { batch.example += (size_t)(row->worker - batch.worker) * batch.count; }
    batch.worker = row->worker;
    *call->status = call->problem->gradient(call->self, row->array[0], &batch, row->array[1]);
}

enum dsgd_status dsgd_problem_gradients(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_rows *w, const dsgd_f32 *x,
                                        const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    if (problem->gradients) { return problem->gradients(self, w, x, batch, grad); }
    enum dsgd_status status = DSGD_OK;
    const struct call call = {problem, self, batch, &status};
    const struct dsgd_operand operand[] = {dsgd_operand_f32(DSGD_READ, x), dsgd_operand_f32(DSGD_WRITE, grad)};
    dsgd_host_op(w, one_worker, &call, operand, 2);
    return status;
}

enum dsgd_status dsgd_problem_gradient(const struct dsgd_problem_ops *problem, const void *self, const float *x, const struct dsgd_batch *batch,
                                       float *grad)
{
    if (problem->gradient) { return problem->gradient(self, x, batch, grad); }
    struct dsgd_layout layout;
    size_t n = 0;
    problem->shape(self, &layout, &n);
    struct dsgd_queue queue = {.device = &dsgd_device_cpu, .threads = 1}; /* the CPU's memory is the host's */
    struct dsgd_rows row = {.queue = &queue, .rows = 1, .first = batch->worker, .step = batch->step};
    const dsgd_f32 at = {{.at = (void *)(uintptr_t)x, .count = layout.d}};
    dsgd_f32 out = {{.at = grad, .count = layout.d, .stride = layout.d}};
    const enum dsgd_status status = problem->gradients(self, &row, &at, batch, &out);
    if (status != DSGD_OK) { return status; }
    return queue.failed == DSGD_OK ? DSGD_OK : dsgd_fail(queue.failed, "%s", queue.text);
}
