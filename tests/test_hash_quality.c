/* test_hash_quality.c [LOG2D] - both families of hashes beside an ideal one, on vectors that real gradients resemble (suite: numerics).
 *
 * The ideal hash mixes a key with each coordinate (splitmix64): buckets and signs as good as independent. Vectors: heavy-tailed, runs of 512
 * alike (clustered), an outer product (low rank), large coordinates at a stride; at the seeds of a table, several c.
 *
 * 1. Moments of one row over DRAWS draws, D coordinates: bias of all and of the largest coordinate, both squared errors, mean and variance of
 *    the norm's estimate, each against the equality of docs/sketching.md (the block family's own where neighbours never meet), two-sided at
 *    four standard errors of the sample: 216 comparisons, a false alarm in any of them 1.4 % by the normal law, once for all as seeds are fixed.
 * 2. Recall of the true top-k, 2^LOG2D coordinates (default 18), medians of 5 rows, SEEDS draws. Block is the ideal within 0.003 (what
 *    prototypes showed at 2^20) plus four standard errors of the difference; textbook is not below by more: its affine buckets spread
 *    neighbours more evenly than chance does, so it may be above. A standard error is at most 0.0025, so that 0.013 is seen.
 * 3. Two hashes that look like block and are worse, lanes not permuted and one sign for a block, must be seen by these measures.
 */
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>
#include "sim/cpu/count_sketch.h"
#include "sim/kernel/block_hash.h"
#include "sim/kernel/rng.h"

enum { D = 2048, DRAWS = 2000, ROWS = 5, SEEDS = 48, SEED = 77 };
enum { HEAVY, CLUSTERED, LOW_RANK, STRIDED, SHAPES };
static const char *const shape_name[SHAPES] = {"heavy-tailed", "clustered", "low rank", "strided"};
static int log2d = 18;

/* ---- the ideal hash, and two bad ones ---- */

static uint64_t mix(uint64_t x) /* splitmix64's finaliser (Steele, Lea, Flood 2014) */
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

struct ideal_state {
    uint32_t cols;
    uint64_t key[SKETCH_ROWS_MAX];
};

static void ideal_reseed(void *state, uint32_t rows, uint32_t cols, uint32_t seed, uint32_t step)
{
    struct ideal_state *s = state;
    s->cols = cols;
    for (uint32_t j = 0; j < rows; ++j) { s->key[j] = mix(mix((uint64_t)seed << 32 | step) + j); }
}

static uint32_t ideal_one(const void *state, uint32_t row, size_t i)
{
    const struct ideal_state *s = state;
    const uint64_t x = mix(s->key[row] + mix(i));
    return (uint32_t)((x >> 32) * s->cols >> 32) | (uint32_t)x << 31;
}

static void ideal_fill(const void *state, uint32_t row, size_t i0, size_t n, uint32_t *cell)
{
    for (size_t i = 0; i < n; ++i) { cell[i] = ideal_one(state, row, i0 + i); }
}

static const struct sketch_hash_family ideal = {.name = "ideal", .reference = "a mixer for each coordinate",
                                                .state_size = sizeof(struct ideal_state),
                                                .reseed = ideal_reseed, .fill = ideal_fill, .one = ideal_one};

/* The state of the block family, read differently. */
static void block_reseed(void *state, uint32_t rows, uint32_t cols, uint32_t seed, uint32_t step)
{
    sketch_hash_block.reseed(state, rows, cols, seed, step);
}

static uint32_t no_lanes_one(const void *state, uint32_t row, size_t i)
{
    const uint32_t cell = sketch_hash_block.one(state, row, i);
    return (cell & ~(uint32_t)(DSGD_BLOCK - 1)) | (uint32_t)(i % DSGD_BLOCK); /* every block keeps its order */
}

static void no_lanes_fill(const void *state, uint32_t row, size_t i0, size_t n, uint32_t *cell)
{
    for (size_t i = 0; i < n; ++i) { cell[i] = no_lanes_one(state, row, i0 + i); }
}

