/* structured.h - a problem with a matrix and a bias whose gradients are known beforehand, and runs on it, for identities.
 *
 * Gradients are keyed by step and worker and do not depend on the model, so that sums over steps are known.
 */
#ifndef DSGD_TESTS_STRUCTURED_H
#define DSGD_TESTS_STRUCTURED_H

#include "sim/kernel/rng.h"
#include "tests/harness.h"

enum { ROWS = 12, COLS = 10, M = ROWS * COLS, BIAS = 7, D = M + BIAS };
enum kind { INTEGERS, SPARSE, CONSTANT, RANK_TWO, RANK_GROWS, NOISY };

static const struct dsgd_segment segment[] = {{"matrix", 0, M, ROWS, COLS}, {"bias", M, BIAS, 1, BIAS}};

static inline void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    (void)self;
    *layout = (struct dsgd_layout){D, 2, segment};
    *n = 0;
}

/* Orthonormal vectors: rows of the discrete cosine transform. */
static inline double wave(int n, int k, int i)
{
    return sqrt(2.0 / n) * cos(3.14159265358979323846 * (i + 0.5) * k / n);
}

/* sum over the first `rank` of 2^(3-k) times a product of waves: singular values 8, 4, 2, 1, 1/2; k = 0 .. 4 */
static inline double element(int rank, int i, int j)
{
    double sum = 0.0;
    for (int k = 0; k < rank; ++k) { sum += ldexp(wave(ROWS, k + 1, i) * wave(COLS, k + 1, j), 3 - k); }
    return sum;
}

static inline enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    (void)x;
    const enum kind kind = *(const enum kind *)self;
    const struct dsgd_rng_key key = {3, dsgd_rng_purpose("structured test gradient")};
    for (int i = 0; i < D; ++i) {
        const struct dsgd_rng4 r = dsgd_rng_draw(key, (uint32_t)i, batch->step, batch->worker, 0);
        const double integer = (double)(r.word[0] % 17) - 8.0 + 4.0 * (i % 5); /* a worker's part plus a common part */
        const int rank = kind == CONSTANT ? 5 : kind == RANK_GROWS && batch->step < 3 ? batch->step > 0 : 2;
        const double factor = kind == CONSTANT ? 1.0 : 1.0 + (double)(r.word[1] % 2 + batch->worker); /* one for each row */
        const struct dsgd_rng4 row = dsgd_rng_draw(key, 1000, batch->step, batch->worker, 0);
        switch (kind) {
        case INTEGERS: grad[i] = (float)integer; break;
        case SPARSE: grad[i] = i % 7 == 3 ? (float)integer : 0.0f; break;
        case NOISY: grad[i] = (float)(integer / 7.0); break;
        default: grad[i] = i < M ? (float)(element(rank, i / COLS, i % COLS) * (kind == CONSTANT ? 1.0 : 1.0 + row.word[0] % 3)) : (float)factor;
        }
    }
    return DSGD_OK;
}

static inline enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    value[0] = x[0];
    return DSGD_OK;
}

static const struct dsgd_metric metric[] = {{"objective", "1", "first coordinate"}};
static const struct dsgd_problem_ops problem = {.name = "structured", .metric = metric, .metrics = 1, .shape = shape,
                                                .gradient = gradient, .evaluate = evaluate};

static inline struct dsgd_engine *open_kind(struct harness *h, enum kind *kind, int workers, const char *more)
{
    char text[1024];
    struct dsgd_engine *engine = NULL;
    snprintf(text, sizeof text, "problem = quadratic\nworkers = %d\nsteps = 24\nstep { constant = 0.25 }\naverage = uniform\n"
                                "log { every = 1 oracle = false }\n%s", workers, more);
    HARNESS_OK(harness_open(h, text, NULL, 2));
    struct dsgd_engine_args args = h->session.args;
    args.problem = &problem;
    args.problem_self = kind;
    HARNESS_OK(dsgd_engine_create(&args, &engine));
    return engine;
}

static inline void close_kind(struct harness *h, struct dsgd_engine *engine)
{
    dsgd_engine_destroy(engine);
    harness_close(h);
}

/* Model after all steps. */
static inline void model_of(enum kind kind, int workers, const char *more, double *x)
{
    struct harness h;
    struct dsgd_engine *engine = open_kind(&h, &kind, workers, more);
    harness_finish(engine);
    memcpy(x, dsgd_engine_model(engine), D * sizeof *x);
    close_kind(&h, engine);
}

static inline double difference(enum kind kind, int workers, const char *a, const char *b)
{
    double x[D], y[D], worst = 0.0;
    model_of(kind, workers, a, x);
    model_of(kind, workers, b, y);
    for (int i = 0; i < D; ++i) { worst = fabs(x[i] - y[i]) <= worst ? worst : fabs(x[i] - y[i]); }
    return worst;
}

static inline void digest_of(enum kind kind, const char *more, char digest[65])
{
    struct harness h;
    struct dsgd_engine *engine = open_kind(&h, &kind, 4, more);
    harness_finish(engine);
    harness_digest(engine, digest);
    close_kind(&h, engine);
}

static inline double max_difference(const char *a, const char *b)
{
    static const char *const base = "problem = quadratic\nquadratic { d = 50 kappa = 5 sigma = 1 }\nworkers = 4\nsteps = 100\nstep { constant = 0.05 }\n";
    char text[1024];
    double *x = NULL, *y = NULL, worst = 0.0;
    snprintf(text, sizeof text, "%s%s", base, a);
    const size_t d = harness_model(text, NULL, &x);
    snprintf(text, sizeof text, "%s%s", base, b);
    assert_int_equal(harness_model(text, NULL, &y), d);
    for (size_t i = 0; i < d; ++i) { worst = fabs(x[i] - y[i]) <= worst ? worst : fabs(x[i] - y[i]); }
    free(x);
    free(y);
    return worst;
}

#endif
