/* test_ops_alike_fold.c - sums over workers, votes, sets and the model on every device against the CPU: blocks of workers of all sizes, on top of each other,
 * long and short vectors, results that lie in their arguments.
 */
#include "tests/alike.h"

static const struct dsgd_rng_key key = {11, 22};

/* ---- sums over workers ---- */

struct fold_shape { size_t n; uint32_t rows, blocks; int nasty; };

static struct dsgd_arrivals block(const struct dsgd_handle *section, uint32_t rows, bool first)
{
    return (struct dsgd_arrivals){section, rows, first};
}

static void floats(struct ops *o, struct kept *k, const void *context)
{
    const struct fold_shape *s = context;
    struct dsgd_handle *sum = ops_vector(o, DSGD_F64, s->n, 1, NULL), *most = ops_vector(o, DSGD_F32, s->n, 1, NULL);
    for (uint32_t b = 0; b < s->blocks; ++b) {
        struct dsgd_handle section[DSGD_SECTIONS_MAX] = {{.used = false}};
        section[0] = *alike_floats(o, s->n, s->rows + b, b, s->nasty && b > 0);
        const struct dsgd_arrivals up = block(section, s->rows + b, b == 0);
        OPS(o, dsgd_fold_sum(&o->turn, &up, 0, &sum->as.f64));
        OPS(o, dsgd_fold_max(&o->turn, &up, 0, &most->as.f32));
        keep(k, o, sum);
        keep(k, o, most);
    }
}

static void planes(struct ops *o, struct kept *k, const void *context)
{
    const struct fold_shape *s = context;
    const size_t start[] = {0, s->n / 3, s->n / 3, s->n / 3 + s->n / 7, s->n};
    const struct dsgd_groups groups = {4, start};
    uint32_t most = 0;
    for (uint32_t b = 0; b < s->blocks; ++b) { most += s->rows + b; }
    struct dsgd_handle *sum = ops_vector(o, DSGD_F64, s->n, 1, NULL), *count = ops_vector(o, DSGD_I32, s->n, 1, NULL);
    struct dsgd_handle *votes = ops_vector(o, DSGD_VOTES, o->queue.device->votes_bytes(s->n, most), 1, NULL);
    struct dsgd_handle *winner = ops_vector(o, DSGD_SIGNS, s->n, 1, NULL);
    votes->as.votes.n = s->n;
    votes->as.votes.most = most;
    for (uint32_t b = 0; b < s->blocks; ++b) {
        const uint32_t rows = s->rows + b;
        struct dsgd_handle section[DSGD_SECTIONS_MAX] = {{.used = false}};
        struct dsgd_handle *scale = alike_floats(o, groups.count, rows, b + 9, s->nasty), *one = ops_vector(o, DSGD_F32, groups.count, rows, NULL);
        section[0] = *ops_vector(o, DSGD_SIGNS, s->n, rows, NULL);
        section[1] = *ops_vector(o, DSGD_TERNARY, s->n, rows, NULL);
        section[2] = *ops_vector(o, DSGD_I32, s->n, rows, NULL);
        section[3] = *scale;
        o->turn.rows = rows;
        float *minus = calloc(s->n * rows + 1, sizeof *minus); /* zeros, which are minus in all messages at every third coordinate */
        assert_non_null(minus);
        for (size_t i = 0; i < s->n * rows; ++i) { minus[i] = i % s->n % 3 == 0 ? 0.0f : ops_value((uint32_t)i + b, 0); }
        const struct dsgd_handle *v = ops_vector(o, DSGD_F32, s->n, rows, minus);
        free(minus);
        OPS(o, dsgd_sign_pack(&o->turn, &v->as.f32, DSGD_MINUS, key, &section[0].as.signs));
        OPS(o, dsgd_group_max_abs(&o->turn, &groups, &v->as.f32, &one->as.f32));
        OPS(o, dsgd_ternarise(&o->turn, &groups, &one->as.f32, &v->as.f32, key, &section[1].as.ternary));
        OPS(o, dsgd_quantise(&o->turn, &groups, &one->as.f32, 5, &v->as.f32, key, &section[2].as.i32));
        o->turn.rows = 1;
        const struct dsgd_arrivals up = block(section, rows, b == 0);
        OPS(o, dsgd_fold_ternary(&o->turn, &up, 1, &count->as.i32));
        keep(k, o, count);
        dsgd_fold_signs(&o->turn, &up, 0, &votes->as.votes);
        for (int tie = DSGD_PLUS; tie <= DSGD_COIN; ++tie) {
            OPS(o, dsgd_sign_pack_votes(&o->turn, &votes->as.votes, (enum dsgd_zero)tie, key, &winner->as.signs));
            keep(k, o, winner);
        }
        OPS(o, dsgd_fold_signs_scaled(&o->turn, &up, 0, &groups, 3, &sum->as.f64));
        keep(k, o, sum);
        OPS(o, dsgd_fold_ternary_scaled(&o->turn, &up, 1, &groups, 3, &sum->as.f64));
        keep(k, o, sum);
        OPS(o, dsgd_fold_levels_scaled(&o->turn, &up, 2, &groups, 3, 5, &sum->as.f64));
        keep(k, o, sum);
    }
}

