/* input.h - a fuzzer's bytes as a file that the readers can open. */
#ifndef DSGD_TESTS_FUZZ_INPUT_H
#define DSGD_TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A file that holds the bytes; *path is its name until the next call. Aborts if the system gives none. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
