/* rice.h - the parameter of the Rice code of a set of indices, for every device.
 *
 * Kiely 2004, "Selecting the Golomb parameter in Rice coding", IPN Progress Report 42-159: with mean gap g the largest r with
 * 2^r <= 0.9624 (g + 1/2), else 0. A code has n (r + 1) bits and one for each 2^r of a gap: sum over j of (i_j - i_{j-1} - 1) >> r, i_{-1} = -1.
 */
#ifndef DSGD_SIM_KERNEL_RICE_H
#define DSGD_SIM_KERNEL_RICE_H

#include "sim/kernel/hd.h"

/** 0 < n < d < 2^32. The mean gap is (d - n) / n and 77/80 stands for 0.9624, so the rule reads 160 n 2^r <= 77 (2 d - n); no product leaves
 *  64 bits. */
DSGD_HD unsigned dsgd_rice_parameter(uint64_t n, uint64_t d)
{
    const uint64_t limit = 77 * (2 * d - n);
    unsigned r = 0;
    while ((160 * n) << (r + 1) <= limit) { ++r; }
    return r;
}

#endif
