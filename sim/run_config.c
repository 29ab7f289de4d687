/* run_config.c - tables of the engine's keys, and the grid of logged steps. */
#include "sim/run_config.h"

#include <math.h>
#include <stddef.h>

#include "sim/kernel/maths.h"

#define AT(field) offsetof(struct dsgd_run_config, field)
#define SEED_MAX 4294967295.0

const struct dsgd_param dsgd_run_params[] = {
    {"label", DSGD_PARAM_TEXT, AT(label), "", 0, 0, NULL, "name of the curve in tables and figures; not part of the hash, an existing result keeps its own"},
    {"dataset", DSGD_PARAM_TEXT, AT(dataset), "mnist", 0, 0, NULL, "see `dsgd list datasets`; ignored by problems without data"},
    {"problem", DSGD_PARAM_TEXT, AT(problem), "logistic", 0, 0, NULL, "see `dsgd list problems`"},
    {"algorithm", DSGD_PARAM_TEXT, AT(algorithm), "sgd", 0, 0, NULL, "see `dsgd list algorithms`; alias: compressor"},
    {"backend", DSGD_PARAM_TEXT, AT(backend), "cpu", 0, 0, NULL,
     "where vectors and messages live: cpu, cuda, or some GPUs as in cuda:0,1; guard: the CPU, in memory that only the device's own code can reach, for tests; alias: device"},
    {"workers", DSGD_PARAM_INT, AT(workers), "4", 1, 1e6, NULL, "W; alias: num_workers, world_size"},
    {"batch", DSGD_PARAM_INT, AT(batch), "1", 1, 1e6, NULL, "examples per worker and step; alias: local batch size"},
    {"steps", DSGD_PARAM_INT, AT(steps), "1000", 1, 4294967294.0, NULL, "T, updates of the model; alias: iterations"},
    {"seed", DSGD_PARAM_INT, AT(seed), "1", 0, SEED_MAX, NULL, "seed of everything without a seed of its own"},
    {"seed_data", DSGD_PARAM_INT, AT(seed_data), "-1", -1, SEED_MAX, NULL, "minibatches and synthetic data; -1 = seed"},
    {"seed_hash", DSGD_PARAM_INT, AT(seed_hash), "-1", -1, SEED_MAX, NULL, "hash functions; -1 = seed"},
    {"seed_algorithm", DSGD_PARAM_INT, AT(seed_algorithm), "-1", -1, SEED_MAX, NULL, "an algorithm's coins; -1 = seed"},
    {"sampling", DSGD_PARAM_CHOICE, AT(sampling), "replacement", 0, 0, "replacement|epoch",
     "replacement: independent draws; epoch: all workers together take every example once in a random order, then again in another"},
    {"partition", DSGD_PARAM_CHOICE, AT(partition), "shared", 0, 0, "shared", "shared: every worker draws from the whole set"},
    {"emulation", DSGD_PARAM_CHOICE, AT(emulation), "faithful", 0, 0, "faithful|merged",
     "faithful: W workers; merged: one worker on the mean gradient, where that is the same"},
    {"average", DSGD_PARAM_CHOICE, AT(average), "none", 0, 0, "none|uniform|theory",
     "iterate that is evaluated: w_T, mean of w_0..w_{T-1}, or weighted by (xi + t)^2"},
    {"step_size", DSGD_PARAM_CHOICE, AT(step_size), "constant", 0, 0, "constant|invsqrt|theory|triangle|cosine|piecewise|linear|noam",
     "eta_t = constant, constant/sqrt(steps), constant/(mu (xi + t)), or constant times a function of time; see section step"},
    {"weight_decay", DSGD_PARAM_REAL, AT(weight_decay), "0", 0, 1e6, NULL, "not part of f (that is problem.l2); alias: wd"},
    {"weight_decay_mode", DSGD_PARAM_CHOICE, AT(weight_decay_mode), "coupled", 0, 0, "coupled|decoupled",
     "coupled: added to each worker's gradient; decoupled: x shrinks by eta_t weight_decay"},
    {"server_momentum", DSGD_PARAM_REAL, AT(server_momentum), "0", 0, 0.999999, NULL,
     "m in buffer = m buffer + update, after compression, at every replica alike; alias: virtual_momentum, optimizer momentum"},
    {"server_nesterov", DSGD_PARAM_BOOL, AT(server_nesterov), "false", 0, 0, NULL,
     "x moves by update + m buffer instead of buffer"},
    DSGD_PARAM_END,
};

const struct dsgd_param dsgd_step_params[] = {
    {"constant", DSGD_PARAM_REAL, AT(step.constant), "0.1", 1e-300, 1e300, NULL,
     "the constant above (theory: the paper's 8); alias: lr"},
    {"beta", DSGD_PARAM_REAL, AT(step.beta), "5", 4.000001, 1e6, NULL, "theory: beta > 4 of Lemma 3"},
    {"xi", DSGD_PARAM_TEXT, AT(step.xi), "repaired", 0, 0, NULL,
     "theory: paper = above 1 + (1 + beta)/(tau (1 + rho)); repaired = also at least 32 L/mu; or a number"},
    {"unit", DSGD_PARAM_CHOICE, AT(step.unit), "steps", 0, 0, "steps|epochs", "of warmup, peak_at and knots; an epoch is n/(workers batch) steps"},
    {"warmup", DSGD_PARAM_REAL, AT(step.warmup), "0", 0, 1e12, NULL,
     "eta_t grows linearly from 0 until then; 0 = none; not with theory and triangle; noam needs it; alias: warmup_epochs"},
    {"peak_at", DSGD_PARAM_REAL, AT(step.peak_at), "0", 0, 1e12, NULL,
     "triangle: from 0 linearly to the constant at this time, then linearly to final constant at the end; alias: pivot_epoch"},
    {"final", DSGD_PARAM_REAL, AT(step.final), "0", 0, 1, NULL, "triangle, cosine, linear: share of the constant that is left at the end; alias: eta_min"},
    {"knots", DSGD_PARAM_TEXT, AT(step.knots), "", 0, 0, NULL,
     "piecewise: time:factor ..., linear in between, factors of the constant; two at one time are a jump; alias: milestones"},
    {"clip", DSGD_PARAM_REAL, AT(step.clip), "0", 0, 1e30, NULL,
     "each worker's gradient, weight decay included, is made this long where it is longer (Euclidean norm); 0 = as it is; alias: max_norm, clip_norm"},
    DSGD_PARAM_END,
};

