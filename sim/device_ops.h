/* device_ops.h - the table of a device: its memory, and the operations of device.h and algorithm.h.
 *
 * The fronts (sim/ops_*.c) have checked lengths, shared results and the queue's state before an operation is called, and taken its
 * working memory. Names and meaning are those of device.h; `rows` of a handle's turn are r->rows. Nothing here returns data: what
 * reductions find stays on the device. For devices, sim/ and their tests; like inside.h.
 */
#ifndef DSGD_SIM_DEVICE_OPS_H
#define DSGD_SIM_DEVICE_OPS_H

#include "sim/inside.h"

/** An update of the model. */
struct dsgd_apply {
    bool sparse;
    const dsgd_set *at;      /* sparse */
    const dsgd_f32 *value;
    double shrink, scale;
    uint32_t step;
};

struct dsgd_device {
    const char *name;
    const char *title;      /* for lists */
    int look_every;         /* steps after which the host looks for divergence, outside rows; 1: looking is free */
    bool streams;           /* operations are only put on a stream: one host thread serves all queues, and a lane takes many rows */
    /** Whether these can be used: loads what is needed, looks at each. NULL: ordinal 0 alone, always. DSGD_EINPUT with a sentence. */
    enum dsgd_status (*open)(const int *ordinal, int count);
    /** Bytes that are free on one, 0 if that is not known. NULL: not known. */
    size_t (*free_bytes)(int ordinal);

    /* mem. alloc: 64-byte aligned and zeroed, bytes a multiple of 64 above 0; NULL when out of memory. read and write move bytes between
     * host and device memory, in the queue's order, and have ended when they return. move: from the memory of one queue's ordinal to
     * another's, after all work of `from_q` so far; whatever either queue does later comes after it. */
    void *(*alloc)(int ordinal, size_t bytes);
    void (*release)(void *memory);
    void (*read)(struct dsgd_queue *q, void *host, const void *from, size_t bytes);
    void (*write)(struct dsgd_queue *q, void *to, const void *host, size_t bytes);
    void (*move)(struct dsgd_queue *q, void *to, struct dsgd_queue *from_q, const void *from, size_t bytes);
    /* Around the work of a step that has one queue's ordinal to itself; its largest vectors have `elements` of all workers. What lies between
     * may set out together at the end, or before whatever waits. Both or neither; NULL: nothing gained. */
    void (*step_begin)(struct dsgd_queue *q, size_t elements);
    void (*step_end)(struct dsgd_queue *q);

