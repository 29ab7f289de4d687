/* test_language_problem.c - models of sequences as problems: gradients against naive ones in doubles, the mean over tokens of unlike bins, the same bits for any
 * number of threads, losses against naive sums, and decoding of a model that has learnt. */
#include "convex/registry.h"
#include "deep/language.h"
#include "tests/deep_case.h"
#include "tests/pairs_case.h"

/* Floats against doubles: a layer keeps 1e-6 (test_deep_sequences.c), a ReLU that falls to the other side takes its derivative along: below 1e-5 measured
 * without; a wrong layer or weight has 1e-1. */
static const double FLIPS = 1e-3;

enum { PAIRS_TRAIN = 60, CONFIG_SIZE = 256, SEED = 5 };

static const struct {
    const char *name, *keys;
} problems[] = {{"transformer", "dimension=12 feedforward=20 heads=3 sentences=7 decode=5"},
                {"transformer", "dimension=8 feedforward=10 heads=2 layers=2 norm=post dropout=0.2 label_smoothing=0.1 l2=0.01 tokens=40 sentences=0 decode=5 beam=3"},
                {"lstm", "dimension=12 sentences=7 decode=5"},
                {"lstm", "dimension=9 encoder=ahead layers=2 dropout=0.2 label_smoothing=0.1 l2=0.01 tokens=40 sentences=0 decode=5"}};
enum { PROBLEMS = sizeof problems / sizeof *problems };

struct built {
    const struct dsgd_problem_ops *ops;
    struct dsgd_dataset data;
    struct deep_language *self;
    size_t d, n;
};

/* Random pairs, whose vocabularies have no texts: ids are words. copies: targets are their sources. */
static void open_problem(struct built *b, const char *name, const char *keys, bool copies)
{
    static const struct dsgd_vocabulary source = {.size = PAIRS_SOURCES}, target = {.size = PAIRS_TARGETS};
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    struct dsgd_layout layout;
    char key[32], text[32];
    void *self;
    *b = (struct built){.ops = dsgd_problem_find(name),
                        .data = {.name = "pairs", .train = pairs_split(1, PAIRS_TRAIN, 9), .validation = pairs_split(2, 37, 9), .test = pairs_split(3, 20, 9),
                                 .source = source, .target = target}};
    struct dsgd_split *const split[] = {&b->data.train, &b->data.validation, &b->data.test};
    for (int s = 0; copies && s < 3; ++s) {
        free((void *)(uintptr_t)split[s]->target.start);
        free((void *)(uintptr_t)split[s]->target.id);
        split[s]->target = split[s]->source;
    }
    struct dsgd_problem_args args = {.config = config, .data = &b->data, .seed_data = SEED};
    DEEP_OK(dsgd_param_defaults(b->ops->params, name, config));
    for (int used; sscanf(keys, " %31[a-z0-9_]=%31s%n", key, text, &used) == 2; keys += used) { DEEP_OK(dsgd_param_set(dsgd_param_find(b->ops->params, key), name, config, text)); }
    DEEP_OK(b->ops->create(&args, &self));
    b->self = self;
    b->ops->shape(self, &layout, &b->n);
    b->d = layout.d;
    assert_int_equal(b->n, b->self->train.bins->n);
}

static void close_problem(struct built *b)
{
    b->ops->destroy(b->self);
    struct dsgd_split *const split[] = {&b->data.train, &b->data.validation, &b->data.test};
    for (int s = 0; s < 3; ++s) {
        if (split[s]->target.id == split[s]->source.id) { split[s]->target = (struct dsgd_sentences){NULL, NULL}; }
        pairs_free(split[s]);
    }
}

static double *start_of(const struct built *b)
{
    double *x = deep_room(b->d * sizeof *x);
    b->ops->start(b->self, x);
    for (size_t j = 0; j < b->d; ++j) { x[j] = (double)(float)x[j]; }
    return x;
}

