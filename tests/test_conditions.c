/* test_conditions.c - theory/conditions.h: every condition's sentence, and settings made of configurations (suite: numerics). */
#include "tests/harness.h"
#include "theory/conditions.h"
#include "verify/conditions_of.h"

/* A setting to which Theorem 1 applies: kappa = 3, xi = 32 kappa. */
static const struct theory_setting fine = {
    .d = 64.0, .k = 16.0, .tau = 0.25, .alpha = 0.5, .beta = 8.0, .xi = 96.0, .mu = 0.5, .L = 1.5, .steps = 5000.0, .workers = 4.0,
    .compressor = THEORY_HEAVYMIX, .fresh_hashes = true, .shared_sampling = true, .with_replacement = true, .step = THEORY_STEP_DECREASING, .step_constant = 8.0,
    .average = THEORY_AVERAGE_THEORY};

static void expect_fine(const char *name, const struct theory_setting *setting)
{
    if (theory_check(name, setting) != DSGD_OK) { fail_msg("%s: \"%s\"", name, dsgd_error()); }
}

static void expect_refused(const char *name, const struct theory_setting *setting, const char *words)
{
    const enum dsgd_status status = theory_check(name, setting);
    if (status != DSGD_EINPUT || !strstr(dsgd_error(), words)) {
        fail_msg("%s: %s \"%s\", expected \"%s\"", name, dsgd_status_text(status), status == DSGD_OK ? "" : dsgd_error(), words);
    }
}

/* A setting to which the statement applies. */
static struct theory_setting setting_for(const char *name)
{
    struct theory_setting s = fine;
    if (strcmp(name, "Theorem 4") == 0 || strcmp(name, "Theorem 5") == 0) {
        s.step = THEORY_STEP_INVSQRT;
        s.step_constant = 1.0;
        s.average = THEORY_AVERAGE_UNIFORM;
    }
    return s;
}

static void every_statement(void **state)
{
    (void)state;
    const struct theory_statement *statement = NULL;
    for (size_t i = 0; (statement = theory_statement_at(i)) != NULL; ++i) {
        const struct theory_setting s = setting_for(statement->name);
        assert_ptr_equal(theory_statement_find(statement->name), statement);
        expect_fine(statement->name, &s);
    }
    expect_refused("Theorem 8", &fine, "statement \"Theorem 8\": expected one of the theory's");
    assert_null(theory_statement_find(""));
}

/* One thing wrong, as a letter. */
static struct theory_setting spoilt(struct theory_setting s, char fault)
{
    switch (fault) {
    case 'k': s.k = 40.0; break;
    case 'h': s.fresh_hashes = false; break;
    case 's': s.shared_sampling = false; break;
    case 'e': s.with_replacement = false; break;
    case 'w': s.step = THEORY_STEP_OTHER; break;
    case 'm': s.momentum = 0.9; break;
    case '0': s.mu = 0.0; break;
    case 'n': s.mu = (double)NAN; break;
    case 'L': s.L = (double)NAN; break;
    case 'b': s.beta = 4.0; break;
    case 'x': s.xi = 20.0; break;
    case 'c': s.step = THEORY_STEP_CONSTANT; break;
    case 'a': s.average = THEORY_AVERAGE_NONE; break;
    case 'u': s.compressor = THEORY_UNPROVED; break;
    case 'p': s.compressor = THEORY_SPARSIFIER; break;
    case 'd': s.call_delta = 0.9; break; /* a sketch too small for a proof */
    default: fail_msg("no fault %c", fault);
    }
    return s;
}

