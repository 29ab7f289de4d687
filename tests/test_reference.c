/* test_reference.c - the algorithms against references in double precision, written from the paper's lines on dense vectors.
 *
 * W = 3, d = 20 in segments of 12, 3 and 5, gradients keyed and independent of the model. Nothing below calls algorithms/
 * for a result. Tolerance: the runs work in floats, values stay below 16, fewer than 2^4 roundings of 2^-24 relative a
 * step and 30 steps: 16 * 2^4 * 30 * 2^-24 < 5e-4; what is kept in doubles agrees to 1e-12 a step.
 */
#include "sim/rng.h"
#include "tests/harness.h"

enum { D = 20, W = 3, T = 30 };

static const struct dsgd_segment segment[] = {{"first", 0, 12, 3, 4}, {"bias", 12, 3, 1, 3}, {"last", 15, 5, 1, 5}};

static void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    (void)self;
    *layout = (struct dsgd_layout){D, 3, segment};
    *n = 0;
}

static void fill_gradient(uint32_t step, uint32_t worker, float *grad)
{
    const struct dsgd_rng_key key = {5, dsgd_rng_purpose("reference test gradient")};
    for (uint32_t i = 0; i < D; ++i) {
        const struct dsgd_rng4 r = dsgd_rng_draw(key, i, step, worker, 0);
        grad[i] = (float)(2.0 * dsgd_rng_unit(dsgd_rng_u64(&r, 0)) - 1.0 + 0.3 * (double)(i % 3));
    }
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    (void)self, (void)x;
    fill_gradient(batch->step, batch->worker, grad);
    return DSGD_OK;
}

static enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    value[0] = x[0];
    return DSGD_OK;
}

static const struct dsgd_metric metric[] = {{"objective", "1", "first coordinate"}};
static const struct dsgd_problem_ops problem = {.name = "keyed", .metric = metric, .metrics = 1, .shape = shape, .gradient = gradient,
                                                .evaluate = evaluate};

static struct dsgd_engine *open_engine(struct harness *h, const char *more)
{
    char text[1024];
    struct dsgd_engine *engine = NULL;
    snprintf(text, sizeof text, "problem = quadratic\nworkers = 3\nsteps = 30\nstep { constant = 0.3 }\naverage = uniform\n%s", more);
    HARNESS_OK(harness_open(h, text, NULL, 1));
    struct dsgd_engine_args args = h->session.args;
    args.problem = &problem;
    args.problem_self = NULL;
    HARNESS_OK(dsgd_engine_create(&args, &engine));
    return engine;
}

static bool larger(const double *v, int i, int j) /* the order of top-k: magnitude, then lower index */
{
    return fabs(v[i]) > fabs(v[j]) || (fabs(v[i]) == fabs(v[j]) && i < j);
}

/* chosen[i] = 1 for the k largest |v| among coordinates with allowed[i] */
static void top_k(const double *v, const int *allowed, int k, int *chosen)
{
    for (int i = 0; i < D; ++i) {
        int before = 0;
        for (int j = 0; j < D; ++j) { before += allowed[j] && j != i && larger(v, j, i); }
        chosen[i] = allowed[i] && before < k;
    }
}

static double distance(const double *a, const double *b)
{
    double worst = 0.0;
    for (int i = 0; i < D; ++i) {
        const double difference = fabs(a[i] - b[i]);
        worst = difference <= worst ? worst : difference;
    }
    return worst;
}

