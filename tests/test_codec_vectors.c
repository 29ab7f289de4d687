/* test_codec_vectors.c - ternary vectors and levels: all small vectors in every code, lengths against entropy and against
 * Elias' table, and byte strings that no encoder writes.
 */
#include "tests/check.h"

#include "sim/codec/ternary.h"
#include "sim/kernel/rng.h"
#include "tests/codec_case.h"

static const struct dsgd_rng_key key = {12, 2026};

static struct codec_message message;
static struct codec_arena scratch;

static int set_up(void **unused)
{
    (void)unused;
    codec_arena_init(&message.arena, &codec_heap);
    codec_arena_init(&scratch, &codec_heap);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    codec_arena_destroy(&message.arena);
    codec_arena_destroy(&scratch);
    return 0;
}

static uint32_t number(uint32_t item, uint32_t draw)
{
    return dsgd_rng_draw(key, item, draw, 0, 0).word[0];
}

/* ---- ternary vectors ---- */

/* Encodes, decodes, compares; once more from memory of exact size. */
static void check_ternary(enum codec_ternary as, size_t d, const uint8_t *nonzero, const uint8_t *negative)
{
    const struct codec_case c = {.what = CASE_TERNARY, .as = (int)as, .d = d};
    codec_message_reset(&message);
    codec_arena_reset(&scratch);
    assert_int_equal(codec_add_ternary(&message, DSGD_VALUE, as, d, nonzero, negative), DSGD_OK);
    assert_int_equal(message.sections, as == CODEC_PLANES ? 2 : 1);
    const uint8_t *a = NULL, *b = NULL;
    assert_int_equal(codec_get_ternary(&message, 0, DSGD_VALUE, as, d, &scratch, &a, &b), DSGD_OK);
    assert_memory_equal(a, nonzero, ternary_plane_bytes(d));
    assert_memory_equal(b, negative, ternary_plane_bytes(d));
    assert_int_equal(codec_case_message(&c, &message), VERDICT_SAME);
}

static void all_ternary_vectors_come_back_from_both_codes(void **unused)
{
    (void)unused;
    for (size_t d = 0; d <= 10; ++d) {
        for (unsigned nonzero = 0; nonzero < 1u << d; ++nonzero) {
            unsigned negative = nonzero; /* all subsets for d <= 8, beyond only all negative */
            do {
                const uint8_t n[2] = {(uint8_t)nonzero, (uint8_t)(nonzero >> 8)};
                const uint8_t s[2] = {(uint8_t)negative, (uint8_t)(negative >> 8)};
                check_ternary(CODEC_PLANES, d, n, s);
                check_ternary(CODEC_ENTROPY, d, n, s);
                negative = (negative - 1) & nonzero;
            } while (negative != nonzero && d <= 8);
        }
    }
}

/* n of d drawn by walking, signs by a coin. */
static size_t draw_ternary(size_t n, size_t d, uint32_t draw, uint8_t *nonzero, uint8_t *negative)
{
    size_t taken = 0;
    memset(nonzero, 0, (d + 7) / 8);
    memset(negative, 0, (d + 7) / 8);
    for (size_t i = 0; i < d; ++i) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)i, draw, 0, 3);
        if ((uint64_t)words.word[0] * (d - i) >> 32 >= n - taken) { continue; }
        nonzero[i / 8] |= (uint8_t)(1u << i % 8);
        negative[i / 8] |= (uint8_t)((words.word[1] & 1) << i % 8);
        ++taken;
    }
    return taken;
}

/* d H(n / d) bits. */
static double entropy_bits(double n, double d)
{
    return n == 0.0 || n == d ? 0.0 : n * log2(d / n) + (d - n) * log2(d / (d - n));
}

static void entropy_code_is_within_its_bound(void **unused)
{
    (void)unused;
    static uint8_t nonzero[40000 / 8], negative[40000 / 8];
    static const size_t lengths[] = {9, 64, 1000, 40000};
    for (uint32_t l = 0; l < 4; ++l) {
        const size_t d = lengths[l];
        for (size_t n = 0; n <= d; n += n < 12 || n + 3 > d ? 1 : (d - n < d / 7 + 3 ? d - n - 2 : d / 7)) {
            assert_int_equal(draw_ternary(n, d, (uint32_t)n, nonzero, negative), n);
            check_ternary(CODEC_ENTROPY, d, nonzero, negative);
            const double entropy = entropy_bits((double)n, (double)d);
            const size_t places = message.section[0].bytes - 4 - (n + 7) / 8;
            assert_true((double)places <= ceil((entropy + (double)n / 32768.0 + 10.0) / 8.0));
            /* no code of these counts can be shorter for all; for one set it is by the bytes of zeros that are not sent */
            if (n > 20 && d - n > 20) { assert_true((double)places >= entropy / 8.0 - 3.0); }
        }
    }
}

