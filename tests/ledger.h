/* ledger.h - real rounds on gradients that are made for counting, and what they cost by kind and direction. */
#ifndef DSGD_TESTS_LEDGER_H
#define DSGD_TESTS_LEDGER_H

#include "sim/kernel/rng.h"
#include "tests/harness.h"

/** How the gradients of the workers relate. */
enum ledger_gradients {
    LEDGER_EQUAL,    /* all workers, all steps the same: unions are k, no code depends on the worker */
    LEDGER_DISJOINT, /* worker w is large at i = w (mod W) only: unions are as large as they can be */
    LEDGER_SIGNS,    /* -1, 0, 1 with a zero at every second coordinate, all workers the same */
    LEDGER_RANDOM    /* independent of each other and from step to step */
};

/** One setting. */
struct ledger_case {
    const char *text;                /* algorithm and its section */
    size_t d;
    uint32_t workers;
    int64_t steps;
    enum ledger_gradients gradients;
    const struct dsgd_segment *segment; /* NULL: one vector */
    size_t segments;
};

struct ledger_problem {
    const struct ledger_case *c;
    struct dsgd_segment whole;
};

static inline void ledger_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct ledger_problem *p = self;
    *layout = p->c->segment ? (struct dsgd_layout){p->c->d, p->c->segments, p->c->segment} : (struct dsgd_layout){p->c->d, 1, &p->whole};
    *n = 0;
}

/** Magnitudes are distinct: an odd multiplier permutes 32-bit words (Knuth's multiplicative hash). */
static inline float ledger_value(size_t i)
{
    const uint32_t word = (uint32_t)i * 2654435769u;
    return (word & 1 ? -1.0f : 1.0f) * (1.0f + (float)(word >> 8) * 0x1p-24f);
}

static inline enum dsgd_status ledger_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct ledger_problem *p = self;
    (void)x;
    for (size_t i = 0; i < p->c->d; ++i) {
        const bool mine = i % p->c->workers == batch->worker;
        const uint32_t shift = (batch->step * 7919u + batch->worker) * 104729u;
        switch (p->c->gradients) {
        case LEDGER_EQUAL: grad[i] = ledger_value(i); break;
        case LEDGER_DISJOINT: grad[i] = ledger_value(i) * (mine ? 1.0f : 0x1p-20f); break;
        case LEDGER_SIGNS: grad[i] = i % 2 ? 0.0f : i % 4 ? -1.0f : 1.0f; break;
        case LEDGER_RANDOM: grad[i] = ledger_value(i + shift); break;
        }
    }
    return DSGD_OK;
}

static inline enum dsgd_status ledger_evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    value[0] = x[0];
    return DSGD_OK;
}

/** Runs the setting and returns the ledger after its last step; `tap` may be all zero. */
static inline struct dsgd_ledger ledger_run(const struct ledger_case *c, struct dsgd_tap tap)
{
    static const struct dsgd_metric metric[] = {{"objective", "1", "first coordinate"}};
    static const struct dsgd_problem_ops ops = {.name = "counting", .metric = metric, .metrics = 1, .shape = ledger_shape,
                                                .gradient = ledger_gradient, .evaluate = ledger_evaluate};
    char path[256];
    harness_path(path, sizeof path, ".conf");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "problem = quadratic\nworkers = %u\nsteps = %lld\nstep { constant = 0.0625 }\nlog { per_decade = 0 oracle = false }\n%s\n",
            c->workers, (long long)c->steps, c->text);
    fclose(file);
    struct dsgd_spec spec;
    HARNESS_OK(dsgd_spec_load(path, NULL, 0, &spec));
    unlink(path);
    const struct ledger_problem problem = {c, {.name = "all", .count = c->d, .rows = 1, .cols = c->d}};
    const struct dsgd_engine_args args = {.config = &spec.run, .problem = &ops, .problem_self = &problem, .algorithm = spec.algorithm,
                                          .algorithm_config = spec.algorithm_config, .constants = {NAN, NAN, NAN}, .f_star = NAN,
                                          .threads = 1, .tap = tap};
    struct dsgd_engine *engine = NULL;
    HARNESS_OK(dsgd_engine_create(&args, &engine));
    harness_finish(engine);
    assert_int_equal(dsgd_engine_status(engine), DSGD_COMPLETE);
    const struct dsgd_ledger ledger = *dsgd_engine_ledger(engine);
    dsgd_engine_destroy(engine);
    dsgd_spec_clear(&spec);
    return ledger;
}

/** The ratios of `dsgd show`: 2 d floats against what was sent. */
static inline double ledger_values_ratio(const struct dsgd_ledger *l, size_t d)
{
    double bytes = 0.0;
    for (int k = 0; k < DSGD_KINDS; ++k) { bytes += dsgd_kind_is_value((enum dsgd_kind)k) ? (double)l->up[k] + (double)l->down[k] : 0.0; }
    return 8.0 * (double)d * (double)l->worker_steps / bytes;
}

static inline double ledger_wire_ratio(const struct dsgd_ledger *l, size_t d)
{
    double bytes = 0.0;
    for (int k = 0; k < DSGD_KINDS; ++k) { bytes += (double)l->up[k] + (double)l->down[k]; }
    return 8.0 * (double)d * (double)l->worker_steps / bytes;
}

#endif
