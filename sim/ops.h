/* ops.h - what the fronts of all operations check (sim/ops_*.c): lengths, shared results, the state of the queue.
 *
 * A front is "if ready, the device works": nothing happens on a queue that has failed or that only measures, and a result never lies
 * in a vector that rows share. A wrong call is a fault of the program: DSGD_EINTERNAL, with the operation's name.
 */
#ifndef DSGD_SIM_OPS_H
#define DSGD_SIM_OPS_H

#include "sim/device_ops.h"

/** Notes the name, once, for who listens. */
void dsgd_op_heard(struct dsgd_queue *q, const char *op);
/** Whether the device is to work. `fits`: the lengths agree; out: what is written. */
bool dsgd_op_ready(struct dsgd_rows *r, const char *op, bool fits, const struct dsgd_array *out);

/** Working memory of one operation: also reserves it while measuring. Give back with dsgd_op_return(r, used). */
struct dsgd_op_scratch { void *at; size_t used; };
struct dsgd_op_scratch dsgd_op_take(struct dsgd_rows *r, size_t bytes);
void dsgd_op_return(struct dsgd_rows *r, struct dsgd_op_scratch scratch);

/** The arrived section, or a handle of no elements with the queue failed where there is none of this type. */
const struct dsgd_handle *dsgd_op_arrived(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, enum dsgd_type type);

static inline bool dsgd_op_same(const struct dsgd_array *a, const struct dsgd_array *b)
{
    return a->count == b->count;
}

static inline const struct dsgd_device *dsgd_op_device(const struct dsgd_rows *r)
{
    return r->queue->device;
}

/** Whether the groups cover a vector. */
static inline bool dsgd_op_covers(const struct dsgd_groups *g, const struct dsgd_array *v)
{
    return g->count > 0 && g->start[g->count] == v->count;
}

#endif
