/* sketch_read.h - the estimate of a coordinate: the median over the rows of its cells with their signs, as a key (sim/kernel/median.h). C++.
 *
 * Few rows stay in registers and go through short networks; more are searched for the least key that half of them do not exceed. Any way
 * gives the same bits.
 */
#ifndef DSGD_SIM_CUDA_SKETCH_READ_H
#define DSGD_SIM_CUDA_SKETCH_READ_H

#include "sim/cuda/sketch_parts.h"
#include "sim/kernel/median.h"
#include "sim/kernel/number.h"

/** Networks that leave the median in the middle (Paeth 1990 and kin). */
template <unsigned R> static __device__ __forceinline__ int32_t sketch_middle(int32_t *x)
{
#define TWO(a, b) dsgd_order_two(&x[a], &x[b])
    if (R == 3) {
        TWO(0, 1); TWO(1, 2); TWO(0, 1);
    } else if (R == 5) {
        TWO(0, 1); TWO(3, 4); TWO(0, 3); TWO(1, 4); TWO(1, 2); TWO(2, 3); TWO(1, 2);
    } else if (R == 7) {
        TWO(0, 5); TWO(0, 3); TWO(1, 6); TWO(2, 4); TWO(0, 1); TWO(3, 5); TWO(2, 6); TWO(2, 3); TWO(3, 6); TWO(4, 5); TWO(1, 4); TWO(1, 3); TWO(3, 4);
    }
#undef TWO
    return x[R / 2];
}

/** The key of the median; R = 0: s.rows, any number. */
template <unsigned R> static __device__ __forceinline__ int32_t sketch_median(const struct sketch_view &s, const float *table, size_t i)
{
    int32_t x[R > 0 ? R : (unsigned)SKETCH_ROWS_MOST];
    const uint32_t rows = R > 0 ? R : s.rows;
GPU_UNROLL
    for (uint32_t j = 0; j < rows; ++j) {
        const uint32_t cell = sketch_cell(s, j, i);
        x[j] = dsgd_order_key(dsgd_flip(table[(size_t)j * s.cols + (cell & 0x7fffffffu)], cell));
    }
    if (R > 0) { return sketch_middle<R>(x); }
    uint32_t low = 0, high = UINT32_MAX; /* keys in the order of unsigned numbers */
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        uint32_t below = 0;
        for (uint32_t j = 0; j < rows; ++j) { below += ((uint32_t)x[j] ^ 0x80000000u) <= middle; }
        if (below > rows / 2) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return (int32_t)(low ^ 0x80000000u);
}

/** Calls f.template run<R>() with the number of rows that a kernel is made for. */
template <class F> static void sketch_for_rows(uint32_t rows, const F &f)
{
    switch (rows) {
    case 1: f.template run<1>(); break;
    case 3: f.template run<3>(); break;
    case 5: f.template run<5>(); break;
    case 7: f.template run<7>(); break;
    default: f.template run<0>(); break;
    }
}

#endif
