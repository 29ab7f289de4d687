/* source_case.h - configurations and sweeps written to an empty folder that the test works in, so that sentences name them as
 * a user would, and the beginning of the sentence that each must end in. */
#ifndef DSGD_TESTS_SOURCE_CASE_H
#define DSGD_TESTS_SOURCE_CASE_H

#include "tests/harness.h"

#include <confuse.h>
#include <sys/stat.h>

#include "lab/config/source.h"

static char source_folder[256];

static inline void store(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) { fail_msg("cannot write %s", name); }
}

static inline void put(const char *name, const char *text)
{
    store(name, text, strlen(text));
}

/* The whole beginning of the sentence: file, line, words. */
static inline void expect(enum dsgd_status status, enum dsgd_status wanted, const char *sentence, const char *about)
{
    if (status != wanted || strncmp(dsgd_error(), sentence, strlen(sentence)) != 0) {
        fail_msg("%.100s\n%s: \"%s\", expected %s: \"%s\"", about, dsgd_status_text(status), dsgd_error(), dsgd_status_text(wanted), sentence);
    }
}

static inline enum dsgd_status load(const char *name, const char *set)
{
    struct dsgd_spec spec;
    const enum dsgd_status status = dsgd_spec_load(name, set ? &set : NULL, set ? 1 : 0, &spec);
    if (status == DSGD_OK) { dsgd_spec_clear(&spec); }
    return status;
}

static inline void refused(const char *text, const char *sentence)
{
    put("a.conf", text);
    expect(load("a.conf", NULL), DSGD_EINPUT, sentence, text);
}

static inline void refused_bytes(const char *bytes, size_t size, const char *sentence)
{
    store("a.conf", bytes, size);
    expect(load("a.conf", NULL), DSGD_EINPUT, sentence, bytes);
}

/* A key's text in the file as the parser has it. */
static inline void check_text(const char *file, const char *section, const char *key, const char *wanted)
{
    struct source source = {.cfg = NULL};
    HARNESS_OK(dsgd_source_parse(file, SOURCE_CONFIG, &source));
    const char *found = cfg_getstr(*section ? cfg_getsec(source.cfg, section) : source.cfg, key);
    if (!found || strcmp(found, wanted) != 0) { fail_msg("%s: %s = %s, expected %s", file, key, found ? found : "nothing", wanted); }
    dsgd_source_clear(&source);
}

static inline void accepted(const char *text, const char *section, const char *key, const char *wanted)
{
    put("a.conf", text);
    check_text("a.conf", section, key, wanted);
}

static inline int enter(void **state)
{
    (void)state;
    harness_path(source_folder, sizeof source_folder, ".d");
    return mkdir(source_folder, 0777) != 0 || chdir(source_folder) != 0 || mkfifo("fifo", 0666) != 0;
}

static inline int leave(void **state)
{
    (void)state;
    static const char *const name[] = {"a.conf", "b.conf", "a.sweep", "q.conf", "fifo", "link.conf", "empty.conf", "full.conf", "sub/b.conf", "sub/c.conf"};
    for (size_t i = 0; i < sizeof name / sizeof *name; ++i) { unlink(name[i]); }
    for (int j = 1; j <= 12; ++j) {
        char numbered[64];
        snprintf(numbered, sizeof numbered, "d%d.conf", j);
        unlink(numbered);
    }
    rmdir("sub");
    return chdir("/") != 0 || rmdir(source_folder) != 0;
}

#endif
