/* test_codec_indices.c - sets of indices: all subsets of small ranges in every code, lengths against the definition, ranges up
 * to 2^32 - 1, and byte strings that no encoder writes.
 */
#include "tests/check.h"

#include "sim/kernel/rng.h"
#include "tests/codec_case.h"

static const struct dsgd_rng_key key = {11, 2026};

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

static unsigned logarithm_up(uint64_t d)
{
    unsigned bits = 0;
    while (UINT64_C(1) << bits < d) { ++bits; }
    return bits;
}

/* Kiely's rule as written down in the paper, in floating point. */
static unsigned rice_parameter(size_t n, size_t d)
{
    const double mean = (double)(d - n) / (double)n, r = floor(log2(0.9625 * (mean + 0.5)));
    return r > 0.0 ? (unsigned)r : 0;
}

/* Lengths by the definitions of the codes. */
static size_t expected_bytes(enum codec_indices as, size_t n, size_t d, const uint32_t *index)
{
    if (n == 0 || n == d) { return 0; }
    uint64_t bits = 0;
    switch (as) {
    case CODEC_RAW: return 4 * n;
    case CODEC_FIXED: bits = (uint64_t)n * logarithm_up(d); break;
    case CODEC_BITMAP: bits = d; break;
    case CODEC_DELTA:
        for (size_t j = 0; j < n; ++j) {
            const uint64_t gap = j == 0 ? index[0] : (uint64_t)index[j] - index[j - 1] - 1;
            bits += (gap >> rice_parameter(n, d)) + 1 + rice_parameter(n, d);
        }
        break;
    default: {
        size_t least = SIZE_MAX;
        for (enum codec_indices code = CODEC_RAW; code <= CODEC_BITMAP; ++code) {
            const size_t bytes = expected_bytes(code, n, d, index);
            least = bytes < least ? bytes : least;
        }
        return least + 1;
    }
    }
    return (size_t)((bits + 7) / 8);
}

/* Encodes, compares length and content, and decodes once more from memory of exact size. */
static void check_set(enum codec_indices as, size_t n, size_t d, const uint32_t *index)
{
    const struct codec_case c = {.what = CASE_INDICES, .as = (int)as, .n = n, .d = d};
    codec_message_reset(&message);
    codec_arena_reset(&scratch);
    assert_int_equal(codec_add_indices(&message, DSGD_VALUE, as, n, d, index), DSGD_OK);
    assert_int_equal(message.sections, 1);
    assert_int_equal(message.section[0].bytes, expected_bytes(as, n, d, index));
    assert_int_equal(message.section[0].count, n);
    assert_true(message.section[0].bytes <= codec_indices_bytes_max(as, n, d));
    const uint32_t *back = NULL;
    assert_int_equal(codec_get_indices(&message, 0, DSGD_VALUE, as, n, d, &scratch, &back), DSGD_OK);
    assert_non_null(back);
    for (size_t j = 0; j < n; ++j) { assert_int_equal(back[j], index[j]); }
    assert_int_equal(codec_case_message(&c, &message), VERDICT_SAME);
}

static void all_subsets_come_back_from_every_code(void **unused)
{
    (void)unused;
    for (size_t d = 0; d <= 11; ++d) {
        for (unsigned set = 0; set < 1u << d; ++set) {
            uint32_t index[12];
            size_t n = 0;
            for (uint32_t i = 0; i < d; ++i) {
                if (set >> i & 1) { index[n++] = i; }
            }
            for (enum codec_indices as = CODEC_CHEAPEST; as <= CODEC_BITMAP; ++as) { check_set(as, n, d, index); }
        }
    }
}

/* n of d by walking: coordinate i is taken with probability (rest of n) / (rest of d). */
static size_t draw_set(size_t n, size_t d, uint32_t draw, uint32_t *index)
{
    size_t taken = 0;
    for (size_t i = 0; i < d && taken < n; ++i) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)i, draw, 0, 0);
        if ((uint64_t)words.word[0] * (d - i) >> 32 < n - taken) { index[taken++] = (uint32_t)i; }
    }
    return taken;
}

static void drawn_sets_come_back_and_delta_is_near_the_entropy(void **unused)
{
    (void)unused;
    enum { D = 20000 };
    static uint32_t index[D];
    static const size_t counts[] = {1, 2, 20, 200, 1000, 3000, 8000, 12000, 19000, 19999};
    for (uint32_t c = 0; c < sizeof counts / sizeof *counts; ++c) {
        const size_t n = counts[c];
        assert_int_equal(draw_set(n, D, c, index), n);
        for (enum codec_indices as = CODEC_CHEAPEST; as <= CODEC_BITMAP; ++as) { check_set(as, n, D, index); }
        const double p = (double)n / D, entropy = -D * (p * log2(p) + (1.0 - p) * log2(1.0 - p)) / 8.0;
        if (n >= 200 && n <= 8000) { assert_true((double)expected_bytes(CODEC_DELTA, n, D, index) < 1.06 * entropy); }
    }
}

