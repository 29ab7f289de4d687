/* test_allocations.c - the n-th allocation fails, for every n: a status and a sentence, no leak, the snapshot still resumes.
 *
 * Linked with --wrap, so that every allocation of our own objects passes here (those inside HDF5 and libc do not: their
 * failures are their own). Leaks are found by the address sanitizer's preset, which runs this test too.
 */
#include "lab/sweep/sweep.h"
#include "tests/harness.h"

#include <sys/stat.h>
#include <zlib.h>

#include "convex/registry.h"
#include "datasets/cifar.h"
#include "datasets/dataset.h"
#include "tests/parallel_case.h"
#include "tests/settings.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
char *__wrap_strdup(const char *text);

static long calls, fail_at; /* fail_at 0: none */

static int fails(void)
{
    return ++calls == fail_at;
}

void *__wrap_malloc(size_t bytes) { return fails() ? NULL : __real_malloc(bytes); }
void *__wrap_calloc(size_t count, size_t bytes) { return fails() ? NULL : __real_calloc(count, bytes); }
void *__wrap_realloc(void *old, size_t bytes) { return fails() ? NULL : __real_realloc(old, bytes); }
void *__wrap_aligned_alloc(size_t alignment, size_t bytes) { return fails() ? NULL : __real_aligned_alloc(alignment, bytes); }
char *__wrap_strdup(const char *text) { return fails() ? NULL : __real_strdup(text); }

/* What resolves, reads and writes files is the same for all algorithms: two with states of different kinds. */
static const char *const settings[] = {
    "algorithm = sgd\nsgd { momentum = 0.9 }\nemulation = merged\nserver_momentum = 0.5\n",
    "algorithm = sketched_sgd\n",
};

/* Everything a run does to memory: resolve, build, rounds with rows, snapshot, read, restore. */
static enum dsgd_status whole_run(const char *text, const char *snapshot)
{
    struct harness h;
    struct dsgd_runfile *run = NULL;
    char hex[65];
    enum dsgd_status status = harness_open(&h, text, NULL, 1);
    while (status == DSGD_OK && dsgd_engine_status(h.engine) == DSGD_RUNNING) { status = dsgd_engine_step(h.engine); }
    if (status == DSGD_OK) { status = dsgd_runfile_read(snapshot, &run); }
    if (run) { dsgd_runfile_digest(run, hex); }
    dsgd_runfile_destroy(run);
    harness_close(&h);
    if (status != DSGD_OK) { return status; }
    status = harness_open(&h, text, NULL, 1);
    if (status == DSGD_OK) { status = dsgd_runfile_restore(snapshot, h.engine); }
    harness_close(&h);
    return status;
}

static void allocation_fails_nothing_is_lost(void **state)
{
    (void)state;
    long all = 0;
    for (size_t s = 0; s < sizeof settings / sizeof *settings; ++s) {
        char text[1024], snapshot[256], expected[65], resumed[65];
        snprintf(text, sizeof text, "problem = quadratic\nquadratic { d = 785 kappa = 4 }\nworkers = 3\nsteps = 20\naverage = uniform\n"
                                    "step { constant = 0.02 }\nlog { every = 1 }\n%s", settings[s]);
        harness_path(snapshot, sizeof snapshot, ".h5.tmp");
        struct harness h;
        fail_at = 0;
        harness_run(text, NULL, 1, expected);
        HARNESS_OK(harness_open(&h, text, NULL, 1));
        for (int t = 0; t < 7; ++t) { HARNESS_OK(dsgd_engine_step(h.engine)); }
        harness_write(h.engine, snapshot, true);
        harness_close(&h);
        calls = 0;
        HARNESS_OK(whole_run(text, snapshot));
        const long count = calls;
        assert_true(count > 30);
        for (long n = 1; n <= count; ++n) {
            calls = 0;
            fail_at = n;
            const enum dsgd_status status = whole_run(text, snapshot);
            fail_at = 0;
            /* a file that cannot be read for want of memory may be reported as unreadable */
            if (status != DSGD_ENOMEM && status != DSGD_EINPUT) {
                fail_msg("allocation %ld of %ld: status %s (%s)\n%s", n, count, dsgd_status_text(status), dsgd_error(), text);
            }
            assert_true(*dsgd_error() != '\0');
        }
        HARNESS_OK(harness_open(&h, text, NULL, 1));
        HARNESS_OK(dsgd_runfile_restore(snapshot, h.engine));
        harness_finish(h.engine);
        harness_digest(h.engine, resumed);
        assert_string_equal(expected, resumed);
        harness_close(&h);
        unlink(snapshot);
        all += count;
    }
    print_message("%ld allocations failed, one at a time\n", all);
}

