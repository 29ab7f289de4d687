/* groups.h - groups of coordinates on the device: which one a coordinate is in, and the chunks that sums cut each of them into. C++.
 *
 * One group, and buckets of one width, need no memory. Any others (a model's layers) have their starts on the device and are searched.
 */
#ifndef DSGD_SIM_CUDA_GROUPS_H
#define DSGD_SIM_CUDA_GROUPS_H

#include "sim/cuda/launch.h"
#include "sim/kernel/sum.h"

/** Groups as kernels take them. Chunks: DSGD_SUM_CHUNK coordinates of one group, at least one a group, all groups' one behind the other. */
struct group_list {
    size_t count, n;
    size_t width, per;          /* 0, or of all groups but the last, which may be shorter; and chunks of each */
    const size_t *start, *chunk; /* [count + 1] on the device, where width is 0: the first coordinate, the first chunk */
    size_t chunks;              /* of all groups */
    bool short_ones;            /* no group has more than one chunk */

    __device__ __forceinline__ static size_t quotient(size_t a, size_t b)
    {
        return ((a | b) >> 32) == 0 ? (uint32_t)a / (uint32_t)b : a / b; /* a division of 64 bits is slow */
    }
    /* The last j with list[j] <= i: empty groups are passed over. */
    __device__ __forceinline__ size_t search(const size_t *list, size_t i) const
    {
        size_t low = 0;
        for (size_t high = count; high - low > 1;) {
            const size_t middle = low + (high - low) / 2;
            if (list[middle] <= i) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }
    __device__ __forceinline__ size_t of(size_t i) const { return count == 1 ? 0 : width > 0 ? quotient(i, width) : search(start, i); }
    __device__ __forceinline__ size_t begin(size_t j) const { return width > 0 ? j * width : start[j]; }
    __device__ __forceinline__ size_t end(size_t j) const { return width == 0 ? start[j + 1] : j + 1 == count ? n : (j + 1) * width; }
    __device__ __forceinline__ size_t of_chunk(size_t c) const { return count == 1 ? 0 : width > 0 ? quotient(c, per) : search(chunk, c); }
    __device__ __forceinline__ size_t first_chunk(size_t j) const { return width > 0 ? j * per : chunk[j]; }
    __device__ __forceinline__ size_t chunks_of(size_t j) const { return width > 0 ? per : chunk[j + 1] - chunk[j]; }
};

/** false, with the failure kept, when out of memory. */
bool group_list_of(int device, const struct dsgd_groups *groups, struct group_list *out);
/** All n coordinates as one group. */
struct group_list group_list_whole(size_t n);

#endif
