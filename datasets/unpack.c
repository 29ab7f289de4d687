/* unpack.c - reads regular files, plain or gzip, through zlib's inflate. Interface and rules: unpack.h. */
#include "datasets/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    UNPACK_BUFFER = 1 << 17,
    UNPACK_EXPANSION_MAX = 1032, /* deflate cannot expand by more than this (zlib's technical notes) */
    UNPACK_GZIP_ONLY = 16,       /* added to the window bits: no zlib streams */
};

struct dsgd_unpack {
    const char *path;
    int fd;
    uint64_t size; /* of the file */
    bool gzip, inflating, ended; /* inflating: stream is initialised; ended: the file holds nothing more */
    size_t at, end;              /* bytes of the buffer that are not used yet */
    z_stream stream;
    uint8_t buffer[UNPACK_BUFFER];
};

/* Through this file's calloc, so that a test can let each allocation fail. */
static voidpf unpack_alloc(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    return calloc(items, size);
}

static void unpack_free(voidpf opaque, voidpf address)
{
    (void)opaque;
    free(address);
}

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode)) { return "a folder"; }
    if (S_ISFIFO(mode)) { return "a FIFO"; }
    if (S_ISCHR(mode)) { return "a character device"; }
    if (S_ISBLK(mode)) { return "a block device"; }
    return S_ISSOCK(mode) ? "a socket" : "no file of bytes";
}

static enum dsgd_status no_memory(const char *path)
{
    return dsgd_fail(DSGD_ENOMEM, "%s: no memory to read it", path);
}

/* What the system said about the file: the path is to blame, or memory, or the file system. */
static enum dsgd_status failed(const char *path, int error)
{
    switch (error) {
    case ENOMEM: return no_memory(path);
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
        return dsgd_fail(DSGD_EINPUT, "%s: cannot be opened (%s)", path, strerror(error));
    case ENXIO: /* a socket, a device without driver */
    case ENODEV:
        return dsgd_fail(DSGD_EINPUT, "%s: %s, expected a regular file", path, strerror(error));
    default: return dsgd_fail(DSGD_EIO, "%s: input failed (%s), expected a file that can be read", path, strerror(error));
    }
}

static enum dsgd_status damaged(const struct dsgd_unpack *u, const char *why)
{
    return dsgd_fail(DSGD_EINPUT, "%s: cannot be read (%s), expected an intact file, plain or gzip", u->path, why);
}

/* More bytes behind those in the buffer, which has room; none come at the end of the file. */
static enum dsgd_status refill(struct dsgd_unpack *u)
{
    if (u->at == u->end) { u->at = u->end = 0; }
    ssize_t n;
    do { n = read(u->fd, u->buffer + u->end, UNPACK_BUFFER - u->end); } while (n < 0 && errno == EINTR);
    if (n < 0) { return failed(u->path, errno); }
    u->end += (size_t)n;
    return DSGD_OK;
}

/* Bytes in the buffer: at least two, unless the file ends. */
static enum dsgd_status look_ahead(struct dsgd_unpack *u)
{
    if (u->end - u->at >= 2) { return DSGD_OK; }
    memmove(u->buffer, u->buffer + u->at, u->end - u->at);
    u->end -= u->at;
    u->at = 0;
    for (size_t before = u->end + 1; u->end < 2 && u->end != before;) {
        before = u->end;
        DSGD_TRY(refill(u));
    }
    return DSGD_OK;
}

static bool member_begins(const struct dsgd_unpack *u)
{
    return u->end - u->at >= 2 && u->buffer[u->at] == 0x1f && u->buffer[u->at + 1] == 0x8b;
}

static enum dsgd_status begin(struct dsgd_unpack *u)
{
    DSGD_TRY(look_ahead(u));
    u->gzip = member_begins(u);
    if (!u->gzip) { return DSGD_OK; }
    u->stream = (z_stream){.zalloc = unpack_alloc, .zfree = unpack_free};
    if (inflateInit2(&u->stream, MAX_WBITS + UNPACK_GZIP_ONLY) != Z_OK) { return no_memory(u->path); }
    u->inflating = true;
    return DSGD_OK;
}

