/* parts.h - parts of a gradient that are computed at once. */
#ifndef DSGD_DEEP_PARTS_H
#define DSGD_DEEP_PARTS_H

#include <stdint.h>

#include "sim/status.h"

typedef enum dsgd_status deep_part(void *context, uint32_t j);

/** Parts j = 0 .. count - 1 at once, each between deep_one_thread and deep_threads_back: by threads of the parallel region that this is called in,
 *  else of one of its own. Returns the status of one that failed; what it said stayed in its thread. */
enum dsgd_status deep_parts(uint32_t count, deep_part *part, void *context);

#endif
