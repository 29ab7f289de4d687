/* memory.c - what a run holds on its device, from what its algorithm declares. The estimate is the same code, counting. */
#include <stdlib.h>
#include <string.h>

#include "sim/engine_internal.h"
#include "sim/problem_rows.h"
#include "sim/wire.h"

enum { ALIGN = 64 };

enum dsgd_status dsgd_engine_allocate(struct dsgd_engine *e, struct dsgd_place *place, size_t bytes, void **out)
{
    bytes = bytes > 0 ? (bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    *out = NULL;
    e->bytes += bytes;
    place->bytes += bytes;
    if (e->counting) { return DSGD_OK; }
    void **grown = realloc(e->memory, (e->pieces + 1) * sizeof *grown);
    if (grown) {
        e->memory = grown;
        *out = e->device->alloc(place->queue.ordinal, bytes);
    }
    if (!*out) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu bytes on device %s", bytes, e->device->name); }
    e->memory[e->pieces++] = *out;
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_host(struct dsgd_engine *e, size_t n, size_t size, void **out)
{
    e->host_bytes += n * size;
    const size_t bytes = (n * size + ALIGN) / ALIGN * ALIGN; /* at least one */
    *out = e->counting ? NULL : aligned_alloc(ALIGN, bytes);
    if (*out) { memset(*out, 0, bytes); }
    return *out || e->counting ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for %zu bytes of the engine", n * size);
}

static enum dsgd_status array(struct dsgd_engine *e, struct dsgd_place *place, enum dsgd_type type, size_t n, size_t rows, struct dsgd_handle *out)
{
    void *memory;
    DSGD_TRY(dsgd_engine_allocate(e, place, dsgd_array_bytes(type, n, rows), &memory));
    *out = (struct dsgd_handle){.type = type, .used = true, .as.array = dsgd_array_at(type, n, rows, memory)};
    return DSGD_OK;
}

static enum dsgd_status fields(struct dsgd_engine *e, struct dsgd_place *place, enum dsgd_party party, size_t rows, struct dsgd_handle *field)
{
    for (int j = 0; j < DSGD_FIELDS_MAX; ++j) {
        const struct dsgd_field_spec *spec = &e->declaration.field[party][j];
        if (!spec->name) { continue; }
        const bool hashes = spec->type == DSGD_HASHES, votes = spec->type == DSGD_VOTES;
        const size_t n = hashes ? e->device->sketch_bytes(spec->hash, spec->n, spec->rows, spec->cols)
                         : votes ? e->device->votes_bytes(spec->n, spec->most) : spec->n;
        DSGD_TRY(array(e, place, spec->type, n, rows, &field[j]));
        /* as a whole: a union keeps nothing but the member that was written */
        if (votes) {
            field[j].as.votes = (struct dsgd_votes){.array = field[j].as.array, .n = spec->n, .most = spec->most};
        } else if (hashes) {
            field[j].as.sketch = (struct dsgd_sketch){.array = field[j].as.array, .n = spec->n, .rows = spec->rows, .cols = spec->cols, .hash = spec->hash};
        }
    }
    return DSGD_OK;
}

static enum dsgd_status sections(struct dsgd_engine *e, struct dsgd_place *place, enum dsgd_way way, int exchange, size_t rows, struct dsgd_crossing *crossing)
{
    const struct dsgd_message_spec *message = &e->declaration.message[way][exchange];
    for (int s = 0; s < message->sections; ++s) {
        const struct dsgd_wire *wire = &message->section[s];
        const bool plain = wire->type == DSGD_F32 && wire->code == DSGD_FP32;
        DSGD_TRY(array(e, place, wire->type, wire->most, rows, &crossing[s].sent));
        crossing[s].got = crossing[s].sent;
        DSGD_TRY(dsgd_engine_host(e, rows, sizeof *crossing[s].count, (void **)&crossing[s].count));
        const bool lossless = wire->type != DSGD_F32 && dsgd_wire_countable(wire);
        if (plain || (lossless && e->device->weigh && !e->args.tap.change && !e->args.tap.message)) { continue; } /* sim/carry.c */
        DSGD_TRY(array(e, place, wire->type, wire->most, rows, &crossing[s].got));
        crossing[s].room = dsgd_wire_bytes_max(wire, wire->most, (uint32_t)e->args.config->workers);
        crossing[s].room = (crossing[s].room + ALIGN) / ALIGN * ALIGN; /* at least one byte more than the most */
        DSGD_TRY(dsgd_engine_allocate(e, place, rows * crossing[s].room, &crossing[s].bytes));
    }
    return DSGD_OK;
}

/* Numbers of sets, where they are counted on the device. */
static enum dsgd_status weights(struct dsgd_engine *e, struct dsgd_place *place, uint32_t rows, struct dsgd_weights *out)
{
    const size_t numbers = (size_t)DSGD_SECTIONS_MAX * rows * 2;
    if (!e->device->weigh) { return DSGD_OK; }
    out->rows = rows;
    DSGD_TRY(dsgd_engine_allocate(e, place, numbers * sizeof *out->host, &out->device));
    return dsgd_engine_host(e, numbers, sizeof *out->host, (void **)&out->host);
}

/* What the problem wants beside the gradients. */
static enum dsgd_status workspace(struct dsgd_engine *e, struct dsgd_lane *lane)
{
    bool on_device = false;
    const size_t bytes = dsgd_problem_workspace(e->args.problem, e->args.problem_self, &lane->place->turn, e->examples, e->rows,
                                                dsgd_engine_share_most(e, (uint32_t)(lane - e->lane)), &on_device);
    if (bytes == 0) { return DSGD_OK; }
    if (on_device) { return dsgd_engine_allocate(e, lane->place, bytes, &lane->work); }
    DSGD_TRY(dsgd_engine_host(e, 1, bytes, &lane->host_work));
    lane->work = lane->host_work;
    return DSGD_OK;
}

/* What the problem keeps on a device, its examples mostly. */
static enum dsgd_status resident(struct dsgd_engine *e, struct dsgd_place *place)
{
    place->turn = (struct dsgd_rows){.queue = &place->queue, .rows = 1, .first = DSGD_RNG_SERVER};
    const size_t bytes = dsgd_problem_resident(e->args.problem, e->args.problem_self, &place->turn);
    if (bytes == 0) { return DSGD_OK; }
    DSGD_TRY(dsgd_engine_allocate(e, place, bytes, &place->resident));
    return e->counting ? DSGD_OK : dsgd_problem_upload(e->args.problem, e->args.problem_self, &place->turn, place->resident);
}

/* Where the server reads what a lane of another place has sent. */
static enum dsgd_status landing(struct dsgd_engine *e, struct dsgd_lane *lane, uint32_t rows)
{
    struct dsgd_place *place = e->place;
    for (int x = 0; x < DSGD_EXCHANGES_MAX; ++x) {
        for (int s = 0; s < e->declaration.message[DSGD_UP][x].sections; ++s) {
            const struct dsgd_wire *wire = &e->declaration.message[DSGD_UP][x].section[s];
            DSGD_TRY(array(e, place, wire->type, wire->most, rows, &lane->landed[x][s]));
        }
    }
    return e->args.config->log.oracle ? array(e, place, DSGD_F32, e->layout.d, rows, &lane->landed_vector) : DSGD_OK;
}

static enum dsgd_status lane_memory(struct dsgd_engine *e, struct dsgd_lane *lane)
{
    const size_t d = e->layout.d;
    struct dsgd_place *place = lane->place;
    DSGD_TRY(array(e, place, DSGD_F32, d, e->rows, &lane->grad));
    if (e->clipped) { DSGD_TRY(array(e, place, DSGD_F64, 1, e->rows, &lane->length)); }
    if (e->alg->point) { DSGD_TRY(array(e, place, DSGD_F32, d, e->rows, &lane->point)); }
    if (e->args.config->log.oracle && e->alg->view == DSGD_VIEW_SHOWN) { DSGD_TRY(array(e, place, DSGD_F32, d, e->rows, &lane->shown)); }
    const uint32_t rows = e->emulated < e->rows ? e->emulated : e->rows;
    for (int x = 0; x < DSGD_EXCHANGES_MAX; ++x) { DSGD_TRY(sections(e, place, DSGD_UP, x, rows, lane->up[x])); }
    DSGD_TRY(weights(e, place, rows, &lane->weights));
    if (place != e->place) { DSGD_TRY(landing(e, lane, rows)); }
    DSGD_TRY(workspace(e, lane));
    const size_t memo = dsgd_minibatch_memo_words(&e->minibatch);
    if (memo > 0) { DSGD_TRY(dsgd_engine_host(e, memo, sizeof *lane->memo.shift, (void **)&lane->memo.shift)); }
    DSGD_TRY(dsgd_engine_host(e, e->rows, sizeof *lane->message, (void **)&lane->message));
    return dsgd_engine_host(e, (size_t)e->rows * e->examples, sizeof *lane->example, (void **)&lane->example);
}

/* Answers where they are made; at the other places copies of what is read of them. */
static enum dsgd_status answers(struct dsgd_engine *e)
{
    DSGD_TRY(weights(e, e->place, 1, &e->answer_weights));
    for (int x = 0; x < DSGD_EXCHANGES_MAX; ++x) {
        DSGD_TRY(sections(e, e->place, DSGD_DOWN, x, 1, e->answer[x]));
        for (int s = 0; s < e->declaration.message[DSGD_DOWN][x].sections; ++s) {
            const struct dsgd_wire *wire = &e->declaration.message[DSGD_DOWN][x].section[s];
            e->place->down[x][s] = e->answer[x][s].got;
            for (int p = 1; p < e->places.count; ++p) { DSGD_TRY(array(e, &e->place[p], wire->type, wire->most, 1, &e->place[p].down[x][s])); }
            for (int p = 0; p < e->places.count; ++p) {
                struct dsgd_array *down = &e->place[p].down[x][s].as.array;
                *down = dsgd_array_shared(down);
                e->place[p].down[x][s].used = false; /* until an exchange was measured: nobody reads an answer before there is one */
            }
        }
    }
    return DSGD_OK;
}

/* A replica of what all know. */
static enum dsgd_status replica(struct dsgd_engine *e, struct dsgd_place *place)
{
    const size_t d = e->layout.d;
    DSGD_TRY(array(e, place, DSGD_F64, d, 1, &place->x));
    DSGD_TRY(array(e, place, DSGD_F32, d, 1, &place->replica));
    if (e->args.config->server_momentum > 0.0) { DSGD_TRY(array(e, place, DSGD_F32, d, 1, &place->momentum)); }
    place->x_shared = place->x;
    place->x_shared.as.array = dsgd_array_shared(&place->x.as.array);
    place->replica_shared = place->replica;
    place->replica_shared.as.array = dsgd_array_shared(&place->replica.as.array);
    return dsgd_engine_allocate(e, place, sizeof(uint32_t), &place->diverged);
}

enum dsgd_status dsgd_engine_allocate_all(struct dsgd_engine *e)
{
    const struct dsgd_run_config *config = e->args.config;
    const size_t d = e->layout.d, before = e->bytes;
    struct dsgd_place *first = e->place;
    for (int p = 0; p < e->places.count; ++p) { DSGD_TRY(fields(e, &e->place[p], DSGD_WORKER, e->place[p].workers, e->place[p].worker)); }
    e->worker_bytes = e->bytes - before;
    DSGD_TRY(fields(e, first, DSGD_SERVER, 1, e->server));
    for (int p = 0; p < e->places.count; ++p) {
        DSGD_TRY(fields(e, &e->place[p], DSGD_ALL, 1, e->place[p].all));
        DSGD_TRY(resident(e, &e->place[p]));
    }
    for (int l = 0; l < e->lanes; ++l) { DSGD_TRY(lane_memory(e, &e->lane[l])); }
    DSGD_TRY(answers(e));
    for (int p = 0; p < e->places.count; ++p) { DSGD_TRY(replica(e, &e->place[p])); }
    if (config->average != DSGD_AVERAGE_NONE) { DSGD_TRY(array(e, first, DSGD_F64, d, 1, &e->average)); }
    if (e->copies > 1 || config->emulation == DSGD_MERGED) {
        DSGD_TRY(array(e, first, DSGD_F64, d, 1, &e->merged_sum));
        DSGD_TRY(array(e, first, DSGD_F32, d, 1, &e->mean_gradient));
    }
    return DSGD_OK;
}

static enum dsgd_status reserve(struct dsgd_engine *e, struct dsgd_place *place, struct dsgd_queue *q)
{
    if (q->most <= q->reserved) { return DSGD_OK; }
    void *memory;
    if (q->scratch) { /* a plan that was not foreseen needs more */
        for (size_t p = 0; p < e->pieces; ++p) {
            if (e->memory[p] == q->scratch) {
                e->device->release(q->scratch);
                e->memory[p] = e->memory[--e->pieces];
                e->bytes -= q->reserved;
                place->bytes -= q->reserved;
                break;
            }
        }
        q->scratch = NULL;
    }
    q->reserved = 0;
    DSGD_TRY(dsgd_engine_allocate(e, place, q->most, &memory));
    q->scratch = memory;
    q->reserved = q->most;
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_reserve(struct dsgd_engine *e)
{
    for (int l = 0; l < e->lanes; ++l) {
        e->lane[l].queue.most = e->lane[0].queue.most; /* no lane measures more than the first */
        DSGD_TRY(reserve(e, e->lane[l].place, &e->lane[l].queue));
    }
    for (int p = 0; p < e->places.count; ++p) {
        e->place[p].queue.most = e->place->queue.most; /* the server's part too: the same turn everywhere */
        DSGD_TRY(reserve(e, &e->place[p], &e->place[p].queue));
    }
    return DSGD_OK;
}

void dsgd_engine_release_all(struct dsgd_engine *e)
{
    for (size_t p = 0; p < e->pieces; ++p) { e->device->release(e->memory[p]); }
    free(e->memory);
    for (int x = 0; x < DSGD_EXCHANGES_MAX; ++x) {
        for (int s = 0; s < DSGD_SECTIONS_MAX; ++s) {
            free(e->answer[x][s].count);
            for (int l = 0; e->lane && l < e->lanes; ++l) { free(e->lane[l].up[x][s].count); }
        }
    }
    for (int l = 0; e->lane && l < e->lanes; ++l) {
        for (uint32_t row = 0; e->lane[l].message && row < e->rows; ++row) { dsgd_engine_give_back(&e->lane[l].message[row]); }
        free(e->lane[l].message);
        free(e->lane[l].example);
        free(e->lane[l].weights.host);
        free(e->lane[l].memo.shift);
        free(e->lane[l].host_work);
    }
    free(e->answer_weights.host);
    free(e->lane);
    free(e->place);
}
