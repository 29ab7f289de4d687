/* optimum_file.c - a reference as an HDF5 file: attributes of the root and the dataset w.
 *
 * HDF5 is not built for damaged files: it may ask for terabytes. So the file's user block (bytes that HDF5 leaves to
 * the application) says the SHA-256 of all bytes after it, and no damaged file gets as far as HDF5. Types and sizes are
 * checked all the same before a byte is copied. HDF5's own reports are silenced: an unreadable cache is an ordinary
 * event.
 */
#include "convex/optimum_file.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <hdf5.h>
#include <nettle/sha2.h>

enum { PATH_SIZE = 1200, NAME_SIZE = 96, BLOCK = 512 }; /* 512: the smallest user block */

/* The user block that belongs to the bytes after it: a line of text, then zeros. */
static bool expected_block(FILE *file, char block[BLOCK])
{
    struct sha256_ctx hash;
    uint8_t sum[SHA256_DIGEST_SIZE], bytes[4096];
    size_t got;
    sha256_init(&hash);
    if (fseek(file, BLOCK, SEEK_SET) != 0) { return false; }
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0) { sha256_update(&hash, got, bytes); }
    if (ferror(file)) { return false; }
    sha256_digest(&hash, sizeof sum, sum);
    memset(block, 0, BLOCK);
    int at = snprintf(block, BLOCK, "dsgd optimum; SHA-256 of the bytes from %d on: ", (int)BLOCK);
    for (size_t i = 0; i < sizeof sum; ++i) {
        at += snprintf(block + at, (size_t)(BLOCK - at), "%02x", (unsigned)sum[i]);
    }
    snprintf(block + at, (size_t)(BLOCK - at), "\n");
    return true;
}

static bool is_intact(const char *path)
{
    char block[BLOCK], expected[BLOCK];
    FILE *file = fopen(path, "rb");
    if (!file) { return false; }
    const bool ok =
        fread(block, 1, BLOCK, file) == BLOCK && expected_block(file, expected) && memcmp(block, expected, BLOCK) == 0;
    fclose(file); /* was only read */
    return ok;
}

/* Fills in the user block and brings everything to the disk, before the final name points to it. */
static bool seal(const char *path)
{
    char block[BLOCK];
    FILE *file = fopen(path, "r+b");
    if (!file) { return false; }
    bool ok = expected_block(file, block) && fseek(file, 0, SEEK_SET) == 0 && fwrite(block, 1, BLOCK, file) == BLOCK &&
              fflush(file) == 0 && fsync(fileno(file)) == 0;
    ok = fclose(file) == 0 && ok;
    return ok;
}

static bool read_real(hid_t file, const char *name, double *value)
{
    const hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    if (attribute < 0) { return false; }
    const hid_t space = H5Aget_space(attribute), type = H5Aget_type(attribute);
    const bool ok = space >= 0 && type >= 0 && H5Sget_simple_extent_npoints(space) == 1 &&
                    H5Tequal(type, H5T_IEEE_F64LE) > 0 && H5Aread(attribute, H5T_NATIVE_DOUBLE, value) >= 0;
    if (space >= 0) { H5Sclose(space); }
    if (type >= 0) { H5Tclose(type); }
    H5Aclose(attribute);
    return ok;
}

static bool read_text(hid_t file, const char *name, char *text, size_t size)
{
    const hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    if (attribute < 0) { return false; }
    const hid_t space = H5Aget_space(attribute), type = H5Aget_type(attribute);
    bool ok = space >= 0 && type >= 0 && H5Sget_simple_extent_npoints(space) == 1 && H5Tget_class(type) == H5T_STRING &&
              H5Tis_variable_str(type) == 0 && H5Tget_size(type) >= 1 && H5Tget_size(type) < size;
    if (ok) {
        memset(text, 0, size);
        ok = H5Aread(attribute, type, text) >= 0;
    }
    if (space >= 0) { H5Sclose(space); }
    if (type >= 0) { H5Tclose(type); }
    H5Aclose(attribute);
    return ok;
}

static bool read_vector(hid_t file, const char *name, size_t d, double *value)
{
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (dataset < 0) { return false; }
    const hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    const bool ok = space >= 0 && type >= 0 && H5Sget_simple_extent_npoints(space) == (hssize_t)d &&
                    H5Tequal(type, H5T_IEEE_F64LE) > 0 &&
                    H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0;
    if (space >= 0) { H5Sclose(space); }
    if (type >= 0) { H5Tclose(type); }
    H5Dclose(dataset);
    return ok;
}

static bool read_file(hid_t file, const char *key, const struct dsgd_problem_ops *ops, size_t d,
                      struct dsgd_reference *r)
{
    char name[NAME_SIZE];
    char *stored_key = malloc(DSGD_OPTIMUM_KEY_MAX);
    double has = 0;
    bool ok = stored_key && read_text(file, "key", stored_key, DSGD_OPTIMUM_KEY_MAX) && strcmp(stored_key, key) == 0 &&
              read_real(file, "mu", &r->constants.mu) && read_real(file, "L", &r->constants.L) &&
              read_real(file, "sigma2", &r->constants.sigma2) && read_real(file, "has_optimum", &has);
    free(stored_key);
    r->has_optimum = ok && has > 0;
    if (r->has_optimum) {
        r->optimum.w = malloc(d * sizeof(double));
        ok = r->optimum.w && read_vector(file, "w", d, r->optimum.w) && read_real(file, "f_star", &r->optimum.f_star) &&
             read_real(file, "gap", &r->optimum.gap) &&
             read_text(file, "certificate", r->optimum.certificate, sizeof r->optimum.certificate) &&
             read_text(file, "solver", r->optimum.solver, sizeof r->optimum.solver);
        for (int m = 0; ok && m < ops->metrics; ++m) {
            snprintf(name, sizeof name, "metric_%s", ops->metric[m].name);
            ok = read_real(file, name, &r->metric[m]);
        }
    }
    return ok;
}

