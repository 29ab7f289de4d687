/* json_out.c - JSON on stdout. */
#include "experiments/json_out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void json_set_number(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, json_number(value));
}

void json_set_text(json_t *object, const char *key, const char *text)
{
    json_t *value = json_string(text);
    if (!value) {
        char *ascii = strdup(text);
        for (char *c = ascii; c && *c; ++c) {
            if ((unsigned char)*c > 127) { *c = '?'; }
        }
        value = ascii ? json_string(ascii) : NULL;
        free(ascii);
    }
    json_object_set_new(object, key, value);
}

enum dsgd_status json_print(json_t *root)
{
    char *text = root ? json_dumps(root, JSON_SORT_KEYS | JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    if (!text) { return dsgd_fail(DSGD_ENOMEM, "no memory for a report as JSON"); }
    const int result = puts(text);
    free(text);
    return result >= 0 ? DSGD_OK : dsgd_fail(DSGD_EIO, "cannot write the report to standard output");
}
