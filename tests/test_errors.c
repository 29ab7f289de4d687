/* test_errors.c - the sentences of docs/errors.md that no command leads to: the library says them. */
#include "algorithms/registry.h"
#include "convex/registry.h"
#include "tests/harness.h"

static const char small[] = "problem = quadratic\nquadratic { d = 5 }\nworkers = 2\nstep { constant = 0.02 }\nlog { optimum = false }\n";

/* The status, and a sentence with these words. */
static void expect(enum dsgd_status status, enum dsgd_status wanted, const char *words)
{
    if (status != wanted || !strstr(dsgd_error(), words)) {
        fail_msg("%s: \"%s\", expected %s: \"%s\"", dsgd_status_text(status), dsgd_error(), dsgd_status_text(wanted), words);
    }
}

static void algorithms_from_outside(void **state)
{
    (void)state;
    static struct dsgd_algorithm added[65];
    static char name[65][24];
    expect(dsgd_algorithm_register(dsgd_algorithm_at(0)), DSGD_EINPUT, "is already registered: expected another name");
    enum dsgd_status status = DSGD_OK;
    for (int j = 0; j < 65 && status == DSGD_OK; ++j) {
        snprintf(name[j], sizeof name[j], "outside%d", j);
        added[j] = *dsgd_algorithm_at(0);
        added[j].name = name[j];
        status = dsgd_algorithm_register(&added[j]);
    }
    expect(status, DSGD_EINPUT, "of them can be added");
}

static void problems_without_data(void **state)
{
    (void)state;
    for (size_t i = 0; dsgd_problem_at(i); ++i) {
        const struct dsgd_problem_ops *ops = dsgd_problem_at(i);
        _Alignas(16) char config[1024] = {0};
        char path[256];
        void *self = NULL;
        HARNESS_OK(dsgd_param_defaults(ops->params, ops->name, config));
        const struct dsgd_problem_args args = {.config = config};
        if (ops->needs_dataset) {
            expect(ops->create(&args, &self), DSGD_EINPUT, "no dataset, expected one");
            assert_null(self);
            struct dsgd_dataset many = {.name = "many", .features = 3, .classes = 300};
            const struct dsgd_problem_args too_many = {.config = config, .data = &many};
            if (strcmp(ops->name, "softmax") == 0) { expect(ops->create(&too_many, &self), DSGD_EINPUT, "300 classes in many, expected 2 to"); }
        } else {
            expect(dsgd_optimum_path(ops, &args, ".", path, sizeof path), DSGD_EINPUT, "no dataset, hence no cache file");
        }
    }
}

/* The run goes on without them; whoever asks the library for one is told why. */
static void optima_that_cannot_be_had(void **state)
{
    (void)state;
    const struct {
        const char *problem, *words;
    } expected[] = {{"logistic", "logistic.l2 = 0: no certified optimum, expected l2 > 0"},
                    {"softmax", "softmax.l2 = 0: no certified optimum, expected l2 > 0"},
                    {"svm", "svm.l2 = 0: no certified optimum, expected l2 > 0"},
                    {"one_vs_rest", "one_vs_rest.l2 = 0: no certified optimum, expected l2 > 0"},
                    {"sigmoid", "problem sigmoid: no certified optimum is known for it"}};
    for (size_t j = 0; j < sizeof expected / sizeof *expected; ++j) {
        char text[512];
        struct harness h;
        snprintf(text, sizeof text, "problem = %s\n%s { l2 = 0 }\ndataset = synthetic\nlog { optimum = false }\n"
                                    "synthetic { n = 30 n_test = 6 features = 4 classes = 3 }\n", expected[j].problem, expected[j].problem);
        HARNESS_OK(harness_open(&h, text, NULL, 1));
        const struct dsgd_problem_args args = {.config = h.spec.problem_config, .data = h.session.data};
        struct dsgd_reference reference;
        expect(dsgd_optimum_cached(h.spec.problem, h.session.problem, &args, NULL, &reference), DSGD_EUNAVAILABLE, expected[j].words);
        harness_close(&h);
    }
}

/* A number of coordinates is at most d, which is known once there is a problem. */
static void counts_above_d(void **state)
{
    (void)state;
    static const char *const settings[][2] = {{"local_topk", "k"}, {"true_topk", "k"}, {"random_k", "k"}, {"pkk", "k"}, {"sketched_sgd", "k"}};
    for (size_t j = 0; j < sizeof settings / sizeof *settings; ++j) {
        char text[512], words[128];
        struct harness h;
        snprintf(text, sizeof text, "%salgorithm = %s\n%s { %s = 6 }\n", small, settings[j][0], settings[j][0], settings[j][1]);
        snprintf(words, sizeof words, "%s.%s = 6: expected at most d = 5", settings[j][0], settings[j][1]);
        expect(harness_open(&h, text, NULL, 1), DSGD_EINPUT, words);
        harness_close(&h);
    }
}

/* A run from words is as strict as one from a file. */
static void words_in_place_of_a_file(void **state)
{
    (void)state;
    struct dsgd_spec spec;
    expect(dsgd_spec_words("problem=quadratic quadratic.kapa=4", &spec), DSGD_EINPUT, "unknown key quadratic.kapa; the nearest known one is quadratic.kappa");
    expect(dsgd_spec_words("problem=quadratic quadratic", &spec), DSGD_EINPUT, "expected key=value");
    expect(dsgd_spec_words("problem=quadratic \"label=one two", &spec), DSGD_EINPUT, "expected another \" that ends");
    HARNESS_OK(dsgd_spec_words("  problem=quadratic \"label=one two\" quadratic.d=7  seed=3 seed=4 ", &spec));
    assert_string_equal(spec.run.label, "one two");
    assert_int_equal(spec.run.seed, 4);
    assert_non_null(strstr(spec.text, "    d = 7\n"));
    assert_string_equal(spec.name, "run");
    dsgd_spec_clear(&spec);
}

static void names_and_steps(void **state)
{
    (void)state;
    struct harness h, shorter;
    char path[256], tiny[16], *far = calloc(1, 5000);
    assert_non_null(far);
    HARNESS_OK(harness_open(&h, small, "steps=50", 1));
    expect(dsgd_spec_path(&h.spec, "none", tiny, sizeof tiny), DSGD_EINPUT, "is too long");
    memset(far, 'x', 4999);
    const struct dsgd_runfile_args none = {.attribute = NULL};
    expect(dsgd_runfile_write(far, h.engine, &none, true), DSGD_EINPUT, "is too long: expected a name of at most 4095 characters");
    free(far);
    for (int t = 0; t < 30; ++t) { HARNESS_OK(dsgd_engine_step(h.engine)); }
    harness_path(path, sizeof path, ".h5.tmp");
    harness_write(h.engine, path, true);
    HARNESS_OK(harness_open(&shorter, small, "steps=20", 1));
    expect(dsgd_runfile_restore(path, shorter.engine), DSGD_EINPUT, "snapshot is at step 30 of 20: expected an earlier one");
    unlink(path);
    harness_close(&shorter);
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_without_data), cmocka_unit_test(optima_that_cannot_be_had),
        cmocka_unit_test(counts_above_d),        cmocka_unit_test(names_and_steps), cmocka_unit_test(words_in_place_of_a_file),
        cmocka_unit_test(algorithms_from_outside), /* last: the table stays full */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
