/* noise.h - nearly normal numbers without functions of a mathematical library, for data that are made.
 *
 * A number is a sum of 8 uniform bytes, less its mean and over its deviation: integer arithmetic and one division, the same on any machine.
 */
#ifndef DSGD_DATASETS_NOISE_H
#define DSGD_DATASETS_NOISE_H

#include <math.h>
#include "sim/kernel/rng.h"

enum {
    DSGD_NOISE_BYTES = 8,                /* that make one number ... */
    DSGD_NOISE_PER_DRAW = 16 / DSGD_NOISE_BYTES, /* ... and numbers that one draw of 128 bits makes */
};

/** Two numbers of mean 0, variance 1 from one draw: the sum of 8 bytes has mean 1020 and variance 8 (256^2 - 1)/12. */
static inline void dsgd_noise(struct dsgd_rng_key key, uint32_t item, uint32_t step, uint32_t split, double z[DSGD_NOISE_PER_DRAW])
{
    const struct dsgd_rng4 words = dsgd_rng_draw(key, item, step, split, 0);
    for (int k = 0; k < DSGD_NOISE_PER_DRAW; ++k) {
        uint32_t sum = 0;
        for (int b = 0; b < DSGD_NOISE_BYTES; ++b) { sum += words.word[2 * k + b / 4] >> (b % 4 * 8) & 255; }
        z[k] = ((double)sum - DSGD_NOISE_BYTES * 127.5) / sqrt(DSGD_NOISE_BYTES * 65535.0 / 12);
    }
}

#endif
