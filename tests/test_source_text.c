/* test_source_text.c - what a configuration or sweep file may contain: docs/configuration.md, sentence by sentence. */
#include "tests/source_case.h"

#include "lab/sweep/sweep.h"

static void words(void **state)
{
    (void)state;
    accepted("workers = 5", "", "workers", "5");
    accepted("workers=5#x", "", "workers", "5");
    accepted("step { constant = 1e+1 }", "step", "constant", "1e+1");
    accepted("step{constant=+3}", "step", "constant", "+3");
    accepted("step { constant = 1.5e+06 beta = 7 }", "step", "constant", "1.5e+06");
    accepted("label = a+b*c/d:e~f$g.h\\i", "", "label", "a+b*c/d:e~f$g.h\\i");
    accepted("label = $", "", "label", "$");
    accepted("label = \"$ $a a$\"", "", "label", "$ $a a$");
    accepted("label = '${HOME}'", "", "label", "${HOME}");
    accepted("label = \"\\${HOME}\"", "", "label", "${HOME}");
    accepted("# ${HOME}\nlabel = a // ${HOME}\n/* ${HOME} */", "", "label", "a");
    accepted("label = Größe", "", "label", "Größe");
    accepted("\"label\" = 'x'", "", "label", "x");
    accepted("label = \"a\nb\"", "", "label", "a\nb");
    accepted("label = \"a\\\nb\"", "", "label", "ab");
    accepted("label = \"\\n\\t\\e\\\"\\\\\\q\\101\\x42\\xg\"", "", "label", "\n\t\033\"\\qABxg");
    accepted("label = '\\n\\'\\\\'", "", "label", "\\n'\\");
    accepted("steps = 7 workers = 5", "", "workers", "5");
    accepted("// x\n#x # y\n/* a ** / \n */ workers = 5 /**/", "", "workers", "5");
    accepted("workers = 5/* x */", "", "workers", "5");
    accepted("workers // a\n = # b\n 5", "", "workers", "5");
    accepted("label = a//b", "", "label", "a//b");
    accepted("label = //b\nc", "", "label", "c");
    accepted("\tworkers\t=\n\n5", "", "workers", "5");
    accepted("\xEF\xBB\xBFworkers = 5\r\nlabel = \"a\r\nb\"\r\n", "", "label", "a\nb");
    accepted("workers = 5\r", "", "workers", "5");
    accepted("step { constant = 2 } step { beta = 7 }", "step", "constant", "2");
    put("a.conf", "steps = 1.5e+06 seed = 1e1");
    struct dsgd_spec spec;
    HARNESS_OK(dsgd_spec_load("a.conf", NULL, 0, &spec));
    assert_int_equal(spec.run.steps, 1500000);
    assert_int_equal(spec.run.seed, 10);
    dsgd_spec_clear(&spec);
    put("a.conf", "");
    HARNESS_OK(load("a.conf", NULL));
    put("a.conf", "\xEF\xBB\xBF");
    HARNESS_OK(load("a.conf", NULL));
}

static void numbers_that_are_none(void **state)
{
    (void)state;
    refused("steps = 1.5", "steps = 1.5: expected a whole number");
    refused("steps = 1.25e1", "steps = 1.25e1: expected a whole number");
    refused("steps = 1e", "steps = 1e: expected a whole number");
    refused("steps = 1e+", "steps = 1e+: expected a whole number");
    refused("steps = 1e300", "steps = 1e300: expected a whole number");
    refused("steps = 1e-400", "steps = 1e-400: expected a whole number");
    refused("step { constant = 1e+ }", "step.constant = 1e+: expected a number");
    refused("steps = '5\n6'", "steps = 5\\x0a6: expected a whole number");
}

static void characters(void **state)
{
    (void)state;
    refused_bytes("a\0b", 3, "a.conf:1: control character 0x00;");
    refused_bytes("\n# \0", 4, "a.conf:2: control character 0x00;");
    refused("\n\nlabel = \"\033[31m\"", "a.conf:3: control character 0x1b;");
    refused("# \x7F", "a.conf:1: control character 0x7f;");
    refused("label = a\fb", "a.conf:1: control character 0x0c;");
    refused("label = \"\xC2\x9B\"", "a.conf:1: control character 0x9b;");
    refused("steps = 5\rworkers = 5\n", "a.conf:1: control character 0x0d;");
    refused("steps = 5\r\n\x1A", "a.conf:2: control character 0x1a;");
    static const char *const wrong[] = {"\xFF", "\xC3", "\xC0\xAF", "\xE2\x82", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\x80", "\xFE", "\xF8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        char text[64], sentence[64];
        snprintf(text, sizeof text, "steps = 5\n# %s", wrong[i]);
        snprintf(sentence, sizeof sentence, "a.conf:2: byte 0x%02x; expected text in UTF-8", (unsigned)(unsigned char)wrong[i][0]);
        refused(text, sentence);
    }
    refused_bytes("\xFF\xFEs\0t\0", 6, "a.conf:1: byte 0xff; expected text in UTF-8"); /* UTF-16 */
    accepted("label = \"\xC2\xA0\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF\"", "", "label", "\xC2\xA0\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF");
}

