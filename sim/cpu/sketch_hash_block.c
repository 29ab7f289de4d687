/* sketch_hash_block.c - the block family of hashes (sim/kernel/block_hash.h) as cells of single coordinates. */
#include "sim/cpu/sketch_hash.h"

#include "sim/cpu/sketch_walk.h"
#include "sim/kernel/sketch_hash.h"

struct block_state {
    uint32_t segments;
    struct dsgd_block_row row[SKETCH_ROWS_MAX];
};

static void block_reseed(void *state, uint32_t rows, uint32_t cols, uint32_t seed, uint32_t step)
{
    enum { EACH = DSGD_BLOCK_FUNCTIONS * DSGD_BLOCK_COEFFICIENTS };
    struct block_state *s = state;
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose(DSGD_BLOCK_PURPOSE)};
    s->segments = cols / DSGD_BLOCK;
    for (uint32_t item = 0; item < rows * EACH; ++item) {
        s->row[item / EACH].function[item % EACH / DSGD_BLOCK_COEFFICIENTS][item % DSGD_BLOCK_COEFFICIENTS] = dsgd_sketch_coefficient(key, item, step);
    }
}

static inline uint32_t cell_of(const struct dsgd_block_cell *at, uint32_t lane)
{
    return (at->segment * DSGD_BLOCK + (lane ^ at->lanes)) | (uint32_t)(at->signs >> lane & 1) << 31;
}

static uint32_t block_one(const void *state, uint32_t row, size_t i)
{
    const struct block_state *s = state;
    const struct dsgd_block_cell at = dsgd_block_cell(&s->row[row], s->segments, i / DSGD_BLOCK);
    return cell_of(&at, (uint32_t)(i % DSGD_BLOCK));
}

static void block_fill(const void *state, uint32_t row, size_t i0, size_t n, uint32_t *cell)
{
    const struct block_state *s = state;
    for (size_t i = i0; i < i0 + n;) {
        const struct dsgd_block_cell at = dsgd_block_cell(&s->row[row], s->segments, i / DSGD_BLOCK);
        do { *cell++ = cell_of(&at, (uint32_t)(i % DSGD_BLOCK)); } while (++i < i0 + n && i % DSGD_BLOCK > 0);
    }
}

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* unoptimised builds need not vectorise the loop below */
#endif

static void block_some(const void *state, uint32_t row, size_t n, const uint32_t *index, uint32_t *cell)
{
    const struct block_state *s = state;
    const struct dsgd_block_row f = s->row[row]; /* a local copy cannot alias cell */
    const uint64_t segments = s->segments;
    uint64_t turn[DSGD_BLOCK_COEFFICIENTS];
    for (int e = 0; e < DSGD_BLOCK_COEFFICIENTS; ++e) { turn[e] = f.function[1][e] ^ f.function[2][e]; }
#pragma omp simd
    for (size_t j = 0; j < n; ++j) {
        const uint64_t b = index[j] / DSGD_BLOCK, lane = index[j] % DSGD_BLOCK;
        const uint64_t p = sketch_value(f.function[0][0], f.function[0][1], f.function[0][2], f.function[0][3], b);
        const uint64_t half = 0 - (lane >> 5), c0 = f.function[1][0] ^ (turn[0] & half), c1 = f.function[1][1] ^ (turn[1] & half);
        const uint64_t c2 = f.function[1][2] ^ (turn[2] & half), c3 = f.function[1][3] ^ (turn[3] & half); /* of q0, or of q1 */
        const uint64_t sign = sketch_value(c0, c1, c2, c3, b) >> (lane & 31) & 1;
        const uint64_t segment = (p >> 29) * segments >> 32;
        cell[j] = (uint32_t)(segment * DSGD_BLOCK + (lane ^ (p % DSGD_BLOCK)) + (sign << 31));
    }
}

static const struct dsgd_block_row *block_rows(const void *state)
{
    const struct block_state *s = state;
    return s->row;
}

const struct sketch_hash_family sketch_hash_block = {
    .name = "block",
    .reference = "blocks of 64 coordinates, docs/sketching.md; Wegman, Carter 1981",
    .cols_of = DSGD_BLOCK,
    .state_size = sizeof(struct block_state),
    .reseed = block_reseed,
    .fill = block_fill,
    .one = block_one,
    .some = block_some,
    .blocks = block_rows,
};