/* Runs that make the coder's carry go through many bytes and its range shrink the most at once. */
static void uneven_vectors_come_back(void **unused)
{
    (void)unused;
    enum { D = 4096 };
    static uint8_t nonzero[D / 8], negative[D / 8];
    for (size_t block = 1; block <= D / 8; block *= 2) {
        for (int kind = 0; kind < 4; ++kind) {
            memset(nonzero, 0, sizeof nonzero);
            const size_t at = kind % 2 ? D / 8 - block : 0;
            memset(nonzero + at, 0xff, block);
            if (kind >= 2) {
                for (size_t b = 0; b < D / 8; ++b) { nonzero[b] = (uint8_t)~nonzero[b]; }
            }
            for (size_t b = 0; b < D / 8; ++b) { negative[b] = nonzero[b] & 0x55; }
            check_ternary(CODEC_ENTROPY, D, nonzero, negative);
        }
    }
}

static void planes_that_are_no_vector_are_refused(void **unused)
{
    (void)unused;
    for (size_t d = 0; d <= 8; ++d) {
        for (unsigned pattern = 0; pattern < 1u << 16; ++pattern) {
            const uint8_t n = (uint8_t)pattern, s = (uint8_t)(pattern >> 8);
            const int valid = d == 0 || ((s & ~n) == 0 && n >> d == 0);
            codec_message_reset(&message);
            const enum dsgd_status status = codec_add_ternary(&message, DSGD_VALUE, CODEC_ENTROPY, d, &n, &s);
            assert_int_equal(status, valid ? DSGD_OK : DSGD_EINTERNAL);
            assert_int_equal(message.sections, valid);
            struct codec_message planes = {.sections = 2};
            const struct codec_case c = {.what = CASE_TERNARY, .as = CODEC_PLANES, .d = d};
            planes.section[0] = planes.section[1] = codec_case_section(&c);
            planes.section[0].bytes = planes.section[1].bytes = d > 0;
            uint8_t first = n, second = s;
            planes.section[0].data = &first;
            planes.section[1].data = &second;
            const uint8_t *a = NULL, *b = NULL;
            assert_int_equal(codec_get_ternary(&planes, 0, DSGD_VALUE, CODEC_PLANES, d, &scratch, &a, &b),
                             valid ? DSGD_OK : DSGD_EMESSAGE);
            planes.sections = 1;
            assert_int_equal(codec_get_ternary(&planes, 0, DSGD_VALUE, CODEC_PLANES, d, &scratch, &a, &b), DSGD_EMESSAGE);
        }
    }
}

/* All strings of up to two bytes behind each count: exactly the vectors that exist are accepted. */
static void accepted_entropy_strings_are_as_many_as_vectors(void **unused)
{
    (void)unused;
    for (size_t d = 1; d <= 5; d += d < 3 ? 1 : 2) {
        const struct codec_case c = {.what = CASE_TERNARY, .as = CODEC_ENTROPY, .d = d};
        size_t binomial = 1;
        for (size_t n = 0; n <= d + 1; ++n) {
            size_t accepted = 0;
            for (size_t length = 0; length <= 2; ++length) {
                for (unsigned pattern = 0; pattern < 1u << 8 * length; ++pattern) {
                    const uint8_t bytes[6] = {(uint8_t)n, 0, 0, 0, (uint8_t)pattern, (uint8_t)(pattern >> 8)};
                    const enum codec_verdict verdict = codec_case_bytes(&c, bytes, 4 + length);
                    assert_int_not_equal(verdict, VERDICT_DIFFERENT);
                    accepted += verdict == VERDICT_SAME;
                }
            }
            assert_int_equal(accepted, n <= d ? binomial << n : 0);
            binomial = n < d ? binomial * (d - n) / (n + 1) : 1;
        }
    }
}

