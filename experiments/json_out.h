/* json_out.h - JSON on stdout, whole or not at all. */
#ifndef DSGD_EXPERIMENTS_JSON_OUT_H
#define DSGD_EXPERIMENTS_JSON_OUT_H

#include <jansson.h>
#include "sim/status.h"

/** A number, or null where it is not finite (JSON knows neither NaN nor infinity). */
json_t *json_number(double value);
/** Sets key to a number, or to null as above. */
void json_set_number(json_t *object, const char *key, double value);
/** Sets key to a text; bytes that are not UTF-8 (possible in paths) become '?'. */
void json_set_text(json_t *object, const char *key, const char *text);
/** Prints and frees `root`. DSGD_ENOMEM if it could not be built, DSGD_EIO if it could not be written. */
enum dsgd_status json_print(json_t *root);

#endif