static void unclosed(void **state)
{
    (void)state;
    refused("\n/* x\n\n", "a.conf:2: comment /* is not closed");
    refused("/*/", "a.conf:1: comment /* is not closed");
    refused("\nlabel = \"a\n\n", "a.conf:2: text in \" is not closed");
    refused("\nlabel = \"a\\", "a.conf:2: text in \" is not closed");
    refused("\nlabel = 'a\n\n", "a.conf:2: text in ' is not closed");
    refused("\nlabel = 'a\\", "a.conf:2: text in ' is not closed");
    refused("\nstep {\n constant = 1\n\n", "a.conf:2: { is not closed after step;");
    refused("\nsteps = {\n1,\n", "a.conf:2: { is not closed: the values of steps;");
    refused("include(\n", "a.conf:2: include takes one file name;");
    refused("include(\"b\"", "a.conf:1: include takes one file name;");
    refused("steps =\n", "a.conf:2: something is missing at the end of the file;");
    refused("steps", "a.conf:1: missing = or { after steps;");
}

static void grammar(void **state)
{
    (void)state;
    refused("#\n#\nsteps += 5", "a.conf:3: += would append;");
    refused("steps = 5+=", "a.conf:1: += would append;");
    refused("label = ${HOME}", "a.conf:1: ${ would read the environment");
    refused("label = a${HOME}", "a.conf:1: ${ would read the environment");
    refused("label = \"\n\n${HOME}\"", "a.conf:3: ${ would read the environment");
    refused("label = \"${\"", "a.conf:1: ${ would read the environment");
    refused("label = \"\\$${HOME}\"", "a.conf:1: ${ would read the environment");
    refused("label = \"\\400\"", "a.conf:1: escape \\400; expected");
    refused("label = \"\\0\"", "a.conf:1: escape \\0; expected");
    refused("label = \"\\0071\"", "a.conf:1: escape \\0071; expected");
    refused("label = \"\\8\"", "a.conf:1: escape \\8; expected");
    refused("label = \"\\x00\"", "a.conf:1: escape \\x00; expected");
    refused("\n}", "a.conf:2: no section is open before };");
    refused("= 5", "a.conf:1: unexpected =;");
    refused("steps = = 5", "a.conf:1: unexpected =;");
    refused("steps = 5 6", "a.conf:1: missing = or { after 6;");
    refused("steps 5", "a.conf:1: missing = or { after steps;");
    refused("steps = {,}", "a.conf:1: unexpected ,;");
    refused("steps = {1 2}", "a.conf:1: unexpected 2;");
    refused("steps = {1,{2}}", "a.conf:1: unexpected {;");
    refused("steps = {1,2}", "a.conf:1: unexpected token '{';");
    refused("steps { }", "a.conf:1: missing equal sign after option 'steps';");
    refused("step = 5", "a.conf:1: missing opening brace for section 'step';");
    refused("step {\nstep { } }", "a.conf:2: no section stands inside of step;");
    refused("step a { }", "a.conf:1: missing = or { after step;");
    refused("step|constant = 5", "a.conf:1: no key is called step|constant;");
    refused("'' = 5", "a.conf:1: no key is called \"\";");
    refused("\xEF\xBB\xBF\xEF\xBB\xBFsteps = 5", "a.conf:1: unknown key");
    refused("# a\n// b\n/* c\n */ step {\n\n bta = 5 }", "a.conf:6: unknown key step.bta; the nearest known one is step.beta");
    refused("include = \"b\"", "a.conf:1: missing ( after include;");
    refused("include \"b\"", "a.conf:1: missing ( after include;");
    refused("step { include(\"b\") }", "a.conf:1: include(...) only stands at the top level");
    refused("include()", "a.conf:1: include takes one file name;");
    refused("include(\"b\", \"c\")", "a.conf:1: include takes one file name;");
    refused("runs a { }", "a.conf:1: missing = or { after runs;");
}

