/* test_deep_decode.c - greedy search and beam search against a search of all targets, in models of five ids; what must not matter. */
#include "deep/decode.h"
#include "tests/language_case.h"

enum { IDS = 5, BEGIN = 2, LONGEST = 4, SOURCE = 6, ALL = 625 };
static const struct deep_translator tiny = {1, 8, 12, 2, 11, IDS, false, false, 0.3, 0.1}; /* dropout is for training alone */
static const char *const models[] = {"transformer", "lstm"};

/* The decoder's scores at all positions after a target, in doubles: one pair, in the padded block of a plan of its own. */
struct teacher {
    struct language_case *c;
    double log_p[LONGEST][IDS];
};

static void teach(struct teacher *t, const uint32_t *target)
{
    t->c->y[0] = BEGIN;
    memcpy(t->c->y + 1, target, (LONGEST - 1) * sizeof *target);
    t->c->target_length[0] = LONGEST;
    t->c->block.keys.training = false;
    language_run(t->c);
    const double *score = deep_plan_output(t->c->plan, t->c->memory, t->c->graph.nodes - 2);
    for (size_t p = 0; p < LONGEST; ++p) {
        double sum = 0.0;
        for (size_t v = 0; v < IDS; ++v) { sum += exp(score[p * IDS + v]); }
        for (size_t v = 0; v < IDS; ++v) { t->log_p[p][v] = score[p * IDS + v] - log(sum); }
    }
}

static double penalty(double alpha, uint32_t tokens) { return pow((5.0 + tokens) / 6.0, alpha); }

/* The best of all targets: those that end, and those of the longest length that do not. */
static double exhaustive(struct teacher *t, uint32_t end, double alpha, uint32_t *best, uint32_t *best_length)
{
    double most = -HUGE_VAL;
    for (uint32_t k = 0; k < ALL; ++k) {
        uint32_t target[LONGEST], tokens = 0, rest = k;
        double log_p = 0.0;
        for (int p = 0; p < LONGEST; ++p, rest /= IDS) { target[p] = rest % IDS; }
        teach(t, target);
        for (bool ended = false; tokens < LONGEST && !ended; ++tokens) {
            log_p += t->log_p[tokens][target[tokens]];
            ended = target[tokens] == end;
        }
        if (log_p / penalty(alpha, tokens) > most) {
            most = log_p / penalty(alpha, tokens);
            *best_length = tokens - (target[tokens - 1] == end);
            memcpy(best, target, sizeof target);
        }
    }
    return most;
}

static double greedy(struct teacher *t, uint32_t end, uint32_t *target, uint32_t *length)
{
    double log_p = 0.0;
    memset(target, 0, LONGEST * sizeof *target);
    for (*length = 0; *length < LONGEST; ++*length) {
        uint32_t best = 0;
        teach(t, target);
        for (uint32_t v = 1; v < IDS; ++v) { best = t->log_p[*length][v] > t->log_p[*length][best] ? v : best; }
        log_p += t->log_p[*length][best];
        if (best == end) { break; }
        target[*length] = best;
    }
    return log_p;
}

/* Sources of some lengths and their best targets. */
static void searches_find_the_best(void **state)
{
    (void)state;
    enum { SENTENCES = 6 };
    for (int m = 0; m < 2; ++m) {
        struct teacher t = {.c = language_open(models[m], &tiny, 1, SOURCE, LONGEST, false, false)};
        double *x = t.c->parameter;
        /* large weights, so that a token matters to the next one, and scores near each other, so that greedy search is not always right */
        for (size_t j = 0; j < t.c->graph.d; ++j) { x[j] *= j < t.c->graph.d - IDS * (tiny.width + 1) ? 3.0 : 0.5; }
        uint32_t ids[SENTENCES * SOURCE], length[SENTENCES] = {SOURCE, 1, 4, 2, 5, 3};
        for (uint32_t j = 0; j < SENTENCES * SOURCE; ++j) { ids[j] = language_bits(40 + (uint32_t)m, j) % (uint32_t)tiny.source_ids; }
        static const double alphas[] = {0.0, 0.6, 3.0};
        uint32_t lengths_seen = 0, differs = 0;
        for (uint32_t k = 0; k < IDS + 3; ++k) { /* greedy search with every id as the end, and three of all targets */
            const bool all = k >= IDS;
            const struct deep_search search = {BEGIN, all ? k - IDS + 1 : k, all ? ALL : 1, all ? alphas[k - IDS] : 0.0};
            struct deep_decoder *d;
            DEEP_OK(deep_decoder_create(&t.c->graph, &search, SENTENCES, SOURCE, LONGEST, false, &d));
            void *memory = deep_room(deep_decoder_bytes(d));
            uint32_t out[SENTENCES * LONGEST], out_length[SENTENCES];
            double score[SENTENCES];
            const int threads = deep_one_thread();
            DEEP_OK(deep_decode(d, x, memory, SENTENCES, ids, length, out, out_length, score));
            deep_threads_back(threads);
            for (size_t s = 0; s < SENTENCES; ++s) {
                uint32_t best[LONGEST] = {0}, best_length = 0, first[LONGEST], first_length;
                memcpy(t.c->x, ids + s * SOURCE, SOURCE * sizeof *ids);
                t.c->source_length[0] = length[s];
                const double one = greedy(&t, search.end, first, &first_length);
                const double expected = all ? exhaustive(&t, search.end, search.alpha, best, &best_length) : one;
                if (!all) {
                    memcpy(best, first, sizeof best);
                    best_length = first_length;
                }
                CHECK_CLOSE(score[s], expected, 1e-10); /* doubles on both sides */
                assert_int_equal(out_length[s], best_length);
                assert_memory_equal(out + s * LONGEST, best, best_length * sizeof *best);
                lengths_seen |= 1u << best_length;
                differs += all && search.alpha == 0.0 && expected > one + 1e-6;
            }
            free(memory);
            deep_decoder_destroy(d);
        }
        assert_true(differs > 0); /* greedy search is not always right here, or the test would say little */
        assert_true((lengths_seen & 14u) != 0 && (lengths_seen & 16u) != 0); /* ends at the second to fourth token, and none */
        language_close(t.c);
    }
}

