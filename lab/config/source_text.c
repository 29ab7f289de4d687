/* source_text.c - the grammar of configuration and sweep files; includes are put in place.
 *
 * Each file is whole in itself: an included one closes what it opens. Every word is written in double quotes with escapes,
 * which libConfuse's scanner reads as just that word.
 */
#include "lab/config/source_text.h"

#include <stdlib.h>
#include <string.h>

#include "lab/config/source_scan.h"
#include "lab/config/source_seen.h"

const char *const dsgd_source_expected[2] = {"key = value, section { ... } or include(\"file\")",
                                        "runs NAME { ... } with config = FILE.conf and key = {value, ...}"};

static const char *const what_kind[] = {"configuration", "sweep"}, *const example[] = {"convex/quadratic.conf", "convex/quadratic.sweep"};

enum { NESTED_MAX = 2 }; /* section in runs */

/* A file that is being read, and who includes it. */
struct frame {
    const struct frame *outer;
    struct source_file file;
    struct source_scan scan;
    struct source_seen seen;
    struct source_token open[NESTED_MAX]; /* names of what is open, with the line */
    int depth, blocks, number;
};

struct reader {
    struct source_text *out;
    FILE *stream;
    enum source_kind kind;
    size_t read;
};

static enum dsgd_status read_file(struct reader *r, const struct frame *outer, const char *who, const char *path);

static enum dsgd_status no_memory(void)
{
    return dsgd_fail(DSGD_ENOMEM, "no memory for the text of a configuration");
}

static enum dsgd_status syntax(const struct reader *r, const struct frame *f, int line, const char *reason, const char *text)
{
    char place[SOURCE_PLACE_MAX], shown[DSGD_SHOWN_MAX];
    return dsgd_fail(DSGD_EINPUT, "%s: %s %s; expected %s", dsgd_source_place(f->file.name, line, place), reason, dsgd_text_shown(text, shown),
                     dsgd_source_expected[r->kind]);
}

static enum dsgd_status unexpected(const struct reader *r, const struct frame *f, const struct source_token *token)
{
    const char sign[] = {token->kind, '\0'};
    if (token->kind == '\0') { return syntax(r, f, token->line, "something is missing at the end of", "the file"); }
    return syntax(r, f, token->line, "unexpected", token->kind == 'w' || token->kind == 's' ? token->text : sign);
}

static void write_quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; ++text) {
        const unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7F) {
            fprintf(out, "\\x%02x", (unsigned)c);
        } else {
            if (strchr("\"\\$", c)) { putc('\\', out); } /* \$: no variable begins here */
            putc(c, out);
        }
    }
    putc('"', out);
}

/* Begins a line of the text where file or line change: libConfuse knows lines only. */
static enum dsgd_status emit(struct reader *r, const struct frame *f, const struct source_token *token)
{
    struct source_text *out = r->out;
    const struct source_origin *last = out->lines ? &out->origin[out->lines - 1] : NULL;
    if (!last || last->file != f->number || last->line != token->line) {
        if (out->lines == out->lines_capacity) {
            const size_t capacity = out->lines ? 2 * out->lines : 64;
            struct source_origin *grown = realloc(out->origin, capacity * sizeof *grown);
            if (!grown) { return no_memory(); }
            out->origin = grown;
            out->lines_capacity = capacity;
        }
        if (last) { putc('\n', r->stream); }
        out->origin[out->lines++] = (struct source_origin){f->number, token->line};
    }
    if (token->kind == 'w' || token->kind == 's') {
        write_quoted(r->stream, token->text);
    } else {
        putc(token->kind, r->stream);
    }
    putc(' ', r->stream);
    return ferror(r->stream) ? no_memory() : DSGD_OK;
}

static bool is_text(const struct source_token *token)
{
    return token->kind == 'w' || token->kind == 's';
}

/* The name of a block or file: no parameter table will look at it. */
static enum dsgd_status check_name(const struct frame *f, const char *key, const struct source_token *name)
{
    char place[SOURCE_PLACE_MAX], shown[DSGD_SHOWN_MAX];
    if (*name->text && dsgd_text_plain(name->text)) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "%s: %s \"%s\": expected a name in UTF-8 without control characters", dsgd_source_place(f->file.name, name->line, place),
                     key, dsgd_text_shown(name->text, shown));
}

