/* replace.c - temporary files and renames. Policy: replace.h. */
#define _DEFAULT_SOURCE /* flock, getrandom */
#include "record/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "record/lock.h"
#include "sim/sha256.h"

/* Padded with line ends to DSGD_HEAD_MIN bytes in the file. */
static const char mark_text[] = "dsgd: a file that was not finished\n";
static const char prefix[] = ".dsgd-", suffix[] = ".part", lock_suffix[] = ".lock"; /* of record/lock.h */

enum { DIGITS = 16, LINKS_MAX = 40, TRIES = 100 };

static void make_mark(char mark[DSGD_HEAD_MIN])
{
    memset(mark, '\n', DSGD_HEAD_MIN);
    memcpy(mark, mark_text, sizeof mark_text - 1);
}

enum dsgd_status dsgd_fail_write(const char *path, int error)
{
    return dsgd_fail(DSGD_EIO, "cannot write %s: %s; expected a writable folder with enough space", path,
                     error ? strerror(error) : "HDF5 reports a failed write");
}

size_t dsgd_read_at(int fd, void *to, size_t size, size_t from)
{
    size_t got = 0;
    errno = 0;
    while (got < size) {
        const ssize_t n = pread(fd, (char *)to + got, size - got, (off_t)(from + got));
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) { break; }
        got += (size_t)n;
    }
    return got;
}

bool dsgd_write_at(int fd, const void *bytes, size_t size, size_t from)
{
    for (size_t done = 0; done < size;) {
        errno = 0;
        const ssize_t n = pwrite(fd, (const char *)bytes + done, size - done, (off_t)(from + done));
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) {
            if (errno == 0) { errno = EIO; }
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

void dsgd_folder_of(const char *path, char folder[DSGD_PATH_MAX])
{
    snprintf(folder, DSGD_PATH_MAX, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash) {
        strcpy(folder, ".");
    } else {
        slash[slash == folder] = '\0'; /* the root keeps its slash */
    }
}

static enum dsgd_status too_long(const char *path, size_t limit)
{
    return dsgd_fail(DSGD_EINPUT, "output path %.64s... is too long: expected a name of at most %zu characters", path, limit);
}

/* One link of a chain: its target, relative to the folder it lies in. */
static enum dsgd_status follow(const char *path, char target[DSGD_PATH_MAX])
{
    char link[DSGD_PATH_MAX], folder[DSGD_PATH_MAX];
    const ssize_t length = readlink(target, link, sizeof link - 1);
    if (length <= 0) { return dsgd_fail(DSGD_EIO, "%s: a link that cannot be read (%s); expected a file or a link to one", path, strerror(errno)); }
    link[length] = '\0';
    dsgd_folder_of(target, folder);
    const bool absolute = *link == '/' || strcmp(folder, ".") == 0;
    const int n = snprintf(target, DSGD_PATH_MAX, "%s%s%s", absolute ? "" : folder, absolute ? "" : "/", link);
    return n < DSGD_PATH_MAX ? DSGD_OK : too_long(path, DSGD_PATH_MAX - 1);
}

enum dsgd_status dsgd_place(const char *path, size_t more, char target[DSGD_PATH_MAX])
{
    if ((size_t)snprintf(target, DSGD_PATH_MAX, "%s", path) + 64 > DSGD_PATH_MAX) { return too_long(path, DSGD_PATH_MAX - 65); }
    struct stat there;
    for (int links = 0; links <= LINKS_MAX; ++links) {
        const size_t length = strlen(target);
        if (length == 0 || target[length - 1] == '/') { return dsgd_fail(DSGD_EINPUT, "output path \"%s\": expected the name of a file", path); }
        const char *slash = strrchr(target, '/');
        const size_t name = strlen(slash ? slash + 1 : target), limit = 255; /* NAME_MAX of all usual file systems */
        if (name + more > limit) { return too_long(path, limit - more); }
        if (lstat(target, &there) != 0) {
            if (errno == ENOENT || errno == ENOTDIR) { return DSGD_OK; } /* whoever makes the folders says what is in the way */
            if (errno == ENAMETOOLONG) { return too_long(path, limit - more); }
            if (errno == ELOOP) { break; }
            return dsgd_fail(DSGD_EIO, "output path %s: %s; expected a file in a folder", path, strerror(errno));
        }
        if (!S_ISLNK(there.st_mode)) {
            return S_ISREG(there.st_mode) ? DSGD_OK : dsgd_fail(DSGD_EINPUT, "output path %s is not a regular file: expected a new file or an earlier output", path);
        }
        DSGD_TRY(follow(path, target));
    }
    return dsgd_fail(DSGD_EINPUT, "output path %s: links in a circle; expected a file", path);
}

/* Not cryptic, but different for every writer of this world: containers share process numbers, copies of a machine clocks. */
static uint64_t random_number(void)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number) { return number; }
    static unsigned serial;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    number = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid() << 16 ^ (uint64_t)(uintptr_t)&now;
    return (number + ++serial) * UINT64_C(0x9e3779b97f4a7c15);
}

