/* maths.h - exp, log, log1p, pow, sine and cosine with the same bits everywhere.
 *
 * C's library picks its variants by processor, and they differ in the last bit; no result may depend on that. These are polynomials in
 * +, *, one division where a logarithm wants it, and integer arithmetic on exponents. Errors below are against the exact value, in units
 * of the last place (ulp): none larger was found in millions of points, and tests/test_maths.c fails above 1.
 *
 * Methods: argument reduction with a constant in two parts (Cody, Waite 1980, "Software manual for the elementary functions"); series of
 * atanh for logarithms, Taylor's series elsewhere (the reduced arguments are small, so the coefficients are plain fractions); exact sums
 * and products of two doubles as two doubles (Knuth, TAOCP 2, 4.2.2; Dekker 1971) where one double is too short. No tables: loops of
 * exponentials vectorise.
 */
#ifndef DSGD_SIM_KERNEL_MATHS_H
#define DSGD_SIM_KERNEL_MATHS_H

#include "sim/kernel/hd.h"

#define DSGD_MATHS_INFINITY (dsgd_double_of(UINT64_C(0x7ff0000000000000)))
#define DSGD_MATHS_NAN (dsgd_double_of(UINT64_C(0x7ff8000000000000)))

/* ln 2 in two parts: the first has 32 zeros at its end, so that its products with exponents are exact. */
#define DSGD_LN2_HIGH 0x1.62e42feep-1
#define DSGD_LN2_LOW 0x1.a39ef35793c76p-33

/* ---- two doubles for one number: value = high + low, |low| <= half an ulp of high ---- */

struct dsgd_pair { double high, low; };

/** a + b exactly. */
DSGD_HD struct dsgd_pair dsgd_exact_sum(double a, double b)
{
    const double sum = a + b, part = sum - a;
    struct dsgd_pair out;
    out.high = sum;
    out.low = (a - (sum - part)) + (b - part);
    return out;
}

/** a b exactly, for products that neither overflow nor vanish. */
DSGD_HD struct dsgd_pair dsgd_exact_product(double a, double b)
{
    const double ca = 134217729.0 * a, cb = 134217729.0 * b; /* 2^27 + 1 cuts a double in halves of 26 bits */
    const double ah = ca - (ca - a), al = a - ah, bh = cb - (cb - b), bl = b - bh;
    struct dsgd_pair out;
    out.high = a * b;
    out.low = ((ah * bh - out.high) + ah * bl + al * bh) + al * bl;
    return out;
}

DSGD_HD struct dsgd_pair dsgd_pair_sum(struct dsgd_pair a, struct dsgd_pair b)
{
    const struct dsgd_pair sum = dsgd_exact_sum(a.high, b.high);
    return dsgd_exact_sum(sum.high, sum.low + (a.low + b.low));
}

DSGD_HD struct dsgd_pair dsgd_pair_product(struct dsgd_pair a, struct dsgd_pair b)
{
    const struct dsgd_pair product = dsgd_exact_product(a.high, b.high);
    return dsgd_exact_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

/* ---- exponentials ---- */

/** exp(x + low) for a small `low`: x = k ln 2 + r with |r| <= 0.35, e^r by Taylor's series, 2^k in two factors so that results below the
 *  normal numbers are rounded once. */
DSGD_HD double dsgd_exp_sum(double x, double low)
{
    const double magic = 0x1.8p52; /* adding it rounds to an integer, which stands in the last bits */
    const double bounded = x > 710.0 ? 710.0 : (x < -746.0 ? -746.0 : x);
    const double shifted = bounded * 0x1.71547652b82fep0 + magic, k = shifted - magic;
    const double high = bounded - k * DSGD_LN2_HIGH, rest = k * DSGD_LN2_LOW - low, r = high - rest;
    double sum = 1.0 / 6227020800.0;
    sum = sum * r + 1.0 / 479001600.0;
    sum = sum * r + 1.0 / 39916800.0;
    sum = sum * r + 1.0 / 3628800.0;
    sum = sum * r + 1.0 / 362880.0;
    sum = sum * r + 1.0 / 40320.0;
    sum = sum * r + 1.0 / 5040.0;
    sum = sum * r + 1.0 / 720.0;
    sum = sum * r + 1.0 / 120.0;
    sum = sum * r + 1.0 / 24.0;
    sum = sum * r + 1.0 / 6.0;
    sum = sum * r + 0.5;
    const double value = 1.0 + (high - (rest - r * r * sum));
    const uint64_t exponent = dsgd_bits64(shifted) - dsgd_bits64(magic) + 2048, half = exponent >> 1; /* k + 2048 > 0; rubbish for a NaN */
    const double first = dsgd_double_of((half - 1) << 52), second = dsgd_double_of((exponent - half - 1) << 52); /* 1023 - 1024 = -1 */
    return value * first * second;
}

/** e^x: 0 from -745.2 down, infinity from 709.8 up, NaN for NaN. Error below 0.9 ulp. */
DSGD_HD double dsgd_exp(double x)
{
    return dsgd_exp_sum(x, 0.0);
}

/** e^x of a float. Error below 0.94 ulp of a float, of all floats; the same method with fewer terms. */
DSGD_HD float dsgd_expf(float x)
{
    const float magic = 0x1.8p23f;
    const float bounded = x > 89.0f ? 89.0f : (x < -104.0f ? -104.0f : x);
    const float shifted = bounded * 0x1.715476p0f + magic, k = shifted - magic;
    const float high = bounded - k * 0x1.62e4p-1f, rest = k * 0x1.7f7d1cp-20f, r = high - rest; /* ln 2 in two parts of floats */
    float sum = 1.0f / 5040.0f;
    sum = sum * r + 1.0f / 720.0f;
    sum = sum * r + 1.0f / 120.0f;
    sum = sum * r + 1.0f / 24.0f;
    sum = sum * r + 1.0f / 6.0f;
    sum = sum * r + 0.5f;
    const float value = 1.0f + (high - (rest - r * r * sum));
    const uint32_t exponent = dsgd_bits32(shifted) - dsgd_bits32(magic) + 256, half = exponent >> 1;
    return value * dsgd_float_of((half - 1) << 23) * dsgd_float_of((exponent - half - 1) << 23); /* 127 - 128 = -1 */
}

/* ---- logarithms ---- */

/** x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), for a positive, finite, normal x. */
DSGD_HD double dsgd_log_parts(double x, double *f)
{
    const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd), one = UINT64_C(0x3ff0000000000000);
    const uint64_t bits = dsgd_bits64(x) + (one - root_half), mantissa = (bits & UINT64_C(0x000fffffffffffff)) + root_half;
    *f = dsgd_double_of(mantissa) - 1.0; /* exact */
    return (double)((int32_t)(bits >> 52) - 1023);
}

