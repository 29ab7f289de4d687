/* engine.h - W workers and a parameter server in one process.
 *
 * The engine streams over workers in blocks of a few, one block per thread: gradient and encode in parallel, absorb in ascending
 * order, messages released. It holds O(threads rows d) of its own; an algorithm's state is the algorithm's. All results are the
 * same bits for any number of threads, workers per block, device, any logging density, and across snapshots.
 */
#ifndef DSGD_SIM_ENGINE_H
#define DSGD_SIM_ENGINE_H

#include "sim/algorithm.h"
#include "sim/problem.h"
#include "sim/run_config.h"
#include "sim/schedule.h"
#include "sim/table.h"
#include "sim/transport.h"

struct dsgd_engine; /* opaque */
struct dsgd_device;

/** A diverged run is a result: its last row is not finite. */
enum dsgd_run_status { DSGD_RUNNING, DSGD_COMPLETE, DSGD_DIVERGED };

/** One update as it was applied, on host memory. */
struct dsgd_seen_update {
    double scale, shrink;
    size_t n;              /* d if dense; 0: nothing arrived in this step */
    const uint32_t *index; /* [n], or NULL if dense */
    const float *value;    /* [n] */
};

/** Sees what crosses the network, for tests and explanations. Members that are NULL: nobody listens. Listening changes nothing. */
struct dsgd_tap {
    /** One message, in ascending order of workers; `worker` is the sender of an up, DSGD_RNG_SERVER for a down. */
    void (*message)(void *context, uint32_t step, int exchange, bool up, uint32_t worker, const struct dsgd_message *message);
    /** The update of a round, before the server's momentum. */
    void (*update)(void *context, uint32_t step, const struct dsgd_seen_update *update);
    /** In observed rounds, for algorithms with a view: what entered a worker's compressor, and after settle (`kept`) what it holds back. */
    void (*view)(void *context, uint32_t step, uint32_t worker, bool kept, const double *v /*[d]*/);
    /** Tests of the decoders: the bytes of a section (number as declared; -1: the header in front of section `at`) on their way, which may
     *  be changed, also in length up to `room`. Called by the sender's thread: several at once if there are several threads. */
    void (*change)(void *context, uint32_t step, int exchange, bool up, uint32_t worker, int section, void *bytes, size_t *length, size_t room);
    void *context; /**< handed to all of them */
};

/** Names of the operations that an algorithm calls, each once, as measured rounds hear them. */
enum { DSGD_HEARD_MAX = 96 };
struct dsgd_heard {
    int count;
    const char *op[DSGD_HEARD_MAX];
};

/** What a run is made of. */
struct dsgd_engine_args {
    const struct dsgd_run_config *config; /* all pointers outlive the engine */
    const struct dsgd_problem_ops *problem;
    const void *problem_self;
    const struct dsgd_algorithm *algorithm;
    const void *algorithm_config;
    struct dsgd_constants constants;      /* NaN where unknown */
    double f_star;                        /* NaN if unknown: then no column `gap` */
    int threads;                          /* >= 1 */
    uint32_t rows;                        /* workers per block, no part of the results; 0: as the engine likes */
    size_t lane_work;                     /* visits of coordinates that are worth a thread, for tests; 0: as measured (engine.c) */
    const struct dsgd_device *device;     /* NULL: config->backend */
    int places;                           /* how many of `device`, from number 0 on, for tests; 0: one */
    struct dsgd_tap tap;
    struct dsgd_heard *heard;             /* fills while the engine is created; NULL: nobody listens */
};

/** Checks the configuration and allocates. DSGD_EINPUT with a sentence, DSGD_ENOMEM. Caller: dsgd_engine_destroy. */
enum dsgd_status dsgd_engine_create(const struct dsgd_engine_args *args, struct dsgd_engine **out);
void dsgd_engine_destroy(struct dsgd_engine *engine); /* accepts NULL and half-built ones */

/** Writes the row of the current step if it is due (row 0 before the first step), then runs one round if the run goes on.
 *  Divergence ends the run with a row and DSGD_OK. */
enum dsgd_status dsgd_engine_step(struct dsgd_engine *engine);

/** Where the run stands. Pointers are owned by the engine. */
enum dsgd_run_status dsgd_engine_status(const struct dsgd_engine *engine);
int64_t dsgd_engine_steps_done(const struct dsgd_engine *engine);
const struct dsgd_schedule *dsgd_engine_schedule(const struct dsgd_engine *engine);
const struct dsgd_ledger *dsgd_engine_ledger(const struct dsgd_engine *engine);
size_t dsgd_engine_d(const struct dsgd_engine *engine);
/** w_t, and the iterate that is evaluated (the average, or w_t without averaging); [d], host memory owned by the engine, good until
 *  the next step: a call copies them from the device. */