static float *gradient_at(const struct built *b, const double *x, uint32_t count, const uint32_t *example, uint32_t threads)
{
    float *grad = deep_room(b->d * sizeof *grad), *at = deep_room(b->d * sizeof *at);
    void *work = deep_room(b->ops->workspace(b->self, count, threads));
    const struct dsgd_batch batch = {.example = example, .count = count, .step = 3, .worker = 2, .seed = 9, .work = work, .threads = threads};
    for (size_t j = 0; j < b->d; ++j) { at[j] = (float)x[j]; }
    DEEP_OK(b->ops->gradient(b->self, at, &batch, grad));
    free(work), free(at);
    return grad;
}

/* The sum over a bin's tokens of the losses in doubles, by the naive versions, added to *loss; of their gradients, to grad, unless that is NULL. */
static void naive_bin(const struct built *b, const struct deep_graph *graph, const struct deep_measured *m, size_t bin, const double *x, uint32_t first, double *loss, double *grad)
{
    const struct dsgd_bin *shape = &m->bins->bin[bin];
    const struct deep_extent extent = {shape->n, {1, shape->S, shape->T}};
    const size_t rows = (size_t)shape->n * shape->T;
    struct deep_plan *plan;
    struct deep_tokens tokens;
    DEEP_OK(deep_plan_create_pairs(graph, &extent, false, grad != NULL, &plan));
    const struct deep_bin_room room = {deep_room(dsgd_bins_words(m->bins) * sizeof(uint32_t)), deep_room(rows * sizeof(double)), deep_room(rows), deep_room(plan->bytes)};
    struct deep_block block = deep_bin_fill(m->bins, shape, m->split, &room, &tokens);
    double *own = deep_room(b->d * sizeof *own);
    block.parameter = x;
    block.weight = 1.0;
    block.gradient = own;
    block.keys = (struct deep_keys){9, 3, 2, first, grad != NULL};
    DEEP_OK(deep_run_forward(plan, &block));
    for (size_t r = 0; r < rows; ++r) { *loss += room.loss[r]; }
    if (grad) {
        DEEP_OK(deep_run_backward(plan, &block));
        for (size_t j = 0; j < b->d; ++j) { grad[j] += own[j]; }
    }
    deep_plan_destroy(plan);
    free(room.words), free(room.loss), free(room.wrong), free(room.plan), free(own);
}

/* The gradient of some bins is the sum over all their tokens, divided by how many these are: not the mean of the bins' means, where bins are unlike. */
static void gradient_is_the_mean_over_tokens(void **state)
{
    (void)state;
    for (size_t k = 0; k < PROBLEMS; ++k) {
        struct built b;
        open_problem(&b, problems[k].name, problems[k].keys, false);
        const uint32_t example[] = {(uint32_t)b.n - 1, 0, 1}; /* the first is drawn by no one else */
        double *x = start_of(&b), *right = deep_room(b.d * sizeof *right), loss = 0.0, off = 0.0, all = 0.0;
        memset(right, 0, b.d * sizeof *right);
        uint64_t tokens = 0;
        uint32_t first = 0;
        bool unlike = false;
        for (int j = 0; j < 3; ++j) {
            const size_t bin = b.self->bin_of[example[j]];
            naive_bin(&b, &b.self->graph, &b.self->train, bin, x, first, &loss, right);
            first += b.self->train.bins->bin[bin].n;
            tokens += b.self->train.bins->bin[bin].target_tokens;
            unlike = unlike || b.self->train.bins->bin[bin].target_tokens != b.self->train.bins->bin[b.self->bin_of[example[0]]].target_tokens;
        }
        assert_true(unlike);
        float *grad = gradient_at(&b, x, 3, example, 1);
        for (size_t j = 0; j < b.d; ++j) {
            const double g = right[j] / (double)tokens + b.self->settings.l2 * x[j];
            off += ((double)grad[j] - g) * ((double)grad[j] - g);
            all += g * g;
        }
        assert_true(all > 0.0);
        CHECK_CLOSE(sqrt(off / all), 0.0, FLIPS);
        free(x), free(right), free(grad);
        close_problem(&b);
    }
}

