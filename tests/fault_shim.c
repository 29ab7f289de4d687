/* fault_shim.c - a library for LD_PRELOAD that kills a program, or fills its disk, at a chosen call on chosen files.
 *
 * Counted are the calls that change a file system: write, pwrite, writev, pwritev, fsync, fdatasync (also of folders),
 * ftruncate, truncate, fallocate, open and fopen for writing, rename, link, linkat, unlink and remove, where the path contains
 * DSGD_FAULT_PATH. Calls count from 1, over all threads of one process.
 *
 *   DSGD_FAULT_PATH   substring of absolute paths; unset: nothing is counted
 *   DSGD_FAULT_AT     the call that goes wrong; unset or 0: none
 *   DSGD_FAULT        kill       SIGKILL before that call
 *                     kill-half  if it is a write: half of its bytes, then SIGKILL; another call: as kill
 *                     enospc     that call and every later one that needs space (writes, longer or new files) fails with
 *                                ENOSPC: the disk stays full
 *                     eio        that call and every later counted one fails with EIO
 *                     short      if it is a write, half of its bytes are written, and the call says so (not an error)
 *                     once       that call alone fails, with the error DSGD_FAULT_ERROR; a close that fails has closed
 *   DSGD_FAULT_ERROR  ENOSPC, EIO, EDQUOT or EFBIG
 *   DSGD_FAULT_KINDS  which calls count: words of write sync truncate open rename link unlink close mkdir; unset: all but
 *                     the last two
 *   DSGD_FAULT_COUNT  file that gets the number of counted calls, one line, at exit, from a process that made any
 *
 * Not seen: writes that libc makes itself for a FILE *, memory maps, and exits through _exit (no number is written).
 * LD_PRELOAD splits its text at blanks: a script copies the library to a path without any first.
 * Not for programs built with the address sanitizer, whose library must be loaded first.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum fault { NONE, KILL, KILL_HALF, ENOSPACE, EIO_FROM_HERE, SHORT, ONCE };
enum kind { WRITE, SYNC, TRUNCATE, OPEN, RENAME, LINK, UNLINK, CLOSE, MKDIR, KINDS };
enum need { SPACE, NO_SPACE };
enum verdict { PASS, HALF, HALF_THEN_KILL, FAIL };

static const char *path_part, *count_file;
static enum fault fault;
static long fault_at;
static int once_error;
static bool counts[KINDS];
static atomic_long calls;

__attribute__((constructor)) static void start(void)
{
    static const char *const names[] = {"", "kill", "kill-half", "enospc", "eio", "short", "once"};
    static const char *const kinds[KINDS] = {"write", "sync", "truncate", "open", "rename", "link", "unlink", "close", "mkdir"};
    static const struct {
        const char *name;
        int number;
    } errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EDQUOT", EDQUOT}, {"EFBIG", EFBIG}};
    const char *name = getenv("DSGD_FAULT"), *at = getenv("DSGD_FAULT_AT");
    path_part = getenv("DSGD_FAULT_PATH");
    count_file = getenv("DSGD_FAULT_COUNT");
    fault_at = at ? atol(at) : 0;
    for (int i = 1; name && i <= ONCE; ++i) {
        if (strcmp(name, names[i]) == 0) { fault = (enum fault)i; }
    }
    if (name && fault == NONE) {
        fprintf(stderr, "fault_shim: DSGD_FAULT = %s: expected kill, kill-half, enospc, eio, short or once\n", name);
        _exit(2);
    }
    const char *error = getenv("DSGD_FAULT_ERROR"), *wanted = getenv("DSGD_FAULT_KINDS");
    for (size_t i = 0; error && i < sizeof errors / sizeof *errors; ++i) {
        if (strcmp(error, errors[i].name) == 0) { once_error = errors[i].number; }
    }
    if (fault == ONCE && once_error == 0) {
        fprintf(stderr, "fault_shim: DSGD_FAULT_ERROR = %s: expected ENOSPC, EIO, EDQUOT or EFBIG\n", error ? error : "");
        _exit(2);
    }
    for (int k = 0; k < KINDS; ++k) { counts[k] = !wanted && k < CLOSE; }
    while (wanted && *wanted) {
        const size_t length = strcspn(wanted, " ");
        for (int k = 0; k < KINDS; ++k) { counts[k] = counts[k] || (strlen(kinds[k]) == length && strncmp(wanted, kinds[k], length) == 0); }
        wanted += length + strspn(wanted + length, " ");
    }
}

/* Raw system calls here: the number itself must not be counted or fail. */
__attribute__((destructor)) static void finish(void)
{
    const long n = atomic_load(&calls);
    if (!count_file || n == 0) { return; }
    char line[32];
    const int length = snprintf(line, sizeof line, "%ld\n", n);
    const long fd = syscall(SYS_openat, AT_FDCWD, count_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || syscall(SYS_write, (int)fd, line, (size_t)length) != length) {
        fprintf(stderr, "fault_shim: cannot write %s\n", count_file);
    }
}

