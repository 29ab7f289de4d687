/* test_text_out.c - text of files and users in every form of output: each byte, broken UTF-8, width, and what a reader gets back. */
#include "tests/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include "command/json_out.h"
#include "record/text_file.h"
#include "lab/report/text_out.h"

enum { ROOM = 4096 };

typedef void form(FILE *out, const char *text);

static void print(form *function, const char *text, char printed[ROOM])
{
    printed[0] = '\0';
    FILE *out = fmemopen(printed, ROOM, "w");
    assert_non_null(out);
    function(out, text);
    assert_int_equal(fclose(out), 0);
}

static void expect(form *function, const char *text, const char *expected)
{
    char printed[ROOM];
    print(function, text, printed);
    assert_string_equal(printed, expected);
}

/* The reader's side of dsgd_print_tsv, as docs/reading.md says it. */
static void undo(const char *cell, char *text)
{
    for (; *cell; ++cell) {
        unsigned byte = 0;
        if (*cell != '\\') {
            *text++ = *cell;
        } else if (*++cell == 'x') {
            assert_int_equal(sscanf(cell + 1, "%2x", &byte), 1);
            *text++ = (char)byte;
            cell += 2;
        } else {
            assert_non_null(strchr("tnr\\", *cell));
            *text++ = *cell == 't' ? '\t' : *cell == 'n' ? '\n' : *cell == 'r' ? '\r' : '\\';
        }
    }
    *text = '\0';
}

static void is_printable(const char *printed)
{
    uint32_t code;
    for (size_t bytes; (bytes = dsgd_text_next(printed, &code)) > 0; printed += bytes) { assert_false(dsgd_text_is_control(code)); }
}

static void test_every_byte_alone_and_between_letters(void **state)
{
    (void)state;
    static form *const forms[] = {dsgd_print_shown, dsgd_print_tsv, dsgd_print_markdown};
    for (int byte = 1; byte < 256; ++byte) {
        const char alone[] = {(char)byte, '\0'}, between[] = {'a', (char)byte, 'b', '\0'};
        for (size_t f = 0; f < sizeof forms / sizeof *forms; ++f) {
            char printed[ROOM], back[ROOM];
            print(forms[f], alone, printed);
            is_printable(printed);
            print(forms[f], between, printed);
            is_printable(printed);
            if (forms[f] == dsgd_print_tsv) {
                undo(printed, back);
                assert_string_equal(back, between);
            }
        }
        if (byte > ' ' && byte < 0x7f && byte != '\\' && byte != '#' && byte != '"') { expect(dsgd_print_tsv, alone, alone); }
        if (byte >= ' ' && byte < 0x7f) { expect(dsgd_print_shown, between, between); }
    }
}

static void test_controls_are_shown(void **state)
{
    (void)state;
    expect(dsgd_print_shown, "a\tb\nc\rd\x1b[31me\x7f", "a\\tb\\nc\\rd\\x1b[31me\\x7f");
    expect(dsgd_print_shown, "C1 \xc2\x85, override \xe2\x80\xae, line \xe2\x80\xa8", "C1 \\xc2\\x85, override \\xe2\\x80\\xae, line \\xe2\\x80\\xa8");
    expect(dsgd_print_shown, "isolate \xe2\x81\xa6, mark \xd8\x9c", "isolate \\xe2\\x81\\xa6, mark \\xd8\\x9c");
    expect(dsgd_print_shown, "", "");
    expect(dsgd_print_lines, "a\x1b\n\n  b\tc", "a\\x1b\n\n  b\\tc\n");
    expect(dsgd_print_lines, "a\xe5\nb\n", "a\\xe5\nb\n"); /* a character does not reach over a line's end */
    expect(dsgd_print_lines, "", "");
}

