/* turn.c - a party's turn: handles of fields, sections and answers, scratch, and the first failure. */
#include "sim/ops.h"

#include <stdarg.h>
#include <stdio.h>

enum { ALIGN = 64 };

void dsgd_queue_fail(struct dsgd_queue *q, enum dsgd_status status, const char *format, ...)
{
    if (q->failed != DSGD_OK) { return; }
    va_list list;
    va_start(list, format);
    vsnprintf(q->text, sizeof q->text, format, list);
    va_end(list);
    q->failed = status;
}

/* ---- arrays ---- */

static size_t round_up(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t element_bytes(enum dsgd_type type)
{
    return type == DSGD_F64 ? 8 : type == DSGD_SIGNS || type == DSGD_TERNARY || type == DSGD_HASHES || type == DSGD_VOTES ? 1 : 4;
}

/* Two planes of a ternary vector. */
size_t dsgd_array_row_bytes(enum dsgd_type type, size_t n)
{
    const size_t plane = (n + 7) / 8;
    return round_up(type == DSGD_SIGNS ? plane : type == DSGD_TERNARY ? 2 * plane : n * element_bytes(type));
}

size_t dsgd_array_bytes(enum dsgd_type type, size_t n, size_t rows)
{
    return rows * dsgd_array_row_bytes(type, n) + (type == DSGD_SET ? round_up(rows * sizeof(uint32_t)) : 0);
}

struct dsgd_array dsgd_array_at(enum dsgd_type type, size_t n, size_t rows, void *memory)
{
    const size_t bytes = dsgd_array_row_bytes(type, n);
    struct dsgd_array array = {.at = memory, .count = n, .stride = bytes / element_bytes(type)};
    if (type == DSGD_SET) { array.length = memory ? (char *)memory + rows * bytes : NULL; }
    return array;
}

struct dsgd_array dsgd_array_rows(enum dsgd_type type, const struct dsgd_array *array, size_t first)
{
    struct dsgd_array part = *array;
    if (part.at) { part.at = (char *)part.at + first * dsgd_array_row_bytes(type, array->count); }
    if (part.length) { part.length = (char *)part.length + first * sizeof(uint32_t); }
    return part;
}

struct dsgd_array dsgd_array_shared(const struct dsgd_array *array)
{
    struct dsgd_array shared = *array;
    shared.stride = 0;
    return shared;
}

/* ---- scratch ---- */

void *dsgd_queue_take(struct dsgd_queue *q, size_t bytes)
{
    bytes = round_up(bytes);
    if (!q->measuring && q->used + bytes > q->reserved) {
        dsgd_queue_fail(q, DSGD_EINTERNAL, "%zu bytes of scratch, %zu were measured: a slot does what does not follow from common and round",
                        q->used + bytes, q->reserved);
        return NULL;
    }
    void *at = q->scratch && !q->measuring ? (char *)q->scratch + q->used : NULL;
    q->used += bytes;
    q->most = q->used > q->most ? q->used : q->most;
    return at;
}

void dsgd_turn_begin(struct dsgd_rows *r)
{
    r->takes = 0;
    r->queue->used = 0;
}

static struct dsgd_handle *take(struct dsgd_rows *r, enum dsgd_type type, size_t n)
{
    struct dsgd_queue *q = r->queue;
    if (r->takes == DSGD_TAKES_MAX) {
        dsgd_queue_fail(q, DSGD_EINTERNAL, "more than %d pieces of scratch in a turn", DSGD_TAKES_MAX);
        return &r->none;
    }
    void *at = dsgd_queue_take(q, dsgd_array_bytes(type, n, r->rows));
    if (q->failed != DSGD_OK) { return &r->none; }
    struct dsgd_handle *handle = &r->taken[r->takes++];
    *handle = (struct dsgd_handle){.type = type, .used = true};
    handle->as.array = dsgd_array_at(type, n, r->rows, at);
    return handle;
}

dsgd_f32 *dsgd_take_f32(struct dsgd_rows *r, size_t n) { return &take(r, DSGD_F32, n)->as.f32; }
dsgd_f64 *dsgd_take_f64(struct dsgd_rows *r, size_t n) { return &take(r, DSGD_F64, n)->as.f64; }
dsgd_i32 *dsgd_take_i32(struct dsgd_rows *r, size_t n) { return &take(r, DSGD_I32, n)->as.i32; }
dsgd_set *dsgd_take_set(struct dsgd_rows *r, size_t most) { return &take(r, DSGD_SET, most)->as.set; }
dsgd_signs *dsgd_take_signs(struct dsgd_rows *r, size_t n) { return &take(r, DSGD_SIGNS, n)->as.signs; }

/* ---- fields, sections, answers ---- */

static struct dsgd_handle *find(struct dsgd_rows *r, const char *what, struct dsgd_handle *list, int n, int number, enum dsgd_type type)
{
    if (!list || number < 0 || number >= n || !list[number].used || list[number].type != type) {
        dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "%s %d is not declared, of another type, or not of this turn", what, number);
        return &r->none;
    }
    return &list[number];
}

static struct dsgd_handle *field(struct dsgd_rows *r, int number, enum dsgd_type type)
{
    return find(r, "field", r->field, DSGD_FIELDS_MAX, number, type);
}

