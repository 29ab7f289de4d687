/* powersgd.c - PowerSGD: low-rank gradients by one step of a power iteration, with error feedback.
 *
 * Vogels, Karimireddy, Jaggi 2019, arXiv:1905.13727, Alg. 1 (compression of one matrix) and Alg. 2 (error feedback). For
 * every segment that is a matrix of n rows and m columns with r (n + m) < n m: Delta_i = g_i + e_i; P_i = Delta_i Q up, the
 * mean of P_i made orthonormal down (P^); Q_i = Delta_i^T P^ up, their mean Q down; w -= eta_t P^ Q^T; e_i = Delta_i - P^ Q^T.
 * Q is the next step's start (warm start, section 3). Other segments go dense. A worker sends and receives
 * r (n + m) values for each matrix, in two exchanges. Momentum after the compression is the engine's server_momentum:
 * m = lambda m + Delta' is Alg. 2's line 12; line 13 moves x by Delta' + m, the engine by m or (Nesterov) Delta' + lambda m.
 * feedback = own is Alg. 2's line 9 read with the worker's own Q_i; the authors' experiments subtract the mean. The mean
 * of the e_i, and so the run in exact arithmetic, is the same: sums of P_i and Q_i see nothing but the mean.
 */
#include <math.h>

#include "sim/algorithm.h"

enum { FEEDBACK_MEAN, FEEDBACK_OWN };
enum { VECTORS_DENSE, VECTORS_SQUARE };

struct config {
    int64_t rank;
    bool warm_start, memory;
    int feedback, vectors;
};

static const struct dsgd_param params[] = {
    {"rank", DSGD_PARAM_INT, offsetof(struct config, rank), "2", 1, 65536, NULL,
     "r, columns of P and Q; alias: matrix_approximation_rank; default: paper, section 5 (ranks 1 to 4)"},
    {"warm_start", DSGD_PARAM_BOOL, offsetof(struct config, warm_start), "true", 0, 0, NULL,
     "start from the last step's Q, not from fresh normal numbers; alias: reuse_query; default: paper, section 3"},
    {"feedback", DSGD_PARAM_CHOICE, offsetof(struct config, feedback), "mean", 0, 0, "mean|own",
     "what a worker subtracts: the common P^ Q^T, or P^ Q_i^T of its own; default: authors' experiments"},
    {"memory", DSGD_PARAM_BOOL, offsetof(struct config, memory), "true", 0, 0, NULL,
     "error feedback; alias: use_error_feedback; default: paper, Alg. 2"},
    {"vectors", DSGD_PARAM_CHOICE, offsetof(struct config, vectors), "dense", 0, 0, "dense|square",
     "segments of one row: sent dense, or taken as nearly square matrices if that saves; default: paper, section 3"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, p, q, dense; /* all P, all Q, all dense coordinates */
    const struct dsgd_matrices *matrices;
    const struct dsgd_runs *runs; /* what is sent as it is */
    bool compressed, warm_start, memory, own;
    struct dsgd_rng_key key;
};

enum { E, Q, OWN_Q };             /* worker: Delta and then e; the start; Q_i until settle (feedback = own) */
enum { P_SUM, Q_SUM, DENSE_SUM }; /* server, all rewritten in a round */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if (!config->memory && config->feedback == FEEDBACK_OWN) {
        return dsgd_fail(DSGD_EINPUT, "powersgd.feedback = own: expected mean with memory = false (there is no memory to feed)");
    }
    return DSGD_OK;
}

/* The matrix of a segment; false if it is sent dense. */
static bool matrix_of(const void *context, const struct dsgd_segment *segment, size_t *rows, size_t *cols)
{
    const struct config *config = context;
    *rows = segment->rows;
    *cols = segment->cols;
    if (segment->rows == 1 && config->vectors == VECTORS_SQUARE) {
        *rows = (size_t)sqrt((double)segment->count);
        *rows = *rows < 1 ? 1 : *rows;
        *cols = (segment->count + *rows - 1) / *rows;
    }
    /* r (n + m) < n m implies r < min(n, m) */
    return *rows > 1 && *cols > 1 && (size_t)config->rank * (*rows + *cols) < segment->count;
}

static bool is_dense(const void *context, const struct dsgd_segment *segment)
{
    size_t rows, cols;
    return !matrix_of(context, segment, &rows, &cols);
}

