/* idx_case.h - the four IDX files of a tiny dataset in a temporary folder, for the tests of the reader. */
#ifndef DSGD_TESTS_IDX_CASE_H
#define DSGD_TESTS_IDX_CASE_H

#include "tests/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "datasets/dataset.h"
#include "datasets/idx.h"
#include "sim/sha256.h"
#include "sim/status.h"

enum { N = 6, TESTS = 3, ROWS = 4, COLS = 5, PIXELS = ROWS * COLS, BUFFER = 4096 };

static const char *const names[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                     "t10k-labels-idx1-ubyte"};

struct fixture {
    char root[512];
    char folder[600];
};

static inline void put32(uint8_t *to, uint32_t v)
{
    for (int k = 0; k < 4; ++k) { to[k] = (uint8_t)(v >> (24 - 8 * k)); }
}

/* The bytes of good file f (0..3); returns their number. */
static inline size_t good_file(int f, uint8_t *bytes)
{
    const bool images = f % 2 == 0;
    const uint32_t n = f < 2 ? N : TESTS;
    put32(bytes, images ? 0x803 : 0x801);
    put32(bytes + 4, n);
    if (!images) {
        for (uint32_t i = 0; i < n; ++i) { bytes[8 + i] = (uint8_t)(i % 4); }
        return 8 + n;
    }
    put32(bytes + 8, ROWS);
    put32(bytes + 12, COLS);
    for (uint32_t j = 0; j < n * PIXELS; ++j) { bytes[16 + j] = (uint8_t)(j * 37 + (uint32_t)f); }
    return 16 + n * PIXELS;
}

static inline void path_of(const struct fixture *fix, int f, bool zip, char path[700])
{
    snprintf(path, 700, "%s/%s%s", fix->folder, names[f], zip ? ".gz" : "");
}

static inline void write_plain(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void write_file(const struct fixture *fix, int f, bool zip, const uint8_t *bytes, size_t size)
{
    char path[700];
    path_of(fix, f, zip, path);
    if (!zip) {
        write_plain(path, bytes, size);
        return;
    }
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size);
    assert_int_equal(gzclose(file), Z_OK);
}

static inline void write_all(const struct fixture *fix, bool zip)
{
    uint8_t bytes[BUFFER];
    for (int f = 0; f < 4; ++f) {
        const size_t size = good_file(f, bytes);
        write_file(fix, f, zip, bytes, size);
    }
}

static inline void remove_all(const struct fixture *fix)
{
    char path[700];
    for (int f = 0; f < 4; ++f) {
        for (int zip = 0; zip < 2; ++zip) {
            path_of(fix, f, zip, path);
            remove(path); /* also a folder */
        }
    }
}

static inline int setup(void **state)
{
    const char *base = getenv("TMPDIR");
    struct fixture *fix = calloc(1, sizeof *fix);
    if (!fix) { return -1; }
    snprintf(fix->root, sizeof fix->root, "%s/dsgd-idx-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(fix->root)) { return -1; }
    snprintf(fix->folder, sizeof fix->folder, "%s/mnist", fix->root);
    *state = fix;
    return mkdir(fix->folder, 0777);
}

static inline int teardown(void **state)
{
    struct fixture *fix = *state;
    remove_all(fix);
    rmdir(fix->folder);
    const int result = rmdir(fix->root);
    free(fix);
    return result;
}

static inline enum dsgd_status load(const struct fixture *fix, struct dsgd_dataset **data)
{
    const struct dsgd_dataset_args args = {.folder = fix->root};
    return dsgd_dataset_find("mnist")->load(&args, data);
}

/* Loading fails as bad input, with a sentence that contains both words. */
static inline void expect_refusal(const struct fixture *fix, const char *file, const char *reason)
{
    struct dsgd_dataset *data = (struct dsgd_dataset *)1;
    assert_int_equal(load(fix, &data), DSGD_EINPUT);
    assert_null(data);
    if (!strstr(dsgd_error(), file) || !strstr(dsgd_error(), reason)) {
        print_error("message \"%s\", expected \"%s\" and \"%s\"\n", dsgd_error(), file, reason);
        fail();
    }
}

#define LOADED(fix, data)                                                                  \
    do {                                                                                          \
        if (load(fix, data) != DSGD_OK) { fail_msg("%s", dsgd_error()); }                       \
    } while (0)

#endif
