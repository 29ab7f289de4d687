/* map_compressors.c - the contraction of every compressor in the registry, measured on five vectors. Interface: maps.h.
 *
 * (A4) asks for E||v - C(v)||^2 <= (1 - tau)||v||^2. Each algorithm runs one step with one worker and empty memories on f(w) = <v, w>, so that v
 * enters the compressor; what the oracle logs as input and error are the two norms, in the compressor's own units. A ratio above 1 is no
 * contraction: an unbiased compressor's variance (QSGD, TernGrad, random-k without memory). Nothing here knows an algorithm's name: the list is the
 * registry, k = 25 goes to those that have such a key, and a key `variant` takes all its words.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/registry.h"
#include "sim/algorithm.h"
#include "verify/problems/constant_gradient.h"
#include "verify/maps/maps.h"
#include "verify/shapes.h"
#include "verify/trial.h"

enum { D = VERIFY_MNIST_D, K = 25, SEED = 640 };

/* ||v - C(v)||^2/||v||^2 of one seed; not a number where the oracle sees no compressor. */
static enum dsgd_status one(const struct verify_context *context, const char *words, const float *v, uint32_t seed, double *ratio)
{
    struct constant_gradient problem;
    struct trial trial;
    constant_gradient_init(D, &problem);
    problem.g = v;
    enum dsgd_status status = trial_open_problem(context, &constant_gradient_problem, &problem, words, verify_seed(context, seed), &trial);
    if (status == DSGD_OK) { status = trial_run(&trial, NULL, NULL); }
    if (status == DSGD_OK) {
        const struct dsgd_table *oracle = dsgd_engine_table(trial.engine, 2);
        const size_t last = oracle->rows - 1;
        *ratio = dsgd_table_find(oracle, "error_norm2")->cell[last].f / dsgd_table_find(oracle, "input_norm2")->cell[last].f;
    }
    trial_close(&trial);
    return status;
}

static enum dsgd_status line(const struct verify_context *context, const char *name, const char *keys, enum verify_shape shape, const float *v, size_t draws, FILE *out)
{
    double *ratio = malloc(draws * sizeof *ratio);
    char words[VERIFY_TEXT_MAX];
    enum dsgd_status status = ratio ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for %zu ratios", draws);
    snprintf(words, sizeof words, "algorithm=%s%s workers=1 steps=1 step_size=constant step.constant=1 log.oracle=true log.every=1", name, keys);
    for (size_t r = 0; status == DSGD_OK && r < draws; ++r) {
        status = one(context, words, v, SEED + (uint32_t)r, &ratio[r]);
        if (status == DSGD_OK && r == 0 && !isfinite(ratio[0])) { /* nothing is compressed, or not in units of a gradient */
            free(ratio);
            return DSGD_OK;
        }
    }
    if (status == DSGD_OK) {
        const struct theory_interval mean = theory_mean(draws, ratio);
        fprintf(out, "%s\t%s\t%s\t%.6g\t%.6g\t%.6g\n", name, *keys ? keys + 1 : "", verify_shape_name(shape), mean.value, mean.low, mean.high);
    }
    free(ratio);
    return status;
}

static enum dsgd_status shapes_of(const struct verify_context *context, const char *name, const char *keys, const float (*v)[D], int shapes, size_t draws, FILE *out)
{
    for (int s = 0; s < shapes; ++s) { DSGD_TRY(line(context, name, keys, (enum verify_shape)s, v[s], draws, out)); }
    return DSGD_OK;
}

/* An algorithm with k where it has one, and each of its variants. */
static enum dsgd_status algorithm(const struct verify_context *context, const struct dsgd_algorithm *a, const float (*v)[D], int shapes, size_t draws, FILE *out)
{
    char k[48] = "", keys[128];
    const struct dsgd_param *variant = dsgd_param_find(a->params, "variant");
    if (dsgd_param_find(a->params, "k")) { snprintf(k, sizeof k, " %s.k=%d", a->name, K); }
    if (!variant || variant->type != DSGD_PARAM_CHOICE) { return shapes_of(context, a->name, k, v, shapes, draws, out); }
    for (const char *word = variant->choices; *word;) {
        const int length = (int)strcspn(word, "|");
        snprintf(keys, sizeof keys, "%s %s.variant=%.*s", k, a->name, length, word);
        DSGD_TRY(shapes_of(context, a->name, keys, v, shapes, draws, out));
        word += length + (word[length] == '|');
    }
    return DSGD_OK;
}

enum dsgd_status verify_map_compressors(const struct verify_context *context, FILE *out)
{
    static const size_t quick = 40, full = 400;
    const size_t draws = context->full ? full : quick;
    float (*v)[D] = malloc((VERIFY_MNIST_MEMORY + 1) * sizeof *v);
    if (!v) { return dsgd_fail(DSGD_ENOMEM, "no memory for vectors"); }
    enum dsgd_status status = DSGD_OK;
    int shapes = VERIFY_MNIST_GRADIENT;
    fprintf(out, "# what compressors leave: mean of ||v - C(v)||^2/||v||^2, d = %d, k = %d: 1 - k/d = %.4f\n# seed: %lu\n# seeds: %zu\n", D, K, 1.0 - (double)K / D,
            (unsigned long)context->seed, draws);
    for (int s = 0; status == DSGD_OK && s < shapes; ++s) { status = verify_shape_fill((enum verify_shape)s, D, verify_seed(context, SEED), v[s]); }
    if (status == DSGD_OK) {
        status = verify_shape_mnist(context, verify_seed(context, SEED), v[VERIFY_MNIST_GRADIENT], v[VERIFY_MNIST_MEMORY]);
        if (status == DSGD_OK) {
            shapes = VERIFY_MNIST_GRADIENT + 1;
        } else if (status == DSGD_EINPUT) {
            fprintf(out, "# left out: MNIST (%s)\n", dsgd_error());
            status = DSGD_OK;
        }
    }
    fprintf(out, "# algorithm\tkeys\tshape\tmean\tlow\thigh\n");
    for (size_t i = 0; status == DSGD_OK && dsgd_algorithm_at(i); ++i) { status = algorithm(context, dsgd_algorithm_at(i), (const float (*)[D])v, shapes, draws, out); }
    free(v);
    if (status == DSGD_OK && ferror(out)) { return dsgd_fail(DSGD_ENOMEM, "no memory for the whole map"); }
    return status;
}
