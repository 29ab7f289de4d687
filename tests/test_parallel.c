/* test_parallel.c - dataset `parallel`: files of ids come through in the right place, every kind of bad file is refused with a sentence that names
 * it, and one whose bytes the list does not know is never read as another. The files are made here, a few sentences each. */
#include "datasets/dataset.h"
#include "datasets/vocabulary.h"
#include "sim/kernel/rng.h"
#include "tests/parallel_case.h"

enum { TRAIN_SOURCE, TRAIN_TARGET, VALID_SOURCE, VALID_TARGET, TEST_SOURCE, TEST_TARGET, SOURCE_PIECES, TARGET_PIECES, VALID_LINES, TEST_LINES };

static const char *const none[] = {NULL};

static enum dsgd_status try_load(const struct parallel_folder *p, const char *const *keys, struct dsgd_dataset **data)
{
    const struct dsgd_dataset_ops *ops = dsgd_dataset_find("parallel");
    _Alignas(16) unsigned char config[256];
    assert_true(ops && ops->config_size <= sizeof config && ops->pairs);
    assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
    for (const char *const *k = keys; *k; k += 2) { assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, k[0]), ops->name, config, k[1]), DSGD_OK); }
    const struct dsgd_dataset_args args = {.config = config, .folder = p->root};
    *data = (struct dsgd_dataset *)1;
    return dsgd_dataset_load(ops, &args, data);
}

static struct dsgd_dataset *load(const struct parallel_folder *p, const char *const *keys)
{
    struct dsgd_dataset *data;
    if (try_load(p, keys, &data) != DSGD_OK) { fail_msg("%s", dsgd_error()); }
    return data;
}

/* Loading fails as bad input, leaves nothing, and the sentence has both words. */
static void refuse(const struct parallel_folder *p, const char *name, const char *reason)
{
    struct dsgd_dataset *data;
    assert_int_equal(try_load(p, none, &data), DSGD_EINPUT);
    assert_null(data);
    if (!strstr(dsgd_error(), name) || !strstr(dsgd_error(), reason)) { fail_msg("message \"%s\", expected \"%s\" and \"%s\"", dsgd_error(), name, reason); }
}

static int setup(void **state)
{
    struct parallel_folder *p = calloc(1, sizeof *p);
    *state = p;
    return p ? parallel_open(p) : -1;
}

static int teardown(void **state)
{
    struct parallel_folder *p = *state;
    const int result = parallel_close(p);
    free(p);
    return result;
}

/* A split's sentences as text again: one line each, ids in decimal. */
static void expect_ids(const struct dsgd_sentences *s, size_t n, const char *text)
{
    char line[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < n; ++i) {
        for (size_t k = s->start[i]; k < s->start[i + 1]; ++k) {
            used += (size_t)snprintf(line + used, sizeof line - used, "%u%s", (unsigned)s->id[k], k + 1 < s->start[i + 1] ? " " : "\n");
        }
    }
    assert_string_equal(line, text);
}

static void good_files_give_their_sentences(void **state)
{
    struct parallel_folder *p = *state;
    char sha256[65] = "";
    for (int zip = 0; zip < 2; ++zip) {
        p->zip = zip;
        parallel_write(p);
        struct dsgd_dataset *data = load(p, none);
        assert_true(data->train.n == 4 && data->validation.n == 2 && data->test.n == 1);
        expect_ids(&data->train.source, 4, parallel_text[TRAIN_SOURCE]);
        expect_ids(&data->train.target, 4, parallel_text[TRAIN_TARGET]);
        expect_ids(&data->validation.source, 2, parallel_text[VALID_SOURCE]);
        expect_ids(&data->validation.target, 2, parallel_text[VALID_TARGET]);
        expect_ids(&data->test.source, 1, parallel_text[TEST_SOURCE]);
        expect_ids(&data->test.target, 1, parallel_text[TEST_TARGET]);
        assert_true(data->source.size == 7 && data->target.size == 9);
        char text[64];
        const size_t size = dsgd_vocabulary_text(&data->target, 3, data->train.target.id, sizeof text, text); /* 7 8 4 */
        assert_int_equal(size, strlen("yz eins"));
        assert_memory_equal(text, "yz eins", size);
        const struct dsgd_lines *r = &data->validation.reference;
        assert_true(r->start[0] == 0 && r->start[1] == 1 && r->start[2] == 3 && memcmp(r->byte, "zY.", 3) == 0);
        assert_true(data->test.reference.start[1] == 6 && memcmp(data->test.reference.byte, "Eins y", 6) == 0);
        assert_null(data->train.reference.start);
        assert_string_equal(data->title, "parallel text multi30k (7 + 9 pieces)");
        if (zip) { assert_string_equal(data->sha256, sha256); } /* of what is in the files */
        strcpy(sha256, data->sha256);
        dsgd_dataset_destroy(data);
    }
}

