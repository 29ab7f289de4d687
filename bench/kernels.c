/* kernels.c - every operation that costs time at the paper's sizes. Interface: bench.h.
 *
 * One line of the table below is one function: it asks for its vectors, which are made at the first call, says what must be moved at
 * least, and calls the operation. The sizes are those of ResNet-9 with r = 5, c = 500,032 and r = 3, c = 100,032 (Ivkin et al. 2019), or
 * what --dimension and --k say.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/place.h"
#include "bench/vector.h"
#include "sim/clock.h"

enum { BIG_ROWS = 5, BIG_COLS = 500032, SMALL_ROWS = 3, SMALL_COLS = 100032, HUGE_COLS = 1000000, VOTERS = 16, TOGETHER = 4, AT_ONCE = 10, LEVELS = 16, RANK = 4, APART = 64 };
static const size_t HUGE_D = 50000000; /* from here on the large tables have HUGE_COLS columns */
static const double EXPENSIVE_S = 2.0;  /* an operation that takes longer is measured three times only */

static uint32_t big_cols(const struct place *p)
{
    return p->d >= HUGE_D ? HUGE_COLS / 64 * 64 + 64 : BIG_COLS;
}

static struct place_limit moved(enum ceiling ceiling, size_t amount, size_t table)
{
    return (struct place_limit){ceiling, amount, table};
}

/* ---- sketches ---- */

static void sketch(struct place *p, enum dsgd_hash hash, uint32_t rows, uint32_t cols, uint32_t workers)
{
    p->turn.rows = workers;
    const dsgd_sketch *s = place_sketch(p, 0, hash, rows, cols);
    const size_t table = (size_t)rows * cols * sizeof(float);
    p->limit = hash == DSGD_BLOCKS ? moved(CEILING_CELLS, workers * rows * (p->d / 64), table) : moved(CEILING_GATHER, workers * rows * p->d, table);
    dsgd_sketch_vector(&p->turn, s, &place_input(p, 1, workers)->as.f32, &place_vector(p, 2, DSGD_F32, (size_t)rows * cols, workers)->as.f32);
}

static void sketch_big(struct place *p) { sketch(p, DSGD_BLOCKS, BIG_ROWS, big_cols(p), 1); }
static void sketch_small(struct place *p) { sketch(p, DSGD_BLOCKS, SMALL_ROWS, SMALL_COLS, 1); }
static void sketch_textbook(struct place *p) { sketch(p, DSGD_TEXTBOOK, BIG_ROWS, big_cols(p), 1); }
static void sketch_textbook_together(struct place *p) { sketch(p, DSGD_TEXTBOOK, BIG_ROWS, big_cols(p), TOGETHER); }

/* A table, filled once. */
static struct dsgd_handle *table_of(struct place *p, const dsgd_sketch *s)
{
    const bool made = !p->memory[2];
    struct dsgd_handle *table = place_vector(p, 2, DSGD_F32, (size_t)s->rows * s->cols, 1);
    if (made) {
        const bool measuring = p->queue.measuring;
        p->queue.measuring = false;
        dsgd_sketch_vector(&p->turn, s, &place_input(p, 1, 1)->as.f32, &table->as.f32);
        p->queue.measuring = measuring;
    }
    return table;
}

static void unsketch(struct place *p, enum dsgd_hash hash, uint32_t rows, uint32_t cols)
{
    const dsgd_sketch *s = place_sketch(p, 0, hash, rows, cols);
    struct dsgd_handle *table = table_of(p, s);
    p->limit = hash == DSGD_BLOCKS ? moved(CEILING_READ, rows * p->d * sizeof(float), 0) : moved(CEILING_GATHER, rows * p->d, rows * cols * sizeof(float));
    dsgd_sketch_topk(&p->turn, s, &table->as.f32, p->k, &place_vector(p, 3, DSGD_SET, p->k, 1)->as.set, &place_vector(p, 4, DSGD_F32, p->k, 1)->as.f32);
}

