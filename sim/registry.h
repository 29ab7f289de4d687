/* registry.h - entries by name: those of the tree, then those that were added. Behind the registries of algorithms, problems and datasets. */
#ifndef DSGD_SIM_REGISTRY_H
#define DSGD_SIM_REGISTRY_H

#include <stddef.h>
#include "sim/status.h"

enum { DSGD_ADDED_MAX = 64 };

/** An entry is a struct whose first member is its name. */
struct dsgd_registry {
    const char *role;            /* "algorithm" */
    const void *const *builtin;  /* [builtins] */
    size_t builtins;
    const void *added[DSGD_ADDED_MAX];
    size_t count;
};

/** Entry i in the order of addition, or NULL past the end. */
const void *dsgd_registry_at(const struct dsgd_registry *registry, size_t i);
/** The entry called name, or NULL. */
const void *dsgd_registry_find(const struct dsgd_registry *registry, const char *name);
/** Adds an entry, which must outlive its use. DSGD_EINPUT with a sentence if the name is taken or the table full. Not thread-safe. */
enum dsgd_status dsgd_registry_add(struct dsgd_registry *registry, const void *entry);
/** Takes back what was added last, as long as it is this entry. */
void dsgd_registry_take_back(struct dsgd_registry *registry, const void *entry);

#endif