static void keys_leave_pairs_out(void **state)
{
    struct parallel_folder *p = *state;
    parallel_write(p);
    struct dsgd_dataset *data = load(p, (const char *const[]){"longest", "3", NULL}), *all = load(p, none);
    expect_ids(&data->train.source, data->train.n, "4 5\n6\n"); /* the third source and the fourth target are longer */
    expect_ids(&data->train.target, data->train.n, "7 8 4\n5\n");
    assert_true(data->validation.n == 2 && data->test.n == 1);
    assert_string_equal(data->title, "parallel text multi30k (7 + 9 pieces), up to 3 ids");
    assert_string_not_equal(data->sha256, all->sha256);
    dsgd_dataset_destroy(data);
    data = load(p, (const char *const[]){"longest", "2", NULL});
    expect_ids(&data->train.source, data->train.n, "6\n");
    dsgd_dataset_destroy(data);
    data = load(p, (const char *const[]){"longest", "1", "n", "9", NULL});
    expect_ids(&data->train.source, data->train.n, "6\n");
    expect_ids(&data->train.target, data->train.n, "5\n");
    dsgd_dataset_destroy(data);
    data = load(p, (const char *const[]){"n", "3", "n_validation", "1", "n_test", "5", NULL});
    assert_true(data->train.n == 3 && data->validation.n == 1 && data->test.n == 1);
    assert_string_equal(data->title, "parallel text multi30k (7 + 9 pieces), 3 pairs");
    dsgd_dataset_destroy(data);
    dsgd_dataset_destroy(all);
    p->text[TRAIN_SOURCE] = "4 5\n4 5\n4 5\n4 5\n";
    parallel_write(p);
    assert_int_equal(try_load(p, (const char *const[]){"longest", "1", NULL}, &data), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "parallel.longest = 1: all 4 training pairs of"));
}

static void folders_are_named_plainly(void **state)
{
    struct parallel_folder *p = *state;
    static const char *const wrong[] = {"", "..", ".hidden", "a/b", "/etc", "a b", "-x"};
    struct dsgd_dataset *data;
    parallel_write(p);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; ++k) {
        assert_int_equal(try_load(p, (const char *const[]){"folder", wrong[k], NULL}, &data), DSGD_EINPUT);
        assert_non_null(strstr(dsgd_error(), "expected the name of a folder in DSGD_DATA/parallel"));
    }
    assert_int_equal(try_load(p, (const char *const[]){"folder", "wmt14.en-de_1", NULL}, &data), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "/parallel/wmt14.en-de_1; type make"));
    parallel_remove(p);
    refuse(p, p->folder, "none of {train,valid,test}.{src,tgt} found");
}

static void missing_files_are_named(void **state)
{
    struct parallel_folder *p = *state;
    char path[700];
    for (int k = 0; k <= PARALLEL_FILES; ++k) {
        const char *name = k < PARALLEL_FILES ? parallel_name[k] : "SHA256SUMS";
        parallel_write(p);
        parallel_path(p, name, false, path);
        assert_int_equal(unlink(path), 0);
        refuse(p, name, "missing, although other files");
    }
}

