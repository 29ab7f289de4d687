/* sketch_blocks.c - a vector into a table with the block hash, over threads.
 *
 * A block of 64 coordinates is added to a segment of 64 cells by vectors: signs, lanes moved by XOR, sum. A cell of the table must get its
 * additions in ascending order, so threads do not share the vector, they share the table: each has some rows, and of a row that two threads
 * share some quarters of all segments (16 cells, one cache line). XOR of m takes a quarter of the block to a quarter of the segment, so a
 * thread skips nothing and waits for nobody, and all have the same work.
 *
 * The input is taken in tiles that stay in the first-level cache while the rows go over them; the cells of a tile are known beforehand, so
 * what lies in a large table is asked for some blocks ahead.
 */
#include "sim/cpu/sketch_blocks.h"

#include <string.h>

#include "sim/cpu/sketch_lanes.h"
#include "sim/cpu/sketch_walk.h"
#include "sim/kernel/number.h"

enum {
    QUARTER = 16,     /* floats, one cache line */
    QUARTERS = DSGD_BLOCK / QUARTER,
    TILE = 64,        /* blocks of input at a time, 16 KiB */
    CELLS = 640,      /* of a tile, all rows: 7.5 KiB, so that threads with small stacks can work */
    ROWS_ONCE = 16,   /* rows whose walks are kept, 5 KiB; more rows take the vector again */
    AHEAD = 16,       /* blocks between asking for cells and using them */
    PARALLEL = 1 << 17 /* coordinates times rows that are worth a thread */
};
static const size_t FAR_BYTES = (size_t)256 << 10;  /* larger tables are asked for ahead */
static const size_t NEAR_BYTES = (size_t)1 << 20;   /* all tables of vectors that share a pass */

/* What a thread has of one row: quarters from .. to - 1 of every segment. */
struct share { uint32_t row, from, to; };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Piece q of a block, whose signs are piece `bit` of the word. */
static inline void add_piece(const float *block, unsigned q, uint32_t m, uint64_t signs, unsigned bit, float *segment)
{
    float *at = segment + (LANES * q ^ (m & (DSGD_BLOCK - LANES)));
    const lanes x = lanes_move(lanes_flip(lanes_load(block + LANES * q), signs, bit), m);
    lanes_store(lanes_add(lanes_load(at), x), at);
}

/* One row's part of a tile. */
struct strip {
    const uint32_t *place;
    const uint64_t *signs;
    struct share share;
    float *table; /* of this row */
};

static inline void ask(const struct strip *strip, size_t b)
{
    const float *segment = strip->table + strip->place[b] / DSGD_BLOCK * DSGD_BLOCK;
    for (uint32_t q = strip->share.from; q < strip->share.to; ++q) { __builtin_prefetch(segment + QUARTER * q, 1); }
}

/* n blocks of one row; `next`: the strip after this one, NULL where nothing is asked for ahead. */
static void add_row(const float *v, size_t n, const struct strip *strip, const struct strip *next)
{
    const uint32_t from = strip->share.from, to = strip->share.to;
    for (size_t b = 0; b < n; ++b) {
        const uint32_t m = strip->place[b] % DSGD_BLOCK;
        const uint64_t signs = strip->signs[b];
        float *segment = strip->table + (strip->place[b] - m);
        if (next) {
            if (b + AHEAD < n) {
                ask(strip, b + AHEAD);
            } else {
                ask(next, b + AHEAD - n);
            }
        }
        if (to - from == QUARTERS) {
            for (unsigned q = 0; q < DSGD_BLOCK / LANES; ++q) { add_piece(v + b * DSGD_BLOCK, q, m, signs, q, segment); }
        } else { /* what comes to these quarters of the segment, wherever from */
            for (unsigned q = from * QUARTER / LANES; q < to * QUARTER / LANES; ++q) {
                const unsigned own = q ^ m / LANES;
                add_piece(v + b * DSGD_BLOCK, own, m, signs >> LANES * own, 0, segment);
            }
        }
    }
}

/* The n < 64 coordinates of the last block, number b of the strip. */
static void add_rest(const float *v, size_t n, const struct strip *strip, size_t b)
{
    const uint32_t m = strip->place[b] % DSGD_BLOCK;
    for (uint32_t l = 0; l < n; ++l) {
        const uint32_t to = l ^ m;
        if (to / QUARTER >= strip->share.from && to / QUARTER < strip->share.to) {
            strip->table[strip->place[b] - m + to] += dsgd_flip(v[l], (uint32_t)(strip->signs[b] >> l & 1) << 31);
        }
    }
}

static void clear(const struct strip *strip, size_t cols)
{
    const uint32_t from = strip->share.from, part = strip->share.to - from;
    if (part == QUARTERS) {
        memset(strip->table, 0, cols * sizeof *strip->table);
        return;
    }
    for (size_t c = 0; c < cols; c += DSGD_BLOCK) { memset(strip->table + c + from * QUARTER, 0, part * QUARTER * sizeof *strip->table); }
}

