/* test_sampling.c - sampling by epochs: keyed orders (sim/kernel/permutation.h) are one to one and uniform, and a run goes through all
 * examples once an epoch (suite: unit).
 *
 * Statistics: chi-square over all orders of 3 to 7 items, over the places of two items, and over the items at one place, each as z, its
 * distance from the mean in standard deviations. They must stay below 5; were the orders uniform, one set of seeds in about 10^4 would not
 * (20 numbers, tails of chi-square). Seeds are fixed, so an alarm is no accident. Three planted orders must be found: the shuffle that
 * swaps each item with any one, multiples modulo n, and the same network with 4 rounds.
 */
#include "sim/minibatch.h"
#include "tests/harness.h"

static const struct dsgd_rng_key key = {11, 22};

/* Fills order [n] for an epoch. */
typedef void shuffle(uint32_t n, uint64_t epoch, uint32_t *order);

static void by_rounds(struct dsgd_permutation p, uint64_t epoch, uint32_t *order)
{
    uint32_t *shift = malloc(dsgd_permutation_words(&p) * sizeof *shift);
    assert_non_null(shift);
    dsgd_permutation_shifts(&p, epoch, DSGD_RNG_SERVER, shift);
    for (uint32_t i = 0; i < p.n; ++i) { order[i] = dsgd_permutation_at(&p, epoch, DSGD_RNG_SERVER, shift, i); }
    free(shift);
}

static void keyed(uint32_t n, uint64_t epoch, uint32_t *order)
{
    by_rounds(dsgd_permutation_of(key, n), epoch, order);
}

static void four_rounds(uint32_t n, uint64_t epoch, uint32_t *order)
{
    struct dsgd_permutation p = dsgd_permutation_of(key, n);
    p.rounds = 4;
    by_rounds(p, epoch, order);
}

