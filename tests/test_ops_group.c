/* test_ops_group.c - numbers of groups, signs, ternary vectors and levels on every device against plain definitions.
 *
 * Sums are compared with sums in long doubles: an order of n additions in doubles is off by at most n 2^-53 of the sum of magnitudes.
 */
#include "tests/ops.h"

enum { D = 4097, ROWS = 3, G = 5 };

static const size_t starts[G + 1] = {0, 1, 17, 17, 4096, D}; /* one coordinate, sixteen, none, many, one */
static const struct dsgd_groups groups = {G, starts};
static float v[ROWS * D], got[D];

static void numbers(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        float most[G], mean[G];
        double norm[G], deviation[G];
        ops_open(&o, device, ROWS);
        ops_fill(v, ROWS * D, 1, 0);
        v[1 * D + 30] = (float)NAN;
        struct dsgd_handle *x = ops_vector(&o, DSGD_F32, D, ROWS, v);
        struct dsgd_handle *a = ops_vector(&o, DSGD_F32, G, ROWS, NULL), *b = ops_vector(&o, DSGD_F32, G, ROWS, NULL);
        struct dsgd_handle *c = ops_vector(&o, DSGD_F64, G, ROWS, NULL), *d = ops_vector(&o, DSGD_F64, G, ROWS, NULL);
        OPS(&o, dsgd_group_max_abs(&o.turn, &groups, &x->as.f32, &a->as.f32));
        OPS(&o, dsgd_group_mean_abs(&o.turn, &groups, &x->as.f32, &b->as.f32));
        OPS(&o, dsgd_group_norm(&o.turn, &groups, &x->as.f32, &c->as.f64));
        OPS(&o, dsgd_group_std(&o.turn, &groups, &x->as.f32, &d->as.f64));
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, a, r, most);
            ops_read(&o, b, r, mean);
            ops_read(&o, c, r, norm);
            ops_read(&o, d, r, deviation);
            for (size_t g = 0; g < G; ++g) {
                const size_t n = starts[g + 1] - starts[g];
                long double sum = 0, sum_abs = 0, squares = 0, around = 0;
                float largest = 0.0f;
                int nan = 0;
                for (size_t i = starts[g]; i < starts[g + 1]; ++i) {
                    const float e = v[r * D + i];
                    nan |= isnan(e);
                    largest = fabsf(e) > largest ? fabsf(e) : largest;
                    sum += (long double)e;
                    sum_abs += fabsl((long double)e);
                    squares += (long double)e * (long double)e;
                }
                for (size_t i = starts[g]; i < starts[g + 1]; ++i) {
                    const long double away = (long double)v[r * D + i] - sum / (long double)n;
                    around += away * away;
                }
                if (nan) {
                    assert_true(isnan(most[g]) && isnan(mean[g]) && isnan(norm[g]) && isnan(deviation[g]));
                    continue;
                }
                OPS_SAME(most[g], largest, g);
                OPS_SAME(mean[g], n > 0 ? (float)(sum_abs / (long double)n) : 0.0f, g); /* a float has 29 bits less than the sum */
                CHECK_CLOSE(norm[g], (double)sqrtl(squares), 4200 * 0x1p-53 * (double)sqrtl(squares));
                if (n > 0) { CHECK_CLOSE(deviation[g], (double)sqrtl(around / (long double)n), 4200 * 0x1p-52 * (double)(sqrtl(squares) + 1)); }
            }
        }
        ops_close(&o);
    }
}

/* The definition of a sum, in the words of sim/kernel/sum.h; here of squares. */
static double squares_by_definition(size_t n, const float *a)
{
    double chunk_sum[80] = {0.0};
    size_t chunks = 0;
    for (size_t from = 0; from < n; from += 4096, ++chunks) {
        double lane[32] = {0.0};
        for (size_t i = from; i < n && i < from + 4096; ++i) { lane[(i - from) % 32] += (double)a[i] * (double)a[i]; }
        for (size_t half = 16; half > 0; half /= 2) {
            for (size_t l = 0; l < half; ++l) { lane[l] += lane[l + half]; }
        }
        chunk_sum[chunks] = lane[0];
    }
    if (chunks == 1) { return chunk_sum[0]; }
    double lane[32] = {0.0};
    for (size_t c = 0; c < chunks; ++c) { lane[c % 32] += chunk_sum[c]; }
    for (size_t half = 16; half > 0; half /= 2) {
        for (size_t l = 0; l < half; ++l) { lane[l] += lane[l + half]; }
    }
    return lane[0];
}

