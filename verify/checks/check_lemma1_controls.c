/* check_lemma1_controls.c - where Lemma 1 must fail, and where Lemma 3 then fails: fixed hashes, and a table enumerated whole.
 *
 * 1. A persistent gradient, a_{t+1} = a_t + g - HEAVYMIX(a_t + g), d = 256, k = 16. With one row of k columns that is drawn once,
 *    all coordinates of a bucket have the same |estimate|; more than k of them are heavy, the tie goes to lower indices, and some
 *    coordinates are never sent. Then most steps miss 1 - k/d and ||a||^2 leaves the bound of a constant step, 4 (1 - tau) eta^2
 *    G^2/tau^2 (Karimireddy et al. 2019; the recursion of Lemma 3). Fresh hashes stay far below it. Both are measured over
 *    independent gradients and hashes; the fixed ones are negative controls. (A fixed 3 x 32 table misses in most steps too.)
 * 2. "In the mean over hashes, HEAVYMIX contracts by k/d" is not a theorem for tiny tables: d = 5, one row of two columns, k = 1. All
 *    2^5 2^5 functions with equal weight (independent buckets and signs) go through the project's own code, so the mean is exact.
 *    The vector is a spike at the last index: its bucket's other coordinates have its estimate and lower indices, hence 75/64.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "theory/bounds.h"
#include "verify/heavymix.h"
#include "verify/shapes.h"

enum { SEEDS = 500, QUICK_SEEDS = 40, FULL_SEEDS = 100, SEEDS_MAX = 100, D = 256, K = 16, QUICK_STEPS = 3000, FULL_STEPS = 20000 };

/* ---- all hash functions of a tiny table ---- */

enum { TINY_D = 5, TINY_COLS = 2, TINY_FUNCTIONS = 1 << (2 * TINY_D) };

/* Function number `step`: bits 0 .. 4 are buckets, bits 5 .. 9 signs. */
static void tiny_reseed(void *state, uint32_t rows, uint32_t cols, uint32_t seed, uint32_t step)
{
    (void)rows;
    (void)cols;
    (void)seed;
    *(uint32_t *)state = step;
}

static uint32_t tiny_one(const void *state, uint32_t row, size_t i)
{
    const uint32_t code = *(const uint32_t *)state;
    (void)row;
    return (code >> i & 1) | (code >> (TINY_D + i) & 1) << 31;
}

static void tiny_fill(const void *state, uint32_t row, size_t i0, size_t n, uint32_t *cell)
{
    for (size_t i = 0; i < n; ++i) { cell[i] = tiny_one(state, row, i0 + i); }
}

static const struct sketch_hash_family tiny_family = {.name = "all functions of a tiny table", .reference = "enumeration",
                                                      .state_size = sizeof(uint32_t), .reseed = tiny_reseed, .fill = tiny_fill,
                                                      .one = tiny_one};

static enum dsgd_status enumerate(struct verify_context *context)
{
    static const float g[TINY_D] = {0.0f, 0.0f, 0.0f, 0.0f, 1.0f};
    double relative[TINY_FUNCTIONS], mean = 0.0;
    struct heavymix h;
    DSGD_TRY(heavymix_open(TINY_D, 1, 1, TINY_COLS, &tiny_family, 0, &h));
    enum dsgd_status status = DSGD_OK;
    for (uint32_t f = 0; f < TINY_FUNCTIONS && status == DSGD_OK; ++f) {
        struct heavymix_call call;
        heavymix_reseed(&h, f);
        heavymix_sketch(&h, g);
        status = heavymix_choose(&h, g, 1, f, &call);
        relative[f] = call.lemma.relative;
        mean += relative[f] / TINY_FUNCTIONS; /* sums of multiples of 5/4096: exact */
    }
    heavymix_close(&h);
    DSGD_TRY(status);
    struct verify_row row = {.id = "lemma1-controls.mean", .statement = "Lemma 1, in the mean",
                             .quantity = "mean over ALL hash functions of E||g - g~||^2/((1 - k/d)||g||^2): not a theorem for tiny tables",
                             .setting = "spike at the last index, d=5, rows=1 cols=2 k=1, 1024 functions", .measured = theory_exact(mean),
                             .relation = THEORY_AT_MOST, .bound = 1.0, .trivial = (double)NAN, .control = true};
    verify_record(context, TINY_FUNCTIONS, relative);
    return verify_report(context, &row);
}

/* ---- a persistent gradient ---- */

struct persistent {
    size_t runs, steps;
    double share[SEEDS_MAX], contraction[SEEDS_MAX], memory[SEEDS_MAX]; /* over runs */
};

