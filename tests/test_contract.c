/* test_contract.c - what every registered algorithm must keep, without a line written for it.
 *
 * argv[1], optional: a pattern of test names, so that ctest runs the long ones beside each other.
 *
 * Same digest for 1, 2, 3 and 7 threads (W = 5, d = 785 and d = 10^6 + 1), for 1, 2, 3 and 8 workers per block, on every device of
 * this machine, across a snapshot at every step, and for a model under any logging density.
 */
#include "algorithms/registry.h"
#include "sim/device_ops.h"
#include "sim/kernel/half.h"
#include "sim/kernel/rice.h"
#include "tests/harness.h"
#include "tests/settings.h"

static const char *const small = "problem = quadratic\nquadratic { d = 785 kappa = 10 sigma = 1 }\nworkers = 5\nsteps = 40\n"
                                 "average = uniform\nstep { constant = 0.02 }\nweight_decay = 0.001\n";
/* for every choice of every algorithm: two averagings of local methods, three snapshots */
static const char *const brief = "problem = quadratic\nquadratic { d = 785 kappa = 10 sigma = 1 }\nworkers = 5\nsteps = 17\n"
                                 "average = uniform\nstep { constant = 0.02 }\nweight_decay = 0.001\n";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LARGE_D "70001" /* several blocks of every parallel loop; sanitized code is ten times slower */
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define LARGE_D "70001"
#endif
#endif
#ifndef LARGE_D
#define LARGE_D "1000001"
#endif
/* examples by epochs: batches of 3 x 5 among 50 cross them, and the learning rate moves */
static const char *const epochs = "dataset = synthetic\nsynthetic { n = 50 n_test = 10 features = 20 classes = 3 }\nproblem = softmax\nworkers = 5\n"
                                  "batch = 3\nsampling = epoch\nsteps = 17\naverage = uniform\nstep_size = cosine\n"
                                  "step { constant = 0.1 warmup = 1.5 unit = epochs }\nlog { optimum = false }\n";
static const char *const large = "problem = quadratic\nquadratic { d = " LARGE_D " kappa = 10 sigma = 1 }\nworkers = 5\nsteps = 2\n"
                                 "average = uniform\nstep { constant = 0.02 }\n";

static const char *const diverging = "problem = quadratic\nquadratic { d = 785 kappa = 10 sigma = 1 }\nworkers = 5\nsteps = 400\n"
                                     "average = uniform\nstep { constant = 1e38 }\nweight_decay = 0.001\n";

static const struct dsgd_algorithm *next(size_t *i, char *set, size_t size)
{
    const struct dsgd_algorithm *algorithm = dsgd_algorithm_at((*i)++);
    if (algorithm) { snprintf(set, size, "algorithm=%s", algorithm->name); }
    return algorithm;
}

static void same_digest_for_threads(const char *text)
{
    static const int threads[] = {2, 3, 7};
    char set[64];
    for (size_t i = 0; next(&i, set, sizeof set);) {
        char one[65], many[65];
        harness_run(text, set, 1, one);
        for (int t = 0; t < 3; ++t) {
            harness_run(text, set, threads[t], many);
            if (strcmp(one, many) != 0) { fail_msg("%s: digest differs between 1 and %d threads", set, threads[t]); }
        }
    }
}

static void digest_threads_same(void **state)
{
    (void)state;
    same_digest_for_threads(small);
}

static void digest_threads_large_same(void **state)
{
    (void)state;
    same_digest_for_threads(large);
}

/* How a run may be divided, which is no part of its results. */
struct division {
    uint32_t rows;
    int threads, device, places;
};
enum { CPU, GUARD, STREAMS };

/* What a device counts of a set, and how it rounds, from the definitions, through its memory. */
static void weigh(struct dsgd_queue *q, uint32_t rows, const dsgd_set *set, size_t limit, void *out)
{
    for (uint32_t row = 0; row < rows; ++row) {
        uint32_t index[1024], n = 0;
        q->device->read(q, &n, (char *)set->array.length + row * sizeof n, sizeof n);
        assert_true(n <= sizeof index / sizeof *index);
        q->device->read(q, index, (char *)set->array.at + row * set->array.stride * sizeof *index, n * sizeof *index);
        uint64_t number[2] = {n, 0};
        for (uint32_t j = 0; n > 0 && n < limit && j < n; ++j) {
            number[1] += (j == 0 ? index[0] : index[j] - index[j - 1] - 1) >> dsgd_rice_parameter(n, limit);
        }
        q->device->write(q, (char *)out + row * sizeof number, number, sizeof number);
    }
}