/* Engine and rounds of every setting of every registered algorithm. */
static enum dsgd_status rounds(const char *text)
{
    struct harness h;
    enum dsgd_status status = harness_open(&h, text, NULL, 1);
    while (status == DSGD_OK && dsgd_engine_status(h.engine) == DSGD_RUNNING) { status = dsgd_engine_step(h.engine); }
    harness_close(&h);
    return status;
}

static void allocation_fails_in_every_algorithm(void **state)
{
    (void)state;
    static const char *const base = "problem = quadratic\nquadratic { d = 100 kappa = 4 }\nworkers = 2\nsteps = 9\nstep { constant = 0.02 }\n"
                                    "log { per_decade = 0 optimum = false }\n";
    char text[1024];
    long all = 0, tried = 0;
    for (size_t i = 0; settings_next(base, &i, text, sizeof text);) {
        calls = fail_at = 0;
        const enum dsgd_status whole = rounds(text);
        if (whole == DSGD_EINPUT) { continue; } /* a combination that the algorithm refuses */
        assert_int_equal(whole, DSGD_OK);
        const long count = calls;
        for (long n = 1; n <= count; ++n) {
            calls = 0;
            fail_at = n;
            const enum dsgd_status status = rounds(text);
            fail_at = 0;
            if (status != DSGD_ENOMEM && status != DSGD_EINPUT) {
                fail_msg("allocation %ld of %ld: status %s (%s)\n%s", n, count, dsgd_status_text(status), dsgd_error(), text);
            }
        }
        all += count;
        ++tried;
    }
    print_message("%ld settings, %ld allocations failed, one at a time\n", tried, all);
    assert_true(tried >= 60);
}

/* Reading a configuration with an include and a sweep: want of memory is never said to be the file's fault. */
static enum dsgd_status read_files(const char *config, const char *sweep_file)
{
    struct dsgd_spec spec;
    struct sweep sweep;
    struct data_shelf shelf = {.folder = NULL};
    DSGD_TRY(dsgd_spec_load(config, NULL, 0, &spec));
    dsgd_spec_clear(&spec);
    const enum dsgd_status status = dsgd_sweep_load(sweep_file, NULL, 0, &shelf, &sweep);
    if (status == DSGD_OK) { dsgd_sweep_clear(&sweep); }
    dsgd_data_shelf_clear(&shelf);
    return status;
}

static void allocation_fails_no_file_is_blamed(void **state)
{
    (void)state;
    char base[256], config[256], grid[256];
    harness_path(base, sizeof base, ".conf");
    harness_path(config, sizeof config, ".conf");
    harness_path(grid, sizeof grid, ".sweep");
    FILE *file = fopen(base, "w");
    fputs("problem = quadratic\nstep { constant = 1e+1 }\n", file);
    fclose(file);
    file = fopen(config, "w");
    fprintf(file, "include(\"%s\")\nlabel = \"a b\" step { beta = 6 }\n", base);
    fclose(file);
    file = fopen(grid, "w");
    fprintf(file, "runs a { config = \"%s\" seed = {1, 2} }\n", config);
    fclose(file);
    calls = fail_at = 0;
    HARNESS_OK(read_files(config, grid));
    const long count = calls;
    assert_true(count > 100);
    for (long n = 1; n <= count; ++n) {
        calls = 0;
        fail_at = n;
        const enum dsgd_status status = read_files(config, grid);
        fail_at = 0;
        if (status != DSGD_ENOMEM) { fail_msg("allocation %ld of %ld: status %s (%s)", n, count, dsgd_status_text(status), dsgd_error()); }
    }
    print_message("%ld allocations failed, one at a time\n", count);
    unlink(base);
    unlink(config);
    unlink(grid);
}

/* Four IDX files, the training images in a broken gzip beside the plain file: both are tried. */
static void write_images(const char *folder)
{
    static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
                                        "t10k-labels-idx1-ubyte"};
    enum { N = 12, PIXELS = 4 };
    for (int f = 0; f < 4; ++f) {
        uint8_t bytes[16 + N * PIXELS] = {0, 0, 8, f % 2 ? 1 : 3, 0, 0, 0, N, 0, 0, 0, 2, 0, 0, 0, 2};
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, names[f]);
        const size_t head = f % 2 ? 8 : 16, size = head + (f % 2 ? N : N * PIXELS);
        for (size_t j = head; j < size; ++j) { bytes[j] = (uint8_t)((j - head) % 3); }
        gzFile file = gzopen(path, strstr(names[f], ".gz") ? "wb" : "wbT");
        assert_non_null(file);
        assert_int_equal(gzwrite(file, bytes, (unsigned)size), (int)size);
        assert_int_equal(gzclose(file), Z_OK);
        if (f > 0) { continue; }
        strcat(path, ".gz");
        file = gzopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(gzwrite(file, bytes, (unsigned)size - 1), (int)size - 1);
        assert_int_equal(gzclose(file), Z_OK);
    }
}

