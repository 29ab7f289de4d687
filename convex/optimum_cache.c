/* optimum_cache.c - which file holds a problem's reference, and when to compute it. Policy: optimum_cache.h. */
#include "convex/optimum_cache.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "convex/optimum_file.h"
#include "datasets/dataset.h"
#include "record/lock.h"
#include "record/replace.h"
#include "sim/run_config.h"
#include "sim/sha256.h"

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
enum dsgd_status dsgd_optimum_key(const struct dsgd_problem_ops *ops, const struct dsgd_problem_args *args,
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
    append(&text, "results_version = %d\nformat = %d\n", (int)DSGD_RESULTS_VERSION, (int)FORMAT_VERSION);
    if (text.full) {
        return dsgd_fail(DSGD_EINTERNAL, "problem %s: keys of more than %d bytes", ops->name,
                         (int)DSGD_OPTIMUM_KEY_MAX);
    }
    return DSGD_OK;
}

static enum dsgd_status file_path(const char *folder, const char *key, char *path, size_t size)
{
    char digits[17];
    dsgd_sha256_hex(key, strlen(key), 16, digits);
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
    DSGD_TRY(dsgd_optimum_key(ops, args, key));
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

static _Thread_local char warning[DSGD_MESSAGE_MAX];

const char *dsgd_optimum_warning(void)
{
    return warning;
}

/* The cache saves time: where it fails, the reason is kept and the work goes on. */
static bool usable(enum dsgd_status status)
{
    if (status != DSGD_OK) { snprintf(warning, sizeof warning, "%s", dsgd_error()); }
    return status == DSGD_OK;
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

/* f and the metrics at the stored w*, in one pass over the data: what was stored for another f, or by another program, is
 * found here. Between processors the last bits of exp and log may differ. */
static bool confirmed(const struct dsgd_problem_ops *ops, const void *self, const struct dsgd_reference *r)
{
    double metric[DSGD_METRICS_MAX];
    if (!r->has_optimum) { return true; }
    if (ops->evaluate(self, r->optimum.w, metric) != DSGD_OK) { return false; }
    const double f = r->optimum.f_star;
    return fabs(metric[0] - f) <= 1e-12 * (1.0 + fabs(f)) && fabs(r->metric[0] - f) <= 1e-12 * (1.0 + fabs(f));
}

/* True: everything that is wanted stood in the file. Otherwise perhaps the constants did (r->hit). */
static bool look(const struct dsgd_problem_ops *ops, const void *self, const char *path, const char *key, size_t d, bool want_optimum,
                 struct dsgd_reference *r)
{
    dsgd_reference_clear(r);
    r->hit = dsgd_optimum_file_read(path, key, ops, d, r);
    if (r->hit && !confirmed(ops, self, r)) { dsgd_reference_clear(r); }
    return r->hit && (r->has_optimum || !want_optimum);
}

static enum dsgd_status compute(const struct dsgd_problem_ops *ops, const void *self, bool want_optimum, struct dsgd_reference *r)
{
    if (!r->hit) { DSGD_TRY(dsgd_problem_constants(ops, self, &r->constants)); }
    r->hit = false;
    return want_optimum ? add_optimum(ops, self, r) : DSGD_OK;
}

/* Finds the file's place, and becomes the only one who computes it: others wait, and find it stored. Where files cannot be
 * locked, several compute the same. */
static bool open_cache(const char *folder, const char *key, char path[DSGD_PATH_MAX], int *lock)
{
    char name[PATH_SIZE], lock_name[DSGD_PATH_MAX];
    *lock = -1;
    if (!usable(file_path(folder, key, name, sizeof name)) || !usable(make_folder(folder)) || !usable(dsgd_place(name, 0, path)) ||
        !usable(dsgd_optimum_file_ours(path))) {
        return false;
    }
    dsgd_lock_name(path, lock_name);
    dsgd_lock_take(path, lock_name, true, lock);
    return true;
}

static void close_cache(const char *path, int *lock)
{
    char lock_name[DSGD_PATH_MAX];
    dsgd_lock_name(path, lock_name);
    dsgd_lock_release(lock_name, lock);
}

/* Stored already: no lock is needed, and that of a process that was killed after it stored is of no use. */
static bool found(const struct dsgd_problem_ops *ops, const void *self, const char *folder, const char *key, size_t d, bool want_optimum,
                  struct dsgd_reference *r)
{
    char path[DSGD_PATH_MAX], target[DSGD_PATH_MAX], lock[DSGD_PATH_MAX];
    if (file_path(folder, key, path, sizeof path) != DSGD_OK || !look(ops, self, path, key, d, want_optimum, r)) { return false; }
    if (dsgd_place(path, 0, target) == DSGD_OK) {
        dsgd_lock_name(target, lock);
        dsgd_lock_clean(lock);
    }
    return true;
}

/* Reads what there is, computes what is missing, writes what was computed. */
static enum dsgd_status look_up(const struct dsgd_problem_ops *ops, const void *self,
                                const struct dsgd_problem_args *args, const char *folder, bool want_optimum,
                                struct dsgd_reference *r)
{
    char key[DSGD_OPTIMUM_KEY_MAX], path[DSGD_PATH_MAX];
    struct dsgd_layout layout;
    size_t n;
    int lock = -1;
    *warning = '\0';
    ops->shape(self, &layout, &n);
    if (ops->metrics > DSGD_METRICS_MAX) {
        return dsgd_fail(DSGD_EINTERNAL, "problem %s: %d metrics, expected at most %d", ops->name, ops->metrics,
                         (int)DSGD_METRICS_MAX);
    }
    if (!folder || !ops->needs_dataset) { return compute(ops, self, want_optimum, r); }
    DSGD_TRY(dsgd_optimum_key(ops, args, key));
    if (found(ops, self, folder, key, layout.d, want_optimum, r)) { return DSGD_OK; }
    if (want_optimum && !ops->optimum) { return add_optimum(ops, self, r); }
    if (!open_cache(folder, key, path, &lock)) { return compute(ops, self, want_optimum, r); }
    enum dsgd_status status = DSGD_OK;
    if (lock < 0 || !look(ops, self, path, key, layout.d, want_optimum, r)) { /* another process may have stored it by now */
        status = compute(ops, self, want_optimum, r);
        if (status == DSGD_OK) {
            dsgd_replace_clean(path, dsgd_optimum_file_whole);
            (void)usable(dsgd_optimum_file_write(path, key, ops, layout.d, r));
        }
    }
    close_cache(path, &lock);
    return status;
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

enum dsgd_status dsgd_optimum_stored(const struct dsgd_problem_ops *ops, const void *self, const struct dsgd_problem_args *args,
                                     const char *folder, struct dsgd_reference *out)
{
    char key[DSGD_OPTIMUM_KEY_MAX];
    struct dsgd_layout layout;
    size_t n;
    *out = (struct dsgd_reference){0};
    ops->shape(self, &layout, &n);
    DSGD_TRY(dsgd_optimum_key(ops, args, key));
    if (found(ops, self, folder, key, layout.d, true, out)) { return DSGD_OK; }
    dsgd_reference_clear(out);
    return DSGD_EUNAVAILABLE;
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
