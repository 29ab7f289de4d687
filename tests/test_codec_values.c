/* test_codec_values.c - values of 16 and 32 bits and signs: all patterns of 16 bits both ways, rounding against a search among
 * all halves in double precision, signs exhaustively.
 */
#include "tests/check.h"

#include "tests/codec_case.h"

enum { PATTERNS = 1 << 16 };

/* Definition of the formats, sections 3.3 and 3.4 of IEEE 754-2008, with `e` bits of exponent and 15 - e of fraction. */
static double meaning(uint16_t bits, int e)
{
    const int f = 15 - e, bias = (1 << (e - 1)) - 1, exponent = (bits & 0x7fff) >> f, fraction = bits & ((1 << f) - 1);
    double value = ldexp(fraction, 1 - bias - f);
    if (exponent > 0) { value = ldexp((1 << f) + fraction, exponent - bias - f); }
    if (exponent == (1 << e) - 1) { value = fraction > 0 ? (double)NAN : (double)INFINITY; }
    return bits >> 15 ? -value : value;
}

static int exponent_bits(enum codec_values as)
{
    return as == CODEC_FP16 ? 5 : 8;
}

static uint16_t encoded(enum codec_values as, float value)
{
    struct codec_message message = {.sections = 0};
    codec_arena_init(&message.arena, &codec_heap);
    assert_int_equal(codec_add_values(&message, DSGD_VALUE, as, 1, &value), DSGD_OK);
    assert_int_equal(message.section[0].bytes, 2);
    uint16_t bits;
    memcpy(&bits, message.section[0].data, sizeof bits);
    codec_arena_destroy(&message.arena);
    return bits;
}

/* The non-negative finite pattern whose meaning is nearest, ties to the even pattern; the pattern of infinity stands for
 * the number that would follow the largest finite one. Search by halving, exact in double precision. */
static uint16_t nearest(enum codec_values as, float value)
{
    const int e = exponent_bits(as), top = ((1 << e) - 1) << (15 - e);
    const double magnitude = fabs((double)value), beyond = ldexp(1.0, 1 << (e - 1));
    int low = 0, high = top; /* low <= magnitude < high */
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    if (magnitude >= beyond) { return (uint16_t)(sign | top); }
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (meaning((uint16_t)middle, e) <= magnitude) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const double above = high == top ? beyond : meaning((uint16_t)high, e);
    const double down = magnitude - meaning((uint16_t)low, e), up = above - magnitude;
    const int pick = down < up ? low : up < down ? high : low % 2 == 0 ? low : high;
    return (uint16_t)(sign | pick);
}

static void all_patterns_mean_what_the_standard_says_and_come_back(void **unused)
{
    (void)unused;
    static uint16_t bits[PATTERNS];
    for (enum codec_values as = CODEC_FP16; as <= CODEC_BF16; ++as) {
        const int e = exponent_bits(as);
        size_t n = 0;
        for (uint32_t p = 0; p < PATTERNS; ++p) {
            const uint32_t quiet = UINT32_C(1) << (14 - e);
            const int nan = isnan(meaning((uint16_t)p, e)) != 0;
            if (!nan || (p & quiet) != 0) {
                bits[n++] = (uint16_t)p;
                continue;
            }
            const struct codec_case one = {.what = CASE_VALUES, .as = (int)as, .n = 1};
            const uint16_t signalling = (uint16_t)p;
            assert_int_equal(codec_case_bytes(&one, (const uint8_t *)&signalling, 2), VERDICT_REFUSED);
        }
        struct codec_message message = {.sections = 1}, again = {.sections = 0};
        struct codec_arena scratch;
        codec_arena_init(&scratch, &codec_heap);
        codec_arena_init(&again.arena, &codec_heap);
        const struct codec_case all = {.what = CASE_VALUES, .as = (int)as, .n = n};
        message.section[0] = codec_case_section(&all);
        message.section[0].bytes = 2 * n;
        message.section[0].data = bits;
        const float *value = NULL;
        assert_int_equal(codec_get_values(&message, 0, DSGD_VALUE, as, n, &scratch, &value), DSGD_OK);
        for (size_t i = 0; i < n; ++i) {
            const double expected = meaning(bits[i], e);
            assert_true(isnan(expected) ? isnan(value[i]) : (double)value[i] == expected);
            assert_int_equal(signbit(value[i]) != 0, bits[i] >> 15);
            if (!isnan(expected)) { assert_int_equal(nearest(as, value[i]), bits[i]); } /* the reference agrees with itself */
        }
        assert_int_equal(codec_add_values(&again, DSGD_VALUE, as, n, value), DSGD_OK);
        assert_memory_equal(again.section[0].data, bits, 2 * n);
        codec_arena_destroy(&scratch);
        codec_arena_destroy(&again.arena);
    }
}

