/* scores.c - softmax over one row of scores, and what a loss takes from it. Formulas: op_token_loss.c. Sums are 16 lanes. */
#include "deep/cpu/functions.h"
#include "deep/cpu/sequence.h"

typedef int32_t whole_lanes __attribute__((vector_size(4 * DEEP_LANES), may_alias)); /* of comparisons: -1 and 0 */

static float largest(size_t n, const float *score)
{
    float lane[DEEP_LANES], most = score[0];
    deep_lanes sofar = DEEP_SPREAD(most);
    size_t j = 0;
    for (; j + DEEP_LANES <= n; j += DEEP_LANES) {
        const deep_lanes x = DEEP_LOAD(score + j);
        const whole_lanes larger = x > sofar;
        sofar = (deep_lanes)((larger & (whole_lanes)x) | (~larger & (whole_lanes)sofar));
    }
    *(deep_lanes *)lane = sofar;
    for (; j < n; ++j) { most = score[j] > most ? score[j] : most; }
    for (size_t l = 0; l < DEEP_LANES; ++l) { most = lane[l] > most ? lane[l] : most; }
    return most;
}

/* Scores that are no smaller than the label's: how many, its own among them; those that are no numbers count. */
static size_t no_smaller(size_t n, const float *score, float at)
{
    whole_lanes smaller = {0};
    size_t j = 0, all = n;
    for (; j + DEEP_LANES <= n; j += DEEP_LANES) { smaller -= DEEP_LOAD(score + j) < DEEP_SPREAD(at); }
    for (; j < n; ++j) { all -= score[j] < at; }
    for (size_t l = 0; l < DEEP_LANES; ++l) { all -= (size_t)smaller[l]; }
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

enum { CHUNK = 512 };

/* Exponentials of a chunk, and then their sum: each loop fills registers. Sums of chunks are added in doubles. */
static double exponentials(size_t n, const float *score, float most)
{
    double sum = 0.0;
    float chunk[CHUNK];
    for (size_t j = 0; j < n; j += CHUNK) {
        const size_t count = n - j < CHUNK ? n - j : CHUNK;
        const float *restrict from = score + j;
        for (size_t l = 0; l < count; ++l) { chunk[l] = dsgd_expf(from[l] - most); }
        sum += (double)deep_sum(count, chunk);
    }
    return sum;
}

/* The sum of score - most. */
static double differences(size_t n, const float *score, float most)
{
    double sum = 0.0;
    for (size_t j = 0; j < n; j += CHUNK) { sum += (double)deep_sum(n - j < CHUNK ? n - j : CHUNK, score + j); }
    return sum - (double)n * (double)most;
}

void deep_cpu_scores(size_t classes, const float *score, size_t label, struct deep_scores *of)
{
    const float most = largest(classes, score);
    const double sum = exponentials(classes, score, most);
    *of = (struct deep_scores){most, (float)(1.0 / sum), dsgd_log(sum), differences(classes, score, most), is_wrong(classes, score, label)};
}

void deep_cpu_scores_back(size_t classes, const float *score, const struct deep_scores *of, float weight, float smoothed, float *din)
{
    const float most = of->most, factor = weight * of->rate;
    const float *restrict from = score;
    float *restrict to = din;
    for (size_t c = 0; c < classes; ++c) { to[c] = factor * dsgd_expf(from[c] - most) - smoothed; }
}