/* The contraction of the best rank-r approximation of the flattest matrix, r / min(n, m), which the iteration approaches. */
static double tau(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    double least = 1.0;
    for (size_t s = 0; s < setting->layout->segments; ++s) {
        size_t rows, cols;
        if (!matrix_of(config, &setting->layout->segment[s], &rows, &cols)) { continue; }
        least = fmin(least, (double)config->rank / (double)(rows < cols ? rows : cols));
    }
    return least;
}

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    const struct dsgd_matrices *matrices = dsgd_matrices_of(setting, (size_t)config->rank, matrix_of, config);
    const struct dsgd_runs *runs = dsgd_runs_of(setting, is_dense, config);
    *(struct common *)common = (struct common){
        .d = setting->layout->d, .p = dsgd_matrices_p(matrices), .q = dsgd_matrices_q(matrices), .dense = dsgd_runs_count(runs), .matrices = matrices,
        .runs = runs, .compressed = dsgd_matrices_count(matrices) > 0, .warm_start = config->warm_start, .memory = config->memory,
        .own = config->feedback == FEEDBACK_OWN, .key = {setting->seed_algorithm, dsgd_rng_purpose("powersgd start")}};
    return DSGD_OK;
}

/* Sections of exchange 0, both ways: P and the dense part, of which either may be missing. In exchange 1: Q. */
static int p_section(const struct common *c) { return c->compressed ? 0 : -1; }
static int dense_section(const struct common *c) { return c->dense == 0 ? -1 : c->compressed ? 1 : 0; }

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    dsgd_field(d, DSGD_WORKER, E, "e", DSGD_F32, c->d, c->memory ? DSGD_KEPT : DSGD_TRANSIENT);
    for (int way = DSGD_UP; way <= DSGD_DOWN; ++way) {
        if (c->compressed) { dsgd_wire_f32(d, (enum dsgd_way)way, 0, p_section(c), DSGD_VALUE, DSGD_FP32, dsgd_exactly(c->p)); }
        if (c->dense > 0) { dsgd_wire_f32(d, (enum dsgd_way)way, 0, dense_section(c), DSGD_DENSE, DSGD_FP32, dsgd_exactly(c->dense)); }
        if (c->compressed) { dsgd_wire_f32(d, (enum dsgd_way)way, 1, 0, DSGD_VALUE, DSGD_FP32, dsgd_exactly(c->q)); }
    }
    if (c->dense > 0) { dsgd_field(d, DSGD_SERVER, DENSE_SUM, "dense_sum", DSGD_F64, c->dense, DSGD_TRANSIENT); }
    if (!c->compressed) { return; }
    dsgd_field(d, DSGD_WORKER, Q, "q", DSGD_F32, c->q, c->warm_start ? DSGD_KEPT : DSGD_TRANSIENT);
    if (c->own) { dsgd_field(d, DSGD_WORKER, OWN_Q, "own_q", DSGD_F32, c->q, DSGD_TRANSIENT); }
    dsgd_field(d, DSGD_SERVER, P_SUM, "p_sum", DSGD_F64, c->p, DSGD_TRANSIENT);
    dsgd_field(d, DSGD_SERVER, Q_SUM, "q_sum", DSGD_F64, c->q, DSGD_TRANSIENT);
}

