/* sign.c - signs of vectors with a rule for zeros, on the CPU.
 *
 * The papers on signs have sign(0) = 0, which one bit cannot carry. A named rule decides: always plus, always minus, or a fair coin.
 * Votes: votes.c.
 */
#include "sim/codec/codec.h"
#include "sim/codec/flags.h"
#include "sim/cpu/coins.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/split.h"

enum { BITS = 8 }; /* coordinates in a byte of a plane */

/* Bit i where v[i] < 0; a zero by the rule, a NaN is plus. */
static inline uint64_t word_of(const float v[FLAGS], size_t first, enum dsgd_zero zero, const struct cpu_coins *coins)
{
    uint64_t minus = flags_below_zero(v);
    if (zero != DSGD_PLUS) {
        const uint64_t none = flags_zero(v);
        minus |= zero == DSGD_MINUS ? none : none != 0 ? cpu_toss(coins, first, none) : 0;
    }
    return minus;
}

/* Coordinates first .. end - 1 of one row, `first` a multiple of 64. */
static void pack(size_t first, size_t end, const float *v, enum dsgd_zero zero, const struct cpu_coins *coins, uint8_t *plane)
{
    size_t i = first;
    for (; i + FLAGS <= end; i += FLAGS) { flags_store(word_of(v + i, i, zero, coins), FLAGS, plane + i / BITS); }
    if (i < end) {
        float last[FLAGS];
        flags_tail(end - i, v + i, last);
        flags_store(word_of(last, i, zero, coins), end - i, plane + i / BITS);
    }
}

void cpu_sign_pack(struct dsgd_rows *r, const dsgd_f32 *v, enum dsgd_zero zero, struct dsgd_rng_key key, dsgd_signs *out)
{
    const size_t n = v->array.count;
    const int parts = cpu_parts(r->queue, n);
    for (uint32_t row = 0; row < r->rows; ++row) {
        const struct cpu_coins coins = {key, r->step, dsgd_row_worker(r, row)};
#pragma omp parallel for num_threads(parts) if (parts > 1)
        for (int p = 0; p < parts; ++p) {
            pack(cpu_part(n, p, parts), cpu_part(n, p + 1, parts), cpu_f32(v, row), zero, &coins, cpu_signs(out, row));
        }
    }
}

void cpu_sign_unpack(struct dsgd_rows *r, const dsgd_signs *signs, dsgd_f32 *out)
{
    const size_t n = out->array.count;
    const int parts = cpu_parts(r->queue, n);
    for (uint32_t row = 0; row < r->rows; ++row) {
        int stray = 0;
#pragma omp parallel for num_threads(parts) if (parts > 1) reduction(| : stray)
        for (int p = 0; p < parts; ++p) {
            const size_t first = cpu_part(n, p, parts), end = cpu_part(n, p + 1, parts);
            stray |= codec_signs_unpack(end - first, cpu_signs(signs, row) + first / BITS, 1.0f, cpu_f32(out, row) + first) != DSGD_OK;
        }
        if (stray) { dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "sign_unpack: a bit past the end"); }
    }
}

/* One loop for each rule, which compilers turn into comparisons of whole registers. */
static void subtract_signs(size_t n, float plus, bool zero_is_minus, float *x)
{
    for (size_t i = 0; i < n; ++i) {
        const bool minus = zero_is_minus ? x[i] <= 0.0f : x[i] < 0.0f;
        x[i] -= minus ? -plus : plus;
    }
}

void cpu_sign_subtract(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, enum dsgd_zero zero, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) {
            const size_t n = g->start[j + 1] - g->start[j];
            const int parts = cpu_parts(r->queue, n);
#pragma omp parallel for num_threads(parts) if (parts > 1)
            for (int p = 0; p < parts; ++p) {
                const size_t first = cpu_part(n, p, parts), end = cpu_part(n, p + 1, parts);
                subtract_signs(end - first, cpu_f32(scale, row)[j], zero == DSGD_MINUS, cpu_f32(v, row) + g->start[j] + first);
            }
        }
    }
}
