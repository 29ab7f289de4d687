/* test_bleu.c - deep/bleu.h: words of mteval-v13a by hand, scores by hand, and the counts and scores of sacreBLEU 2.6.0 on its documented example,
 * on edge cases, on random sentences of everything that the rules know, and on Multi30k where it is. The values of sacreBLEU are stored here; where
 * /usr/bin/python3 has it, it is asked again (tests/bleu_sacrebleu.py). */
#include "tests/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "deep/bleu.h"
#include "sim/kernel/rng.h"

/* ---- words ---- */

static void words_follow_the_rules(void **unused)
{
    (void)unused;
    static const struct { const char *text, *words; } cases[] = {
        {"", ""}, {"   ", ""}, {"a", "a "}, {" a  b ", "a b "}, {"The dog.", "The dog . "},
        {"1,000.5", "1,000.5 "}, {"1,000.", "1,000 . "}, {".5", ". 5 "}, /* the blank in front is no digit */
        {"a.b", "a . b "}, {"a.,b", "a . , b "}, {"3.a", "3 . a "},
        {"20-30", "20 - 30 "}, {"well-known", "well-known "}, {"-5", "-5 "}, {"5--6", "5 - -6 "},
        {"don't", "don't "}, {"(a)/b", "( a ) / b "}, {"a\"b\"", "a \" b \" "}, {"50%", "50 % "}, {"{x}~[y]`^_", "{ x } ~ [ y ] ` ^ _ "},
        {"a&quot;b", "a \" b "}, {"&amp;lt;", "< "}, {"&amp;", "& "}, {"&apos;", "& apos ; "}, {"x&gt;y&lt;z", "x > y < z "},
        {"a<skipped>b", "ab "}, {"<skipped>", ""}, {"<skip<skipped>ped>", "< skipped > "},
        {"a\xc2\xa0" "b", "a b "},
        {"a\xe3\x80\x80" "b\xe2\x80\x83" "c\xe2\x80\xa8" "d\x1c" "e", "a b c d e "}, /* U+00A0, U+3000, U+2003, U+2028, 1C */
        {"\xc3\xa4.\xe2\x80\xa6", "\xc3\xa4 . \xe2\x80\xa6 "}, /* a-umlaut, point, ellipsis: the last is no punctuation here */
        {"\xe2\x80\x9e" "a\xe2\x80\x9c", "\xe2\x80\x9e" "a\xe2\x80\x9c "},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        const size_t size = strlen(cases[k].text), room = deep_bleu_words_room(size);
        char *out = malloc(room); /* as long as said: a sanitizer sees one byte more */
        assert_non_null(out);
        const size_t used = deep_bleu_words(cases[k].text, size, out);
        if (used != strlen(cases[k].words) || memcmp(out, cases[k].words, used) != 0) {
            fail_msg("\"%s\": \"%.*s\", expected \"%s\"", cases[k].text, (int)used, out, cases[k].words);
        }
        free(out);
    }
}

/* The worst that the rules can do to a text: every byte grows as much as it can. */
static void words_have_room(void **unused)
{
    (void)unused;
    static const char *const worst[] = {".", ",", "!", ".!", "1-", ".a", "a.", "-", "&", "5-.,"};
    for (size_t k = 0; k < sizeof worst / sizeof *worst; ++k) {
        for (size_t times = 1; times < 40; ++times) {
            const size_t one = strlen(worst[k]), size = times * one;
            char text[200], *out = malloc(deep_bleu_words_room(size));
            for (size_t j = 0; j < size; ++j) { text[j] = worst[k][j % one]; }
            assert_non_null(out);
            assert_true(deep_bleu_words(text, size, out) <= deep_bleu_words_room(size) / 2);
            free(out);
        }
    }
}

/* ---- scores ---- */

static void add(struct deep_bleu *bleu, const char *hypothesis, const char *reference)
{
    assert_int_equal(deep_bleu_add(bleu, hypothesis, strlen(hypothesis), reference, strlen(reference)), DSGD_OK);
}

