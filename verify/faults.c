/* faults.c - the faults that tests plant: each must violate at least one row that is no control (tests/verify_faults.sh).
 *
 * Faults of the algorithm change slots of HEAVYMIX as a wrong implementation would: what the memory is after a step, what travels, what is
 * chosen. The others are words of the configuration, the workers' draws, the step, the average, or a factor on the bounds (trial.c).
 */
#include <string.h>

#include "algorithms/sketched_sgd.h"
#include "sim/algorithm.h"
#include "verify/verify.h"

static void scale_row(const struct dsgd_host_row *row)
{
    const double factor = *(const double *)row->arguments;
    double *a = row->array[0];
    for (size_t i = 0; i < row->count[0]; ++i) { a[i] *= factor; }
}

static void scale_floats(const struct dsgd_host_row *row)
{
    const float factor = *(const float *)row->arguments;
    float *v = row->array[0];
    for (size_t i = 0; i < row->count[0]; ++i) { v[i] *= factor; }
}

/* ---- the memory after a step ---- */

/* The original settle, then a_i = factor a_i. */
static void settle_scaled(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, double factor)
{
    dsgd_sketched_heavymix.settle(common, w, round);
    const struct dsgd_operand a = dsgd_operand_f64(DSGD_READ_WRITE, dsgd_field_f64(w, dsgd_sketched_heavymix.view));
    dsgd_host_op(w, scale_row, &factor, &a, 1);
}

static void settle_none(const void *common, struct dsgd_rows *w, const struct dsgd_round *round) { settle_scaled(common, w, round, 0.0); }
static void settle_sign(const void *common, struct dsgd_rows *w, const struct dsgd_round *round) { settle_scaled(common, w, round, -1.0); }
static void settle_double(const void *common, struct dsgd_rows *w, const struct dsgd_round *round) { settle_scaled(common, w, round, 2.0); }
static void no_memory(struct dsgd_algorithm *algorithm) { algorithm->settle = settle_none; }
static void wrong_sign(struct dsgd_algorithm *algorithm) { algorithm->settle = settle_sign; }
static void doubled(struct dsgd_algorithm *algorithm) { algorithm->settle = settle_double; }

/* ---- what is sent ---- */

/* The second round's values, 1.3 times too large. */
static void encode_inexact(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    static const float factor = 1.3f;
    dsgd_sketched_heavymix.encode(common, w, round, grad);
    if (round->exchange == 0) { return; }
    const struct dsgd_operand value = dsgd_operand_f32(DSGD_READ_WRITE, dsgd_send_f32(w, 0));
    dsgd_host_op(w, scale_floats, &factor, &value, 1);
}

static void inexact(struct dsgd_algorithm *algorithm) { algorithm->encode = encode_inexact; }

/* ---- what is chosen: HEAVYMIX's own finish with another line 3 or 4 ---- */

static struct dsgd_rng_key fill_key(void)
{
    return (struct dsgd_rng_key){1, dsgd_rng_purpose("verify fault fill")};
}

static void finish_random(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct sketched_common *c = common;
    if (round->exchange > 0) {
        dsgd_sketched_heavymix.finish(common, s, round);
    } else {
        dsgd_select_uniform(s, c->d, c->k, fill_key(), dsgd_send_set(s, 0));
    }
}

/* Lines 1 and 2: norm and estimates of the merged sketch. */
static dsgd_f32 *estimates(const struct sketched_common *c, struct dsgd_rows *s, const struct dsgd_round *round, dsgd_f64 *norm2)
{
    const dsgd_sketch *hashes = dsgd_all_hashes(s, SKETCHED_HASHES);
    dsgd_f32 *table = dsgd_take_f32(s, c->table), *estimate = dsgd_take_f32(s, c->d);
    dsgd_mean(s, 1.0 / round->participants, dsgd_field_f64(s, 0), table);
    dsgd_sketch_norm2(s, hashes, table, norm2);
    dsgd_sketch_estimate(s, hashes, table, estimate);
    return estimate;
}