static void unsketch_big(struct place *p) { unsketch(p, DSGD_BLOCKS, BIG_ROWS, big_cols(p)); }
static void unsketch_small(struct place *p) { unsketch(p, DSGD_BLOCKS, SMALL_ROWS, SMALL_COLS); }
static void unsketch_textbook(struct place *p) { unsketch(p, DSGD_TEXTBOOK, BIG_ROWS, big_cols(p)); }

static void heavymix(struct place *p)
{
    const dsgd_sketch *s = place_sketch(p, 0, DSGD_BLOCKS, BIG_ROWS, big_cols(p));
    struct dsgd_handle *table = table_of(p, s), *norm2 = place_vector(p, 3, DSGD_F64, 1, 1);
    const struct dsgd_rng_key key = {1, 1};
    p->limit = moved(CEILING_READ, BIG_ROWS * p->d * sizeof(float), 0);
    dsgd_sketch_norm2(&p->turn, s, &table->as.f32, &norm2->as.f64);
    dsgd_sketch_heavymix(&p->turn, s, &table->as.f32, &norm2->as.f64, p->k, key, &place_vector(p, 4, DSGD_SET, p->k, 1)->as.set, NULL);
}

static void estimate(struct place *p)
{
    const dsgd_sketch *s = place_sketch(p, 0, DSGD_BLOCKS, BIG_ROWS, big_cols(p));
    struct dsgd_handle *table = table_of(p, s);
    p->limit = moved(CEILING_READ, BIG_ROWS * p->d * sizeof(float), 0);
    dsgd_sketch_estimate(&p->turn, s, &table->as.f32, &place_vector(p, 3, DSGD_F32, p->d, 1)->as.f32);
}

/* ---- choices, signs, levels ---- */

static void topk(struct place *p)
{
    p->limit = moved(CEILING_READ, p->d * sizeof(float), 0);
    dsgd_select_topk(&p->turn, &place_input(p, 0, 1)->as.f32, p->k, &place_vector(p, 1, DSGD_SET, p->k, 1)->as.set);
}

static void sign_pack(struct place *p)
{
    const struct dsgd_rng_key key = {1, 1};
    p->limit = moved(CEILING_READ, p->d * sizeof(float), 0);
    dsgd_sign_pack(&p->turn, &place_input(p, 0, 1)->as.f32, DSGD_PLUS, key, &place_vector(p, 1, DSGD_SIGNS, p->d, 1)->as.signs);
}

/* Signs of the voters' vectors, packed once: one vector, of which every voter sees another stretch, so that the votes differ. */
static struct dsgd_handle *ballots(struct place *p, int slot)
{
    const bool made = !p->memory[slot];
    struct dsgd_handle *signs = place_vector(p, slot, DSGD_SIGNS, p->d, VOTERS);
    struct dsgd_handle *all = place_vector(p, slot + 1, DSGD_F32, p->d + (size_t)VOTERS * APART, 1);
    const bool measuring = p->queue.measuring;
    p->queue.measuring = false;
    if (made && p->queue.failed == DSGD_OK) {
        const struct dsgd_rng_key key = {1, 1};
        char *at = all->as.array.at;
        for (size_t from = 0; from < all->as.array.count; from += p->d) {
            const size_t n = all->as.array.count - from < p->d ? all->as.array.count - from : p->d;
            p->queue.device->write(&p->queue, at + from * sizeof(float), p->input, n * sizeof(float));
        }
        for (uint32_t w = 0; w < VOTERS; ++w) {
            dsgd_f32 v = {.array = dsgd_array_at(DSGD_F32, p->d, 1, at + (size_t)w * APART * sizeof(float))};
            dsgd_signs one = {.array = dsgd_array_rows(DSGD_SIGNS, &signs->as.array, w)};
            dsgd_sign_pack(&p->turn, &v, DSGD_PLUS, key, &one);
        }
    }
    p->queue.measuring = measuring;
    return signs;
}

