/* test_clip.c - step.clip: each worker's gradient, weight decay included, is shortened by itself; nothing is sent for it; the same bits for any
 * blocks and threads; merged emulation clips before it takes the mean (suite: contract). */
#include "sim/minibatch.h"
#include "tests/harness.h"

enum { W = 5, BATCH = 3, D_MOST = 64 };

static const char *const base = "dataset = synthetic\nsynthetic { n = 300 n_test = 10 features = 20 classes = 2 }\nproblem = logistic\n"
                                "logistic { digit = 0 l2 = 0.01 }\nbatch = 3\nsteps = 12\nlog { optimum = false every = 1 }\n";

static void text_of(char text[1024], const char *lines) { snprintf(text, 1024, "%s%s%s", base, strstr(lines, "workers") ? "" : "workers = 5\n", lines); }

/* Gradients of the workers at the start (the zero vector) in step 0, from the problem itself. */
static void gradients(const struct harness *h, size_t d, float grad[W][D_MOST])
{
    static const float zero[D_MOST];
    const struct dsgd_run_config *config = &h->spec.run;
    struct dsgd_layout layout;
    size_t n;
    h->session.ops->shape(h->session.problem, &layout, &n);
    const struct dsgd_minibatch m = dsgd_minibatch_of(config, n);
    assert_true(layout.d == d && d <= D_MOST);
    for (uint32_t w = 0; w < W; ++w) {
        struct dsgd_minibatch_memo memo = {NULL};
        uint32_t example[BATCH];
        dsgd_minibatch_take(&m, &memo, 0, w, example);
        const struct dsgd_batch batch = {.example = example, .count = BATCH, .worker = w, .seed = m.key.seed};
        HARNESS_OK(h->session.ops->gradient(h->session.problem, zero, &batch, grad[w]));
    }
}

static double length(size_t d, const float *v)
{
    double sum = 0;
    for (size_t j = 0; j < d; ++j) { sum += (double)v[j] * (double)v[j]; }
    return sqrt(sum);
}

/* The bound lies amid the workers' lengths: some are shortened, some are not. */
static void each_worker_is_clipped_by_itself(void **state)
{
    (void)state;
    struct harness h;
    char text[1024];
    text_of(text, "algorithm = sgd\nstep { constant = 0.5 }\n");
    HARNESS_OK(harness_open(&h, text, NULL, 1));
    const size_t d = dsgd_engine_d(h.engine);
    float grad[W][D_MOST];
    gradients(&h, d, grad);
    harness_close(&h);
    double least = INFINITY, most = 0, bound, expected[D_MOST] = {0};
    for (int w = 0; w < W; ++w) {
        least = fmin(least, length(d, grad[w]));
        most = fmax(most, length(d, grad[w]));
    }
    bound = (least + most) / 2;
    assert_true(most > 1.1 * least);
    int clipped = 0;
    for (int w = 0; w < W; ++w) {
        const double norm = length(d, grad[w]), factor = norm > bound ? bound / norm : 1;
        clipped += factor < 1;
        for (size_t j = 0; j < d; ++j) { expected[j] -= 0.5 * factor * (double)grad[w][j] / W; }
    }
    assert_true(clipped > 0 && clipped < W);
    for (int merged = 0; merged < 2; ++merged) {
        char lines[200];
        snprintf(lines, sizeof lines, "algorithm = sgd\nemulation = %s\nstep { constant = 0.5 clip = %.17g }\n", merged ? "merged" : "faithful", bound);
        text_of(text, lines);
        HARNESS_OK(harness_open(&h, text, NULL, 2));
        HARNESS_OK(dsgd_engine_step(h.engine));
        /* four roundings of floats of at most 1: the factor, the product, the mean and the step */
        for (size_t j = 0; j < d; ++j) { CHECK_CLOSE(dsgd_engine_model(h.engine)[j], expected[j], 4 * 0x1p-24); }
        harness_close(&h);
    }
}

