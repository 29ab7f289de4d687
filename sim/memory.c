/* memory.c - what a run holds on its device, from what its algorithm declares. The estimate is the same code, counting. */
#include <stdlib.h>
#include <string.h>

#include "sim/engine_internal.h"
#include "sim/problem_rows.h"

enum { ALIGN = 64 };

enum dsgd_status dsgd_engine_allocate(struct dsgd_engine *e, size_t bytes, void **out)
{
    bytes = bytes > 0 ? (bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    *out = NULL;
    e->bytes += bytes;
    if (e->counting) { return DSGD_OK; }
    void **grown = realloc(e->memory, (e->pieces + 1) * sizeof *grown);
    if (grown) {
        e->memory = grown;
        *out = e->device->alloc(0, bytes);
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

static enum dsgd_status array(struct dsgd_engine *e, enum dsgd_type type, size_t n, size_t rows, struct dsgd_handle *out)
{
    void *memory;
    DSGD_TRY(dsgd_engine_allocate(e, dsgd_array_bytes(type, n, rows), &memory));
    *out = (struct dsgd_handle){.type = type, .used = true, .as.array = dsgd_array_at(type, n, rows, memory)};
    return DSGD_OK;
}

static enum dsgd_status fields(struct dsgd_engine *e, enum dsgd_party party, size_t rows, struct dsgd_handle *field)
{
    for (int j = 0; j < DSGD_FIELDS_MAX; ++j) {
        const struct dsgd_field_spec *spec = &e->declaration.field[party][j];
        if (!spec->name) { continue; }
        const bool hashes = spec->type == DSGD_HASHES, votes = spec->type == DSGD_VOTES;
        const size_t n = hashes ? e->device->sketch_bytes(spec->hash, spec->n, spec->rows, spec->cols)
                         : votes ? e->device->votes_bytes(spec->n, spec->most) : spec->n;
        DSGD_TRY(array(e, spec->type, n, rows, &field[j]));
        if (votes) {
            field[j].as.votes.n = spec->n;
            field[j].as.votes.most = spec->most;
        } else if (hashes) {
            field[j].as.sketch.n = spec->n;
            field[j].as.sketch.hash = spec->hash;
            field[j].as.sketch.rows = spec->rows;
            field[j].as.sketch.cols = spec->cols;
        }
    }
    return DSGD_OK;
}

static enum dsgd_status sections(struct dsgd_engine *e, enum dsgd_way way, int exchange, size_t rows, struct dsgd_crossing *crossing)
{
    const struct dsgd_message_spec *message = &e->declaration.message[way][exchange];
    for (int s = 0; s < message->sections; ++s) {
        const struct dsgd_wire *wire = &message->section[s];
        const bool plain = wire->type == DSGD_F32 && wire->code == DSGD_FP32;
        DSGD_TRY(array(e, wire->type, wire->most, rows, &crossing[s].sent));
        crossing[s].got = crossing[s].sent;
        DSGD_TRY(dsgd_engine_host(e, rows, sizeof *crossing[s].count, (void **)&crossing[s].count));
        if (plain) { continue; }
        DSGD_TRY(array(e, wire->type, wire->most, rows, &crossing[s].got));
        crossing[s].room = dsgd_wire_bytes_max(wire, wire->most, (uint32_t)e->args.config->workers);
        crossing[s].room = (crossing[s].room + ALIGN) / ALIGN * ALIGN; /* at least one byte more than the most */
        DSGD_TRY(dsgd_engine_allocate(e, rows * crossing[s].room, &crossing[s].bytes));
    }
    return DSGD_OK;
}

/* What the problem wants beside the gradients. */
static enum dsgd_status workspace(struct dsgd_engine *e, struct dsgd_lane *lane)
{
    bool on_device = false;
    const struct dsgd_queue queue = {.device = e->device};
    const struct dsgd_rows turn = {.queue = (struct dsgd_queue *)(uintptr_t)&queue};
    const size_t bytes = dsgd_problem_workspace(e->args.problem, e->args.problem_self, &turn, (uint32_t)e->args.config->batch, e->rows, &on_device);
    if (bytes == 0) { return DSGD_OK; }
    if (on_device) { return dsgd_engine_allocate(e, bytes, &lane->work); }
    DSGD_TRY(dsgd_engine_host(e, 1, bytes, &lane->host_work));
    lane->work = lane->host_work;
    return DSGD_OK;
}

static enum dsgd_status resident(struct dsgd_engine *e)
{
    struct dsgd_rows *all = &e->all_turn;
    struct dsgd_queue queue = {.device = e->device, .threads = e->args.threads};
    *all = (struct dsgd_rows){.queue = &queue, .rows = 1, .first = DSGD_RNG_SERVER};
    const size_t bytes = dsgd_problem_resident(e->args.problem, e->args.problem_self, all);
    if (bytes == 0) { return DSGD_OK; }
    DSGD_TRY(dsgd_engine_allocate(e, bytes, &e->resident));
    return e->counting ? DSGD_OK : dsgd_problem_upload(e->args.problem, e->args.problem_self, all, e->resident);
}

static enum dsgd_status lane_memory(struct dsgd_engine *e, struct dsgd_lane *lane)
{
    const size_t d = e->layout.d, batch = (size_t)e->args.config->batch;
    DSGD_TRY(array(e, DSGD_F32, d, e->rows, &lane->grad));
    if (e->alg->point) { DSGD_TRY(array(e, DSGD_F32, d, e->rows, &lane->point)); }
    if (e->args.config->log.oracle && e->alg->view == DSGD_VIEW_SHOWN) { DSGD_TRY(array(e, DSGD_F32, d, e->rows, &lane->shown)); }
    const uint32_t rows = e->emulated < e->rows ? e->emulated : e->rows;
    for (int x = 0; x < DSGD_EXCHANGES_MAX; ++x) { DSGD_TRY(sections(e, DSGD_UP, x, rows, lane->up[x])); }
    DSGD_TRY(workspace(e, lane));
    const size_t memo = dsgd_minibatch_memo_words(&e->minibatch);
    if (memo > 0) { DSGD_TRY(dsgd_engine_host(e, memo, sizeof *lane->memo.shift, (void **)&lane->memo.shift)); }
    DSGD_TRY(dsgd_engine_host(e, e->rows, sizeof *lane->message, (void **)&lane->message));
    return dsgd_engine_host(e, e->rows * batch, sizeof *lane->example, (void **)&lane->example);
}

enum dsgd_status dsgd_engine_allocate_all(struct dsgd_engine *e)
{
    const struct dsgd_run_config *config = e->args.config;
    const size_t d = e->layout.d, before = e->bytes;
    DSGD_TRY(fields(e, DSGD_WORKER, e->emulated, e->worker));
    e->worker_bytes = e->bytes - before;
    DSGD_TRY(fields(e, DSGD_SERVER, 1, e->server));
    DSGD_TRY(fields(e, DSGD_ALL, 1, e->all));
    DSGD_TRY(resident(e));
    for (int l = 0; l < e->lanes; ++l) { DSGD_TRY(lane_memory(e, &e->lane[l])); }
    for (int x = 0; x < DSGD_EXCHANGES_MAX; ++x) { DSGD_TRY(sections(e, DSGD_DOWN, x, 1, e->answer[x])); }
    DSGD_TRY(array(e, DSGD_F64, d, 1, &e->x));
    DSGD_TRY(array(e, DSGD_F32, d, 1, &e->replica));
    if (config->average != DSGD_AVERAGE_NONE) { DSGD_TRY(array(e, DSGD_F64, d, 1, &e->average)); }
    if (config->server_momentum > 0.0) { DSGD_TRY(array(e, DSGD_F32, d, 1, &e->momentum)); }
    if (e->copies > 1 || config->emulation == DSGD_MERGED) {
        DSGD_TRY(array(e, DSGD_F64, d, 1, &e->merged_sum));
        DSGD_TRY(array(e, DSGD_F32, d, 1, &e->mean_gradient));
    }
    e->x_shared = e->x;
    e->x_shared.as.array = dsgd_array_shared(&e->x.as.array);
    e->replica_shared = e->replica;
    e->replica_shared.as.array = dsgd_array_shared(&e->replica.as.array);
    return dsgd_engine_allocate(e, sizeof(uint32_t), &e->diverged);
}

static enum dsgd_status reserve(struct dsgd_engine *e, struct dsgd_queue *q)
{
    if (q->most <= q->reserved) { return DSGD_OK; }
    void *memory;
    if (q->scratch) { /* a plan that was not foreseen needs more */
        for (size_t p = 0; p < e->pieces; ++p) {
            if (e->memory[p] == q->scratch) {
                e->device->release(q->scratch);
                e->memory[p] = e->memory[--e->pieces];
                e->bytes -= q->reserved;
                break;
            }
        }
        q->scratch = NULL;
    }
    q->reserved = 0;
    DSGD_TRY(dsgd_engine_allocate(e, q->most, &memory));
    q->scratch = memory;
    q->reserved = q->most;
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_reserve(struct dsgd_engine *e)
{
    for (int l = 0; l < e->lanes; ++l) {
        e->lane[l].queue.most = e->lane[0].queue.most; /* no lane measures more than the first */
        DSGD_TRY(reserve(e, &e->lane[l].queue));
    }
    return reserve(e, &e->queue);
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
        free(e->lane[l].memo.shift);
        free(e->lane[l].host_work);
    }
    free(e->lane);
}
