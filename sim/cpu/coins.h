/* coins.h - fair coins for coordinates whose sign a rule leaves open: zeros of a vector, ties of a vote.
 *
 * Coordinate i takes word i % 4 of the draw with item i / 4 (sim/kernel/rng.h) and is minus where the word is odd. Draws are made only
 * where a coin is asked for, which keyed draws allow.
 */
#ifndef DSGD_SIM_CPU_COINS_H
#define DSGD_SIM_CPU_COINS_H

#include "sim/codec/codec_bits.h"
#include "sim/codec/flags.h"
#include "sim/cpu/draws.h"

/** Who tosses. */
struct cpu_coins { struct dsgd_rng_key key; uint32_t step, worker; };

/** Coins for the coordinates `asked` of first .. first + 63, `first` a multiple of 64; 0 for the others. */
static inline uint64_t cpu_toss(const struct cpu_coins *c, size_t first, uint64_t asked)
{
    enum { WORDS = 4, MANY = 5 /* draws one by one that cost as much as all sixteen at once */ };
    uint64_t minus = 0, groups = asked | asked >> 1;
    groups = (groups | groups >> 2) & UINT64_C(0x1111111111111111); /* one bit for each draw that is needed */
    for (int n = 0; n < MANY; ++n) { groups &= groups - (groups != 0); }
    if (groups != 0) {
        uint32_t word[FLAGS];
        cpu_draws(c->key, (uint32_t)(first / WORDS), CPU_DRAWS_UNIT, c->step, c->worker, word);
        return flags_odd(word) & asked;
    }
    for (uint64_t left = asked; left != 0;) {
        const unsigned at = codec_lowest_bit(left) / WORDS * WORDS;
        const struct dsgd_rng4 words = dsgd_rng_draw(c->key, (uint32_t)((first + at) / WORDS), c->step, c->worker, 0);
        for (unsigned j = 0; j < WORDS; ++j) { minus |= (uint64_t)(words.word[j] & 1) << (at + j); }
        left &= ~(UINT64_C(0xf) << at);
    }
    return minus & asked;
}

#endif
