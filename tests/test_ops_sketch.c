/* test_ops_sketch.c - sketches, HEAVYMIX's choice and loops of one's own as operations: rows, lengths, both devices.
 *
 * The hash functions themselves are tested against their definition in test_sketch.c; here a sketch of integers must be linear and exact,
 * and its rows independent of each other.
 */
#include "tests/ops.h"

enum { D = 4097, ROWS = 3, R = 5, C = 97, K = 20 };

static float v[ROWS * D], table[ROWS][R * C], got[D];

static struct dsgd_handle *sketch_of(struct ops *o, size_t n)
{
    const size_t bytes = o->queue.device->sketch_bytes(DSGD_TEXTBOOK, n, R, C);
    struct dsgd_handle *h = ops_vector(o, DSGD_HASHES, bytes, 1, NULL);
    h->as.sketch.n = n;
    h->as.sketch.rows = R;
    h->as.sketch.cols = C;
    return h;
}

/* Hashes are not rows of elements: vector 0 gets fresh memory before sentinels are looked for. */
static void hashes_are_not_looked_round(struct ops *o)
{
    char *sentinel = malloc(o->bytes[0]);
    assert_non_null(sentinel);
    memset(sentinel, OPS_SENTINEL, o->bytes[0]);
    o->queue.device->write(&o->queue, o->memory[0], sentinel, o->bytes[0]);
    free(sentinel);
}

static void tables_are_linear_and_estimates_exact(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        uint32_t at[K];
        float value[K], check[R * C];
        double norm2[1];
        ops_open(&o, device, ROWS);
        for (size_t i = 0; i < ROWS * D; ++i) { v[i] = (float)((int)(i * 7 % 13) - 6); } /* integers: sums are exact */
        struct dsgd_handle *hash = sketch_of(&o, D), *x = ops_vector(&o, DSGD_F32, D, ROWS, v);
        struct dsgd_handle *t = ops_vector(&o, DSGD_F32, R * C, ROWS, NULL), *e = ops_vector(&o, DSGD_F32, D, ROWS, NULL), *n2 = ops_vector(&o, DSGD_F64, 1, ROWS, NULL);
        const uint32_t rows = o.turn.rows;
        o.turn.rows = 1;
        OPS(&o, dsgd_sketch_reseed(&o.turn, &hash->as.sketch, 9, DSGD_EACH_STEP));
        o.turn.rows = rows;
        assert_int_equal(hash->as.sketch.step, 5);
        OPS(&o, dsgd_sketch_vector(&o.turn, &hash->as.sketch, &x->as.f32, &t->as.f32));
        OPS(&o, dsgd_sketch_norm2(&o.turn, &hash->as.sketch, &t->as.f32, &n2->as.f64));
        for (size_t r = 0; r < ROWS; ++r) {
            double row_norm[R];
            ops_read(&o, t, r, table[r]);
            ops_read(&o, n2, r, norm2);
            size_t below = 0, above = 0;
            for (size_t j = 0; j < R; ++j) {
                row_norm[j] = 0.0;
                for (size_t c = 0; c < C; ++c) { row_norm[j] += (double)table[r][j * C + c] * (double)table[r][j * C + c]; } /* integers: exact */
                below += row_norm[j] <= norm2[0];
                above += row_norm[j] >= norm2[0];
            }
            assert_true(below >= 3 && above >= 3); /* the median of five */
        }
        /* a sparse vector's sketch, taken from that of the same vector written out, leaves nothing */
        o.turn.rows = 1;
        for (size_t j = 0; j < K; ++j) {
            at[j] = (uint32_t)(200 * j + 3);
            value[j] = v[at[j]];
        }
        struct dsgd_handle *set = ops_vector(&o, DSGD_SET, K, 0, at), *some = ops_vector(&o, DSGD_F32, K, 0, value);
        struct dsgd_handle *rest = ops_vector(&o, DSGD_F32, R * C, 1, NULL), *whole = ops_vector(&o, DSGD_F32, D, 1, NULL);
        OPS(&o, dsgd_clear(&o.turn, &whole->as.f32));
        OPS(&o, dsgd_scatter(&o.turn, &set->as.set, &some->as.f32, &whole->as.f32));
        OPS(&o, dsgd_sketch_vector(&o.turn, &hash->as.sketch, &whole->as.f32, &rest->as.f32));
        dsgd_sketch_add_some(&o.turn, &hash->as.sketch, -1.0f, &set->as.set, &some->as.f32, &rest->as.f32);
        ops_read(&o, rest, 0, check);
        for (size_t c = 0; c < R * C; ++c) { assert_true(check[c] == 0.0f); }
        OPS(&o, dsgd_sketch_vector(&o.turn, &hash->as.sketch, &whole->as.f32, &rest->as.f32));
        OPS(&o, dsgd_sketch_clear_some(&o.turn, &hash->as.sketch, &set->as.set, &rest->as.f32));
        ops_read(&o, rest, 0, check);
        for (size_t c = 0; c < R * C; ++c) { assert_true(check[c] == 0.0f); }
        o.turn.rows = rows;
        /* one coordinate alone is estimated exactly, everywhere else the median is 0 or comes from a collision of its size */
        float one[D] = {0.0f};
        one[1234] = -3.0f;
        struct dsgd_handle *alone = ops_vector(&o, DSGD_F32, D, 0, one);
        OPS(&o, dsgd_sketch_vector(&o.turn, &hash->as.sketch, &alone->as.f32, &t->as.f32));
        OPS(&o, dsgd_sketch_estimate(&o.turn, &hash->as.sketch, &t->as.f32, &e->as.f32));
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, e, r, got);
            OPS_SAME(got[1234], -3.0f, 1234);
            for (size_t i = 0; i < D; ++i) { assert_true(fabsf(got[i]) == 0.0f || fabsf(got[i]) == 3.0f); }
        }
        OPS_REFUSED(&o, dsgd_sketch_vector(&o.turn, &hash->as.sketch, &alone->as.f32, &alone->as.f32));
        o.turn.may_seed = false;
        OPS_REFUSED(&o, dsgd_sketch_reseed(&o.turn, &hash->as.sketch, 1, DSGD_ONCE)); /* in prepare alone */
        hashes_are_not_looked_round(&o);
        ops_close(&o);
    }
}

