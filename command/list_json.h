/* list_json.h - what a configuration can say, for programs. */
#ifndef DSGD_COMMAND_LIST_JSON_H
#define DSGD_COMMAND_LIST_JSON_H

#include "sim/status.h"

/** Prints algorithms, problems, datasets and the sections of every run with their keys, defaults and ranges; name: of these one kind, or the
 *  one entry of that name; NULL: all. DSGD_EINPUT with a sentence if there is none. */
enum dsgd_status list_json(const char *name);

#endif
