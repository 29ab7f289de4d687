/* library.h - what the CUDA library offers: launchers, a table a family. For the .c files of sim/cuda, which are part of libdsgd, and its .cu
 * files, which are the library.
 *
 * The library is a shared object of its own (libdsgd_cuda.so), loaded when a configuration asks for the device, and built from the .cu files
 * alone. It links nothing of libdsgd and exports one symbol. So libdsgd needs no CUDA, and the same files compiled for the emulator of the
 * tests take its place.
 *
 * A launcher puts its work on the stream of a turn and waits for nothing. Arrays lie in device memory, of `rows` rows with their own
 * strides; lengths were checked by the fronts (sim/ops_*.c). What goes wrong sticks to the device and is reported by the next read.
 */
#ifndef DSGD_SIM_CUDA_LIBRARY_H
#define DSGD_SIM_CUDA_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/array.h"
#include "sim/kernel/rng.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Whose work it is: struct dsgd_rows without its handles. Row i is worker first + i; DSGD_RNG_SERVER for the server. */
struct cuda_turn {
    int device;
    uint32_t rows, first, step;
};

/* One table a family, in the order of struct dsgd_device (sim/device_ops.h); each in a header of its own. */
struct cuda_memory; /* devices, memory, copies, steps */
struct cuda_vec;
struct cuda_sparse;
struct cuda_select;
struct cuda_group;
struct cuda_level;  /* signs, ternary, levels */
struct cuda_sketch;
struct cuda_fold;
struct cuda_wire;   /* sections on their way */
struct cuda_model;  /* model and probes */
struct cuda_convex; /* problems of convex/ */

struct dsgd_cuda_library {
    const char *build; /* must be the program's own */
    const struct cuda_memory *memory;
    const struct cuda_vec *vec;
    const struct cuda_sparse *sparse;
    const struct cuda_select *select;
    const struct cuda_group *group;
    const struct cuda_level *level;
    const struct cuda_sketch *sketch;
    const struct cuda_fold *fold;
    const struct cuda_wire *wire;
    const struct cuda_model *model;
    const struct cuda_convex *convex;
};

#ifdef __cplusplus
}
#endif

#endif
