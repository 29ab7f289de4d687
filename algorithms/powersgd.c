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
#include <stdlib.h>

#include "sim/cpu/low_rank.h"
#include "sim/algorithm.h"
#include "sim/rng.h"

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

/* A compressed segment: its place in the model, and of its P and Q in the concatenated ones. */
struct matrix {
    struct low_rank_shape shape;
    size_t offset, p, q;
};

/* A segment that is sent as it is, with its place in the dense section. */
struct run {
    size_t offset, count, place;
};

struct common {
    size_t d, rank, matrices, runs;
    size_t p, q, dense;            /* all P, all Q, all dense coordinates */
    size_t rows_max, cols_max;     /* of the matrices */
    bool warm_start, memory, own;
    struct dsgd_rng_key key;
    const struct dsgd_backend *be;
    struct matrix *matrix;
    struct run *run;
};

enum { E, Q, OWN_Q };              /* worker: Delta and then e; the start; Q_i until settle (feedback = own) */
enum { P_SUM, Q_SUM, DENSE_SUM };  /* server, all rewritten in a round */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if (!config->memory && config->feedback == FEEDBACK_OWN) {
        return dsgd_fail(DSGD_EINPUT, "powersgd.feedback = own: expected mean with memory = false (there is no memory to feed)");
    }
    return DSGD_OK;
}

/* P_i and Q_i are linear in Delta_i (P^ is known to all), e_i in Delta_i too, and their lengths are fixed. */
static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting;
    return NULL;
}

/* The matrix of a segment; false if it is sent dense. */
static bool matrix_of(const struct config *config, const struct dsgd_segment *segment, struct low_rank_shape *shape)
{
    *shape = (struct low_rank_shape){segment->count, segment->rows, segment->cols};
    if (segment->rows == 1 && config->vectors == VECTORS_SQUARE) {
        size_t rows = (size_t)sqrt((double)segment->count);
        rows = rows < 1 ? 1 : rows;
        shape->rows = rows;
        shape->cols = (segment->count + rows - 1) / rows;
    }
    /* r (n + m) < n m implies r < min(n, m) */
    return shape->rows > 1 && shape->cols > 1 && (size_t)config->rank * (shape->rows + shape->cols) < segment->count;
}

/* The contraction of the best rank-r approximation of the flattest matrix, r / min(n, m), which the iteration approaches. */
static double tau(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    double least = 1.0;
    for (size_t s = 0; s < setting->layout->segments; ++s) {
        struct low_rank_shape shape;
        if (!matrix_of(config, &setting->layout->segment[s], &shape)) { continue; }
        least = fmin(least, (double)config->rank / (double)(shape.rows < shape.cols ? shape.rows : shape.cols));
    }
    return least;
}

