/* engine_internal.h - the engine's parts, shared by engine.c (life), memory.c (allocation), dry.c (rounds that only measure), round.c (one
 * round), exchange.c (sections on their way), state.c (snapshots),
 * observer.c (oracle) and quantities.c (rows).
 */
#ifndef DSGD_SIM_ENGINE_INTERNAL_H
#define DSGD_SIM_ENGINE_INTERNAL_H

#include "sim/device_ops.h"
#include "sim/engine.h"
#include "sim/minibatch.h"

/** A section of a block of messages: what the sender filled, its bytes, what the receiver reads. */
struct dsgd_crossing {
    struct dsgd_handle sent, got; /* the same memory where the bytes are the floats themselves */
    void *bytes;                  /* [rows][room] on the device; NULL where they are */
    size_t room;
    uint32_t *count;              /* [rows] host: elements that arrived */
};

/** Numbers of the sets of a message, where they are counted on the device: uint64_t [sections][rows][2] (sim/carry.c). */
struct dsgd_weights {
    void *device;
    uint64_t *host;
    uint32_t rows;
};

/** One thread's or stream's turn. */
struct dsgd_lane {
    struct dsgd_place *place;   /* whose workers it serves */
    struct dsgd_queue queue;
    struct dsgd_rows turn;
    struct dsgd_handle grad;    /* F32 [rows][d] */
    struct dsgd_handle length;  /* F64 [rows][1] of the gradients; unused without step.clip */
    struct dsgd_handle point;   /* F32 [rows][d], where a local method evaluates its gradients; unused by others */
    struct dsgd_handle shown;   /* F32 [rows][d], what an algorithm with DSGD_VIEW_SHOWN shows; unused by others */
    uint32_t *example;          /* [rows][batch] */
    struct dsgd_minibatch_memo memo;
    uint32_t threads;           /* that its next gradients may have */
    void *work, *host_work;     /* of the problem's gradients, on the device or the host; host_work: which is to be freed */
    struct dsgd_crossing up[DSGD_EXCHANGES_MAX][DSGD_SECTIONS_MAX];
    struct dsgd_handle landed[DSGD_EXCHANGES_MAX][DSGD_SECTIONS_MAX]; /* of another place: what arrived, at the first */
    struct dsgd_handle landed_vector; /* of another place, for the observer: F32 [rows][d] at the first */
    struct dsgd_weights weights;  /* unused on devices that make bytes */
    struct dsgd_message *message; /* [rows] what this turn has sent */
    double gradient_s, encode_s, settle_s;
    double mark;                /* when its current phase began */
    bool worked;                /* this thread has encoded */
};

/** One of the run's devices: a share of the workers, and a replica of what all know. The CPU is one place, whatever its threads. */
struct dsgd_place {
    struct dsgd_queue queue;     /* of `turn`; at the first place also the server's */
    struct dsgd_rows turn;       /* of what all do alike: prepare, decode */
    uint32_t first, workers;     /* workers first .. first + workers - 1 are here */
    struct dsgd_handle worker[DSGD_FIELDS_MAX];                                /* their fields */
    struct dsgd_handle all[DSGD_FIELDS_MAX], all_shared[DSGD_FIELDS_MAX];
    struct dsgd_handle x;        /* F64 [d] master copy of the model */
    struct dsgd_handle replica;  /* F32 [d] (float)x: what every worker computes gradients at */
    struct dsgd_handle x_shared, replica_shared;                               /* the same with stride 0 */
    struct dsgd_handle momentum; /* F32 [d] buffer of server_momentum; unused without */
    struct dsgd_handle down[DSGD_EXCHANGES_MAX][DSGD_SECTIONS_MAX];            /* the answers, stride 0 */
    void *diverged;              /* uint32_t on the device */
    void *resident;              /* what the problem keeps on the device; NULL: nothing */
    size_t bytes;                /* on this device */
};

enum { DSGD_TRACE, DSGD_LEDGER, DSGD_ORACLE, DSGD_TIME };
enum { DSGD_NO_TABLE = -1 };
enum { PLANS = 64, LOOK_MAX = 64 };

