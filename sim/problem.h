/* problem.h - the contract of an optimisation problem: min f(w) over w in R^d, with stochastic gradients.
 *
 * A problem is one file that exports one `const struct dsgd_problem_ops`, plus one line in its registry. The engine knows
 * only what stands here. Letters: d parameters, n training examples, W workers, b examples per minibatch.
 */
#ifndef DSGD_SIM_PROBLEM_H
#define DSGD_SIM_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim/param.h"
#include "sim/status.h"

struct dsgd_dataset; /* datasets/dataset.h */

/** What the numbers of a segment are for: whoever treats them differently (decay, sparse or dense, low rank) asks this, not the name. */
enum dsgd_role { DSGD_ROLE_WEIGHTS, DSGD_ROLE_BIAS, DSGD_ROLE_NORM /* scale and shift of a normalisation */, DSGD_ROLE_EMBEDDING /* a row per token */, DSGD_ROLES };

/** Some roles, as keys name them: "none", "bias", "bias+norm" and so on. *set: bit 1 << role. false: no such text. */
bool dsgd_roles_read(const char *text, uint32_t *set);

/** A run of consecutive coordinates that belong together (a layer, a bias, one digit's weights). */
struct dsgd_segment {
    char name[32];
    size_t offset, count; /* coordinates [offset, offset + count) */
    size_t rows, cols;    /* as a matrix, row-major; rows * cols = count (1 x count for a vector) */
    enum dsgd_role role;
};

/** How the d coordinates are divided. */
struct dsgd_layout {
    size_t d;
    size_t segments;
    const struct dsgd_segment *segment; /* [segments], ascending, without gaps; owned by the problem */
};

/** What the stochastic gradients of a block of workers are taken over; a block of one worker for plain functions. */
struct dsgd_batch {
    const uint32_t *example; /* [rows][count] indices in [0, n), host memory; unused by problems with n = 0 */
    uint32_t count;          /* b, at least 1 */
    uint32_t step, worker;   /* row i belongs to worker + i. For problems that draw noise: counter words */
    uint32_t seed;           /* seed_data */
    uint32_t workers;        /* of one row: whose examples these are, count/workers of `worker`, as many of the next, ...; 0: of `worker` alone */
    void *work;              /* working memory of the bytes that `workspace` asks for, 64-byte aligned, of this call alone: what is in it at the
                              * start is of no meaning; NULL without `workspace` */
    uint32_t threads;        /* that this call may have, its own among them; 0: that one alone. Where it is called in a parallel region the others
                              * are those of that region that wait: parts are handed to them as OpenMP tasks */
    uint32_t lane;           /* calls of one lane never overlap: for what a problem keeps per lane (handles of a library) */
    const void *resident;    /* what `upload` has written, on the device of this call; NULL without `resident` */
};

struct dsgd_rows; /* sim/device.h */
struct dsgd_f32;
struct dsgd_f64;

/** What a device computes of a problem by itself, in its own memory: the numbers of the plain functions below, to the bit. A slot that is
 *  NULL is staged: copied to the host, computed there, copied back. */
struct dsgd_problem_kernels {
    /** optional: bytes of device memory that the problem keeps on each device during a run (its examples), and what fills them once, before
     *  the first gradient. They come back as batch->resident. Both or neither. */
    size_t (*resident)(const void *self);
    enum dsgd_status (*upload)(const void *self, struct dsgd_rows *all, void *resident);
    /** optional: bytes of device memory behind batch->work, for blocks of `rows` workers with `count` examples each. */
    size_t (*workspace)(const void *self, uint32_t count, uint32_t rows);
    /** `gradient` for a block of workers; x has stride 0 where all rows look at one model. */
    enum dsgd_status (*gradients)(const void *self, struct dsgd_rows *w, const struct dsgd_f32 *x /*[rows][d]*/, const struct dsgd_batch *batch,
                                  struct dsgd_f32 *grad /*[rows][d]*/);
    /** `evaluate` of a model that lies on the device; the metrics come to the host. */
    enum dsgd_status (*evaluate)(const void *self, struct dsgd_rows *all, const struct dsgd_f64 *x /*[d]*/, const void *resident,
                                 double *value /*[metrics]*/);
};

enum { DSGD_METRICS_MAX = 8 };

/** One number of an evaluation. Metric 0 is always the objective f; the others are the problem's own. */
struct dsgd_metric {
    const char *name, *unit, *help;
};

/** What is known about f. NaN where unknown. */
struct dsgd_constants {
    double mu, L;   /* strong convexity and smoothness: smallest and largest eigenvalue bound of the Hessian; L = NaN if f is not smooth */
    double sigma2;  /* E||g - grad f||^2 of one worker at batch = 1 where it does not depend on w, else NaN */
};

