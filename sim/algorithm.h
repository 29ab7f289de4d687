/* algorithm.h - the contract of a communication-efficient algorithm. Signatures are the network.
 *
 * A worker function gets rows: a block of workers, each with its own fields, gradient and sections. A server function gets the
 * server's one row, and absorb the messages that arrived. Everybody sees the answers, the round, and what `prepare` derived from
 * the seeds. What was not sent cannot be used.
 *
 * One round, t = 0, 1, ...:   plan, prepare -> E exchanges of { encode (blocks of workers) -> absorb (the same blocks, ascending)
 * -> finish } -> settle (blocks) -> decode, and the engine applies x = (1 - shrink) x - scale * value.
 *
 * Nothing on a device is seen by a slot, so what a slot does follows from `common` and `round` alone: what depends on the step is
 * decided by `plan` and written to the round. An algorithm is one file that exports one `const struct dsgd_algorithm`, plus one
 * line in the registry. Letters: d parameters, W workers, t step, E exchanges.
 */
#ifndef DSGD_SIM_ALGORITHM_H
#define DSGD_SIM_ALGORITHM_H

#include "sim/device.h"
#include "sim/message.h"
#include "sim/param.h"
#include "sim/problem.h"
#include "sim/status.h"

/** The contracts of algorithms, problems and datasets, and the operations of sim/device.h, in one number: a plug-in built for another is
 *  refused (lab/plugin.h). Rises with every change that an object built before would not survive. */
enum { DSGD_CONTRACT_VERSION = 7 };

enum { DSGD_EXCHANGES_MAX = 3, DSGD_FIELDS_MAX = 8 };

/** What an algorithm is told when it is created. */
struct dsgd_setting {
    const void *config;               /* its own config struct */
    const struct dsgd_param *params;  /* and its table */
    const struct dsgd_layout *layout; /* d and segments; outlives the run */
    uint32_t workers;                 /* W */
    uint32_t seed_hash, seed_algorithm;
    int64_t steps;                    /* T; 0: unknown */
    struct dsgd_shapes *shapes;       /* of the run: owner of groups, runs and matrices; NULL in check and may_merge */
};

/* Ways to divide the coordinates; owned by the run. Never NULL: out of memory gives empty ones, and the run reports it. For init. */
const struct dsgd_groups *dsgd_groups_whole(const struct dsgd_setting *setting);
const struct dsgd_groups *dsgd_groups_segments(const struct dsgd_setting *setting);
/** Buckets of `size` consecutive coordinates, the last one shorter; size 0, or above d: all in one. */
const struct dsgd_groups *dsgd_groups_buckets(const struct dsgd_setting *setting, size_t size);
/** The segments that `has` accepts, neighbours as one run; maybe none. */
const struct dsgd_runs *dsgd_runs_of(const struct dsgd_setting *setting, bool (*has)(const void *context, const struct dsgd_segment *segment),
                                     const void *context);
/** The segments that `is` accepts, as matrices rows x cols, row-major: (rows - 1) cols < count <= rows cols, what the last row lacks is 0. */
const struct dsgd_matrices *dsgd_matrices_of(const struct dsgd_setting *setting, size_t rank,
                                             bool (*is)(const void *context, const struct dsgd_segment *segment, size_t *rows, size_t *cols),
                                             const void *context);

/** One round, as every party sees it. */
struct dsgd_round {
    int exchanges;         /* E; from plan, else 1 */
    bool silent;           /* from plan: nothing is exchanged in this step; encode sees the gradient, the model stays */
    size_t k;              /* from plan: the number behind dsgd_planned */
    int exchange;          /* 0 .. E-1; E-1 in settle and decode */
    uint32_t participants; /* messages that reach the server in each exchange */
    double lr;             /* eta_t */
};

/* ---- declare: what parties hold and send. From it: memory, snapshot, checks of what arrives, estimates ---- */

struct dsgd_declaration;

enum dsgd_party { DSGD_WORKER, DSGD_SERVER, DSGD_ALL }; /* DSGD_ALL: what everybody derives from the seeds in `prepare` */
enum dsgd_type { DSGD_F32, DSGD_F64, DSGD_I32, DSGD_SET, DSGD_SIGNS, DSGD_TERNARY, DSGD_HASHES, DSGD_VOTES };
/** Kept: part of snapshots, F32 and F64 only. Transient: rewritten in every round before it is read, or zero between rounds. */
enum dsgd_life { DSGD_KEPT, DSGD_TRANSIENT };