/** A number that a log row shows or a snapshot carries. */
struct dsgd_quantity {
    char name[32];
    const char *unit, *help;
    int table;    /* whose column it is, in the list's order; or DSGD_NO_TABLE */
    bool integer; /* which of the two below */
    bool kept;    /* part of snapshots, as "engine/NAME" */
    union {
        uint64_t *count;
        double *real;
    } as;         /* where it lies in the engine */
};
enum { DSGD_QUANTITIES_MAX = 64 };

/** Numbers that the engine has in another form, for the list. */
struct dsgd_image {
    uint64_t step, status, next_row, rows_until;
    double gradient_s, encode_s, settle_s; /* summed over lanes */
    double lr, gap, metric[DSGD_METRICS_MAX];
};

/** What the observer keeps between the phases of a logged round. */
struct dsgd_observer {
    struct dsgd_handle input;  /* F64 [d] mean of the vectors that entered the compressors; unused without oracle */
    struct dsgd_handle memory; /* F64 [d] working vector, later the mean memory; unused if nothing is compressed */
    struct dsgd_handle norm2;  /* F64 [workers] */
    double *host_norm2;        /* [workers] */
    struct dsgd_handle landed; /* a row of another place's worker field, at the first; unused with one place */
    struct dsgd_handle at_heavy; /* F32 [k] what it has at the heavy coordinates; unused without any */
    void *scratch;             /* of recall */
    double lent_s;             /* seconds that summing up took in this round */
    double input_norm2, error_norm2, recall, update_nnz, heavy, exact_ratio, memory_mean_norm2, memory_norm2_mean;
};

struct dsgd_engine {
    struct dsgd_engine_args args;
    struct dsgd_layout layout;
    size_t n; /* training examples; 0: gradients do not come from examples */
    const struct dsgd_device *device;
    struct dsgd_places places;
    struct dsgd_place *place;   /* [places.count]; the server is at the first */
    const struct dsgd_algorithm *alg; /* whose slots run: the algorithm's own, or its variant's */
    struct dsgd_shapes shapes;
    struct dsgd_declaration declaration;
    void *common;
    struct dsgd_schedule schedule;
    struct dsgd_minibatch minibatch;
    uint32_t emulated; /* workers that really run: W, or 1 when merged */
    uint32_t copies;   /* messages that one stands for: 1, or W when merged */
    uint32_t rows;     /* workers per block */
    uint32_t parts;    /* threads that one gradient has work for */
    bool whole;        /* one gradient a step, of all workers' examples */
    uint32_t examples; /* of one gradient: b, or W b */
    const struct dsgd_groups *clipped; /* all coordinates as one group; NULL without step.clip */

    /* what allocation has done; counting: adds up and gives nothing */
    bool counting;
    size_t bytes, worker_bytes; /* on the device */
    size_t host_bytes;
    void **memory; /* [pieces] device memory, for release */
    size_t pieces;

    struct dsgd_handle average;                    /* F64 [d] running average; unused without */
    struct dsgd_handle merged_sum, mean_gradient;  /* merged: F64 and F32 [d] */
    double *host_x, *host_output;                  /* [d] what was last read */
    double weight_sum;                             /* Q_t */
    int64_t step, next_row, last_row;
    enum dsgd_run_status status;
    struct dsgd_ledger looked[LOOK_MAX];           /* after each of the last steps, while divergence may be found late */

    struct dsgd_handle server[DSGD_FIELDS_MAX];
    int lanes;
    struct dsgd_lane *lane;     /* [lanes]; on streams one a place */
    struct dsgd_rows server_turn; /* on the first place's queue */
    struct dsgd_crossing answer[DSGD_EXCHANGES_MAX][DSGD_SECTIONS_MAX];
    struct dsgd_weights answer_weights;
    struct dsgd_round planned[PLANS]; /* plans that have been measured */
    int plans;
    struct dsgd_ledger ledger;
    double plan_s, server_s, decode_s, round_s, evaluation_s;
    double mark;                /* when the current phase began, or the last round ended */