static uint32_t one_sign_one(const void *state, uint32_t row, size_t i)
{
    const uint32_t first = sketch_hash_block.one(state, row, i - i % DSGD_BLOCK);
    return (sketch_hash_block.one(state, row, i) & ~SKETCH_SIGN_BIT) | (first & SKETCH_SIGN_BIT);
}

static void one_sign_fill(const void *state, uint32_t row, size_t i0, size_t n, uint32_t *cell)
{
    for (size_t i = 0; i < n; ++i) { cell[i] = one_sign_one(state, row, i0 + i); }
}

static struct sketch_hash_family planted(uint32_t (*one)(const void *, uint32_t, size_t),
                                         void (*fill)(const void *, uint32_t, size_t, size_t, uint32_t *))
{
    return (struct sketch_hash_family){.name = "planted", .reference = "a defect", .cols_of = DSGD_BLOCK, .state_size = sketch_hash_block.state_size,
                                       .reseed = block_reseed, .fill = fill, .one = one};
}

/* ---- vectors ---- */

static double uniform(uint32_t item, uint32_t what)
{
    const struct dsgd_rng4 r = dsgd_rng_draw((struct dsgd_rng_key){SEED, 3}, item, what, 0, 0);
    return (dsgd_rng_unit(dsgd_rng_u64(&r, 0)) * 2.0 + 1e-9) / (2.0 + 1e-9); /* in (0, 1) */
}

static double sign_of(uint32_t item, uint32_t what)
{
    return uniform(item, what) < 0.5 ? -1.0 : 1.0;
}

/* A power law of magnitudes; `wide` columns of the outer product, and the stride. */
static void fill_vector(int shape, size_t d, size_t wide, float *g)
{
    for (uint32_t i = 0; i < d; ++i) {
        const uint32_t run = i / 512, across = (uint32_t)(i % wide), down = (uint32_t)(i / wide);
        double value = 0.0;
        switch (shape) {
        case HEAVY: value = sign_of(i, 1) * pow(uniform(i, 0), -0.4); break;
        case CLUSTERED: value = sign_of(run, 1) * pow(uniform(run, 0), -0.4) * (0.5 + uniform(i, 2)); break;
        case LOW_RANK:
            value = sign_of(down, 1) * pow(uniform(down, 0), -0.3) * sign_of(across, 3) * pow(uniform(across, 2), -0.3);
            break;
        default: value = sign_of(i, 1) * (0.5 + uniform(i, 0)) * (across == 0 ? 20.0 : 1.0);
        }
        g[i] = (float)value;
    }
}

/* ---- 1. moments of one row ---- */

enum measure { BIAS, BIAS_LARGEST, VARIANCE, VARIANCE_LARGEST, NORM, NORM_VARIANCE, MEASURES };
static const char *const measure_name[MEASURES] = {"bias", "bias of the largest", "squared error", "squared error of the largest", "norm",
                                                   "variance of the norm"};

/* Energies of a vector: all, the fourth powers of what never meets itself (coordinates, or blocks of 64), the largest one's own part. */
struct energies {
    double norm2, own, parts, fourth; /* parts: sum over coordinates of their own part's energy */
    size_t largest;
};

static struct energies energies_of(const float *g, size_t part)
{
    struct energies e = {.norm2 = 0.0};
    for (size_t i = 0; i < D; ++i) { e.largest = fabsf(g[i]) > fabsf(g[e.largest]) ? i : e.largest; }
    for (size_t from = 0; from < D; from += part) {
        double energy = 0.0;
        for (size_t i = from; i < from + part; ++i) { energy += (double)g[i] * (double)g[i]; }
        e.norm2 += energy;
        e.fourth += energy * energy;
        e.parts += energy * (double)part;
        if (e.largest >= from && e.largest < from + part) { e.own = energy; }
    }
    return e;
}

