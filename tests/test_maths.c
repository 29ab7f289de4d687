/* test_maths.c - elementary functions of sim/kernel/maths.h against long double of 64 bits: errors in units of the last place, exact and
 * special values, and that a loop that vectorises gives what single calls give.
 *
 * The bound is 1 ulp, as maths.h states; the reference itself is good to 2^-11 ulp. The largest errors found are printed.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/kernel/maths.h"
#include "sim/kernel/normal.h"
#include "tests/check.h"

enum { POINTS = 400000 };

#if LDBL_MANT_DIG < 64
#error "long double is the reference here and must have 64 bits or more"
#endif

static const struct dsgd_rng_key key = {1, 77};

/* Uniform in (low, high), point i of a list. */
static double uniform(uint32_t list, uint32_t i, double low, double high)
{
    const struct dsgd_rng4 words = dsgd_rng_draw(key, i, list, 0, 0);
    return low + (high - low) * dsgd_rng_unit(dsgd_rng_u64(&words, 0));
}

/* A positive number with a uniform exponent. */
static double spread(uint32_t list, uint32_t i, int low, int high)
{
    const struct dsgd_rng4 words = dsgd_rng_draw(key, i, list, 1, 0);
    const int exponent = low + (int)(words.word[2] % (uint32_t)(high - low));
    return ldexp(1.0 + dsgd_rng_unit(dsgd_rng_u64(&words, 0)), exponent);
}

/* One ulp at a value, of a double with 53 bits or a float with 24; what is not normal has the smallest one. */
static long double ulp(long double value, int bits, int least)
{
    int exponent;
    frexpl(value, &exponent);
    return ldexpl(1.0L, (exponent - bits > least ? exponent - bits : least));
}

struct worst { const char *name; long double error; double at, second; };

static void compare(struct worst *worst, double got, long double expected, double at, double second, int bits, int least)
{
    const long double error = fabsl((long double)got - expected) / ulp(expected, bits, least);
    if (!(error < 1.0L)) { fail_msg("%s(%a, %a) = %a, expected %La: %Lg ulp", worst->name, at, second, got, expected, error); }
    if (error > worst->error) { *worst = (struct worst){worst->name, error, at, second}; }
}

static void say(const struct worst *worst)
{
    printf("%-16s %.3Lf ulp at %a, %a\n", worst->name, worst->error, worst->at, worst->second);
}

static void exponentials(void **state)
{
    struct worst wide = {.name = "exp"}, small = {.name = "exp near 0"}, narrow = {.name = "exp of a float"};
    (void)state;
    for (uint32_t i = 0; i < POINTS; ++i) {
        const double x = uniform(0, i, -745.0, 709.7), y = (i % 2 ? 1 : -1) * spread(1, i, -60, 1);
        const float z = (float)uniform(2, i, -103.0, 88.7);
        compare(&wide, dsgd_exp(x), expl((long double)x), x, 0.0, 53, -1074);
        compare(&small, dsgd_exp(y), expl((long double)y), y, 0.0, 53, -1074);
        compare(&narrow, (double)dsgd_expf(z), expl((long double)z), (double)z, 0.0, 24, -149);
    }
    say(&wide), say(&small), say(&narrow);
    assert_true(dsgd_exp(0.0) == 1.0 && dsgd_exp(-0.0) == 1.0 && dsgd_expf(0.0f) == 1.0f);
    assert_true(dsgd_exp(-800.0) == 0.0 && dsgd_exp(-HUGE_VAL) == 0.0 && dsgd_expf(-200.0f) == 0.0f && dsgd_expf(-HUGE_VALF) == 0.0f);
    assert_true(isinf(dsgd_exp(710.0)) && isinf(dsgd_exp(HUGE_VAL)) && isinf(dsgd_expf(89.0f)) && isinf(dsgd_expf(HUGE_VALF)));
    assert_true(isnan(dsgd_exp((double)NAN)) && isnan(dsgd_expf(NAN)) && isnan(dsgd_exp(-(double)NAN)));
}

