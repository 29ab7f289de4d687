/* minibatch.c - sampling with replacement, and by epochs. Interface: minibatch.h. */
#include "sim/minibatch.h"

/* Positions stay below, so that the epochs of the smallest set fit the counter of its orders. */
#define POSITIONS_MAX 0x1p56

enum dsgd_status dsgd_minibatch_check(const struct dsgd_run_config *config, size_t n)
{
    if (config->sampling != DSGD_SAMPLING_EPOCH) { return DSGD_OK; }
    if (n == 0) {
        return dsgd_fail(DSGD_EINPUT, "sampling = epoch: problem %s has no examples to go through; expected replacement", config->problem);
    }
    const double positions = (double)config->steps * (double)config->workers * (double)config->batch;
    if (positions > POSITIONS_MAX) {
        return dsgd_fail(DSGD_EINPUT, "sampling = epoch: steps x workers x batch = %.3g: expected at most %.3g", positions, POSITIONS_MAX);
    }
    return DSGD_OK;
}

struct dsgd_minibatch dsgd_minibatch_of(const struct dsgd_run_config *config, size_t n)
{
    const uint32_t seed = dsgd_run_seed(config, config->seed_data);
    struct dsgd_minibatch m = {.sampling = config->sampling, .n = (uint32_t)n, .workers = (uint32_t)config->workers, .batch = (uint32_t)config->batch,
                               .key = {seed, dsgd_rng_purpose("minibatch")}};
    if (m.sampling == DSGD_SAMPLING_EPOCH && n > 0) {
        m.order = dsgd_permutation_of((struct dsgd_rng_key){seed, dsgd_rng_purpose("epoch order")}, m.n);
    }
    return m;
}

size_t dsgd_minibatch_memo_words(const struct dsgd_minibatch *m)
{
    return m->sampling == DSGD_SAMPLING_EPOCH ? dsgd_permutation_words(&m->order) : 0;
}

/* The stored shifts of this epoch, or NULL. */
static const uint32_t *shifts_of(const struct dsgd_minibatch *m, struct dsgd_minibatch_memo *memo, uint64_t epoch)
{
    if (!memo->shift) { return NULL; }
    if (!memo->filled || memo->epoch != epoch) {
        dsgd_permutation_shifts(&m->order, epoch, DSGD_RNG_SERVER, memo->shift);
        memo->epoch = epoch;
        memo->filled = true;
    }
    return memo->shift;
}

void dsgd_minibatch_take(const struct dsgd_minibatch *m, struct dsgd_minibatch_memo *memo, uint32_t step, uint32_t worker, uint32_t *example)
{
    if (m->n == 0) { return; }
    const uint64_t first = ((uint64_t)step * m->workers + worker) * m->batch;
    for (uint32_t j = 0; j < m->batch; ++j) { /* the algorithm is in neither key */
        if (m->sampling == DSGD_SAMPLING_EPOCH) {
            const uint64_t epoch = (first + j) / m->n;
            example[j] = dsgd_permutation_at(&m->order, epoch, DSGD_RNG_SERVER, shifts_of(m, memo, epoch), (uint32_t)((first + j) % m->n));
        } else {
            example[j] = dsgd_rng_below(m->key, j, step, worker, m->n);
        }
    }
}
