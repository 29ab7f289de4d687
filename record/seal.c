/* seal.c - appends and compares the checksum of a file. Layout: seal.h. */
#include "record/seal.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "record/replace.h"

enum { MAGIC = 16, LENGTH = 8, SEAL_1 = MAGIC + SHA256_DIGEST_SIZE, SEAL_2 = MAGIC + LENGTH + SHA256_DIGEST_SIZE, CHUNK = 1 << 13 };

static const char magic_1[MAGIC] = "dsgd SHA-256:\n", magic_2[MAGIC] = "dsgd seal 2\n";

static void put_length(size_t size, uint8_t bytes[LENGTH])
{
    for (int b = 0; b < LENGTH; ++b) { bytes[b] = (uint8_t)((uint64_t)size >> (8 * b)); }
}

/* SHA-256 of the first `size` bytes, of which `head` replaces the first; then, in the second version, of the length. */
static bool hash(int fd, size_t size, const void *head, size_t held, bool with_length, uint8_t digest[SHA256_DIGEST_SIZE])
{
    uint8_t chunk[CHUNK], length[LENGTH];
    struct sha256_ctx sha;
    sha256_init(&sha);
    held = held < size ? held : size;
    sha256_update(&sha, held, head);
    for (size_t at = held; at < size;) {
        const size_t want = size - at < CHUNK ? size - at : CHUNK;
        if (dsgd_read_at(fd, chunk, want, at) != want) {
            if (errno == 0) { errno = EIO; } /* shorter than a moment ago */
            return false;
        }
        sha256_update(&sha, want, chunk);
        at += want;
    }
    put_length(size, length);
    if (with_length) { sha256_update(&sha, LENGTH, length); }
    sha256_digest(&sha, SHA256_DIGEST_SIZE, digest);
    return true;
}

bool dsgd_seal_append_with(int fd, const void *head, size_t held)
{
    struct stat info;
    uint8_t seal[SEAL_2];
    if (fstat(fd, &info) != 0) { return false; }
    const size_t size = (size_t)info.st_size;
    memcpy(seal, magic_2, MAGIC);
    put_length(size, seal + MAGIC);
    return hash(fd, size, head, held, true, seal + MAGIC + LENGTH) && dsgd_write_at(fd, seal, sizeof seal, size);
}

bool dsgd_seal_append(int fd)
{
    return dsgd_seal_append_with(fd, "", 0);
}

enum dsgd_seal dsgd_seal_look(int fd, size_t *content)
{
    struct stat info;
    uint8_t there[SEAL_2], digest[SHA256_DIGEST_SIZE], length[LENGTH];
    *content = 0;
    if (fstat(fd, &info) != 0) { return DSGD_SEAL_UNREAD; }
    const size_t size = (size_t)info.st_size, end = size < SEAL_2 ? size : SEAL_2;
    *content = size;
    if (dsgd_read_at(fd, there, end, size - end) != end) {
        if (errno == 0) { errno = EIO; } /* shorter than a moment ago */
        return DSGD_SEAL_UNREAD;
    }
    const bool second = end == SEAL_2 && memcmp(there, magic_2, MAGIC) == 0;
    const bool first = !second && end >= SEAL_1 && memcmp(there + end - SEAL_1, magic_1, MAGIC) == 0;
    if (!first && !second) { return DSGD_SEAL_NONE; }
    *content = size - (second ? SEAL_2 : SEAL_1);
    put_length(*content, length);
    if (second && memcmp(there + MAGIC, length, LENGTH) != 0) { return DSGD_SEAL_BROKEN; }
    if (!hash(fd, *content, "", 0, second, digest)) { return DSGD_SEAL_UNREAD; }
    if (memcmp(there + end - sizeof digest, digest, sizeof digest) != 0) { return DSGD_SEAL_BROKEN; }
    return second ? DSGD_SEAL_INTACT : DSGD_SEAL_FIRST;
}
