/* wire.h - what is known of a section without its content. */
#ifndef DSGD_SIM_WIRE_H
#define DSGD_SIM_WIRE_H

#include "sim/inside.h"

/** How the section is written. */
enum dsgd_encoding dsgd_wire_encoding(const struct dsgd_wire *wire);

#endif
