/* graph.h - a model's nodes with shapes, segments and layouts; a plan of its memory for blocks of n examples; a block's run.
 *
 * The last node is the loss. A plan gives every array (outputs, derivatives, what operations keep, scratch) one place in one piece of
 * memory, computed once: arrays that are not needed at the same time share places. A plan is not written to afterwards; calls bring their
 * own memory, so any number of threads run one plan at once.
 */
#ifndef DSGD_DEEP_GRAPH_H
#define DSGD_DEEP_GRAPH_H

#include "deep/op.h"

enum { DEEP_NODES_MAX = 256, DEEP_NAME = 24, DEEP_ALIGN = 64 };

/** A description: nodes[0] is the image (of no numbers, where embeddings read ids), the last one the loss. */
struct deep_model {
    const char *name;
    const struct deep_node *node;
    int nodes;
    bool images; /* wants planes, not just rows of numbers */
};

struct deep_graph {
    const struct deep_model *model;
    int nodes;
    struct deep_site site[DEEP_NODES_MAX];
    struct deep_shape image;
    size_t classes, d;
    size_t segments;
    struct dsgd_segment segment[DEEP_PARAMETERS * DEEP_NODES_MAX];
    size_t start_of[DEEP_NODES_MAX]; /* of a node's numbers among all statistics of batch norm: [2 c] each */
    size_t statistics;               /* numbers of all of them */
};

/** What a model is made for, and what its keys change. */
struct deep_sizes {
    struct deep_shape image;
    size_t classes, width;
    double dropout, smoothing; /* for nodes that have value < 0: those take these */
};

/** DSGD_EINPUT with a sentence if layers and image do not fit. */
enum dsgd_status deep_graph_build(const struct deep_model *model, const struct deep_sizes *sizes, struct deep_graph *out);

/** The parameters that a run starts from, keyed by seed, segment and coordinate: what struct deep_start of each says. */
void deep_graph_start(const struct deep_graph *graph, uint32_t seed, double *x /*[d]*/);

/** Offsets of arrays in bytes; SIZE_MAX: there is none. */
struct deep_places {
    size_t out, dout, saved;
    size_t spare[DEEP_INPUTS]; /* a derivative that is added to one that is there already */
};

struct deep_plan {
    const struct deep_graph *graph;
    struct deep_extent extent;
    size_t n, element;            /* examples; 4: fast, 8: naive */
    bool backward;
    struct deep_places place[DEEP_NODES_MAX];
    void *prepared[DEEP_NODES_MAX];
    size_t scratch, bytes;        /* offset of scratch; bytes of all */
};

/** backward: with derivatives. fast: floats, else naive in doubles. */
enum dsgd_status deep_plan_create(const struct deep_graph *graph, size_t n, bool fast, bool backward, struct deep_plan **out);
/** For blocks of n pairs of sequences, padded to extent->rows[DEEP_SOURCE] and rows[DEEP_TARGET] positions. */
enum dsgd_status deep_plan_create_pairs(const struct deep_graph *graph, const struct deep_extent *extent, bool fast, bool backward, struct deep_plan **out);
void deep_plan_destroy(struct deep_plan *plan); /* accepts NULL */

/** A block: what goes in and what comes out. Arrays of floats or doubles, as the plan has them. */
struct deep_block {
    const void *parameter;       /* [d] */
    void *memory;                /* [plan->bytes], 64-byte aligned */
    const uint8_t *label;        /* [n]; NULL where there are tokens */
    const struct deep_tokens *tokens; /* sequences; NULL for images */
    double weight;               /* of each example's (with tokens: each token's) loss in the objective */
    enum deep_mode mode;
    void *statistic;             /* [graph->statistics]; NULL where mode is DEEP_OWN */
    const double *slope;         /* [graph->statistics], sums of all blocks, and the examples of all; backward in mode DEEP_FIXED alone */
    size_t whole;
    struct deep_keys keys;
    double *loss;                /* [n]; with tokens [n][rows of the target] */
    uint8_t *wrong;              /* the same */
    void *gradient;              /* [d], overwritten; backward alone */
};

/** Where the images go: [n][c][h][w], plain. */
void *deep_plan_images(const struct deep_plan *plan, void *memory);
/** Where a node's output is after a run forward, and what it keeps. */
void *deep_plan_output(const struct deep_plan *plan, void *memory, int node);
void *deep_plan_saved(const struct deep_plan *plan, void *memory, int node);

enum dsgd_status deep_run_forward(const struct deep_plan *plan, const struct deep_block *block);
/** After forward, with the same memory. */
enum dsgd_status deep_run_backward(const struct deep_plan *plan, const struct deep_block *block);
/** One node of them, in the same order. */
enum dsgd_status deep_run_node_forward(const struct deep_plan *plan, const struct deep_block *block, int node);
enum dsgd_status deep_run_node_backward(const struct deep_plan *plan, const struct deep_block *block, int node);
/** Forward of a node that works row by row, on n rows of the caller's. */
enum dsgd_status deep_run_rows(const struct deep_plan *plan, const struct deep_block *block, int node, size_t n, const void *in, void *out);

#endif