static void round_values(struct dsgd_queue *q, uint32_t rows, const dsgd_f32 *v, int values, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < rows; ++row) {
        float one;
        for (size_t i = 0; i < v->array.count; ++i) {
            q->device->read(q, &one, (char *)v->array.at + (row * v->array.stride + i) * sizeof one, sizeof one);
            one = values == DSGD_FP16 ? dsgd_from_f16(dsgd_to_f16(one)) : dsgd_from_bf16(dsgd_to_bf16(one));
            q->device->write(q, (char *)out->array.at + (row * out->array.stride + i) * sizeof one, &one, sizeof one);
        }
    }
}

/* STREAMS: the guard as a device whose operations are only put on a stream, of which a run may have several. */
static const struct dsgd_device *device_of(int which)
{
    static struct dsgd_device streams;
    if (which != STREAMS) { return dsgd_device_at(which); }
    if (!streams.name) {
        memcpy(&streams, dsgd_device_at(GUARD), sizeof streams);
        streams.streams = true;
        streams.weigh = weigh;
        streams.round_values = round_values;
        streams.name = "guard"; /* kernels of problems go by it */
    }
    return &streams;
}

/* The digest of one division, or DSGD_EINPUT for a combination that the algorithm refuses. */
static enum dsgd_status divided(const char *text, const struct division *by, char digest[65])
{
    struct harness h;
    enum dsgd_status status = harness_resolve(&h, text, NULL, by->threads);
    if (status == DSGD_OK) {
        struct dsgd_engine_args args = h.session.args;
        args.threads = by->threads;
        args.rows = by->rows;
        args.device = device_of(by->device);
        args.places = by->places;
        assert_non_null(args.device);
        status = dsgd_engine_create(&args, &h.engine);
    }
    if (status == DSGD_OK) {
        harness_finish(h.engine);
        harness_digest(h.engine, digest);
    }
    harness_close(&h);
    return status;
}

/* every: 1, or only every so many settings, where what is tested does not depend on the algorithm. */
static long same_digest_for_divisions(const char *base, size_t every)
{
    static const struct division first = {1, 1, CPU, 0};
    /* W = 5: blocks that are full, that are not, and one that holds all; more threads than blocks; on streams a launch for each share, more
     * places than workers, and shares of several blocks */
    static const struct division others[] = {{2, 3, CPU, 0},   {8, 7, CPU, 0},     {1, 1, GUARD, 0},  {3, 2, GUARD, 0},
                                             {0, 1, STREAMS, 3}, {0, 1, STREAMS, 7}, {1, 1, STREAMS, 2}};
    char text[1024], expected[65], digest[65];
    long compared = 0;
    for (size_t i = 0; settings_next(base, &i, text, sizeof text); i += every - 1) {
        const enum dsgd_status status = divided(text, &first, expected);
        if (status == DSGD_EINPUT) { continue; }
        assert_int_equal(status, DSGD_OK);
        for (size_t j = 0; j < sizeof others / sizeof *others; ++j) {
            HARNESS_OK(divided(text, &others[j], digest));
            if (strcmp(expected, digest) != 0) {
                fail_msg("digest differs with %u workers per block, %d threads, on %s, places %d\n%s", others[j].rows, others[j].threads,
                         device_of(others[j].device)->name, others[j].places, text);
            }
        }
        ++compared;
    }
    return compared;
}

static void digest_blocks_devices_same(void **state)
{
    (void)state;
    assert_true(same_digest_for_divisions(brief, 1) >= 60);
}

/* One worker's row stands for all. */
static void digest_blocks_devices_merged_same(void **state)
{
    (void)state;
    char text[512];
    snprintf(text, sizeof text, "%semulation = merged\n", brief);
    assert_true(same_digest_for_divisions(text, 1) >= 3);
}

static void engine_threads_are_used(void **state)
{
    (void)state;
    struct harness h;
    HARNESS_OK(harness_open(&h, small, "algorithm=sgd", 3));
    harness_finish(h.engine);
    assert_int_equal(dsgd_engine_threads_used(h.engine), 3);
    harness_close(&h);
}

static void digest_blocks_epochs_same(void **state)
{
    (void)state;
    char text[1024];
    assert_true(same_digest_for_divisions(epochs, 13) >= 8);
    snprintf(text, sizeof text, "%semulation = merged\n", epochs);
    assert_true(same_digest_for_divisions(text, 5) >= 1);
}