static struct dsgd_handle *known(struct dsgd_rows *r, int number, enum dsgd_type type)
{
    return find(r, "known field", r->all, DSGD_FIELDS_MAX, number, type);
}

static struct dsgd_handle *send(struct dsgd_rows *r, int section, enum dsgd_type type)
{
    struct dsgd_handle *handle = find(r, "section", r->send, DSGD_SECTIONS_MAX, section, type);
    handle->touched = true;
    return handle;
}

static struct dsgd_handle *down(struct dsgd_rows *r, int e, int section, enum dsgd_type type)
{
    return find(r, "answer", r->down && e >= 0 && e < DSGD_EXCHANGES_MAX ? r->down[e] : NULL, DSGD_SECTIONS_MAX, section, type);
}

dsgd_f32 *dsgd_field_f32(struct dsgd_rows *r, int number) { return &field(r, number, DSGD_F32)->as.f32; }
dsgd_f64 *dsgd_field_f64(struct dsgd_rows *r, int number) { return &field(r, number, DSGD_F64)->as.f64; }
dsgd_i32 *dsgd_field_i32(struct dsgd_rows *r, int number) { return &field(r, number, DSGD_I32)->as.i32; }
dsgd_set *dsgd_field_set(struct dsgd_rows *r, int number) { return &field(r, number, DSGD_SET)->as.set; }
dsgd_votes *dsgd_field_votes(struct dsgd_rows *s, int number) { return &field(s, number, DSGD_VOTES)->as.votes; }
const dsgd_set *dsgd_all_set(struct dsgd_rows *r, int number) { return &known(r, number, DSGD_SET)->as.set; }
const dsgd_sketch *dsgd_all_hashes(struct dsgd_rows *r, int number) { return &known(r, number, DSGD_HASHES)->as.sketch; }
dsgd_sketch *dsgd_field_hashes(struct dsgd_rows *r, int number)
{
    return &find(r, "known field", r->may_seed ? r->all : NULL, DSGD_FIELDS_MAX, number, DSGD_HASHES)->as.sketch;
}
dsgd_f32 *dsgd_send_f32(struct dsgd_rows *r, int section) { return &send(r, section, DSGD_F32)->as.f32; }
dsgd_set *dsgd_send_set(struct dsgd_rows *r, int section) { return &send(r, section, DSGD_SET)->as.set; }
dsgd_signs *dsgd_send_signs(struct dsgd_rows *r, int section) { return &send(r, section, DSGD_SIGNS)->as.signs; }
dsgd_ternary *dsgd_send_ternary(struct dsgd_rows *r, int section) { return &send(r, section, DSGD_TERNARY)->as.ternary; }
dsgd_i32 *dsgd_send_levels(struct dsgd_rows *r, int section) { return &send(r, section, DSGD_I32)->as.i32; }
const dsgd_f32 *dsgd_down_f32(struct dsgd_rows *r, int e, int section) { return &down(r, e, section, DSGD_F32)->as.f32; }
const dsgd_set *dsgd_down_set(struct dsgd_rows *r, int e, int section) { return &down(r, e, section, DSGD_SET)->as.set; }
const dsgd_signs *dsgd_down_signs(struct dsgd_rows *r, int e, int section) { return &down(r, e, section, DSGD_SIGNS)->as.signs; }
const dsgd_i32 *dsgd_down_levels(struct dsgd_rows *r, int e, int section) { return &down(r, e, section, DSGD_I32)->as.i32; }

void dsgd_show(struct dsgd_rows *w, const dsgd_f32 *v)
{
    if (w->shown) { dsgd_copy(w, v, &w->shown->as.f32); }
}

/* ---- operands of a host op ---- */

struct dsgd_operand dsgd_operand_f32(enum dsgd_access access, const dsgd_f32 *v) { return (struct dsgd_operand){access, DSGD_F32, v}; }
struct dsgd_operand dsgd_operand_f64(enum dsgd_access access, const dsgd_f64 *v) { return (struct dsgd_operand){access, DSGD_F64, v}; }
struct dsgd_operand dsgd_operand_i32(enum dsgd_access access, const dsgd_i32 *v) { return (struct dsgd_operand){access, DSGD_I32, v}; }
struct dsgd_operand dsgd_operand_set(enum dsgd_access access, const dsgd_set *s) { return (struct dsgd_operand){access, DSGD_SET, s}; }

void dsgd_host_op(struct dsgd_rows *r, dsgd_host_function *function, const void *arguments, const struct dsgd_operand operand[], int operands)
{
    struct dsgd_queue *q = r->queue;
    if (q->heard) { dsgd_op_heard(q, "host_op"); }
    if (operands < 0 || operands > DSGD_OPERANDS_MAX) {
        dsgd_queue_fail(q, DSGD_EINTERNAL, "host op: %d arguments, expected at most %d", operands, DSGD_OPERANDS_MAX);
    }
    for (int j = 0; q->failed == DSGD_OK && j < operands; ++j) {
        const struct dsgd_array *array = operand[j].handle; /* the first member of every handle */
        if (operand[j].access != DSGD_READ && r->rows > 1 && array->stride == 0) {
            dsgd_queue_fail(q, DSGD_EINTERNAL, "host op: argument %d would be written, and workers share it", j);
        }
    }
    if (q->failed == DSGD_OK && !q->measuring) { q->device->host_op(r, function, arguments, operand, operands); }
}
