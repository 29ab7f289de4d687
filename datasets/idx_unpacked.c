/* idx_unpacked.c - names of unpacked files by the sum of the packed ones. Interface and rules: idx_unpacked.h. */
#include "datasets/idx_unpacked.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "datasets/idx.h"
#include "sim/sha256.h"

enum { CHUNK = 8192, DIGITS = 16 };

/* SHA-256 of a regular gzip file as it is; false for anything else, which the reader has sentences for. */
static bool packed_sum(const char *path, char hex[65])
{
    struct stat info;
    struct sha256_ctx sha;
    uint8_t chunk[CHUNK];
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) { return false; }
    bool good = fstat(fd, &info) == 0 && S_ISREG(info.st_mode), gzip = false;
    sha256_init(&sha);
    for (size_t all = 0; good;) {
        const ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0) { break; }
        if (n < 0) {
            good = false;
        } else {
            if (all == 0) { gzip = n >= 2 && chunk[0] == 0x1f && chunk[1] == 0x8b; }
            all += (size_t)n;
            sha256_update(&sha, (size_t)n, chunk);
            good = gzip;
        }
    }
    close(fd);
    dsgd_sha256_end(&sha, 64, hex);
    return good && gzip;
}

void dsgd_unpacked_look(struct dsgd_unpacked *unpacked, int f, char path[2][DSGD_DATA_PATH])
{
    char hex[65], place[DSGD_DATA_PATH];
    unpacked->missing[f][0] = '\0';
    if (!unpacked->folder || !packed_sum(path[0], hex)) { return; }
    const int length = snprintf(place, sizeof place, "%s/unpacked-%.*s-%.*s.idx", unpacked->folder, (int)DIGITS, hex, (int)DIGITS,
                                unpacked->published[f]);
    if (length < 0 || (size_t)length >= sizeof place) { return; }
    if (access(place, R_OK) == 0) {
        strcpy(path[0], place);
        ++unpacked->used;
    } else {
        strcpy(unpacked->missing[f], place);
    }
}

static void big_endian(size_t n, uint8_t *to)
{
    for (int j = 0; j < 4; ++j) { to[j] = (uint8_t)(n >> (24 - 8 * j)); }
}

void dsgd_unpacked_keep(const struct dsgd_unpacked *unpacked, const struct dsgd_dataset *data, const size_t side[2])
{
    if (!unpacked->folder || !unpacked->keep) { return; }
    for (int f = 0; f < DSGD_IDX_FILES; ++f) {
        const struct dsgd_split *split = f < 2 ? &data->train : &data->test;
        const bool images = f % 2 == 0;
        uint8_t head[4 + 4 * DSGD_IDX_IMAGES] = {0, 0, 8, images ? DSGD_IDX_IMAGES : DSGD_IDX_LABELS};
        if (unpacked->missing[f][0] == '\0') { continue; }
        big_endian(split->n, head + 4);
        big_endian(side[0], head + 8);
        big_endian(side[1], head + 12);
        unpacked->keep(unpacked->keep_context, unpacked->missing[f], head, images ? sizeof head : 8, images ? split->feature : split->label,
                       images ? split->n * data->features : split->n);
    }
}
