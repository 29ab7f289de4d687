/* test_hash_key.c - the key `hash`: what auto takes, what is refused, what is worth a hint; and the algorithms that have it (suite: unit).
 *
 * The table of cases is docs/sketching.md's; the algorithms are asked through a run's own session, so that `d` is what is sketched.
 */
#include "tests/harness.h"

#include "algorithms/sketch_hash.h"

static struct dsgd_hash_wish wish(int key, bool may, size_t n, int64_t cols)
{
    return (struct dsgd_hash_wish){.section = "section", .key = key, .may = may, .n = n, .cols = cols};
}

static void key_chooses_the_family(void **state)
{
    (void)state;
    static const struct {
        int key;
        bool may;
        size_t n;
        int64_t cols;
        enum dsgd_hash expected;
        bool hinted;
    } cases[] = {
        {DSGD_HASH_AUTO, true, 65536, 1024, DSGD_BLOCKS, false},      {DSGD_HASH_AUTO, true, 65535, 1024, DSGD_TEXTBOOK, false},
        {DSGD_HASH_AUTO, true, 65536, 960, DSGD_TEXTBOOK, false},     {DSGD_HASH_AUTO, true, 65536, 1023, DSGD_TEXTBOOK, false},
        {DSGD_HASH_AUTO, true, 65536, 1025, DSGD_TEXTBOOK, true},     {DSGD_HASH_AUTO, true, 6573120, 100000, DSGD_TEXTBOOK, true},
        {DSGD_HASH_AUTO, true, 6573120, 100032, DSGD_BLOCKS, false},  {DSGD_HASH_AUTO, true, 6573120, 500032, DSGD_BLOCKS, false},
        {DSGD_HASH_AUTO, false, 6573120, 100032, DSGD_TEXTBOOK, false}, {DSGD_HASH_AUTO, false, 6573120, 100000, DSGD_TEXTBOOK, false},
        {DSGD_HASH_TEXTBOOK, true, 6573120, 100032, DSGD_TEXTBOOK, false}, {DSGD_HASH_TEXTBOOK, true, 6573120, 100000, DSGD_TEXTBOOK, false},
        {DSGD_HASH_BLOCK, true, 20, 64, DSGD_BLOCKS, false},          {DSGD_HASH_BLOCK, false, 6573120, 1024, DSGD_BLOCKS, false},
    };
    for (size_t j = 0; j < sizeof cases / sizeof *cases; ++j) {
        const struct dsgd_hash_wish w = wish(cases[j].key, cases[j].may, cases[j].n, cases[j].cols);
        char hint[256];
        assert_int_equal(dsgd_hash_check(&w), DSGD_OK);
        assert_int_equal(dsgd_hash_of(&w), cases[j].expected);
        dsgd_hash_hint(&w, hint, sizeof hint);
        assert_int_equal(*hint != '\0', cases[j].hinted);
    }
}

/* Columns are never rounded: both neighbours are named, as far as they are numbers of columns. */
static void block_needs_a_multiple_of_64(void **state)
{
    (void)state;
    static const struct {
        int64_t cols;
        const char *end;
    } cases[] = {{100000, "block: 99968 or 100032"}, {65, "block: 64 or 128"}, {127, "block: 64 or 128"}, {1, "block: 64"}, {63, "block: 64"},
                 {2147483647, "block: 2147483584"}};
    for (size_t j = 0; j < sizeof cases / sizeof *cases; ++j) {
        const struct dsgd_hash_wish w = wish(DSGD_HASH_BLOCK, true, 1000, cases[j].cols);
        assert_int_equal(dsgd_hash_check(&w), DSGD_EINPUT);
        const char *sentence = dsgd_error();
        const size_t length = strlen(sentence), end = strlen(cases[j].end);
        assert_true(length > end);
        assert_string_equal(sentence + length - end, cases[j].end);
    }
    char hint[256];
    const struct dsgd_hash_wish w = wish(DSGD_HASH_AUTO, true, 70000, 100000);
    dsgd_hash_hint(&w, hint, sizeof hint);
    assert_non_null(strstr(hint, "section.cols = 100000"));
    assert_non_null(strstr(hint, "99968 or 100032"));
}

/* What a run of this algorithm's section takes; d = 65,536. */
static const char *family_of(const char *algorithm)
{
    char text[512];
    const char *family = NULL;
    struct harness h;
    snprintf(text, sizeof text, "problem = quadratic\nquadratic { d = 65536 }\nlog { optimum = false }\nstep { constant = 0.01 }\n%s\n", algorithm);
    HARNESS_OK(harness_resolve(&h, text, NULL, 1));
    HARNESS_OK(dsgd_engine_hashes_of(&h.session.args, &family));
    harness_close(&h);
    return family;
}

static void algorithms_have_the_key(void **state)
{
    (void)state;
    assert_string_equal(family_of("algorithm = sketched_sgd\nsketched_sgd { variant = topk cols = 1024 }"), "block");
    assert_string_equal(family_of("algorithm = sketched_sgd\nsketched_sgd { variant = topk cols = 1024 hash = textbook }"), "textbook");
    assert_string_equal(family_of("algorithm = sketched_sgd\nsketched_sgd { variant = topk }"), "textbook");
    assert_string_equal(family_of("algorithm = sketched_sgd\nsketched_sgd { variant = heavymix cols = 1024 }"), "textbook");
    assert_string_equal(family_of("algorithm = sketched_sgd\nsketched_sgd { variant = heavymix cols = 1024 hash = block }"), "block");
    assert_string_equal(family_of("algorithm = fetchsgd\nfetchsgd { cols = 1024 }"), "block");
    assert_string_equal(family_of("algorithm = fetchsgd\nfetchsgd { cols = 1024 hash = textbook }"), "textbook");
    assert_string_equal(family_of("algorithm = fetchsgd"), "textbook");
    assert_string_equal(family_of("algorithm = sgd"), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(key_chooses_the_family), cmocka_unit_test(block_needs_a_multiple_of_64),
                                       cmocka_unit_test(algorithms_have_the_key)};
    return cmocka_run_group_tests_name("hash_key", tests, NULL, NULL);
}
