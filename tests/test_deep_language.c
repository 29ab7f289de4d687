/* test_deep_language.c - the models of sequences: parameters counted; losses and gradients in doubles as PyTorch has them
 * (tests/torch/language_values.py), floats beside doubles; padding and later targets do not matter; where they start from.
 */
#include "tests/language_case.h"
#include "tests/torch/language_values.h"

static const char *const models[] = {"transformer", "lstm"};

/* ---- sizes ---- */

static struct deep_translator preset(const char *name, size_t source_ids, size_t target_ids)
{
    for (const struct deep_preset *p = deep_presets; p->name; ++p) {
        if (strcmp(p->name, name) != 0) { continue; }
        return (struct deep_translator){p->layers, p->width, p->inner, p->heads, source_ids, target_ids, false, false, 0.0, 0.0};
    }
    fail_msg("no preset %s", name);
    return (struct deep_translator){0};
}

static void parameters_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *model, *preset;
        size_t source_ids, target_ids, d;
        bool post, ahead;
        double dropout;
    } counts[] = {
        {"transformer", "grammar", 196, 284, 133148, false, false, 0.0}, /* the prototype's models: docs of the experiments */
        {"lstm", "grammar", 196, 284, 119900, false, false, 0.1},
        {"transformer", "multi30k", 2000, 2000, 1101776, false, false, 0.1},
        {"lstm", "multi30k", 2000, 2000, 1050704, false, false, 0.0},
        /* the paper's, "90M" and "73M" parameters; its vocabulary is not told: with 30,000 ids on each side both come out */
        {"transformer", "paper", 30000, 30000, 90250544, false, false, 0.1},
        {"transformer", "paper", 30000, 30000, 90248496, true, false, 0.1}, /* no norms in the end: 2 x 1024 fewer */
        {"lstm", "paper", 30000, 30000, 72111920, false, true, 0.1},
        {"lstm", "paper", 30000, 30000, 68966192, false, false, 0.1}, /* both ways, halves of 256 */
    };
    struct language_case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    for (size_t k = 0; k < sizeof counts / sizeof *counts; ++k) {
        struct deep_translator keys = preset(counts[k].preset, counts[k].source_ids, counts[k].target_ids);
        keys.post = counts[k].post, keys.ahead = counts[k].ahead, keys.dropout = counts[k].dropout;
        language_describe(c, counts[k].model, &keys);
        if (c->graph.d != counts[k].d) { fail_msg("%s, %s: %zu parameters, expected %zu", counts[k].model, counts[k].preset, c->graph.d, counts[k].d); }
        size_t at = 0;
        for (size_t s = 0; s < c->graph.segments; ++s) { /* ascending, without gaps, names of their own, roles by names */
            const struct dsgd_segment *segment = &c->graph.segment[s];
            const char *end = strrchr(segment->name, '.');
            assert_int_equal(segment->offset, at);
            assert_int_equal(segment->rows * segment->cols, segment->count);
            at += segment->count;
            assert_non_null(end);
            assert_true((strstr(end, "bias") != NULL) == (segment->role == DSGD_ROLE_BIAS) && (strcmp(end, ".scale") == 0 || strcmp(end,
                    ".shift") == 0) == (segment->role == DSGD_ROLE_NORM));
            assert_true((strcmp(segment->name, "source.weight") == 0 || strcmp(segment->name, "target.weight") == 0) == (segment->role == DSGD_ROLE_EMBEDDING));
            for (size_t r = 0; r < s; ++r) { assert_string_not_equal(segment->name, c->graph.segment[r].name); }
        }
        assert_int_equal(at, c->graph.d);
    }
    struct deep_translator keys = preset("paper", 10, 10);
    keys.layers = 13;
    assert_int_equal(deep_transformer_describe(&keys, &c->description), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "model transformer: 13 layers on each side, expected fewer"));
    free(c);
}

/* ---- against PyTorch ---- */

/* Doubles on both sides and other orders of sums: 1e-16 times some thousand additions and some dozen layers. */
static const double DOUBLES = 1e-10;
/* Floats: each layer keeps 1e-6 (test_deep_sequences.c); a number near 0 may fall to the other side of a ReLU: measured below 1e-5 of the norm. */
static const double FLOATS = 1e-4;

