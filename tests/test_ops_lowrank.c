/* test_ops_lowrank.c - thin products, orthonormal columns and fresh ones as operations, on every device, against plain loops. */
#include "tests/ops.h"

enum { ROWS = 3 };

static float v[ROWS * 64];

static void thin_products(void **state)
{
    (void)state;
    enum { N = 40, RANK = 2 };
    struct dsgd_matrix one[2] = {{0, 12, 3, 4, 0, 0}, {14, 11, 4, 3, 3 * RANK, 4 * RANK}}; /* the last row of the second lacks one */
    const struct dsgd_matrices m = {2, RANK, (3 + 4) * RANK, (4 + 3) * RANK, 4, 4, one};
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        float x[ROWS * N], p[ROWS * 14], q[ROWS * 14], out[14], back[N];
        ops_open(&o, device, ROWS);
        for (size_t i = 0; i < ROWS * N; ++i) { x[i] = (float)((int)(i * 5 % 11) - 5); } /* integers: every order is exact */
        for (size_t i = 0; i < ROWS * 14; ++i) { p[i] = (float)((int)(i * 3 % 7) - 3), q[i] = (float)((int)(i * 2 % 5) - 2); }
        struct dsgd_handle *hx = ops_vector(&o, DSGD_F32, N, ROWS, x), *hp = ops_vector(&o, DSGD_F32, 14, ROWS, p), *hq = ops_vector(&o, DSGD_F32, 14, ROWS, q);
        struct dsgd_handle *op = ops_vector(&o, DSGD_F32, 14, ROWS, NULL), *oq = ops_vector(&o, DSGD_F32, 14, ROWS, NULL);
        OPS(&o, dsgd_lowrank_times(&o.turn, &m, &hx->as.f32, &hq->as.f32, &op->as.f32));
        OPS(&o, dsgd_lowrank_transposed_times(&o.turn, &m, &hx->as.f32, &hp->as.f32, &oq->as.f32));
        dsgd_lowrank_subtract(&o.turn, &m, &hp->as.f32, &hq->as.f32, &hx->as.f32);
        assert_int_equal(o.queue.failed, DSGD_OK);
        for (size_t r = 0; r < ROWS; ++r) {
            for (size_t a = 0; a < 2; ++a) {
                const struct dsgd_matrix *s = &one[a];
                ops_read(&o, op, r, out);
                for (size_t i = 0; i < s->rows; ++i) {
                    for (size_t k = 0; k < RANK; ++k) {
                        float sum = 0.0f;
                        for (size_t j = 0; j < s->cols && i * s->cols + j < s->count; ++j) { sum += x[r * N + s->offset + i * s->cols + j] * q[r * 14 + s->q + k * s->cols + j]; }
                        OPS_SAME(out[s->p + k * s->rows + i], sum, i);
                    }
                }
                ops_read(&o, oq, r, out);
                for (size_t j = 0; j < s->cols; ++j) {
                    for (size_t k = 0; k < RANK; ++k) {
                        float sum = 0.0f;
                        for (size_t i = 0; i < s->rows && i * s->cols + j < s->count; ++i) { sum += x[r * N + s->offset + i * s->cols + j] * p[r * 14 + s->p + k * s->rows + i]; }
                        assert_true(out[s->q + k * s->cols + j] == sum);
                    }
                }
            }
            ops_read(&o, hx, r, back);
            for (size_t i = 0; i < N; ++i) {
                float expected = x[r * N + i];
                for (size_t a = 0; a < 2; ++a) {
                    const struct dsgd_matrix *s = &one[a];
                    if (i < s->offset || i >= s->offset + s->count) { continue; }
                    const size_t row = (i - s->offset) / s->cols, col = (i - s->offset) % s->cols;
                    for (size_t k = 0; k < RANK; ++k) { expected -= p[r * 14 + s->p + k * s->rows + row] * q[r * 14 + s->q + k * s->cols + col]; }
                }
                assert_true(back[i] == expected);
            }
        }
        OPS_REFUSED(&o, dsgd_lowrank_times(&o.turn, &m, &hp->as.f32, &hq->as.f32, &op->as.f32)); /* 14 numbers do not hold the matrices */
        ops_close(&o);
    }
}

/* Sums of M^T P in ascending rows, whatever the tile, the columns beside, the rows at a time, the threads: sizes round all of them. M Q and
 * P Q^T by several threads as by one. */
