/* figure5.h - figure 5 of the paper with the theory's curves drawn in: a table written by `dsgd verify --map figure5`. Needs MNIST. */
#ifndef DSGD_VERIFY_MAPS_FIGURE5_H
#define DSGD_VERIFY_MAPS_FIGURE5_H

#include <stdio.h>
#include "verify/verify.h"

/** Two blocks, logistic regression over prefixes of one run and the SVM with one run for each T: f(what_T) - f* of SGD and HEAVYMIX, mean,
 *  smallest and largest of the runs, beside Theorem 1 or 5 and f(w_0) - f*. DSGD_EINPUT with the dataset's sentence without MNIST. */
enum dsgd_status verify_map_figure5(const struct verify_context *context, FILE *out);

#endif
