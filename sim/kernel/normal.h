/* normal.h - standard normal numbers from keyed draws (Box, Muller 1958, "A note on the generation of random normal deviates"). */
#ifndef DSGD_SIM_KERNEL_NORMAL_H
#define DSGD_SIM_KERNEL_NORMAL_H

#include <math.h>

#include "sim/kernel/maths.h"
#include "sim/kernel/rng.h"

/** Two independent standard normals from one draw: at most 8.6, never infinite. */
DSGD_HD void dsgd_normal_pair(const struct dsgd_rng4 *words, double z[2])
{
    const double radius = sqrt(-2.0 * dsgd_log(dsgd_rng_unit(dsgd_rng_u64(words, 0))));
    double sine, cosine;
    dsgd_sincos_turns(dsgd_rng_unit(dsgd_rng_u64(words, 1)), &sine, &cosine);
    z[0] = radius * cosine;
    z[1] = radius * sine;
}

#endif
