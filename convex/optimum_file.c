/* optimum_file.c - a reference as an HDF5 file: attributes of the root and the dataset w.
 *
 * HDF5 is not built for damaged files: it may ask for terabytes. So the file's user block (bytes that HDF5 leaves to
 * the application) says the SHA-256 of all bytes after it, and no damaged file gets as far as HDF5. Types and sizes are
 * checked all the same before a byte is copied, and numbers for their sense before they are used. HDF5's own reports are
 * silenced: an unreadable cache is an ordinary event.
 */
#include "convex/optimum_file.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/h5.h"
#include "record/h5_file.h"
#include "sim/sha256.h"

enum { NAME_SIZE = 96, BLOCK = DSGD_HEAD_MAX, CHUNK = 4096 }; /* 512: HDF5's smallest user block */

/* The user block that belongs to the bytes after it: a line of text, then zeros. */
static bool make_block(int fd, char block[BLOCK])
{
    struct sha256_ctx hash;
    uint8_t bytes[CHUNK];
    char sum[65];
    sha256_init(&hash);
    for (size_t at = BLOCK, got = CHUNK; got == CHUNK; at += got) {
        got = dsgd_read_at(fd, bytes, CHUNK, at);
        if (errno) { return false; }
        sha256_update(&hash, got, bytes);
    }
    dsgd_sha256_end(&hash, 64, sum);
    memset(block, 0, BLOCK);
    snprintf(block, BLOCK, "dsgd optimum; SHA-256 of the bytes from %d on: %s\n", (int)BLOCK, sum);
    return true;
}

bool dsgd_optimum_file_whole(int fd)
{
    char block[BLOCK], expected[BLOCK];
    return dsgd_read_at(fd, block, BLOCK, 0) == BLOCK && make_block(fd, expected) && memcmp(block, expected, BLOCK) == 0;
}

enum dsgd_status dsgd_optimum_file_ours(const char *path)
{
    static const char begin[] = "dsgd optimum; SHA-256";
    char head[sizeof begin - 1];
    struct stat there;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) { return errno == ENOENT ? DSGD_OK : dsgd_fail_write(path, errno); }
    const bool ours = fstat(fd, &there) == 0 && S_ISREG(there.st_mode) &&
                      (there.st_size == 0 || (dsgd_read_at(fd, head, sizeof head, 0) == sizeof head && memcmp(head, begin, sizeof head) == 0));
    close(fd);
    return ours ? DSGD_OK : dsgd_fail(DSGD_EINPUT, "%s is no stored optimum: expected one, or no file of this name", path);
}

static bool read_file(hid_t file, const char *key, const struct dsgd_problem_ops *ops, size_t d,
                      struct dsgd_reference *r)
{
    char name[NAME_SIZE];
    char *stored_key = malloc(DSGD_OPTIMUM_KEY_MAX);
    double has = 0;
    bool ok = stored_key && dsgd_h5_read_text(file, "key", false, stored_key, DSGD_OPTIMUM_KEY_MAX) && strcmp(stored_key, key) == 0 &&
              dsgd_h5_read_real(file, "mu", &r->constants.mu) && dsgd_h5_read_real(file, "L", &r->constants.L) &&
              dsgd_h5_read_real(file, "sigma2", &r->constants.sigma2) && dsgd_h5_read_real(file, "has_optimum", &has);
    free(stored_key);
    r->has_optimum = ok && has > 0;
    if (r->has_optimum) {
        r->optimum.w = malloc(d * sizeof(double));
        ok = r->optimum.w && dsgd_h5_read_array(file, "w", H5T_NATIVE_DOUBLE, d, r->optimum.w) && dsgd_h5_read_real(file, "f_star", &r->optimum.f_star) &&
             dsgd_h5_read_real(file, "gap", &r->optimum.gap) &&
             dsgd_h5_read_text(file, "certificate", false, r->optimum.certificate, sizeof r->optimum.certificate) &&
             dsgd_h5_read_text(file, "solver", false, r->optimum.solver, sizeof r->optimum.solver);
        for (int m = 0; ok && m < ops->metrics; ++m) {
            snprintf(name, sizeof name, "metric_%s", ops->metric[m].name);
            ok = dsgd_h5_read_real(file, name, &r->metric[m]);
        }
    }
    return ok;
}

/* A number of this kind, or not known. */
static bool known(double value, double least)
{
    return isnan(value) || (isfinite(value) && value >= least);
}

