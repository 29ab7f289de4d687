/* sketch_hash_block.c - the block family of hashes (sim/kernel/block_hash.h) as cells of single coordinates. */
#include "sim/cpu/sketch_hash.h"

#include "sim/kernel/block_hash.h"
#include "sim/kernel/rng.h"

#define PURPOSE "sketch_hash_block coefficients"

struct block_state {
    uint32_t segments;
    struct dsgd_block_row row[SKETCH_ROWS_MAX];
};

/* Uniform in [0, p): 61 random bits, rejecting the one value p. */
static uint64_t draw_coefficient(struct dsgd_rng_key key, uint32_t item, uint32_t step)
{
    for (uint32_t draw = 0;; ++draw) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, item, step, 0, draw);
        for (int j = 0; j < 2; ++j) {
            const uint64_t value = dsgd_rng_u64(&words, j) >> 3;
            if (value < DSGD_BLOCK_PRIME) { return value; }
        }
    }
}

static void block_reseed(void *state, uint32_t rows, uint32_t cols, uint32_t seed, uint32_t step)
{
    enum { EACH = DSGD_BLOCK_FUNCTIONS * DSGD_BLOCK_COEFFICIENTS };
    struct block_state *s = state;
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose(PURPOSE)};
    s->segments = cols / DSGD_BLOCK;
    for (uint32_t item = 0; item < rows * EACH; ++item) {
        s->row[item / EACH].function[item % EACH / DSGD_BLOCK_COEFFICIENTS][item % DSGD_BLOCK_COEFFICIENTS] = draw_coefficient(key, item, step);
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
    .blocks = block_rows,
};
