/* model_lstm.c - LSTMs with attention for translation (Luong, Pham, Manning 2015): an encoder of some layers, half of each reading from the end; a
 * decoder of as many, each of which goes on from the last state of the encoder's layer beside it; with h_t the last decoder layer's outputs and
 * m_s the encoder's,
 *     a_ts = <W h_t, m_s> ("general"),    c_t = sum over s of softmax(a_t)_s m_s,    y_t = tanh(V (h_t, c_t) + v),    scores U y_t + u.
 * Without input feeding (their 3.3). Embeddings are standard normal; Xavier for matrices, of LSTMs for each of the four; biases 0, but 1 for forget
 * gates. Dropout behind embeddings and of y.
 */
#include <stdio.h>

#include "deep/models.h"

struct builder {
    struct deep_description *d;
    const struct deep_translator *keys;
};

static int dense(const struct builder *b, const char *name, int from, size_t channels, bool bias)
{
    return deep_description_add(b->d, name, "", (struct deep_node){.op = &deep_op_dense, .in = {from}, .channels = channels, .bias = bias,
                                                                   .rule = DEEP_XAVIER});
}

static int dropout(const struct builder *b, const char *part, int from)
{
    if (b->keys->dropout == 0.0) { return from; }
    return deep_description_add(b->d, part, ".dropout", (struct deep_node){.op = &deep_op_dropout, .in = {from}, .value = b->keys->dropout});
}

static int embedding(const struct builder *b, const char *name, enum deep_sequence sequence, size_t ids)
{
    const struct deep_node node = {.op = &deep_op_embedding, .channels = b->keys->width, .ids = ids, .sequence = sequence, .value = 1.0, .deviation = 1.0};
    return dropout(b, name, deep_description_add(b->d, name, "", node));
}

static int layer(const struct builder *b, const char *side, size_t number, struct deep_node node)
{
    char part[DEEP_NAME];
    snprintf(part, sizeof part, "%s%zu", side, number);
    node.channels = b->keys->width;
    node.rule = DEEP_XAVIER;
    return deep_description_add(b->d, part, "", node);
}

enum dsgd_status deep_lstm_describe(const struct deep_translator *keys, struct deep_description *out)
{
    const struct builder b = {out, keys};
    deep_description_begin(out, "lstm");
    int x = embedding(&b, "source", DEEP_SOURCE, keys->source_ids);
    const int first = out->model.nodes;
    for (size_t l = 1; l <= keys->layers; ++l) { x = layer(&b, "encoder", l, (struct deep_node){.op = &deep_op_lstm, .in = {x}, .both = !keys->ahead}); }
    const int memory = x;
    x = embedding(&b, "target", DEEP_TARGET, keys->target_ids);
    for (size_t l = 1; l <= keys->layers; ++l) {
        x = layer(&b, "decoder", l, (struct deep_node){.op = &deep_op_lstm_continued, .in = {x, first + (int)l - 1}});
    }
    const int query = dense(&b, "attention.query", x, keys->width, false);
    const int context = deep_description_add(out, "attention", "", (struct deep_node){.op = &deep_op_attention, .in = {query, memory}, .heads = 1});
    const int both = deep_description_add(out, "attention", ".concat", (struct deep_node){.op = &deep_op_concat, .in = {x, context}});
    const int mixed = dense(&b, "attention.out", both, keys->width, true);
    const int y = dropout(&b, "attention", deep_description_add(out, "attention", ".tanh", (struct deep_node){.op = &deep_op_tanh, .in = {mixed}}));
    const int scores = dense(&b, "output", y, keys->target_ids, true);
    deep_description_add(out, "loss", "", (struct deep_node){.op = &deep_op_token_loss, .in = {scores}, .channels = keys->target_ids,
                                                             .value = keys->smoothing});
    return deep_description_end(out, keys->layers);
}
