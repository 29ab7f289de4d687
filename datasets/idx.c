/* idx.c - reads and checks one IDX file, plain or gzip (unpack.h). Format: see idx.h. */
#define _DEFAULT_SOURCE /* madvise */
#include "datasets/idx.h"

#include <stdlib.h>
#include <nettle/sha2.h>
#include "datasets/memory.h"
#include "datasets/unpack.h"

enum { IDX_CHUNK = 1 << 18, IDX_TYPE_BYTE = 8 }; /* a chunk is hashed while it is in the cache */

static uint32_t idx_big_endian(const uint8_t *b)
{
    return ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | b[3];
}

/* Reads up to `size` bytes; fewer means the end of the data. A damaged stream is a failure. */
static enum dsgd_status idx_fill(struct dsgd_unpack *file, uint8_t *to, size_t size, struct sha256_ctx *hash, size_t *got)
{
    *got = 0;
    while (*got < size) {
        const size_t want = size - *got < IDX_CHUNK ? size - *got : IDX_CHUNK;
        size_t n;
        DSGD_TRY(dsgd_unpack_read(file, to + *got, want, &n));
        if (hash) { sha256_update(hash, n, to + *got); }
        *got += n;
        if (n < want) { break; }
    }
    return DSGD_OK;
}

static enum dsgd_status idx_header(struct dsgd_unpack *file, const char *path, int dimensions,
                                   struct sha256_ctx *hash, struct dsgd_idx *out)
{
    uint8_t head[4 + 4 * DSGD_IDX_IMAGES];
    const size_t head_size = 4 + 4 * (size_t)dimensions;
    const char *what = dimensions == DSGD_IDX_IMAGES ? "images" : "labels";
    size_t got;
    DSGD_TRY(idx_fill(file, head, 4, hash, &got));
    if (got < 4) {
        return dsgd_fail(DSGD_EINPUT, "%s: %zu bytes, shorter than the 4-byte magic number of an IDX file", path, got);
    }
    if (head[0] != 0 || head[1] != 0) {
        return dsgd_fail(DSGD_EINPUT, "%s: magic number 0x%08x, expected 0x%08x (IDX %s)", path, idx_big_endian(head),
                         (unsigned)(IDX_TYPE_BYTE << 8 | dimensions), what);
    }
    if (head[2] != IDX_TYPE_BYTE) {
        return dsgd_fail(DSGD_EINPUT, "%s: IDX type code 0x%02x, expected 0x08 (unsigned byte)", path, head[2]);
    }
    if (head[3] != dimensions) {
        return dsgd_fail(DSGD_EINPUT, "%s: an IDX file of %d dimensions, expected %d (%s)", path, head[3], dimensions,
                         what);
    }
    DSGD_TRY(idx_fill(file, head + 4, head_size - 4, hash, &got));
    if (got < head_size - 4) {
        return dsgd_fail(DSGD_EINPUT, "%s: ends inside its header after %zu bytes, expected %zu", path, got + 4,
                         head_size);
    }
    out->n = idx_big_endian(head + 4);
    out->rows = dimensions == DSGD_IDX_IMAGES ? idx_big_endian(head + 8) : 1;
    out->cols = dimensions == DSGD_IDX_IMAGES ? idx_big_endian(head + 12) : 1;
    if (out->n == 0) { return dsgd_fail(DSGD_EINPUT, "%s: holds 0 %s, expected at least 1", path, what); }
    if (out->rows < 1 || out->rows > DSGD_IDX_SIDE_MAX || out->cols < 1 || out->cols > DSGD_IDX_SIDE_MAX) {
        return dsgd_fail(DSGD_EINPUT, "%s: images of %zu x %zu pixels, expected 1 x 1 to %d x %d", path, out->rows,
                         out->cols, DSGD_IDX_SIDE_MAX, DSGD_IDX_SIDE_MAX);
    }
    return DSGD_OK;
}

static enum dsgd_status idx_body(struct dsgd_unpack *file, const char *path, struct sha256_ctx *hash,
                                 struct dsgd_idx *out)
{
    /* At most 2^32 * 64 * 64 = 2^44: no overflow. */
    const size_t size = out->n * out->rows * out->cols;
    const size_t limit = dsgd_unpack_limit(file);
    if (size > limit) {
        return dsgd_fail(DSGD_EINPUT, "%s: truncated, its header announces %zu bytes and the file can hold at most %zu",
                         path, size, limit);
    }
    out->payload = dsgd_rows_memory(size);
    if (!out->payload) { return dsgd_fail(DSGD_ENOMEM, "%s: no memory for %zu bytes", path, size); }
    size_t got;
    DSGD_TRY(idx_fill(file, out->payload, size, hash, &got));
    if (got < size) {
        return dsgd_fail(DSGD_EINPUT, "%s: truncated, %zu bytes after the header, expected %zu", path, got, size);
    }
    uint8_t extra;
    DSGD_TRY(idx_fill(file, &extra, 1, NULL, &got)); /* also checks the sum of a gzip file, and what comes after it */
    if (got != 0) {
        return dsgd_fail(DSGD_EINPUT, "%s: trailing bytes, expected the end after %zu bytes of data", path, size);
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_idx_read(const char *path, int dimensions, struct sha256_ctx *hash, struct dsgd_idx *out)
{
    *out = (struct dsgd_idx){0};
    struct dsgd_unpack *file;
    DSGD_TRY(dsgd_unpack_open(path, &file));
    enum dsgd_status status = idx_header(file, path, dimensions, hash, out);
    if (status == DSGD_OK) { status = idx_body(file, path, hash, out); }
    dsgd_unpack_close(file);
    if (status != DSGD_OK) {
        free(out->payload);
        *out = (struct dsgd_idx){0};
    }
    return status;
}