/** A minimiser with its certificate. */
struct dsgd_optimum {
    double f_star;       /* f(w), an upper bound of the minimum ... */
    double gap;          /* ... by at most this (||grad f||^2/(2 mu), or a duality gap) */
    char certificate[48]; /* how the gap was bounded: "gradient norm", "duality gap", "closed form" */
    char solver[64];
    double *w;           /* [d]; caller frees */
};

/** What a problem is told when it is created. */
struct dsgd_problem_args {
    const void *config;                /* the problem's config struct */
    const struct dsgd_dataset *data;   /* NULL unless ops->needs_dataset; outlives the problem */
    uint32_t seed_data;
    size_t examples;                   /* eval.examples: training examples that the objective is over, the first ones; 0: all. Not 0 only for
                                        * problems with `part_objective` */
};

/** The contract: see the top of this file. */
struct dsgd_problem_ops {
    const char *name, *title, *reference;
    const struct dsgd_param *params; /* table of the config struct; NULL if none */
    size_t config_size;
    bool needs_dataset;
    bool pairs; /* of a dataset it wants pairs of sentences, else rows with labels (datasets/dataset.h); others never reach `create` in a run */
    const struct dsgd_metric *metric; /* [metrics] */
    int metrics;

    /** REQUIRED. Builds a problem; DSGD_EINPUT with a sentence if configuration and data do not fit. */
    enum dsgd_status (*create)(const struct dsgd_problem_args *args, void **self);
    /** REQUIRED. Accepts NULL. */
    void (*destroy)(void *self);
    /** optional: bytes held, for the memory estimate; without the dataset. */
    size_t (*bytes)(const void *self);
    /** REQUIRED. The layout (d and segments), and n (0 if gradients do not come from examples). */
    void (*shape)(const void *self, struct dsgd_layout *layout, size_t *n);
    /** optional: the start w_0; zero if NULL. */
    void (*start)(const void *self, double *x /*[d]*/);
    /** REQUIRED. The gradient of one worker, in C on host memory: grad [d] = mean over the batch of the examples' gradients at x, plus the
     *  regulariser's. Overwrites grad. Thread-safe: several workers call it at once. */
    enum dsgd_status (*gradient)(const void *self, const float *x /*[d]*/, const struct dsgd_batch *batch, float *grad /*[d]*/);
    /** optional: bytes of host memory behind batch->work of `gradient`, for `count` examples and as many `threads` as batch->threads has. */
    size_t (*workspace)(const void *self, uint32_t count, uint32_t threads);
    /** optional: how many threads can be at work on one gradient of `count` examples, with the same bits for any number; NULL: one. */
    uint32_t (*parts)(const void *self, uint32_t count);
    /** optional: the setting ("batch_norm = batch") because of which gradients are no means over workers, but a function of all examples of a
     *  step; NULL, or returns NULL: they are means. With it `emulation` is merged, and `gradient` is called once a step, for all workers. */
    const char *(*whole)(const void *self);
    /** optional: the kernels of a device by its name; NULL, or returns NULL: everything is staged. */
    const struct dsgd_problem_kernels *(*kernels)(const char *device);
    /** REQUIRED. All metrics at x, in double precision, on host memory. Outside all clocks. Not thread-safe. */
    enum dsgd_status (*evaluate)(const void *self, const double *x /*[d]*/, double *value /*[metrics]*/);
    /** optional: the full gradient in double precision (tests, optima). */
    enum dsgd_status (*full_gradient)(const void *self, const double *x /*[d]*/, double *grad /*[d]*/);
    /** optional: NULL, nothing is known, and what needs mu or L is refused. May take seconds (power iteration); callers cache it. */
    enum dsgd_status (*constants)(const void *self, struct dsgd_constants *out);
    /** optional: NULL if no certified minimiser can be had. May take minutes; callers cache it. DSGD_EUNAVAILABLE with a
     *  sentence where this configuration has none (l2 = 0). */
    enum dsgd_status (*optimum)(const void *self, struct dsgd_optimum *out);
    /** The largest gap with which `optimum` succeeds; a stored optimum with a larger one is not believed. */
    double optimum_gap;
    /** optional: whether this configuration has one, at no cost; NULL: always. */
    bool (*has_optimum)(const void *self);
    /** `evaluate` can take the training metrics over a part of the examples (args->examples). */
    bool part_objective;
    /** optional: whose arithmetic the numbers have, where their bits are not fixed by our own source ("oneDNN 2.6.3 with AVX-512, loops for
     *  x86-64-v4"; static storage): results say it, and runs on another one are other runs. NULL: the same bits everywhere. */
    const char *(*library)(void);
};

/** Its constants; NaN, all unknown, for a problem that has no `constants`. */
enum dsgd_status dsgd_problem_constants(const struct dsgd_problem_ops *problem, const void *self, struct dsgd_constants *out);

#endif
