/* test_ops_fold.c - sums over workers on every device: rows in ascending order whatever the blocks, afresh at the first one.
 *
 * {1e20, -1e20, 1} shows the order: from left to right the sum is 1, in any other order 0. Five floats of like size would add exactly in
 * doubles in every order and show nothing.
 */
#include "tests/ops.h"

enum { WORKERS = 5, D = 45 };

static struct dsgd_arrivals arrivals(const struct dsgd_handle *section, uint32_t rows, bool first)
{
    return (struct dsgd_arrivals){section, rows, first};
}

/* A block of messages: sections [2] of `rows` workers. */
static void sum_in_blocks(struct ops *o, const float *x, size_t n, uint32_t rows, struct dsgd_handle *sum)
{
    for (uint32_t first = 0; first < WORKERS; first += rows) {
        const uint32_t here = WORKERS - first < rows ? WORKERS - first : rows;
        struct dsgd_handle section[DSGD_SECTIONS_MAX] = {{.used = false}};
        section[0] = *ops_vector(o, DSGD_F32, n, here, x + first * n);
        const struct dsgd_arrivals up = arrivals(section, here, first == 0);
        OPS(o, dsgd_fold_sum(&o->turn, &up, 0, &sum->as.f64));
    }
}

static void sums_have_one_order(void **state)
{
    (void)state;
    static const float worker[WORKERS] = {1e20f, -1e20f, 1.0f, 1e-30f, 2.0f};
    float x[WORKERS * D];
    for (size_t w = 0; w < WORKERS; ++w) {
        for (size_t i = 0; i < D; ++i) { x[w * D + i] = i == 7 ? -0.0f : worker[(w + i) % WORKERS]; }
    }
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (uint32_t rows = 1; rows <= WORKERS; ++rows) {
            struct ops o;
            double rubbish[D], got[D];
            ops_open(&o, device, 1);
            for (size_t i = 0; i < D; ++i) { rubbish[i] = 1e300; }
            struct dsgd_handle *sum = ops_vector(&o, DSGD_F64, D, 1, rubbish);
            sum_in_blocks(&o, x, D, rows, sum);
            ops_read(&o, sum, 0, got);
            for (size_t i = 0; i < D; ++i) {
                double expected = 0.0;
                for (size_t w = 0; w < WORKERS; ++w) { expected += (double)x[w * D + i]; }
                assert_memory_equal(&got[i], &expected, sizeof expected); /* -0 + ... + -0 from 0 is +0 */
            }
            ops_close(&o);
        }
    }
}

/* One block of all workers with two sections, for the folds that have scales. */
struct scaled {
    struct dsgd_handle section[DSGD_SECTIONS_MAX];
    struct dsgd_arrivals up;
};

static const size_t starts[] = {0, 17, 18, D};
static const struct dsgd_groups groups = {3, starts};
static const float scales[WORKERS * 3] = {1.5f, 2.0f, 0.25f, 1e10f, 3.0f, 7.0f, -1.0f, 0.0f, 0.5f, 1.0f, 1.0f, 1.0f, 0.125f, 9.0f, 1e-20f};

static size_t group_of(size_t i)
{
    return i < 17 ? 0 : i < 18 ? 1 : 2;
}

static void scaled_open(struct ops *o, struct scaled *s, int device, enum dsgd_type type, const void *content)
{
    ops_open(o, device, 1);
    memset(s, 0, sizeof *s);
    s->section[0] = *ops_vector(o, DSGD_F32, 3, WORKERS, scales);
    s->section[1] = *ops_vector(o, type, D, WORKERS, content);
    s->up = arrivals(s->section, WORKERS, true);
}

static void compare(struct ops *o, const struct dsgd_handle *sum, double (*term)(size_t w, size_t i))
{
    double got[D];
    ops_read(o, sum, 0, got);
    for (size_t i = 0; i < D; ++i) {
        double expected = 0.0;
        for (size_t w = 0; w < WORKERS; ++w) { expected += term(w, i); }
        if (got[i] != expected) { fail_msg("coordinate %zu: %a, expected %a", i, got[i], expected); }
    }
}

enum { PLANE = (D + 7) / 8 };
static uint8_t plane[WORKERS * PLANE], planes[WORKERS * 2 * PLANE];
static int32_t level[WORKERS * D];

static int minus(size_t w, size_t i) { return plane[w * PLANE + i / 8] >> i % 8 & 1; }
static int trit(size_t w, size_t i)
{
    const uint8_t *nonzero = planes + w * 2 * PLANE, *negative = nonzero + PLANE;
    return (nonzero[i / 8] >> i % 8 & 1) ? (negative[i / 8] >> i % 8 & 1 ? -1 : 1) : 0;
}
static double sign_term(size_t w, size_t i) { return minus(w, i) ? -(double)scales[w * 3 + group_of(i)] : (double)scales[w * 3 + group_of(i)]; }
static double trit_term(size_t w, size_t i) { return (double)scales[w * 3 + group_of(i)] * trit(w, i); }
static double level_term(size_t w, size_t i) { return (double)(float)((double)scales[w * 3 + group_of(i)] * level[w * D + i] / 7.0); }

