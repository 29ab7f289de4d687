/* lstm.c - LSTMs with attention for translation as a problem. Model: model_lstm.c; what it shares with transformer.c: language.h. */
#include "deep/language.h"

struct config {
    int64_t layers, dimension;
    int encoder;
    DEEP_LANGUAGE_CONFIG;
};

static const struct dsgd_param lstm_params[] = {
    {"layers", DSGD_PARAM_INT, offsetof(struct config, layers), "1", 1, 64, NULL, "layers of the encoder, and of the decoder"},
    {"dimension", DSGD_PARAM_INT, offsetof(struct config, dimension), "64", 1, 65536, NULL, "numbers of a position and of a state; alias: hidden size"},
    {"encoder", DSGD_PARAM_CHOICE, offsetof(struct config, encoder), "both", 0, 0, "both|ahead",
     "how it reads: both = half of each layer from the end (an even dimension); ahead = from the first word on"},
    DEEP_LANGUAGE_PARAMS(struct config),
    DSGD_PARAM_END,
};

static enum dsgd_status lstm_create(const struct dsgd_problem_args *args, void **self)
{
    const struct config *c = args->config;
    if (c->encoder == 0 && c->dimension % 2 != 0) {
        return dsgd_fail(DSGD_EINPUT, "lstm.dimension = %lld: expected an even number with lstm.encoder = both", (long long)c->dimension);
    }
    struct deep_language_settings settings = DEEP_LANGUAGE_SETTINGS(c);
    settings.describe = deep_lstm_describe;
    settings.model.layers = (size_t)c->layers;
    settings.model.width = (size_t)c->dimension;
    settings.model.ahead = c->encoder == 1;
    return deep_language_create("lstm", &settings, args, self);
}

const struct dsgd_problem_ops dsgd_problem_lstm = {
    .name = "lstm",
    .title = "LSTMs with attention for translation: pairs of sentences in bins",
    .reference = "Luong, Pham, Manning 2015, EMNLP; Hochreiter, Schmidhuber 1997",
    .params = lstm_params,
    .config_size = sizeof(struct config),
    .create = lstm_create,
    DEEP_LANGUAGE_SLOTS,
};
