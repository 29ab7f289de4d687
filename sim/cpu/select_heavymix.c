/* select_heavymix.c - HEAVYMIX's choice of k coordinates (Sketched-SGD, Algorithm 1, lines 3-4).
 *
 * H = {i : est_i^2 >= norm2 / k}, the k largest of H if there are more, else H and k - |H| coordinates drawn uniformly
 * without replacement from the rest. Paper and supplement print est_i >= norm2 / k; the square is meant.
 * The draw is Floyd's (select_uniform.c); the rank among the rest becomes a coordinate by walking the sorted H.
 * Departure: an estimate of exactly 0 is never heavy. It changes nothing unless norm2 is 0; there (an empty sketch,
 * perhaps of a vector that cancelled in it) the paper's rule makes every coordinate heavy and always cuts to the first
 * k, which loses Lemma 1's bound, while a uniform draw keeps it.
 * NaN: a NaN estimate is heavy; if norm2 is NaN, every non-zero estimate is.
 */
#include "sim/cpu/select.h"

#include <string.h>
#include "sim/cpu/select_keys.h"
#include "sim/kernel/heavy.h"

/* index[0..heavy) holds H ascending; leaves H and the coordinates of the drawn ranks there, ascending. */
static void merge_ranks(size_t k, size_t heavy, const uint64_t *bits, uint32_t *index)
{
    uint32_t *h = index + (k - heavy); /* out of the way: position `out` never passes the next unread one */
    memmove(h, index, heavy * sizeof *index);
    size_t passed = 0, out = 0; /* elements of H below the current coordinate, as many as it lies above its rank */
    for (size_t word = 0; out - passed < k - heavy; ++word) {
        for (uint64_t rest = bits[word]; rest != 0; rest &= rest - 1) {
            const size_t rank = word * SELECT_WORD + select_lowest_bit(rest);
            while (passed < heavy && h[passed] <= rank + passed) { index[out++] = h[passed++]; }
            index[out++] = (uint32_t)(rank + passed);
        }
    }
    memmove(index + out, h + passed, (heavy - passed) * sizeof *index);
}

int32_t select_heavy_key(double norm2, size_t k)
{
    return dsgd_heavy_key(norm2, k);
}

void select_heavymix_fill(size_t d, size_t heavy, size_t k, struct dsgd_rng_key key, uint32_t step, uint32_t *index, void *scratch)
{
    select_uniform_bits(d - heavy, k - heavy, key, step, DSGD_RNG_SERVER, scratch);
    merge_ranks(k, heavy, scratch, index);
}

size_t select_heavy_of(size_t k, const uint32_t *chosen, const float *est, double norm2, uint32_t *heavy)
{
    const int32_t threshold = k > 0 ? select_heavy_key(norm2, k) : 0;
    size_t n = 0;
    for (size_t j = 0; j < k; ++j) {
        if (dsgd_magnitude_key(est[chosen[j]]) >= threshold) { heavy[n++] = chosen[j]; }
    }
    return n;
}

void select_heavymix(size_t d, const float *est, double norm2, size_t k, struct dsgd_rng_key key, uint32_t step,
                     uint32_t *index, size_t *heavy, void *scratch, int parts)
{
    *heavy = 0;
    if (k == 0) { return; }
    const int32_t threshold = select_heavy_key(norm2, k);
    *heavy = select_at_least(d, est, threshold, k, index);
    if (*heavy > k) {
        select_topk(d, est, k, index, scratch, parts); /* H is the top of the order: its k largest are the k largest of all */
    } else if (*heavy < k) {
        select_heavymix_fill(d, *heavy, k, key, step, index, scratch);
    }
}
