/* ternary.h - vectors of -1, 0, 1 as two bit planes, and packed integer levels.
 *
 * Planes of d coordinates: bit i % 8 of byte i / 8; first plane non-zero, second plane negative (only
 * where non-zero). On the wire a plane is ceil(d / 8) bytes, little-endian; bits past d are zero.
 * Levels: integers in [-m, m] stored as value + m in ceil(log2(2m + 1)) bits each, packed little-endian without gaps.
 */
#ifndef DSGD_SIM_CODEC_TERNARY_H
#define DSGD_SIM_CODEC_TERNARY_H

#include <stddef.h>
#include <stdint.h>
#include "sim/status.h"

/** ceil(d / 8): bytes of one plane. */
size_t ternary_plane_bytes(size_t d);

/** DSGD_EMESSAGE if a bit past d is set or a negative bit stands without its non-zero bit. */
enum dsgd_status ternary_check(size_t d, const uint8_t *nonzero, const uint8_t *negative);
/** sum[i] += t_i, for planes that have been checked. */
void ternary_add(size_t d, const uint8_t *nonzero, const uint8_t *negative, int32_t *sum /*[d]*/);
/** sum[i] += t_i. DSGD_EMESSAGE if a bit past d is set or a negative bit stands without its non-zero bit (nothing added then). */
enum dsgd_status ternary_accumulate(size_t d, const uint8_t *nonzero, const uint8_t *negative, int32_t *sum /*[d]*/);

/** Bits of one level in [-m, m], m >= 1: ceil(log2(2m + 1)), at most 32. */
unsigned levels_bits(uint32_t m);
/** ceil(d * bits / 8). */
size_t levels_bytes(size_t d, uint32_t m);
/** Packs level[i] in [-m, m]. Overwrites bytes. */
void levels_pack(size_t d, const int32_t *level, uint32_t m, uint8_t *bytes);
/** The levels as integers, exact also beyond 2^24. NULL, or what is wrong with the `length` bytes, in the words after "levels are". */
const char *levels_get(size_t d, const uint8_t *bytes, size_t length, uint32_t m, int32_t *level);
/** out[i] = unit * level_i. DSGD_EMESSAGE if a code is above 2m or a padding bit is set. */
enum dsgd_status levels_unpack(size_t d, const uint8_t *bytes, uint32_t m, float unit, float *out);

#endif
