/* naive_sketch.h - what tests of Count Sketch tables compare with: memory of zeros, and the median of a coordinate by insertion. */
#ifndef DSGD_TESTS_NAIVE_SKETCH_H
#define DSGD_TESTS_NAIVE_SKETCH_H

#include <stdlib.h>

#include "sim/cpu/count_sketch.h"
#include "tests/check.h"

static inline void *zeros(size_t n)
{
    void *memory = calloc(n, sizeof(float));
    assert_non_null(memory);
    return memory;
}

static inline float naive_median(const struct sketch_hash *hash, const float *table, size_t i)
{
    float x[SKETCH_ROWS_MAX];
    const uint32_t rows = sketch_hash_rows(hash);
    for (uint32_t row = 0; row < rows; ++row) {
        const uint32_t cell = sketch_hash_cell(hash, row, i);
        const float entry = table[(size_t)row * sketch_hash_cols(hash) + (cell & ~SKETCH_SIGN_BIT)];
        const float value = cell & SKETCH_SIGN_BIT ? -entry : entry;
        uint32_t at = row;
        for (; at > 0 && x[at - 1] > value; --at) { x[at] = x[at - 1]; }
        x[at] = value;
    }
    return x[rows / 2];
}

#endif