/* Bit m: measure m is not what it should be. */
static unsigned moments_wrong(const struct sketch_hash_family *family, int shape, uint32_t cols)
{
    static float g[D], table[1024], out[D];
    fill_vector(shape, D, shape == STRIDED ? 128 : 64, g);
    const struct energies e = energies_of(g, family->cols_of > 0 ? DSGD_BLOCK : 1);
    const double expected[MEASURES] = {0.0, 0.0, ((double)D * e.norm2 - e.parts) / cols, (e.norm2 - e.own) / cols, 0.0,
                                       2.0 * (e.norm2 * e.norm2 - e.fourth) / cols};
    struct check_mean seen[MEASURES];
    struct sketch_hash *hash;
    memset(seen, 0, sizeof seen);
    assert_int_equal(sketch_hash_create(family, D, 1, cols, D, &hash), DSGD_OK);
    for (uint32_t step = 0; step < DRAWS; ++step) {
        double bias = 0.0, square = 0.0;
        memset(table, 0, cols * sizeof *table);
        sketch_hash_reseed(hash, SEED, step, 1);
        count_sketch_accumulate(hash, g, table);
        count_sketch_estimate(hash, table, out, 1);
        for (size_t i = 0; i < D; ++i) {
            const double error = (double)out[i] - (double)g[i];
            bias += g[i] < 0.0f ? -error : error;
            square += error * error;
        }
        const double largest = (double)out[e.largest] - (double)g[e.largest], norm = count_sketch_norm2(hash, table) - e.norm2;
        const double value[MEASURES] = {bias, largest, square, largest * largest, norm, norm * norm};
        for (int m = 0; m < MEASURES; ++m) { check_mean_add(&seen[m], value[m]); }
    }
    sketch_hash_destroy(hash);
    unsigned wrong = 0;
    for (int m = 0; m < MEASURES; ++m) {
        if (check_mean_is(&seen[m], expected[m])) { continue; }
        wrong |= 1u << m;
        print_message("%s, %s, c = %u, %s: %g, expected %g, standard error %g\n", family->name, shape_name[shape], cols, measure_name[m],
                      seen[m].mean, expected[m], check_mean_error(&seen[m]));
    }
    return wrong;
}

static void moments_are_those_of_the_proofs(void **unused)
{
    (void)unused;
    static const uint32_t multiples[] = {64, 256, 512}, others[] = {50, 250, 512};
    for (int shape = 0; shape < SHAPES; ++shape) {
        for (int c = 0; c < 3; ++c) {
            assert_int_equal(moments_wrong(&sketch_hash_block, shape, multiples[c]), 0);
            assert_int_equal(moments_wrong(&sketch_hash_polynomial, shape, others[c]), 0);
            assert_int_equal(moments_wrong(&ideal, shape, others[c]), 0);
        }
    }
}

static void moments_see_lanes_that_stay(void **unused)
{
    (void)unused;
    const struct sketch_hash_family family = planted(no_lanes_one, no_lanes_fill);
    assert_true(moments_wrong(&family, STRIDED, 256) & 1u << VARIANCE_LARGEST);
    assert_true(moments_wrong(&family, LOW_RANK, 256) & 1u << VARIANCE_LARGEST);
}

static void moments_see_one_sign_for_a_block(void **unused)
{
    (void)unused;
    const struct sketch_hash_family family = planted(one_sign_one, one_sign_fill);
    assert_true(moments_wrong(&family, CLUSTERED, 256) & 1u << NORM_VARIANCE);
}

/* ---- 2. recall of the true top-k ---- */

static uint32_t magnitude(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits & 0x7fffffffu;
}

/* The k-th largest magnitude, by its upper and then its lower half. */
static uint32_t threshold(const float *v, size_t d, size_t k)
{
    static uint32_t count[1 << 16];
    uint32_t half[2] = {0, 0};
    for (int pass = 0; pass < 2; ++pass) {
        memset(count, 0, sizeof count);
        for (size_t i = 0; i < d; ++i) {
            const uint32_t key = magnitude(v[i]);
            if (pass == 0) {
                ++count[key >> 16];
            } else if (key >> 16 == half[0]) {
                ++count[key & 0xffff];
            }
        }
        half[pass] = 0xffff;
        while (count[half[pass]] < k) { k -= count[half[pass]--]; }
    }
    return half[0] << 16 | half[1];
}

struct recall {
    struct check_mean mean;
    double least, most;
};

