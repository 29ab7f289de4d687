/* lock.c - the lock file of an output. Interface: lock.h. */
#define _DEFAULT_SOURCE /* flock */
#include "record/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim/sha256.h"

static const char content[] = "dsgd: one writer at a time\n";

void dsgd_lock_name(const char *output, char lock[DSGD_PATH_MAX])
{
    const char *slash = strrchr(output, '/'), *name = slash ? slash + 1 : output;
    char folder[DSGD_PATH_MAX], hex[17];
    dsgd_sha256_hex(name, strlen(name), 16, hex);
    dsgd_folder_of(output, folder);
    snprintf(lock, DSGD_PATH_MAX, "%.4000s/.dsgd-%s.lock", folder, hex);
}

/* A file of another account may be there from a killed process: reading rights are enough to lock it. */
static int open_lock(const char *lock, bool *created)
{
    int fd = open(lock, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    *created = fd >= 0;
    if (fd < 0 && errno == EEXIST) { fd = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666); }
    if (fd < 0 && errno == EACCES) {
        fd = open(lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0) { errno = EACCES; }
    }
    return fd;
}

/* False with errno; EWOULDBLOCK: somebody holds it, and not only for the moment in which he looks whether it is dead (replace.c).
 * No signal interrupts so often: a file system that only says so has no locks. */
static bool lock_fd(int fd, bool wait)
{
    enum { TRIES = 20, INTERRUPTIONS = 1000 };
    const struct timespec moment = {0, 5000000};
    int held = 0, interrupted = 0;
    while (flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        if (error == EINTR && ++interrupted < INTERRUPTIONS) { continue; }
        if (error != EWOULDBLOCK || ++held == TRIES) {
            errno = error;
            return false;
        }
        nanosleep(&moment, NULL);
    }
    return true;
}

/* What we have just made and could not use goes away again, unless another process has made it its own. */
static void take_back(int fd, const char *lock)
{
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_size == 0 && dsgd_same_file(fd, lock)) { unlink(lock); }
}

bool dsgd_lock_is_one(int fd)
{
    struct stat info;
    char there[sizeof content] = "";
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || (size_t)info.st_size > sizeof content - 1) { return false; }
    const size_t got = dsgd_read_at(fd, there, sizeof content, 0);
    return errno == 0 && got == (size_t)info.st_size && memcmp(there, content, got) == 0; /* or as much as the disk took */
}

/* Ours, or made ours. errno 0: it is somebody else's. */
static bool claim(int fd)
{
    struct stat info;
    if (!dsgd_lock_is_one(fd)) {
        errno = 0;
        return false;
    }
    if (fstat(fd, &info) != 0) { return false; }
    return info.st_size > 0 || dsgd_write_at(fd, content, sizeof content - 1, 0) || errno == EBADF; /* EBADF: we may only read it */
}

enum dsgd_status dsgd_lock_take(const char *output, const char *lock, bool wait, int *out)
{
    for (;;) {
        bool created = false;
        const int fd = open_lock(lock, &created);
        if (fd < 0) {
            return errno == ELOOP ? dsgd_fail(DSGD_EINPUT, "%s is a link: expected no file, or the lock of another dsgd", lock)
                                  : dsgd_fail(DSGD_EIO, "cannot create %s: %s; expected a writable folder", lock, strerror(errno));
        }
        if (!lock_fd(fd, wait)) {
            const int error = errno;
            if (created && error != EWOULDBLOCK) { take_back(fd, lock); }
            close(fd);
            if (error == EWOULDBLOCK) { return dsgd_fail(DSGD_EINPUT, "%s is being written by another process: expected one writer", output); }
            return dsgd_fail(DSGD_EIO, "cannot lock %s: %s; expected a file system with locks", lock, strerror(error));
        }
        if (!dsgd_same_file(fd, lock)) { /* a finished process removes its lock file */
            close(fd);
            continue;
        }
        if (claim(fd)) {
            *out = fd;
            return DSGD_OK;
        }
        const int error = errno;
        if (error) { unlink(lock); } /* empty: nothing is lost */
        close(fd);
        return error ? dsgd_fail_write(lock, error)
                     : dsgd_fail(DSGD_EINPUT, "%s is there and is no lock of dsgd: expected no file of this name", lock);
    }
}

void dsgd_lock_release(const char *lock, int *fd)
{
    if (*fd < 0) { return; }
    if (dsgd_same_file(*fd, lock)) { unlink(lock); }
    close(*fd);
    *fd = -1;
}

void dsgd_lock_clean(const char *lock)
{
    const int fd = open(lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) { return; }
    if (dsgd_lock_is_one(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0 && dsgd_same_file(fd, lock)) { unlink(lock); }
    close(fd);
}
