/* test_ternary.c - TernGrad's planes and packed levels: exhaustive where small, means within four standard errors. */
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>
#include "sim/codec/ternary.h"
#include "sim/cpu/ternary.h"

static const struct dsgd_rng_key key = {9, 4711};

/* ---- planes ---- */

static int plane_bit(const uint8_t *plane, size_t i)
{
    return plane[i / 8] >> i % 8 & 1;
}

static void accumulate_all_patterns_equal_definition(void **unused)
{
    (void)unused;
    for (size_t d = 1; d <= 8; ++d) {
        for (unsigned nonzero = 0; nonzero < 256; ++nonzero) {
            for (unsigned negative = 0; negative < 256; ++negative) {
                const uint8_t n = (uint8_t)nonzero, s = (uint8_t)negative;
                const int valid = (negative & ~nonzero) == 0 && nonzero >> d == 0;
                int32_t sum[9];
                for (int i = 0; i < 9; ++i) { sum[i] = 100 * i; }
                assert_int_equal(ternary_accumulate(d, &n, &s, sum), valid ? DSGD_OK : DSGD_EMESSAGE);
                for (size_t i = 0; i < 9; ++i) {
                    const int t = valid && i < d && plane_bit(&n, i) ? (plane_bit(&s, i) ? -1 : 1) : 0;
                    assert_int_equal(sum[i], 100 * (int)i + t);
                }
            }
        }
    }
}

static void accumulate_malformed_in_any_byte_is_refused(void **unused)
{
    (void)unused;
    enum { D = 77, BYTES = 10 };
    for (size_t bit = 0; bit < 80; ++bit) {
        uint8_t nonzero[BYTES] = {0}, negative[BYTES] = {0};
        int32_t sum[D] = {0};
        negative[bit / 8] = (uint8_t)(1u << bit % 8);
        assert_int_equal(ternary_accumulate(D, nonzero, negative, sum), DSGD_EMESSAGE);
        nonzero[bit / 8] = negative[bit / 8];
        assert_int_equal(ternary_accumulate(D, nonzero, negative, sum), bit < D ? DSGD_OK : DSGD_EMESSAGE);
        for (size_t i = 0; i < D; ++i) { assert_int_equal(sum[i], i == bit ? -1 : 0); }
    }
}

/* The definition in the header, one coordinate at a time. Long double, so that the product is not the code under test;
 * scale 1 makes the quotient exact in both. */
static int naive_code(float g, float scale, size_t i, uint32_t step, uint32_t worker)
{
    const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(i / 4), step, worker, 0);
    const long double threshold = floorl((long double)fabsf(g) / (long double)scale * 0x1p32L);
    const int hit = fabsf(g) >= scale || (long double)words.word[i % 4] < threshold;
    return hit ? (g < 0.0f ? -1 : 1) : 0;
}

static void encode_all_lengths_equal_definition(void **unused)
{
    (void)unused;
    enum { D = 600 };
    float g[D];
    for (size_t i = 0; i < D; ++i) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)i, 1, 2, 3);
        g[i] = (float)(dsgd_rng_unit(dsgd_rng_u64(&words, 0)) * 2.0 - 1.0);
    }
    g[0] = 1.0f; /* the scale, always sent */
    g[3] = -1.0f;
    g[5] = 0.0f; /* never sent */
    for (size_t d = 0; d <= D; d += d < 70 ? 1 : 53) {
        const size_t bytes = ternary_plane_bytes(d);
        assert_int_equal(bytes, (d + 7) / 8);
        uint8_t nonzero[D / 8 + 1], negative[D / 8 + 1];
        int32_t sum[D] = {0};
        memset(nonzero, 0xff, sizeof nonzero); /* planes are overwritten, and nothing past them */
        memset(negative, 0xff, sizeof negative);
        ternary_encode(d, g, 1.0f, key, 7, 2, nonzero, negative);
        assert_int_equal(nonzero[bytes], 0xff);
        assert_int_equal(negative[bytes], 0xff);
        assert_int_equal(ternary_accumulate(d, nonzero, negative, sum), DSGD_OK); /* no stray bits */
        for (size_t i = 0; i < d; ++i) { assert_int_equal(sum[i], naive_code(g[i], 1.0f, i, 7, 2)); }
    }
}

static void encode_extreme_input_follows_the_rule(void **unused)
{
    (void)unused;
    const float g[9] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-45f, 3e38f, -2.0f, 2.0f};
    const int at_two[9] = {0, 1, -1, 0, 0, 0, 1, -1, 1};
    uint8_t nonzero[2], negative[2];
    int32_t sum[9] = {0};
    ternary_encode(9, g, 2.0f, key, 0, 0, nonzero, negative);
    assert_int_equal(ternary_accumulate(9, nonzero, negative, sum), DSGD_OK);
    for (int i = 0; i < 9; ++i) { assert_int_equal(sum[i], at_two[i]); }
    const float nothing[] = {0.0f, NAN, INFINITY};
    for (int s = 0; s < 3; ++s) {
        ternary_encode(9, g, nothing[s], key, 0, 0, nonzero, negative);
        assert_true(nonzero[0] == 0 && nonzero[1] == 0 && negative[0] == 0 && negative[1] == 0);
    }
}