static void rounding_is_to_nearest_even(void **unused)
{
    (void)unused;
    static float value[3 * PATTERNS];
    for (enum codec_values as = CODEC_FP16; as <= CODEC_BF16; ++as) {
        const int e = exponent_bits(as), top = ((1 << e) - 1) << (15 - e);
        size_t n = 0;
        for (int p = 0; p < top; ++p) { /* each number, the middle to the next, and their neighbours in single precision */
            const double here = meaning((uint16_t)p, e);
            const double after = p + 1 == top ? ldexp(1.0, 1 << (e - 1)) : meaning((uint16_t)(p + 1), e);
            const float middle = (float)(here / 2.0 + after / 2.0);
            assert_true((double)middle == here / 2.0 + after / 2.0);
            const float sign = p % 2 ? -1.0f : 1.0f;
            value[n++] = sign * nextafterf((float)here, INFINITY);
            value[n++] = sign * nextafterf(middle, 0.0f);
            value[n++] = sign * middle;
            value[n++] = sign * nextafterf(middle, INFINITY);
            value[n++] = -sign * middle;
        }
        const float others[] = {0.0f, -0.0f, 3.4e38f, -3.4e38f, INFINITY, -INFINITY, 1e-45f, 65519.99f, 65520.0f, 65536.0f, 1e-8f};
        for (size_t i = 0; i < sizeof others / sizeof *others; ++i) { value[n++] = others[i]; }
        struct codec_message message = {.sections = 0};
        codec_arena_init(&message.arena, &codec_heap);
        assert_int_equal(codec_add_values(&message, DSGD_VALUE, as, n, value), DSGD_OK);
        const uint16_t *bits = message.section[0].data;
        for (size_t i = 0; i < n; ++i) {
            if (bits[i] != nearest(as, value[i])) {
                print_error("%a became 0x%04x, expected 0x%04x\n", (double)value[i], bits[i], nearest(as, value[i]));
                fail();
            }
        }
        codec_round_values(as, n, value);
        for (size_t i = 0; i < n; ++i) { assert_true((double)value[i] == meaning(bits[i], e)); }
        codec_arena_destroy(&message.arena);
    }
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void every_nan_stays_a_quiet_nan(void **unused)
{
    (void)unused;
    for (uint32_t payload = 1; payload < UINT32_C(1) << 23; payload += payload < 40000 ? 1 : 9973) {
        for (uint32_t sign = 0; sign < 2; ++sign) {
            const float value = float_of(sign << 31 | UINT32_C(0x7f800000) | payload);
            assert_int_equal(encoded(CODEC_FP16, value), sign << 15 | 0x7e00 | payload >> 13);
            assert_int_equal(encoded(CODEC_BF16, value), sign << 15 | 0x7fc0 | payload >> 16);
        }
    }
}

static void values_of_32_bits_travel_unchanged(void **unused)
{
    (void)unused;
    const struct codec_case c = {.what = CASE_VALUES, .as = CODEC_FP32, .n = 3};
    const uint8_t bytes[12] = {1, 0, 0x80, 0x7f, 255, 255, 255, 255, 0, 0, 0, 0x80}; /* a signalling NaN among them */
    assert_int_equal(codec_case_bytes(&c, bytes, 12), VERDICT_SAME);
    float value[3] = {float_of(UINT32_C(0x7f800001)), 0.1f, -0.0f}, same[3];
    memcpy(same, value, sizeof value);
    codec_round_values(CODEC_FP32, 3, value);
    assert_memory_equal(value, same, sizeof value);
}

static void values_of_a_wrong_length_are_refused(void **unused)
{
    (void)unused;
    const uint8_t bytes[64] = {0};
    for (int as = CODEC_FP32; as <= CODEC_BF16; ++as) {
        for (size_t n = 0; n < 12; ++n) {
            const struct codec_case c = {.what = CASE_VALUES, .as = as, .n = n};
            const size_t right = codec_values_bytes((enum codec_values)as, n);
            assert_int_equal(right, n * (as == CODEC_FP32 ? 4 : 2));
            for (size_t length = 0; length < 64; ++length) {
                assert_int_equal(codec_case_bytes(&c, bytes, length), length == right ? VERDICT_SAME : VERDICT_REFUSED);
            }
        }
        const struct codec_case huge = {.what = CASE_VALUES, .as = as, .n = SIZE_MAX / 2 + 1}; /* n times 2 or 4 is 0 */
        assert_int_equal(codec_case_bytes(&huge, bytes, 0), VERDICT_REFUSED);
    }
}

/* ---- signs ---- */

static void signs_are_minus_where_the_bit_is_set(void **unused)
{
    (void)unused;
    for (size_t d = 0; d <= 12; ++d) {
        for (unsigned pattern = 0; pattern < 1u << 16; ++pattern) {
            const uint8_t plane[2] = {(uint8_t)pattern, (uint8_t)(pattern >> 8)};
            const int valid = d > 8 ? pattern >> d == 0 : (uint8_t)pattern >> d == 0;
            const size_t bytes = codec_signs_bytes(d);
            assert_int_equal(bytes, (d + 7) / 8);
            uint8_t *exact = codec_case_copy(plane, bytes), back[2];
            float *out = codec_case_copy((const float[12]){0}, d * sizeof *out);
            const enum dsgd_status expected = valid || d == 0 ? DSGD_OK : DSGD_EMESSAGE;
            assert_int_equal(codec_signs_unpack(d, exact, 0.25f, out), expected);
            for (size_t i = 0; i < d; ++i) {
                const int sign = expected == DSGD_OK ? (pattern >> i & 1 ? -1 : 1) : 0;
                assert_true(out[i] == 0.25f * (float)sign);
            }
            if (expected == DSGD_OK) {
                codec_signs_pack(d, out, back);
                assert_memory_equal(back, exact, bytes);
            }
            free(exact);
            free(out);
        }
    }
}

static void signs_of_any_length_and_value_follow_the_rule(void **unused)
{
    (void)unused;
    enum { D = 600 };
    static const float values[] = {1.0f, -1.0f, 0.0f, -0.0f, NAN, INFINITY, -INFINITY, 1e-45f, -1e-45f};
    float v[D], out[D + 1];
    for (size_t i = 0; i < D; ++i) { v[i] = values[(i * 7 + i / 9) % 9]; }
    for (size_t d = 0; d <= D; d += d < 70 ? 1 : 53) {
        uint8_t plane[D / 8 + 1];
        memset(plane, 0xff, sizeof plane);
        codec_signs_pack(d, v, plane);
        assert_int_equal(plane[codec_signs_bytes(d)], 0xff);
        out[d] = 7.0f;
        assert_int_equal(codec_signs_unpack(d, plane, -2.0f, out), DSGD_OK); /* no stray bits */
        for (size_t i = 0; i < d; ++i) { assert_true(out[i] == (v[i] < 0.0f ? 2.0f : -2.0f)); }
        assert_true(out[d] == 7.0f);
    }
}

/* --- the memory of messages ------------------------------------------------------------------------------------------ */

static size_t held, most_held; /* bytes that the counting backend has lent */

static void *counting_alloc(size_t bytes)
{
    size_t *data = aligned_alloc(64, 64 + (bytes + 63) / 64 * 64);
    assert_non_null(data);
    *data = bytes;
    held += bytes;
    most_held = held > most_held ? held : most_held;
    return (char *)data + 64;
}

static void counting_release(void *data)
{
    if (!data) { return; }
    size_t *whole = (size_t *)(void *)((char *)data - 64);
    held -= *whole;
    free(whole);
}

/* Messages of a varying length, each longer than all before: what was too small is given back. */
static void pieces_that_grow_do_not_pile_up(void **state)
{
    (void)state;
    enum { START = 1 << 17, ROUNDS = 40, MORE = 640 };
    struct codec_memory counting = codec_heap;
    counting.alloc = counting_alloc;
    counting.release = counting_release;
    struct codec_arena arena;
    codec_arena_init(&arena, &counting);
    for (size_t t = 0; t < ROUNDS; ++t) {
        const size_t bytes = START + t * MORE;
        codec_arena_reset(&arena);
        unsigned char *piece[3];
        for (size_t j = 0; j < 3; ++j) {
            piece[j] = codec_arena_take(&arena, j < 2 ? bytes : 0);
            assert_non_null(piece[j]);
            if (j < 2) { memset(piece[j], (int)(t + j), bytes); }
        }
        assert_true(piece[0][0] == t && piece[0][bytes - 1] == t && piece[1][0] == t + 1 && piece[1][bytes - 1] == t + 1);
    }
    assert_true(most_held <= 2 * (START + ROUNDS * MORE) + (1 << 16));
    const size_t steady = held;
    for (size_t t = 0; t < 3; ++t) { /* shorter ones need no new memory */
        codec_arena_reset(&arena);
        for (size_t j = 0; j < 2; ++j) { assert_non_null(codec_arena_take(&arena, START)); }
        assert_int_equal(held, steady);
    }
    codec_arena_destroy(&arena);
    assert_int_equal(held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_patterns_mean_what_the_standard_says_and_come_back),
        cmocka_unit_test(rounding_is_to_nearest_even),
        cmocka_unit_test(every_nan_stays_a_quiet_nan),
        cmocka_unit_test(values_of_32_bits_travel_unchanged),
        cmocka_unit_test(values_of_a_wrong_length_are_refused),
        cmocka_unit_test(signs_are_minus_where_the_bit_is_set),
        cmocka_unit_test(signs_of_any_length_and_value_follow_the_rule),
        cmocka_unit_test(pieces_that_grow_do_not_pile_up),
    };
    return cmocka_run_group_tests_name("codec_values", tests, NULL, NULL);
}