static void vote(struct place *p, enum dsgd_zero tie)
{
    struct dsgd_handle *up = ballots(p, 0);
    const struct dsgd_arrivals arrivals = {.section = up, .rows = VOTERS, .first = true};
    const struct dsgd_rng_key key = {1, 1};
    dsgd_votes *votes = &place_vector(p, 2, DSGD_VOTES, p->queue.device->votes_bytes(p->d, VOTERS), 1)->as.votes;
    votes->n = p->d;
    votes->most = VOTERS;
    p->limit = moved(CEILING_READ, VOTERS * (p->d / 8), 0);
    dsgd_fold_signs(&p->turn, &arrivals, 0, votes);
    dsgd_sign_pack_votes(&p->turn, votes, tie, key, &place_vector(p, 3, DSGD_SIGNS, p->d, 1)->as.signs);
}

static void majority(struct place *p) { vote(p, DSGD_PLUS); }
static void majority_coin(struct place *p) { vote(p, DSGD_COIN); }

static void max_abs(struct place *p)
{
    p->limit = moved(CEILING_READ, p->d * sizeof(float), 0);
    dsgd_group_max_abs(&p->turn, &p->whole, &place_input(p, 0, 1)->as.f32, &place_vector(p, 1, DSGD_F32, 1, 1)->as.f32);
}

static void norm(struct place *p)
{
    p->limit = moved(CEILING_READ, p->d * sizeof(float), 0);
    dsgd_group_norm(&p->turn, &p->whole, &place_input(p, 0, 1)->as.f32, &place_vector(p, 1, DSGD_F64, 1, 1)->as.f64);
}

static void terngrad(struct place *p)
{
    const struct dsgd_rng_key key = {1, 1};
    struct dsgd_handle *v = place_input(p, 0, 1), *scale = place_vector(p, 1, DSGD_F32, 1, 1);
    p->limit = moved(CEILING_READ, 2 * p->d * sizeof(float), 0);
    dsgd_group_max_abs(&p->turn, &p->whole, &v->as.f32, &scale->as.f32);
    dsgd_ternarise(&p->turn, &p->whole, &scale->as.f32, &v->as.f32, key, &place_vector(p, 2, DSGD_TERNARY, p->d, 1)->as.ternary);
}

static void qsgd(struct place *p)
{
    const struct dsgd_rng_key key = {1, 1};
    struct dsgd_handle *v = place_input(p, 0, 1), *scale = place_vector(p, 1, DSGD_F32, 1, 1);
    p->limit = moved(CEILING_COPY, 2 * p->d * sizeof(float), 0);
    dsgd_group_max_abs(&p->turn, &p->whole, &v->as.f32, &scale->as.f32);
    dsgd_quantise(&p->turn, &p->whole, &scale->as.f32, LEVELS, &v->as.f32, key, &place_vector(p, 2, DSGD_I32, p->d, 1)->as.i32);
}

/* ---- dense vectors ---- */

static void momentum(struct place *p)
{
    p->limit = moved(CEILING_COPY, 5 * p->d * sizeof(float), 0); /* reads g, u, v, writes u, v */
    dsgd_momentum(&p->turn, 0.9f, 0.1f, &place_input(p, 0, 1)->as.f32, &place_vector(p, 1, DSGD_F32, p->d, 1)->as.f32,
                  &place_vector(p, 2, DSGD_F32, p->d, 1)->as.f32);
}

static void mean_of_messages(struct place *p)
{
    const struct dsgd_arrivals arrivals = {.section = place_input(p, 0, TOGETHER), .rows = TOGETHER, .first = true};
    p->limit = moved(CEILING_COPY, TOGETHER * p->d * sizeof(float) + p->d * sizeof(double), 0);
    dsgd_fold_sum(&p->turn, &arrivals, 0, &place_vector(p, 1, DSGD_F64, p->d, 1)->as.f64);
}