/* 1, 2, 5 and 7 threads, in a region of their own and within one; and evaluations. */
static void threads_do_not_change_bits(void **state)
{
    (void)state;
    enum { COUNT = 6 };
    static const int threads[] = {1, 2, 5, 7};
    const int before = omp_get_max_threads();
    for (size_t k = 0; k < PROBLEMS; ++k) {
        float *first = NULL;
        double value[4][LANGUAGE_METRICS];
        for (int t = 0; t < 4; ++t) {
            struct built b;
            omp_set_num_threads(threads[t]);
            open_problem(&b, problems[k].name, problems[k].keys, false);
            uint32_t example[COUNT];
            for (uint32_t j = 0; j < COUNT; ++j) { example[j] = j * 5 % (uint32_t)b.n; }
            assert_int_equal(b.ops->parts(b.self, COUNT), COUNT);
            double *x = start_of(&b);
            float *grad = gradient_at(&b, x, COUNT, example, (uint32_t)threads[t]), *inside = NULL;
#pragma omp parallel
#pragma omp single
            inside = gradient_at(&b, x, COUNT, example, (uint32_t)threads[t]);
            DEEP_OK(b.ops->evaluate(b.self, x, value[t]));
            if (first) { assert_memory_equal(grad, first, b.d * sizeof *grad); }
            assert_memory_equal(grad, inside, b.d * sizeof *grad);
            assert_memory_equal(value[t], value[0], sizeof value[t]);
            free(first), free(inside), free(x);
            first = grad;
            close_problem(&b);
        }
        free(first);
    }
    omp_set_num_threads(before);
}

/* Objective and validation loss are naive sums over tokens: of the model with smoothing and l2, of the one without. */
static void losses_are_means_over_tokens(void **state)
{
    (void)state;
    for (size_t k = 0; k < PROBLEMS; ++k) {
        struct built b;
        open_problem(&b, problems[k].name, problems[k].keys, false);
        double *x = start_of(&b), value[LANGUAGE_METRICS], train = 0.0, valid = 0.0, square = 0.0;
        const struct deep_language *p = b.self;
        for (size_t j = 0; j < p->train.bins->n; ++j) { naive_bin(&b, &p->graph, &p->train, j, x, 0, &train, NULL); }
        for (size_t j = 0; j < p->validation.bins->n; ++j) { naive_bin(&b, &p->plain, &p->validation, j, x, 0, &valid, NULL); }
        for (size_t j = 0; j < b.d; ++j) { square += x[j] * x[j]; }
        size_t tokens = PAIRS_TRAIN + p->data->train.target.start[PAIRS_TRAIN];
        DEEP_OK(b.ops->evaluate(b.self, x, value));
        CHECK_CLOSE(value[LANGUAGE_OBJECTIVE], train / (double)tokens + 0.5 * p->settings.l2 * square, 1e-5 * value[LANGUAGE_OBJECTIVE]);
        tokens = p->data->validation.n + p->data->validation.target.start[p->data->validation.n];
        CHECK_CLOSE(value[LANGUAGE_VALID_LOSS], valid / (double)tokens, 1e-5 * value[LANGUAGE_VALID_LOSS]);
        assert_true(value[LANGUAGE_TEST_ERROR] > 0.5 && value[LANGUAGE_TEST_ERROR] <= 1.0); /* 50 ids, nothing learnt */
        assert_true(value[LANGUAGE_SEQUENCE_ERROR] >= 0.0 && value[LANGUAGE_BLEU] >= 0.0);
        free(x);
        close_problem(&b);
    }
}

