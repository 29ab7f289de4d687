/* input.h - a fuzzer's bytes as a file that the readers can open. */
#ifndef DSGD_TESTS_FUZZ_INPUT_H
#define DSGD_TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Where a harness may write: $DSGD_FUZZ_TMP (tests/fuzz/run.sh empties it), else shared memory, else /tmp. */
const char *fuzz_folder(void);

/** A file that holds the bytes; *path is its name until the next call. Aborts if the system gives none. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