    /* vec */
    void (*clear)(struct dsgd_rows *, dsgd_f32 *);
    void (*copy)(struct dsgd_rows *, const dsgd_f32 *, dsgd_f32 *);
    void (*copy_i32)(struct dsgd_rows *, const dsgd_i32 *, dsgd_i32 *);
    void (*subtract)(struct dsgd_rows *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *);
    void (*scale)(struct dsgd_rows *, double, const dsgd_f32 *, dsgd_f32 *);
    void (*add_scaled)(struct dsgd_rows *, float, const dsgd_f32 *, dsgd_f32 *);
    void (*scale_add)(struct dsgd_rows *, float, dsgd_f32 *, const dsgd_f32 *);
    void (*moving_average)(struct dsgd_rows *, float, dsgd_f32 *, const dsgd_f32 *);
    void (*momentum)(struct dsgd_rows *, float, float, const dsgd_f32 *, dsgd_f32 *, dsgd_f32 *);
    void (*nesterov)(struct dsgd_rows *, float, float, const dsgd_f32 *, dsgd_f32 *, dsgd_f32 *);
    void (*axpy)(struct dsgd_rows *, double, const dsgd_f64 *, dsgd_f32 *);
    void (*error_add)(struct dsgd_rows *, double, const dsgd_f32 *, dsgd_f64 *);
    void (*round)(struct dsgd_rows *, const dsgd_f64 *, dsgd_f32 *);
    void (*mean)(struct dsgd_rows *, double, const dsgd_f64 *, dsgd_f32 *);
    void (*where_positive)(struct dsgd_rows *, double, const dsgd_f64 *, const dsgd_f32 *, dsgd_f32 *);
    /* sparse */
    void (*gather)(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, dsgd_f32 *);
    void (*gather_f64)(struct dsgd_rows *, const dsgd_set *, const dsgd_f64 *, dsgd_f32 *);
    void (*scatter)(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, dsgd_f32 *);
    void (*scatter_subtract)(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, dsgd_f64 *);
    void (*scatter_clear)(struct dsgd_rows *, const dsgd_set *, dsgd_f32 *);
    void (*copy_set)(struct dsgd_rows *, const dsgd_set *, dsgd_set *);
    void (*subset)(struct dsgd_rows *, const dsgd_set *, const dsgd_set *, dsgd_set *);
    void (*intersect)(struct dsgd_rows *, const dsgd_set *, const dsgd_set *, dsgd_set *);
    void (*sparse_take)(struct dsgd_rows *, double, dsgd_f64 *, dsgd_i32 *, dsgd_set *, dsgd_f32 *);
    void (*pack)(struct dsgd_rows *, const struct dsgd_runs *, const dsgd_f32 *, dsgd_f32 *);
    void (*unpack)(struct dsgd_rows *, const struct dsgd_runs *, const dsgd_f32 *, dsgd_f32 *);
    void (*clear_runs)(struct dsgd_rows *, const struct dsgd_runs *, dsgd_f32 *);
    void (*unpack_places)(struct dsgd_rows *, const struct dsgd_runs *, dsgd_set *);
    void (*merge_runs)(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, const struct dsgd_runs *, const dsgd_f32 *, dsgd_set *, dsgd_f32 *);
    /* select; scratch: select_bytes for vectors of n elements and `rows` rows */
    size_t (*select_bytes)(size_t n, uint32_t rows);
    void (*select_topk)(struct dsgd_rows *, const dsgd_f32 *, size_t, dsgd_set *, void *scratch);
    void (*select_topk_sparse)(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, size_t, dsgd_set *, void *scratch);
    void (*select_at_least)(struct dsgd_rows *, const dsgd_f32 *, float, dsgd_set *, void *scratch);
    void (*select_heavymix)(struct dsgd_rows *, const dsgd_f32 *, const dsgd_f64 *, size_t, struct dsgd_rng_key, dsgd_set *, dsgd_set *heavy, void *scratch);
    void (*select_uniform)(struct dsgd_rows *, size_t, size_t, struct dsgd_rng_key, dsgd_set *, void *scratch);
    /* group */
    void (*group_max_abs)(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, dsgd_f32 *);
    void (*group_mean_abs)(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, dsgd_f32 *);
    void (*group_norm)(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, dsgd_f64 *);
    void (*group_std)(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, dsgd_f64 *);
    void (*group_clip)(struct dsgd_rows *, const struct dsgd_groups *, double, const dsgd_f64 *, const dsgd_f32 *, dsgd_f32 *);
    void (*group_shorten)(struct dsgd_rows *, const struct dsgd_groups *, double, const dsgd_f64 *, const dsgd_f32 *, dsgd_f32 *);
    void (*group_units)(struct dsgd_rows *, const struct dsgd_groups *, float, const dsgd_f32 *, const dsgd_i32 *, dsgd_f32 *);
    void (*group_signs)(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, const dsgd_signs *, dsgd_f32 *);
    /* sign */
    void (*sign_pack)(struct dsgd_rows *, const dsgd_f32 *, enum dsgd_zero, struct dsgd_rng_key, dsgd_signs *);
    void (*sign_pack_votes)(struct dsgd_rows *, const dsgd_votes *, enum dsgd_zero, struct dsgd_rng_key, dsgd_signs *);
    void (*sign_unpack)(struct dsgd_rows *, const dsgd_signs *, dsgd_f32 *);
    void (*sign_subtract)(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, enum dsgd_zero, dsgd_f32 *);
    /* ternary, levels */
    void (*ternarise)(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, const dsgd_f32 *, struct dsgd_rng_key, dsgd_ternary *);
    void (*quantise)(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, uint32_t, const dsgd_f32 *, struct dsgd_rng_key, dsgd_i32 *);
    void (*dequantise)(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, uint32_t, const dsgd_i32 *, dsgd_f32 *);
    /* sketch; sketch_bytes: of a dsgd_sketch's array. reseed: s->seed and s->step are set */
    size_t (*sketch_bytes)(enum dsgd_hash hash, size_t n, uint32_t rows, uint32_t cols);
    void (*sketch_reseed)(struct dsgd_rows *, dsgd_sketch *);
    size_t (*sketch_vector_bytes)(const dsgd_sketch *, uint32_t rows, int threads);
    void (*sketch_vector)(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, dsgd_f32 *, void *scratch);
    /* scratch: sketch_vector_bytes. NULL: the device has it as two operations */
    void (*sketch_momentum)(struct dsgd_rows *, const dsgd_sketch *, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v, dsgd_f32 *table,
                            void *scratch);
    void (*sketch_add_some)(struct dsgd_rows *, const dsgd_sketch *, float, const dsgd_set *, const dsgd_f32 *, dsgd_f32 *);
    void (*sketch_clear_some)(struct dsgd_rows *, const dsgd_sketch *, const dsgd_set *, dsgd_f32 *);
    void (*sketch_estimate)(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, dsgd_f32 *);
    void (*sketch_norm2)(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, dsgd_f64 *);
    size_t (*sketch_select_bytes)(const dsgd_sketch *, size_t k, int threads); /* scratch of the two that choose */
    void (*sketch_topk)(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, size_t, dsgd_set *, dsgd_f32 *, void *scratch);
    void (*sketch_heavymix)(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, const dsgd_f64 *, size_t, struct dsgd_rng_key, dsgd_set *,
                            dsgd_set *heavy, void *scratch);
    /* lowrank; scratch: lowrank_bytes for `rows` rows */
    size_t (*lowrank_bytes)(const struct dsgd_matrices *, uint32_t rows);
    void (*lowrank_times)(struct dsgd_rows *, const struct dsgd_matrices *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *, void *scratch);
    void (*lowrank_transposed_times)(struct dsgd_rows *, const struct dsgd_matrices *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *, void *scratch);
    void (*lowrank_orthonormalise)(struct dsgd_rows *, const struct dsgd_matrices *, dsgd_f32 *, void *scratch);
    void (*lowrank_product)(struct dsgd_rows *, const struct dsgd_matrices *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *);
    void (*lowrank_subtract)(struct dsgd_rows *, const struct dsgd_matrices *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *);
    void (*lowrank_fresh)(struct dsgd_rows *, const struct dsgd_matrices *, bool, struct dsgd_rng_key, dsgd_f32 *);
    /* host op: calls function for each row, whose struct is filled but for memory of this device */
    void (*host_op)(struct dsgd_rows *, dsgd_host_function *, const void *arguments, const struct dsgd_operand *, int operands);

