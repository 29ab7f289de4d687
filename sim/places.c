/* places.c - several devices: workers in contiguous shares, the server at the first place, and what crosses between them.
 *
 * Worker i of W lives at place floor(i N / W) of N. What the server reads is copied to the first place, where it adds up workers in ascending
 * order as one device does; answers are copied to all, and plan, prepare, decode and apply run at every place on the same bytes. So
 * results have the same bits for any number of places. On the CPU, and on one device, nothing here has anything to do.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/engine_internal.h"

enum dsgd_status dsgd_engine_places(struct dsgd_engine *e)
{
    const int useful = e->emulated < (uint32_t)e->places.count ? (int)e->emulated : e->places.count; /* merged: one worker, one place */
    e->places.count = useful;
    e->host_bytes += (size_t)useful * sizeof *e->place;
    e->place = calloc((size_t)useful, sizeof *e->place);
    if (!e->place) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d devices", useful); }
    uint32_t first = 0;
    for (uint32_t p = 0; p < (uint32_t)useful; ++p) {
        const uint64_t next = ((uint64_t)(p + 1) * e->emulated + (uint32_t)useful - 1) / (uint32_t)useful; /* the first i with floor(i N / W) > p */
        e->place[p].queue.ordinal = e->places.ordinal[p];
        e->place[p].queue.device = e->device;
        e->place[p].first = first;
        e->place[p].workers = (uint32_t)next - first;
        first = (uint32_t)next;
    }
    return DSGD_OK;
}

struct dsgd_place *dsgd_engine_place_of(struct dsgd_engine *e, uint32_t worker)
{
    return &e->place[(uint64_t)worker * (uint32_t)e->places.count / e->emulated];
}

void dsgd_engine_move(struct dsgd_engine *e, enum dsgd_type type, struct dsgd_queue *q, const struct dsgd_array *to, struct dsgd_queue *from_q,
                      const struct dsgd_array *from, uint32_t rows)
{
    if (q->failed != DSGD_OK || from_q->failed != DSGD_OK) { return; }
    const size_t bytes = dsgd_array_row_bytes(type, to->count) * rows;
    if (bytes > 0) { e->device->move(q, to->at, from_q, from->at, bytes); }
    if (type == DSGD_SET) { e->device->move(q, to->length, from_q, from->length, rows * sizeof(uint32_t)); }
}

void dsgd_engine_land(struct dsgd_engine *e, struct dsgd_lane *lane, int exchange, struct dsgd_handle got[DSGD_SECTIONS_MAX])
{
    for (int s = 0; s < DSGD_SECTIONS_MAX; ++s) {
        const struct dsgd_handle *sent = &lane->up[exchange][s].got;
        got[s] = *sent;
        if (!sent->used || lane->place == e->place) { continue; }
        got[s] = lane->landed[exchange][s];
        dsgd_engine_move(e, sent->type, &e->place->queue, &got[s].as.array, &lane->queue, &sent->as.array, lane->turn.rows);
    }
}

void dsgd_engine_spread(struct dsgd_engine *e, int exchange)
{
    for (int p = 1; p < e->places.count; ++p) {
        struct dsgd_place *place = &e->place[p];
        for (int s = 0; s < DSGD_SECTIONS_MAX; ++s) {
            struct dsgd_handle *down = &place->down[exchange][s];
            if (down->used) { dsgd_engine_move(e, down->type, &place->queue, &down->as.array, &e->place->queue, &e->place->down[exchange][s].as.array, 1); }
        }
    }
}

void dsgd_engine_spread_model(struct dsgd_engine *e)
{
    for (int p = 0; p < e->places.count; ++p) {
        struct dsgd_place *place = &e->place[p];
        if (p > 0) {
            dsgd_engine_move(e, DSGD_F64, &place->queue, &place->x.as.array, &e->place->queue, &e->place->x.as.array, 1);
            if (place->momentum.used) {
                dsgd_engine_move(e, DSGD_F32, &place->queue, &place->momentum.as.array, &e->place->queue, &e->place->momentum.as.array, 1);
            }
        }
        e->device->replicate(&place->queue, &place->x.as.f64, &place->replica.as.f32);
    }
}

enum dsgd_status dsgd_engine_places_failure(struct dsgd_engine *e)
{
    for (int p = 0; p < e->places.count; ++p) { DSGD_TRY(dsgd_engine_failure(&e->place[p].queue)); }
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_shares(const struct dsgd_engine_args *args, struct dsgd_device_share share[DSGD_DEVICES_MAX], int *count)
{
    struct dsgd_engine *e;
    DSGD_TRY(dsgd_engine_count(args, &e));
    *count = e->places.count;
    for (int p = 0; p < e->places.count; ++p) {
        const struct dsgd_place *place = &e->place[p];
        share[p].workers = place->workers * e->copies;
        share[p].bytes = place->bytes;
        if (e->device->streams) {
            snprintf(share[p].device, sizeof share[p].device, "%.12s:%d", e->device->name, place->queue.ordinal);
        } else {
            snprintf(share[p].device, sizeof share[p].device, "%.12s", e->device->name);
        }
    }
    dsgd_engine_destroy(e);
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_fits(const struct dsgd_engine_args *args, const struct dsgd_places *places)
{
    struct dsgd_device_share share[DSGD_DEVICES_MAX];
    int count;
    const double mib = 1048576.0;
    if (!places->device->free_bytes) { return DSGD_OK; }
    DSGD_TRY(dsgd_engine_shares(args, share, &count));
    for (int p = 0; p < count; ++p) {
        const size_t free = places->device->free_bytes(places->ordinal[p]);
        if (free > 0 && share[p].bytes > free) {
            return dsgd_fail(DSGD_EINPUT, "backend = %s: the run would hold %.1f MiB there and %.1f MiB are free; expected fewer workers, a smaller model or more devices",
                             share[p].device, (double)share[p].bytes / mib, (double)free / mib);
        }
    }
    return DSGD_OK;
}
