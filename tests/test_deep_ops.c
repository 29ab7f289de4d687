/* test_deep_ops.c - every operation of a model: the naive version's gradients against differences in doubles, away from kinks; the fast
 * version against the naive one, in all layouts; refusals.
 *
 * Differences: (f(-2h) - 8 f(-h) + 8 f(h) - f(2h))/(12 h), whose error is h^4/30 of the fifth derivative and some 1e-16 f/h of rounding:
 * with h = 1e-3, numbers of about 1 and sums of a few hundred of them both are below 1e-10. A wrong factor or index shows at 1e-2.
 */
#include <stdio.h>

#include "deep/onednn.h"
#include "tests/deep_case.h"

static const double H = 1e-3;

static double difference(struct deep_case *c, double *x)
{
    const double at = *x;
    static const double step[] = {-2.0, -1.0, 1.0, 2.0}, factor[] = {1.0, -8.0, 8.0, -1.0};
    double sum = 0.0;
    for (int k = 0; k < 4; ++k) {
        *x = at + step[k] * H;
        sum += factor[k] * case_value(c);
    }
    *x = at;
    return sum / (12.0 * H);
}

static void compare_with_differences(struct deep_case *c)
{
    static const int from[] = {CASE_IN0, CASE_IN1, CASE_PARAMETER}, to[] = {CASE_DIN0, CASE_DIN1, CASE_DPARAMETER};
    case_naive_forward(c);
    const struct deep_call call = case_call(c);
    DEEP_OK(c->site.node->op->naive.backward(&call));
    for (int a = 0; a < 3; ++a) {
        if (a < 2 && (a >= c->site.inputs || !call.din[a])) { continue; }
        for (size_t j = 0; j < c->count[from[a]]; ++j) {
            const double expected = difference(c, &c->array[from[a]][j]), got = c->array[to[a]][j];
            if (!check_is_close(got, expected, 1e-8 * (1.0 + fabs(expected)))) {
                fail_msg("%s, array %d[%zu]: %.12g, differences say %.12g", c->site.node->op->name, a, j, got, expected);
            }
        }
    }
}

/* How far the inputs are from where derivatives jump: a ReLU's 0, equal numbers in a window. */
static double kink_distance(struct deep_case *c)
{
    const struct deep_node *node = c->site.node;
    double nearest = HUGE_VAL;
    if (node->op == &deep_op_relu) {
        for (size_t j = 0; j < c->count[CASE_IN0]; ++j) { nearest = fmin(nearest, fabs(c->array[CASE_IN0][j])); }
    } else if (node->op == &deep_op_batch_norm && node->relu) {
        struct deep_node bare = *node;
        bare.relu = false;
        c->site.node = &bare;
        case_naive_forward(c);
        c->site.node = node;
        for (size_t j = 0; j < c->count[CASE_OUT]; ++j) { nearest = fmin(nearest, fabs(c->array[CASE_OUT][j])); }
    } else if (node->op == &deep_op_max_pool) {
        for (size_t j = 0; j < c->count[CASE_IN0]; ++j) {
            for (size_t k = 0; k < j; ++k) { nearest = fmin(nearest, fabs(c->array[CASE_IN0][j] - c->array[CASE_IN0][k])); }
        }
    }
    return nearest;
}

