/* select_keys.h - magnitudes as integers, chosen ranks as bits: shared by select*.c; not for other files. */
#ifndef DSGD_SIM_CPU_SELECT_KEYS_H
#define DSGD_SIM_CPU_SELECT_KEYS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "sim/rng.h"

enum { SELECT_KEY_NAN = 0x7f800001 }; /* the one key of every NaN, next above infinity's 0x7f800000 */

/** The order of magnitudes: |a| < |b| if and only if select_key(a) < select_key(b); 0 for both zeros. */
static inline int32_t select_key(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits &= 0x7fffffff;
    return bits < SELECT_KEY_NAN ? bits : SELECT_KEY_NAN;
}

/** The magnitude with this key. */
static inline float select_magnitude(int32_t key)
{
    float value;
    memcpy(&value, &key, sizeof value);
    return value;
}

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