static void losses_and_gradients_are_pytorchs(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof language_expected / sizeof *language_expected; ++k) {
        const struct language_expected *e = &language_expected[k];
        const struct deep_translator keys = {e->layers, e->width, e->inner, e->heads, e->source_ids, e->target_ids, e->post, e->ahead, 0.0, e->smoothing};
        struct language_case *c = language_open(e->model, &keys, e->n, e->source, e->target, false, true);
        assert_int_equal(c->graph.segments, e->segments);
        CHECK_CLOSE(language_run(c), e->loss, DOUBLES);
        const double *grad = c->gradient;
        for (size_t s = 0; s < e->segments; ++s) {
            double product = 0.0, norm2 = 0.0;
            for (size_t j = 0; j < c->graph.segment[s].count; ++j) {
                const double one = grad[c->graph.segment[s].offset + j];
                product += one * language_value(500 + (uint32_t)s, (uint32_t)j);
                norm2 += one * one;
            }
            const double tolerance = DOUBLES * fmax(1.0, e->segment[s][1]);
            if (!check_is_close(product, e->segment[s][0], tolerance) || !check_is_close(sqrt(norm2), e->segment[s][1], tolerance)) {
                fail_msg("%s %zu, %s: product %.12g and norm %.12g, PyTorch has %.12g and %.12g", e->model, k, c->graph.segment[s].name, product, sqrt(norm2),
                         e->segment[s][0],
                         e->segment[s][1]);
            }
        }
        struct language_case *fast = language_open(e->model, &keys, e->n, e->source, e->target, true, true);
        CHECK_CLOSE(language_run(fast), e->loss, 1e-5);
        double off = 0.0, all = 0.0;
        for (size_t j = 0; j < c->graph.d; ++j) {
            const double one = (double)((const float *)fast->gradient)[j] - grad[j];
            off += one * one;
            all += grad[j] * grad[j];
        }
        CHECK_CLOSE(sqrt(off / all), 0.0, FLOATS);
        language_close(c);
        language_close(fast);
    }
}

/* ---- what must not matter ---- */

static const struct deep_translator tiny = {2, 16, 24, 4, 17, 23, false, false, 0.2, 0.1};
enum { N = 5, SOURCE = 18, TARGET = 7 };

/* Other ids in the padding, and numbers that are no ids: the same bits, in losses and gradients. */
static void padding_does_not_matter(void **state)
{
    (void)state;
    for (int m = 0; m < 2; ++m) {
        struct deep_translator keys = tiny;
        for (int post = 0; post < 2; ++post) {
            keys.post = post == 1;
            struct language_case *c = language_open(models[m], &keys, N, SOURCE, TARGET, true, true), *other = language_open(models[m], &keys, N, SOURCE,
                                                                                                                             TARGET, true, true);
            size_t changed = 0;
            for (size_t i = 0; i < N; ++i) {
                for (size_t p = c->source_length[i]; p < SOURCE; ++p, ++changed) { other->x[i * SOURCE + p] = UINT32_MAX - (uint32_t)p; }
                for (size_t p = c->target_length[i]; p < TARGET; ++p,
                     ++changed) { other->y[i * TARGET + p] = other->z[i * TARGET + p] = UINT32_MAX - (uint32_t)p; }
            }
            assert_true(changed > N);
            language_run(c);
            language_run(other);
            assert_memory_equal(c->loss, other->loss, c->rows * sizeof *c->loss);
            assert_memory_equal(c->wrong, other->wrong, c->rows);
            assert_memory_equal(c->gradient, other->gradient, c->graph.d * sizeof(float));
            for (size_t r = 0; r < c->rows; ++r) { assert_true(r % TARGET < c->target_length[r / TARGET] ? c->loss[r] > 0.0 : c->loss[r] == 0.0 && c->wrong[r] == 0); }
            language_close(c);
            language_close(other);
        }
    }
}

/* More padding: the numbers are those of shorter blocks, up to the order of a library's sums, dropout included. */
static void longer_blocks_are_the_same(void **state)
{
    (void)state;
    for (int m = 0; m < 2; ++m) {
        struct language_case *c = language_open(models[m], &tiny, N, SOURCE, TARGET, true, true), *longer = language_open(models[m], &tiny, N, SOURCE + 5,
                                                                                                                          TARGET + 13, true, true);
        for (size_t i = 0; i < N; ++i) {
            longer->source_length[i] = c->source_length[i];
            longer->target_length[i] = c->target_length[i];
            for (size_t p = 0; p < SOURCE; ++p) { longer->x[i * (SOURCE + 5) + p] = c->x[i * SOURCE + p]; }
            for (size_t p = 0; p < TARGET; ++p) {
                longer->y[i * (TARGET + 13) + p] = c->y[i * TARGET + p];
                longer->z[i * (TARGET + 13) + p] = c->z[i * TARGET + p];
            }
        }
        longer->block.weight = c->block.weight;
        CHECK_CLOSE(language_run(longer), language_run(c), 1e-6);
        double most = 0.0;
        for (size_t j = 0; j < c->graph.d; ++j) { most = fmax(most, fabs((double)((const float *)c->gradient)[j])); }
        for (size_t j = 0; j < c->graph.d; ++j) { CHECK_CLOSE((double)((const float *)longer->gradient)[j], (double)((const float *)c->gradient)[j],
                                                              1e-5 * most); }
        language_close(c);
        language_close(longer);
    }
}

