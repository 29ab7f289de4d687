/* qsgd.c - QSGD: stochastic quantisation to a few levels of a norm, without bias and without memory.
 *
 * Alistarh, Grubic, Li, Tomioka, Vojnovic 2017 (arXiv:1610.02132), section 3.1: Q_s(v_i) = ||v|| sign(v_i) xi_i with
 * xi_i = (l + 1)/s with probability |v_i| s/||v|| - l and l/s otherwise, l = floor(|v_i| s/||v||); E Q_s(v) = v. Section 4:
 * buckets of consecutive coordinates with a norm each, and the maximum in place of the 2-norm. Up: one float a bucket and d
 * integers in [-s, s] in whole bits or the paper's Elias code (section 3.1, Code_s); down: the mean, dense, or quantised
 * again by the server. w -= eta_t mean.
 * A probability is floor(p 2^32)/2^32, less than 2^-32 too low. A bucket without a finite norm sends levels 0 and its norm;
 * norm * 0 is then NaN at every receiver, so a diverging run shows.
 */
#include <math.h>
#include <stdlib.h>

#include "algorithms/codec.h"
#include "sim/algorithm.h"
#include "sim/rng.h"

struct config {
    int64_t levels, bucket;
    int norm, coding, down;
};

enum { NORM_L2, NORM_MAX };       /* config.norm */
enum { DOWN_DENSE, DOWN_LEVELS }; /* config.down */

static const struct dsgd_param params[] = {
    {"levels", DSGD_PARAM_INT, offsetof(struct config, levels), "7", 1, 65535, NULL,
     "s, largest level: integers in [-s, s], 7 = 4 bits packed; alias: quantum_num, s; default: ours, 4 bits with the sign"},
    {"bucket", DSGD_PARAM_INT, offsetof(struct config, bucket), "512", 0, 4294967295.0, NULL,
     "consecutive coordinates with one norm, 0 = all; alias: bucket_size; default: arXiv:1610.02132, section 5 (4 bits)"},
    {"norm", DSGD_PARAM_CHOICE, offsetof(struct config, norm), "max", 0, 0, "l2|max",
     "norm of a bucket; default: arXiv:1610.02132, section 4 (l2: section 3.1)"},
    {"coding", DSGD_PARAM_CHOICE, offsetof(struct config, coding), "packed", 0, 0, CODEC_LEVELS_CHOICES,
     "code of levels: ceil(log2(2 s + 1)) bits each, or the paper's Elias code; default: public codes, whole bits (GRACE, torch_cgx)"},
    {"down", DSGD_PARAM_CHOICE, offsetof(struct config, down), "dense", 0, 0, "dense|levels",
     "the mean in floats, or quantised once more; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, bucket, buckets; /* coordinates a bucket has, the last one fewer */
    uint32_t levels;           /* s */
    bool max_norm, down_levels;
    enum codec_levels coding;
    struct dsgd_rng_key key;
    const struct dsgd_backend *be;
};

enum { SUM }; /* server field */

enum {
    WORDS = 4,  /* coordinates a draw serves */
    BLOCK = 256 /* coordinates quantised at once: a loop that vectorises */
};

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting;
    return "quantisation is not linear in a worker's gradient";
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    const size_t d = setting->layout->d;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm qsgd"); }
    const size_t bucket = config->bucket == 0 || (uint64_t)config->bucket > d ? d : (size_t)config->bucket;
    *c = (struct common){.d = d, .bucket = bucket, .buckets = (d + bucket - 1) / bucket, .levels = (uint32_t)config->levels,
                         .max_norm = config->norm == NORM_MAX, .down_levels = config->down == DOWN_LEVELS,
                         .coding = (enum codec_levels)config->coding,
                         .key = {setting->seed_algorithm, dsgd_rng_purpose("qsgd")}, .be = setting->backend};
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    (void)common, (void)field; /* no memory */
    return 0;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_F64, c->d, true};
    return 1;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    (void)workers;
    bytes->up = c->buckets * sizeof(float) + codec_levels_bytes_max(c->coding, c->d, c->levels);
    bytes->down = c->down_levels ? bytes->up : c->d * sizeof(float);
    bytes->worker_scratch = c->d * sizeof(int32_t);
    bytes->server_scratch = c->d * (sizeof(int32_t) + sizeof(float)); /* levels and their values, or a mean and its levels */
}

static int plan(void *common, uint32_t step)
{
    (void)common, (void)step;
    return 1;
}

/* End of the bucket that coordinate i lies in. */
static size_t bucket_end(const struct common *c, size_t i)
{
    const size_t rest = c->bucket - i % c->bucket;
    return c->d - i < rest ? c->d : i + rest;
}

/* Q_s for coordinates of one bucket; word [n] are their random words. */
static void quantise_run(size_t n, const float *v, float norm, uint32_t s, const uint32_t *word, int32_t *level)
{
    const double divisor = (double)norm, most = (double)s;
    if (!(norm > 0.0f) || !isfinite(norm)) {
        for (size_t i = 0; i < n; ++i) { level[i] = 0; }
        return;
    }
    for (size_t i = 0; i < n; ++i) {
        const double a = fabs((double)v[i]) / divisor * most;
        const double low = floor(a);
        /* word < floor(x) for an integer word is word + 1 <= x */
        const double up = (double)word[i] + 1.0 <= (a - low) * 0x1p32 ? low + 1.0 : low;
        const int32_t l = (int32_t)(up < most ? up : most); /* the norm is rounded, so a may lie above s */
        level[i] = v[i] < 0.0f ? -l : l;
    }
}