static void logarithms(void **state)
{
    struct worst wide = {.name = "log"}, near = {.name = "log near 1"}, one = {.name = "log1p"}, minus = {.name = "log1p, x < 0"};
    (void)state;
    for (uint32_t i = 0; i < POINTS; ++i) {
        const double x = spread(3, i, -1073, 1023), y = 1.0 + (i % 2 ? 1 : -1) * spread(4, i, -52, -1);
        const double z = spread(5, i, -60, 60), w = -uniform(6, i, 0.0, 1.0);
        compare(&wide, dsgd_log(x), logl((long double)x), x, 0.0, 53, -1074);
        compare(&near, dsgd_log(y), logl((long double)y), y, 0.0, 53, -1074);
        compare(&one, dsgd_log1p(z), log1pl((long double)z), z, 0.0, 53, -1074);
        compare(&minus, dsgd_log1p(w), log1pl((long double)w), w, 0.0, 53, -1074);
    }
    say(&wide), say(&near), say(&one), say(&minus);
    assert_true(dsgd_log(1.0) == 0.0 && dsgd_log1p(0.0) == 0.0 && signbit(dsgd_log1p(-0.0)) && dsgd_log1p(1e-300) == 1e-300);
    assert_true(dsgd_log(0.0) == -HUGE_VAL && dsgd_log(-0.0) == -HUGE_VAL && dsgd_log1p(-1.0) == -HUGE_VAL);
    assert_true(isnan(dsgd_log(-1.0)) && isnan(dsgd_log((double)NAN)) && isnan(dsgd_log1p(-1.5)) && isnan(dsgd_log1p((double)NAN)));
    assert_true(dsgd_log(HUGE_VAL) == HUGE_VAL && dsgd_log1p(HUGE_VAL) == HUGE_VAL && isnan(dsgd_log(-HUGE_VAL)));
}

static void powers(void **state)
{
    struct worst any = {.name = "pow"}, kappa = {.name = "pow, 0 < y < 1"}, far = {.name = "pow, large y"};
    (void)state;
    for (uint32_t i = 0; i < POINTS; ++i) {
        const double x = spread(7, i, -1073, 1023), limit = 700.0 / fabs(log(x)), y = uniform(8, i, -limit, limit);
        const double base = spread(9, i, 0, 40), position = uniform(10, i, 0.0, 1.0);
        const double one = 1.0 + (i % 2 ? 1 : -1) * spread(11, i, -45, -2), many = uniform(12, i, -600.0, 600.0) / fabs(log(one));
        compare(&any, dsgd_pow(x, y), powl((long double)x, (long double)y), x, y, 53, -1074);
        compare(&kappa, dsgd_pow(base, position), powl((long double)base, (long double)position), base, position, 53, -1074);
        compare(&far, dsgd_pow(one, many), powl((long double)one, (long double)many), one, many, 53, -1074);
    }
    say(&any), say(&kappa), say(&far);
    assert_true(dsgd_pow(0.0, 3.0) == 0.0 && dsgd_pow(0.0, 0.0) == 1.0 && dsgd_pow(0.0, -1.0) == HUGE_VAL && dsgd_pow(5.0, 0.0) == 1.0);
    assert_true(dsgd_pow(2.0, 10.0) == 1024.0 && dsgd_pow(2.0, -1074.0) == 0x1p-1074 && dsgd_pow(10.0, 400.0) == HUGE_VAL && dsgd_pow(10.0, -400.0) == 0.0);
    assert_true(isnan(dsgd_pow(-2.0, 2.0)) && isnan(dsgd_pow((double)NAN, 1.0)) && isnan(dsgd_pow(2.0, (double)NAN)));
    for (int j = 0; j <= 15; ++j) { /* the grid of logged steps */
        long long ten = 1;
        for (int e = 0; e < j; ++e) { ten *= 10; }
        assert_int_equal(llround(dsgd_pow(10.0, (double)j)), ten);
    }
}

