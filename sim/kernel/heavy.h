/* heavy.h - which estimates HEAVYMIX takes for heavy (Ivkin et al. 2019, Algorithm 1, line 3), for every device. */
#ifndef DSGD_SIM_KERNEL_HEAVY_H
#define DSGD_SIM_KERNEL_HEAVY_H

#include <stddef.h>

#include "sim/kernel/number.h"

/** The least key (dsgd_magnitude_key) whose squared magnitude is not below norm2 / k, k >= 1; squares of floats are exact in double. At least 1:
 *  an estimate of exactly 0 is never heavy, and NaN always is. */
DSGD_HD int32_t dsgd_heavy_key(double norm2, size_t k)
{
    const double threshold = norm2 / (double)k;
    int32_t below = 0, key = DSGD_KEY_NAN;
    while (key - below > 1) {
        const int32_t middle = below + (key - below) / 2;
        const double magnitude = (double)dsgd_float_of((uint32_t)middle);
        if (magnitude * magnitude < threshold) {
            below = middle;
        } else {
            key = middle;
        }
    }
    return key;
}

#endif