/* Mean of s t_i over fresh draws against g_i for several magnitudes; `factor` plants a bias. */
static int encode_looks_unbiased(float factor)
{
    enum { D = 12, DRAWS = 120000 };
    static const float g[D] = {1.0f, -1.0f, 0.5f, -0.5f, 0.25f, -0.25f, 0.75f, -0.75f, 0.9f, -0.3f, 0.6f, 0.0f};
    const float scale = 3.0f; /* times g: the maximum of the vector is the scale */
    float scaled[D];
    struct check_mean mean[D];
    memset(mean, 0, sizeof mean);
    for (int i = 0; i < D; ++i) { scaled[i] = scale * g[i] * factor; }
    for (uint32_t step = 0; step < DRAWS; ++step) {
        uint8_t nonzero[2], negative[2];
        int32_t t[D] = {0};
        ternary_encode(D, scaled, scale, key, step, step % 5, nonzero, negative);
        if (ternary_accumulate(D, nonzero, negative, t) != DSGD_OK) { return 0; }
        for (int i = 0; i < D; ++i) { check_mean_add(&mean[i], (double)scale * t[i]); }
    }
    int fine = 1;
    for (int i = 0; i < D; ++i) {
        const double expected = (double)scale * (double)g[i];
        fine &= check_mean_is(&mean[i], expected);
        if (expected != 0.0) { /* a wider error would show nothing */
            assert_true(check_mean_error(&mean[i]) < 0.01 * fabs(expected));
        }
    }
    return fine;
}

static void encode_mean_is_the_vector(void **unused)
{
    (void)unused;
    assert_true(encode_looks_unbiased(1.0f));
}

static void encode_planted_bias_is_detected(void **unused)
{
    (void)unused;
    assert_false(encode_looks_unbiased(0.95f));
}

/* ---- levels ---- */

static void levels_bits_are_the_rounded_logarithm(void **unused)
{
    (void)unused;
    for (uint32_t m = 1; m <= 300; ++m) {
        unsigned bits = 0;
        for (uint32_t rest = 2 * m; rest > 0; rest >>= 1) { ++bits; } /* the largest code is 2m */
        assert_int_equal(levels_bits(m), bits);
    }
    assert_int_equal(levels_bits(INT32_MAX), 32);
    assert_int_equal(levels_bytes(785, 4), (785 * 4 + 7) / 8);
    assert_int_equal(levels_bytes(0, 4), 0);
}

static void levels_round_trip_is_exact(void **unused)
{
    (void)unused;
    enum { D = 1300 };
    for (uint32_t m = 1; m <= 300; ++m) {
        for (size_t d = 0; d <= D; d += d < 20 ? 1 : 640) {
            int32_t level[D];
            float out[D];
            uint8_t bytes[D * 2 + 1];
            for (size_t i = 0; i < d; ++i) { level[i] = (int32_t)((i * 7 + d) % (2 * m + 1)) - (int32_t)m; }
            const size_t size = levels_bytes(d, m);
            memset(bytes, 0xcd, sizeof bytes);
            levels_pack(d, level, m, bytes);
            assert_int_equal(bytes[size], 0xcd);
            assert_int_equal(levels_unpack(d, bytes, m, 0.5f, out), DSGD_OK);
            for (size_t i = 0; i < d; ++i) { assert_true(out[i] == 0.5f * (float)level[i]); }
        }
    }
}

static void levels_layout_is_little_endian_without_gaps(void **unused)
{
    (void)unused;
    static const int32_t level[] = {-1, 0, 1, 1, 0}; /* codes 0 1 2 2 1, two bits each: 00 01 10 10 01 from the right */
    static const int32_t wide[] = {INT32_MAX, -INT32_MAX, 0};
    uint8_t bytes[12];
    levels_pack(5, level, 1, bytes);
    assert_int_equal(bytes[0], 0xa4);
    assert_int_equal(bytes[1], 0x01);
    static const uint8_t expected[12] = {0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f};
    levels_pack(3, wide, INT32_MAX, bytes);
    assert_memory_equal(bytes, expected, sizeof expected);
    float out[3];
    assert_int_equal(levels_unpack(3, bytes, INT32_MAX, 1.0f, out), DSGD_OK);
    assert_true(out[0] == 0x1p31f && out[1] == -0x1p31f && out[2] == 0.0f);
}

static void levels_malformed_is_refused(void **unused)
{
    (void)unused;
    float out[8];
    for (uint32_t m = 1; m <= 300; ++m) {
        const unsigned bits = levels_bits(m);
        for (size_t d = 1; d <= 8; ++d) { /* each bit pattern of the last code, and each padding bit */
            const size_t size = levels_bytes(d, m);
            for (uint32_t code = 0; code < UINT32_C(1) << bits; ++code) {
                uint8_t bytes[10] = {0};
                for (unsigned b = 0; b < bits; ++b) {
                    const size_t at = (d - 1) * bits + b;
                    bytes[at / 8] |= (uint8_t)((code >> b & 1) << at % 8);
                }
                assert_int_equal(levels_unpack(d, bytes, m, 1.0f, out), code <= 2 * m ? DSGD_OK : DSGD_EMESSAGE);
            }
            for (size_t at = d * bits; at < size * 8; ++at) {
                uint8_t bytes[10] = {0};
                bytes[at / 8] = (uint8_t)(1u << at % 8);
                assert_int_equal(levels_unpack(d, bytes, m, 1.0f, out), DSGD_EMESSAGE);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accumulate_all_patterns_equal_definition),
        cmocka_unit_test(accumulate_malformed_in_any_byte_is_refused),
        cmocka_unit_test(encode_all_lengths_equal_definition),
        cmocka_unit_test(encode_extreme_input_follows_the_rule),
        cmocka_unit_test(encode_mean_is_the_vector),
        cmocka_unit_test(encode_planted_bias_is_detected),
        cmocka_unit_test(levels_bits_are_the_rounded_logarithm),
        cmocka_unit_test(levels_round_trip_is_exact),
        cmocka_unit_test(levels_layout_is_little_endian_without_gaps),
        cmocka_unit_test(levels_malformed_is_refused),
    };
    return cmocka_run_group_tests_name("ternary", tests, NULL, NULL);
}
