/* verify_map.c - tables behind figures. Interface: verify_map.h. */
#include "command/verify_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/dataset.h"
#include "lab/report/text_out.h"
#include "command/verify_head.h"
#include "command/whole_output.h"

/* Is the file what would be made now? With `no_data` also what was made with data. */
static bool is_there(const char *path, const char *head, bool no_data)
{
    char *text = NULL, data[VERIFY_HASH_MAX];
    size_t size = 0;
    const bool there = dsgd_text_file_read(path, &text, &size) == DSGD_OK &&
                       (strncmp(text, head, strlen(head)) == 0 || (no_data && verify_head_other_data(text, head, data)));
    free(text);
    return there;
}

enum dsgd_status verify_map_write(const struct verify_map *map, const struct verify_context *context, const char *path, bool restart, bool quiet)
{
    char head[VERIFY_HEAD_MAX];
    struct whole_output whole;
    const bool no_data = map->uses_mnist && !context->mnist;
    verify_head("map", map->name, map->version, context, map->uses_mnist && context->mnist ? context->mnist->sha256 : "none", head);
    DSGD_TRY(dsgd_text_file_check(path));
    dsgd_text_file_clean(path);
    if (!restart && is_there(path, head, no_data)) {
        if (!quiet) {
            dsgd_print_shown(stdout, path);
            printf(": already there\n");
        }
        return DSGD_OK;
    }
    DSGD_TRY(whole_output_open(&whole));
    fputs(head, whole.out);
    return whole_output_close(&whole, map->write(context, whole.out), path, TEXT_FILE_HASH);
}
