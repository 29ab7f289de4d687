/* test_source_files.c - which files a configuration may be made of, how large they may be, and that their words are libConfuse's. */
#include "tests/source_case.h"

static void includes(void **state)
{
    (void)state;
    char name[64], text[128];
    mkdir("sub", 0777);
    put("sub/c.conf", "workers = 3");
    put("sub/b.conf", "include('c.conf')");
    accepted("include('sub/b.conf')", "", "workers", "3");
    put("sub/c.conf", "# x\n\nwrokers = 3");
    refused("include('sub/b.conf')", "sub/c.conf:3: unknown key wrokers;");
    put("sub/c.conf", "step {\n");
    refused("include('sub/b.conf')\n}", "sub/c.conf:1: { is not closed after step;");
    put("sub/c.conf", "steps = 5 }");
    refused("include('sub/b.conf')", "sub/c.conf:1: no section is open before };");
    put("sub/c.conf", "\xEF\xBB\xBFsteps = 5\r\n# x");
    refused("include('sub/b.conf')\nwrokers = 5", "a.conf:2: unknown key wrokers;");
    refused("\ninclude('gone')", "a.conf:2: include(\"gone\") cannot be read (No such file or directory): expected a file such as");
    refused("\ninclude('sub/gone/x')", "a.conf:2: include(\"sub/gone/x\") cannot be read (No such file");
    refused("\ninclude('~/x')", "a.conf:2: include(\"~/x\") cannot be read (No such file");
    refused("\ninclude('')", "a.conf:2: include \"\": expected a name");
    refused("\ninclude(\"a\\x1b\")", "a.conf:2: include \"a\\x1b\": expected a name");
    refused("\ninclude('sub')", "a.conf:2: include(\"sub\") is a folder: expected a regular file");
    refused("\ninclude('/dev/zero')", "a.conf:2: include(\"/dev/zero\") is a device, pipe or socket: expected a regular file");
    refused("\ninclude('fifo')", "a.conf:2: include(\"fifo\") is a device, pipe or socket");
    expect(load("fifo", NULL), DSGD_EINPUT, "configuration fifo is a device, pipe or socket", "fifo");
    expect(load("/dev/zero", NULL), DSGD_EINPUT, "configuration /dev/zero is a device, pipe or socket", "zero");
    expect(load("sub", NULL), DSGD_EINPUT, "configuration sub is a folder", "folder");
    expect(load("gone", NULL), DSGD_EINPUT, "configuration gone cannot be read (No such file", "gone");
    if (access("/proc/self/mem", R_OK) == 0) { /* a regular file whose first byte gives EIO */
        expect(load("/proc/self/mem", NULL), DSGD_EIO, "configuration /proc/self/mem cannot be read: Input/output error", "EIO");
    }

    refused("\ninclude('a.conf')", "a.conf:2: include(\"a.conf\") is inside of a.conf, the same file");
    put("b.conf", "\n\ninclude('./a.conf')");
    refused("include('b.conf')", "b.conf:3: include(\"./a.conf\") is inside of a.conf, the same file");
    unlink("link.conf");
    assert_int_equal(symlink("a.conf", "link.conf"), 0);
    refused("include('link.conf')", "a.conf:1: include(\"link.conf\") is inside of a.conf");

    for (int j = 1; j <= 11; ++j) {
        snprintf(name, sizeof name, "d%d.conf", j);
        snprintf(text, sizeof text, "include('d%d.conf')", j + 1);
        put(name, text);
    }
    put("d11.conf", "workers = 3");
    check_text("d1.conf", "", "workers", "3"); /* ten includes in a row */
    put("d11.conf", "include('d12.conf')");
    put("d12.conf", "workers = 3");
    expect(load("d1.conf", NULL), DSGD_EINPUT, "d11.conf:1: include(\"d12.conf\") is include 11 in a row; expected at most 10", "depth");
}

/* `size` bytes: `head`, then as often as fits `body`, then `tail`. */
static char *large(size_t size, const char *head, const char *body, const char *tail)
{
    char *text = malloc(size + 1);
    assert_non_null(text);
    const size_t step = strlen(body), end = size - strlen(tail);
    size_t used = strlen(head);
    memcpy(text, head, used);
    for (; used + step <= end; used += step) { memcpy(text + used, body, step); }
    memset(text + used, '\n', end - used);
    memcpy(text + end, tail, strlen(tail) + 1);
    return text;
}

static void try_large(size_t size, const char *head, const char *body, const char *tail, const char *sentence)
{
    char *text = large(size, head, body, tail);
    put("a.conf", text);
    free(text);
    const enum dsgd_status status = load("a.conf", NULL);
    if (sentence) {
        expect(status, DSGD_EINPUT, sentence, body);
    } else if (status != DSGD_OK) {
        fail_msg("%s", dsgd_error());
    }
}

/* libConfuse lengthens a word by 32 bytes at a time: one that fills a file takes minutes under the address sanitizer. */
enum { LONG_WORD = 1 << 16 };