static void sketches_refuse_what_cannot_work(void **state)
{
    (void)state;
    enum { SQUARE = R * C }; /* a vector as long as a table */
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        const double one = 1.0;
        const uint32_t at[K] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
        ops_open(&o, device, 1);
        ops_fill(v, SQUARE, 3, 0);
        struct dsgd_handle *hash = sketch_of(&o, SQUARE), *x = ops_vector(&o, DSGD_F32, SQUARE, 1, v), *t = ops_vector(&o, DSGD_F32, SQUARE, 1, v);
        struct dsgd_handle *set = ops_vector(&o, DSGD_SET, K, 1, at), *some = ops_vector(&o, DSGD_F32, K, 1, v), *n2 = ops_vector(&o, DSGD_F64, 1, 1, &one);
        const dsgd_sketch *s = &hash->as.sketch; /* never seeded */
        OPS_REFUSED(&o, dsgd_sketch_vector(&o.turn, s, &x->as.f32, &t->as.f32));
        OPS_REFUSED(&o, dsgd_sketch_add_some(&o.turn, s, 1.0f, &set->as.set, &some->as.f32, &t->as.f32));
        OPS_REFUSED(&o, dsgd_sketch_clear_some(&o.turn, s, &set->as.set, &t->as.f32));
        OPS_REFUSED(&o, dsgd_sketch_estimate(&o.turn, s, &t->as.f32, &x->as.f32));
        OPS_REFUSED(&o, dsgd_sketch_norm2(&o.turn, s, &t->as.f32, &n2->as.f64));
        OPS(&o, dsgd_sketch_reseed(&o.turn, &hash->as.sketch, 9, DSGD_ONCE));
        OPS_REFUSED(&o, dsgd_sketch_vector(&o.turn, s, &x->as.f32, &x->as.f32)); /* in place */
        ops_read(&o, x, 0, got);
        for (size_t i = 0; i < SQUARE; ++i) { OPS_SAME(got[i], v[i], i); } /* and nothing has happened to it */
        hashes_are_not_looked_round(&o);
        ops_close(&o);
    }
}

/* Momentum on the way to a sketch has the bits of the two operations one behind the other: both families, tables that are near and far, one
 * thread and two. */