    struct dsgd_observer observer;
    struct dsgd_table table[DSGD_TABLES];
    struct dsgd_image image;
};

/** dsgd_engine_create on a device that only counts. Caller: dsgd_engine_destroy. */
enum dsgd_status dsgd_engine_count(const struct dsgd_engine_args *args, struct dsgd_engine **out);

/** Threads that one worker's operations may use: all where workers have none of their own. */
int dsgd_engine_lane_threads(const struct dsgd_engine *engine);
/** Threads that lane number `lane` may have for a gradient while `lanes` of them are at work: its share of all. */
uint32_t dsgd_engine_share(const struct dsgd_engine *engine, uint32_t lanes, uint32_t lane);
/** The most that it may ever have. */
uint32_t dsgd_engine_share_most(const struct dsgd_engine *engine, uint32_t lane);

/** The failure of a queue, handed to the caller. */
enum dsgd_status dsgd_engine_failure(const struct dsgd_queue *queue);

/* memory.c */
enum dsgd_status dsgd_engine_allocate(struct dsgd_engine *engine, struct dsgd_place *place, size_t bytes, void **out);
/** n zeroed elements on the host; in *out NULL while counting. */
enum dsgd_status dsgd_engine_host(struct dsgd_engine *engine, size_t n, size_t size, void **out);
enum dsgd_status dsgd_engine_allocate_all(struct dsgd_engine *engine);
/** Reserves what the queues have measured so far, in place of what they had. */
enum dsgd_status dsgd_engine_reserve(struct dsgd_engine *engine);
void dsgd_engine_release_all(struct dsgd_engine *engine);

/* dry.c */
/** The plan of a step; `round` is complete but for it. */
void dsgd_engine_plan(const struct dsgd_engine *engine, uint32_t step, struct dsgd_round *round);
/** Runs a round of this plan on queues that do nothing, unless one has been: finds its working memory, wrong lengths, sections that are
 *  not filled. `round` is planned. DSGD_EINTERNAL with a sentence. */
enum dsgd_status dsgd_engine_dry(struct dsgd_engine *engine, const struct dsgd_round *round);
/** All plans of a run, as far as they can be looked at beforehand. */
enum dsgd_status dsgd_engine_dry_all(struct dsgd_engine *engine);

/* round.c */
/** One round, w_t to w_{t+1}; `observe` fills the observer. */
enum dsgd_status dsgd_engine_round(struct dsgd_engine *engine, bool observe);
/* places.c */
/** Whether what the run will hold is free on each of its devices, where a device can say. DSGD_EINPUT with a sentence. */
enum dsgd_status dsgd_engine_fits(const struct dsgd_engine_args *args, const struct dsgd_places *places);
/** Which places serve a run, and their shares of the workers. */
enum dsgd_status dsgd_engine_places(struct dsgd_engine *engine);
/** The place of a worker. */
struct dsgd_place *dsgd_engine_place_of(struct dsgd_engine *engine, uint32_t worker);
/** Rows of an array of one place to an array of the same shape at another, in the order of both queues. */
void dsgd_engine_move(struct dsgd_engine *engine, enum dsgd_type type, struct dsgd_queue *queue, const struct dsgd_array *to,
                      struct dsgd_queue *from_queue, const struct dsgd_array *from, uint32_t rows);
/** What a block has sent, as the server reads it: at the first place. */
void dsgd_engine_land(struct dsgd_engine *engine, struct dsgd_lane *lane, int exchange, struct dsgd_handle got[DSGD_SECTIONS_MAX]);
/** An answer to the other places. */
void dsgd_engine_spread(struct dsgd_engine *engine, int exchange);
/** The model and the server's momentum to the other places, after they were written at the first. */
void dsgd_engine_spread_model(struct dsgd_engine *engine);
/** The first failure of any place's queue, handed to the caller. */
enum dsgd_status dsgd_engine_places_failure(struct dsgd_engine *engine);

