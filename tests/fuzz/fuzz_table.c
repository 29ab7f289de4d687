/* fuzz_table.c - any text as the `config` attribute of results and as a label: what `table` reads out of it is there or not,
 * every form of output is one line of UTF-8 that moves no cursor and turns no writing direction, and a cell of tab-separated
 * text reads back as the text. Options: -max_len=1024
 *
 * Input: two texts, the second after the first zero byte.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/json_out.h"
#include "lab/config/resolved.h"
#include "lab/report/table_text.h"
#include "lab/report/text_out.h"
#include "tests/fuzz/input.h"

enum { FORMS = 4 };

static void give_up(const char *what, const char *text, const char *printed)
{
    fprintf(stderr, "%s\n%s\n%s\n", what, text, printed);
    abort();
}

/* Not dsgd_text_next: a decoder of its own. Returns the bytes of a character, 0 where there is none. */
static size_t character(const unsigned char *at, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xc0 && at[0] < 0xe0 ? 2 : at[0] >= 0xe0 && at[0] < 0xf0 ? 3 : at[0] >= 0xf0 && at[0] < 0xf8 ? 4 : 0;
    if (n == 0) { return 0; }
    *code = n == 1 ? at[0] : at[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; ++i) {
        if ((at[i] & 0xc0) != 0x80) { return 0; }
        *code = *code << 6 | (at[i] & 0x3fu);
    }
    return *code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ? 0 : n;
}

static int is_safe(const char *printed)
{
    uint32_t code = 0;
    for (size_t n = 0; *printed; printed += n) {
        if ((n = character((const unsigned char *)printed, &code)) == 0) { return 0; }
        if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 || code == 0x200e || code == 0x200f ||
            code == 0x61c || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) {
            return 0;
        }
    }
    return 1;
}

/* What docs/reading.md tells the readers of tab-separated text. */
static void undo(char *cell)
{
    char *to = cell;
    for (; *cell; ++cell) {
        unsigned byte = 0;
        if (*cell != '\\') {
            *to++ = *cell;
        } else if (*++cell == 'x' && sscanf(cell + 1, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            cell += 2;
        } else {
            *to++ = *cell == 't' ? '\t' : *cell == 'n' ? '\n' : *cell == 'r' ? '\r' : '\\';
        }
    }
    *to = '\0';
}

static void padded(FILE *out, const char *text)
{
    dsgd_print_padded(out, -17, text);
}

static void forms_of(const char *text)
{
    static void (*const form[FORMS])(FILE *, const char *) = {dsgd_print_shown, dsgd_print_tsv, dsgd_print_markdown, padded};
    for (int f = 0; f < FORMS; ++f) {
        char *printed = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&printed, &size);
        if (!out) { abort(); }
        form[f](out, text);
        if (fclose(out) != 0) { abort(); }
        if (strlen(printed) != size || !is_safe(printed)) { give_up("printed unsafely", text, printed); }
        if (form[f] == dsgd_print_tsv) {
            undo(printed);
            if (strcmp(printed, text) != 0) { give_up("reads back as another text", text, printed); }
        }
        free(printed);
    }
    char cut[24];
    if (!is_safe(dsgd_text_shown_into(cut, sizeof cut, text)) || strlen(cut) >= sizeof cut) { give_up("cut unsafely", text, cut); }
    json_t *root = json_object();
    json_set_text(root, "text", text);
    char *printed = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    if (!out || json_write(root, out) != DSGD_OK || fclose(out) != 0) { abort(); }
    for (char *at = printed; *at; ++at) { *at = *at == '\n' ? ' ' : *at; } /* of the layout */
    json_t *again = json_loads(printed, 0, NULL);
    if (!again || !is_safe(printed)) { give_up("JSON that nothing reads", text, printed); }
    json_decref(again);
    free(printed);
}

static void keys_of(char *config, char *other, const char *algorithm)
{
    struct dsgd_runfile run[2] = {{.config = config}, {.config = other}};
    const struct dsgd_runfile *at[2] = {&run[0], &run[1]};
    snprintf(run[0].algorithm, sizeof run[0].algorithm, "%s", algorithm);
    snprintf(run[1].algorithm, sizeof run[1].algorithm, "sgd");
    struct curve curve[2] = {{.runs = 1, .run = &at[0]}, {.runs = 1, .run = &at[1]}};
    const struct curve_set set = {2, curve};
    for (int method = 0; method < 2; ++method) {
        char *text = NULL;
        if (dsgd_table_text_keys(&set, method, &text) != DSGD_OK) { abort(); }
        forms_of(text);
        free(text);
    }
}

static char *copy(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1); /* of the exact size: the address sanitizer sees a byte too far */
    if (!text) { abort(); }
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    const size_t first = end ? (size_t)(end - data) : size;
    char *config = copy(data, first), *other = copy(data + first, size - first);
    memmove(other, other + (end ? 1 : 0), size - first + (end ? 0 : 1));
    forms_of(config);
    free(dsgd_resolved_value(config, "step", "constant"));
    free(dsgd_resolved_value(config, "", "label"));
    keys_of(config, other, "sketched_sgd");
    keys_of(other, config, config); /* an algorithm that no registry has */
    free(config);
    free(other);
    return 0;
}
