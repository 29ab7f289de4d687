/* staged.h - an operation on copies in host memory: what a device does that lacks it.
 *
 * Arguments are copied to the host with the device's own read, the CPU computes, and what was written is copied back. So a device is complete
 * with its memory alone, and correct before it is fast. Vectors that are the same on the device are the same on the host, since a result
 * may lie in an argument. Hash functions are made anew from their seed each time. They and votes are of a device's own making: their
 * operations are all staged, or none.
 */
#ifndef DSGD_SIM_STAGED_STAGED_H
#define DSGD_SIM_STAGED_STAGED_H

#include "sim/device_ops.h"

enum { STAGED_MAX = 10 };

struct staged {
    const struct dsgd_device *cpu;
    struct dsgd_queue *outer; /* the device's */
    struct dsgd_queue queue;  /* the CPU's */
    struct dsgd_rows turn;
    struct staged_one {
        const struct dsgd_array *outer;
        enum dsgd_type type;
        enum dsgd_access access;
        uint32_t rows;
        struct dsgd_handle host;
    } one[STAGED_MAX];
    int used;
    void *room;
};

/** Begins with the rows of a turn, or with a queue alone. */
void staged_turn(struct staged *s, const struct dsgd_rows *r);
void staged_queue(struct staged *s, struct dsgd_queue *q);
/** The host's copy of an argument of `rows` rows; DSGD_WRITE: it is not read, and all of it will be written. Failures stick to the queue. */
struct dsgd_handle *staged_handle(struct staged *s, enum dsgd_type type, const struct dsgd_array *array, uint32_t rows, enum dsgd_access access);
dsgd_f32 *staged_f32(struct staged *s, const dsgd_f32 *v, uint32_t rows, enum dsgd_access access);
dsgd_f64 *staged_f64(struct staged *s, const dsgd_f64 *v, uint32_t rows, enum dsgd_access access);
dsgd_i32 *staged_i32(struct staged *s, const dsgd_i32 *v, uint32_t rows, enum dsgd_access access);
dsgd_set *staged_set(struct staged *s, const dsgd_set *v, uint32_t rows, enum dsgd_access access);
dsgd_signs *staged_signs(struct staged *s, const dsgd_signs *v, uint32_t rows, enum dsgd_access access);
dsgd_ternary *staged_ternary(struct staged *s, const dsgd_ternary *v, uint32_t rows, enum dsgd_access access);
dsgd_votes *staged_votes(struct staged *s, const dsgd_votes *v, uint32_t rows, enum dsgd_access access);
/** The hash functions, made anew from their seed: what the CPU keeps of them holds addresses and cannot travel. */
dsgd_sketch *staged_sketch(struct staged *s, const dsgd_sketch *v);
/** Working memory on the host; one piece. */
void *staged_room(struct staged *s, size_t bytes);
/** Whether the CPU is to work: nothing has failed so far. */
static inline bool staged_ready(const struct staged *s) { return s->outer->failed == DSGD_OK; }
/** Copies back what was written, hands a failure on, frees the copies. */
void staged_end(struct staged *s);

/* Each file's entries. */
void staged_enter_vec(struct dsgd_device *d);
void staged_enter_group(struct dsgd_device *d);
void staged_enter_sparse(struct dsgd_device *d);
void staged_enter_sketch(struct dsgd_device *d);
void staged_enter_fold(struct dsgd_device *d);
void staged_enter_model(struct dsgd_device *d);

#endif
