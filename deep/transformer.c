/* transformer.c - the Transformer for translation as a problem. Model: model_transformer.c; what it shares with lstm.c: language.h. */
#include "deep/language.h"

struct config {
    int64_t layers, dimension, feedforward, heads;
    int norm;
    DEEP_LANGUAGE_CONFIG;
};

static const struct dsgd_param transformer_params[] = {
    {"layers", DSGD_PARAM_INT, offsetof(struct config, layers), "1", 1, 64, NULL, "layers of the encoder, and of the decoder"},
    {"dimension", DSGD_PARAM_INT, offsetof(struct config, dimension), "64", 1, 65536, NULL, "numbers of a position; alias: d_model"},
    {"feedforward", DSGD_PARAM_INT, offsetof(struct config, feedforward), "128", 1, 1e6, NULL, "numbers between the two dense layers of a layer; alias: d_ff"},
    {"heads", DSGD_PARAM_INT, offsetof(struct config, heads), "4", 1, 1024, NULL, "of attention; they share the dimension evenly"},
    {"norm", DSGD_PARAM_CHOICE, offsetof(struct config, norm), "pre", 0, 0, "pre|post",
     "layer norm: pre = before each part, and one in the end; post = behind each sum, as in the paper (plain SGD hardly trains it)"},
    DEEP_LANGUAGE_PARAMS(struct config),
    DSGD_PARAM_END,
};

static enum dsgd_status transformer_create(const struct dsgd_problem_args *args, void **self)
{
    const struct config *c = args->config;
    if (c->dimension % c->heads != 0) {
        return dsgd_fail(DSGD_EINPUT, "transformer.heads = %lld: expected a divisor of transformer.dimension = %lld", (long long)c->heads, (long long)c->dimension);
    }
    struct deep_language_settings settings = DEEP_LANGUAGE_SETTINGS(c);
    settings.describe = deep_transformer_describe;
    settings.model.layers = (size_t)c->layers;
    settings.model.width = (size_t)c->dimension;
    settings.model.inner = (size_t)c->feedforward;
    settings.model.heads = (size_t)c->heads;
    settings.model.post = c->norm == 1;
    return deep_language_create("transformer", &settings, args, self);
}

const struct dsgd_problem_ops dsgd_problem_transformer = {
    .name = "transformer",
    .title = "Transformer for translation: pairs of sentences in bins",
    .reference = "Vaswani et al. 2017, NeurIPS; pre-norm: Wang et al. 2019, ACL",
    .params = transformer_params,
    .config_size = sizeof(struct config),
    .create = transformer_create,
    DEEP_LANGUAGE_SLOTS,
};
