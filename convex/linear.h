/* linear.h - linear classifiers: what logistic regression and the SVM share.
 *
 * Example i has the features a_i = (values of its row, 1) in R^d, d = features + 1; rows are bytes, values then bytes / 255, or floats, or
 * sparse (datasets/dataset.h). A sparse row gives the bits of the same row of floats, as long as the model is finite (convex/cpu/floats.h).
 * The constant 1 carries the bias, which is regularised as any weight. One digit against the rest: y_i = +1 or -1. The objective is
 *     f(w) = 1/n sum_i loss(y_i <a_i, w>) + l2/2 ||w||^2.
 * Metrics are added in the order of sim/kernel/sum.h. Passes for optima, which run on the CPU alone, are cut into
 * DSGD_LINEAR_CHUNKS chunks that do not depend on the number of threads and are added up in order: any number of threads
 * gives the same bits.
 */
#ifndef DSGD_CONVEX_LINEAR_H
#define DSGD_CONVEX_LINEAR_H

#include <stddef.h>
#include <stdint.h>
#include "convex/kernel/loss.h"
#include "datasets/dataset.h"
#include "sim/problem.h"

enum {
    DSGD_LINEAR_CHUNKS = 64,
    DSGD_LINEAR_PARALLEL = 2048, /* fewer examples than this are not worth waking threads for */
};

/** A loss as a function of the margin m = y <a, w>. */
struct dsgd_linear_loss {
    double (*value)(double margin);
    double (*slope)(double margin);     /* derivative; at a kink the subgradient that the problem defines */
    float (*slope_float)(float margin); /* the same for stochastic gradients */
    enum dsgd_loss name;                /* for kernels of devices, which cannot call the functions */
};
extern const struct dsgd_linear_loss dsgd_loss_logistic, dsgd_loss_hinge; /* logistic.c, svm.c */

/** The keys of a linear classifier. */
struct dsgd_linear_config {
    int64_t digit;
    double l2;
};

struct dsgd_linear {
    const struct dsgd_dataset *data; /* borrowed */
    const struct dsgd_linear_loss *loss;
    size_t features, d, n; /* n training examples */
    uint8_t digit;
    double l2;
    struct dsgd_segment segment[2]; /* "weights" and "bias" */
};

/** The metrics of a linear classifier, in this order. */
enum {
    DSGD_LINEAR_OBJECTIVE,
    DSGD_LINEAR_TRAIN_ERROR,
    DSGD_LINEAR_TEST_LOSS,
    DSGD_LINEAR_TEST_ERROR,
    DSGD_LINEAR_METRICS
};
extern const struct dsgd_metric dsgd_linear_metric[DSGD_LINEAR_METRICS];
extern const struct dsgd_param dsgd_linear_params[];

/** Slots of dsgd_problem_ops; `self` is a struct dsgd_linear. */
enum dsgd_status dsgd_linear_create(const struct dsgd_problem_args *args, const char *name,
                                    const struct dsgd_linear_loss *loss, void **self);
void dsgd_linear_destroy(void *self);
void dsgd_linear_shape(const void *self, struct dsgd_layout *layout, size_t *n);
/** About 0.15 us for one example of d = 785 beside the loss's slope. */
enum dsgd_status dsgd_linear_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad);
/** One pass over both sets; 7e4 examples of d = 785: about 10 ms of one core. */
enum dsgd_status dsgd_linear_evaluate(const void *self, const double *x, double *value);
enum dsgd_status dsgd_linear_full_gradient(const void *self, const double *x, double *grad);

/** The losses of the examples from .. to - 1 of a split into loss [to - from]; returns how many are classified wrongly. */
typedef size_t dsgd_linear_losses(const void *problem, const struct dsgd_split *split, size_t from, size_t to, const double *x, double *loss);

/** The four metrics of a classifier at x: means over both splits, l2/2 ||x||^2 added to both losses. Examples run in parallel;
 *  their losses are added in the one order of sums (sim/kernel/sum.h): the same bits for any number of threads. DSGD_ENOMEM. */
enum dsgd_status dsgd_linear_metrics(const void *problem, dsgd_linear_losses *losses, const struct dsgd_dataset *data, double l2, size_t d,
                                     const double *x /*[d]*/, double *value /*[4]*/);

/** +1 or -1. */
static inline double dsgd_linear_sign(const struct dsgd_linear *p, uint8_t label)
{
    return label == p->digit ? 1.0 : -1.0;
}

/** <a_i, w> for example i of a split. */
double dsgd_linear_score(const struct dsgd_linear *p, const struct dsgd_split *split, size_t i, const double *w /*[d]*/);

/** out [features] += scale times the numbers of row i, which are dsgd_form_unit times its values. */
void dsgd_linear_add(const struct dsgd_split *split, size_t features, size_t i, double scale, double *out);

/** ||a_i||^2, with the constant feature. */
double dsgd_linear_square(const struct dsgd_split *split, size_t features, size_t i);

/** What a pass over the training set does with example i: returns c_i and adds what it likes to *sum. */
typedef double dsgd_linear_weight(const void *context, size_t i, double score, double *sum);

/** out [d] = 1/n sum_i c_i a_i with c_i = weight(context, i, <a_i, w>), and *mean = 1/n of what weight added up (mean
 *  may be NULL). Parallel over chunks: weight is called at once from several threads. Gradients, Hessian-vector
 *  products and power iteration are all this. One pass over 6e4 x 785: about 20 ms of one core. DSGD_ENOMEM. */
enum dsgd_status dsgd_linear_pass(const struct dsgd_linear *p, const double *w /*[d]*/, dsgd_linear_weight *weight,
                                  const void *context, double *out /*[d]*/, double *mean);

/** f and its gradient in one pass. */
enum dsgd_status dsgd_linear_objective(const struct dsgd_linear *p, const double *w /*[d]*/, double *f,
                                       double *grad /*[d]*/);

/** The largest eigenvalue of 1/n sum a_i a_i^T, as theta + ||residual|| of power iteration: an upper bound that is at
 *  most 2e-6 (relative) too large. 10 to 20 passes on MNIST. For rows that may have negative values the start is random: all but certainly. */
enum dsgd_status dsgd_linear_largest_eigenvalue(const struct dsgd_linear *p, double *lambda);

#endif