static void sets_in_the_largest_range_come_back(void **unused)
{
    (void)unused;
    static const uint32_t top = UINT32_MAX - 1; /* d = 2^32 - 1 */
    const uint32_t sets[][4] = {{0, 1, 2, 3}, {top - 3, top - 2, top - 1, top}, {0, 1, 2, top}, {0, 1u << 31, top - 1, top}};
    for (size_t s = 0; s < 4; ++s) {
        for (size_t first = 0; first < 4; ++first) {
            for (enum codec_indices as = CODEC_CHEAPEST; as <= CODEC_DELTA; ++as) {
                check_set(as, 4 - first, UINT32_MAX, sets[s] + first);
                if (sets[s][first] < top) { check_set(as, 1, (size_t)sets[s][first] + 2, sets[s] + first); }
            }
        }
    }
    assert_int_equal(codec_indices_bytes_max(CODEC_BITMAP, 5, UINT32_MAX), 1u << 29);
}

/* Unary parts far longer than the bit buffer: many small gaps, then one of nearly d. */
static void long_gaps_come_back(void **unused)
{
    (void)unused;
    enum { N = 4000, D = 40000 };
    static uint32_t index[N];
    for (uint32_t where = 0; where <= N; where += 250) {
        for (uint32_t j = 0; j < N; ++j) { index[j] = j < where ? j : j + (D - N); }
        for (enum codec_indices as = CODEC_CHEAPEST; as <= CODEC_BITMAP; ++as) { check_set(as, N, D, index); }
    }
    for (uint32_t shift = 0; shift < 200; ++shift) { /* every alignment of a run to the buffer */
        for (uint32_t j = 0; j < 300; ++j) { index[j] = j < shift ? j : j + 700 - shift / 2; }
        check_set(CODEC_DELTA, 300, 1100, index);
    }
}

static void sets_that_are_none_are_not_sent(void **unused)
{
    (void)unused;
    static const uint32_t equal[] = {1, 1}, falling[] = {2, 1}, beyond[] = {1, 5}, three[] = {0, 1, 2};
    for (enum codec_indices as = CODEC_CHEAPEST; as <= CODEC_BITMAP; ++as) {
        codec_message_reset(&message);
        assert_int_equal(codec_add_indices(&message, DSGD_VALUE, as, 2, 5, equal), DSGD_EINTERNAL);
        assert_int_equal(codec_add_indices(&message, DSGD_VALUE, as, 2, 5, falling), DSGD_EINTERNAL);
        assert_int_equal(codec_add_indices(&message, DSGD_VALUE, as, 2, 5, beyond), DSGD_EINTERNAL);
        assert_int_equal(codec_add_indices(&message, DSGD_VALUE, as, 3, 2, three), DSGD_EINTERNAL);
        assert_int_equal(message.sections, 0);
    }
}

/* All byte strings of up to two bytes (three would be 2^24) for all n and some d <= 9: accepted strings are those of the encoder,
 * so there are exactly as many as sets. */
static void accepted_strings_are_as_many_as_sets(void **unused)
{
    (void)unused;
    for (size_t d = 1; d <= 9; d += 2) {
        size_t binomial = 1; /* d over n */
        for (size_t n = 0; n <= d; ++n) {
            for (enum codec_indices as = CODEC_FIXED; as <= CODEC_BITMAP; ++as) {
                const struct codec_case c = {.what = CASE_INDICES, .as = (int)as, .n = n, .d = d};
                if (codec_indices_bytes_max(as, n, d) > 2) { continue; }
                size_t accepted = 0;
                for (size_t length = 0; length <= codec_indices_bytes_max(as, n, d); ++length) {
                    for (unsigned pattern = 0; pattern < 1u << 8 * length; ++pattern) {
                        const uint8_t bytes[2] = {(uint8_t)pattern, (uint8_t)(pattern >> 8)};
                        const enum codec_verdict verdict = codec_case_bytes(&c, bytes, length);
                        assert_int_not_equal(verdict, VERDICT_DIFFERENT);
                        accepted += verdict == VERDICT_SAME;
                    }
                }
                assert_int_equal(accepted, binomial);
            }
            binomial = binomial * (d - n) / (n + 1);
        }
    }
}

