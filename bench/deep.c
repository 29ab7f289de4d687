/* deep.c - gradient steps of the deep models: what a worker computes before anything is compressed. Interface: bench.h.
 *
 * A step is one call of the problem's `gradient` for one minibatch, forward and backward, at the start w_0, on generated images or sentences: no files
 * are needed. A minibatch of at most 64 is one block, which one thread computes; on several threads as many workers take a step side by side, each
 * in memory of its own. Models of sequences take 64 pairs of the generated language, all there are, padded to the longest: what is measured says
 * how long that is.
 *
 * There is no ceiling: the loops of ceilings.h move numbers and multiply none, and a loop that multiplied as fast as this processor can would
 * be a library's. The operations a second stand without a fraction. They count products and sums of the definition, two for each weight and
 * place; an algorithm that needs fewer (Winograd's) appears faster for it.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "convex/registry.h"
#include "datasets/bins.h"
#include "lab/run/session.h"
#include "sim/clock.h"

enum { BATCH_MAX = 64, ALIGN = 64, THREADS_MAX = 256 };
static const double MEASURED_S = 0.02; /* of a turn, at least */

/* Products of one image: `forward` of all layers, `first` of the layer that sees the image, by which nobody wants a derivative. */
#define MLP .forward = 784 * 256 + 256 * 10, .first = 784 * 256
#define LENET .forward = 25 * 6 * 784 + 150 * 16 * 100 + 400 * 120 + 120 * 84 + 84 * 10, .first = 25 * 6 * 784
/* Five pairs of planes and channels with 18 c^2 32^2 products each, for layer1, its residual, layer2, layer3, its residual. */
#define RESNET9(c) .forward = 27 * 1024 * (c) + 5 * 18432 * (c) * (c) + 80 * (c), .first = 27 * 1024 * (c)

#define IMAGES "dataset=images images.n=64 images.n_test=10 "
#define PAIRS "dataset=grammar grammar.n=64 grammar.n_validation=1 grammar.n_test=1 "
/* As many ids as Multi30k's 2000 joint pieces: 1000 + 3 x 200 + 376 + 8 + 3 x 4 + 4 of the target. */
#define MANY PAIRS "grammar.nouns=1000 grammar.adjectives=200 grammar.verbs=376 "

static const struct deep_step {
    const char *name, *of, *words;
    uint32_t batch;
    double forward, first; /* 0: not counted */
} steps[] = {
    {"mlp-b16", "784-256-10, 16 images", IMAGES "problem=mlp", 16, MLP},
    {"mlp-b64", "the same, 64 images", IMAGES "problem=mlp", 64, MLP},
    {"lenet-b16", "LeNet-5, 16 images", IMAGES "problem=lenet", 16, LENET},
    {"lenet-b64", "the same, 64 images", IMAGES "problem=lenet", 64, LENET},
    {"resnet9-16-b64", "ResNet-9, width 16, 64 images", IMAGES "problem=resnet9 resnet9.width=16 images.size=32 images.channels=3", 64, RESNET9(16)},
    {"resnet9-b64", "ResNet-9, d = 6,573,120, 64 images", IMAGES "problem=resnet9 images.size=32 images.channels=3", 64, RESNET9(64)},
    {"transformer-64", "Transformer, 64 wide", PAIRS "problem=transformer transformer.decode=0", 1, .forward = 0.0},
    {"transformer-128", "Transformer, 128 wide, 2000 ids", MANY "problem=transformer transformer.dimension=128 transformer.feedforward=256 transformer.decode=0", 1,
     .forward = 0.0},
    {"lstm-64", "LSTMs, 64 wide", PAIRS "problem=lstm lstm.decode=0", 1, .forward = 0.0},
    {"lstm-128", "LSTMs, 128 wide, 2000 ids", MANY "problem=lstm lstm.dimension=128 lstm.decode=0", 1, .forward = 0.0},
};

/* One model's steps: the model, and what each thread has for itself. */
struct place {
    const struct dsgd_session *session;
    size_t d;
    uint32_t batch, example[BATCH_MAX];
    int threads;
    float *x, *grad[THREADS_MAX];
    void *work[THREADS_MAX];
};

static void *room(size_t bytes)
{
    return aligned_alloc(ALIGN, (bytes + ALIGN - 1) / ALIGN * ALIGN + ALIGN);
}

static void close_place(struct place *p)
{
    for (int t = 0; t < p->threads; ++t) {
        free(p->grad[t]);
        free(p->work[t]);
    }
    free(p->x);
}

/* w_0 in floats. */
static bool start(const struct dsgd_session *session, struct place *p)
{
    double *x = malloc(p->d * sizeof *x);
    p->x = room(p->d * sizeof *p->x);
    const bool made = x && p->x;
    if (made) {
        session->ops->start(session->problem, x);
        for (size_t i = 0; i < p->d; ++i) { p->x[i] = (float)x[i]; }
    }
    free(x);
    return made;
}

