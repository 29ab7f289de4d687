/* sequence_case.h - one operation on sequences with random arrays around it, in doubles and in floats. */
#ifndef DSGD_TESTS_SEQUENCE_CASE_H
#define DSGD_TESTS_SEQUENCE_CASE_H

#include "tests/deep_case.h"

enum { SEQUENCE_IDS = 9 };

/* A node between sequences: what its inputs are. */
struct sequence_node {
    const char *what;
    struct deep_node node;
    size_t in, other, state; /* numbers of a row of each input; of the second one's last state */
    enum deep_sequence of_in, of_other;
};

struct sequence_case {
    struct deep_site site;
    struct deep_extent extent;
    struct deep_tokens tokens;
    size_t rows, count[CASE_ARRAYS];
    double *array[CASE_ARRAYS], *loss;
    uint8_t *wrong;
    uint32_t *id[3], *length[2];
    void *saved, *scratch;
    struct deep_call call; /* of the naive version */
};

static inline bool sequence_is_loss(const struct sequence_case *c) { return c->site.node->op == &deep_op_token_loss; }

/* Ids [n][rows] below SEQUENCE_IDS; lengths from 1 to `rows`, the first example's is that. */
static inline void sequence_tokens(struct sequence_case *c, uint32_t seed)
{
    for (int s = 0; s < 3; ++s) {
        const size_t rows = c->extent.n * c->extent.rows[s == 0 ? DEEP_SOURCE : DEEP_TARGET];
        c->id[s] = deep_room(rows * sizeof *c->id[s]);
        for (size_t r = 0; r < rows; ++r) { c->id[s][r] = (uint32_t)((1.0 + deep_uniform(seed + 50 + (uint32_t)s, (uint32_t)r)) * 0.5 * SEQUENCE_IDS); }
    }
    for (int s = 0; s < 2; ++s) {
        c->length[s] = deep_room(c->extent.n * sizeof *c->length[s]);
        const size_t rows = c->extent.rows[s == 0 ? DEEP_SOURCE : DEEP_TARGET];
        for (size_t i = 0; i < c->extent.n; ++i) { c->length[s][i] = (uint32_t)(i == 0 ? rows : 1 + (i * 7 + 3 * (size_t)s) % rows); }
    }
    c->tokens = (struct deep_tokens){.in = {NULL, c->id[0], c->id[1]}, .length = {NULL, c->length[0], c->length[1]}, .out = c->id[2]};
}

static inline void sequence_open(struct sequence_case *c, const struct sequence_node *k, size_t n, size_t source, size_t target, uint32_t seed)
{
    *c = (struct sequence_case){.extent = {n, {1, source, target}},
                                .site = {.node = &k->node, .in = {k->in, 1, 1}, .other = {k->other, 1, 1}, .vector = 1, .vector_in = 1,
                                         .inputs = k->node.op->inputs, .channels = k->node.channels, .value = k->node.value, .number = 3, .sequence = k->of_in,
                                         .sequence_in = {k->of_in, k->of_other}, .state_in = {0, k->state}}};
    DEEP_OK(k->node.op->shape(&c->site));
    size_t parameters = 0;
    for (int p = 0; p < c->site.parameters; ++p) { parameters += c->site.parameter[p].rows * c->site.parameter[p].cols; }
    c->rows = deep_rows(&c->extent, c->site.sequence);
    const size_t in = c->site.inputs > 0 ? deep_rows(&c->extent, k->of_in) * k->in : 0;
    const size_t other = c->site.inputs > 1 ? deep_rows(&c->extent, k->of_other) * k->other + n * k->state : 0;
    const size_t out = sequence_is_loss(c) ? c->rows : deep_block_count(&c->site, &c->extent);
    const size_t count[CASE_ARRAYS] = {in, other, parameters, out, out, in, other, parameters};
    for (int a = 0; a < CASE_ARRAYS; ++a) {
        c->count[a] = count[a];
        c->array[a] = deep_room(count[a] * sizeof(double));
        for (size_t j = 0; a <= CASE_DOUT && j < count[a]; ++j) { c->array[a][j] = (double)(float)deep_uniform(seed + (uint32_t)a, (uint32_t)j); }
    }
    c->loss = deep_room(c->rows * sizeof(double));
    c->wrong = deep_room(c->rows);
    sequence_tokens(c, seed);
    const struct deep_version *v = &k->node.op->naive;
    c->saved = deep_room(v->saved ? v->saved(&c->site, &c->extent) : 0);
    c->scratch = deep_room(v->scratch ? v->scratch(&c->site, NULL, &c->extent) : 0);
    c->call = (struct deep_call){.site = &c->site, .n = c->rows, .extent = &c->extent, .tokens = &c->tokens, .in = {c->array[CASE_IN0], c->array[CASE_IN1]},
                                 .out = c->array[CASE_OUT], .parameter = c->array[CASE_PARAMETER], .dout = c->array[CASE_DOUT],
                                 .din = {c->array[CASE_DIN0], c->array[CASE_DIN1]}, .dparameter = c->array[CASE_DPARAMETER], .saved = c->saved,
                                              .scratch = c->scratch,
                                 .keys = {.seed = 5, .step = 6, .worker = 7, .first = 8, .training = true}, .weight = 0.5, .loss = c->loss, .wrong = c->wrong};
}

static inline void sequence_close(struct sequence_case *c)
{
    for (int a = 0; a < CASE_ARRAYS; ++a) { free(c->array[a]); }
    for (int s = 0; s < 3; ++s) { free(c->id[s]); }
    for (int s = 0; s < 2; ++s) { free(c->length[s]); }
    free(c->loss), free(c->wrong), free(c->saved), free(c->scratch);
}

/* The scalar whose gradient backward gives: <dout, out>, or the weighted losses. */
static inline double sequence_value(struct sequence_case *c)
{
    double sum = 0.0;
    DEEP_OK(c->site.node->op->naive.forward(&c->call));
    for (size_t j = 0; j < c->count[CASE_OUT]; ++j) { sum += sequence_is_loss(c) ? 0.5 * c->loss[j] : c->array[CASE_DOUT][j] * c->array[CASE_OUT][j]; }
    return sum;
}

#endif
