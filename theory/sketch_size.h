/* sketch_size.h - how large a Count Sketch must be: Lemma 1 and Theorem 7 with constants. */
#ifndef DSGD_THEORY_SKETCH_SIZE_H
#define DSGD_THEORY_SKETCH_SIZE_H

#include <stddef.h>
#include <stdint.h>

/** P(at least (rows + 1)/2 of `rows` independent rows fail), each with probability at most p: what a median of an odd number of
 *  rows risks. 1 for p >= 1. */
double theory_median_failure(uint32_t rows, double p);

/** Lemma 1 with constants: an upper bound of the probability that one call of HEAVYMIX on a fresh rows x cols sketch does not
 *  contract by k/d, the smallest that the argument in sketch_size.c gives; 1 where it gives nothing. */
double theory_lemma1_delta(size_t d, size_t k, uint32_t rows, uint32_t cols);

/** The rows x cols with the fewest cells, rows odd and at most 63, whose theory_lemma1_delta is at most delta; 0 where there is none
 *  below 2^31 columns. */
int theory_lemma1_size(size_t d, size_t k, double delta, uint32_t *rows, uint32_t *cols);

/** Theorem 7 with constants: columns and rows (odd) for failure probability delta. tail2 = ||g_tail||^2, theta = the k-th largest
 *  magnitude > 0, 0 < eps. */
double theory_theorem7_cols(size_t k, double tail2, double eps, double theta);
uint32_t theory_theorem7_rows(size_t d, double delta);
/** The failure probability that the argument gives for a table of any size: d times that of one median; at most 1. */
double theory_theorem7_delta(size_t d, size_t k, double tail2, double eps, double theta, uint32_t rows, double cols);

#endif
