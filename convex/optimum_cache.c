/* optimum_cache.c - which file holds a problem's reference, and when to compute it. Policy: optimum_cache.h. */
#include "convex/optimum_cache.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <nettle/sha2.h>
#include "convex/optimum_file.h"
#include "datasets/dataset.h"

/* Raise the version whenever a solver, a certificate or the meaning of a stored number changes. */
enum { FORMAT_VERSION = 1, PATH_SIZE = 1024 };

struct text {
    char *at;
    size_t left;
    bool full;
};

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
append(struct text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int length = vsnprintf(text->at, text->left, format, list);
    va_end(list);
    if (length < 0 || (size_t)length >= text->left) {
        text->full = true;
        return;
    }
    text->at += length;
    text->left -= (size_t)length;
}

/* Everything that w* depends on, in words. */
static enum dsgd_status key_text(const struct dsgd_problem_ops *ops, const struct dsgd_problem_args *args,
                                 char key[DSGD_OPTIMUM_KEY_MAX])
{
    struct text text = {key, DSGD_OPTIMUM_KEY_MAX, false};
    char value[128];
    append(&text, "problem = %s\n", ops->name);
    for (const struct dsgd_param *row = ops->params; row && row->name; ++row) {
        dsgd_param_format(row, args->config, value, sizeof value);
        append(&text, "%s.%s = %s\n", ops->name, row->name, value);
    }
    append(&text, "dataset = %s\ndataset.sha256 = %s\n", args->data->name, args->data->sha256);
    append(&text, "format = %d\n", (int)FORMAT_VERSION);
    if (text.full) {
        return dsgd_fail(DSGD_EINTERNAL, "problem %s: keys of more than %d bytes", ops->name,
                         (int)DSGD_OPTIMUM_KEY_MAX);
    }
    return DSGD_OK;
}

static enum dsgd_status file_path(const char *folder, const char *key, char *path, size_t size)
{
    struct sha256_ctx hash;
    uint8_t sum[8];
    char digits[2 * sizeof sum + 1];
    sha256_init(&hash);
    sha256_update(&hash, strlen(key), (const uint8_t *)key);
    sha256_digest(&hash, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; ++i) { snprintf(digits + 2 * i, 3, "%02x", (unsigned)sum[i]); }
    const int length = snprintf(path, size, "%s/optimum-%s.h5", folder, digits);
    if (length < 0 || (size_t)length >= size) {
        return dsgd_fail(DSGD_EINPUT, "cache folder: a path of %d bytes, expected at most %zu", length, size - 1);
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_optimum_path(const struct dsgd_problem_ops *ops, const struct dsgd_problem_args *args,
                                   const char *folder, char *path, size_t size)
{
    char key[DSGD_OPTIMUM_KEY_MAX];
    if (!ops->needs_dataset) {
        return dsgd_fail(DSGD_EINPUT, "problem %s: no dataset, hence no cache file", ops->name);
    }
    DSGD_TRY(key_text(ops, args, key));
    return file_path(folder, key, path, size);
}

/* mkdir -p */
static enum dsgd_status make_folder(const char *folder)
{
    char path[PATH_SIZE];
    const size_t length = strlen(folder);
    if (length == 0 || length >= sizeof path) {
        return dsgd_fail(DSGD_EIO, "cache folder: a path of %zu bytes, expected 1 to %zu", length, sizeof path - 1);
    }
    memcpy(path, folder, length + 1);
    for (size_t i = 1; i <= length; ++i) {
        if (path[i] != '/' && path[i] != '\0') { continue; }
        const char saved = path[i];
        path[i] = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            return dsgd_fail(DSGD_EIO, "%s: the cache folder cannot be created (%s)", path, strerror(errno));
        }
        path[i] = saved;
    }
    return DSGD_OK;
}

void dsgd_reference_clear(struct dsgd_reference *reference)
{
    if (!reference) { return; }
    free(reference->optimum.w);
    *reference = (struct dsgd_reference){0};
}

static enum dsgd_status add_optimum(const struct dsgd_problem_ops *ops, const void *self, struct dsgd_reference *r)
{
    if (!ops->optimum) { return dsgd_fail(DSGD_EUNAVAILABLE, "problem %s: no certified optimum is known for it", ops->name); }
    enum dsgd_status status = ops->optimum(self, &r->optimum);
    if (status != DSGD_OK) {
        r->optimum.w = NULL; /* a failed solver leaves nothing to free */
        return status;
    }
    DSGD_TRY(ops->evaluate(self, r->optimum.w, r->metric));
    r->has_optimum = true;
    return DSGD_OK;
}

/* Reads what there is, computes what is missing, writes what was computed. */
static enum dsgd_status look_up(const struct dsgd_problem_ops *ops, const void *self,
                                const struct dsgd_problem_args *args, const char *folder, bool want_optimum,
                                struct dsgd_reference *r)
{
    const bool file = folder && ops->needs_dataset;
    char key[DSGD_OPTIMUM_KEY_MAX], path[PATH_SIZE];
    struct dsgd_layout layout;
    size_t n;
    ops->shape(self, &layout, &n);
    if (ops->metrics > DSGD_REFERENCE_METRICS_MAX) {
        return dsgd_fail(DSGD_EINTERNAL, "problem %s: %d metrics, expected at most %d", ops->name, ops->metrics,
                         (int)DSGD_REFERENCE_METRICS_MAX);
    }
    if (file) {
        DSGD_TRY(key_text(ops, args, key));
        DSGD_TRY(file_path(folder, key, path, sizeof path));
        r->hit = dsgd_optimum_file_read(path, key, ops, layout.d, r);
        if (r->hit && (r->has_optimum || !want_optimum)) { return DSGD_OK; }
        DSGD_TRY(make_folder(folder)); /* a folder that cannot be made is reported before minutes of work */
    }
    if (!r->hit) { DSGD_TRY(ops->constants(self, &r->constants)); }
    r->hit = false;
    if (want_optimum) { DSGD_TRY(add_optimum(ops, self, r)); }
    return file ? dsgd_optimum_file_write(path, key, ops, layout.d, r) : DSGD_OK;
}

enum dsgd_status dsgd_optimum_cached(const struct dsgd_problem_ops *ops, const void *self,
                                     const struct dsgd_problem_args *args, const char *folder,
                                     struct dsgd_reference *out)
{
    *out = (struct dsgd_reference){0};
    const enum dsgd_status status = look_up(ops, self, args, folder, true, out);
    if (status != DSGD_OK) { dsgd_reference_clear(out); }
    return status;
}

enum dsgd_status dsgd_constants_cached(const struct dsgd_problem_ops *ops, const void *self,
                                       const struct dsgd_problem_args *args, const char *folder,
                                       struct dsgd_constants *out, bool *hit)
{
    struct dsgd_reference reference = {0};
    const enum dsgd_status status = look_up(ops, self, args, folder, false, &reference);
    *out = reference.constants;
    if (hit) { *hit = reference.hit; }
    dsgd_reference_clear(&reference);
    return status;
}
