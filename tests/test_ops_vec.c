/* test_ops_vec.c - element-wise operations of every device against loops written here: lengths round block sizes, rows, shared
 * arguments, NaN, infinities, denormals and both zeros. Every operation is exact by definition: one or two IEEE operations an element.
 */
#include "tests/ops.h"

static float a[OPS_ROWS_MAX * OPS_LONGEST], b[OPS_ROWS_MAX * OPS_LONGEST], c[OPS_ROWS_MAX * OPS_LONGEST], got[OPS_LONGEST + 1];
static double wide[OPS_ROWS_MAX * OPS_LONGEST], got_wide[OPS_LONGEST + 1];

/* Calls `body` for every device, length, number of rows, and with the read-only arguments shared or not. */
static void everywhere(void (*body)(struct ops *o, size_t n, uint32_t rows, uint32_t in_rows))
{
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int l = 0; l < OPS_LENGTHS; ++l) {
            for (uint32_t rows = 1; rows <= OPS_ROWS_MAX; rows += 2) {
                for (int shared = 0; shared < 2; ++shared) {
                    struct ops o;
                    const size_t n = ops_length_list[l];
                    ops_open(&o, device, rows);
                    ops_fill(a, rows * n, 1, 1);
                    ops_fill(b, rows * n, 2, 1);
                    ops_fill(c, rows * n, 3, 1);
                    for (size_t i = 0; i < rows * n; ++i) { wide[i] = (double)a[i] * 1.0000001 + (double)c[i]; }
                    body(&o, n, rows, shared ? 0 : rows);
                    ops_close(&o);
                }
            }
        }
    }
}

/* The element of an argument that rows may share. */
static size_t in(size_t row, size_t i, size_t n, uint32_t in_rows)
{
    return in_rows == 0 ? i : row * n + i;
}

static void moves(struct ops *o, size_t n, uint32_t rows, uint32_t in_rows)
{
    struct dsgd_handle *x = ops_vector(o, DSGD_F32, n, in_rows, a), *y = ops_vector(o, DSGD_F32, n, in_rows, b);
    struct dsgd_handle *out = ops_vector(o, DSGD_F32, n, rows, NULL);
    OPS(o, dsgd_copy(&o->turn, &x->as.f32, &out->as.f32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, out, row, got);
        for (size_t i = 0; i < n; ++i) { OPS_SAME(got[i], a[in(row, i, n, in_rows)], i); }
    }
    int32_t integers[OPS_LONGEST + 1]; /* 16 KiB */
    struct dsgd_handle *from = ops_vector(o, DSGD_I32, n, in_rows, a), *to = ops_vector(o, DSGD_I32, n, rows, NULL); /* any bits are integers */
    OPS(o, dsgd_copy_i32(&o->turn, &from->as.i32, &to->as.i32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, to, row, integers);
        assert_memory_equal(integers, a + in(row, 0, n, in_rows), n * sizeof *integers);
    }
    OPS(o, dsgd_subtract(&o->turn, &x->as.f32, &y->as.f32, &out->as.f32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, out, row, got);
        for (size_t i = 0; i < n; ++i) { OPS_SAME(got[i], a[in(row, i, n, in_rows)] - b[in(row, i, n, in_rows)], i); }
    }
    OPS(o, dsgd_scale(&o->turn, 0.3, &x->as.f32, &out->as.f32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, out, row, got);
        for (size_t i = 0; i < n; ++i) { OPS_SAME(got[i], (float)(0.3 * (double)a[in(row, i, n, in_rows)]), i); }
    }
    OPS(o, dsgd_clear(&o->turn, &out->as.f32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, out, row, got);
        for (size_t i = 0; i < n; ++i) { OPS_SAME(got[i], 0.0f, i); }
    }
}

static void copies_and_differences(void **state)
{
    (void)state;
    everywhere(moves);
}

