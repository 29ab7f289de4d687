/* test_grammar.c - dataset `grammar`: a translator that is written from the head of datasets/grammar.c, and takes nothing from it, agrees on every
 * sentence; words and phrases are as frequent as it says; keys do what they say. */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "datasets/dataset.h"
#include "datasets/vocabulary.h"
#include "sim/kernel/rng.h"

enum { CONFIG_SIZE = 256, CLASSES = 5, MOST = 64 };
enum class { NOUN, ADJECTIVE, VERB, PREPOSITION, DETERMINER };

static struct dsgd_dataset *load(const char *const *keys)
{
    const struct dsgd_dataset_ops *ops = dsgd_dataset_find("grammar");
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    struct dsgd_dataset *data = NULL;
    assert_true(ops && ops->config_size <= sizeof config && ops->pairs);
    assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
    for (const char *const *k = keys; *k; k += 2) { assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, k[0]), ops->name, config, k[1]), DSGD_OK); }
    const struct dsgd_dataset_args args = {.config = config, .folder = "/nonexistent"}; /* no file is looked for */
    if (dsgd_dataset_load(ops, &args, &data) != DSGD_OK) { fail_msg("%s", dsgd_error()); }
    return data;
}

static const char *const defaults[] = {NULL};

/* ---- a translator by the documented rules ---- */

struct rules {
    uint32_t size[CLASSES], gender[100], translation[CLASSES][100];
};

/* Genders and permutations from their draws. */
static struct rules rules_of(const uint32_t size[CLASSES], uint32_t seed)
{
    struct rules r;
    memcpy(r.size, size, sizeof r.size);
    for (uint32_t q = 0; q < size[NOUN]; ++q) {
        r.gender[q] = dsgd_rng_below((struct dsgd_rng_key){seed, dsgd_rng_purpose("grammar gender")}, q, 0, 0, 3);
    }
    for (uint32_t c = 0; c < CLASSES; ++c) {
        for (uint32_t q = 0; q < size[c]; ++q) { r.translation[c][q] = q; }
        for (uint32_t j = size[c]; j-- > 1;) {
            const uint32_t k = dsgd_rng_below((struct dsgd_rng_key){seed, dsgd_rng_purpose("grammar words")}, j, c, 0, j + 1);
            const uint32_t t = r.translation[c][j];
            r.translation[c][j] = r.translation[c][k];
            r.translation[c][k] = t;
        }
    }
    return r;
}

/* A sentence as words of classes. */
struct reader {
    const struct rules *rules;
    const uint32_t *at, *end;
    uint32_t out[MOST];
    int used, phrases, adjectives[3], prepositions; /* phrases with 0, 1, 2 adjectives */
};

static enum class class_of(const struct rules *r, uint32_t id, uint32_t *word)
{
    uint32_t base = 4;
    for (int c = 0; c < CLASSES; ++c) {
        if (id < base + r->size[c]) {
            *word = id - base;
            return (enum class)c;
        }
        base += r->size[c];
    }
    fail_msg("id %u is of no class", (unsigned)id);
    return NOUN;
}

static int next_is(const struct reader *s, enum class wanted)
{
    uint32_t word;
    return s->at < s->end && class_of(s->rules, *s->at, &word) == wanted;
}

static uint32_t take(struct reader *s, enum class wanted)
{
    uint32_t word = 0;
    assert_true(next_is(s, wanted));
    class_of(s->rules, *s->at++, &word);
    return word;
}

static void say(struct reader *s, enum class c, uint32_t word, uint32_t gender)
{
    uint32_t base = 4;
    for (int b = 0; b < (int)c; ++b) { base += s->rules->size[b] * (b == ADJECTIVE || b == DETERMINER ? 3 : 1); }
    const uint32_t p = s->rules->translation[c][word];
    s->out[s->used++] = base + (c == ADJECTIVE || c == DETERMINER ? 3 * p + gender : p);
}

static void phrase(struct reader *s)
{
    const uint32_t determiner = take(s, DETERMINER);
    uint32_t adjective[2];
    int adjectives = 0;
    while (next_is(s, ADJECTIVE)) {
        assert_true(adjectives < 2);
        adjective[adjectives++] = take(s, ADJECTIVE);
    }
    const uint32_t noun = take(s, NOUN), gender = s->rules->gender[noun];
    ++s->phrases;
    ++s->adjectives[adjectives];
    say(s, DETERMINER, determiner, gender);
    say(s, NOUN, noun, 0);
    for (int k = 0; k < adjectives; ++k) { say(s, ADJECTIVE, adjective[k], gender); }
    if (next_is(s, PREPOSITION)) {
        ++s->prepositions;
        say(s, PREPOSITION, take(s, PREPOSITION), 0);
        phrase(s);
    }
}

/* Returns whether there is an object. */
static int translate(struct reader *s)
{
    phrase(s);
    const uint32_t verb = take(s, VERB);
    const int object = s->at < s->end;
    if (object) { phrase(s); }
    assert_ptr_equal(s->at, s->end);
    say(s, VERB, verb, 0);
    return object;
}

