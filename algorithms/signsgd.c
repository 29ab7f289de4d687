/* signsgd.c - signSGD and Signum with majority vote: one bit a coordinate up, one bit down.
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
#include <stdlib.h>

#include "algorithms/codec.h"
#include "algorithms/sign_rule.h"
#include "sim/algorithm.h"

struct config {
    double momentum;
    int zero, tie;
};

static const struct dsgd_param params[] = {
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "b in buffer = b buffer + (1 - b) g, 0 = signSGD, more = Signum; alias: beta; default: arXiv:1802.04434, Algorithm 1 (Signum: 0.9)"},
    {"zero", DSGD_PARAM_CHOICE, offsetof(struct config, zero), "plus", 0, 0, "plus|minus|coin",
     "sign that a worker sends for an exact zero; default: public code, Signum_SGD.py"},
    {"tie", DSGD_PARAM_CHOICE, offsetof(struct config, tie), "plus", 0, 0, "plus|minus|coin",
     "outcome of a vote that is even; default: public code, Signum_SGD.py"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    float momentum;
    enum sign_rule zero, tie;
    struct dsgd_rng_key key_zero, key_tie;
    const struct dsgd_backend *be;
};

enum { BUFFER }; /* worker field, only with momentum */
enum { SUM };    /* server field: votes for plus minus votes for minus */

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting;
    return "a sign is not linear in a worker's gradient";
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm signsgd"); }
    *c = (struct common){.d = setting->layout->d, .momentum = (float)config->momentum, .zero = (enum sign_rule)config->zero,
                         .tie = (enum sign_rule)config->tie,
                         .key_zero = {setting->seed_algorithm, dsgd_rng_purpose("signsgd zero")},
                         .key_tie = {setting->seed_algorithm, dsgd_rng_purpose("signsgd tie")}, .be = setting->backend};
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[BUFFER] = (struct dsgd_field){"buffer", DSGD_F32, c->d, false};
    return c->momentum > 0.0f ? 1 : 0;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_I32, c->d, true};
    return 1;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    (void)workers;
    bytes->up = bytes->down = codec_signs_bytes(c->d);
    bytes->server_scratch = c->d * sizeof(float); /* finish, decode */
}

static int plan(void *common, uint32_t step)
{
    (void)common, (void)step;
    return 1;
}

static enum dsgd_status add_signs(const struct common *c, struct dsgd_message *message, void **plane)
{
    return dsgd_message_add(message, DSGD_VALUE, DSGD_BIT_PLANE, c->d, codec_signs_bytes(c->d), plane);
}

static enum dsgd_status get_signs(const struct common *c, const struct dsgd_message *message, const void **plane)
{
    return dsgd_message_get(message, 0, DSGD_VALUE, DSGD_BIT_PLANE, c->d, codec_signs_bytes(c->d), plane);
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    (void)down;
    const float *vector = grad;
    void *plane = NULL;
    if (c->momentum > 0.0f) {
        c->be->moving_average_f32(c->d, c->momentum, worker->field[BUFFER], grad); /* Algorithm 1: m = b m + (1 - b) g */
        vector = worker->field[BUFFER];
    }
    DSGD_TRY(add_signs(c, up, &plane));
    sign_rule_pack(c->d, vector, c->zero, c->key_zero, round->step, round->worker, plane); /* push sign(m) */
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    (void)round;
    const void *plane = NULL;
    DSGD_TRY(get_signs(c, up, &plane));
    if (i == 0) { c->be->clear(server->field[SUM], c->d * sizeof(int32_t)); }
    return codec_signs_vote(c->d, plane, server->field[SUM]); /* sum of sign(m) */
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    const int32_t *sum = server->field[SUM];
    void *plane = NULL;
    float *votes = dsgd_arena_take(round->scratch, c->d * sizeof *votes);
    if (!votes) { return dsgd_fail(DSGD_ENOMEM, "signsgd: no memory for the votes on %zu coordinates", c->d); }
    for (size_t i = 0; i < c->d; ++i) { votes[i] = (float)sum[i]; } /* its sign is exact, and so is its zero */
    DSGD_TRY(add_signs(c, down, &plane));
    sign_rule_pack(c->d, votes, c->tie, c->key_tie, round->step, DSGD_RNG_SERVER, plane); /* pull sign(V) */
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    const void *plane = NULL;
    DSGD_TRY(get_signs(c, &down[0], &plane));
    float *value = dsgd_arena_take(round->scratch, c->d * sizeof *value);
    if (!value) { return dsgd_fail(DSGD_ENOMEM, "signsgd: no memory for an update of %zu coordinates", c->d); }
    DSGD_TRY(codec_signs_unpack(c->d, plane, 1.0f, value)); /* x -= eta (sign(V) + lambda x); the decay is update->shrink */
    update->n = c->d;
    update->value = value;
    return DSGD_OK;
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
    .unmergeable = unmergeable,
    .create = create,
    .destroy = free,
    .worker_fields = worker_fields,
    .server_fields = server_fields,
    .round_bytes = round_bytes,
    .plan = plan,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .decode = decode,
};
