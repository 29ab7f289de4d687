/* multiclass.h - linear classifiers with one weight vector for each class: what softmax regression and all one-vs-rest
 * classifiers at once share.
 *
 * Example i has the features a_i = (values of its row, 1) as in linear.h; class c has the weights w_c, and w = (w_0, w_1, ...) is one
 * vector of d = classes (features + 1) coordinates, class by class, its bias last and regularised as any weight: one
 * segment that is a matrix of `classes` rows (softmax), or a segment for each class (one against the rest). With the scores s_ic = <a_i, w_c> the objective is
 *     f(w) = 1/n sum_i loss(s_i, label_i) + l2/2 ||w||^2.
 * The predicted class has the largest score; of equal ones the lowest class. Chunks and their order are those of
 * linear.h: any number of threads gives the same bits.
 */
#ifndef DSGD_CONVEX_MULTICLASS_H
#define DSGD_CONVEX_MULTICLASS_H

#include "convex/linear.h"

enum { DSGD_CLASSES_MAX = 256 }; /* labels are bytes */

struct dsgd_multiclass;

/** A loss as a function of the scores of one example. */
struct dsgd_multiclass_loss {
    /** The loss; its derivatives by the scores go to slope [classes] unless that is NULL. */
    double (*value)(const struct dsgd_multiclass *p, const double *score, uint8_t label, double *slope);
    /** The derivatives for stochastic gradients. */
    void (*slope_float)(const struct dsgd_multiclass *p, const float *score, uint8_t label, float *slope);
};

struct dsgd_multiclass {
    const struct dsgd_dataset *data; /* borrowed */
    const struct dsgd_multiclass_loss *loss;
    const struct dsgd_linear_loss *binary; /* one_vs_rest: the loss of one class; else NULL */
    size_t features, classes, width, d, n; /* width = features + 1 */
    double l2;
    size_t segments;
    struct dsgd_segment *segment; /* [segments] */
};

/** Slots of dsgd_problem_ops; `self` is a struct dsgd_multiclass. The metrics are dsgd_multiclass_metric, numbered as
 *  those of linear.h. */
extern const struct dsgd_metric dsgd_multiclass_metric[DSGD_LINEAR_METRICS];
/** matrix: one segment of classes rows, a layer; else a segment for each class, problems of their own. */
enum dsgd_status dsgd_multiclass_create(const struct dsgd_problem_args *args, const char *name, double l2,
                                        const struct dsgd_multiclass_loss *loss, bool matrix, struct dsgd_multiclass **out);
void dsgd_multiclass_destroy(void *self);
size_t dsgd_multiclass_bytes(const void *self);
void dsgd_multiclass_shape(const void *self, struct dsgd_layout *layout, size_t *n);
enum dsgd_status dsgd_multiclass_gradient(const void *self, const float *x, const struct dsgd_batch *batch,
                                          float *grad);
enum dsgd_status dsgd_multiclass_evaluate(const void *self, const double *x, double *value);
enum dsgd_status dsgd_multiclass_full_gradient(const void *self, const double *x, double *grad);

/** score [classes] of example i of a split; the bits of dsgd_linear_score for each class. */
void dsgd_multiclass_score(const struct dsgd_multiclass *p, const struct dsgd_split *split, size_t i, const double *w /*[d]*/, double *score);

/** What a pass over the training set does with example i: fills coefficient [classes] and returns its summand. */
typedef double dsgd_multiclass_weight(const void *context, size_t i, const double *score, double *coefficient);

/** out [d]: segment c is 1/n sum_i coefficient_ic a_i; *mean = 1/n of the summands (may be NULL). weight is called at
 *  once from several threads. DSGD_ENOMEM. */
enum dsgd_status dsgd_multiclass_pass(const struct dsgd_multiclass *p, const double *w /*[d]*/,
                                      dsgd_multiclass_weight *weight, const void *context, double *out /*[d]*/,
                                      double *mean);

/** f and its gradient in one pass. */
enum dsgd_status dsgd_multiclass_objective(const struct dsgd_multiclass *p, const double *w /*[d]*/, double *f,
                                           double *grad /*[d]*/);

/** Class c against the rest on the same data, without a loss: what linear.h's functions of features alone need. */
struct dsgd_linear dsgd_multiclass_one(const struct dsgd_multiclass *p, size_t c);

#endif