const double *dsgd_engine_model(const struct dsgd_engine *engine);
const double *dsgd_engine_output(const struct dsgd_engine *engine);
/** Whether CUDA computes this operation itself; else it is staged through the host. No device and no library are needed to ask. */
bool dsgd_engine_native(const char *op);
/** The family of hashes that the algorithm's sketch has: "textbook", "block"; "none" without a sketch. */
const char *dsgd_engine_hashes(const struct dsgd_engine *engine);
/** dsgd_clock at the end of the last round: for whoever looks at the time after every one. */
double dsgd_engine_clock(const struct dsgd_engine *engine);
/** How many different threads have encoded a message so far. */
int dsgd_engine_threads_used(const struct dsgd_engine *engine);
/** Seconds since step 0, over all resumptions, in rounds, and in evaluation and logging. */
void dsgd_engine_seconds(const struct dsgd_engine *engine, double *rounds, double *evaluation);

/** Whether algorithm, configuration and problem fit together: what dsgd_engine_create checks first, without allocating. */
enum dsgd_status dsgd_engine_check(const struct dsgd_engine_args *args);
/** The algorithm's hint at a setting that is allowed and could be better; "" if it has none. For a setting that dsgd_engine_check accepts. */
void dsgd_engine_hint(const struct dsgd_engine_args *args, char *text, size_t size);

/** Bytes that problem, engine and server will hold, and all workers' states, without allocating them. Within 20% of what
 *  is used at large d; the dataset is not included. */
enum dsgd_status dsgd_engine_memory(const struct dsgd_engine_args *args, size_t *engine_bytes, size_t *worker_bytes);

enum { DSGD_DEVICES_MAX = 16 };
/** What a run holds on one of its devices. */
struct dsgd_device_share {
    char device[24]; /* "cpu", "cuda:1" */
    uint32_t workers;
    size_t bytes;
};
/** The same by device; *count of them. */
enum dsgd_status dsgd_engine_shares(const struct dsgd_engine_args *args, struct dsgd_device_share share[DSGD_DEVICES_MAX], int *count);

/** What dsgd_engine_create would refuse, without memory for the run. */
enum dsgd_status dsgd_engine_possible(const struct dsgd_engine_args *args);

/** What dsgd_engine_hashes would say, without memory for the run. */
enum dsgd_status dsgd_engine_hashes_of(const struct dsgd_engine_args *args, const char **family);

/** The ledger of the first steps (up to 65536) if every message were as long as its declaration allows: exact for codes of fixed length, an
 *  upper bound where lengths depend on data. Without memory for any of it. */
enum dsgd_status dsgd_engine_most(const struct dsgd_engine_args *args, struct dsgd_ledger *most);

enum { DSGD_TABLES = 4 };
/** trace, ledger, oracle, time; owned by the engine. */
struct dsgd_table *dsgd_engine_table(struct dsgd_engine *engine, int which);

/** One persistent array of the run's state, in a snapshot a rows x cols dataset: "worker/v", "server/buffer", "engine/x". */
enum dsgd_saved_type { DSGD_SAVED_F32, DSGD_SAVED_F64, DSGD_SAVED_U64 };
struct dsgd_saved {
    char name[48];
    enum dsgd_saved_type type;
    size_t rows, cols; /* rows: workers, else 1 */
};
enum { DSGD_SAVED_MAX = 2 * DSGD_FIELDS_MAX + 72 };
/** Fills saved[] and returns how many. */
int dsgd_engine_saved(struct dsgd_engine *engine, struct dsgd_saved saved[DSGD_SAVED_MAX]);
/** Row `row` of an array of this name and shape, to and from host memory [cols]. DSGD_EINTERNAL if there is none. After all arrays have
 *  been overwritten (restore), call dsgd_engine_restored. */
enum dsgd_status dsgd_engine_saved_get(struct dsgd_engine *engine, const struct dsgd_saved *saved, size_t row, void *out);
enum dsgd_status dsgd_engine_saved_put(struct dsgd_engine *engine, const struct dsgd_saved *saved, size_t row, const void *in);
enum dsgd_status dsgd_engine_restored(struct dsgd_engine *engine);
/** Row `row` of an array of floats or doubles, as doubles [cols]. */
enum dsgd_status dsgd_engine_saved_real(struct dsgd_engine *engine, const struct dsgd_saved *saved, size_t row, double *out);
/** Row `row` of the array `name` as doubles [cols]. DSGD_EINTERNAL if there is none, or it holds integers. */
enum dsgd_status dsgd_engine_read(struct dsgd_engine *engine, const char *name, size_t row, double *out);

#endif