/** log(1 + f) - (f - f^2/2), with s = f/(2 + f): the series of 2 atanh(s) = log(1 + f). */
DSGD_HD double dsgd_log_tail(double f, double half_square)
{
    const double s = f / (2.0 + f), z = s * s;
    double sum = 2.0 / 23.0;
    sum = sum * z + 2.0 / 21.0;
    sum = sum * z + 2.0 / 19.0;
    sum = sum * z + 2.0 / 17.0;
    sum = sum * z + 2.0 / 15.0;
    sum = sum * z + 2.0 / 13.0;
    sum = sum * z + 2.0 / 11.0;
    sum = sum * z + 2.0 / 9.0;
    sum = sum * z + 2.0 / 7.0;
    sum = sum * z + 2.0 / 5.0;
    sum = sum * z + 2.0 / 3.0;
    return s * (half_square + z * sum);
}

/** log x: -infinity at 0, NaN below. Error below 0.9 ulp. */
DSGD_HD double dsgd_log(double x)
{
    double f, k = 0.0;
    if (!(x > 0.0) || x == DSGD_MATHS_INFINITY) { return x == 0.0 ? -DSGD_MATHS_INFINITY : (x > 0.0 ? x : DSGD_MATHS_NAN); }
    if (x < 0x1p-1022) { /* not normal */
        x *= 0x1p54;
        k = -54.0;
    }
    k += dsgd_log_parts(x, &f);
    const double half_square = 0.5 * f * f;
    return k * DSGD_LN2_HIGH + (f - (half_square - (dsgd_log_tail(f, half_square) + k * DSGD_LN2_LOW)));
}

/** log10 x, within 2 ulp. */
DSGD_HD double dsgd_log10(double x)
{
    return dsgd_log(x) * 0x1.bcb7b1526e50ep-2;
}

/** log(1 + x): -infinity at -1, NaN below. Error below 0.9 ulp. */
DSGD_HD double dsgd_log1p(double x)
{
    double f = x, k = 0.0, lost = 0.0;
    if (!(x > -1.0) || x == DSGD_MATHS_INFINITY) { return x == -1.0 ? -DSGD_MATHS_INFINITY : (x > 0.0 ? x : DSGD_MATHS_NAN); }
    if (dsgd_magnitude64(x) < 0x1p-53) { return x; }
    if (x < -0.2928 || x > 0.4142) {
        const struct dsgd_pair one_more = dsgd_exact_sum(1.0, x);
        k = dsgd_log_parts(one_more.high, &f);
        lost = one_more.low / one_more.high; /* what rounding 1 + x took */
    }
    const double half_square = 0.5 * f * f;
    return k * DSGD_LN2_HIGH + (f - (half_square - (dsgd_log_tail(f, half_square) + (k * DSGD_LN2_LOW + lost))));
}