static void keys_that_stand_twice(void **state)
{
    (void)state;
    refused("steps = 5\n\nsteps = 5", "a.conf:3: steps is in line 1 already; expected it once in a file");
    refused("step { constant = 1 }\nsteps = 5\nstep { beta = 6\nconstant = 2 }", "a.conf:4: step.constant is in line 1 already;");
    refused("steps = 1\nworkers = 1\nworkers = 2\nsteps = 2\nsteps = 3", "a.conf:3: workers is in line 2 already;");
    put("b.conf", "workers = 7\nlabel = b");
    accepted("include('b.conf') workers = 5", "", "workers", "5");
    check_text("a.conf", "", "label", "b");
    accepted("workers = 5\ninclude('b.conf')", "", "workers", "7");
    accepted("workers = 5\ninclude('b.conf')\ninclude('b.conf')", "", "workers", "7");
    put("b.conf", "\nworkers = 7\nworkers = 8");
    refused("\ninclude('b.conf')", "b.conf:3: workers is in line 2 already;");
    put("a.conf", "workers = 5");
    struct dsgd_spec spec;
    HARNESS_OK(dsgd_spec_load("a.conf", (const char *const[]){"workers=6", "workers=9"}, 2, &spec));
    assert_int_equal(spec.run.workers, 9);
    dsgd_spec_clear(&spec);
}

static void refused_sweep(const char *text, const char *sentence)
{
    struct sweep sweep;
    struct data_shelf shelf = {.folder = NULL};
    put("a.sweep", text);
    expect(dsgd_sweep_load("a.sweep", NULL, 0, &shelf, &sweep), DSGD_EINPUT, sentence, text);
    dsgd_sweep_clear(&sweep);
    dsgd_data_shelf_clear(&shelf);
}

static void sweeps(void **state)
{
    (void)state;
    struct sweep sweep;
    struct data_shelf shelf = {.folder = NULL};
    put("q.conf", "problem = quadratic\nalgorithm = sgd\nsteps = 10");
    put("a.sweep", "\xEF\xBB\xBFruns a {\r\n config = q.conf seed = {1, 2, 1,}\r\n step { constant = {1e+1, +2} }\r\n}\r\nruns b { config = {q.conf} seed = 1 }");
    HARNESS_OK(dsgd_sweep_load("a.sweep", NULL, 0, &shelf, &sweep));
    assert_int_equal(sweep.runs, 5); /* the repeated seed is the same run */
    assert_int_equal(sweep.same, 2);
    assert_string_equal(sweep.run[0].set[1], "step.constant=1e+1");
    dsgd_sweep_clear(&sweep);
    refused_sweep("runs a { config = q.conf\nseed = {1}\nseed = {2} }", "a.sweep:3: seed is in line 2 already;");
    refused_sweep("runs a { config = q.conf\nstep { constant = 1 }\nstep { constant = 2 } }", "a.sweep:3: step.constant is in line 2 already;");
    refused_sweep("runs a { config = q.conf\nconfig = q.conf }", "a.sweep:2: config is in line 1 already;");
    refused_sweep("runs a { config = q.conf }\n\nruns a { config = q.conf }", "a.sweep:3: runs a is in line 1 already; expected one block of that name");
    refused_sweep("runs \"a\\x1b\" { config = q.conf }", "a.sweep:1: runs \"a\\x1b\": expected a name in UTF-8 without control characters");
    refused_sweep("runs \"a\\n\" { config = q.conf }", "a.sweep:1: runs \"a\\x0a\": expected a name");
    refused_sweep("runs \"a\\xff\" { config = q.conf }", "a.sweep:1: runs \"a\\xff\": expected a name");
    refused_sweep("runs '' { config = q.conf }", "a.sweep:1: runs \"\": expected a name");
    refused_sweep("runs a { config = \"q\\e.conf\" }", "a.sweep:1: config \"q\\x1b.conf\": expected a name");
    refused_sweep("runs a { config = {q.conf, \"q\\e.conf\"} }", "a.sweep:1: config \"q\\x1b.conf\": expected a name");
    refused_sweep("runs { config = q.conf }", "a.sweep:1: missing title for section 'runs';");
    refused_sweep("runs a b { }", "a.sweep:1: missing { after a;");
    refused_sweep("runs a {\n runs b { } }", "a.sweep:2: missing = or { after runs;");
    refused_sweep("runs a {\n config = q.conf seed += 2 }", "a.sweep:2: += would append;");
    refused_sweep("runs a {\n config = q.conf seed = ${SEED} }", "a.sweep:2: ${ would read the environment");
    refused_sweep("include('b.sweep')", "a.sweep:1: include(...) only stands at the top level of a configuration;");
    refused_sweep("runs a {\n\n config = q.conf }\nruns b {\n\n config = q.conf\n sede = {1} }", "a.sweep:7: unknown key sede;");
    refused_sweep("runs a { config = q.conf\n", "a.sweep:1: { is not closed after runs;");
    refused_sweep("runs a { config = {q.conf\n", "a.sweep:1: { is not closed: the values of config;");
    refused_sweep("runs a { config = q.conf step {\n step { } } }", "a.sweep:2: no section stands inside of step;");
}

