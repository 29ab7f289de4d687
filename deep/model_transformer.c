/* model_transformer.c - the Transformer (Vaswani et al. 2017) for translation. With x a sequence of `width` numbers at each position, a part
 * f (self attention, in the decoder also attention to the encoder's output, and width - inner - width with a ReLU) adds to it
 *     x + f(norm(x))    ("pre-norm"; Wang et al. 2019: trains with plain SGD where the other does not), with a norm behind the last part, or
 *     norm(x + f(x))    ("post", as in the paper).
 * Embeddings are normal with deviation 1/sqrt(width) and taken times sqrt(width); nothing is tied; Xavier for matrices, where query, key and value
 * are one each; biases 0. Dropout behind embeddings and parts, not of shares of attention.
 */
#include <math.h>
#include <stdio.h>

#include "deep/models.h"

const struct deep_preset deep_presets[] = {
    {"grammar", 1, 64, 128, 4}, {"multi30k", 1, 128, 256, 4}, {"paper", 6, 512, 2048, 8}, {NULL, 0, 0, 0, 0},
};

struct builder {
    struct deep_description *d;
    const struct deep_translator *keys;
};

static int dense(const struct builder *b, const char *part, const char *name, int from, size_t channels, size_t blocks)
{
    return deep_description_add(b->d, part, name, (struct deep_node){.op = &deep_op_dense, .in = {from}, .channels = channels, .bias = true,
                                                                     .rule = DEEP_XAVIER, .blocks = blocks});
}

static int norm(const struct builder *b, const char *part, const char *name, int from)
{
    return deep_description_add(b->d, part, name, (struct deep_node){.op = &deep_op_layer_norm, .in = {from}});
}

static int dropout(const struct builder *b, const char *part, int from)
{
    if (b->keys->dropout == 0.0) { return from; }
    return deep_description_add(b->d, part, ".dropout", (struct deep_node){.op = &deep_op_dropout, .in = {from}, .value = b->keys->dropout});
}

static int embedding(const struct builder *b, const char *name, enum deep_sequence sequence, size_t ids)
{
    const double width = (double)b->keys->width;
    const struct deep_node node = {.op = &deep_op_embedding, .channels = b->keys->width, .ids = ids, .sequence = sequence, .positions = true,
                                   .value = sqrt(width), .deviation = 1.0 / sqrt(width)};
    return dropout(b, name, deep_description_add(b->d, name, "", node));
}

/* What a part gives is added to what went into it. */
static int add(const struct builder *b, const char *part, int x, int given)
{
    const int sum = deep_description_add(b->d, part, ".sum", (struct deep_node){.op = &deep_op_add, .in = {x, dropout(b, part, given)}});
    return b->keys->post ? norm(b, part, ".norm", sum) : sum;
}

/* memory < 0: attention to x itself. */
static int attention(const struct builder *b, const char *part, int x, int memory, bool causal)
{
    const int from = b->keys->post ? x : norm(b, part, ".norm", x);
    const int query = dense(b, part, ".query", from, b->keys->width, 1), keys = dense(b, part, ".keys", memory < 0 ? from : memory, 2 * b->keys->width, 2);
    const int taken = deep_description_add(b->d, part, ".attention", (struct deep_node){.op = &deep_op_attention, .in = {query, keys},
                                                                                        .heads = b->keys->heads, .causal = causal});
    return add(b, part, x, dense(b, part, ".out", taken, b->keys->width, 1));
}

static int inner(const struct builder *b, const char *part, int x)
{
    const int up = dense(b, part, ".up", b->keys->post ? x : norm(b, part, ".norm", x), b->keys->inner, 1);
    const int relu = deep_description_add(b->d, part, ".relu", (struct deep_node){.op = &deep_op_relu, .in = {up}});
    return add(b, part, x, dense(b, part, ".down", relu, b->keys->width, 1));
}

/* memory < 0: an encoder. */
static int side(const struct builder *b, const char *name, int x, int memory)
{
    for (size_t layer = 1; layer <= b->keys->layers; ++layer) {
        char part[DEEP_NAME];
        snprintf(part, sizeof part, "%s%zu.self", name, layer);
        x = attention(b, part, x, -1, memory >= 0);
        snprintf(part, sizeof part, "%s%zu.cross", name, layer);
        if (memory >= 0) { x = attention(b, part, x, memory, false); }
        snprintf(part, sizeof part, "%s%zu.inner", name, layer);
        x = inner(b, part, x);
    }
    return b->keys->post ? x : norm(b, name, ".norm", x);
}

enum dsgd_status deep_transformer_describe(const struct deep_translator *keys, struct deep_description *out)
{
    const struct builder b = {out, keys};
    deep_description_begin(out, "transformer");
    const int memory = side(&b, "encoder", embedding(&b, "source", DEEP_SOURCE, keys->source_ids), -1);
    const int x = side(&b, "decoder", embedding(&b, "target", DEEP_TARGET, keys->target_ids), memory);
    const int scores = dense(&b, "output", "", x, keys->target_ids, 1);
    deep_description_add(out, "loss", "", (struct deep_node){.op = &deep_op_token_loss, .in = {scores}, .channels = keys->target_ids,
                                                             .value = keys->smoothing});
    return deep_description_end(out, keys->layers);
}
