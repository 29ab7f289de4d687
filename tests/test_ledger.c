/* test_ledger.c - bytes of every algorithm and option against formulas derived by hand (docs/accounting.md derives them).
 *
 * Real rounds through the engine; the formulas below know nothing of the code. Every kind in every direction is compared,
 * as bytes per worker and step, exactly. Letters: D parameters, W workers, K coordinates, R x C sketch.
 */
#include "tests/ledger.h"

enum { D = 785, W = 4, K = 10, R = 7, C = 40, P = 10 };
enum { BITS_D = 10 /* ceil(log2 785) */, PLANE = 99 /* ceil(785 / 8) */ };

/* 12 = 3 x 4 matrix, 3 biases, 770 = 22 x 35 matrix */
static const struct dsgd_segment segments[] = {{"first", 0, 12, 3, 4}, {"bias", 12, 3, 1, 3}, {"last", 15, 770, 22, 35}};

struct row {
    const char *text;
    enum ledger_gradients gradients;
    int64_t steps;
    bool segmented;
    double up[DSGD_KINDS], down[DSGD_KINDS]; /* bytes per worker and step */
};

static double ceil8(double bits)
{
    return ceil(bits / 8.0);
}

static const char *sent(double *bytes, const uint64_t *counted, double count)
{
    static char text[400];
    int n = 0;
    for (int k = 0; k < DSGD_KINDS; ++k) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%s %g (expected %g)  ", dsgd_kind_name((enum dsgd_kind)k), (double)counted[k] / count, bytes[k]);
    }
    return text;
}

static void check_row(struct row row)
{
    const struct ledger_case c = {row.text, D, W, row.steps, row.gradients, row.segmented ? segments : NULL, 3};
    const struct dsgd_ledger l = ledger_run(&c, (struct dsgd_tap){.context = NULL});
    assert_int_equal(l.worker_steps, (uint64_t)row.steps * W);
    const double count = (double)l.worker_steps;
    double broadcast = 0.0;
    for (int k = 0; k < DSGD_KINDS; ++k) {
        if (!((double)l.up[k] == row.up[k] * count)) { fail_msg("%s\nup: %s", row.text, sent(row.up, l.up, count)); }
        if (!((double)l.down[k] == row.down[k] * count)) { fail_msg("%s\ndown: %s", row.text, sent(row.down, l.down, count)); }
        broadcast += row.down[k] * (double)row.steps;
    }
    CHECK_CLOSE((double)l.broadcast, broadcast, 0.0); /* each answer once, not W times */
}

#define ROW(...) check_row((struct row){__VA_ARGS__})
#define UP .up =
#define DOWN .down =

static void dense_methods(void **state)
{
    (void)state;
    ROW("algorithm = sgd", LEDGER_RANDOM, 3, false, UP{[DSGD_DENSE] = 4 * D}, DOWN{[DSGD_DENSE] = 4 * D});
    ROW("algorithm = sgd\nsgd { values = fp16 }", LEDGER_RANDOM, 3, false, UP{[DSGD_DENSE] = 2 * D}, DOWN{[DSGD_DENSE] = 2 * D});
    ROW("algorithm = sgd\nsgd { values = bf16 momentum = 0.9 }", LEDGER_RANDOM, 3, false, UP{[DSGD_DENSE] = 2 * D}, DOWN{[DSGD_DENSE] = 2 * D});
    /* one exchange of models in H = 5 steps */
    ROW("algorithm = local_sgd\nlocal_sgd { local_steps = 5 }", LEDGER_RANDOM, 10, false, UP{[DSGD_DENSE] = 4 * D / 5.0},
        DOWN{[DSGD_DENSE] = 4 * D / 5.0});
    ROW("algorithm = local_sgd\nlocal_sgd { local_steps = 5 }", LEDGER_RANDOM, 4, false, UP{[DSGD_DENSE] = 4 * D / 4.0},
        DOWN{[DSGD_DENSE] = 4 * D / 4.0}); /* the last step averages too */
}

