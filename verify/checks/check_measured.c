/* check_measured.c - Theorems 1, 2, 3 on a sketch that is smaller than the model, with the contraction that the runs had.
 *
 * At a size that Lemma 1 proves a sketch is smaller than the model for k/d below about 1/230 only (docs/theory.md, section 3), and there the
 * bounds say something after 1e10 steps. The theorems themselves ask for (A4), E||v - C(v)||^2 <= (1 - tau)||v||^2, from wherever it comes. Here
 * d = 1024, k = 32 and 3 x 64 = 192 cells: (A4) with tau = k/d is measured in the engine, from the exact ratio that the oracle logs, and once
 * more from the values that travelled; then the bounds with this tau, which are not vacuous.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "verify/ensemble.h"

enum { D = 1024, K = 32, BETA = 8, WATCHED = 6 };

struct ratios {
    double exact[WATCHED], travelled[WATCHED]; /* one mean a run: calls of one run are near each other */
    double heavy;
};

static enum dsgd_status watch(struct verify_context *context, const char *words, uint32_t seed, int run, struct ratios *out)
{
    struct trial trial;
    char logged[VERIFY_TEXT_MAX + 32];
    snprintf(logged, sizeof logged, "%s log.oracle=true log.every=20", words);
    enum dsgd_status status = trial_open(context, logged, verify_seed(context, seed), &trial);
    if (status == DSGD_OK) { status = trial_run(&trial, NULL, NULL); }
    if (status == DSGD_OK) {
        const struct dsgd_table *oracle = dsgd_engine_table(trial.engine, 2);
        const struct dsgd_column *input = dsgd_table_find(oracle, "input_norm2"), *error = dsgd_table_find(oracle, "error_norm2"),
                                 *exact = dsgd_table_find(oracle, "exact_ratio"), *heavy = dsgd_table_find(oracle, "heavy");
        const double rows = (double)oracle->rows - 1.0; /* without the row of the start */
        for (size_t r = 1; r < oracle->rows; ++r) {
            out->exact[run] += exact->cell[r].f / rows;
            out->travelled[run] += error->cell[r].f / input->cell[r].f / rows;
            out->heavy += heavy->cell[r].f / (rows * WATCHED);
        }
    }
    trial_close(&trial);
    return status;
}

static enum dsgd_status report(struct verify_context *context, const char *id, const char *statement, const char *quantity, const char *words,
                               struct theory_interval measured, double bound, double trivial)
{
    struct verify_row row = {.measured = measured, .relation = THEORY_AT_MOST, .bound = bound, .upper = NAN, .trivial = trivial};
    snprintf(row.id, sizeof row.id, "measured.%s", id);
    snprintf(row.statement, sizeof row.statement, "%s", statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(words, row.setting);
    return verify_report(context, &row);
}

static enum dsgd_status contraction(struct verify_context *context, const char *words)
{
    struct ratios r = {.heavy = 0.0};
    char quantity[VERIFY_TEXT_MAX];
    for (int run = 0; run < WATCHED; ++run) { DSGD_TRY(watch(context, words, 95001 + (uint32_t)run, run, &r)); }
    verify_record(context, WATCHED, r.exact);
    snprintf(quantity, sizeof quantity, "mean of E||v - g~||^2/||v||^2 over the run's calls (A4); |H| = %.1f of k = %d, 192 cells for %d coordinates", r.heavy, (int)K, (int)D);
    DSGD_TRY(report(context, "contraction", "Lemma 1, in the mean", quantity, words, theory_mean(WATCHED, r.exact), 1.0 - (double)K / D, 1.0));
    verify_record(context, WATCHED, r.travelled);
    return report(context, "travelled", "Lemma 1, in the mean", "mean of ||v - g~||^2/||v||^2 with the values that travelled", words, theory_mean(WATCHED, r.travelled),
                  1.0 - (double)K / D, 1.0);
}

static enum dsgd_status bounds(struct verify_context *context, const char *theorem, int workers, bool first)
{
    const int64_t T = context->full ? 60000 : 20000;
    static const char *const statements[] = {"Theorem 1, as stated", "Theorem 1, repaired", "Theorem 3", NULL};
    char words[VERIFY_TEXT_MAX], id[32], text[64], quantity[VERIFY_TEXT_MAX];
    snprintf(words, sizeof words, "problem=quadratic quadratic.d=%d quadratic.kappa=2 quadratic.noise=sign algorithm=sketched_sgd sketched_sgd.rows=3 sketched_sgd.cols=64 "
             "sketched_sgd.k=%d workers=%d steps=%lld average=theory step_size=theory step.constant=8 step.beta=%d step.xi=repaired", (int)D, (int)K, workers,
             (long long)T, (int)BETA);
    const struct ensemble_plan plan = {.words = words, .problem_seed = 95000, .first_seed = 95100 + 100 * (uint32_t)workers, .runs = context->full ? 20 : 8, .points = 1,
                                       .at = &T, .moments = true, .statements = statements, .call_delta = 1e-12}; /* rows measured.contraction, measured.travelled measure it */
    struct ensemble e;
    enum dsgd_status status = first ? contraction(context, words) : DSGD_OK;
    if (status == DSGD_OK) { status = ensemble_run(context, &plan, &e); } else { return status; }
    if (status == DSGD_OK) {
        const struct theory_run run = ensemble_constants(&e, BETA, (double)K / D, T);
        const struct theory_interval gap = ensemble_mean(&e, e.output, 0);
        snprintf(quantity, sizeof quantity, "f(what) - f* after %lld steps, mean of %zu runs; tau = k/d as measured", (long long)T, e.runs);
        snprintf(id, sizeof id, "theorem%c.stated", theorem[8]);
        snprintf(text, sizeof text, "%s, as stated", theorem);
        status = report(context, id, text, quantity, words, gap, theory_stated(&run).total, e.f0);
        snprintf(id, sizeof id, "theorem%c.repaired", theorem[8]);
        snprintf(text, sizeof text, "%s, repaired", theorem);
        if (status == DSGD_OK) { status = report(context, id, text, quantity, words, gap, theory_repaired_best(&run).terms.total, e.f0); }
        if (status == DSGD_OK && !first) { status = report(context, "theorem3", "Theorem 3", quantity, words, gap, theory_theorem3(&run).total, e.f0); }
    }
    ensemble_close(&e);
    return status;
}

static enum dsgd_status run(struct verify_context *context)
{
    DSGD_TRY(bounds(context, "Theorem 1", 4, true));
    return bounds(context, "Theorem 2", 1, false);
}

const struct verify_check verify_measured = {
    .name = "measured", .title = "Theorems 1, 2, 3 on a sketch smaller than the model, with the contraction that the runs had", .version = 1, .run = run};
