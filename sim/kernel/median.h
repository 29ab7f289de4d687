/* median.h - the median of an odd number of floats, by an order of integers: any network of comparators gives the same bits.
 *
 * Floats are mapped to integers with the same order, -0 below +0, and every NaN, whatever its sign and payload, to the one integer above
 * +infinity. Minima and maxima of integers are exact and total, so the middle value does not depend on which comparators find it. A NaN
 * that is the median comes back as the NaN 0x7fffffff. So a table with few NaN cells still has medians, and one whose rows are mostly
 * NaN shows it.
 */
#ifndef DSGD_SIM_KERNEL_MEDIAN_H
#define DSGD_SIM_KERNEL_MEDIAN_H

#include "sim/kernel/hd.h"

/** The place of a float in the order. */
DSGD_HD int32_t dsgd_order_key(float value)
{
    const uint32_t bits = dsgd_bits32(value), magnitude = bits & 0x7fffffffu;
    const uint32_t key = bits ^ ((0u - (bits >> 31)) & 0x7fffffffu); /* negative: the larger the magnitude, the smaller the key */
    return (int32_t)(magnitude > 0x7f800000u ? 0x7fffffffu : key);
}

/** The float at a place; of all NaN the one with key 0x7fffffff. */
DSGD_HD float dsgd_order_value(int32_t key)
{
    const uint32_t bits = (uint32_t)key;
    return dsgd_float_of(bits ^ ((0u - (bits >> 31)) & 0x7fffffffu));
}

/** One comparator: afterwards *low <= *high. */
DSGD_HD void dsgd_order_two(int32_t *low, int32_t *high)
{
    const int32_t a = *low, b = *high;
    *low = a < b ? a : b;
    *high = a < b ? b : a;
}

enum { DSGD_MEDIAN_ROWS_MAX = 63, DSGD_MEDIAN_STEPS_MAX = 544 }; /* Batcher's network of 64 wires has 543 comparators, one of 63 fewer */

/** Comparators in the order in which they work; after the last, wire rows / 2 holds the median. */
struct dsgd_comparator { uint8_t low, high; };
struct dsgd_median_network {
    unsigned count;
    struct dsgd_comparator step[DSGD_MEDIAN_STEPS_MAX];
};

/** Batcher's odd-even merge sort on `wires` wires (Knuth, TAOCP 3, 5.2.2, Algorithm M), without the comparators that cannot reach the
 *  middle wire. Made once for a number of rows; host code. */
static inline void dsgd_median_network(unsigned wires, struct dsgd_median_network *network)
{
    struct dsgd_comparator all[DSGD_MEDIAN_STEPS_MAX];
    unsigned count = 0, top = 1;
    while (top * 2 < wires) { top *= 2; }
    for (unsigned p = top; p > 0; p /= 2) {
        for (unsigned q = top, r = 0, distance = p;; distance = q - p, q /= 2, r = p) {
            for (unsigned i = 0; i + distance < wires; ++i) {
                if ((i & p) == r) {
                    all[count].low = (uint8_t)i;
                    all[count++].high = (uint8_t)(i + distance);
                }
            }
            if (q == p) { break; }
        }
    }
    uint64_t live = UINT64_C(1) << wires / 2;
    unsigned kept = count; /* backwards: a comparator counts if one of its outputs is looked at later */
    for (unsigned s = count; s-- > 0;) {
        const uint64_t both = UINT64_C(1) << all[s].low | UINT64_C(1) << all[s].high;
        if (live & both) {
            live |= both;
            all[--kept] = all[s];
        }
    }
    network->count = count - kept;
    memcpy(network->step, all + kept, network->count * sizeof *all);
}

#endif
