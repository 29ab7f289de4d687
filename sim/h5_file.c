/* h5_file.c - the driver behind h5_file.h: plain pread and pwrite on one descriptor (interface of HDF5 1.10). */
#include "sim/h5_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/seal.h"

struct driver_info {
    int *error;
};

struct driver_file {
    H5FD_t base; /* HDF5's part, first */
    int fd;
    haddr_t end_allocated, end_written;
    int *error;
};

static void remember(struct driver_file *file)
{
    if (*file->error == 0) { *file->error = errno ? errno : EIO; }
}

static void *info_copy(const void *info)
{
    struct driver_info *copy = malloc(sizeof *copy);
    if (copy) { *copy = *(const struct driver_info *)info; }
    return copy;
}

static herr_t info_free(void *info)
{
    free(info);
    return 0;
}

static H5FD_t *file_open(const char *name, unsigned flags, hid_t properties, haddr_t max)
{
    (void)flags, (void)max;
    const struct driver_info *info = H5Pget_driver_info(properties);
    struct driver_file *file = info ? calloc(1, sizeof *file) : NULL;
    if (!file) { return NULL; }
    file->error = info->error;
    file->fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file->fd < 0) {
        remember(file);
        free(file);
        return NULL;
    }
    return &file->base;
}

static herr_t file_close(H5FD_t *base)
{
    struct driver_file *file = (struct driver_file *)base;
    if (*file->error == 0 && (!dsgd_seal_append(file->fd) || fsync(file->fd) != 0)) { remember(file); }
    if (close(file->fd) != 0) { remember(file); }
    free(file);
    return 0;
}

static herr_t file_query(const H5FD_t *base, unsigned long *flags)
{
    (void)base;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

static haddr_t get_end_allocated(const H5FD_t *base, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver_file *)base)->end_allocated;
}

static herr_t set_end_allocated(H5FD_t *base, H5FD_mem_t type, haddr_t address)
{
    (void)type;
    ((struct driver_file *)base)->end_allocated = address;
    return 0;
}

static haddr_t get_end_written(const H5FD_t *base, H5FD_mem_t type)
{
    (void)type;
    return ((const struct driver_file *)base)->end_written;
}

static herr_t file_read(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, void *buffer)
{
    (void)type, (void)transfer;
    struct driver_file *file = (struct driver_file *)base;
    char *to = buffer;
    while (size > 0) {
        const ssize_t n = pread(file->fd, to, size, (off_t)address);
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) { /* past the end, as a hole would read; a real failure makes the file worthless */
            if (n < 0) { remember(file); }
            memset(to, 0, size);
            break;
        }
        to += n;
        address += (haddr_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static herr_t file_write(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, const void *buffer)
{
    (void)type, (void)transfer;
    struct driver_file *file = (struct driver_file *)base;
    const char *from = buffer;
    if (address + size > file->end_written) { file->end_written = address + size; }
    while (size > 0 && *file->error == 0) { /* after a failure the file is thrown away: nothing more is written */
        const ssize_t n = pwrite(file->fd, from, size, (off_t)address);
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) {
            remember(file);
            break;
        }
        from += n;
        address += (haddr_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static herr_t file_truncate(H5FD_t *base, hid_t transfer, hbool_t closing)
{
    (void)transfer, (void)closing;
    struct driver_file *file = (struct driver_file *)base;
    if (file->end_allocated != file->end_written) {
        if (*file->error == 0 && ftruncate(file->fd, (off_t)file->end_allocated) != 0) { remember(file); }
        file->end_written = file->end_allocated;
    }
    return 0;
}

hid_t dsgd_h5_file_create(const char *path, int *error)
{
    static const H5FD_class_t driver = {
        .name = "dsgd",
        .maxaddr = (haddr_t)INT64_MAX,
        .fc_degree = H5F_CLOSE_STRONG,
        .fapl_size = sizeof(struct driver_info),
        .fapl_copy = info_copy,
        .fapl_free = info_free,
        .open = file_open,
        .close = file_close,
        .query = file_query,
        .get_eoa = get_end_allocated,
        .set_eoa = set_end_allocated,
        .get_eof = get_end_written,
        .read = file_read,
        .write = file_write,
        .truncate = file_truncate,
        .fl_map = H5FD_FLMAP_DICHOTOMY,
    };
    /* Registered for the life of the process: HDF5 1.10 drops a closing file's reference to its driver before it calls the
     * driver's close, so the last reference must not be the file's. HDF5 itself frees it at exit. */
    static hid_t id = -1;
    *error = 0;
    const struct driver_info info = {error};
    if (id < 0 || H5Iget_type(id) != H5I_VFL) { id = H5FDregister(&driver); }
    hid_t properties = H5Pcreate(H5P_FILE_ACCESS), file = -1;
    if (properties >= 0 && id >= 0 && H5Pset_driver(properties, id, &info) >= 0) {
        file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, properties);
    }
    if (properties >= 0) { H5Pclose(properties); }
    return file;
}