static const struct dsgd_param log_params[] = {
    {"per_decade", DSGD_PARAM_INT, AT(log.per_decade), "8", 0, 1000, NULL, "rows per decade of steps, log-spaced; 0 = none"},
    {"every", DSGD_PARAM_INT, AT(log.every), "0", 0, 4294967295.0, NULL, "also a row every so many steps; 0 = none"},
    {"evaluate_every", DSGD_PARAM_INT, AT(log.evaluate_every), "0", 0, 4294967295.0, NULL,
     "metrics only in rows that are so many steps apart, in the first and the last; words, oracle and times in all; 0 = all"},
    {"oracle", DSGD_PARAM_BOOL, AT(log.oracle), "true", 0, 0, NULL, "columns that nobody in the network could know"},
    {"optimum", DSGD_PARAM_BOOL, AT(log.optimum), "true", 0, 0, NULL, "column gap = f - f*, where a certified f* can be had"},
    DSGD_PARAM_END,
};

static const struct dsgd_param eval_params[] = {
    {"examples", DSGD_PARAM_INT, AT(eval.examples), "0", 0, 4294967295.0, NULL,
     "objective and training error over so many training examples, the first ones; 0 = all; deep models"},
    DSGD_PARAM_END,
};

const struct dsgd_run_section dsgd_run_sections[] = {{"step", dsgd_step_params}, {"log", log_params}, {"eval", eval_params}, {NULL, NULL}};

bool dsgd_run_key_matters(const struct dsgd_run_config *config, const struct dsgd_param *param)
{
    const bool triangle = config->step_size == DSGD_STEP_TRIANGLE, piecewise = config->step_size == DSGD_STEP_PIECEWISE;
    switch (param->offset) {
    case AT(step.unit): return triangle || piecewise || config->step.warmup > 0.0;
    case AT(step.warmup): return config->step.warmup > 0.0;
    case AT(step.peak_at): return triangle;
    case AT(step.final): return triangle || config->step_size == DSGD_STEP_COSINE || config->step_size == DSGD_STEP_LINEAR;
    case AT(step.knots): return piecewise;
    case AT(log.evaluate_every): return config->log.evaluate_every > 0;
    case AT(eval.examples): return config->eval.examples > 0;
    case AT(step.clip): return config->step.clip > 0.0;
    default: return true;
    }
}

uint32_t dsgd_run_seed(const struct dsgd_run_config *config, int64_t seed_x)
{
    return (uint32_t)(seed_x >= 0 ? seed_x : config->seed);
}

int64_t dsgd_run_rows(const struct dsgd_run_config *config)
{
    const int64_t every = config->log.every, steps = config->steps;
    int64_t rows = 2 + (every > 0 ? (steps - 1) / every : 0); /* the first, the last, the multiples in between */
    int64_t last = 0;
    const int64_t points = config->log.per_decade > 0 ? (int64_t)ceil(dsgd_log10((double)steps) * (double)config->log.per_decade) : -1;
    for (int64_t j = 0; j <= points; ++j) {
        const int64_t point = llround(dsgd_pow(10.0, (double)j / (double)config->log.per_decade));
        if (point > last && point < steps && (every == 0 || point % every != 0)) { ++rows; }
        last = point > last ? point : last;
    }
    return rows;
}

int64_t dsgd_run_next_row(const struct dsgd_run_config *config, int64_t step)
{
    if (step < 0) { return 0; }
    int64_t next = config->steps;
    if (config->log.every > 0) {
        const int64_t multiple = (step / config->log.every + 1) * config->log.every;
        next = multiple < next ? multiple : next;
    }
    if (config->log.per_decade > 0) {
        /* grid points round(10^(j / per_decade)); start one point low, rounding may hide neighbours */
        const double per = (double)config->log.per_decade;
        int64_t j = step > 0 ? (int64_t)floor(dsgd_log10((double)step) * per) - 1 : 0;
        int64_t point = 0;
        for (; point <= step; ++j) { point = llround(dsgd_pow(10.0, (double)j / per)); }
        next = point < next ? point : next;
    }
    return next;
}

bool dsgd_run_evaluates(const struct dsgd_run_config *config, int64_t step, int64_t last)
{
    return last < 0 || step == config->steps || step - last >= config->log.evaluate_every;
}

int64_t dsgd_run_evaluations(const struct dsgd_run_config *config)
{
    if (config->log.evaluate_every == 0) { return dsgd_run_rows(config); }
    int64_t n = 1, last = 0;
    for (int64_t step = 0; step < config->steps;) {
        step = dsgd_run_next_row(config, step);
        if (dsgd_run_evaluates(config, step, last)) {
            last = step;
            ++n;
        }
    }
    return n;
}