/** log x with about 100 bits, x > 0 and normal: 2 atanh(s), the first two terms of the series as pairs. */
DSGD_HD struct dsgd_pair dsgd_log_pair(double x)
{
    double f;
    const double k = dsgd_log_parts(x, &f);
    const struct dsgd_pair divisor = dsgd_exact_sum(2.0, f);
    struct dsgd_pair s, third, ln2, out;
    s.high = f / divisor.high;
    const struct dsgd_pair back = dsgd_exact_product(s.high, divisor.high);
    s.low = (((f - back.high) - back.low) - s.high * divisor.low) / divisor.high;
    const struct dsgd_pair z = dsgd_pair_product(s, s);
    double sum = 2.0 / 25.0;
    sum = sum * z.high + 2.0 / 23.0;
    sum = sum * z.high + 2.0 / 21.0;
    sum = sum * z.high + 2.0 / 19.0;
    sum = sum * z.high + 2.0 / 17.0;
    sum = sum * z.high + 2.0 / 15.0;
    sum = sum * z.high + 2.0 / 13.0;
    sum = sum * z.high + 2.0 / 11.0;
    sum = sum * z.high + 2.0 / 9.0;
    sum = sum * z.high + 2.0 / 7.0;
    sum = sum * z.high + 2.0 / 5.0;
    third.high = 2.0 / 3.0; /* rounded down: the pair holds what is left, 2^-54 (2/3) */
    third.low = 0x1.5555555555555p-55;
    const struct dsgd_pair terms = dsgd_pair_sum(third, dsgd_exact_product(z.high, sum));
    const struct dsgd_pair cubic = dsgd_pair_product(dsgd_pair_product(s, z), terms);
    s.high *= 2.0;
    s.low *= 2.0;
    ln2.high = k * DSGD_LN2_HIGH;
    ln2.low = k * DSGD_LN2_LOW;
    out = dsgd_pair_sum(s, cubic);
    return dsgd_pair_sum(dsgd_exact_sum(ln2.high, ln2.low), out);
}

/** x^y for x >= 0 and finite arguments; NaN elsewhere. x^0 = 1, 0^y = 0 for y > 0. Error below 1 ulp. */
DSGD_HD double dsgd_pow(double x, double y)
{
    if (y == 0.0 || x == 1.0) { return 1.0; }
    if (x == 0.0) { return y > 0.0 ? 0.0 : DSGD_MATHS_INFINITY; }
    if (!(x > 0.0 && x < DSGD_MATHS_INFINITY) || !(dsgd_magnitude64(y) < 0x1p60)) { return DSGD_MATHS_NAN; }
    const double scaled = x < 0x1p-1022 ? x * 0x1p54 : x;
    struct dsgd_pair shift, log = dsgd_log_pair(scaled);
    shift.high = -54.0 * DSGD_LN2_HIGH;
    shift.low = -54.0 * DSGD_LN2_LOW;
    if (x < 0x1p-1022) { log = dsgd_pair_sum(log, shift); }
    const double estimate = y * log.high;
    if (estimate > 710.0 || estimate < -746.0) { return estimate > 0.0 ? DSGD_MATHS_INFINITY : 0.0; }
    const struct dsgd_pair product = dsgd_exact_product(y, log.high);
    return dsgd_exp_sum(product.high, product.low + y * log.low);
}

/* ---- circular functions ---- */

/** Sine and cosine of 2 pi u for |u| < 2^50: an angle in turns is reduced without error. Errors below 0.9 ulp. */
DSGD_HD void dsgd_sincos_turns(double u, double *sine, double *cosine)
{
    const double magic = 0x1.8p52, shifted = 4.0 * u + magic, quarters = shifted - magic, r = u - 0.25 * quarters; /* |r| <= 1/8, exact */
    const double two_pi = 0x1.921fb54442d18p+2, two_pi_low = 0x1.1a62633145c07p-52;
    const struct dsgd_pair product = dsgd_exact_product(r, two_pi);
    const double t = product.high, low = product.low + r * two_pi_low, z = t * t;
    double s = 1.0 / 355687428096000.0;
    s = s * z - 1.0 / 1307674368000.0;
    s = s * z + 1.0 / 6227020800.0;
    s = s * z - 1.0 / 39916800.0;
    s = s * z + 1.0 / 362880.0;
    s = s * z - 1.0 / 5040.0;
    s = s * z + 1.0 / 120.0;
    s = s * z - 1.0 / 6.0;
    s = t + (t * z * s + low * (1.0 - 0.5 * z));
    double c = 1.0 / 20922789888000.0;
    c = c * z - 1.0 / 87178291200.0;
    c = c * z + 1.0 / 479001600.0;
    c = c * z - 1.0 / 3628800.0;
    c = c * z + 1.0 / 40320.0;
    c = c * z - 1.0 / 720.0;
    c = c * z + 1.0 / 24.0;
    const double half = 0.5 * z, whole = 1.0 - half; /* what 1 - half loses comes back */
    c = whole + (((1.0 - whole) - half) + (z * z * c - t * low));
    const uint64_t quadrant = dsgd_bits64(shifted) & 3;
    const double a = quadrant & 1 ? c : s, b = quadrant & 1 ? s : c;
    *sine = quadrant & 2 ? -a : a;
    *cosine = (quadrant + 1) & 2 ? -b : b;
}

#endif