static void sketched_sgd(void **state)
{
    (void)state;
#define TOPK_OF(candidates) "algorithm = sketched_sgd\nsketched_sgd { variant = topk rows = 7 cols = 40 k = 10 candidates = " #candidates " "
#define TOPK TOPK_OF(10)
#define HEAVYMIX "algorithm = sketched_sgd\nsketched_sgd { rows = 7 cols = 40 k = 10 "
    ROW(TOPK "indices = raw }", LEDGER_RANDOM, 3, false, UP{[DSGD_TABLE] = 4 * R * C, [DSGD_VALUE] = 4 * P * K},
        DOWN{[DSGD_REQUEST] = 4 * P * K, [DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K});
    ROW(TOPK "indices = fixed }", LEDGER_RANDOM, 3, false, UP{[DSGD_TABLE] = 4 * R * C, [DSGD_VALUE] = 4 * P * K},
        DOWN{[DSGD_REQUEST] = ceil8(P * K * BITS_D), [DSGD_INDEX] = ceil8(K * BITS_D), [DSGD_VALUE] = 4 * K});
    ROW(TOPK "indices = bitmap }", LEDGER_RANDOM, 3, false, UP{[DSGD_TABLE] = 4 * R * C, [DSGD_VALUE] = 4 * P * K},
        DOWN{[DSGD_REQUEST] = PLANE, [DSGD_INDEX] = PLANE, [DSGD_VALUE] = 4 * K});
    ROW(TOPK "indices = raw values = bf16 truncate = 3 }", LEDGER_RANDOM, 3, false, UP{[DSGD_TABLE] = 2 * R * C, [DSGD_VALUE] = 2 * P * K},
        DOWN{[DSGD_REQUEST] = 4 * P * K, [DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 2 * K});
    ROW(TOPK_OF(0) "indices = raw }", LEDGER_RANDOM, 3, false, UP{[DSGD_TABLE] = 4 * R * C}, DOWN{[DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K});
    /* P k beyond d: all are asked for, and no index is needed to say so; the 3 biases travel dense */
    ROW(TOPK_OF(1000) "indices = raw dense_below = 4 }", LEDGER_RANDOM, 3, true,
        UP{[DSGD_TABLE] = 4 * R * C, [DSGD_VALUE] = 4 * (D - 3), [DSGD_DENSE] = 4 * 3},
        DOWN{[DSGD_REQUEST] = 4 * (D - 3), [DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K, [DSGD_DENSE] = 4 * 3});
    ROW(TOPK_OF(1000) "indices = raw }", LEDGER_RANDOM, 3, false, UP{[DSGD_TABLE] = 4 * R * C, [DSGD_VALUE] = 4 * D},
        DOWN{[DSGD_REQUEST] = 0, [DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K});
    /* Algorithm 2: k exact values; their coordinates went down with the request */
    ROW(HEAVYMIX "indices = raw }", LEDGER_RANDOM, 3, false, UP{[DSGD_TABLE] = 4 * R * C, [DSGD_VALUE] = 4 * K},
        DOWN{[DSGD_REQUEST] = 4 * K, [DSGD_VALUE] = 4 * K});
    ROW(HEAVYMIX "indices = fixed values = fp16 }", LEDGER_RANDOM, 3, false, UP{[DSGD_TABLE] = 2 * R * C, [DSGD_VALUE] = 2 * K},
        DOWN{[DSGD_REQUEST] = ceil8(K * BITS_D), [DSGD_VALUE] = 2 * K});
    ROW("algorithm = fetchsgd\nfetchsgd { rows = 7 cols = 40 k = 10 indices = raw }", LEDGER_RANDOM, 3, false, UP{[DSGD_TABLE] = 4 * R * C},
        DOWN{[DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K});
}

static void sparse_methods(void **state)
{
    (void)state;
    ROW("algorithm = true_topk\ntrue_topk { indices = raw }", LEDGER_RANDOM, 3, false, UP{[DSGD_DENSE] = 4 * D},
        DOWN{[DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K});
    ROW("algorithm = random_k", LEDGER_RANDOM, 3, false, UP{[DSGD_VALUE] = 4 * K}, DOWN{[DSGD_VALUE] = 4 * K});
    ROW("algorithm = random_k\nrandom_k { memory = false scale = unbiased }", LEDGER_RANDOM, 3, false, UP{[DSGD_VALUE] = 4 * K},
        DOWN{[DSGD_VALUE] = 4 * K});
    /* the union: W k coordinates where workers disagree, k where they agree; its length goes ahead */
    ROW("algorithm = local_topk\nlocal_topk { indices = raw }", LEDGER_DISJOINT, 1, false, UP{[DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K},
        DOWN{[DSGD_HEADER] = 4, [DSGD_INDEX] = 4 * W * K, [DSGD_VALUE] = 4 * W * K});
    ROW("algorithm = local_topk\nlocal_topk { indices = raw }", LEDGER_EQUAL, 3, false, UP{[DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K},
        DOWN{[DSGD_HEADER] = 4, [DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K});
    ROW("algorithm = local_topk\nlocal_topk { indices = bitmap }", LEDGER_EQUAL, 3, false, UP{[DSGD_INDEX] = PLANE, [DSGD_VALUE] = 4 * K},
        DOWN{[DSGD_HEADER] = 4, [DSGD_INDEX] = PLANE, [DSGD_VALUE] = 4 * K});
    /* warm-up: round(0.25 D) = 196, then round(0.1 D) = 79 (78.5 to the even neighbour of lround: away from zero), then K */
    ROW("algorithm = local_topk\nlocal_topk { indices = raw warmup = 1 warmup_ratios = \"0.25 0.1\" }", LEDGER_EQUAL, 3, false,
        UP{[DSGD_INDEX] = 4 * (196 + 79 + K) / 3.0, [DSGD_VALUE] = 4 * (196 + 79 + K) / 3.0},
        DOWN{[DSGD_HEADER] = 4, [DSGD_INDEX] = 4 * (196 + 79 + K) / 3.0, [DSGD_VALUE] = 4 * (196 + 79 + K) / 3.0});
    ROW("algorithm = pkk\npkk { candidates = 4 indices = raw }", LEDGER_RANDOM, 3, false,
        UP{[DSGD_INDEX] = 4 * 4 * K, [DSGD_VALUE] = 4 * 4 * K + 4 * K}, DOWN{[DSGD_REQUEST] = 4 * K, [DSGD_VALUE] = 4 * K});
    ROW("algorithm = pkk\npkk { candidates = 4 exact = false indices = raw }", LEDGER_RANDOM, 3, false,
        UP{[DSGD_INDEX] = 4 * 4 * K, [DSGD_VALUE] = 4 * 4 * K}, DOWN{[DSGD_INDEX] = 4 * K, [DSGD_VALUE] = 4 * K});
}

static void quantised_methods(void **state)
{
    (void)state;
    ROW("algorithm = signsgd", LEDGER_RANDOM, 3, false, UP{[DSGD_VALUE] = PLANE}, DOWN{[DSGD_VALUE] = PLANE});
    ROW("algorithm = signsgd\nsignsgd { momentum = 0.9 zero = coin tie = coin }", LEDGER_SIGNS, 3, false, UP{[DSGD_VALUE] = PLANE}, DOWN{[DSGD_VALUE] = PLANE});
    ROW("algorithm = ef_signsgd", LEDGER_RANDOM, 3, true, UP{[DSGD_SCALE] = 4, [DSGD_VALUE] = PLANE}, DOWN{[DSGD_DENSE] = 4 * D});
    ROW("algorithm = ef_signsgd\nef_signsgd { scale = segment down = sign }", LEDGER_RANDOM, 3, true, UP{[DSGD_SCALE] = 4 * 3, [DSGD_VALUE] = PLANE},
        DOWN{[DSGD_SCALE] = 4 * 3, [DSGD_VALUE] = PLANE});
    /* 7 levels and a sign: 15 codes in 4 bits; 785 = 512 + 273: two buckets */
    ROW("algorithm = qsgd", LEDGER_RANDOM, 3, false, UP{[DSGD_SCALE] = 4 * 2, [DSGD_VALUE] = ceil8(4 * D)}, DOWN{[DSGD_DENSE] = 4 * D});
    ROW("algorithm = qsgd\nqsgd { levels = 1 bucket = 0 norm = l2 down = levels }", LEDGER_RANDOM, 3, false,
        UP{[DSGD_SCALE] = 4, [DSGD_VALUE] = ceil8(2 * D)}, DOWN{[DSGD_SCALE] = 4, [DSGD_VALUE] = ceil8(2 * D)});
    ROW("algorithm = qsgd\nqsgd { levels = 127 bucket = 100 }", LEDGER_RANDOM, 3, false, UP{[DSGD_SCALE] = 4 * 8, [DSGD_VALUE] = D}, DOWN{[DSGD_DENSE] = 4 * D});
    /* sums of W = 4 ternary values: 9 codes in 4 bits */
    ROW("algorithm = terngrad", LEDGER_RANDOM, 3, true, UP{[DSGD_SCALE] = 4, [DSGD_VALUE] = 2 * PLANE}, DOWN{[DSGD_SCALE] = 4, [DSGD_VALUE] = ceil8(4 * D)});
    ROW("algorithm = terngrad\nterngrad { per = segment scaler = std }", LEDGER_RANDOM, 3, true, UP{[DSGD_SCALE] = 4 * 3, [DSGD_VALUE] = 2 * PLANE},
        DOWN{[DSGD_SCALE] = 4 * 3, [DSGD_VALUE] = ceil8(4 * D)});
    ROW("algorithm = terngrad\nterngrad { share = false }", LEDGER_RANDOM, 3, false, UP{[DSGD_SCALE] = 4, [DSGD_VALUE] = 2 * PLANE}, DOWN{[DSGD_DENSE] = 4 * D});
    /* segments as matrices, rank 2: 3 x 4 has 14 numbers in P and Q against 12 and travels dense, 22 x 35 has (22 + 35) 2 = 114 */
    ROW("algorithm = powersgd", LEDGER_RANDOM, 3, true, UP{[DSGD_VALUE] = 4 * 2 * (22 + 35), [DSGD_DENSE] = 4 * (12 + 3)},
        DOWN{[DSGD_VALUE] = 4 * 2 * (22 + 35), [DSGD_DENSE] = 4 * (12 + 3)});
    ROW("algorithm = powersgd", LEDGER_RANDOM, 3, false, UP{[DSGD_DENSE] = 4 * D}, DOWN{[DSGD_DENSE] = 4 * D});
    /* floor(sqrt(785)) = 28 rows, ceil(785 / 28) = 29 columns */
    ROW("algorithm = powersgd\npowersgd { rank = 4 vectors = square }", LEDGER_RANDOM, 3, false, UP{[DSGD_VALUE] = 4 * 4 * (28 + 29)},
        DOWN{[DSGD_VALUE] = 4 * 4 * (28 + 29)});
}

/* --- codes whose length depends on the content ------------------------------------------------------------------------ */

struct heard {
    uint32_t index[D];
    size_t n, delta_bytes, cheapest_bytes;
};

static void hear_raw(void *context, uint32_t step, int exchange, bool up, uint32_t worker, const struct dsgd_message *m)
{
    struct heard *h = context;
    (void)step, (void)exchange, (void)worker;
    if (up) { return; }
    h->n = m->section[0].count;
    memcpy(h->index, m->section[0].data, m->section[0].bytes);
}

/* Rice code by its definition, one bit at a time: parameter by Kiely's rule, gap >> r zeros, a one, r bits. */
static double rice_bytes(const uint32_t *index, size_t n)
{
    const double mean = (double)(D - n) / (double)n;
    unsigned r = 0;
    while (ldexp(1.0, (int)r + 1) <= 0.9625 * (mean + 0.5)) { ++r; }
    double bits = 0.0;
    for (size_t j = 0; j < n; ++j) {
        const uint32_t gap = index[j] - (j ? index[j - 1] + 1 : 0);
        bits += (double)(gap >> r) + 1.0 + r;
    }
    return ceil8(bits);
}

static void index_codes(void **state)
{
    (void)state;
    static const int sizes[] = {1, 3, 10, 40, 100, 300, 700, 784};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        char text[128];
        struct heard heard = {.n = 0};
        double bytes[5];
        static const char *const codes[] = {"raw", "fixed", "delta", "bitmap", "cheapest"};
        for (int j = 0; j < 5; ++j) {
            snprintf(text, sizeof text, "algorithm = true_topk\ntrue_topk { k = %d indices = %s }", sizes[s], codes[j]);
            const struct ledger_case c = {text, D, 1, 1, LEDGER_EQUAL, NULL, 0};
            const struct dsgd_ledger l = ledger_run(&c, (struct dsgd_tap){.message = j == 0 ? hear_raw : NULL, .context = &heard});
            bytes[j] = (double)l.down[DSGD_INDEX];
        }
        const double n = sizes[s];
        CHECK_CLOSE(bytes[0], 4.0 * n, 0.0);
        CHECK_CLOSE(bytes[1], ceil8(n * BITS_D), 0.0);
        CHECK_CLOSE(bytes[2], rice_bytes(heard.index, heard.n), 0.0);
        CHECK_CLOSE(bytes[3], PLANE, 0.0);
        CHECK_CLOSE(bytes[4], 1.0 + fmin(fmin(bytes[0], bytes[1]), fmin(bytes[2], bytes[3])), 0.0); /* and a tag byte */
    }
    /* all coordinates: nothing is left to say */
    const struct ledger_case all = {"algorithm = true_topk\ntrue_topk { k = 785 indices = raw }", D, 1, 1, LEDGER_EQUAL, NULL, 0};
    const struct dsgd_ledger l = ledger_run(&all, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE((double)l.down[DSGD_INDEX], 0.0, 0.0);
}

/* Elias omega length (Elias 1975): one bit for 1, else the length of the binary form and the code of that length less one. */
static double omega(double n)
{
    double bits = 1.0;
    while (n > 1.0) {
        const double length = floor(log2(n)) + 1.0;
        bits += length;
        n = length - 1.0;
    }
    return bits;
}

static void entropy_codes(void **state)
{
    (void)state;
    /* 393 of 785 coordinates are +-1, the others 0: with max |g| = 1 the draw is certain. Places cost D H(393 / 785) bits to
     * within a few bytes of the coder, signs a bit each, the count 4 bytes. */
    const double n = 393, p = n / D, entropy = -p * log2(p) - (1 - p) * log2(1 - p);
    const struct ledger_case ternary = {"algorithm = terngrad\nterngrad { clip = 0 coding = entropy }", D, W, 2, LEDGER_SIGNS, NULL, 0};
    struct dsgd_ledger l = ledger_run(&ternary, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE((double)l.up[DSGD_VALUE] / (double)l.worker_steps, 4.0 + ceil8(D * entropy) + ceil8(n), 8.0);
    /* QSGD with one level: 393 non-zeros at gaps of 2 (the first: 1), a sign bit and the magnitude 1 each */
    const struct ledger_case elias = {"algorithm = qsgd\nqsgd { levels = 1 bucket = 0 coding = elias }", D, W, 2, LEDGER_SIGNS, NULL, 0};
    l = ledger_run(&elias, (struct dsgd_tap){.context = NULL});
    const double bits = omega(1) + 392 * omega(2) + n * (1.0 + omega(1)); /* and what ends the vector, at most 2 omega(D) */
    const double sent_bytes = (double)l.up[DSGD_VALUE] / (double)l.worker_steps;
    CHECK_CLOSE(sent_bytes, ceil8(bits + omega(D)), ceil8(omega(D)));
}

/* --- emulation and extremes ------------------------------------------------------------------------------------------- */

/* One worker on the mean is booked W times. */
static void merged_is_booked_for_all_workers(void **state)
{
    (void)state;
    const struct ledger_case one = {TOPK "indices = raw }\nemulation = merged", D, 1000, 2, LEDGER_EQUAL, NULL, 0};
    const struct dsgd_ledger l = ledger_run(&one, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE((double)l.up[DSGD_TABLE], 2.0 * 1000 * 4 * R * C, 0.0);
    CHECK_CLOSE((double)l.down[DSGD_REQUEST], 2.0 * 1000 * 4 * P * K, 0.0);
    CHECK_CLOSE((double)l.messages_up, 2.0 * 2 * 1000, 0.0);
}

/* A silent step is a step with no bytes: the least is 0, the most is the whole model. */
static void extremes_show_silent_steps(void **state)
{
    (void)state;
    const struct ledger_case c = {"algorithm = local_sgd\nlocal_sgd { local_steps = 5 }", D, W, 10, LEDGER_RANDOM, NULL, 0};
    const struct dsgd_ledger l = ledger_run(&c, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE(l.values_min, 0.0, 0.0);
    CHECK_CLOSE(l.values_max, 2.0 * D, 0.0);
    CHECK_CLOSE((double)l.messages_up, 2.0 * W, 0.0);
}

/* --- what the literature quotes (docs/accounting.md, "Points from the literature") ------------------------------------------------------------ */

static void known_points_small(void **state)
{
    (void)state;
    const struct ledger_case topk = {TOPK "}", 785, 4, 2, LEDGER_RANDOM, NULL, 0};
    struct dsgd_ledger l = ledger_run(&topk, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE(ledger_values_ratio(&l, 785), 1570.0 / 390.0, 1e-12); /* 4.03; the paper: around 4 */
    const struct ledger_case heavymix = {HEAVYMIX "}", 785, 4, 2, LEDGER_RANDOM, NULL, 0};
    l = ledger_run(&heavymix, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE(ledger_values_ratio(&l, 785), 1570.0 / 300.0, 1e-12); /* 5.23 */
    /* one bit each way; d a multiple of 8 leaves no padding */
    const struct ledger_case sign = {"algorithm = signsgd", 8000, 4, 2, LEDGER_RANDOM, NULL, 0};
    l = ledger_run(&sign, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE(ledger_wire_ratio(&l, 8000), 32.0, 1e-12);
    CHECK_CLOSE((double)l.up[DSGD_VALUE], (double)l.down[DSGD_VALUE], 0.0);
    CHECK_CLOSE(ledger_values_ratio(&l, 8000), 32.0, 1e-12);
}

/* Independent gradients, W = 256, k = d / 50: the union misses a coordinate with (1 - 1/50)^256 = 0.6 %, so the ratio is
 * 2 d / (k + 0.994 d) = 1.97; the limit for large W is 2 d / (k + d) < 2. */
static void local_topk_many_workers_is_at_most_two(void **state)
{
    (void)state;
    const struct ledger_case c = {"algorithm = local_topk\nlocal_topk { k = 157 }", 7850, 256, 2, LEDGER_RANDOM, NULL, 0};
    const struct dsgd_ledger l = ledger_run(&c, (struct dsgd_tap){.context = NULL});
    const double ratio = ledger_values_ratio(&l, 7850);
    assert_true(ratio <= 2.1 && ratio >= 2.0 * 7850 / (7850 + 157)); /* the lower end: everything in the union */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_methods),
        cmocka_unit_test(sketched_sgd),
        cmocka_unit_test(sparse_methods),
        cmocka_unit_test(quantised_methods),
        cmocka_unit_test(index_codes),
        cmocka_unit_test(entropy_codes),
        cmocka_unit_test(merged_is_booked_for_all_workers),
        cmocka_unit_test(extremes_show_silent_steps),
        cmocka_unit_test(known_points_small),
        cmocka_unit_test(local_topk_many_workers_is_at_most_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
