/* explain.h - what an algorithm sends, shown by running it. */
#ifndef DSGD_COMMAND_EXPLAIN_H
#define DSGD_COMMAND_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>
#include "sim/algorithm.h"

/** The question: algorithm with its configuration, and sizes. */
struct explain {
    const struct dsgd_algorithm *algorithm;
    const void *config;    /* its config struct */
    int64_t d, rows;       /* parameters; rows of the one segment as a matrix (1: a vector), a divisor of d */
    int64_t workers, steps; /* W; steps over which bytes are averaged */
};

/** Runs `steps` steps on independent standard Gaussian gradients and prints every section of the first step that sends
 *  anything, then bytes, values and ratios per worker and step from the ledger. DSGD_EINPUT if the setting is refused. */
enum dsgd_status explain_print(const struct explain *question);

#endif
