/* fuzz_ids.c - any bytes as a file of ids, of lines, of a vocabulary and of sums, plain or gzip: refused with a sentence that names the file, or
 * everything is there and in range. Options: -max_len=4096 */
#include <stdlib.h>
#include <string.h>

#include "datasets/id_files.h"
#include "tests/fuzz/input.h"

enum { VOCABULARY = 300 };

/* A failure names the file. */
static bool good(enum dsgd_status status, const char *path)
{
    if (status != DSGD_OK && !strstr(dsgd_error(), path)) { abort(); }
    return status == DSGD_OK;
}

static void check_starts(const struct dsgd_id_file *f, size_t least)
{
    if (f->start[0] != 0) { abort(); }
    for (size_t i = 0; i < f->n; ++i) {
        if (f->start[i + 1] < f->start[i] + least) { abort(); }
    }
}

static void check_ids(const char *path)
{
    struct dsgd_id_file f = {.n = 0};
    if (good(dsgd_ids_read(path, VOCABULARY, &f), path)) {
        check_starts(&f, 1);
        for (size_t j = 0; j < f.start[f.n]; ++j) {
            if (f.id[j] >= VOCABULARY || (f.id[j] < DSGD_ID_WORDS && f.id[j] != DSGD_ID_UNKNOWN)) { abort(); }
        }
    }
    dsgd_id_file_clear(&f);
}

static void check_lines(const char *path)
{
    struct dsgd_id_file f = {.n = 0};
    char sum[65];
    if (good(dsgd_lines_read(path, &f), path)) {
        check_starts(&f, 0);
        for (size_t j = 0; j < f.start[f.n]; ++j) {
            if (f.byte[j] == '\0' || f.byte[j] == '\n') { abort(); }
        }
        if (good(dsgd_sum_listed(path, &f, "name", sum), path) && strspn(sum, "0123456789abcdef") != 64) { abort(); }
        if (!good(dsgd_sum_read(path, sum), path) || strcmp(sum, f.sha256) != 0) { abort(); }
        if (good(dsgd_pieces_of(path, &f), path)) {
            check_starts(&f, 0);
            if (f.n <= DSGD_ID_WORDS || memchr(f.byte, '\t', f.start[f.n])) { abort(); }
        }
    }
    dsgd_id_file_clear(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    check_ids(path);
    check_lines(path);
    return 0;
}