static void sums_over_workers(void **state)
{
    static const struct fold_shape shape[] = {{0, 3, 2, 0}, {1, 1, 3, 0}, {7, 4, 2, 1}, {33, 2, 3, 1}, {255, 17, 2, 0}, {785, 1, 2, 1},
                                              {785, 100, 2, 0}, {4096, 8, 1, 0}, {4099, 9, 2, 1}, {40, 250, 2, 0}, {65, 497, 2, 0}, {70001, 9, 2, 0}};
    (void)state;
    for (size_t j = 0; j < sizeof shape / sizeof *shape; ++j) {
        alike("sums of floats", 1, floats, &shape[j]);
        if (shape[j].n < 10000) { alike("sums of planes", 1, planes, &shape[j]); }
    }
}

/* ---- sums of sparse vectors ---- */

struct sparse_shape { size_t d, k; uint32_t rows; };

static void sparse_sums(struct ops *o, struct kept *k, const void *context)
{
    const struct sparse_shape *s = context;
    const size_t words = (s->d + 31) / 32, room = s->d;
    double *none = calloc(s->d + 1, sizeof *none);
    int32_t *empty = calloc(words + 1, sizeof *empty);
    assert_true(none && empty);
    struct dsgd_handle *sum = ops_vector(o, DSGD_F64, s->d, 1, none), *seen = ops_vector(o, DSGD_I32, words, 1, empty);
    struct dsgd_handle *at = ops_vector(o, DSGD_SET, room, 1, NULL), *value = ops_vector(o, DSGD_F32, room, 1, NULL);
    for (uint32_t b = 0; b < 2; ++b) {
        struct dsgd_handle section[DSGD_SECTIONS_MAX] = {{.used = false}};
        section[0] = *alike_set(o, s->d, s->k, s->rows, b);
        section[1] = *alike_floats(o, s->k, s->rows, b, b > 0);
        const struct dsgd_arrivals up = block(section, s->rows, b == 0);
        OPS(o, dsgd_fold_sparse(&o->turn, &up, 0, 1, &sum->as.f64, &seen->as.i32));
        keep(k, o, sum);
        keep(k, o, seen);
    }
    OPS(o, dsgd_sparse_take(&o->turn, 0.125, &sum->as.f64, &seen->as.i32, &at->as.set, &value->as.f32));
    keep(k, o, at);
    keep_with(k, o, value, at);
    keep(k, o, sum);
    keep(k, o, seen);
    OPS(o, dsgd_sparse_take(&o->turn, 0.125, &sum->as.f64, &seen->as.i32, &at->as.set, &value->as.f32)); /* of nothing */
    keep(k, o, at);
    free(none);
    free(empty);
}

static void sums_of_sparse_vectors(void **state)
{
    static const struct sparse_shape shape[] = {{1, 1, 3}, {31, 5, 2}, {32, 32, 1}, {40, 40, 70}, {785, 785, 5}, {785, 40, 300},
                                                {8192, 1000, 4}, {8193, 17, 9}, {16385, 17, 131}, {40000, 20000, 2}, {20000, 0, 2}};
    (void)state;
    for (size_t j = 0; j < sizeof shape / sizeof *shape; ++j) { alike("sums of sparse vectors", 1, sparse_sums, &shape[j]); }
}

/* ---- sets ---- */

