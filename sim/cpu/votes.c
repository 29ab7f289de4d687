/* votes.c - majority votes on bit planes: counters of minus signs whose bits lie in planes of their own, so that one instruction counts for
 * 256 coordinates.
 *
 * A block of 256 coordinates has its planes one behind the other, lowest bit first. Messages come in with carry-save adders (the tree of
 * Harley and Seal for counting bits): three planes of one weight become one of this weight and one of twice the weight, five operations;
 * eight messages cost seven adders and a carry. M minus signs of W messages win where 2 M > W, and tie where 2 M = W: a comparison of the
 * planes with W / 2 from the highest bit down. Integers, so no order of messages and no number of threads changes anything.
 */
#include <string.h>

#include "sim/codec/codec.h"
#include "sim/codec/flags.h"
#include "sim/cpu/coins.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/split.h"

typedef uint64_t slice __attribute__((vector_size(32)));                             /* 256 coordinates */
typedef uint64_t loose __attribute__((vector_size(32), aligned(1), __may_alias__)); /* the same anywhere in a plane of bytes */

enum {
    SLICE = sizeof(slice),      /* bytes of a plane in a block */
    BLOCK = 8 * SLICE,          /* coordinates */
    WORDS = SLICE / 8,          /* of 64 coordinates */
    TILE = 4096,                /* coordinates that stay in the first-level cache while all messages of a block of workers are counted */
    AT_ONCE = 8,                /* messages of a tree */
    LOW = 3                     /* planes that a tree fills; what carries out of them is one bit */
};

/* Planes of counters up to `most`. */
static unsigned planes_of(uint32_t most)
{
    return most > 0 ? codec_log2(most) + 1 : 0;
}

size_t cpu_votes_bytes(size_t n, uint32_t most)
{
    return (n / BLOCK + (n % BLOCK > 0)) * planes_of(most) * SLICE;
}

/* Vectors go by address: how they go by value depends on the processor that code is for. */
static inline void load(const uint8_t *at, slice *out)
{
    *out = *(const loose *)at;
}

static inline void store(uint8_t *at, const slice *s)
{
    *(loose *)at = *s;
}

/* Three bits of one weight: *sum keeps their sum, *carry gets what is carried; a, b and carry may be the same. */
static inline void add3(slice *sum, const slice *a, const slice *b, slice *carry)
{
    const slice either = *sum ^ *a, both = (*sum & *a) | (either & *b);
    *sum = either ^ *b;
    *carry = both;
}

/* Counts eight messages: the low three planes, and what carries out of them to m[0]. */
static inline void count8(slice low[LOW], slice m[AT_ONCE])
{
    for (int j = 0; j < AT_ONCE; j += 2) { add3(&low[0], &m[j], &m[j + 1], &m[j]); }
    for (int j = 0; j < AT_ONCE; j += 4) { add3(&low[1], &m[j], &m[j + 2], &m[j]); }
    add3(&low[2], &m[0], &m[4], &m[0]);
}

/* Eight messages on top of the `had` planes of each block, which become `has`; planes that had not been are 0. */
static void count_blocks(size_t blocks, const uint8_t *const message[AT_ONCE], unsigned had, unsigned has, uint8_t *at, size_t room)
{
    for (size_t b = 0; b < blocks; ++b, at += room) {
        slice low[LOW] = {{0}}, m[AT_ONCE];
        for (int j = 0; j < AT_ONCE; ++j) { load(message[j] + b * SLICE, &m[j]); }
        for (unsigned k = 0; k < LOW; ++k) {
            if (k < had) { load(at + k * SLICE, &low[k]); }
        }
        count8(low, m);
        for (unsigned k = 0; k < LOW; ++k) {
            if (k < has) { store(at + k * SLICE, &low[k]); }
        }
        for (unsigned k = LOW; k < has; ++k) {
            slice plane = {0};
            if (k < had) { load(at + k * SLICE, &plane); }
            const slice both = plane & m[0];
            plane ^= m[0];
            m[0] = both;
            store(at + k * SLICE, &plane);
        }
    }
}

/* Whole blocks of a tile where they lie, the last piece of a plane from a copy with zeros behind it; messages that are missing in the last
 * eight are zeros. `bytes`: of a message in this tile. */