static void momentum_on_the_way_changes_no_bit(void **state)
{
    (void)state;
    enum { LONG = 64 * 150 + 17, TURNS = 2 };
    static float g[ROWS * LONG], one[LONG], two[LONG];
    const struct { enum dsgd_hash hash; uint32_t rows, cols; } shape[] = {
        {DSGD_TEXTBOOK, 5, 97}, {DSGD_BLOCKS, 5, 128}, {DSGD_BLOCKS, 3, 64 * 700}, {DSGD_BLOCKS, 17, 64}};
    ops_fill(g, ROWS * LONG, 11, 0);
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (size_t k = 0; k < 2 * sizeof shape / sizeof *shape; ++k) {
            struct ops o;
            ops_open(&o, device, ROWS);
            o.queue.threads = 1 + (int)(k % 2);
            const uint32_t rows = shape[k / 2].rows, cols = shape[k / 2].cols;
            struct dsgd_handle *hash = ops_vector(&o, DSGD_HASHES, o.queue.device->sketch_bytes(shape[k / 2].hash, LONG, rows, cols), 1, NULL);
            struct dsgd_sketch *s = &hash->as.sketch;
            s->hash = shape[k / 2].hash;
            s->n = LONG;
            s->rows = rows;
            s->cols = cols;
            struct dsgd_handle *grad = ops_vector(&o, DSGD_F32, LONG, ROWS, g), *u[TURNS], *v2[TURNS], *t[TURNS];
            float *cells[TURNS];
            for (int j = 0; j < TURNS; ++j) {
                u[j] = ops_vector(&o, DSGD_F32, LONG, ROWS, g);
                v2[j] = ops_vector(&o, DSGD_F32, LONG, ROWS, g);
                t[j] = ops_vector(&o, DSGD_F32, (size_t)rows * cols, ROWS, NULL);
                cells[j] = malloc((size_t)rows * cols * sizeof *cells[j]);
                assert_non_null(cells[j]);
            }
            o.turn.rows = 1;
            OPS(&o, dsgd_sketch_reseed(&o.turn, s, 9, DSGD_ONCE));
            o.turn.rows = ROWS;
            OPS(&o, dsgd_momentum(&o.turn, 0.9f, 0.3f, &grad->as.f32, &u[0]->as.f32, &v2[0]->as.f32));
            OPS(&o, dsgd_sketch_vector(&o.turn, s, &v2[0]->as.f32, &t[0]->as.f32));
            OPS(&o, dsgd_sketch_momentum(&o.turn, s, 0.9f, 0.3f, &grad->as.f32, &u[1]->as.f32, &v2[1]->as.f32, &t[1]->as.f32));
            for (size_t r = 0; r < ROWS; ++r) {
                ops_read(&o, u[0], r, one);
                ops_read(&o, u[1], r, two);
                assert_memory_equal(one, two, sizeof one);
                ops_read(&o, v2[0], r, one);
                ops_read(&o, v2[1], r, two);
                assert_memory_equal(one, two, sizeof one);
                for (int j = 0; j < TURNS; ++j) { ops_read(&o, t[j], r, cells[j]); }
                assert_memory_equal(cells[0], cells[1], (size_t)rows * cols * sizeof *cells[0]);
            }
            for (int j = 0; j < TURNS; ++j) { free(cells[j]); }
            OPS_REFUSED(&o, dsgd_sketch_momentum(&o.turn, s, 0.9f, 0.3f, &grad->as.f32, &u[1]->as.f32, &v2[1]->as.f32, &v2[1]->as.f32));
            hashes_are_not_looked_round(&o);
            ops_close(&o);
        }
    }
}

