/* test_deep_sequences.c - every operation on sequences: the naive version's gradients against differences in doubles; the fast version against the
 * naive one; the functions that they share; refusals.
 *
 * Differences as in test_deep_ops.c: below 1e-10 of rounding and of higher derivatives, where a wrong factor or index shows at 1e-2.
 */
#include "tests/sequence_case.h"

#include "deep/cpu/functions.h"
#include "deep/loops.h"

static const double H = 1e-3;

#define NODE(label, ...) .what = label, .node = {.name = "a", __VA_ARGS__}
static const struct sequence_node small[] = {
    {NODE("embedding", .op = &deep_op_embedding, .channels = 5, .ids = SEQUENCE_IDS, .sequence = DEEP_SOURCE, .value = 2.5), 0},
    {NODE("embedding with positions", .op = &deep_op_embedding, .channels = 6, .ids = SEQUENCE_IDS, .sequence = DEEP_TARGET, .value = 1.0, .positions = true),
     0},
    {NODE("layer norm", .op = &deep_op_layer_norm), 7, 0, 0, DEEP_TARGET, 0},
    {NODE("attention to itself", .op = &deep_op_attention, .heads = 2), 6, 12, 0, DEEP_SOURCE, DEEP_SOURCE},
    {NODE("causal attention", .op = &deep_op_attention, .heads = 3, .causal = true), 6, 12, 0, DEEP_TARGET, DEEP_TARGET},
    {NODE("attention to the source", .op = &deep_op_attention, .heads = 1), 4, 8, 0, DEEP_TARGET, DEEP_SOURCE},
    {NODE("Luong's attention", .op = &deep_op_attention, .heads = 1), 5, 5, 0, DEEP_TARGET, DEEP_SOURCE},
    {NODE("LSTM", .op = &deep_op_lstm, .channels = 3), 4, 0, 0, DEEP_SOURCE, 0},
    {NODE("LSTM both ways", .op = &deep_op_lstm, .channels = 6, .both = true), 4, 0, 0, DEEP_SOURCE, 0},
    {NODE("LSTM that goes on", .op = &deep_op_lstm_continued, .channels = 3), 4, 3, 6, DEEP_TARGET, DEEP_SOURCE},
    {NODE("concatenation", .op = &deep_op_concat), 3, 5, 0, DEEP_TARGET, DEEP_TARGET},
    {NODE("tanh", .op = &deep_op_tanh), 4, 0, 0, DEEP_TARGET, 0},
    {NODE("dense at each position", .op = &deep_op_dense, .channels = 3, .bias = true), 4, 0, 0, DEEP_SOURCE, 0},
    {NODE("dropout", .op = &deep_op_dropout, .value = 0.4), 6, 0, 0, DEEP_TARGET, 0},
    {NODE("addition", .op = &deep_op_add), 4, 4, 0, DEEP_TARGET, DEEP_TARGET},
    {NODE("token loss", .op = &deep_op_token_loss, .channels = SEQUENCE_IDS), SEQUENCE_IDS, 0, 0, DEEP_TARGET, 0},
    {NODE("token loss with smoothing", .op = &deep_op_token_loss, .channels = SEQUENCE_IDS, .value = 0.1), SEQUENCE_IDS, 0, 0, DEEP_TARGET, 0},
};

static double difference(struct sequence_case *c, double *x)
{
    const double at = *x;
    static const double step[] = {-2.0, -1.0, 1.0, 2.0}, factor[] = {1.0, -8.0, 8.0, -1.0};
    double sum = 0.0;
    for (int k = 0; k < 4; ++k) {
        *x = at + step[k] * H;
        sum += factor[k] * sequence_value(c);
    }
    *x = at;
    return sum / (12.0 * H);
}

static void gradients_are_differences(void **state)
{
    (void)state;
    static const int from[] = {CASE_IN0, CASE_IN1, CASE_PARAMETER}, to[] = {CASE_DIN0, CASE_DIN1, CASE_DPARAMETER};
    for (size_t k = 0; k < sizeof small / sizeof *small; ++k) {
        struct sequence_case c;
        sequence_open(&c, &small[k], 3, 5, 4, 10);
        sequence_value(&c);
        DEEP_OK(small[k].node.op->naive.backward(&c.call));
        for (int a = 0; a < 3; ++a) {
            for (size_t j = 0; j < c.count[from[a]]; ++j) {
                const double expected = difference(&c, &c.array[from[a]][j]), got = c.array[to[a]][j];
                if (!check_is_close(got, expected, 1e-8 * (1.0 + fabs(expected)))) { fail_msg("%s, array %d[%zu]: %.12g, differences say %.12g",
                                                                                              small[k].what, a, j, got, expected); }
            }
        }
        sequence_close(&c);
    }
}