static void count_tile(uint32_t rows, unsigned had, unsigned has, const uint8_t *first, size_t stride, size_t bytes, uint8_t *at, size_t room)
{
    static const uint8_t zeros[TILE / 8] = {0};
    const size_t blocks = bytes / SLICE, left = bytes % SLICE;
    for (uint32_t row = 0; row < rows; row += AT_ONCE, had = has) {
        const uint8_t *message[AT_ONCE], *last[AT_ONCE];
        uint8_t piece[AT_ONCE][SLICE] = {{0}};
        for (uint32_t j = 0; j < AT_ONCE; ++j) {
            message[j] = row + j < rows ? first + (row + j) * stride : zeros;
            memcpy(piece[j], message[j] + blocks * SLICE, left);
            last[j] = piece[j];
        }
        count_blocks(blocks, message, had, has, at, room);
        count_blocks(left > 0, last, had, has, at + blocks * room, room);
    }
}

void cpu_fold_signs(struct dsgd_queue *q, uint32_t rows, const dsgd_signs *a, uint32_t before, dsgd_votes *votes)
{
    const size_t n = votes->n, room = (size_t)planes_of(votes->most) * SLICE;
    const unsigned had = planes_of(before), has = planes_of(before + rows);
    const int parts = cpu_parts(q, n * rows / 8); /* bits are cheap */
    uint8_t *planes = cpu_near(votes->array.at);
#pragma omp parallel for num_threads(parts) if (parts > 1)
    for (int p = 0; p < parts; ++p) {
        for (size_t i = cpu_part(n, p, parts), end = cpu_part(n, p + 1, parts); i < end; i += TILE) {
            const size_t bytes = codec_signs_bytes(end - i < TILE ? end - i : TILE);
            count_tile(rows, had, has, cpu_signs(a, 0) + i / 8, a->array.stride, bytes, planes + i / BLOCK * room, room);
        }
    }
}

/* Where more than `half` were counted, and where just so many. */
static inline void compare(const uint8_t *at, unsigned planes, uint32_t half, slice *more, slice *same)
{
    slice above = {0}, equal = ~above;
    for (unsigned k = planes; k-- > 0;) {
        const uint64_t set = 0 - (uint64_t)(half >> k & 1); /* all bits of the plane that the number would have */
        slice bit;
        load(at + k * SLICE, &bit);
        above |= equal & bit & ~set;
        equal &= ~(bit ^ set);
    }
    *more = above;
    *same = equal;
}

static void decide(const dsgd_votes *votes, size_t first, size_t end, enum dsgd_zero tie, const struct cpu_coins *coins, uint8_t *minus)
{
    const unsigned planes = planes_of(votes->counted);
    const size_t room = (size_t)planes_of(votes->most) * SLICE;
    const bool even = votes->counted % 2 == 0;
    const uint8_t *at = cpu_near(votes->array.at);
    for (size_t i = first; i < end; i += BLOCK) {
        slice more, same;
        compare(at + i / BLOCK * room, planes, votes->counted / 2, &more, &same);
        if (even && tie == DSGD_MINUS) { more |= same; }
        if (end - i >= BLOCK && !(even && tie == DSGD_COIN)) {
            store(minus + i / 8, &more);
            continue;
        }
        uint64_t word[WORDS], tied[WORDS];
        memcpy(word, &more, sizeof word);
        memcpy(tied, &same, sizeof tied);
        for (size_t w = 0; w < WORDS && i + w * FLAGS < end; ++w) {
            const size_t here = i + w * FLAGS, count = end - here < FLAGS ? end - here : FLAGS;
            const uint64_t inside = count < FLAGS ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
            if (even && tie == DSGD_COIN) { word[w] |= cpu_toss(coins, here, tied[w] & inside); }
            flags_store(word[w] & inside, count, minus + here / 8);
        }
    }
}

void cpu_sign_pack_votes(struct dsgd_rows *r, const dsgd_votes *votes, enum dsgd_zero tie, struct dsgd_rng_key key, dsgd_signs *out)
{
    const struct cpu_coins coins = {key, r->step, dsgd_row_worker(r, 0)};
    const int parts = cpu_parts(r->queue, votes->n);
#pragma omp parallel for num_threads(parts) if (parts > 1)
    for (int p = 0; p < parts; ++p) { decide(votes, cpu_part(votes->n, p, parts), cpu_part(votes->n, p + 1, parts), tie, &coins, cpu_signs(out, 0)); }
}
