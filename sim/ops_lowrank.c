/* ops_lowrank.c - fronts of the products with few columns (sim/device.h, lowrank). Working memory is taken also while it is measured. */
#include "sim/ops.h"

static bool is_p(const struct dsgd_matrices *m, const dsgd_f32 *p) { return p->array.count == m->p; }
static bool is_q(const struct dsgd_matrices *m, const dsgd_f32 *q) { return q->array.count == m->q; }

/* All matrices lie in v. */
static bool holds(const struct dsgd_matrices *m, const dsgd_f32 *v)
{
    const struct dsgd_matrix *last = m->n > 0 ? &m->matrix[m->n - 1] : NULL;
    return !last || last->offset + last->count <= v->array.count;
}

void dsgd_lowrank_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *q, dsgd_f32 *p)
{
    const struct dsgd_op_scratch scratch = dsgd_op_take(r, dsgd_op_device(r)->lowrank_bytes(m, r->rows));
    if (dsgd_op_ready(r, "lowrank_times", holds(m, v) && is_q(m, q) && is_p(m, p), &p->array)) {
        dsgd_op_device(r)->lowrank_times(r, m, v, q, p, scratch.at);
    }
    dsgd_op_return(r, scratch);
}

void dsgd_lowrank_transposed_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *p, dsgd_f32 *q)
{
    const struct dsgd_op_scratch scratch = dsgd_op_take(r, dsgd_op_device(r)->lowrank_bytes(m, r->rows));
    if (dsgd_op_ready(r, "lowrank_transposed_times", holds(m, v) && is_q(m, q) && is_p(m, p), &q->array)) {
        dsgd_op_device(r)->lowrank_transposed_times(r, m, v, p, q, scratch.at);
    }
    dsgd_op_return(r, scratch);
}

void dsgd_lowrank_orthonormalise(struct dsgd_rows *r, const struct dsgd_matrices *m, dsgd_f32 *p)
{
    const struct dsgd_op_scratch scratch = dsgd_op_take(r, dsgd_op_device(r)->lowrank_bytes(m, r->rows));
    if (dsgd_op_ready(r, "lowrank_orthonormalise", is_p(m, p), &p->array)) { dsgd_op_device(r)->lowrank_orthonormalise(r, m, p, scratch.at); }
    dsgd_op_return(r, scratch);
}

void dsgd_lowrank_product(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v)
{
    if (dsgd_op_ready(r, "lowrank_product", holds(m, v) && is_q(m, q) && is_p(m, p), &v->array)) { dsgd_op_device(r)->lowrank_product(r, m, p, q, v); }
}

void dsgd_lowrank_subtract(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v)
{
    if (dsgd_op_ready(r, "lowrank_subtract", holds(m, v) && is_q(m, q) && is_p(m, p), &v->array)) { dsgd_op_device(r)->lowrank_subtract(r, m, p, q, v); }
}

void dsgd_lowrank_fresh(struct dsgd_rows *r, const struct dsgd_matrices *m, bool all, struct dsgd_rng_key key, dsgd_f32 *q)
{
    if (dsgd_op_ready(r, "lowrank_fresh", is_q(m, q), &q->array)) { dsgd_op_device(r)->lowrank_fresh(r, m, all, key, q); }
}
