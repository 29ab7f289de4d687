/* pairs_case.h - a small dataset of pairs for tests: sentences of random lengths and ids, in arrays of the test's own. */
#ifndef DSGD_TESTS_PAIRS_CASE_H
#define DSGD_TESTS_PAIRS_CASE_H

#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "datasets/dataset.h"
#include "sim/kernel/rng.h"

enum { PAIRS_SOURCES = 30, PAIRS_TARGETS = 50 }; /* sizes of the vocabularies */

/* n sentences of 1 to `longest` ids; the caller frees start and id. */
static inline struct dsgd_sentences pairs_sentences(uint32_t seed, size_t n, uint32_t longest, uint32_t vocabulary)
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("pairs of a test")};
    size_t *start = malloc((n + 1) * sizeof *start);
    uint32_t *id = malloc(n * longest * sizeof *id);
    assert_true(start && id);
    start[0] = 0;
    for (size_t i = 0; i < n; ++i) {
        start[i + 1] = start[i] + 1 + dsgd_rng_below(key, (uint32_t)i, 0, 0, longest);
        for (size_t k = start[i]; k < start[i + 1]; ++k) { id[k] = 4 + dsgd_rng_below(key, (uint32_t)i, (uint32_t)k, 1, vocabulary - 4); }
    }
    return (struct dsgd_sentences){start, id};
}

static inline struct dsgd_split pairs_split(uint32_t seed, size_t n, uint32_t longest)
{
    return (struct dsgd_split){.n = n, .form = DSGD_PAIRS, .source = pairs_sentences(2 * seed, n, longest, PAIRS_SOURCES),
                               .target = pairs_sentences(2 * seed + 1, n, longest, PAIRS_TARGETS)};
}

static inline void pairs_free(struct dsgd_split *split)
{
    free((void *)(uintptr_t)split->source.start);
    free((void *)(uintptr_t)split->source.id);
    free((void *)(uintptr_t)split->target.start);
    free((void *)(uintptr_t)split->target.id);
}

#endif