static enum dsgd_status persist(struct verify_context *context, uint32_t rows, uint32_t cols, bool fresh, struct persistent *p)
{
    const double tau = (double)K / D;
    double *norm2 = malloc(2 * p->steps * sizeof *norm2), *relative = norm2 ? norm2 + p->steps : NULL;
    if (!norm2) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu steps", p->steps); }
    enum dsgd_status status = DSGD_OK;
    for (size_t s = 0; s < p->runs && status == DSGD_OK; ++s) {
        const uint32_t seed = verify_seed(context, SEEDS + (uint32_t)s);
        float g[D];
        double G2 = 0.0;
        struct heavymix h;
        status = verify_shape_fill(VERIFY_GAUSSIAN, D, seed, g);
        if (status != DSGD_OK) { break; }
        for (size_t i = 0; i < D; ++i) { G2 += (double)g[i] * (double)g[i]; }
        status = heavymix_open(D, K, rows, cols, NULL, seed, &h);
        if (status == DSGD_OK) { status = heavymix_persist(&h, g, K, fresh, p->steps, norm2, relative); }
        heavymix_close(&h);
        p->share[s] = p->contraction[s] = p->memory[s] = 0.0;
        for (size_t t = 0; t < p->steps && status == DSGD_OK; ++t) {
            p->share[s] += relative[t] > 1.0 + 1e-12 ? 1.0 / (double)p->steps : 0.0;
            p->contraction[s] += relative[t] / (double)p->steps;
            p->memory[s] = fmax(p->memory[s], norm2[t] / theory_lemma3_constant(tau, 1.0, G2));
        }
        if (status == DSGD_OK) { verify_record(context, 2 * p->steps, norm2); }
    }
    free(norm2);
    return status;
}

static enum dsgd_status report(struct verify_context *context, const char *id, const char *statement, const char *quantity,
                               const char *setting, const struct persistent *p, const double *value, double bound, bool control)
{
    struct verify_row row = {.measured = theory_mean(p->runs, value), .relation = THEORY_AT_MOST, .bound = bound, .trivial = (double)NAN,
                             .control = control};
    snprintf(row.id, sizeof row.id, "lemma1-controls.%s", id);
    snprintf(row.statement, sizeof row.statement, "%s", statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    snprintf(row.setting, sizeof row.setting, "%s", setting);
    verify_record(context, p->runs, value);
    return verify_report(context, &row);
}

static enum dsgd_status compare(struct verify_context *context, uint32_t rows, uint32_t cols, bool fresh)
{
    const char *hashes = fresh ? "fresh" : "fixed";
    const bool control = !fresh;
    struct persistent p = {.runs = context->full ? FULL_SEEDS : QUICK_SEEDS, .steps = context->full ? FULL_STEPS : QUICK_STEPS};
    char setting[VERIFY_TEXT_MAX], id[48];
    DSGD_TRY(persist(context, rows, cols, fresh, &p));
    snprintf(setting, sizeof setting, "constant gaussian gradient, d=%d, rows=%lu cols=%lu k=%d, %s hashes, ties by index, step=1, %zu steps, %zu runs, first seed=%lu",
             D, (unsigned long)rows, (unsigned long)cols, K, hashes, p.steps, p.runs, (unsigned long)verify_seed(context, SEEDS));
    snprintf(id, sizeof id, "%s.share.%lux%lu", hashes, (unsigned long)rows, (unsigned long)cols);
    DSGD_TRY(report(context, id, "Lemma 1", "share of steps that miss 1 - k/d, against one half", setting, &p, p.share, 0.5, control));
    /* With several rows fixed hashes break a run only now and then: no control, and what is found is reported as it is. */
    const bool tame = control && rows > 1;
    snprintf(id, sizeof id, "%s.contraction.%lux%lu", hashes, (unsigned long)rows, (unsigned long)cols);
    DSGD_TRY(report(context, id, tame ? "Finding: fixed hashes, 3 rows" : "Lemma 1, in the mean", "mean over steps of E||v - g~||^2/((1 - k/d)||v||^2)",
                    setting, &p, p.contraction, 1.0, control && !tame));
    snprintf(id, sizeof id, "%s.memory.%lux%lu", hashes, (unsigned long)rows, (unsigned long)cols);
    return report(context, id, tame ? "Finding: fixed hashes, 3 rows" : "Lemma 3, constant step", "largest ||a_t||^2 over 4(1 - tau)eta^2G^2/tau^2", setting, &p,
                  p.memory, 1.0, control && !tame);
}

static enum dsgd_status run(struct verify_context *context)
{
    DSGD_TRY(enumerate(context));
    DSGD_TRY(compare(context, 1, K, false));
    DSGD_TRY(compare(context, 1, K, true));
    DSGD_TRY(compare(context, 3, 32, false));
    return compare(context, 3, 32, true);
}

const struct verify_check verify_lemma1_controls = {
    .name = "lemma1-controls", .title = "fixed hashes and tiny tables, where Lemma 1 must fail", .version = 2, .run = run};
