/* sign_rule.h - one bit a coordinate for a vector with zeros: what a bit says where a sign cannot.
 *
 * The papers on signs have sign(0) = 0, which one bit cannot carry. A named rule decides instead: always plus, always minus,
 * or a fair coin. A tie of a majority vote is a zero of the sum of votes, so it takes the same function.
 */
#ifndef DSGD_ALGORITHMS_SIGN_RULE_H
#define DSGD_ALGORITHMS_SIGN_RULE_H

#include <stddef.h>
#include <stdint.h>
#include "sim/rng.h"

/** What the bit of a zero says. */
enum sign_rule { SIGN_PLUS, SIGN_MINUS, SIGN_COIN };

/** Writes the bit plane of codec.h: bit i is set where v[i] < 0, or where v[i] is 0 (of either sign) and the rule says minus;
 *  a NaN counts as positive. Coin: coordinate i uses word i % 4 of the draw with item = i / 4, step, worker, and is negative
 *  where the word is odd. Overwrites ceil(d / 8) bytes. */
void sign_rule_pack(size_t d, const float *v /*[d]*/, enum sign_rule rule, struct dsgd_rng_key key, uint32_t step,
                    uint32_t worker, uint8_t *plane);

#endif
