/* convex.h - launchers for the convex problems: stochastic gradients of a block of workers, and what metrics are made of. C and C++.
 *
 * Formulas: convex/linear.h, convex/multiclass.h, convex/quadratic.c. Pointers are device memory. A classifier with one weight vector is one
 * with one class here; `binary` says where the two differ.
 */
#ifndef DSGD_CONVEX_CUDA_CONVEX_H
#define DSGD_CONVEX_CUDA_CONVEX_H

#include "convex/kernel/loss.h"
#include "convex/kernel/quadratic.h"
#include "sim/cuda/library.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Forms of rows, numbered as enum dsgd_form. */
enum cuda_form { CUDA_ROWS_BYTES, CUDA_ROWS_FLOATS, CUDA_ROWS_SPARSE };
enum { CUDA_SPLITS = 2, CUDA_TRAIN = 0, CUDA_TEST = 1, CUDA_CLASSES_MAX = 256 };

struct cuda_split {
    size_t n;
    const uint8_t *label; /* [n] */
    const void *number;   /* bytes or floats [n][features]; sparse: the values of its entries */
    const uint32_t *column;
    const uint64_t *start; /* sparse: [n + 1], numbered from `first` on, which is entry 0 here */
    uint64_t first;
};

struct cuda_classifier {
    int form, loss;        /* enum cuda_form; enum dsgd_loss */
    bool binary, softmax;  /* binary: one weight vector, class `digit` against the rest. softmax: no loss of single classes */
    uint32_t digit, classes;
    size_t features, width, d; /* width = features + 1, d = classes width */
    float l2;
    struct cuda_split split[CUDA_SPLITS];
};

/** A coefficient of an example's row for one class: the derivative by its score over the size of the minibatch, and that over the unit of the
 *  row's numbers. */
struct cuda_weight { float slope, scale; };

/** What the metrics of a classifier are made of: ||x||^2, sums of losses, examples classified wrongly. */
struct cuda_metrics {
    double squares, loss[CUDA_SPLITS];
    unsigned long long wrong[CUDA_SPLITS];
};

struct cuda_quadratic {
    size_t d, rotations;
    const double *optimum, *eigenvalue, *reflection, *profile; /* convex/quadratic.h; profile NULL: all alike */
};
/** What a coordinate's standard normal or sign is multiplied by: `alike`, with a profile its share of `all`. */
struct cuda_noise {
    bool any, signs;
    struct dsgd_rng_key key;
    double all, alike;
};
/** 1/2 z^T D z and ||x - w*||^2. */
struct cuda_quadratic_metrics { double objective, distance2; };

struct cuda_convex {
    /** example [rows][count]; weight [rows][count][classes] is working memory. */
    void (*gradients)(const struct cuda_turn *t, const struct cuda_classifier *p, struct dsgd_array x, const uint32_t *example, uint32_t count,
                      struct cuda_weight *weight, struct dsgd_array grad);
    /** Where the metrics will lie, working memory of the device: good until its next launcher; NULL: out of memory. x of doubles. */
    const struct cuda_metrics *(*metrics)(const struct cuda_turn *t, const struct cuda_classifier *p, struct dsgd_array x);
    /** work: cuda_quadratic_work doubles. */
    void (*quadratic_gradients)(const struct cuda_turn *t, const struct cuda_quadratic *p, const struct cuda_noise *noise, struct dsgd_array x, double *work,
                                struct dsgd_array grad);
    const struct cuda_quadratic_metrics *(*quadratic_metrics)(const struct cuda_turn *t, const struct cuda_quadratic *p, struct dsgd_array x);
};

/** Chunk sums and a sum for each row. */
static inline size_t cuda_quadratic_work(size_t d, size_t rows) { return rows * ((d + 4095) / 4096 + 1); }

#ifdef __cplusplus
}
#endif

#endif