static const struct {
    const char *what;
    struct deep_node node;
    struct deep_shape in;
    size_t n;
    bool first;
} small[] = {
    {"dense", {.name = "a", .op = &deep_op_dense, .channels = 5, .bias = true}, {7, 1, 1}, 3, false},
    {"dense of planes, without bias", {.name = "a", .op = &deep_op_dense, .channels = 4}, {2, 3, 2}, 2, false},
    {"convolution 3 x 3", {.name = "a", .op = &deep_op_convolution, .channels = 3, .kernel = 3, .pad = 1}, {2, 4, 5}, 2, false},
    {"convolution 5 x 5 with bias", {.name = "a", .op = &deep_op_convolution, .channels = 2, .kernel = 5, .bias = true}, {2, 6, 7}, 2, false},
    {"convolution of images", {.name = "a", .op = &deep_op_convolution, .channels = 2, .kernel = 5, .pad = 2, .bias = true}, {1, 5, 4}, 2, true},
    {"batch norm", {.name = "a", .op = &deep_op_batch_norm}, {3, 2, 3}, 4, false},
    {"batch norm and ReLU", {.name = "a", .op = &deep_op_batch_norm, .relu = true}, {2, 2, 2}, 3, false},
    {"max pool", {.name = "a", .op = &deep_op_max_pool, .kernel = 2}, {2, 4, 6}, 1, false},
    {"max pool, rows left over", {.name = "a", .op = &deep_op_max_pool, .kernel = 3}, {2, 4, 5}, 1, false},
    {"max pool of planes", {.name = "a", .op = &deep_op_max_pool}, {3, 3, 4}, 1, false},
    {"ReLU", {.name = "a", .op = &deep_op_relu}, {3, 2, 2}, 2, false},
    {"dropout", {.name = "a", .op = &deep_op_dropout, .value = 0.4}, {11, 1, 1}, 3, false},
    {"addition", {.name = "a", .op = &deep_op_add}, {2, 3, 2}, 2, false},
    {"scale", {.name = "a", .op = &deep_op_scale, .value = 0.125}, {5, 1, 1}, 2, false},
    {"loss", {.name = "a", .op = &deep_op_loss}, {6, 1, 1}, 4, false},
    {"loss with smoothing", {.name = "a", .op = &deep_op_loss, .value = 0.1}, {6, 1, 1}, 4, false},
};

static void gradients_are_differences(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof small / sizeof *small; ++k) {
        struct deep_case c;
        uint32_t seed = 10;
        case_open(&c, &small[k].node, small[k].in, small[k].n, 6, 1, small[k].first, seed);
        while (!(kink_distance(&c) > 5.0 * H) && seed < 100000) {
            case_close(&c);
            seed += 10;
            case_open(&c, &small[k].node, small[k].in, small[k].n, 6, 1, small[k].first, seed);
        }
        if (seed >= 100000) { fail_msg("%s: no numbers away from kinks", small[k].what); }
        compare_with_differences(&c);
        case_close(&c);
    }
}

/* ---- fast against naive ---- */

/* Floats: sums of K products lose some sqrt(K) 2^-24 of the largest terms; K is at most 10^4 here, and cancellation may take a digit. A wrong
 * layout or a missing term shows at 1e-1. */
static const double FLOATS = 2e-5;

static void fast_is_naive(const char *what, struct deep_case *c, double tolerance)
{
    const struct deep_op *op = c->site.node->op;
    const struct deep_shape none = {1, 1, 1};
    const size_t vector = c->site.vector, vector_in = c->site.vector_in;
    void *prepared = NULL;
    const int threads = deep_one_thread();
    case_naive_forward(c);
    struct deep_call call = case_call(c);
    if (c->mode != DEEP_FIXED) { DEEP_OK(op->naive.backward(&call)); }
    if (op->prepare) { DEEP_OK(op->prepare(&c->site, &c->extent, &prepared)); }
    float *in[] = {case_pack(c->array[CASE_IN0], c->count[CASE_IN0], c->site.in, vector_in), case_pack(c->array[CASE_IN1], c->count[CASE_IN1], c->site.in, vector_in)};
    float *din[] = {case_pack(NULL, c->count[CASE_IN0], c->site.in, 1), case_pack(NULL, c->count[CASE_IN1], c->site.in, 1)};
    float *parameter = case_pack(c->array[CASE_PARAMETER], c->count[CASE_PARAMETER], none, 1), *dparameter = case_pack(NULL, c->count[CASE_PARAMETER], none, 1);
    const struct deep_shape out_shape = case_is_loss(c) ? none : c->site.out;
    float *out = case_pack(NULL, c->count[CASE_OUT], none, 1), *dout = case_pack(c->array[CASE_DOUT], c->count[CASE_DOUT], out_shape, case_is_loss(c) ? 1 : vector);
    float *statistic = case_pack(c->statistic, 2 * c->site.in.c, none, 1);
    double *loss = deep_room(c->n * sizeof *loss);
    call.prepared = prepared;
    call.saved = deep_room(op->fast.saved ? op->fast.saved(&c->site, &c->extent) : 0);
    call.scratch = deep_room(op->fast.scratch ? op->fast.scratch(&c->site, prepared, &c->extent) : 0);
    call.in[0] = in[0];
    call.in[1] = in[1];
    call.out = out;
    call.parameter = parameter;
    call.dparameter = dparameter;
    call.dout = dout;
    call.statistic = statistic;
    call.loss = loss;
    for (int j = 0; j < 2; ++j) { call.din[j] = call.din[j] ? din[j] : NULL; }
    DEEP_OK(op->fast.forward(&call));
    if (case_is_loss(c)) {
        for (size_t i = 0; i < c->n; ++i) { CHECK_CLOSE(loss[i], c->loss[i], 1e-12); } /* both in doubles */
    } else {
        case_compare(what, out, c->array[CASE_OUT], c->count[CASE_OUT], c->site.out, vector, tolerance);
    }
    if (c->mode == DEEP_COLLECT) { case_compare("statistic", statistic, c->statistic, 2 * c->site.in.c, none, 1, tolerance); }
    if (c->mode != DEEP_FIXED) {
        DEEP_OK(op->fast.backward(&call));
        for (int j = 0; j < c->site.inputs; ++j) {
            if (call.din[j]) { case_compare(what, din[j], c->array[CASE_DIN0 + j], c->count[CASE_IN0], c->site.in, vector_in, tolerance); }
        }
        case_compare(what, dparameter, c->array[CASE_DPARAMETER], c->count[CASE_PARAMETER], none, 1, tolerance);
    }
    deep_threads_back(threads);
    if (prepared) { op->release(prepared); }
    void *all[] = {in[0], in[1], din[0], din[1], parameter, dparameter, out, dout, statistic, loss, call.saved, call.scratch};
    for (size_t j = 0; j < sizeof all / sizeof *all; ++j) { free(all[j]); }
}

