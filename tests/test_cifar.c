/* test_cifar.c - the reader of CIFAR-10's binary files: good files come through byte by byte in the right place, every kind of bad file is
 * refused with a sentence that names it. The files are made here, in a temporary folder, of a few images each. */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <nettle/sha1.h>
#include "datasets/cifar.h"
#include "datasets/split.h"
#include "sim/kernel/rng.h"
#include "sim/sha256.h"

enum { RECORDS = 3, RECORD = 1 + DSGD_CIFAR_FEATURES, SIZE = RECORDS * RECORD, FILES = DSGD_CIFAR_FILES, ROOM = SIZE + 64 };

static const char *const names[FILES] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                         "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};

struct fixture {
    char root[512], folder[600];
    uint8_t good[FILES][SIZE];
    char sha1[FILES][41], sum[65], sum_train[65]; /* of the good files; of all, and without the last */
    struct dsgd_cifar_source source;
};

static void path_of(const struct fixture *fix, int f, bool zip, char path[700])
{
    snprintf(path, 700, "%s/%s%s", fix->folder, names[f], zip ? ".gz" : "");
}

static void write_file(const struct fixture *fix, int f, bool zip, const uint8_t *bytes, size_t size)
{
    char path[700];
    path_of(fix, f, zip, path);
    gzFile file = gzopen(path, zip ? "wb" : "wbT");
    assert_non_null(file);
    if (size > 0) { assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size); }
    assert_int_equal(gzclose(file), Z_OK);
}

static void remove_all(const struct fixture *fix)
{
    char path[700];
    for (int f = 0; f < 2 * FILES; ++f) {
        path_of(fix, f / 2, f % 2, path);
        unlink(path);
    }
}

static void write_all(const struct fixture *fix, bool zip)
{
    remove_all(fix);
    for (int f = 0; f < FILES; ++f) { write_file(fix, f, zip, fix->good[f], SIZE); }
}

static enum dsgd_status load(const struct fixture *fix, int split, struct dsgd_dataset **data)
{
    const struct dsgd_split_config config = {split};
    const struct dsgd_dataset_args args = {.config = &config, .folder = fix->root};
    return dsgd_cifar_load(&fix->source, &args, data);
}

/* Loading fails as bad input, leaves nothing, and the sentence has both words. */
static void expect_refusal(const struct fixture *fix, const char *file, const char *reason)
{
    struct dsgd_dataset *data = (struct dsgd_dataset *)1;
    assert_int_equal(load(fix, DSGD_SPLIT_FULL, &data), DSGD_EINPUT);
    assert_null(data);
    if (!strstr(dsgd_error(), file) || !strstr(dsgd_error(), reason)) {
        fail_msg("message \"%s\", expected \"%s\" and \"%s\"", dsgd_error(), file, reason);
    }
}

/* File f holds these bytes, plain and gzip; the others are good. */
static void refuse_bytes(const struct fixture *fix, int f, const uint8_t *bytes, size_t size, const char *reason)
{
    for (int zip = 0; zip < 2; ++zip) {
        write_all(fix, zip);
        write_file(fix, f, zip, bytes, size);
        expect_refusal(fix, names[f], reason);
    }
}