/* Long targets go through plans of several lengths; floats find what doubles find, and fewer sentences than there is room for the same. */
static void long_targets_are_found(void **state)
{
    (void)state;
    enum { N = 4, LONG = 21 };
    for (int m = 0; m < 2; ++m) {
        const struct deep_translator keys = {2, 16, 24, 4, 17, 23, false, false, 0.0, 0.0};
        uint32_t ids[N * SOURCE], length[N] = {SOURCE, 2, 5, 3}, out[3][N * LONG], out_length[3][N];
        double score[3][N];
        for (uint32_t j = 0; j < N * SOURCE; ++j) { ids[j] = language_bits(50, j) % 17; }
        for (int k = 0; k < 3; ++k) {
            const bool fast = k != 0;
            struct language_case *c = language_open(models[m], &keys, 1, 1, 1, fast, false);
            struct deep_decoder *d;
            const struct deep_search search = {BEGIN, 3, 3, 0.6};
            DEEP_OK(deep_decoder_create(&c->graph, &search, k == 2 ? 1 : N, SOURCE, LONG, fast, &d));
            void *memory = deep_room(deep_decoder_bytes(d));
            const int threads = deep_one_thread();
            for (size_t s = 0; s < N; s += k == 2 ? 1 : N) {
                DEEP_OK(deep_decode(d, c->parameter, memory, k == 2 ? 1 : N, ids + s * SOURCE, length + s, out[k] + s * LONG, out_length[k] + s, score[k] + s));
            }
            if (k == 1) { /* two of four */
                uint32_t few[2 * LONG], few_length[2];
                double few_score[2];
                DEEP_OK(deep_decode(d, c->parameter, memory, 2, ids, length, few, few_length, few_score));
                for (size_t s = 0; s < 2; ++s) {
                    assert_int_equal(few_length[s], out_length[k][s]);
                    assert_memory_equal(few + s * LONG, out[k] + s * LONG, few_length[s] * sizeof *few);
                }
            }
            deep_threads_back(threads);
            free(memory);
            deep_decoder_destroy(d);
            language_close(c);
        }
        size_t longest = 0;
        for (int k = 1; k < 3; ++k) {
            for (size_t s = 0; s < N; ++s) {
                CHECK_CLOSE(score[k][s], score[0][s], 1e-4); /* floats: 21 logarithms of 1e-6 each */
                assert_int_equal(out_length[k][s], out_length[0][s]);
                assert_memory_equal(out[k] + s * LONG, out[0] + s * LONG, out_length[0][s] * sizeof out[0][0]);
                longest = out_length[0][s] > longest ? out_length[0][s] : longest;
            }
        }
        assert_true(longest > 8); /* of one plan */
    }
}

static void a_decoder_of_nothing_is_refused(void **state)
{
    (void)state;
    struct language_case *c = language_open("lstm", &tiny, 1, 1, 1, true, false);
    struct deep_decoder *d;
    const struct deep_search none = {BEGIN, 3, 0, 0.0};
    assert_int_equal(deep_decoder_create(&c->graph, &none, 1, 2, 3, true, &d), DSGD_EINTERNAL);
    assert_null(d);
    deep_decoder_destroy(d);
    language_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(searches_find_the_best), cmocka_unit_test(long_targets_are_found),
                                       cmocka_unit_test(a_decoder_of_nothing_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