static void mutated_and_cut_sections_are_refused_or_canonical(void **unused)
{
    (void)unused;
    enum { D = 3000 };
    static uint32_t index[D];
    for (uint32_t round = 0; round < 60; ++round) {
        const struct dsgd_rng4 numbers = dsgd_rng_draw(key, round, 0, 0, 1);
        const size_t d = 2 + numbers.word[0] % (D - 2), n = 1 + numbers.word[1] % (round % 2 ? d / 20 + 1 : d - 1);
        assert_int_equal(draw_set(n, d, 100 + round, index), n);
        for (enum codec_indices as = CODEC_CHEAPEST; as <= CODEC_BITMAP; ++as) {
            const struct codec_case c = {.what = CASE_INDICES, .as = (int)as, .n = n, .d = d};
            codec_message_reset(&message);
            assert_int_equal(codec_add_indices(&message, DSGD_VALUE, as, n, d, index), DSGD_OK);
            const size_t length = message.section[0].bytes;
            uint8_t *bytes = codec_case_copy(message.section[0].data, length);
            for (uint32_t k = 0; k < 60 && length > 0; ++k) {
                const struct dsgd_rng4 words = dsgd_rng_draw(key, k, round, (uint32_t)as, 2);
                const size_t at = k < 8 ? (k < 4 ? 0 : length - 1) : words.word[0] % length;
                const uint8_t kept = bytes[at];
                bytes[at] ^= (uint8_t)(1 + words.word[1] % 255);
                assert_int_not_equal(codec_case_bytes(&c, bytes, length), VERDICT_DIFFERENT);
                bytes[at] = kept;
                assert_int_equal(codec_case_bytes(&c, bytes, words.word[2] % length), VERDICT_REFUSED); /* cut */
            }
            uint8_t *longer = malloc(length + 1);
            assert_non_null(longer);
            memcpy(longer, bytes, length);
            longer[length] = 0;
            assert_int_equal(codec_case_bytes(&c, longer, length + 1), VERDICT_REFUSED);
            free(longer);
            struct codec_case other = c;
            other.n = n > 1 ? n - 1 : n + 1; /* the section says n */
            struct codec_message copy = message;
            const uint32_t *out = NULL;
            assert_int_equal(codec_get_indices(&copy, 0, DSGD_VALUE, as, other.n, d, &scratch, &out), DSGD_EMESSAGE);
            assert_int_not_equal(codec_case_bytes(&other, bytes, length), VERDICT_DIFFERENT);
            assert_int_equal(codec_get_indices(&copy, 0, DSGD_INDEX, as, n, d, &scratch, &out), DSGD_EMESSAGE);
            assert_int_equal(codec_get_indices(&copy, 1, DSGD_VALUE, as, n, d, &scratch, &out), DSGD_EMESSAGE);
            assert_int_equal(codec_get_indices(&copy, 0, DSGD_VALUE, as, d + 1, d, &scratch, &out), DSGD_EMESSAGE);
            assert_null(out);
            codec_arena_reset(&scratch);
            free(bytes);
        }
    }
}

static void a_code_that_is_not_the_shortest_is_refused(void **unused)
{
    (void)unused;
    static const uint32_t index[] = {3, 500, 501};
    for (enum codec_indices as = CODEC_RAW; as <= CODEC_BITMAP; ++as) {
        const struct codec_case c = {.what = CASE_INDICES, .as = CODEC_CHEAPEST, .n = 3, .d = 1000};
        codec_message_reset(&message);
        assert_int_equal(codec_add_indices(&message, DSGD_VALUE, as, 3, 1000, index), DSGD_OK);
        const size_t length = message.section[0].bytes;
        uint8_t *tagged = malloc(length + 1);
        assert_non_null(tagged);
        memcpy(tagged + 1, message.section[0].data, length);
        for (unsigned tag = 0; tag < 256; ++tag) {
            tagged[0] = (uint8_t)tag;
            const int right = tag == (unsigned)as && as == CODEC_FIXED; /* 4 bytes; raw 12, delta 5, bitmap 125 */
            assert_int_equal(codec_case_bytes(&c, tagged, length + 1), right ? VERDICT_SAME : VERDICT_REFUSED);
        }
        free(tagged);
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
    static const uint32_t index[] = {3, 500, 501};
    const uint32_t *out = NULL;
    for (enum codec_indices as = CODEC_CHEAPEST; as <= CODEC_BITMAP; ++as) {
        assert_int_equal(codec_add_indices(&none, DSGD_VALUE, as, 3, 1000, index), DSGD_ENOMEM);
        assert_int_equal(codec_add_indices(&none, DSGD_VALUE, as, 0, 1000, NULL), DSGD_ENOMEM);
        assert_int_equal(none.sections, 0);
        codec_message_reset(&message);
        assert_int_equal(codec_add_indices(&message, DSGD_VALUE, as, 3, 1000, index), DSGD_OK);
        const enum dsgd_status status = codec_get_indices(&message, 0, DSGD_VALUE, as, 3, 1000, &no_scratch, &out);
        assert_int_equal(status, as == CODEC_RAW ? DSGD_OK : DSGD_ENOMEM); /* raw indices stay where they are */
    }
    codec_arena_destroy(&none.arena);
    codec_arena_destroy(&no_scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_subsets_come_back_from_every_code),
        cmocka_unit_test(drawn_sets_come_back_and_delta_is_near_the_entropy),
        cmocka_unit_test(sets_in_the_largest_range_come_back),
        cmocka_unit_test(long_gaps_come_back),
        cmocka_unit_test(sets_that_are_none_are_not_sent),
        cmocka_unit_test(accepted_strings_are_as_many_as_sets),
        cmocka_unit_test(mutated_and_cut_sections_are_refused_or_canonical),
        cmocka_unit_test(a_code_that_is_not_the_shortest_is_refused),
        cmocka_unit_test(no_memory_is_a_sentence_and_leaves_the_message),
    };
    return cmocka_run_group_tests_name("codec_indices", tests, set_up, tear_down);
}
