/* test_pairs.c - datasets of pairs of sentences: what dsgd_dataset_check refuses, what the hash covers, which problems take them, and texts of
 * ids. */
#include "convex/registry.h"
#include "datasets/vocabulary.h"
#include "tests/pairs_case.h"

/* A dataset that can be broken in a copy. */
struct fixture {
    struct dsgd_dataset data;
    size_t source_start[PAIRS_SOURCES + 1], target_start[PAIRS_TARGETS + 1], reference_start[11];
    char text[8 * PAIRS_TARGETS];
};

static void make_pieces(size_t size, char *text, size_t *start, struct dsgd_vocabulary *out)
{
    start[0] = 0;
    for (size_t j = 0; j < size; ++j) { start[j + 1] = start[j] + (size_t)sprintf(text + start[j], "w%zu", j); }
    *out = (struct dsgd_vocabulary){.size = size, .piece = {start, text}};
}

static int setup(void **state)
{
    struct fixture *fix = calloc(1, sizeof *fix);
    if (!fix) { return -1; }
    make_pieces(PAIRS_SOURCES, fix->text, fix->source_start, &fix->data.source);
    make_pieces(PAIRS_TARGETS, fix->text + 200, fix->target_start, &fix->data.target);
    fix->data.train = pairs_split(1, 20, 7);
    fix->data.validation = pairs_split(2, 10, 7);
    fix->data.test = pairs_split(3, 10, 7);
    for (size_t i = 0; i < 10; ++i) { fix->reference_start[i + 1] = fix->reference_start[i] + i % 3; }
    fix->data.test.reference = (struct dsgd_lines){fix->reference_start, "abcdefghij"};
    strcpy(fix->data.name, "words");
    dsgd_dataset_hash(&fix->data);
    *state = fix;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fix = *state;
    pairs_free(&fix->data.train);
    pairs_free(&fix->data.validation);
    pairs_free(&fix->data.test);
    free(fix);
    return 0;
}

static void refuse(const struct dsgd_dataset *data, const char *sentence)
{
    assert_int_equal(dsgd_dataset_check(data), DSGD_EINPUT);
    assert_string_equal(dsgd_error(), sentence);
}

static void check_refuses_what_would_be_indexed_wrongly(void **state)
{
    const struct fixture *fix = *state;
    struct dsgd_dataset d = fix->data;
    assert_int_equal(dsgd_dataset_check(&d), DSGD_OK);
    size_t start[21];
    uint32_t id[200];
    const size_t ids = d.train.source.start[20];
    memcpy(start, d.train.source.start, sizeof start);
    memcpy(id, d.train.source.id, ids * sizeof *id);
    d.train.source = (struct dsgd_sentences){start, id};
    assert_int_equal(dsgd_dataset_check(&d), DSGD_OK);
    static const uint32_t wrong[] = {0, 2, 3, PAIRS_SOURCES, UINT32_MAX};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; ++k) {
        char sentence[200];
        id[start[5]] = wrong[k];
        snprintf(sentence, sizeof sentence, "dataset words: training source 5: id %u, expected one of 4..29, or 1 for an unknown word", (unsigned)wrong[k]);
        refuse(&d, sentence);
    }
    id[start[5]] = DSGD_ID_UNKNOWN;
    assert_int_equal(dsgd_dataset_check(&d), DSGD_OK);
    id[start[20] - 1] = PAIRS_SOURCES - 1;
    assert_int_equal(dsgd_dataset_check(&d), DSGD_OK);
    const size_t kept = start[6];
    start[6] = start[5]; /* an empty sentence */
    char sentence[200];
    snprintf(sentence, sizeof sentence, "dataset words: training source 5: begins at id %zu and ends before id %zu, expected 1 to 1048576 ids",
             start[5], start[5]);
    refuse(&d, sentence);
    start[6] = kept;
    d.train.source.id = NULL;
    refuse(&d, "dataset words: no training sources, expected an array of ids and one of their beginnings");

    d = fix->data;
    d.validation.n = 0;
    refuse(&d, "dataset words: 0 validation examples of form 3, expected 1 to 4294967295 pairs of sentences");
    d = fix->data;
    d.test.form = DSGD_ROWS_BYTES;
    refuse(&d, "dataset words: 10 test examples of form 0, expected 1 to 4294967295 pairs of sentences");
    d = fix->data;
    d.target.size = 4;
    refuse(&d, "dataset words: target vocabulary of 4 pieces, expected 5 to 16777216");
    d = fix->data;
    d.source.piece.start = NULL;
    refuse(&d, "dataset words: source vocabulary without its pieces, expected a text for each");
    d = fix->data;
    d.test.reference.byte = "ab\ndefghij";
    refuse(&d, "dataset words: reference 2: no text, expected bytes without zeros and ends of lines");
}

/* Everything that a result can depend on. */
static void hash_covers_every_part(void **state)
{
    const struct fixture *fix = *state;
    static const char other[] = "abcdXfghij";
    char seen[16][65];
    size_t count = 0;
    char text[8 * PAIRS_TARGETS];
    uint32_t id[200];
    strcpy(seen[count++], fix->data.sha256);
    for (int part = 0; part < 8; ++part) {
        struct dsgd_dataset d = fix->data;
        const struct dsgd_sentences *const sentences[] = {&d.train.source, &d.train.target, &d.validation.source, &d.test.target};
        switch (part) {
        case 4: d.source.size -= 1; break;
        case 5:
            memcpy(text, fix->text, sizeof text);
            text[fix->target_start[9] + 200] = 'v';
            d.target.piece.byte = text + 200;
            break;
        case 6: d.test.reference.byte = other; break;
        case 7: d.train.n -= 1; break;
        default: {
            struct dsgd_sentences *s = (struct dsgd_sentences *)(uintptr_t)sentences[part]; /* of d, which is not const */
            const size_t n = part < 2 ? 20 : 10;
            memcpy(id, s->id, s->start[n] * sizeof *id);
            id[s->start[n] - 1] ^= 1;
            s->id = id;
        }
        }
        dsgd_dataset_hash(&d);
        for (size_t k = 0; k < count; ++k) { assert_string_not_equal(d.sha256, seen[k]); }
        strcpy(seen[count++], d.sha256);
    }
}

