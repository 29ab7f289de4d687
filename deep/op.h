/* op.h - what a model consists of: nodes, and the operations that they name.
 *
 * A model is an array of nodes; a node takes the outputs of nodes before it. Each operation is one file op_NAME.c with two versions: a fast
 * one in floats, and a naive one in doubles, loops written from the formula, which tests and references run. Both compute the same thing:
 * forward fills `out`, backward fills the derivatives by the inputs and by the parameters.
 *
 * A node's rows are the examples of a block, or the positions of their sequences, one example's after another's; a row of a sequence is c x 1 x 1.
 * Rows behind an example's length are padding: what is there has no influence on anything else, and its derivative is 0.
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

enum { DEEP_INPUTS = 2, DEEP_PARAMETERS = 8 };

struct deep_op;

/** What the rows of a node's output are: examples, or the positions of one of the two sequences that an example consists of. */
enum deep_sequence { DEEP_EXAMPLES, DEEP_SOURCE, DEEP_TARGET, DEEP_SEQUENCES };

/** Sizes of a block: n examples with so many rows each, in every sequence; [DEEP_EXAMPLES] is 1. Sequences are padded to the longest. */
struct deep_extent {
    size_t n, rows[DEEP_SEQUENCES];
};

/** A block of pairs. Ids are [n][rows], with any ids behind an example's length, which is from 1 to the rows. */
struct deep_tokens {
    const uint32_t *in[DEEP_SEQUENCES];     /* [DEEP_SOURCE] and [DEEP_TARGET], what embeddings read */
    const uint32_t *length[DEEP_SEQUENCES]; /* [n] */
    const uint32_t *out;                    /* the target that a loss compares with, as long as in[DEEP_TARGET] */
};

/** What one row has at the output of a node; a vector is c x 1 x 1. */
struct deep_shape {
    size_t c, h, w;
};

static inline size_t deep_shape_count(struct deep_shape s)
{
    return s.c * s.h * s.w;
}

/** How a node's weights start: uniform in +-1/sqrt(fan_in), PyTorch's default; or in +-sqrt(6/(fan_in + fan_out)), with biases 0 (Glorot, Bengio
 *  2010: "Xavier"). */
enum deep_rule { DEEP_BY_FAN_IN, DEEP_XAVIER };

/** One node of a model: a description has no arithmetic. Fields that an operation has no word for are 0. */
struct deep_node {
    const char *name;          /* names its segments: "conv1" gives "conv1.weight" */
    const struct deep_op *op;
    int in[DEEP_INPUTS];       /* nodes before this one */
    size_t channels, wide;     /* outputs of dense and convolution: channels + wide times the model's width; both 0: one for each class */
    size_t kernel, pad;        /* convolution and pooling; kernel = 0 in pooling: the whole plane */
    bool bias, relu;           /* dense, convolution; batch norm */
    double value;              /* scale, embedding: the factor; dropout: the rate; losses: the smoothing; -1: a key of the problem says */
    enum deep_rule rule;       /* dense: of its start */
    size_t blocks;             /* dense by Xavier: matrices in its weight, one below the other, each with its own fan_out; 0: one */
    size_t ids;                /* embedding: rows of its table */
    double deviation;          /* embedding: of its start, normal */
    enum deep_sequence sequence; /* embedding: whose ids */
    size_t heads;              /* attention */
    bool causal;               /* attention: to positions up to the own one */
    bool positions;            /* embedding: with sines of the position */
    bool both;                 /* LSTM: half of the outputs by a pass from the end */
};

/** What an array of parameters starts from. */
enum deep_law { DEEP_FAN_IN /* uniform in +-1/sqrt(fan_in) */, DEEP_UNIFORM, DEEP_NORMAL, DEEP_CONSTANT };
struct deep_start {
    enum deep_law law;
    double value;       /* uniform: in +-value; normal: the deviation; constant */
    size_t from, until; /* constant: of the numbers [from, until), the others 0; until = 0: of all */
};

/** One array of parameters of a node, a matrix. */
struct deep_parameter {
    const char *name;
    size_t rows, cols, fan_in; /* fan_in: numbers that each output sums over; 0: none */
    struct deep_start start;
    enum dsgd_role role;
};

/** A node at its place in a graph. */
struct deep_site {
    const struct deep_node *node;
    struct deep_shape in, out;     /* in: of the first input */
    struct deep_shape other;       /* of the second input */
    enum deep_sequence sequence, sequence_in[DEEP_INPUTS]; /* what rows are; of the output: as of the first input, unless `shape` changes it */
    size_t state, state_in[DEEP_INPUTS]; /* numbers of each example that stand behind all rows: an LSTM's last state */
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
    size_t n;                      /* rows of the output (a loss: of its input); without sequences the examples of the block */
    const struct deep_extent *extent;
    const struct deep_tokens *tokens; /* NULL for images */
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
    double weight;                 /* loss: of each row in the objective */
    double *loss;                  /* loss: [n], without the weight; padding 0 */
    uint8_t *wrong;                /* loss: [n], 1 where another class's score is larger, or a lower class's equal; padding 0 */
};

struct deep_version {
    size_t (*saved)(const struct deep_site *site, const struct deep_extent *extent);
    size_t (*scratch)(const struct deep_site *site, const void *prepared, const struct deep_extent *extent);
    enum dsgd_status (*forward)(const struct deep_call *call);
    enum dsgd_status (*backward)(const struct deep_call *call);
};

struct deep_op {
    const char *name;
    int inputs;
    bool uses_in, uses_out; /* what backward looks at */
    bool takes_state;       /* of its second input: writes the derivative by that too */
    bool row_by_row;        /* with one input: a row of the output is a function of that row of the input alone, wherever it stands */
    /** Fills site->out, state and the parameters from what the inputs are, the channels and the node. DSGD_EINPUT with a sentence if it does not
     *  fit. */
    enum dsgd_status (*shape)(struct deep_site *site);
    struct deep_version fast, naive;
    /** optional: what a library needs for blocks of these sizes, and tables; one thread at a time, outside parallel regions. */
    enum dsgd_status (*prepare)(const struct deep_site *site, const struct deep_extent *extent, void **prepared);
    void (*release)(void *prepared);
    size_t (*bytes)(const void *prepared);
};

extern const struct deep_op deep_op_input, deep_op_dense, deep_op_convolution, deep_op_batch_norm, deep_op_max_pool, deep_op_relu, deep_op_dropout,
    deep_op_add, deep_op_scale, deep_op_loss;
extern const struct deep_op deep_op_embedding, deep_op_layer_norm, deep_op_attention, deep_op_lstm, deep_op_lstm_continued, deep_op_concat, deep_op_tanh,
    deep_op_token_loss;

/** Rows of a block in a sequence. */
static inline size_t deep_rows(const struct deep_extent *extent, enum deep_sequence sequence)
{
    return extent->n * extent->rows[sequence];
}

/** Numbers of n rows at the node's output, and at its (first) input. */
static inline size_t deep_out_count(const struct deep_site *site, size_t n) { return n * deep_shape_count(site->out); }
static inline size_t deep_in_count(const struct deep_site *site, size_t n) { return n * deep_shape_count(site->in); }
/** Numbers of a whole block at the node's output, with what stands behind the rows. */
static inline size_t deep_block_count(const struct deep_site *site, const struct deep_extent *extent)
{
    return deep_out_count(site, deep_rows(extent, site->sequence)) + extent->n * site->state;
}

#endif
