/* ops_sketch.c - fronts of Count Sketches (sim/device.h, sketch). */
#include "sim/ops.h"

void dsgd_sketch_reseed(struct dsgd_rows *all, dsgd_sketch *s, uint32_t seed, enum dsgd_fresh fresh)
{
    const uint32_t step = fresh == DSGD_EACH_STEP ? all->step : 0;
    if (!dsgd_op_ready(all, "sketch_reseed", all->may_seed, &s->array) || (s->seeded && s->seed == seed && s->step == step)) { return; }
    s->seeded = true;
    s->seed = seed;
    s->step = step;
    dsgd_op_device(all)->sketch_reseed(all, s);
}

/* Hashes that nobody seeded are rubbish in memory: a round must seed them in `prepare`. */
static bool ready(struct dsgd_rows *r, const char *op, const dsgd_sketch *s, bool fits, const dsgd_f32 *table, const struct dsgd_array *out)
{
    if (!dsgd_op_ready(r, op, fits && table->array.count == (size_t)s->rows * s->cols, out)) { return false; }
    if (!s->seeded) { dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "%s: hashes without a seed; expected dsgd_sketch_reseed in prepare", op); }
    return s->seeded;
}

void dsgd_sketch_vector(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *v, dsgd_f32 *table)
{
    const struct dsgd_op_scratch scratch = dsgd_op_take(r, dsgd_op_device(r)->sketch_vector_bytes(s, r->rows, r->queue->threads));
    if (ready(r, "sketch_vector", s, v->array.count == s->n, table, &table->array)) {
        if (v->array.at == table->array.at) { /* a table is cleared before it is filled */
            dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "sketch_vector: the table would lie in the vector itself");
        } else {
            dsgd_op_device(r)->sketch_vector(r, s, v, table, scratch.at);
        }
    }
    dsgd_op_return(r, scratch);
}

void dsgd_sketch_momentum(struct dsgd_rows *r, const dsgd_sketch *s, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v, dsgd_f32 *table)
{
    if (!dsgd_op_device(r)->sketch_momentum) {
        dsgd_momentum(r, m, eta, g, u, v);
        dsgd_sketch_vector(r, s, v, table);
        return;
    }
    const bool fits = dsgd_op_same(&g->array, &u->array) && dsgd_op_same(&g->array, &v->array) && v->array.count == s->n;
    const struct dsgd_op_scratch scratch = dsgd_op_take(r, dsgd_op_device(r)->sketch_vector_bytes(s, r->rows, r->queue->threads));
    /* under the names of the two: who lists what an algorithm calls knows them on every device */
    if (ready(r, "momentum", s, fits, table, &u->array) && ready(r, "momentum", s, fits, table, &v->array) &&
        ready(r, "sketch_vector", s, fits, table, &table->array)) {
        if (table->array.at == g->array.at || table->array.at == u->array.at || table->array.at == v->array.at) {
            dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "sketch_momentum: the table would lie in a vector");
        } else {
            dsgd_op_device(r)->sketch_momentum(r, s, m, eta, g, u, v, table, scratch.at);
        }
    }
    dsgd_op_return(r, scratch);
}

void dsgd_sketch_add_some(struct dsgd_rows *r, const dsgd_sketch *s, float factor, const dsgd_set *at, const dsgd_f32 *value, dsgd_f32 *table)
{
    if (ready(r, "sketch_add_some", s, at->array.count <= value->array.count, table, &table->array)) {
        dsgd_op_device(r)->sketch_add_some(r, s, factor, at, value, table);
    }
}

void dsgd_sketch_clear_some(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_set *at, dsgd_f32 *table)
{
    if (ready(r, "sketch_clear_some", s, true, table, &table->array)) { dsgd_op_device(r)->sketch_clear_some(r, s, at, table); }
}

void dsgd_sketch_estimate(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f32 *out)
{
    if (ready(r, "sketch_estimate", s, out->array.count == s->n, table, &out->array)) {
        dsgd_op_device(r)->sketch_estimate(r, s, table, out);
    }
}

void dsgd_sketch_norm2(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f64 *out)
{
    if (ready(r, "sketch_norm2", s, out->array.count == 1, table, &out->array)) {
        dsgd_op_device(r)->sketch_norm2(r, s, table, out);
    }
}

void dsgd_sketch_topk(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, size_t k, dsgd_set *out, dsgd_f32 *value)
{
    const struct dsgd_op_scratch scratch = dsgd_op_take(r, dsgd_op_device(r)->sketch_select_bytes(s, k, r->queue->threads));
    const bool fits = k <= s->n && k <= out->array.count && (!value || k <= value->array.count);
    if (ready(r, "sketch_topk", s, fits, table, &out->array) && (!value || ready(r, "sketch_topk", s, fits, table, &value->array))) {
        dsgd_op_device(r)->sketch_topk(r, s, table, k, out, value, scratch.at);
    }
    dsgd_op_return(r, scratch);
}

void dsgd_sketch_heavymix(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, const dsgd_f64 *norm2, size_t k,
                          struct dsgd_rng_key key, dsgd_set *out, dsgd_set *heavy)
{
    const struct dsgd_op_scratch scratch = dsgd_op_take(r, dsgd_op_device(r)->sketch_select_bytes(s, k, r->queue->threads));
    const bool fits = k <= s->n && k <= out->array.count && norm2->array.count == 1 && (!heavy || k <= heavy->array.count);
    if (ready(r, "sketch_heavymix", s, fits, table, &out->array) && (!heavy || ready(r, "sketch_heavymix", s, fits, table, &heavy->array))) {
        dsgd_op_device(r)->sketch_heavymix(r, s, table, norm2, k, key, out, heavy, scratch.at);
    }
    dsgd_op_return(r, scratch);
}