/* ---- levels ---- */

/* Bits of Elias' omega code: the table of the paper for small numbers, the recursion for the rest. */
static unsigned omega_bits(uint64_t n)
{
    static const unsigned table[] = {0, 1, 3, 3, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 11};
    if (n <= 16) { return table[n]; }
    unsigned digits = 0;
    while (n >> digits > 0) { ++digits; }
    return omega_bits(digits - 1) + digits;
}

static size_t elias_bytes(size_t d, const int32_t *level)
{
    uint64_t bits = 0;
    size_t last = 0;
    for (size_t i = 1; i <= d; ++i) {
        if (level[i - 1] == 0) { continue; }
        bits += omega_bits(i - last) + 1 + omega_bits((uint64_t)labs((long)level[i - 1]));
        last = i;
    }
    if (last < d) { bits += omega_bits(d + 1 - last); }
    return (size_t)((bits + 7) / 8);
}

static void check_levels(enum codec_levels as, size_t d, uint32_t m, const int32_t *level)
{
    const struct codec_case c = {.what = CASE_LEVELS, .as = (int)as, .d = d, .m = m};
    codec_message_reset(&message);
    codec_arena_reset(&scratch);
    assert_int_equal(codec_add_levels(&message, DSGD_VALUE, as, d, m, level), DSGD_OK);
    assert_int_equal(message.section[0].bytes, as == CODEC_PACKED ? levels_bytes(d, m) : elias_bytes(d, level));
    const int32_t *back = NULL;
    assert_int_equal(codec_get_levels(&message, 0, DSGD_VALUE, as, d, m, &scratch, &back), DSGD_OK);
    assert_memory_equal(back, level, d * sizeof *level);
    assert_int_equal(codec_case_message(&c, &message), VERDICT_SAME);
}

static void all_small_vectors_of_levels_come_back_from_both_codes(void **unused)
{
    (void)unused;
    for (uint32_t m = 0; m <= 4; ++m) {
        for (size_t d = 0; d <= (m < 2 ? 6 : 4); ++d) {
            size_t vectors = 1;
            for (size_t i = 0; i < d; ++i) { vectors *= 2 * m + 1; }
            for (size_t v = 0; v < vectors; ++v) {
                int32_t level[6];
                size_t rest = v;
                for (size_t i = 0; i < d; ++i, rest /= 2 * m + 1) { level[i] = (int32_t)(rest % (2 * m + 1)) - (int32_t)m; }
                check_levels(CODEC_PACKED, d, m, level);
                check_levels(CODEC_ELIAS, d, m, level);
            }
        }
    }
}

/* Small levels close together, as QSGD sends them, in vectors so long that pairs of numbers are looked up; and a level too large among them. */
static void dense_levels_come_back_and_one_too_large_does_not(void **unused)
{
    (void)unused;
    enum { D = 9001 };
    static int32_t level[D];
    for (uint32_t m = 1; m <= 20; ++m) {
        for (uint32_t one_in = 1; one_in < 24; one_in += 4) {
            for (size_t i = 0; i < D; ++i) {
                const uint32_t word = number((uint32_t)i, m * 100 + one_in);
                level[i] = word % one_in ? 0 : (int32_t)((word >> 8) % (2 * m + 1)) - (int32_t)m;
            }
            for (size_t d = D - 20; d <= D; ++d) { check_levels(CODEC_ELIAS, d, m, level); }
        }
    }
    for (size_t at = 0; at < D; at += D / 7) {
        const int32_t *back = NULL;
        for (size_t i = 0; i < D; ++i) { level[i] = number((uint32_t)i, 5) % 2 ? 1 : -1; }
        level[at] = 3;
        codec_message_reset(&message);
        codec_arena_reset(&scratch);
        assert_int_equal(codec_add_levels(&message, DSGD_VALUE, CODEC_ELIAS, D, 3, level), DSGD_OK);
        assert_int_equal(codec_get_levels(&message, 0, DSGD_VALUE, CODEC_ELIAS, D, 3, &scratch, &back), DSGD_OK);
        assert_int_equal(codec_get_levels(&message, 0, DSGD_VALUE, CODEC_ELIAS, D, 2, &scratch, &back), DSGD_EMESSAGE);
    }
}

