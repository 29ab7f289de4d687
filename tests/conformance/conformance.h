/* conformance.h - an algorithm against a reference in double precision, state by state.
 *
 * A reference is written from the paper's lines on dense vectors and calls nothing of algorithms/. It and the real engine
 * get the same keyed gradients; after every step the update (which coordinates, exactly), the model, the named fields of
 * workers and server, and the vectors that the observer sees are compared.
 *
 * Bound. Numbers of the runs stay below SIZE = 32 (checked). A run keeps them in binary32 and makes at most ROUNDINGS = 4
 * roundings of 2^-24 relative to each of them a step; an error entering at one step survives later ones at most unchanged in
 * sums and multiplied by m in momentum, whose total gain is 1/(1 - m). So after T steps a number is within
 * SIZE * ROUNDINGS * T * 2^-24 / (1 - m) of its reference. Gradients depend on the model with slope `pull` <= 1/4, which pulls
 * errors together, not apart. Where a reference has another bound, it says so.
 */
#ifndef DSGD_TESTS_CONFORMANCE_H
#define DSGD_TESTS_CONFORMANCE_H

#include "sim/kernel/rng.h"
#include "tests/harness.h"

#ifndef CONFORM_D_MAX
#define CONFORM_D_MAX 64 /* a test of something larger says so before it includes this */
#endif
enum { D_MAX = CONFORM_D_MAX, W_MAX = 4, SEED_HASH = 11, SEED_ALGORITHM = 12 };

typedef double conform_vector[D_MAX];

/** One run: what the engine is told besides the algorithm's own section. */
struct conform_setting {
    uint32_t workers, steps;
    bool wide;                /* the second layout */
    bool blocks;              /* the third layout: more than three times 64 coordinates */
    double grain;             /* gradients are multiples of it, a power of two: exact arithmetic, zeros and ties; 0: not rounded */
    double pull;              /* slope of the gradient in the model */
    bool theory;              /* eta_t = 8 / (mu (32 + t)) instead of 1/4 */
    double decay;             /* weight decay ... */
    bool coupled;             /* ... in the gradient, not decoupled */
    double server_momentum;
    bool server_nesterov;
};

static const struct conform_setting conform_random = {.workers = 3, .steps = 30, .pull = 0.125};
/* multiples of 1/4 from -1/2 to 3/4: a quarter is 0, a pair of coordinates ties with chance 1/3 */
static const struct conform_setting conform_ties = {.workers = 4, .steps = 12, .grain = 0.25};
/* eta_t falls, the model shrinks */
static const struct conform_setting conform_theory = {.workers = 3, .steps = 30, .pull = 0.125, .theory = true, .decay = 0.05};
/* several blocks of 64 coordinates, the last one short */
static const struct conform_setting conform_of_blocks = {.workers = 3, .steps = 20, .pull = 0.125, .blocks = true};

/** A matrix, a bias and a vector; the second layout has vectors that are worth a matrix of their own. */
static const struct dsgd_segment conform_small[] = {{"first", 0, 12, 3, 4, DSGD_ROLE_WEIGHTS}, {"bias", 12, 3, 1, 3, DSGD_ROLE_BIAS},
                                                    {"last", 15, 5, 1, 5, DSGD_ROLE_NORM}};
static const struct dsgd_segment conform_wide[] = {{"first", 0, 24, 4, 6, DSGD_ROLE_WEIGHTS}, {"bias", 24, 7, 1, 7, DSGD_ROLE_BIAS},
                                                   {"last", 31, 23, 1, 23, DSGD_ROLE_NORM}};

static const struct dsgd_segment conform_blocks[] = {{"first", 0, 140, 10, 14, DSGD_ROLE_WEIGHTS}, {"bias", 140, 9, 1, 9, DSGD_ROLE_BIAS},
                                                     {"last", 149, 52, 1, 52, DSGD_ROLE_NORM}};

struct conform {
    struct conform_setting setting;
    struct harness h;
    struct dsgd_engine *engine;
    struct dsgd_layout layout;
    size_t d;
    double bound;
    uint32_t t;               /* the step that the reference is in */
    conform_vector x, buffer; /* the reference's model and server momentum */
    /* what the engine did in its last step */
    uint32_t inputs, kepts; /* how many workers' */
    conform_vector input[W_MAX], kept[W_MAX];
    struct dsgd_seen_update update;
    uint32_t index[D_MAX];
    float value[D_MAX];
};

static inline void conform_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct conform *c = self;
    *layout = c->layout;
    *n = 0;
}

