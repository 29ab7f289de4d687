/* text_out.c - text of files and users in what the command prints. Interface: text_out.h. */
#define _XOPEN_SOURCE 700 /* wcwidth */
#include "lab/report/text_out.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "sim/text.h"

enum form { FORM_SHOWN, FORM_TSV, FORM_MARKDOWN };

/* --- characters ------------------------------------------------------------------------------------------------------ */

size_t dsgd_text_next(const char *text, uint32_t *code)
{
    const unsigned char *byte = (const unsigned char *)text;
    *code = byte[0];
    if (byte[0] < 0x80) { return byte[0] != 0; }
    const size_t bytes = dsgd_utf8_length(text, strnlen(text, 4));
    *code = bytes > 0 ? byte[0] & (0x7fu >> bytes) : UINT32_MAX;
    for (size_t i = 1; i < bytes; ++i) { *code = *code << 6 | (byte[i] & 0x3fu); }
    return bytes > 0 ? bytes : 1;
}

int dsgd_text_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == UINT32_MAX || code == 0x2028 || code == 0x2029 ||
           code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8;

static void find_locale(void)
{
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Columns of one character; 1 where nobody knows. The user's own locale is left as it is. */
static int columns_of(uint32_t code)
{
    if (code < 0x80) { return 1; }
    pthread_once(&once, find_locale);
    if (!utf8) { return 1; }
    const locale_t before = uselocale(utf8);
    const int width = wcwidth((wchar_t)code);
    uselocale(before);
    return width < 0 ? 1 : width;
}

/* --- pieces ---------------------------------------------------------------------------------------------------------- */

/* One character as it is printed. */
struct piece {
    char text[24];
    size_t bytes;
    int width;
};

static void add(struct piece *piece, const char *text, size_t bytes)
{
    memcpy(piece->text + piece->bytes, text, bytes);
    piece->bytes += bytes;
    piece->text[piece->bytes] = '\0';
}

static void add_escape(struct piece *piece, enum form form, unsigned char byte)
{
    char text[8];
    const char *slash = form == FORM_MARKDOWN ? "\\\\" : "\\";
    const char name = byte == '\t' ? 't' : byte == '\n' ? 'n' : byte == '\r' ? 'r' : '\0';
    if (name) {
        snprintf(text, sizeof text, "%s%c", slash, name);
    } else {
        snprintf(text, sizeof text, "%sx%02x", slash, byte);
    }
    add(piece, text, strlen(text));
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Whether Markdown (CommonMark, GitHub's tables and formulas) could take the character for more than itself. An underscore
 * inside a word is one: local_topk. */
static bool is_markup(const char *start, const char *at)
{
    if (*at == '_') { return at == start || !is_word(at[-1]) || !is_word(at[1]); }
    return strchr("\\`*[]<>|&~$", *at) || (*at == '#' && at == start);
}

/* Whether a cell must not begin with this: comments, quoted cells, and what spreadsheets run as a formula. */
static bool is_no_start(const char *text)
{
    return *text == '#' || *text == '"' || (*text && strchr("=+-@", *text) && text[1]);
}

/* The character at `at` as it is printed; returns its bytes. */
static size_t next_piece(enum form form, const char *start, const char *at, struct piece *out)
{
    uint32_t code;
    const size_t bytes = dsgd_text_next(at, &code);
    *out = (struct piece){.bytes = 0};
    if (dsgd_text_is_control(code) || (form == FORM_TSV && at == start && is_no_start(at))) {
        for (size_t i = 0; i < bytes; ++i) { add_escape(out, form, (unsigned char)at[i]); }
        out->width = (int)out->bytes;
        return bytes;
    }
    if (form == FORM_TSV ? *at == '\\' : form == FORM_MARKDOWN && is_markup(start, at)) { add(out, "\\", 1); }
    add(out, at, bytes);
    out->width = columns_of(code);
    return bytes;
}

static void put_until(FILE *out, enum form form, const char *text, const char *end)
{
    struct piece piece;
    for (const char *at = text; at < end;) {
        at += next_piece(form, text, at, &piece);
        fwrite(piece.text, 1, piece.bytes, out);
    }
}

static void put(FILE *out, enum form form, const char *text)
{
    put_until(out, form, text, text + strlen(text));
}

/* --- forms ----------------------------------------------------------------------------------------------------------- */

void dsgd_print_shown(FILE *out, const char *text)
{
    put(out, FORM_SHOWN, text);
}

void dsgd_print_lines(FILE *out, const char *text)
{
    while (*text) {
        const size_t length = strcspn(text, "\n");
        put_until(out, FORM_SHOWN, text, text + length);
        fputc('\n', out);
        text += length + (text[length] == '\n');
    }
}

int dsgd_text_width(const char *text)
{
    struct piece piece;
    int width = 0;
    for (const char *at = text; *at;) {
        at += next_piece(FORM_SHOWN, text, at, &piece);
        width += piece.width;
    }
    return width;
}

void dsgd_print_padded(FILE *out, int width, const char *text)
{
    const int rest = (width < 0 ? -width : width) - dsgd_text_width(text);
    if (width > 0 && rest > 0) { fprintf(out, "%*s", rest, ""); }
    dsgd_print_shown(out, text);
    if (width < 0 && rest > 0) { fprintf(out, "%*s", rest, ""); }
}

const char *dsgd_text_shown_into(char *into, size_t size, const char *text)
{
    struct piece piece;
    size_t used = 0;
    for (const char *at = text; *at;) {
        at += next_piece(FORM_SHOWN, text, at, &piece);
        if (used + piece.bytes >= size) { break; }
        memcpy(into + used, piece.text, piece.bytes);
        used += piece.bytes;
    }
    if (size > 0) { into[used] = '\0'; }
    return into;
}

void dsgd_print_tsv(FILE *out, const char *text)
{
    put(out, FORM_TSV, text);
}

void dsgd_print_tsv_number(FILE *out, int digits, double value)
{
    if (isnan(value)) {
        fputs("NaN", out); /* printf would write nan or -nan */
    } else if (isinf(value)) {
        fputs(value > 0.0 ? "inf" : "-inf", out);
    } else {
        fprintf(out, "%.*g", digits, value);
    }
}

void dsgd_print_markdown(FILE *out, const char *text)
{
    put(out, FORM_MARKDOWN, text);
}