/* Section 3.1 for workers and server: norms and levels of v as two sections. */
static enum dsgd_status quantise(const struct common *c, const float *v, uint32_t step, uint32_t who, struct dsgd_arena *scratch,
                                 struct dsgd_message *message)
{
    float *norm = NULL;
    int32_t *level = dsgd_arena_take(scratch, c->d * sizeof *level);
    if (!level) { return dsgd_fail(DSGD_ENOMEM, "qsgd: no memory for the levels of %zu coordinates", c->d); }
    DSGD_TRY(dsgd_message_add_f32(message, DSGD_SCALE, c->buckets, &norm));
    for (size_t b = 0, i = 0; b < c->buckets; ++b) {
        const size_t n = bucket_end(c, i) - i;
        norm[b] = (float)(c->max_norm ? c->be->max_abs_f32(n, v + i) : c->be->norm_f32(n, v + i));
        i += n;
    }
    for (size_t first = 0; first < c->d; first += BLOCK) {
        const size_t end = c->d - first < BLOCK ? c->d : first + BLOCK;
        uint32_t word[BLOCK];
        for (size_t i = first; i < end; i += WORDS) {
            const struct dsgd_rng4 words = dsgd_rng_draw(c->key, (uint32_t)(i / WORDS), step, who, 0);
            for (size_t l = 0; l < WORDS; ++l) { word[i - first + l] = words.word[l]; }
        }
        for (size_t i = first; i < end;) {
            const size_t stop = bucket_end(c, i) < end ? bucket_end(c, i) : end;
            quantise_run(stop - i, v + i, norm[i / c->bucket], c->levels, word + (i - first), level + i);
            i = stop;
        }
    }
    return codec_add_levels(message, DSGD_VALUE, c->coding, c->d, c->levels, level);
}

/* The vector that a message stands for, norm * level / s, in scratch. */
static enum dsgd_status restore(const struct common *c, const struct dsgd_message *message, struct dsgd_arena *scratch,
                                const float **vector)
{
    const float *norm = NULL;
    const int32_t *level = NULL;
    DSGD_TRY(dsgd_message_get_f32(message, 0, DSGD_SCALE, c->buckets, &norm));
    DSGD_TRY(codec_get_levels(message, 1, DSGD_VALUE, c->coding, c->d, c->levels, scratch, &level));
    float *out = dsgd_arena_take(scratch, c->d * sizeof *out);
    if (!out) { return dsgd_fail(DSGD_ENOMEM, "qsgd: no memory for the values of %zu coordinates", c->d); }
    const double s = (double)c->levels;
    for (size_t b = 0, i = 0; b < c->buckets; ++b) {
        const double unit = (double)norm[b];
        for (const size_t end = bucket_end(c, i); i < end; ++i) { out[i] = (float)(unit * (double)level[i] / s); }
    }
    *vector = out;
    return DSGD_OK;
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    (void)worker, (void)down;
    if (round->input) { c->be->copy(round->input, grad, c->d * sizeof *grad); }
    return quantise(c, grad, round->step, round->worker, round->scratch, up);
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    const float *vector = NULL;
    DSGD_TRY(restore(c, up, round->scratch, &vector));
    if (i == 0) { c->be->clear(server->field[SUM], c->d * sizeof(double)); }
    c->be->add_f32(c->d, vector, server->field[SUM]);
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    const double factor = 1.0 / round->participants;
    float *mean = NULL;
    if (!c->down_levels) {
        DSGD_TRY(dsgd_message_add_f32(down, DSGD_DENSE, c->d, &mean));
        c->be->mean_f32(c->d, factor, server->field[SUM], mean);
        return DSGD_OK;
    }
    mean = dsgd_arena_take(round->scratch, c->d * sizeof *mean);
    if (!mean) { return dsgd_fail(DSGD_ENOMEM, "qsgd: no memory for the mean of %zu coordinates", c->d); }
    c->be->mean_f32(c->d, factor, server->field[SUM], mean);
    return quantise(c, mean, round->step, DSGD_RNG_SERVER, round->scratch, down);
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    update->n = c->d;
    if (c->down_levels) { return restore(c, &down[0], round->scratch, &update->value); }
    return dsgd_message_get_f32(&down[0], 0, DSGD_DENSE, c->d, &update->value);
}

static bool lends(const void *common)
{
    (void)common;
    return true;
}

const struct dsgd_algorithm dsgd_qsgd = {
    .name = "qsgd",
    .title = "QSGD",
    .reference = "Alistarh, Grubic, Li, Tomioka, Vojnovic 2017, arXiv:1610.02132",
    .aliases = "random dithering, stochastic quantisation",
    .departures = "a server averages and sends the mean, where the paper's workers send to each other\n"
                  "the norm is a section of its own beside the coded levels",
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
    .lends = lends,
};