/* include("x"): relative to the file it stands in, or absolute. */
static enum dsgd_status include(struct reader *r, const struct frame *f, const struct source_token *name)
{
    char place[SOURCE_PLACE_MAX], shown[DSGD_SHOWN_MAX], who[SOURCE_PLACE_MAX + DSGD_SHOWN_MAX + 32];
    dsgd_source_place(f->file.name, name->line, place);
    DSGD_TRY(check_name(f, "include", name));
    snprintf(who, sizeof who, "%s: include(\"%s\")", place, dsgd_text_shown(name->text, shown));
    int depth = 0;
    for (const struct frame *at = f; at; at = at->outer) { ++depth; }
    if (depth > SOURCE_DEPTH_MAX) {
        return dsgd_fail(DSGD_EINPUT, "%s is include %d in a row; expected at most %d", who, depth, SOURCE_DEPTH_MAX);
    }
    if (r->out->files >= SOURCE_FILES_MAX) {
        return dsgd_fail(DSGD_EINPUT, "%s: more than %d files; expected fewer includes", who, SOURCE_FILES_MAX);
    }
    const char *slash = *name->text == '/' ? NULL : strrchr(f->file.name, '/');
    const size_t folder = slash ? (size_t)(slash - f->file.name) + 1 : 0, size = folder + strlen(name->text) + 1;
    char *path = malloc(size);
    if (!path) { return no_memory(); }
    snprintf(path, size, "%.*s%s", (int)folder, f->file.name, name->text);
    const enum dsgd_status status = read_file(r, f, who, path);
    free(path);
    return status;
}

static enum dsgd_status include_call(struct reader *r, struct frame *f, const struct source_token *key)
{
    struct source_token name, close;
    if (r->kind != SOURCE_CONFIG || f->depth > 0) {
        return syntax(r, f, key->line, "include(...) only stands at the top level of", "a configuration");
    }
    DSGD_TRY(dsgd_source_scan_next(&f->scan, &name));
    if (!is_text(&name)) { return syntax(r, f, name.line, "include takes", "one file name"); }
    DSGD_TRY(dsgd_source_scan_next(&f->scan, &close));
    if (close.kind != ')') { return syntax(r, f, close.line, "include takes", "one file name"); }
    return include(r, f, &name);
}

/* value, or {value, ...} with an optional comma at the end. */
static enum dsgd_status values(struct reader *r, struct frame *f, const struct source_token *key)
{
    struct source_token token;
    const bool names = r->kind == SOURCE_SWEEP && f->depth == 1 && strcmp(key->text, "config") == 0;
    DSGD_TRY(dsgd_source_scan_next(&f->scan, &token));
    const struct source_token first = token;
    if (is_text(&token)) {
        if (names) { DSGD_TRY(check_name(f, key->text, &token)); }
        return emit(r, f, &token);
    }
    if (token.kind != '{') { return unexpected(r, f, &token); }
    DSGD_TRY(emit(r, f, &token));
    for (bool comma = true;;) {
        DSGD_TRY(dsgd_source_scan_next(&f->scan, &token));
        if (token.kind == '\0') { return syntax(r, f, first.line, "{ is not closed: the values of", key->text); }
        const bool empty = token.kind == ',' && comma;
        if (empty || (token.kind != ',' && token.kind != '}' && !(is_text(&token) && comma))) { return unexpected(r, f, &token); }
        if (names && is_text(&token)) { DSGD_TRY(check_name(f, key->text, &token)); }
        DSGD_TRY(emit(r, f, &token));
        if (token.kind == '}') { return DSGD_OK; }
        comma = token.kind == ',';
    }
}

static enum dsgd_status open_section(struct reader *r, struct frame *f, const struct source_token *name, const struct source_token *brace)
{
    if (f->depth == (r->kind == SOURCE_SWEEP ? NESTED_MAX : NESTED_MAX - 1)) {
        return syntax(r, f, brace->line, "no section stands inside of", f->open[f->depth - 1].text);
    }
    f->open[f->depth++] = *name;
    return emit(r, f, brace);
}

/* runs NAME { */
static enum dsgd_status open_block(struct reader *r, struct frame *f, const struct source_token *key, const struct source_token *title)
{
    struct source_token brace;
    if (r->kind != SOURCE_SWEEP || f->depth > 0) { return syntax(r, f, title->line, "missing = or { after", key->text); }
    DSGD_TRY(check_name(f, key->text, title));
    DSGD_TRY(dsgd_source_scan_next(&f->scan, &brace));
    if (brace.kind != '{') { return syntax(r, f, brace.line, "missing { after", title->text); }
    DSGD_TRY(dsgd_source_seen_add(&f->seen, -1, key->text, title->text, title->line));
    DSGD_TRY(emit(r, f, title));
    ++f->blocks;
    return open_section(r, f, key, &brace);
}

static enum dsgd_status statement(struct reader *r, struct frame *f, const struct source_token *key)
{
    const char *section = f->depth > (r->kind == SOURCE_SWEEP) ? f->open[f->depth - 1].text : "";
    struct source_token sign;
    if (!is_text(key)) { return unexpected(r, f, key); }
    if (!*key->text || strpbrk(key->text, "|=")) { /* libConfuse has paths of sections: step|constant */
        return syntax(r, f, key->line, "no key is called", *key->text ? key->text : "\"\"");
    }
    DSGD_TRY(dsgd_source_scan_next(&f->scan, &sign));
    if (sign.kind == '(' && strcmp(key->text, "include") == 0) { return include_call(r, f, key); }
    if (strcmp(key->text, "include") == 0) { return syntax(r, f, key->line, "missing ( after", "include"); }
    if (sign.kind != '=' && sign.kind != '{' && !is_text(&sign)) { return syntax(r, f, key->line, "missing = or { after", key->text); }
    DSGD_TRY(emit(r, f, key));
    if (is_text(&sign)) { return open_block(r, f, key, &sign); }
    if (sign.kind == '{') { return open_section(r, f, key, &sign); }
    DSGD_TRY(dsgd_source_seen_add(&f->seen, f->blocks, section, key->text, key->line));
    DSGD_TRY(emit(r, f, &sign));
    return values(r, f, key);
}

