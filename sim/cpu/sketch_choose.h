/* sketch_choose.h - the largest estimates of a Count Sketch, without a vector of them.
 *
 * Order: larger magnitude first, then lower index; NaN above everything (sim/cpu/select.h). Estimates are read tile by tile, and those above
 * a threshold kept; where too many come together the list is cut to its k largest and the threshold rises. The threshold it begins with is
 * what the last choice with this hash found, or comes from a sample: it saves time and changes nothing, for a choice that ends with fewer
 * than k begins again with a lower one.
 */
#ifndef DSGD_SIM_CPU_SKETCH_CHOOSE_H
#define DSGD_SIM_CPU_SKETCH_CHOOSE_H

#include <stddef.h>
#include <stdint.h>
#include "sim/cpu/sketch_hash.h"

/** Chosen coordinates, ascending, and the keys of their estimates (sim/kernel/median.h). Both lie in the scratch. */
struct sketch_chosen {
    size_t n;
    const uint32_t *index;
    const int32_t *key;
};

/** Bytes of scratch, aligned as by malloc, of the two below: about 16 k bytes a thread. */
size_t sketch_choose_bytes(size_t d, size_t k, int threads);

/** The k largest; 0 <= k <= d. */
struct sketch_chosen sketch_choose_largest(const struct sketch_hash *hash, const float *table, size_t k, void *scratch, int threads);
/** Those whose magnitude has at least the key `least`, and of these the k largest if there are more. */
struct sketch_chosen sketch_choose_heavy(const struct sketch_hash *hash, const float *table, int32_t least, size_t k, void *scratch, int threads);

#endif
