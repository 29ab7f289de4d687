/* parallel_case.h - a small folder of parallel text for tests, as scripts/make-parallel.sh makes it, in a temporary folder. */
#ifndef DSGD_TESTS_PARALLEL_CASE_H
#define DSGD_TESTS_PARALLEL_CASE_H

#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "sim/sha256.h"

enum { PARALLEL_FILES = 10 };

static const char *const parallel_name[PARALLEL_FILES] = {"train.src", "train.tgt", "valid.src", "valid.tgt", "test.src", "test.tgt",
                                                          "source.vocab", "target.vocab", "valid.ref", "test.ref"};
#define PARALLEL_SPECIAL "<pad>\t0\n<unk>\t0\n<s>\t0\n</s>\t0\n"
static const char *const parallel_text[PARALLEL_FILES] = {
    "4 5\n6\n4 4 1 5\n5\n", "7 8 4\n5\n6 6\n4 5 6 7 8\n", "4\n5 6\n", "8\n7\n", "6 5\n", "4 7\n",
    PARALLEL_SPECIAL "\xe2\x96\x81one\t-1\n\xe2\x96\x81two\t-2\nx\t-3\n",
    PARALLEL_SPECIAL "\xe2\x96\x81" "eins\t-0\n\xe2\x96\x81zwei\t-1\nx\t-2\ny\t-3\nz\t-4\n",
    "z\nY.\n", "Eins y\n",
};

struct parallel_folder {
    char root[512], folder[600];
    const char *text[PARALLEL_FILES]; /* NULL: is not there */
    bool zip;                         /* files are packed */
};

static inline void parallel_path(const struct parallel_folder *p, const char *name, bool zip, char path[700])
{
    snprintf(path, 700, "%s/%s%s", p->folder, name, zip ? ".gz" : "");
}

static inline void parallel_write_one(const struct parallel_folder *p, const char *name, const char *text, size_t size)
{
    char path[700];
    parallel_path(p, name, p->zip, path);
    gzFile file = gzopen(path, p->zip ? "wb" : "wbT");
    assert_non_null(file);
    if (size > 0) { assert_int_equal(gzwrite(file, text, (unsigned)size), (int)size); }
    assert_int_equal(gzclose(file), Z_OK);
}

static inline void parallel_remove(const struct parallel_folder *p)
{
    char path[700];
    for (int k = 0; k < 2 * (PARALLEL_FILES + 1); ++k) {
        parallel_path(p, k / 2 < PARALLEL_FILES ? parallel_name[k / 2] : "SHA256SUMS", k % 2, path);
        unlink(path);
    }
}

/* The list of the texts that are there. */
static inline void parallel_write_list(const struct parallel_folder *p)
{
    char list[2048] = "", sum[65];
    for (int k = 0; k < PARALLEL_FILES; ++k) {
        if (!p->text[k]) { continue; }
        dsgd_sha256_hex(p->text[k], strlen(p->text[k]), 64, sum);
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s  %s\n", sum, parallel_name[k]);
    }
    parallel_write_one(p, "SHA256SUMS", list, strlen(list));
}

/* All files anew, and their list. */
static inline void parallel_write(const struct parallel_folder *p)
{
    parallel_remove(p);
    for (int k = 0; k < PARALLEL_FILES; ++k) {
        if (p->text[k]) { parallel_write_one(p, parallel_name[k], p->text[k], strlen(p->text[k])); }
    }
    parallel_write_list(p);
}

static inline void parallel_good(struct parallel_folder *p) { memcpy(p->text, parallel_text, sizeof p->text); }

static inline int parallel_open(struct parallel_folder *p)
{
    const char *base = getenv("TMPDIR");
    snprintf(p->root, sizeof p->root, "%s/dsgd-parallel-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(p->root)) { return -1; }
    snprintf(p->folder, sizeof p->folder, "%s/parallel", p->root);
    if (mkdir(p->folder, 0777) != 0) { return -1; }
    strcat(p->folder, "/multi30k");
    parallel_good(p);
    return mkdir(p->folder, 0777);
}

static inline int parallel_close(struct parallel_folder *p)
{
    parallel_remove(p);
    rmdir(p->folder);
    *strrchr(p->folder, '/') = '\0';
    rmdir(p->folder);
    return rmdir(p->root);
}

#endif
