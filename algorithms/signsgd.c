/* signsgd.c - signSGD and Signum with majority vote: one bit per coordinate up, one bit down.
 *
 * Bernstein, Zhao, Azizzadenesheli, Anandkumar 2019 (arXiv:1810.05291), Algorithm 1: each worker keeps m_i = b m_i + (1 - b) g_i
 * and sends sign(m_i); the server sends back V = sign(sum_i sign(m_i)); x -= eta_t (V + lambda x). b = 0 is signSGD (Bernstein,
 * Wang, Azizzadenesheli, Anandkumar 2018, arXiv:1802.04434, Algorithm 1), b > 0 Signum (ibid., Algorithm 2). A worker sends and
 * receives d signs of 1/32 value each, ceil(d/8) bytes. lambda is the engine's weight_decay with weight_decay_mode =
 * decoupled; with coupled it is added to the gradient, under the sign.
 * Departures: sign(0) = 0 is a third symbol that one bit cannot carry, so zeros and ties are plus, minus or a coin by a named
 * rule. One worker sends its own sign here, the public code then sends no signs at all.
 * There is no view: a vote has the units of the learning rate, not of a gradient, so their difference says nothing. The
 * update is bounded by eta_t whatever the gradients are; a gradient that is not finite is not visible in a sign.
 */
#include "sim/algorithm.h"

struct config {
    double momentum;
    int zero, tie;
};

static const struct dsgd_param params[] = {
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "b in buffer = b buffer + (1 - b) g, 0 = signSGD, more = Signum; alias: beta; default: arXiv:1802.04434, Algorithm 1 (Signum: 0.9)"},
    {"zero", DSGD_PARAM_CHOICE, offsetof(struct config, zero), "plus", 0, 0, DSGD_ZERO_CHOICES,
     "sign that a worker sends for an exact zero; default: public code, Signum_SGD.py"},
    {"tie", DSGD_PARAM_CHOICE, offsetof(struct config, tie), "coin", 0, 0, DSGD_ZERO_CHOICES,
     "outcome of a vote that is even: a coin that the server tosses for all, or always one sign as in public code, Signum_SGD.py (plus); default: ours, "
     "an even vote has no direction"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    uint32_t workers;
    float momentum;
    enum dsgd_zero zero, tie;
    struct dsgd_rng_key key_zero, key_tie;
};

enum { BUFFER }; /* worker field, only with momentum */
enum { VOTES };  /* server field */
enum { SIGNS };  /* section, both ways */

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    *(struct common *)common = (struct common){
        .d = setting->layout->d, .workers = setting->workers, .momentum = (float)config->momentum, .zero = (enum dsgd_zero)config->zero, .tie = (enum dsgd_zero)config->tie,
        .key_zero = {setting->seed_algorithm, dsgd_rng_purpose("signsgd zero")}, .key_tie = {setting->seed_algorithm, dsgd_rng_purpose("signsgd tie")}};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    if (c->momentum > 0.0f) { dsgd_field(d, DSGD_WORKER, BUFFER, "buffer", DSGD_F32, c->d, DSGD_KEPT); }
    dsgd_field_voting(d, VOTES, c->d, c->workers);
    dsgd_wire_signs(d, DSGD_UP, 0, SIGNS, DSGD_VALUE, c->d);
    dsgd_wire_signs(d, DSGD_DOWN, 0, SIGNS, DSGD_VALUE, c->d);
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    const dsgd_f32 *vector = grad;
    (void)round;
    if (c->momentum > 0.0f) {
        dsgd_f32 *buffer = dsgd_field_f32(w, BUFFER);
        dsgd_moving_average(w, c->momentum, buffer, grad); /* Algorithm 1: m = b m + (1 - b) g */
        vector = buffer;
    }
    dsgd_sign_pack(w, vector, c->zero, c->key_zero, dsgd_send_signs(w, SIGNS)); /* push sign(m) */
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    (void)common, (void)round;
    dsgd_fold_signs(s, up, SIGNS, dsgd_field_votes(s, VOTES)); /* sum of sign(m) */
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_sign_pack_votes(s, dsgd_field_votes(s, VOTES), c->tie, c->key_tie, dsgd_send_signs(s, SIGNS)); /* pull sign(V) */
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    dsgd_f32 *value = dsgd_take_f32(all, ((const struct common *)common)->d);
    dsgd_sign_unpack(all, dsgd_down_signs(all, 0, SIGNS), value);
    return dsgd_dense(round->lr, value); /* x -= eta (sign(V) + lambda x); the engine has lambda */
}

const struct dsgd_algorithm dsgd_signsgd = {
    .name = "signsgd",
    .title = "signSGD with majority vote, Signum",
    .reference = "Bernstein, Zhao, Azizzadenesheli, Anandkumar 2019, arXiv:1810.05291; Bernstein et al. 2018, arXiv:1802.04434",
    .aliases = "signum, majority vote",
    .departures = "zeros and even votes are plus, minus or a coin, since one bit has no third symbol\n"
                  "one worker sends its own signs too",
    .params = params,
    .config_size = sizeof(struct config),
    .common_size = sizeof(struct common),
    .view = DSGD_VIEW_NONE, /* a vote has other units than a gradient */
    .unmergeable = "a sign is not linear in a worker's gradient",
    .init = init,
    .declare = declare,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .decode = decode,
};
