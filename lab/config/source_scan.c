/* source_scan.c - blanks, comments, words, quoted texts.
 *
 * libConfuse's own scanner ends the process on some texts, reads the environment at ${NAME}, ends a word at + and skips
 * characters that it does not know. Here all that is a word or a sentence, so that its scanner only ever sees what
 * source_text.c has written.
 */
#include "lab/config/source_scan.h"

#include <stdlib.h>
#include <string.h>

enum dsgd_status dsgd_source_scan_begin(const struct source_file *file, struct source_scan *out)
{
    *out = (struct source_scan){.file = file, .at = file->bytes, .line = 1};
    out->store = malloc(2 * file->size + 2); /* each text is no longer than it was, and has a zero byte */
    out->free = out->store;
    return out->store ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for the words of a configuration");
}

void dsgd_source_scan_clear(struct source_scan *scan)
{
    free(scan->store);
    scan->store = scan->free = NULL;
}

static enum dsgd_status unclosed(const struct source_scan *scan, int line, const char *what, const char *close)
{
    char place[SOURCE_PLACE_MAX];
    return dsgd_fail(DSGD_EINPUT, "%s: %s is not closed; expected %s", dsgd_source_place(scan->file->name, line, place), what, close);
}

static enum dsgd_status environment(const struct source_scan *scan)
{
    char place[SOURCE_PLACE_MAX];
    return dsgd_fail(DSGD_EINPUT, "%s: ${ would read the environment, on which no result depends; expected the value itself (or '${' in single quotes)",
                     dsgd_source_place(scan->file->name, scan->line, place));
}

/* Blanks and comments. */
static enum dsgd_status skip(struct source_scan *scan)
{
    for (;;) {
        const char c = *scan->at;
        if (c == '\n') { ++scan->line; }
        if (c == ' ' || c == '\t' || c == '\n') {
            ++scan->at;
        } else if (c == '#' || (c == '/' && scan->at[1] == '/')) {
            scan->at += strcspn(scan->at, "\n");
        } else if (c == '/' && scan->at[1] == '*') {
            const char *end = strstr(scan->at + 2, "*/");
            if (!end) { return unclosed(scan, scan->line, "comment /*", "*/"); }
            for (; scan->at < end; ++scan->at) { scan->line += *scan->at == '\n'; }
            scan->at += 2;
        } else {
            return DSGD_OK;
        }
    }
}

static void put(struct source_scan *scan, char c)
{
    *scan->free++ = c;
}

static enum dsgd_status single_quoted(struct source_scan *scan, int line)
{
    for (;;) {
        const char c = *scan->at++;
        if (c == '\0') { return unclosed(scan, line, "text in '", "'"); }
        if (c == '\'') { return DSGD_OK; }
        if (c == '\n') { ++scan->line; }
        if (c != '\\') {
            put(scan, c);
        } else if (*scan->at == '\n') { /* the line goes on */
            ++scan->line;
            ++scan->at;
        } else if (*scan->at == '\\' || *scan->at == '\'') {
            put(scan, *scan->at++);
        } else {
            put(scan, c);
        }
    }
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)((found - digits) % 16) : -1;
}

/* \ooo or \xhh, `at` behind the backslash; the value, or -1 if it is no byte but zero. */
static int numbered(const char *at, size_t *length)
{
    int value = 0;
    if (*at == 'x') {
        for (*length = 1; *length <= 2 && hex_digit(at[*length]) >= 0; ++*length) { value = 16 * value + hex_digit(at[*length]); }
        return value > 0 ? value : -1;
    }
    *length = strspn(at, "0123456789");
    for (size_t i = 0; i < *length && i < 4; ++i) { value = at[i] < '8' ? 8 * value + at[i] - '0' : 256; }
    return *length <= 3 && value > 0 && value <= 255 ? value : -1;
}

static enum dsgd_status escape(struct source_scan *scan)
{
    static const char letters[] = "nrbfaetv", meant[] = "\n\r\b\f\a\033\t\v";
    const char c = *scan->at;
    const char *letter = strchr(letters, c);
    if ((c >= '0' && c <= '9') || (c == 'x' && hex_digit(scan->at[1]) >= 0)) {
        char place[SOURCE_PLACE_MAX];
        size_t length = 0;
        const int value = numbered(scan->at, &length);
        if (value < 0) {
            return dsgd_fail(DSGD_EINPUT, "%s: escape \\%.*s; expected \\001 to \\377 (three digits) or \\x01 to \\xff",
                             dsgd_source_place(scan->file->name, scan->line, place), length < 20 ? (int)length : 20, scan->at);
        }
        put(scan, (char)value);
        scan->at += length;
        return DSGD_OK;
    }
    ++scan->at;
    if (c == '\n') { /* the line goes on */
        ++scan->line;
    } else {
        put(scan, letter ? meant[letter - letters] : c);
    }
    return DSGD_OK;
}

static enum dsgd_status double_quoted(struct source_scan *scan, int line)
{
    for (;;) {
        const char c = *scan->at++;
        if (c == '\0' || (c == '\\' && *scan->at == '\0')) { return unclosed(scan, line, "text in \"", "\""); }
        if (c == '"') { return DSGD_OK; }
        if (c == '\n') { ++scan->line; }
        if (c == '$' && *scan->at == '{') { return environment(scan); }
        if (c == '\\') {
            DSGD_TRY(escape(scan));
        } else {
            put(scan, c);
        }
    }
}

/* A word ends at a blank, a quote, a sign or a comment; + belongs to it but in +=. */
static enum dsgd_status word(struct source_scan *scan)
{
    static const char ends[] = " \t\n#\"'{}=(),";
    for (; *scan->at && !strchr(ends, *scan->at); ++scan->at) {
        const char next = scan->at[1];
        if (*scan->at == '/' && next == '*') { break; }
        if (*scan->at == '$' && next == '{') { return environment(scan); }
        if (*scan->at == '+' && next == '=') {
            char place[SOURCE_PLACE_MAX];
            return dsgd_fail(DSGD_EINPUT, "%s: += would append; expected key = value, or key = {value, ...} in a sweep",
                             dsgd_source_place(scan->file->name, scan->line, place));
        }
        put(scan, *scan->at);
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_source_scan_next(struct source_scan *scan, struct source_token *out)
{
    DSGD_TRY(skip(scan));
    const char c = *scan->at;
    *out = (struct source_token){.kind = c, .line = scan->line, .text = scan->free};
    if (c == '\0') { return DSGD_OK; }
    if (strchr("{}=(),", c)) {
        ++scan->at;
        return DSGD_OK;
    }
    out->kind = c == '"' || c == '\'' ? 's' : 'w';
    if (out->kind == 's') { ++scan->at; }
    DSGD_TRY(c == '"' ? double_quoted(scan, out->line) : c == '\'' ? single_quoted(scan, out->line) : word(scan));
    put(scan, '\0');
    return DSGD_OK;
}