/* Texts that go into tables and onto terminals, from a file and from --set. */
static void texts_of_users(void **state)
{
    (void)state;
    static const struct {
        const char *value, *shown;
    } bad[] = {{"a\tb", "a\\x09b"}, {"a\nb", "a\\x0ab"}, {"\033[31m", "\\x1b[31m"}, {"\x7F", "\\x7f"}, {"\xFF", "\\xff"}, {"a\xC3", "a\\xc3"}, {"\xC2\x85", "\\xc2\\x85"}};
    put("a.conf", "");
    for (size_t i = 0; dsgd_run_params[i].name; ++i) {
        if (dsgd_run_params[i].type != DSGD_PARAM_TEXT) { continue; }
        for (size_t j = 0; j < sizeof bad / sizeof *bad; ++j) {
            char set[128], sentence[256];
            snprintf(set, sizeof set, "%s=%s", dsgd_run_params[i].name, bad[j].value);
            snprintf(sentence, sizeof sentence, "%s = %s: expected UTF-8 without control characters", dsgd_run_params[i].name, bad[j].shown);
            expect(load("a.conf", set), DSGD_EINPUT, sentence, set);
        }
    }
    expect(load("a.conf", "workers=\033[31m"), DSGD_EINPUT, "workers = \\x1b[31m: expected a whole number", "workers");
    expect(load("a.conf", "sampling=\033"), DSGD_EINPUT, "sampling = \\x1b: expected one of", "sampling");
    expect(load("a.conf", "log.oracle=\n"), DSGD_EINPUT, "log.oracle = \\x0a: expected true or false", "oracle");
    expect(load("a.conf", "a\nb=5"), DSGD_EINPUT, "--set a\\x0ab=5: unknown key a\\x0ab;", "key");
    refused("label = \"a\\tb\"", "label = a\\x09b: expected UTF-8 without control characters");
    refused("label = \"\\xff\"", "label = \\xff: expected UTF-8 without control characters");
    refused("step { xi = \"\\e\" }", "step.xi = \\x1b: expected UTF-8 without control characters");
    put("x\033\n.conf", "wrokers = 5"); /* a file's name is shown on one line too */
    expect(load("x\033\n.conf", NULL), DSGD_EINPUT, "x\\x1b\\x0a.conf:1: unknown key wrokers", "name");
    unlink("x\033\n.conf");
}

/* Values that need care come back from the resolved text: so the hash of a run is that of its own configuration. */
static void resolved_texts_read_back(void **state)
{
    (void)state;
    static const char *const value[] = {"a b", "${HOME}", "a'${b}'", "a(b)", "//x", "a/*b", "a//b", "#", "'", "a+b", "+", "a=b", "+=", "*/", "{}", ",", "", "$", "ä", "~", "a;b|c"};
    for (size_t i = 0; i < sizeof value / sizeof *value; ++i) {
        char set[64];
        snprintf(set, sizeof set, "step.xi=%s", value[i]);
        struct dsgd_spec spec, same;
        put("a.conf", "");
        HARNESS_OK(dsgd_spec_load("a.conf", (const char *const[]){set}, 1, &spec));
        put("b.conf", spec.text);
        HARNESS_OK(dsgd_spec_load("b.conf", NULL, 0, &same));
        assert_string_equal(spec.text, same.text);
        dsgd_spec_clear(&spec);
        dsgd_spec_clear(&same);
        check_text("b.conf", "step", "xi", value[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words), cmocka_unit_test(numbers_that_are_none), cmocka_unit_test(characters), cmocka_unit_test(unclosed),
        cmocka_unit_test(grammar), cmocka_unit_test(keys_that_stand_twice), cmocka_unit_test(sweeps), cmocka_unit_test(texts_of_users),
        cmocka_unit_test(resolved_texts_read_back),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
