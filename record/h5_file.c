/* h5_file.c - the driver behind h5_file.h: plain pread and pwrite on one descriptor (interface of HDF5 1.10). */
#include "record/h5_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct driver_info {
    struct dsgd_h5_sink *sink; /* one of both */
    struct dsgd_h5_source *source;
};

struct driver_file {
    H5FD_t base; /* HDF5's part, first */
    struct driver_info to;
    haddr_t end_allocated, end_written;
};

static void remember(int *error)
{
    if (*error == 0) { *error = errno ? errno : EIO; }
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
    (void)name, (void)flags, (void)max;
    const struct driver_info *info = H5Pget_driver_info(properties);
    struct driver_file *file = info ? calloc(1, sizeof *file) : NULL;
    if (!file) { return NULL; }
    file->to = *info;
    file->end_written = info->source ? info->source->size : 0;
    return &file->base;
}

static herr_t file_close(H5FD_t *base)
{
    free(base);
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

static herr_t read_source(struct dsgd_h5_source *source, haddr_t address, size_t size, void *buffer)
{
    if (address > source->size || size > source->size - address) { return -1; } /* a damaged file points beyond its end */
    if (dsgd_read_at(source->fd, buffer, size, (size_t)address) == size) { return 0; }
    remember(&source->error);
    return -1;
}

static herr_t file_read(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, void *buffer)
{
    (void)type, (void)transfer;
    struct driver_file *file = (struct driver_file *)base;
    struct dsgd_h5_sink *sink = file->to.sink;
    if (file->to.source) { return read_source(file->to.source, address, size, buffer); }
    unsigned char *to = buffer;
    size_t held = 0;
    if (address < sink->held) {
        held = sink->held - (size_t)address < size ? sink->held - (size_t)address : size;
        memcpy(to, sink->head + address, held);
    }
    const size_t got = dsgd_read_at(sink->fd, to + held, size - held, (size_t)address + held);
    if (errno) { remember(&sink->error); } /* makes the file worthless */
    memset(to + held + got, 0, size - held - got); /* past the end, as a hole would read */
    return 0;
}

static herr_t file_write(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, const void *buffer)
{
    (void)type, (void)transfer;
    struct driver_file *file = (struct driver_file *)base;
    struct dsgd_h5_sink *sink = file->to.sink;
    const unsigned char *from = buffer;
    size_t held = 0;
    if (!sink) { return -1; }
    if (address + size > file->end_written) { file->end_written = address + size; }
    if (address < sink->held) {
        held = sink->held - (size_t)address < size ? sink->held - (size_t)address : size;
        memcpy(sink->head + address, from, held);
    }
    /* after a failure the file is thrown away: nothing more is written */
    if (sink->error == 0 && !dsgd_write_at(sink->fd, from + held, size - held, (size_t)address + held)) { remember(&sink->error); }
    return 0;
}

static herr_t file_truncate(H5FD_t *base, hid_t transfer, hbool_t closing)
{
    (void)transfer, (void)closing;
    struct driver_file *file = (struct driver_file *)base;
    struct dsgd_h5_sink *sink = file->to.sink;
    if (sink && file->end_allocated != file->end_written) {
        if (sink->error == 0 && ftruncate(sink->fd, (off_t)file->end_allocated) != 0) { remember(&sink->error); }
        file->end_written = file->end_allocated;
    }
    return 0;
}

static hid_t access_list(const struct driver_info *info)
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
    hid_t list = -1;
#pragma omp critical(dsgd_h5_driver)
    {
        if (id < 0 || H5Iget_type(id) != H5I_VFL) { id = H5FDregister(&driver); }
        list = id >= 0 ? H5Pcreate(H5P_FILE_ACCESS) : -1;
        if (list >= 0 && H5Pset_driver(list, id, info) < 0) {
            H5Pclose(list);
            list = -1;
        }
    }
    return list;
}

hid_t dsgd_h5_file_create(struct dsgd_h5_sink *sink, hsize_t user_block)
{
    const struct driver_info info = {.sink = sink};
    sink->error = 0;
    sink->held = user_block ? (size_t)user_block : DSGD_HEAD_MIN;
    memset(sink->head, 0, sizeof sink->head);
    const hid_t access = access_list(&info), create = H5Pcreate(H5P_FILE_CREATE);
    hid_t file = -1;
    if (access >= 0 && create >= 0 && H5Pset_userblock(create, user_block) >= 0) {
        file = H5Fcreate("new", H5F_ACC_TRUNC, create, access);
    }
    if (create >= 0) { H5Pclose(create); }
    if (access >= 0) { H5Pclose(access); }
    return file;
}

hid_t dsgd_h5_file_open(struct dsgd_h5_source *source)
{
    const struct driver_info info = {.source = source};
    source->error = 0;
    const hid_t access = access_list(&info);
    const hid_t file = access >= 0 ? H5Fopen("old", H5F_ACC_RDONLY, access) : -1;
    if (access >= 0) { H5Pclose(access); }
    return file;
}
