/* report.c - seeds, recorded numbers, and the completion of rows. Interface: verify.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel/rng.h"
#include "sim/sha256.h"
#include "verify/verify.h"

struct verify_digest {
    struct sha256_ctx sha;
};

uint32_t verify_seed(const struct verify_context *context, uint32_t i)
{
    const struct dsgd_rng_key key = {context->seed, dsgd_rng_purpose("verify seed")};
    return dsgd_rng_draw(key, i, 0, 0, 0).word[0];
}

void verify_record(struct verify_context *context, size_t n, const double *x)
{
    /* bytes of the numbers as they lie in memory: IEEE-754 binary64, little-endian on every machine this runs on */
    sha256_update(&context->digest->sha, n * sizeof *x, (const uint8_t *)x);
}

enum dsgd_status verify_report(struct verify_context *context, const struct verify_row *row)
{
    if (context->rows == VERIFY_ROWS_MAX) {
        return dsgd_fail(DSGD_EINTERNAL, "check %s reports more than %d rows", context->check->name, VERIFY_ROWS_MAX);
    }
    struct verify_row *out = &context->row[context->rows++];
    *out = *row;
    /* a planted wrong bound is wrong where a bound is held against a measurement, not where two sides must agree */
    if (context->fault && context->fault->bound_factor > 0.0 && row->relation == THEORY_AT_MOST) { out->bound *= context->fault->bound_factor; }
    const double measured[6] = {out->measured.value, out->measured.low, out->measured.high, out->bound, out->upper, out->trivial};
    verify_record(context, 6, measured);
    dsgd_sha256_end(&context->digest->sha, 16, out->digest);
    out->verdict = theory_judge(out->relation, out->measured, out->bound, out->upper, out->trivial);
    return DSGD_OK;
}

enum dsgd_status verify_run(struct verify_context *context, const struct verify_check *check)
{
    struct verify_digest digest;
    sha256_init(&digest.sha);
    context->check = check;
    context->digest = &digest;
    context->rows = 0;
    enum dsgd_status status = check->run(context);
    context->digest = NULL;
    return status;
}
