/* dropout.c - dropout of a row of numbers, sixteen draws at a time. */
#include "deep/cpu/sequence.h"
#include "sim/cpu/draws.h"

enum { NUMBERS = CPU_DRAW_WORDS * CPU_DRAWS_UNIT };

void deep_cpu_dropout(const struct deep_dropout *d, size_t n, uint32_t draw, const float *in, float *out)
{
    const struct dsgd_rng_key key = {d->seed, d->purpose};
    const uint32_t below = d->below;
    const float kept = d->kept;
    for (size_t j = 0; j < n; j += NUMBERS, draw += CPU_DRAWS_UNIT) {
        const size_t count = n - j < NUMBERS ? n - j : NUMBERS;
        uint32_t word[NUMBERS];
        cpu_draws_of_item(key, d->item, draw, CPU_DRAWS_UNIT, d->step, d->worker, word);
        for (size_t l = 0; l < count; ++l) { out[j + l] = in[j + l] * (word[l] < below ? 0.0f : kept); }
    }
}