static void plan(const void *common, uint32_t step, struct dsgd_round *round)
{
    (void)step;
    round->exchanges = ((const struct common *)common)->compressed ? 2 : 1;
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    dsgd_f32 *delta = dsgd_field_f32(w, E);
    if (round->exchange == 1) {
        dsgd_f32 *q = dsgd_send_f32(w, 0);
        dsgd_lowrank_transposed_times(w, c->matrices, delta, dsgd_down_f32(w, 0, p_section(c)), q); /* Alg. 1 line 6: Q = M^T P^ */
        if (c->own) { dsgd_copy(w, q, dsgd_field_f32(w, OWN_Q)); }
        return;
    }
    if (c->memory) {
        dsgd_add_scaled(w, 1.0f, grad, delta); /* Alg. 2 line 7: Delta = g + e, in place */
    } else {
        dsgd_copy(w, grad, delta);
    }
    if (c->compressed) {
        /* Alg. 1's Q: the last one, or a fresh one. Fresh as well is a column of zeros: at the start, and where the last matrix had a
         * smaller rank; power iteration would never leave it */
        dsgd_lowrank_fresh(w, c->matrices, !c->warm_start, c->key, dsgd_field_f32(w, Q));
        dsgd_lowrank_times(w, c->matrices, delta, dsgd_field_f32(w, Q), dsgd_send_f32(w, p_section(c))); /* line 3: P = M Q */
    }
    if (c->dense > 0) { dsgd_pack(w, c->runs, delta, dsgd_send_f32(w, dense_section(c))); }
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    const struct common *c = common;
    if (round->exchange == 1) {
        dsgd_fold_sum(s, up, 0, dsgd_field_f64(s, Q_SUM));
        return;
    }
    if (c->compressed) { dsgd_fold_sum(s, up, p_section(c), dsgd_field_f64(s, P_SUM)); }
    if (c->dense > 0) { dsgd_fold_sum(s, up, dense_section(c), dsgd_field_f64(s, DENSE_SUM)); }
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct common *c = common;
    const double factor = 1.0 / round->participants;
    if (round->exchange == 1) {
        dsgd_mean(s, factor, dsgd_field_f64(s, Q_SUM), dsgd_send_f32(s, 0)); /* line 7: the mean of Q */
        return;
    }
    if (c->compressed) { /* lines 4, 5: the mean of P, made orthonormal once for all */
        dsgd_f32 *p = dsgd_send_f32(s, p_section(c));
        dsgd_mean(s, factor, dsgd_field_f64(s, P_SUM), p);
        dsgd_lowrank_orthonormalise(s, c->matrices, p);
    }
    if (c->dense > 0) { dsgd_mean(s, factor, dsgd_field_f64(s, DENSE_SUM), dsgd_send_f32(s, dense_section(c))); }
}

static void settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round)
{
    const struct common *c = common;
    dsgd_f32 *e = dsgd_field_f32(w, E);
    (void)round;
    if (c->compressed) {
        const dsgd_f32 *q = dsgd_down_f32(w, 1, 0);
        if (c->warm_start) { dsgd_copy(w, q, dsgd_field_f32(w, Q)); } /* section 3: the next start */
        if (c->own) { q = dsgd_field_f32(w, OWN_Q); }
        if (c->memory) { dsgd_lowrank_subtract(w, c->matrices, dsgd_down_f32(w, 0, p_section(c)), q, e); } /* Alg. 2 line 9: e = Delta - decompressed */
    }
    if (c->memory) {
        if (c->dense > 0) { dsgd_clear_runs(w, c->runs, e); }
    } else {
        dsgd_clear(w, e);
    }
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    dsgd_f32 *value = dsgd_take_f32(all, c->d);
    if (c->compressed) { dsgd_lowrank_product(all, c->matrices, dsgd_down_f32(all, 0, p_section(c)), dsgd_down_f32(all, 1, 0), value); } /* P^ Q^T */
    if (c->dense > 0) { dsgd_unpack(all, c->runs, dsgd_down_f32(all, 0, dense_section(c)), value); }
    return dsgd_dense(round->lr, value);
}

const struct dsgd_algorithm dsgd_powersgd = {
    .name = "powersgd",
    .title = "PowerSGD",
    .reference = "Vogels, Karimireddy, Jaggi 2019, arXiv:1905.13727",
    .aliases = "power_sgd, low_rank",
    .departures = "the server makes the mean of P orthonormal and sends that, where every worker of the paper does it alike\n"
                  "momentum is the engine's: x moves by m, or with server_nesterov by Delta' + lambda m; by Delta' + m in the paper (Alg. 2, line 13)\n"
                  "a dependent column of P becomes zero, and the same column of the next start is drawn anew\n"
                  "vectors = square: vectors are compressed too, as nearly square matrices; the paper sends them dense",
    .params = params,
    .config_size = sizeof(struct config),
    .common_size = sizeof(struct common),
    .view = E,
    .memory = true,
    /* P_i and Q_i are linear in Delta_i (P^ is known to all), e_i in Delta_i too, and their lengths are fixed */
    .unmergeable = DSGD_MERGEABLE,
    .check = check,
    .tau = tau,
    .init = init,
    .declare = declare,
    .plan = plan,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .settle = settle,
    .decode = decode,
};