static void test_broken_utf8_is_shown_byte_by_byte(void **state)
{
    (void)state;
    expect(dsgd_print_shown, "\xc3\xa9 \xe5\xad\x97 \xf0\x9f\x98\x80", "\xc3\xa9 \xe5\xad\x97 \xf0\x9f\x98\x80");
    expect(dsgd_print_shown, "\xc3", "\\xc3");                   /* cut off at the end */
    expect(dsgd_print_shown, "\xe5\xad", "\\xe5\\xad");
    expect(dsgd_print_shown, "\xf0\x9f\x98", "\\xf0\\x9f\\x98");
    expect(dsgd_print_shown, "\xe5\xad!", "\\xe5\\xad!");        /* cut off in the middle */
    expect(dsgd_print_shown, "\xc0\xaf", "\\xc0\\xaf");          /* longer than needed */
    expect(dsgd_print_shown, "\xe0\x80\xaf", "\\xe0\\x80\\xaf");
    expect(dsgd_print_shown, "\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
    expect(dsgd_print_shown, "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
    expect(dsgd_print_shown, "\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
}

static void test_tsv(void **state)
{
    (void)state;
    expect(dsgd_print_tsv, "a\tb", "a\\tb");
    expect(dsgd_print_tsv, "a\\tb", "a\\\\tb"); /* a backslash and a t is something else */
    expect(dsgd_print_tsv, "#1 \"a\" #2", "\\x231 \"a\" #2");
    expect(dsgd_print_tsv, "\"a\"", "\\x22a\"");
    expect(dsgd_print_tsv, "=1+1", "\\x3d1+1"); /* a formula of a spreadsheet */
    expect(dsgd_print_tsv, "+1", "\\x2b1");
    expect(dsgd_print_tsv, "-1 - 2", "\\x2d1 - 2");
    expect(dsgd_print_tsv, "@SUM(A1)", "\\x40SUM(A1)");
    expect(dsgd_print_tsv, "-", "-");
    expect(dsgd_print_tsv, "a=-1", "a=-1");
    expect(dsgd_print_tsv, "a|b <c> _d_ \xe5\xad\x97", "a|b <c> _d_ \xe5\xad\x97");
}

static void test_markdown(void **state)
{
    (void)state;
    expect(dsgd_print_markdown, "a|b", "a\\|b");
    expect(dsgd_print_markdown, "a\\|b", "a\\\\\\|b");
    expect(dsgd_print_markdown, "<b>*x*</b> `y` [z](u) &amp; ~~s~~ $m$", "\\<b\\>\\*x\\*\\</b\\> \\`y\\` \\[z\\](u) \\&amp; \\~\\~s\\~\\~ \\$m\\$");
    expect(dsgd_print_markdown, "local_topk _x_ a_", "local_topk \\_x\\_ a\\_");
    expect(dsgd_print_markdown, "# a # b", "\\# a # b");
    expect(dsgd_print_markdown, "a\nb\tc\x1b", "a\\\\nb\\\\tc\\\\x1b");
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct { double value; int digits; const char *text; } cases[] = {
        {0.1, 8, "0.1"}, {1.0 / 3.0, 17, "0.33333333333333331"}, {1.0 / 3.0, 3, "0.333"},
    };
    char printed[64];
    const double odd[] = {NAN, -NAN, INFINITY, -INFINITY};
    static const char *const word[] = {"NaN", "NaN", "inf", "-inf"};
    for (size_t i = 0; i < 7; ++i) {
        FILE *out = fmemopen(printed, sizeof printed, "w");
        assert_non_null(out);
        dsgd_print_tsv_number(out, i < 3 ? cases[i].digits : 8, i < 3 ? cases[i].value : odd[i - 3]);
        fclose(out);
        assert_string_equal(printed, i < 3 ? cases[i].text : word[i - 3]);
    }
}

static void pad_left(FILE *out, const char *text)
{
    dsgd_print_padded(out, -6, text);
    fputc('.', out);
}

static void pad_right(FILE *out, const char *text)
{
    dsgd_print_padded(out, 6, text);
    fputc('.', out);
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(dsgd_text_width(""), 0);
    assert_int_equal(dsgd_text_width("abc"), 3);
    assert_int_equal(dsgd_text_width("\xc3\xa9"), 1);
    assert_int_equal(dsgd_text_width("a\tb"), 4);
    assert_int_equal(dsgd_text_width("\x1b"), 4);
    assert_int_equal(dsgd_text_width("\xff"), 4);
    expect(pad_left, "ab", "ab    .");
    expect(pad_right, "ab", "    ab.");
    expect(pad_left, "\xc3\xa9", "\xc3\xa9     .");
    expect(pad_left, "longer than six", "longer than six.");
    if (dsgd_text_width("\xe5\xad\x97") == 1) { /* no C.UTF-8: a column for each character */
        print_message("note: no locale C.UTF-8, wide characters count as narrow\n");
        return;
    }
    assert_int_equal(dsgd_text_width("\xe5\xad\x97"), 2);
    assert_int_equal(dsgd_text_width("e\xcc\x81"), 1); /* a combining accent */
    assert_int_equal(dsgd_text_width("\xf0\x9f\x98\x80"), 2);
    expect(pad_left, "\xe5\xad\x97", "\xe5\xad\x97    .");
}

static void test_a_buffer_is_cut_between_characters(void **state)
{
    (void)state;
    char text[8];
    assert_string_equal(dsgd_text_shown_into(text, sizeof text, "abc"), "abc");
    assert_string_equal(dsgd_text_shown_into(text, sizeof text, "abcdefghij"), "abcdefg");
    assert_string_equal(dsgd_text_shown_into(text, sizeof text, "abcde\xe5\xad\x97"), "abcde");
    assert_string_equal(dsgd_text_shown_into(text, sizeof text, "abcd\x1b"), "abcd");
    assert_string_equal(dsgd_text_shown_into(text, 1, "abc"), "");
}

/* Any bytes: nothing raw, the form for programs gives the text back. One fixed stream of random bytes. */
static void test_any_text(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int n = 0; n < 20000; ++n) {
        char text[40], printed[ROOM], back[ROOM];
        size_t length = 0;
        for (; length < sizeof text - 1; ++length) {
            random = random * 1664525u + 1013904223u;
            const unsigned byte = (random >> 24) % 3 == 0 ? (unsigned)"\\\t\n|#\"\xe2\x80\xae\xc2\x85_*"[(random >> 16) % 13] : random >> 24;
            if ((random >> 8) % 23 == 0) { break; }
            text[length] = (char)byte;
            if (!text[length]) { break; }
        }
        text[length] = '\0';
        print(dsgd_print_tsv, text, printed);
        is_printable(printed);
        undo(printed, back);
        assert_string_equal(back, text);
        print(dsgd_print_markdown, text, printed);
        is_printable(printed);
        print(dsgd_print_shown, text, printed);
        is_printable(printed);
        assert_true(dsgd_text_width(text) >= 0);
    }
}

/* JSON keeps the field and gives the text back where it is UTF-8; nothing raw in what is written. */
static void test_json(void **state)
{
    (void)state;
    static const char *const given[] = {"a\"b\\c\x1b\x7f\n", "\xc2\x85 \xe2\x80\xae \xe2\x80\xa8", "\xc3\xa9 \xe5\xad\x97 \xf0\x9f\x98\x80",
                                        ("a\xff" "b\xc3"), ""};
    static const char *const back[] = {"a\"b\\c\x1b\x7f\n", "\xc2\x85 \xe2\x80\xae \xe2\x80\xa8", "\xc3\xa9 \xe5\xad\x97 \xf0\x9f\x98\x80",
                                       ("a\xef\xbf\xbd" "b\xef\xbf\xbd"), ""};
    for (size_t i = 0; i < sizeof given / sizeof *given; ++i) {
        char printed[ROOM];
        json_t *root = json_object();
        json_set_text(root, "label", given[i]);
        FILE *out = fmemopen(printed, sizeof printed, "w");
        assert_non_null(out);
        assert_int_equal(json_write(root, out), DSGD_OK);
        fclose(out);
        for (char *c = printed; *c; ++c) { *c = *c == '\n' ? ' ' : *c; }
        is_printable(printed);
        root = json_loads(printed, 0, NULL);
        assert_non_null(root);
        assert_string_equal(json_string_value(json_object_get(root, "label")), back[i]);
        json_decref(root);
    }
}

/* What was written is recognised and replaced, and read back, whether or not its last line is ended. */
static void test_a_text_file_ends_its_last_line(void **state)
{
    static const char *const given[] = {"a\tb", "a\tb\n", "", "\n", "# end rows=1 sha256=", "a\n\nb"};
    static const char *const back[] = {"a\tb\n", "a\tb\n", "", "\n", "# end rows=1 sha256=\n", "a\n\nb\n"};
    static const enum text_file_mark mark[] = {TEXT_FILE_MARKDOWN, TEXT_FILE_HASH};
    (void)state;
    char folder[] = "/tmp/dsgd-text-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t", folder);
    for (size_t i = 0; i < sizeof given / sizeof *given; ++i) {
        for (size_t m = 0; m < 2; ++m) { assert_int_equal(dsgd_text_file_write(path, given[i], strlen(given[i]), mark[m]), DSGD_OK); }
        char *text = NULL;
        size_t size = 0;
        assert_int_equal(dsgd_text_file_read(path, &text, &size), DSGD_OK);
        assert_string_equal(text, back[i]);
        assert_int_equal(size, strlen(back[i]));
        free(text);
    }
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_alone_and_between_letters),
        cmocka_unit_test(test_controls_are_shown),
        cmocka_unit_test(test_broken_utf8_is_shown_byte_by_byte),
        cmocka_unit_test(test_tsv),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_a_buffer_is_cut_between_characters),
        cmocka_unit_test(test_any_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_a_text_file_ends_its_last_line),
    };
    return cmocka_run_group_tests_name("text_out", tests, NULL, NULL);
}