/* Numbers of 40 magnitudes, so that every other order gives other bits; chunks enough for several threads. */
static void sums_have_one_order(void **state)
{
    enum { LONG = 4096 * 70 + 5 };
    static const size_t ends[] = {0, 33, 33, 4129, LONG};
    const struct dsgd_groups long_groups = {4, ends};
    float *x = malloc(LONG * sizeof *x);
    (void)state;
    assert_non_null(x);
    for (size_t i = 0; i < LONG; ++i) { x[i] = ldexpf(ops_value((uint32_t)i, 0), (int)(i * 7 % 40) - 20); }
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int threads = 1; threads <= 7; threads += threads == 3 ? 4 : 1) {
            struct ops o;
            double got_norm[4];
            ops_open(&o, device, 2);
            o.queue.threads = threads;
            struct dsgd_handle *h = ops_vector(&o, DSGD_F32, LONG, 0, x), *out = ops_vector(&o, DSGD_F64, 4, 2, NULL);
            OPS(&o, dsgd_group_norm(&o.turn, &long_groups, &h->as.f32, &out->as.f64));
            for (size_t r = 0; r < 2; ++r) {
                ops_read(&o, out, r, got_norm);
                for (size_t g = 0; g < 4; ++g) {
                    const double expected = sqrt(squares_by_definition(ends[g + 1] - ends[g], x + ends[g]));
                    assert_memory_equal(&got_norm[g], &expected, sizeof expected);
                }
            }
            ops_close(&o);
        }
    }
    free(x);
}

static size_t group_of(size_t i)
{
    size_t g = 0;
    while (starts[g + 1] <= i) { ++g; }
    return g;
}

static void limits_and_units(void **state)
{
    (void)state;
    static const double unit[ROWS * G] = {0.5, 0.25, 1.0, 0.1, 0.0, 2.0, 0.0, 1.0, 0.3, 0.7, 1.0, 1.0, 1.0, 1e-3, 5.0};
    float scale[ROWS * G];
    int32_t level[ROWS * D];
    for (size_t j = 0; j < ROWS * G; ++j) { scale[j] = (float)unit[j] * 3.0f; }
    for (size_t i = 0; i < ROWS * D; ++i) { level[i] = (int32_t)(i % 9) - 4; }
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        ops_open(&o, device, ROWS);
        ops_fill(v, ROWS * D, 4, 1);
        struct dsgd_handle *x = ops_vector(&o, DSGD_F32, D, ROWS, v), *u = ops_vector(&o, DSGD_F64, G, ROWS, unit), *out = ops_vector(&o, DSGD_F32, D, ROWS, NULL);
        struct dsgd_handle *l = ops_vector(&o, DSGD_I32, D, ROWS, level), *s = ops_vector(&o, DSGD_F32, G, ROWS, scale);
        OPS(&o, dsgd_group_clip(&o.turn, &groups, 2.5, &u->as.f64, &x->as.f32, &out->as.f32));
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, out, r, got);
            for (size_t i = 0; i < D; ++i) {
                const double width = unit[r * G + group_of(i)];
                const float bound = (float)(2.5 * width), e = v[r * D + i];
                OPS_SAME(got[i], !(width > 0.0) ? e : e > bound ? bound : e < -bound ? -bound : e, i);
            }
        }
        OPS(&o, dsgd_group_shorten(&o.turn, &groups, 0.4, &u->as.f64, &x->as.f32, &out->as.f32));
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, out, r, got);
            for (size_t i = 0; i < D; ++i) {
                const double length = unit[r * G + group_of(i)], factor = 0.4 / length;
                OPS_SAME(got[i], length > 0.4 ? (float)(factor * (double)v[r * D + i]) : v[r * D + i], i);
            }
        }
        OPS(&o, dsgd_group_units(&o.turn, &groups, 5.0f, &s->as.f32, &l->as.i32, &out->as.f32));
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, out, r, got);
            for (size_t i = 0; i < D; ++i) {
                const float one = scale[r * G + group_of(i)] / 5.0f;
                OPS_SAME(got[i], (float)level[r * D + i] * one, i);
            }
        }
        OPS(&o, dsgd_dequantise(&o.turn, &groups, &s->as.f32, 7, &l->as.i32, &out->as.f32));
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, out, r, got);
            for (size_t i = 0; i < D; ++i) { OPS_SAME(got[i], (float)((double)level[r * D + i] * ((double)scale[r * G + group_of(i)] / 7.0)), i); }
        }
        OPS_REFUSED(&o, dsgd_group_clip(&o.turn, &groups, 1.0, &u->as.f64, &x->as.f32, &s->as.f32));
        ops_close(&o);
    }
}

/* Word i % 4 of the draw with item i / 4, of this row's worker in step 5. */
static uint32_t word_of(struct dsgd_rng_key key, size_t i, size_t row)
{
    return dsgd_rng_draw(key, (uint32_t)(i / 4), 5, 7 + (uint32_t)row, 0).word[i % 4];
}