static void *next(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    if (!symbol) { syscall(SYS_exit_group, 125); }
    return symbol;
}

/* Declares `real`, the function that this one stands for. ISO C knows no cast from void * to a function. */
#define REAL(result, name, ...)            \
    static result (*real)(__VA_ARGS__);    \
    if (!real) { *(void **)&real = next(#name); }

static bool fd_concerned(int fd)
{
    if (!path_part) { return false; }
    char link[64], path[PATH_MAX + 1];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, PATH_MAX);
    if (length < 0) { return false; }
    path[length] = '\0';
    return strstr(path, path_part) != NULL;
}

/* A relative path is looked at with the folder it is relative to in front. */
static bool path_concerned(int folder, const char *path)
{
    if (!path_part || !path) { return false; }
    if (strstr(path, path_part)) { return true; }
    if (path[0] == '/') { return false; }
    char link[64], whole[2 * PATH_MAX + 2];
    if (folder == AT_FDCWD) { snprintf(link, sizeof link, "/proc/self/cwd"); }
    else { snprintf(link, sizeof link, "/proc/self/fd/%d", folder); }
    const ssize_t length = readlink(link, whole, PATH_MAX);
    if (length < 0) { return false; }
    snprintf(whole + length, sizeof whole - (size_t)length, "/%s", path);
    return strstr(whole, path_part) != NULL;
}

static enum verdict judge(enum kind kind, enum need need)
{
    if (!counts[kind]) { return PASS; }
    const long n = atomic_fetch_add(&calls, 1) + 1;
    if (fault == NONE || fault_at <= 0 || n < fault_at) { return PASS; }
    switch (fault) {
    case KILL:
        raise(SIGKILL);
        return PASS;
    case KILL_HALF:
        return HALF_THEN_KILL;
    case SHORT:
        return n == fault_at ? HALF : PASS;
    case ENOSPACE:
        if (need == NO_SPACE) { return PASS; }
        errno = ENOSPC;
        return FAIL;
    case EIO_FROM_HERE:
        errno = EIO;
        return FAIL;
    case ONCE:
        if (n != fault_at) { return PASS; }
        errno = once_error;
        return FAIL;
    case NONE:
        break;
    }
    return PASS;
}

/* For calls that cannot be done by half. */
static bool refused(bool concerned, enum kind kind, enum need need)
{
    if (!concerned) { return false; }
    const enum verdict verdict = judge(kind, need);
    if (verdict == HALF_THEN_KILL) { raise(SIGKILL); }
    return verdict == FAIL;
}

/* A function of one buffer: all of it, half of it (1 byte stays 1 byte), or half and the end. */
#define TRANSFER(fd, bytes, call_with)                                                         \
    do {                                                                                       \
        const enum verdict verdict_ = fd_concerned(fd) ? judge(WRITE, SPACE) : PASS;                  \
        if (verdict_ == FAIL) { return -1; }                                                   \
        const size_t half_ = verdict_ == HALF && (bytes) < 2 ? (bytes) : (bytes) / 2;          \
        const ssize_t written_ = call_with(verdict_ == PASS ? (bytes) : half_);                \
        if (verdict_ == HALF_THEN_KILL) { raise(SIGKILL); }                                    \
        return written_;                                                                       \
    } while (0)

ssize_t write(int fd, const void *data, size_t bytes)
{
    REAL(ssize_t, write, int, const void *, size_t)
#define CALL(n) real(fd, data, (n))
    TRANSFER(fd, bytes, CALL);
#undef CALL
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
#define CALL(n) real(fd, data, (n), offset)
    TRANSFER(fd, bytes, CALL);
#undef CALL
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset)
{
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)
#define CALL(n) real(fd, data, (n), offset)
    TRANSFER(fd, bytes, CALL);
#undef CALL
}