/* A later token of the target does not change earlier scores, to the bit; it does its own position's. */
static void targets_are_causal(void **state)
{
    (void)state;
    for (int m = 0; m < 2; ++m) {
        struct language_case *c = language_open(models[m], &tiny, N, SOURCE, TARGET, true, false), *other = language_open(models[m], &tiny, N, SOURCE, TARGET,
                                                                                                                          true, false);
        const size_t ids = tiny.target_ids, at = 3;
        for (size_t i = 0; i < N; ++i) {
            c->target_length[i] = other->target_length[i] = TARGET;
            other->y[i * TARGET + at] = (c->y[i * TARGET + at] + 1) % (uint32_t)ids;
        }
        language_run(c);
        language_run(other);
        const float *a = language_scores(c), *b = language_scores(other);
        for (size_t i = 0; i < N; ++i) {
            assert_memory_equal(a + i * TARGET * ids, b + i * TARGET * ids, at * ids * sizeof *a);
            for (size_t p = at; p < TARGET; ++p) { assert_memory_not_equal(a + (i * TARGET + p) * ids, b + (i * TARGET + p) * ids, ids * sizeof *a); }
        }
        language_close(c);
        language_close(other);
    }
}

/* A pair's losses and gradient do not depend on those beside it: a block is the sum of its pairs. */
static void blocks_are_sums_of_pairs(void **state)
{
    (void)state;
    struct deep_translator keys = tiny;
    for (int m = 0; m < 2; ++m) {
        struct language_case *c = language_open(models[m], &keys, N, SOURCE, TARGET, true, true);
        language_run(c);
        double *sum = calloc(c->graph.d, sizeof *sum), most = 0.0;
        assert_non_null(sum);
        for (size_t i = 0; i < N; ++i) {
            struct language_case *one = language_open(models[m], &keys, 1, c->source_length[i], c->target_length[i], true, true);
            memcpy(one->x, c->x + i * SOURCE, c->source_length[i] * sizeof *one->x);
            memcpy(one->y, c->y + i * TARGET, c->target_length[i] * sizeof *one->y);
            memcpy(one->z, c->z + i * TARGET, c->target_length[i] * sizeof *one->z);
            one->block.weight = c->block.weight;
            one->block.keys.first += (uint32_t)i;
            language_run(one);
            for (size_t p = 0; p < c->target_length[i]; ++p) { CHECK_CLOSE(one->loss[p], c->loss[i * TARGET + p], 1e-5); }
            for (size_t j = 0; j < c->graph.d; ++j) { sum[j] += (double)((const float *)one->gradient)[j]; }
            language_close(one);
        }
        for (size_t j = 0; j < c->graph.d; ++j) { most = fmax(most, fabs(sum[j])); }
        for (size_t j = 0; j < c->graph.d; ++j) { CHECK_CLOSE((double)((const float *)c->gradient)[j], sum[j], 1e-5 * most); }
        free(sum);
        language_close(c);
    }
}

/* ---- start ---- */

/* Every segment: in the bounds of its rule, with its mean and variance; other segments and seeds have other numbers. */
static void starts_follow_their_rules(void **state)
{
    (void)state;
    struct language_case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    for (int m = 0; m < 2; ++m) {
        const struct deep_translator keys = preset("grammar", 196, 284);
        language_describe(c, models[m], &keys);
        double *x = deep_room(c->graph.d * sizeof *x), *other = deep_room(c->graph.d * sizeof *other);
        deep_graph_start(&c->graph, 5, x);
        deep_graph_start(&c->graph, 6, other);
        for (size_t s = 0; s < c->graph.segments; ++s) {
            const struct dsgd_segment *segment = &c->graph.segment[s];
            const double *at = x + segment->offset;
            struct check_mean mean = {0}, square = {0};
            for (size_t j = 0; j < segment->count; ++j) {
                check_mean_add(&mean, at[j]);
                check_mean_add(&square, at[j] * at[j]);
            }
            if (segment->role == DSGD_ROLE_NORM || segment->role == DSGD_ROLE_BIAS) {
                const bool scale = strcmp(strrchr(segment->name, '.'), ".scale") == 0, gates = strstr(segment->name, "bias_") != NULL;
                for (size_t j = 0; j < segment->count; ++j) { assert_true(at[j] == (scale ? 1.0 : gates && j / (segment->count / 4) == 1 ? 0.5 : 0.0)); }
                continue;
            }
            assert_memory_not_equal(at, other + segment->offset, segment->count * sizeof *at);
            CHECK_MEAN(&mean, 0.0);
            if (segment->role == DSGD_ROLE_EMBEDDING) {
                CHECK_MEAN(&square, m == 0 ? 1.0 / 64.0 : 1.0);
                continue;
            }
            /* matrices that share a segment: two in keys, four in LSTMs */
            const size_t blocks = strstr(segment->name, ".keys.") ? 2 : strstr(segment->name, "weight_") ? 4 : 1;
            const double bound = sqrt(6.0 / (double)(segment->cols + segment->rows / blocks));
            for (size_t j = 0; j < segment->count; ++j) { assert_true(fabs(at[j]) <= bound); }
            CHECK_MEAN(&square, bound * bound / 3.0);
        }
        free(x), free(other);
    }
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parameters_are_counted), cmocka_unit_test(losses_and_gradients_are_pytorchs),
                                       cmocka_unit_test(padding_does_not_matter), cmocka_unit_test(longer_blocks_are_the_same),
                                                    cmocka_unit_test(targets_are_causal),
                                       cmocka_unit_test(blocks_are_sums_of_pairs), cmocka_unit_test(starts_follow_their_rules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
