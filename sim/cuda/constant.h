/* constant.h - small tables that the host makes and kernels read: where groups begin, which runs there are. C++. */
#ifndef DSGD_SIM_CUDA_CONSTANT_H
#define DSGD_SIM_CUDA_CONSTANT_H

#include <stddef.h>

/** A copy of `content` on the device, for work that is put on its stream before the next call with something new. One that was asked for before is found
 *  again by its content, so nothing is copied from step to step. NULL, with the failure kept, when out of memory. */
const void *cuda_constant(int device, const void *content, size_t bytes);

#endif