    /* folds: `rows` rows of `a` in ascending order, afresh if `first`: 0 + a_0 + a_1 ... (max: a_0, ...) */
    void (*fold_sum)(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f64 *sum);
    void (*fold_max)(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f32 *most);
    /* votes_bytes: of a dsgd_votes' array, for counts up to `most`. fold_signs: on top of `before` messages, 0: afresh */
    size_t (*votes_bytes)(size_t n, uint32_t most);
    void (*fold_signs)(struct dsgd_queue *, uint32_t rows, const dsgd_signs *a, uint32_t before, dsgd_votes *votes);
    void (*fold_signs_scaled)(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_signs *a, const struct dsgd_groups *, const dsgd_f32 *scale, dsgd_f64 *sum);
    void (*fold_ternary)(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_ternary *a, dsgd_i32 *sum);
    void (*fold_ternary_scaled)(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_ternary *a, const struct dsgd_groups *, const dsgd_f32 *scale, dsgd_f64 *sum);
    void (*fold_levels_scaled)(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_i32 *a, const struct dsgd_groups *, const dsgd_f32 *norm, uint32_t m, dsgd_f64 *sum);
    void (*fold_sparse)(struct dsgd_queue *, uint32_t rows, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *sum, dsgd_i32 *seen);

    /* codec: one row to bytes and back, bytes in device memory with room for dsgd_wire_bytes_max. encode returns the length (0 with the queue
     * failed where no decoder would accept the content). A decoder accepts exactly what the encoder writes; *wrong is what it is not,
     * in the words after "n elements are", or NULL. decode sets a set's length. encoding: of the section, for listeners. */
    size_t (*encode)(struct dsgd_queue *, const struct dsgd_wire *wire, const struct dsgd_array *a, size_t row, size_t n, uint32_t participants, void *bytes);
    const char *(*decode)(struct dsgd_queue *, const struct dsgd_wire *wire, const void *bytes, size_t length, size_t n, uint32_t participants, const struct dsgd_array *a, size_t row);

