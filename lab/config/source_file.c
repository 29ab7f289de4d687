/* source_file.c - reading a file that a stranger may have named: opened without waiting, bounded, each byte looked at. */
#include "lab/config/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *dsgd_source_place(const char *file, int line, char place[SOURCE_PLACE_MAX])
{
    enum { TAIL = 200 };
    char shown[DSGD_SHOWN_MAX];
    const size_t length = strlen(file);
    const bool cut = length > TAIL;
    snprintf(place, SOURCE_PLACE_MAX, "%s%s:%d", cut ? "..." : "", dsgd_text_shown(cut ? file + length - TAIL : file, shown), line);
    return place;
}

void dsgd_source_file_clear(struct source_file *file)
{
    free(file->name);
    free(file->bytes);
    *file = (struct source_file){.name = NULL};
}

static enum dsgd_status no_memory(void)
{
    return dsgd_fail(DSGD_ENOMEM, "no memory for the text of a configuration");
}

/* Whose fault it is: a name that leads nowhere is the user's, a failing disk is not. */
static enum dsgd_status unreadable(const char *who, const char *example, int error)
{
    switch (error) {
    case ENOENT: case ENOTDIR: case EACCES: case EPERM: case ELOOP: case ENAMETOOLONG: case ENXIO: case ENODEV: case EINVAL:
        return dsgd_fail(DSGD_EINPUT, "%s cannot be read (%s): expected a file such as experiments/%s", who, strerror(error), example);
    case ENOMEM: return no_memory();
    default: return dsgd_fail(DSGD_EIO, "%s cannot be read: %s", who, strerror(error));
    }
}

/* Looks before it opens, since opening a device can do something, and again afterwards, since names can be given anew. */
static enum dsgd_status open_regular(const char *path, const char *who, const char *example, int *fd, struct stat *there)
{
    if (stat(path, there) != 0) { return unreadable(who, example, errno); }
    if (S_ISREG(there->st_mode)) {
        *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (*fd < 0 || fstat(*fd, there) != 0) { return unreadable(who, example, errno); }
    }
    if (S_ISREG(there->st_mode)) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "%s is %s: expected a regular file such as experiments/%s", who,
                     S_ISDIR(there->st_mode) ? "a folder" : "a device, pipe or socket", example);
}

/* To the end, since files of /proc do not know their size; `expected` is only where to begin. */
static enum dsgd_status read_all(int fd, off_t expected, const char *who, const char *example, struct source_file *file)
{
    size_t capacity = 0, wanted = expected >= 0 && expected < SOURCE_FILE_MAX ? (size_t)expected + 2 : SOURCE_FILE_MAX + 2;
    for (;;) {
        if (file->read + 2 > capacity) { /* a byte that tells the end, and the zero byte */
            char *grown = realloc(file->bytes, wanted);
            if (!grown) { return no_memory(); }
            file->bytes = grown;
            capacity = wanted;
            wanted *= 2;
        }
        const ssize_t n = read(fd, file->bytes + file->read, capacity - 1 - file->read);
        if (n < 0 && errno == EINTR) { continue; }
        if (n < 0) { return unreadable(who, example, errno == EINVAL ? EIO : errno); }
        if (n == 0) { return DSGD_OK; }
        file->read += (size_t)n;
        if (file->read > SOURCE_FILE_MAX) {
            return dsgd_fail(DSGD_EINPUT, "%s has more than %d bytes: expected at most so many", who, SOURCE_FILE_MAX);
        }
    }
}

/* Drops the byte order mark and the \r of line ends; refuses what is not text. */
static enum dsgd_status clean(struct source_file *file)
{
    char place[SOURCE_PLACE_MAX];
    const char *at = file->bytes, *end = at + file->read;
    char *to = file->bytes;
    int line = 1;
    if (end - at >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) { at += 3; }
    while (at < end) {
        if (*at == '\r' && (at + 1 == end || at[1] == '\n')) {
            ++at;
            continue;
        }
        const size_t length = dsgd_utf8_length(at, (size_t)(end - at));
        if (length == 0) {
            return dsgd_fail(DSGD_EINPUT, "%s: byte 0x%02x; expected text in UTF-8", dsgd_source_place(file->name, line, place),
                             (unsigned)(unsigned char)*at);
        }
        if (*at != '\n' && *at != '\t' && dsgd_utf8_control(at, length)) {
            return dsgd_fail(DSGD_EINPUT, "%s: control character 0x%02x; expected text, blanks, tabs and line ends",
                             dsgd_source_place(file->name, line, place), (unsigned)(unsigned char)at[length - 1]);
        }
        line += *at == '\n';
        memmove(to, at, length);
        to += length;
        at += length;
    }
    *to = '\0';
    file->size = (size_t)(to - file->bytes);
    return DSGD_OK;
}

enum dsgd_status dsgd_source_file_read(const char *path, const char *who, const char *example, struct source_file *out)
{
    struct stat there;
    int fd = -1;
    out->name = strdup(path);
    if (!out->name) { return no_memory(); }
    enum dsgd_status status = open_regular(path, who, example, &fd, &there);
    if (status == DSGD_OK) {
        out->device = there.st_dev;
        out->inode = there.st_ino;
        status = read_all(fd, there.st_size, who, example, out);
    }
    if (fd >= 0) { close(fd); }
    return status == DSGD_OK ? clean(out) : status;
}