/* ---- fast against naive ---- */

/* Floats: sums of at most some hundred products of numbers about 1, each with 2^-24, and exponentials with some of these: measured below 3e-6. A wrong
 * index, mask or term shows at 1e-1. */
static const double FLOATS = 1e-5;

static void fast_is_naive(const struct sequence_node *k, size_t n, size_t source, size_t target)
{
    const struct deep_shape none = {1, 1, 1};
    const struct deep_op *op = k->node.op;
    struct sequence_case c;
    float *array[CASE_ARRAYS];
    void *prepared = NULL;
    const int threads = deep_one_thread();
    sequence_open(&c, k, n, source, target, 20);
    sequence_value(&c);
    uint8_t *wrong = deep_room(c.rows);
    double *loss = deep_room(c.rows * sizeof *loss);
    memcpy(wrong, c.wrong, c.rows);
    memcpy(loss, c.loss, c.rows * sizeof *loss);
    DEEP_OK(op->naive.backward(&c.call));
    for (int a = 0; a < CASE_ARRAYS; ++a) { array[a] = case_pack(a <= CASE_PARAMETER || a == CASE_DOUT ? c.array[a] : NULL, c.count[a], none, 1); }
    if (op->prepare) { DEEP_OK(op->prepare(&c.site, &c.extent, &prepared)); }
    struct deep_call call = c.call;
    call.prepared = prepared;
    call.saved = deep_room(op->fast.saved ? op->fast.saved(&c.site, &c.extent) : 0);
    call.scratch = deep_room(op->fast.scratch ? op->fast.scratch(&c.site, prepared, &c.extent) : 0);
    call.in[0] = array[CASE_IN0], call.in[1] = array[CASE_IN1], call.parameter = array[CASE_PARAMETER], call.out = array[CASE_OUT],
                 call.dout = array[CASE_DOUT];
    call.din[0] = array[CASE_DIN0], call.din[1] = array[CASE_DIN1], call.dparameter = array[CASE_DPARAMETER];
    DEEP_OK(op->fast.forward(&call));
    if (sequence_is_loss(&c)) {
        assert_memory_equal(c.wrong, wrong, c.rows);
        for (size_t r = 0; r < c.rows; ++r) { CHECK_CLOSE(c.loss[r], loss[r], FLOATS); }
    } else {
        case_compare(k->what, array[CASE_OUT], c.array[CASE_OUT], c.count[CASE_OUT], none, 1, FLOATS);
    }
    DEEP_OK(op->fast.backward(&call));
    for (int a = CASE_DIN0; a <= CASE_DPARAMETER; ++a) { case_compare(k->what, array[a], c.array[a], c.count[a], none, 1, FLOATS); }
    deep_threads_back(threads);
    if (prepared) { op->release(prepared); }
    for (int a = 0; a < CASE_ARRAYS; ++a) { free(array[a]); }
    free(call.saved), free(call.scratch), free(wrong), free(loss);
    sequence_close(&c);
}

/* Small ones, and sizes around what registers and vectors hold. */
static void fast_versions_are_the_naive_ones(void **state)
{
    (void)state;
    static const struct sequence_node large[] = {
        {NODE("layer norm", .op = &deep_op_layer_norm), 133, 0, 0, DEEP_TARGET, 0},
        {NODE("heads of 16", .op = &deep_op_attention, .heads = 4), 64, 128, 0, DEEP_SOURCE, DEEP_SOURCE},
        {NODE("heads of 21, causal", .op = &deep_op_attention, .heads = 2, .causal = true), 42, 84, 0, DEEP_TARGET, DEEP_TARGET},
        {NODE("heads of 64 to the source", .op = &deep_op_attention, .heads = 2), 128, 256, 0, DEEP_TARGET, DEEP_SOURCE},
        {NODE("Luong's attention", .op = &deep_op_attention, .heads = 1), 40, 40, 0, DEEP_TARGET, DEEP_SOURCE},
        {NODE("LSTM both ways", .op = &deep_op_lstm, .channels = 36, .both = true), 20, 0, 0, DEEP_SOURCE, 0},
        {NODE("LSTM that goes on", .op = &deep_op_lstm_continued, .channels = 33), 20, 33, 66, DEEP_TARGET, DEEP_SOURCE},
        {NODE("dropout of many numbers", .op = &deep_op_dropout, .value = 0.1), 197, 0, 0, DEEP_TARGET, 0},
        {NODE("token loss of many ids", .op = &deep_op_token_loss, .channels = 333, .value = 0.1), 333, 0, 0, DEEP_TARGET, 0},
    };
    for (size_t k = 0; k < sizeof small / sizeof *small; ++k) { fast_is_naive(&small[k], 3, 5, 4); }
    for (size_t k = 0; k < sizeof large / sizeof *large; ++k) { fast_is_naive(&large[k], 5, 35, 18); }
    for (size_t k = 0; k < sizeof large / sizeof *large; ++k) { fast_is_naive(&large[k], 2, 16, 33); }
}

