/* engine.h - W workers and a parameter server in one process.
 *
 * The engine streams over workers in chunks of the thread count: gradient and encode in parallel, absorb in ascending
 * order, message released. It holds O(threads d) of its own; an algorithm's state is the algorithm's. All results are
 * the same bits for any number of threads, any logging density, and across snapshots.
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

/** A diverged run is a result: its last row is not finite. */
enum dsgd_run_status { DSGD_RUNNING, DSGD_COMPLETE, DSGD_DIVERGED };

/** Sees every message as it crosses the network, for tests and explanations; changes nothing. */
struct dsgd_tap {
    /** One message; `worker` is the sender of an up, DSGD_RNG_SERVER for a down. NULL: nobody listens. */
    void (*message)(void *context, uint32_t step, int exchange, bool up, uint32_t worker, const struct dsgd_message *message);
    void *context; /**< handed to `message` */
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
    struct dsgd_tap tap;                  /* message NULL: nobody listens */
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
/** w_t, and the iterate that is evaluated (the average, or w_t without averaging); [d], owned by the engine. */
const double *dsgd_engine_model(const struct dsgd_engine *engine);
const double *dsgd_engine_output(const struct dsgd_engine *engine);
/** How many different threads have encoded a message so far. */
int dsgd_engine_threads_used(const struct dsgd_engine *engine);
/** Seconds since step 0, over all resumptions, in rounds, and in evaluation and logging. */
void dsgd_engine_seconds(const struct dsgd_engine *engine, double *rounds, double *evaluation);

/** Whether algorithm, configuration and problem fit together: what dsgd_engine_create checks first, without allocating. */
enum dsgd_status dsgd_engine_check(const struct dsgd_engine_args *args);

/** Bytes that problem, engine and server will hold, and all workers' states, without allocating them. Within 20% of what
 *  is used at large d; the dataset is not included. */
enum dsgd_status dsgd_engine_memory(const struct dsgd_engine_args *args, size_t *engine_bytes, size_t *worker_bytes);

enum { DSGD_TABLES = 4 };
/** trace, ledger, oracle, time; owned by the engine. */
struct dsgd_table *dsgd_engine_table(struct dsgd_engine *engine, int which);

/** One persistent array of the run's state. Saved to and restored from a snapshot as a rows x cols dataset. */
struct dsgd_array {
    char name[64]; /* "worker/v", "server/buffer", "engine/x" */
    enum dsgd_field_type type;
    size_t rows, cols;
    void *data;
};
enum { DSGD_ARRAYS_MAX = 2 * DSGD_FIELDS_MAX + 8 };
/** Fills array[] and returns how many. After overwriting them (restore), call dsgd_engine_restored. */
int dsgd_engine_arrays(struct dsgd_engine *engine, struct dsgd_array array[DSGD_ARRAYS_MAX]);
enum dsgd_status dsgd_engine_restored(struct dsgd_engine *engine);

/** Worker w's state (tests: to start a run from another's state). */
struct dsgd_state *dsgd_engine_worker(struct dsgd_engine *engine, uint32_t w);

#endif
