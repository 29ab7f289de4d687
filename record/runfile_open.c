/* runfile_open.c - the first look at a result: its seal, before HDF5 sees a byte. Interface: runfile_open.h. */
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/h5.h"
#include "record/runfile_open.h"
#include "record/seal.h"

void dsgd_reader_close(struct dsgd_reader *r)
{
    if (r->file >= 0) { H5Fclose(r->file); }
    if (r->source.fd >= 0) { close(r->source.fd); }
    r->file = -1;
    r->source.fd = -1;
}

static enum dsgd_status cannot_read(const char *path, int error)
{
    return error == EIO ? dsgd_fail(DSGD_EIO, "%s: reading it failed (%s); expected a file that can be read", path, strerror(error))
                        : dsgd_fail(DSGD_EINPUT, "%s: cannot be read (%s); expected a result of dsgd run", path, strerror(error));
}

/* Seal and signature; HDF5 has not seen a byte of it. */
static enum dsgd_status check_bytes(struct dsgd_reader *r, bool unsealed)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char head[sizeof signature];
    if (dsgd_read_at(r->source.fd, head, sizeof head, 0) != sizeof head || memcmp(head, signature, sizeof head) != 0) {
        return errno ? cannot_read(r->path, errno) : dsgd_fail(DSGD_EINPUT, "%s: not a whole HDF5 file; expected a result of dsgd run", r->path);
    }
    const enum dsgd_seal seal = dsgd_seal_look(r->source.fd, &r->source.size);
    if (seal == DSGD_SEAL_UNREAD) { return cannot_read(r->path, errno); }
    r->sealed = seal == DSGD_SEAL_INTACT || seal == DSGD_SEAL_FIRST;
    r->variable = seal != DSGD_SEAL_INTACT;
    if (r->sealed || unsealed) { return DSGD_OK; }
    return seal == DSGD_SEAL_BROKEN
        ? dsgd_fail(DSGD_EINPUT, "%s: its bytes do not have their checksum; expected an unchanged result or snapshot (--restart of "
                    "dsgd run begins anew; --unsealed of reading commands takes it as it is)", r->path)
        : dsgd_fail(DSGD_EINPUT, "%s: it does not end in its checksum; expected an unchanged result or snapshot (--restart of "
                    "dsgd run begins anew; --unsealed of reading commands takes it as it is)", r->path);
}

/* HDF5 does not always say that memory was what it lacked: without memory it cannot keep its own reports either. */
static bool short_of_memory(void)
{
    enum { PLENTY = 4 << 20 };
    void *volatile memory = malloc(PLENTY); /* volatile: compilers leave out a pair that nobody looks at */
    free(memory);
    return dsgd_h5_no_memory() || !memory;
}

enum dsgd_status dsgd_reader_open(const char *path, bool unsealed, struct dsgd_reader *r)
{
    struct stat info;
    *r = (struct dsgd_reader){.path = path, .file = -1, .source = {.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)}};
    if (r->source.fd < 0) { return cannot_read(path, errno); }
    enum dsgd_status status = DSGD_OK;
    if (fstat(r->source.fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        status = dsgd_fail(DSGD_EINPUT, "%s: not a regular file; expected a result of dsgd run", path);
    }
    if (status == DSGD_OK) { status = check_bytes(r, unsealed); }
    if (status == DSGD_OK) {
        dsgd_h5_quiet();
        r->file = dsgd_h5_file_open(&r->source);
        if (r->file < 0) {
            status = r->source.error ? cannot_read(path, r->source.error) : short_of_memory() ? dsgd_fail(DSGD_ENOMEM, "no memory to open %s", path)
                                     : dsgd_fail(DSGD_EINPUT, "%s: not a whole HDF5 file; expected a result of dsgd run", path);
        }
    }
    if (status != DSGD_OK) { dsgd_reader_close(r); }
    return status;
}

enum dsgd_status dsgd_reader_broken(const struct dsgd_reader *r, const char *what, enum dsgd_status status)
{
    const char *path = r->path;
    if (r->source.error) { return cannot_read(path, r->source.error); }
    if (status == DSGD_ENOMEM || short_of_memory()) { return dsgd_fail(DSGD_ENOMEM, "no memory to read %s of %s", what, path); }
    return dsgd_fail(DSGD_EINPUT, "%s: %s is missing or has another shape; expected a result of dsgd run", path, what);
}

bool dsgd_runfile_whole(int fd)
{
    size_t content = 0;
    const enum dsgd_seal seal = dsgd_seal_look(fd, &content);
    return seal == DSGD_SEAL_INTACT || seal == DSGD_SEAL_FIRST;
}