/* ---- functions ---- */

/* Where the last bit of a float is: the distance of two neighbours at x. */
static double ulp(double x)
{
    return (double)nextafterf((float)fabs(x), INFINITY) - (double)(float)fabs(x);
}

/* All magnitudes from 2^-30 to 2^7, both signs; beyond that the ends. */
static void functions_are_accurate(void **state)
{
    (void)state;
    for (uint32_t bits = 0x30800000u; bits < 0x43000000u; bits += 97) {
        for (uint32_t sign = 0; sign < 2; ++sign) {
            const float x = dsgd_float_of(bits | sign << 31);
            const double t = tanh((double)x), s = 1.0 / (1.0 + exp(-(double)x));
            if (!check_is_close((double)deep_tanh(x), t, 3.0 * ulp(t))) { fail_msg("tanh %.9g = %.9g, expected %.9g", (double)x, (double)deep_tanh(x), t); }
            if (s > 1e-36 && !check_is_close((double)deep_sigmoid(x), s, 3.0 * ulp(s))) { fail_msg("sigmoid %.9g = %.9g, expected %.9g", (double)x,
                                                                                                   (double)deep_sigmoid(x), s); }
        }
    }
    assert_true(deep_tanh(INFINITY) == 1.0f && deep_tanh(-INFINITY) == -1.0f && deep_sigmoid(INFINITY) == 1.0f && deep_sigmoid(-INFINITY) == 0.0f);
    assert_true(deep_tanh(0.0f) == 0.0f && deep_sigmoid(0.0f) == 0.5f);
    assert_true(isnan(deep_tanh(NAN)) && isnan(deep_sigmoid(NAN)));
}

/* FNV-1a of the bits of n floats. */
static uint64_t hash_of(uint64_t hash, size_t n, const float *x)
{
    for (size_t j = 0; j < n; ++j) { hash = (hash ^ dsgd_bits32(x[j])) * UINT64_C(1099511628211); }
    return hash;
}

static float *numbers(uint32_t seed, size_t n, double scale)
{
    float *x = deep_room(n * sizeof *x);
    for (size_t j = 0; j < n; ++j) { x[j] = (float)(scale * deep_uniform(seed, (uint32_t)j)); }
    return x;
}

