/* test_bins.c - datasets/bins.h: each sentence in one bin, the limits kept and used, rows filled as documented, the order keyed. */
#include "datasets/bins.h"
#include "tests/pairs_case.h"

enum { SENTENCES = 3000, LONGEST = 20 };

static struct dsgd_bins *bins_of(const struct dsgd_split *split, size_t sentences, size_t tokens, uint32_t seed)
{
    struct dsgd_bins *bins = NULL;
    const struct dsgd_bins_rule rule = {.sentences = sentences, .tokens = tokens, .seed = seed};
    if (dsgd_bins_create("test", split, &rule, &bins) != DSGD_OK) { fail_msg("%s", dsgd_error()); }
    return bins;
}

static uint32_t length(const struct dsgd_sentences *s, size_t i) { return (uint32_t)(s->start[i + 1] - s->start[i]); }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* Everything that bins.h says of bins, counted again from the sentences. */
static void check_bins(const struct dsgd_split *split, const struct dsgd_bins *bins, size_t sentences, size_t tokens)
{
    char *seen = calloc(split->n, 1);
    uint64_t source_tokens = 0, target_tokens = 0, source_places = 0, target_places = 0, most_source_places = 0, most_target_places = 0;
    uint32_t next = 0, most_n = 0, most_S = 0, most_T = 0;
    assert_non_null(seen);
    for (size_t b = 0; b < bins->n; ++b) {
        const struct dsgd_bin *bin = &bins->bin[b];
        uint32_t S = 0, T = 0;
        uint64_t sources = 0, targets = 0;
        assert_int_equal(bin->first, next); /* one after another, without gaps */
        assert_true(bin->n >= 1);
        for (uint32_t r = 0; r < bin->n; ++r) {
            const uint32_t i = bins->order[bin->first + r];
            assert_true(i < split->n && !seen[i]); /* every sentence once */
            seen[i] = 1;
            S = larger(S, length(&split->source, i) + 1);
            T = larger(T, length(&split->target, i) + 1);
            sources += length(&split->source, i) + 1;
            targets += length(&split->target, i) + 1;
        }
        next += bin->n;
        assert_true(bin->S == S && bin->T == T && bin->source_tokens == sources && bin->target_tokens == targets);
        if (sentences) { assert_true(bin->n <= sentences); }
        if (tokens) { assert_true((uint64_t)bin->n * larger(S, T) <= tokens); }
        if (next < split->n) { /* as long as the rule allows: the next sentence would have broken a limit */
            const uint32_t i = bins->order[next], wide = larger(larger(S, T), larger(length(&split->source, i), length(&split->target, i)) + 1);
            assert_true((sentences && bin->n == sentences) || (tokens && (uint64_t)(bin->n + 1) * wide > tokens));
        }
        source_tokens += sources;
        target_tokens += targets;
        source_places += (uint64_t)bin->n * S;
        target_places += (uint64_t)bin->n * T;
        most_n = larger(most_n, bin->n);
        most_S = larger(most_S, S);
        most_T = larger(most_T, T);
        if ((uint64_t)bin->n * S > most_source_places) { most_source_places = (uint64_t)bin->n * S; }
        if ((uint64_t)bin->n * T > most_target_places) { most_target_places = (uint64_t)bin->n * T; }
    }
    assert_int_equal(next, split->n);
    assert_true(bins->source_tokens == source_tokens && bins->target_tokens == target_tokens);
    assert_true(bins->source_places == source_places && bins->target_places == target_places);
    assert_true(bins->most_sentences == most_n && bins->most_source == most_S && bins->most_target == most_T);
    assert_true(bins->most_source_places == most_source_places && bins->most_target_places == most_target_places);
    free(seen);
}

static void every_rule_keeps_its_limits(void **unused)
{
    (void)unused;
    static const struct { size_t sentences, tokens; } rule[] = {{1, 0}, {64, 0}, {0, 21}, {0, 200}, {0, 10000}, {64, 500}, {5000, 0}, {0, 10000000}};
    struct dsgd_split split = pairs_split(1, SENTENCES, LONGEST);
    for (size_t k = 0; k < sizeof rule / sizeof *rule; ++k) {
        struct dsgd_bins *bins = bins_of(&split, rule[k].sentences, rule[k].tokens, 1);
        check_bins(&split, bins, rule[k].sentences, rule[k].tokens);
        dsgd_bins_destroy(bins);
    }
    struct dsgd_bins *one = bins_of(&split, 5000, 0, 1), *many = bins_of(&split, 64, 0, 1);
    assert_int_equal(one->n, 1);
    assert_int_equal(many->n, 47); /* ceil(3000 / 64) */
    assert_int_equal(many->bin[46].n, 3000 - 46 * 64);
    dsgd_bins_destroy(one);
    dsgd_bins_destroy(many);
    pairs_free(&split);
}

/* Sorted by the target: in a bin that is one of many, nearly all targets are of one length. */
static void sorting_leaves_little_padding(void **unused)
{
    (void)unused;
    struct dsgd_split split = pairs_split(1, SENTENCES, LONGEST);
    struct dsgd_bins *bins = bins_of(&split, 0, 400, 1), *one = bins_of(&split, SENTENCES, 0, 1);
    const double sorted = 1 - (double)bins->target_tokens / (double)bins->target_places, all = 1 - (double)one->target_tokens / (double)one->target_places;
    print_message("padding of the targets: %.3f, of one bin %.3f\n", sorted, all);
    assert_true(sorted < 0.02); /* of a length there are 150: 8 bins or more, and only where one length follows another is anything padded */
    CHECK_CLOSE(all, 9.5 / 21, 0.02); /* lengths are uniform on 2 .. 21: deviation of the mean 5.8/sqrt(3000)/21 = 0.005 */
    dsgd_bins_destroy(bins);
    dsgd_bins_destroy(one);
    pairs_free(&split);
}

