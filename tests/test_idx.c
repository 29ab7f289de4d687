/* test_idx.c - the IDX reader and the datasets built on it: good files come through byte by byte, every kind of bad
 * file is refused with a sentence that names it. All files are made here, in a temporary folder. */
#include "tests/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nettle/sha2.h>
#include <zlib.h>
#include "datasets/dataset.h"
#include "datasets/idx.h"
#include "sim/status.h"

enum { N = 6, TESTS = 3, ROWS = 4, COLS = 5, PIXELS = ROWS * COLS, BUFFER = 4096 };

static const char *const names[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                     "t10k-labels-idx1-ubyte"};

struct fixture {
    char root[512];
    char folder[600];
};

static void put32(uint8_t *to, uint32_t v)
{
    for (int k = 0; k < 4; ++k) { to[k] = (uint8_t)(v >> (24 - 8 * k)); }
}

/* The bytes of good file f (0..3); returns their number. */
static size_t good_file(int f, uint8_t *bytes)
{
    const bool images = f % 2 == 0;
    const uint32_t n = f < 2 ? N : TESTS;
    put32(bytes, images ? 0x803 : 0x801);
    put32(bytes + 4, n);
    if (!images) {
        for (uint32_t i = 0; i < n; ++i) { bytes[8 + i] = (uint8_t)(i % 4); }
        return 8 + n;
    }
    put32(bytes + 8, ROWS);
    put32(bytes + 12, COLS);
    for (uint32_t j = 0; j < n * PIXELS; ++j) { bytes[16 + j] = (uint8_t)(j * 37 + (uint32_t)f); }
    return 16 + n * PIXELS;
}

static void path_of(const struct fixture *fix, int f, bool zip, char path[700])
{
    snprintf(path, 700, "%s/%s%s", fix->folder, names[f], zip ? ".gz" : "");
}

static void write_plain(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_file(const struct fixture *fix, int f, bool zip, const uint8_t *bytes, size_t size)
{
    char path[700];
    path_of(fix, f, zip, path);
    if (!zip) {
        write_plain(path, bytes, size);
        return;
    }
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size);
    assert_int_equal(gzclose(file), Z_OK);
}

static void write_all(const struct fixture *fix, bool zip)
{
    uint8_t bytes[BUFFER];
    for (int f = 0; f < 4; ++f) {
        const size_t size = good_file(f, bytes);
        write_file(fix, f, zip, bytes, size);
    }
}

static void remove_all(const struct fixture *fix)
{
    char path[700];
    for (int f = 0; f < 4; ++f) {
        for (int zip = 0; zip < 2; ++zip) {
            path_of(fix, f, zip, path);
            remove(path); /* also a folder */
        }
    }
}

static int setup(void **state)
{
    const char *base = getenv("TMPDIR");
    struct fixture *fix = calloc(1, sizeof *fix);
    if (!fix) { return -1; }
    snprintf(fix->root, sizeof fix->root, "%s/dsgd-idx-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(fix->root)) { return -1; }
    snprintf(fix->folder, sizeof fix->folder, "%s/mnist", fix->root);
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

static enum dsgd_status load(const struct fixture *fix, struct dsgd_dataset **data)
{
    const struct dsgd_dataset_args args = {NULL, fix->root};
    return dsgd_dataset_find("mnist")->load(&args, data);
}

/* Loading fails as bad input, with a sentence that contains both words. */
static void expect_refusal(const struct fixture *fix, const char *file, const char *reason)
{
    struct dsgd_dataset *data = (struct dsgd_dataset *)1;
    assert_int_equal(load(fix, &data), DSGD_EINPUT);
    assert_null(data);
    if (!strstr(dsgd_message(), file) || !strstr(dsgd_message(), reason)) {
        print_error("message \"%s\", expected \"%s\" and \"%s\"\n", dsgd_message(), file, reason);
        fail();
    }
}

#define LOADED(fix, data)                                                                  \
    do {                                                                                          \
        if (load(fix, data) != DSGD_OK) { fail_msg("%s", dsgd_message()); }                       \
    } while (0)

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
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    for (int f = 0; f < 4; ++f) {
        const size_t size = good_file(f, bytes[f]);
        sha256_update(&hash, size, bytes[f]);
    }
    sha256_digest(&hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; ++i) { snprintf(sum + 2 * i, 3, "%02x", (unsigned)digest[i]); }
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

/* A file of the name f.gz with these bytes, as they are. */
static void write_packed(const struct fixture *fix, int f, const uint8_t *bytes, size_t size)
{
    char path[700];
    path_of(fix, f, true, path);
    write_plain(path, bytes, size);
}

static size_t gzip_of(const uint8_t *bytes, size_t size, uint8_t *packed)
{
    z_stream z = {.next_in = (uint8_t *)bytes, .avail_in = (uInt)size, .next_out = packed, .avail_out = BUFFER};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&z), Z_OK);
    return z.total_out;
}

