/* observer.c - what nobody in the network may know, for the rows of a run: outside the round's clock.
 *
 * /oracle holds what nobody in the network may know. With p = mean of the vectors that entered the workers' compressors
 * and g~ the update in the same units: input_norm2 = ||p||^2, error_norm2 = ||p - g~||^2, recall = share of g~'s
 * coordinates among the |g~|_0 largest of |p|. After settle: memory_mean_norm2 = ||mean a_i||^2 (the quantity of Lemma 3)
 * and memory_norm2_mean = mean ||a_i||^2. Without compression (DSGD_VIEW_NONE) p is the mean gradient, and error and recall are
 * NaN. Where a heavy-hitter method tells what it found, heavy = |H| after a cut to k, and exact_ratio is E||p - g~||^2/||p||^2 over the
 * random fill of the rest, (d-k)/(d-h) (1 - ||p_H||^2/||p||^2) (docs/theory.md, (L1)). Vectors stay on the device, numbers are read. A row of step t shows the round that led to it (t-1 to t).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine_internal.h"

/* Does the algorithm show what enters a compressor? */
static bool compresses(const struct dsgd_engine *e)
{
    return e->alg->view != DSGD_VIEW_NONE;
}

static enum dsgd_status vector(struct dsgd_engine *e, enum dsgd_type type, size_t n, struct dsgd_handle *out)
{
    void *memory;
    DSGD_TRY(dsgd_engine_allocate(e, e->place, dsgd_array_bytes(type, n, 1), &memory));
    *out = (struct dsgd_handle){.type = type, .used = true, .as.array = dsgd_array_at(type, n, 1, memory)};
    return DSGD_OK;
}

enum dsgd_status dsgd_observer_create(struct dsgd_engine *e)
{
    struct dsgd_observer *o = &e->observer;
    o->input_norm2 = o->error_norm2 = o->recall = o->update_nnz = o->heavy = o->exact_ratio = o->memory_mean_norm2 = o->memory_norm2_mean = NAN;
    if (!e->args.config->log.oracle) { return DSGD_OK; }
    DSGD_TRY(vector(e, DSGD_F64, e->layout.d, &o->input));
    DSGD_TRY(vector(e, DSGD_F64, e->emulated, &o->norm2));
    DSGD_TRY(dsgd_engine_host(e, e->emulated, sizeof *o->host_norm2, (void **)&o->host_norm2));
    if (!compresses(e)) { return DSGD_OK; }
    DSGD_TRY(vector(e, DSGD_F64, e->layout.d, &o->memory));
    if (e->places.count > 1 && e->alg->view >= 0) { DSGD_TRY(vector(e, e->declaration.field[DSGD_WORKER][e->alg->view].type, e->layout.d, &o->landed)); }
    if (e->declaration.heavy) { DSGD_TRY(vector(e, DSGD_F32, e->declaration.heavy->n, &o->at_heavy)); }
    return dsgd_engine_allocate(e, e->place, e->device->probe_bytes(e->layout.d), &o->scratch);
}

void dsgd_observer_destroy(struct dsgd_engine *e)
{
    free(e->observer.host_norm2);
}

static double read_one(struct dsgd_engine *e)
{
    double value = NAN;
    e->device->read(&e->place->queue, &value, e->observer.norm2.as.array.at, sizeof value);
    return value;
}

static double norm2(struct dsgd_engine *e, const struct dsgd_handle *v)
{
    e->device->probe_norm2(&e->place->queue, &v->as.f64, &e->observer.norm2.as.f64);
    return read_one(e);
}

/* A row of a vector for the listener; q: of the place where it lies, whose work the read comes after. */
static void show(struct dsgd_engine *e, struct dsgd_queue *q, const struct dsgd_handle *v, uint32_t row, uint32_t worker, bool kept)
{
    const struct dsgd_tap *tap = &e->args.tap;
    const size_t d = e->layout.d;
    double *out = tap->view ? malloc(d * sizeof *out) : NULL;
    if (!out) { return; }
    const struct dsgd_array array = dsgd_array_rows(v->type, &v->as.array, row);
    if (v->type == DSGD_F64) {
        e->device->read(q, out, array.at, d * sizeof *out);
    } else { /* floats widen from the back */
        float *narrow = (float *)(void *)out;
        e->device->read(q, narrow, array.at, d * sizeof *narrow);
        for (size_t i = d; i-- > 0;) {
            float one;
            memcpy(&one, narrow + i, sizeof one);
            out[i] = (double)one;
        }
    }
    tap->view(tap->context, (uint32_t)e->step, worker, kept, out);
    free(out);
}

/* Workers of another place, one after the other: their vectors are copied to where the sum is. */
static void add_elsewhere(struct dsgd_engine *e, struct dsgd_place *place, struct dsgd_handle *mean)
{
    struct dsgd_observer *o = &e->observer;
    const struct dsgd_handle *field = &place->worker[e->alg->view];
    for (uint32_t w = 0; w < place->workers; ++w) {
        const struct dsgd_array from = dsgd_array_rows(field->type, &field->as.array, w);
        const size_t at = (place->first + w) * sizeof(double);
        dsgd_f64 norm2 = o->norm2.as.f64;
        norm2.array.at = (char *)norm2.array.at + at;
        norm2.array.count = 1;
        dsgd_engine_move(e, field->type, &e->place->queue, &o->landed.as.array, &place->queue, &from, 1);
        e->device->probe_add(&e->place->queue, &o->landed, 1, false, 1.0, &mean->as.f64, &norm2);
    }
}

