/* test_draws.c - many draws at once against one at a time, and what is made of them: coins, ternary vectors, levels, in groups of any lengths and on
 * several threads, each against its definition coordinate by coordinate. */
#include "tests/ops.h"

#include "sim/cpu/coins.h"
#include "sim/cpu/split.h"
#include "sim/kernel/number.h"

enum { N = 3 * CPU_PART_LEAST / 4 + 77, GROUPS = 12, S = 5 }; /* two parts of dear elements, and a rest */

static const struct dsgd_rng_key key = {77, 12345};
static float *v;

static uint32_t word_at(size_t i, uint32_t step, uint32_t worker)
{
    return dsgd_rng_draw(key, (uint32_t)(i / 4), step, worker, 0).word[i % 4];
}

static void draws_equal_single_ones(void **state)
{
    (void)state;
    enum { MOST = 256 };
    static uint32_t word[4 * MOST];
    static const uint32_t first[] = {0, 5, UINT32_MAX - 40}; /* the last one begins at 0 again */
    for (size_t f = 0; f < 3; ++f) {
        for (size_t draws = CPU_DRAWS_UNIT; draws <= MOST; draws *= 2) {
            cpu_draws(key, first[f], draws, 9, UINT32_MAX, word);
            for (size_t j = 0; j < draws; ++j) {
                const struct dsgd_rng4 one = dsgd_rng_draw(key, first[f] + (uint32_t)j, 9, UINT32_MAX, 0);
                assert_memory_equal(one.word, word + 4 * j, sizeof one.word);
            }
            cpu_draws_of_item(key, 7, first[f], draws, 9, 4, word);
            for (size_t j = 0; j < draws; ++j) {
                const struct dsgd_rng4 one = dsgd_rng_draw(key, 7, 9, 4, first[f] + (uint32_t)j);
                assert_memory_equal(one.word, word + 4 * j, sizeof one.word);
            }
        }
    }
}

static void coins_few_and_many_equal_single_ones(void **state)
{
    (void)state;
    const struct cpu_coins coins = {key, 3, 8};
    uint64_t random = 88172645463325252u;
    for (unsigned trial = 0; trial < 400; ++trial) {
        uint64_t asked = ~UINT64_C(0);
        for (unsigned j = 0; j < trial % 8; ++j) { /* fewer and fewer */
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            asked &= random;
        }
        const size_t first = 64 * (size_t)trial;
        const uint64_t got = cpu_toss(&coins, first, asked);
        for (unsigned j = 0; j < 64; ++j) {
            const unsigned expected = (asked >> j & 1) && (word_at(first + j, 3, 8) & 1);
            assert_int_equal(got >> j & 1, expected);
        }
    }
}

/* Ends of groups: empty ones, within 64 coordinates, at and across words and blocks. */
static const size_t start[GROUPS + 1] = {0, 0, 3, 64, 64, 130, 1024, 1025, 3000, 4096, 90000, N - 1, N};

static void ternary_vectors_and_levels_equal_definition(void **state)
{
    (void)state;
    static uint8_t planes[2 * ((N + 7) / 8)];
    static int32_t level[N];
    static const float unit[GROUPS] = {1.0f, 2.0f, 0.5f, 1.0f, (float)INFINITY, 3.0f, 0.0f, 1.7f, 1e-3f, 2.0f, 1.1f, (float)NAN};
    const size_t one_start[2] = {0, N};
    const struct dsgd_groups several = {.count = GROUPS, .start = start}, whole = {.count = 1, .start = one_start};
    for (int form = 0; form < 6; ++form) {
        const struct dsgd_groups *g = form % 2 ? &whole : &several;
        struct ops o;
        ops_open(&o, 0, 1);
        o.queue.threads = 1 + form / 2; /* 1, 2, 3 */
        struct dsgd_handle *x = ops_vector(&o, DSGD_F32, N, 1, v), *scale = ops_vector(&o, DSGD_F32, g->count, 1, unit);
        struct dsgd_handle *t = ops_vector(&o, DSGD_TERNARY, N, 1, NULL), *l = ops_vector(&o, DSGD_I32, N, 1, NULL);
        OPS(&o, dsgd_ternarise(&o.turn, g, &scale->as.f32, &x->as.f32, key, &t->as.ternary));
        OPS(&o, dsgd_quantise(&o.turn, g, &scale->as.f32, S, &x->as.f32, key, &l->as.i32));
        ops_read(&o, t, 0, planes);
        ops_read(&o, l, 0, level);
        for (size_t i = 0, at = 0; i < N; ++i) {
            while (g->start[at + 1] <= i) { ++at; }
            const uint32_t word = word_at(i, 5, 7);
            const int hit = dsgd_ternary_hit(v[i], unit[at], dsgd_ternary_factor(unit[at]), word);
            const double factor = dsgd_level_factor(unit[at], S);
            assert_int_equal(planes[i / 8] >> i % 8 & 1, hit);
            assert_int_equal(planes[(N + 7) / 8 + i / 8] >> i % 8 & 1, hit && v[i] < 0.0f);
            assert_int_equal(level[i], factor > 0.0 ? dsgd_level(v[i], factor, S, word) : 0);
        }
        ops_close(&o);
    }
}

/* What the loops over vectors make of |g| >= scale and of word + 1, at the borders of both. */
static void hits_at_borders(void **state)
{
    (void)state;
    enum { D = 4096 };
    static float x[D];
    static uint8_t planes[2 * D / 8];
    const float scale = 0.75f;
    const size_t one_start[2] = {0, D};
    const struct dsgd_groups whole = {.count = 1, .start = one_start};
    const double factor = dsgd_ternary_factor(scale);
    for (size_t i = 0; i < D; ++i) { /* the float next to what the word asks for, one of its neighbours, the scale, or above */
        const float near = (float)(((double)word_at(i, 5, 7) + 1.0) / factor);
        x[i] = i % 7 == 6 ? scale : i % 7 == 5 ? (float)INFINITY : nextafterf(near, i % 3 == 0 ? 0.0f : i % 3 == 1 ? near : 2.0f);
        if (i % 2) { x[i] = -x[i]; }
    }
    struct ops o;
    ops_open(&o, 0, 1);
    struct dsgd_handle *g = ops_vector(&o, DSGD_F32, D, 1, x), *s = ops_vector(&o, DSGD_F32, 1, 1, &scale), *t = ops_vector(&o, DSGD_TERNARY, D, 1, NULL);
    OPS(&o, dsgd_ternarise(&o.turn, &whole, &s->as.f32, &g->as.f32, key, &t->as.ternary));
    ops_read(&o, t, 0, planes);
    size_t both[2] = {0, 0};
    for (size_t i = 0; i < D; ++i) {
        const int hit = dsgd_ternary_hit(x[i], scale, factor, word_at(i, 5, 7));
        assert_int_equal(planes[i / 8] >> i % 8 & 1, hit);
        ++both[hit];
    }
    assert_true(both[0] > D / 5 && both[1] > D / 5); /* the borders are met from both sides */
    ops_close(&o);
}

static int setup(void **state)
{
    (void)state;
    v = malloc(N * sizeof *v);
    if (v) { ops_fill(v, N, 4, 1); }
    return v ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    free(v);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(draws_equal_single_ones), cmocka_unit_test(coins_few_and_many_equal_single_ones),
                                       cmocka_unit_test(ternary_vectors_and_levels_equal_definition), cmocka_unit_test(hits_at_borders)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
