/* draws.h - many keyed draws at once: the words of dsgd_rng_draw (sim/kernel/rng.h) for consecutive items or draws, by vectors. */
#ifndef DSGD_SIM_CPU_DRAWS_H
#define DSGD_SIM_CPU_DRAWS_H

#include <stddef.h>
#include <stdint.h>

#include "sim/kernel/rng.h"

enum { CPU_DRAW_WORDS = 4, CPU_DRAWS_UNIT = 16 };

/** Words of the draws with items item .. item + draws - 1, four of each, one draw behind the other. `draws`: a multiple of CPU_DRAWS_UNIT; who
 *  needs fewer makes room for them. About 1 ns a draw. */
void cpu_draws(struct dsgd_rng_key key, uint32_t item, size_t draws, uint32_t step, uint32_t worker, uint32_t *word /*[4 draws]*/);
/** The same of one item, for draws draw .. draw + draws - 1. */
void cpu_draws_of_item(struct dsgd_rng_key key, uint32_t item, uint32_t draw, size_t draws, uint32_t step, uint32_t worker, uint32_t *word /*[4 draws]*/);

#endif