/* What the coordinates of a tile get before the rows do; NULL: nothing. */
struct maker {
    sketch_before *before;
    const void *args;
};

/* Vectors first_vector .. end_vector - 1 into some rows, or parts of them: one pass over the hashes. */
static void add_rows(const struct sketch_blocks *s, const struct share *share, uint32_t shares, const struct sketch_vectors *x, uint32_t first_vector,
                     uint32_t end_vector, const struct maker *maker)
{
    struct sketch_walk walk[ROWS_ONCE];
    struct strip strip[ROWS_ONCE];
    uint32_t place[CELLS];
    uint64_t signs[CELLS];
    const size_t whole = s->d / DSGD_BLOCK, rest = s->d % DSGD_BLOCK, blocks = whole + (rest > 0);
    const size_t tile = smaller(TILE, CELLS / shares / SKETCH_ABREAST * SKETCH_ABREAST);
    const bool far = (size_t)s->rows * s->cols * sizeof(float) > FAR_BYTES;
    for (uint32_t j = 0; j < shares; ++j) {
        float *row_table = x->table + first_vector * x->table_stride + (size_t)share[j].row * s->cols;
        strip[j] = (struct strip){place + j * tile, signs + j * tile, share[j], row_table};
        sketch_walk_start(&walk[j], &s->row[share[j].row], 0);
    }
    for (size_t first = 0; first < blocks; first += tile) {
        const size_t n = smaller(tile, whole - first);
        for (uint32_t j = 0; j < shares; ++j) { sketch_walk_on(&walk[j], s->cols / DSGD_BLOCK, tile, place + j * tile, signs + j * tile); }
        for (size_t b = 0; far && b < AHEAD; ++b) { ask(&strip[0], b); }
        for (uint32_t w = first_vector; w < end_vector; ++w) {
            const float *v = x->v + w * x->v_stride + first * DSGD_BLOCK;
            if (maker) { maker->before(maker->args, w, first * DSGD_BLOCK, smaller((first + tile) * DSGD_BLOCK, s->d)); }
            for (uint32_t j = 0; j < shares; ++j) {
                const struct strip *next = far && n >= AHEAD ? &strip[j + 1 < shares ? j + 1 : j] : NULL;
                if (x->fresh && first == 0) { clear(&strip[j], s->cols); }
                add_row(v, n, &strip[j], next);
                if (first + tile > whole && rest > 0) { add_rest(v + n * DSGD_BLOCK, rest, &strip[j], n); }
                strip[j].table += x->table_stride;
            }
        }
        for (uint32_t j = 0; j < shares; ++j) { strip[j].table -= (end_vector - first_vector) * x->table_stride; }
    }
}

/* How many vectors share a pass: all or one. */
static uint32_t at_once(const struct sketch_blocks *s, uint32_t n)
{
    return n * (size_t)s->rows * s->cols * sizeof(float) > NEAR_BYTES ? 1 : n;
}

bool sketch_blocks_make(const struct sketch_blocks *s, const struct sketch_vectors *x, sketch_before *before, const void *args)
{
    struct share share[ROWS_ONCE];
    const struct maker maker = {before, args};
    const uint32_t once = at_once(s, x->n);
    if (s->rows > ROWS_ONCE) { return false; }
    for (uint32_t j = 0; j < s->rows; ++j) { share[j] = (struct share){j, 0, QUARTERS}; }
    for (uint32_t w = 0; w < x->n; w += once) { add_rows(s, share, s->rows, x, w, w + once, &maker); }
    return true;
}

void sketch_blocks_accumulate(const struct sketch_blocks *s, const struct sketch_vectors *x, int threads)
{
    const size_t all = (size_t)s->rows * QUARTERS, worth = s->d * s->rows * x->n / PARALLEL;
    const uint32_t once = at_once(s, x->n);
    const int parts = (int)smaller((size_t)threads, smaller(all, worth > 1 ? worth : 1));
#pragma omp parallel for schedule(static) num_threads(parts) if (parts > 1)
    for (int p = 0; p < parts; ++p) {
        const size_t from = all * (size_t)p / (size_t)parts, to = all * ((size_t)p + 1) / (size_t)parts;
        struct share share[ROWS_ONCE];
        for (size_t at = from; at < to;) {
            uint32_t shares = 0;
            for (; at < to && shares < ROWS_ONCE; ++shares) {
                const size_t row = at / QUARTERS, end = smaller((row + 1) * QUARTERS, to);
                share[shares] = (struct share){(uint32_t)row, (uint32_t)(at - row * QUARTERS), (uint32_t)(end - row * QUARTERS)};
                at = end;
            }
            for (uint32_t w = 0; w < x->n; w += once) { add_rows(s, share, shares, x, w, w + once, NULL); }
        }
    }
}
