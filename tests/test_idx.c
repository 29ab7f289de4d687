/* test_idx.c - the IDX reader and the datasets built on it: good files come through byte by byte, every kind of bad
 * file is refused with a sentence that names it. All files are made here, in a temporary folder. */
#include "tests/idx_case.h"

/* Good files, except that file f holds these bytes; plain and gzip. */
static void refuse_bytes(const struct fixture *fix, int f, const uint8_t *bytes, size_t size, const char *reason)
{
    for (int zip = 0; zip < 2; ++zip) {
        remove_all(fix);
        write_all(fix, zip);
        write_file(fix, f, zip, bytes, size);
        expect_refusal(fix, names[f], reason);
    }
    remove_all(fix);
}

static void load_good_files_gives_their_bytes(void **state)
{
    const struct fixture *fix = *state;
    uint8_t bytes[4][BUFFER];
    char sum[65];
    struct sha256_ctx hash;
    sha256_init(&hash);
    for (int f = 0; f < 4; ++f) {
        const size_t size = good_file(f, bytes[f]);
        sha256_update(&hash, size, bytes[f]);
    }
    dsgd_sha256_end(&hash, 64, sum);
    for (int zip = 0; zip < 2; ++zip) {
        struct dsgd_dataset *data;
        remove_all(fix);
        write_all(fix, zip);
        assert_int_equal(load(fix, &data), DSGD_OK);
        assert_int_equal(data->features, PIXELS);
        assert_int_equal(data->classes, 4);
        assert_int_equal(data->train.n, N);
        assert_int_equal(data->test.n, TESTS);
        assert_memory_equal(data->train.feature, bytes[0] + 16, N * PIXELS);
        assert_memory_equal(data->train.label, bytes[1] + 8, N);
        assert_memory_equal(data->test.feature, bytes[2] + 16, TESTS * PIXELS);
        assert_memory_equal(data->test.label, bytes[3] + 8, TESTS);
        assert_string_equal(data->sha256, sum);
        assert_string_equal(data->name, "mnist");
        assert_string_equal(data->title, "MNIST (unverified files)"); /* these bytes are not the published ones */
        dsgd_dataset_destroy(data);
    }
    remove_all(fix);
}

static void load_both_forms_prefers_gzip(void **state)
{
    const struct fixture *fix = *state;
    struct dsgd_dataset *data;
    write_all(fix, true);
    for (int f = 0; f < 4; ++f) { write_file(fix, f, false, (const uint8_t *)"bad", 3); }
    assert_int_equal(load(fix, &data), DSGD_OK);
    dsgd_dataset_destroy(data);
    remove_all(fix);
}

static void load_environment_folder_is_used(void **state)
{
    const struct fixture *fix = *state;
    const struct dsgd_dataset_args args = {.folder = NULL};
    struct dsgd_dataset *data;
    write_all(fix, true);
    assert_int_equal(setenv("DSGD_DATA", fix->root, 1), 0);
    assert_int_equal(dsgd_dataset_find("mnist")->load(&args, &data), DSGD_OK);
    unsetenv("DSGD_DATA");
    dsgd_dataset_destroy(data);
    remove_all(fix);
}

static void load_no_files_names_folder_and_remedy(void **state)
{
    const struct fixture *fix = *state;
    expect_refusal(fix, fix->folder, "none of");
    assert_non_null(strstr(dsgd_error(), "DSGD_DATA"));
    assert_non_null(strstr(dsgd_error(), "fashion_mnist"));
}

static void load_one_file_missing_is_refused(void **state)
{
    const struct fixture *fix = *state;
    char path[700];
    for (int f = 0; f < 4; ++f) {
        write_all(fix, true);
        path_of(fix, f, true, path);
        assert_int_equal(unlink(path), 0);
        expect_refusal(fix, names[f], "missing");
    }
    remove_all(fix);
}

static void load_bad_header_is_refused(void **state)
{
    static const struct {
        int file, offset;
        uint32_t value; /* big-endian word written at offset */
        const char *reason;
    } bad[] = {
        {0, 0, 0x01000803, "magic"},
        {0, 0, 0x00010803, "magic"},
        {1, 0, 0x1f000801, "magic"},
        {0, 0, 0x00000903, "type"},
        {1, 0, 0x00000d01, "type"},
        {0, 0, 0x00000801, "dimensions"},
        {1, 0, 0x00000803, "dimensions"},
        {2, 0, 0x00000804, "dimensions"},
        {0, 4, 0, "0 images"},
        {3, 4, 0, "0 labels"},
        {0, 8, 0, "pixels"},
        {0, 12, 65, "pixels"},
        {0, 8, 0xffffffff, "pixels"},
        {0, 4, 0xffffffff, "truncated"},
        {1, 4, 0xffffffff, "truncated"},
        {0, 4, N + 1, "truncated"},
        {1, 4, N + 1, "truncated"},
        {0, 4, N - 1, "trailing"},
        {1, 4, N - 1, "trailing"},
        {2, 8, ROWS - 1, "trailing"},
    };
    uint8_t bytes[BUFFER];
    for (size_t k = 0; k < sizeof bad / sizeof *bad; ++k) {
        const size_t size = good_file(bad[k].file, bytes);
        put32(bytes + bad[k].offset, bad[k].value);
        refuse_bytes(*state, bad[k].file, bytes, size, bad[k].reason);
    }
}

static void load_every_truncation_is_refused(void **state)
{
    uint8_t bytes[BUFFER];
    for (int f = 0; f < 4; ++f) {
        const size_t size = good_file(f, bytes);
        for (size_t cut = 0; cut < size; cut += cut < 20 ? 1 : 13) { refuse_bytes(*state, f, bytes, cut, ""); }
    }
}