static void the_seed_alone_decides_among_like_lengths(void **unused)
{
    (void)unused;
    struct dsgd_split split = pairs_split(1, SENTENCES, LONGEST);
    struct dsgd_bins *a = bins_of(&split, 64, 0, 1), *again = bins_of(&split, 64, 0, 1), *other = bins_of(&split, 64, 0, 2);
    size_t moved = 0;
    assert_memory_equal(a->order, again->order, SENTENCES * sizeof *a->order);
    assert_memory_equal(a->bin, again->bin, a->n * sizeof *a->bin);
    for (size_t k = 0; k < SENTENCES; ++k) {
        moved += a->order[k] != other->order[k];
        assert_int_equal(length(&split.target, a->order[k]), length(&split.target, other->order[k]));
        assert_int_equal(length(&split.source, a->order[k]), length(&split.source, other->order[k]));
    }
    assert_true(moved > SENTENCES / 2); /* 7.5 sentences are alike in both lengths: few stay where they are */
    for (size_t b = 0; b < a->n; ++b) { assert_true(a->bin[b].S == other->bin[b].S && a->bin[b].T == other->bin[b].T); } /* shapes are not a seed's */
    dsgd_bins_destroy(a);
    dsgd_bins_destroy(again);
    dsgd_bins_destroy(other);
    pairs_free(&split);
}

static void rows_hold_the_sentences_their_ends_and_padding(void **unused)
{
    (void)unused;
    struct dsgd_split split = pairs_split(3, 500, LONGEST);
    struct dsgd_bins *bins = bins_of(&split, 0, 300, 1);
    const size_t words = dsgd_bins_words(bins);
    uint32_t *memory = malloc((words + 1) * sizeof *memory);
    assert_non_null(memory);
    for (size_t b = 0; b < bins->n; ++b) {
        const struct dsgd_bin *bin = &bins->bin[b];
        memset(memory, 0xab, (words + 1) * sizeof *memory);
        const struct dsgd_bin_ids ids = dsgd_bins_place(bin, memory);
        dsgd_bins_fill(bins, bin, &split, &ids);
        assert_true(ids.target_length + bin->n <= memory + words && memory[words] == 0xababababu); /* no word beyond what was asked for */
        for (uint32_t r = 0; r < bin->n; ++r) {
            const uint32_t i = bins->order[bin->first + r], s = length(&split.source, i), t = length(&split.target, i);
            const uint32_t *source = split.source.id + split.source.start[i], *target = split.target.id + split.target.start[i];
            const uint32_t *row = ids.source + r * bin->S, *in = ids.target_in + r * bin->T, *out = ids.target_out + r * bin->T;
            assert_true(ids.source_length[r] == s + 1 && ids.target_length[r] == t + 1);
            for (uint32_t k = 0; k < bin->S; ++k) { assert_int_equal(row[k], k < s ? source[k] : k == s ? 3 : 0); }
            for (uint32_t k = 0; k < bin->T; ++k) {
                assert_int_equal(in[k], k == 0 ? 2 : k <= t ? target[k - 1] : 0);
                assert_int_equal(out[k], k < t ? target[k] : k == t ? 3 : 0);
            }
        }
    }
    free(memory);
    dsgd_bins_destroy(bins);
    pairs_free(&split);
}

static void rules_that_cannot_be_kept_are_refused(void **unused)
{
    (void)unused;
    static const size_t start[] = {0, 2, 9};
    static const uint32_t id[9] = {4, 5, 6, 7, 8, 9, 4, 5, 6};
    const struct dsgd_split split = {.n = 2, .form = DSGD_PAIRS, .source = {start, id}, .target = {start, id}};
    struct dsgd_bins *bins = (struct dsgd_bins *)1;
    assert_int_equal(dsgd_bins_create("problem p", &split, &(struct dsgd_bins_rule){0}, &bins), DSGD_EINPUT);
    assert_string_equal(dsgd_error(), "problem p: batches without a limit, expected one of sentences or of tokens");
    assert_null(bins);
    assert_int_equal(dsgd_bins_create("problem p", &split, &(struct dsgd_bins_rule){.tokens = 7}, &bins), DSGD_EINPUT);
    assert_string_equal(dsgd_error(), "problem p: batches of at most 7 tokens, but pair 1 has 7 source and 7 target ids, and an end each: "
                                      "expected more tokens, or shorter sentences");
    assert_int_equal(dsgd_bins_create("problem p", &split, &(struct dsgd_bins_rule){.tokens = 8}, &bins), DSGD_OK);
    assert_int_equal(bins->n, 2);
    dsgd_bins_destroy(bins);
    dsgd_bins_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_keeps_its_limits),
        cmocka_unit_test(sorting_leaves_little_padding),
        cmocka_unit_test(the_seed_alone_decides_among_like_lengths),
        cmocka_unit_test(rows_hold_the_sentences_their_ends_and_padding),
        cmocka_unit_test(rules_that_cannot_be_kept_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