/* mean over the workers of the field that the algorithm views, ascending; returns the mean of their squared norms */
static double mean_view(struct dsgd_engine *e, struct dsgd_handle *mean, bool kept)
{
    double norms = 0.0;
    for (uint32_t w = 0; w < e->emulated; ++w) {
        struct dsgd_place *place = dsgd_engine_place_of(e, w);
        show(e, &place->queue, &place->worker[e->alg->view], w - place->first, w, kept);
    }
    e->device->probe_add(&e->place->queue, &e->place->worker[e->alg->view], e->place->workers, true, 1.0, &mean->as.f64, &e->observer.norm2.as.f64);
    for (int p = 1; p < e->places.count; ++p) { add_elsewhere(e, &e->place[p], mean); }
    e->device->probe_divide(&e->place->queue, e->emulated, &mean->as.f64);
    e->device->read(&e->place->queue, e->observer.host_norm2, e->observer.norm2.as.array.at, e->emulated * sizeof *e->observer.host_norm2);
    for (uint32_t w = 0; w < e->emulated; ++w) { norms += e->observer.host_norm2[w]; }
    return norms / e->emulated;
}

bool dsgd_observer_wants_vectors(const struct dsgd_engine *e)
{
    return e->observer.input.used && e->alg->view < 0;
}

/* A vector that is shown is summed and divided at the end, as mean_view does it: the same bits. */
void dsgd_observer_vectors(struct dsgd_engine *e, struct dsgd_lane *lane)
{
    const uint32_t rows = lane->turn.rows, first = lane->turn.first;
    const bool shown = e->alg->view == DSGD_VIEW_SHOWN;
    dsgd_f64 *input = &e->observer.input.as.f64;
    const struct dsgd_handle *v = shown ? &lane->shown : e->merged_sum.used ? &e->mean_gradient : &lane->grad;
    if (lane->place != e->place) {
        dsgd_engine_move(e, DSGD_F32, &e->place->queue, &lane->landed_vector.as.array, &lane->queue, &v->as.array, rows);
        v = &lane->landed_vector;
    }
    for (uint32_t row = 0; shown && row < rows; ++row) { show(e, &e->place->queue, v, row, first + row, false); }
    e->device->probe_add(&e->place->queue, v, rows, first == 0, shown ? 1.0 : e->emulated, input, NULL);
}

void dsgd_observer_input(struct dsgd_engine *e)
{
    struct dsgd_observer *o = &e->observer;
    if (!o->input.used) { return; }
    if (e->alg->view == DSGD_VIEW_SHOWN) {
        e->device->probe_divide(&e->place->queue, e->emulated, &o->input.as.f64);
    } else if (compresses(e)) {
        mean_view(e, &o->input, false);
    }
    o->input_norm2 = norm2(e, &o->input);
}

static size_t set_size(struct dsgd_engine *e, const struct dsgd_set *set)
{
    uint32_t n = 0;
    e->device->read(&e->place->queue, &n, set->array.length, sizeof n);
    return n;
}

size_t dsgd_update_size(struct dsgd_engine *e, const struct dsgd_update *update)
{
    if (update->form == DSGD_UPDATE_DENSE) { return e->layout.d; }
    return update->form == DSGD_UPDATE_SPARSE ? set_size(e, update->at) : 0;
}

/* |H|, and the contraction over the random fill of k - |H| others. The energy outside H is summed, not subtracted. */
static void heavy(struct dsgd_engine *e, size_t k)
{
    struct dsgd_observer *o = &e->observer;
    const struct dsgd_set *found = &e->server[e->declaration.heavy - e->declaration.field[DSGD_SERVER]].as.set;
    const size_t d = e->layout.d, h = set_size(e, found);
    e->device->gather_f64(&e->place->turn, found, &o->input.as.f64, &o->at_heavy.as.f32);
    e->device->probe_error(&e->place->queue, &o->input.as.f64, 1.0, found, &o->at_heavy.as.f32, &o->memory.as.f64);
    const double rest = norm2(e, &o->memory), drawn = d > h ? (double)(d - k) / (double)(d - h) : 0.0;
    o->heavy = (double)h;
    o->exact_ratio = o->input_norm2 > 0.0 ? drawn * rest / o->input_norm2 : (double)NAN;
}

void dsgd_observer_update(struct dsgd_engine *e, const struct dsgd_update *update)
{
    struct dsgd_observer *o = &e->observer;
    const size_t n = dsgd_update_size(e, update);
    o->update_nnz = (double)n;
    if (!compresses(e) || !o->input.used) { return; }
    const bool dense = update->form == DSGD_UPDATE_DENSE;
    if (o->at_heavy.used) { heavy(e, n); }
    if (n > 0) {
        e->device->probe_error(&e->place->queue, &o->input.as.f64, update->gain, dense ? NULL : update->at, update->value, &o->memory.as.f64);
    }
    o->error_norm2 = norm2(e, n > 0 ? &o->memory : &o->input);
    o->recall = NAN;
    if (!dense && n > 0) {
        e->device->probe_recall(&e->place->queue, &o->input.as.f64, update->at, &o->norm2.as.f64, o->scratch);
        o->recall = read_one(e);
    }
    if (e->alg->memory && e->alg->view < 0) { /* shown and not kept: nothing is held back */
        o->memory_norm2_mean = o->memory_mean_norm2 = 0.0;
    } else if (e->alg->memory) {
        o->memory_norm2_mean = mean_view(e, &o->memory, true);
        o->memory_mean_norm2 = norm2(e, &o->memory);
    }
}
