/* language_case.h - a model of sequences with a block of pairs, in floats or doubles. */
#ifndef DSGD_TESTS_LANGUAGE_CASE_H
#define DSGD_TESTS_LANGUAGE_CASE_H

#include "deep/models.h"
#include "tests/deep_case.h"

/* language_values.py's bits() and value(). */
static inline uint32_t language_bits(uint32_t stream, uint32_t i)
{
    uint32_t h = (i + 1 + 1000003u * stream) * 2654435761u;
    h = (h ^ (h >> 15)) * 2246822519u;
    return h ^ (h >> 13);
}

static inline double language_value(uint32_t stream, uint32_t i)
{
    return (2.0 * language_bits(stream, i) + 1.0) / 0x1p32 - 1.0;
}

struct language_case {
    struct deep_description description;
    struct deep_graph graph;
    struct deep_plan *plan;
    struct deep_block block;
    struct deep_tokens tokens;
    size_t n, source, target, rows; /* rows: of the target */
    uint32_t *x, *y, *z, *source_length, *target_length;
    double *loss;
    uint8_t *wrong;
    void *parameter, *memory, *gradient;
};

static inline void language_describe(struct language_case *c, const char *model, const struct deep_translator *keys)
{
    const struct deep_sizes none = {.classes = 0};
    DEEP_OK((strcmp(model, "lstm") == 0 ? deep_lstm_describe : deep_transformer_describe)(keys, &c->description));
    DEEP_OK(deep_graph_build(&c->description.model, &none, &c->graph));
}

/* Tokens, lengths and parameters of language_values.py; the weight makes the gradient that of the mean over target tokens. */
static inline struct language_case *language_open(const char *model, const struct deep_translator *keys, size_t n, size_t source, size_t target, bool fast,
                                                  bool backward)
{
    struct language_case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    language_describe(c, model, keys);
    c->n = n, c->source = source, c->target = target, c->rows = n * target;
    const struct deep_extent extent = {n, {1, source, target}};
    DEEP_OK(deep_plan_create_pairs(&c->graph, &extent, fast, backward, &c->plan));
    c->x = deep_room(n * source * sizeof *c->x);
    c->y = deep_room(c->rows * sizeof *c->y);
    c->z = deep_room(c->rows * sizeof *c->z);
    c->source_length = deep_room(n * sizeof *c->source_length);
    c->target_length = deep_room(n * sizeof *c->target_length);
    uint32_t tokens = 0;
    for (uint32_t i = 0; i < n; ++i) {
        c->source_length[i] = i == 0 ? (uint32_t)source : 1 + language_bits(10, i) % (uint32_t)source;
        c->target_length[i] = i == n - 1 ? (uint32_t)target : 1 + language_bits(11, i) % (uint32_t)target;
        tokens += c->target_length[i];
    }
    for (uint32_t j = 0; j < n * source; ++j) { c->x[j] = language_bits(12, j) % (uint32_t)keys->source_ids; }
    for (uint32_t j = 0; j < c->rows; ++j) {
        c->y[j] = language_bits(13, j) % (uint32_t)keys->target_ids;
        c->z[j] = language_bits(14, j) % (uint32_t)keys->target_ids;
    }
    double *x = deep_room(c->graph.d * sizeof *x);
    uint32_t number = 100;
    for (int j = 0; j < c->graph.nodes; ++j) {
        const struct deep_site *site = &c->graph.site[j];
        double *to = x + site->offset;
        for (int p = 0; p < site->parameters; ++p, ++number) {
            const struct deep_parameter *parameter = &site->parameter[p];
            const double scale = parameter->role == DSGD_ROLE_WEIGHTS ? 1.5 / sqrt((double)parameter->fan_in) : parameter->role == DSGD_ROLE_NORM ? 0.3
                                 : parameter->role == DSGD_ROLE_EMBEDDING ? 0.5 : 0.1;
            const double shift = parameter->role == DSGD_ROLE_NORM && p == 0 ? 1.0 : 0.0;
            for (size_t i = 0; i < parameter->rows * parameter->cols; ++i) { *to++ = shift + scale * language_value(number, (uint32_t)i); }
        }
    }
    c->parameter = x;
    if (fast) {
        c->parameter = case_pack(x, c->graph.d, (struct deep_shape){1, 1, 1}, 1);
        free(x);
    }
    c->memory = deep_room(c->plan->bytes);
    c->gradient = deep_room(c->graph.d * sizeof(double));
    c->loss = deep_room(c->rows * sizeof *c->loss);
    c->wrong = deep_room(c->rows);
    c->tokens = (struct deep_tokens){.in = {NULL, c->x, c->y}, .length = {NULL, c->source_length, c->target_length}, .out = c->z};
    c->block = (struct deep_block){.parameter = c->parameter, .memory = c->memory, .tokens = &c->tokens, .weight = 1.0 / tokens, .loss = c->loss,
                                   .wrong = c->wrong, .gradient = c->gradient, .keys = {5, 6, 7, 8, true}};
    return c;
}

/* The mean loss; with the gradient where the plan has one. */
static inline double language_run(struct language_case *c)
{
    double sum = 0.0;
    const int threads = deep_one_thread();
    DEEP_OK(deep_run_forward(c->plan, &c->block));
    if (c->plan->backward) { DEEP_OK(deep_run_backward(c->plan, &c->block)); }
    deep_threads_back(threads);
    for (size_t r = 0; r < c->rows; ++r) { sum += c->block.weight * c->loss[r]; }
    return sum;
}

/* The scores that the loss looks at, [rows][ids]. */
static inline const float *language_scores(const struct language_case *c)
{
    return deep_plan_output(c->plan, c->memory, c->graph.nodes - 2);
}

static inline void language_close(struct language_case *c)
{
    deep_plan_destroy(c->plan);
    void *all[] = {c->x, c->y, c->z, c->source_length, c->target_length, c->parameter, c->memory, c->gradient, c->loss, c->wrong, c};
    for (size_t j = 0; j < sizeof all / sizeof *all; ++j) { free(all[j]); }
}

#endif
