/* sweep_skipped.c - the impossible combinations of a sweep, kept beside its results. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiments/sweep.h"
#include "experiments/text_file.h"
#include "experiments/text_out.h"

/* "results/<dataset>/" of a run, its length. */
static int folder_length(const struct sweep_run *run)
{
    return (int)(strrchr(run->path, '/') - run->path + 1);
}

static enum dsgd_status record_folder(const struct sweep *sweep, const char *folder, int length)
{
    char path[4096], *text = NULL;
    size_t size = 0, skipped = 0;
    if (snprintf(path, sizeof path, "%.*s%s.skipped.tsv", length, folder, sweep->name) >= (int)sizeof path) {
        return dsgd_fail(DSGD_EINPUT, "sweep name %.64s... is too long", sweep->name);
    }
    FILE *out = open_memstream(&text, &size);
    if (!out) { return dsgd_fail(DSGD_ENOMEM, "no memory for %s", path); }
    fprintf(out, "# impossible combinations of ");
    text_shown(out, sweep->path);
    fprintf(out, "\nblock\tconfig\tsettings\treason\n");
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (!run->skipped || folder_length(run) != length || strncmp(run->path, folder, (size_t)length) != 0) { continue; }
        ++skipped;
        text_tsv(out, run->block);
        fputc('\t', out);
        text_tsv(out, run->config);
        fputc('\t', out);
        for (size_t s = 0; s < run->sets; ++s) {
            if (s > 0) { fputc(' ', out); }
            text_tsv(out, run->set[s]);
        }
        fputc('\t', out);
        text_tsv(out, run->skipped);
        fputc('\n', out);
    }
    enum dsgd_status status = DSGD_OK;
    if (fclose(out) != 0) {
        status = dsgd_fail(DSGD_ENOMEM, "no memory for %s", path);
    } else if (skipped > 0) {
        status = text_file_write(path, text, size, TEXT_FILE_HASH);
    } else {
        text_file_remove(path);
    }
    free(text);
    return status;
}

enum dsgd_status sweep_record_skipped(const struct sweep *sweep)
{
    for (size_t j = 0; j < sweep->runs; ++j) {
        const int length = folder_length(&sweep->run[j]);
        bool first = true;
        for (size_t i = 0; i < j && first; ++i) {
            first = folder_length(&sweep->run[i]) != length || strncmp(sweep->run[i].path, sweep->run[j].path, (size_t)length) != 0;
        }
        if (first) { DSGD_TRY(record_folder(sweep, sweep->run[j].path, length)); }
    }
    return DSGD_OK;
}