static void signs_follow_the_rule(void **state)
{
    (void)state;
    static const struct dsgd_rng_key key = {11, 12};
    static const enum dsgd_zero rules[] = {DSGD_PLUS, DSGD_MINUS, DSGD_COIN};
    static uint8_t plane[(D + 7) / 8];
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int l = 0; l < OPS_LENGTHS; ++l) {
            for (int z = 0; z < 3; ++z) {
                const size_t n = ops_length_list[l];
                struct ops o;
                ops_open(&o, device, ROWS);
                ops_fill(v, ROWS * n, 6, 1);
                struct dsgd_handle *x = ops_vector(&o, DSGD_F32, n, ROWS, v), *s = ops_vector(&o, DSGD_SIGNS, n, ROWS, NULL);
                struct dsgd_handle *out = ops_vector(&o, DSGD_F32, n, ROWS, NULL);
                OPS(&o, dsgd_sign_pack(&o.turn, &x->as.f32, rules[z], key, &s->as.signs));
                OPS(&o, dsgd_sign_unpack(&o.turn, &s->as.signs, &out->as.f32));
                for (size_t r = 0; r < ROWS; ++r) {
                    ops_read(&o, out, r, got);
                    for (size_t i = 0; i < n; ++i) {
                        const float e = v[r * n + i];
                        const int coin = rules[z] == DSGD_COIN && (word_of(key, i, r) & 1), minus = e < 0.0f || (e == 0.0f && (rules[z] == DSGD_MINUS || coin));
                        OPS_SAME(got[i], minus ? -1.0f : 1.0f, i);
                    }
                    ops_read(&o, s, r, plane);
                    if (n % 8 > 0) { assert_int_equal(plane[n / 8] >> n % 8, 0); }
                }
                ops_close(&o);
            }
        }
    }
}

/* One long vector over threads: what one thread says, whatever the parts. */
static void long_signs_need_no_number_of_threads(void **state)
{
    enum { LONG = 7 * (1 << 17) + 4096 + 77 };
    static const struct dsgd_rng_key key = {11, 12};
    static const enum dsgd_zero rules[] = {DSGD_PLUS, DSGD_MINUS, DSGD_COIN};
    static const size_t ends[] = {0, 5, 300000, LONG};
    static const float scale[] = {0.5f, 2.0f, 1.0f};
    const struct dsgd_groups three = {3, ends};
    float *x = malloc(LONG * sizeof *x), *back = malloc(LONG * sizeof *back);
    uint8_t *plane = malloc((LONG + 7) / 8);
    (void)state;
    assert_true(x && back && plane);
    ops_fill(x, LONG, 3, 1);
    for (int z = 0; z < 3; ++z) {
        for (int threads = 1; threads <= 7; threads += threads == 3 ? 4 : 1) {
            struct ops o;
            ops_open(&o, 0, 1);
            o.queue.threads = threads;
            struct dsgd_handle *h = ops_vector(&o, DSGD_F32, LONG, 1, x), *s = ops_vector(&o, DSGD_SIGNS, LONG, 1, NULL);
            struct dsgd_handle *out = ops_vector(&o, DSGD_F32, LONG, 1, NULL), *u = ops_vector(&o, DSGD_F32, 3, 1, scale);
            OPS(&o, dsgd_sign_pack(&o.turn, &h->as.f32, rules[z], key, &s->as.signs));
            OPS(&o, dsgd_sign_unpack(&o.turn, &s->as.signs, &out->as.f32));
            ops_read(&o, out, 0, back);
            for (size_t i = 0; i < LONG; ++i) {
                const int coin = x[i] == 0.0f && rules[z] == DSGD_COIN && (word_of(key, i, 0) & 1);
                const int minus = x[i] < 0.0f || (x[i] == 0.0f && (rules[z] == DSGD_MINUS || coin));
                if (back[i] != (minus ? -1.0f : 1.0f)) { fail_msg("rule %d, %d threads: coordinate %zu is %g", z, threads, i, (double)back[i]); }
            }
            ops_read(&o, s, 0, plane);
            assert_int_equal(plane[LONG / 8] >> LONG % 8, 0);
            if (rules[z] != DSGD_COIN) {
                dsgd_sign_subtract(&o.turn, &three, &u->as.f32, rules[z], &h->as.f32);
                ops_read(&o, h, 0, back);
                for (size_t i = 0; i < LONG; ++i) {
                    const float one = scale[i < 5 ? 0 : i < 300000 ? 1 : 2];
                    const int minus = x[i] < 0.0f || (x[i] == 0.0f && rules[z] == DSGD_MINUS);
                    OPS_SAME(back[i], x[i] - (minus ? -one : one), i);
                }
            }
            ops_close(&o);
        }
    }
    free(x), free(back), free(plane);
}

