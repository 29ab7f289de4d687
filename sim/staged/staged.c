/* staged.c - copies of arguments in host memory, there and back. Interface: staged.h. */
#include "sim/staged/staged.h"

#include <stdlib.h>
#include <string.h>

void staged_queue(struct staged *s, struct dsgd_queue *q)
{
    s->cpu = dsgd_device_at(0);
    s->outer = q;
    s->queue = (struct dsgd_queue){.device = s->cpu, .threads = q->threads > 0 ? q->threads : 1};
    s->turn = (struct dsgd_rows){.queue = &s->queue, .rows = 1, .first = DSGD_RNG_SERVER};
    s->used = 0;
    s->room = NULL;
}

void staged_turn(struct staged *s, const struct dsgd_rows *r)
{
    staged_queue(s, r->queue);
    s->turn.rows = r->rows;
    s->turn.first = r->first;
    s->turn.step = r->step;
}

/* Bytes of a row that hold something, and from one row to the next. */
static size_t held(enum dsgd_type type, size_t n)
{
    const size_t plane = (n + 7) / 8;
    switch (type) {
    case DSGD_F64: return n * sizeof(double);
    case DSGD_SIGNS: return plane;
    case DSGD_TERNARY: return 2 * plane;
    case DSGD_HASHES:
    case DSGD_VOTES: return n;
    default: return n * sizeof(float);
    }
}

static size_t apart(enum dsgd_type type, const struct dsgd_array *array)
{
    return array->stride * (type == DSGD_F64 ? sizeof(double) : type == DSGD_F32 || type == DSGD_I32 || type == DSGD_SET ? sizeof(float) : 1);
}

/* Copies the rows; to the host or back. */
static void pass(struct staged *s, struct staged_one *one, bool back)
{
    const struct dsgd_array *outer = one->outer, *host = &one->host.as.array;
    const size_t bytes = held(one->type, outer->count);
    const uint32_t rows = outer->stride == 0 ? 1 : one->rows;
    for (uint32_t row = 0; bytes > 0 && row < rows; ++row) {
        char *there = (char *)outer->at + row * apart(one->type, outer), *here = (char *)host->at + row * apart(one->type, host);
        if (back) {
            s->outer->device->write(s->outer, there, here, bytes);
        } else {
            s->outer->device->read(s->outer, here, there, bytes);
        }
    }
    if (one->type != DSGD_SET) { return; }
    if (back) {
        s->outer->device->write(s->outer, outer->length, host->length, rows * sizeof(uint32_t));
    } else {
        s->outer->device->read(s->outer, host->length, outer->length, rows * sizeof(uint32_t));
    }
}

struct dsgd_handle *staged_handle(struct staged *s, enum dsgd_type type, const struct dsgd_array *array, uint32_t rows, enum dsgd_access access)
{
    for (int j = 0; j < s->used; ++j) {
        struct staged_one *one = &s->one[j];
        if (one->outer->at != array->at || one->type != type || array->count == 0) { continue; }
        if (one->access == DSGD_WRITE && access != DSGD_WRITE) { pass(s, one, false); }
        if (one->access != access) { one->access = DSGD_READ_WRITE; }
        return &one->host;
    }
    struct staged_one *one = &s->one[s->used++];
    const uint32_t real = array->stride == 0 ? 1 : rows;
    const size_t bytes = (dsgd_array_bytes(type, array->count, real) + 64) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    *one = (struct staged_one){.outer = array, .type = type, .access = access, .rows = rows, .host = {.type = type, .used = true}};
    if (!memory) {
        dsgd_queue_fail(s->outer, DSGD_ENOMEM, "no memory for a copy of %zu bytes of device %s", bytes, s->outer->device->name);
        return &one->host;
    }
    memset(memory, 0, bytes);
    one->host.as.array = dsgd_array_at(type, array->count, real, memory);
    if (array->stride == 0) { one->host.as.array.stride = 0; }
    if (access != DSGD_WRITE || type == DSGD_SET) { pass(s, one, false); }
    return &one->host;
}