/* Everything that is done to data: told about, read, checked by each problem. */
static enum dsgd_status whole_reading(const char *name, const void *config, const char *folder)
{
    const struct dsgd_dataset_ops *ops = dsgd_dataset_find(name);
    const struct dsgd_dataset_args args = {.config = config, .folder = folder};
    static struct dsgd_data_survey look;
    struct dsgd_dataset *data = NULL;
    enum dsgd_status status = ops->survey ? ops->survey(&args, &look) : DSGD_OK;
    if (status == DSGD_OK) { status = ops->load(&args, &data); }
    for (size_t i = 0; status == DSGD_OK && dsgd_problem_at(i); ++i) {
        const struct dsgd_problem_ops *problem = dsgd_problem_at(i);
        _Alignas(16) unsigned char keys[256];
        void *self = NULL;
        double x[1024] = {0}, gradient[1024];
        if (!problem->needs_dataset || !problem->full_gradient || problem->pairs != ops->pairs) { continue; } /* deep ones want images */
        assert_true(problem->config_size <= sizeof keys);
        assert_int_equal(dsgd_param_defaults(problem->params, problem->name, keys), DSGD_OK);
        const struct dsgd_problem_args problem_args = {keys, data, 1};
        status = problem->create(&problem_args, &self);
        if (status == DSGD_OK) { status = problem->full_gradient(self, x, gradient); }
        if (self) { problem->destroy(self); }
    }
    dsgd_dataset_destroy(data);
    return status;
}

static void allocation_fails_data_are_not_to_blame(void **state)
{
    (void)state;
    char root[256], folder[300], path[600];
    harness_path(root, sizeof root, ".data");
    snprintf(folder, sizeof folder, "%s/mnist", root);
    assert_int_equal(mkdir(root, 0777), 0);
    assert_int_equal(mkdir(folder, 0777), 0);
    write_images(folder);
    long all = 0;
    for (int s = 0; s < 10; ++s) {
        static const char *const form[] = {"bytes", "floats", "sparse"};
        const char *name = s < 2 ? "mnist" : s < 8 ? "synthetic" : "images";
        const struct dsgd_dataset_ops *ops = dsgd_dataset_find(name);
        _Alignas(16) unsigned char config[256];
        assert_true(ops->config_size <= sizeof config);
        assert_int_equal(dsgd_param_defaults(ops->params, name, config), DSGD_OK);
        assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, "split"), name, config, s % 2 ? "tuning" : "full"), DSGD_OK);
        for (int j = 0; s >= 2 && j < 8; j += 2) {
            static const char *const small[] = {"n", "30", "n_test", "6", "classes", "3", "features", "4"};
            const bool size = s >= 8 && j == 6; /* of pictures: the smallest */
            assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, size ? "size" : small[j]), name, config, size ? "16" : small[j + 1]), DSGD_OK);
        }
        if (s >= 2 && s < 8) { assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, "form"), name, config, form[s / 2 - 1]), DSGD_OK); }
        calls = fail_at = 0;
        HARNESS_OK(whole_reading(name, config, root));
        const long count = calls;
        assert_true(count > 8);
        for (long n = 1; n <= count; ++n) {
            calls = 0;
            fail_at = n;
            const enum dsgd_status status = whole_reading(name, config, root);
            fail_at = 0;
            if (status != DSGD_ENOMEM || strstr(dsgd_error(), "truncated") || !strstr(dsgd_error(), "no memory")) {
                fail_msg("allocation %ld of %ld: status %s (%s)", n, count, dsgd_status_text(status), dsgd_error());
            }
        }
        all += count;
    }
    static const char *const left[] = {"train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                                       "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte"};
    for (size_t j = 0; j < sizeof left / sizeof *left; ++j) {
        snprintf(path, sizeof path, "%s/%s", folder, left[j]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(root), 0);
    print_message("%ld allocations failed, one at a time\n", all);
}

/* Pairs, made and read: no split to tune on, and keys of their own. */
static void allocation_fails_sentences_are_not_to_blame(void **state)
{
    (void)state;
    static const char *const name[] = {"grammar", "parallel", "parallel"}, *const small[][2] = {{"n", "30"}, {"n_validation", "6"}, {"n_test", "6"}};
    struct parallel_folder folder = {.zip = false};
    assert_int_equal(parallel_open(&folder), 0);
    long all = 0;
    for (int s = 0; s < 3; ++s) {
        const struct dsgd_dataset_ops *ops = dsgd_dataset_find(name[s]);
        _Alignas(16) unsigned char config[256];
        assert_true(ops->config_size <= sizeof config);
        assert_int_equal(dsgd_param_defaults(ops->params, name[s], config), DSGD_OK);
        for (int j = 0; j < 3; ++j) { assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, small[j][0]), name[s], config, small[j][1]), DSGD_OK); }
        folder.zip = s == 2;
        parallel_write(&folder);
        calls = fail_at = 0;
        HARNESS_OK(whole_reading(name[s], config, folder.root));
        const long count = calls;
        assert_true(count > 20);
        for (long n = 1; n <= count; ++n) {
            calls = 0;
            fail_at = n;
            const enum dsgd_status status = whole_reading(name[s], config, folder.root);
            fail_at = 0;
            if (status != DSGD_ENOMEM || !strstr(dsgd_error(), "no memory")) { fail_msg("%s: allocation %ld of %ld: status %s (%s)", name[s], n, count, dsgd_status_text(status), dsgd_error()); }
        }
        all += count;
    }
    assert_int_equal(parallel_close(&folder), 0);
    print_message("%ld allocations failed, one at a time\n", all);
}