static void load_trailing_byte_is_refused(void **state)
{
    uint8_t bytes[BUFFER];
    for (int f = 0; f < 4; ++f) {
        const size_t size = good_file(f, bytes);
        bytes[size] = 0;
        refuse_bytes(*state, f, bytes, size + 1, "trailing");
    }
}

static void load_counts_that_differ_are_refused(void **state)
{
    uint8_t bytes[BUFFER];
    good_file(1, bytes);
    put32(bytes + 4, N - 1);
    refuse_bytes(*state, 1, bytes, 8 + N - 1, "one for each image");
    good_file(2, bytes);
    put32(bytes + 4, TESTS - 1);
    const struct fixture *fix = *state;
    write_all(fix, false);
    write_file(fix, 2, false, bytes, 16 + (TESTS - 1) * PIXELS);
    expect_refusal(fix, names[3], "one for each image");
    remove_all(fix);
}

static void load_test_images_of_other_shape_are_refused(void **state)
{
    uint8_t bytes[BUFFER];
    const size_t size = good_file(2, bytes);
    put32(bytes + 8, COLS); /* as many pixels, turned around */
    put32(bytes + 12, ROWS);
    refuse_bytes(*state, 2, bytes, size, "as in the training images");
}

static void load_test_label_beyond_classes_is_refused(void **state)
{
    uint8_t bytes[BUFFER];
    const size_t size = good_file(3, bytes);
    bytes[9] = 4;
    refuse_bytes(*state, 3, bytes, size, "label 4");
}

static void load_one_class_counts_as_two(void **state)
{
    const struct fixture *fix = *state;
    struct dsgd_dataset *data;
    uint8_t bytes[BUFFER];
    write_all(fix, false);
    for (int f = 1; f < 4; f += 2) {
        const size_t size = good_file(f, bytes);
        memset(bytes + 8, 0, size - 8);
        write_file(fix, f, false, bytes, size);
    }
    assert_int_equal(load(fix, &data), DSGD_OK);
    assert_int_equal(data->classes, 2);
    dsgd_dataset_destroy(data);
    remove_all(fix);
}

/* Every byte of the gzip file damaged in turn: refused, or (name, time, operating system in the header) without effect.
 * */
static void load_damaged_gzip_is_refused(void **state)
{
    const struct fixture *fix = *state;
    uint8_t bytes[BUFFER], zipped[BUFFER];
    char path[700];
    write_all(fix, true);
    path_of(fix, 0, true, path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(zipped, 1, sizeof zipped, file);
    assert_int_equal(fclose(file), 0);
    good_file(0, bytes);
    for (size_t at = 0; at < size; ++at) {
        struct dsgd_dataset *data = NULL;
        zipped[at] ^= 0x55;
        write_plain(path, zipped, size);
        zipped[at] ^= 0x55;
        const enum dsgd_status status = load(fix, &data);
        if (at >= 4 && at < 10) {
            assert_int_equal(status, DSGD_OK);
            assert_memory_equal(data->train.feature, bytes + 16, N * PIXELS);
        } else if (status != DSGD_EINPUT) {
            print_error("byte %zu of %zu: damage not noticed\n", at, size);
            fail();
        }
        dsgd_dataset_destroy(data);
    }
    for (size_t cut = 1; cut < size; ++cut) {
        write_plain(path, zipped, size - cut);
        expect_refusal(fix, names[0], "");
    }
    remove_all(fix);
}

static void read_missing_file_and_folder_are_refused(void **state)
{
    const struct fixture *fix = *state;
    struct dsgd_idx idx;
    assert_int_equal(dsgd_idx_read("/nonexistent/file", DSGD_IDX_LABELS, NULL, &idx), DSGD_EINPUT);
    assert_null(idx.payload);
    assert_non_null(strstr(dsgd_error(), "/nonexistent/file"));
    assert_int_equal(dsgd_idx_read(fix->folder, DSGD_IDX_LABELS, NULL, &idx), DSGD_EINPUT);
    assert_null(idx.payload);
}

static void registry_names_are_unique_and_found(void **state)
{
    (void)state;
    for (size_t i = 0; dsgd_dataset_at(i); ++i) {
        assert_ptr_equal(dsgd_dataset_find(dsgd_dataset_at(i)->name), dsgd_dataset_at(i));
        assert_non_null(dsgd_dataset_at(i)->load);
    }
    assert_non_null(dsgd_dataset_find("fashion_mnist"));
    assert_null(dsgd_dataset_find("no such dataset"));
    dsgd_dataset_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_good_files_gives_their_bytes),
        cmocka_unit_test(load_both_forms_prefers_gzip),
        cmocka_unit_test(load_environment_folder_is_used),
        cmocka_unit_test(load_no_files_names_folder_and_remedy),
        cmocka_unit_test(load_one_file_missing_is_refused),
        cmocka_unit_test(load_bad_header_is_refused),
        cmocka_unit_test(load_every_truncation_is_refused),
        cmocka_unit_test(load_trailing_byte_is_refused),
        cmocka_unit_test(load_counts_that_differ_are_refused),
        cmocka_unit_test(load_test_images_of_other_shape_are_refused),
        cmocka_unit_test(load_test_label_beyond_classes_is_refused),
        cmocka_unit_test(load_one_class_counts_as_two),
        cmocka_unit_test(load_damaged_gzip_is_refused),
        cmocka_unit_test(read_missing_file_and_folder_are_refused),
        cmocka_unit_test(registry_names_are_unique_and_found),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
