/* pinned.h - host memory that copies to a device read: a ring of pinned slots. For memory.cu and step.cu. C++. */
#ifndef DSGD_SIM_CUDA_PINNED_H
#define DSGD_SIM_CUDA_PINNED_H

#include <stddef.h>

/** Goes on to a slot that nothing reads, which may wait for the device. Not while a step is recorded. False if there is no pinned memory. */
bool cuda_pinned_next(int device);
/** A copy of the first *bytes bytes of `host`, or of as many as there is room for, *bytes of them: good for all that is put on the device's stream
 *  before the next call. What a step has recorded sets out first where the room does not do. NULL if there is no pinned memory. */
const void *cuda_pinned(int device, const void *host, size_t *bytes);

#endif
