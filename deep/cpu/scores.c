/* scores.c - softmax over one row of scores, and what a loss takes from it. Formulas: op_token_loss.c. Sums are 16 lanes. */
#include "deep/cpu/functions.h"
#include "deep/cpu/sequence.h"

static float largest(size_t n, const float *restrict score)
{
    float lane[DEEP_LANES];
    size_t j = 0;
    for (size_t l = 0; l < DEEP_LANES; ++l) { lane[l] = score[0]; }
    for (; j + DEEP_LANES <= n; j += DEEP_LANES) {
        for (size_t l = 0; l < DEEP_LANES; ++l) { lane[l] = score[j + l] > lane[l] ? score[j + l] : lane[l]; }
    }
    for (size_t l = 0; j + l < n; ++l) { lane[l] = score[j + l] > lane[l] ? score[j + l] : lane[l]; }
    for (size_t l = 1; l < DEEP_LANES; ++l) { lane[0] = lane[l] > lane[0] ? lane[l] : lane[0]; }
    return lane[0];
}

/* Scores that are no smaller than the label's: how many, its own among them; those that are no numbers count. */
static size_t no_smaller(size_t n, const float *restrict score, float at)
{
    int32_t lane[DEEP_LANES] = {0};
    size_t j = 0, all = 0;
    for (; j + DEEP_LANES <= n; j += DEEP_LANES) {
        for (size_t l = 0; l < DEEP_LANES; ++l) { lane[l] += score[j + l] < at ? 0 : 1; }
    }
    for (size_t l = 0; j + l < n; ++l) { lane[l] += score[j + l] < at ? 0 : 1; }
    for (size_t l = 0; l < DEEP_LANES; ++l) { all += (size_t)lane[l]; }
    return all;
}

/* Is another class's score larger, or a lower class's equal? */
static bool is_wrong(size_t n, const float *score, size_t label)
{
    if (no_smaller(n, score, score[label]) == 1) { return false; }
    for (size_t c = 0; c < n; ++c) {
        if (c != label && (c < label ? !(score[c] < score[label]) : !(score[c] <= score[label]))) { return true; }
    }
    return false;
}

void deep_cpu_scores(size_t classes, const float *score, size_t label, struct deep_scores *of)
{
    const float most = largest(classes, score);
    const float *restrict from = score;
    float lane[DEEP_LANES] = {0.0f}, plain[DEEP_LANES] = {0.0f};
    size_t j = 0;
    for (; j + DEEP_LANES <= classes; j += DEEP_LANES) {
        for (size_t l = 0; l < DEEP_LANES; ++l) {
            lane[l] += dsgd_expf(from[j + l] - most);
            plain[l] += from[j + l] - most;
        }
    }
    for (size_t l = 0; j + l < classes; ++l) {
        lane[l] += dsgd_expf(from[j + l] - most);
        plain[l] += from[j + l] - most;
    }
    const float sum = deep_lane_sum(lane);
    *of = (struct deep_scores){most, 1.0f / sum, dsgd_log((double)sum), (double)deep_lane_sum(plain), is_wrong(classes, score, label)};
}

void deep_cpu_scores_back(size_t classes, const float *score, const struct deep_scores *of, float weight, float smoothed, float *din)
{
    const float most = of->most, factor = weight * of->rate;
    const float *restrict from = score;
    float *restrict to = din;
    for (size_t c = 0; c < classes; ++c) { to[c] = factor * dsgd_expf(from[c] - most) - smoothed; }
}
