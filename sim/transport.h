/* transport.h - the ledger: every byte that crosses the network is counted here, and nowhere else.
 *
 * A message is counted by the lengths of its sections, by kind and direction. Down is unicast: an answer of L bytes to
 * W workers costs W L; what one broadcast of it would cost (L) stands beside. The paper's count, `values`, is the payload
 * of table, value and dense sections in 32-bit words; indices, requests, scales and headers are free there, not here.
 * What all parties know beforehand (seeds, step sizes, configuration) is never sent.
 */
#ifndef DSGD_SIM_TRANSPORT_H
#define DSGD_SIM_TRANSPORT_H

#include <stdint.h>
#include "sim/message.h"

/** What has crossed the network so far. */
struct dsgd_ledger {
    uint64_t up[DSGD_KINDS];   /* bytes from workers to the server since step 0 */
    uint64_t down[DSGD_KINDS]; /* bytes from the server to workers, unicast */
    uint64_t broadcast;        /* bytes down if each answer were sent once */
    uint64_t messages_up, messages_down;
    uint64_t worker_steps;     /* sum over steps of participating workers */
    uint64_t round_wire, round_values; /* bytes of the round in progress */
    /* extremes over all steps so far (NaN: none) of a step's mean per participating worker, in 32-bit words (values) and bytes (wire) */
    double values_min, values_max, wire_min, wire_max;
};

/** Nothing sent yet. */
void dsgd_ledger_clear(struct dsgd_ledger *ledger);

/** Books one message up, standing for `copies` equal ones (W in merged emulation, else 1). */
void dsgd_transport_up(struct dsgd_ledger *ledger, const struct dsgd_message *message, uint32_t copies);

/** Books one answer to `receivers` workers. */
void dsgd_transport_down(struct dsgd_ledger *ledger, const struct dsgd_message *message, uint32_t receivers);

/** Closes a round in which `workers` took part. */
void dsgd_transport_round(struct dsgd_ledger *ledger, uint32_t workers);

/** True for kinds that the paper's count includes. */
int dsgd_kind_is_value(enum dsgd_kind kind);

#endif