static int setup(void **state)
{
    const char *base = getenv("TMPDIR");
    struct fixture *fix = calloc(1, sizeof *fix);
    if (!fix) { return -1; }
    snprintf(fix->root, sizeof fix->root, "%s/dsgd-cifar-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(fix->root)) { return -1; }
    snprintf(fix->folder, sizeof fix->folder, "%s/cifar-10-batches-bin", fix->root);
    fix->source = (struct dsgd_cifar_source){.name = "cifar10", .records = RECORDS, .title = "published", .title_copies = "copies",
                                             .title_unverified = "others", .advice = "do something"};
    struct sha256_ctx all;
    sha256_init(&all);
    for (int f = 0; f < FILES; ++f) {
        struct sha1_ctx sha1;
        uint8_t digest[SHA1_DIGEST_SIZE];
        for (size_t j = 0; j < SIZE; ++j) { fix->good[f][j] = (uint8_t)(j % RECORD == 0 ? (j / RECORD * 4 + (size_t)f) % 10 : j * 37 + (size_t)f); }
        sha1_init(&sha1);
        sha1_update(&sha1, SIZE, fix->good[f]);
        sha1_digest(&sha1, sizeof digest, digest);
        for (size_t j = 0; j < sizeof digest; ++j) { snprintf(fix->sha1[f] + 2 * j, 3, "%02x", digest[j]); }
        fix->source.file_sha1[f] = fix->sha1[f];
        if (f == DSGD_CIFAR_TRAIN) {
            struct sha256_ctx train = all;
            dsgd_sha256_end(&train, 64, fix->sum_train);
        }
        sha256_update(&all, SIZE, fix->good[f]);
    }
    dsgd_sha256_end(&all, 64, fix->sum);
    *state = fix;
    return mkdir(fix->folder, 0777);
}

static int teardown(void **state)
{
    struct fixture *fix = *state;
    remove_all(fix);
    rmdir(fix->folder);
    const int result = rmdir(fix->root);
    free(fix);
    return result;
}

static void check_split(const struct fixture *fix, const struct dsgd_split *split, int first, int count)
{
    assert_int_equal(split->n, count * RECORDS);
    assert_int_equal(split->form, DSGD_ROWS_BYTES);
    for (int i = 0; i < count * RECORDS; ++i) {
        const uint8_t *record = fix->good[first + i / RECORDS] + (size_t)(i % RECORDS) * RECORD;
        assert_int_equal(split->label[i], record[0]);
        assert_memory_equal(split->feature + (size_t)i * DSGD_CIFAR_FEATURES, record + 1, DSGD_CIFAR_FEATURES);
    }
}

static void load_good_files_gives_their_bytes(void **state)
{
    const struct fixture *fix = *state;
    for (int zip = 0; zip < 2; ++zip) {
        struct dsgd_dataset *data;
        write_all(fix, zip);
        assert_int_equal(load(fix, DSGD_SPLIT_FULL, &data), DSGD_OK);
        check_split(fix, &data->train, 0, 5);
        check_split(fix, &data->test, 5, 1);
        assert_int_equal(data->features, 3072);
        assert_int_equal(data->classes, 10); /* of the format, though these labels are few */
        assert_true(data->shape.channels == 3 && data->shape.height == 32 && data->shape.width == 32);
        assert_string_equal(data->sha256, fix->sum); /* of the unpacked files, so that gzip changes no result */
        assert_string_equal(data->name, "cifar10");
        assert_string_equal(data->title, "published");
        assert_int_equal(dsgd_dataset_check(data), DSGD_OK);
        dsgd_dataset_destroy(data);
    }
}

/* What is shown of a result says which pictures it is on. */
static void title_tells_which_files_they_are(void **state)
{
    struct fixture fix = *(const struct fixture *)*state;
    struct dsgd_dataset *data;
    write_all(&fix, false);
    for (int split = DSGD_SPLIT_FULL; split <= DSGD_SPLIT_TUNING; ++split) {
        for (int known = 0; known < 2; ++known) {
            fix.source = ((const struct fixture *)*state)->source;
            fix.source.file_sha1[2] = fix.sha1[0]; /* one file of six is another */
            fix.source.copies_sha256 = known ? fix.sum : fix.sum_train;
            fix.source.copies_sha256_train = known ? fix.sum_train : fix.sum;
            assert_int_equal(load(&fix, split, &data), DSGD_OK);
            assert_ptr_equal(strstr(data->title, known ? "copies" : "others"), data->title);
            dsgd_dataset_destroy(data);
        }
    }
    fix.source = ((const struct fixture *)*state)->source;
    fix.source.file_sha1[5] = fix.sha1[0]; /* the test file matters where it is read, and only there */
    assert_int_equal(load(&fix, DSGD_SPLIT_FULL, &data), DSGD_OK);
    assert_string_equal(data->title, "others");
    dsgd_dataset_destroy(data);
    assert_int_equal(load(&fix, DSGD_SPLIT_TUNING, &data), DSGD_OK);
    assert_string_equal(data->title, "published, tuning split (2 held out)");
    dsgd_dataset_destroy(data);
}

static void tuning_never_opens_the_test_file(void **state)
{
    const struct fixture *fix = *state;
    struct dsgd_dataset *data;
    char path[700];
    write_all(fix, false);
    path_of(fix, 5, false, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(load(fix, DSGD_SPLIT_TUNING, &data), DSGD_OK);
    assert_int_equal(data->train.n, 13); /* 15 less the last sixth */
    assert_int_equal(data->test.n, 2);
    assert_ptr_equal(data->test.feature, data->train.feature + 13 * DSGD_CIFAR_FEATURES);
    assert_string_equal(data->sha256, fix->sum_train);
    dsgd_dataset_destroy(data);
    expect_refusal(fix, names[5], "missing"); /* and `full` needs it */
}

static void load_missing_files_are_named(void **state)
{
    const struct fixture *fix = *state;
    char path[700];
    remove_all(fix);
    expect_refusal(fix, fix->folder, "none of");
    assert_non_null(strstr(dsgd_error(), "do something"));
    for (int f = 0; f < FILES; ++f) {
        write_all(fix, true);
        path_of(fix, f, true, path);
        assert_int_equal(unlink(path), 0);
        expect_refusal(fix, names[f], "missing");
    }
}

static void load_wrong_lengths_are_refused(void **state)
{
    static const size_t shorter[] = {0, 1, RECORD - 1, RECORD, RECORD + 1, SIZE - RECORD, SIZE - 1};
    const struct fixture *fix = *state;
    uint8_t bytes[ROOM] = {0};
    char words[64];
    for (int f = 0; f < FILES; ++f) {
        memcpy(bytes, fix->good[f], SIZE);
        for (size_t k = 0; k < sizeof shorter / sizeof *shorter; ++k) {
            snprintf(words, sizeof words, "truncated, %zu bytes, expected %d", shorter[k], SIZE); /* the value and what it should be */
            refuse_bytes(fix, f, bytes, shorter[k], words);
        }
        refuse_bytes(fix, f, bytes, SIZE + 1, "more bytes than expected");
        refuse_bytes(fix, f, bytes, SIZE + 60, "more bytes than expected");
    }
}

static void load_labels_above_nine_are_refused(void **state)
{
    const struct fixture *fix = *state;
    uint8_t bytes[SIZE];
    for (int f = 0; f < FILES; ++f) {
        for (int i = 0; i < RECORDS; ++i) {
            char words[64];
            memcpy(bytes, fix->good[f], SIZE);
            bytes[i * RECORD] = (uint8_t)(i == 0 ? 10 : 255);
            snprintf(words, sizeof words, "label %d of image %d, expected one of 0..9", bytes[i * RECORD], i);
            refuse_bytes(fix, f, bytes, SIZE, words);
        }
    }
    refuse_bytes(fix, 0, (const uint8_t *)"<html>", 6, "truncated"); /* a web page's first byte is no label, but its length is told first */
}

/* Shifted by a byte, pixels stand where labels belong: an archive of CIFAR-100, which has two labels a record, is not taken for this. */
static void load_records_of_another_length_are_refused(void **state)
{
    const struct fixture *fix = *state;
    static uint8_t bytes[RECORDS * (RECORD + 1)];
    for (size_t i = 0; i < RECORDS; ++i) {
        bytes[i * (RECORD + 1)] = (uint8_t)i;
        memcpy(bytes + i * (RECORD + 1) + 1, fix->good[0] + i * RECORD, RECORD);
    }
    write_all(fix, false);
    write_file(fix, 0, false, bytes, sizeof bytes);
    expect_refusal(fix, names[0], "expected");
}

/* The same random damage in every run: a byte changed, cut or added. Refused with a sentence, or exactly what the file holds; never a file
 * that is called published. */
static void load_random_damage_is_refused_or_visible(void **state)
{
    const struct fixture *fix = *state;
    const struct dsgd_rng_key key = {1, dsgd_rng_purpose("damage to a file of images")};
    int loaded = 0, refused = 0;
    for (uint32_t turn = 0; turn < 300; ++turn) {
        static uint8_t bytes[ROOM];
        struct dsgd_dataset *data = NULL;
        const int f = (int)dsgd_rng_below(key, turn, 0, 0, FILES), kind = (int)dsgd_rng_below(key, turn, 0, 1, 3);
        const size_t at = dsgd_rng_below(key, turn, 0, 2, SIZE);
        memcpy(bytes, fix->good[f], SIZE);
        bytes[at] ^= (uint8_t)(1 + dsgd_rng_below(key, turn, 0, 3, 255));
        write_all(fix, turn % 2);
        write_file(fix, f, turn % 2, bytes, kind == 0 ? SIZE : kind == 1 ? at : SIZE + 1 + at % 60);
        const enum dsgd_status status = load(fix, DSGD_SPLIT_FULL, &data);
        if (status == DSGD_OK) {
            const struct dsgd_split *split = f < 5 ? &data->train : &data->test;
            const size_t i = (size_t)(f < 5 ? f : 0) * RECORDS + at / RECORD;
            assert_int_equal(kind, 0); /* another length is never good */
            assert_int_equal(at % RECORD == 0 ? split->label[i] : split->feature[i * DSGD_CIFAR_FEATURES + at % RECORD - 1], bytes[at]);
            assert_string_equal(data->title, "others");
            assert_string_not_equal(data->sha256, fix->sum);
            ++loaded;
        } else {
            assert_int_equal(status, DSGD_EINPUT);
            assert_true(strstr(dsgd_error(), names[f]) && strstr(dsgd_error(), "expected"));
            ++refused;
        }
        dsgd_dataset_destroy(data);
    }
    assert_true(loaded > 50 && refused > 100); /* both were tried */
}

static void load_damaged_gzip_is_refused_and_hides_no_plain_file(void **state)
{
    const struct fixture *fix = *state;
    static uint8_t packed[2 * SIZE];
    char path[700];
    struct dsgd_dataset *data;
    write_all(fix, true);
    path_of(fix, 4, true, path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(packed, 1, sizeof packed, file);
    assert_int_equal(fclose(file), 0);
    for (size_t cut = 0; cut < 4; ++cut) {
        write_file(fix, 4, false, packed, size / 4 * cut); /* plain writing of a name that is then moved: what is in it is a broken gzip */
        char plain[700];
        path_of(fix, 4, false, plain);
        assert_int_equal(rename(plain, path), 0);
        expect_refusal(fix, "data_batch_5.bin.gz", "expected");
        write_file(fix, 4, false, fix->good[4], SIZE);
        assert_int_equal(load(fix, DSGD_SPLIT_FULL, &data), DSGD_OK);
        assert_string_equal(data->sha256, fix->sum); /* the broken one left no trace in the sum */
        dsgd_dataset_destroy(data);
        struct dsgd_data_survey *look = malloc(sizeof *look);
        assert_non_null(look);
        const struct dsgd_dataset_args args = {.folder = fix->root};
        assert_int_equal(dsgd_cifar_survey(&fix->source, &args, look), DSGD_OK);
        assert_int_equal(look->files, FILES);
        for (int f = 0; f < FILES; ++f) {
            assert_true(look->file[f].as_published && strlen(look->file[f].sha256) == 64);
            assert_int_equal(*look->file[f].passed_over != '\0', f == 4); /* told, since a user may want to remove it */
        }
        free(look);
        assert_int_equal(unlink(plain), 0);
    }
}

static void survey_tells_missing_damaged_and_other_files(void **state)
{
    const struct fixture *fix = *state;
    struct dsgd_data_survey *look = malloc(sizeof *look);
    char path[700];
    uint8_t bytes[SIZE];
    assert_non_null(look);
    const struct dsgd_dataset_args args = {.folder = fix->root};
    write_all(fix, false);
    memcpy(bytes, fix->good[0], SIZE);
    bytes[5] ^= 1;
    write_file(fix, 0, false, bytes, SIZE);
    write_file(fix, 1, false, bytes, SIZE - 1);
    path_of(fix, 2, false, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(dsgd_cifar_survey(&fix->source, &args, look), DSGD_OK);
    assert_int_equal(look->found, 0);
    assert_true(!look->file[0].as_published && strlen(look->file[0].sha256) == 64); /* intact, other bytes */
    assert_ptr_equal(strstr(look->file[1].problem, "truncated"), look->file[1].problem); /* without the path, which is told beside it */
    assert_true(!look->file[1].sha256[0] && look->file[1].path[0]);
    assert_true(!look->file[2].path[0]);
    assert_true(look->file[3].as_published);
    remove_all(fix);
    assert_int_equal(dsgd_cifar_survey(&fix->source, &args, look), DSGD_OK);
    assert_int_equal(look->found, -1);
    free(look);
}

/* The registry's entry reads files of 10000 images, and says what to do where there are none. */
static void registry_entry_expects_the_official_files(void **state)
{
    const struct fixture *fix = *state;
    const struct dsgd_dataset_args args = {.folder = fix->root};
    struct dsgd_dataset *data = NULL;
    assert_non_null(dsgd_dataset_find("cifar10"));
    write_all(fix, false);
    assert_int_equal(dsgd_dataset_find("cifar10")->load(&args, &data), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "truncated, 9219 bytes, expected 30730000 (10000 images of 1 + 3072 bytes)"));
    remove_all(fix);
    assert_int_equal(dsgd_dataset_find("cifar10")->load(&args, &data), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "cifar-10-binary.tar.gz"));
    assert_non_null(strstr(dsgd_error(), "data-cifar10"));
    assert_null(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_good_files_gives_their_bytes),
        cmocka_unit_test(title_tells_which_files_they_are),
        cmocka_unit_test(tuning_never_opens_the_test_file),
        cmocka_unit_test(load_missing_files_are_named),
        cmocka_unit_test(load_wrong_lengths_are_refused),
        cmocka_unit_test(load_labels_above_nine_are_refused),
        cmocka_unit_test(load_records_of_another_length_are_refused),
        cmocka_unit_test(load_random_damage_is_refused_or_visible),
        cmocka_unit_test(load_damaged_gzip_is_refused_and_hides_no_plain_file),
        cmocka_unit_test(survey_tells_missing_damaged_and_other_files),
        cmocka_unit_test(registry_entry_expects_the_official_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
