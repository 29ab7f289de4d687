/* test_optimum_cache.c - stored optima: found again with the same bits, believed only where they are whole and make sense. */
#include "tests/check.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <gsl/gsl_errno.h>
#include "convex/optimum_file.h"
#include "tests/optimum_case.h"

struct folder {
    char root[512], cache[600];
};

static int make_folder(void **state)
{
    const char *base = getenv("TMPDIR");
    struct folder *f = calloc(1, sizeof *f);
    if (!f) { return -1; }
    snprintf(f->root, sizeof f->root, "%s/dsgd-optimum-XXXXXX", base && *base ? base : "/tmp");
    *state = f;
    if (!mkdtemp(f->root)) { return -1; }
    snprintf(f->cache, sizeof f->cache, "%s/not/there/yet", f->root);
    return 0;
}

/* Fails if anything but the folders is left: temporary files must be gone. */
static int remove_folder(void **state)
{
    struct folder *f = *state;
    char path[700];
    rmdir(f->cache);
    snprintf(path, sizeof path, "%s/not/there", f->root);
    rmdir(path);
    snprintf(path, sizeof path, "%s/not", f->root);
    rmdir(path);
    const int result = rmdir(f->root);
    free(f);
    return result;
}

static void expect_same(const struct dsgd_reference *a, const struct dsgd_reference *b)
{
    assert_memory_equal(&a->constants, &b->constants, sizeof a->constants);
    assert_memory_equal(a->metric, b->metric, DSGD_LINEAR_METRICS * sizeof *a->metric);
    assert_memory_equal(a->optimum.w, b->optimum.w, D * sizeof(double));
    assert_true(a->optimum.f_star == b->optimum.f_star && a->optimum.gap == b->optimum.gap);
    assert_string_equal(a->optimum.certificate, b->optimum.certificate);
    assert_string_equal(a->optimum.solver, b->optimum.solver);
}

static void cache_second_call_hits_with_same_bits(void **state)
{
    const struct folder *f = *state;
    static const char *const names[] = {"logistic", "svm"};
    for (int k = 0; k < 2; ++k) {
        struct built b;
        struct dsgd_reference first, second;
        char path[1024];
        build(&b, names[k], 2, 0.01);
        assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &first), DSGD_OK);
        assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &second), DSGD_OK);
        assert_true(!first.hit && second.hit && second.has_optimum);
        expect_same(&first, &second);
        assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path, sizeof path), DSGD_OK);
        assert_int_equal(unlink(path), 0);
        dsgd_reference_clear(&first);
        dsgd_reference_clear(&second);
        destroy(&b);
    }
}

static void cache_other_keys_and_data_have_other_files(void **state)
{
    const struct folder *f = *state;
    struct built b;
    char path[4][1024];
    build(&b, "logistic", 0, 0.01);
    assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path[0], sizeof path[0]), DSGD_OK);
    b.config.l2 = 0.02;
    assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path[1], sizeof path[1]), DSGD_OK);
    b.config.digit = 1;
    assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path[2], sizeof path[2]), DSGD_OK);
    b.data->sha256[0] ^= 1;
    assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path[3], sizeof path[3]), DSGD_OK);
    for (int i = 0; i < 4; ++i) {
        for (int j = 0; j < i; ++j) { assert_string_not_equal(path[i], path[j]); }
    }
    assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path[0], 10), DSGD_EINPUT);
    destroy(&b);
}

static void cache_file_of_another_key_is_not_believed(void **state)
{
    const struct folder *f = *state;
    struct built a, b;
    struct dsgd_reference ra, rb;
    char path_a[1024], path_b[1024];
    build(&a, "logistic", 0, 0.01);
    build(&b, "logistic", 1, 0.01);
    assert_int_equal(dsgd_optimum_cached(a.ops, a.self, &a.args, f->cache, &ra), DSGD_OK);
    assert_int_equal(dsgd_optimum_path(a.ops, &a.args, f->cache, path_a, sizeof path_a), DSGD_OK);
    assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path_b, sizeof path_b), DSGD_OK);
    assert_int_equal(rename(path_a, path_b), 0);
    assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &rb), DSGD_OK);
    assert_true(!rb.hit && rb.optimum.f_star != ra.optimum.f_star);
    assert_int_equal(unlink(path_b), 0);
    dsgd_reference_clear(&ra);
    dsgd_reference_clear(&rb);
    destroy(&a);
    destroy(&b);
}

static void cache_constants_file_is_completed_by_optimum(void **state)
{
    const struct folder *f = *state;
    struct built b;
    struct dsgd_constants first, second;
    struct dsgd_reference r;
    char path[1024];
    bool hit;
    build(&b, "logistic", 0, 0.03);
    assert_int_equal(dsgd_constants_cached(b.ops, b.self, &b.args, f->cache, &first, &hit), DSGD_OK);
    assert_false(hit);
    assert_int_equal(dsgd_constants_cached(b.ops, b.self, &b.args, f->cache, &second, &hit), DSGD_OK);
    assert_true(hit);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &r), DSGD_OK);
    assert_true(!r.hit && r.has_optimum);
    dsgd_reference_clear(&r);
    assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &r), DSGD_OK);
    assert_true(r.hit);
    assert_memory_equal(&first, &r.constants, sizeof first);
    assert_int_equal(dsgd_constants_cached(b.ops, b.self, &b.args, f->cache, &second, &hit), DSGD_OK);
    assert_true(hit);
    assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path, sizeof path), DSGD_OK);
    assert_int_equal(unlink(path), 0);
    dsgd_reference_clear(&r);
    destroy(&b);
}

