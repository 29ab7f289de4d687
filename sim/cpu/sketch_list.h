/* sketch_list.h - a list of estimates in ascending order of coordinates that is cut to its k largest when it is full. */
#ifndef DSGD_SIM_CPU_SKETCH_LIST_H
#define DSGD_SIM_CPU_SKETCH_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sketch_list {
    uint32_t *index;  /* [capacity] */
    int32_t *key;     /* [capacity] */
    size_t n, capacity, k; /* capacity >= k + 64, or no less than can come and 64 */
    int32_t least;    /* magnitudes below it are not wanted */
    int32_t floor;    /* no magnitude in the list is below it */
    bool closed;      /* nothing else is */
};

/** The place of a magnitude: 0 for zeros, the largest for NaN. */
static inline int32_t sketch_magnitude(int32_t key)
{
    return key < 0 ? ~key : key;
}

/** sketch_take of such a list. */
void sketch_list_take(void *list, size_t first, size_t n, const int32_t *key);
/** Leaves the k largest, of equal ones the first; n >= k >= 1. What is taken later must be larger than the least of them. */
void sketch_list_cut(struct sketch_list *list);

#endif
