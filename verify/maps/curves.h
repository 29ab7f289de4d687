/* curves.h - measured curves beside their bounds on `quadratic`: tables for figures, written by `dsgd verify --map`.
 *
 * Tab-separated after lines "# word: value", the last of which names the columns; blocks are divided by two empty lines. Numbers depend on the context's
 * seed alone (and on `full`: more runs and longer ones). Intervals are t intervals at THEORY_LEVEL over independent runs on one problem.
 */
#ifndef DSGD_VERIFY_MAPS_CURVES_H
#define DSGD_VERIFY_MAPS_CURVES_H

#include <stdio.h>
#include "verify/verify.h"

/** f(what_T) - f* over T for HEAVYMIX and SGD, W = 4, beside Theorem 1 as stated with its three terms, repaired, and the certificate from
 *  measured h_t. */
enum dsgd_status verify_map_excess(const struct verify_context *context, FILE *out);
/** E||mean a_t||^2 and E||a_1||^2 over t beside Lemma 3; the latter also where a worker subtracts its own value. */
enum dsgd_status verify_map_memory(const struct verify_context *context, FILE *out);
/** f(what_T) - f* against the number of workers, one block for each T, with the slope and the repaired bound. */
enum dsgd_status verify_map_workers(const struct verify_context *context, FILE *out);

#endif