static void angles(void **state)
{
    struct worst sines = {.name = "sin 2 pi u"}, cosines = {.name = "cos 2 pi u"};
    const long double pi = acosl(-1.0L);
    double s, c;
    (void)state;
    for (uint32_t i = 0; i < POINTS; ++i) {
        const double u = i % 4 == 0 ? spread(13, i, -60, -3) : uniform(14, i, -1.0, 1.0);
        /* the reference reduces without error too: quarter turns q, and the rest r */
        const long double quarters = rintl(4.0L * (long double)u), r = 2.0L * pi * ((long double)u - quarters / 4.0L);
        const int q = (int)quarters & 3;
        const long double sine = q == 0 ? sinl(r) : q == 1 ? cosl(r) : q == 2 ? -sinl(r) : -cosl(r);
        const long double cosine = q == 0 ? cosl(r) : q == 1 ? -sinl(r) : q == 2 ? -cosl(r) : sinl(r);
        dsgd_sincos_turns(u, &s, &c);
        compare(&sines, s, sine, u, 0.0, 53, -1074);
        compare(&cosines, c, cosine, u, 0.0, 53, -1074);
    }
    say(&sines), say(&cosines);
    for (int q = -8; q <= 8; ++q) { /* quarter turns are exact */
        dsgd_sincos_turns(0.25 * q, &s, &c);
        const int j = (q + 8) % 4;
        assert_true(s == (j == 1) - (j == 3) && c == (j == 0) - (j == 2));
    }
}

static void loops_give_what_calls_give(void **state)
{
    enum { N = 1000 };
    static double x[N], y[N];
    static float u[N], w[N];
    double (*volatile call)(double) = dsgd_exp;
    float (*volatile callf)(float) = dsgd_expf;
    (void)state;
    for (uint32_t i = 0; i < N; ++i) { x[i] = uniform(15, i, -800.0, 800.0), u[i] = (float)uniform(16, i, -120.0, 120.0); }
    for (size_t i = 0; i < N; ++i) { y[i] = dsgd_exp(x[i]); }
    for (size_t i = 0; i < N; ++i) { w[i] = dsgd_expf(u[i]); }
    for (size_t i = 0; i < N; ++i) {
        const double one = call(x[i]);
        const float onef = callf(u[i]);
        assert_memory_equal(&one, &y[i], sizeof one);
        assert_memory_equal(&onef, &w[i], sizeof onef);
    }
}

/* Mean, variance and fourth moment of n normals deviate by sqrt(1/n), sqrt(2/n), sqrt(96/n) in the mean; six of these are allowed. */
static void normal_numbers(void **state)
{
    double sum = 0.0, squares = 0.0, fourths = 0.0, both = 0.0, z[2];
    const double n = 2.0 * POINTS;
    (void)state;
    for (uint32_t i = 0; i < POINTS; ++i) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, i, 17, 0, 0);
        dsgd_normal_pair(&words, z);
        for (int j = 0; j < 2; ++j) {
            sum += z[j];
            squares += z[j] * z[j];
            fourths += z[j] * z[j] * z[j] * z[j];
        }
        both += z[0] * z[1];
    }
    assert_true(fabs(sum / n) < 6.0 * sqrt(1.0 / n));
    assert_true(fabs(squares / n - 1.0) < 6.0 * sqrt(2.0 / n));
    assert_true(fabs(fourths / n - 3.0) < 6.0 * sqrt(96.0 / n));
    assert_true(fabs(both / POINTS) < 6.0 * sqrt(1.0 / POINTS)); /* the two of a pair are independent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(exponentials), cmocka_unit_test(logarithms),
                                       cmocka_unit_test(powers),       cmocka_unit_test(angles),
                                       cmocka_unit_test(loops_give_what_calls_give), cmocka_unit_test(normal_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
