/* sign_rule.c - signs of a vector with a rule for zeros. Interface: sign_rule.h. */
#include "algorithms/sign_rule.h"

#include <stdbool.h>

#include "algorithms/codec.h"

enum { WORDS = 4, BITS = 8 }; /* coordinates a draw serves, and a byte of a plane */

/* True where one of the coordinates that share a draw is 0: draws are made only there, which keyed draws allow. */
static bool any_zero(size_t n, const float *v)
{
    bool found = false;
    for (size_t i = 0; i < n; ++i) { found |= v[i] == 0.0f; }
    return found;
}

static void toss(size_t d, const float *v, struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint8_t *plane)
{
    for (size_t first = 0; first < d; first += WORDS) {
        const size_t n = d - first < WORDS ? d - first : WORDS;
        if (!any_zero(n, v + first)) { continue; }
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(first / WORDS), step, worker, 0);
        for (size_t j = 0; j < n; ++j) {
            const unsigned minus = v[first + j] == 0.0f ? words.word[j] & 1 : 0;
            plane[first / BITS] |= (uint8_t)(minus << (first + j) % BITS);
        }
    }
}

void sign_rule_pack(size_t d, const float *v, enum sign_rule rule, struct dsgd_rng_key key, uint32_t step, uint32_t worker,
                    uint8_t *plane)
{
    codec_signs_pack(d, v, plane); /* zeros are positive there */
    if (rule == SIGN_COIN) { toss(d, v, key, step, worker, plane); }
    if (rule == SIGN_MINUS) {
        for (size_t i = 0; i < d; ++i) { plane[i / BITS] |= (uint8_t)((v[i] == 0.0f) << i % BITS); }
    }
}
