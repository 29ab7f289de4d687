/* sketched_sgd.h - what the two variants of Sketched-SGD share: configuration, common knowledge, state. Internal. */
#ifndef DSGD_ALGORITHMS_SKETCHED_SGD_H
#define DSGD_ALGORITHMS_SKETCHED_SGD_H

#include "algorithms/codec.h"
#include "sim/cpu/count_sketch.h"
#include "sim/cpu/select.h"
#include "sim/algorithm.h"

struct sketched_config {
    int variant; /* heavymix | topk */
    int64_t rows, cols, k, candidates, dense_below;
    double momentum;
    int lr_inside, sketch_reseed; /* auto | ... */
    bool own_value;
    int values, indices;
    int64_t truncate;
};

struct sketched_common;

/** The steps in which the variants differ; signatures as in struct dsgd_algorithm. */
struct sketched_variant {
    int (*worker_fields)(const struct sketched_common *c, struct dsgd_field *field);
    int (*server_fields)(const struct sketched_common *c, struct dsgd_field *field);
    int (*exchanges)(const struct sketched_common *c);
    enum dsgd_status (*encode)(const struct sketched_common *c, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up);
    enum dsgd_status (*absorb)(const struct sketched_common *c, struct dsgd_state *server, const struct dsgd_round *round,
                               uint32_t i, const struct dsgd_message *up);
    enum dsgd_status (*finish)(const struct sketched_common *c, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down);
    enum dsgd_status (*settle)(const struct sketched_common *c, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down);
    enum dsgd_status (*decode)(const struct sketched_common *c, const struct dsgd_round *round,
                               const struct dsgd_message *down, struct dsgd_update *update);
    void (*view)(const struct sketched_common *c, const struct dsgd_state *worker, double *out);
};

/** A run of coordinates that is sketched (or sent dense), with its place in the compacted vector. */
struct sketched_run {
    size_t offset, count, place;
};

struct sketched_common {
    const struct sketched_variant *variant;
    struct dsgd_layout layout;
    const struct dsgd_backend *be;
    size_t d;              /* all parameters */
    size_t sketched;       /* of these in the sketch: the others, `dense`, are sent as they are */
    size_t dense;
    size_t table;          /* rows * cols */
    size_t k, asked;       /* coordinates updated, and asked for in the second exchange (P k, at most `sketched`) */
    size_t kept;           /* coordinates that a worker sketches (P1 k); `sketched` without truncation */
    float momentum;
    bool lr_inside, reseed_step, own_value;
    enum codec_values values;
    enum codec_indices indices;
    uint32_t seed_hash;
    struct dsgd_rng_key key_fill;
    struct sketch_hash *hash;
    size_t sketched_runs, dense_runs;
    struct sketched_run *sketched_run, *dense_run;
};

extern const struct sketched_variant sketched_heavymix, sketched_topk;

/** How one worker's vector enters a message: S(v) in `values`. v [sketched] */
enum dsgd_status sketched_send_table(const struct sketched_common *c, const struct dsgd_round *round, const float *v,
                                     struct dsgd_message *up);
/** Sums the workers' tables (Algorithm 2 line 6, Algorithm 3: "S = sum of S_i"); clears the sum at the first. */
enum dsgd_status sketched_absorb_table(const struct sketched_common *c, double *sum, const struct dsgd_round *round,
                                       uint32_t i, const struct dsgd_message *up);
/** The mean table as floats, in scratch. */
enum dsgd_status sketched_mean_table(const struct sketched_common *c, const double *sum, const struct dsgd_round *round,
                                     const float **table);
/** Sums the workers' exact values of `n` coordinates; clears the sum at the first. */
enum dsgd_status sketched_absorb_values(const struct sketched_common *c, double *sum, size_t n, const struct dsgd_round *round,
                                        uint32_t i, const struct dsgd_message *up);
/** Scratch memory or DSGD_ENOMEM with a sentence. */
enum dsgd_status sketched_scratch(const struct dsgd_round *round, size_t bytes, void *memory /* void ** */);

#endif