static void apply(struct place *p)
{
    struct dsgd_handle *diverged = place_vector(p, 3, DSGD_F32, 16, 1);
    const struct dsgd_apply update = {.value = &place_input(p, 0, 1)->as.f32, .scale = 0.01, .step = 1};
    p->limit = moved(CEILING_COPY, p->d * (2 * sizeof(float) + 2 * sizeof(double)), 0);
    struct dsgd_handle *x = place_vector(p, 1, DSGD_F64, p->d, 1), *replica = place_vector(p, 2, DSGD_F32, p->d, 1);
    if (!p->queue.measuring && p->queue.failed == DSGD_OK) { p->queue.device->apply(&p->queue, &update, &x->as.f64, &replica->as.f32, diverged->as.array.at); }
}

static void low_rank(struct place *p)
{
    const size_t cols = 512, rows = p->d / cols;
    const struct dsgd_matrix matrix = {.count = rows * cols, .rows = rows, .cols = cols};
    struct dsgd_matrix one[1] = {matrix};
    const struct dsgd_matrices all = {.n = 1, .rank = RANK, .p = rows * RANK, .q = cols * RANK, .rows_max = rows, .cols_max = cols, .matrix = one};
    const dsgd_f32 *v = &place_input(p, 0, 1)->as.f32;
    struct dsgd_handle *left = place_vector(p, 1, DSGD_F32, rows * RANK, 1), *right = place_vector(p, 2, DSGD_F32, cols * RANK, 1);
    const struct dsgd_rng_key key = {1, 1};
    p->limit = moved(CEILING_READ, 2 * p->d * sizeof(float), 0);
    dsgd_lowrank_fresh(&p->turn, &all, false, key, &right->as.f32);
    dsgd_lowrank_times(&p->turn, &all, v, &right->as.f32, &left->as.f32);
    dsgd_lowrank_orthonormalise(&p->turn, &all, &left->as.f32);
    dsgd_lowrank_transposed_times(&p->turn, &all, v, &left->as.f32, &right->as.f32);
}

static const struct kernel {
    const char *name, *of;
    void (*work)(struct place *);
} kernels[] = {
    {"sketch-block-large", "one vector, block hashes, r = 5, c = 500,032 (1,000,000 from d = 50,000,000 on)", sketch_big},
    {"sketch-block-small", "one vector, block hashes, r = 3, c = 100,032", sketch_small},
    {"sketch-textbook", "one vector, textbook hashes, r = 5", sketch_textbook},
    {"sketch-textbook-4", "four workers' vectors, textbook hashes, r = 5", sketch_textbook_together},
    {"estimate-block", "all estimates of a table, block hashes, r = 5", estimate},
    {"unsketch-block-large", "the k largest estimates, block hashes, r = 5", unsketch_big},
    {"unsketch-block-small", "the k largest estimates, block hashes, r = 3", unsketch_small},
    {"unsketch-textbook", "the k largest estimates, textbook hashes, r = 5", unsketch_textbook},
    {"heavymix-block", "norm and HEAVYMIX from a table, block hashes, r = 5", heavymix},
    {"topk", "the k largest of a vector", topk},
    {"sign-pack", "one bit a coordinate", sign_pack},
    {"majority-16", "majority of 16 votes, from bits to bits; ties are plus", majority},
    {"majority-16-coin", "the same, a coin for each tie", majority_coin},
    {"max-abs", "largest magnitude", max_abs},
    {"norm", "l2 norm", norm},
    {"terngrad", "largest magnitude, ternary vector, two bit planes", terngrad},
    {"qsgd-16", "largest magnitude, levels in -16..16", qsgd},
    {"momentum", "u = m u + g, v = v + eta u", momentum},
    {"sum-4", "sum of four dense messages in doubles", mean_of_messages},
    {"apply", "x = x - scale update in doubles, its float replica", apply},
    {"low-rank-4", "PowerSGD's two products and the orthonormal factor, 512 columns, rank 4", low_rank},
};

