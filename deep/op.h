/* op.h - what a model consists of: nodes, and the operations that they name.
 *
 * A model is an array of nodes; a node takes the outputs of nodes before it. Each operation is one file op_NAME.c with two versions: a fast
 * one in floats, and a naive one in doubles, loops written from the formula, which tests and references run. Both compute the same thing:
 * forward fills `out`, backward fills the derivatives by the inputs and by the parameters.
 *
 * An example's numbers are c planes of h x w. The naive version has them plane by plane; the fast one has `vector` channels side by side,
 * number (i, c, y, x) at ((i C/v + c/v) h w + y w + x) v + c mod v, with v = 1 (the same as plain) or what the processor's registers hold.
 */
#ifndef DSGD_DEEP_OP_H
#define DSGD_DEEP_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/problem.h"

enum { DEEP_INPUTS = 2, DEEP_PARAMETERS = 2 };

struct deep_op;

/** What one example has at the output of a node; a vector is c x 1 x 1. */
struct deep_shape {
    size_t c, h, w;
};

static inline size_t deep_shape_count(struct deep_shape s)
{
    return s.c * s.h * s.w;
}

/** One node of a model. Nodes are static data: a description has no arithmetic. */
struct deep_node {
    const char *name;          /* names its segments: "conv1" gives "conv1.weight" */
    const struct deep_op *op;
    int in[DEEP_INPUTS];       /* nodes before this one */
    size_t channels, wide;     /* outputs of dense and convolution: channels + wide times the model's width; both 0: one for each class */
    size_t kernel, pad;        /* convolution and pooling; kernel = 0 in pooling: the whole plane */
    bool bias, relu;           /* dense, convolution; batch norm */
    double value;              /* scale: the factor; dropout: the rate; loss: the smoothing; -1: a key of the problem says */
};

/** One array of parameters of a node, a matrix. */
struct deep_parameter {
    const char *name;
    size_t rows, cols, fan_in; /* fan_in: numbers that each output sums over, for the start; 0: see `start` */
    double start;              /* fan_in = 0: the constant that it starts from */
    enum dsgd_role role;
};

/** A node at its place in a graph. */
struct deep_site {
    const struct deep_node *node;
    struct deep_shape in, out;     /* in: of the first input */
    size_t vector_in, vector;      /* of the fast version's layouts; vector: of the output */
    int inputs;
    bool first;                    /* its input is the image: nobody wants the derivative by that */
    size_t channels;               /* outputs that the node asks for */
    double value;                  /* the node's, or the model's where that is negative */
    int parameters;
    struct deep_parameter parameter[DEEP_PARAMETERS];
    size_t offset;                 /* coordinate of its first parameter */
    uint32_t number;               /* of the node, for keys */
};

/** What batch norm does. */
enum deep_mode {
    DEEP_OWN,     /* statistics of the block itself */
    DEEP_COLLECT, /* the same, and writes them to `statistic` */
    DEEP_FIXED,   /* takes them from `statistic`; backward: and the sums over all their examples from `slope` */
    DEEP_MEASURE, /* forward: the block's own go to `saved`, and nothing else happens; backward: its sums, with those of `statistic`. What many
                   * blocks have measured is put together for DEEP_FIXED (step.c). Fast functions alone */
};

/** Who asks: keys of random numbers. Example i of the block is item `first` + i of the worker's batch. */
struct deep_keys {
    uint32_t seed, step, worker, first;
    bool training; /* else dropout passes everything on */
};

/** One call. Numbers are floats in fast functions, doubles in naive ones. */
struct deep_call {
    const struct deep_site *site;
    const void *prepared;          /* what `prepare` made; fast functions alone */
    size_t n;                      /* examples of the block */
    const void *in[DEEP_INPUTS];   /* backward: NULL where uses_in is false */
    void *out;                     /* backward: NULL where uses_out is false */
    const void *parameter;
    const void *dout;
    void *din[DEEP_INPUTS];        /* overwritten; NULL: not wanted */
    void *dparameter;              /* overwritten */
    void *saved, *scratch;         /* of the bytes that are asked for below, 64-byte aligned; saved: from forward to backward */
    enum deep_mode mode;
    void *statistic;               /* batch norm: [2][c], means and variances */
    const double *slope;           /* batch norm: [2][c], see loops.h */
    size_t whole;                  /* batch norm, backward: examples that slope and statistic are of */
    struct deep_keys keys;
    const uint8_t *label;          /* loss: [n] */
    double weight;                 /* loss: of each example in the objective */
    double *loss;                  /* loss: [n], without the weight */
    uint8_t *wrong;                /* loss: [n], 1 where another class's score is larger, or a lower class's equal */
};

struct deep_version {
    size_t (*saved)(const struct deep_site *site, size_t n);
    size_t (*scratch)(const struct deep_site *site, const void *prepared, size_t n);
    enum dsgd_status (*forward)(const struct deep_call *call);
    enum dsgd_status (*backward)(const struct deep_call *call);
};

struct deep_op {
    const char *name;
    int inputs;
    bool uses_in, uses_out; /* what backward looks at */
    /** Fills site->out and the parameters from site->in, the channels and the node. DSGD_EINPUT with a sentence if it does not fit. */
    enum dsgd_status (*shape)(struct deep_site *site);
    struct deep_version fast, naive;
    /** optional: what a library needs for blocks of n examples; one thread at a time, outside parallel regions. */
    enum dsgd_status (*prepare)(const struct deep_site *site, size_t n, void **prepared);
    void (*release)(void *prepared);
    size_t (*bytes)(const void *prepared);
};

extern const struct deep_op deep_op_input, deep_op_dense, deep_op_convolution, deep_op_batch_norm, deep_op_max_pool, deep_op_relu, deep_op_dropout,
    deep_op_add, deep_op_scale, deep_op_loss;

/** Numbers of a block of n examples at the node's output, and at its (first) input. */
static inline size_t deep_out_count(const struct deep_site *site, size_t n) { return n * deep_shape_count(site->out); }
static inline size_t deep_in_count(const struct deep_site *site, size_t n) { return n * deep_shape_count(site->in); }

#endif
