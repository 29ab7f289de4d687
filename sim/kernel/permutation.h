/* permutation.h - a keyed order of n items with random access: where item i stands, without the places of the others.
 *
 * A Feistel network on the numbers below low * high >= n ("generalised Feistel" of Black, Rogaway, "Ciphers with arbitrary finite
 * domains", CT-RSA 2002): the halves of a number take turns, each is shifted by a random function of the other, modulo its size. What
 * ends at n or above goes round once more (cycle walking), which keeps the map one to one. low is even, so that orders of both parities
 * occur, and high = ceil(n/low) is close to it, so that few numbers are n or above (0.05% at n = 60000). A shift is a word of Philox with
 * key {seed, purpose} and counter {half/4, epoch, worker, round}, scaled to the half's size: its bias is below 2^-16.
 *
 * Rounds: as many as make high^(rounds/2) >= 2^20, at least 8 (Luby, Rackoff 1988, need 4 of them for large halves; a pair of items is
 * told apart from a random one in the way of their proof where halves collide in every other round). All orders of 3 to 7 items and the
 * places of pairs of 8, 36 and 64 are uniform by chi-square already with 2^12 in the place of 2^20; with 2^8 they are not.
 * tests/test_sampling.c has the statistics, and an order that fails them.
 *
 * The random functions of one order have rounds * (low + high)/2 values. Who takes many items of one order stores them
 * (dsgd_permutation_shifts): 2000 words at n = 60000, and an item then costs as much as a draw. The numbers are the same without.
 */
#ifndef DSGD_SIM_KERNEL_PERMUTATION_H
#define DSGD_SIM_KERNEL_PERMUTATION_H

#include <stddef.h>

#include "sim/kernel/rng.h"

/** What the orders of n items have in common. */
struct dsgd_permutation {
    struct dsgd_rng_key key;
    uint32_t n, low, high, rounds;
};

/** n >= 1. */
static inline struct dsgd_permutation dsgd_permutation_of(struct dsgd_rng_key key, uint32_t n)
{
    struct dsgd_permutation p = {key, n, 2, 1, 0};
    while ((uint64_t)p.low * p.low < n) { p.low += 2; }
    p.high = (uint32_t)(((uint64_t)n + p.low - 1) / p.low);
    for (uint64_t reach = 1; reach < UINT64_C(1) << 20 || p.rounds < 8; p.rounds += 2) {
        if (reach < UINT64_C(1) << 20) { reach *= p.high < 2 ? 2 : p.high; }
    }
    return p;
}

/** Words of the stored shifts. */
static inline size_t dsgd_permutation_words(const struct dsgd_permutation *p)
{
    return (size_t)p->rounds * p->low;
}

/* Rounds 0, 2, .. shift the low half by a function of the high one. Epochs are below 2^56. */
static inline struct dsgd_rng4 dsgd_permutation_draw(const struct dsgd_permutation *p, uint64_t epoch, uint32_t worker, uint32_t round,
                                                     uint32_t quarter)
{
    return dsgd_rng_draw(p->key, quarter, (uint32_t)epoch, worker, (uint32_t)(epoch >> 32) << 8 | round);
}

static inline uint32_t dsgd_permutation_scaled(const struct dsgd_permutation *p, uint32_t round, uint32_t word)
{
    return (uint32_t)(((uint64_t)word * (round & 1 ? p->high : p->low)) >> 32);
}

/** All shifts of an order, shift [dsgd_permutation_words]. */
static inline void dsgd_permutation_shifts(const struct dsgd_permutation *p, uint64_t epoch, uint32_t worker, uint32_t *shift)
{
    for (uint32_t round = 0; round < p->rounds; ++round) {
        const uint32_t halves = round & 1 ? p->low : p->high;
        for (uint32_t half = 0; half < halves; half += 4) {
            const struct dsgd_rng4 words = dsgd_permutation_draw(p, epoch, worker, round, half / 4);
            for (uint32_t j = 0; j < 4 && half + j < halves; ++j) {
                shift[(size_t)round * p->low + half + j] = dsgd_permutation_scaled(p, round, words.word[j]);
            }
        }
    }
}

static inline uint32_t dsgd_permutation_shift(const struct dsgd_permutation *p, uint64_t epoch, uint32_t worker, const uint32_t *shift,
                                              uint32_t round, uint32_t half)
{
    if (shift) { return shift[(size_t)round * p->low + half]; }
    const struct dsgd_rng4 words = dsgd_permutation_draw(p, epoch, worker, round, half / 4);
    return dsgd_permutation_scaled(p, round, words.word[half % 4]);
}

/** The item at place i in [0, n) of the order of this epoch and worker (DSGD_RNG_SERVER: everybody's). shift: its stored shifts, or NULL. */
static inline uint32_t dsgd_permutation_at(const struct dsgd_permutation *p, uint64_t epoch, uint32_t worker, const uint32_t *shift, uint32_t i)
{
    uint64_t at = i; /* below low * high, which may be 2^32 and more */
    do {
        uint64_t low = at % p->low, high = at / p->low;
        for (uint32_t round = 0; round < p->rounds; round += 2) {
            low += dsgd_permutation_shift(p, epoch, worker, shift, round, (uint32_t)high);
            low -= low >= p->low ? p->low : 0;
            high += dsgd_permutation_shift(p, epoch, worker, shift, round + 1, (uint32_t)low);
            high -= high >= p->high ? p->high : 0;
        }
        at = high * p->low + low;
    } while (at >= p->n);
    return (uint32_t)at;
}

#endif
