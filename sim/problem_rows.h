/* problem_rows.h - a problem's gradients and metrics in a device's memory: by the device's own kernels, or staged. For the engine. */
#ifndef DSGD_SIM_PROBLEM_ROWS_H
#define DSGD_SIM_PROBLEM_ROWS_H

#include "sim/device.h"
#include "sim/problem.h"

/** Bytes of working memory behind batch->work that a turn on the device of `r` needs for blocks of `rows` workers with `count` examples each,
 *  in device memory if the gradients are computed there, else on the host, for `threads` at most. 0: none. */
size_t dsgd_problem_workspace(const struct dsgd_problem_ops *problem, const void *self, const struct dsgd_rows *r, uint32_t count, uint32_t rows,
                              uint32_t threads, bool *on_device);
/** grad [rows][d] at x [rows][d] (stride 0: one model for all). Staged: a plain `gradient` is called once for each row, on the CPU in place. */
enum dsgd_status dsgd_problem_gradients(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_rows *w, const dsgd_f32 *x,
                                        const struct dsgd_batch *batch, dsgd_f32 *grad);

/** All metrics at x [d]. host [d]: where a staged evaluation copies x to. */
enum dsgd_status dsgd_problem_evaluate(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_rows *all, const dsgd_f64 *x,
                                       const void *resident, double *host, double *value);

/** Bytes that the problem keeps on the device of `all` during a run; 0: none, and there is nothing to upload. */
size_t dsgd_problem_resident(const struct dsgd_problem_ops *problem, const void *self, const struct dsgd_rows *all);
enum dsgd_status dsgd_problem_upload(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_rows *all, void *resident);

#endif