static void memories_lose_what_was_sent(void **state)
{
    (void)state;
    static const float scale[G] = {0.5f, 1.25f, 1.0f, 0.75f, 2.0f};
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int z = 0; z < 2; ++z) {
            struct ops o;
            ops_open(&o, device, ROWS);
            ops_fill(v, ROWS * D, 8, 1);
            struct dsgd_handle *x = ops_vector(&o, DSGD_F32, D, ROWS, v), *u = ops_vector(&o, DSGD_F32, G, 0, scale), *s = ops_vector(&o, DSGD_SIGNS, D, ROWS, NULL);
            struct dsgd_handle *sent = ops_vector(&o, DSGD_F32, D, ROWS, NULL);
            OPS(&o, dsgd_sign_pack(&o.turn, &x->as.f32, z ? DSGD_MINUS : DSGD_PLUS, (struct dsgd_rng_key){0, 0}, &s->as.signs));
            OPS(&o, dsgd_group_signs(&o.turn, &groups, &u->as.f32, &s->as.signs, &sent->as.f32));
            dsgd_sign_subtract(&o.turn, &groups, &u->as.f32, z ? DSGD_MINUS : DSGD_PLUS, &x->as.f32);
            assert_int_equal(o.queue.failed, DSGD_OK);
            for (size_t r = 0; r < ROWS; ++r) {
                float message[D];
                ops_read(&o, sent, r, message);
                ops_read(&o, x, r, got);
                for (size_t i = 0; i < D; ++i) { OPS_SAME(got[i], v[r * D + i] - message[i], i); }
            }
            OPS_REFUSED(&o, dsgd_sign_subtract(&o.turn, &groups, &u->as.f32, DSGD_COIN, &x->as.f32));
            ops_close(&o);
        }
    }
}

static void stochastic_rounding_is_exact_arithmetic(void **state)
{
    (void)state;
    static const struct dsgd_rng_key key = {21, 22};
    static const float scale[ROWS * G] = {2.0f, 1.5f, 1.0f, 2.5f, 0.0f, 1.0f, (float)INFINITY, 1.0f, (float)NAN, 3.0f, 4.0f, 4.0f, 4.0f, 4.0f, 4.0f};
    static uint8_t planes[2 * ((D + 7) / 8)];
    static int32_t level[D];
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        ops_open(&o, device, ROWS);
        ops_fill(v, ROWS * D, 9, 1);
        struct dsgd_handle *x = ops_vector(&o, DSGD_F32, D, ROWS, v), *s = ops_vector(&o, DSGD_F32, G, ROWS, scale);
        struct dsgd_handle *t = ops_vector(&o, DSGD_TERNARY, D, ROWS, NULL), *q = ops_vector(&o, DSGD_I32, D, ROWS, NULL);
        OPS(&o, dsgd_ternarise(&o.turn, &groups, &s->as.f32, &x->as.f32, key, &t->as.ternary));
        OPS(&o, dsgd_quantise(&o.turn, &groups, &s->as.f32, 7, &x->as.f32, key, &q->as.i32));
        for (size_t r = 0; r < ROWS; ++r) {
            ops_read(&o, t, r, planes);
            ops_read(&o, q, r, level);
            for (size_t i = 0; i < D; ++i) {
                const float unit = scale[r * G + group_of(i)], e = v[r * D + i];
                const int useful = unit > 0.0f && isfinite(unit), nonzero = planes[i / 8] >> i % 8 & 1, negative = planes[(D + 7) / 8 + i / 8] >> i % 8 & 1;
                const double word = word_of(key, i, r), magnitude = fabs((double)e);
                const int hit = useful && (magnitude >= (double)unit || word < floor(magnitude * (0x1p32 / (double)unit)));
                assert_int_equal(nonzero, hit);
                assert_int_equal(negative, hit && e < 0.0f);
                if (!isfinite(e)) { continue; } /* levels of what is not finite are whatever: its norm is not finite either */
                const double up = useful ? floor(magnitude * (7.0 / (double)unit) + word / 0x1p32) : 0.0;
                assert_int_equal(level[i], (e < 0.0f ? -1 : 1) * (int32_t)(up < 7.0 ? up : 7.0));
            }
        }
        ops_close(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(sums_have_one_order), cmocka_unit_test(limits_and_units), cmocka_unit_test(signs_follow_the_rule),
        cmocka_unit_test(long_signs_need_no_number_of_threads),
        cmocka_unit_test(memories_lose_what_was_sent), cmocka_unit_test(stochastic_rounding_is_exact_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
