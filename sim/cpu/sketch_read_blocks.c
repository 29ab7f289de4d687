/* sketch_read_blocks.c - estimates with the block hash: 64 coordinates from a segment of each row, as vectors. Interface: sketch_read.h.
 *
 * XOR of lanes undoes itself, so a piece of a block comes from a piece of the segment by the same moves as it went there. The cells of a tile
 * are known while the one before is worked on, and what lies in a large table is asked for some blocks ahead.
 */
#include "sim/cpu/sketch_median.h"
#include "sim/cpu/sketch_read.h"
#include "sim/cpu/sketch_walk.h"

enum {
    TILE = 16,      /* blocks whose estimates are handed on at a time, 4 KiB */
    CELLS = 160,    /* of a tile, all rows */
    ROWS_WALKED = 16, /* rows whose walks are kept, 5 KiB; of more rows, and of few blocks, each cell is evaluated by itself */
    WALK_LEAST = 16,  /* blocks that are worth starting walks */
    AHEAD = 4,      /* blocks between asking for cells and reading them */
    HALF = 32       /* coordinates whose keys are kept of all rows, 8 KiB with 63 */
};

/* Cells of a tile: block b of row j at j * TILE + b. */
struct cells { uint32_t place[CELLS]; uint64_t signs[CELLS]; };

struct scan {
    struct sketch_walk walk[ROWS_WALKED];
    struct cells cells[2]; /* of this tile and the next */
    size_t tile, next;     /* blocks of a tile, and the first one whose cells are not known */
    bool walked;
};

static void look(const struct sketch_read *s, struct scan *scan, struct cells *cells)
{
    const struct sketch_blocks *b = &s->blocks;
    for (uint32_t row = 0; row < b->rows; ++row) {
        uint32_t *place = cells->place + row * scan->tile;
        uint64_t *signs = cells->signs + row * scan->tile;
        if (scan->walked) {
            sketch_walk_on(&scan->walk[row], b->cols / DSGD_BLOCK, scan->tile, place, signs);
            continue;
        }
        sketch_walk_none(&b->row[row], b->cols / DSGD_BLOCK, scan->next, scan->tile, place, signs);
    }
    scan->next += scan->tile;
}

static void start(const struct sketch_read *s, struct scan *scan, size_t first, size_t blocks)
{
    const uint32_t rows = s->blocks.rows;
    scan->walked = rows <= ROWS_WALKED && blocks >= WALK_LEAST;
    scan->tile = CELLS / rows < TILE ? CELLS / rows : TILE;
    if (scan->walked) { scan->tile = scan->tile / SKETCH_ABREAST * SKETCH_ABREAST; }
    if (scan->tile > blocks && !scan->walked) { scan->tile = blocks; }
    scan->next = first;
    for (uint32_t row = 0; scan->walked && row < rows; ++row) { sketch_walk_start(&scan->walk[row], &s->blocks.row[row], first); }
}

static void ask(const struct sketch_read *s, const struct cells *cells, size_t tile, size_t b)
{
    for (uint32_t row = 0; row < s->blocks.rows; ++row) {
        const float *segment = s->table + (size_t)row * s->blocks.cols + cells->place[row * tile + b] / DSGD_BLOCK * DSGD_BLOCK;
        for (int line = 0; line < DSGD_BLOCK / 16; ++line) { __builtin_prefetch(segment + 16 * line); }
    }
}

/* The keys of one row of half a block, whose signs are `signs`. */
static inline void half_row(const float *segment, uint32_t half, uint32_t m, uint32_t signs, bool nan, int32_t *key)
{
    for (unsigned p = 0; p < HALF / LANES; ++p) {
        const float *at = segment + ((half + LANES * p) ^ (m & (DSGD_BLOCK - LANES)));
        const lanes x = lanes_flip(lanes_move(lanes_load(at), m), signs, p);
        lanes_store(nan ? lanes_key_nan(x) : lanes_key(x), key + LANES * p);
    }
}