static void fast_versions_are_the_naive_ones(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof small / sizeof *small; ++k) {
        struct deep_case c;
        case_open(&c, &small[k].node, small[k].in, small[k].n, 6, 1, small[k].first, 40);
        fast_is_naive(small[k].what, &c, FLOATS);
        case_close(&c);
    }
}

/* Layouts with vectors of channels, sizes that models have, and what a model does at evaluation. */
static void fast_versions_with_vectors(void **state)
{
    (void)state;
    const size_t v = deep_vector();
    const struct {
        const char *what;
        struct deep_node node;
        struct deep_shape in;
        size_t n;
        bool first;
        enum deep_mode mode;
        double tolerance;
    } large[] = {
        {"convolution", {.name = "a", .op = &deep_op_convolution, .channels = 2 * v, .kernel = 3, .pad = 1}, {v, 8, 8}, 3, false, DEEP_OWN, FLOATS},
        {"convolution of images", {.name = "a", .op = &deep_op_convolution, .channels = v, .kernel = 3, .pad = 1}, {3, 8, 8}, 5, true, DEEP_OWN, FLOATS},
        /* Winograd's transforms multiply by up to 21/4 and cancel: measured 2e-5 here, where direct sums have 1e-6 */
        {"convolution by Winograd", {.name = "a", .op = &deep_op_convolution, .channels = 64, .kernel = 3, .pad = 1}, {64, 4, 4}, 17, false, DEEP_OWN, 3e-4},
        {"batch norm", {.name = "a", .op = &deep_op_batch_norm}, {2 * v, 4, 4}, 5, false, DEEP_OWN, FLOATS},
        {"batch norm, ReLU", {.name = "a", .op = &deep_op_batch_norm, .relu = true}, {v, 4, 4}, 5, false, DEEP_COLLECT, FLOATS},
        {"batch norm, given", {.name = "a", .op = &deep_op_batch_norm, .relu = true}, {v, 4, 4}, 5, false, DEEP_FIXED, FLOATS},
        {"max pool", {.name = "a", .op = &deep_op_max_pool, .kernel = 2}, {2 * v, 6, 4}, 3, false, DEEP_OWN, FLOATS},
        {"max pool of planes", {.name = "a", .op = &deep_op_max_pool}, {2 * v, 4, 4}, 3, false, DEEP_OWN, FLOATS},
        {"max pool, rows left over", {.name = "a", .op = &deep_op_max_pool, .kernel = 2}, {v, 5, 7}, 3, false, DEEP_OWN, FLOATS},
    };
    for (size_t k = 0; k < sizeof large / sizeof *large; ++k) {
        struct deep_case c;
        case_open(&c, &large[k].node, large[k].in, large[k].n, 6, v, large[k].first, 70);
        c.mode = large[k].mode;
        fast_is_naive(large[k].what, &c, large[k].tolerance);
        case_close(&c);
    }
}

