/* transport.c - books messages by the lengths of their sections. */
#include "sim/transport.h"

#include <math.h>

void dsgd_ledger_clear(struct dsgd_ledger *ledger)
{
    *ledger = (struct dsgd_ledger){.values_min = NAN, .values_max = NAN, .wire_min = NAN, .wire_max = NAN};
}

int dsgd_kind_is_value(enum dsgd_kind kind)
{
    return kind == DSGD_TABLE || kind == DSGD_VALUE || kind == DSGD_DENSE;
}

/* Adds the sections, `times` each, to the counters of one direction; returns the message's own length. */
static uint64_t book(struct dsgd_ledger *ledger, uint64_t *by_kind, const struct dsgd_message *message, uint32_t times)
{
    uint64_t length = 0;
    for (int s = 0; s < message->sections; ++s) {
        const struct dsgd_section *section = &message->section[s];
        const uint64_t bytes = (uint64_t)section->bytes * times;
        by_kind[section->kind] += bytes;
        ledger->round_wire += bytes;
        if (dsgd_kind_is_value(section->kind)) { ledger->round_values += bytes; }
        length += section->bytes;
    }
    return length;
}

void dsgd_transport_up(struct dsgd_ledger *ledger, const struct dsgd_message *message, uint32_t copies)
{
    book(ledger, ledger->up, message, copies);
    if (message->sections > 0) { ledger->messages_up += copies; }
}

void dsgd_transport_down(struct dsgd_ledger *ledger, const struct dsgd_message *message, uint32_t receivers)
{
    ledger->broadcast += book(ledger, ledger->down, message, receivers);
    if (message->sections > 0) { ledger->messages_down += receivers; }
}

void dsgd_transport_round(struct dsgd_ledger *ledger, uint32_t workers)
{
    const double values = (double)ledger->round_values / 4.0 / workers, wire = (double)ledger->round_wire / workers;
    ledger->values_min = fmin(ledger->values_min, values);
    ledger->values_max = fmax(ledger->values_max, values);
    ledger->wire_min = fmin(ledger->wire_min, wire);
    ledger->wire_max = fmax(ledger->wire_max, wire);
    ledger->round_values = ledger->round_wire = 0;
    ledger->worker_steps += workers;
}