/* Algorithm 3 with every coordinate a candidate: the exact sums decide, the sketch does not matter. */
static void algorithm3(double momentum, int k, bool lr_inside, int dense_below, const char *more)
{
    struct harness h;
    struct dsgd_engine *engine = open_engine(&h, more);
    double x[D] = {0}, u[W][D] = {{0}}, v[W][D] = {{0}}, average[D] = {0};
    const double eta = 0.3;
    int allowed[D], chosen[D];
    for (int i = 0; i < D; ++i) { allowed[i] = !((i < 12 ? 12 : i < 15 ? 3 : 5) < dense_below); }
    for (uint32_t t = 0; t < T; ++t) {
        double mean[D] = {0};
        for (int i = 0; i < D; ++i) { average[i] += x[i] / T; }
        for (uint32_t w = 0; w < W; ++w) {
            float g[D];
            fill_gradient(t, w, g);
            for (int i = 0; i < D; ++i) {
                u[w][i] = momentum * u[w][i] + (double)g[i];        /* u_i = m u_i + g_i */
                v[w][i] += (lr_inside ? eta : 1.0) * u[w][i];       /* v_i += u_i */
                mean[i] += v[w][i] / W;                             /* exact values, averaged */
            }
        }
        top_k(mean, allowed, k, chosen);                            /* the k largest of the sums */
        for (int i = 0; i < D; ++i) {
            if (!allowed[i] || chosen[i]) {
                x[i] -= (lr_inside ? 1.0 : eta) * mean[i];          /* w -= eta g~; dense segments in full */
                for (int w = 0; w < W; ++w) {
                    v[w][i] = 0.0;                                  /* error reset */
                    if (allowed[i]) { u[w][i] = 0.0; }              /* momentum factor masking, not for dense segments */
                }
            }
        }
        HARNESS_OK(dsgd_engine_step(engine));
        CHECK_CLOSE(distance(x, dsgd_engine_model(engine)), 0.0, 5e-4);
        for (uint32_t w = 0; w < W; ++w) {
            double state[D];
            for (int i = 0; i < D; ++i) { state[i] = (double)((float *)dsgd_engine_worker(engine, w)->field[0])[i]; }
            CHECK_CLOSE(distance(v[w], state), 0.0, 5e-4);
        }
    }
    CHECK_CLOSE(distance(average, dsgd_engine_output(engine)), 0.0, 5e-4);
    dsgd_engine_destroy(engine);
    harness_close(&h);
}

static void sketched_topk_matches_algorithm3(void **state)
{
    (void)state;
    algorithm3(0.0, 4, false, 0, "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 4 candidates = 5 cols = 6 }\n");
    algorithm3(0.9, 4, false, 0, "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 4 candidates = 5 cols = 6 momentum = 0.9 }\n");
    algorithm3(0.9, 4, true, 0,
               "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 4 candidates = 5 cols = 6 momentum = 0.9 lr_inside = true }\n");
    algorithm3(0.9, 3, false, 4,
               "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 3 candidates = 9 cols = 6 momentum = 0.9 dense_below = 4 }\n");
    algorithm3(0.5, 2, false, 6,
               "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 2 candidates = 9 cols = 6 momentum = 0.5 dense_below = 6 }\n");
}

/* With P = 0 and a table so wide that nothing collides in most rows, the estimates are the values. */
static void sketched_topk_no_second_round_matches_algorithm3(void **state)
{
    (void)state;
    algorithm3(0.9, 4, false, 0,
               "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = 4 candidates = 0 rows = 9 cols = 20000 momentum = 0.9 }\n");
}

/* Local top-k: each worker's own k largest; u and v cleared there; mean over all workers. */
static void local_topk_matches_reference(void **state)
{
    (void)state;
    const char *settings[2] = {"algorithm = local_topk\nlocal_topk { k = 4 }\n", "algorithm = local_topk\nlocal_topk { k = 4 momentum = 0.9 }\n"};
    for (int s = 0; s < 2; ++s) {
        struct harness h;
        struct dsgd_engine *engine = open_engine(&h, settings[s]);
        const double momentum = s == 0 ? 0.0 : 0.9;
        double x[D] = {0}, u[W][D] = {{0}}, v[W][D] = {{0}};
        int all[D], chosen[D];
        for (int i = 0; i < D; ++i) { all[i] = 1; }
        for (uint32_t t = 0; t < T; ++t) {
            double sum[D] = {0};
            for (uint32_t w = 0; w < W; ++w) {
                float g[D];
                fill_gradient(t, w, g);
                for (int i = 0; i < D; ++i) {
                    u[w][i] = momentum * u[w][i] + (double)g[i];
                    v[w][i] += u[w][i];
                }
                top_k(v[w], all, 4, chosen);
                for (int i = 0; i < D; ++i) {
                    if (!chosen[i]) { continue; }
                    sum[i] += v[w][i];
                    u[w][i] = v[w][i] = 0.0;
                }
            }
            for (int i = 0; i < D; ++i) { x[i] -= 0.3 * sum[i] / W; }
            HARNESS_OK(dsgd_engine_step(engine));
            CHECK_CLOSE(distance(x, dsgd_engine_model(engine)), 0.0, 5e-4);
        }
        dsgd_engine_destroy(engine);
        harness_close(&h);
    }
}

