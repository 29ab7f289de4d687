/* maps.c - the grid of Lemma 1, and error memory over time. Interface: maps.h. */
#include "verify/maps/maps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel/maths.h"
#include "theory/bounds.h"
#include "verify/heavymix.h"
#include "verify/shapes.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { SEED_SHAPES = 600, SEED_HASHES = 620 };

static enum dsgd_status written(FILE *out)
{
    return ferror(out) ? dsgd_fail(DSGD_ENOMEM, "no memory for the whole map") : DSGD_OK;
}

/* ---- contraction ---- */

enum { D = VERIFY_MNIST_D, K_POINTS = 8, K_MAX = 390, DRAWS_QUICK = 1000, DRAWS_FULL = 5000 };
static const size_t k_grid[K_POINTS] = {2, 5, 10, 20, 50, 100, 200, K_MAX}; /* up to d/2, Lemma 1's condition */

struct map {
    size_t draws, shapes;             /* the first `shapes` of enum verify_shape are there */
    uint32_t seed;
    float g[VERIFY_SHAPES][D];
    double *relative;                 /* [shapes][K_POINTS][draws] */
};

static double *samples(const struct map *m, size_t shape, size_t k)
{
    return m->relative + (shape * K_POINTS + k) * m->draws;
}

/* All shapes and all k share the hashes of one table. */
static enum dsgd_status map_table(struct map *m, uint32_t rows, uint32_t cols)
{
    struct heavymix h;
    enum dsgd_status status = heavymix_open(D, K_MAX, rows, cols, NULL, m->seed, &h);
    for (uint32_t t = 0; t < m->draws && status == DSGD_OK; ++t) {
        heavymix_reseed(&h, t);
        for (size_t s = 0; s < m->shapes && status == DSGD_OK; ++s) {
            heavymix_sketch(&h, m->g[s]);
            for (size_t k = 0; k < K_POINTS && status == DSGD_OK; ++k) {
                struct heavymix_call call;
                status = heavymix_choose(&h, m->g[s], k_grid[k], t, &call);
                samples(m, s, k)[t] = call.lemma.relative;
            }
        }
    }
    heavymix_close(&h);
    return status;
}

static void write_table(const struct map *m, uint32_t rows, uint32_t cols, FILE *out)
{
    for (size_t s = 0; s < m->shapes; ++s) {
        for (size_t k = 0; k < K_POINTS; ++k) {
            const double *x = samples(m, s, k);
            size_t above = 0;
            for (size_t t = 0; t < m->draws; ++t) { above += x[t] > 1.0 + 1e-12; }
            const struct theory_interval mean = theory_mean(m->draws, x), share = theory_share(above, m->draws);
            fprintf(out, "%s\t%d\t%lu\t%lu\t%zu\t%.9g\t%.6g\t%.6g\t%.6g\t%.9g\t%.9g\n", verify_shape_name((enum verify_shape)s), D,
                    (unsigned long)rows, (unsigned long)cols, k_grid[k], mean.value, share.value, share.low, share.high, mean.low,
                    mean.high);
        }
    }
}

static enum dsgd_status fill_shapes(const struct verify_context *context, struct map *m, FILE *out)
{
    for (int s = VERIFY_GAUSSIAN; s <= VERIFY_SPIKY; ++s) { DSGD_TRY(verify_shape_fill((enum verify_shape)s, D, m->seed, m->g[s])); }
    const enum dsgd_status status = verify_shape_mnist(context, m->seed, m->g[VERIFY_MNIST_GRADIENT], m->g[VERIFY_MNIST_MEMORY]);
    m->shapes = status == DSGD_OK ? VERIFY_SHAPES : VERIFY_MNIST_GRADIENT;
    if (status == DSGD_EINPUT) {
        fprintf(out, "# left out: MNIST (%s)\n", dsgd_error());
        return DSGD_OK;
    }
    return status;
}

static enum dsgd_status map_all(const struct verify_context *context, struct map *m, FILE *out)
{
    static const uint32_t row_grid[] = {1, 3, 7, 15};
    static const uint32_t quick_cols[] = {10, 20, 40, 80, 160, 320, 640};
    static const uint32_t full_cols[] = {10, 14, 20, 28, 40, 57, 80, 113, 160, 226, 320, 453, 640};
    const uint32_t *cols = context->full ? full_cols : quick_cols;
    const size_t cols_n = context->full ? COUNT(full_cols) : COUNT(quick_cols);
    fprintf(out, "# contraction of HEAVYMIX over fresh hashes\n# seed: %lu\n# draws: %zu\n", (unsigned long)context->seed, m->draws);
    DSGD_TRY(fill_shapes(context, m, out));
    m->relative = malloc(m->shapes * K_POINTS * m->draws * sizeof *m->relative);
    if (!m->relative) { return dsgd_fail(DSGD_ENOMEM, "no memory for a map of %zu draws", m->draws); }
    fprintf(out,
            "# mean_ratio: mean of E||g - g~||^2/((1 - k/d)||g||^2); share_above_1: hashes for which it is above 1; low, high: interval of the "
            "share; mean_low, mean_high: of the mean (%g %%)\n# shape\td\tr\tc\tk\tmean_ratio\tshare_above_1\tlow\thigh\tmean_low\tmean_high\n",
            100.0 * THEORY_LEVEL);
    for (size_t r = 0; r < COUNT(row_grid); ++r) {
        for (size_t c = 0; c < cols_n; ++c) {
            DSGD_TRY(map_table(m, row_grid[r], cols[c]));
            write_table(m, row_grid[r], cols[c], out);
        }
    }
    return written(out);
}

