/* check_shares.c - "with probability at least 1 - delta": how many runs lie above the bound, over all seeds and over hashes alone.
 *
 * Theorem 1's bound is one of an expectation, given that all T calls of HEAVYMIX contract, which they do with probability 1 - delta over the
 * hashes: 33 x 254 is proved for d = 16, k = 4 and these T. Counted: runs whose own gap is above the repaired bound, first with everything drawn
 * anew, then with data and noise of one seed and hashes and fills anew. Claimed: at most delta = 0.05 (THEORY_DELTA); that single runs
 * stay below a bound of the mean is more than the theorem says, and comes from its slack.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "theory/conditions.h"
#include "verify/ensemble.h"

enum { BETA = 8, T = 1000 };
static const char words[] = "problem=quadratic quadratic.d=16 quadratic.kappa=2 quadratic.noise=sign algorithm=sketched_sgd sketched_sgd.rows=33 sketched_sgd.cols=254 "
                            "sketched_sgd.k=4 workers=4 steps=1000 average=theory step_size=theory step.constant=8 step.beta=8 step.xi=repaired";

static enum dsgd_status report(struct verify_context *context, const char *id, const char *quantity, size_t above, size_t n)
{
    struct verify_row row = {.statement = "Theorem 1, probability", .measured = theory_share(above, n), .relation = THEORY_AT_MOST, .bound = THEORY_DELTA,
                             .upper = NAN, .trivial = 1.0};
    snprintf(row.id, sizeof row.id, "shares.%s", id);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(words, row.setting);
    const double counts[2] = {(double)above, (double)n};
    verify_record(context, 2, counts);
    return verify_report(context, &row);
}

/* The same seed for everything but hashes and fills. */
static enum dsgd_status hashes_alone(struct verify_context *context, double bound, size_t n, size_t *above)
{
    for (size_t r = 0; r < n; ++r) {
        char own[VERIFY_TEXT_MAX + 64];
        struct trial trial;
        snprintf(own, sizeof own, "%s seed_hash=%zu seed_algorithm=%zu", words, 1000 + r, 5000 + r);
        enum dsgd_status status = trial_open(context, own, verify_seed(context, 96000), &trial);
        if (status == DSGD_OK) { status = trial_run(&trial, NULL, NULL); }
        if (status == DSGD_OK) { *above += !(trial_objective(&trial, trial_output(&trial)) <= bound); } /* f* = 0 */
        trial_close(&trial);
        DSGD_TRY(status);
    }
    return DSGD_OK;
}

static enum dsgd_status run(struct verify_context *context)
{
    static const char *const statements[] = {"Theorem 1, as stated", "Theorem 1, repaired", NULL};
    static const int64_t at = T;
    const size_t runs = context->full ? 2000 : 200;
    const struct ensemble_plan plan = {.words = words, .problem_seed = 96000, .first_seed = 96100, .runs = runs, .points = 1, .at = &at, .moments = true,
                                       .statements = statements};
    struct ensemble e;
    size_t above = 0, above_hashes = 0;
    enum dsgd_status status = ensemble_run(context, &plan, &e);
    if (status == DSGD_OK) {
        const struct theory_run constants = ensemble_constants(&e, BETA, 0.25, T);
        const double bound = theory_repaired_best(&constants).terms.total;
        for (size_t r = 0; r < runs; ++r) { above += !(e.output[r] <= bound); }
        status = report(context, "seeds", "share of runs above the repaired bound, all seeds anew", above, runs);
        if (status == DSGD_OK) { status = hashes_alone(context, bound, runs, &above_hashes); }
        if (status == DSGD_OK) { status = report(context, "hashes", "share of runs above the repaired bound, hashes and fills anew, data and noise the same", above_hashes, runs); }
    }
    ensemble_close(&e);
    return status;
}

const struct verify_check verify_shares = {
    .name = "shares", .title = "Theorem 1: share of runs above the bound, over seeds and over hashes", .version = 1, .run = run};