/** The gradient of `worker` at the point `at` in step t, as the float that both sides see. */
static inline double conform_gradient_at(const struct conform *c, uint32_t t, uint32_t worker, uint32_t i, double at)
{
    const struct dsgd_rng_key key = {5, dsgd_rng_purpose("conformance gradient")};
    const struct dsgd_rng4 r = dsgd_rng_draw(key, i, t, worker, 0);
    double g = dsgd_rng_unit(dsgd_rng_u64(&r, 0)) - 0.5 + 0.15 * (double)(i % 3);
    if (c->setting.grain > 0.0) { g = rint(g / c->setting.grain) * c->setting.grain; }
    return (double)(float)(g + c->setting.pull * (double)(float)at);
}

/** What the algorithm gets: coupled decay is the engine's. */
static inline double conform_decayed_at(const struct conform *c, uint32_t t, uint32_t worker, uint32_t i, double at)
{
    return conform_gradient_at(c, t, worker, i, at) + (c->setting.coupled ? c->setting.decay * at : 0.0);
}

static inline enum dsgd_status conform_problem_gradient(const void *self, const float *x, const struct dsgd_batch *batch,
                                                        float *grad)
{
    const struct conform *c = self;
    for (uint32_t i = 0; i < c->d; ++i) { grad[i] = (float)conform_gradient_at(c, batch->step, batch->worker, i, (double)x[i]); }
    return DSGD_OK;
}

static inline enum dsgd_status conform_problem_evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    value[0] = x[0];
    return DSGD_OK;
}

static const struct dsgd_metric conform_metric[] = {{"objective", "1", "first coordinate"}};
static const struct dsgd_problem_ops conform_problem = {
    .name = "keyed", .metric = conform_metric, .metrics = 1, .shape = conform_shape, .gradient = conform_problem_gradient,
    .evaluate = conform_problem_evaluate};

/** The engine's tap: what entered a worker's compressor, and what it holds back. Workers come in ascending order. */
static inline void conform_view(void *context, uint32_t step, uint32_t worker, bool kept, const double *v)
{
    struct conform *c = context;
    assert_int_equal(step, c->t);
    uint32_t *seen = kept ? &c->kepts : &c->inputs;
    assert_int_equal(worker, *seen);
    assert_true(worker < c->setting.workers);
    memcpy(kept ? c->kept[worker] : c->input[worker], v, c->d * sizeof *v);
    ++*seen;
}

static inline void conform_seen(void *context, uint32_t step, const struct dsgd_seen_update *update)
{
    struct conform *c = context;
    assert_int_equal(step, c->t);
    assert_true(update->n <= c->d);
    c->update = *update;
    if (update->n > 0) { memcpy(c->value, update->value, update->n * sizeof *c->value); }
    if (update->n > 0 && update->index) { memcpy(c->index, update->index, update->n * sizeof *c->index); }
}

/** Opens a run of `algorithm` (with its section) under `setting`; `momentum` enters the bound. Caller: conform_close. */
static inline void conform_open(struct conform *c, const struct conform_setting *setting, const char *algorithm, double momentum)
{
    char text[2048];
    memset(c, 0, sizeof *c);
    c->setting = *setting;
    c->d = setting->blocks ? 201 : setting->wide ? 54 : 20;
    assert_true(c->d <= D_MAX);
    c->layout = (struct dsgd_layout){c->d, 3, setting->blocks ? conform_blocks : setting->wide ? conform_wide : conform_small};
    c->bound = 32.0 * 4.0 * setting->steps * 0x1p-24 / (1.0 - fmax(momentum, setting->server_momentum));
    snprintf(text, sizeof text, "problem = quadratic\nquadratic { d = %zu mu = 1 kappa = 2 }\nworkers = %u\nsteps = %u\n"
             "seed_hash = %d\nseed_algorithm = %d\nlog { every = 1 per_decade = 0 optimum = false }\n"
             "step_size = %s\nstep { constant = %s xi = 32 }\nweight_decay = %.9g\nweight_decay_mode = %s\n"
             "server_momentum = %.9g\nserver_nesterov = %s\n%s", c->d, setting->workers, setting->steps, SEED_HASH,
             SEED_ALGORITHM, setting->theory ? "theory" : "constant", setting->theory ? "8" : "0.25", setting->decay, setting->coupled ? "coupled" : "decoupled",
             setting->server_momentum, setting->server_nesterov ? "true" : "false", algorithm);
    HARNESS_OK(harness_open(&c->h, text, NULL, 1));
    struct dsgd_engine_args args = c->h.session.args;
    args.tap = (struct dsgd_tap){.update = conform_seen, .view = conform_view, .context = c};
    args.problem = &conform_problem;
    args.problem_self = c;
    HARNESS_OK(dsgd_engine_create(&args, &c->engine));
}