/* A file that the list does not know, whatever is in it. */
static void other_bytes_are_refused_with_both_sums(void **state)
{
    struct parallel_folder *p = *state;
    for (int k = 0; k < PARALLEL_FILES; ++k) {
        char other[256], sum[65], listed[65];
        parallel_good(p);
        parallel_write(p);
        snprintf(other, sizeof other, "%s%s", k < SOURCE_PIECES ? "5 " : "", parallel_text[k]); /* a good file still */
        if (k >= SOURCE_PIECES) { other[strlen(other) - 2] ^= 1; }
        parallel_write_one(p, parallel_name[k], other, strlen(other));
        dsgd_sha256_hex(parallel_text[k], strlen(parallel_text[k]), 64, listed);
        dsgd_sha256_hex(other, strlen(other), 64, sum);
        refuse(p, parallel_name[k], sum);
        refuse(p, "SHA256SUMS lists", listed);
        p->text[k] = NULL; /* not in the list */
        parallel_write_list(p);
        refuse(p, "SHA256SUMS: no SHA-256 of", parallel_name[k]);
    }
    parallel_good(p);
    parallel_write(p);
    parallel_write_one(p, "SHA256SUMS", "<html>", 6);
    refuse(p, "SHA256SUMS", "line 1 is the last and has no end");
}