/* Six files of one picture each, the first in a broken gzip beside the plain file. */
static void write_colours(const char *folder, bool erase)
{
    static const char *const names[] = {"data_batch_1.bin.gz", "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin.gz",
                                        "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin.gz"};
    static const uint8_t picture[1 + DSGD_CIFAR_FEATURES] = {7, 1, 2, 3};
    for (size_t f = 0; f < sizeof names / sizeof *names; ++f) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", folder, names[f]);
        if (erase) {
            assert_int_equal(unlink(path), 0);
            continue;
        }
        const unsigned size = sizeof picture - (f == 0);
        gzFile file = gzopen(path, strstr(names[f], ".gz") ? "wb" : "wbT");
        assert_non_null(file);
        assert_int_equal(gzwrite(file, picture, size), (int)size);
        assert_int_equal(gzclose(file), Z_OK);
    }
}

static void allocation_fails_colour_pictures_are_not_to_blame(void **state)
{
    (void)state;
    char root[256], folder[300];
    harness_path(root, sizeof root, ".data");
    snprintf(folder, sizeof folder, "%s/cifar-10-batches-bin", root);
    assert_int_equal(mkdir(root, 0777), 0);
    assert_int_equal(mkdir(folder, 0777), 0);
    write_colours(folder, false);
    const struct dsgd_cifar_source source = {.name = "cifar10", .records = 1, .title = "", .title_unverified = "others", .advice = "",
                                             .file_sha1 = {"", "", "", "", "", ""}};
    const struct dsgd_dataset_args args = {.folder = root};
    static struct dsgd_data_survey look;
    long count = 0;
    for (long n = 0; n <= count; ++n) { /* first none fails, and they are counted */
        struct dsgd_dataset *data = NULL;
        calls = 0;
        fail_at = n;
        enum dsgd_status status = dsgd_cifar_survey(&source, &args, &look);
        if (status == DSGD_OK) { status = dsgd_cifar_load(&source, &args, &data); }
        fail_at = 0;
        if (n == 0) { count = calls; }
        if (status != (n == 0 ? DSGD_OK : DSGD_ENOMEM) || (n > 0 && (data || !strstr(dsgd_error(), "no memory")))) {
            fail_msg("allocation %ld of %ld: status %s (%s)", n, count, dsgd_status_text(status), dsgd_error());
        }
        dsgd_dataset_destroy(data);
    }
    assert_true(count > 12);
    write_colours(folder, true);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(root), 0);
    print_message("%ld allocations failed, one at a time\n", count);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(allocation_fails_no_file_is_blamed), cmocka_unit_test(allocation_fails_nothing_is_lost),
                                       cmocka_unit_test(allocation_fails_in_every_algorithm),
                                       cmocka_unit_test(allocation_fails_data_are_not_to_blame),
                                       cmocka_unit_test(allocation_fails_sentences_are_not_to_blame),
                                       cmocka_unit_test(allocation_fails_colour_pictures_are_not_to_blame)};
    if (argc > 1) { cmocka_set_test_filter(argv[1]); }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