/* Half of a vector: its first pieces, at least one unless the process dies here. */
ssize_t writev(int fd, const struct iovec *piece, int pieces)
{
    REAL(ssize_t, writev, int, const struct iovec *, int)
    const enum verdict verdict = fd_concerned(fd) ? judge(WRITE, SPACE) : PASS;
    if (verdict == FAIL) { return -1; }
    const ssize_t written = real(fd, piece, verdict == PASS ? pieces : (pieces + (verdict == HALF)) / 2);
    if (verdict == HALF_THEN_KILL) { raise(SIGKILL); }
    return written;
}

ssize_t pwritev(int fd, const struct iovec *piece, int pieces, off_t offset)
{
    REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t)
    const enum verdict verdict = fd_concerned(fd) ? judge(WRITE, SPACE) : PASS;
    if (verdict == FAIL) { return -1; }
    const ssize_t written = real(fd, piece, verdict == PASS ? pieces : (pieces + (verdict == HALF)) / 2, offset);
    if (verdict == HALF_THEN_KILL) { raise(SIGKILL); }
    return written;
}

int fsync(int fd)
{
    REAL(int, fsync, int)
    return refused(fd_concerned(fd), SYNC, NO_SPACE) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(int, fdatasync, int)
    return refused(fd_concerned(fd), SYNC, NO_SPACE) ? -1 : real(fd);
}

/* A longer file needs space, a shorter one does not. */
static enum need need_of_length(int fd, off64_t length)
{
    struct stat status;
    return fstat(fd, &status) == 0 && length > status.st_size ? SPACE : NO_SPACE;
}

int ftruncate(int fd, off_t length)
{
    REAL(int, ftruncate, int, off_t)
    return refused(fd_concerned(fd), TRUNCATE, need_of_length(fd, length)) ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    REAL(int, ftruncate64, int, off64_t)
    return refused(fd_concerned(fd), TRUNCATE, need_of_length(fd, length)) ? -1 : real(fd, length);
}

int truncate(const char *path, off_t length)
{
    REAL(int, truncate, const char *, off_t)
    return refused(path_concerned(AT_FDCWD, path), TRUNCATE, SPACE) ? -1 : real(path, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    REAL(int, fallocate, int, int, off_t, off_t)
    return refused(fd_concerned(fd), TRUNCATE, SPACE) ? -1 : real(fd, mode, offset, length);
}

/* Returns its error instead of setting errno. */
int posix_fallocate(int fd, off_t offset, off_t length)
{
    REAL(int, posix_fallocate, int, off_t, off_t)
    return refused(fd_concerned(fd), TRUNCATE, SPACE) ? errno : real(fd, offset, length);
}

int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
    REAL(int, posix_fallocate64, int, off64_t, off64_t)
    return refused(fd_concerned(fd), TRUNCATE, SPACE) ? errno : real(fd, offset, length);
}

