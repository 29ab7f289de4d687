/* model.c - the model on the CPU: updates, replica, average. One pass each over the model in doubles and its replica in floats; a long model
 * in parts by several threads.
 */
#include "sim/cpu/cpu.h"
#include "sim/cpu/split.h"
#include "sim/kernel/vec.h"

enum { LANES = 16 };

struct update {
    double keep, scale;
    const float *value;
    double *x;
    float *replica;
    bool *diverged;
};

/* Lanes of 0 * replica stay 0 exactly as long as everything is finite. */
static bool apply_dense(size_t n, double keep, double scale, const float *restrict value, double *restrict x, float *restrict replica)
{
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

static void dense(const void *args, size_t first, size_t end)
{
    const struct update *u = args;
    if (!apply_dense(end - first, u->keep, u->scale, u->value + first, u->x + first, u->replica + first)) {
#pragma omp atomic write
        *u->diverged = true;
    }
}

static void shrink(const void *args, size_t first, size_t end)
{
    const struct update *u = args;
    const double keep = u->keep;
    double *restrict x = u->x;
    float *restrict replica = u->replica;
    for (size_t i = first; i < end; ++i) {
        x[i] = keep * x[i];
        replica[i] = (float)x[i];
    }
}

void cpu_apply(struct dsgd_queue *q, const struct dsgd_apply *update, dsgd_f64 *x, dsgd_f32 *replica, void *diverged)
{
    uint32_t *word = cpu_near(diverged);
    bool infinite = false;
    const struct update u = {.keep = 1.0 - update->shrink, .scale = update->scale, .value = update->value ? cpu_f32(update->value, 0) : NULL,
                             .x = cpu_f64(x, 0), .replica = cpu_f32(replica, 0), .diverged = &infinite};
    if (*word != 0) { return; }
    if (!update->sparse) {
        cpu_split(q, x->array.count, dense, &u);
    } else {
        if (update->shrink != 0.0) { cpu_split(q, x->array.count, shrink, &u); }
        if (update->at) { infinite = !apply_sparse(*cpu_length(update->at, 0), cpu_set(update->at, 0), u.value, u.scale, u.x, u.replica); }
    }
    if (infinite) { *word = update->step + 1; }
}

struct mean {
    double weight;
    const double *x;
    double *mean;
};

static void average(const void *args, size_t first, size_t end)
{
    const struct mean *m = args;
    const double weight = m->weight, *restrict x = m->x;
    double *restrict mean = m->mean;
    for (size_t i = first; i < end; ++i) { mean[i] = dsgd_one_average(weight, x[i], mean[i]); }
}

void cpu_average(struct dsgd_queue *q, double weight, const dsgd_f64 *x, dsgd_f64 *mean, const void *diverged)
{
    const struct mean m = {weight, cpu_f64(x, 0), cpu_f64(mean, 0)};
    if (*(const uint32_t *)cpu_near(diverged) == 0) { cpu_split(q, x->array.count, average, &m); }
}

static void replicate(const void *args, size_t first, size_t end)
{
    const struct update *u = args;
    const double *restrict x = u->x;
    float *restrict replica = u->replica;
    for (size_t i = first; i < end; ++i) { replica[i] = (float)x[i]; }
}

void cpu_replicate(struct dsgd_queue *q, const dsgd_f64 *x, dsgd_f32 *replica)
{
    const struct update u = {.x = cpu_f64(x, 0), .replica = cpu_f32(replica, 0)};
    cpu_split(q, x->array.count, replicate, &u);
}