static void heavy_coordinates_are_chosen_first(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        uint32_t chosen[K];
        float estimate[D] = {0.0f};
        const double norm2 = 100.0;
        ops_open(&o, device, 1);
        o.turn.first = DSGD_RNG_SERVER;
        for (size_t j = 0; j < 6; ++j) { estimate[100 * j + 50] = j % 2 ? -5.0f : 5.0f; } /* 25 >= 100 / 20 */
        estimate[3] = 2.0f;                                                              /* 4 < 5: not heavy */
        struct dsgd_handle *e = ops_vector(&o, DSGD_F32, D, 1, estimate), *n = ops_vector(&o, DSGD_F64, 1, 1, &norm2), *out = ops_vector(&o, DSGD_SET, K, 1, NULL),
                           *found = ops_vector(&o, DSGD_SET, K, 1, NULL);
        OPS(&o, dsgd_select_heavymix(&o.turn, &e->as.f32, &n->as.f64, K, (struct dsgd_rng_key){1, 1}, &out->as.set, &found->as.set));
        ops_read(&o, out, 0, chosen);
        assert_int_equal(ops_length_of(&o, out, 0), K);
        size_t heavy = 0;
        for (size_t j = 0; j < K; ++j) {
            assert_true(chosen[j] < D && (j == 0 || chosen[j] > chosen[j - 1]));
            heavy += fabsf(estimate[chosen[j]]) == 5.0f;
        }
        assert_int_equal(heavy, 6);
        assert_int_equal(ops_length_of(&o, found, 0), 6);
        ops_read(&o, found, 0, chosen);
        for (size_t j = 0; j < 6; ++j) { assert_int_equal(chosen[j], 100 * j + 50); } /* the draws of the rest are not in H */
        OPS(&o, dsgd_select_heavymix(&o.turn, &e->as.f32, &n->as.f64, 4, (struct dsgd_rng_key){1, 1}, &out->as.set, &found->as.set)); /* 25 >= 100 / 4: six for four */
        ops_read(&o, out, 0, chosen);
        for (size_t j = 0; j < 4; ++j) { assert_int_equal(chosen[j], 100 * j + 50); } /* ties: the lower indices */
        assert_int_equal(ops_length_of(&o, found, 0), 4); /* what was cut off is not in H any more */
        OPS(&o, dsgd_select_heavymix(&o.turn, &e->as.f32, &n->as.f64, K, (struct dsgd_rng_key){1, 1}, &out->as.set, NULL));
        assert_int_equal(ops_length_of(&o, out, 0), K);
        ops_close(&o);
    }
}

