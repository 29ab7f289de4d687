/* ternary.h - TernGrad's codes: stochastic ternarisation into two bit planes, and packed integer levels.
 *
 * Planes of d coordinates: bit i % 8 of byte i / 8; first plane non-zero, second plane negative (only
 * where non-zero). On the wire a plane is ceil(d / 8) bytes, little-endian; bits past d are zero.
 * Levels: integers in [-m, m] stored as value + m in ceil(log2(2m + 1)) bits each, packed little-endian without gaps.
 */
#ifndef DSGD_ALGORITHMS_TERNARY_H
#define DSGD_ALGORITHMS_TERNARY_H

#include <stddef.h>
#include <stdint.h>
#include "sim/problem.h"
#include "sim/rng.h"
#include "sim/status.h"

/** ceil(d / 8): bytes of one plane. */
size_t ternary_plane_bytes(size_t d);

/** t_i = sign(g_i) with probability |g_i| / scale, else 0; independent. The comparison is exact in 32-bit fixed point:
 *  word < floor(|g_i| / scale * 2^32), and always non-zero where |g_i| >= scale. scale >= max |g_i|, or 0 for a zero vector.
 *  Coordinate i uses word i % 4 of the draw with item = i / 4, step, worker. Planes are written whole (overwritten). */
void ternary_encode(size_t d, const float *g, float scale, struct dsgd_rng_key key, uint32_t step, uint32_t worker,
                    uint8_t *nonzero /*[plane bytes]*/, uint8_t *negative /*[plane bytes]*/);

/** The same with a scale for each of the groups of coordinates, which follow each other without gaps; draws and bits do not
 *  depend on where groups end. A group whose scale is not above 0 is all zero. */
void ternary_encode_groups(size_t groups, const struct dsgd_segment *group /*[groups]*/, const float *scale /*[groups]*/,
                           const float *g, struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint8_t *nonzero,
                           uint8_t *negative);

/** sum[i] += t_i. DSGD_EMESSAGE if a bit past d is set or a negative bit stands without its non-zero bit (nothing added then). */
enum dsgd_status ternary_accumulate(size_t d, const uint8_t *nonzero, const uint8_t *negative, int32_t *sum /*[d]*/);

/** Bits of one level in [-m, m], m >= 1: ceil(log2(2m + 1)), at most 32. */
unsigned levels_bits(uint32_t m);
/** ceil(d * bits / 8). */
size_t levels_bytes(size_t d, uint32_t m);
/** Packs level[i] in [-m, m]. Overwrites bytes. */
void levels_pack(size_t d, const int32_t *level, uint32_t m, uint8_t *bytes);
/** out[i] = unit * level_i. DSGD_EMESSAGE if a code is above 2m or a padding bit is set. */
enum dsgd_status levels_unpack(size_t d, const uint8_t *bytes, uint32_t m, float unit, float *out);

#endif