/* Which faults each statement refuses, and that it refuses no other. */
static void every_pair(void **state)
{
    (void)state;
    static const char all[] = "khsem0nLbxcwaupd", any_compressor[] = "khsem0nLbxcwaud";
    static const char *const refused[][2] = {
        {"Lemma 1", "khupd"}, {"Fact 1", "se0n"}, {"Fact 2", "nL"}, {"Fact 3", "0ncw"}, {"Fact 4", "bx"}, {"Lemma 2", "sem0nL"},
        {"Lemma 3", "khmbxwud"}, {"Theorem 1, as stated", all}, {"Theorem 1, repaired", all}, {"Theorem 2, as stated", any_compressor},
        {"Theorem 2, repaired", any_compressor}, {"Theorem 3", all}, {"Fact 5", any_compressor}, {"Theorem 4", "khsemLcwud"},
        {"Theorem 5", "khsemncwaud"}, {"Theorem 6, as stated", all}, {"Theorem 6, repaired", all}, {"Remark 1", any_compressor},
        {"Remark 3", any_compressor}, {"Certificate", "sem0nLxcwa"}};
    const size_t count = sizeof refused / sizeof *refused;
    assert_null(theory_statement_at(count));
    for (size_t i = 0; i < count; ++i) {
        const struct theory_setting setting = setting_for(refused[i][0]);
        for (const char *fault = all; *fault; ++fault) {
            const struct theory_setting s = spoilt(setting, *fault);
            const bool is_refused = theory_check(refused[i][0], &s) == DSGD_EINPUT;
            if (is_refused != (strchr(refused[i][1], *fault) != NULL)) { fail_msg("%s, fault %c: refused %d", refused[i][0], *fault, is_refused); }
        }
    }
}

