/* seal.c - appends and compares the checksum of a file. */
#include "sim/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[16] = "dsgd SHA-256:\n";

enum { SEAL_BYTES = sizeof magic + SHA256_DIGEST_SIZE, CHUNK = 1 << 16 };

/* Bytes [from, from + size): fewer only at the end of the file or after a failure. */
static size_t read_at(int fd, void *to, size_t size, off_t from)
{
    size_t got = 0;
    while (got < size) {
        const ssize_t n = pread(fd, (char *)to + got, size - got, from + (off_t)got);
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) { break; }
        got += (size_t)n;
    }
    return got;
}

/* The seal that the first `size` bytes should have. */
static bool make_seal(int fd, off_t size, uint8_t seal[SEAL_BYTES])
{
    uint8_t chunk[CHUNK];
    struct sha256_ctx sha;
    sha256_init(&sha);
    for (off_t at = 0; at < size;) {
        const size_t want = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        if (read_at(fd, chunk, want, at) != want) { return false; }
        sha256_update(&sha, want, chunk);
        at += (off_t)want;
    }
    memcpy(seal, magic, sizeof magic);
    sha256_digest(&sha, SHA256_DIGEST_SIZE, seal + sizeof magic);
    return true;
}

bool dsgd_seal_append(int fd)
{
    struct stat info;
    uint8_t seal[SEAL_BYTES];
    errno = 0;
    if (fstat(fd, &info) != 0 || !make_seal(fd, info.st_size, seal)) { return false; }
    for (size_t done = 0; done < sizeof seal;) {
        const ssize_t n = pwrite(fd, seal + done, sizeof seal - done, info.st_size + (off_t)done);
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) { return false; }
        done += (size_t)n;
    }
    return true;
}

bool dsgd_seal_intact(const char *path)
{
    struct stat info;
    uint8_t there[SEAL_BYTES], seal[SEAL_BYTES];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) { return true; } /* to be reported by who opens it next */
    bool intact = true;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size >= SEAL_BYTES &&
        read_at(fd, there, sizeof there, info.st_size - SEAL_BYTES) == sizeof there && memcmp(there, magic, sizeof magic) == 0) {
        intact = make_seal(fd, info.st_size - SEAL_BYTES, seal) && memcmp(there, seal, sizeof seal) == 0;
    }
    close(fd);
    return intact;
}