static double score_of(const char *hypothesis, const char *reference)
{
    struct deep_bleu bleu = {{0}};
    add(&bleu, hypothesis, reference);
    return deep_bleu_score(&bleu);
}

/* exp, log and four roundings: far below. */
#define TOLERANCE 1e-11

static void scores_by_hand(void **unused)
{
    (void)unused;
    CHECK_CLOSE(score_of("a b c d", "a b c d"), 100, TOLERANCE);
    CHECK_CLOSE(score_of("a b c d", "a b c d e f g h"), 100 * exp(-1.0), TOLERANCE);                       /* half as long: exp(1 - 8/4) */
    CHECK_CLOSE(score_of("a b c d e f g h", "a b c d"), 100 * pow(4. / 8 * 3 / 7 * 2 / 6 * 1 / 5, 0.25), TOLERANCE); /* longer costs precision alone */
    /* clipped: one a counts; then halves */
    CHECK_CLOSE(score_of("a a a a", "a b c d"), 100 * pow(1. / 4 * (1. / 2 / 3) * (1. / 4 / 2) * (1. / 8 / 1), 0.25), TOLERANCE);
    CHECK_CLOSE(score_of("x y z w", "a b c d"), 0, 0); /* nothing matches */
    CHECK_CLOSE(score_of("a b c", "a b c"), 0, 0);     /* no sentence of four words */
    CHECK_CLOSE(score_of("", "a b c d"), 0, 0);
    CHECK_CLOSE(score_of("", ""), 0, 0);
    CHECK_CLOSE(score_of("a b c d", ""), 0, 0);
    struct deep_bleu none = {{0}};
    CHECK_CLOSE(deep_bleu_score(&none), 0, 0);
}

struct expected {
    uint64_t correct[4], total[4], hypothesis, reference;
    double score;
};

static void check(const struct deep_bleu *bleu, const struct expected *expected, const char *what, size_t k)
{
    const bool counts = memcmp(bleu->correct, expected->correct, sizeof bleu->correct) == 0 &&
                        memcmp(bleu->total, expected->total, sizeof bleu->total) == 0 && bleu->hypothesis == expected->hypothesis &&
                        bleu->reference == expected->reference;
    const double score = deep_bleu_score(bleu);
    if (!counts || !check_is_close(score, expected->score, 1e-11)) {
        fail_msg("%s %zu: {{%llu, %llu, %llu, %llu}, {%llu, %llu, %llu, %llu}, %llu, %llu, %.15g}", what, k, (unsigned long long)bleu->correct[0],
                 (unsigned long long)bleu->correct[1], (unsigned long long)bleu->correct[2], (unsigned long long)bleu->correct[3],
                 (unsigned long long)bleu->total[0], (unsigned long long)bleu->total[1], (unsigned long long)bleu->total[2], (unsigned long long)bleu->total[3],
                 (unsigned long long)bleu->hypothesis, (unsigned long long)bleu->reference, score);
    }
}

enum { PAIRS_MOST = 3 };

