/* json_out.c - JSON, whole or not at all. Interface: json_out.h. */
#include "command/json_out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/text_out.h"

json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void json_set_number(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, json_number(value));
}

json_t *json_text(const char *text)
{
    char *good = malloc(3 * strlen(text) + 1), *end = good;
    if (!good) { return NULL; }
    uint32_t code;
    for (size_t bytes; (bytes = dsgd_text_next(text, &code)) > 0; text += bytes) {
        const char *from = code == UINT32_MAX ? "\xef\xbf\xbd" : text;
        const size_t length = code == UINT32_MAX ? 3 : bytes;
        memcpy(end, from, length);
        end += length;
    }
    *end = '\0';
    json_t *value = json_string(good);
    free(good);
    return value;
}

void json_set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_text(text));
}

json_t *json_grid(const struct dsgd_grid *grid)
{
    json_t *rows = grid->failed ? NULL : json_array();
    for (size_t j = 0; rows && j + grid->columns <= grid->cells; j += grid->columns) {
        json_t *row = json_object();
        for (size_t c = 0; row && c < grid->columns; ++c) {
            const struct dsgd_grid_cell *cell = &grid->cell[j + c];
            json_t *value = cell->kind == DSGD_CELL_TEXT ? json_text(cell->as.text)
                          : cell->kind == DSGD_CELL_INTEGER ? json_integer((json_int_t)cell->as.integer) : json_number(cell->as.real);
            if (json_object_set_new(row, grid->column[c], value) != 0) {
                json_decref(row);
                row = NULL;
            }
        }
        if (!row || json_array_append_new(rows, row) != 0) {
            json_decref(rows);
            rows = NULL;
        }
    }
    return rows;
}

/* jansson escapes the C0 controls only; what else text_out.h keeps from terminals stands inside of strings, below U+10000. */
static void write_visible(const char *text, FILE *out)
{
    uint32_t code;
    for (size_t bytes; (bytes = dsgd_text_next(text, &code)) > 0; text += bytes) {
        if (dsgd_text_is_control(code) && code != '\n') {
            fprintf(out, "\\u%04x", (unsigned)code);
        } else {
            fwrite(text, 1, bytes, out);
        }
    }
    fputc('\n', out);
}

enum dsgd_status json_write(json_t *root, FILE *out)
{
    char *text = root ? json_dumps(root, JSON_SORT_KEYS | JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(root);
    if (!text) { return dsgd_fail(DSGD_ENOMEM, "no memory for a report as JSON"); }
    write_visible(text, out);
    free(text);
    return DSGD_OK;
}

enum dsgd_status json_print(json_t *root)
{
    DSGD_TRY(json_write(root, stdout));
    return !ferror(stdout) ? DSGD_OK : dsgd_fail(DSGD_EIO, "cannot write the report to standard output");
}