static void levels_of_any_size_come_back(void **unused)
{
    (void)unused;
    enum { D = 5000 };
    static int32_t level[D];
    for (unsigned bits = 0; bits <= 31; bits += bits < 30 ? 2 : 1) {
        const uint32_t m = bits == 31 ? INT32_MAX : (UINT32_C(1) << bits) - (bits / 2 % 2);
        for (uint32_t sparse = 0; sparse < 32; sparse += 5) {
            for (size_t i = 0; i < D; ++i) {
                const uint32_t size = number((uint32_t)i, sparse) % 32, word = number((uint32_t)i, 100 + sparse) >> size;
                const int32_t magnitude = (int32_t)(word % (m + 1u));
                const int none = sparse > 0 && number((uint32_t)i, 200) >> (32 - (sparse < 12 ? sparse : 12)) != 0;
                level[i] = none ? 0 : word & 1 ? magnitude : -magnitude;
            }
            level[sparse] = (int32_t)m;
            level[D - 1] = sparse % 2 ? -(int32_t)m : 0;
            for (size_t d = D - 3; d <= D; ++d) {
                check_levels(CODEC_PACKED, d, m, level);
                check_levels(CODEC_ELIAS, d, m, level);
            }
        }
    }
}

static void elias_codes_are_those_of_the_paper(void **unused)
{
    (void)unused;
    /* level 5 at coordinate 0 of 3: distance 1 "0", positive "0", five "10 101 0"; distance 3 to one past the end "11 0".
     * Within a group the bits behind the leading one come lowest first: 101 is sent as 1, 1, 0. */
    static const int32_t level[3] = {5, 0, 0};
    codec_message_reset(&message);
    assert_int_equal(codec_add_levels(&message, DSGD_VALUE, CODEC_ELIAS, 3, 7, level), DSGD_OK);
    assert_int_equal(message.section[0].bytes, 2);
    const uint8_t *bytes = message.section[0].data;
    /* in order 0 0 1 0 1 1 0 0 | 1 1 0, from the lowest bit */
    assert_int_equal(bytes[0], 0x34);
    assert_int_equal(bytes[1], 0x03);
    for (uint64_t n = 1; n < 100000; ++n) { /* every length, as magnitude of a single level: 1 + 1 + length bits */
        const int32_t one = (int32_t)n;
        codec_message_reset(&message);
        assert_int_equal(codec_add_levels(&message, DSGD_VALUE, CODEC_ELIAS, 1, 100000, &one), DSGD_OK);
        assert_int_equal(message.section[0].bytes, (2 + omega_bits(n) + 7) / 8);
    }
}

static void no_vector_of_levels_is_longer_than_the_bound(void **unused)
{
    (void)unused;
    enum { D = 64 };
    int32_t level[D];
    for (uint32_t m = 1; m < 70000; m = m * 3 / 2 + 1) {
        for (size_t gap = 1; gap <= D; ++gap) {
            for (size_t d = 0; d <= D; ++d) {
                for (size_t i = 0; i < D; ++i) { level[i] = (i + 1) % gap == 0 ? (int32_t)m : 0; }
                assert_true(elias_bytes(d, level) <= codec_levels_bytes_max(CODEC_ELIAS, d, m));
            }
        }
        for (size_t i = 0; i < D; ++i) { level[i] = (int32_t)m; }
        assert_int_equal(elias_bytes(D, level), codec_levels_bytes_max(CODEC_ELIAS, D, m)); /* attained */
    }
}

static void levels_outside_their_range_are_not_sent(void **unused)
{
    (void)unused;
    static const int32_t level[] = {0, 3, -4, INT32_MIN};
    for (enum codec_levels as = CODEC_PACKED; as <= CODEC_ELIAS; ++as) {
        codec_message_reset(&message);
        assert_int_equal(codec_add_levels(&message, DSGD_VALUE, as, 3, 3, level), DSGD_EINTERNAL);
        assert_int_equal(codec_add_levels(&message, DSGD_VALUE, as, 4, INT32_MAX, level), DSGD_EINTERNAL);
        assert_int_equal(codec_add_levels(&message, DSGD_VALUE, as, 2, UINT32_C(1) << 31, level), DSGD_EINTERNAL);
        assert_int_equal(message.sections, 0);
        const int32_t *out = NULL;
        assert_int_equal(codec_add_levels(&message, DSGD_VALUE, as, 3, 4, level), DSGD_OK);
        assert_int_equal(codec_get_levels(&message, 0, DSGD_VALUE, as, 3, UINT32_C(1) << 31, &scratch, &out), DSGD_EMESSAGE);
        assert_int_equal(codec_get_levels(&message, 0, DSGD_VALUE, as, 2, 4, &scratch, &out), DSGD_EMESSAGE);
        assert_int_equal(codec_get_levels(&message, 0, DSGD_SCALE, as, 3, 4, &scratch, &out), DSGD_EMESSAGE);
    }
}

