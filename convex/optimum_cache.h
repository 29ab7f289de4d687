/* optimum_cache.h - constants and certified optima, computed once per (problem, keys, dataset) and kept in files.
 *
 * A file <folder>/optimum-<16 hex digits>.h5 belongs to a key text that lists the problem's name, all its resolved
 * keys, the dataset's name and SHA-256, and the format's version; the digits begin the SHA-256 of that text, and the
 * text itself is stored and compared. A file that is missing, damaged, of another format, for another key, or whose f(w*) is
 * not f of this problem is computed anew and replaced (record/replace.h); a file of that name that is no stored optimum is
 * left alone. One process computes, others wait for it where files can be locked. A cache that cannot be read or written
 * costs the time of the computation and a warning, no more. seed_data is not part of the key: f of a problem with a dataset does not depend on it. A problem
 * without a dataset has its optimum in closed form and gets no file.
 */
#ifndef DSGD_CONVEX_OPTIMUM_CACHE_H
#define DSGD_CONVEX_OPTIMUM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include "sim/problem.h"

/** What a run is compared with. */
struct dsgd_reference {
    struct dsgd_constants constants;
    bool has_optimum;                          /* the fields below are filled */
    struct dsgd_optimum optimum;               /* w [d] owned by this struct */
    double metric[DSGD_METRICS_MAX]; /* [ops->metrics] at w* */
    bool hit;                                  /* everything came from a file */
};

/** Constants and optimum of a problem. `args` are those `self` was created with. `folder` is created if missing; NULL:
 *  no file. DSGD_EUNAVAILABLE with a sentence if the problem has no certified optimum (ops->optimum is NULL, or l2 = 0): then
 *  dsgd_constants_cached is what can be had. On failure *out is empty. A hit takes milliseconds, a miss up to minutes. Caller: dsgd_reference_clear. */
enum dsgd_status dsgd_optimum_cached(const struct dsgd_problem_ops *ops, const void *self,
                                     const struct dsgd_problem_args *args, const char *folder,
                                     struct dsgd_reference *out);

/** What is stored, and nothing else: DSGD_EUNAVAILABLE, with *out empty, where that is no whole optimum of this problem. Writes
 *  nothing. */
enum dsgd_status dsgd_optimum_stored(const struct dsgd_problem_ops *ops, const void *self, const struct dsgd_problem_args *args,
                                     const char *folder, struct dsgd_reference *out);

/** The constants alone; uses a file of the optimum if there is one, and leaves one without optimum otherwise (a later
 *  dsgd_optimum_cached completes it). `hit` may be NULL. */
enum dsgd_status dsgd_constants_cached(const struct dsgd_problem_ops *ops, const void *self,
                                       const struct dsgd_problem_args *args, const char *folder,
                                       struct dsgd_constants *out, bool *hit);

/** Why the last call of this thread could not store what it computed, one sentence; "" if it could or had nothing to store. */
const char *dsgd_optimum_warning(void);

/** Frees what the struct owns and empties it; accepts NULL. */
void dsgd_reference_clear(struct dsgd_reference *reference);

enum { DSGD_OPTIMUM_KEY_MAX = 3072 };
/** The key text of this problem. */
enum dsgd_status dsgd_optimum_key(const struct dsgd_problem_ops *ops, const struct dsgd_problem_args *args, char key[DSGD_OPTIMUM_KEY_MAX]);
/** The file's name for this problem: "<folder>/optimum-0123456789abcdef.h5". DSGD_EINPUT if it is too long. */
enum dsgd_status dsgd_optimum_path(const struct dsgd_problem_ops *ops, const struct dsgd_problem_args *args,
                                   const char *folder, char *path, size_t size);

#endif