    /* optional, for devices where bytes are not made unless somebody looks at them (sim/carry.c); both or neither. weigh: of each row of a set
     * below `limit` two uint64_t on the device, its length and the sum of (gap >> r) of sim/kernel/rice.h, 0 where it is not needed (an
     * empty set, a full one). round_values: out = what a receiver reads of `values` (enum dsgd_values), in the first `most` elements. */
    void (*weigh)(struct dsgd_queue *, uint32_t rows, const dsgd_set *set, size_t limit, void *out /*[rows][2]*/);
    void (*round_values)(struct dsgd_queue *, uint32_t rows, const dsgd_f32 *v, int values, dsgd_f32 *out);

    /* model. *diverged (uint32_t on the device) = step + 1 where a value of the replica was not finite for the first time; once it is not 0,
     * apply and average do nothing. sparse: first x = (1 - shrink) x everywhere if shrink is not 0. */
    void (*apply)(struct dsgd_queue *, const struct dsgd_apply *update, dsgd_f64 *x, dsgd_f32 *replica, void *diverged);
    void (*average)(struct dsgd_queue *, double weight, const dsgd_f64 *x, dsgd_f64 *mean, const void *diverged); /* mean += weight (x - mean) */
    void (*replicate)(struct dsgd_queue *, const dsgd_f64 *x, dsgd_f32 *replica); /* replica = (float)x */

    /* probe: for the observer. v is F32 or F64, `rows` rows, ascending; norm2 [rows] or NULL gets each row's squared norm, scratch none */
    void (*probe_add)(struct dsgd_queue *, const struct dsgd_handle *v, uint32_t rows, bool first, double divisor, dsgd_f64 *sum, dsgd_f64 *norm2); /* sum += v / divisor */
    void (*probe_divide)(struct dsgd_queue *, double divisor, dsgd_f64 *v);
    void (*probe_norm2)(struct dsgd_queue *, const dsgd_f64 *v, dsgd_f64 *out /*[1]*/);
    /** out = p - gain * update (dense: at NULL). */
    void (*probe_error)(struct dsgd_queue *, const dsgd_f64 *p, double gain, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *out);
    /** out[0] = share of the set's coordinates among its many largest |p|; NaN for an empty set. scratch: probe_bytes(d). */
    size_t (*probe_bytes)(size_t d);
    void (*probe_recall)(struct dsgd_queue *, const dsgd_f64 *p, const dsgd_set *at, dsgd_f64 *out /*[1]*/, void *scratch);
};

/** The devices of this machine's processors for the instruction set that runs: 0 cpu, 1 guard; NULL beyond. */
const struct dsgd_device *dsgd_device_at(int which);

enum { DSGD_PLACES_MAX = 16 };
/** What a configuration's `backend` names: a kind of device, and which of them, in the order of the workers' shares. */
struct dsgd_places {
    const struct dsgd_device *device;
    int count, ordinal[DSGD_PLACES_MAX];
};
/** "cpu", "guard", "cuda", "cuda:1", "cuda:0,1". DSGD_EINPUT with a sentence; nothing is opened. */
enum dsgd_status dsgd_places_named(const char *backend, struct dsgd_places *out);
/** Whether these places can be used: opens the devices. DSGD_EINPUT with a sentence that begins with "backend = ". */
enum dsgd_status dsgd_places_open(const struct dsgd_places *places);

/** CUDA's table: operations without a kernel are staged. Usable once its `open` has succeeded. Made by the first call, in one thread. */
const struct dsgd_device *dsgd_device_cuda(void);
/** Enters for every operation one that copies to the host, computes there as the CPU does, and copies back (sim/staged). */
void dsgd_staged_enter(struct dsgd_device *device);

#endif