/* v and u as they are before each operation. */
static void sums(struct ops *o, size_t n, uint32_t rows, uint32_t in_rows)
{
    struct dsgd_handle *g = ops_vector(o, DSGD_F32, n, in_rows, a);
    struct dsgd_handle *v = ops_vector(o, DSGD_F32, n, rows, b), *u = ops_vector(o, DSGD_F32, n, rows, c);
    OPS(o, dsgd_add_scaled(&o->turn, 0.3f, &g->as.f32, &v->as.f32));
    OPS(o, dsgd_scale_add(&o->turn, 0.9f, &u->as.f32, &g->as.f32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, v, row, got);
        for (size_t i = 0; i < n; ++i) {
            const float product = 0.3f * a[in(row, i, n, in_rows)];
            OPS_SAME(got[i], b[row * n + i] + product, i);
        }
        ops_read(o, u, row, got);
        for (size_t i = 0; i < n; ++i) {
            const float product = 0.9f * c[row * n + i];
            OPS_SAME(got[i], product + a[in(row, i, n, in_rows)], i);
        }
    }
    struct dsgd_handle *w = ops_vector(o, DSGD_F32, n, rows, c);
    OPS(o, dsgd_moving_average(&o->turn, 0.9f, &w->as.f32, &g->as.f32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, w, row, got);
        for (size_t i = 0; i < n; ++i) {
            const float old = 0.9f * c[row * n + i], fresh = (1.0f - 0.9f) * a[in(row, i, n, in_rows)];
            OPS_SAME(got[i], old + fresh, i);
        }
    }
}

static void weighted_sums(void **state)
{
    (void)state;
    everywhere(sums);
}

static void accumulators(struct ops *o, size_t n, uint32_t rows, uint32_t in_rows)
{
    static const float m = 0.9f, eta = 0.25f;
    struct dsgd_handle *g = ops_vector(o, DSGD_F32, n, in_rows, a);
    for (int nesterov = 0; nesterov < 2; ++nesterov) {
        struct dsgd_handle *u = ops_vector(o, DSGD_F32, n, rows, b), *v = ops_vector(o, DSGD_F32, n, rows, c);
        if (nesterov) {
            OPS(o, dsgd_nesterov(&o->turn, m, eta, &g->as.f32, &u->as.f32, &v->as.f32));
        } else {
            OPS(o, dsgd_momentum(&o->turn, m, eta, &g->as.f32, &u->as.f32, &v->as.f32));
        }
        for (uint32_t row = 0; row < rows; ++row) {
            for (int which = 0; which < 2; ++which) {
                ops_read(o, which ? v : u, row, got);
                for (size_t i = 0; i < n; ++i) {
                    const float gi = a[in(row, i, n, in_rows)], before = b[row * n + i];
                    const float inner = before + gi, decayed = m * before, long_step = m * inner;
                    const float next = nesterov ? long_step : decayed + gi, moved = nesterov ? next + gi : next, step = eta * moved;
                    OPS_SAME(got[i], which ? c[row * n + i] + step : next, i);
                }
            }
        }
    }
}

static void momentum_of_both_kinds(void **state)
{
    (void)state;
    everywhere(accumulators);
}

static void widths(struct ops *o, size_t n, uint32_t rows, uint32_t in_rows)
{
    struct dsgd_handle *x = ops_vector(o, DSGD_F64, n, in_rows, wide), *g = ops_vector(o, DSGD_F32, n, in_rows, b);
    struct dsgd_handle *y = ops_vector(o, DSGD_F32, n, rows, c), *out = ops_vector(o, DSGD_F32, n, rows, NULL), *sum = ops_vector(o, DSGD_F64, n, rows, wide);
    OPS(o, dsgd_axpy(&o->turn, 0.1, &x->as.f64, &y->as.f32));
    OPS(o, dsgd_error_add(&o->turn, 0.7, &g->as.f32, &sum->as.f64));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, y, row, got);
        for (size_t i = 0; i < n; ++i) {
            const double product = 0.1 * wide[in(row, i, n, in_rows)];
            OPS_SAME(got[i], (float)((double)c[row * n + i] + product), i);
        }
        ops_read(o, sum, row, got_wide);
        for (size_t i = 0; i < n; ++i) {
            const double product = 0.7 * (double)b[in(row, i, n, in_rows)], expected = wide[row * n + i] + product;
            assert_true((isnan(got_wide[i]) && isnan(expected)) || got_wide[i] == expected);
        }
    }
    OPS(o, dsgd_round(&o->turn, &x->as.f64, &out->as.f32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, out, row, got);
        for (size_t i = 0; i < n; ++i) { OPS_SAME(got[i], (float)wide[in(row, i, n, in_rows)], i); }
    }
    OPS(o, dsgd_mean(&o->turn, 1.0 / 3.0, &x->as.f64, &out->as.f32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, out, row, got);
        for (size_t i = 0; i < n; ++i) { OPS_SAME(got[i], (float)(1.0 / 3.0 * wide[in(row, i, n, in_rows)]), i); }
    }
    OPS(o, dsgd_where_positive(&o->turn, 2.5, &x->as.f64, &g->as.f32, &out->as.f32));
    for (uint32_t row = 0; row < rows; ++row) {
        ops_read(o, out, row, got);
        for (size_t i = 0; i < n; ++i) {
            const double value = wide[in(row, i, n, in_rows)];
            OPS_SAME(got[i], value > 0.0 ? (float)(2.5 * value) : b[in(row, i, n, in_rows)], i);
        }
    }
}

