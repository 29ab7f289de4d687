/* test_table_text.c - what `dsgd table` reads out of a configuration: plain ones, odd ones, and any text at all. */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/config/resolved.h"
#include "lab/report/table_text.h"

static void value_is(const char *config, const char *section, const char *key, const char *expected)
{
    char *value = dsgd_resolved_value(config, section, key);
    if (expected) {
        assert_non_null(value);
        assert_string_equal(value, expected);
    } else {
        assert_null(value);
    }
    free(value);
}

static void test_values(void **state)
{
    (void)state;
    static const char config[] = "problem = softmax\nsteps = 10\nstep {\n    constant = 0.5\n    xi = \"a b\"\n}\nsgd {\n    momentum = 0.9\n}\n";
    value_is(config, "", "problem", "softmax");
    value_is(config, "step", "constant", "0.5");
    value_is(config, "step", "xi", "\"a b\"");
    value_is(config, "sgd", "momentum", "0.9");
    value_is(config, "", "momentum", NULL);
    value_is(config, "sgd", "moment", NULL);
}

/* Lines that no program of ours writes are passed over, or taken as far as they make sense. */
static void test_odd_lines(void **state)
{
    (void)state;
    value_is("=", "", "", NULL); /* once read far beyond the text: lengths of -1 */
    value_is("=", "step", "constant", NULL);
    value_is("{", "", "a", NULL);
    value_is("a=", "", "a", "");
    value_is("a =1", "", "a", "1");
    value_is("  a=1  \r\nb = 2", "", "a", "1");
    value_is("{\na = 1\n}", "", "a", "1");
    value_is("s{\na = 1\nnoise\nb = 2\n}\nc = 3", "s", "b", "2");
    value_is("s{\na = 1\nnoise\nb = 2\n}\nc = 3", "", "c", "3");
    value_is("a = b = c", "", "a", "b = c");
    value_is("", "", "a", NULL);
}

/* --- keys of methods ------------------------------------------------------------------------------------------------- */

static char *copy(const char *text)
{
    char *out = malloc(strlen(text) + 1); /* exactly as long: what is read beyond it, the sanitizer sees */
    assert_non_null(out);
    return strcpy(out, text);
}

static void keys_of(const char *algorithm, const char *config, const char *other, char **text)
{
    struct dsgd_runfile run[2] = {{.config = copy(config)}, {.config = copy(other)}};
    const struct dsgd_runfile *at[2] = {&run[0], &run[1]};
    snprintf(run[0].algorithm, sizeof run[0].algorithm, "%s", algorithm);
    snprintf(run[1].algorithm, sizeof run[1].algorithm, "sgd");
    struct curve curve[2] = {{.runs = 1, .run = &at[0]}, {.runs = 1, .run = &at[1]}};
    const struct curve_set set = {2, curve};
    assert_int_equal(dsgd_table_text_keys(&set, 0, text), DSGD_OK);
    free(run[0].config);
    free(run[1].config);
}

static void test_keys(void **state)
{
    (void)state;
    char *text = NULL;
    keys_of("local_topk", "algorithm = local_topk\nbatch = 4\nseed = 1\nstep {\n    constant = 1\n    beta = 5\n}\nlocal_topk {\n    k = 3\n    momentum = 0\n}\n",
            "algorithm = sgd\nbatch = 1\nseed = 2\nstep {\n    constant = 2\n    beta = 6\n}\n", &text);
    assert_string_equal(text, "local_topk k=3 batch=4 step.beta=5");
    free(text);
    keys_of("no such algorithm", "no such algorithm {\nq = 1\n}\n=\n", "=", &text);
    assert_string_equal(text, "no such algorithm q=1");
    free(text);
}

/* Any text is safe, as a whole and from its middle: one fixed stream of random pieces of configurations. */
static void test_any_text(void **state)
{
    (void)state;
    static const char *const piece[] = {"=", " ", "{", "}", "\n", "\r", "\"", "sgd", "step", "constant", "momentum", "0", "=\n", " = ",
                                        "sgd {\n", "step {", "\xff", "\xe5\xad\x97", "\t", "algorithm", "seed", "label = \"", "a\n", ""};
    uint32_t random = 7;
    for (int n = 0; n < 20000; ++n) {
        char config[2][400] = {"", ""}, *text = NULL;
        for (int side = 0; side < 2; ++side) {
            size_t used = 0;
            for (random = random * 1664525u + 1013904223u; (random >> 20) % 30 != 0 && used + 16 < sizeof config[side];) {
                random = random * 1664525u + 1013904223u;
                used += (size_t)snprintf(config[side] + used, sizeof config[side] - used, "%s", piece[(random >> 16) % (sizeof piece / sizeof *piece)]);
            }
        }
        keys_of(n % 3 == 0 ? "" : n % 3 == 1 ? "sgd" : "none", config[0], config[1], &text);
        assert_non_null(text);
        free(text);
        char *exact = copy(config[0]), *value = dsgd_resolved_value(exact, "step", "constant");
        free(value);
        value = dsgd_resolved_value(exact, "", "");
        assert_null(value); /* a line without a key is none */
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_odd_lines),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_any_text),
    };
    return cmocka_run_group_tests_name("table_text", tests, NULL, NULL);
}
