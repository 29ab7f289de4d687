/* faults.c - the faults that tests plant: each must be flagged by at least one check (tests/verify_faults.sh).
 *
 * Faults of the algorithm wrap HEAVYMIX's settle: the memory a_i (field a, doubles) is changed after every step as a wrong
 * implementation would. The others are words of the configuration or a factor on the bounds.
 */
#include <string.h>

#include "algorithms/registry.h"
#include "verify/verify.h"

/* The original settle, then a_i = factor a_i. */
static enum dsgd_status settle_scaled(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                                      const struct dsgd_message *down, double factor)
{
    const struct dsgd_algorithm *original = dsgd_algorithm_find("sketched_sgd");
    struct dsgd_field field[DSGD_FIELDS_MAX];
    DSGD_TRY(original->settle(common, worker, round, down));
    const int fields = original->worker_fields(common, field);
    for (int j = 0; j < fields; ++j) {
        if (strcmp(field[j].name, "a") != 0 || field[j].type != DSGD_F64) { continue; }
        double *a = worker->field[j];
        for (size_t i = 0; i < field[j].count; ++i) { a[i] *= factor; }
    }
    return DSGD_OK;
}

static enum dsgd_status settle_none(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                                    const struct dsgd_message *down)
{
    return settle_scaled(common, worker, round, down, 0.0);
}

static enum dsgd_status settle_sign(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                                    const struct dsgd_message *down)
{
    return settle_scaled(common, worker, round, down, -1.0);
}

static enum dsgd_status settle_double(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                                      const struct dsgd_message *down)
{
    return settle_scaled(common, worker, round, down, 2.0);
}

static void no_memory(struct dsgd_algorithm *algorithm) { algorithm->settle = settle_none; }
static void wrong_sign(struct dsgd_algorithm *algorithm) { algorithm->settle = settle_sign; }
static void doubled(struct dsgd_algorithm *algorithm) { algorithm->settle = settle_double; }

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
