/* sketch_walk.c - the block hash at consecutive blocks. Interface: sketch_walk.h. */
#include "sim/cpu/sketch_walk.h"

static const int64_t P = (int64_t)DSGD_BLOCK_PRIME;

static inline int64_t plus(int64_t a, int64_t b)
{
    const int64_t less = a + b - P;
    return less + (less < 0 ? P : 0);
}

static inline int64_t minus(int64_t a, int64_t b)
{
    const int64_t difference = a - b;
    return difference + (difference < 0 ? P : 0);
}

void sketch_walk_start(struct sketch_walk *w, const struct dsgd_block_row *row, size_t first)
{
    for (int f = 0; f < DSGD_BLOCK_FUNCTIONS; ++f) {
        for (size_t lane = 0; lane < SKETCH_ABREAST; ++lane) {
            int64_t at[4];
            for (size_t j = 0; j < 4; ++j) { at[j] = (int64_t)dsgd_block_value(row->function[f], first + lane + j * SKETCH_ABREAST); }
            const int64_t one = minus(at[1], at[0]), two = minus(at[2], at[1]), three = minus(at[3], at[2]);
            w->value[f][0][lane] = at[0];
            w->value[f][1][lane] = one;
            w->value[f][2][lane] = minus(two, one);
            w->third[f] = minus(minus(three, two), minus(two, one));
        }
    }
}

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* unoptimised builds need not vectorise the loop below */
#endif

void sketch_walk_none(const struct dsgd_block_row *row, uint32_t segments, size_t first, size_t n, uint32_t *place, uint64_t *signs)
{
    const struct dsgd_block_row r = *row; /* a local copy cannot alias what is written */
    uint64_t value[DSGD_BLOCK_FUNCTIONS];
#pragma omp simd private(value)
    for (size_t j = 0; j < n; ++j) {
        for (int f = 0; f < DSGD_BLOCK_FUNCTIONS; ++f) {
            value[f] = sketch_value(r.function[f][0], r.function[f][1], r.function[f][2], r.function[f][3], first + j);
        }
        const struct dsgd_block_cell cell = dsgd_block_cell_of(value[0], value[1], value[2], segments);
        place[j] = cell.segment * DSGD_BLOCK + cell.lanes;
        signs[j] = cell.signs;
    }
}

void sketch_walk_on(struct sketch_walk *state, uint32_t segments, size_t n, uint32_t *place, uint64_t *signs)
{
    struct sketch_walk w = *state; /* a local copy cannot alias what is written */
    for (size_t first = 0; first < n; first += SKETCH_ABREAST) {
#pragma omp simd
        for (int lane = 0; lane < SKETCH_ABREAST; ++lane) {
            const struct dsgd_block_cell cell = dsgd_block_cell_of((uint64_t)w.value[0][0][lane], (uint64_t)w.value[1][0][lane],
                                                                   (uint64_t)w.value[2][0][lane], segments);
            place[first + (size_t)lane] = cell.segment * DSGD_BLOCK + cell.lanes;
            signs[first + (size_t)lane] = cell.signs;
        }
        for (int f = 0; f < DSGD_BLOCK_FUNCTIONS; ++f) {
#pragma omp simd
            for (int lane = 0; lane < SKETCH_ABREAST; ++lane) {
                w.value[f][0][lane] = plus(w.value[f][0][lane], w.value[f][1][lane]);
                w.value[f][1][lane] = plus(w.value[f][1][lane], w.value[f][2][lane]);
                w.value[f][2][lane] = plus(w.value[f][2][lane], w.third[f]);
            }
        }
    }
    *state = w;
}
