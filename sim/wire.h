/* wire.h - what is known of a section without its content. */
#ifndef DSGD_SIM_WIRE_H
#define DSGD_SIM_WIRE_H

#include "sim/inside.h"

/** How the section is written. */
enum dsgd_encoding dsgd_wire_encoding(const struct dsgd_wire *wire);

/** Whether the length follows from the number of elements and, of a set, from what its gaps add to a Rice code: else the bytes must be made. */
bool dsgd_wire_countable(const struct dsgd_wire *wire);
/** That length; of planes both. */
size_t dsgd_wire_bytes_counted(const struct dsgd_wire *wire, size_t n, uint32_t participants, uint64_t gaps);
/** Whether the length of a set depends on its gaps. */
static inline bool dsgd_wire_weighed(const struct dsgd_wire *wire)
{
    return wire->type == DSGD_SET && (wire->code == DSGD_CHEAPEST || wire->code == DSGD_DELTA);
}

#endif
