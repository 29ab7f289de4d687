/* near.c - edits of result files that the harness makes itself. Interface: near.h. */
#include "tests/fuzz/near.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/seal.h"
#include "tests/fuzz/input.h"

enum { EDIT_BYTES = 5, SEAL_MAX = 128 };

static void give_up(const char *what)
{
    fprintf(stderr, "the harness cannot %s: %s\n", what, dsgd_error());
    abort();
}

static const char *scratch(const char *suffix)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/dsgd-near-%ld%s", fuzz_folder(), (long)getpid(), suffix);
    unlink(path); /* of a process that crashed */
    return path;
}

static uint8_t *slurp(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    *size = file && bytes ? fread(bytes, 1, 1 << 20, file) : 0;
    if (*size == 0 || *size == 1 << 20) { give_up("read its file"); }
    fclose(file);
    return bytes;
}

/* The length without the seal: what is sealed to the same file. */
static void take_seal_off(struct near_run *run)
{
    for (size_t seal = 1; seal <= SEAL_MAX && seal < run->size; ++seal) {
        const char *path = fuzz_file(run->bytes, run->size - seal);
        const int fd = open(path, O_RDWR | O_CLOEXEC);
        const bool sealed = fd >= 0 && dsgd_seal_append(fd);
        if (fd >= 0) { close(fd); }
        size_t size = 0;
        uint8_t *bytes = slurp(path, &size);
        const bool same = sealed && size == run->size && memcmp(bytes, run->bytes, size) == 0;
        free(bytes);
        if (same) {
            run->size -= seal;
            return;
        }
    }
    give_up("find the seal of its file");
}

static enum dsgd_status write_run(struct near_run *run, struct dsgd_engine *engine, const char *path, bool snapshot)
{
    const struct dsgd_attribute attribute[] = {
        {.name = "config_sha256", .text = run->spec.sha256},
        {.name = "dataset_sha256", .text = dsgd_session_dataset_sha256(&run->session)},
        {.name = "problem", .text = run->spec.problem->name},
        {.name = "dataset", .text = run->spec.dataset ? run->spec.dataset->name : "none"},
        {.name = "dataset_title", .text = dsgd_session_dataset_title(&run->session)},
        {.name = "algorithm", .text = run->spec.algorithm->name},
        {.name = "label", .text = "l\xc3\xa4nger"},
        {.name = "config", .text = run->spec.text},
        {.name = "schema_version", .is_integer = true, .integer = DSGD_SCHEMA_VERSION},
        {.name = "results_version", .is_integer = true, .integer = DSGD_RESULTS_VERSION},
        {.name = "seed", .is_integer = true, .integer = 1},
        {.name = "steps", .is_integer = true, .integer = run->spec.run.steps},
    };
    const struct dsgd_runfile_args args = {attribute, sizeof attribute / sizeof *attribute, &run->session.stored, NULL};
    return dsgd_runfile_write(path, engine, &args, snapshot);
}

void near_open(struct near_run *run, const char *text, int rounds, bool snapshot)
{
    const char *path = scratch(".conf");
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) { give_up("write its configuration"); }
    const struct dsgd_session_options options = {.cache = "/nonexistent", .threads = 1, .dry = true};
    enum dsgd_status status = dsgd_spec_load(path, NULL, 0, &run->spec);
    unlink(path);
    struct dsgd_engine *engine = NULL;
    if (status == DSGD_OK) { status = dsgd_session_open(&run->spec, &options, &run->session); }
    if (status == DSGD_OK) { status = dsgd_engine_create(&run->session.args, &engine); }
    for (int t = 0; t < rounds && status == DSGD_OK; ++t) { status = dsgd_engine_step(engine); }
    path = scratch(".h5");
    if (status == DSGD_OK) { status = write_run(run, engine, path, snapshot); }
    if (status != DSGD_OK) { give_up("make its run"); }
    dsgd_engine_destroy(engine);
    run->bytes = slurp(path, &run->size);
    unlink(path);
    take_seal_off(run);
}

static void add(uint8_t *bytes, size_t n, uint8_t value)
{
    unsigned carry = value;
    for (size_t i = 0; i < n; ++i) {
        carry += bytes[i];
        bytes[i] = (uint8_t)carry;
        carry >>= 8;
        if (value >= 128) { carry += 255; } /* a negative number */
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Returns the new length. */
static size_t edit(uint8_t *bytes, size_t length, const uint8_t *data, size_t size)
{
    for (; size >= EDIT_BYTES && length > 0; data += EDIT_BYTES, size -= EDIT_BYTES) {
        const size_t at = ((size_t)data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16) % length, left = length - at;
        const uint8_t value = data[4];
        switch (data[0] % 8) {
        case 0:
        case 1: bytes[at] = value; break;
        case 2: bytes[at] ^= value; break;
        case 3: add(bytes + at, least(2, left), value); break;
        case 4: add(bytes + at, least(4, left), value); break;
        case 5: memset(bytes + at, 0, least(value + 1u, left)); break;
        case 6:
            if (size >= 2 * EDIT_BYTES) {
                const size_t from = ((size_t)data[6] | (size_t)data[7] << 8 | (size_t)data[8] << 16) % length;
                memmove(bytes + at, bytes + from, least(value + 1u, least(left, length - from)));
            }
            break;
        case 7: length = at; break;
        }
    }
    return length;
}

void near_make(const struct near_run *run, int runs, const uint8_t *data, size_t size, struct near_input *out)
{
    const uint8_t mode = size > 0 ? data[0] : 0;
    out->base = (mode & 3) % runs;
    out->sealed = !(mode & 16);
    const struct near_run *base = &run[out->base];
    if ((mode & 12) == 12) {
        out->path = fuzz_file(data + 1, size - 1);
    } else {
        uint8_t *bytes = malloc(base->size);
        if (!bytes) { abort(); }
        memcpy(bytes, base->bytes, base->size);
        out->path = fuzz_file(bytes, size > 0 ? edit(bytes, base->size, data + 1, size - 1) : base->size);
        free(bytes);
    }
    if (out->sealed) {
        const int fd = open(out->path, O_RDWR | O_CLOEXEC);
        if (fd < 0 || !dsgd_seal_append(fd)) { give_up("seal its file"); }
        close(fd);
    }
}
