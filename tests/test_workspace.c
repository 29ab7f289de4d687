/* test_workspace.c - a problem that asks for working memory and threads, keeps something per lane, and has no constants.
 *
 * It is the quadratic with a detour: x goes through the working memory, which is filled with NaN before and after, and calls of one lane
 * must not overlap. Its runs have the quadratic's bits, for any number of threads and on the guard.
 */
#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>

#include "convex/registry.h"
#include "sim/clock.h"
#include "tests/harness.h"

enum { LANES = 64 };
static const struct dsgd_problem_ops *inner;
static size_t dimension;
static atomic_int busy[LANES], lanes_seen, overlaps, misplaced, helped, missed;

static size_t workspace(const void *self, uint32_t count, uint32_t threads)
{
    (void)self;
    return dimension * sizeof(float) * threads + count; /* no multiple of anything */
}

enum { PARTS = 4 };
static uint32_t parts(const void *self, uint32_t count)
{
    (void)self;
    (void)count;
    return PARTS;
}

/* One of a gradient's parts: is there when the others are, so all have a thread. */
static void meet(atomic_int *there, int all)
{
    const double start = dsgd_clock();
    ++*there;
    while (*there < all) {
        if (dsgd_clock() - start > 5.0) {
            ++missed;
            return;
        }
        sched_yield();
    }
    ++helped;
}

/* As many at once as the call may have threads. */
static void all_at_once(int threads)
{
    atomic_int there = 0;
    if (threads < 2) { return; }
    if (omp_in_parallel()) {
        for (int j = 0; j < threads; ++j) {
#pragma omp task shared(there)
            meet(&there, threads);
        }
#pragma omp taskwait
    } else {
#pragma omp parallel for schedule(static, 1) num_threads(threads)
        for (int j = 0; j < threads; ++j) { meet(&there, threads); }
    }
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    float *work = batch->work;
    if (!work || (uintptr_t)work % 64 != 0 || batch->lane >= LANES) {
        ++misplaced;
        return DSGD_OK;
    }
    if (atomic_fetch_add(&busy[batch->lane], 1) != 0) { ++overlaps; }
    if ((int)batch->lane > lanes_seen) { lanes_seen = (int)batch->lane; }
    memcpy(work, x, dimension * sizeof *x);
    const enum dsgd_status status = inner->gradient(self, work, batch, grad);
    if (batch->threads < 1) { ++misplaced; }
    all_at_once((int)batch->threads);
    memset(work, 0xff, workspace(self, batch->count, batch->threads)); /* NaN */
    atomic_fetch_sub(&busy[batch->lane], 1);
    return status;
}

static const char text[] = "problem=quadratic quadratic.d=785 workers=5 batch=3 steps=30 step.constant=0.02 log.optimum=false algorithm=local_topk local_topk.k=20";

/* The digest of a run of `ops`. */
static void run(const struct dsgd_problem_ops *ops, const char *more, int threads, char hex[65])
{
    char words[512];
    struct dsgd_spec spec;
    struct dsgd_session session;
    struct dsgd_engine *engine = NULL;
    snprintf(words, sizeof words, "%s %s", text, more);
    HARNESS_OK(dsgd_spec_words(words, &spec));
    void *self = NULL;
    const struct dsgd_problem_args args = {.config = spec.problem_config, .seed_data = (uint32_t)spec.run.seed_data};
    HARNESS_OK(inner->create(&args, &self));
    const struct dsgd_session_options options = {.threads = threads, .problem = ops, .problem_self = self};
    HARNESS_OK(dsgd_session_open(&spec, &options, &session));
    session.args.lane_work = 1;
    session.args.rows = 1;
    HARNESS_OK(dsgd_engine_create(&session.args, &engine));
    harness_finish(engine);
    harness_digest(engine, hex);
    dsgd_engine_destroy(engine);
    dsgd_session_close(&session);
    inner->destroy(self);
    dsgd_spec_clear(&spec);
}

static struct dsgd_problem_ops detour(void)
{
    struct dsgd_problem_ops ops = *inner;
    ops.kernels = NULL;
    ops.gradient = gradient;
    ops.workspace = workspace;
    ops.constants = NULL;
    return ops;
}

static void same_bits_through_the_working_memory(void **state)
{
    (void)state;
    static const char *const devices[] = {"", "backend=guard"};
    const struct dsgd_problem_ops ops = detour();
    char plain[65], worked[65];
    run(inner, "", 1, plain);
    for (int d = 0; d < 2; ++d) {
        for (int threads = 1; threads <= 5; threads += 2) {
            run(&ops, devices[d], threads, worked);
            assert_string_equal(plain, worked);
        }
    }
    assert_int_equal(misplaced, 0);
    assert_int_equal(overlaps, 0);
    assert_int_equal(lanes_seen, 4); /* W = 5 workers, 5 threads */
}

/* A gradient that several threads can share: lanes divide all of them, also where the last turn has fewer lanes; same bits. */
static void gradients_share_threads(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        int threads, met; /* met: parts that had company in a step */
    } c[] = {{"workers=2", 1, 0},  {"workers=2", 2, 0}, {"workers=2", 5, 5},  {"workers=2", 7, 7},
             {"workers=2", 20, 2 * PARTS}, {"workers=3", 2, 2}, {"workers=1", 3, 3}, {"workers=2 emulation=merged algorithm=sgd", 5, 5}};
    enum { STEPS = 30 };
    struct dsgd_problem_ops ops = detour();
    ops.parts = parts;
    for (size_t j = 0; j < sizeof c / sizeof *c; ++j) {
        char plain[65], worked[65];
        helped = 0;
        run(inner, c[j].more, 1, plain);
        run(&ops, c[j].more, c[j].threads, worked);
        assert_string_equal(plain, worked);
        if (helped != STEPS * c[j].met) { fail_msg("%s, %d threads: %d parts had company, expected %d", c[j].more, c[j].threads, (int)helped, STEPS * c[j].met); }
    }
    assert_int_equal(missed, 0);
    assert_int_equal(misplaced, 0);
}

/* Nothing is known of mu and L: what needs them is refused, what does not runs. */
static void without_constants(void **state)
{
    (void)state;
    struct dsgd_spec spec;
    struct dsgd_session session;
    struct dsgd_engine *engine = NULL;
    const struct dsgd_problem_ops ops = detour();
    HARNESS_OK(dsgd_spec_words("problem=quadratic quadratic.d=785 step_size=theory average=theory step.constant=8 log.optimum=false", &spec));
    void *self = NULL;
    const struct dsgd_problem_args args = {.config = spec.problem_config, .seed_data = 1};
    HARNESS_OK(inner->create(&args, &self));
    const struct dsgd_session_options options = {.threads = 1, .problem = &ops, .problem_self = self};
    HARNESS_OK(dsgd_session_open(&spec, &options, &session));
    session.args.lane_work = 1;
    assert_true(isnan(session.args.constants.mu) && isnan(session.args.constants.L) && isnan(session.args.constants.sigma2));
    assert_int_equal(dsgd_engine_create(&session.args, &engine), DSGD_EINPUT);
    assert_non_null(strstr(dsgd_error(), "is not known to be strongly convex"));
    dsgd_session_close(&session);
    inner->destroy(self);
    dsgd_spec_clear(&spec);
}

int main(void)
{
    inner = dsgd_problem_find("quadratic");
    dimension = 785;
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits_through_the_working_memory), cmocka_unit_test(gradients_share_threads), cmocka_unit_test(without_constants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