/* Interrupted after every fifth step, or never: snapshot, new process' worth of memory, other thread count, go on. */
static void same_digest_with_snapshots(const char *base, size_t every)
{
    char text[1024], path[256];
    int compared = 0;
    harness_path(path, sizeof path, ".h5.tmp");
    for (size_t i = 0; settings_next(base, &i, text, sizeof text); i += every - 1) {
        struct harness h;
        enum dsgd_status status = harness_open(&h, text, NULL, 2);
        if (status == DSGD_EINPUT) { /* a combination that the algorithm refuses */
            harness_close(&h);
            continue;
        }
        assert_int_equal(status, DSGD_OK);
        char whole[65], parts[65];
        harness_run(text, NULL, 2, whole);
        for (int calls = 1; dsgd_engine_status(h.engine) == DSGD_RUNNING; ++calls) {
            HARNESS_OK(dsgd_engine_step(h.engine));
            if (calls % 5 != 0) { continue; }
            harness_write(h.engine, path, true);
            harness_close(&h);
            HARNESS_OK(harness_open(&h, text, NULL, 1 + calls % 2));
            HARNESS_OK(dsgd_runfile_restore(path, h.engine));
        }
        harness_digest(h.engine, parts);
        harness_close(&h);
        if (strcmp(whole, parts) != 0) { fail_msg("digest differs after restoring snapshots of\n%s", text); }
        ++compared;
    }
    assert_true(compared >= 8); /* sgd, local_topk with and without momentum, both variants of sketched_sgd, terngrad, ... */
    unlink(path);
}

static void snapshot_and_restore_same_digest(void **state)
{
    (void)state;
    same_digest_with_snapshots(brief, 1);
}

static void snapshot_and_restore_epochs_same_digest(void **state)
{
    (void)state;
    same_digest_with_snapshots(epochs, 13);
}

/* One changed bit of a snapshot's state is found. */
static void restore_changed_state_is_refused(void **state)
{
    (void)state;
    char path[256];
    harness_path(path, sizeof path, ".h5.tmp");
    struct harness h;
    HARNESS_OK(harness_open(&h, small, "algorithm=local_topk", 1));
    for (int t = 0; t < 5; ++t) { HARNESS_OK(dsgd_engine_step(h.engine)); }
    harness_write(h.engine, path, true);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    double v[785];
    float stored[16]; /* as the file has them */
    harness_row(h.engine, "worker/v", 2, 785, v);
    for (int i = 0; i < 16; ++i) { stored[i] = (float)v[i]; }
    unsigned char window[sizeof stored];
    long at = -1;
    for (long offset = 0; at < 0 && fseek(file, offset, SEEK_SET) == 0 && fread(window, 1, sizeof window, file) == sizeof window; ++offset) {
        if (memcmp(window, stored, sizeof window) == 0) { at = offset; }
    }
    assert_true(at >= 0);
    fseek(file, at, SEEK_SET);
    fputc(window[0] ^ 1, file);
    fclose(file);
    harness_close(&h);
    HARNESS_OK(harness_open(&h, small, "algorithm=local_topk", 1));
    assert_int_equal(dsgd_runfile_restore(path, h.engine), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "checksum"));
    harness_close(&h);
    unlink(path);
}

static void model_logging_density_same(void **state)
{
    (void)state;
    char set[64], text[1024];
    for (size_t i = 0; next(&i, set, sizeof set);) {
        double *rare = NULL, *often = NULL;
        snprintf(text, sizeof text, "%slog { per_decade = 0 oracle = false }\n", small);
        const size_t d = harness_model(text, set, &rare);
        snprintf(text, sizeof text, "%slog { per_decade = 9 every = 1 oracle = true }\n", small);
        assert_int_equal(harness_model(text, set, &often), d);
        assert_memory_equal(rare, often, d * sizeof *rare);
        free(rare);
        free(often);
    }
}

/* Divergence is a result: a row with the step, status diverged, exit of the loop, whatever the algorithm. */
static void engine_divergence_is_a_result(void **state)
{
    (void)state;
    char set[64];
    for (size_t i = 0; next(&i, set, sizeof set);) {
        struct harness h;
        HARNESS_OK(harness_open(&h, diverging, set, 1));
        harness_finish(h.engine);
        assert_int_equal(dsgd_engine_status(h.engine), DSGD_DIVERGED);
        const struct dsgd_table *trace = dsgd_engine_table(h.engine, 0);
        assert_int_equal(trace->column[0].cell[trace->rows - 1].i, dsgd_engine_steps_done(h.engine));
        assert_true(dsgd_engine_steps_done(h.engine) < 400);
        harness_close(&h);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_threads_same),
        cmocka_unit_test(digest_threads_large_same),
        cmocka_unit_test(digest_blocks_devices_same),
        cmocka_unit_test(digest_blocks_devices_merged_same),
        cmocka_unit_test(digest_blocks_epochs_same),
        cmocka_unit_test(engine_threads_are_used),
        cmocka_unit_test(snapshot_and_restore_same_digest),
        cmocka_unit_test(snapshot_and_restore_epochs_same_digest),
        cmocka_unit_test(restore_changed_state_is_refused),
        cmocka_unit_test(model_logging_density_same),
        cmocka_unit_test(engine_divergence_is_a_result),
    };
    if (argc > 1) { cmocka_set_test_filter(argv[1]); }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