static void finish_threshold(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct sketched_common *c = common;
    static const double factor = 3.0;
    if (round->exchange > 0) {
        dsgd_sketched_heavymix.finish(common, s, round);
        return;
    }
    dsgd_f64 *norm2 = dsgd_take_f64(s, 1);
    const dsgd_f32 *estimate = estimates(c, s, round, norm2);
    const struct dsgd_operand operand = dsgd_operand_f64(DSGD_READ_WRITE, norm2);
    dsgd_host_op(s, scale_row, &factor, &operand, 1); /* est^2 >= 3 l2^2 / k */
    dsgd_select_heavymix(s, estimate, norm2, c->k, fill_key(), dsgd_send_set(s, 0), NULL);
}

/* H, and the lowest coordinates that are not in it. */
static void lowest_fill(const struct dsgd_host_row *row)
{
    const float *estimate = row->array[0];
    const double *norm2 = row->array[1];
    uint32_t *chosen = row->array[2];
    const size_t d = row->count[0], k = row->count[2];
    size_t heavy = 0, light = 0, n = 0;
    for (size_t i = 0; i < d; ++i) { heavy += (double)estimate[i] * (double)estimate[i] >= norm2[0] / (double)k; }
    const size_t fill = heavy < k ? k - heavy : 0;
    for (size_t i = 0; i < d && n < k; ++i) {
        const bool is_heavy = (double)estimate[i] * (double)estimate[i] >= norm2[0] / (double)k;
        if (is_heavy || light < fill) { chosen[n++] = (uint32_t)i; }
        light += !is_heavy;
    }
    *row->length[2] = (uint32_t)n;
}

static void finish_lowest(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct sketched_common *c = common;
    if (round->exchange > 0) {
        dsgd_sketched_heavymix.finish(common, s, round);
        return;
    }
    dsgd_f64 *norm2 = dsgd_take_f64(s, 1);
    const dsgd_f32 *estimate = estimates(c, s, round, norm2);
    const struct dsgd_operand operand[] = {dsgd_operand_f32(DSGD_READ, estimate), dsgd_operand_f64(DSGD_READ, norm2), dsgd_operand_set(DSGD_WRITE, dsgd_send_set(s, 0))};
    dsgd_host_op(s, lowest_fill, NULL, operand, 3);
}

static void random_k(struct dsgd_algorithm *algorithm) { algorithm->finish = finish_random; }
static void threshold(struct dsgd_algorithm *algorithm) { algorithm->finish = finish_threshold; }
static void fill(struct dsgd_algorithm *algorithm) { algorithm->finish = finish_lowest; }

static const struct verify_fault faults[] = {
    {.name = "no-memory", .help = "the error memory is cleared after every step", .algorithm = no_memory},
    {.name = "wrong-sign", .help = "the error memory has the wrong sign", .algorithm = wrong_sign},
    {.name = "double-memory", .help = "the error memory is doubled in every step", .algorithm = doubled},
    {.name = "fixed-hashes", .help = "one row of 4 columns, the same hashes in every step, so that ties are always cut alike",
     .settings = "sketched_sgd.sketch_reseed=run sketched_sgd.rows=1 sketched_sgd.cols=4"},
    {.name = "noise-grows", .help = "a worker's noise grows with the square root of the number of workers", .noise_grows = true},
    {.name = "bound-tenth", .help = "every bound is divided by ten", .bound_factor = 0.1},
    {.name = "wrong-average", .help = "the last iterate is taken for the weighted average", .settings = "average=none"},
    {.name = "inexact", .help = "the values of the second round are 1.3 times too large", .algorithm = inexact},
    {.name = "random-k", .help = "k random coordinates in HEAVYMIX's place", .algorithm = random_k},
    {.name = "step", .help = "every step is 0.6 of what it should be", .step_factor = 0.6},
    {.name = "same-example", .help = "all workers draw the examples and the noise of worker 0", .sampler = VERIFY_SAMPLER_SAME},
    {.name = "half-data", .help = "workers draw from the first half of the examples", .sampler = VERIFY_SAMPLER_HALF},
    {.name = "threshold", .help = "a coordinate is heavy from 3 l2^2/k on", .algorithm = threshold},
    {.name = "averaging", .help = "the weighted average has the weights xi + t, not their squares", .average_linear = true},
    {.name = "fill", .help = "HEAVYMIX fills up with the lowest coordinates, not with random ones", .algorithm = fill},
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
