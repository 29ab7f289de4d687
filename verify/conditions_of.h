/* conditions_of.h - the setting that a run's configuration makes, for the conditions of the theory's statements. */
#ifndef DSGD_VERIFY_CONDITIONS_OF_H
#define DSGD_VERIFY_CONDITIONS_OF_H

#include "sim/algorithm.h"
#include "sim/run_config.h"
#include "theory/conditions.h"

/**
 * Reads the plug-in's keys by name from its parameter table. xi is resolved as the engine does; it stays NaN where mu or L
 * is missing (the statement then refuses because of those) or the step is not the theory's. alpha = 1/2, the paper's.
 * @param algorithm_config  its config struct, or NULL where the algorithm has no keys
 * @param constants         of the problem; L of f with its l2
 * DSGD_EINPUT with a sentence if step.xi is not a number, paper or repaired.
 */
enum dsgd_status conditions_of(const struct dsgd_run_config *run, const struct dsgd_constants *constants, const struct dsgd_layout *layout,
                               const struct dsgd_algorithm *algorithm, const void *algorithm_config, struct theory_setting *out);

#endif
