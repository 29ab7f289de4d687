/* registry.c - entries by name. Interface: registry.h. */
#include "sim/registry.h"

#include <string.h>

static const char *name_of(const void *entry)
{
    return *(const char *const *)entry;
}

const void *dsgd_registry_at(const struct dsgd_registry *registry, size_t i)
{
    if (i < registry->builtins) { return registry->builtin[i]; }
    return i - registry->builtins < registry->count ? registry->added[i - registry->builtins] : NULL;
}

const void *dsgd_registry_find(const struct dsgd_registry *registry, const char *name)
{
    const void *entry;
    for (size_t i = 0; (entry = dsgd_registry_at(registry, i)) != NULL; ++i) {
        if (strcmp(name_of(entry), name) == 0) { return entry; }
    }
    return NULL;
}

enum dsgd_status dsgd_registry_add(struct dsgd_registry *registry, const void *entry)
{
    if (dsgd_registry_find(registry, name_of(entry))) {
        return dsgd_fail(DSGD_EINPUT, "%s %s is already registered: expected another name", registry->role, name_of(entry));
    }
    if (registry->count == DSGD_ADDED_MAX) {
        return dsgd_fail(DSGD_EINPUT, "%s %s: at most %d of them can be added", registry->role, name_of(entry), DSGD_ADDED_MAX);
    }
    registry->added[registry->count++] = entry;
    return DSGD_OK;
}

void dsgd_registry_take_back(struct dsgd_registry *registry, const void *entry)
{
    if (registry->count > 0 && registry->added[registry->count - 1] == entry) { --registry->count; }
}
