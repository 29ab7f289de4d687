/* verify_store.c - rows of checks in results/verify. Interface: verify_store.h. */
#include "experiments/verify_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiments/text_file.h"
#include "sim/run_config.h"
#include "verify/table.h"

enum { LINE_MAX_BYTES = 4096 };

/* What the rows depend on besides their settings. */
static void head_line(const struct verify_check *check, char head[256])
{
    snprintf(head, 256, "# check %s, version %d, results version %d\n", check->name, check->version, DSGD_RESULTS_VERSION);
}

static void store_path(const struct verify_context *context, const struct verify_check *check, char path[512])
{
    snprintf(path, 512, "results/verify/%s-s%u%s%s/%s.tsv", context->full ? "full" : "quick", context->seed, context->fault ? "-" : "",
             context->fault ? context->fault->name : "", check->name);
}

static bool read_rows(struct verify_context *context, const struct verify_check *check, const char *path)
{
    char head[256], *line = malloc(LINE_MAX_BYTES);
    FILE *in = fopen(path, "r");
    head_line(check, head);
    bool good = in && line && fgets(line, LINE_MAX_BYTES, in) && strcmp(line, head) == 0;
    context->rows = 0;
    while (good && fgets(line, LINE_MAX_BYTES, in)) {
        if (*line == '#') { continue; }
        good = context->rows < VERIFY_ROWS_MAX && verify_row_parse(line, &context->row[context->rows]);
        context->rows += good;
    }
    if (in) { fclose(in); }
    free(line);
    return good && context->rows > 0;
}

static enum dsgd_status write_rows(const struct verify_context *context, const struct verify_check *check, const char *path)
{
    char *text = NULL, head[256];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) { return dsgd_fail(DSGD_ENOMEM, "no memory for the rows of %s", check->name); }
    head_line(check, head);
    fputs(head, out);
    for (int r = 0; r < context->rows; ++r) {
        verify_row_print(out, &context->row[r], check->name, context->seed, context->full);
        fputc('\n', out);
    }
    const bool complete = fclose(out) == 0;
    const enum dsgd_status status = complete ? text_file_write(path, text, size, TEXT_FILE_HASH) : dsgd_fail(DSGD_ENOMEM, "no memory for the rows of %s", check->name);
    free(text);
    return status;
}

enum dsgd_status verify_store_get(struct verify_context *context, const struct verify_check *check, bool restart, bool *made)
{
    char path[512];
    store_path(context, check, path);
    *made = restart || !read_rows(context, check, path);
    if (!*made) { return DSGD_OK; }
    DSGD_TRY(verify_run(context, check));
    return write_rows(context, check, path);
}