static void destroy(void *common)
{
    struct common *c = common;
    if (!c) { return; }
    free(c->matrix);
    free(c->run);
    free(c);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void split_layout(struct common *c, const struct config *config, const struct dsgd_layout *layout)
{
    for (size_t s = 0; s < layout->segments; ++s) {
        const struct dsgd_segment *segment = &layout->segment[s];
        struct low_rank_shape shape;
        if (matrix_of(config, segment, &shape)) {
            c->matrix[c->matrices++] = (struct matrix){shape, segment->offset, c->p, c->q};
            c->p += shape.rows * c->rank;
            c->q += shape.cols * c->rank;
            c->rows_max = larger(c->rows_max, shape.rows);
            c->cols_max = larger(c->cols_max, shape.cols);
        } else {
            c->run[c->runs++] = (struct run){segment->offset, segment->count, c->dense};
            c->dense += segment->count;
        }
    }
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    const size_t segments = setting->layout->segments;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm powersgd"); }
    c->matrix = calloc(segments, sizeof *c->matrix);
    c->run = calloc(segments, sizeof *c->run);
    if (!c->matrix || !c->run) {
        destroy(c);
        return dsgd_fail(DSGD_ENOMEM, "no memory for %zu segments of powersgd", segments);
    }
    c->d = setting->layout->d;
    c->rank = (size_t)config->rank;
    c->warm_start = config->warm_start;
    c->memory = config->memory;
    c->own = config->feedback == FEEDBACK_OWN;
    c->key = (struct dsgd_rng_key){setting->seed_algorithm, dsgd_rng_purpose("powersgd start")};
    c->be = setting->backend;
    split_layout(c, config, setting->layout);
    *common = c;
    return DSGD_OK;
}

static size_t common_bytes(const void *common)
{
    const struct common *c = common;
    return sizeof *c + (c->matrices + c->runs) * (sizeof *c->matrix + sizeof *c->run);
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[E] = (struct dsgd_field){"e", DSGD_F32, c->d, !c->memory};
    field[Q] = (struct dsgd_field){"q", DSGD_F32, c->q, !c->warm_start};
    field[OWN_Q] = (struct dsgd_field){"own_q", DSGD_F32, c->q, true};
    return c->own ? 3 : 2;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[P_SUM] = (struct dsgd_field){"p_sum", DSGD_F64, c->p, true};
    field[Q_SUM] = (struct dsgd_field){"q_sum", DSGD_F64, c->q, true};
    field[DENSE_SUM] = (struct dsgd_field){"dense_sum", DSGD_F64, c->dense, true};
    return 3;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    (void)workers;
    bytes->up = larger(c->p + c->dense, c->q) * sizeof(float);
    bytes->down = (c->p + c->q + c->dense) * sizeof(float);
    bytes->worker_scratch = c->cols_max * sizeof(double);
    bytes->server_scratch = larger(c->rows_max * c->rank * sizeof(double), c->d * sizeof(float));
}

static int plan(void *common, uint32_t step)
{
    const struct common *c = common;
    (void)step;
    return c->matrices > 0 ? 2 : 1;
}

/* Standard normal numbers (Box and Muller 1958), the same at every worker; element j of all Q is half of draw j / 2. */
static void draw_start(const struct common *c, uint32_t step, size_t first, size_t n, float *q)
{
    for (size_t j = first; j < first + n; ++j) {
        const struct dsgd_rng4 words = dsgd_rng_draw(c->key, (uint32_t)(j / 2), step, DSGD_RNG_SERVER, 0);
        const double radius = sqrt(-2.0 * log(dsgd_rng_unit(dsgd_rng_u64(&words, 0))));
        const double angle = 2.0 * 3.14159265358979323846 * dsgd_rng_unit(dsgd_rng_u64(&words, 1));
        q[j] = (float)(radius * (j % 2 == 0 ? cos(angle) : sin(angle)));
    }
}

/* Alg. 1's Q: the last one, or a fresh one. Fresh as well is a column of zeros: at the start, and where the last matrix had
 * a smaller rank; power iteration would never leave it. */
static void start_columns(const struct common *c, uint32_t step, float *q)
{
    for (size_t a = 0; a < c->matrices; ++a) {
        const size_t cols = c->matrix[a].shape.cols;
        for (size_t j = 0; j < c->rank; ++j) {
            const size_t first = c->matrix[a].q + j * cols;
            size_t zeros = 0;
            while (c->warm_start && zeros < cols && q[first + zeros] == 0.0f) { ++zeros; }
            if (!c->warm_start || zeros == cols) { draw_start(c, step, first, cols, q); }
        }
    }
}

static enum dsgd_status encode_p(const struct common *c, struct dsgd_state *worker, const struct dsgd_round *round,
                                 const float *grad, struct dsgd_message *up)
{
    float *delta = worker->field[E], *q = worker->field[Q], *p = NULL, *dense = NULL;
    if (c->memory) {
        c->be->add_scaled_f32(c->d, 1.0f, grad, delta); /* Alg. 2 line 7: Delta = g + e, in place */
    } else {
        c->be->copy(delta, grad, c->d * sizeof *grad);
    }
    if (c->matrices > 0) {
        start_columns(c, round->step, q);
        DSGD_TRY(dsgd_message_add_f32(up, DSGD_VALUE, c->p, &p));
        for (size_t a = 0; a < c->matrices; ++a) {
            const struct matrix *m = &c->matrix[a];
            low_rank_times(&m->shape, c->rank, delta + m->offset, q + m->q, p + m->p); /* Alg. 1 line 3: P = M Q */
        }
    }
    if (c->dense == 0) { return DSGD_OK; }
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_DENSE, c->dense, &dense));
    for (size_t j = 0; j < c->runs; ++j) {
        c->be->copy(dense + c->run[j].place, delta + c->run[j].offset, c->run[j].count * sizeof *dense);
    }
    return DSGD_OK;
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    if (round->exchange == 0) { return encode_p(c, worker, round, grad, up); }
    const float *p = NULL, *delta = worker->field[E];
    float *q = NULL;
    DSGD_TRY(dsgd_message_get_f32(&down[0], 0, DSGD_VALUE, c->p, &p));
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_VALUE, c->q, &q));
    double *sum = dsgd_arena_take(round->scratch, c->cols_max * sizeof *sum);
    if (!sum) { return dsgd_fail(DSGD_ENOMEM, "powersgd: no memory for sums of %zu columns", c->cols_max); }
    for (size_t a = 0; a < c->matrices; ++a) {
        const struct matrix *m = &c->matrix[a];
        low_rank_transposed_times(&m->shape, c->rank, delta + m->offset, p + m->p, sum, q + m->q); /* line 6: Q = M^T P^ */
    }
    if (c->own) { c->be->copy(worker->field[OWN_Q], q, c->q * sizeof *q); }
    return DSGD_OK;
}

