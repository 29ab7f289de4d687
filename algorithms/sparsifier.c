/* sparsifier.c - the sparsifiers' common protocol. Interface: sparsifier.h. */
#include "algorithms/sparsifier.h"

enum { SENT = DSGD_ERROR_MEMORY_FIELDS }; /* worker */
enum { SUM, SEEN };                    /* server; both are zero between rounds */
enum { INDEX, VALUE };                 /* sections, both ways */

void dsgd_sparsifier_declare(const void *common, struct dsgd_declaration *d)
{
    const struct dsgd_sparsifier *c = common;
    const size_t n = c->memory.d, most = c->length.most, all = most <= n / c->workers ? most * c->workers : n;
    dsgd_error_memory_declare(&c->memory, d);
    dsgd_field(d, DSGD_WORKER, SENT, "sent", DSGD_SET, most, DSGD_TRANSIENT);
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, n, DSGD_TRANSIENT);
    dsgd_field(d, DSGD_SERVER, SEEN, "seen", DSGD_I32, (n + 31) / 32, DSGD_TRANSIENT);
    dsgd_wire_set(d, DSGD_UP, 0, INDEX, DSGD_INDEX, c->indices, c->length, n);
    dsgd_wire_f32(d, DSGD_UP, 0, VALUE, DSGD_VALUE, DSGD_FP32, dsgd_as(INDEX));
    dsgd_wire_set(d, DSGD_DOWN, 0, INDEX, DSGD_INDEX, c->indices, dsgd_at_most(all), n);
    dsgd_wire_f32(d, DSGD_DOWN, 0, VALUE, DSGD_VALUE, DSGD_FP32, dsgd_as(INDEX));
}

dsgd_set *dsgd_sparsifier_chosen(struct dsgd_rows *w)
{
    return dsgd_field_set(w, SENT);
}

void dsgd_sparsifier_send(struct dsgd_rows *w)
{
    dsgd_copy_set(w, dsgd_sparsifier_chosen(w), dsgd_send_set(w, INDEX));
    dsgd_gather(w, dsgd_sparsifier_chosen(w), dsgd_field_f32(w, DSGD_ERROR_V), dsgd_send_f32(w, VALUE));
}

void dsgd_sparsifier_absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    (void)common, (void)round;
    dsgd_fold_sparse(s, up, INDEX, VALUE, dsgd_field_f64(s, SUM), dsgd_field_i32(s, SEEN)); /* Alg. 4, line 14: the sum of what all sent */
}

void dsgd_sparsifier_finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    (void)common;
    dsgd_sparse_take(s, 1.0 / round->participants, dsgd_field_f64(s, SUM), dsgd_field_i32(s, SEEN),
                     dsgd_send_set(s, INDEX), dsgd_send_f32(s, VALUE));
}

void dsgd_sparsifier_settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round)
{
    const struct dsgd_sparsifier *c = common;
    (void)round;
    dsgd_error_memory_clear(&c->memory, w, dsgd_sparsifier_chosen(w)); /* lines 11-12 */
}

struct dsgd_update dsgd_sparsifier_decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct dsgd_sparsifier *c = common; /* Alg. 1: w -= eta_t average */
    return dsgd_sparse(dsgd_error_memory_scale(&c->memory, round), dsgd_down_set(all, 0, INDEX), dsgd_down_f32(all, 0, VALUE));
}