/** Field number `field` of each worker, of the server, or of all; zero at the start. n: elements, or the most coordinates of a set.
 *  `name` is the dataset's in a snapshot, unique within the party. */
void dsgd_field(struct dsgd_declaration *d, enum dsgd_party party, int field, const char *name, enum dsgd_type type, size_t n, enum dsgd_life life);
/** A field of DSGD_ALL: hash functions for vectors of n elements and tables of rows x cols, rows odd and at most DSGD_SKETCH_ROWS_MAX; with
 *  DSGD_BLOCKS cols is a multiple of 64. */
void dsgd_field_sketch(struct dsgd_declaration *d, int field, enum dsgd_hash hash, size_t n, uint32_t rows, uint32_t cols);
/** A field of the server: votes on n coordinates by at most so many workers. Transient. */
void dsgd_field_voting(struct dsgd_declaration *d, int field, size_t n, uint32_t most);
/** A field of the server, a transient set of at most k: what a heavy-hitter method found, before it filled up. The observer logs how many
 *  there are, and what the method's contraction is over the random fill. At most one. */
void dsgd_field_heavy(struct dsgd_declaration *d, int field, size_t k);
enum { DSGD_SKETCH_ROWS_MAX = 63 };

/** How many elements a section has. */
struct dsgd_length {
    enum { DSGD_EXACTLY, DSGD_PLANNED, DSGD_AT_MOST, DSGD_AS } how;
    size_t most;
    int section;
};
static inline struct dsgd_length dsgd_exactly(size_t n) { return (struct dsgd_length){DSGD_EXACTLY, n, 0}; }
/** round->k, at most this: known to all. */
static inline struct dsgd_length dsgd_planned(size_t most) { return (struct dsgd_length){DSGD_PLANNED, most, 0}; }
/** As many as there are in the set: travels in front of the section as a header of 4 bytes. Sets only. */
static inline struct dsgd_length dsgd_at_most(size_t most) { return (struct dsgd_length){DSGD_AT_MOST, most, 0}; }
/** As many as the coordinates in an earlier section of the message. */
static inline struct dsgd_length dsgd_as(int section) { return (struct dsgd_length){DSGD_AS, 0, section}; }

enum dsgd_way { DSGD_UP, DSGD_DOWN };
/** How values travel: rounding to nearest, ties to even; beyond the largest finite number becomes infinity; fp16 keeps subnormals. */
enum dsgd_values { DSGD_FP32, DSGD_FP16, DSGD_BF16 };
#define DSGD_VALUES_CHOICES "fp32|fp16|bf16"
/** How n ascending indices below d travel; nothing is sent where n = 0 or n = d. */
enum dsgd_indices { DSGD_CHEAPEST, DSGD_RAW, DSGD_FIXED, DSGD_DELTA, DSGD_BITMAP };
#define DSGD_INDICES_CHOICES "cheapest|raw|fixed|delta|bitmap"
#define DSGD_INDICES_HELP "code of indices: raw 32 bits, ceil(log2 d) bits, Rice-coded gaps, a bitmap, or the cheapest for each message"
/** How a vector of -1, 0, 1 travels: two sections of d bits, or one that is close to its entropy. */
enum dsgd_ternaries { DSGD_PLANES, DSGD_ENTROPY };
#define DSGD_TERNARIES_CHOICES "planes|entropy"
/** How integers in [-m, m] travel: ceil(log2(2m + 1)) bits each, or QSGD's Elias code. */
enum dsgd_levels { DSGD_PACKED, DSGD_ELIAS };
#define DSGD_LEVELS_CHOICES "packed|elias"
enum { DSGD_PARTICIPANTS = 0 }; /* for m: as many as take part in the round */

/* The section `section` of exchange e's message, which must be the next number. Bytes are made, booked, checked and decoded by the
 * engine, an answer once for all. */
void dsgd_wire_f32(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, enum dsgd_values as, struct dsgd_length n);
void dsgd_wire_set(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, enum dsgd_indices as, struct dsgd_length n,
                   size_t limit /* coordinates are below it */);
void dsgd_wire_signs(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, size_t n);
void dsgd_wire_ternary(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, enum dsgd_ternaries as, size_t n);
void dsgd_wire_levels(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, enum dsgd_levels as, uint32_t m, size_t n);