/* The first is the example of sacreBLEU's README with its first reference. */
static const struct { const char *pair[PAIRS_MOST][2]; struct expected expected; } stored[] = {
    {{{"The dog bit the man.", "The dog bit the man."}, {"It wasn't surprising.", "It was not unexpected."},
      {"The man had just bitten him.", "The man bit him first."}},
     {{12, 6, 4, 3}, {17, 14, 11, 8}, 17, 17, 45.06750632106114}},
    {{{"the cat is on the mat", "the cat sat on the mat"}}, {{5, 3, 1, 0}, {6, 5, 4, 3}, 6, 6, 37.99178428257963}},
    /* Papineni et al., example 2 */
    {{{"the the the the the the the", "the cat is on the mat"}}, {{2, 0, 0, 0}, {7, 6, 5, 4}, 7, 6, 7.809849842300637}},
    {{{"a b c d", "a b c d e f g h"}}, {{4, 3, 2, 1}, {4, 3, 2, 1}, 4, 8, 36.78794411714425}},
    {{{"a b c d e f g h", "a b c d"}}, {{4, 3, 2, 1}, {8, 7, 6, 5}, 8, 4, 34.57207846419409}},
    {{{"", "x y"}, {"a b c d e", "a b c d e"}}, {{5, 4, 3, 2}, {5, 4, 3, 2}, 5, 7, 67.03200460356396}},
    {{{"a b c", "a b c"}}, {{3, 2, 1, 0}, {3, 2, 1, 0}, 3, 3, 0}},
    {{{"", "x"}, {"", "y"}}, {{0, 0, 0, 0}, {0, 0, 0, 0}, 0, 2, 0}},
    {{{"a b c d", "a b c d"}, {"x", ""}}, {{4, 3, 2, 1}, {5, 3, 2, 1}, 5, 4, 94.57416090031765}},
    {{{"a c b d e", "a b c d e"}}, {{5, 1, 0, 0}, {5, 4, 3, 2}, 5, 5, 26.86424829558855}},
    {{{"Am 3.5. gab es 1,000,000 -- 20-30 % (ca.) \"mehr\", oder?!",
       "Am 3.5 gab es 1,000.000 -- 20-30% (ca. ) mehr, oder ?"},
      {"3-4 & 5&6 &amp;lt; &quot;a&quot; <skipped>b a<skipped>c", "3-4 & 5 & 6 < \"a\" b ac"}},
     {{30, 24, 19, 16}, {35, 33, 31, 29}, 35, 31, 67.75886161727034}},
    {{{"Zwei junge M\xc3\xa4nner\xe2\x80\xa6", "Zwei junge M\xc3\xa4nner \xe2\x80\xa6"}, {"a\xc2\xa0" "b\xe3\x80\x80" "c d\xe2\x80\x83" "e .", "a b c d e."}},
     {{8, 6, 4, 3}, {9, 7, 5, 3}, 9, 10, 79.06653855679438}},
};

static void scores_of_sacrebleu(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < sizeof stored / sizeof *stored; ++k) {
        struct deep_bleu bleu = {{0}};
        for (int p = 0; p < PAIRS_MOST && stored[k].pair[p][0]; ++p) { add(&bleu, stored[k].pair[p][0], stored[k].pair[p][1]); }
        check(&bleu, &stored[k].expected, "corpus", k);
    }
}

/* ---- random corpora ---- */

enum { CORPORA = 12, SENTENCE = 1024 };

/* What the rules know, and words. Each may stand next to each, with or without a blank. */
static const char *const atom[] = {"a", "b", "der", "Hund", "3", "14", "2019", ".", ",", "-", "--", "'", "(", ")", "/", "%", "!", "?", "\"", "&", ";",
                                   ":", "{", "}", "[", "]", "~", "_", "^", "&quot;", "&amp;", "&lt;", "&gt;", "&amp;lt;", "<skipped>", "<", ">",
                                   "\xc3\xa4", "\xc3\x9f", "\xe2\x80\xa6", "\xe2\x80\x93", "\xc2\xab", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x83",
                                   "\xe2\x80\xa9", "\xc2\x85", "\x1c", "\x1f", "\f", "A man", "in einem", "1,5", "3.14", "20-30", "\xf0\x9f\x90\x95"};
enum { ATOMS = sizeof atom / sizeof *atom };

/* Sentence i of a corpus; share: how much of the hypothesis is the reference's, in 16ths. Corpora differ in length, from nothing on. */
static void make_pair(uint32_t corpus, uint32_t i, char hypothesis[SENTENCE], char reference[SENTENCE])
{
    const struct dsgd_rng_key key = {corpus, dsgd_rng_purpose("corpus of a test")};
    const uint32_t length = dsgd_rng_below(key, 0, i, 0, 2 + 4 * corpus), words = corpus % 3 == 0 ? ATOMS : 7; /* seven words match often */
    size_t h = 0, r = 0;
    hypothesis[0] = reference[0] = '\0';
    for (uint32_t k = 1; k <= length; ++k) {
        const char *said = atom[dsgd_rng_below(key, k, i, 0, words)], *other = atom[dsgd_rng_below(key, k, i, 1, ATOMS)];
        const char *blank = dsgd_rng_below(key, k, i, 2, 10) < 7 ? " " : "";
        const uint32_t coin = dsgd_rng_below(key, k, i, 3, 16);
        r += (size_t)snprintf(reference + r, SENTENCE - r, "%s%s", said, blank);
        if (coin > 1) { h += (size_t)snprintf(hypothesis + h, SENTENCE - h, "%s%s", coin > 4 ? said : other, blank); } /* left out, or another */
    }
}