static void sums_keep_their_order(void **state)
{
    static const struct { size_t rows, cols, lacks; } size[] = {{1, 1, 0}, {1, 257, 0}, {3, 255, 1}, {4, 256, 2}, {5, 257, 256}, {9, 300, 299}, {13, 4100, 7}, {700, 600, 1}};
    static const int threads[] = {1, 2, 3, 7};
    (void)state;
    for (size_t x = 0; x < sizeof size / sizeof *size; ++x) {
        for (size_t rank = 1; rank <= 5; ++rank) {
            const size_t rows = size[x].rows, cols = size[x].cols, n = rows * cols - size[x].lacks;
            struct dsgd_matrix one = {0, n, rows, cols, 0, 0};
            const struct dsgd_matrices m = {1, rank, rows * rank, cols * rank, rows, cols, &one};
            float *big = malloc(n * sizeof *big), *p = malloc(rows * rank * sizeof *p), *q = malloc(cols * rank * sizeof *q);
            float *got[2] = {malloc(n * sizeof(float)), malloc(n * sizeof(float))}, *thin[2] = {malloc(rows * rank * sizeof(float)), malloc(rows * rank * sizeof(float))};
            float *wide = malloc(cols * rank * sizeof *wide);
            assert_true(big && p && q && got[0] && got[1] && thin[0] && thin[1] && wide);
            ops_fill(big, n, 1, 0);
            ops_fill(p, rows * rank, 2, 0);
            for (size_t j = 0; j < rank; ++j) {
                for (size_t c = 0; c < cols; ++c) {
                    double sum = 0.0;
                    for (size_t i = 0; i < rows && i * cols + c < n; ++i) { sum += (double)p[j * rows + i] * (double)big[i * cols + c]; }
                    q[j * cols + c] = (float)sum;
                }
            }
            for (size_t t = 0; t < sizeof threads / sizeof *threads; ++t) {
                struct ops o;
                ops_open(&o, 0, 1);
                o.queue.threads = threads[t];
                struct dsgd_handle *hm = ops_vector(&o, DSGD_F32, n, 1, big), *hp = ops_vector(&o, DSGD_F32, rows * rank, 1, p);
                struct dsgd_handle *hq = ops_vector(&o, DSGD_F32, cols * rank, 1, NULL), *out = ops_vector(&o, DSGD_F32, rows * rank, 1, NULL);
                OPS(&o, dsgd_lowrank_transposed_times(&o.turn, &m, &hm->as.f32, &hp->as.f32, &hq->as.f32));
                OPS(&o, dsgd_lowrank_times(&o.turn, &m, &hm->as.f32, &hq->as.f32, &out->as.f32));
                dsgd_lowrank_subtract(&o.turn, &m, &hp->as.f32, &hq->as.f32, &hm->as.f32);
                ops_read(&o, hq, 0, wide);
                ops_read(&o, out, 0, thin[t > 0]);
                ops_read(&o, hm, 0, got[t > 0]);
                assert_memory_equal(wide, q, cols * rank * sizeof *q);
                assert_memory_equal(thin[t > 0], thin[0], rows * rank * sizeof(float));
                assert_memory_equal(got[t > 0], got[0], n * sizeof(float));
                ops_close(&o);
            }
            free(big), free(p), free(q), free(got[0]), free(got[1]), free(thin[0]), free(thin[1]), free(wide);
        }
    }
}

static void columns_become_orthonormal(void **state)
{
    (void)state;
    enum { HIGH = 37, RANK = 3, P = 2 * HIGH * RANK };
    struct dsgd_matrix two[2] = {{0, HIGH, HIGH, 1, 0, 0}, {HIGH, HIGH, HIGH, 1, HIGH * RANK, RANK}};
    const struct dsgd_matrices m = {2, RANK, P, 2 * RANK, HIGH, 1, two};
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        static float p[ROWS * P], out[P];
        ops_open(&o, device, ROWS);
        ops_fill(p, ROWS * P, 23, 0);
        for (size_t i = 0; i < HIGH; ++i) {
            p[1 * P + 2 * HIGH + i] = 2.0f * p[1 * P + i];           /* row 1, first matrix: the third column is twice the first */
            p[2 * P + HIGH * RANK + HIGH + i] = 0.0f;                /* row 2, second matrix: the second column is zero */
        }
        struct dsgd_handle *h = ops_vector(&o, DSGD_F32, P, ROWS, p);
        o.queue.measuring = true; /* reserves scratch without touching p */
        dsgd_lowrank_orthonormalise(&o.turn, &m, &h->as.f32);
        o.queue.measuring = false;
        ops_reserve(&o);
        dsgd_lowrank_orthonormalise(&o.turn, &m, &h->as.f32);
        assert_int_equal(o.queue.failed, DSGD_OK);
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, h, r, out);
            for (size_t a = 0; a < 2; ++a) {
                const float *q = out + two[a].p, *was = p + r * P + two[a].p;
                for (size_t j = 0; j < RANK; ++j) {
                    const bool lost = (r == 1 && a == 0 && j == 2) || (r == 2 && a == 1 && j == 1);
                    for (size_t k = 0; k < RANK; ++k) {
                        const bool gone = lost || (r == 1 && a == 0 && k == 2) || (r == 2 && a == 1 && k == 1);
                        double dot = 0.0;
                        for (size_t i = 0; i < HIGH; ++i) { dot += (double)q[j * HIGH + i] * (double)q[k * HIGH + i]; }
                        CHECK_CLOSE(dot, j == k && !gone ? 1.0 : 0.0, 37 * 0x1p-23); /* floats, 37 of them */
                    }
                    double along = 0.0, before = 0.0; /* the first column keeps its direction */
                    for (size_t i = 0; i < HIGH && j == 0; ++i) { along += (double)q[i] * (double)was[i], before += (double)was[i] * (double)was[i]; }
                    if (j == 0) { CHECK_CLOSE(along, sqrt(before), 37 * 0x1p-23 * sqrt(before)); }
                }
            }
        }
        ops_close(&o);
    }
}