dsgd_f32 *staged_f32(struct staged *s, const dsgd_f32 *v, uint32_t rows, enum dsgd_access access)
{
    return &staged_handle(s, DSGD_F32, &v->array, rows, access)->as.f32;
}

dsgd_f64 *staged_f64(struct staged *s, const dsgd_f64 *v, uint32_t rows, enum dsgd_access access)
{
    return &staged_handle(s, DSGD_F64, &v->array, rows, access)->as.f64;
}

dsgd_i32 *staged_i32(struct staged *s, const dsgd_i32 *v, uint32_t rows, enum dsgd_access access)
{
    return &staged_handle(s, DSGD_I32, &v->array, rows, access)->as.i32;
}

dsgd_set *staged_set(struct staged *s, const dsgd_set *v, uint32_t rows, enum dsgd_access access)
{
    return &staged_handle(s, DSGD_SET, &v->array, rows, access)->as.set;
}

dsgd_signs *staged_signs(struct staged *s, const dsgd_signs *v, uint32_t rows, enum dsgd_access access)
{
    return &staged_handle(s, DSGD_SIGNS, &v->array, rows, access)->as.signs;
}

dsgd_ternary *staged_ternary(struct staged *s, const dsgd_ternary *v, uint32_t rows, enum dsgd_access access)
{
    return &staged_handle(s, DSGD_TERNARY, &v->array, rows, access)->as.ternary;
}

dsgd_votes *staged_votes(struct staged *s, const dsgd_votes *v, uint32_t rows, enum dsgd_access access)
{
    dsgd_votes *host = &staged_handle(s, DSGD_VOTES, &v->array, rows, access)->as.votes;
    host->n = v->n;
    host->most = v->most;
    host->counted = v->counted;
    return host;
}

dsgd_sketch *staged_sketch(struct staged *s, const dsgd_sketch *v)
{
    const size_t bytes = (s->cpu->sketch_bytes(v->hash, v->n, v->rows, v->cols) + 64) / 64 * 64;
    struct staged_one *one = &s->one[s->used++];
    void *memory = aligned_alloc(64, bytes);
    *one = (struct staged_one){.outer = &v->array, .type = DSGD_HASHES, .access = DSGD_READ, .host = {.type = DSGD_HASHES, .used = true}};
    dsgd_sketch *host = &one->host.as.sketch;
    *host = *v;
    host->array = (struct dsgd_array){.at = memory, .count = bytes, .stride = bytes};
    if (!memory) {
        dsgd_queue_fail(s->outer, DSGD_ENOMEM, "no memory for hash functions of %zu bytes", bytes);
        return host;
    }
    memset(memory, 0, bytes);
    if (v->seeded) {
        struct dsgd_rows all = {.queue = &s->queue, .rows = 1, .first = DSGD_RNG_SERVER, .step = v->step, .may_seed = true};
        s->cpu->sketch_reseed(&all, host);
    }
    return host;
}

void *staged_room(struct staged *s, size_t bytes)
{
    if (bytes == 0 || !staged_ready(s)) { return NULL; }
    s->room = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!s->room) { dsgd_queue_fail(s->outer, DSGD_ENOMEM, "no memory for %zu bytes of working memory", bytes); }
    return s->room;
}

void staged_end(struct staged *s)
{
    if (s->queue.failed != DSGD_OK) { dsgd_queue_fail(s->outer, s->queue.failed, "%s", s->queue.text); }
    for (int j = 0; j < s->used; ++j) {
        struct staged_one *one = &s->one[j];
        if (one->access != DSGD_READ && staged_ready(s)) { pass(s, one, true); }
        free(one->host.as.array.at);
    }
    free(s->room);
}

void dsgd_staged_enter(struct dsgd_device *d)
{
    staged_enter_vec(d);
    staged_enter_group(d);
    staged_enter_sparse(d);
    staged_enter_sketch(d);
    staged_enter_fold(d);
    staged_enter_model(d);
}
