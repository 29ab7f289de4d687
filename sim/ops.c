/* ops.c - checks that the fronts of all operations share. Interface: ops.h. */
#include "sim/ops.h"

#include <string.h>

#include "sim/engine.h"

void dsgd_op_heard(struct dsgd_queue *q, const char *op)
{
    struct dsgd_heard *heard = q->heard;
    if (!heard || heard->count == DSGD_HEARD_MAX) { return; }
    for (int j = 0; j < heard->count; ++j) {
        if (heard->op[j] == op || strcmp(heard->op[j], op) == 0) { return; }
    }
    heard->op[heard->count++] = op;
}

bool dsgd_op_ready(struct dsgd_rows *r, const char *op, bool fits, const struct dsgd_array *out)
{
    if (r->queue->heard) { dsgd_op_heard(r->queue, op); }
    if (!fits) {
        dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "%s: vectors of different lengths", op);
    } else if (r->rows > 1 && out->stride == 0 && out->count > 0) {
        dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "%s: the result would lie in a vector that workers share", op);
    }
    return r->queue->failed == DSGD_OK && !r->queue->measuring;
}

struct dsgd_op_scratch dsgd_op_take(struct dsgd_rows *r, size_t bytes)
{
    const size_t used = r->queue->used;
    return (struct dsgd_op_scratch){dsgd_queue_take(r->queue, bytes), used};
}

void dsgd_op_return(struct dsgd_rows *r, struct dsgd_op_scratch scratch)
{
    r->queue->used = scratch.used;
}

const struct dsgd_handle *dsgd_op_arrived(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, enum dsgd_type type)
{
    if (up && section >= 0 && section < DSGD_SECTIONS_MAX && up->section[section].used && up->section[section].type == type) {
        return &up->section[section];
    }
    dsgd_queue_fail(s->queue, DSGD_EINTERNAL, "section %d is not declared, of another type, or has not arrived in this turn", section);
    return &s->none;
}
