/* models.h - the descriptions of the models: nodes and nothing else, shared by everything that computes them. */
#ifndef DSGD_DEEP_MODELS_H
#define DSGD_DEEP_MODELS_H

#include "deep/description.h"

extern const struct deep_model deep_model_mlp, deep_model_lenet, deep_model_resnet9;

/** Keys of a model that translates: sequences of source ids to sequences of target ids. */
struct deep_translator {
    size_t layers, width;         /* layers of the encoder, and of the decoder; numbers of a position */
    size_t inner, heads;          /* Transformer: of its dense layers in between; of attention */
    size_t source_ids, target_ids;
    bool post;                    /* Transformer: norms behind the sums, as in the paper; else before each part, and one in the end */
    bool ahead;                   /* LSTM: the encoder reads only from the first position on */
    double dropout, smoothing;    /* dropout 0: no nodes for it */
};

/** Sizes without ids; width, inner, heads of struct deep_translator. */
struct deep_preset {
    const char *name;
    size_t layers, width, inner, heads;
};
/** "grammar", "multi30k", and "paper": 6 layers, 512 wide, as in Ivkin et al. 2019, supplement D. Ends with a name of NULL. */
extern const struct deep_preset deep_presets[];

/** Nodes in `out`; DSGD_EINPUT with a sentence for layers that are too many. What else does not fit deep_graph_build says. */
enum dsgd_status deep_transformer_describe(const struct deep_translator *keys, struct deep_description *out);
enum dsgd_status deep_lstm_describe(const struct deep_translator *keys, struct deep_description *out);

#endif