/* gzread ignores what follows the last member; here it is told. */
static void load_bytes_after_gzip_are_refused(void **state)
{
    static const char *const tail[] = {"x", "<!-- served by cache -->", "\x1f", "\x1f\x8b", "\x1f\x8b\x08", "\x1f\x8bx"};
    const struct fixture *fix = *state;
    uint8_t bytes[BUFFER], packed[2 * BUFFER];
    for (int f = 0; f < 4; ++f) {
        const size_t size = gzip_of(bytes, good_file(f, bytes), packed);
        for (size_t k = 0; k < sizeof tail / sizeof *tail; ++k) {
            remove_all(fix);
            write_all(fix, true);
            memcpy(packed + size, tail[k], strlen(tail[k]));
            write_packed(fix, f, packed, size + strlen(tail[k]));
            expect_refusal(fix, names[f], "");
            memset(packed + size, 0, 600); /* behind padding too */
            memcpy(packed + size + 600, tail[k], strlen(tail[k]));
            write_packed(fix, f, packed, size + 600 + strlen(tail[k]));
            expect_refusal(fix, names[f], "other bytes after its gzip data");
        }
    }
    remove_all(fix);
}

/* RFC 1952: a file is a sequence of members. Cut anywhere, also where a member has no bytes; zeros at the end are padding. */
static void load_gzip_members_are_one_stream(void **state)
{
    const struct fixture *fix = *state;
    uint8_t bytes[BUFFER], packed[2 * BUFFER];
    const size_t size = good_file(0, bytes);
    for (size_t cut = 0; cut <= size; ++cut) {
        struct dsgd_dataset *data;
        size_t used = gzip_of(bytes, cut, packed);
        used += gzip_of(bytes + cut, size - cut, packed + used);
        memset(packed + used, 0, cut);
        write_all(fix, true);
        write_packed(fix, 0, packed, used + cut);
        LOADED(fix, &data);
        assert_memory_equal(data->train.feature, bytes + 16, N * PIXELS);
        dsgd_dataset_destroy(data);
    }
    const size_t first = gzip_of(bytes, size, packed);
    const size_t both = first + gzip_of(bytes, 1, packed + first);
    write_packed(fix, 0, packed, both);
    expect_refusal(fix, names[0], "trailing");
    write_packed(fix, 0, packed, both - 1); /* the second member is cut */
    expect_refusal(fix, names[0], "");
    remove_all(fix);
}