/* One field wrong at a time. */
static void every_condition(void **state)
{
    (void)state;
    struct theory_setting s;
#define REFUSED(name, words, ...) (s = fine, __VA_ARGS__, expect_refused(name, &s, words))
    REFUSED("Lemma 1", "k = 33: expected at most alpha d = 32 (Lemma 1; alpha = 0.5", s.k = 33.0);
    REFUSED("Lemma 1", "k = 16: expected at most alpha d = 12.8", s.alpha = 0.2);
    REFUSED("Lemma 1", "k = 0, d = 64: expected 1 <= k <= d", s.k = 0.0);
    REFUSED("Lemma 1", "compressor: expected HEAVYMIX", s.compressor = THEORY_SPARSIFIER);
    REFUSED("Lemma 1", "sketch_reseed = run: expected step, fresh hashes", s.fresh_hashes = false);
    REFUSED("Lemma 3", "sketch_reseed = run: expected step", s.fresh_hashes = false);
    REFUSED("Lemma 3", "compressor: expected a proved contraction", s.compressor = THEORY_UNPROVED);
    REFUSED("Lemma 3", "xi = 20: expected more than 1 + (1 + beta)/(tau (1 + rho)) = 33.76", s.xi = 20.0);
    REFUSED("Fact 1", "mu = 0: expected a strongly convex f, mu > 0", s.mu = 0.0);
    REFUSED("Fact 2", "L = nan: expected a smooth f", s.L = (double)NAN);
    REFUSED("Fact 3", "xi = 1: expected xi > 1 (Fact 3)", s.xi = 1.0);
    REFUSED("Fact 3", "step_size: expected theory, eta_t = 8/(mu (xi + t))", s.step = THEORY_STEP_CONSTANT);
    REFUSED("Fact 4", "beta = 4: expected beta > 4 (Fact 4)", s.beta = 4.0);
    REFUSED("Fact 4", "tau = 0: expected a contraction", s.tau = 0.0);
    REFUSED("Theorem 1, as stated", "mu = 0: expected a strongly convex f", s.mu = 0.0);
    REFUSED("Theorem 1, as stated", "mu = nan: expected a strongly convex f", s.mu = (double)NAN);
    REFUSED("Theorem 1, as stated", "L = nan: expected a smooth f with a known constant L", s.L = (double)NAN);
    REFUSED("Theorem 1, as stated", "beta = 3.5: expected beta > 4", s.beta = 3.5);
    REFUSED("Theorem 1, as stated", "xi = 33: expected more than 1 + (1 + beta)/(tau (1 + rho)) = 33.76", s.xi = 33.0);
    /* beta near 4: Fact 4 allows nearly any xi > 1, Lemma 2's factor does not */
    REFUSED("Theorem 1, as stated", "xi = 1.9: expected xi > 2", (s.beta = 4.00001, s.xi = 1.9));
    REFUSED("Theorem 1, repaired", "partition = shards: expected shared", s.shared_sampling = false);
    REFUSED("Theorem 1, repaired", "sampling = epoch: expected replacement", s.with_replacement = false);
    REFUSED("Theorem 1, repaired", "step_size: expected theory", s.step = THEORY_STEP_OTHER);
    REFUSED("Lemma 3", "step_size: expected theory, or constant or invsqrt without a warm-up", s.step = THEORY_STEP_OTHER);
    REFUSED("Theorem 4", "step_size: expected invsqrt without a warm-up", s.step = THEORY_STEP_OTHER);
    REFUSED("Theorem 1, repaired", "momentum = 0.9: expected 0", s.momentum = 0.9);
    REFUSED("Theorem 1, repaired", "weight_decay = 0.01: expected 0", s.weight_decay = 0.01);
    REFUSED("Theorem 1, repaired", "step.constant = 1: expected 8", s.step_constant = 1.0);
    REFUSED("Theorem 1, repaired", "average = uniform: expected theory, weights (xi + t)^2", s.average = THEORY_AVERAGE_UNIFORM);
    REFUSED("Theorem 1, repaired", "average = none: expected theory", s.average = THEORY_AVERAGE_NONE);
    REFUSED("Theorem 1, repaired", "k = 33: expected at most alpha d = 32", s.k = 33.0);
    REFUSED("Theorem 1, repaired", "sketch_reseed = run", s.fresh_hashes = false);
    REFUSED("Lemma 1", "3 x 8: not proved at this size: by Lemma 1's proof a call fails to contract with probability at most 0.06, expected at most 0.05 (k = 16, d = 64",
            (s.rows = 3.0, s.cols = 8.0, s.call_delta = 0.06));
    REFUSED("Theorem 1, repaired", "not proved at this size: by Lemma 1's proof a call fails to contract with probability at most 0.001, expected at most 1e-05, 0.05 over 5000 steps",
            s.call_delta = 0.001);
    REFUSED("Theorem 6, as stated", "probability at most 0.6, expected at most 0.5, the half that tau = k/(2 d) allows for", s.call_delta = 0.6);
    REFUSED("Theorem 6, as stated", "xi = 60: expected more than 66.5", s.xi = 60.0);
    REFUSED("Theorem 6, repaired", "expected at most 0.99, less than 1", s.call_delta = 1.0);
    REFUSED("Theorem 6, repaired", "(Fact 4 with tau = (1 - delta) k/d, delta = 0.9)", s.call_delta = 0.9);
    REFUSED("Theorem 4", "step_size: expected invsqrt", s.step = THEORY_STEP_DECREASING);
    REFUSED("Theorem 4", "step.constant = 8: expected 1, eta = 1/sqrt(T + 1)", s.step = THEORY_STEP_INVSQRT);
    REFUSED("Theorem 5", "mu = nan: expected a convex f, mu >= 0", s.mu = (double)NAN);
    REFUSED("Theorem 5", "average = theory: expected uniform", (s.step = THEORY_STEP_INVSQRT, s.step_constant = 1.0));
    REFUSED("Remark 3", "workers = 1: expected at least 2", s.workers = 1.0);
    REFUSED("Certificate", "xi = 48: expected more than 16 L/mu = 48", s.xi = 48.0);
#undef REFUSED
    /* hashes and Lemma 1's k concern HEAVYMIX only */
    s = fine;
    s.compressor = THEORY_SPARSIFIER;
    s.fresh_hashes = false;
    s.k = 64.0;
    expect_fine("Fact 5", &s);
    expect_refused("Theorem 3", &s, "compressor: expected HEAVYMIX");
    s = fine; /* a constant step needs no xi for Lemma 3; mu = 0 is enough for Theorem 5, L for Theorem 4 */
    s.step = THEORY_STEP_INVSQRT;
    s.step_constant = 1.0;
    s.average = THEORY_AVERAGE_UNIFORM;
    s.xi = s.L = (double)NAN;
    s.mu = 0.0;
    expect_fine("Lemma 3", &s);
    expect_fine("Theorem 5", &s);
    s.mu = (double)NAN;
    s.L = 1.0;
    expect_fine("Theorem 4", &s);
}

