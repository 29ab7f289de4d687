/* fuzz_sweep.c - any text as a sweep, expanded and printed by the command as a list and as rules for make: refused with a
 * sentence, or lines of which each is one command of whole words. Options: -max_len=1024
 *
 * --set pins what would make runs large; few commas keep grids small. An input that could name files outside the harness's
 * own folder (a slash, ~, a variable or an escaped character in it) is tried without reading: those bytes are left out.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/commands.h"
#include "tests/fuzz/input.h"

enum { LISTS_MAX = 8 };

static char folder[512], path[600], config[600];

static int remove_one(const char *name, const struct stat *info, int type, struct FTW *place)
{
    (void)info, (void)type, (void)place;
    return remove(name);
}

static void remove_folder(void)
{
    if (chdir("/") == 0) { nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); } /* reasons of impossible combinations too */
}

static void store(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) { abort(); }
}

static void make_folder(void)
{
    static const char text[] = "problem = quadratic\nquadratic { d = 3 }\nalgorithm = sgd\nsteps = 3\nstep { constant = 0.1 }\n";
    snprintf(folder, sizeof folder, "%s/dsgd-fuzz-XXXXXX", fuzz_folder());
    if (!mkdtemp(folder) || chdir(folder) != 0) { abort(); }
    snprintf(path, sizeof path, "%s/s.sweep", folder);
    snprintf(config, sizeof config, "%s/a", folder);
    store(config, text, sizeof text - 1);
    atexit(remove_folder);
}

/* A line's words are whole: no quote stays open, and in a recipe of make every dollar is doubled. */
static bool whole_words(const char *line, size_t length, bool make)
{
    bool open = false;
    for (size_t i = 0; i < length; ++i) {
        if (line[i] == '\r' || line[i] == '\0') { return false; }
        if (make && line[i] == '$' && (++i == length || line[i] != '$')) { return false; }
        if (line[i] == '\'') { open = !open; }
        if (line[i] == '\\' && !open) { ++i; }
    }
    return !open;
}

static void check(const char *text, size_t size, bool make)
{
    static const char command[] = "dsgd run ";
    for (size_t at = 0; at < size;) {
        const char *line = text + at, *end = memchr(line, '\n', size - at);
        size_t length = end ? (size_t)(end - line) : 0;
        at += length + 1;
        bool good = end != NULL;
        if (make && *line != '\t') { /* targets and variables: without a recipe's freedom */
            for (size_t i = 0; i < length; ++i) { good = good && line[i] >= ' '; }
        } else {
            if (make) { ++line, --length; }
            if (make && *line == '@') { ++line, --length; }
            const bool done = make && length == strlen("$(SWEEP_DONE)") && memcmp(line, "$(SWEEP_DONE)", length) == 0;
            good = good && (done || (length > sizeof command - 1 && memcmp(line, command, sizeof command - 1) == 0 && whole_words(line, length, make)));
        }
        if (!good) {
            fprintf(stderr, "not one command on one line:\n%.*s\n", (int)size, text);
            abort();
        }
    }
}

static void run(char *mode)
{
    char *argv[] = {"dsgd sweep", mode, "--quiet", "--command", "dsgd run", "--set", "problem=quadratic", "--set", "quadratic.d=3", "--set", "workers=2",
                    "--set", "algorithm=sgd", "--set", "steps=3", path, NULL};
    char *text = NULL;
    size_t size = 0;
    static FILE *nowhere; /* sentences of refusals */
    if (!nowhere && !(nowhere = fopen("/dev/null", "w"))) { abort(); }
    FILE *terminal = stdout, *errors = stderr, *out = open_memstream(&text, &size);
    if (!out) { abort(); }
    stdout = out;
    stderr = nowhere;
    const int code = command_sweep.run(sizeof argv / sizeof *argv - 1, argv);
    stdout = terminal;
    stderr = errors;
    if (fclose(out) != 0 || (code != 0 && code != 2) || (code == 2 && !*dsgd_error())) { abort(); }
    if (code == 0) { check(text, size, strcmp(mode, "--make") == 0); }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!*folder) { make_folder(); }
    uint8_t *text = malloc(size + 1);
    if (!text) { abort(); }
    size_t kept = 0, lists = 0;
    for (size_t i = 0; i < size; ++i) {
        if (data[i] == 0 || !strchr("/~$\\", data[i])) { text[kept++] = data[i]; }
        lists += data[i] == ',' || data[i] == '+';
    }
    if (lists <= LISTS_MAX) {
        store(path, text, kept);
        run("--list");
        run("--make");
    }
    free(text);
    return 0;
}
