/* text_file.c - writes a small text file whole or not at all. */
#include "experiments/text_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiments/folders.h"

static bool holds(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "rb");
    char *there = malloc(size + 1);
    const bool same = file && there && fread(there, 1, size + 1, file) == size && memcmp(there, text, size) == 0;
    if (file) { fclose(file); }
    free(there);
    return same;
}

enum dsgd_status text_file_write(const char *path, const char *text, size_t size)
{
    if (holds(path, text, size)) { return DSGD_OK; }
    DSGD_TRY(make_folders(path));
    char name[4200];
    snprintf(name, sizeof name, "%s.new", path);
    FILE *file = fopen(name, "wb");
    bool good = file && fwrite(text, 1, size, file) == size;
    good = file && fclose(file) == 0 && good;
    if (good && rename(name, path) == 0) { return DSGD_OK; }
    const enum dsgd_status status = dsgd_fail(DSGD_EIO, "cannot write %s: %s", path, strerror(errno));
    unlink(name);
    return status;
}