/* Every sentence of the split, with sums of what was read: phrases, adjectives, prepositions, and objects by return. */
static size_t translate_split(const struct rules *r, const struct dsgd_split *split, size_t longest, struct reader *sums)
{
    size_t objects = 0;
    for (size_t i = 0; i < split->n; ++i) {
        const size_t from = split->source.start[i], to = split->source.start[i + 1], first = split->target.start[i], last = split->target.start[i + 1];
        struct reader s = {.rules = r, .at = split->source.id + from, .end = split->source.id + to};
        assert_in_range(to - from, 3, longest);
        objects += (size_t)translate(&s);
        assert_int_equal(last - first, s.used);
        assert_memory_equal(split->target.id + first, s.out, (size_t)s.used * sizeof *s.out);
        sums->phrases += s.phrases;
        sums->prepositions += s.prepositions;
        for (int k = 0; k < 3; ++k) { sums->adjectives[k] += s.adjectives[k]; }
    }
    return objects;
}

static void every_translation_follows_from_its_source(void **unused)
{
    (void)unused;
    static const uint32_t size[CLASSES] = {80, 40, 60, 8, 4}, other[CLASSES] = {7, 1, 3, 2, 5};
    struct dsgd_dataset *data = load(defaults);
    struct reader sums = {0};
    assert_true(data->train.n == 40000 && data->validation.n == 1000 && data->test.n == 1000);
    assert_true(data->source.size == 196 && data->target.size == 284); /* 192 and 280 words */
    struct rules r = rules_of(size, 1);
    translate_split(&r, &data->train, 14, &sums);
    translate_split(&r, &data->validation, 14, &sums);
    translate_split(&r, &data->test, 14, &sums);
    dsgd_dataset_destroy(data);
    data = load((const char *const[]){"seed", "9", "nouns", "7", "adjectives", "1", "verbs", "3", "prepositions", "2", "determiners", "5",
                                      "longest", "6", "n", "500", NULL});
    r = rules_of(other, 9);
    assert_int_equal(data->source.size, 4 + 18);
    assert_int_equal(data->target.size, 4 + 7 + 3 + 3 + 2 + 15);
    translate_split(&r, &data->train, 6, &sums);
    dsgd_dataset_destroy(data);
}

/* ---- how frequent ---- */

/* Words of a class given how many there are: independent draws of 1/(q + 1), so chi-squared has mean V - 1 and variance 2 (V - 1) or nearly so
 * (every expected count is above 100): five deviations, and the seed is fixed. */
static void check_zipf(const uint64_t *count, uint32_t words)
{
    double total = 0, harmonic = 0, chi = 0;
    for (uint32_t q = 0; q < words; ++q) {
        total += (double)count[q];
        harmonic += 1.0 / (q + 1);
    }
    for (uint32_t q = 0; q < words; ++q) {
        const double expected = total / harmonic / (q + 1);
        assert_true(expected > 100);
        chi += ((double)count[q] - expected) * ((double)count[q] - expected) / expected;
    }
    CHECK_CLOSE(chi, words - 1.0, 5 * sqrt(2 * (words - 1.0)));
}

static void words_are_as_frequent_as_zipf_says(void **unused)
{
    (void)unused;
    static const uint32_t size[CLASSES] = {80, 40, 60, 8, 4};
    struct dsgd_dataset *data = load(defaults); /* that long sentences are drawn again says nothing of the words in them */
    uint64_t count[192] = {0};
    const size_t ids = data->train.source.start[data->train.n];
    for (size_t j = 0; j < ids; ++j) { ++count[data->train.source.id[j] - 4]; }
    for (uint32_t c = 0, base = 0; c < CLASSES; base += size[c++]) { check_zipf(count + base, size[c]); }
    dsgd_dataset_destroy(data);
}

/* Share of a coin with probability p: within four standard errors. */
static void check_share(double hits, double tries, double p) { CHECK_CLOSE(hits / tries, p, 4 * sqrt(p * (1 - p) / tries)); }

/* With 64 words a sentence is hardly ever drawn again, so that the shares are those of the rules. */
static void phrases_are_as_frequent_as_documented(void **unused)
{
    (void)unused;
    static const uint32_t size[CLASSES] = {80, 40, 60, 8, 4};
    struct dsgd_dataset *data = load((const char *const[]){"longest", "64", NULL});
    const struct rules r = rules_of(size, 1);
    struct reader sums = {0};
    const double objects = (double)translate_split(&r, &data->train, 64, &sums), n = (double)data->train.n;
    check_share(objects, n, 0.75);
    check_share(sums.prepositions, sums.phrases, 0.2);
    check_share(sums.adjectives[0], sums.phrases, 0.5);
    check_share(sums.adjectives[1], sums.phrases, 0.35);
    check_share(sums.adjectives[2], sums.phrases, 0.15);
    assert_int_equal(sums.phrases, (int)(n + objects) + sums.prepositions);
    dsgd_dataset_destroy(data);
}

/* A sentence of a split, to be found among others. */
struct known {
    const uint32_t *id;
    size_t count;
};

