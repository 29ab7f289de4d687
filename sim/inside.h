/* inside.h - what handles, turns, queues, declarations and devices are made of.
 *
 * For sim/ and the folders that hold code of a device (sim/cpu, sim/guard, convex/cpu and their like for other devices);
 * nobody else includes it (tests/dependencies.sh). A handle names `rows` rows of device memory. `at` is an address on the device,
 * void so that sim/ cannot read through it; the folders of devices cast it in one place each.
 */
#ifndef DSGD_SIM_INSIDE_H
#define DSGD_SIM_INSIDE_H

#include "sim/algorithm.h"
#include "sim/array.h"

struct dsgd_f32 { struct dsgd_array array; };
struct dsgd_f64 { struct dsgd_array array; };
struct dsgd_i32 { struct dsgd_array array; };
struct dsgd_set { struct dsgd_array array; };
struct dsgd_signs { struct dsgd_array array; };   /* a plane of ceil(n/8) bytes: bit i % 8 of byte i / 8; bits past n are 0 */
struct dsgd_ternary { struct dsgd_array array; }; /* two such planes, one directly behind the other */
struct dsgd_votes {
    struct dsgd_array array; /* `count` bytes of the device's own making */
    size_t n;
    uint32_t most, counted;  /* messages: that there is room for, that were counted in this round */
};
struct dsgd_sketch {
    struct dsgd_array array; /* `count` bytes of the device's own making */
    size_t n;
    uint32_t rows, cols;
    enum dsgd_hash hash;
    bool seeded;
    uint32_t seed, step;
};

/** A handle of any type. */
struct dsgd_handle {
    enum dsgd_type type;
    bool used, touched; /* declared; asked for by encode or finish */
    union {
        struct dsgd_array array; /* of all types */
        struct dsgd_f32 f32;
        struct dsgd_f64 f64;
        struct dsgd_i32 i32;
        struct dsgd_set set;
        struct dsgd_signs signs;
        struct dsgd_ternary ternary;
        struct dsgd_votes votes;
        struct dsgd_sketch sketch;
    } as;
};

/* ---- ways to divide the coordinates, as struct dsgd_groups and struct dsgd_runs (sim/array.h) ---- */

struct dsgd_matrix { size_t offset, count, rows, cols, p, q; }; /* p, q: places of its P and Q */
struct dsgd_matrices { size_t n, rank, p, q, rows_max, cols_max; struct dsgd_matrix *matrix; };
enum { DSGD_SHAPES_MAX = 8 };
struct dsgd_shapes {
    struct dsgd_groups groups[DSGD_SHAPES_MAX];
    struct dsgd_runs runs[DSGD_SHAPES_MAX];
    struct dsgd_matrices matrices[DSGD_SHAPES_MAX];
    int used_groups, used_runs, used_matrices;
    bool failed;
};
size_t dsgd_shapes_bytes(const struct dsgd_shapes *shapes);
void dsgd_shapes_free(struct dsgd_shapes *shapes);

/* ---- declaration ---- */

struct dsgd_field_spec {
    const char *name; /* NULL: no such field */
    enum dsgd_type type;
    size_t n;
    enum dsgd_life life;
    uint32_t rows, cols; /* hashes */
    uint32_t most;       /* votes */
    enum dsgd_hash hash;
};
struct dsgd_wire {
    enum dsgd_kind kind;
    enum dsgd_type type;
    int code; /* enum dsgd_values, dsgd_indices, dsgd_ternaries or dsgd_levels */
    struct dsgd_length length;
    size_t most, limit;
    uint32_t m; /* levels; DSGD_PARTICIPANTS */
};
struct dsgd_message_spec { int sections; struct dsgd_wire section[DSGD_SECTIONS_MAX]; };
enum { DSGD_PARTIES = 3, DSGD_WAYS = 2 };
struct dsgd_declaration {
    struct dsgd_field_spec field[DSGD_PARTIES][DSGD_FIELDS_MAX];
    struct dsgd_message_spec message[DSGD_WAYS][DSGD_EXCHANGES_MAX];
    const struct dsgd_field_spec *heavy; /* one of the server's, or NULL */
    const char *wrong; /* a call that cannot be; NULL if there was none */
};
/** Elements of the section in this round; of data-dependent ones the most. */
size_t dsgd_wire_count(const struct dsgd_message_spec *message, int section, const struct dsgd_round *round);
/** The most bytes that n elements take. */
size_t dsgd_wire_bytes_max(const struct dsgd_wire *wire, size_t n, uint32_t participants); /* with room to work */
size_t dsgd_wire_bytes_sent(const struct dsgd_wire *wire, size_t n, uint32_t participants);

/* ---- queue and turn ---- */

/** One in-order line of work: a thread's turn on the CPU, a stream on a GPU. */
struct dsgd_queue {
    const struct dsgd_device *device;
    int ordinal;              /* which of the device's kind: its number among the machine's, as in "cuda:1" */
    int threads;              /* that an operation may use; results do not depend on it */
    bool measuring;           /* operations check lengths and do nothing */
    struct dsgd_heard *heard; /* names of operations (sim/engine.h); NULL: nobody listens */
    enum dsgd_status failed;  /* sticky */
    char text[DSGD_MESSAGE_MAX];
    void *scratch;            /* device memory */
    size_t reserved, used, most;
};
void dsgd_queue_fail(struct dsgd_queue *q, enum dsgd_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/** `bytes` of the queue's scratch, 64-byte aligned; give back by restoring q->used. NULL while measuring, or with a failure. */
void *dsgd_queue_take(struct dsgd_queue *q, size_t bytes);

enum { DSGD_TAKES_MAX = 16 };
struct dsgd_rows {
    struct dsgd_queue *queue;
    uint32_t rows, first, step; /* row i is worker first + i; DSGD_RNG_SERVER for server and all */
    struct dsgd_handle field[DSGD_FIELDS_MAX], send[DSGD_SECTIONS_MAX];
    struct dsgd_handle *all;                       /* [DSGD_FIELDS_MAX] */
    struct dsgd_handle (*down)[DSGD_SECTIONS_MAX]; /* [DSGD_EXCHANGES_MAX], stride 0 */
    struct dsgd_handle *shown;                     /* F32 [d]: where dsgd_show copies to; NULL: nobody looks */
    bool may_seed;
    struct dsgd_handle taken[DSGD_TAKES_MAX], none;
    int takes;
};
struct dsgd_arrivals {
    const struct dsgd_handle *section; /* [DSGD_SECTIONS_MAX] of `rows` workers */
    uint32_t rows;
    bool first;
};
/** Forgets the scratch of the turn before. */
void dsgd_turn_begin(struct dsgd_rows *r);
/** The worker of a row, for draws. */
static inline uint32_t dsgd_row_worker(const struct dsgd_rows *r, uint32_t row)
{
    return r->first == DSGD_RNG_SERVER ? DSGD_RNG_SERVER : r->first + row;
}
/** Bytes of `rows` rows, and an array over such memory (NULL: none). Rows are 64-byte aligned. */
size_t dsgd_array_bytes(enum dsgd_type type, size_t n, size_t rows);
size_t dsgd_array_row_bytes(enum dsgd_type type, size_t n);
struct dsgd_array dsgd_array_at(enum dsgd_type type, size_t n, size_t rows, void *memory);
/** Its rows from `first` on, and all rows the first one. */
struct dsgd_array dsgd_array_rows(enum dsgd_type type, const struct dsgd_array *array, size_t first);
struct dsgd_array dsgd_array_shared(const struct dsgd_array *array);

#endif