/* At W = 1 the clipped step is the plain one, shortened; with weight decay it is its gradient that is clipped, not the data's. */
static void weight_decay_is_clipped_too(void **state)
{
    (void)state;
    double first[2][D_MOST], second[2][D_MOST];
    size_t d = 0;
    for (int clip = 0; clip < 2; ++clip) {
        struct harness h;
        char text[1024];
        text_of(text, clip ? "workers = 1\nweight_decay = 3\nstep { constant = 1 clip = 0.05 }\n" : "workers = 1\nweight_decay = 3\nstep { constant = 1 }\n");
        HARNESS_OK(harness_open(&h, text, NULL, 1));
        d = dsgd_engine_d(h.engine);
        HARNESS_OK(dsgd_engine_step(h.engine));
        for (size_t j = 0; j < d; ++j) { first[clip][j] = dsgd_engine_model(h.engine)[j]; }
        HARNESS_OK(dsgd_engine_step(h.engine));
        for (size_t j = 0; j < d; ++j) { second[clip][j] = dsgd_engine_model(h.engine)[j] - first[clip][j]; }
        harness_close(&h);
    }
    double plain = 0, moved = 0, later = 0, product = 0;
    for (size_t j = 0; j < d; ++j) {
        plain += first[0][j] * first[0][j];
        moved += first[1][j] * first[1][j];
        later += second[1][j] * second[1][j];
        product += first[0][j] * first[1][j];
    }
    assert_true(plain > 4 * 0.05 * 0.05);
    CHECK_CLOSE(sqrt(moved), 0.05, 0.05 * 4 * 0x1p-24);  /* as long as the bound, */
    CHECK_CLOSE(sqrt(later), 0.05, 0.05 * 16 * 0x1p-24); /* also where weight decay has a part (a difference of two models), */
    CHECK_CLOSE(product / sqrt(plain * moved), 1, 1e-6);  /* and in the same direction */
}

static void digest_of(const char *lines, const char *set, int threads, uint32_t rows, char hex[65])
{
    struct harness h;
    char text[1024];
    text_of(text, lines);
    HARNESS_OK(harness_resolve(&h, text, set, threads));
    struct dsgd_engine_args args = h.session.args;
    args.rows = rows;
    HARNESS_OK(dsgd_engine_create(&args, &h.engine));
    harness_finish(h.engine);
    harness_digest(h.engine, hex);
    harness_close(&h);
}

static void same_bits_for_blocks_and_threads(void **state)
{
    (void)state;
    static const char *const algorithms[] = {"algorithm = sgd\n", "algorithm = sgd\nemulation = merged\n", "algorithm = local_topk\nlocal_topk { k = 3 }\n",
                                             "algorithm = local_sgd\nlocal_sgd { local_steps = 3 }\n", "algorithm = qsgd\n", "algorithm = powersgd\n"};
    for (size_t k = 0; k < sizeof algorithms / sizeof *algorithms; ++k) {
        char plain[65], unbounded[65], hex[65], lines[256];
        digest_of(algorithms[k], NULL, 1, 1, plain);
        digest_of(algorithms[k], "step.clip=1e30", 1, 1, unbounded);
        assert_string_equal(plain, unbounded); /* what is not longer stays, to the bit */
        snprintf(lines, sizeof lines, "%sstep { clip = 0.1 }\n", algorithms[k]);
        digest_of(lines, NULL, 1, 1, plain);
        assert_string_not_equal(plain, unbounded);
        for (uint32_t rows = 1; rows <= 8; rows *= 2) {
            for (int threads = 1; threads <= 3; ++threads) {
                digest_of(lines, NULL, threads, rows, hex);
                if (strcmp(hex, plain) != 0) { fail_msg("%s: another digest with %u workers a block and %d threads", algorithms[k], (unsigned)rows, threads); }
            }
        }
    }
}

/* A worker knows its own length: the ledger is the same to the byte. */
static void nothing_is_sent_for_it(void **state)
{
    (void)state;
    uint64_t bytes[2];
    for (int clip = 0; clip < 2; ++clip) {
        struct harness h;
        char text[1024];
        text_of(text, "algorithm = sgd\n");
        HARNESS_OK(harness_open(&h, text, clip ? "step.clip=0.1" : NULL, 1));
        harness_finish(h.engine);
        const struct dsgd_table *ledger = dsgd_engine_table(h.engine, 1);
        uint64_t sum = 0;
        for (int c = 0; c < ledger->columns; ++c) { sum = sum * 31 + (uint64_t)ledger->column[c].cell[ledger->rows - 1].i; }
        bytes[clip] = sum;
        harness_close(&h);
    }
    assert_int_equal(bytes[0], bytes[1]);
}

static void hash_has_it_only_where_it_acts(void **state)
{
    (void)state;
    char hash[3][65];
    static const char *const set[] = {NULL, "step.clip=0", "step.clip=1"};
    for (int k = 0; k < 3; ++k) {
        struct harness h;
        HARNESS_OK(harness_resolve(&h, base, set[k], 1));
        memcpy(hash[k], h.spec.sha256, 65);
        harness_close(&h);
    }
    assert_string_equal(hash[0], hash[1]);
    assert_string_not_equal(hash[0], hash[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_worker_is_clipped_by_itself),
        cmocka_unit_test(weight_decay_is_clipped_too),
        cmocka_unit_test(same_bits_for_blocks_and_threads),
        cmocka_unit_test(nothing_is_sent_for_it),
        cmocka_unit_test(hash_has_it_only_where_it_acts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
