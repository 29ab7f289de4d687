/* level.h - which processor's code runs: the folders of the CPU's kernels are compiled once for each of a few instruction sets.
 *
 * The first level is what the whole build is compiled for; further ones (scripts/levels.cmake) are there on x86-64: AVX2 (x86-64-v3) and
 * AVX-512 (x86-64-v4). The highest that this processor has is taken, once, at the first question; DSGD_ISA=NAME in the environment takes
 * another one. All levels give the same bits.
 */
#ifndef DSGD_SIM_LEVEL_H
#define DSGD_SIM_LEVEL_H

#include <stdbool.h>

#include "sim/status.h"

enum { DSGD_LEVEL_MAX = 3 };

/** Levels of this build, and the one that runs, in 0 .. dsgd_levels() - 1. */
int dsgd_levels(void);
int dsgd_level(void);
/** "x86-64-v3"; whether this processor has it. */
const char *dsgd_level_name(int level);
bool dsgd_level_runs(int level);

/** DSGD_EINPUT with a sentence where DSGD_ISA names no level of this build, or one that this processor has not. */
enum dsgd_status dsgd_level_check(void);

#endif
