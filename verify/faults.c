/* faults.c - the faults that tests plant: each must be flagged by at least one check (tests/verify_faults.sh).
 *
 * Faults of the algorithm wrap HEAVYMIX's settle: the memory a_i (field a, doubles) is changed after every step as a wrong
 * implementation would. The others are words of the configuration or a factor on the bounds.
 */
#include <string.h>

#include "sim/algorithm.h"
#include "verify/verify.h"

typedef void settle_function(const void *common, struct dsgd_rows *w, const struct dsgd_round *round);

/* HEAVYMIX's own, the same in all trials, which may run beside each other; and the number of its field a. */
static settle_function *_Atomic original;
static _Atomic int memory_field;

static void scale_row(const struct dsgd_host_row *row)
{
    const double factor = *(const double *)row->arguments;
    double *a = row->array[0];
    for (size_t i = 0; i < row->count[0]; ++i) { a[i] *= factor; }
}

/* The original settle, then a_i = factor a_i. */
static void settle_scaled(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, double factor)
{
    original(common, w, round);
    const struct dsgd_operand a = dsgd_operand_f64(DSGD_READ_WRITE, dsgd_field_f64(w, memory_field));
    dsgd_host_op(w, scale_row, &factor, &a, 1);
}

static void settle_none(const void *common, struct dsgd_rows *w, const struct dsgd_round *round) { settle_scaled(common, w, round, 0.0); }
static void settle_sign(const void *common, struct dsgd_rows *w, const struct dsgd_round *round) { settle_scaled(common, w, round, -1.0); }
static void settle_double(const void *common, struct dsgd_rows *w, const struct dsgd_round *round) { settle_scaled(common, w, round, 2.0); }

/* A trial calls this for variant = heavymix alone, whose error memory is the field that the observer sees. */
static void plant(struct dsgd_algorithm *algorithm, settle_function *settle)
{
    original = algorithm->settle;
    memory_field = algorithm->view;
    algorithm->settle = settle;
}

static void no_memory(struct dsgd_algorithm *algorithm) { plant(algorithm, settle_none); }
static void wrong_sign(struct dsgd_algorithm *algorithm) { plant(algorithm, settle_sign); }
static void doubled(struct dsgd_algorithm *algorithm) { plant(algorithm, settle_double); }

static const struct verify_fault faults[] = {
    {"no-memory", "the error memory is cleared after every step", NULL, no_memory, 1.0, false},
    {"wrong-sign", "the error memory has the wrong sign", NULL, wrong_sign, 1.0, false},
    {"double-memory", "the error memory is doubled in every step", NULL, doubled, 1.0, false},
    {"fixed-hashes", "one row of 4 columns, the same hashes in every step, so that ties are always cut alike", "sketched_sgd.sketch_reseed=run sketched_sgd.rows=1 sketched_sgd.cols=4", NULL, 1.0, false},
    {"noise-grows", "a worker's noise grows with the square root of the number of workers", NULL, NULL, 1.0, true},
    {"bound-tenth", "every bound is divided by ten", NULL, NULL, 0.1, false},
    {"wrong-average", "the last iterate is taken for the weighted average", "average=none", NULL, 1.0, false},
};

const struct verify_fault *verify_fault_at(int i)
{
    return i >= 0 && (size_t)i < sizeof faults / sizeof *faults ? &faults[i] : NULL;
}

const struct verify_fault *verify_fault_find(const char *name)
{
    for (int i = 0; verify_fault_at(i); ++i) {
        if (strcmp(verify_fault_at(i)->name, name) == 0) { return verify_fault_at(i); }
    }
    return NULL;
}
