/* minibatch.h - which examples a worker takes in a step: a function of the configuration, the step and the worker alone.
 *
 * replacement: b independent draws from [0, n), key {seed_data, "minibatch"}. epoch: the workers together go through all examples in a
 * keyed order, then through all in another one: place j of worker i's batch in step t has position p = (t W + i) b + j, and its example
 * is at place p mod n of the order of epoch p / n. A batch may cross epochs. Both are the same whatever algorithm, thread or block asks.
 */
#ifndef DSGD_SIM_MINIBATCH_H
#define DSGD_SIM_MINIBATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/kernel/permutation.h"
#include "sim/run_config.h"

struct dsgd_minibatch {
    int sampling;
    uint32_t n, workers, batch;
    struct dsgd_rng_key key;       /* replacement */
    struct dsgd_permutation order; /* epoch */
};

/** An order whose random functions somebody has stored, for speed; no part of any result. */
struct dsgd_minibatch_memo {
    uint32_t *shift; /* [dsgd_minibatch_memo_words], owned by whoever has the memo; NULL: nothing is stored */
    uint64_t epoch;
    bool filled;
};

/** DSGD_EINPUT with a sentence if the configuration's `sampling` is not possible with n examples. */
enum dsgd_status dsgd_minibatch_check(const struct dsgd_run_config *config, size_t n);
/** n = 0: nothing is ever taken. */
struct dsgd_minibatch dsgd_minibatch_of(const struct dsgd_run_config *config, size_t n);
size_t dsgd_minibatch_memo_words(const struct dsgd_minibatch *m);
/** example [batch] of one worker; leaves it alone where n = 0. */
void dsgd_minibatch_take(const struct dsgd_minibatch *m, struct dsgd_minibatch_memo *memo, uint32_t step, uint32_t worker, uint32_t *example);

#endif