static struct recall recall_of(const struct sketch_hash_family *family, const float *g, uint32_t cols, float *estimate)
{
    const size_t d = (size_t)1 << log2d, k = d / 131;
    const uint32_t truly = threshold(g, d, k);
    struct recall r = {.least = 1.0, .most = 0.0};
    struct sketch_hash *hash;
    float *table = malloc((size_t)ROWS * cols * sizeof *table);
    assert_non_null(table);
    assert_int_equal(sketch_hash_create(family, d, ROWS, cols, d * ROWS, &hash), DSGD_OK);
    for (uint32_t seed = 0; seed < SEEDS; ++seed) {
        memset(table, 0, (size_t)ROWS * cols * sizeof *table);
        sketch_hash_reseed(hash, SEED + seed, 0, 1);
        count_sketch_accumulate(hash, g, table);
        count_sketch_estimate(hash, table, estimate, 1);
        const uint32_t least = threshold(estimate, d, k);
        size_t found = 0;
        for (size_t i = 0; i < d; ++i) { found += magnitude(g[i]) >= truly && magnitude(estimate[i]) >= least; }
        const double share = (double)found / (double)k;
        check_mean_add(&r.mean, share);
        r.least = fmin(r.least, share);
        r.most = fmax(r.most, share);
    }
    sketch_hash_destroy(hash);
    free(table);
    return r;
}

static double error_of_difference(const struct recall *a, const struct recall *b)
{
    return hypot(check_mean_error(&a->mean), check_mean_error(&b->mean));
}

static const double CLOSE = 0.003;

static void recall_is_the_ideal_hash_s(void **unused)
{
    (void)unused;
    const size_t d = (size_t)1 << log2d;
    const uint32_t cols[] = {(uint32_t)(d / 52 / 64 * 64), (uint32_t)(d / 13 / 64 * 64), (uint32_t)(d / 6 / 64 * 64)};
    const struct sketch_hash_family no_lanes = planted(no_lanes_one, no_lanes_fill);
    float *g = malloc(d * sizeof *g), *estimate = malloc(d * sizeof *estimate);
    assert_non_null(g);
    assert_non_null(estimate);
    print_message("recall of the top %zu of %zu, %d rows, mean [least, most] of %d draws\n", d / 131, d, (int)ROWS, (int)SEEDS);
    for (int shape = 0; shape < SHAPES; ++shape) {
        fill_vector(shape, d, 512, g);
        for (int c = 0; c < 3; ++c) {
            const struct recall block = recall_of(&sketch_hash_block, g, cols[c], estimate);
            const struct recall textbook = recall_of(&sketch_hash_polynomial, g, cols[c], estimate), best = recall_of(&ideal, g, cols[c], estimate);
            print_message("%-12s c = %6u  ideal %.4f [%.3f, %.3f]  block %.4f [%.3f, %.3f]  textbook %.4f [%.3f, %.3f]\n", shape_name[shape], cols[c],
                          best.mean.mean, best.least, best.most, block.mean.mean, block.least, block.most, textbook.mean.mean, textbook.least,
                          textbook.most);
            const double error = error_of_difference(&block, &best);
            assert_true(error <= 0.0025);
            CHECK_CLOSE(block.mean.mean, best.mean.mean, CLOSE + 4.0 * error);
            assert_true(textbook.mean.mean >= best.mean.mean - CLOSE - 4.0 * error_of_difference(&textbook, &best));
            if (c != 1 || shape < LOW_RANK) { continue; }
            const struct recall bad = recall_of(&no_lanes, g, cols[c], estimate);
            print_message("%-12s c = %6u  lanes not permuted %.4f\n", shape_name[shape], cols[c], bad.mean.mean);
            assert_true(bad.mean.mean < best.mean.mean - CLOSE - 4.0 * error_of_difference(&bad, &best));
        }
    }
    free(g);
    free(estimate);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(moments_are_those_of_the_proofs), cmocka_unit_test(moments_see_lanes_that_stay),
                                       cmocka_unit_test(moments_see_one_sign_for_a_block), cmocka_unit_test(recall_is_the_ideal_hash_s)};
    const int asked = argc > 1 ? atoi(argv[1]) : 0;
    if (asked >= 18 && asked <= 24) { log2d = asked; }
    return cmocka_run_group_tests_name("hash_quality", tests, NULL, NULL);
}
