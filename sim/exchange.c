/* exchange.c - sections on their way: elements to bytes, booked by their lengths, bytes to what the receiver reads.
 *
 * Floats of 32 bits are their own bytes. Of everything else the sender's content and the receiver's are two vectors, so that what was
 * not sent cannot be used. Lengths that depend on data are read here, and nowhere else: all rows of an exchange in one wait.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/engine_internal.h"
#include "sim/wire.h"

/* Who sends what in which exchange, for the functions below. */
struct passage {
    struct dsgd_engine *e;
    struct dsgd_queue *q;
    enum dsgd_way way;
    const struct dsgd_round *round;
    const struct dsgd_message_spec *spec;
    struct dsgd_crossing *crossing;
    uint32_t first; /* the sender of row 0 */
};

static uint32_t sender(const struct passage *p, uint32_t row)
{
    return p->way == DSGD_UP ? p->first + row : DSGD_RNG_SERVER;
}

static void refuse(const struct passage *p, int section, uint32_t row, size_t n, const char *wrong)
{
    const unsigned step = (unsigned)p->e->step;
    if (p->way == DSGD_UP) {
        dsgd_queue_fail(p->q, DSGD_EMESSAGE, "step %u, exchange %d, section %d of worker %u: %zu elements are %s", step, p->round->exchange, section,
                        (unsigned)(p->first + row), n, wrong);
    } else {
        dsgd_queue_fail(p->q, DSGD_EMESSAGE, "step %u, exchange %d, section %d of the answer: %zu elements are %s", step, p->round->exchange, section,
                        n, wrong);
    }
}

/* A test may change the bytes on their way: `at` on the device, or on the host. `room` bytes are there; the test sees one more where they
 * are full, so that it can try a section that is too long. Returns the new length. */
static size_t change(const struct passage *p, int section, uint32_t row, void *at, bool on_host, size_t length, size_t room)
{
    const struct dsgd_tap *tap = &p->e->args.tap;
    const size_t seen = room > length ? room : length + 1;
    void *copy = tap->change ? calloc(1, seen) : NULL;
    if (!copy) { return length; }
    if (on_host) {
        memcpy(copy, at, length);
    } else {
        p->e->device->read(p->q, copy, at, length);
    }
    tap->change(tap->context, (uint32_t)p->e->step, p->round->exchange, p->way == DSGD_UP, sender(p, row), section, copy, &length, seen);
    const size_t back = length < room ? length : room;
    if (on_host) {
        memcpy(at, copy, back);
    } else {
        p->e->device->write(p->q, at, copy, back);
    }
    free(copy);
    return length;
}

static void append(struct dsgd_message *message, enum dsgd_kind kind, enum dsgd_encoding encoding, size_t count, size_t bytes)
{
    message->section[message->sections++] = (struct dsgd_section){kind, encoding, count, bytes, NULL};
}

/* A host copy of bytes for a listener, in the section that was appended last. */
static void lend(const struct passage *p, struct dsgd_message *message, const void *at, size_t length)
{
    if (!p->e->args.tap.message || p->q->failed != DSGD_OK) { return; }
    void *copy = malloc(length > 0 ? length : 1);
    if (!copy) {
        dsgd_queue_fail(p->q, DSGD_ENOMEM, "no memory to show a section of %zu bytes", length);
        return;
    }
    p->e->device->read(p->q, copy, at, length);
    message->section[message->sections - 1].data = copy;
}

void dsgd_engine_give_back(struct dsgd_message *message)
{
    for (int s = 0; s < message->sections; ++s) {
        free((void *)(uintptr_t)message->section[s].data);
        message->section[s].data = NULL;
    }
}

/* The content of a section as bytes, and back; what arrived is n elements. */
static void pass_bytes(const struct passage *p, int s, uint32_t row, size_t sent, size_t n, struct dsgd_message *message)
{
    const struct dsgd_wire *wire = &p->spec->section[s];
    struct dsgd_crossing *c = &p->crossing[s];
    const uint32_t participants = p->round->participants;
    void *bytes = (char *)c->bytes + row * c->room;
    const bool planes = wire->type == DSGD_TERNARY && wire->code == DSGD_PLANES;
    size_t length = p->e->device->encode(p->q, wire, &c->sent.as.array, row, sent, participants, bytes);
    if (p->q->failed != DSGD_OK) { return; }
    length = change(p, s, row, bytes, false, length, c->room);
    const char *wrong = length > c->room ? "a section that is too long"
                                         : p->e->device->decode(p->q, wire, bytes, length, n, participants, &c->got.as.array, row);
    if (wrong) {
        refuse(p, s, row, n, wrong);
        return;
    }
    const size_t first = planes ? length / 2 : length; /* planes are two sections, one directly behind the other */
    append(message, wire->kind, dsgd_wire_encoding(wire), n, first);
    lend(p, message, bytes, first);
    if (planes) {
        append(message, wire->kind, dsgd_wire_encoding(wire), n, length - first);
        lend(p, message, (char *)bytes + first, length - first);
    }
}