/* Block b of the tile. rows and nan are constants where this is expanded, but for rows > SKETCH_FEW. */
static inline void one_block(const struct sketch_read *s, const struct cells *cells, size_t tile, size_t b, uint32_t rows, bool nan, int32_t *order,
                             int32_t *key)
{
    for (uint32_t half = 0; half < DSGD_BLOCK; half += HALF) {
        for (uint32_t row = 0; row < rows; ++row) {
            const uint32_t place = cells->place[row * tile + b], m = place % DSGD_BLOCK;
            const float *segment = s->table + (size_t)row * s->blocks.cols + (place - m);
            half_row(segment, half, m, (uint32_t)(cells->signs[row * tile + b] >> half), nan, order + row * HALF);
        }
        for (uint32_t l = 0; l < HALF; l += LANES) {
            const lanes x = rows <= SKETCH_FEW ? sketch_median_few(order + l, HALF, rows) : sketch_median_many(&s->network, order + l, HALF, rows);
            lanes_store(x, key + half + l);
        }
    }
}

static inline void some_blocks(const struct sketch_read *s, const struct cells *now, const struct cells *later, size_t tile, size_t n, uint32_t rows,
                               bool nan, int32_t *order, int32_t *key)
{
    for (size_t b = 0; b < n; ++b) {
        if (s->far) { ask(s, b + AHEAD < tile ? now : later, tile, (b + AHEAD) % tile); }
        one_block(s, now, tile, b, rows, nan, order, key + b * DSGD_BLOCK);
    }
}

/* Many rows, and whatever has NaN in it. A frame of its own. */
static __attribute__((noinline)) void any_blocks(const struct sketch_read *s, const struct cells *now, const struct cells *later, size_t tile,
                                                 size_t n, int32_t *key)
{
    int32_t order[DSGD_MEDIAN_ROWS_MAX * HALF];
    if (s->blocks.rows > SKETCH_FEW && !s->nan) {
        some_blocks(s, now, later, tile, n, s->blocks.rows, false, order, key);
    } else {
        for (size_t b = 0; b < n; ++b) { one_block(s, now, tile, b, s->blocks.rows, true, order, key + b * DSGD_BLOCK); }
    }
}

static void tile_blocks(const struct sketch_read *s, const struct cells *now, const struct cells *later, size_t tile, size_t n, int32_t *key)
{
    int32_t order[SKETCH_FEW * HALF];
    switch (s->nan ? 0 : s->blocks.rows) {
    case 1: some_blocks(s, now, later, tile, n, 1, false, order, key); break;
    case 3: some_blocks(s, now, later, tile, n, 3, false, order, key); break;
    case 5: some_blocks(s, now, later, tile, n, 5, false, order, key); break;
    case 7: some_blocks(s, now, later, tile, n, 7, false, order, key); break;
    case 9: some_blocks(s, now, later, tile, n, 9, false, order, key); break;
    default: any_blocks(s, now, later, tile, n, key);
    }
}

void sketch_read_blocks(const struct sketch_read *s, size_t from, size_t to, sketch_take *take, void *own)
{
    struct scan scan;
    int32_t key[TILE * DSGD_BLOCK];
    const size_t blocks = (to - from + DSGD_BLOCK - 1) / DSGD_BLOCK;
    if (blocks == 0) { return; }
    start(s, &scan, from / DSGD_BLOCK, blocks);
    look(s, &scan, &scan.cells[0]);
    for (size_t b = 0, now = 0; b < blocks; b += scan.tile, now ^= 1) {
        const size_t left = blocks - b, n = left < scan.tile ? left : scan.tile, first = from + b * DSGD_BLOCK;
        if (left > scan.tile) { look(s, &scan, &scan.cells[now ^ 1]); }
        tile_blocks(s, &scan.cells[now], &scan.cells[left > scan.tile ? now ^ 1 : now], scan.tile, n, key);
        take(own, first, to - first < n * DSGD_BLOCK ? to - first : n * DSGD_BLOCK, key);
    }
}