static void sizes(void **state)
{
    (void)state;
    try_large(SOURCE_FILE_MAX, "workers = 3\n", "# comment\n", "", NULL);
    try_large(SOURCE_FILE_MAX + 1, "workers = 3\n", "# comment\n", "", "configuration a.conf has more than 1048576 bytes");
    try_large(LONG_WORD, "workers = ", "9", "", "workers = 9999");
    try_large(LONG_WORD, "", "k", "= 5", "a.conf:1: unknown key kkk");
    try_large(LONG_WORD, "label = \"", "a\n", "\"", "label = a\\x0aa");
    try_large(LONG_WORD, "label = '", "\\\\", "'", "label = \\\\");
    try_large(SOURCE_FILE_MAX, "label = \"", "\\", "", "a.conf:1: text in \" is not closed");
    try_large(SOURCE_FILE_MAX, "steps = {", "1,", "}", "a.conf:1: unexpected token '{'");
    try_large(SOURCE_FILE_MAX, "", "step { } ", "", NULL);
    try_large(SOURCE_FILE_MAX, "/*", "\n", "*/ workers = x", "workers = x: expected");
    try_large(SOURCE_FILE_MAX, "", "k = 1\n", "", "a.conf:2: k is in line 1 already");
    static const char *const nested[] = {"{", "}", "(", "step {", "step { step {", "steps = {", "runs {", "runs a {", "include(", "\"", "'", "/*", "\\", "$", "${", "+=", "="};
    for (size_t i = 0; i < sizeof nested / sizeof *nested; ++i) {
        const size_t size = 100000 * strlen(nested[i]);
        try_large(size < SOURCE_FILE_MAX ? size : SOURCE_FILE_MAX, "", nested[i], "", "a.conf:");
    }

    /* many files */
    put("empty.conf", "");
    char *text = large(999 * 22, "", "include('empty.conf')\n", "");
    put("a.conf", text);
    HARNESS_OK(load("a.conf", NULL));
    free(text);
    text = large(1000 * 22, "", "include('empty.conf')\n", "");
    put("a.conf", text);
    free(text);
    expect(load("a.conf", NULL), DSGD_EINPUT, "a.conf:1000: include(\"empty.conf\"): more than 1000 files", "files");
    text = large(SOURCE_FILE_MAX, "", "# x\n", "");
    put("full.conf", text);
    free(text);
    text = large(8 * 21, "", "include('full.conf')\n", "");
    put("a.conf", text);
    free(text);
    expect(load("a.conf", NULL), DSGD_EINPUT, "a.conf:8: include(\"full.conf\"): more than 8388608 bytes in all files", "bytes");
}

/* Quotes, escapes, comments and words mean what they mean to libConfuse alone, where both read the text at all. */
static void same_as_libconfuse(void **state)
{
    (void)state;
    static const char *const doubled[] = {"a", " ", "\\n", "\\t", "\\\\", "\\\"", "'", "\n", "\\\n", "\\q", "\\101", "\\7", "\\x41", "\\xa", "\\x", "$", "#", "//", "/*", "{", "}", "=", "+", "*", ",", "ä", "\\$", "\\e"};
    static const char *const single[] = {"a", " ", "\\n", "\\\\", "\\'", "\"", "\n", "\\\n", "\\q", "${x}", "#", "//", "/*", "{", "=", "ä", "\\x41"};
    static const char *const word[] = {"a", "1", ".", "-", "/", "//", ":", "~", "$", "\\", "ä", ";", "|", "e", "%"};
    static const char *const gap[] = {" ", "\n", "\t", "", " \n \t"}; /* libConfuse takes comments between statements only */
    static const char *const blank[] = {" ", "\n", "\t", "# x\n", "// y 'z\n", "/* \" ** \n */ ", "###\n"};
    uint32_t seed = 1;
#define DRAW(list) list[(seed = seed * 1664525u + 1013904223u) / 65536u % (sizeof list / sizeof *list)]
    for (int round = 0; round < 3000; ++round) {
        char text[512] = "", *found[2] = {NULL, NULL};
        const int kind = round % 3, pieces = round % 11;
        strcat(text, DRAW(blank));
        strcat(text, "label");
        strcat(text, DRAW(gap));
        strcat(text, "=");
        strcat(text, DRAW(gap));
        strcat(text, kind == 0 ? "\"" : kind == 1 ? "'" : "x");
        for (int j = 0; j < pieces; ++j) { strcat(text, kind == 0 ? DRAW(doubled) : kind == 1 ? DRAW(single) : DRAW(word)); }
        strcat(text, kind == 0 ? "\"" : kind == 1 ? "'" : " ");
        strcat(text, DRAW(blank));
        if (kind == 0 && (strstr(text, "${") || strstr(text, "\\7\\") || strstr(text, "\\71") || strstr(text, "\\101"))) { continue; }
        if (kind == 2 && strstr(text, "/*")) { continue; }
        cfg_opt_t options[] = {CFG_STR("label", NULL, CFGF_NODEFAULT), CFG_END()};
        cfg_t *cfg = cfg_init(options, CFGF_NONE);
        assert_int_equal(cfg_parse_buf(cfg, text), CFG_SUCCESS);
        found[0] = cfg_getstr(cfg, "label");
        struct source source = {.cfg = NULL};
        put("a.conf", text);
        HARNESS_OK(dsgd_source_parse("a.conf", SOURCE_CONFIG, &source));
        found[1] = cfg_getstr(source.cfg, "label");
        if (!found[0] || !found[1] || strcmp(found[0], found[1]) != 0) { fail_msg("%s\nlibConfuse: %s, here: %s", text, found[0], found[1]); }
        dsgd_source_clear(&source);
        cfg_free(cfg);
    }
#undef DRAW
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(includes), cmocka_unit_test(sizes), cmocka_unit_test(same_as_libconfuse)};
    return cmocka_run_group_tests(tests, enter, leave);
}
