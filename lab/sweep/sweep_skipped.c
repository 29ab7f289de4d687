/* sweep_skipped.c - the impossible combinations of a sweep, kept beside its results. */
#define _DEFAULT_SOURCE /* realpath */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/sweep/sweep.h"
#include "record/text_file.h"
#include "lab/report/text_out.h"
#include "sim/sha256.h"

/* "results/<dataset>/" of a run, its length. */
static int folder_length(const struct sweep_run *run)
{
    return (int)(strrchr(run->path, '/') - run->path + 1);
}

/* Two folders may have sweeps of one name: the digits tell them apart. */
static enum dsgd_status skipped_path(const struct sweep *sweep, const char *folder, int length, char *path, size_t size)
{
    char *real = realpath(sweep->path, NULL), hex[9];
    const char *text = real ? real : sweep->path;
    dsgd_sha256_hex(text, strlen(text), 8, hex);
    free(real);
    const int n = snprintf(path, size, "%.*s%s-%s.skipped.tsv", length, folder, sweep->name, hex);
    return n > 0 && (size_t)n < size ? DSGD_OK : dsgd_fail(DSGD_EINPUT, "sweep name %.64s... is too long", sweep->name);
}

static bool belongs(const struct sweep_run *run, const char *folder, int length)
{
    return folder_length(run) == length && strncmp(run->path, folder, (size_t)length) == 0;
}

static void print_run(FILE *out, const struct sweep_run *run)
{
    dsgd_print_tsv(out, run->block);
    fputc('\t', out);
    dsgd_print_tsv(out, run->config);
    fputc('\t', out);
    for (size_t s = 0; s < run->sets; ++s) {
        if (s > 0) { fputc(' ', out); }
        dsgd_print_tsv(out, run->set[s]);
    }
    fputc('\t', out);
    dsgd_print_tsv(out, run->reason);
    fputc('\n', out);
}

static enum dsgd_status record_folder(const struct sweep *sweep, const char *folder, int length)
{
    char path[4096], *text = NULL;
    size_t size = 0, skipped = 0;
    DSGD_TRY(skipped_path(sweep, folder, length, path, sizeof path));
    FILE *out = open_memstream(&text, &size);
    if (!out) { return dsgd_fail(DSGD_ENOMEM, "no memory for %s", path); }
    fprintf(out, "# impossible combinations of ");
    dsgd_print_shown(out, sweep->path);
    fprintf(out, "\nblock\tconfig\tsettings\treason\n");
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (run->state != SWEEP_IMPOSSIBLE || !belongs(run, folder, length)) { continue; }
        ++skipped;
        print_run(out, run);
    }
    enum dsgd_status status = DSGD_OK;
    if (fclose(out) != 0) {
        status = dsgd_fail(DSGD_ENOMEM, "no memory for %s", path);
    } else if (skipped > 0) {
        status = dsgd_text_file_write(path, text, size, TEXT_FILE_HASH);
    } else {
        dsgd_text_file_remove(path);
    }
    free(text);
    return status;
}

enum dsgd_status dsgd_sweep_record_skipped(const struct sweep *sweep)
{
    for (size_t j = 0; j < sweep->runs; ++j) {
        const int length = folder_length(&sweep->run[j]);
        bool first = true;
        for (size_t i = 0; i < j && first; ++i) {
            first = !belongs(&sweep->run[i], sweep->run[j].path, length);
        }
        if (first) { DSGD_TRY(record_folder(sweep, sweep->run[j].path, length)); }
    }
    return DSGD_OK;
}