/* Algorithm 2: w_t - mean a_t = w_0 - sum eta mean g (the virtual iterate), whatever HEAVYMIX chose, in doubles; and the
 * update has k coordinates whose values are the means of gbar_i, so mean a is 0 there. */
static void sketched_heavymix_virtual_iterate(void **state)
{
    (void)state;
    const char *settings[2] = {"algorithm = sketched_sgd\nsketched_sgd { k = 4 rows = 3 cols = 6 }\n",
                               "algorithm = sketched_sgd\nsketched_sgd { k = 4 rows = 3 cols = 6 own_value = true }\n"};
    for (int s = 0; s < 2; ++s) {
        struct harness h;
        struct dsgd_engine *engine = open_engine(&h, settings[s]);
        double virtual_x[D] = {0};
        for (uint32_t t = 0; t < T; ++t) {
            double mean_a[D] = {0}, actual[D];
            for (uint32_t w = 0; w < W; ++w) {
                float g[D];
                fill_gradient(t, w, g);
                for (int i = 0; i < D; ++i) { virtual_x[i] -= 0.3 * (double)g[i] / W; }
            }
            HARNESS_OK(dsgd_engine_step(engine));
            int zero = 0;
            for (uint32_t w = 0; w < W; ++w) {
                for (int i = 0; i < D; ++i) { mean_a[i] += ((double *)dsgd_engine_worker(engine, w)->field[0])[i] / W; }
            }
            for (int i = 0; i < D; ++i) {
                actual[i] = dsgd_engine_model(engine)[i] - mean_a[i];
                zero += fabs(mean_a[i]) < 1e-6; /* a float's rounding of values below 8 */
            }
            assert_true(zero >= 4);
            /* with own_value each worker subtracts its own float: the identity then holds to floats only */
            CHECK_CLOSE(distance(virtual_x, actual), 0.0, s == 0 ? 1e-12 * (t + 1) : 5e-4);
        }
        dsgd_engine_destroy(engine);
        harness_close(&h);
    }
}

/* The theory's weights: average of w_0 .. w_{T-1} with (xi + t)^2, the start included, w_T not. */
static void average_theory_weights(void **state)
{
    (void)state;
    struct harness h;
    const char *text = "problem = quadratic\nquadratic { d = 10 sigma = 0.5 }\nworkers = 2\nsteps = 25\nstep_size = theory\n"
                       "average = theory\nstep { constant = 8 xi = 400 }\n";
    HARNESS_OK(harness_open(&h, text, NULL, 1));
    double mean[10] = {0}, total = 0.0;
    for (int t = 0; t < 25; ++t) {
        const double q = (400.0 + t) * (400.0 + t);
        total += q;
        for (int i = 0; i < 10; ++i) { mean[i] += q * dsgd_engine_model(h.engine)[i]; }
        HARNESS_OK(dsgd_engine_step(h.engine));
    }
    for (int i = 0; i < 10; ++i) { CHECK_CLOSE(dsgd_engine_output(h.engine)[i], mean[i] / total, 1e-14); } /* doubles, 25 terms below 1 */
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketched_topk_matches_algorithm3),
        cmocka_unit_test(sketched_topk_no_second_round_matches_algorithm3),
        cmocka_unit_test(local_topk_matches_reference),
        cmocka_unit_test(sketched_heavymix_virtual_iterate),
        cmocka_unit_test(average_theory_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