/* All instruction sets give the same bits: those of this number (levels.sh runs the test with each of them). */
static void loops_have_the_same_bits(void **state)
{
    (void)state;
    enum { ROWS = 6, C = 37, N = 2, HEADS = 2, EACH = 18, T = 5, S = 19, KEYS = 32 };
    const struct deep_loops *loops = deep_loops();
    uint64_t hash = UINT64_C(14695981039346656037);
    float *in = numbers(1, ROWS * C, 3.0), *dout = numbers(2, ROWS * C, 1.0), *parameter = numbers(3, 2 * C, 1.0), out[ROWS * C], din[ROWS * C], both[2 * C],
                 two[2 * ROWS];
    loops->layer_norm(ROWS, C, in, parameter, two, out);
    hash = hash_of(hash_of(hash, ROWS * C, out), 2 * ROWS, two);
    loops->layer_norm_back(ROWS, C, in, parameter, two, dout, din, both);
    hash = hash_of(hash_of(hash, ROWS * C, din), 2 * C, both);
    loops->tanh(ROWS * C, in, out);
    loops->tanh_back(ROWS * C, out, dout, din);
    hash = hash_of(hash_of(hash, ROWS * C, out), ROWS * C, din);
    for (size_t r = 0; r < ROWS; ++r) {
        struct deep_scores of;
        loops->scores(C, in + r * C, r, &of);
        const float parts[] = {of.most, of.rate, (float)of.log_sum, (float)of.plain, of.wrong ? 1.0f : 0.0f};
        loops->scores_back(C, in + r * C, &of, 0.5f, 0.01f, din);
        hash = hash_of(hash_of(hash, 5, parts), C, din);
    }
    float gate[4 * C], cell[C];
    memcpy(gate, in, sizeof gate);
    loops->lstm(C, in + 4 * C, gate, cell, out);
    hash = hash_of(hash_of(hash, C, cell), C, out);
    memcpy(din, dout, C * sizeof *din);
    loops->lstm_back(C, in + 4 * C, cell, dout + C, gate, din);
    hash = hash_of(hash_of(hash, 4 * C, gate), C, din);
    static const uint32_t queries[N] = {5, 3}, keys[N] = {19, 4};
    const struct deep_heads a = {N, HEADS, EACH, T, S, HEADS * EACH, 2 * HEADS * EACH, queries, keys, false, 0.3f};
    float *query = numbers(4, N * T * HEADS * EACH, 2.0), *key = numbers(5, N * S * 2 * HEADS * EACH, 2.0), share[N * HEADS * T * KEYS],
                 taken[N * T * HEADS * EACH];
    float dquery[N * T * HEADS * EACH], dkey[N * S * 2 * HEADS * EACH];
    void *scratch = deep_room(loops->attention_scratch(&a));
    loops->attention(&a, query, key, key + HEADS * EACH, share, taken, scratch);
    loops->attention_back(&a, query, key, key + HEADS * EACH, share, taken, dquery, dkey, dkey + HEADS * EACH, scratch);
    hash = hash_of(hash_of(hash_of(hash, N * T * HEADS * EACH, taken), N * T * HEADS * EACH, dquery), N * S * 2 * HEADS * EACH, dkey);
    if (hash != UINT64_C(0x1637dd10ac4880d2)) { fail_msg("bits %#llx, expected those of the other instruction sets", (unsigned long long)hash); }
    free(in), free(dout), free(parameter), free(query), free(key), free(scratch);
}

/* The loss of scores that are all over the place: no overflow, and what is not a number shows. */
static void losses_of_large_scores(void **state)
{
    (void)state;
    static const struct sequence_node node = {NODE("token loss", .op = &deep_op_token_loss, .channels = SEQUENCE_IDS), SEQUENCE_IDS, 0, 0, DEEP_TARGET, 0};
    struct sequence_case c;
    sequence_open(&c, &node, 1, 1, 3, 5);
    float score[3 * SEQUENCE_IDS], din[3 * SEQUENCE_IDS];
    struct deep_scores saved[3];
    for (size_t r = 0; r < 3; ++r) {
        for (size_t j = 0; j < SEQUENCE_IDS; ++j) { score[r * SEQUENCE_IDS + j] = j == 2 ? 1e4f : j == 3 ? -1e4f : 1.0f; }
        c.id[2][r] = (uint32_t)(2 + r % 2);
    }
    score[2 * SEQUENCE_IDS + 5] = NAN;
    c.call.in[0] = score;
    c.call.din[0] = din;
    c.call.saved = saved;
    DEEP_OK(node.node.op->fast.forward(&c.call));
    assert_true(c.loss[0] == 0.0 && c.loss[1] == 2e4 && isnan(c.loss[2]));
    assert_true(c.wrong[0] == 0 && c.wrong[1] == 1);
    DEEP_OK(node.node.op->fast.backward(&c.call));
    for (size_t j = 0; j < SEQUENCE_IDS; ++j) {
        assert_true(din[j] == 0.0f && din[SEQUENCE_IDS + j] == (j == 2 ? 0.5f : j == 3 ? -0.5f : 0.0f));
        assert_true(isnan(din[2 * SEQUENCE_IDS + j]));
    }
    sequence_close(&c);
}

/* ---- dropout and refusals ---- */

