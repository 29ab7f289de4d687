/* select.h - exact top-k selection with defined ties, uniform choice, and HEAVYMIX's choice.
 *
 * Order: larger magnitude first, then lower index. NaN counts as larger than everything (so that a diverging run stays
 * deterministic). Results are index lists in ascending order of index.
 */
#ifndef DSGD_SIM_CPU_SELECT_H
#define DSGD_SIM_CPU_SELECT_H

#include <stddef.h>
#include <stdint.h>
#include "sim/kernel/rng.h"
#include "sim/status.h"

/** Bytes of scratch, aligned as by malloc, that the functions below need for vectors of length d: 2 d for long ones. */
size_t select_scratch_bytes(size_t d);

/** index[0..k) = the k largest |v|, ascending index. 0 <= k <= d < 2^32. `parts` threads share the work (cpu_parts(queue, d)). Cost about
 *  1.2 reads of v for k << d (a threshold, one collecting pass, counting among the survivors); about 16 reads if k > d / 8 or where the
 *  sample of a long vector misleads. */
void select_topk(size_t d, const float *v /*[d]*/, size_t k, uint32_t *index /*[k]*/, void *scratch, int parts);

/** index[0..k) = k of the coordinates 0 .. d-1, uniformly without replacement (Floyd's sampling), ascending. 0 <= k <= d < 2^32.
 *  Draws: item = position in Floyd's loop, step, worker. scratch: select_scratch_bytes(d) bytes. */
void select_uniform(size_t d, size_t k, struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint32_t *index /*[k]*/, void *scratch);

/**
 * HEAVYMIX, lines 3-4 (Algorithm 1): H = {i : est_i^2 >= norm2 / k}; the k largest of H if |H| > k, else H plus k - |H|
 * coordinates drawn uniformly without replacement from the rest (Floyd 1987 on ranks; rank to coordinate by walking
 * the sorted H). An estimate of exactly 0 is never heavy (select_heavymix.c says why). 0 <= k <= d < 2^32.
 * Draws: item = position in Floyd's loop, step, worker = DSGD_RNG_SERVER.
 * @param est      [d] estimates
 * @param norm2    the AMS estimate of ||g||^2
 * @param index    [k] chosen coordinates, ascending
 * @param heavy    out: |H| before any truncation
 * @param scratch  select_scratch_bytes(d) bytes
 * @param parts    threads, as above
 */
void select_heavymix(size_t d, const float *est, double norm2, size_t k, struct dsgd_rng_key key, uint32_t step,
                     uint32_t *index, size_t *heavy, void *scratch, int parts);
/** Its parts: the key of the least magnitude in H (dsgd_magnitude_key; k >= 1), and the draw: index[0..heavy) holds H ascending, heavy < k;
 *  afterwards index[0..k) is the choice. scratch: select_heavymix_fill_bytes(d). */
int32_t select_heavy_key(double norm2, size_t k);
void select_heavymix_fill(size_t d, size_t heavy, size_t k, struct dsgd_rng_key key, uint32_t step, uint32_t *index /*[k]*/, void *scratch);
static inline size_t select_heavymix_fill_bytes(size_t d) { return (d / 64 + 1) * sizeof(uint64_t); }
/** Which of its k choices are in H, ascending; returns how many. */
size_t select_heavy_of(size_t k, const uint32_t *chosen /*[k]*/, const float *est, double norm2, uint32_t *heavy /*[k]*/);

#endif