static const char base[] = "problem = quadratic\nquadratic { d = 64 mu = 0.5 kappa = 3 }\nalgorithm = sketched_sgd\n"
                           "sketched_sgd { rows = 25 cols = 950 k = 16 }\nsteps = 100\nstep_size = theory\nstep { constant = 8 beta = 8 }\naverage = theory\n"
                           "log { optimum = false }\n";

/* The setting of base with a few lines more: what a file says wins over what it includes. */
static struct theory_setting setting_of(const char *more)
{
    struct harness h;
    struct theory_setting out;
    struct dsgd_constants constants;
    struct dsgd_layout layout;
    size_t n = 0;
    char text[1024], path[256];
    harness_path(path, sizeof path, ".base");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(base, file);
    assert_int_equal(fclose(file), 0);
    snprintf(text, sizeof text, "include(\"%s\")\n%s", path, more);
    const enum dsgd_status opened = harness_open(&h, text, NULL, 1);
    unlink(path);
    HARNESS_OK(opened);
    const struct dsgd_engine_args *args = &h.session.args;
    args->problem->shape(args->problem_self, &layout, &n);
    HARNESS_OK(args->problem->constants(args->problem_self, &constants));
    HARNESS_OK(conditions_of(args->config, &constants, &layout, args->algorithm, args->algorithm_config, &out));
    harness_close(&h);
    return out;
}

static void configurations(void **state)
{
    (void)state;
    struct theory_setting s = setting_of("");
    assert_true(s.d == 64.0 && s.k == 16.0 && s.tau == 0.25 && s.alpha == 0.5 && s.beta == 8.0 && s.xi == 96.0 && s.mu == 0.5 && s.L == 1.5);
    assert_true(s.steps == 100.0 && s.workers == 4.0 && s.compressor == THEORY_HEAVYMIX && s.fresh_hashes && s.shared_sampling);
    expect_fine("Theorem 1, repaired", &s);
    expect_fine("Theorem 6, as stated", &s);
    expect_refused("Theorem 5", &s, "step_size: expected invsqrt");

    assert_true(s.rows == 25.0 && s.cols == 950.0 && s.call_delta > 0.0 && s.call_delta < 5e-4);
    s = setting_of("sketched_sgd { rows = 1 cols = 1 }\n");
    assert_true(s.call_delta == 1.0);
    expect_refused("Theorem 1, repaired", &s, "1 x 1: not proved at this size");
    s = setting_of("step { xi = 20 }\n");
    expect_refused("Theorem 1, as stated", &s, "xi = 20: expected more than");
    s = setting_of("step { xi = paper }\n");
    assert_true(s.xi == 34.0);
    expect_fine("Theorem 1, as stated", &s);
    expect_refused("Certificate", &s, "xi = 34: expected more than 16 L/mu = 48");
    s = setting_of("sketched_sgd { sketch_reseed = run }\n");
    expect_refused("Lemma 1", &s, "sketch_reseed = run");
    s = setting_of("sketched_sgd { k = 40 }\n");
    expect_refused("Theorem 1, repaired", &s, "k = 40: expected at most alpha d = 32");
    s = setting_of("sketched_sgd { values = fp16 }\n");
    expect_refused("Theorem 1, repaired", &s, "compressor: expected HEAVYMIX");
    s = setting_of("server_momentum = 0.5\n");
    expect_refused("Theorem 1, repaired", &s, "momentum = 0.5");
    s = setting_of("weight_decay = 0.25\n");
    expect_refused("Theorem 1, repaired", &s, "weight_decay = 0.25");
    s = setting_of("average = uniform\n");
    expect_refused("Theorem 1, repaired", &s, "average = uniform");
    s = setting_of("step_size = constant\nstep { constant = 0.1 }\naverage = none\n");
    assert_true(isnan(s.xi));
    expect_fine("Lemma 3", &s);
    expect_refused("Fact 4", &s, "no xi without step_size = theory");

    s = setting_of("step_size = cosine\nstep { constant = 0.1 }\naverage = none\n"); /* schedules that no statement is about */
    expect_refused("Lemma 3", &s, "step_size: expected theory, or constant");
    s = setting_of("step_size = invsqrt\nstep { constant = 1 warmup = 3 }\naverage = uniform\n");
    expect_refused("Theorem 5", &s, "step_size: expected invsqrt without a warm-up");
    s = setting_of("step_size = triangle\naverage = none\n");
    assert_int_equal(s.step, THEORY_STEP_OTHER);
    s = setting_of("step_size = piecewise\nstep { knots = \"0:1\" }\naverage = none\n");
    assert_int_equal(s.step, THEORY_STEP_OTHER);
    s = setting_of("dataset = synthetic\nproblem = logistic\nsynthetic { n = 50 features = 5 classes = 2 }\nsketched_sgd { k = 2 }\nsampling = epoch\n");
    assert_false(s.with_replacement);
    expect_refused("Theorem 1, repaired", &s, "sampling = epoch: expected replacement");

    s = setting_of("algorithm = true_topk\n");
    expect_refused("Fact 5", &s, "compressor: expected a proved contraction");
    s = setting_of("algorithm = true_topk\ntrue_topk { k = 40 lr_inside = true }\n");
    assert_true(s.k == 40.0 && s.tau == 40.0 / 64.0);
    expect_fine("Fact 5", &s);
    expect_refused("Theorem 1, repaired", &s, "compressor: expected HEAVYMIX");
    s = setting_of("algorithm = random_k\nrandom_k { k = 16 lr_inside = true momentum = 0.5 }\n");
    expect_refused("Fact 5", &s, "momentum = 0.5");
    s = setting_of("algorithm = sgd\n");
    assert_true(s.compressor == THEORY_IDENTITY && s.k == 64.0 && s.tau == 1.0);
    expect_fine("Theorem 2, repaired", &s);
    s = setting_of("algorithm = signsgd\nstep_size = invsqrt\nstep { constant = 1 }\naverage = uniform\n");
    expect_refused("Theorem 5", &s, "compressor: expected a proved contraction");
}

