/* list.h - the CUDA devices of this machine, for `dsgd devices`. */
#ifndef DSGD_SIM_CUDA_LIST_H
#define DSGD_SIM_CUDA_LIST_H

#include <stddef.h>

#include "sim/status.h"

/** One device; wrong: why it cannot be used, or NULL. memory, free: bytes; major.minor: its compute capability. */
typedef void dsgd_cuda_listener(void *context, int ordinal, const char *wrong, const char *name, size_t memory, size_t free, int major, int minor,
                                int processors);
/** Calls `each` for each device; versions as 13000 for 13.0, driver 0: none. DSGD_EINPUT with a sentence where the library cannot be loaded. */
enum dsgd_status dsgd_cuda_list(dsgd_cuda_listener *each, void *context, int *driver, int *runtime, int *count);

#endif
