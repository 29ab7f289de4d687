/* maps.h - where HEAVYMIX contracts, and what fixed hashes do, what every method's compressor leaves: tables for figures, written by `dsgd verify --map`.
 *
 * Tab-separated; lines that begin with # say what the columns are. Numbers depend on the context's seed alone (and on `full`: more
 * points and more draws).
 */
#ifndef DSGD_VERIFY_MAPS_MAPS_H
#define DSGD_VERIFY_MAPS_MAPS_H

#include <stdio.h>
#include "verify/verify.h"

/** One line for each vector shape, rows, cols and k, at d = 785: mean over fresh hashes of Lemma 1's ratio over 1 - k/d, share of
 *  hashes above 1, their intervals. The shapes of MNIST are left out, and a comment says why, where it is not there. */
enum dsgd_status verify_map_contraction(const struct verify_context *context, FILE *out);

/** ||a_t||^2 under a persistent gradient with hashes drawn once and drawn every step, over the constant-step bound of Lemma 3; one block
 *  (two empty lines between) for each table and kind of hashes, one line for each of the logged steps. */
enum dsgd_status verify_map_hashes(const struct verify_context *context, FILE *out);

/** One line for each algorithm that compresses, its variants, and each vector shape at d = 785 and k = 25: mean of ||v - C(v)||^2/||v||^2, of one worker's
 *  first step, over fresh seeds. Keys other than k, and `variant`, are the defaults. */
enum dsgd_status verify_map_compressors(const struct verify_context *context, FILE *out);

#endif
