/* select_keys.h - values by their magnitudes' keys, chosen ranks as bits: shared by select*.c; not for other files. */
#ifndef DSGD_SIM_CPU_SELECT_KEYS_H
#define DSGD_SIM_CPU_SELECT_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "sim/kernel/number.h"
#include "sim/kernel/rng.h"

/** Indices of all keys >= t, ascending; returns how many there are. Writes at most `capacity`; if the result is larger,
 *  the list is incomplete. */
size_t select_at_least(size_t d, const float *v, int32_t t, size_t capacity, uint32_t *index /*[capacity]*/);

enum { SELECT_WORD = 64 };

/** Words of a set of ranks below n: one bit a rank. */
static inline size_t select_words(size_t n)
{
    return n / SELECT_WORD + 1;
}

/** Position of the lowest bit that is set; word != 0. */
static inline unsigned select_lowest_bit(uint64_t word)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_ctzll(word);
#else
    unsigned bit = 0;
    while (!(word >> bit & 1)) { ++bit; }
    return bit;
#endif
}

/** m of the ranks 0 .. n-1 as bits [select_words(n)], drawn as in select_uniform. */
void select_uniform_bits(size_t n, size_t m, struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint64_t *bits);

#endif
