/* sweep_skipped.c - the impossible combinations of a sweep, kept beside its results. */
#define _DEFAULT_SOURCE /* realpath */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/grid.h"
#include "lab/sweep/sweep.h"
#include "record/text_file.h"
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

static void add_run(struct dsgd_grid *grid, const struct sweep_run *run)
{
    size_t length = 1;
    for (size_t s = 0; s < run->sets; ++s) { length += strlen(run->set[s]) + 1; }
    char *settings = calloc(length, 1);
    for (size_t s = 0; settings && s < run->sets; ++s) {
        if (s > 0) { strcat(settings, " "); }
        strcat(settings, run->set[s]);
    }
    grid->failed = grid->failed || !settings;
    dsgd_grid_text(grid, run->block);
    dsgd_grid_text(grid, run->config);
    dsgd_grid_text(grid, settings);
    dsgd_grid_text(grid, run->reason);
    free(settings);
}

static enum dsgd_status record_folder(const struct sweep *sweep, const char *folder, int length)
{
    static const char *const column[] = {"block", "config", "settings", "reason"};
    char path[4096], *text = NULL;
    size_t size = 0;
    struct dsgd_grid grid = {.columns = 0};
    DSGD_TRY(skipped_path(sweep, folder, length, path, sizeof path));
    for (size_t c = 0; c < sizeof column / sizeof *column; ++c) { dsgd_grid_column(&grid, column[c]); }
    for (size_t j = 0; j < sweep->runs; ++j) {
        const struct sweep_run *run = &sweep->run[j];
        if (run->state == SWEEP_IMPOSSIBLE && belongs(run, folder, length)) { add_run(&grid, run); }
    }
    FILE *out = open_memstream(&text, &size);
    enum dsgd_status status = out ? dsgd_grid_print(&grid, out) : dsgd_fail(DSGD_ENOMEM, "no memory for %s", path);
    if (out && fclose(out) != 0 && status == DSGD_OK) { status = dsgd_fail(DSGD_ENOMEM, "no memory for %s", path); }
    if (status == DSGD_OK && grid.cells > 0) {
        status = dsgd_text_file_write(path, text, size, TEXT_FILE_TSV);
    } else if (status == DSGD_OK) {
        dsgd_text_file_remove(path);
    }
    free(text);
    dsgd_grid_clear(&grid);
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