/* Biased: n^n outcomes do not divide evenly among n! orders. */
static void swap_with_any(uint32_t n, uint64_t epoch, uint32_t *order)
{
    for (uint32_t i = 0; i < n; ++i) { order[i] = i; }
    for (uint32_t i = 0; i < n; ++i) {
        const uint32_t j = dsgd_rng_below(key, i, (uint32_t)epoch, 0, n), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

/* Each item is everywhere equally often, but neighbours are tied; n prime. */
static void multiples(uint32_t n, uint64_t epoch, uint32_t *order)
{
    const uint32_t a = 1 + dsgd_rng_below(key, 0, (uint32_t)epoch, 1, n - 1), b = dsgd_rng_below(key, 0, (uint32_t)epoch, 2, n);
    for (uint32_t i = 0; i < n; ++i) { order[i] = (uint32_t)(((uint64_t)a * i + b) % n); }
}

static double z_of(const uint32_t *count, size_t cells, double expected)
{
    double chi = 0.0;
    for (size_t c = 0; c < cells; ++c) { chi += (count[c] - expected) * (count[c] - expected) / expected; }
    return (chi - (double)(cells - 1)) / sqrt(2.0 * (double)(cells - 1));
}

/* All n! orders, `mean` epochs for each; n <= 7. */
static double z_orders(shuffle *f, uint32_t n, uint32_t mean)
{
    static uint32_t count[5040];
    uint32_t orders = 1, order[8];
    for (uint32_t j = 2; j <= n; ++j) { orders *= j; }
    memset(count, 0, sizeof count);
    for (uint64_t epoch = 0; epoch < (uint64_t)orders * mean; ++epoch) {
        uint32_t rank = 0;
        f(n, epoch, order);
        for (uint32_t i = 0; i < n; ++i) { /* number of the order in the factorial system */
            uint32_t smaller = 0;
            for (uint32_t j = i + 1; j < n; ++j) { smaller += order[j] < order[i]; }
            rank = rank * (n - i) + smaller;
        }
        ++count[rank];
    }
    return z_of(count, orders, mean);
}

/* Where items stand that are neighbours, or those at places 0 and `gap`: n (n - 1) cells, `mean` epochs for each; n <= 64. */
static double z_pairs(shuffle *f, uint32_t n, uint32_t gap, uint32_t mean)
{
    static uint32_t count[64 * 63];
    uint32_t order[64];
    memset(count, 0, sizeof count);
    for (uint64_t epoch = 0; epoch < (uint64_t)n * (n - 1) * mean; ++epoch) {
        f(n, epoch, order);
        ++count[order[0] * (n - 1) + order[gap] - (order[gap] > order[0])];
    }
    return z_of(count, (size_t)n * (n - 1), mean);
}

static void statistics(void **state)
{
    (void)state;
    for (uint32_t n = 3; n <= 7; ++n) {
        const double z = z_orders(keyed, n, n < 7 ? 300 : 30);
        if (!(fabs(z) < 5.0)) { fail_msg("orders of %u items: z = %.1f", n, z); }
    }
    static const uint32_t sizes[] = {8, 9, 16, 23, 64};
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; ++j) {
        for (uint32_t gap = 1; gap < sizes[j]; gap += sizes[j] / 2) {
            const double z = z_pairs(keyed, sizes[j], gap, 20);
            if (!(fabs(z) < 5.0)) { fail_msg("places 0 and %u of %u: z = %.1f", gap, sizes[j], z); }
        }
    }
    static uint32_t count[1000], order[1000];
    memset(count, 0, sizeof count);
    for (uint64_t epoch = 0; epoch < 5000; ++epoch) {
        keyed(1000, epoch, order);
        ++count[order[999]];
    }
    assert_true(fabs(z_of(count, 1000, 5.0)) < 5.0);
}

static void planted_orders_are_found(void **state)
{
    (void)state;
    assert_true(z_orders(swap_with_any, 5, 300) > 50.0);
    assert_true(z_pairs(multiples, 23, 12, 10) < 5.0); /* two items are fine, so */
    assert_true(z_orders(multiples, 5, 100) > 50.0);   /* look at more */
    assert_true(z_orders(four_rounds, 5, 100) > 50.0);
    assert_true(z_pairs(four_rounds, 64, 1, 50) > 50.0);
}

/* One to one, stored or not, for any epoch and worker. */
static void is_permutation(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 3, 4, 5, 7, 9, 64, 65, 1000, 4097, 60000};
    static const uint64_t eras[] = {0, 1, 2, UINT64_C(4294967296), (UINT64_C(1) << 56) - 1};
    unsigned char *seen = malloc(60000);
    assert_non_null(seen);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        const struct dsgd_permutation p = dsgd_permutation_of(key, sizes[s]);
        uint32_t *shift = malloc(dsgd_permutation_words(&p) * sizeof *shift);
        assert_non_null(shift);
        assert_true(p.low % 2 == 0 && (uint64_t)p.low * p.high >= p.n && p.high <= p.low && p.rounds >= 8);
        for (size_t e = 0; e < sizeof eras / sizeof *eras; ++e) {
            const uint32_t worker = e % 2 == 0 ? DSGD_RNG_SERVER : 3;
            dsgd_permutation_shifts(&p, eras[e], worker, shift);
            memset(seen, 0, sizes[s]);
            for (uint32_t i = 0; i < p.n; ++i) {
                const uint32_t item = dsgd_permutation_at(&p, eras[e], worker, shift, i);
                assert_true(item < p.n && !seen[item]);
                seen[item] = 1;
                if (i < 1000) { assert_int_equal(item, dsgd_permutation_at(&p, eras[e], worker, NULL, i)); }
            }
        }
        free(shift);
    }
    free(seen);
}

/* The largest set: places differ, and so do halves that need all 32 bits. */
static void largest(void **state)
{
    (void)state;
    const struct dsgd_permutation p = dsgd_permutation_of(key, UINT32_MAX);
    assert_true(p.low == 65536 && p.high == 65536 && p.rounds == 8);
    uint32_t above = 0;
    for (uint32_t i = 0; i < 1000; ++i) {
        const uint32_t a = dsgd_permutation_at(&p, 0, 0, NULL, i), b = dsgd_permutation_at(&p, 0, 0, NULL, UINT32_MAX - 1 - i);
        assert_true(a < p.n && b < p.n && a != b);
        above += (a >> 31) + (b >> 31);
    }
    assert_true(above > 800 && above < 1200);
}