/* ---- what a turn has ---- */

/* fields of the party whose turn it is */
dsgd_f32 *dsgd_field_f32(struct dsgd_rows *r, int field);
dsgd_f64 *dsgd_field_f64(struct dsgd_rows *r, int field);
dsgd_i32 *dsgd_field_i32(struct dsgd_rows *r, int field);
dsgd_set *dsgd_field_set(struct dsgd_rows *r, int field);
dsgd_votes *dsgd_field_votes(struct dsgd_rows *s, int field);
dsgd_sketch *dsgd_field_hashes(struct dsgd_rows *r, int field); /* in prepare */
/* fields of DSGD_ALL */
const dsgd_set *dsgd_all_set(struct dsgd_rows *r, int field);
const dsgd_sketch *dsgd_all_hashes(struct dsgd_rows *r, int field);
/* sections to fill, up in encode, down in finish; all of them, in any order */
dsgd_f32 *dsgd_send_f32(struct dsgd_rows *r, int section);
dsgd_set *dsgd_send_set(struct dsgd_rows *r, int section);
dsgd_signs *dsgd_send_signs(struct dsgd_rows *r, int section);
dsgd_ternary *dsgd_send_ternary(struct dsgd_rows *r, int section);
dsgd_i32 *dsgd_send_levels(struct dsgd_rows *r, int section);
/* the server's answer to exchange e, checked and decoded once for all */
const dsgd_f32 *dsgd_down_f32(struct dsgd_rows *r, int e, int section);
const dsgd_set *dsgd_down_set(struct dsgd_rows *r, int e, int section);
const dsgd_signs *dsgd_down_signs(struct dsgd_rows *r, int e, int section);
const dsgd_i32 *dsgd_down_levels(struct dsgd_rows *r, int e, int section);
/** In encode: this vector enters the compressor. Copied for the observer in a round that it looks at, else nothing happens. For
 *  algorithms with view = DSGD_VIEW_SHOWN, once in exchange 0. */
void dsgd_show(struct dsgd_rows *w, const dsgd_f32 *v);

/** Messages of a block of workers, checked and decoded. Only the server's absorb is given one, and only the engine makes one. */
struct dsgd_arrivals;

/* Folds over the workers that arrived, in ascending order whatever the blocks; the first block of a round starts the result afresh. */
void dsgd_fold_sum(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, dsgd_f64 *sum);
void dsgd_fold_max(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, dsgd_f32 *most); /* a NaN stays */
void dsgd_fold_signs(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, dsgd_votes *votes); /* for dsgd_sign_pack_votes */
/** sum += scale where the sign is plus, -scale where it is minus. */
void dsgd_fold_signs_scaled(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, const struct dsgd_groups *g, int scale_section, dsgd_f64 *sum);
void dsgd_fold_ternary(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, dsgd_i32 *sum);
/** sum += scale t. */
void dsgd_fold_ternary_scaled(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, const struct dsgd_groups *g, int scale_section, dsgd_f64 *sum);
/** sum += (float)(norm level / m), the float that dsgd_dequantise gives. */
void dsgd_fold_levels_scaled(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, const struct dsgd_groups *g, int norm_section, uint32_t m, dsgd_f64 *sum);
/** Sparse vectors, added to what is there: sum [d] and seen [ceil(d/32)], one bit for each coordinate that arrived, so that a sum
 *  of exactly 0 counts as sent. dsgd_sparse_take empties both. */
void dsgd_fold_sparse(struct dsgd_rows *s, const struct dsgd_arrivals *up, int set_section, int value_section, dsgd_f64 *sum, dsgd_i32 *seen);

/** What one round does to the model: x = (1 - shrink) x - scale * value. */
struct dsgd_update {
    enum { DSGD_UPDATE_NONE, DSGD_UPDATE_SPARSE, DSGD_UPDATE_DENSE } form;
    double scale;
    double gain;         /* the factor in scale that belongs to the compressor (d/k of an unbiased one): what comes out of it is
                          * gain * value. For the observer alone */
    const dsgd_set *at;  /* sparse */
    const dsgd_f32 *value;
};
static inline struct dsgd_update dsgd_dense(double scale, const dsgd_f32 *value)
{
    return (struct dsgd_update){DSGD_UPDATE_DENSE, scale, 1.0, NULL, value};
}
static inline struct dsgd_update dsgd_sparse(double scale, const dsgd_set *at, const dsgd_f32 *value)
{
    return (struct dsgd_update){DSGD_UPDATE_SPARSE, scale, 1.0, at, value};
}