/* What no solver gives: numbers that are not finite or have the wrong sign, a certificate that is not tight enough. */
static bool sensible(const struct dsgd_problem_ops *ops, size_t d, const struct dsgd_reference *r)
{
    const struct dsgd_constants *c = &r->constants;
    bool ok = known(c->mu, 0.0) && known(c->L, 0.0) && known(c->sigma2, 0.0) && !(c->mu > c->L);
    if (!r->has_optimum) { return ok; }
    const double rounding = 1e-15 * (1.0 + fabs(r->optimum.f_star)); /* a duality gap of 0 may come out below it */
    ok = ok && isfinite(r->optimum.f_star) && r->optimum.gap >= -rounding && r->optimum.gap <= ops->optimum_gap;
    for (size_t i = 0; ok && i < d; ++i) { ok = isfinite(r->optimum.w[i]); }
    for (int m = 0; ok && m < ops->metrics; ++m) { ok = isfinite(r->metric[m]); }
    return ok;
}

bool dsgd_optimum_file_read(const char *path, const char *key, const struct dsgd_problem_ops *ops, size_t d,
                            struct dsgd_reference *out)
{
    struct stat there;
    *out = (struct dsgd_reference){0};
    struct dsgd_h5_source source = {.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    if (source.fd < 0) { return false; }
    bool ok = fstat(source.fd, &there) == 0 && S_ISREG(there.st_mode) && dsgd_optimum_file_whole(source.fd);
    if (ok) {
        dsgd_h5_quiet();
        source.size = (size_t)there.st_size;
        const hid_t file = dsgd_h5_file_open(&source);
        ok = file >= 0 && read_file(file, key, ops, d, out) && sensible(ops, d, out);
        if (file >= 0) { H5Fclose(file); }
    }
    close(source.fd);
    if (!ok) { dsgd_reference_clear(out); }
    return ok;
}

static void write_file(struct dsgd_h5 *h5, const char *key, const struct dsgd_problem_ops *ops, size_t d, const struct dsgd_reference *r)
{
    const hsize_t count = d;
    char name[NAME_SIZE];
    dsgd_h5_text(h5, h5->file, "key", key);
    dsgd_h5_real(h5, h5->file, "mu", r->constants.mu);
    dsgd_h5_real(h5, h5->file, "L", r->constants.L);
    dsgd_h5_real(h5, h5->file, "sigma2", r->constants.sigma2);
    dsgd_h5_real(h5, h5->file, "has_optimum", r->has_optimum ? 1 : 0);
    if (!r->has_optimum) { return; }
    const hid_t w = dsgd_h5_array(h5, h5->file, "w", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, &count, r->optimum.w);
    if (w >= 0) { dsgd_h5_check(h5, H5Dclose(w) >= 0); }
    dsgd_h5_real(h5, h5->file, "f_star", r->optimum.f_star);
    dsgd_h5_real(h5, h5->file, "gap", r->optimum.gap);
    dsgd_h5_text(h5, h5->file, "certificate", r->optimum.certificate);
    dsgd_h5_text(h5, h5->file, "solver", r->optimum.solver);
    for (int m = 0; m < ops->metrics; ++m) {
        snprintf(name, sizeof name, "metric_%s", ops->metric[m].name);
        dsgd_h5_real(h5, h5->file, name, r->metric[m]);
    }
}

enum dsgd_status dsgd_optimum_file_write(const char *path, const char *key, const struct dsgd_problem_ops *ops,
                                         size_t d, const struct dsgd_reference *reference)
{
    struct dsgd_replace replace;
    struct dsgd_h5_sink sink;
    DSGD_TRY(dsgd_optimum_file_ours(path));
    DSGD_TRY(dsgd_replace_begin(path, &replace));
    dsgd_h5_quiet();
    sink.fd = replace.fd;
    struct dsgd_h5 h5 = {.file = dsgd_h5_file_create(&sink, BLOCK)};
    dsgd_h5_check(&h5, h5.file >= 0);
    write_file(&h5, key, ops, d, reference);
    if (h5.file >= 0) { dsgd_h5_check(&h5, H5Fclose(h5.file) >= 0); }
    if (!h5.failed && sink.error == 0 && !make_block(sink.fd, (char *)sink.head)) { sink.error = errno; }
    if (h5.failed || sink.error) {
        dsgd_replace_cancel(&replace);
        return sink.error ? dsgd_fail_write(path, sink.error) : dsgd_fail(DSGD_ENOMEM, "HDF5 cannot make %s: most likely no memory", path);
    }
    return dsgd_replace_commit(&replace, sink.head, BLOCK);
}
