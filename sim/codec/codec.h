/* codec.h - how values, indices, signs and levels become the bytes of a message section, and back.
 *
 * One pair of functions for each kind of content: codec_add_* appends sections to a message, codec_get_* checks and decodes
 * them. Which code is used is known to all parties (a named parameter) or sent (the tag byte of `cheapest`); element counts
 * are known or sent in a header section by the caller. Decoders accept exactly what encoders write: every other byte string
 * (a length that does not fit, an index out of range or order, a set padding bit, a longer code for the same content) is
 * DSGD_EMESSAGE with a sentence, reads nothing past the section and leaves no partial result behind.
 * An encoder that is given content no decoder would accept says DSGD_EINTERNAL and leaves the message as it was.
 * Letters: n elements, d = number of coordinates; both below 2^32.
 */
#ifndef DSGD_SIM_CODEC_CODEC_H
#define DSGD_SIM_CODEC_CODEC_H

#include <stddef.h>
#include <stdint.h>
#include "sim/codec/message.h"

/* ---- values (codec_values.c) ------------------------------------------------------------------------------------------- */

/** How values travel. Rounding to nearest, ties to even; beyond the largest finite number becomes infinity; fp16 keeps
 *  subnormals; a NaN becomes a quiet NaN, and a signalling one of 16 bits is refused. */
enum codec_values { CODEC_FP32, CODEC_FP16, CODEC_BF16 };
#define CODEC_VALUES_CHOICES "fp32|fp16|bf16"

/** Bytes of n values. */
size_t codec_values_bytes(enum codec_values as, size_t n);
/** Appends a section of n values. DSGD_ENOMEM. */
enum dsgd_status codec_add_values(struct codec_message *message, enum dsgd_kind kind, enum codec_values as, size_t n,
                                  const float *value /*[n]*/);
/** Section number `at` as floats: in the message itself for fp32, else decoded into `scratch`. */
enum dsgd_status codec_get_values(const struct codec_message *message, int at, enum dsgd_kind kind, enum codec_values as,
                                  size_t n, struct codec_arena *scratch, const float **value);
/** The rounding alone: value[i] = what the receiver will read. fp32: nothing to do. For error feedback. */
void codec_round_values(enum codec_values as, size_t n, float *value);

/* ---- indices (codec_indices.c) ----------------------------------------------------------------------------------------- */

/** How n strictly ascending indices below d travel. cheapest: the shortest of the four for this very set, its number in a
 *  tag byte. raw: 32 bits each. fixed: ceil(log2 d) bits each. delta: gaps minus 1 in a Rice code whose parameter follows
 *  from n and d, at most n (r + 1) + d / 2^r bits. bitmap: d bits. Where all of it is known (n = 0 or n = d) no code sends
 *  a byte: the section is empty, also without a tag. */
enum codec_indices { CODEC_CHEAPEST, CODEC_RAW, CODEC_FIXED, CODEC_DELTA, CODEC_BITMAP };
#define CODEC_INDICES_CHOICES "cheapest|raw|fixed|delta|bitmap"
#define CODEC_INDICES_HELP "code of indices: raw 32 bits, ceil(log2 d) bits, Rice-coded gaps, a bitmap, or the cheapest for each message"

/** Upper bound of the section's bytes, for memory estimates. */
size_t codec_indices_bytes_max(enum codec_indices as, size_t n, size_t d);
/** The section's bytes, of a set whose gaps add `gaps` to its Rice code (sim/kernel/rice.h): what codec_add_indices writes, without writing. */
size_t codec_indices_bytes(enum codec_indices as, size_t n, size_t d, uint64_t gaps);
enum dsgd_status codec_add_indices(struct codec_message *message, enum dsgd_kind kind, enum codec_indices as, size_t n, size_t d,
                                   const uint32_t *index /*[n]*/);
/** Section number `at`; the indices lie in the message (raw) or in `scratch`. */
enum dsgd_status codec_get_indices(const struct codec_message *message, int at, enum dsgd_kind kind, enum codec_indices as,
                                   size_t n, size_t d, struct codec_arena *scratch, const uint32_t **index);

/* ---- signs (codec_signs.c) --------------------------------------------------------------------------------------------- */

/** ceil(d / 8) bytes: bit i % 8 of byte i / 8 is set where coordinate i is negative; bits past d are zero. */
size_t codec_signs_bytes(size_t d);
/** plane[i] = v[i] < 0, also for a NaN 0. -0 counts as zero, that is not negative. */
void codec_signs_pack(size_t d, const float *v /*[d]*/, uint8_t *plane);
/** out[i] = -unit where the bit is set, else +unit. DSGD_EMESSAGE if a bit past d is set. */
enum dsgd_status codec_signs_unpack(size_t d, const uint8_t *plane, float unit, float *out /*[d]*/);

/* ---- ternary vectors (codec_ternary.c) --------------------------------------------------------------------------------- */

/** How a vector of -1, 0, 1 travels. planes: two sections of d bits (non-zero, negative). entropy: one section: number of
 *  non-zeros (4 bytes), an arithmetic code of their places (at most d H(n/d) + n / 2^15 + 10 bits, rounded up to
 *  bytes), n sign bits. */
enum codec_ternary { CODEC_PLANES, CODEC_ENTROPY };
#define CODEC_TERNARY_CHOICES "planes|entropy"

/** Planes as in ternary.h: [ceil(d/8)] each, a negative bit only where the non-zero bit stands, no bit past d. */
enum dsgd_status codec_add_ternary(struct codec_message *message, enum dsgd_kind kind, enum codec_ternary as, size_t d,
                                   const uint8_t *nonzero, const uint8_t *negative);
/** Sections `at` (and at + 1 for planes). */
enum dsgd_status codec_get_ternary(const struct codec_message *message, int at, enum dsgd_kind kind, enum codec_ternary as, size_t d,
                                   struct codec_arena *scratch, const uint8_t **nonzero, const uint8_t **negative);
size_t codec_ternary_bytes_max(enum codec_ternary as, size_t d);

/* ---- levels (codec_levels.c) ------------------------------------------------------------------------------------------- */

/** How integers in [-m, m] travel. packed: ceil(log2(2m+1)) bits each (levels_pack in ternary.h). elias: QSGD's code
 *  (Alistarh et al. 2017, section 3.1, Code_s): for each non-zero its distance from the last in Elias omega, a sign bit, its
 *  magnitude in Elias omega; at the end the distance to coordinate d, unless d - 1 is non-zero. m < 2^31, also 0. */
enum codec_levels { CODEC_PACKED, CODEC_ELIAS };
#define CODEC_LEVELS_CHOICES "packed|elias"

enum dsgd_status codec_add_levels(struct codec_message *message, enum dsgd_kind kind, enum codec_levels as, size_t d, uint32_t m,
                                  const int32_t *level /*[d]*/);
enum dsgd_status codec_get_levels(const struct codec_message *message, int at, enum dsgd_kind kind, enum codec_levels as, size_t d,
                                  uint32_t m, struct codec_arena *scratch, const int32_t **level);
size_t codec_levels_bytes_max(enum codec_levels as, size_t d, uint32_t m);

#endif