enum dsgd_status dsgd_unpack_open(const char *path, struct dsgd_unpack **out)
{
    *out = NULL;
    struct stat info;
    /* O_NONBLOCK: a FIFO without a writer must not be waited for; regular files know no difference. */
    int fd;
    do { fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); } while (fd < 0 && errno == EINTR);
    if (fd < 0) { return failed(path, errno); }
    enum dsgd_status status = DSGD_OK;
    if (fstat(fd, &info) != 0) {
        status = failed(path, errno);
    } else if (!S_ISREG(info.st_mode)) {
        status = dsgd_fail(DSGD_EINPUT, "%s: %s, expected a regular file", path, kind_of(info.st_mode));
    }
    struct dsgd_unpack *u = status == DSGD_OK ? calloc(1, sizeof *u) : NULL;
    if (!u) {
        close(fd);
        return status == DSGD_OK ? no_memory(path) : status;
    }
    u->path = path;
    u->fd = fd;
    u->size = (uint64_t)info.st_size;
    status = begin(u);
    if (status != DSGD_OK) {
        dsgd_unpack_close(u);
        return status;
    }
    *out = u;
    return DSGD_OK;
}

/* Behind a member: the next one, or zeros up to the end. */
static enum dsgd_status after_member(struct dsgd_unpack *u)
{
    DSGD_TRY(look_ahead(u));
    if (member_begins(u)) { return inflateReset(&u->stream) == Z_OK ? DSGD_OK : damaged(u, "damaged gzip state"); }
    while (u->at < u->end) {
        for (; u->at < u->end; ++u->at) {
            if (u->buffer[u->at] != 0) {
                return dsgd_fail(DSGD_EINPUT, "%s: other bytes after its gzip data, expected the end of the file", u->path);
            }
        }
        DSGD_TRY(refill(u));
    }
    u->ended = true;
    return DSGD_OK;
}

/* One turn of inflate into `size` > 0 bytes. */
static enum dsgd_status inflate_some(struct dsgd_unpack *u, uint8_t *to, size_t size, size_t *got)
{
    *got = 0;
    if (u->at == u->end) {
        DSGD_TRY(refill(u));
        if (u->at == u->end) { return damaged(u, "unexpected end of file"); }
    }
    const uInt room = size < UINT32_MAX ? (uInt)size : UINT32_MAX;
    u->stream.next_in = u->buffer + u->at;
    u->stream.avail_in = (uInt)(u->end - u->at);
    u->stream.next_out = to;
    u->stream.avail_out = room;
    const int code = inflate(&u->stream, Z_NO_FLUSH);
    u->at = u->end - u->stream.avail_in;
    *got = room - u->stream.avail_out;
    switch (code) {
    case Z_OK:
    case Z_BUF_ERROR: return DSGD_OK; /* nothing was left to do without more input */
    case Z_STREAM_END: return after_member(u);
    case Z_MEM_ERROR: return no_memory(u->path);
    default: return damaged(u, u->stream.msg ? u->stream.msg : "damaged gzip data");
    }
}

static enum dsgd_status copy_some(struct dsgd_unpack *u, uint8_t *to, size_t size, size_t *got)
{
    if (u->at == u->end) { DSGD_TRY(refill(u)); }
    *got = u->end - u->at < size ? u->end - u->at : size;
    memcpy(to, u->buffer + u->at, *got);
    u->at += *got;
    u->ended = *got == 0;
    return DSGD_OK;
}

enum dsgd_status dsgd_unpack_read(struct dsgd_unpack *u, void *to, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size && !u->ended) {
        size_t n = 0;
        DSGD_TRY((u->gzip ? inflate_some : copy_some)(u, (uint8_t *)to + *got, size - *got, &n));
        *got += n;
    }
    return DSGD_OK;
}

size_t dsgd_unpack_limit(const struct dsgd_unpack *u)
{
    const uint64_t most = u->gzip ? UNPACK_EXPANSION_MAX : 1;
    return (size_t)(u->size > SIZE_MAX / most ? SIZE_MAX : u->size * most);
}

void dsgd_unpack_close(struct dsgd_unpack *u)
{
    if (!u) { return; }
    if (u->inflating) { inflateEnd(&u->stream); }
    close(u->fd); /* read only: nothing can be lost */
    free(u);
}
