/* plugin.h - algorithms, problems and datasets from a shared object outside the tree.
 *
 * A plug-in is a shared object that exports one `const struct dsgd_plugin dsgd_plugin`. `dsgd --plugin FILE.so`, or the variable
 * DSGD_PLUGINS, loads it; what it brings is then used like the tree's own by every command. Its SHA-256 is part of the hash of a
 * configuration that uses it and of the run's provenance: the same name from another build is another run. Results can be read without it.
 *
 *     cc -std=c11 -O2 -fPIC -shared -ffp-contract=off rounding.c $(pkg-config --cflags dsgd) -o rounding.so
 *     dsgd run my.conf --plugin ./rounding.so
 */
#ifndef DSGD_LAB_PLUGIN_H
#define DSGD_LAB_PLUGIN_H

#include "datasets/dataset.h"
#include "sim/algorithm.h"
#include "sim/problem.h"

/** What a plug-in exports under the name dsgd_plugin. Lists end in NULL; a list that is NULL is empty. */
struct dsgd_plugin {
    int contract; /* DSGD_CONTRACT_VERSION of the headers it was built with */
    const struct dsgd_algorithm *const *algorithms;
    const struct dsgd_problem_ops *const *problems;
    const struct dsgd_dataset_ops *const *datasets;
};

/** Loads a plug-in and registers what it brings, all or nothing; it stays loaded until the process ends. The same bytes a second time
 *  change nothing. DSGD_EINPUT with a sentence: no such file, no shared object, no dsgd_plugin, another contract, a name that is taken or no
 *  name, a slot that is required and missing, a table of parameters that cannot be. Not thread-safe. */
enum dsgd_status dsgd_plugin_load(const char *path);
/** All files of a list with colons between them, as DSGD_PLUGINS has it; NULL and empty names are passed over. */
enum dsgd_status dsgd_plugin_load_all(const char *paths);

/** One that was loaded. */
struct dsgd_plugin_origin {
    const char *path; /* as it was given */
    const char *sha256;
};
/** Loaded plug-in i; false past the end. */
bool dsgd_plugin_at(size_t i, struct dsgd_plugin_origin *out);
/** Where an algorithm, problem or dataset comes from; false: it is the tree's own. `entry` is the pointer that a registry gives. */
bool dsgd_plugin_origin(const void *entry, struct dsgd_plugin_origin *out);

#endif