/* ---- both ---- */

static void every_string_of_two_bytes_is_refused_or_canonical(void **unused)
{
    (void)unused;
    for (uint32_t m = 0; m <= 4; m += 1 + m / 2) {
        for (size_t d = 1; d <= 5; d += 2) {
            for (enum codec_levels as = CODEC_PACKED; as <= CODEC_ELIAS; ++as) {
                const struct codec_case c = {.what = CASE_LEVELS, .as = (int)as, .d = d, .m = m};
                size_t accepted = 0, vectors = 1;
                for (size_t i = 0; i < d; ++i) { vectors *= 2 * m + 1; }
                for (size_t length = 0; length <= 2; ++length) {
                    for (unsigned pattern = 0; pattern < 1u << 8 * length; ++pattern) {
                        const uint8_t bytes[2] = {(uint8_t)pattern, (uint8_t)(pattern >> 8)};
                        const enum codec_verdict verdict = codec_case_bytes(&c, bytes, length);
                        assert_int_not_equal(verdict, VERDICT_DIFFERENT);
                        accepted += verdict == VERDICT_SAME;
                    }
                }
                if (codec_levels_bytes_max(as, d, m) <= 2) { assert_int_equal(accepted, vectors); }
            }
        }
    }
}

static void mutate(const struct codec_case *c, uint32_t round)
{
    const size_t length = message.section[0].bytes;
    uint8_t *bytes = codec_case_copy(message.section[0].data, length);
    for (uint32_t k = 0; k < 150 && length > 0; ++k) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, k, round, (uint32_t)c->what, 4);
        const size_t at = k < 20 ? (k < 10 ? k % length : length - 1 - k % 10 % length) : words.word[0] % length;
        const uint8_t kept = bytes[at];
        bytes[at] ^= (uint8_t)(1 + words.word[1] % 255);
        assert_int_not_equal(codec_case_bytes(c, bytes, length), VERDICT_DIFFERENT);
        bytes[at] = kept;
        assert_int_not_equal(codec_case_bytes(c, bytes, words.word[2] % length), VERDICT_DIFFERENT);
    }
    free(bytes);
}

static void mutated_and_cut_sections_are_refused_or_canonical(void **unused)
{
    (void)unused;
    enum { D = 2000 };
    static uint8_t nonzero[D / 8 + 1], negative[D / 8 + 1];
    static int32_t level[D];
    for (uint32_t round = 0; round < 40; ++round) {
        const size_t d = 1 + number(round, 300) % D, n = number(round, 301) % (round % 2 ? d / 20 + 1 : d + 1);
        assert_int_equal(draw_ternary(n, d, 400 + round, nonzero, negative), n);
        const struct codec_case ternary = {.what = CASE_TERNARY, .as = CODEC_ENTROPY, .d = d};
        codec_message_reset(&message);
        assert_int_equal(codec_add_ternary(&message, DSGD_VALUE, CODEC_ENTROPY, d, nonzero, negative), DSGD_OK);
        mutate(&ternary, round);
        const uint32_t m = 1 + number(round, 302) % 1000;
        for (size_t i = 0; i < d; ++i) {
            const int32_t magnitude = (int32_t)(number((uint32_t)i, 500 + round) % (m + 1));
            level[i] = nonzero[i / 8] >> i % 8 & 1 ? (negative[i / 8] >> i % 8 & 1 ? -magnitude : magnitude) : 0;
        }
        for (enum codec_levels as = CODEC_PACKED; as <= CODEC_ELIAS; ++as) {
            const struct codec_case levels = {.what = CASE_LEVELS, .as = (int)as, .d = d, .m = m};
            codec_message_reset(&message);
            assert_int_equal(codec_add_levels(&message, DSGD_VALUE, as, d, m, level), DSGD_OK);
            mutate(&levels, round);
        }
    }
}