/* Adds n floats to a sum that the first worker's message clears. */
static void add_up(const struct common *c, uint32_t i, size_t n, const float *x, double *sum)
{
    if (i == 0) { c->be->clear(sum, n * sizeof *sum); }
    c->be->add_f32(n, x, sum);
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    const float *x = NULL;
    int at = 0;
    if (round->exchange == 1) {
        DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_VALUE, c->q, &x));
        add_up(c, i, c->q, x, server->field[Q_SUM]);
        return DSGD_OK;
    }
    if (c->matrices > 0) {
        DSGD_TRY(dsgd_message_get_f32(up, at++, DSGD_VALUE, c->p, &x));
        add_up(c, i, c->p, x, server->field[P_SUM]);
    }
    if (c->dense > 0) {
        DSGD_TRY(dsgd_message_get_f32(up, at, DSGD_DENSE, c->dense, &x));
        add_up(c, i, c->dense, x, server->field[DENSE_SUM]);
    }
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    const double factor = 1.0 / round->participants;
    float *out = NULL;
    if (round->exchange == 1) { /* line 7: the mean of Q */
        DSGD_TRY(dsgd_message_add_f32(down, DSGD_VALUE, c->q, &out));
        c->be->mean_f32(c->q, factor, server->field[Q_SUM], out);
        return DSGD_OK;
    }
    if (c->matrices > 0) { /* lines 4, 5: the mean of P, made orthonormal once for all */
        double *work = dsgd_arena_take(round->scratch, c->rows_max * c->rank * sizeof *work);
        if (!work) { return dsgd_fail(DSGD_ENOMEM, "powersgd: no memory to orthonormalise %zu rows", c->rows_max); }
        DSGD_TRY(dsgd_message_add_f32(down, DSGD_VALUE, c->p, &out));
        c->be->mean_f32(c->p, factor, server->field[P_SUM], out);
        for (size_t a = 0; a < c->matrices; ++a) {
            low_rank_orthonormalise(c->matrix[a].shape.rows, c->rank, out + c->matrix[a].p, work);
        }
    }
    if (c->dense > 0) {
        DSGD_TRY(dsgd_message_add_f32(down, DSGD_DENSE, c->dense, &out));
        c->be->mean_f32(c->dense, factor, server->field[DENSE_SUM], out);
    }
    return DSGD_OK;
}

static enum dsgd_status settle(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const struct common *c = common;
    (void)round;
    const float *p = NULL, *q = NULL;
    float *e = worker->field[E];
    if (c->matrices > 0) {
        DSGD_TRY(dsgd_message_get_f32(&down[0], 0, DSGD_VALUE, c->p, &p));
        DSGD_TRY(dsgd_message_get_f32(&down[1], 0, DSGD_VALUE, c->q, &q));
        if (c->warm_start) { c->be->copy(worker->field[Q], q, c->q * sizeof *q); } /* section 3: the next start */
        if (c->own) { q = worker->field[OWN_Q]; }
    }
    if (!c->memory) {
        c->be->clear(e, c->d * sizeof *e);
        return DSGD_OK;
    }
    for (size_t a = 0; a < c->matrices; ++a) { /* Alg. 2 line 9: e = Delta - decompressed */
        const struct matrix *m = &c->matrix[a];
        low_rank_subtract(&m->shape, c->rank, p + m->p, q + m->q, e + m->offset);
    }
    for (size_t j = 0; j < c->runs; ++j) { c->be->clear(e + c->run[j].offset, c->run[j].count * sizeof *e); }
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    const float *p = NULL, *q = NULL, *dense = NULL;
    float *value = dsgd_arena_take(round->scratch, c->d * sizeof *value);
    if (!value) { return dsgd_fail(DSGD_ENOMEM, "powersgd: no memory for an update of %zu coordinates", c->d); }
    int at = 0;
    if (c->matrices > 0) {
        DSGD_TRY(dsgd_message_get_f32(&down[0], at++, DSGD_VALUE, c->p, &p));
        DSGD_TRY(dsgd_message_get_f32(&down[1], 0, DSGD_VALUE, c->q, &q));
    }
    if (c->dense > 0) { DSGD_TRY(dsgd_message_get_f32(&down[0], at, DSGD_DENSE, c->dense, &dense)); }
    for (size_t a = 0; a < c->matrices; ++a) {
        const struct matrix *m = &c->matrix[a];
        low_rank_product(&m->shape, c->rank, p + m->p, q + m->q, value + m->offset); /* Alg. 1, decompress: P^ Q^T */
    }
    for (size_t j = 0; j < c->runs; ++j) {
        c->be->copy(value + c->run[j].offset, dense + c->run[j].place, c->run[j].count * sizeof *value);
    }
    update->n = c->d;
    update->value = value;
    return DSGD_OK;
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct common *c = common;
    const float *e = worker->field[E];
    for (size_t i = 0; i < c->d; ++i) { out[i] = (double)e[i]; }
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
    .memory = true,
    .check = check,
    .unmergeable = unmergeable,
    .tau = tau,
    .create = create,
    .destroy = destroy,
    .common_bytes = common_bytes,
    .worker_fields = worker_fields,
    .server_fields = server_fields,
    .round_bytes = round_bytes,
    .plan = plan,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .settle = settle,
    .decode = decode,
    .view = view,
};
