/* problem.h - a model and images as an optimisation problem: what mlp.c, lenet.c and resnet9.c share.
 *
 * With the mean over training examples, f(w) = mean loss(w; image, label) + l2/2 ||w||^2, all coordinates regularised. A worker's batch is
 * cut into ceil(b/64) blocks of equal sizes (up to one): a function of b alone. Batch norm has each block's own statistics ("ghost" batch
 * norm; Hoffer, Hubara, Soudry 2017). Blocks' gradients are added in ascending order, so threads do not change bits:
 * a call computes as many blocks at once as it may have threads (batch->threads).
 *
 * What a block size needs of a library is made when `workspace` is asked for it, before the first step; a step only reads it.
 */
#ifndef DSGD_DEEP_PROBLEM_H
#define DSGD_DEEP_PROBLEM_H

#include "deep/graph.h"
#include "deep/images.h"
#include "deep/onednn.h"
#include "sim/problem.h"

enum { DEEP_BLOCK = 64 /* images at once */, DEEP_STATISTIC_BLOCK = 50, DEEP_STATISTIC_BLOCKS = 40 /* 2000 images for batch norm at evaluation */ };

/** What a model's keys come to. */
struct deep_settings {
    int64_t width;
    double l2, dropout, smoothing;
    int augment;      /* of training images, in gradients alone */
    int whole;        /* batch norm: statistics of all of a step's examples (step.c) */
};

struct deep_problem {
    struct deep_graph graph;
    struct deep_images images;
    struct deep_settings settings;
    uint32_t seed;
    size_t examples;                         /* of the training set in the objective; 0: all */
    struct deep_plan *train[DEEP_BLOCK + 1]; /* by examples; NULL until a workspace wanted them */
    struct deep_plan *evaluate, *collect;    /* forward alone */
};

#define DEEP_PARAM_L2(type, initial) \
    {"l2", DSGD_PARAM_REAL, offsetof(type, l2), initial, 0, 1e6, NULL, "f contains l2/2 ||w||^2, all coordinates; alias: weight_decay of torch.optim"}
#define DEEP_PARAM_SMOOTHING(type)                                                        \
    {"label_smoothing", DSGD_PARAM_REAL, offsetof(type, smoothing), "0", 0, 0.999, NULL, \
     "share of a target that all classes have alike, in training and in all losses"}

enum { DEEP_OBJECTIVE, DEEP_TRAIN_ERROR, DEEP_TEST_LOSS, DEEP_TEST_ERROR, DEEP_METRICS };
extern const struct dsgd_metric deep_metric[DEEP_METRICS];

enum dsgd_status deep_problem_create(const struct deep_model *model, const struct deep_settings *settings, const struct dsgd_problem_args *args, void **self);

/** Slots of dsgd_problem_ops. */
void deep_problem_destroy(void *self);
size_t deep_problem_bytes(const void *self);
void deep_problem_shape(const void *self, struct dsgd_layout *layout, size_t *n);
void deep_problem_start(const void *self, double *x);
size_t deep_problem_workspace(const void *self, uint32_t count, uint32_t threads);
uint32_t deep_problem_parts(const void *self, uint32_t count);
const char *deep_problem_whole(const void *self);
enum dsgd_status deep_problem_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad);
enum dsgd_status deep_problem_evaluate(const void *self, const double *x, double *value);

/** What an evaluation takes for its time. */
size_t deep_evaluate_bytes(const struct deep_problem *p);

#define DEEP_PROBLEM_SLOTS                                                                                                                    \
    .needs_dataset = true, .part_objective = true, .metric = deep_metric, .metrics = DEEP_METRICS, .destroy = deep_problem_destroy, .bytes = deep_problem_bytes,      \
    .shape = deep_problem_shape, .start = deep_problem_start, .workspace = deep_problem_workspace, .parts = deep_problem_parts,               \
    .whole = deep_problem_whole, .gradient = deep_problem_gradient, .evaluate = deep_problem_evaluate, .library = deep_library

#endif