bool dsgd_optimum_file_read(const char *path, const char *key, const struct dsgd_problem_ops *ops, size_t d,
                            struct dsgd_reference *out)
{
    H5E_auto2_t report;
    void *report_data;
    *out = (struct dsgd_reference){0};
    if (!is_intact(path)) { return false; }
    H5Eget_auto2(H5E_DEFAULT, &report, &report_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    const bool ok = file >= 0 && read_file(file, key, ops, d, out);
    if (file >= 0) { H5Fclose(file); }
    H5Eset_auto2(H5E_DEFAULT, report, report_data);
    if (!ok) { dsgd_reference_clear(out); }
    return ok;
}

static bool write_attribute(hid_t file, const char *name, hid_t file_type, hid_t memory_type, const void *value)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(file, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = attribute >= 0 && H5Awrite(attribute, memory_type, value) >= 0;
    if (attribute >= 0) { ok = H5Aclose(attribute) >= 0 && ok; }
    H5Sclose(space);
    return ok;
}

static bool write_real(hid_t file, const char *name, double value)
{
    return write_attribute(file, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

static bool write_text(hid_t file, const char *name, const char *text)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    bool ok = type >= 0 && H5Tset_size(type, strlen(text) + 1) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0;
    ok = ok && write_attribute(file, name, type, type, text);
    if (type >= 0) { H5Tclose(type); }
    return ok;
}

static bool write_vector(hid_t file, const char *name, size_t d, const double *value)
{
    const hsize_t count = d;
    const hid_t space = H5Screate_simple(1, &count, NULL);
    const hid_t dataset = H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = dataset >= 0 && H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0;
    if (dataset >= 0) { ok = H5Dclose(dataset) >= 0 && ok; }
    if (space >= 0) { H5Sclose(space); }
    return ok;
}

static bool write_file(hid_t file, const char *key, const struct dsgd_problem_ops *ops, size_t d,
                       const struct dsgd_reference *r)
{
    char name[NAME_SIZE];
    bool ok = write_text(file, "key", key) && write_real(file, "mu", r->constants.mu) &&
              write_real(file, "L", r->constants.L) && write_real(file, "sigma2", r->constants.sigma2) &&
              write_real(file, "has_optimum", r->has_optimum ? 1 : 0);
    if (ok && r->has_optimum) {
        ok = write_vector(file, "w", d, r->optimum.w) && write_real(file, "f_star", r->optimum.f_star) &&
             write_real(file, "gap", r->optimum.gap) && write_text(file, "certificate", r->optimum.certificate) &&
             write_text(file, "solver", r->optimum.solver);
        for (int m = 0; ok && m < ops->metrics; ++m) {
            snprintf(name, sizeof name, "metric_%s", ops->metric[m].name);
            ok = write_real(file, name, r->metric[m]);
        }
    }
    return ok;
}

enum dsgd_status dsgd_optimum_file_write(const char *path, const char *key, const struct dsgd_problem_ops *ops,
                                         size_t d, const struct dsgd_reference *reference)
{
    static atomic_uint serial; /* with the process number: a temporary name for every writer, threads included */
    char temporary[PATH_SIZE];
    H5E_auto2_t report;
    void *report_data;
    const int length =
        snprintf(temporary, sizeof temporary, "%s.%ld.%u.tmp", path, (long)getpid(), atomic_fetch_add(&serial, 1));
    if (length < 0 || (size_t)length >= sizeof temporary) {
        return dsgd_fail(DSGD_EIO, "%s: a path too long to write, expected at most %zu bytes", path,
                         sizeof temporary - 32);
    }
    H5Eget_auto2(H5E_DEFAULT, &report, &report_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    errno = 0;
    const hid_t list = H5Pcreate(H5P_FILE_CREATE);
    bool ok = list >= 0 && H5Pset_userblock(list, BLOCK) >= 0;
    const hid_t file = ok ? H5Fcreate(temporary, H5F_ACC_TRUNC, list, H5P_DEFAULT) : -1;
    ok = file >= 0 && write_file(file, key, ops, d, reference);
    if (file >= 0) { ok = H5Fclose(file) >= 0 && ok; }
    if (list >= 0) { H5Pclose(list); }
    H5Eset_auto2(H5E_DEFAULT, report, report_data);
    ok = ok && seal(temporary) && rename(temporary, path) == 0;
    if (!ok) {
        const int why = errno;
        unlink(temporary);
        return dsgd_fail(DSGD_EIO, "%s: the optimum cannot be written (%s)", path, why ? strerror(why) : "HDF5 error");
    }
    return DSGD_OK;
}