static inline void conform_close(struct conform *c)
{
    assert_int_equal(c->t, c->setting.steps);
    dsgd_engine_destroy(c->engine);
    harness_close(&c->h);
}

/** eta_t of the reference. */
static inline double conform_eta(const struct conform *c)
{
    return c->setting.theory ? 8.0 / (32.0 + c->t) : 0.25;
}

/** g = gradient of this worker at the reference's model. */
static inline void conform_gradient(const struct conform *c, uint32_t worker, double *g)
{
    for (uint32_t i = 0; i < c->d; ++i) { g[i] = conform_decayed_at(c, c->t, worker, i, c->x[i]); }
}

/** One step of the engine. */
static inline void conform_step(struct conform *c)
{
    c->inputs = c->kepts = 0;
    c->update = (struct dsgd_seen_update){.n = 0};
    HARNESS_OK(dsgd_engine_step(c->engine));
}

static inline void conform_compare(const struct conform *c, const char *what, uint32_t worker, uint32_t i, double actual,
                                   double expected, double bound)
{
    if (!(fabs(expected) <= 32.0) || !check_is_close(actual, expected, bound)) {
        print_error("step %u, %s[%u] of worker %u: %.17g, expected %.17g within %.3g\n", c->t, what, i, worker, actual, expected, bound);
        fail();
    }
}

/** The update (dense where chosen is NULL, else exactly the chosen coordinates) and the scale that it is applied with; then
 *  the model: x = (1 - shrink) x - scale * update, with the engine's momentum. Advances the reference to the next step. */
static inline void conform_update(struct conform *c, double scale, const double *update, const int *chosen)
{
    const double shrink = c->setting.coupled ? 0.0 : conform_eta(c) * c->setting.decay, m = c->setting.server_momentum;
    assert_int_equal(c->update.index != NULL, chosen != NULL);
    if (c->update.n > 0) { CHECK_CLOSE(c->update.scale, scale, 1e-12); }
    CHECK_CLOSE(c->update.shrink, shrink, 1e-12);
    size_t n = 0;
    for (uint32_t i = 0; i < c->d; ++i) {
        if (chosen && !chosen[i]) { continue; }
        if (n >= c->update.n || (chosen && c->index[n] != i)) {
            print_error("step %u: coordinate %u is not in the update of %zu\n", c->t, i, c->update.n);
            fail();
        }
        conform_compare(c, "update", 0, i, (double)c->value[n++], update[i], c->bound);
    }
    assert_int_equal(n, c->update.n);
    for (uint32_t i = 0; i < c->d; ++i) {
        double step = chosen && !chosen[i] ? 0.0 : update[i];
        if (m > 0.0 && n > 0) {
            c->buffer[i] = m * c->buffer[i] + step;
            step = c->setting.server_nesterov ? step + m * c->buffer[i] : c->buffer[i];
        }
        c->x[i] = (1.0 - shrink) * c->x[i] - scale * step;
        conform_compare(c, "model", 0, i, dsgd_engine_model(c->engine)[i], c->x[i], c->bound);
    }
    ++c->t;
}

/** One row of a field: `n` numbers of party number `row`. */
static inline void conform_row(const struct conform *c, const char *name, uint32_t row, size_t n, const double *expected)
{
    struct dsgd_saved saved = {.cols = 0};
    if (!harness_saved(c->engine, name, &saved)) { fail_msg("no persistent field %s", name); }
    double *actual = calloc(saved.cols, sizeof *actual);
    assert_non_null(actual);
    harness_row(c->engine, name, row, n, actual);
    for (uint32_t i = 0; i < n; ++i) { conform_compare(c, name, row, i, actual[i], expected[i], c->bound); }
    free(actual);
}

/** A worker's memory of d numbers; it is exactly 0 where, and only where, the reference is: what was cleared. Gradients must
 *  not be rounded for "only where". */
static inline void conform_memory(const struct conform *c, const char *name, conform_vector *expected)
{
    for (uint32_t w = 0; w < c->setting.workers; ++w) {
        conform_vector actual;
        conform_row(c, name, w, c->d, expected[w]);
        harness_row(c->engine, name, w, c->d, actual);
        for (uint32_t i = 0; i < c->d; ++i) { assert_int_equal(actual[i] == 0.0, expected[w][i] == 0.0); }
    }
}

/** A worker's field that has no exact zeros. */
static inline void conform_field(const struct conform *c, const char *name, conform_vector *expected)
{
    for (uint32_t w = 0; w < c->setting.workers; ++w) { conform_row(c, name, w, c->d, expected[w]); }
}