static uint32_t sentences_of(uint32_t corpus) { return 1 + 5 * corpus; }

static const struct expected random_stored[CORPORA] = {
    {{1, 0, 0, 0}, {1, 0, 0, 0}, 1, 1, 0},
    {{7, 3, 1, 0}, {7, 3, 1, 0}, 7, 7, 0},
    {{31, 17, 7, 2}, {38, 27, 16, 8}, 38, 45, 40.494283127325687},
    {{68, 39, 21, 11}, {87, 73, 59, 45}, 87, 99, 38.033564401465057},
    {{87, 47, 25, 15}, {124, 105, 86, 70}, 124, 130, 35.632473971688853},
    {{97, 52, 27, 12}, {148, 124, 101, 80}, 148, 158, 30.283921373076783},
    {{276, 172, 116, 82}, {347, 317, 290, 264}, 347, 372, 44.775500532170255},
    {{236, 131, 66, 38}, {345, 309, 276, 246}, 345, 366, 30.271709738364116},
    {{265, 154, 89, 54}, {403, 364, 328, 293}, 403, 412, 33.585493383854825},
    {{470, 284, 186, 123}, {576, 534, 494, 454}, 576, 679, 38.358501238668389},
    {{411, 221, 121, 67}, {650, 600, 554, 509}, 650, 658, 28.255654124895642},
    {{570, 314, 164, 89}, {820, 764, 710, 657}, 820, 897, 27.992748753617651},
};

static struct deep_bleu random_bleu(uint32_t corpus)
{
    struct deep_bleu bleu = {{0}};
    for (uint32_t i = 0; i < sentences_of(corpus); ++i) {
        char hypothesis[SENTENCE], reference[SENTENCE];
        make_pair(corpus, i, hypothesis, reference);
        add(&bleu, hypothesis, reference);
    }
    return bleu;
}

static void random_corpora_score_as_stored(void **unused)
{
    (void)unused;
    for (uint32_t c = 0; c < CORPORA; ++c) {
        const struct deep_bleu bleu = random_bleu(c);
        check(&bleu, &random_stored[c], "random corpus", c);
    }
}

/* ---- real sentences, where they are ---- */

static void multi30k_path(char path[600])
{
    const char *folder = getenv("DSGD_DATA");
    snprintf(path, 600, "%s/multi30k/test_2016_flickr.de.gz", folder && *folder ? folder : DSGD_SOURCE_DIR "/data");
}

/* The hypothesis leaves out every fifth word, another one from line to line. */
static void leave_words_out(const char *reference, uint32_t i, char hypothesis[SENTENCE])
{
    size_t used = 0;
    uint32_t word = 0;
    for (const char *c = reference; *c; ++c) {
        word += *c == ' ';
        if ((word + i) % 5 != 4) { hypothesis[used++] = *c; }
    }
    hypothesis[used] = '\0';
}

/* Lines of the file, each with its hypothesis; false: it is not there. */
static bool each_line(void (*use)(void *to, const char *hypothesis, const char *reference), void *to)
{
    char path[600], reference[SENTENCE], hypothesis[SENTENCE];
    multi30k_path(path);
    gzFile file = access(path, R_OK) == 0 ? gzopen(path, "rb") : NULL;
    for (uint32_t i = 0; file && gzgets(file, reference, SENTENCE); ++i) {
        reference[strcspn(reference, "\n")] = '\0';
        leave_words_out(reference, i, hypothesis);
        use(to, hypothesis, reference);
    }
    if (file) { gzclose(file); }
    return file != NULL;
}

