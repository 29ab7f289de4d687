/* model.c - the model on the CPU: updates, replica, average. */
#include "sim/cpu/cpu.h"
#include "sim/kernel/vec.h"

enum { LANES = 16 };

/* Lanes of 0 * replica stay 0 exactly as long as everything is finite. */
static bool apply_dense(size_t n, const float *restrict value, double shrink, double scale, double *restrict x, float *restrict replica)
{
    const double keep = 1.0 - shrink;
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; ++l) {
            const size_t at = i + (size_t)l;
            x[at] = dsgd_one_apply(keep, scale, value[at], x[at]);
            replica[at] = (float)x[at];
            lane[l] += 0.0 * (double)replica[at];
        }
    }
    for (; i < n; ++i) {
        x[i] = dsgd_one_apply(keep, scale, value[i], x[i]);
        replica[i] = (float)x[i];
        lane[0] += 0.0 * (double)replica[i];
    }
    double all = 0.0;
    for (int l = 0; l < LANES; ++l) { all += lane[l]; }
    return all == 0.0;
}

static bool apply_sparse(size_t n, const uint32_t *index, const float *value, double scale, double *x, float *replica)
{
    double all = 0.0;
    for (size_t j = 0; j < n; ++j) {
        const uint32_t i = index[j];
        x[i] = dsgd_one_apply(1.0, scale, value[j], x[i]);
        replica[i] = (float)x[i];
        all += 0.0 * (double)replica[i];
    }
    return all == 0.0;
}

static void shrink_all(size_t n, double shrink, double *restrict x, float *restrict replica)
{
    for (size_t i = 0; i < n; ++i) {
        x[i] = (1.0 - shrink) * x[i];
        replica[i] = (float)x[i];
    }
}

void cpu_apply(struct dsgd_queue *q, const struct dsgd_apply *update, dsgd_f64 *x, dsgd_f32 *replica, void *diverged)
{
    uint32_t *word = cpu_near(diverged);
    double *model = cpu_f64(x, 0);
    float *copy = cpu_f32(replica, 0);
    bool finite = true;
    (void)q;
    if (*word != 0) { return; }
    if (!update->sparse) {
        finite = apply_dense(x->array.count, cpu_f32(update->value, 0), update->shrink, update->scale, model, copy);
    } else {
        if (update->shrink != 0.0) { shrink_all(x->array.count, update->shrink, model, copy); }
        if (update->at) { finite = apply_sparse(*cpu_length(update->at, 0), cpu_set(update->at, 0), cpu_f32(update->value, 0), update->scale, model, copy); }
    }
    if (!finite) { *word = update->step + 1; }
}

static void average(size_t n, double weight, const double *restrict x, double *restrict mean)
{
    for (size_t i = 0; i < n; ++i) { mean[i] = dsgd_one_average(weight, x[i], mean[i]); }
}

void cpu_average(struct dsgd_queue *q, double weight, const dsgd_f64 *x, dsgd_f64 *mean, const void *diverged)
{
    (void)q;
    if (*(const uint32_t *)cpu_near(diverged) == 0) { average(x->array.count, weight, cpu_f64(x, 0), cpu_f64(mean, 0)); }
}

void cpu_replicate(struct dsgd_queue *q, const dsgd_f64 *x, dsgd_f32 *replica)
{
    const double *from = cpu_f64(x, 0);
    float *to = cpu_f32(replica, 0);
    (void)q;
    for (size_t i = 0; i < x->array.count; ++i) { to[i] = (float)from[i]; }
}
