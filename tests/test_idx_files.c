/* test_idx_files.c - what lies around the content of IDX files: gzip members and what follows them, broken gzips beside plain
 * files, special files, failures of the file system. */
#include "tests/idx_case.h"
#include "datasets/idx_unpacked.h"

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
            const struct dsgd_dataset_args args = {.folder = fix->root};
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
            assert_memory_equal(dsgd_error(), path, strlen(path));
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
        assert_non_null(strstr(dsgd_error(), special[k].path));
        assert_non_null(strstr(dsgd_error(), special[k].reason));
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
    assert_non_null(strstr(dsgd_error(), "/proc/self/mem: input failed (Input/output error)"));
    assert_null(idx.payload);
}

/* ---- unpacked files that are kept ---- */

static int kept;

static void keep(void *context, const char *path, const void *head, size_t head_size, const void *rest, size_t rest_size)
{
    FILE *file = fopen(path, "wb");
    assert_ptr_equal(context, &kept);
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, head_size, file), head_size);
    assert_int_equal(fwrite(rest, 1, rest_size, file), rest_size);
    assert_int_equal(fclose(file), 0);
    ++kept;
}

/* A source whose published files are the good ones, or are not. */
struct published {
    char file[4][65], all[65];
    struct dsgd_idx_source source;
};

static void publish(struct published *p)
{
    uint8_t bytes[BUFFER];
    struct sha256_ctx all;
    sha256_init(&all);
    p->source = (struct dsgd_idx_source){.name = "mnist", .title = "published", .title_unverified = "others", .sha256 = p->all, .sha256_train = "",
                                         .subfolder = "mnist", .advice = "", .command = ""};
    for (int f = 0; f < 4; ++f) {
        const size_t size = good_file(f, bytes);
        dsgd_sha256_hex(bytes, size, 64, p->file[f]);
        sha256_update(&all, size, bytes);
        p->source.file_sha256[f] = p->file[f];
    }
    dsgd_sha256_end(&all, 64, p->all);
}

/* Loads with the folder, and says how many files were kept; data are always those of the packed files. */
static int load_kept(const struct fixture *fix, const struct published *p, const char *title)
{
    const struct dsgd_dataset_args args = {.folder = fix->root, .unpacked = fix->folder, .keep = keep, .keep_context = &kept};
    struct dsgd_dataset *data;
    kept = 0;
    if (dsgd_idx_load(&p->source, &args, &data) != DSGD_OK) { fail_msg("%s", dsgd_error()); }
    assert_string_equal(data->title, title);
    uint8_t bytes[BUFFER];
    good_file(0, bytes);
    assert_memory_equal(data->train.feature, bytes + 16, PIXELS); /* what the packed files of these tests have in common */
    dsgd_dataset_destroy(data);
    return kept;
}

static void place_of(const struct fixture *fix, const struct published *p, int f, char path[2][DSGD_DATA_PATH], int used)
{
    struct dsgd_unpacked look = {.folder = fix->folder, .published = p->source.file_sha256};
    snprintf(path[0], DSGD_DATA_PATH, "%s/%s.gz", fix->folder, names[f]);
    dsgd_unpacked_look(&look, f, path);
    assert_int_equal(look.used, used);
    if (used == 0) { assert_int_equal(*look.missing[f] != '\0', 1); }
}

static void unpacked_files_are_used_and_never_believed(void **state)
{
    const struct fixture *fix = *state;
    struct published p;
    char path[4][2][DSGD_DATA_PATH];
    uint8_t bytes[BUFFER], head[16];
    publish(&p);
    write_all(fix, true);
    for (int f = 0; f < 4; ++f) { place_of(fix, &p, f, path[f], 0); }
    assert_int_equal(load_kept(fix, &p, "published"), 4);
    for (int f = 0; f < 4; ++f) { /* a plain IDX file, byte by byte */
        place_of(fix, &p, f, path[f], 1);
        const size_t size = good_file(f, bytes);
        uint8_t got[BUFFER];
        FILE *file = fopen(path[f][0], "rb");
        assert_non_null(file);
        assert_int_equal(fread(got, 1, sizeof got, file), size);
        assert_memory_equal(got, bytes, size);
        fclose(file);
    }
    assert_int_equal(load_kept(fix, &p, "published"), 0);
    for (int f = 0; f < 4; ++f) { /* damaged: another value, cut, empty, no IDX at all */
        const size_t size = good_file(f, bytes);
        memcpy(head, bytes, sizeof head);
        bytes[size - 1] ^= 1;
        write_plain(path[f][0], bytes, size);
        assert_int_equal(load_kept(fix, &p, "published"), 0);
        write_plain(path[f][0], bytes, size - 1);
        assert_int_equal(load_kept(fix, &p, "published"), 0);
        write_plain(path[f][0], bytes, 0);
        assert_int_equal(load_kept(fix, &p, "published"), 0);
        write_plain(path[f][0], (const uint8_t *)"<html>", 6);
        assert_int_equal(load_kept(fix, &p, "published"), 0);
        bytes[size - 1] ^= 1;
        write_plain(path[f][0], bytes, size);
    }
    /* another packed file is another name: what was kept does not hide it */
    const size_t size = good_file(3, bytes);
    bytes[size - 1] = 0;
    write_file(fix, 3, true, bytes, size);
    assert_int_equal(load_kept(fix, &p, "others"), 0);
    for (int f = 0; f < 4; ++f) { assert_int_equal(remove(path[f][0]), 0); }
    remove_all(fix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_bytes_after_gzip_are_refused),
        cmocka_unit_test(load_gzip_members_are_one_stream),
        cmocka_unit_test(load_broken_gzip_does_not_hide_plain_file),
        cmocka_unit_test(read_special_files_are_refused_at_once),
        cmocka_unit_test(read_input_failure_is_no_damage),
        cmocka_unit_test(unpacked_files_are_used_and_never_believed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
