/* draw.h - places drawn uniformly without replacement, and HEAVYMIX's fill. C++. */
#ifndef DSGD_SIM_CUDA_DRAW_H
#define DSGD_SIM_CUDA_DRAW_H

#include "sim/cuda/launch.h"

/** Bytes of working memory of draw_fill. */
size_t draw_bytes(size_t n, size_t k, uint32_t rows);
/** out [k] of each row: the `heavy` coordinates of a list (ascending; at most k) and k - heavy of the other n - heavy, drawn by `worker`, ascending.
 *  heavy_length [rows], or NULL: there are none, and each row's worker draws; else the server does. */
void draw_fill(const struct cuda_turn *t, size_t n, uint32_t k, struct dsgd_rng_key key, const uint32_t *heavy, size_t heavy_stride,
               const uint32_t *heavy_length, struct dsgd_array out, void *work);

#endif