static size_t same_places(const struct dsgd_permutation *p, uint64_t e, uint32_t w, const struct dsgd_permutation *q, uint64_t f, uint32_t v)
{
    size_t same = 0;
    for (uint32_t i = 0; i < p->n; ++i) { same += dsgd_permutation_at(p, e, w, NULL, i) == dsgd_permutation_at(q, f, v, NULL, i); }
    return same;
}

/* Two independent orders agree in one place in the mean, in more than 10 with a chance of 1e-8. */
static void orders_differ(void **state)
{
    (void)state;
    const struct dsgd_permutation p = dsgd_permutation_of(key, 1000), seed = dsgd_permutation_of((struct dsgd_rng_key){key.seed + 1, key.purpose}, 1000),
                                  purpose = dsgd_permutation_of((struct dsgd_rng_key){key.seed, key.purpose + 1}, 1000);
    assert_int_equal(same_places(&p, 5, 0, &p, 5, 0), 1000);
    assert_true(same_places(&p, 5, 0, &p, 6, 0) <= 10);
    assert_true(same_places(&p, 5, 0, &p, 5 + (UINT64_C(1) << 32), 0) <= 10);
    assert_true(same_places(&p, 5, 0, &p, 5, 1) <= 10);
    assert_true(same_places(&p, 5, 0, &seed, 5, 0) <= 10);
    assert_true(same_places(&p, 5, 0, &purpose, 5, 0) <= 10);
}

/* ---- what the gradients of a run are taken over ---- */

/* A problem that notes what it is given; f = 0. */
static struct {
    size_t n;
    uint32_t workers, batch, steps;
    uint32_t *example; /* [steps][workers][batch] */
} noted;

static void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    static const struct dsgd_segment segment = {"w", 0, 3, 1, 3};
    (void)self;
    *layout = (struct dsgd_layout){3, 1, &segment};
    *n = noted.n;
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    (void)self;
    (void)x;
    memcpy(noted.example + ((size_t)batch->step * noted.workers + batch->worker) * noted.batch, batch->example, noted.batch * sizeof *noted.example);
    grad[0] = grad[1] = grad[2] = 0.0f;
    return DSGD_OK;
}

static enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    (void)x;
    *value = 0.0;
    return DSGD_OK;
}

static const struct dsgd_metric metric = {"f", "1", "nothing"};
static const struct dsgd_problem_ops notes = {.name = "notes", .metric = &metric, .metrics = 1, .shape = shape, .gradient = gradient, .evaluate = evaluate};

static void note(const char *more, int threads, uint32_t rows)
{
    char words[512];
    struct dsgd_spec spec;
    struct dsgd_session session;
    struct dsgd_engine *engine = NULL;
    snprintf(words, sizeof words, "problem=quadratic log.optimum=false workers=%u batch=%u steps=%u sampling=epoch %s", noted.workers, noted.batch,
             noted.steps, more);
    memset(noted.example, 0xff, (size_t)noted.steps * noted.workers * noted.batch * sizeof *noted.example);
    HARNESS_OK(dsgd_spec_words(words, &spec));
    const struct dsgd_session_options options = {.threads = threads, .problem = &notes, .problem_self = &noted};
    HARNESS_OK(dsgd_session_open(&spec, &options, &session));
    session.args.lane_work = 1;
    session.args.rows = rows;
    HARNESS_OK(dsgd_engine_create(&session.args, &engine));
    harness_finish(engine);
    dsgd_engine_destroy(engine);
    dsgd_session_close(&session);
    dsgd_spec_clear(&spec);
}

/* By the definition: positions in the order of steps, workers, places; every n of them hold each example once. */
static void expect_epochs(void)
{
    const size_t positions = (size_t)noted.steps * noted.workers * noted.batch;
    unsigned char *seen = malloc(noted.n);
    assert_non_null(seen);
    assert_true(positions > 2 * noted.n);
    for (size_t p = 0; p < positions; ++p) {
        if (p % noted.n == 0) { memset(seen, 0, noted.n); }
        assert_true(noted.example[p] < noted.n);
        if (seen[noted.example[p]]++) { fail_msg("example %u twice in epoch %zu", noted.example[p], p / noted.n); }
    }
    free(seen);
    if (noted.n >= 50) { assert_memory_not_equal(noted.example, noted.example + noted.n, noted.n * sizeof *noted.example); }
}

