/* problem_rows.h - stochastic gradients of a block of workers, by whichever slot a problem has. For the engine. */
#ifndef DSGD_SIM_PROBLEM_ROWS_H
#define DSGD_SIM_PROBLEM_ROWS_H

#include "sim/device.h"
#include "sim/problem.h"

/** grad [rows][d] at x [rows][d] (stride 0: one model for all). A plain `gradient` is called once for each row, on the CPU in place. */
enum dsgd_status dsgd_problem_gradients(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_rows *w, const dsgd_f32 *x,
                                        const struct dsgd_batch *batch, dsgd_f32 *grad);

#endif