static void signs_trits_and_levels(void **state)
{
    (void)state;
    for (size_t b = 0; b < sizeof plane; ++b) { plane[b] = (uint8_t)(b * 37 + 11) & (b % PLANE == PLANE - 1 ? 0x1f : 0xff); }
    for (size_t w = 0; w < WORKERS; ++w) {
        for (size_t b = 0; b < PLANE; ++b) {
            const uint8_t nonzero = (uint8_t)((w * 53 + b * 29 + 5) & (b == PLANE - 1 ? 0x1f : 0xff));
            planes[w * 2 * PLANE + b] = nonzero;
            planes[w * 2 * PLANE + PLANE + b] = (uint8_t)(nonzero & (b * 91 + w));
        }
        for (size_t i = 0; i < D; ++i) { level[w * D + i] = (int32_t)((w * 5 + i * 3) % 15) - 7; }
    }
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        struct scaled s;
        int32_t votes[D];
        scaled_open(&o, &s, device, DSGD_SIGNS, plane);
        struct dsgd_handle *sum = ops_vector(&o, DSGD_F64, D, 1, NULL);
        OPS(&o, dsgd_fold_signs_scaled(&o.turn, &s.up, 1, &groups, 0, &sum->as.f64));
        compare(&o, sum, sign_term);
        ops_close(&o);

        scaled_open(&o, &s, device, DSGD_TERNARY, planes);
        sum = ops_vector(&o, DSGD_F64, D, 1, NULL);
        struct dsgd_handle *count = ops_vector(&o, DSGD_I32, D, 1, NULL);
        OPS(&o, dsgd_fold_ternary_scaled(&o.turn, &s.up, 1, &groups, 0, &sum->as.f64));
        compare(&o, sum, trit_term);
        OPS(&o, dsgd_fold_ternary(&o.turn, &s.up, 1, &count->as.i32));
        ops_read(&o, count, 0, votes);
        for (size_t i = 0; i < D; ++i) {
            int32_t expected = 0;
            for (size_t w = 0; w < WORKERS; ++w) { expected += trit(w, i); }
            assert_int_equal(votes[i], expected);
        }
        ops_close(&o);

        scaled_open(&o, &s, device, DSGD_I32, level);
        sum = ops_vector(&o, DSGD_F64, D, 1, NULL);
        OPS(&o, dsgd_fold_levels_scaled(&o.turn, &s.up, 1, &groups, 0, 7, &sum->as.f64));
        compare(&o, sum, level_term);
        struct dsgd_handle *most = ops_vector(&o, DSGD_F32, 3, 1, NULL);
        float largest[3];
        OPS(&o, dsgd_fold_max(&o.turn, &s.up, 0, &most->as.f32));
        ops_read(&o, most, 0, largest);
        assert_true(largest[0] == 1e10f && largest[1] == 9.0f && largest[2] == 7.0f);
        OPS_REFUSED(&o, dsgd_fold_max(&o.turn, &s.up, 1, &most->as.f32)); /* levels are no floats */
        OPS_REFUSED(&o, dsgd_fold_sum(&o.turn, &s.up, 0, &sum->as.f64));  /* 3 numbers, not D */
        OPS_REFUSED(&o, dsgd_fold_sum(&o.turn, &s.up, 5, &sum->as.f64));  /* no such section */
        OPS_REFUSED(&o, dsgd_fold_sum(&o.turn, NULL, 0, &sum->as.f64));
        ops_close(&o);
    }
}

static void sparse_sums_know_what_was_sent(void **state)
{
    (void)state;
    static const uint32_t at[2 * 4] = {0, 3, 31, 32, 3, 33, 40, 44};
    static const float value[2 * 4] = {1.0f, 2.0f, 0.0f, 5.0f, -2.0f, 1.5f, 0.25f, -1.0f};
    static const uint32_t expected_at[] = {0, 3, 31, 32, 33, 40};
    static const float expected[] = {0.5f, 0.0f, 0.0f, 2.5f, 0.75f, 0.125f}; /* a sum of 0 counts as sent */
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        const double zero[D] = {0.0};
        const int32_t none[2] = {0, 0};
        uint32_t got_at[D];
        float got[D];
        double left[D];
        ops_open(&o, device, 1);
        struct dsgd_handle section[DSGD_SECTIONS_MAX] = {{.used = false}};
        struct dsgd_handle *set = ops_vector(&o, DSGD_SET, 4, 2, at), *x = ops_vector(&o, DSGD_F32, 4, 2, value);
        ops_length(&o, set, 1, 3); /* the second worker sends three */
        section[0] = *set;
        section[1] = *x;
        const struct dsgd_arrivals up = arrivals(section, 2, true);
        struct dsgd_handle *sum = ops_vector(&o, DSGD_F64, D, 1, zero), *seen = ops_vector(&o, DSGD_I32, 2, 1, none);
        struct dsgd_handle *out_at = ops_vector(&o, DSGD_SET, 8, 1, NULL), *out = ops_vector(&o, DSGD_F32, 8, 1, NULL);
        o.queue.measuring = true;
        dsgd_fold_sparse(&o.turn, &up, 0, 1, &sum->as.f64, &seen->as.i32);
        o.queue.measuring = false;
        dsgd_fold_sparse(&o.turn, &up, 0, 1, &sum->as.f64, &seen->as.i32);
        OPS(&o, dsgd_sparse_take(&o.turn, 0.5, &sum->as.f64, &seen->as.i32, &out_at->as.set, &out->as.f32));
        assert_int_equal(ops_length_of(&o, out_at, 0), 6);
        ops_read(&o, out_at, 0, got_at);
        ops_read(&o, out, 0, got);
        for (size_t j = 0; j < 6; ++j) {
            assert_int_equal(got_at[j], expected_at[j]);
            OPS_SAME(got[j], expected[j], j);
        }
        ops_read(&o, sum, 0, left);
        for (size_t i = 0; i < D; ++i) { assert_true(left[i] == 0.0); }
        ops_close(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_have_one_order), cmocka_unit_test(signs_trits_and_levels), cmocka_unit_test(sparse_sums_know_what_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
