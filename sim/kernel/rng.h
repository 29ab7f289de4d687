/* rng.h - keyed randomness: a number is a pure function of who asks for what and when.
 *
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), from the Random123
 * library: key = {seed, purpose}, counter = {item, step, worker, draw}. Nothing is consumed and nothing is stored, so
 * draws do not depend on threads, restarts or logging. Static inline, so that C and CUDA compile the same definition.
 */
#ifndef DSGD_SIM_KERNEL_RNG_H
#define DSGD_SIM_KERNEL_RNG_H

#include <stdint.h>
#include <Random123/philox.h>

#include "sim/kernel/hd.h"

/** The server's worker number in counters. */
#define DSGD_RNG_SERVER UINT32_MAX

/** Who draws. */
struct dsgd_rng_key {
    uint32_t seed;    /* the run's seed: seed_data, seed_hash or seed_algorithm */
    uint32_t purpose; /* dsgd_rng_purpose("what the draws are for") */
};

/** One draw. */
struct dsgd_rng4 {
    uint32_t word[4];
};

/** FNV-1a of a string literal; the literal belongs to the file that draws. Hash once, at initialisation. */
static inline uint32_t dsgd_rng_purpose(const char *literal)
{
    uint32_t hash = 2166136261u;
    for (; *literal; ++literal) { hash = (hash ^ (uint8_t)*literal) * 16777619u; }
    return hash;
}

/** Four independent 32-bit words for this counter. About 10 ns. */
DSGD_HD struct dsgd_rng4 dsgd_rng_draw(struct dsgd_rng_key key, uint32_t item, uint32_t step, uint32_t worker,
                                             uint32_t draw)
{
    philox4x32_ctr_t counter = {{item, step, worker, draw}};
    philox4x32_key_t philox_key = {{key.seed, key.purpose}};
    philox4x32_ctr_t out = philox4x32(counter, philox_key);
    struct dsgd_rng4 words = {{out.v[0], out.v[1], out.v[2], out.v[3]}};
    return words;
}

/** A uniform integer in [0, n), n >= 1, without bias (Lemire 2019: multiply, reject the short interval).
 *  `draw` counts up from 0 for each rejection of four words; chance below 2^-100 even at the worst n <= 2^25. */
DSGD_HD uint32_t dsgd_rng_below(struct dsgd_rng_key key, uint32_t item, uint32_t step, uint32_t worker, uint32_t n)
{
    const uint32_t threshold = (uint32_t)(-n) % n; /* 2^32 mod n */
    for (uint32_t draw = 0;; ++draw) {
        struct dsgd_rng4 words = dsgd_rng_draw(key, item, step, worker, draw);
        for (int j = 0; j < 4; ++j) {
            uint64_t product = (uint64_t)words.word[j] * n;
            if ((uint32_t)product >= threshold) { return (uint32_t)(product >> 32); }
        }
    }
}

/** The 64 bits of words 2j and 2j + 1 of a draw, j in {0, 1}. */
DSGD_HD uint64_t dsgd_rng_u64(const struct dsgd_rng4 *words, int j)
{
    return ((uint64_t)words->word[2 * j] << 32) | words->word[2 * j + 1];
}

/** Uniform in (0, 1), 53 bits, from 64 random bits. */
DSGD_HD double dsgd_rng_unit(uint64_t bits)
{
    return ((double)(bits >> 11) + 0.5) * 0x1p-53;
}

#endif
