/* registry.h - the algorithms that a configuration can name. */
#ifndef DSGD_ALGORITHMS_REGISTRY_H
#define DSGD_ALGORITHMS_REGISTRY_H

#include "sim/algorithm.h"

/** Entry i, or NULL past the end. */
const struct dsgd_algorithm *dsgd_algorithm_at(size_t i);
/** The entry called name, or NULL. */
const struct dsgd_algorithm *dsgd_algorithm_find(const char *name);
/** Adds an algorithm from outside the tree; it must outlive its use. DSGD_EINPUT if the name is taken or the table full. A plug-in
 *  (lab/plugin.h) does this by itself, with checks. */
enum dsgd_status dsgd_algorithm_register(const struct dsgd_algorithm *algorithm);
/** Takes back the one that was added last. */
void dsgd_algorithm_take_back(const struct dsgd_algorithm *algorithm);

#endif