static void *nothing(size_t bytes)
{
    (void)bytes;
    return NULL;
}

static void no_memory_is_a_sentence_and_leaves_the_message(void **unused)
{
    (void)unused;
    struct codec_memory empty = codec_heap;
    empty.alloc = nothing;
    struct codec_message none = {.sections = 0};
    struct codec_arena no_scratch;
    codec_arena_init(&none.arena, &empty);
    codec_arena_init(&no_scratch, &empty);
    static const uint8_t nonzero = 5, negative = 4;
    static const int32_t level[] = {1, 0, -1};
    static const float value[] = {1.0f, 2.0f};
    const uint8_t *a = NULL, *b = NULL;
    const int32_t *out = NULL;
    const float *values = NULL;
    for (int as = 0; as < 2; ++as) {
        assert_int_equal(codec_add_ternary(&none, DSGD_VALUE, (enum codec_ternary)as, 3, &nonzero, &negative), DSGD_ENOMEM);
        assert_int_equal(codec_add_levels(&none, DSGD_VALUE, (enum codec_levels)as, 3, 1, level), DSGD_ENOMEM);
        assert_int_equal(codec_add_values(&none, DSGD_VALUE, (enum codec_values)as, 2, value), DSGD_ENOMEM);
        assert_int_equal(none.sections, 0);
        codec_message_reset(&message);
        assert_int_equal(codec_add_levels(&message, DSGD_VALUE, (enum codec_levels)as, 3, 1, level), DSGD_OK);
        assert_int_equal(codec_get_levels(&message, 0, DSGD_VALUE, (enum codec_levels)as, 3, 1, &no_scratch, &out), DSGD_ENOMEM);
    }
    codec_message_reset(&message);
    assert_int_equal(codec_add_ternary(&message, DSGD_VALUE, CODEC_ENTROPY, 3, &nonzero, &negative), DSGD_OK);
    assert_int_equal(codec_get_ternary(&message, 0, DSGD_VALUE, CODEC_ENTROPY, 3, &no_scratch, &a, &b), DSGD_ENOMEM);
    assert_int_equal(codec_add_values(&message, DSGD_VALUE, CODEC_BF16, 2, value), DSGD_OK);
    assert_int_equal(codec_get_values(&message, 1, DSGD_VALUE, CODEC_BF16, 2, &no_scratch, &values), DSGD_ENOMEM);
    /* a message with room for one plane only keeps neither */
    while (message.sections < DSGD_SECTIONS_MAX - 1) {
        assert_int_equal(codec_add_levels(&message, DSGD_VALUE, CODEC_PACKED, 3, 1, level), DSGD_OK);
    }
    assert_int_equal(codec_add_ternary(&message, DSGD_VALUE, CODEC_PLANES, 3, &nonzero, &negative), DSGD_EINTERNAL);
    assert_int_equal(message.sections, DSGD_SECTIONS_MAX - 1);
    codec_arena_destroy(&none.arena);
    codec_arena_destroy(&no_scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ternary_vectors_come_back_from_both_codes),
        cmocka_unit_test(entropy_code_is_within_its_bound),
        cmocka_unit_test(uneven_vectors_come_back),
        cmocka_unit_test(planes_that_are_no_vector_are_refused),
        cmocka_unit_test(accepted_entropy_strings_are_as_many_as_vectors),
        cmocka_unit_test(all_small_vectors_of_levels_come_back_from_both_codes),
        cmocka_unit_test(levels_of_any_size_come_back),
        cmocka_unit_test(dense_levels_come_back_and_one_too_large_does_not),
        cmocka_unit_test(elias_codes_are_those_of_the_paper),
        cmocka_unit_test(no_vector_of_levels_is_longer_than_the_bound),
        cmocka_unit_test(levels_outside_their_range_are_not_sent),
        cmocka_unit_test(every_string_of_two_bytes_is_refused_or_canonical),
        cmocka_unit_test(mutated_and_cut_sections_are_refused_or_canonical),
        cmocka_unit_test(no_memory_is_a_sentence_and_leaves_the_message),
    };
    return cmocka_run_group_tests_name("codec_vectors", tests, set_up, tear_down);
}