static enum dsgd_status measure(const struct bench_options *options, const struct kernel *kernel, struct place *p, struct ceilings *c,
                                struct bench_lines *out)
{
    enum dsgd_status status = place_warm(p, kernel->work);
    if (status != DSGD_OK) { return status; }
    struct bench_line *line = bench_line_add(out, kernel->name);
    if (!line) { return DSGD_ENOMEM; }
    snprintf(line->of, sizeof line->of, "%s", kernel->of);
    snprintf(line->limit, sizeof line->limit, "%s", ceiling_name(p->limit.ceiling));
    const int few = options->turns < 3 ? options->turns : 3;
    const int repeats = p->queue.device->streams ? AT_ONCE : 1; /* so that the wait at the end counts little */
    for (int turn = 0; turn < options->turns; ++turn) {
        line->ceiling[turn] = ceiling_seconds(c, p->limit.ceiling, p->limit.amount, p->limit.table);
        const double start = dsgd_clock();
        for (int repeat = 0; repeat < repeats; ++repeat) {
            dsgd_turn_begin(&p->turn);
            kernel->work(p);
        }
        place_wait(p);
        line->second[turn] = (dsgd_clock() - start) / repeats;
        line->turns = turn + 1;
        if (line->turns >= few && line->second[turn] > EXPENSIVE_S) { break; }
    }
    bench_line_finish(line);
    return place_status(p);
}

/* The ceilings by themselves, of one vector and of the larger table. */
static enum dsgd_status machine(const struct bench_options *options, struct ceilings *c, struct bench_lines *out)
{
    const size_t bytes = options->d * sizeof(float), table = (size_t)BIG_ROWS * BIG_COLS * sizeof(float);
    const size_t amount[CEILINGS] = {bytes, 2 * bytes, BIG_ROWS * (options->d / 64), BIG_ROWS * options->d};
    static const char *const of[CEILINGS] = {"d floats read", "d floats copied", "5 d floats, added to random segments of 64 in a table of 10 MB",
                                             "5 d floats, read at random places of a table of 10 MB"};
    for (enum ceiling which = 0; which < CEILINGS; ++which) {
        char name[32];
        snprintf(name, sizeof name, "machine-%s", ceiling_name(which));
        if (!bench_wanted(options, name)) { continue; }
        struct bench_line *line = bench_line_add(out, name);
        if (!line) { return DSGD_ENOMEM; }
        snprintf(line->of, sizeof line->of, "%s", of[which]);
        for (line->turns = 0; line->turns < options->turns; ++line->turns) { line->second[line->turns] = ceiling_seconds(c, which, amount[which], table); }
        bench_line_finish(line);
    }
    return DSGD_OK;
}

enum dsgd_status bench_kernels(const struct bench_options *options, struct bench_lines *out)
{
    struct place p;
    struct ceilings c = {.d = 0};
    float *input = NULL;
    const size_t table = (size_t)BIG_ROWS * (options->d >= HUGE_D ? HUGE_COLS + 64 : BIG_COLS);
    enum dsgd_status status = bench_vector(options, &input);
    if (status == DSGD_OK) { status = place_open(&p, options->backend, options->d, options->k, input, options->threads); }
    if (status != DSGD_OK) {
        free(input);
        return status;
    }
    status = ceilings_open(&c, &p.queue, options->d, table / 64 * 64, options->threads);
    if (status == DSGD_OK) { status = machine(options, &c, out); }
    for (size_t j = 0; j < sizeof kernels / sizeof *kernels && status == DSGD_OK; ++j) {
        if (!bench_wanted(options, kernels[j].name)) { continue; }
        status = measure(options, &kernels[j], &p, &c, out);
        place_clear(&p);
    }
    place_clear(&p);
    ceilings_close(&c);
    free(input);
    return status == DSGD_OK ? bench_found(options, out) : status;
}