enum dsgd_status verify_map_contraction(const struct verify_context *context, FILE *out)
{
    struct map *m = calloc(1, sizeof *m);
    if (!m) { return dsgd_fail(DSGD_ENOMEM, "no memory for a map"); }
    m->draws = context->full ? DRAWS_FULL : DRAWS_QUICK;
    m->seed = verify_seed(context, SEED_SHAPES);
    enum dsgd_status status = map_all(context, m, out);
    free(m->relative);
    free(m);
    return status;
}

/* ---- fixed against fresh hashes ---- */

enum { MEMORY_D = 256, MEMORY_K = 16, RUNS_QUICK = 11, RUNS_FULL = 31, STEPS_QUICK = 10000, STEPS_FULL = 50000 };

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* all[run][t] in units of the bound. */
static enum dsgd_status memory_runs(const struct verify_context *context, uint32_t rows, uint32_t cols, bool fresh, size_t runs,
                                    size_t steps, double *relative /*[steps]*/, double *all, double *share)
{
    *share = 0.0;
    for (size_t s = 0; s < runs; ++s) {
        const uint32_t seed = verify_seed(context, SEED_HASHES + (uint32_t)s);
        float g[MEMORY_D];
        double G2 = 0.0;
        struct heavymix h;
        DSGD_TRY(verify_shape_fill(VERIFY_GAUSSIAN, MEMORY_D, seed, g));
        for (size_t i = 0; i < MEMORY_D; ++i) { G2 += (double)g[i] * (double)g[i]; }
        DSGD_TRY(heavymix_open(MEMORY_D, MEMORY_K, rows, cols, NULL, seed, &h));
        const enum dsgd_status status = heavymix_persist(&h, g, MEMORY_K, fresh, steps, all + s * steps, relative);
        heavymix_close(&h);
        DSGD_TRY(status);
        const double bound = theory_lemma3_constant((double)MEMORY_K / MEMORY_D, 1.0, G2);
        for (size_t t = 0; t < steps; ++t) {
            all[s * steps + t] /= bound;
            *share += relative[t] > 1.0 + 1e-12 ? 1.0 / ((double)steps * (double)runs) : 0.0;
        }
    }
    return DSGD_OK;
}

/* Steps 1, 2, ... 20 a decade. */
static void memory_lines(size_t runs, size_t steps, const double *all, double *sorted, FILE *out)
{
    size_t last = 0;
    for (double exponent = 0.0;; exponent += 0.05) {
        const size_t t = (size_t)(dsgd_pow(10.0, exponent) + 0.5);
        if (t > steps) { break; }
        if (t == last) { continue; }
        last = t;
        double mean = 0.0;
        for (size_t s = 0; s < runs; ++s) {
            sorted[s] = all[s * steps + t - 1];
            mean += sorted[s] / (double)runs;
        }
        qsort(sorted, runs, sizeof *sorted, ascending);
        fprintf(out, "%zu\t%.6g\t%.6g\t%.6g\t%.6g\n", t, sorted[runs / 2], sorted[0], sorted[runs - 1], mean);
    }
}

enum dsgd_status verify_map_hashes(const struct verify_context *context, FILE *out)
{
    static const uint32_t rows[] = {1, 3, 7}, cols[] = {16, 32, 64};
    const size_t runs = context->full ? RUNS_FULL : RUNS_QUICK, steps = context->full ? STEPS_FULL : STEPS_QUICK;
    double *all = malloc((runs + 1) * steps * sizeof *all + runs * sizeof *all);
    if (!all) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu runs of %zu steps", runs, steps); }
    double *relative = all + runs * steps, *sorted = relative + steps;
    enum dsgd_status status = DSGD_OK;
    fprintf(out, "# error memory under a constant gaussian gradient, d = %d, k = %d, step 1, over 4(1 - tau)eta^2G^2/tau^2\n# seed: %lu\n# runs: %zu\n",
            MEMORY_D, MEMORY_K, (unsigned long)context->seed, runs);
    for (size_t j = 0; j < COUNT(rows) && status == DSGD_OK; ++j) {
        for (int fresh = 0; fresh < 2 && status == DSGD_OK; ++fresh) {
            double share = 0.0;
            status = memory_runs(context, rows[j], cols[j], fresh, runs, steps, relative, all, &share);
            if (status != DSGD_OK) { break; }
            fprintf(out, "%s# table: %lu x %lu\n# label: %s hashes\n# share of steps above 1 - k/d: %.4f\n# step\tmedian\tmin\tmax\tmean\n",
                    j + (size_t)fresh == 0 ? "" : "\n\n", (unsigned long)rows[j], (unsigned long)cols[j], fresh ? "fresh" : "fixed", share);
            memory_lines(runs, steps, all, sorted, out);
        }
    }
    free(all);
    return status == DSGD_OK ? written(out) : status;
}