/* Of equal numbers the first one of a window, row by row, gets the derivative, in every layout. */
static void pools_agree_where_numbers_are_equal(void **state)
{
    (void)state;
    static const struct deep_node nodes[] = {{.name = "a", .op = &deep_op_max_pool, .kernel = 2}, {.name = "a", .op = &deep_op_max_pool, .kernel = 3}};
    const size_t vectors[] = {1, deep_vector()};
    for (size_t k = 0; k < 4; ++k) {
        struct deep_case c;
        case_open(&c, &nodes[k / 2], (struct deep_shape){deep_vector(), 6, 12}, 7, 6, vectors[k % 2], false, 90);
        for (size_t j = 0; j < c.count[CASE_IN0]; ++j) { c.array[CASE_IN0][j] = floor(2.0 * c.array[CASE_IN0][j]); } /* -2 .. 1 */
        fast_is_naive("max pool of few values", &c, 1e-7); /* nothing is computed: a float's rounding of the derivative alone */
        case_close(&c);
    }
}

/* Keyed: block and version do not matter, step, worker and item do; about the share that was asked for. */
static void dropout_is_keyed(void **state)
{
    (void)state;
    static const struct deep_node node = {.name = "a", .op = &deep_op_dropout, .value = 0.25};
    enum { N = 40, C = 100 };
    struct deep_case c;
    case_open(&c, &node, (struct deep_shape){C, 1, 1}, N, 6, 1, false, 3);
    struct deep_call call = case_call(&c);
    for (size_t j = 0; j < N * C; ++j) { c.array[CASE_IN0][j] = 1.0; }
    DEEP_OK(node.op->naive.forward(&call));
    double whole[N * C], dropped = 0.0;
    memcpy(whole, c.array[CASE_OUT], sizeof whole);
    for (size_t j = 0; j < N * C; ++j) { dropped += whole[j] == 0.0; }
    CHECK_CLOSE(dropped / (N * C), 0.25, 4.0 * sqrt(0.25 * 0.75 / (N * C))); /* four standard errors, 6e-5 once for all: the seed is fixed */
    call.n = 1;
    for (uint32_t i = 0; i < N; ++i) { /* one by one */
        call.keys.first = 8 + i;
        DEEP_OK(node.op->naive.forward(&call));
        assert_memory_equal(call.out, whole + i * C, C * sizeof(double));
    }
    uint32_t *const key[] = {&call.keys.seed, &call.keys.step, &call.keys.worker, &call.keys.first};
    for (int k = 0; k < 4; ++k) {
        call.keys = (struct deep_keys){5, 6, 7, 8, true};
        ++*key[k];
        DEEP_OK(node.op->naive.forward(&call));
        assert_memory_not_equal(call.out, whole, C * sizeof(double));
    }
    call.keys.training = false;
    DEEP_OK(node.op->naive.forward(&call));
    assert_memory_equal(call.out, c.array[CASE_IN0], C * sizeof(double));
    case_close(&c);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct deep_node node;
        struct deep_shape in;
        const char *words;
    } refused[] = {
        {{.name = "dense7", .op = &deep_op_dense}, {0, 1, 1}, "dense7: 0 inputs and 6 outputs"},
        {{.name = "conv7", .op = &deep_op_convolution, .channels = 2, .kernel = 5}, {1, 4, 9}, "conv7: kernel 5 on planes of 4 x 9"},
        {{.name = "pool7", .op = &deep_op_max_pool, .kernel = 3}, {1, 4, 2}, "pool7: windows of 3 x 3 on planes of 4 x 2"},
        {{.name = "pool8", .op = &deep_op_max_pool}, {1, 32, 32}, "at most 256 numbers"},
        {{.name = "loss7", .op = &deep_op_loss}, {5, 1, 1}, "loss7: 5 scores for 6 classes"},
    };
    for (size_t k = 0; k < sizeof refused / sizeof *refused; ++k) {
        struct deep_site site = {.node = &refused[k].node, .in = refused[k].in, .vector = 1, .channels = 6};
        assert_int_equal(refused[k].node.op->shape(&site), DSGD_EINPUT);
        if (!strstr(dsgd_error(), refused[k].words)) { fail_msg("'%s': expected '%s'", dsgd_error(), refused[k].words); }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients_are_differences), cmocka_unit_test(fast_versions_are_the_naive_ones),
                                       cmocka_unit_test(fast_versions_with_vectors), cmocka_unit_test(pools_agree_where_numbers_are_equal), cmocka_unit_test(dropout_is_keyed),
                                       cmocka_unit_test(what_does_not_fit_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
