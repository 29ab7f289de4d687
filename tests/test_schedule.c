/* test_schedule.c - sim/schedule.h: eta_t at the beginning, at knees, between and at the end, by hand; times in steps and in epochs; what is
 * refused; and that keys without a part in a run leave its hash alone (suite: unit). */
#include "tests/harness.h"
#include "sim/schedule.h"

/* 100 steps of 5 workers with 4 examples each: 50 examples are 2.5 steps, so an epoch is 2.5 steps and the run 40 epochs. */
static const char *const base = "dataset = synthetic\nsynthetic { n = 50 n_test = 10 features = 4 classes = 2 }\n"
                                "workers = 5\nbatch = 4\nsteps = 100\nlog { optimum = false }\n";

/* The schedule of a configuration: a few lines after base. */
static struct dsgd_schedule schedule_of(const char *lines)
{
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "%s%s", base, lines);
    HARNESS_OK(harness_open(&h, text, NULL, 1));
    const struct dsgd_schedule out = *dsgd_engine_schedule(h.engine);
    harness_close(&h);
    return out;
}

struct point {
    double t, eta;
};

static void expect_points(const char *lines, const struct point *point, size_t points)
{
    const struct dsgd_schedule s = schedule_of(lines);
    for (size_t j = 0; j < points; ++j) {
        const double eta = dsgd_schedule_lr(&s, point[j].t);
        if (!check_is_close(eta, point[j].eta, 1e-15)) { fail_msg("%s at t = %g: %.17g, expected %.17g", lines, point[j].t, eta, point[j].eta); }
    }
}
#define POINTS(lines, ...) expect_points(lines, (const struct point[]){__VA_ARGS__}, sizeof (const struct point[]){__VA_ARGS__} / sizeof(struct point))

static void rules_in_steps(void **state)
{
    (void)state;
    POINTS("step_size = constant\nstep { constant = 0.4 }\n", {0, 0.4}, {57, 0.4}, {100, 0.4});
    POINTS("step_size = invsqrt\nstep { constant = 2 }\n", {0, 0.2}, {99, 0.2});
    POINTS("step_size = triangle\nstep { constant = 0.4 peak_at = 20 }\n", {0, 0.0}, {5, 0.1}, {20, 0.4}, {60, 0.2}, {99, 0.005}, {100, 0.0});
    POINTS("step_size = triangle\nstep { constant = 0.4 peak_at = 20 final = 0.5 }\n", {10, 0.2}, {20, 0.4}, {60, 0.3}, {100, 0.2});
    POINTS("step_size = triangle\nstep { constant = 0.4 }\n", {0, 0.4}, {25, 0.3}, {100, 0.0});              /* down only */
    POINTS("step_size = triangle\nstep { constant = 0.4 peak_at = 100 }\n", {0, 0.0}, {50, 0.2}, {100, 0.4}); /* up only */
    /* cos 0 = 1, cos pi/3 = 1/2, cos pi/2 = 0, cos pi = -1 */
    POINTS("step_size = cosine\nstep { constant = 0.4 }\n", {0, 0.4}, {100.0 / 3.0, 0.3}, {50, 0.2}, {100, 0.0});
    POINTS("step_size = cosine\nstep { constant = 0.4 final = 0.25 }\n", {0, 0.4}, {50, 0.25}, {100, 0.1});
    POINTS("step_size = piecewise\nstep { constant = 0.4 knots = \"0:0 5:1 24:0.05\" }\n", {0, 0.0}, {1, 0.08}, {5, 0.4}, {14.5, 0.21}, {24, 0.02}, {99, 0.02});
    /* before the first knot; a jump; the last at the end */
    POINTS("step_size = piecewise\nstep { constant = 0.5 knots = \"10:1 30:1 30:0.1 60:0.1 60:0.01\" }\n", {0, 0.5}, {29, 0.5}, {30, 0.05}, {59, 0.05}, {60, 0.005});
    POINTS("step_size = piecewise\nstep { constant = 0.5 knots = 0:1 }\n", {0, 0.5}, {100, 0.5});
    POINTS("step_size = linear\nstep { constant = 0.4 }\n", {0, 0.4}, {25, 0.3}, {99, 0.004}, {100, 0.0});
    POINTS("step_size = linear\nstep { constant = 0.4 final = 0.25 }\n", {0, 0.4}, {50, 0.25}, {100, 0.1});
    /* up to the constant at 16, then with the root: (16/64)^(1/2) = 1/2, (16/100)^(1/2) = 2/5 */
    POINTS("step_size = noam\nstep { constant = 0.4 warmup = 16 }\n", {0, 0.0}, {4, 0.1}, {16, 0.4}, {64, 0.2}, {100, 0.16});
}

