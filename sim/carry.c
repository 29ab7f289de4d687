/* carry.c - sections on their way on a device where a look costs a wait: their lengths are computed and their bytes are not made.
 *
 * A lossless code is a length: what arrives is what was sent, so sender and receiver share the vector (sim/memory.c) and only the ledger
 * needs to know how long the code is. That follows from the number of elements, and for sets in a code of variable length from one sum
 * over the gaps (weigh). Values of 16 bits are rounded. Codes whose length only their bytes tell (arithmetic, Elias) are made after all,
 * and so is everything while somebody listens. All data-dependent numbers of an exchange come in one wait.
 */
#include "sim/engine_internal.h"
#include "sim/wire.h"

enum { NUMBERS = 2 }; /* of a row of a set that is weighed: its length, and what its gaps add */

bool dsgd_engine_carries(const struct dsgd_engine *e)
{
    return e->device->weigh && !e->args.tap.message && !e->args.tap.change;
}

/* Sets whose numbers are needed: those of unknown length, and those in a code of variable length. */
static bool asked(const struct dsgd_wire *wire)
{
    return wire->type == DSGD_SET && (wire->length.how == DSGD_AT_MOST || dsgd_wire_weighed(wire));
}

/* The numbers of all sets of the message. */
static void weigh(struct dsgd_engine *e, struct dsgd_queue *q, const struct dsgd_message_spec *spec, const struct dsgd_crossing *crossing, uint32_t rows,
                  const struct dsgd_weights *weights)
{
    int sets = 0;
    for (int s = 0; s < spec->sections; ++s) {
        if (!asked(&spec->section[s])) { continue; }
        char *at = (char *)weights->device + (size_t)s * weights->rows * NUMBERS * sizeof *weights->host;
        e->device->weigh(q, rows, &crossing[s].sent.as.set, spec->section[s].limit, at);
        ++sets;
    }
    if (sets > 0) { e->device->read(q, weights->host, weights->device, (size_t)spec->sections * weights->rows * NUMBERS * sizeof *weights->host); }
}

static void append(struct dsgd_message *message, enum dsgd_kind kind, enum dsgd_encoding encoding, size_t count, size_t bytes)
{
    message->section[message->sections++] = (struct dsgd_section){kind, encoding, count, bytes, NULL};
}

static void carry_row(struct dsgd_engine *e, struct dsgd_queue *q, enum dsgd_way way, const struct dsgd_round *round, struct dsgd_crossing *crossing,
                      uint32_t row, const struct dsgd_weights *weights, struct dsgd_message *message)
{
    const struct dsgd_message_spec *spec = &e->declaration.message[way][round->exchange];
    message->sections = 0;
    for (int s = 0; s < spec->sections && q->failed == DSGD_OK; ++s) {
        const struct dsgd_wire *wire = &spec->section[s];
        struct dsgd_crossing *c = &crossing[s];
        const uint64_t *number = weights->host + ((size_t)s * weights->rows + row) * NUMBERS;
        size_t n = dsgd_wire_count(spec, s, round);
        if (wire->length.how == DSGD_AS) { n = crossing[wire->length.section].count[row]; }
        if (asked(wire)) {
            if (wire->length.how != DSGD_AT_MOST && number[0] != n) {
                dsgd_queue_fail(q, DSGD_EINTERNAL, "section %d of exchange %d: %zu coordinates, expected %zu", s, round->exchange, (size_t)number[0], n);
                return;
            }
            n = (size_t)number[0];
        }
        if (n > wire->most) {
            dsgd_queue_fail(q, DSGD_EINTERNAL, "section %d of exchange %d: %zu elements, expected at most %zu", s, round->exchange, n, wire->most);
            return;
        }
        c->count[row] = (uint32_t)n;
        if (wire->length.how == DSGD_AT_MOST) { append(message, DSGD_HEADER, DSGD_RAW_U32, 1, sizeof(uint32_t)); }
        if (!dsgd_wire_countable(wire)) {
            dsgd_engine_pass_bytes(e, q, way, round, spec, crossing, s, row, n, message);
            continue;
        }
        const size_t bytes = dsgd_wire_bytes_counted(wire, n, round->participants, number[1]);
        const bool planes = wire->type == DSGD_TERNARY;
        append(message, wire->kind, dsgd_wire_encoding(wire), n, planes ? bytes / 2 : bytes);
        if (planes) { append(message, wire->kind, dsgd_wire_encoding(wire), n, bytes - bytes / 2); }
    }
}

void dsgd_engine_carry(struct dsgd_engine *e, struct dsgd_queue *q, enum dsgd_way way, const struct dsgd_round *round, struct dsgd_crossing *crossing,
                       uint32_t rows, const struct dsgd_weights *weights, struct dsgd_message *message)
{
    const struct dsgd_message_spec *spec = &e->declaration.message[way][round->exchange];
    if (q->failed != DSGD_OK) { return; }
    weigh(e, q, spec, crossing, rows, weights);
    for (int s = 0; s < spec->sections; ++s) {
        const struct dsgd_wire *wire = &spec->section[s];
        if (wire->type == DSGD_F32 && wire->code != DSGD_FP32) {
            e->device->round_values(q, rows, &crossing[s].sent.as.f32, wire->code, &crossing[s].got.as.f32);
        }
    }
    for (uint32_t row = 0; row < rows && q->failed == DSGD_OK; ++row) { carry_row(e, q, way, round, crossing, row, weights, &message[row]); }
}
