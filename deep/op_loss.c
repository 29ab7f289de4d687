/* op_loss.c - softmax cross-entropy with label smoothing e (Szegedy et al. 2016): with p = softmax(in), C classes and the targets
 * q_c = (1 - e) [c = label] + e/C,
 *     loss = -sum_c q_c log p_c,    derivative by in: weight (p - q).
 * Scores arrive in floats or doubles; sums and logarithms are in doubles in both versions. The predicted class has the largest score, of
 * equal ones the lowest class.
 */
#include "deep/op.h"
#include "sim/kernel/maths.h"

enum { CLASSES_MAX = 256 }; /* labels are bytes */

static enum dsgd_status loss_shape(struct deep_site *site)
{
    const size_t classes = deep_shape_count(site->in);
    if (classes < 2 || classes > CLASSES_MAX || classes != site->channels) {
        return dsgd_fail(DSGD_EINPUT, "layer %s: %zu scores for %zu classes, expected one for each of 2 to %d classes", site->node->name, classes, site->channels,
                         (int)CLASSES_MAX);
    }
    site->out = (struct deep_shape){0, 0, 0};
    return DSGD_OK;
}

/* log sum_c exp(score_c), and the exponentials relative to it. */
static double normalise(size_t classes, const double *score, double *p)
{
    double most = score[0], sum = 0.0;
    for (size_t c = 1; c < classes; ++c) { most = score[c] > most || score[c] != score[c] ? score[c] : most; }
    for (size_t c = 0; c < classes; ++c) {
        p[c] = dsgd_exp(score[c] - most);
        sum += p[c];
    }
    for (size_t c = 0; c < classes; ++c) { p[c] /= sum; }
    return most + dsgd_log(sum);
}

static double one_loss(const struct deep_call *call, const double *score, uint8_t label, double *p)
{
    const size_t classes = call->site->channels;
    const double smoothing = call->site->value, all = normalise(classes, score, p);
    double loss = (1.0 - smoothing) * (all - score[label]);
    for (size_t c = 0; smoothing > 0.0 && c < classes; ++c) { loss += smoothing / (double)classes * (all - score[c]); }
    return loss;
}

static uint8_t is_wrong(size_t classes, const double *score, uint8_t label)
{
    size_t best = 0;
    for (size_t c = 1; c < classes; ++c) { best = score[c] > score[best] ? c : best; }
    return best != label;
}

static const double *scores(const struct deep_call *call, size_t i, bool floats, double *room)
{
    const size_t classes = call->site->channels;
    if (!floats) { return (const double *)call->in[0] + i * classes; }
    const float *from = (const float *)call->in[0] + i * classes;
    for (size_t c = 0; c < classes; ++c) { room[c] = (double)from[c]; }
    return room;
}

static enum dsgd_status forward(const struct deep_call *call, bool floats)
{
    double room[CLASSES_MAX], p[CLASSES_MAX];
    for (size_t i = 0; i < call->n; ++i) {
        const double *score = scores(call, i, floats, room);
        call->loss[i] = one_loss(call, score, call->label[i], p);
        call->wrong[i] = is_wrong(call->site->channels, score, call->label[i]);
    }
    return DSGD_OK;
}

static enum dsgd_status backward(const struct deep_call *call, bool floats)
{
    const size_t classes = call->site->channels;
    const double smoothing = call->site->value;
    double room[CLASSES_MAX], p[CLASSES_MAX];
    for (size_t i = 0; call->din[0] && i < call->n; ++i) {
        normalise(classes, scores(call, i, floats, room), p);
        for (size_t c = 0; c < classes; ++c) {
            const double target = (c == call->label[i] ? 1.0 - smoothing : 0.0) + smoothing / (double)classes, slope = call->weight * (p[c] - target);
            if (floats) {
                ((float *)call->din[0])[i * classes + c] = (float)slope;
            } else {
                ((double *)call->din[0])[i * classes + c] = slope;
            }
        }
    }
    return DSGD_OK;
}

static enum dsgd_status fast_forward(const struct deep_call *call) { return forward(call, true); }
static enum dsgd_status fast_backward(const struct deep_call *call) { return backward(call, true); }
static enum dsgd_status naive_forward(const struct deep_call *call) { return forward(call, false); }
static enum dsgd_status naive_backward(const struct deep_call *call) { return backward(call, false); }

const struct deep_op deep_op_loss = {
    .name = "loss",
    .inputs = 1,
    .uses_in = true,
    .shape = loss_shape,
    .fast = {.forward = fast_forward, .backward = fast_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
};
