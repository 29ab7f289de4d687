/* algorithm.h - the contract of a communication-efficient algorithm. Signatures are the network.
 *
 * A worker function sees what every party knows, this worker's state and the server's answers; a server function sees
 * what every party knows, the server's state and the bytes that arrived. What was not sent cannot be used.
 *
 * One round, t = 0, 1, ...:   plan -> E exchanges of { encode (each participant) -> absorb (ascending i) -> finish } ->
 * settle (each participant) -> decode, and the engine applies x = (1 - shrink) x - scale * value.
 *
 * An algorithm is one file that exports one `const struct dsgd_algorithm`, plus one line in the registry.
 * Letters: d parameters, W workers, t step, E exchanges.
 */
#ifndef DSGD_SIM_ALGORITHM_H
#define DSGD_SIM_ALGORITHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim/backend.h"
#include "sim/message.h"
#include "sim/param.h"
#include "sim/problem.h"
#include "sim/status.h"

enum { DSGD_EXCHANGES_MAX = 3, DSGD_FIELDS_MAX = 8 };

/** Element type of a field. */
enum dsgd_field_type { DSGD_F32, DSGD_F64, DSGD_U32, DSGD_I32, DSGD_U64 };

/** Bytes of one element. */
static inline size_t dsgd_field_size(enum dsgd_field_type type)
{
    return type == DSGD_F64 || type == DSGD_U64 ? 8 : 4;
}

/** One array of a party's state. Declared by the algorithm, allocated (zeroed), saved and restored by the engine. */
struct dsgd_field {
    const char *name; /* HDF5 dataset name in a snapshot; unique within the party */
    enum dsgd_field_type type;
    size_t count;
    bool transient;   /* zero or rewritten before it is read in every round: not saved, zero after a restore */
};

/** A party's state: field[j] is the array of the j-th declared field. */
struct dsgd_state {
    void *field[DSGD_FIELDS_MAX];
};

/** What an algorithm is told when it is created. */
struct dsgd_setting {
    const void *config;               /* its own config struct */
    const struct dsgd_layout *layout; /* d and segments; outlives the run */
    const struct dsgd_backend *backend;
    uint32_t workers;                 /* W */
    uint32_t seed_hash, seed_algorithm;
    int64_t steps;                    /* T; 0: unknown */
};

/** One round, as every party sees it. */
struct dsgd_round {
    uint32_t step;             /* t */
    int exchange;              /* 0 .. E-1 */
    uint32_t worker;           /* who encodes or settles; DSGD_RNG_SERVER for the server */
    uint32_t participants;     /* messages that reach the server in each exchange */
    double lr;                 /* eta_t */
    double shrink;             /* decoupled weight decay of this step, eta_t * weight_decay, else 0 */
    int threads;               /* the server may use so many; results must not depend on it */
    struct dsgd_arena *scratch; /* this call's working memory, gone when it returns */
    float *input;              /* NULL, or [d] in an observed round: see lends */
};

/** What one round does to the model: x = (1 - shrink) x - scale * value. Arrays belong to the answer or the scratch. */
struct dsgd_update {
    double shrink, scale;
    double gain;           /* the factor in scale that belongs to the compressor (d/k of an unbiased one): what comes out of it
                            * is gain * value. Starts at 1. For the observer alone */
    size_t n;              /* d if dense; 0 with an index: nothing arrived in this step */
    const uint32_t *index; /* [n] ascending, or NULL if dense */
    const float *value;    /* [n] */
};

/** Upper bounds of what one round holds at a time, for the memory estimate. */
struct dsgd_round_bytes {
    size_t up, down;                      /* one worker's messages of one exchange; all answers together */
    size_t worker_scratch, server_scratch;
};

/** The contract: see the top of this file. */
struct dsgd_algorithm {
    const char *name, *title, *reference;
    const char *aliases;             /* the words of other tools, for `dsgd list` */
    const char *departures;          /* REQUIRED. from the cited papers: lines without bullets, divided by \n; "none" */
    const struct dsgd_param *params; /* table of the config struct */
    size_t config_size;
    bool memory;                     /* after settle, view shows what a worker holds back (error memory) */

    /** optional: refuses impossible settings with a sentence (k > d, even rows). */
    enum dsgd_status (*check)(const struct dsgd_setting *setting);
    /** optional: NULL if one worker on the mean gradient equals W workers in exact arithmetic and message lengths do
     *  not depend on values; else the reason why not. A missing function means "not declared mergeable". */
    const char *(*unmergeable)(const struct dsgd_setting *setting);
    /** optional: the contraction tau of the compressor, k/d; 1 if NULL. Enters the theory's step size. */
    double (*tau)(const struct dsgd_setting *setting);

    /** REQUIRED. What every party knows. Caller: destroy, which accepts NULL. */
    enum dsgd_status (*create)(const struct dsgd_setting *setting, void **common);
    void (*destroy)(void *common);
    /** optional: bytes held by common, for the memory estimate. */
    size_t (*common_bytes)(const void *common);
    /** optional: the round's buffers, for the memory estimate; `workers` are emulated. Starts at zero. */
    void (*round_bytes)(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes);
    /** REQUIRED. State of one worker, of the server; number of fields, 0 if none. */
    int (*worker_fields)(const void *common, struct dsgd_field field[DSGD_FIELDS_MAX]);
    int (*server_fields)(const void *common, struct dsgd_field field[DSGD_FIELDS_MAX]);

    /** REQUIRED. Number of exchanges of step t, 1..3. Serial, before the round: the place to derive what all parties know
     *  of this step (fresh hashes), a pure function of the seeds and t. */
    int (*plan)(void *common, uint32_t step);
    /** optional: where this worker evaluates its gradient, if not at the common model: writes out [d]. `model` [d] is what
     *  every worker knows. Local methods. */
    void (*point)(const void *common, const struct dsgd_state *worker, const float *model, float *out);
    /** REQUIRED. A message without sections means that nothing is sent. grad [d] is NULL after the first exchange; down[e] is the server's answer to exchange e < round->exchange. */
    enum dsgd_status (*encode)(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up);
    /** REQUIRED. The message of participant number i, i = 0 .. participants - 1 in ascending order of workers. */
    enum dsgd_status (*absorb)(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up);
    /** REQUIRED. The answer to this exchange. */
    enum dsgd_status (*finish)(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down);
    /** optional: the worker's memory after the last exchange; down [E]. */
    enum dsgd_status (*settle)(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down);
    /** REQUIRED. All answers [E] to the update; starts with shrink = round->shrink, scale = round->lr. */
    enum dsgd_status (*decode)(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update);
    /** optional: between the last exchange and settle, the vector that entered the compressor, in the units of
     *  update->gain * update->value; after settle, what the worker keeps back. The gradient itself if NULL. Observer only. */
    void (*view)(const void *common, const struct dsgd_state *worker, double *out /*[d]*/);
    /** optional: true if encode copies that vector to round->input in the first exchange, where it is not NULL. No worker has
     *  to keep it then, and view is only asked after settle (if `memory`). Observer only. */
    bool (*lends)(const void *common);
};

#endif