static void floats_and_doubles(void **state)
{
    (void)state;
    everywhere(widths);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        ops_open(&o, device, 3);
        ops_fill(a, 3 * 17, 1, 0);
        struct dsgd_handle *x = ops_vector(&o, DSGD_F32, 17, 3, a), *shorter = ops_vector(&o, DSGD_F32, 16, 3, a);
        struct dsgd_handle *shared = ops_vector(&o, DSGD_F32, 17, 0, a);
        OPS_REFUSED(&o, dsgd_copy(&o.turn, &x->as.f32, &shorter->as.f32));
        OPS_REFUSED(&o, dsgd_copy(&o.turn, &x->as.f32, &shared->as.f32)); /* three rows into one */
        OPS_REFUSED(&o, dsgd_add_scaled(&o.turn, 1.0f, &x->as.f32, &shared->as.f32));
        OPS_REFUSED(&o, dsgd_momentum(&o.turn, 0.5f, 1.0f, &x->as.f32, &shorter->as.f32, &x->as.f32));
        ops_read(&o, shared, 0, got);
        for (size_t i = 0; i < 17; ++i) { OPS_SAME(got[i], a[i], i); }
        o.queue.failed = DSGD_EIO; /* after a failure nothing happens */
        dsgd_clear(&o.turn, &x->as.f32);
        o.queue.failed = DSGD_OK;
        ops_read(&o, x, 0, got);
        OPS_SAME(got[0], a[0], 0);
        ops_close(&o);
    }
}

/* Two devices: what sets out first is first, also where the other one still reads; and memory goes back only after what was put on its stream. */
static void moves_between_devices(void **state)
{
    enum { N = 70001 };
    static float sent[N], later[N], seen[N];
    static const int both[] = {0, 1};
    (void)state;
    const struct dsgd_device *d = ops_device(0);
    if (!ops_cuda() || d->open(both, 2) != DSGD_OK) { skip(); }
    struct dsgd_queue from = {.device = d, .ordinal = 0, .threads = 1}, to = {.device = d, .ordinal = 1, .threads = 1};
    ops_fill(sent, N, 1, 0);
    ops_fill(later, N, 2, 0);
    void *const source = d->alloc(0, sizeof sent), *const target = d->alloc(1, sizeof sent);
    assert_true(source && target);
    d->write(&from, source, sent, sizeof sent);
    d->move(&to, target, &from, source, sizeof sent);
    d->write(&from, source, later, sizeof later);
    d->read(&to, seen, target, sizeof seen);
    assert_memory_equal(seen, sent, sizeof seen);
    d->read(&from, seen, source, sizeof seen);
    assert_memory_equal(seen, later, sizeof seen);
    d->write(&from, source, sent, sizeof sent);
    d->release(source);
    d->release(target);
    assert_true(from.failed == DSGD_OK && to.failed == DSGD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_and_differences), cmocka_unit_test(weighted_sums), cmocka_unit_test(momentum_of_both_kinds),
        cmocka_unit_test(floats_and_doubles), cmocka_unit_test(wrong_calls_are_refused), cmocka_unit_test(moves_between_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