/* Where sentences begin in their array is no part of it. */
static void hash_is_of_the_sentences(void **state)
{
    const struct fixture *fix = *state;
    struct dsgd_dataset d = fix->data;
    size_t start[21];
    uint32_t id[200];
    for (int i = 0; i <= 20; ++i) { start[i] = fix->data.train.source.start[i] + 3; }
    memcpy(id + 3, fix->data.train.source.id, fix->data.train.source.start[20] * sizeof *id);
    d.train.source = (struct dsgd_sentences){start, id};
    dsgd_dataset_hash(&d);
    assert_string_equal(d.sha256, fix->data.sha256);
}

static void problems_that_want_rows_refuse_pairs(void **state)
{
    const struct fixture *fix = *state;
    int tried = 0;
    for (size_t i = 0; dsgd_problem_at(i); ++i) {
        const struct dsgd_problem_ops *ops = dsgd_problem_at(i);
        _Alignas(16) unsigned char config[512];
        void *self = NULL;
        char sentence[200];
        if (!ops->needs_dataset || ops->pairs) { continue; }
        assert_true(ops->config_size <= sizeof config);
        assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
        const struct dsgd_problem_args args = {config, &fix->data, 1};
        assert_int_equal(ops->create(&args, &self), DSGD_EINPUT);
        assert_null(self);
        snprintf(sentence, sizeof sentence, "problem %s: dataset words holds pairs of sentences, expected rows with labels such as those of mnist",
                 ops->name);
        assert_string_equal(dsgd_error(), sentence);
        ++tried;
    }
    assert_true(tried >= 6);
}

static void fits_is_about_the_form_alone(void **state)
{
    const struct fixture *fix = *state;
    struct dsgd_dataset rows = {.name = "rows"};
    assert_int_equal(dsgd_dataset_fits(&fix->data, "p", true), DSGD_OK);
    assert_int_equal(dsgd_dataset_fits(&rows, "p", false), DSGD_OK);
    assert_int_equal(dsgd_dataset_fits(&rows, "p", true), DSGD_EINPUT);
    assert_string_equal(dsgd_error(), "problem p: dataset rows holds rows with labels, expected pairs of sentences such as those of grammar");
    assert_int_equal(dsgd_dataset_fits(NULL, "p", true), DSGD_EINPUT);
    assert_string_equal(dsgd_error(), "problem p: no dataset, expected one");
}

/* The texts were printed by sentencepiece 0.1.97 (SentencePieceProcessor.DecodeIds) of these pieces. */
static void ids_become_text(void **unused)
{
    (void)unused;
#define B "\xe2\x96\x81" /* U+2581 */
    static const char *const piece[] = {"<pad>", "<unk>", "<s>", "</s>", B "ein", B "klein", "er", B "a" B "b", B, ",", "\xc3\xa4"};
    enum { PIECES = sizeof piece / sizeof *piece };
    size_t at[PIECES + 1] = {0};
    char text[128];
    for (size_t j = 0; j < PIECES; ++j) {
        memcpy(text + at[j], piece[j], strlen(piece[j]));
        at[j + 1] = at[j] + strlen(piece[j]);
    }
    const struct dsgd_vocabulary v = {PIECES, {at, text}};
    static const struct {
        uint32_t id[6];
        size_t count;
        const char *text;
    } cases[] = {
        {{4, 5, 6, 9}, 4, "ein kleiner,"}, {{4}, 1, "ein"}, {{6, 4}, 2, "er ein"},
        {{7, 10}, 2, "a b\xc3\xa4"}, {{0}, 0, ""},
        {{2, 4, 3, 0, 0}, 5, "ein"}, {{4, 1, 4}, 3, "ein \xe2\x81\x87  ein"}, {{1, 4}, 2, " \xe2\x81\x87  ein"},
        {{8, 4}, 2, "ein"}, {{8, 8, 4}, 3, "ein"}, {{4, 8}, 2, "ein "},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        char out[64];
        memset(out, '#', sizeof out);
        const size_t length = strlen(cases[k].text);
        assert_int_equal(dsgd_vocabulary_text(&v, cases[k].count, cases[k].id, 0, NULL), length);
        assert_int_equal(dsgd_vocabulary_text(&v, cases[k].count, cases[k].id, sizeof out, out), length);
        assert_memory_equal(out, cases[k].text, length);
        assert_int_equal(out[length], '#');
        if (length > 1) { /* no byte beyond the room */
            memset(out, '#', sizeof out);
            assert_int_equal(dsgd_vocabulary_text(&v, cases[k].count, cases[k].id, length - 1, out), length);
            assert_int_equal(out[length - 1], '#');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(check_refuses_what_would_be_indexed_wrongly, setup, teardown),
        cmocka_unit_test_setup_teardown(hash_covers_every_part, setup, teardown),
        cmocka_unit_test_setup_teardown(hash_is_of_the_sentences, setup, teardown),
        cmocka_unit_test_setup_teardown(problems_that_want_rows_refuse_pairs, setup, teardown),
        cmocka_unit_test_setup_teardown(fits_is_about_the_form_alone, setup, teardown),
        cmocka_unit_test(ids_become_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
