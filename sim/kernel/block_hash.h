/* block_hash.h - the hash of a Count Sketch that moves blocks of 64 consecutive coordinates, for every device.
 *
 * Block b = i / 64 falls on one of c / 64 aligned segments of a row; coordinate l of the block takes lane l xor m of it, and has its own sign:
 *   segment  floor(top32(p(b)) (c / 64) / 2^32),   m = p(b) mod 64,   sign of lane l: bit l mod 32 of q0(b) (l < 32) or of q1(b).
 * p, q0, q1 are polynomials of degree 3 over the field of 2^61 - 1 elements, with coefficients from keyed randomness: 4-wise independent
 * values (Wegman, Carter 1981). What follows from it, and what does not, stands in docs/sketching.md. Exact integers: the same cells
 * everywhere. Addition of a block to a row is 64 additions of consecutive floats, without any conflict.
 */
#ifndef DSGD_SIM_KERNEL_BLOCK_HASH_H
#define DSGD_SIM_KERNEL_BLOCK_HASH_H

#include "sim/kernel/hd.h"

enum { DSGD_BLOCK = 64, DSGD_BLOCK_FUNCTIONS = 3, DSGD_BLOCK_COEFFICIENTS = 4 };

/** One row: p, q0, q1, each with its constant coefficient first, in [0, 2^61 - 1). */
struct dsgd_block_row { uint64_t function[DSGD_BLOCK_FUNCTIONS][DSGD_BLOCK_COEFFICIENTS]; };

/** Where a block lies. */
struct dsgd_block_cell {
    uint32_t segment; /* its first cell is 64 segment */
    uint32_t lanes;   /* m */
    uint64_t signs;   /* bit l: lane l of the block counts with -1 */
};

#define DSGD_BLOCK_PRIME ((UINT64_C(1) << 61) - 1)

/** a b mod 2^61 - 1; a, b and the result are below it. */
DSGD_HD uint64_t dsgd_block_multiply(uint64_t a, uint64_t b)
{
    const uint64_t low = a * b;
#if defined(__CUDA_ARCH__)
    const uint64_t high = __umul64hi(a, b);
#else
    __extension__ typedef unsigned __int128 wide;
    const uint64_t high = (uint64_t)((wide)a * b >> 64);
#endif
    const uint64_t sum = (low & DSGD_BLOCK_PRIME) + (low >> 61 | high << 3); /* 2^61 = 1: the upper bits are folded onto the lower ones */
    return sum >= DSGD_BLOCK_PRIME ? sum - DSGD_BLOCK_PRIME : sum;
}

DSGD_HD uint64_t dsgd_block_value(const uint64_t coefficient[DSGD_BLOCK_COEFFICIENTS], uint64_t block)
{
    uint64_t value = coefficient[DSGD_BLOCK_COEFFICIENTS - 1];
    for (int e = DSGD_BLOCK_COEFFICIENTS - 2; e >= 0; --e) {
        value = dsgd_block_multiply(value, block) + coefficient[e];
        value = value >= DSGD_BLOCK_PRIME ? value - DSGD_BLOCK_PRIME : value;
    }
    return value;
}

/** From the values of p, q0 and q1; segments = c / 64 below 2^25. */
DSGD_HD struct dsgd_block_cell dsgd_block_cell_of(uint64_t p, uint64_t q0, uint64_t q1, uint32_t segments)
{
    struct dsgd_block_cell cell;
    cell.segment = (uint32_t)((p >> 29) * segments >> 32);
    cell.lanes = (uint32_t)p % DSGD_BLOCK;
    cell.signs = (q0 & UINT64_C(0xffffffff)) | q1 << 32;
    return cell;
}

DSGD_HD struct dsgd_block_cell dsgd_block_cell(const struct dsgd_block_row *row, uint32_t segments, uint64_t block)
{
    return dsgd_block_cell_of(dsgd_block_value(row->function[0], block), dsgd_block_value(row->function[1], block),
                              dsgd_block_value(row->function[2], block), segments);
}

#endif