/* What a position loses does not depend on how far its block is padded. */
static void dropout_knows_positions(void **state)
{
    (void)state;
    static const struct sequence_node node = {NODE("dropout", .op = &deep_op_dropout, .value = 0.5), 6, 0, 0, DEEP_TARGET, 0};
    enum { N = 4, C = 6, SHORT = 5, LONG = 9 };
    double out[2][N * LONG * C];
    for (int k = 0; k < 2; ++k) {
        struct sequence_case c;
        sequence_open(&c, &node, N, 3, k == 0 ? SHORT : LONG, 5);
        for (size_t j = 0; j < c.count[CASE_IN0]; ++j) { c.array[CASE_IN0][j] = 1.0; }
        sequence_value(&c);
        memcpy(out[k], c.array[CASE_OUT], c.count[CASE_OUT] * sizeof(double));
        sequence_close(&c);
    }
    for (size_t i = 0; i < N; ++i) { assert_memory_equal(out[0] + i * SHORT * C, out[1] + i * LONG * C, SHORT * C * sizeof(double)); }
    for (size_t r = 1; r < SHORT; ++r) { assert_memory_not_equal(out[0], out[0] + r * C, C * sizeof(double)); } /* 2^-6 each, once for all: keyed */
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct sequence_node k;
        enum dsgd_status status;
        const char *words;
    } refused[] = {
        {{NODE("", .op = &deep_op_attention, .heads = 4), 6, 12, 0, DEEP_TARGET, DEEP_TARGET}, DSGD_EINPUT, "layer a: 4 heads for 6 channels"},
        {{NODE("", .op = &deep_op_attention, .heads = 2), 6, 18, 0, DEEP_TARGET, DEEP_TARGET}, DSGD_EINTERNAL, "6 channels ask 18"},
        {{NODE("", .op = &deep_op_lstm, .both = true, .channels = 5), 6, 0, 0, DEEP_SOURCE, 0}, DSGD_EINPUT, "layer a: 5 cells for 2 directions"},
        {{NODE("", .op = &deep_op_lstm_continued, .channels = 5), 6, 4, 8, DEEP_TARGET, DEEP_SOURCE}, DSGD_EINTERNAL, "a state of 8 numbers"},
        {{NODE("", .op = &deep_op_token_loss, .channels = 5), 6, 0, 0, DEEP_TARGET, 0}, DSGD_EINTERNAL, "6 scores for 5 ids"},
        {{NODE("", .op = &deep_op_concat), 6, 4, 0, DEEP_TARGET, DEEP_SOURCE}, DSGD_EINTERNAL, "6 x 1 x 1 beside 4 x 1 x 1"},
        {{NODE("", .op = &deep_op_add), 6, 6, 0, DEEP_TARGET, DEEP_SOURCE}, DSGD_EINTERNAL, "expected the same"},
    };
    for (size_t k = 0; k < sizeof refused / sizeof *refused; ++k) {
        const struct sequence_node *r = &refused[k].k;
        struct deep_site site = {.node = &r->node, .in = {r->in, 1, 1}, .other = {r->other, 1, 1}, .inputs = r->node.op->inputs, .channels = r->node.channels,
                                 .sequence = r->of_in, .sequence_in = {r->of_in, r->of_other}, .state_in = {0, r->state}};
        assert_int_equal(r->node.op->shape(&site), refused[k].status);
        if (!strstr(dsgd_error(), refused[k].words)) { fail_msg("'%s': expected '%s'", dsgd_error(), refused[k].words); }
    }
}

/* Ids and lengths that are none end a call with a sentence, in both versions. */
static void tokens_are_checked(void **state)
{
    (void)state;
    const struct sequence_node *embedding = &small[0], *loss = &small[15];
    struct sequence_case c;
    sequence_open(&c, embedding, 2, 5, 4, 10);
    c.id[0][1] = SEQUENCE_IDS;
    assert_int_equal(embedding->node.op->naive.forward(&c.call), DSGD_EINTERNAL);
    assert_int_equal(embedding->node.op->fast.forward(&c.call), DSGD_EINTERNAL);
    assert_non_null(strstr(dsgd_error(), "id 9, expected one below 9"));
    c.id[0][1] = 0;
    c.length[0][1] = 6;
    assert_int_equal(embedding->node.op->fast.forward(&c.call), DSGD_EINTERNAL);
    assert_non_null(strstr(dsgd_error(), "a sequence of 6 tokens, expected 1 to 5"));
    sequence_close(&c);
    sequence_open(&c, loss, 2, 5, 4, 10);
    c.id[2][0] = SEQUENCE_IDS;
    assert_int_equal(loss->node.op->naive.forward(&c.call), DSGD_EINTERNAL);
    assert_int_equal(loss->node.op->fast.forward(&c.call), DSGD_EINTERNAL);
    sequence_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients_are_differences), cmocka_unit_test(fast_versions_are_the_naive_ones),
                                       cmocka_unit_test(functions_are_accurate), cmocka_unit_test(loops_have_the_same_bits),
                                                    cmocka_unit_test(losses_of_large_scores), cmocka_unit_test(dropout_knows_positions),
                                       cmocka_unit_test(what_does_not_fit_is_refused), cmocka_unit_test(tokens_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