/** What the observer sees before settle: the compressor's input. */
static inline void conform_input(const struct conform *c, conform_vector *input)
{
    assert_int_equal(c->inputs, c->setting.workers);
    for (uint32_t w = 0; w < c->setting.workers; ++w) {
        for (uint32_t i = 0; i < c->d; ++i) { conform_compare(c, "input", w, i, c->input[w][i], input[w][i], c->bound); }
    }
}

/** What it sees after settle: what a worker keeps back. */
static inline void conform_kept(const struct conform *c, conform_vector *kept)
{
    assert_int_equal(c->kepts, c->setting.workers);
    for (uint32_t w = 0; w < c->setting.workers; ++w) {
        for (uint32_t i = 0; i < c->d; ++i) { conform_compare(c, "kept", w, i, c->kept[w][i], kept[w][i], c->bound); }
    }
}

/** The observer's row of step t, for round t - 1: ||p||^2 and ||p - u||^2 with p the mean input and u what came out of the
 *  compressor, both as the reference has them. Norms differ by at most the norm of the difference; `gain` is what u's error is
 *  multiplied with. Needs log { every = 1 } and one more step of the engine. */
static inline void conform_oracle(const struct conform *c, uint32_t t, const double *p, const double *u, double gain)
{
    const struct dsgd_table *oracle = dsgd_engine_table(c->engine, 2);
    const struct dsgd_column *input = dsgd_table_find(oracle, "input_norm2"), *error = dsgd_table_find(oracle, "error_norm2");
    double p2 = 0.0, e2 = 0.0;
    for (size_t i = 0; i < c->d; ++i) {
        p2 += p[i] * p[i];
        e2 += (p[i] - u[i]) * (p[i] - u[i]);
    }
    assert_true(oracle->rows > t);
    CHECK_CLOSE(sqrt(input->cell[t].f), sqrt(p2), sqrt((double)c->d) * c->bound);
    CHECK_CLOSE(sqrt(error->cell[t].f), sqrt(e2), sqrt((double)c->d) * (1.0 + gain) * c->bound);
}

/** No field of this name. */
static inline void conform_absent(const struct conform *c, const char *name)
{
    struct dsgd_saved saved = {.cols = 0};
    assert_false(harness_saved(c->engine, name, &saved));
}

/* ---- what several references need ---- */

/** A code for indices, another one at each call: results must not depend on it. */
static inline const char *conform_indices(void)
{
    static const char *const code[] = {"cheapest", "raw", "fixed", "delta", "bitmap"};
    static unsigned calls;
    return code[calls++ % (sizeof code / sizeof *code)];
}

/** The order of top-k: magnitude, then lower index. */
static inline bool conform_before(const double *v, uint32_t i, uint32_t j)
{
    return fabs(v[i]) > fabs(v[j]) || (fabs(v[i]) == fabs(v[j]) && i < j);
}

/** chosen[i] = 1 for the k largest |v| among coordinates with allowed[i] (NULL: all). */
static inline void conform_top(size_t d, const double *v, const int *allowed, size_t k, int *chosen)
{
    for (uint32_t i = 0; i < d; ++i) {
        size_t before = 0;
        for (uint32_t j = 0; j < d; ++j) { before += (!allowed || allowed[j]) && j != i && conform_before(v, j, i); }
        chosen[i] = (!allowed || allowed[i]) && before < k;
    }
}

/** Word i % 4 of the draw with item i / 4. */
static inline uint32_t conform_word(const char *purpose, uint32_t i, uint32_t step, uint32_t worker)
{
    const struct dsgd_rng_key key = {SEED_ALGORITHM, dsgd_rng_purpose(purpose)};
    return dsgd_rng_draw(key, i / 4, step, worker, 0).word[i % 4];
}

/** Nearest number with `bits` bits after the leading one, ties to even; exponents down to `lowest` keep all bits. */
static inline double conform_round(double v, int bits, int lowest)
{
    int exponent;
    if (v == 0.0) { return v; }
    frexp(v, &exponent); /* |v| in [2^(exponent-1), 2^exponent) */
    const double grain = ldexp(1.0, (exponent - 1 < lowest ? lowest : exponent - 1) - bits);
    return rint(v / grain) * grain; /* both exact but rint, which is in the default mode: ties to even */
}

enum { CONFORM_FP32, CONFORM_FP16, CONFORM_BF16 };
static const char *const conform_values[] = {"fp32", "fp16", "bf16"};

/** As a receiver reads it: binary16 has 10 bits and exponents from -14, bfloat16 7 and -126. */
static inline double conform_as(int values, double v)
{
    return values == CONFORM_FP16 ? conform_round(v, 10, -14) : values == CONFORM_BF16 ? conform_round(v, 7, -126) : v;
}

#endif
