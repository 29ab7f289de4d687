/* sketch_hash.h - hash functions of Count Sketches from keyed randomness, for every device: coefficients of both families, and the textbook's
 * cells one by one (the block family's: block_hash.h).
 *
 * Textbook: row j has two polynomials over the field of p = 2^61 - 1 elements, coefficients independent and uniform in [0, p):
 *   bucket h_j(i) = floor(c p1_j(i) / p), p1_j of degree 1: 2-wise independent,
 *   sign   s_j(i) = -1 where p3_j(i) is odd, p3_j of degree 3: 4-wise independent (Wegman, Carter 1981).
 */
#ifndef DSGD_SIM_KERNEL_SKETCH_HASH_H
#define DSGD_SIM_KERNEL_SKETCH_HASH_H

#include "sim/kernel/block_hash.h"
#include "sim/kernel/rng.h"

#define DSGD_TEXTBOOK_PURPOSE "sketch_hash_polynomial coefficients"
#define DSGD_BLOCK_PURPOSE "sketch_hash_block coefficients"

enum { DSGD_TEXTBOOK_COEFFICIENTS = 6 /* two of the bucket, four of the sign */ };

/** One row of the textbook's: coefficient of i^e at place e, in [0, p). Drawn in this order. */
struct dsgd_textbook_row { uint64_t bucket[2], sign[4]; };

/** Coefficient number `item`, uniform in [0, p): 61 random bits, rejecting the one value p. Rows one behind the other. */
DSGD_HD uint64_t dsgd_sketch_coefficient(struct dsgd_rng_key key, uint32_t item, uint32_t step)
{
    for (uint32_t draw = 0;; ++draw) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, item, step, 0, draw);
        for (int j = 0; j < 2; ++j) {
            const uint64_t value = dsgd_rng_u64(&words, j) >> 3;
            if (value < DSGD_BLOCK_PRIME) { return value; }
        }
    }
}

/** floor(c x / p) for x in [0, p), c < 2^31: c x = q p + r, one fold and one correction. */
DSGD_HD uint32_t dsgd_textbook_bucket(uint64_t x, uint32_t c)
{
    const uint64_t low = x * c;
#if defined(__CUDA_ARCH__)
    const uint64_t high = __umul64hi(x, c);
#else
    __extension__ typedef unsigned __int128 wide;
    const uint64_t high = (uint64_t)((wide)x * c >> 64);
#endif
    const uint64_t quotient = low >> 61 | high << 3, rest = (low & DSGD_BLOCK_PRIME) + quotient;
    return (uint32_t)(quotient + (rest >= DSGD_BLOCK_PRIME ? 1 : 0));
}

/** Bucket of a coordinate, with its sign in the top bit. */
DSGD_HD uint32_t dsgd_textbook_cell(const struct dsgd_textbook_row *f, uint32_t cols, uint64_t i)
{
    uint64_t value = dsgd_block_multiply(f->bucket[1], i) + f->bucket[0];
    value = value >= DSGD_BLOCK_PRIME ? value - DSGD_BLOCK_PRIME : value;
    return dsgd_textbook_bucket(value, cols) | (uint32_t)dsgd_block_value(f->sign, i) << 31;
}

#endif
