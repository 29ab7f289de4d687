/* json_out.h - JSON, whole or not at all. */
#ifndef DSGD_COMMAND_JSON_OUT_H
#define DSGD_COMMAND_JSON_OUT_H

#include <jansson.h>
#include <stdio.h>
#include "lab/report/grid.h"

/** A number, or null where it is not finite (JSON knows neither NaN nor infinity). */
json_t *json_number(double value);
/** Sets key to a number, or to null as above. */
void json_set_number(json_t *object, const char *key, double value);
/** A text; each byte that is not UTF-8 (possible in paths and labels) becomes U+FFFD. NULL only without memory. */
json_t *json_text(const char *text);
/** Sets key to a text as above. */
void json_set_text(json_t *object, const char *key, const char *text);
/** The rows of a grid as objects; NULL without memory. */
json_t *json_grid(const struct dsgd_grid *grid);
/** Writes and frees `root`: keys sorted, 17 digits; what text_out.h never prints raw stands as \uXXXX. DSGD_ENOMEM if `root`
 *  could not be built. */
enum dsgd_status json_write(json_t *root, FILE *out);
/** The same to stdout; DSGD_EIO if it could not be written. */
enum dsgd_status json_print(json_t *root);

#endif
