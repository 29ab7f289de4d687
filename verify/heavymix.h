/* heavymix.h - one call of HEAVYMIX on a known vector: the project's sketch and selection, and what Lemma 1 says of it.
 *
 * The same calls as in algorithms/sketched_heavymix.c, without a network around them, so that thousands of hashes can be tried on
 * one vector. H is found again from the estimates and must agree with select_heavymix.
 */
#ifndef DSGD_VERIFY_HEAVYMIX_H
#define DSGD_VERIFY_HEAVYMIX_H

#include <stdbool.h>
#include "sim/cpu/count_sketch.h"
#include "sim/kernel/rng.h"
#include "theory/contraction.h"

/** Hashes, table and working memory for vectors of length d. */
struct heavymix {
    size_t d, k_max;
    uint32_t rows, cols, seed;
    struct sketch_hash *hash;
    float *table, *estimate;
    double norm2;              /* the AMS estimate of the last vector */
    uint32_t *chosen, *heavy;  /* [k_max] of the last call; H after truncation */
    unsigned char *mark;
    void *scratch;
    struct dsgd_rng_key fill;
};

/** What one call did. */
struct heavymix_call {
    struct theory_contraction lemma; /* given H, in expectation over the fill */
    size_t heavy;                    /* |H| before truncation */
    double residual;                 /* ||g - g~||^2 / ||g||^2 with the coordinates that were drawn */
};

/** Calls with 1 <= k <= k_max <= d. family NULL: the project's. Caller: heavymix_close, also after a failure. */
enum dsgd_status heavymix_open(size_t d, size_t k_max, uint32_t rows, uint32_t cols, const struct sketch_hash_family *family,
                               uint32_t seed, struct heavymix *out);
void heavymix_close(struct heavymix *h); /* accepts an all-zero one */

/** Fresh hashes: a pure function of the seed and `step`. */
void heavymix_reseed(struct heavymix *h, uint32_t step);
/** Sketches g and takes estimates and norm (Algorithm 1, lines 1 and 2). */
void heavymix_sketch(struct heavymix *h, const float *g /*[d]*/);
/** Chooses k coordinates of the last sketched vector (lines 3 and 4), the fill drawn for `step`. DSGD_EINTERNAL if the choice is not
 *  H and a fill. */
enum dsgd_status heavymix_choose(struct heavymix *h, const float *g /*[d]*/, size_t k, uint32_t step, struct heavymix_call *out);

/** Constant gradient g, step size 1: a_0 = 0, a_{t+1} = a_t + g - HEAVYMIX(a_t + g), with fresh hashes every step or those of
 *  step 0. norm2[t] = ||a_{t+1}||^2, relative[t] = Lemma 1's ratio over 1 - k/d in step t. */
enum dsgd_status heavymix_persist(struct heavymix *h, const float *g /*[d]*/, size_t k, bool fresh, size_t steps,
                                  double *norm2 /*[steps]*/, double *relative /*[steps]*/);

#endif
