/* verify_conditions.h - which statements of the theory speak of a user's configuration. */
#ifndef DSGD_EXPERIMENTS_VERIFY_CONDITIONS_H
#define DSGD_EXPERIMENTS_VERIFY_CONDITIONS_H

#include "experiments/options.h"
#include "sim/status.h"

/** Prints for each statement that its conditions hold, or the first one that does not, with its value. With `statement` only that
 *  one, and DSGD_EINPUT with the sentence if its conditions do not hold. Runs nothing; may compute mu and L. */
enum dsgd_status verify_conditions(const struct common_options *options, const char *statement);

#endif
