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
#include "sim/algorithm.h"

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
    {"coding", DSGD_PARAM_CHOICE, offsetof(struct config, coding), "packed", 0, 0, DSGD_LEVELS_CHOICES,
     "code of levels: ceil(log2(2 s + 1)) bits each, or the paper's Elias code; default: public codes, whole bits (GRACE, torch_cgx)"},
    {"down", DSGD_PARAM_CHOICE, offsetof(struct config, down), "dense", 0, 0, "dense|levels",
     "the mean in floats, or quantised once more; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, buckets;
    const struct dsgd_groups *bucket;
    uint32_t levels; /* s */
    bool max_norm, down_levels;
    enum dsgd_levels coding;
    struct dsgd_rng_key key;
};

enum { SUM };         /* server field */
enum { NORM, LEVEL }; /* sections up, and down with down = levels */
enum { MEAN };        /* section down otherwise */

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    const struct dsgd_groups *bucket = dsgd_groups_buckets(setting, (size_t)config->bucket);
    *(struct common *)common = (struct common){
        .d = setting->layout->d, .buckets = dsgd_groups_count(bucket), .bucket = bucket, .levels = (uint32_t)config->levels,
        .max_norm = config->norm == NORM_MAX, .down_levels = config->down == DOWN_LEVELS, .coding = (enum dsgd_levels)config->coding,
        .key = {setting->seed_algorithm, dsgd_rng_purpose("qsgd")}};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, c->d, DSGD_TRANSIENT);
    for (int way = DSGD_UP; way <= DSGD_DOWN; ++way) {
        if (way == DSGD_DOWN && !c->down_levels) {
            dsgd_wire_f32(d, DSGD_DOWN, 0, MEAN, DSGD_DENSE, DSGD_FP32, dsgd_exactly(c->d));
        } else {
            dsgd_wire_f32(d, (enum dsgd_way)way, 0, NORM, DSGD_SCALE, DSGD_FP32, dsgd_exactly(c->buckets));
            dsgd_wire_levels(d, (enum dsgd_way)way, 0, LEVEL, DSGD_VALUE, c->coding, c->levels, c->d);
        }
    }
}

/* Section 3.1 for workers and server: norms and levels of v as two sections. */
static void quantise(const struct common *c, struct dsgd_rows *r, const dsgd_f32 *v)
{
    dsgd_f32 *norm = dsgd_send_f32(r, NORM);
    if (c->max_norm) {
        dsgd_group_max_abs(r, c->bucket, v, norm);
    } else {
        dsgd_f64 *length = dsgd_take_f64(r, c->buckets);
        dsgd_group_norm(r, c->bucket, v, length);
        dsgd_round(r, length, norm);
    }
    dsgd_quantise(r, c->bucket, norm, c->levels, v, c->key, dsgd_send_levels(r, LEVEL));
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)round;
    dsgd_show(w, grad);
    quantise(common, w, grad);
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_fold_levels_scaled(s, up, LEVEL, c->bucket, NORM, c->levels, dsgd_field_f64(s, SUM)); /* sum of Q_s(g_i) */
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct common *c = common;
    dsgd_f32 *mean = c->down_levels ? dsgd_take_f32(s, c->d) : dsgd_send_f32(s, MEAN);
    dsgd_mean(s, 1.0 / round->participants, dsgd_field_f64(s, SUM), mean);
    if (c->down_levels) { quantise(c, s, mean); }
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    if (!c->down_levels) { return dsgd_dense(round->lr, dsgd_down_f32(all, 0, MEAN)); }
    dsgd_f32 *value = dsgd_take_f32(all, c->d);
    dsgd_dequantise(all, c->bucket, dsgd_down_f32(all, 0, NORM), c->levels, dsgd_down_levels(all, 0, LEVEL), value);
    return dsgd_dense(round->lr, value);
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
    .common_size = sizeof(struct common),
    .view = DSGD_VIEW_SHOWN,
    .unmergeable = "quantisation is not linear in a worker's gradient",
    .init = init,
    .declare = declare,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .decode = decode,
};
