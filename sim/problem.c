/* problem.c - a problem's gradients and metrics in a device's memory. Interface: problem_rows.h. */
#include "sim/problem.h"

#include <math.h>
#include <string.h>

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

static const struct dsgd_problem_kernels *kernels_of(const struct dsgd_problem_ops *problem, const struct dsgd_rows *r)
{
    static const struct dsgd_problem_kernels none = {.workspace = NULL};
    const struct dsgd_problem_kernels *kernels = problem->kernels ? problem->kernels(r->queue->device->name) : NULL;
    return kernels ? kernels : &none;
}

size_t dsgd_problem_workspace(const struct dsgd_problem_ops *problem, const void *self, const struct dsgd_rows *r, uint32_t count, uint32_t rows,
                              uint32_t threads, bool *on_device)
{
    const struct dsgd_problem_kernels *kernels = kernels_of(problem, r);
    *on_device = kernels->gradients != NULL;
    if (*on_device) { return kernels->workspace ? kernels->workspace(self, count, rows) : 0; }
    return problem->workspace ? problem->workspace(self, count, threads) : 0;
}

size_t dsgd_problem_resident(const struct dsgd_problem_ops *problem, const void *self, const struct dsgd_rows *all)
{
    const struct dsgd_problem_kernels *kernels = kernels_of(problem, all);
    return kernels->resident ? kernels->resident(self) : 0;
}

enum dsgd_status dsgd_problem_upload(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_rows *all, void *resident)
{
    return kernels_of(problem, all)->upload(self, all, resident);
}

enum dsgd_status dsgd_problem_gradients(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_rows *w, const dsgd_f32 *x,
                                        const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    const struct dsgd_problem_kernels *kernels = kernels_of(problem, w);
    if (w->queue->failed != DSGD_OK || w->queue->measuring) { return DSGD_OK; }
    if (batch->count == 0) { return dsgd_fail(DSGD_EINTERNAL, "gradient of an empty minibatch, expected at least 1 example"); }
    if (kernels->gradients) { return kernels->gradients(self, w, x, batch, grad); }
    enum dsgd_status status = DSGD_OK;
    const struct call call = {problem, self, batch, &status};
    const struct dsgd_operand operand[] = {dsgd_operand_f32(DSGD_READ, x), dsgd_operand_f32(DSGD_WRITE, grad)};
    dsgd_host_op(w, one_worker, &call, operand, 2);
    return status;
}

enum dsgd_status dsgd_problem_evaluate(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_rows *all, const dsgd_f64 *x,
                                       const void *resident, double *host, double *value)
{
    const struct dsgd_problem_kernels *kernels = kernels_of(problem, all);
    if (kernels->evaluate) { return kernels->evaluate(self, all, x, resident, value); }
    all->queue->device->read(all->queue, host, x->array.at, x->array.count * sizeof *host);
    return problem->evaluate(self, host, value);
}

bool dsgd_roles_read(const char *text, uint32_t *set)
{
    static const char *const name[DSGD_ROLES] = {"weights", "bias", "norm", "embedding"};
    *set = 0;
    if (strcmp(text, "none") == 0) { return true; }
    for (;; ++text) {
        const size_t length = strcspn(text, "+");
        int role = 0;
        while (role < DSGD_ROLES && !(strlen(name[role]) == length && memcmp(text, name[role], length) == 0)) { ++role; }
        if (role == DSGD_ROLES || (*set >> role & 1u) != 0) { return false; }
        *set |= 1u << role;
        text += length;
        if (*text == '\0') { return true; }
    }
}

enum dsgd_status dsgd_problem_constants(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_constants *out)
{
    *out = (struct dsgd_constants){(double)NAN, (double)NAN, (double)NAN};
    return problem->constants ? problem->constants(self, out) : DSGD_OK;
}
