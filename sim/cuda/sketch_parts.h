/* sketch_parts.h - the launchers of sketches by file, and where a coordinate lies. C++. */
#ifndef DSGD_SIM_CUDA_SKETCH_PARTS_H
#define DSGD_SIM_CUDA_SKETCH_PARTS_H

#include "sim/cuda/launch.h"
#include "sim/cuda/sketch.h"

/** Cell of a coordinate in a row of the sketch, the sign in the top bit. */
static __device__ __forceinline__ uint32_t sketch_cell(const struct sketch_view &s, uint32_t row, size_t i)
{
    if (!s.of_blocks) { return dsgd_textbook_cell(&s.textbook_row[row], s.cols, i); }
    const size_t block = row * s.units + i / DSGD_BLOCK;
    const uint32_t lane = (uint32_t)i % DSGD_BLOCK;
    return (s.lies[block] ^ lane) | (s.minus[2 * block + lane / 32] >> lane % 32) << 31; /* the lane within its segment is moved by XOR */
}

void sketch_reseed(const struct cuda_turn *t, struct sketch_view s, struct dsgd_rng_key key, uint32_t step);
void sketch_vector(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array v, struct dsgd_array table);
void sketch_add_some(const struct cuda_turn *t, struct sketch_view s, float factor, struct dsgd_array at, struct dsgd_array value, struct dsgd_array table);
void sketch_clear_some(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array at, struct dsgd_array table);
void sketch_estimate(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array out);
void sketch_norm2(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array out);
void sketch_topk(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, size_t k, struct dsgd_array out, const struct dsgd_array *value);
void sketch_heavymix(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array norm2, size_t k, struct dsgd_rng_key key,
                     struct dsgd_array out, const struct dsgd_array *heavy);

#endif
