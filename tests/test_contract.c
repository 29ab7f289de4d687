/* test_contract.c - what every registered algorithm must keep, without a line written for it.
 *
 * argv[1], optional: a pattern of test names, so that ctest runs the long ones beside each other.
 *
 * Same digest for 1, 2, 3 and 7 threads (W = 5, d = 785 and d = 10^6 + 1), across a snapshot at every step, and for a
 * model under any logging density; the ledger is what the messages weigh; malformed messages are refused.
 */
#include "algorithms/registry.h"
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

static void engine_threads_are_used(void **state)
{
    (void)state;
    struct harness h;
    HARNESS_OK(harness_open(&h, small, "algorithm=sgd", 3));
    harness_finish(h.engine);
    assert_int_equal(dsgd_engine_threads_used(h.engine), 3);
    harness_close(&h);
}

/* Interrupted after every fifth step, or never: snapshot, new process' worth of memory, other thread count, go on. */
static void snapshot_and_restore_same_digest(void **state)
{
    (void)state;
    char text[1024], path[256];
    int compared = 0;
    harness_path(path, sizeof path, ".h5.tmp");
    for (size_t i = 0; settings_next(brief, &i, text, sizeof text);) {
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
    const float *v = dsgd_engine_worker(h.engine, 2)->field[0];
    unsigned char window[64];
    long at = -1;
    for (long offset = 0; at < 0 && fseek(file, offset, SEEK_SET) == 0 && fread(window, 1, sizeof window, file) == sizeof window; ++offset) {
        if (memcmp(window, v, sizeof window) == 0) { at = offset; }
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

/* The contract's functions without the engine: one worker's first message, then the same message damaged. */
static void absorb_malformed_is_refused(void **state)
{
    (void)state;
    char set[64];
    const struct dsgd_algorithm *algorithm = NULL;
    for (size_t i = 0; (algorithm = next(&i, set, sizeof set)) != NULL;) {
        struct harness h;
        HARNESS_OK(harness_open(&h, small, set, 1));
        HARNESS_OK(dsgd_engine_step(h.engine)); /* allocates nothing new afterwards */
        struct dsgd_segment segment = {.name = "all", .count = 785, .rows = 1, .cols = 785};
        struct dsgd_layout layout = {785, 1, &segment};
        struct dsgd_setting setting = {h.spec.algorithm_config, &layout, &dsgd_backend_cpu, 5, 1, 1, 0};
        void *common = NULL;
        HARNESS_OK(algorithm->create(&setting, &common));
        struct dsgd_field worker_field[DSGD_FIELDS_MAX], server_field[DSGD_FIELDS_MAX];
        struct dsgd_state worker, server;
        const int nw = algorithm->worker_fields(common, worker_field), ns = algorithm->server_fields(common, server_field);
        for (int j = 0; j < nw; ++j) { worker.field[j] = calloc(worker_field[j].count + 1, 8); }
        for (int j = 0; j < ns; ++j) { server.field[j] = calloc(server_field[j].count + 1, 8); }
        float grad[785];
        for (int j = 0; j < 785; ++j) { grad[j] = (float)(j % 7) - 3.0f; }
        struct dsgd_message up = {.sections = 0};
        struct dsgd_arena scratch;
        dsgd_arena_init(&up.arena, &dsgd_backend_cpu);
        dsgd_arena_init(&scratch, &dsgd_backend_cpu);
        struct dsgd_round round = {.participants = 1, .lr = 0.1, .threads = 1, .scratch = &scratch};
        for (; up.sections == 0; ++round.step) { /* local methods send nothing in most steps */
            algorithm->plan(common, round.step);
            HARNESS_OK(algorithm->encode(common, &worker, &round, grad, NULL, &up));
            HARNESS_OK(algorithm->absorb(common, &server, &round, 0, &up));
        }
        --round.step;
        for (int damage = 0; damage < 4; ++damage) {
            struct dsgd_message bad = up;
            struct dsgd_section *last = &bad.section[bad.sections - 1];
            if (damage == 0) { bad.sections -= 1; }
            if (damage == 1) { last->bytes -= 1; }
            if (damage == 2) { last->kind = last->kind == DSGD_HEADER ? DSGD_SCALE : DSGD_HEADER; }
            if (damage == 3) { last->count += 1; }
            if (algorithm->absorb(common, &server, &round, 0, &bad) != DSGD_EMESSAGE) { fail_msg("%s: damage %d taken", set, damage); }
        }
        for (int j = 0; j < nw; ++j) { free(worker.field[j]); }
        for (int j = 0; j < ns; ++j) { free(server.field[j]); }
        dsgd_arena_destroy(&up.arena);
        dsgd_arena_destroy(&scratch);
        algorithm->destroy(common);
        harness_close(&h);
    }
}

/* Indices out of range or out of order, wherever a message carries indices. */
static void message_indices_bad_are_refused(void **state)
{
    (void)state;
    struct dsgd_message m = {.sections = 0};
    dsgd_arena_init(&m.arena, &dsgd_backend_cpu);
    uint32_t *index = NULL;
    const uint32_t *read = NULL;
    HARNESS_OK(dsgd_message_add_u32(&m, DSGD_INDEX, 3, &index));
    index[0] = 1, index[1] = 5, index[2] = 9;
    HARNESS_OK(dsgd_message_get_indices(&m, 0, DSGD_INDEX, 3, 10, &read));
    assert_int_equal(dsgd_message_get_indices(&m, 0, DSGD_INDEX, 3, 9, &read), DSGD_EMESSAGE);
    index[1] = 1;
    assert_int_equal(dsgd_message_get_indices(&m, 0, DSGD_INDEX, 3, 10, &read), DSGD_EMESSAGE);
    dsgd_arena_destroy(&m.arena);
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
        cmocka_unit_test(engine_threads_are_used),
        cmocka_unit_test(snapshot_and_restore_same_digest),
        cmocka_unit_test(restore_changed_state_is_refused),
        cmocka_unit_test(model_logging_density_same),
        cmocka_unit_test(absorb_malformed_is_refused),
        cmocka_unit_test(message_indices_bad_are_refused),
        cmocka_unit_test(engine_divergence_is_a_result),
    };
    if (argc > 1) { cmocka_set_test_filter(argv[1]); }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
