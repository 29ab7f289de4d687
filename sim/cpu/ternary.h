/* ternary.h - TernGrad's stochastic choice on plain memory, for the operation and its tests. */
#ifndef DSGD_SIM_CPU_TERNARY_H
#define DSGD_SIM_CPU_TERNARY_H

#include <stddef.h>
#include <stdint.h>
#include "sim/kernel/rng.h"

/** t_i = sign(g_i) with probability |g_i| / scale, else 0; independent. The comparison is that of
 *  dsgd_ternary_hit (sim/kernel/number.h): word < floor(|g_i| (2^32 / scale)), and always non-zero where |g_i| >= scale. Coordinate i uses word i % 4 of the draw with item =
 *  i / 4, step, worker. One scale for each group [start[j], start[j + 1]); draws and bits do not depend on where groups end. A group
 *  whose scale is not positive and finite is all zero. Planes [ceil(d / 8)] are written whole. */
void ternary_encode_groups(size_t groups, const size_t *start /*[groups + 1]*/, const float *scale /*[groups]*/, const float *g,
                           struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint8_t *nonzero, uint8_t *negative);

/** The same with one scale. */
static inline void ternary_encode(size_t d, const float *g, float scale, struct dsgd_rng_key key, uint32_t step, uint32_t worker,
                                  uint8_t *nonzero, uint8_t *negative)
{
    const size_t start[2] = {0, d};
    ternary_encode_groups(1, start, &scale, g, key, step, worker, nonzero, negative);
}

#endif
