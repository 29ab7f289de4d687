/* quadratic.h - what a coordinate of a quadratic becomes, one definition for every device. Formulas: convex/quadratic.c; sums are those of
 * sim/kernel/sum.h, of products in double.
 */
#ifndef DSGD_CONVEX_KERNEL_QUADRATIC_H
#define DSGD_CONVEX_KERNEL_QUADRATIC_H

#include "sim/kernel/normal.h"
#include "sim/kernel/rng.h"

enum dsgd_quadratic_noise { DSGD_NOISE_GAUSSIAN, DSGD_NOISE_SIGN };

/** Two standard normals from one draw. */
DSGD_HD void dsgd_quadratic_normals(struct dsgd_rng_key key, uint32_t item, uint32_t step, uint32_t worker, double z[2])
{
    const struct dsgd_rng4 words = dsgd_rng_draw(key, item, step, worker, 0);
    dsgd_normal_pair(&words, z);
}

/** z - 2 <v, z> v. */
DSGD_HD double dsgd_quadratic_reflected(double z, double product, double v) { return z - 2 * product * v; }

/** The summand of 1/2 z^T D z. */
DSGD_HD double dsgd_quadratic_energy(double z, double eigenvalue) { return z * (0.5 * eigenvalue * z); }

/** Coordinate j of a draw of 128 signs, times scale. */
DSGD_HD float dsgd_quadratic_sign(const struct dsgd_rng4 *words, uint32_t j, double scale)
{
    return words->word[j / 32] >> (j % 32) & 1 ? -(float)scale : (float)scale;
}

#endif