static void runs_see_each_example_once(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        uint32_t workers, batch, steps;
    } cases[] = {{7, 1, 1, 40}, {50, 5, 4, 30}, {10, 3, 7, 20}, {13, 2, 30, 5}, {64, 4, 1, 60}, {1, 2, 3, 4}, {1000, 8, 9, 60}, {100, 5, 20, 7}};
    static const struct {
        const char *more;
        int threads;
        uint32_t rows;
    } ways[] = {{"", 3, 1}, {"", 2, 2}, {"backend=guard", 1, 8}, {"emulation=merged", 2, 1}, {"algorithm=local_sgd", 1, 1}, {"algorithm=sketched_sgd sketched_sgd.k=1", 1, 1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
        const size_t positions = (size_t)cases[c].steps * cases[c].workers * cases[c].batch;
        noted.n = cases[c].n;
        noted.workers = cases[c].workers;
        noted.batch = cases[c].batch;
        noted.steps = cases[c].steps;
        noted.example = malloc(positions * sizeof *noted.example);
        uint32_t *first = malloc(positions * sizeof *first);
        assert_true(noted.example && first);
        note("", 1, 1);
        expect_epochs();
        memcpy(first, noted.example, positions * sizeof *first);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; ++w) { /* the same examples at the same places */
            note(ways[w].more, ways[w].threads, ways[w].rows);
            assert_memory_equal(first, noted.example, positions * sizeof *first);
        }
        note("seed_data=2", 1, 1);
        expect_epochs();
        if (noted.n >= 50) { assert_memory_not_equal(first, noted.example, positions * sizeof *first); }
        note("sampling=replacement", 1, 1); /* which this test would not take for epochs */
        size_t repeated = 0;
        for (size_t p = 1; p < noted.n; ++p) {
            for (size_t q = 0; q < p; ++q) { repeated += noted.example[p] == noted.example[q]; }
        }
        if (noted.n >= 50) { assert_true(repeated > 0); }
        free(first);
        free(noted.example);
    }
}

/* The definition, once more, with a snapshot of nothing: step and worker in any order, with and without a memo. */
static void random_access(void **state)
{
    (void)state;
    struct dsgd_spec spec;
    HARNESS_OK(dsgd_spec_words("problem=quadratic workers=3 batch=4 sampling=epoch seed_data=9", &spec));
    const struct dsgd_minibatch m = dsgd_minibatch_of(&spec.run, 10);
    uint32_t shift[1024], a[4], b[4];
    struct dsgd_minibatch_memo memo = {.shift = shift}, none = {.shift = NULL};
    assert_true(dsgd_minibatch_memo_words(&m) <= 1024);
    for (uint32_t t = 30; t-- > 0;) {
        for (uint32_t i = 0; i < 3; ++i) {
            dsgd_minibatch_take(&m, &memo, t, i, a);
            dsgd_minibatch_take(&m, &none, t, i, b);
            assert_memory_equal(a, b, sizeof a);
            for (uint32_t j = 0; j < 4; ++j) {
                const uint64_t p = (t * 3u + i) * 4u + j;
                assert_int_equal(a[j], dsgd_permutation_at(&m.order, p / 10, DSGD_RNG_SERVER, NULL, (uint32_t)(p % 10)));
            }
        }
    }
    dsgd_spec_clear(&spec);
}

static void refusals(void **state)
{
    (void)state;
    struct harness h;
    assert_int_equal(harness_open(&h, "problem = quadratic\nsampling = epoch\n", NULL, 1), DSGD_EINPUT);
    assert_string_equal(dsgd_error(), "sampling = epoch: problem quadratic has no examples to go through; expected replacement");
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_permutation), cmocka_unit_test(largest), cmocka_unit_test(orders_differ), cmocka_unit_test(statistics),
        cmocka_unit_test(planted_orders_are_found), cmocka_unit_test(random_access), cmocka_unit_test(runs_see_each_example_once),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