/* mu or L missing: the statement names that, xi stays unknown. */
static void constants_missing(void **state)
{
    (void)state;
    struct harness h;
    struct theory_setting s;
    struct dsgd_layout layout;
    size_t n = 0;
    HARNESS_OK(harness_open(&h, base, NULL, 1));
    const struct dsgd_engine_args *args = &h.session.args;
    args->problem->shape(args->problem_self, &layout, &n);
    const struct dsgd_constants flat = {0.0, 1.0, (double)NAN}, kinked = {0.1, (double)NAN, (double)NAN}, none = {(double)NAN, (double)NAN, (double)NAN};
    HARNESS_OK(conditions_of(args->config, &flat, &layout, args->algorithm, args->algorithm_config, &s));
    assert_true(isnan(s.xi));
    expect_refused("Theorem 1, repaired", &s, "mu = 0: expected a strongly convex f");
    HARNESS_OK(conditions_of(args->config, &kinked, &layout, args->algorithm, args->algorithm_config, &s));
    expect_refused("Theorem 1, repaired", &s, "L = nan: expected a smooth f");
    HARNESS_OK(conditions_of(args->config, &none, &layout, args->algorithm, args->algorithm_config, &s));
    expect_refused("Theorem 1, repaired", &s, "mu = nan");
    expect_refused("Theorem 5", &s, "mu = nan: expected a convex f");
    struct dsgd_run_config run = *args->config;
    snprintf(run.step.xi, sizeof run.step.xi, "many");
    const struct dsgd_constants known = {0.5, 1.5, 1.0};
    assert_int_equal(conditions_of(&run, &known, &layout, args->algorithm, args->algorithm_config, &s), DSGD_EINPUT);
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement),
        cmocka_unit_test(every_pair),
        cmocka_unit_test(every_condition),
        cmocka_unit_test(configurations),
        cmocka_unit_test(constants_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
