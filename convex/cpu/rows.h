/* rows.h - a plain gradient in C for the rows of a block, in the CPU's own memory. */
#ifndef DSGD_CONVEX_CPU_ROWS_H
#define DSGD_CONVEX_CPU_ROWS_H

#include "sim/cpu/cpu.h"
#include "sim/problem.h"

typedef enum dsgd_status convex_cpu_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad);

/** Asks for an example that is needed soon: rows are drawn at random, and a miss takes as long as the gradient of a small one. */
typedef void convex_cpu_ahead(const void *self, uint32_t example);

/** The rows in ascending order, with a worker's first example asked for while the one before is at work; the first failure ends it.
 *  ahead: NULL where gradients do not come from examples. */
static inline enum dsgd_status convex_cpu_rows(convex_cpu_gradient *gradient, convex_cpu_ahead *ahead, const void *self, struct dsgd_rows *w, const dsgd_f32 *x,
                                               const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    struct dsgd_batch one = *batch;
    for (uint32_t row = 0; row < w->rows; ++row) {
        one.worker = dsgd_row_worker(w, row);
        if (ahead && row + 1 < w->rows) { ahead(self, one.example[one.count]); }
        DSGD_TRY(gradient(self, cpu_f32(x, row), &one, cpu_f32(grad, row)));
        if (one.example) { one.example += one.count; }
    }
    return DSGD_OK;
}

#endif