static void warmup_in_steps(void **state)
{
    (void)state;
    POINTS("step { constant = 0.4 warmup = 8 }\n", {0, 0.0}, {2, 0.1}, {7, 0.35}, {8, 0.4}, {100, 0.4});
    POINTS("step { constant = 0.4 warmup = 2.5 }\n", {0, 0.0}, {1, 0.16}, {2, 0.32}, {3, 0.4});
    POINTS("step_size = invsqrt\nstep { constant = 2 warmup = 4 }\n", {1, 0.05}, {4, 0.2}, {50, 0.2});
    POINTS("step_size = linear\nstep { constant = 0.4 warmup = 20 }\n", {0, 0.0}, {10, 0.18}, {20, 0.32}, {60, 0.16}, {100, 0.0}); /* the line begins at 0 */
    /* the wave begins where the warm-up ends */
    POINTS("step_size = cosine\nstep { constant = 0.4 warmup = 20 }\n", {10, 0.2}, {20, 0.4}, {60, 0.2}, {100, 0.0});
    POINTS("step_size = piecewise\nstep { constant = 0.4 knots = \"50:1 50:0.1\" warmup = 10 }\n", {5, 0.2}, {10, 0.4}, {49, 0.4}, {50, 0.04});
}

static void times_in_epochs(void **state)
{
    (void)state;
    POINTS("step { constant = 0.4 warmup = 8 unit = epochs }\n", {0, 0.0}, {5, 0.1}, {20, 0.4}, {21, 0.4});
    POINTS("step_size = triangle\nstep { constant = 0.4 peak_at = 8 unit = epochs }\n", {5, 0.1}, {20, 0.4}, {60, 0.2}, {100, 0.0});
    POINTS("step_size = triangle\nstep { constant = 0.4 peak_at = 40 unit = epochs }\n", {50, 0.2}, {100, 0.4});
    POINTS("step_size = piecewise\nstep { constant = 0.4 knots = \"0:1 12:1 12:0.1\" unit = epochs }\n", {29, 0.4}, {30, 0.04}, {100, 0.04});
    POINTS("step_size = noam\nstep { constant = 0.4 warmup = 8 unit = epochs }\n", {5, 0.1}, {20, 0.4}, {80, 0.2});
    POINTS("step_size = linear\nstep { constant = 0.4 unit = epochs }\n", {25, 0.3}, {100, 0.0});
    POINTS("step_size = cosine\nstep { constant = 0.4 warmup = 8 unit = epochs }\n", {10, 0.2}, {20, 0.4}, {60, 0.2}, {100, 0.0});
}

/* The trace has the eta_t of the next step, and the updates are made with it. */
static void run_uses_it(void **state)
{
    (void)state;
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "%sstep_size = triangle\nstep { constant = 0.4 peak_at = 8 unit = epochs }\nlog { every = 1 }\n", base);
    HARNESS_OK(harness_open(&h, text, NULL, 1));
    HARNESS_OK(dsgd_engine_step(h.engine)); /* eta_0 = 0 */
    for (size_t i = 0; i < dsgd_engine_d(h.engine); ++i) { assert_true(dsgd_engine_model(h.engine)[i] == 0.0); }
    harness_finish(h.engine);
    const struct dsgd_table *trace = dsgd_engine_table(h.engine, 0);
    const struct dsgd_schedule *s = dsgd_engine_schedule(h.engine);
    const struct dsgd_column *lr = dsgd_table_find(trace, "lr");
    assert_non_null(lr);
    assert_int_equal(trace->rows, 101);
    for (size_t row = 0; row < trace->rows; ++row) { assert_true(lr->cell[row].f == dsgd_schedule_lr(s, (double)row)); }
    assert_true(dsgd_engine_model(h.engine)[0] != 0.0);
    harness_close(&h);
}