/* M = P Q^T with integers, which are exact; and what subtract takes away is what product makes. */
static void products_are_what_is_subtracted(void **state)
{
    (void)state;
    enum { N = 40, RANK = 2 };
    struct dsgd_matrix one[2] = {{0, 12, 3, 4, 0, 0}, {14, 11, 4, 3, 3 * RANK, 4 * RANK}};
    const struct dsgd_matrices m = {2, RANK, (3 + 4) * RANK, (4 + 3) * RANK, 4, 4, one};
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        float p[ROWS * 14], q[ROWS * 14], made[N], left[N];
        ops_open(&o, device, ROWS);
        ops_fill(p, ROWS * 14, 1, 0);
        ops_fill(q, ROWS * 14, 2, 0);
        struct dsgd_handle *hp = ops_vector(&o, DSGD_F32, 14, ROWS, p), *hq = ops_vector(&o, DSGD_F32, 14, ROWS, q);
        memset(v, 0, sizeof v);
        struct dsgd_handle *product = ops_vector(&o, DSGD_F32, N, ROWS, v), *rest = ops_vector(&o, DSGD_F32, N, ROWS, v);
        OPS(&o, dsgd_lowrank_product(&o.turn, &m, &hp->as.f32, &hq->as.f32, &product->as.f32));
        dsgd_lowrank_subtract(&o.turn, &m, &hp->as.f32, &hq->as.f32, &rest->as.f32);
        assert_int_equal(o.queue.failed, DSGD_OK);
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, product, r, made);
            ops_read(&o, rest, r, left);
            for (size_t i = 0; i < N; ++i) {
                double expected = 0.0;
                for (size_t a = 0; a < 2; ++a) {
                    const struct dsgd_matrix *s = &one[a];
                    if (i < s->offset || i >= s->offset + s->count) { continue; }
                    const size_t row = (i - s->offset) / s->cols, col = (i - s->offset) % s->cols;
                    for (size_t k = 0; k < RANK; ++k) { expected += (double)p[r * 14 + s->p + k * s->rows + row] * (double)q[r * 14 + s->q + k * s->cols + col]; }
                }
                OPS_SAME(made[i], (float)expected, i); /* two products of floats in a double: one rounding, at the end */
                OPS_SAME(left[i], 0.0f - made[i], i);
            }
        }
        ops_close(&o);
    }
}

static void fresh_columns(void **state)
{
    (void)state;
    enum { WIDE = 500, RANK = 2, Q = WIDE * RANK };
    struct dsgd_matrix one[1] = {{0, WIDE, 1, WIDE, 0, 0}};
    const struct dsgd_matrices m = {1, RANK, RANK, Q, 1, WIDE, one};
    const struct dsgd_rng_key key = {31, 32};
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        static float q[ROWS * Q], all[Q], some[Q];
        ops_open(&o, device, ROWS);
        memset(q, 0, sizeof q);
        for (size_t i = 0; i < WIDE; ++i) { q[1 * Q + i] = 3.0f; } /* row 1 has one column that is not zero */
        struct dsgd_handle *h = ops_vector(&o, DSGD_F32, Q, ROWS, q), *g = ops_vector(&o, DSGD_F32, Q, ROWS, q);
        OPS(&o, dsgd_lowrank_fresh(&o.turn, &m, true, key, &h->as.f32));
        OPS(&o, dsgd_lowrank_fresh(&o.turn, &m, false, key, &g->as.f32));
        ops_read(&o, h, 0, all);
        double sum = 0.0, squares = 0.0;
        for (size_t i = 0; i < Q; ++i) {
            sum += (double)all[i];
            squares += (double)all[i] * (double)all[i];
        }
        assert_true(fabs(sum / Q) < 6.0 * sqrt(1.0 / Q) && fabs(squares / Q - 1.0) < 6.0 * sqrt(2.0 / Q)); /* six deviations */
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, h, r, some);
            assert_memory_equal(some, all, sizeof all); /* the same in every row */
            ops_read(&o, g, r, some);
            for (size_t i = 0; i < Q; ++i) { OPS_SAME(some[i], r == 1 && i < WIDE ? 3.0f : all[i], i); }
        }
        ops_close(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(thin_products), cmocka_unit_test(sums_keep_their_order),
                                       cmocka_unit_test(columns_become_orthonormal),
                                       cmocka_unit_test(products_are_what_is_subtracted), cmocka_unit_test(fresh_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
