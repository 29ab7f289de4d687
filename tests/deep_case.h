/* deep_case.h - one operation of a model with random arrays around it, in doubles and in floats. */
#ifndef DSGD_TESTS_DEEP_CASE_H
#define DSGD_TESTS_DEEP_CASE_H

#include <stdlib.h>
#include <string.h>

#include "deep/graph.h"
#include "deep/one_thread.h"
#include "sim/kernel/rng.h"
#include "tests/check.h"

#define DEEP_OK(call)                                                                             \
    do {                                                                                          \
        enum dsgd_status deep_s_ = (call);                                                        \
        if (deep_s_ != DSGD_OK) { fail_msg("%s: %s", #call, dsgd_error()); }                      \
    } while (0)

/* Uniform in (-1, 1). */
static inline double deep_uniform(uint32_t seed, uint32_t i)
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("deep test")};
    const struct dsgd_rng4 r = dsgd_rng_draw(key, i, 0, 0, 0);
    return 2.0 * dsgd_rng_unit(dsgd_rng_u64(&r, 0)) - 1.0;
}

static inline void *deep_room(size_t bytes)
{
    void *room = aligned_alloc(64, (bytes + 64) / 64 * 64);
    assert_non_null(room);
    memset(room, 0xff, (bytes + 64) / 64 * 64); /* NaN: what is not written shows */
    return room;
}

enum { CASE_IN0, CASE_IN1, CASE_PARAMETER, CASE_OUT, CASE_DOUT, CASE_DIN0, CASE_DIN1, CASE_DPARAMETER, CASE_ARRAYS };

/* A node with its arrays; a loss has its losses for outputs. */
struct deep_case {
    struct deep_site site;
    struct deep_extent extent;
    size_t n, count[CASE_ARRAYS];
    double *array[CASE_ARRAYS];
    double *statistic, *loss;
    uint8_t *label, *wrong;
    enum deep_mode mode;
};

static inline bool case_is_loss(const struct deep_case *c) { return c->site.node->op == &deep_op_loss; }

/* vector: of the fast version's layouts on both sides; `first`: plain images come in. */
static inline void case_open(struct deep_case *c, const struct deep_node *node, struct deep_shape in, size_t n, size_t classes, size_t vector, bool first, uint32_t seed)
{
    *c = (struct deep_case){.n = n, .extent = {n, {1, 0, 0}}, .site = {.node = node, .in = in, .other = in, .vector = vector, .vector_in = first ? 1 : vector, .inputs = node->op->inputs,
                                             .channels = node->channels ? node->channels : classes, .value = node->value, .first = first, .number = 3}};
    DEEP_OK(node->op->shape(&c->site));
    size_t parameters = 0;
    for (int p = 0; p < c->site.parameters; ++p) { parameters += c->site.parameter[p].rows * c->site.parameter[p].cols; }
    const size_t ins = n * deep_shape_count(in), outs = case_is_loss(c) ? n : n * deep_shape_count(c->site.out);
    const size_t count[CASE_ARRAYS] = {ins, ins, parameters, outs, outs, ins, ins, parameters};
    for (int a = 0; a < CASE_ARRAYS; ++a) {
        c->count[a] = count[a];
        c->array[a] = deep_room(count[a] * sizeof(double));
        for (size_t j = 0; a <= CASE_DOUT && j < count[a]; ++j) { c->array[a][j] = (double)(float)deep_uniform(seed + (uint32_t)a, (uint32_t)j); }
    }
    c->statistic = deep_room(2 * in.c * sizeof(double));
    for (size_t j = 0; j < 2 * in.c; ++j) { c->statistic[j] = (double)(float)(j < in.c ? 0.3 : 0.7) + (double)j / 64.0; }
    c->loss = deep_room(n * sizeof(double));
    c->label = deep_room(n);
    c->wrong = deep_room(n);
    for (size_t i = 0; i < n; ++i) { c->label[i] = (uint8_t)(i * 7 % classes); }
}

static inline void case_close(struct deep_case *c)
{
    for (int a = 0; a < CASE_ARRAYS; ++a) { free(c->array[a]); }
    free(c->statistic);
    free(c->loss);
    free(c->label);
    free(c->wrong);
}

static inline struct deep_call case_call(struct deep_case *c)
{
    struct deep_call call = {.site = &c->site, .n = c->n, .extent = &c->extent, .in = {c->array[CASE_IN0], c->array[CASE_IN1]}, .out = c->array[CASE_OUT],
                             .parameter = c->array[CASE_PARAMETER], .dout = c->array[CASE_DOUT], .din = {c->array[CASE_DIN0], c->array[CASE_DIN1]},
                             .dparameter = c->array[CASE_DPARAMETER], .mode = c->mode, .statistic = c->statistic,
                             .keys = {.seed = 5, .step = 6, .worker = 7, .first = 8, .training = true}, .label = c->label, .weight = 0.5,
                             .loss = c->loss, .wrong = c->wrong};
    if (c->site.first) { call.din[0] = NULL; }
    return call;
}

static inline void case_naive_forward(struct deep_case *c)
{
    const struct deep_call call = case_call(c);
    DEEP_OK(c->site.node->op->naive.forward(&call));
}

/* The scalar whose gradient backward gives: <dout, out>, or the weighted losses. */
static inline double case_value(struct deep_case *c)
{
    double sum = 0.0;
    case_naive_forward(c);
    for (size_t j = 0; j < c->count[CASE_OUT]; ++j) { sum += case_is_loss(c) ? 0.5 * c->loss[j] : c->array[CASE_DOUT][j] * c->array[CASE_OUT][j]; }
    return sum;
}

/* Where number j of a plain array of images lies in one with `vector` channels side by side. */
static inline size_t case_at(size_t j, struct deep_shape s, size_t vector)
{
    const size_t area = s.h * s.w, i = j / (s.c * area), c = j / area % s.c;
    return ((i * s.c / vector + c / vector) * area + j % area) * vector + c % vector;
}

/* Plain doubles to floats in the layout, and back. */
static inline float *case_pack(const double *from, size_t count, struct deep_shape s, size_t vector)
{
    float *to = deep_room(count * sizeof *to);
    for (size_t j = 0; from && j < count; ++j) { to[case_at(j, s, vector)] = (float)from[j]; }
    return to;
}

/* |got - expected| <= tolerance times the largest expected number; NaN fails. */
static inline void case_compare(const char *what, const float *got, const double *expected, size_t count, struct deep_shape s, size_t vector, double tolerance)
{
    double most = 0.0;
    for (size_t j = 0; j < count; ++j) { most = fmax(most, fabs(expected[j])); }
    for (size_t j = 0; j < count; ++j) {
        const double value = (double)got[case_at(j, s, vector)];
        if (!check_is_close(value, expected[j], tolerance * most)) { fail_msg("%s[%zu] = %.9g, expected %.9g within %.2g", what, j, value, expected[j], tolerance * most); }
    }
}

#endif
