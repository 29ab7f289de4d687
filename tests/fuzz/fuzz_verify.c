/* fuzz_verify.c - any bytes as the stored rows of a check: each line is refused, or a row that prints and reads back as itself;
 * as a text whose last line is set anew the bytes come back, without that line they are refused. Options: -max_len=2048
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/text_file.h"
#include "tests/fuzz/input.h"
#include "verify/table.h"

static char *printed(const struct verify_row *row)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) { abort(); }
    verify_row_print(out, row, "facts", 1, false);
    if (fclose(out) != 0) { abort(); }
    return text;
}

static void line(const char *bytes, size_t length)
{
    struct verify_row row, again;
    char *text = malloc(length + 1); /* of the exact size: the address sanitizer sees a byte too far */
    if (!text) { abort(); }
    memcpy(text, bytes, length);
    text[length] = '\0';
    if (verify_row_parse(text, &row)) {
        char claim[256], *first = printed(&row), *copy = strdup(first);
        verify_claim_text(&row, claim, sizeof claim);
        if (!copy || strchr(first, '\n') || !verify_row_parse(copy, &again)) {
            fprintf(stderr, "a row does not read back: %s\n", first);
            abort();
        }
        char *second = printed(&again);
        if (strcmp(first, second) != 0) {
            fprintf(stderr, "a row reads back as another: %s\n%s\n", first, second);
            abort();
        }
        free(second);
        free(copy);
        free(first);
    }
    free(text);
}

/* Any text of whole lines that was written is read, and nothing else. */
static void whole(const uint8_t *data, size_t all)
{
    size_t size = all;
    while (size > 0 && data[size - 1] != '\n') { --size; }
    static char path[512];
    char *text = NULL;
    size_t length = 0;
    snprintf(path, sizeof path, "%s/dsgd-rows-%ld", fuzz_folder(), (long)getpid());
    unlink(path); /* of a process that crashed */
    if (dsgd_text_file_write(path, (const char *)data, size, TEXT_FILE_HASH) != DSGD_OK || dsgd_text_file_read(path, &text, &length) != DSGD_OK ||
        length != size || memcmp(text, data, size) != 0 || text[size] != '\0') {
        fprintf(stderr, "a text does not come back: %s\n", dsgd_error());
        abort();
    }
    free(text);
    unlink(path);
    const char *bare = fuzz_file(data, all);
    if (dsgd_text_file_read(bare, &text, &length) == DSGD_OK) {
        free(text); /* the input has its last line itself */
    } else if (text || !strstr(dsgd_error(), bare)) {
        abort();
    }
    const enum dsgd_status status = dsgd_text_file_check(bare);
    if (status != DSGD_OK && !strstr(dsgd_error(), bare)) { abort(); }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        const size_t length = end ? (size_t)(end - data) - at + 1 : size - at;
        line((const char *)data + at, length);
        at += length;
    }
    whole(data, size);
    return 0;
}
