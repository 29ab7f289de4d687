/* op_token_loss.c - softmax cross-entropy of every position with label smoothing e (Szegedy et al. 2016; Vaswani et al. 2017, 5.4): with p =
 * softmax(in), V classes, the target y and q_c = (1 - e) [c = y] + e/V,
 *     loss = -sum_c q_c log p_c,    derivative by in: weight (p - q);
 * at padding both are 0. PyTorch's `label_smoothing` is the same. The weight is the caller's: one over the target tokens of a whole batch makes the sum
 * of all blocks' gradients that of the mean over tokens.
 */
#include <math.h>
#include <string.h>

#include "deep/loops.h"
#include "deep/op.h"
#include "sim/kernel/maths.h"

static enum dsgd_status loss_shape(struct deep_site *site)
{
    const size_t classes = deep_shape_count(site->in);
    if (classes < 2 || classes != site->channels || site->sequence != DEEP_TARGET) {
        return dsgd_fail(DSGD_EINTERNAL, "layer %s: %zu scores for %zu ids, expected one for each at target positions", site->node->name, classes,
                         site->channels);
    }
    site->out = (struct deep_shape){0, 0, 0};
    return DSGD_OK;
}

/* The target of row r; -1: padding. */
static int64_t target(const struct deep_call *call, size_t r)
{
    const size_t rows = call->extent->rows[DEEP_TARGET];
    return r % rows < call->tokens->length[DEEP_TARGET][r / rows] ? (int64_t)call->tokens->out[r] : -1;
}

static enum dsgd_status check(const struct deep_call *call)
{
    for (size_t r = 0; r < call->n; ++r) {
        if (target(call, r) >= (int64_t)call->site->channels) {
            return dsgd_fail(DSGD_EINTERNAL, "layer %s: id %lld, expected one below %zu", call->site->node->name, (long long)target(call, r),
                             call->site->channels);
        }
    }
    return DSGD_OK;
}

static size_t loss_saved(const struct deep_site *site, const struct deep_extent *extent)
{
    return deep_rows(extent, site->sequence) * sizeof(struct deep_scores);
}

static enum dsgd_status loss_forward(const struct deep_call *call)
{
    const size_t classes = call->site->channels;
    const double smoothing = call->site->value;
    struct deep_scores *saved = call->saved;
    DSGD_TRY(check(call));
    for (size_t r = 0; r < call->n; ++r) {
        const int64_t y = target(call, r);
        const float *score = (const float *)call->in[0] + r * classes;
        call->loss[r] = 0.0;
        call->wrong[r] = 0;
        if (y < 0) { continue; }
        deep_loops()->scores(classes, score, (size_t)y, &saved[r]);
        const struct deep_scores *s = &saved[r];
        call->loss[r] = s->log_sum - (1.0 - smoothing) * ((double)score[y] - (double)s->most) - smoothing * s->plain / (double)classes;
        call->wrong[r] = s->wrong;
    }
    return DSGD_OK;
}

static enum dsgd_status loss_backward(const struct deep_call *call)
{
    const size_t classes = call->site->channels;
    const double smoothing = call->site->value;
    const struct deep_scores *saved = call->saved;
    for (size_t r = 0; call->din[0] && r < call->n; ++r) {
        const int64_t y = target(call, r);
        float *din = (float *)call->din[0] + r * classes;
        if (y < 0) {
            memset(din, 0, classes * sizeof *din);
            continue;
        }
        deep_loops()->scores_back(classes, (const float *)call->in[0] + r * classes, &saved[r], (float)call->weight,
                                  (float)(call->weight * smoothing / (double)classes), din);
        din[y] -= (float)(call->weight * (1.0 - smoothing));
    }
    return DSGD_OK;
}

/* log sum_c exp(score_c). */
static double log_sum(size_t classes, const double *score)
{
    double most = score[0], sum = 0.0;
    for (size_t c = 1; c < classes; ++c) { most = fmax(most, score[c]); }
    for (size_t c = 0; c < classes; ++c) { sum += dsgd_exp(score[c] - most); }
    return most + dsgd_log(sum);
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const size_t classes = call->site->channels;
    const double smoothing = call->site->value;
    DSGD_TRY(check(call));
    for (size_t r = 0; r < call->n; ++r) {
        const int64_t y = target(call, r);
        const double *score = (const double *)call->in[0] + r * classes, all = log_sum(classes, score);
        size_t best = 0;
        call->loss[r] = 0.0;
        for (size_t c = 0; y >= 0 && c < classes; ++c) {
            const double q = ((int64_t)c == y ? 1.0 - smoothing : 0.0) + smoothing / (double)classes;
            call->loss[r] -= q * (score[c] - all);
            best = score[c] > score[best] ? c : best;
        }
        call->wrong[r] = y >= 0 && (int64_t)best != y;
    }
    return DSGD_OK;
}

static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const size_t classes = call->site->channels;
    const double smoothing = call->site->value;
    for (size_t r = 0; call->din[0] && r < call->n; ++r) {
        const int64_t y = target(call, r);
        const double *score = (const double *)call->in[0] + r * classes, all = log_sum(classes, score);
        double *din = (double *)call->din[0] + r * classes;
        for (size_t c = 0; c < classes; ++c) {
            const double q = ((int64_t)c == y ? 1.0 - smoothing : 0.0) + smoothing / (double)classes;
            din[c] = y < 0 ? 0.0 : call->weight * (dsgd_exp(score[c] - all) - q);
        }
    }
    return DSGD_OK;
}

const struct deep_op deep_op_token_loss = {
    .name = "token_loss",
    .inputs = 1,
    .uses_in = true,
    .shape = loss_shape,
    .fast = {.saved = loss_saved, .forward = loss_forward, .backward = loss_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
