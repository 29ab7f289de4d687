/* engine_internal.h - the engine's parts, shared by engine.c (life), round.c (one round) and observer.c (rows). */
#ifndef DSGD_SIM_ENGINE_INTERNAL_H
#define DSGD_SIM_ENGINE_INTERNAL_H

#include "sim/engine.h"
#include "sim/rng.h"

/** What one thread needs to work for one worker at a time. */
struct dsgd_lane {
    struct dsgd_message up;
    struct dsgd_arena scratch;
    float *grad;        /* [d] */
    float *input;       /* [d] what entered the compressor in an observed round; NULL if the algorithm does not lend it */
    float *point;       /* [d] where a local method evaluates its gradient; NULL for others */
    uint32_t *example;  /* [batch] */
    double gradient_s, encode_s, settle_s;
    enum dsgd_status status;
    char message[DSGD_MESSAGE_MAX];
    bool worked;        /* this thread has encoded */
};

/** All states of one party kind: field j is one block of `count` rows. */
struct dsgd_party {
    int fields;
    struct dsgd_field field[DSGD_FIELDS_MAX];
    void *block[DSGD_FIELDS_MAX];
    uint32_t count;
    struct dsgd_state *state; /* [count] */
};

enum { DSGD_TRACE, DSGD_LEDGER, DSGD_ORACLE, DSGD_TIME };
enum { COUNTERS = 32, MEASURES = 24 };

/** What the observer keeps between the phases of a logged round. */
struct dsgd_observer {
    double *input;        /* [d] mean of the vectors that entered the compressors; NULL without oracle */
    double *memory, *one; /* [d] mean memory, one worker's vector; NULL if the algorithm compresses nothing */
    bool lends;           /* the algorithm's encode gives its input in an observed round ... */
    bool lending;         /* ... and this is one */
    double lent_s;        /* seconds that summing up took in this round */
    double input_norm2, error_norm2, recall, update_nnz, memory_mean_norm2, memory_norm2_mean;
};

struct dsgd_engine {
    struct dsgd_engine_args args;
    struct dsgd_layout layout;
    size_t n; /* training examples; 0: gradients do not come from examples */
    const struct dsgd_backend *be;
    const struct dsgd_algorithm *alg;
    void *common;
    struct dsgd_schedule schedule;
    struct dsgd_rng_key key_batch;
    uint32_t emulated; /* workers that really run: W, or 1 when merged */

    double *x, *average;   /* [d] master copy of the model, running average */
    float *replica;        /* [d] (float)x: what every worker computes gradients at */
    float *momentum;       /* [d] buffer of server_momentum; NULL without */
    double *merged_sum;    /* [d] merged emulation: sum of the workers' gradients */
    double weight_sum;     /* Q_t */
    int64_t step, next_row, last_row;
    enum dsgd_run_status status;

    struct dsgd_party workers, server;
    int lanes;
    struct dsgd_lane *lane; /* [lanes] */
    struct dsgd_message down[DSGD_EXCHANGES_MAX];
    struct dsgd_arena server_scratch;
    struct dsgd_ledger ledger;
    double plan_s, server_s, decode_s, round_s, evaluation_s;

    struct dsgd_observer observer;
    struct dsgd_table table[DSGD_TABLES];
    uint64_t counter[COUNTERS]; /* images of the scalars above for snapshots */
    double measure[MEASURES];
};

/** Thread-seconds of the three worker phases, summed over lanes. */
void dsgd_lane_seconds(const struct dsgd_engine *engine, double *gradient, double *encode, double *settle);

/** round.c: one round, w_t to w_{t+1}; `observe` fills the observer. */
enum dsgd_status dsgd_engine_round(struct dsgd_engine *engine, bool observe);

/** observer.c */
enum dsgd_status dsgd_observer_create(struct dsgd_engine *engine);
void dsgd_observer_destroy(struct dsgd_engine *engine);
/** Vectors that exist in encode alone are summed as they come, ascending: what the algorithm lends or, where nothing is
 *  compressed, the gradient. */
bool dsgd_observer_wants_vectors(const struct dsgd_engine *engine);
void dsgd_observer_vector(struct dsgd_engine *engine, uint32_t i, const struct dsgd_lane *lane);
/** Before settle: mean of the vectors that entered the compressors. */
void dsgd_observer_input(struct dsgd_engine *engine);
/** After decode: compression error, recall, and the memories. */
enum dsgd_status dsgd_observer_update(struct dsgd_engine *engine, const struct dsgd_update *update);
enum dsgd_status dsgd_engine_tables_create(struct dsgd_engine *engine);
/** Evaluates and appends the row of the current step. */
enum dsgd_status dsgd_engine_row(struct dsgd_engine *engine);

#endif