static bool open_refused(int folder, const char *path, int flags)
{
    const bool writing = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    if (!writing || !path_concerned(folder, path)) { return false; }
    const bool creates = (flags & O_CREAT) && faccessat(folder, path, F_OK, 0) != 0;
    return refused(true, OPEN, creates ? SPACE : NO_SPACE);
}

#define MODE(flags)                                       \
    mode_t mode = 0;                                      \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {              \
        va_list arguments;                                \
        va_start(arguments, flags);                       \
        mode = va_arg(arguments, mode_t);                 \
        va_end(arguments);                                \
    }

int open(const char *path, int flags, ...)
{
    REAL(int, open, const char *, int, ...)
    MODE(flags)
    return open_refused(AT_FDCWD, path, flags) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    REAL(int, open64, const char *, int, ...)
    MODE(flags)
    return open_refused(AT_FDCWD, path, flags) ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    REAL(int, openat, int, const char *, int, ...)
    MODE(flags)
    return open_refused(folder, path, flags) ? -1 : real(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    REAL(int, openat64, int, const char *, int, ...)
    MODE(flags)
    return open_refused(folder, path, flags) ? -1 : real(folder, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

static int flags_of(const char *mode)
{
    return mode[0] == 'r' ? (strchr(mode, '+') ? O_RDWR : O_RDONLY) : O_RDWR | O_CREAT;
}

FILE *fopen(const char *path, const char *mode)
{
    REAL(FILE *, fopen, const char *, const char *)
    return open_refused(AT_FDCWD, path, flags_of(mode)) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    REAL(FILE *, fopen64, const char *, const char *)
    return open_refused(AT_FDCWD, path, flags_of(mode)) ? NULL : real(path, mode);
}

int rename(const char *from, const char *to)
{
    REAL(int, rename, const char *, const char *)
    const bool concerned = path_concerned(AT_FDCWD, from) || path_concerned(AT_FDCWD, to);
    return refused(concerned, RENAME, NO_SPACE) ? -1 : real(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    REAL(int, renameat, int, const char *, int, const char *)
    const bool concerned = path_concerned(from_folder, from) || path_concerned(to_folder, to);
    return refused(concerned, RENAME, NO_SPACE) ? -1 : real(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    REAL(int, renameat2, int, const char *, int, const char *, unsigned)
    const bool concerned = path_concerned(from_folder, from) || path_concerned(to_folder, to);
    return refused(concerned, RENAME, NO_SPACE) ? -1 : real(from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to)
{
    REAL(int, link, const char *, const char *)
    return refused(path_concerned(AT_FDCWD, to), LINK, SPACE) ? -1 : real(from, to);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    REAL(int, linkat, int, const char *, int, const char *, int)
    return refused(path_concerned(to_folder, to), LINK, SPACE) ? -1 : real(from_folder, from, to_folder, to, flags);
}

/* The descriptor is gone, whatever close says. */
int close(int fd)
{
    REAL(int, close, int)
    const bool failed = counts[CLOSE] && refused(fd_concerned(fd), CLOSE, NO_SPACE);
    const int error = errno, code = real(fd);
    if (failed) { errno = error; }
    return failed ? -1 : code;
}

int mkdir(const char *path, mode_t mode)
{
    REAL(int, mkdir, const char *, mode_t)
    return refused(path_concerned(AT_FDCWD, path), MKDIR, SPACE) ? -1 : real(path, mode);
}

int unlink(const char *path)
{
    REAL(int, unlink, const char *)
    return refused(path_concerned(AT_FDCWD, path), UNLINK, NO_SPACE) ? -1 : real(path);
}

int unlinkat(int folder, const char *path, int flags)
{
    REAL(int, unlinkat, int, const char *, int)
    return refused(path_concerned(folder, path), UNLINK, NO_SPACE) ? -1 : real(folder, path, flags);
}

int remove(const char *path)
{
    REAL(int, remove, const char *)
    return refused(path_concerned(AT_FDCWD, path), UNLINK, NO_SPACE) ? -1 : real(path);
}