static int by_ids(const void *left, const void *right)
{
    const struct known *a = left, *b = right;
    return a->count != b->count ? a->count < b->count ? -1 : 1 : memcmp(a->id, b->id, a->count * sizeof *a->id);
}

static struct known known_of(const struct dsgd_sentences *s, size_t i) { return (struct known){s->id + s->start[i], s->start[i + 1] - s->start[i]}; }

/* Short sentences of frequent words occur more than once: docs/configuration.md says how many, so that nobody takes all validation for unseen. */
static void some_sentences_occur_again(void **unused)
{
    (void)unused;
    struct dsgd_dataset *data = load(defaults);
    struct known *train = malloc(data->train.n * sizeof *train);
    size_t different = 0, seen = 0;
    assert_non_null(train);
    for (size_t i = 0; i < data->train.n; ++i) { train[i] = known_of(&data->train.source, i); }
    qsort(train, data->train.n, sizeof *train, by_ids);
    for (size_t i = 0; i < data->train.n; ++i) { different += i == 0 || by_ids(&train[i - 1], &train[i]) != 0; }
    for (size_t i = 0; i < data->validation.n; ++i) {
        const struct known one = known_of(&data->validation.source, i);
        seen += bsearch(&one, train, data->train.n, sizeof *train, by_ids) != NULL;
    }
    assert_int_equal(different, 37410);
    assert_int_equal(seen, 85);
    free(train);
    dsgd_dataset_destroy(data);
}

/* ---- keys, texts ---- */

static void each_key_changes_the_data(void **unused)
{
    (void)unused;
    static const char *const small[] = {"n", "300", "n_validation", "20", "n_test", "20", NULL};
    static const char *const key[][2] = {{"seed", "2"}, {"n", "301"}, {"n_validation", "21"}, {"n_test", "21"}, {"longest", "9"}, {"nouns", "81"},
                                         {"adjectives", "41"}, {"verbs", "61"}, {"prepositions", "9"}, {"determiners", "5"}};
    struct dsgd_dataset *a = load(small);
    for (size_t k = 0; k < sizeof key / sizeof *key; ++k) {
        struct dsgd_dataset *b = load((const char *const[]){"n", "300", "n_validation", "20", "n_test", "20", key[k][0], key[k][1], NULL});
        assert_string_not_equal(a->sha256, b->sha256); /* else two different datasets would share results */
        if (k >= 1 && k <= 3) { /* more sentences leave the first ones as they are */
            assert_memory_equal(a->train.source.id, b->train.source.id, a->train.source.start[300] * sizeof(uint32_t));
            assert_memory_equal(a->validation.target.id, b->validation.target.id, a->validation.target.start[20] * sizeof(uint32_t));
        }
        dsgd_dataset_destroy(b);
    }
    assert_memory_not_equal(a->validation.source.id, a->test.source.id, 20 * sizeof(uint32_t)); /* each split has its own */
    assert_memory_not_equal(a->train.source.id, a->test.source.id, 20 * sizeof(uint32_t));
    assert_string_equal(a->title, "generated language (192 + 280 words, sentences of up to 14)");
    dsgd_dataset_destroy(a);
}

static void texts_name_words_and_forms(void **unused)
{
    (void)unused;
    static const uint32_t size[CLASSES] = {80, 40, 60, 8, 4};
    struct dsgd_dataset *data = load((const char *const[]){"n", "50", NULL});
    const struct rules r = rules_of(size, 1);
    for (size_t i = 0; i < 50; ++i) {
        char text[512], expected[512] = "";
        const size_t from = data->train.source.start[i], n = data->train.source.start[i + 1] - from;
        for (size_t k = 0, used = 0; k < n; ++k) {
            uint32_t word = 0;
            const enum class c = class_of(&r, data->train.source.id[from + k], &word);
            used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%c%u", k ? " " : "", "navpd"[c], (unsigned)word);
        }
        const size_t length = dsgd_vocabulary_text(&data->source, n, data->train.source.id + from, sizeof text, text);
        assert_int_equal(length, strlen(expected));
        assert_memory_equal(text, expected, length);
        /* the translation of a sentence is its words in capitals, in another order: "n12" is "N12", "a3" is "A3m", "A3f" or "A3n" */
        const size_t target = dsgd_vocabulary_text(&data->target, n, data->train.target.id + from, sizeof text - 1, text);
        text[target] = '\0';
        for (char *word = strtok(expected, " "); word; word = strtok(NULL, " ")) {
            char capital[16];
            snprintf(capital, sizeof capital, "%c%s", word[0] - 'a' + 'A', word + 1);
            assert_non_null(strstr(text, capital));
        }
    }
    dsgd_dataset_destroy(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_translation_follows_from_its_source),
        cmocka_unit_test(words_are_as_frequent_as_zipf_says),
        cmocka_unit_test(phrases_are_as_frequent_as_documented),
        cmocka_unit_test(some_sentences_occur_again),
        cmocka_unit_test(each_key_changes_the_data),
        cmocka_unit_test(texts_name_words_and_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