static void sets(struct ops *o, struct kept *k, const void *context)
{
    const struct sparse_shape *s = context;
    const uint32_t rows = s->rows;
    struct dsgd_handle *a = alike_set(o, s->d, s->k, rows, 0), *b = alike_set(o, s->d, s->k, 0, 1), *places = alike_set(o, s->k / 2, s->k / 4, rows, 2);
    struct dsgd_handle *v = alike_floats(o, s->d, rows, 1, 1), *wide = alike_doubles(o, s->d, rows, 2, 0), *x = ops_vector(o, DSGD_F32, s->k, rows, NULL);
    struct dsgd_handle *out = ops_vector(o, DSGD_SET, s->k, rows, NULL), *first = alike_set(o, s->d, s->k, 0, 3);
    OPS(o, dsgd_gather(&o->turn, &a->as.set, &v->as.f32, &x->as.f32));
    keep_with(k, o, x, a);
    OPS(o, dsgd_scatter_subtract(&o->turn, &a->as.set, &x->as.f32, &wide->as.f64));
    keep(k, o, wide);
    OPS(o, dsgd_gather_f64(&o->turn, &a->as.set, &wide->as.f64, &x->as.f32));
    keep_with(k, o, x, a);
    OPS(o, dsgd_scatter(&o->turn, &a->as.set, &x->as.f32, &v->as.f32));
    keep(k, o, v);
    OPS(o, dsgd_scatter_clear(&o->turn, &b->as.set, &v->as.f32));
    keep(k, o, v);
    OPS(o, dsgd_gather(&o->turn, &places->as.set, &v->as.f32, &v->as.f32)); /* in place */
    keep_with(k, o, v, places);
    OPS(o, dsgd_intersect(&o->turn, &a->as.set, &b->as.set, &out->as.set));
    keep(k, o, out);
    OPS(o, dsgd_copy_set(&o->turn, &a->as.set, &out->as.set));
    keep(k, o, out);
    OPS(o, dsgd_copy_set(&o->turn, &b->as.set, &out->as.set));
    OPS(o, dsgd_intersect(&o->turn, &a->as.set, &out->as.set, &out->as.set)); /* in the second */
    keep(k, o, out);
    OPS(o, dsgd_subset(&o->turn, &a->as.set, &places->as.set, &out->as.set));
    keep(k, o, out);
    OPS(o, dsgd_subset(&o->turn, &a->as.set, &places->as.set, &a->as.set)); /* in the first */
    keep(k, o, a);
    OPS(o, dsgd_copy_set(&o->turn, &places->as.set, &out->as.set));
    OPS(o, dsgd_subset(&o->turn, &b->as.set, &out->as.set, &out->as.set)); /* in the places */
    keep(k, o, out);
    OPS(o, dsgd_copy_set(&o->turn, &b->as.set, &out->as.set));
    OPS(o, dsgd_intersect(&o->turn, &out->as.set, &first->as.set, &out->as.set)); /* in the first */
    keep(k, o, out);
}

/* Sparse coordinates lie outside the runs, or are places of the packed vector. */
static void runs(struct ops *o, struct kept *k, const void *context)
{
    const struct sparse_shape *s = context;
    struct dsgd_stretch run[] = {{0, 3, 0}, {s->d / 4, s->d / 8, 3}, {s->d / 2, 1, 3 + s->d / 8}, {s->d - 5, 5, 4 + s->d / 8}};
    const struct dsgd_runs all = {4, 9 + s->d / 8, run}, none = {0, 0, run};
    const uint32_t rows = s->rows;
    const size_t most = s->k < all.total ? s->k : all.total;
    struct dsgd_handle *v = alike_floats(o, s->d, rows, 1, 1), *packed = ops_vector(o, DSGD_F32, all.total, rows, NULL);
    struct dsgd_handle *places = alike_set(o, all.total, most, rows, 2);
    struct dsgd_handle *value = alike_floats(o, s->d / 8, rows, 5, 0), *at_all = ops_vector(o, DSGD_SET, s->d, rows, NULL);
    struct dsgd_handle *value_all = ops_vector(o, DSGD_F32, s->d, rows, NULL);
    OPS(o, dsgd_pack(&o->turn, &all, &v->as.f32, &packed->as.f32));
    keep(k, o, packed);
    OPS(o, dsgd_clear_runs(&o->turn, &all, &v->as.f32));
    keep(k, o, v);
    OPS(o, dsgd_unpack(&o->turn, &all, &packed->as.f32, &v->as.f32));
    keep(k, o, v);
    OPS(o, dsgd_unpack_places(&o->turn, &all, &places->as.set));
    keep(k, o, places);
    uint32_t *outside = calloc((s->d / 8 + 1) * rows, sizeof *outside); /* row r has every (r + 1)-th of those between two runs */
    assert_non_null(outside);
    struct dsgd_handle *at = ops_vector(o, DSGD_SET, s->d / 8, rows, NULL);
    for (uint32_t r = 0; r < rows; ++r) {
        uint32_t n = 0;
        for (size_t i = 3; i < s->d - 5 && n < s->d / 8; i += 5 + r) {
            if ((i < s->d / 4 || i >= s->d / 4 + s->d / 8) && i != s->d / 2) { outside[n++] = (uint32_t)i; }
        }
        o->queue.device->write(&o->queue, (uint32_t *)at->as.array.at + r * at->as.array.stride, outside, n * sizeof *outside);
        ops_length(o, at, r, n);
    }
    OPS(o, dsgd_merge_runs(&o->turn, &at->as.set, &value->as.f32, &all, &packed->as.f32, &at_all->as.set, &value_all->as.f32));
    keep(k, o, at_all);
    keep_with(k, o, value_all, at_all);
    struct dsgd_handle *nothing = ops_vector(o, DSGD_F32, 0, rows, NULL);
    OPS(o, dsgd_merge_runs(&o->turn, &at->as.set, &value->as.f32, &none, &nothing->as.f32, &at_all->as.set, &value_all->as.f32));
    keep(k, o, at_all);
    keep_with(k, o, value_all, at_all);
    free(outside);
}

