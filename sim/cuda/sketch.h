/* sketch.h - launchers of Count Sketches (sim/device.h, sketch), and how the memory of hash functions is divided. C and C++.
 *
 * A unit is what falls on one place of a row: 64 consecutive coordinates on a segment of 64 cells (block hash), or a coordinate on a cell
 * (textbook). For writing there are lists: of each row and place the units that fall there, ascending, so that a cell sums its coordinates
 * in ascending order without atomics. An entry has 4 bytes: a block and its lanes, whose signs are evaluated anew (a warp does 32 at once), or
 * a coordinate and its sign. For reading block hashes are kept by block, 12 bytes; textbook ones are evaluated.
 *
 * Lists are made by counting, and their entries put in order by looking at all others. So that long lists cost no more than short ones, the
 * units of a row come in spans, and what is ordered is what one span has at one place: a dozen units.
 */
#ifndef DSGD_SIM_CUDA_SKETCH_H
#define DSGD_SIM_CUDA_SKETCH_H

#include "sim/cuda/library.h"
#include "sim/kernel/sketch_hash.h"

enum { SKETCH_ROWS_MOST = 63, SKETCH_SPAN_LIST = 16 /* units that a span has at a place, about */ };

/** Hash functions on the device. */
struct sketch_view {
    bool of_blocks;
    uint32_t rows, cols;
    size_t n, units;             /* units of a row */
    size_t places;               /* of a row: segments or cells */
    uint32_t spans, span;        /* how many, units of each */
    struct dsgd_block_row *block_row;       /* [rows], or */
    struct dsgd_textbook_row *textbook_row; /* [rows] */
    uint32_t *first;             /* [rows * places * spans + 1] where the list of a place in a span begins */
    uint32_t *entry;             /* [rows * units] by list: 64 block + lanes, or the coordinate with its sign in the top bit */
    uint32_t *lies;              /* blocks: [rows][units] by block: 64 segment + lanes */
    uint32_t *minus;             /* blocks: [rows][units][2] by block: its signs */
    size_t bytes;
};

static inline size_t sketch_piece(size_t *at, size_t bytes)
{
    const size_t begin = *at;
    *at += (bytes + 255) / 256 * 256;
    return begin;
}

/** `memory` NULL: only bytes counts. */
static inline struct sketch_view sketch_view_of(bool of_blocks, size_t n, uint32_t rows, uint32_t cols, void *memory)
{
    struct sketch_view s;
    size_t at = 0;
    char *const base = (char *)memory;
    s.of_blocks = of_blocks;
    s.rows = rows;
    s.cols = cols;
    s.n = n;
    s.units = of_blocks ? (n + DSGD_BLOCK - 1) / DSGD_BLOCK : n;
    s.places = of_blocks ? cols / DSGD_BLOCK : cols;
    s.spans = (uint32_t)(s.units / SKETCH_SPAN_LIST / (s.places > 0 ? s.places : 1)) + 1;
    s.span = (uint32_t)((s.units + s.spans - 1) / s.spans);
    s.block_row = (struct dsgd_block_row *)(void *)(base + sketch_piece(&at, rows * sizeof *s.block_row));
    s.textbook_row = (struct dsgd_textbook_row *)(void *)s.block_row;
    s.first = (uint32_t *)(void *)(base + sketch_piece(&at, (rows * s.places * s.spans + 1) * sizeof *s.first));
    s.entry = (uint32_t *)(void *)(base + sketch_piece(&at, rows * s.units * sizeof *s.entry));
    s.lies = (uint32_t *)(void *)(base + sketch_piece(&at, of_blocks ? rows * s.units * sizeof *s.lies : 0));
    s.minus = (uint32_t *)(void *)(base + sketch_piece(&at, of_blocks ? 2 * rows * s.units * sizeof *s.minus : 0));
    s.bytes = at;
    return s;
}

struct cuda_sketch {
    void (*reseed)(const struct cuda_turn *t, struct sketch_view s, struct dsgd_rng_key key, uint32_t step);
    void (*vector)(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array v, struct dsgd_array table);
    void (*add_some)(const struct cuda_turn *t, struct sketch_view s, float factor, struct dsgd_array at, struct dsgd_array value, struct dsgd_array table);
    void (*clear_some)(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array at, struct dsgd_array table);
    void (*estimate)(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array out);
    void (*norm2)(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array out);
    void (*topk)(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, size_t k, struct dsgd_array out, const struct dsgd_array *value);
    void (*heavymix)(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array norm2, size_t k, struct dsgd_rng_key key,
                     struct dsgd_array out, const struct dsgd_array *heavy);
};

#endif