static enum dsgd_status statements(struct reader *r, struct frame *f)
{
    for (;;) {
        struct source_token token;
        DSGD_TRY(dsgd_source_scan_next(&f->scan, &token));
        if (token.kind == '\0') { break; }
        if (token.kind != '}') {
            DSGD_TRY(statement(r, f, &token));
        } else if (f->depth > 0) {
            --f->depth;
            DSGD_TRY(emit(r, f, &token));
        } else {
            return syntax(r, f, token.line, "no section is open before", "}");
        }
    }
    if (f->depth > 0) { return syntax(r, f, f->open[f->depth - 1].line, "{ is not closed after", f->open[f->depth - 1].text); }
    return dsgd_source_seen_check(&f->seen, f->file.name);
}

/* The same file again, inside of itself. */
static enum dsgd_status check_circle(const struct frame *f, const char *who)
{
    for (const struct frame *at = f->outer; at; at = at->outer) {
        if (at->file.device == f->file.device && at->file.inode == f->file.inode) {
            char shown[DSGD_SHOWN_MAX];
            return dsgd_fail(DSGD_EINPUT, "%s is inside of %s, the same file: expected files that do not include themselves", who,
                             dsgd_text_shown(at->file.name, shown));
        }
    }
    return DSGD_OK;
}

static enum dsgd_status read_frame(struct reader *r, struct frame *f, const char *who, const char *path)
{
    DSGD_TRY(dsgd_source_file_read(path, who, example[r->kind], &f->file));
    DSGD_TRY(check_circle(f, who));
    r->read += f->file.read;
    if (r->read > SOURCE_TOTAL_MAX) {
        return dsgd_fail(DSGD_EINPUT, "%s: more than %d bytes in all files; expected at most so many", who, SOURCE_TOTAL_MAX);
    }
    char **grown = realloc(r->out->file, (r->out->files + 1) * sizeof *grown);
    if (!grown) { return no_memory(); }
    r->out->file = grown;
    if (!(grown[r->out->files] = strdup(path))) { return no_memory(); }
    f->number = (int)r->out->files++;
    DSGD_TRY(dsgd_source_scan_begin(&f->file, &f->scan));
    return statements(r, f);
}

static enum dsgd_status read_file(struct reader *r, const struct frame *outer, const char *who, const char *path)
{
    struct frame frame = {.outer = outer};
    const enum dsgd_status status = read_frame(r, &frame, who, path);
    dsgd_source_seen_clear(&frame.seen);
    dsgd_source_scan_clear(&frame.scan);
    dsgd_source_file_clear(&frame.file);
    return status;
}

enum dsgd_status dsgd_source_text_read(const char *path, enum source_kind kind, struct source_text *out)
{
    char who[DSGD_SHOWN_MAX + 32], shown[DSGD_SHOWN_MAX];
    size_t size = 0;
    struct reader reader = {.out = out, .kind = kind};
    reader.stream = open_memstream(&out->text, &size);
    if (!reader.stream) { return no_memory(); }
    snprintf(who, sizeof who, "%s %s", what_kind[kind], dsgd_text_shown(path, shown));
    enum dsgd_status status = read_file(&reader, NULL, who, path);
    putc('\n', reader.stream);
    const bool lost = ferror(reader.stream) != 0;
    if (fclose(reader.stream) != 0 || lost) { status = status == DSGD_OK ? no_memory() : status; }
    return status;
}

void dsgd_source_text_clear(struct source_text *text)
{
    for (size_t j = 0; j < text->files; ++j) { free(text->file[j]); }
    free(text->file);
    free(text->origin);
    free(text->text);
    *text = (struct source_text){.text = NULL};
}

const char *dsgd_source_text_place(const struct source_text *text, int line, char place[SOURCE_PLACE_MAX])
{
    if (text->lines == 0) { return dsgd_source_place("configuration", 0, place); }
    const size_t at = line < 1 ? 0 : (size_t)line > text->lines ? text->lines - 1 : (size_t)line - 1;
    return dsgd_source_place(text->file[text->origin[at].file], text->origin[at].line, place);
}

void dsgd_source_print_value(FILE *out, const char *value)
{
    const bool single = strstr(value, "${") != NULL;
    const bool quoted = !*value || strpbrk(value, " \t{}=,#'()") || strstr(value, "/*") || strncmp(value, "//", 2) == 0;
    if (!quoted) {
        fputs(value, out);
    } else if (!single) {
        fprintf(out, "\"%s\"", value);
    } else { /* no variable */
        putc('\'', out);
        for (; *value; ++value) { fprintf(out, "%s%c", *value == '\'' ? "\\" : "", *value); }
        putc('\'', out);
    }
}
