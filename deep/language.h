/* language.h - a model of sequences and pairs of sentences as an optimisation problem: what transformer.c and lstm.c share.
 *
 * An example is a bin (datasets/bins.h): up to `sentences` pairs of like lengths, or as many as `tokens` has room for, so a run of `batch` = b takes b bins
 * for each worker and step. Bins are numbered in a keyed random order, or the first ones would be the shortest sentences.
 *
 *   gradient of a batch    sum over its bins of the sum over target tokens of grad loss, divided by the target tokens of all its bins: every token of a
 *                          batch counts alike, so a bin counts by its tokens. With b = 1: the mean over the tokens of the bin. Plus l2 w.
 *   objective f(w)         mean loss over the target tokens of the training bins (of the first `eval.examples` of them) + l2/2 ||w||^2.
 *
 * Where bins have unlike numbers of tokens, the mean of all batches' gradients is not grad f: it has tokens of smaller batches a bit larger, as everywhere
 * where losses are means over a batch. Bins are parts of a batch: a call computes as many at once as it may have threads, and adds their gradients in
 * the order of the batch, so threads do not change bits. Sentence i of a batch (of all its bins, in their order) is item i for dropout's keys.
 *
 * Plans of all shapes of training bins are made when `workspace` is asked, before the first step.
 *
 * Losses of validation and test are without smoothing and l2: nats per token, -log p(token | source, tokens before it); exp of it is the perplexity.
 * Sequences are decoded (decode.h) for the first `decode` test pairs.
 */
#ifndef DSGD_DEEP_LANGUAGE_H
#define DSGD_DEEP_LANGUAGE_H

#include "deep/bin_plans.h"
#include "deep/decode.h"
#include "deep/models.h"
#include "deep/onednn.h"
#include "sim/problem.h"

/** What the keys of a model come to. ids of `model` are filled in from the dataset. */
struct deep_language_settings {
    struct deep_translator model;
    enum dsgd_status (*describe)(const struct deep_translator *keys, struct deep_description *out);
    double l2, alpha;
    size_t sentences, tokens; /* of a bin; 0: no limit */
    size_t decode, beam;      /* sentences; 0: none */
};

/** One split, its bins, and plans that run them forward. */
struct deep_measured {
    const struct dsgd_split *split;
    struct dsgd_bins *bins;
    struct deep_bin_plans *plans;
};

struct deep_language {
    struct deep_language_settings settings;
    struct deep_description description, plain_description; /* plain: without dropout and smoothing; parameters lie alike */
    struct deep_graph graph, plain;
    const struct dsgd_dataset *data;
    struct deep_measured train, validation, test;
    uint32_t *bin_of;              /* [bins of training]: of example i */
    struct deep_bin_plans *steps;  /* with derivatives; NULL until a workspace wanted them */
    struct deep_decoder *decoder;  /* NULL: nothing is decoded */
    size_t decoded, longest_source, longest_target; /* sentences; ids of each with the end, for the decoder */
    uint32_t seed;
    size_t examples;               /* eval.examples */
};

enum { DEEP_LANGUAGE_MEASURED = 32 /* sentences at once in an evaluation */, DEEP_LANGUAGE_DECODED = 16 /* and in a decoder */ };