static void put_file(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void cache_damaged_file_is_recomputed(void **state)
{
    const struct folder *f = *state;
    enum { SIZE_MAX_BYTES = 65536 };
    struct built b;
    struct dsgd_reference good, r;
    char path[1024];
    unsigned char *bytes = malloc(SIZE_MAX_BYTES);
    assert_non_null(bytes);
    build(&b, "svm", 0, 1);
    assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &good), DSGD_OK);
    assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path, sizeof path), DSGD_OK);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t size = fread(bytes, 1, SIZE_MAX_BYTES, file);
    assert_int_equal(fclose(file), 0);
    assert_true(size > 500 && size < SIZE_MAX_BYTES);

    for (size_t at = 0; at < size; at += 37) {
        bytes[at] ^= 0xff;
        put_file(path, bytes, size);
        bytes[at] ^= 0xff;
        assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &r), DSGD_OK);
        assert_false(r.hit);
        expect_same(&good, &r);
        dsgd_reference_clear(&r);
    }
    for (size_t cut = 0; cut < size; cut += 97) {
        put_file(path, bytes, cut);
        assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &r), DSGD_OK);
        assert_false(r.hit);
        expect_same(&good, &r);
        dsgd_reference_clear(&r);
        assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &r), DSGD_OK);
        assert_true(r.hit); /* the damaged file was replaced */
        dsgd_reference_clear(&r);
    }
    assert_int_equal(unlink(path), 0);
    dsgd_reference_clear(&good);
    free(bytes);
    destroy(&b);
}

/* The cache saves time; where it cannot, the result is the same and a warning says why. */
static void cache_that_cannot_be_written_is_a_warning(void **unused)
{
    (void)unused;
    struct built b;
    struct dsgd_reference r;
    build(&b, "logistic", 0, 0.01);
    assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, "/dev/null/cache", &r), DSGD_OK);
    assert_true(r.has_optimum && !r.hit);
    assert_non_null(strstr(dsgd_optimum_warning(), "/dev/null"));
    dsgd_reference_clear(&r);
    assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, NULL, &r), DSGD_OK);
    assert_string_equal(dsgd_optimum_warning(), "");
    dsgd_reference_clear(&r);
    destroy(&b);
}

/* Writes what is no optimum under the right key, with the right checksum. */
static void store(const struct built *b, const char *folder, const struct dsgd_reference *r)
{
    char path[1024], key[DSGD_OPTIMUM_KEY_MAX];
    assert_int_equal(dsgd_optimum_path(b->ops, &b->args, folder, path, sizeof path), DSGD_OK);
    assert_int_equal(dsgd_optimum_key(b->ops, &b->args, key), DSGD_OK);
    assert_int_equal(dsgd_optimum_file_write(path, key, b->ops, D, r), DSGD_OK);
}

static void cache_numbers_without_sense_are_not_believed(void **state)
{
    const struct folder *f = *state;
    struct built b;
    struct dsgd_reference good, bad, r;
    char path[1024];
    build(&b, "logistic", 0, 0.01);
    assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &good), DSGD_OK);
    double w[D];
    for (int kind = 0; kind < 9; ++kind) {
        bad = good;
        memcpy(w, good.optimum.w, sizeof w);
        bad.optimum.w = w;
        switch (kind) {
        case 0: bad.constants.mu = -1.0; break;
        case 1: bad.constants.L = INFINITY; break;
        case 2: bad.constants.L = bad.constants.mu / 2.0; break;
        case 3: bad.optimum.f_star = NAN; break;
        case 4: bad.optimum.gap = -1e-13; break;
        case 5: bad.optimum.gap = 1e-9; break; /* logistic regression is certified within 1e-12 */
        case 6: w[1] = NAN; break;
        case 7: w[1] += 1e-3; break;                /* another point */
        default: bad.optimum.f_star += 1e-9; break; /* another f* */
        }
        store(&b, f->cache, &bad);
        assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &r), DSGD_OK);
        assert_false(r.hit);
        expect_same(&good, &r);
        dsgd_reference_clear(&r);
        assert_int_equal(dsgd_optimum_cached(b.ops, b.self, &b.args, f->cache, &r), DSGD_OK);
        assert_true(r.hit); /* it was replaced */
        dsgd_reference_clear(&r);
    }
    assert_int_equal(dsgd_optimum_path(b.ops, &b.args, f->cache, path, sizeof path), DSGD_OK);
    assert_int_equal(unlink(path), 0);
    dsgd_reference_clear(&good);
    destroy(&b);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cache_second_call_hits_with_same_bits),
        cmocka_unit_test(cache_other_keys_and_data_have_other_files),
        cmocka_unit_test(cache_file_of_another_key_is_not_believed),
        cmocka_unit_test(cache_constants_file_is_completed_by_optimum),
        cmocka_unit_test(cache_damaged_file_is_recomputed),
        cmocka_unit_test(cache_numbers_without_sense_are_not_believed),
        cmocka_unit_test(cache_that_cannot_be_written_is_a_warning),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