/** For `view`. SHOWN: encode says it with dsgd_show. NONE: nothing is compressed, or not in units of a gradient. */
enum { DSGD_VIEW_SHOWN = -1, DSGD_VIEW_NONE = -2 };

#define DSGD_MERGEABLE "" /* one worker on the mean gradient equals W workers in exact arithmetic, message lengths do not depend on values */

/** The contract: see the top of this file. */
struct dsgd_algorithm {
    const char *name, *title, *reference;
    const char *aliases;             /* the words of other tools, for `dsgd list` */
    const char *departures;          /* REQUIRED. from the cited papers: lines without bullets, divided by \n; "none" */
    const struct dsgd_param *params; /* table of the config struct; a row of type COUNT is at most d */
    size_t config_size, common_size; /* common: plain data, zeroed and freed by the engine */
    int view;                        /* the worker field (F32 or F64, [d]) that entered the compressor, for the observer; or DSGD_VIEW_* */
    bool memory;                     /* after settle, that field is what a worker holds back (error memory); with DSGD_VIEW_SHOWN nothing is */
    const char *unmergeable;         /* DSGD_MERGEABLE, or why not; NULL: not declared mergeable */

    /** optional: the slots that serve this setting, where an algorithm has several forms: common_size, view, memory and all slots from
     *  `init` on are taken from there, the rest from here. */
    const struct dsgd_algorithm *(*variant)(const struct dsgd_setting *setting);
    /** optional: refuses impossible settings with a sentence (even rows). */
    enum dsgd_status (*check)(const struct dsgd_setting *setting);
    /** optional: the same as `unmergeable`, where it depends on the setting. */
    const char *(*may_merge)(const struct dsgd_setting *setting);
    /** optional: the contraction tau of the compressor; 1 if NULL. Enters the theory's step size. */
    double (*tau)(const struct dsgd_setting *setting);
    /** optional: one sentence for the log about a setting that is allowed and could be better; "" if there is none. */
    void (*hint)(const struct dsgd_setting *setting, char *text, size_t size);

    /** REQUIRED. What every party knows: host memory that no slot changes afterwards. */
    enum dsgd_status (*init)(const struct dsgd_setting *setting, void *common);
    /** REQUIRED. */
    void (*declare)(const void *common, struct dsgd_declaration *d);
    /** optional: exchanges, silent and k of this step; a pure function of common and step. */
    void (*plan)(const void *common, uint32_t step, struct dsgd_round *round);
    /** optional: the fields of DSGD_ALL in this step, a pure function of the seeds and the step. */
    void (*prepare)(const void *common, struct dsgd_rows *all, const struct dsgd_round *round);
    /** optional: where workers evaluate their gradients, if not at the common model. Local methods. */
    void (*point)(const void *common, struct dsgd_rows *w, const dsgd_f32 *model, dsgd_f32 *out);
    /** REQUIRED. grad is NULL after the first exchange. */
    void (*encode)(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad);
    /** REQUIRED. The messages of a block of participants; blocks come in ascending order. s: the server's one row. */
    void (*absorb)(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round);
    /** REQUIRED. The answer to this exchange. */
    void (*finish)(const void *common, struct dsgd_rows *s, const struct dsgd_round *round);
    /** optional: the workers' memories after the last exchange. */
    void (*settle)(const void *common, struct dsgd_rows *w, const struct dsgd_round *round);
    /** REQUIRED. All answers to the update; a silent step has none. */
    struct dsgd_update (*decode)(const void *common, struct dsgd_rows *all, const struct dsgd_round *round);
};

/* Ready-made slots, for algorithms whose section 0 is a dense vector that the server averages in field 0 (F64). */
void dsgd_absorb_sum(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round);
void dsgd_finish_mean(const void *common, struct dsgd_rows *s, const struct dsgd_round *round);
/** x -= eta_t * section 0 of the answer, a dense vector. */
struct dsgd_update dsgd_decode_dense(const void *common, struct dsgd_rows *all, const struct dsgd_round *round);
/** For `tau`: k/d, where k is the row called "k" of the parameter table. */
double dsgd_tau_k(const struct dsgd_setting *setting);

#endif