#define DEEP_LANGUAGE_PARAMS(type)                                                                                                                          \
    {"dropout", DSGD_PARAM_REAL, offsetof(type, dropout), "0", 0, 0.99, NULL, "rate of dropout in training"},                                                \
    {"label_smoothing", DSGD_PARAM_REAL, offsetof(type, smoothing), "0", 0, 0.999, NULL,                                                                     \
     "share of a target that all ids have alike, in the training loss; validation and test losses are without"},                                            \
    {"l2", DSGD_PARAM_REAL, offsetof(type, l2), "0", 0, 1e6, NULL, "f contains l2/2 ||w||^2, all coordinates; alias: weight_decay of torch.optim"},          \
    {"sentences", DSGD_PARAM_INT, offsetof(type, sentences), "64", 0, 1e6, NULL, "pairs in a bin, the example of the engine, at most; 0 = no such limit"},   \
    {"tokens", DSGD_PARAM_INT, offsetof(type, tokens), "0", 0, 1e9, NULL,                                                                                    \
     "ids in a bin on either side at most, padding counted; 0 = no such limit; alias: --max-tokens of fairseq"},                                            \
    {"decode", DSGD_PARAM_INT, offsetof(type, decode), "100", 0, 1e7, NULL, "test pairs that an evaluation decodes, the first ones; 0 = none (columns NaN)"},\
    {"beam", DSGD_PARAM_INT, offsetof(type, beam), "1", 1, 64, NULL, "targets that the search keeps; 1 = greedy"},                                           \
    {"alpha", DSGD_PARAM_REAL, offsetof(type, alpha), "0", 0, 10, NULL, "beam search compares log p/((5 + tokens)/6)^alpha; alias: length penalty"}

/** What those keys need of a config struct. */
#define DEEP_LANGUAGE_CONFIG                          \
    double dropout, smoothing, l2, alpha;             \
    int64_t sentences, tokens, decode, beam

/** Settings from a config struct that has them; the model's own are the caller's to add. */
#define DEEP_LANGUAGE_SETTINGS(c)                                                                                                                            \
    {.model = {.dropout = (c)->dropout, .smoothing = (c)->smoothing}, .l2 = (c)->l2, .alpha = (c)->alpha, .sentences = (size_t)(c)->sentences,              \
     .tokens = (size_t)(c)->tokens, .decode = (size_t)(c)->decode, .beam = (size_t)(c)->beam}

enum { LANGUAGE_OBJECTIVE, LANGUAGE_VALID_LOSS, LANGUAGE_VALID_ERROR, LANGUAGE_TEST_LOSS, LANGUAGE_TEST_ERROR, LANGUAGE_SEQUENCE_ERROR, LANGUAGE_BLEU, LANGUAGE_METRICS };
extern const struct dsgd_metric deep_language_metric[LANGUAGE_METRICS];

/** `name`: the problem's. */
enum dsgd_status deep_language_create(const char *name, const struct deep_language_settings *settings, const struct dsgd_problem_args *args, void **self);

/** Slots of dsgd_problem_ops. */
void deep_language_destroy(void *self);
size_t deep_language_bytes(const void *self);
void deep_language_shape(const void *self, struct dsgd_layout *layout, size_t *n);
void deep_language_start(const void *self, double *x);
size_t deep_language_workspace(const void *self, uint32_t count, uint32_t threads);
uint32_t deep_language_parts(const void *self, uint32_t count);
enum dsgd_status deep_language_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad);
enum dsgd_status deep_language_evaluate(const void *self, const double *x, double *value);

/** What an evaluation takes for its time (language_evaluate.c), of it the decoding (translate.c). */
size_t deep_language_evaluate_bytes(const struct deep_language *p);
size_t deep_language_translate_bytes(const struct deep_language *p, int threads);
/** Decodes the first `decoded` test pairs: *wrong the share that is not the reference, word for word, *bleu their score. */
enum dsgd_status deep_language_translate(const struct deep_language *p, const float *x, int threads, double *wrong, double *bleu);

#define DEEP_LANGUAGE_SLOTS                                                                                                                                  \
    .needs_dataset = true, .pairs = true, .part_objective = true, .metric = deep_language_metric, .metrics = LANGUAGE_METRICS, .destroy = deep_language_destroy, \
    .bytes = deep_language_bytes, .shape = deep_language_shape, .start = deep_language_start, .workspace = deep_language_workspace,                         \
    .parts = deep_language_parts, .gradient = deep_language_gradient, .evaluate = deep_language_evaluate, .library = deep_library

#endif