/** Gives the turn to a block of workers. */
void dsgd_engine_block(struct dsgd_engine *engine, struct dsgd_lane *lane, uint32_t first, uint32_t rows);
/** Makes the lane's gradients no longer than step.clip; nothing without it. */
void dsgd_engine_clip(struct dsgd_engine *engine, struct dsgd_lane *lane);
/** x = m x + update and so on, in working memory of the all turn; leaves an update without arrivals alone. */
void dsgd_engine_momentum(struct dsgd_engine *engine, struct dsgd_place *place, struct dsgd_update *update);

/* exchange.c */
/** Bytes of the sections that `rows` senders have filled, and what the receiver reads of them; what cannot be decoded fails the queue
 *  with DSGD_EMESSAGE. One wait: the lengths of all sets. message [rows]. */
void dsgd_engine_post(struct dsgd_engine *engine, struct dsgd_queue *queue, enum dsgd_way way, const struct dsgd_round *round,
                      struct dsgd_crossing *crossing, uint32_t first, uint32_t rows, const struct dsgd_weights *weights,
                      struct dsgd_message *message);
/** Makes, books and reads the bytes of one section of n elements of a row. */
void dsgd_engine_pass_bytes(struct dsgd_engine *engine, struct dsgd_queue *queue, enum dsgd_way way, const struct dsgd_round *round,
                            const struct dsgd_message_spec *spec, struct dsgd_crossing *crossing, int section, uint32_t row, size_t n, struct dsgd_message *message);
/* carry.c */
/** Whether sections travel without their bytes. */
bool dsgd_engine_carries(const struct dsgd_engine *engine);
void dsgd_engine_carry(struct dsgd_engine *engine, struct dsgd_queue *queue, enum dsgd_way way, const struct dsgd_round *round,
                       struct dsgd_crossing *crossing, uint32_t rows, const struct dsgd_weights *weights, struct dsgd_message *message);
/** Shows a message to the listener, if there is one, and books it. */
void dsgd_engine_book(struct dsgd_engine *engine, enum dsgd_way way, const struct dsgd_round *round, uint32_t worker, struct dsgd_message *message);
/** Frees the copies that were made for a listener; a message that was booked has none left, one of a round that failed may. */
void dsgd_engine_give_back(struct dsgd_message *message);

/** Thread-seconds of the three worker phases, summed over lanes. */
void dsgd_lane_seconds(const struct dsgd_engine *engine, double *gradient, double *encode, double *settle);

/* observer.c */
enum dsgd_status dsgd_observer_create(struct dsgd_engine *engine);
void dsgd_observer_destroy(struct dsgd_engine *engine);
/** Vectors that exist in encode alone are summed as they come, ascending: what the algorithm shows or, where nothing is
 *  compressed, the gradient. */
bool dsgd_observer_wants_vectors(const struct dsgd_engine *engine);
void dsgd_observer_vectors(struct dsgd_engine *engine, struct dsgd_lane *lane);
/** Before settle: mean of the vectors that entered the compressors. */
void dsgd_observer_input(struct dsgd_engine *engine);
/** After decode: compression error, recall, and the memories. */
void dsgd_observer_update(struct dsgd_engine *engine, const struct dsgd_update *update);

/* quantities.c */
/** The list; returns its length. */
int dsgd_engine_quantities(struct dsgd_engine *engine, struct dsgd_quantity quantity[DSGD_QUANTITIES_MAX]);
/** Takes the image from the engine, or gives it back after a restoration. */
void dsgd_engine_image(struct dsgd_engine *engine, bool restored);
enum dsgd_status dsgd_engine_tables_create(struct dsgd_engine *engine);
/** Evaluates and appends the row of the current step. */
enum dsgd_status dsgd_engine_row(struct dsgd_engine *engine);

/** Coordinates that an update has: d if dense. */
size_t dsgd_update_size(struct dsgd_engine *engine, const struct dsgd_update *update);

#endif
