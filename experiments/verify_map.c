/* verify_map.c - tables behind figures. Interface: verify_map.h. */
#include "experiments/verify_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/dataset.h"
#include "experiments/text_file.h"
#include "experiments/text_out.h"
#include "experiments/verify_head.h"

/* Is the file what would be made now? With `no_data` also what was made with data. */
static bool is_there(const char *path, const char *head, bool no_data)
{
    char *text = NULL, data[VERIFY_HASH_MAX];
    size_t size = 0;
    const bool there = text_file_read(path, &text, &size) == DSGD_OK &&
                       (strncmp(text, head, strlen(head)) == 0 || (no_data && verify_head_other_data(text, head, data)));
    free(text);
    return there;
}

static enum dsgd_status make(const struct verify_map *map, const struct verify_context *context, const char *head, char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);
    if (!out) { return dsgd_fail(DSGD_ENOMEM, "no memory for map %s", map->name); }
    fputs(head, out);
    const enum dsgd_status status = map->write(context, out);
    const bool complete = fclose(out) == 0;
    return status != DSGD_OK || complete ? status : dsgd_fail(DSGD_ENOMEM, "no memory for map %s", map->name);
}

enum dsgd_status verify_map_write(const struct verify_map *map, const struct verify_context *context, const char *path, bool restart, bool quiet)
{
    char head[VERIFY_HEAD_MAX], *text = NULL;
    size_t size = 0;
    const bool no_data = map->uses_mnist && !context->mnist;
    verify_head("map", map->name, map->version, context, map->uses_mnist && context->mnist ? context->mnist->sha256 : "none", head);
    DSGD_TRY(text_file_check(path));
    text_file_clean(path);
    if (!restart && is_there(path, head, no_data)) {
        if (!quiet) {
            text_shown(stdout, path);
            printf(": already there\n");
        }
        return DSGD_OK;
    }
    enum dsgd_status status = make(map, context, head, &text, &size);
    if (status == DSGD_OK) { status = text_file_write(path, text, size, TEXT_FILE_HASH); }
    free(text);
    return status;
}
