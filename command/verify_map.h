/* verify_map.h - the table behind a figure, in a file that says everything that its numbers depend on. */
#ifndef DSGD_COMMAND_VERIFY_MAP_H
#define DSGD_COMMAND_VERIFY_MAP_H

#include "verify/verify.h"

/** Makes the map and writes it to `path`, unless the file is there, whole, and of the same map, version, seed, set and data: then it stays,
 *  untouched. Without the data a table that was made with some stays too. `restart` makes it in any case; `quiet` says nothing about it.
 *  DSGD_EINPUT for a file that is not ours, before any work. */
enum dsgd_status verify_map_write(const struct verify_map *map, const struct verify_context *context, const char *path, bool restart, bool quiet);

#endif