static void expect_refusal(const char *lines, const char *words)
{
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "%s%s", base, lines);
    const enum dsgd_status status = harness_open(&h, text, NULL, 1);
    if (status != DSGD_EINPUT || !strstr(dsgd_error(), words)) {
        fail_msg("%s: %s \"%s\", expected \"%s\"", lines, dsgd_status_text(status), status == DSGD_OK ? "" : dsgd_error(), words);
    }
    harness_close(&h);
}

static void refusals(void **state)
{
    (void)state;
    static const char *const wrong[] = {"5", ":", "5:", ":5", "0:1 5", "0:1, 5:1", "0:1 5:x", "0:1 5:-1", "-1:1", "0:nan", "0:inf", "5:1 4:1", "0:1 5:1 5:1 5:0",
                                        "0: 1", "0 :1", "0:1;", "0:1:2"};
    char lines[256];
    for (size_t j = 0; j < sizeof wrong / sizeof *wrong; ++j) { /* also where it has no effect */
        snprintf(lines, sizeof lines, "step { knots = \"%s\" }\n", wrong[j]);
        expect_refusal(lines, "step.knots = ");
    }
    expect_refusal("step_size = piecewise\n", "step_size = piecewise: expected step.knots");
    expect_refusal("step_size = piecewise\nstep { knots = \" \" }\n", "step_size = piecewise: expected step.knots");
    expect_refusal("step_size = noam\n", "step_size = noam: expected step.warmup above 0");
    expect_refusal("step_size = theory\nstep { warmup = 5 }\n", "step.warmup = 5: expected 0 with step_size = theory");
    expect_refusal("step_size = triangle\nstep { warmup = 5 }\n", "step.warmup = 5: expected 0 with step_size = triangle");
    expect_refusal("step { warmup = 100 }\n", "step.warmup = 100: expected less than the run's 100 steps");
    expect_refusal("step { warmup = 41 unit = epochs }\n", "step.warmup = 41: expected less than the run's 40 epochs");
    expect_refusal("step_size = triangle\nstep { peak_at = 40.5 unit = epochs }\n", "step.peak_at = 40.5: expected at most the run's 40 epochs");
    expect_refusal("step { final = 1.5 }\n", "step.final = 1.5: expected a number from 0 to 1");
    expect_refusal("problem = quadratic\nstep { warmup = 1 unit = epochs }\n", "step.unit = epochs: problem quadratic has no examples");
    expect_refusal("step_size = cosine\naverage = theory\n", "average = theory: weights (xi + t)^2 belong to step_size = theory");
    schedule_of("problem = quadratic\nstep { unit = epochs peak_at = 1e9 }\n"); /* nothing is counted */
    const struct dsgd_schedule longest = schedule_of("step_size = piecewise\nstep { knots = \"0:0 1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9 9:0 11:1 12:2 13:3\" }\n");
    assert_int_equal(longest.knots, 14);
}

static void hash_of(const char *lines, char hash[65])
{
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "%s%s", base, lines);
    HARNESS_OK(harness_resolve(&h, text, NULL, 1));
    memcpy(hash, h.spec.sha256, 65);
    harness_close(&h);
}

static void hashes(void **state)
{
    (void)state;
    char plain[65], other[65];
    hash_of("", plain);
    hash_of("step { unit = epochs peak_at = 3 final = 0.5 knots = 0:1 }\n", other);
    assert_string_equal(plain, other);
    hash_of("step { warmup = 3 }\n", other);
    assert_string_not_equal(plain, other);
    hash_of("step_size = triangle\n", plain);
    hash_of("step_size = triangle\nstep { unit = epochs }\n", other);
    assert_string_not_equal(plain, other);
    hash_of("step_size = cosine\n", plain);
    hash_of("step_size = cosine\nstep { final = 0.1 }\n", other);
    assert_string_not_equal(plain, other);
    hash_of("step_size = piecewise\nstep { knots = 0:1 }\n", plain);
    hash_of("step_size = piecewise\nstep { knots = 0:2 }\n", other);
    assert_string_not_equal(plain, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_in_steps), cmocka_unit_test(warmup_in_steps), cmocka_unit_test(times_in_epochs), cmocka_unit_test(run_uses_it),
        cmocka_unit_test(refusals),       cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
