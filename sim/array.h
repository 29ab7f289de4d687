/* array.h - the memory behind a handle, rows on a device; and ways to divide coordinates. For C and for the launchers of devices (C++). */
#ifndef DSGD_SIM_ARRAY_H
#define DSGD_SIM_ARRAY_H

#include <stddef.h>

/** Row i begins i strides behind the first; stride 0: all rows are this one, which nobody writes. */
struct dsgd_array {
    void *at;
    size_t count, stride; /* elements; of a set: the most coordinates. Signs and ternary: coordinates, and bytes of a row */
    void *length;         /* sets: uint32_t a row, how many coordinates there are */
};

/* In host memory: a device makes its own copies where it needs some. */
struct dsgd_groups {
    size_t count;
    const size_t *start; /* [count + 1] ascending from 0; group j is [start[j], start[j + 1]) */
};
struct dsgd_stretch { size_t offset, count, place; };
struct dsgd_runs { size_t n, total; struct dsgd_stretch *run; };

#endif
