/* near.h - inputs that stay near valid result files: edits of a file that the harness makes at start-up, sealed anew, so that
 * the reader gets past the checksum.
 */
#ifndef DSGD_TESTS_FUZZ_NEAR_H
#define DSGD_TESTS_FUZZ_NEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/run/session.h"

/** One configuration, opened; its file without the seal. */
struct near_run {
    struct dsgd_spec spec;
    struct dsgd_session session;
    uint8_t *bytes;
    size_t size;
};

/** Resolves `text`, runs `rounds` steps and keeps what dsgd_runfile_write makes of them. Aborts on failure. */
void near_open(struct near_run *run, const char *text, int rounds, bool snapshot);

/** How an input asks to be read. */
struct near_input {
    int base;        /* which run is changed, or the engine that reads */
    const char *path; /* the file, until the next call */
    bool sealed;
};

/* Input: 1 byte: bits 0-1 which run, bits 2-3 both set: the rest is the whole file, bit 4: no seal. Otherwise edits:
 *   operation (1 byte, modulo 8), offset (3 bytes, little-endian, modulo the length), value (1 byte)
 *   0, 1 the byte becomes the value   2 it is exclusive-ored   3 the value is added to 2 bytes   4 to 4 bytes
 *   5 value + 1 bytes become zero   6 value + 1 bytes are copied from the offset of the next edit   7 the file ends there */
void near_make(const struct near_run *run, int runs, const uint8_t *data, size_t size, struct near_input *out);

#endif