static void add_line(void *to, const char *hypothesis, const char *reference) { add(to, hypothesis, reference); }
static void write_line(void *to, const char *hypothesis, const char *reference) { fprintf(to, "%s\x01%s\n", hypothesis, reference); }

static const struct expected real_stored = {{9681, 6902, 4329, 2151}, {9681, 8681, 7681, 6681}, 9681, 12106, 47.974093991808594};

static void real_sentences_score_as_stored(void **unused)
{
    (void)unused;
    struct deep_bleu bleu = {{0}};
    if (each_line(add_line, &bleu)) {
        check(&bleu, &real_stored, "Multi30k", 0);
    } else {
        print_message("no Multi30k here (make -f Makefile.experiments data-multi30k)\n");
    }
}

/* The same from sacreBLEU itself, where it is. */
static void sacrebleu_says_the_same(void **unused)
{
    (void)unused;
    char path[] = "/tmp/dsgd-bleu-XXXXXX", command[600], line[400];
    const int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    assert_non_null(file);
    for (uint32_t c = 0; c < CORPORA; ++c) {
        for (uint32_t i = 0; i < sentences_of(c); ++i) {
            char hypothesis[SENTENCE], reference[SENTENCE];
            make_pair(c, i, hypothesis, reference);
            fprintf(file, "%s\x01%s\n", hypothesis, reference);
        }
        fprintf(file, "\n");
    }
    const uint32_t corpora = CORPORA + each_line(write_line, file);
    fprintf(file, "\n");
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/tests/bleu_sacrebleu.py' %s 2>/dev/null", DSGD_SOURCE_DIR, path);
    FILE *answer = popen(command, "r");
    assert_non_null(answer);
    uint32_t told = 0;
    for (; told < corpora && fgets(line, sizeof line, answer); ++told) {
        struct expected e;
        unsigned long long n[10];
        const int read = sscanf(line, "%llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %lf", n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8,
                                n + 9, &e.score);
        assert_int_equal(read, 11);
        for (int k = 0; k < 4; ++k) {
            e.correct[k] = n[k];
            e.total[k] = n[4 + k];
        }
        e.hypothesis = n[8];
        e.reference = n[9];
        struct deep_bleu bleu = {{0}};
        if (told < CORPORA) {
            bleu = random_bleu(told);
        } else {
            each_line(add_line, &bleu);
        }
        check(&bleu, &e, "sacreBLEU: corpus", told);
    }
    const int code = pclose(answer);
    unlink(path);
    print_message("sacreBLEU: %u corpora compared%s\n", (unsigned)told, told ? "" : ", it is not installed here; its stored values were");
    assert_true(told == corpora || (told == 0 && code != 0));
}

static void counts_of_parts_add_up(void **unused)
{
    (void)unused;
    struct deep_bleu all = {{0}}, sum = {{0}};
    for (uint32_t i = 0; i < 40; ++i) {
        struct deep_bleu one = {{0}};
        char hypothesis[SENTENCE], reference[SENTENCE];
        make_pair(5, i, hypothesis, reference);
        add(&all, hypothesis, reference);
        add(&one, hypothesis, reference);
        for (int k = 0; k < 4; ++k) {
            sum.correct[k] += one.correct[k];
            sum.total[k] += one.total[k];
        }
        sum.hypothesis += one.hypothesis;
        sum.reference += one.reference;
    }
    assert_memory_equal(&all, &sum, sizeof all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_follow_the_rules),
        cmocka_unit_test(words_have_room),
        cmocka_unit_test(scores_by_hand),
        cmocka_unit_test(scores_of_sacrebleu),
        cmocka_unit_test(random_corpora_score_as_stored),
        cmocka_unit_test(real_sentences_score_as_stored),
        cmocka_unit_test(sacrebleu_says_the_same),
        cmocka_unit_test(counts_of_parts_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
