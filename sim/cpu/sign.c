/* sign.c - signs of vectors with a rule for zeros, on the CPU.
 *
 * The papers on signs have sign(0) = 0, which one bit cannot carry. A named rule decides: always plus, always minus, or a fair coin. A
 * tie of a vote is a zero of its sum, so it takes the same rule.
 */
#include <string.h>

#include "sim/codec/codec.h"
#include "sim/cpu/cpu.h"

enum { WORDS = 4, BITS = 8 }; /* coordinates a draw serves, and a byte of a plane */

/* Bit i where v[i] < 0, or v[i] <= 0 if zeros are minus; a NaN is plus. */
static void pack(size_t n, const float *v, bool zero_is_minus, uint8_t *plane)
{
    codec_signs_pack(n, v, plane); /* zeros are plus there */
    for (size_t i = 0; zero_is_minus && i < n; ++i) { plane[i / BITS] = (uint8_t)(plane[i / BITS] | (v[i] == 0.0f) << i % BITS); }
}

/* Coins for zeros: draws are made only where there is one, which keyed draws allow. */
static void toss(size_t n, const float *v, struct dsgd_rng_key key, uint32_t step, uint32_t worker, uint8_t *plane)
{
    for (size_t first = 0; first < n; first += WORDS) {
        const size_t end = n - first < WORDS ? n - first : WORDS;
        bool found = false;
        for (size_t j = 0; j < end; ++j) { found |= v[first + j] == 0.0f; }
        if (!found) { continue; }
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(first / WORDS), step, worker, 0);
        for (size_t j = 0; j < end; ++j) {
            const unsigned minus = v[first + j] == 0.0f ? words.word[j] & 1 : 0;
            plane[first / BITS] |= (uint8_t)(minus << (first + j) % BITS);
        }
    }
}

void cpu_sign_pack(struct dsgd_rows *r, const dsgd_f32 *v, enum dsgd_zero zero, struct dsgd_rng_key key, dsgd_signs *out)
{
    const size_t n = v->array.count;
    for (uint32_t row = 0; row < r->rows; ++row) {
        pack(n, cpu_f32(v, row), zero == DSGD_MINUS, cpu_signs(out, row));
        if (zero == DSGD_COIN) { toss(n, cpu_f32(v, row), key, r->step, dsgd_row_worker(r, row), cpu_signs(out, row)); }
    }
}

void cpu_sign_pack_votes(struct dsgd_rows *r, const dsgd_i32 *sum, enum dsgd_zero tie, struct dsgd_rng_key key, dsgd_signs *out)
{
    enum { BLOCK = 256 };
    float vote[BLOCK]; /* the sign of a float is exact, and so is its zero */
    const size_t n = sum->array.count;
    for (uint32_t row = 0; row < r->rows; ++row) {
        const int32_t *votes = cpu_i32(sum, row);
        uint8_t *plane = cpu_signs(out, row);
        for (size_t first = 0; first < n; first += BLOCK) {
            const size_t end = n - first < BLOCK ? n - first : BLOCK;
            for (size_t j = 0; j < end; ++j) { vote[j] = (float)votes[first + j]; }
            pack(end, vote, tie == DSGD_MINUS, plane + first / BITS);
            for (size_t j = 0; tie == DSGD_COIN && j < end; j += WORDS) {
                const size_t some = end - j < WORDS ? end - j : WORDS;
                bool even = false;
                for (size_t l = 0; l < some; ++l) { even |= votes[first + j + l] == 0; }
                if (!even) { continue; }
                const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)((first + j) / WORDS), r->step, dsgd_row_worker(r, row), 0);
                for (size_t l = 0; l < some; ++l) {
                    const unsigned minus = votes[first + j + l] == 0 ? words.word[l] & 1 : 0;
                    plane[(first + j) / BITS] |= (uint8_t)(minus << (j + l) % BITS);
                }
            }
        }
    }
}

void cpu_sign_unpack(struct dsgd_rows *r, const dsgd_signs *signs, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        if (codec_signs_unpack(out->array.count, cpu_signs(signs, row), 1.0f, cpu_f32(out, row)) != DSGD_OK) {
            dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "sign_unpack: a bit past the end");
        }
    }
}

void cpu_sign_subtract(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, enum dsgd_zero zero, dsgd_f32 *v)
{
    const bool zero_is_minus = zero == DSGD_MINUS;
    for (uint32_t row = 0; row < r->rows; ++row) {
        float *x = cpu_f32(v, row);
        for (size_t j = 0; j < g->count; ++j) {
            const float plus = cpu_f32(scale, row)[j];
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) {
                const bool minus = zero_is_minus ? x[i] <= 0.0f : x[i] < 0.0f;
                x[i] -= minus ? -plus : plus;
            }
        }
    }
}
