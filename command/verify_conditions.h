/* verify_conditions.h - which statements of the theory speak of a user's configuration. */
#ifndef DSGD_COMMAND_VERIFY_CONDITIONS_H
#define DSGD_COMMAND_VERIFY_CONDITIONS_H

#include "command/options.h"
#include "sim/status.h"

/** Prints for each statement whether its conditions hold for a configuration, or which one does not; statement: that one alone (DSGD_EINPUT
 *  if there is none of this name). *hold: whether those of the named statement do; true without a name. */
enum dsgd_status verify_conditions(const struct common_options *options, const char *statement, bool *hold);

#endif