/* The largest estimates and HEAVYMIX's choice without a vector of estimates, against the same from a vector. */
static void choices_equal_those_from_a_vector(void **state)
{
    (void)state;
    enum { N = 30001, COLS = 192 };
    static float tables[ROWS * R * COLS];
    static uint32_t one[N], other[N];
    static float a[N], b[N];
    static const size_t ks[] = {0, 1, 300, 9000, N};
    ops_fill(tables, ROWS * R * COLS, 1, 1);
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int hash = DSGD_TEXTBOOK; hash <= DSGD_BLOCKS; ++hash) {
            for (size_t j = 0; j < sizeof ks / sizeof *ks; ++j) {
                struct ops o;
                const size_t k = ks[j];
                const struct dsgd_rng_key key = {3, 4};
                ops_open(&o, device, ROWS);
                o.queue.threads = (int)j + 1;
                struct dsgd_handle *h = ops_vector(&o, DSGD_HASHES, o.queue.device->sketch_bytes((enum dsgd_hash)hash, N, R, COLS), 1, NULL);
                h->as.sketch.n = N;
                h->as.sketch.rows = R;
                h->as.sketch.cols = COLS;
                h->as.sketch.hash = (enum dsgd_hash)hash;
                struct dsgd_handle *t = ops_vector(&o, DSGD_F32, R * COLS, ROWS, tables), *e = ops_vector(&o, DSGD_F32, N, ROWS, NULL);
                struct dsgd_handle *chosen = ops_vector(&o, DSGD_SET, N, ROWS, NULL), *value = ops_vector(&o, DSGD_F32, N, ROWS, NULL);
                struct dsgd_handle *expected = ops_vector(&o, DSGD_SET, N, ROWS, NULL), *values = ops_vector(&o, DSGD_F32, N, ROWS, NULL);
                struct dsgd_handle *heavy = ops_vector(&o, DSGD_SET, N, ROWS, NULL), *heavies = ops_vector(&o, DSGD_SET, N, ROWS, NULL);
                const double norms[] = {1e4, 1e9, (double)NAN, 0.0, 1e5};
                struct dsgd_handle *norm2 = ops_vector(&o, DSGD_F64, 1, 1, &norms[(j + (size_t)hash) % 5]);
                o.turn.rows = 1;
                OPS(&o, dsgd_sketch_reseed(&o.turn, &h->as.sketch, 9, DSGD_ONCE));
                o.turn.rows = ROWS;
                OPS(&o, dsgd_sketch_estimate(&o.turn, &h->as.sketch, &t->as.f32, &e->as.f32));
                for (int heavymix = 0; heavymix < 2; ++heavymix) {
                    if (heavymix) {
                        o.turn.rows = 1;
                        o.turn.first = DSGD_RNG_SERVER;
                        OPS(&o, dsgd_select_heavymix(&o.turn, &e->as.f32, &norm2->as.f64, k, key, &expected->as.set, &heavies->as.set));
                        OPS(&o, dsgd_sketch_heavymix(&o.turn, &h->as.sketch, &t->as.f32, &norm2->as.f64, k, key, &chosen->as.set, &heavy->as.set));
                        const uint32_t n = ops_length_of(&o, heavies, 0);
                        assert_int_equal(ops_length_of(&o, heavy, 0), n);
                        ops_read(&o, heavies, 0, one);
                        ops_read(&o, heavy, 0, other);
                        assert_memory_equal(one, other, n * sizeof *one);
                    } else {
                        OPS(&o, dsgd_select_topk(&o.turn, &e->as.f32, k, &expected->as.set));
                        OPS(&o, dsgd_gather(&o.turn, &expected->as.set, &e->as.f32, &values->as.f32));
                        OPS(&o, dsgd_sketch_topk(&o.turn, &h->as.sketch, &t->as.f32, k, &chosen->as.set, &value->as.f32));
                    }
                    for (size_t r = 0; r < o.turn.rows; ++r) {
                        assert_int_equal(ops_length_of(&o, chosen, r), k);
                        ops_read(&o, expected, r, one);
                        ops_read(&o, chosen, r, other);
                        assert_memory_equal(one, other, k * sizeof *one);
                        ops_read(&o, values, r, a);
                        ops_read(&o, value, r, b);
                        for (size_t i = 0; !heavymix && i < k; ++i) { OPS_SAME(b[i], a[i], i); }
                    }
                }
                hashes_are_not_looked_round(&o);
                ops_close(&o);
            }
        }
    }
}

static void own_loop(const struct dsgd_host_row *row)
{
    const float *x = row->array[0];
    double *sum = row->array[1];
    for (size_t i = 0; i < row->count[0]; ++i) { sum[0] += (double)x[i] * *(const double *)row->arguments; }
    sum[1] = row->worker;
    sum[2] = row->step;
}

static void loops_of_ones_own_see_their_row(void **state)
{
    (void)state;
    const double factor = 0.5;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        float x[3] = {1.0f, 2.0f, 4.0f};
        double sums[ROWS * 3] = {0.0}, out[3];
        ops_open(&o, device, ROWS);
        struct dsgd_handle *hx = ops_vector(&o, DSGD_F32, 3, 0, x), *hs = ops_vector(&o, DSGD_F64, 3, ROWS, sums), *shared = ops_vector(&o, DSGD_F64, 3, 0, sums);
        const struct dsgd_operand operand[] = {dsgd_operand_f32(DSGD_READ, &hx->as.f32), dsgd_operand_f64(DSGD_READ_WRITE, &hs->as.f64)};
        const struct dsgd_operand wrong[] = {operand[0], dsgd_operand_f64(DSGD_WRITE, &shared->as.f64)};
        OPS(&o, dsgd_host_op(&o.turn, own_loop, &factor, operand, 2));
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, hs, r, out);
            assert_true(out[0] == 3.5 && out[1] == 7.0 + (double)r && out[2] == 5.0);
        }
        OPS_REFUSED(&o, dsgd_host_op(&o.turn, own_loop, &factor, wrong, 2));
        ops_close(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_linear_and_estimates_exact), cmocka_unit_test(sketches_refuse_what_cannot_work),
        cmocka_unit_test(momentum_on_the_way_changes_no_bit), cmocka_unit_test(heavy_coordinates_are_chosen_first),
        cmocka_unit_test(choices_equal_those_from_a_vector),
        cmocka_unit_test(loops_of_ones_own_see_their_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