void dsgd_engine_pass_bytes(struct dsgd_engine *e, struct dsgd_queue *q, enum dsgd_way way, const struct dsgd_round *round,
                            const struct dsgd_message_spec *spec, struct dsgd_crossing *crossing, int section, uint32_t row, size_t n,
                            struct dsgd_message *message)
{
    const struct passage p = {e, q, way, round, spec, crossing, 0};
    pass_bytes(&p, section, row, n, n, message);
}

/* Floats that are their own bytes. */
static void pass_floats(const struct passage *p, int s, uint32_t row, size_t n, struct dsgd_message *message)
{
    const struct dsgd_wire *wire = &p->spec->section[s];
    const struct dsgd_array *array = &p->crossing[s].sent.as.array;
    void *at = (char *)array->at + row * array->stride * sizeof(float);
    const size_t length = n * sizeof(float);
    if (change(p, s, row, at, false, length, length) != length) {
        refuse(p, s, row, n, "a section of another length");
        return;
    }
    append(message, wire->kind, DSGD_RAW_F32, n, length);
    lend(p, message, at, length);
}

/* The number of coordinates in front of a set whose length only the sender knows. */
static size_t pass_header(const struct passage *p, int s, uint32_t row, size_t n, struct dsgd_message *message)
{
    uint32_t header = (uint32_t)n;
    if (change(p, -1, row, &header, true, sizeof header, sizeof header) != sizeof header) {
        refuse(p, s, row, n, "counted by a header of another length");
    } else if (header > p->spec->section[s].most) {
        refuse(p, s, row, header, "more than can be sent");
    }
    append(message, DSGD_HEADER, DSGD_RAW_U32, 1, sizeof header);
    if (p->e->args.tap.message && p->q->failed == DSGD_OK) {
        uint32_t *copy = malloc(sizeof *copy);
        if (!copy) {
            dsgd_queue_fail(p->q, DSGD_ENOMEM, "no memory to show a header");
            return header;
        }
        *copy = header;
        message->section[message->sections - 1].data = copy;
    }
    return header;
}

static void pass_row(const struct passage *p, uint32_t row, struct dsgd_message *message)
{
    message->sections = 0;
    for (int s = 0; s < p->spec->sections && p->q->failed == DSGD_OK; ++s) {
        const struct dsgd_wire *wire = &p->spec->section[s];
        struct dsgd_crossing *c = &p->crossing[s];
        const size_t planned = dsgd_wire_count(p->spec, s, p->round);
        size_t sent = planned, n = planned;
        if (wire->length.how == DSGD_AS) { sent = n = p->crossing[wire->length.section].count[row]; }
        if (wire->type == DSGD_SET) { sent = n = c->count[row]; }
        if (wire->type == DSGD_SET && wire->length.how != DSGD_AT_MOST && sent != planned) {
            dsgd_queue_fail(p->q, DSGD_EINTERNAL, "section %d of exchange %d: %zu coordinates, expected %zu", s, p->round->exchange, sent, planned);
            return;
        }
        if (sent > wire->most) {
            dsgd_queue_fail(p->q, DSGD_EINTERNAL, "section %d of exchange %d: %zu elements, expected at most %zu", s, p->round->exchange, sent, wire->most);
            return;
        }
        if (wire->length.how == DSGD_AT_MOST) { n = pass_header(p, s, row, sent, message); }
        if (p->q->failed != DSGD_OK) { return; }
        c->count[row] = (uint32_t)n;
        if (c->bytes) {
            pass_bytes(p, s, row, sent, n, message);
        } else {
            pass_floats(p, s, row, n, message);
        }
    }
}

void dsgd_engine_post(struct dsgd_engine *e, struct dsgd_queue *q, enum dsgd_way way, const struct dsgd_round *round, struct dsgd_crossing *crossing,
                      uint32_t first, uint32_t rows, const struct dsgd_weights *weights, struct dsgd_message *message)
{
    if (dsgd_engine_carries(e)) {
        dsgd_engine_carry(e, q, way, round, crossing, rows, weights, message);
        return;
    }
    const struct passage p = {e, q, way, round, &e->declaration.message[way][round->exchange], crossing, first};
    for (int s = 0; s < p.spec->sections && q->failed == DSGD_OK; ++s) {
        if (p.spec->section[s].type == DSGD_SET) {
            e->device->read(q, crossing[s].count, crossing[s].sent.as.array.length, rows * sizeof *crossing[s].count);
        }
    }
    for (uint32_t row = 0; row < rows && q->failed == DSGD_OK; ++row) { pass_row(&p, row, &message[row]); }
}

void dsgd_engine_book(struct dsgd_engine *e, enum dsgd_way way, const struct dsgd_round *round, uint32_t worker, struct dsgd_message *message)
{
    const struct dsgd_tap *tap = &e->args.tap;
    if (tap->message) {
        tap->message(tap->context, (uint32_t)e->step, round->exchange, way == DSGD_UP, worker, message);
        dsgd_engine_give_back(message);
    }
    if (way == DSGD_UP) {
        dsgd_transport_up(&e->ledger, message, e->copies);
    } else {
        dsgd_transport_down(&e->ledger, message, (uint32_t)e->args.config->workers);
    }
}