static void bad_lines_are_refused(void **state)
{
    struct parallel_folder *p = *state;
    static const struct { int file; const char *text, *reason; } cases[] = {
        {TRAIN_SOURCE, "4 5\n6\n4 4 1 7\n5\n", "line 3: id 7, expected one of 4..6, or 1 for an unknown word"},
        {TRAIN_SOURCE, "4 5\n6\n0\n5\n", "line 3: id 0,"}, {TRAIN_SOURCE, "4\n2\n", "line 2: id 2,"}, {TRAIN_SOURCE, "3\n", "line 1: id 3,"},
        {TRAIN_TARGET, "4 9\n", "line 1: id 9, expected one of 4..8"}, {TEST_TARGET, "4294967295\n", "id 4294967295,"},
        {TEST_TARGET, "99999999999999999999\n", "id 9999999999...,"},
        {TRAIN_SOURCE, "4 5\n\n4\n", "line 2 is empty"}, {TRAIN_SOURCE, "\n", "line 1 is empty"}, {VALID_SOURCE, "4 5\n6", "line 2 is the last and has no end"},
        {VALID_SOURCE, "4 5\n6 ", "line 2 is the last and has no end"}, {VALID_SOURCE, " 4\n", "line 1: byte 0x20"},
        {VALID_SOURCE, "4  5\n", "line 1: byte 0x20"},
        {VALID_SOURCE, "4 \n", "line 1: byte 0x0a"}, {VALID_SOURCE, "4\t5\n", "line 1: byte 0x09"}, {VALID_SOURCE, "4\r\n", "line 1: byte 0x0d"},
        {VALID_SOURCE, "4\n-4\n", "line 2: byte 0x2d"}, {VALID_SOURCE, "4\nfive\n", "line 2: byte 0x66"},
        {TRAIN_SOURCE, "", "train.src has 0 lines and train.tgt has 4"},
        {TRAIN_SOURCE, "4\n", "train.src has 1 lines and train.tgt has 4: expected as many"},
        {TEST_SOURCE, "4\n4\n", "test.src has 2 lines and test.tgt has 1"},
        {VALID_LINES, "one\n", "valid.tgt has 2 lines and valid.ref has 1"}, {TEST_LINES, "one\ntwo\n", "test.tgt has 1 lines and test.ref has 2"},
        {VALID_LINES, "one\ntwo", "line 2 is the last and has no end"},
        {SOURCE_PIECES, "", "line 1 is not <pad>: expected a vocabulary of spm_train"}, {SOURCE_PIECES, "<pad>\n<unk>\n<s>\n", "line 4 is not </s>"},
        {SOURCE_PIECES, "<unk>\t0\n<s>\t0\n</s>\t0\na\t0\nb\t0\n", "line 1 is not <pad>"},
        {TARGET_PIECES, PARALLEL_SPECIAL, "4 lines, expected a vocabulary of 5 to"},
        {TARGET_PIECES, "<pad>\n<unk>\n<s>\n</s>\na", "line 5 is the last and has no end"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        parallel_good(p);
        p->text[cases[k].file] = cases[k].text;
        p->zip = k % 2;
        parallel_write(p);
        const bool pair = strstr(cases[k].reason, " lines and ") != NULL;
        refuse(p, pair ? p->folder : parallel_name[cases[k].file], cases[k].reason);
    }
    parallel_good(p);
    p->zip = false;
    parallel_write(p);
    parallel_write_one(p, "test.ref", "a\0b\n", 4);
    refuse(p, "test.ref", "line 1: a zero byte, expected text");
    enum { LONG = (1 << 20) + 1 };
    char *line = malloc(2 * LONG);
    assert_non_null(line);
    for (size_t j = 0; j < LONG; ++j) { memcpy(line + 2 * j, j + 1 < LONG ? "4 " : "4\n", 2); }
    parallel_write_one(p, "valid.src", line, 2 * LONG);
    refuse(p, "valid.src", "line 1: more than 1048576 ids, expected a sentence");
    free(line);
}

/* The same random damage in every run. With the old list nothing is ever loaded; with a new one it is exactly what the file holds, or refused. */
static void random_damage_is_refused(void **state)
{
    struct parallel_folder *p = *state;
    const struct dsgd_rng_key key = {1, dsgd_rng_purpose("damage to parallel text")};
    static const char bytes[] = "0123456789 \n\tx<";
    int refused = 0, loaded = 0;
    for (uint32_t turn = 0; turn < 300; ++turn) {
        const int k = (int)dsgd_rng_below(key, turn, 0, 0, PARALLEL_FILES);
        char text[256];
        parallel_good(p);
        strcpy(text, parallel_text[k]);
        const size_t at = dsgd_rng_below(key, turn, 0, 1, (uint32_t)strlen(text));
        if (turn % 3 == 0) {
            text[at] = '\0';
        } else {
            text[at] = bytes[dsgd_rng_below(key, turn, 0, 2, sizeof bytes - 1)];
        }
        if (strcmp(text, parallel_text[k]) == 0) { continue; }
        parallel_write(p);
        parallel_write_one(p, parallel_name[k], text, strlen(text));
        refuse(p, parallel_name[k], "expected");
        p->text[k] = text;
        parallel_write_list(p);
        struct dsgd_dataset *data;
        if (try_load(p, none, &data) == DSGD_OK) {
            const struct dsgd_sentences *const of[] = {&data->train.source, &data->train.target, &data->validation.source,
                                                       &data->validation.target, &data->test.source, &data->test.target};
            if (k < SOURCE_PIECES) { expect_ids(of[k], k < 2 ? data->train.n : k < 4 ? data->validation.n : data->test.n, text); }
            ++loaded;
        } else {
            assert_non_null(strstr(dsgd_error(), "expected"));
            ++refused;
        }
        dsgd_dataset_destroy(data);
    }
    assert_true(refused > 50 && loaded > 20); /* both were tried */
}

static void survey_tells_what_the_list_says(void **state)
{
    struct parallel_folder *p = *state;
    const struct dsgd_dataset_ops *ops = dsgd_dataset_find("parallel");
    struct dsgd_data_survey *look = malloc(sizeof *look);
    const struct dsgd_dataset_args args = {.folder = p->root};
    char path[700];
    assert_non_null(look);
    parallel_remove(p);
    assert_int_equal(ops->survey(&args, look), DSGD_OK);
    assert_true(look->found == -1 && look->files == PARALLEL_FILES && look->listed);
    parallel_write(p);
    parallel_write_one(p, "test.src", "5\n", 2);
    parallel_path(p, "train.tgt", false, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ops->survey(&args, look), DSGD_OK);
    assert_int_equal(look->found, 0);
    for (int k = 0; k < PARALLEL_FILES; ++k) {
        assert_string_equal(look->file[k].name, parallel_name[k]);
        assert_int_equal(*look->file[k].path != '\0', k != TRAIN_TARGET);
        assert_int_equal(look->file[k].as_published, k != TRAIN_TARGET && k != TEST_SOURCE);
        assert_int_equal(strlen(look->file[k].published), 64);
    }
    assert_string_not_equal(look->file[TEST_SOURCE].sha256, look->file[TEST_SOURCE].published);
    parallel_path(p, "SHA256SUMS", false, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ops->survey(&args, look), DSGD_OK);
    assert_true(look->found == 0 && !look->file[0].as_published && *look->file[0].published == '\0');
    free(look);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_files_give_their_sentences, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_leave_pairs_out, setup, teardown),
        cmocka_unit_test_setup_teardown(folders_are_named_plainly, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_files_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(other_bytes_are_refused_with_both_sums, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_lines_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(random_damage_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(survey_tells_what_the_list_says, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