/* A Transformer that is trained to copy the sentences it is tested on: all decoded targets are right, and so is BLEU; without decoding both are unknown. */
static void what_is_learnt_is_decoded(void **state)
{
    (void)state;
    struct built b;
    double value[LANGUAGE_METRICS];
    open_problem(&b, "transformer", "dimension=32 feedforward=32 heads=4 sentences=20 decode=1000", true);
    pairs_free(&(struct dsgd_split){.source = b.data.test.source});
    b.data.test.source = b.data.test.target = (struct dsgd_sentences){b.data.train.source.start, b.data.train.source.id}; /* the same count or fewer of them */
    double *x = start_of(&b);
    for (uint32_t step = 0; step < 400; ++step) {
        uint32_t example[3] = {0, 1, 2};
        float *grad = gradient_at(&b, x, 3, example, 1);
        double square = 0.0;
        for (size_t j = 0; j < b.d; ++j) { square += (double)grad[j] * (double)grad[j]; }
        const double rate = 1.0 * (1.0 - step / 400.0) / fmax(1.0, sqrt(square));
        for (size_t j = 0; j < b.d; ++j) { x[j] -= rate * (double)grad[j]; }
        free(grad);
    }
    DEEP_OK(b.ops->evaluate(b.self, x, value));
    CHECK_CLOSE(value[LANGUAGE_SEQUENCE_ERROR], 0.0, 0.0);
    CHECK_CLOSE(value[LANGUAGE_BLEU], 100.0, 1e-9);
    free(x);
    b.data.test.source = b.data.test.target = (struct dsgd_sentences){NULL, NULL};
    close_problem(&b);
    open_problem(&b, "lstm", "dimension=4 decode=0", true);
    x = start_of(&b);
    DEEP_OK(b.ops->evaluate(b.self, x, value));
    assert_true(isnan(value[LANGUAGE_SEQUENCE_ERROR]) && isnan(value[LANGUAGE_BLEU]));
    free(x);
    close_problem(&b);
}

/* Fewer sentences than the decoder has room for, in memory full of what are no ids: the same targets. */
static void part_of_a_group_is_decoded_alike(void **state)
{
    (void)state;
    struct built b;
    open_problem(&b, "transformer", "dimension=8 feedforward=8 heads=2 decode=5 beam=2", false);
    const struct deep_language *p = b.self;
    const size_t bytes = deep_decoder_bytes(p->decoder), S = p->longest_source, T = p->longest_target;
    double *x = start_of(&b), score[2][5];
    float *at = deep_room(b.d * sizeof *at);
    for (size_t j = 0; j < b.d; ++j) { at[j] = (float)x[j]; }
    uint32_t *source = deep_room(5 * S * sizeof *source), *out[2], length[5], out_length[2][5];
    for (size_t j = 0; j < 5 * S; ++j) { source[j] = 4 + (uint32_t)(j * 7 % (PAIRS_SOURCES - 4)); }
    for (size_t i = 0; i < 5; ++i) { length[i] = (uint32_t)(S - i); }
    char *memory = deep_room(bytes);
    for (int k = 0; k < 2; ++k) {
        out[k] = deep_room(5 * T * sizeof *out[k]);
        memset(memory, 0xff, bytes);
        const int threads = deep_one_thread();
        DEEP_OK(deep_decode(p->decoder, at, memory, k == 0 ? 5 : 2, source, length, out[k], out_length[k], score[k]));
        deep_threads_back(threads);
    }
    for (size_t i = 0; i < 2; ++i) {
        assert_int_equal(out_length[0][i], out_length[1][i]);
        assert_memory_equal(out[0] + i * T, out[1] + i * T, out_length[0][i] * sizeof **out);
    }
    free(x), free(at), free(source), free(memory), free(out[0]), free(out[1]);
    close_problem(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_is_the_mean_over_tokens),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(losses_are_means_over_tokens),
        cmocka_unit_test(what_is_learnt_is_decoded),
        cmocka_unit_test(part_of_a_group_is_decoded_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