static void chosen_coordinates(void **state)
{
    static const struct sparse_shape shape[] = {{100, 20, 1}, {785, 785, 3}, {785, 100, 50}, {5000, 4097, 2}, {60000, 40000, 2}};
    (void)state;
    for (size_t j = 0; j < sizeof shape / sizeof *shape; ++j) {
        alike("sets", shape[j].rows, sets, &shape[j]);
        alike("runs", shape[j].rows, runs, &shape[j]);
    }
}

/* ---- the model and probes ---- */

static void model(struct ops *o, struct kept *k, const void *context)
{
    const struct sparse_shape *s = context;
    struct dsgd_handle *x = alike_doubles(o, s->d, 1, 1, 0), *mean = alike_doubles(o, s->d, 1, 2, 0), *out = ops_vector(o, DSGD_F64, s->d, 1, NULL);
    struct dsgd_handle *replica = ops_vector(o, DSGD_F32, s->d, 1, NULL), *value = alike_floats(o, s->d, 0, 3, 0), *bad = alike_floats(o, s->d, 0, 4, 1);
    struct dsgd_handle *at = alike_set(o, s->d, s->k, 0, 1), *v = alike_floats(o, s->d, s->rows, 5, 0), *w = alike_doubles(o, s->d, s->rows, 6, 0);
    struct dsgd_handle *norms = ops_vector(o, DSGD_F64, s->rows, 1, NULL), *one = ops_vector(o, DSGD_F64, 1, 1, NULL);
    struct dsgd_handle *word = ops_vector(o, DSGD_I32, 1, 1, &(int32_t){0});
    const struct dsgd_device *d = o->queue.device;
    void *const diverged = word->as.array.at;
    d->replicate(&o->queue, &x->as.f64, &replica->as.f32);
    for (uint32_t step = 0; step < 6; ++step) {
        const bool sparse = step % 2 == 1;
        const struct dsgd_apply update = {.sparse = sparse, .at = sparse && step < 5 ? &at->as.set : NULL, .value = step < 4 ? &value->as.f32 : &bad->as.f32,
                                          .shrink = step % 4 < 2 ? 0.25 : 0.0, .scale = 0.3, .step = step};
        d->apply(&o->queue, &update, &x->as.f64, &replica->as.f32, diverged);
        d->average(&o->queue, 0.3, &x->as.f64, &mean->as.f64, diverged);
        keep(k, o, x);
        keep(k, o, replica);
        keep(k, o, mean);
        keep(k, o, word);
    }
    const size_t room = d->probe_bytes(s->d);
    void *const scratch = d->alloc(o->queue.ordinal, room > 0 ? room : 1);
    assert_non_null(scratch);
    for (int first = 1; first >= 0; --first) {
        d->probe_add(&o->queue, first ? v : w, s->rows, first, 7.0, &out->as.f64, first ? NULL : &norms->as.f64);
        keep(k, o, out);
    }
    d->probe_divide(&o->queue, 3.0, &out->as.f64);
    keep(k, o, out);
    keep(k, o, norms);
    d->probe_norm2(&o->queue, &out->as.f64, &one->as.f64);
    keep(k, o, one);
    for (int turn = 0; turn < 2; ++turn) { /* in memory that others have used, and this one */
        if (turn == 0 && room > 0) { ops_rubbish(o, scratch, room); }
        d->probe_recall(&o->queue, &out->as.f64, &at->as.set, &one->as.f64, scratch);
        keep(k, o, one);
    }
    d->probe_error(&o->queue, &out->as.f64, 0.7, NULL, &value->as.f32, &x->as.f64);
    keep(k, o, x);
    d->probe_error(&o->queue, &x->as.f64, 0.7, &at->as.set, &value->as.f32, &x->as.f64);
    keep(k, o, x);
    d->release(scratch);
}

static void model_and_probes(void **state)
{
    static const struct sparse_shape shape[] = {{1, 1, 1}, {785, 100, 9}, {4096, 300, 2}, {4097, 4097, 2}, {50000, 0, 3}, {60001, 777, 5}};
    (void)state;
    for (size_t j = 0; j < sizeof shape / sizeof *shape; ++j) { alike("model and probes", 1, model, &shape[j]); }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_over_workers), cmocka_unit_test(sums_of_sparse_vectors), cmocka_unit_test(chosen_coordinates),
                                       cmocka_unit_test(model_and_probes)};
    if (argc > 1) { cmocka_set_test_filter(argv[1]); }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
