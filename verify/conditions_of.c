/* conditions_of.c - from a run's configuration to the theory's setting. Interface: conditions_of.h.
 *
 * What an algorithm is for the theory stands in a table of words its configuration must have. Keys are read by name, as a
 * configuration file would write them, so that no algorithm's config struct is known here.
 */
#include "verify/conditions_of.h"

#include <math.h>
#include <string.h>
#include "sim/schedule.h"
#include "theory/sketch_size.h"

/* The value of a key as text; "" if the algorithm has no such key. */
static void word_of(const struct dsgd_algorithm *algorithm, const void *config, const char *name, char text[DSGD_TEXT_MAX])
{
    const struct dsgd_param *param = config ? dsgd_param_find(algorithm->params, name) : NULL;
    text[0] = '\0';
    if (param) { dsgd_param_format(param, config, text, DSGD_TEXT_MAX); }
}

static bool has_word(const struct dsgd_algorithm *algorithm, const void *config, const char *name, const char *expected)
{
    char text[DSGD_TEXT_MAX];
    word_of(algorithm, config, name, text);
    return strcmp(text, expected) == 0;
}

static double real_of(const struct dsgd_algorithm *algorithm, const void *config, const char *name, double missing)
{
    const struct dsgd_param *param = config ? dsgd_param_find(algorithm->params, name) : NULL;
    if (!param) { return missing; }
    const char *field = (const char *)config + param->offset;
    return param->type == DSGD_PARAM_INT || param->type == DSGD_PARAM_COUNT ? (double)*(const int64_t *)(const void *)field : *(const double *)(const void *)field;
}

/* Which configurations are which compressor; every word must be there. 16-bit values are no exact values: unproved. */
enum { WORDS = 3 };
static const struct kind {
    const char *algorithm;
    enum theory_compressor compressor;
    struct {
        const char *key, *word;
    } needs[WORDS];
} kinds[] = {
    {"sketched_sgd", THEORY_HEAVYMIX, {{"variant", "heavymix"}, {"values", "fp32"}}},
    {"true_topk", THEORY_SPARSIFIER, {{"lr_inside", "true"}}},
    {"random_k", THEORY_SPARSIFIER, {{"lr_inside", "true"}, {"memory", "true"}, {"scale", "none"}}},
    {"sgd", THEORY_IDENTITY, {{"values", "fp32"}}},
};

static enum theory_compressor compressor_of(const struct dsgd_algorithm *algorithm, const void *config)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
        bool all = strcmp(algorithm->name, kinds[i].algorithm) == 0;
        for (int j = 0; j < WORDS && kinds[i].needs[j].key; ++j) {
            all = all && has_word(algorithm, config, kinds[i].needs[j].key, kinds[i].needs[j].word);
        }
        if (all) { return kinds[i].compressor; }
    }
    return THEORY_UNPROVED;
}

static enum theory_step_rule step_of(const struct dsgd_run_config *run)
{
    if (run->step.warmup > 0.0 || run->step.clip > 0.0) { return THEORY_STEP_OTHER; } /* a clipped gradient has another mean */
    switch (run->step_size) {
    case DSGD_STEP_CONSTANT: return THEORY_STEP_CONSTANT;
    case DSGD_STEP_INVSQRT: return THEORY_STEP_INVSQRT;
    case DSGD_STEP_THEORY: return THEORY_STEP_DECREASING;
    default: return THEORY_STEP_OTHER;
    }
}

static enum theory_average average_of(int average)
{
    return average == DSGD_AVERAGE_THEORY ? THEORY_AVERAGE_THEORY : average == DSGD_AVERAGE_UNIFORM ? THEORY_AVERAGE_UNIFORM : THEORY_AVERAGE_NONE;
}

/* xi as the engine resolves it; NaN where the engine would refuse for want of mu or L. */
static enum dsgd_status xi_of(const struct dsgd_run_config *run, const struct dsgd_constants *constants, double tau, double *xi)
{
    *xi = (double)NAN;
    const bool known = constants->mu > 0.0 && (constants->L > 0.0 || strcmp(run->step.xi, "repaired") != 0);
    if (run->step_size != DSGD_STEP_THEORY || !known) { return DSGD_OK; }
    struct dsgd_schedule schedule;
    DSGD_TRY(dsgd_schedule_resolve(run, constants, 0, tau, &schedule));
    *xi = schedule.xi;
    return DSGD_OK;
}

enum dsgd_status conditions_of(const struct dsgd_run_config *run, const struct dsgd_constants *constants, const struct dsgd_layout *layout,
                               const struct dsgd_algorithm *algorithm, const void *algorithm_config, struct theory_setting *out)
{
    const struct dsgd_setting setting = {.config = algorithm_config, .params = algorithm->params, .layout = layout, .workers = (uint32_t)run->workers};
    const double tau = algorithm->tau ? algorithm->tau(&setting) : 1.0, d = (double)layout->d;
    char partition[DSGD_TEXT_MAX];
    dsgd_param_format(dsgd_param_find(dsgd_run_params, "partition"), run, partition, sizeof partition);
    *out = (struct theory_setting){
        .d = d,
        .k = real_of(algorithm, algorithm_config, "k", d),
        .tau = tau,
        .alpha = 0.5,
        .beta = run->step.beta,
        .mu = constants->mu,
        .L = constants->L,
        .steps = (double)run->steps,
        .workers = (double)run->workers,
        .compressor = compressor_of(algorithm, algorithm_config),
        /* auto is `step` for heavymix */
        .fresh_hashes = !has_word(algorithm, algorithm_config, "sketch_reseed", "run"),
        .rows = real_of(algorithm, algorithm_config, "rows", (double)NAN),
        .cols = real_of(algorithm, algorithm_config, "cols", (double)NAN),
        .shared_sampling = strcmp(partition, "shared") == 0,
        .with_replacement = run->sampling == DSGD_SAMPLING_REPLACEMENT,
        .step = step_of(run),
        .step_constant = run->step.constant,
        .average = average_of(run->average),
        .momentum = fmax(run->server_momentum, real_of(algorithm, algorithm_config, "momentum", 0.0)),
        .weight_decay = run->weight_decay,
    };
    if (out->compressor == THEORY_HEAVYMIX && out->k >= 1.0 && out->k <= d) {
        out->call_delta = theory_lemma1_delta(layout->d, (size_t)out->k, (uint32_t)out->rows, (uint32_t)out->cols);
    }
    return xi_of(run, constants, tau, &out->xi);
}
