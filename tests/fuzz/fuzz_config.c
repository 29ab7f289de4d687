/* fuzz_config.c - any text as a configuration and as a sweep: refused with a sentence, or resolved to a text that resolves
 * to itself. Options: -max_len=2048
 *
 * include() may name any file. Here the input lies in an empty folder of its own, and an input whose include could leave it (a
 * slash, or a backslash that could be one) is not tried. What libConfuse is given is looked at too: nothing that it expands or
 * gives up on.
 */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/config/source.h"
#include "lab/config/spec.h"
#include "tests/fuzz/input.h"

static char folder[64], path[96], again[96];

static void remove_folder(void)
{
    unlink(path);
    unlink(again);
    rmdir(folder);
}

static void make_folder(void)
{
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/dsgd-fuzz-XXXXXX", parent);
    if (!mkdtemp(folder)) { abort(); }
    snprintf(path, sizeof path, "%s/in.conf", folder);
    snprintf(again, sizeof again, "%s/again.conf", folder);
    atexit(remove_folder);
}

static void store(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) { abort(); }
}

static int may_leave(const uint8_t *data, size_t size)
{
    return memmem(data, size, "include", 7) && (memchr(data, '/', size) || memchr(data, '\\', size));
}

/* Quoted words and signs, in lines that all have their origin. */
static void check_text(enum source_kind kind)
{
    struct source_text text = {.text = NULL};
    if (dsgd_source_text_read(path, kind, &text) == DSGD_OK) {
        size_t lines = 0;
        int quoted = 0;
        for (const char *at = text.text; *at; ++at) {
            const unsigned char c = (unsigned char)*at;
            lines += c == '\n';
            if (c != '\n' && (c < 0x20 || c == 0x7F)) { abort(); }
            if (c == '"') { quoted = !quoted; }
            if (quoted && ((c == '\\' && !*++at) || c == '$')) { abort(); }
            if (!quoted && !strchr("\"{}=, \n", c)) { abort(); }
        }
        if (quoted || lines != (text.lines ? text.lines : 1)) { abort(); }
    } else if (!*dsgd_error()) {
        abort();
    }
    dsgd_source_text_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!*folder) { make_folder(); }
    if (may_leave(data, size)) { return 0; }
    store(path, data, size);
    check_text(SOURCE_CONFIG);
    check_text(SOURCE_SWEEP);
    struct dsgd_spec spec, same;
    if (dsgd_spec_load(path, NULL, 0, &spec) == DSGD_OK) {
        char place[4096];
        if (dsgd_spec_path(&spec, "none", place, sizeof place) != DSGD_OK) { abort(); }
        store(again, spec.text, strlen(spec.text));
        if (dsgd_spec_load(again, NULL, 0, &same) != DSGD_OK || strcmp(spec.sha256, same.sha256) != 0) {
            fprintf(stderr, "the resolved text does not resolve to itself: %s\n%s", dsgd_error(), spec.text);
            abort();
        }
        unlink(again); /* no later input includes it */
        dsgd_spec_clear(&same);
        dsgd_spec_clear(&spec);
    } else if (!*dsgd_error()) {
        abort();
    }
    struct source source = {.cfg = NULL};
    if (dsgd_source_parse(path, SOURCE_SWEEP, &source) != DSGD_OK && !*dsgd_error()) { abort(); }
    dsgd_source_clear(&source);
    return 0;
}