bool dsgd_same_file(int fd, const char *path)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* False: another process took the name or is removing it; try another. errno is that of the last failed open. */
static bool create(struct dsgd_replace *r, const char *folder)
{
    if (snprintf(r->temporary, sizeof r->temporary, "%s/%s%016llx%s", folder, prefix, (unsigned long long)random_number(), suffix) >=
        (int)sizeof r->temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    r->fd = open(r->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (r->fd < 0) { return false; }
    const bool taken = flock(r->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; /* other failures: no locks here */
    const bool there = dsgd_same_file(r->fd, r->temporary);
    if (!taken && there) { return true; }
    if (there) { unlink(r->temporary); } /* whoever locked it only meant to remove it */
    close(r->fd);
    r->fd = -1;
    errno = EEXIST;
    return false;
}

enum dsgd_status dsgd_replace_begin(const char *target, struct dsgd_replace *out)
{
    char folder[DSGD_PATH_MAX], mark[DSGD_HEAD_MIN];
    struct stat there;
    *out = (struct dsgd_replace){.fd = -1};
    if (snprintf(out->target, sizeof out->target, "%s", target) >= (int)sizeof out->target) { return too_long(target, DSGD_PATH_MAX - 1); }
    dsgd_folder_of(target, folder);
    for (int t = 0; out->fd < 0; ++t) {
        if (!create(out, folder) && (errno != EEXIST || t == TRIES)) {
            out->fd = -1;
            return dsgd_fail_write(target, errno);
        }
    }
    if (lstat(target, &there) == 0 && S_ISREG(there.st_mode)) { (void)!fchmod(out->fd, there.st_mode & 0777); } /* as far as allowed */
    make_mark(mark);
    if (dsgd_write_at(out->fd, mark, sizeof mark, 0)) { return DSGD_OK; }
    const int error = errno;
    dsgd_replace_cancel(out);
    return dsgd_fail_write(target, error);
}

/* Some file systems cannot sync what they have; only a real failure counts. */
static bool synced(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
}

/* The rename itself must survive a power cut. A folder that may be written but not read cannot be opened. */
static bool sync_folder(const char *target)
{
    char folder[DSGD_PATH_MAX];
    dsgd_folder_of(target, folder);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) { return errno == EACCES; }
    const bool good = synced(fd);
    const int error = errno;
    close(fd);
    errno = error;
    return good;
}

enum dsgd_status dsgd_replace_commit(struct dsgd_replace *r, const void *head, size_t size)
{
    /* the body first: with its head the file is whole. What takes the mark's place is written last, by itself: half of it leaves half a mark */
    const size_t first = size < DSGD_HEAD_MIN ? size : DSGD_HEAD_MIN;
    bool good = size == first || dsgd_write_at(r->fd, (const char *)head + first, size - first, first);
    good = good && synced(r->fd);
    good = good && dsgd_write_at(r->fd, head, first, 0);
    if (size < DSGD_HEAD_MIN) { good = good && ftruncate(r->fd, (off_t)size) == 0; }
    good = good && synced(r->fd) && rename(r->temporary, r->target) == 0;
    if (!good) {
        const int error = errno;
        dsgd_replace_cancel(r);
        return dsgd_fail_write(r->target, error);
    }
    close(r->fd); /* synced: nothing can be lost any more */
    r->fd = -1;
    return sync_folder(r->target) ? DSGD_OK : dsgd_fail_write(r->target, errno);
}

void dsgd_replace_cancel(struct dsgd_replace *r)
{
    if (r->fd < 0) { return; }
    unlink(r->temporary);
    close(r->fd);
    r->fd = -1;
}

enum dsgd_status dsgd_replace_whole(const char *target, const void *bytes, size_t size)
{
    struct dsgd_replace r;
    DSGD_TRY(dsgd_replace_begin(target, &r));
    const size_t head = size < DSGD_HEAD_MIN ? size : DSGD_HEAD_MIN;
    if (!dsgd_write_at(r.fd, (const char *)bytes + head, size - head, head)) {
        const int error = errno;
        dsgd_replace_cancel(&r);
        return dsgd_fail_write(target, error);
    }
    return dsgd_replace_commit(&r, bytes, head);
}

static bool is_name(const char *name, const char *end)
{
    const size_t length = sizeof prefix - 1 + DIGITS;
    return strncmp(name, prefix, sizeof prefix - 1) == 0 && strspn(name + sizeof prefix - 1, "0123456789abcdef") == DIGITS &&
           strcmp(name + length, end) == 0;
}

/* Empty, or as much of the mark as the disk took, or its second half behind a head that was cut off, or a whole file of ours. */
static bool is_ours(int fd, bool (*whole)(int fd))
{
    char mark[DSGD_HEAD_MIN], there[DSGD_HEAD_MIN];
    make_mark(mark);
    const size_t got = dsgd_read_at(fd, there, sizeof there, 0);
    const bool half = got == sizeof mark && memcmp(there + sizeof mark / 2, mark + sizeof mark / 2, sizeof mark / 2) == 0;
    return errno == 0 && (memcmp(there, mark, got) == 0 || half || (whole && whole(fd)));
}

static void remove_dead(const char *path, bool lock, bool (*whole)(int fd))
{
    struct stat there;
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) { return; }
    if (fstat(fd, &there) == 0 && S_ISREG(there.st_mode) && there.st_nlink == 1 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
        (lock ? dsgd_lock_is_one(fd) : is_ours(fd, whole)) && dsgd_same_file(fd, path)) {
        unlink(path);
    }
    close(fd);
}

void dsgd_replace_clean(const char *target, bool (*whole)(int fd))
{
    char folder[DSGD_PATH_MAX], path[DSGD_PATH_MAX + 300];
    dsgd_folder_of(target, folder);
    DIR *list = opendir(folder);
    const struct dirent *entry;
    while (list && (entry = readdir(list)) != NULL) {
        const bool lock = is_name(entry->d_name, lock_suffix);
        if (!lock && !is_name(entry->d_name, suffix)) { continue; }
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        remove_dead(path, lock, whole);
    }
    if (list) { closedir(list); }
}

void dsgd_file_sha256(const char *path, char hex[65])
{
    enum { CHUNK = 1 << 13 };
    uint8_t chunk[CHUNK];
    struct sha256_ctx sha;
    size_t got = CHUNK;
    *hex = '\0';
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) { return; }
    sha256_init(&sha);
    errno = 0;
    for (size_t at = 0; got == CHUNK; at += got) {
        got = dsgd_read_at(fd, chunk, CHUNK, at);
        sha256_update(&sha, got, chunk);
    }
    const bool good = errno == 0;
    close(fd);
    if (good) { dsgd_sha256_end(&sha, 64, hex); }
}
