/* select_uniform.c - k of d coordinates, uniformly without replacement, in k draws.
 *
 * Floyd's sampling (Bentley, Floyd, "A sample of brilliance", CACM 1987) with a bit a rank as the set, so that the choice
 * comes out in ascending order without sorting.
 */
#include "sim/cpu/select.h"

#include <string.h>
#include "sim/cpu/select_keys.h"

void select_uniform_bits(size_t n, size_t m, struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint64_t *bits)
{
    memset(bits, 0, select_words(n) * sizeof *bits);
    for (size_t s = 0; s < m; ++s) {
        const size_t last = n - m + s; /* Floyd: a rank in 0 .. last, or last itself if that one is taken */
        const size_t drawn = dsgd_rng_below(key, (uint32_t)s, step, worker, (uint32_t)(last + 1));
        const size_t rank = bits[drawn / SELECT_WORD] >> drawn % SELECT_WORD & 1 ? last : drawn;
        bits[rank / SELECT_WORD] |= UINT64_C(1) << rank % SELECT_WORD;
    }
}

void select_uniform(size_t d, size_t k, struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint32_t *index, void *scratch)
{
    uint64_t *bits = scratch;
    select_uniform_bits(d, k, key, step, worker, bits);
    size_t out = 0;
    for (size_t word = 0; out < k; ++word) {
        for (uint64_t rest = bits[word]; rest != 0; rest &= rest - 1) {
            index[out++] = (uint32_t)(word * SELECT_WORD + select_lowest_bit(rest));
        }
    }
}