/* Each kind of broken gzip beside an intact plain file: that one is used. */
static void load_broken_gzip_does_not_hide_plain_file(void **state)
{
    const struct fixture *fix = *state;
    uint8_t bytes[BUFFER], packed[BUFFER];
    char path[700], good_sum[65];
    struct dsgd_dataset *data;
    write_all(fix, false);
    LOADED(fix, &data);
    memcpy(good_sum, data->sha256, sizeof good_sum);
    dsgd_dataset_destroy(data);
    for (int f = 0; f < 4; ++f) {
        const size_t size = gzip_of(bytes, good_file(f, bytes), packed);
        path_of(fix, f, true, path);
        for (int kind = 0; kind < 7; ++kind) {
            switch (kind) {
            case 0: write_plain(path, (const uint8_t *)"<html>", 6); break;
            case 1: write_plain(path, packed, size - 1); break;
            case 2: write_plain(path, packed, 0); break;
            case 3: assert_int_equal(mkfifo(path, 0666), 0); break;
            case 4: assert_int_equal(mkdir(path, 0777), 0); break;
            case 5: assert_int_equal(symlink("nowhere", path), 0); break;
            case 6: assert_int_equal(symlink("/proc/self/mem", path), 0); break;
            }
            LOADED(fix, &data);
            assert_string_equal(data->sha256, good_sum); /* the broken one left no trace in the sum */
            dsgd_dataset_destroy(data);
            struct dsgd_data_survey *look = malloc(sizeof *look);
            const struct dsgd_dataset_args args = {NULL, fix->root};
            assert_int_equal(dsgd_dataset_find("mnist")->survey(&args, look), DSGD_OK);
            for (int g = 0; g < 4; ++g) {
                assert_int_equal(strlen(look->file[g].sha256), 64);
                assert_int_equal(*look->file[g].passed_over != '\0', g == f);
            }
            free(look);
            /* neither can be used: the sentence is about the gzip */
            char plain[700];
            path_of(fix, f, false, plain);
            write_plain(plain, bytes, 5);
            struct dsgd_dataset *none;
            assert_int_equal(load(fix, &none), kind == 6 ? DSGD_EIO : DSGD_EINPUT);
            assert_memory_equal(dsgd_message(), path, strlen(path));
            write_plain(plain, bytes, good_file(f, bytes));
            assert_int_equal(remove(path), 0);
        }
    }
    remove_all(fix);
}

/* Nothing but a regular file is read, and nothing is waited for: the alarm ends a reader that does. */
static void read_special_files_are_refused_at_once(void **state)
{
    const struct fixture *fix = *state;
    static const struct {
        const char *path, *reason;
    } special[] = {{"/dev/null", "character device"}, {"/dev/zero", "character device"}, {"/dev/tty", ""}, {"/", "a folder"}};
    struct dsgd_idx idx;
    char path[700];
    alarm(20);
    for (size_t k = 0; k < sizeof special / sizeof *special; ++k) {
        const enum dsgd_status status = dsgd_idx_read(special[k].path, DSGD_IDX_LABELS, NULL, &idx);
        assert_int_equal(status, DSGD_EINPUT);
        assert_non_null(strstr(dsgd_message(), special[k].path));
        assert_non_null(strstr(dsgd_message(), special[k].reason));
    }
    write_all(fix, true);
    path_of(fix, 0, false, path);
    for (int f = 0; f < 4; ++f) {
        path_of(fix, f, true, path);
        unlink(path);
        assert_int_equal(mkfifo(path, 0666), 0);
        expect_refusal(fix, names[f], "a FIFO, expected a regular file");
        unlink(path);
        assert_int_equal(mkdir(path, 0777), 0);
        expect_refusal(fix, names[f], "a folder, expected a regular file");
        rmdir(path);
        assert_int_equal(symlink(names[f], path), 0);
        expect_refusal(fix, names[f], "cannot be opened");
        unlink(path);
        uint8_t bytes[BUFFER];
        const size_t size = good_file(f, bytes);
        write_file(fix, f, true, bytes, size);
    }
    alarm(0);
    remove_all(fix);
}

/* A file system that fails is not the content's fault: /proc/self/mem is a regular file whose first page cannot be read. */
static void read_input_failure_is_no_damage(void **state)
{
    (void)state;
    struct dsgd_idx idx;
    assert_int_equal(dsgd_idx_read("/proc/self/mem", DSGD_IDX_LABELS, NULL, &idx), DSGD_EIO);
    assert_non_null(strstr(dsgd_message(), "/proc/self/mem: input failed (Input/output error)"));
    assert_null(idx.payload);
}

static void load_environment_folder_is_used(void **state)
{
    const struct fixture *fix = *state;
    const struct dsgd_dataset_args args = {NULL, NULL};
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
    assert_non_null(strstr(dsgd_message(), "DSGD_DATA"));
    assert_non_null(strstr(dsgd_message(), "fashion_mnist"));
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
    assert_non_null(strstr(dsgd_message(), "/nonexistent/file"));
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
        cmocka_unit_test(load_bytes_after_gzip_are_refused),
        cmocka_unit_test(load_gzip_members_are_one_stream),
        cmocka_unit_test(load_broken_gzip_does_not_hide_plain_file),
        cmocka_unit_test(read_special_files_are_refused_at_once),
        cmocka_unit_test(read_input_failure_is_no_damage),
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