static enum dsgd_status open_place(const struct bench_options *options, const struct dsgd_session *session, uint32_t batch, struct place *p)
{
    struct dsgd_layout layout;
    size_t n;
    session->ops->shape(session->problem, &layout, &n);
    *p = (struct place){.session = session, .d = layout.d, .batch = batch, .threads = options->threads < THREADS_MAX ? options->threads : THREADS_MAX};
    for (uint32_t i = 0; i < batch; ++i) { p->example[i] = i; }
    const size_t bytes = session->ops->workspace(session->problem, batch, 1);
    bool made = start(session, p);
    for (int t = 0; t < p->threads && made; ++t) {
        p->grad[t] = room(p->d * sizeof *p->x);
        p->work[t] = room(bytes);
        made = p->grad[t] && p->work[t];
    }
    if (made) { return DSGD_OK; }
    close_place(p);
    return dsgd_fail(DSGD_ENOMEM, "bench: no memory for %d gradients of %zu coordinates and %zu bytes of work each", p->threads, p->d, bytes);
}

/* A step of each thread's worker. */
static enum dsgd_status step(struct place *p)
{
    enum dsgd_status worst = DSGD_OK;
#pragma omp parallel for num_threads(p->threads) schedule(static, 1) if (p->threads > 1)
    for (int t = 0; t < p->threads; ++t) {
        const struct dsgd_batch batch = {.example = p->example, .count = p->batch, .step = 1, .worker = (uint32_t)t, .seed = 1, .work = p->work[t], .lane = (uint32_t)t};
        const enum dsgd_status status = p->session->ops->gradient(p->session->problem, p->x, &batch, p->grad[t]);
        if (status != DSGD_OK) {
#pragma omp atomic write
            worst = status;
        }
    }
    return worst == DSGD_OK || p->threads == 1 ? worst : dsgd_fail(worst, "bench: a gradient of %s failed", p->session->ops->name);
}

static enum dsgd_status run(const struct bench_options *options, struct place *p, struct bench_line *line)
{
    DSGD_TRY(step(p)); /* touches the memory */
    for (int turn = 0; turn < options->turns; ++turn) {
        const double from = dsgd_clock();
        double passed = 0.0;
        int done = 0;
        for (; passed < MEASURED_S; ++done) {
            DSGD_TRY(step(p));
            passed = dsgd_clock() - from;
        }
        line->second[turn] = passed / done;
        line->turns = turn + 1;
    }
    return DSGD_OK;
}

/* What is measured, with the longest source and target of pairs: whoever compares takes as many. */
static enum dsgd_status describe(const struct dsgd_dataset *data, const struct deep_step *one, struct bench_line *line)
{
    struct dsgd_bins *bins;
    snprintf(line->of, sizeof line->of, "%s", one->of);
    if (!data->train.source.start) { return DSGD_OK; }
    DSGD_TRY(dsgd_bins_create("bench", &data->train, &(struct dsgd_bins_rule){.sentences = BATCH_MAX}, &bins));
    snprintf(line->of, sizeof line->of, "%s, %u pairs of at most %u and %u ids", one->of, (unsigned)bins->bin[0].n, (unsigned)bins->bin[0].S, (unsigned)bins->bin[0].T);
    dsgd_bins_destroy(bins);
    return DSGD_OK;
}

static enum dsgd_status measure(const struct bench_options *options, const struct deep_step *one, struct bench_lines *out)
{
    char words[512];
    struct dsgd_spec spec;
    struct dsgd_session session;
    struct place place;
    const struct dsgd_session_options open = {.threads = options->threads, .dry = true};
    snprintf(words, sizeof words, "algorithm=sgd steps=1 step_size=constant step.constant=1e-3 batch=%u %s", (unsigned)one->batch, one->words);
    struct bench_line *line = bench_line_add(out, one->name);
    if (!line) { return DSGD_ENOMEM; }
    DSGD_TRY(dsgd_spec_words(words, &spec));
    enum dsgd_status status = dsgd_session_open(&spec, &open, &session);
    if (status == DSGD_OK) {
        status = open_place(options, &session, one->batch, &place);
        if (status == DSGD_OK) {
            status = run(options, &place, line);
            if (status == DSGD_OK) { status = describe(session.data, one, line); }
            line->operations = 2.0 * (3.0 * one->forward - one->first) * one->batch * place.threads;
            bench_line_finish(line);
            close_place(&place);
        }
        dsgd_session_close(&session);
    }
    dsgd_spec_clear(&spec);
    return status;
}

enum dsgd_status bench_deep(const struct bench_options *options, struct bench_lines *out)
{
    out->left_out = dsgd_problems_lacking();
    if (out->left_out) { return DSGD_OK; }
    for (size_t j = 0; j < sizeof steps / sizeof *steps; ++j) {
        if (bench_wanted(options, steps[j].name)) { DSGD_TRY(measure(options, &steps[j], out)); }
    }
    return bench_found(options, out);
}
