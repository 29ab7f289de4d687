/* sha256.h - SHA-256 as hexadecimal digits: of data, configurations, results, and in the names of files. Internal. */
#ifndef DSGD_SIM_SHA256_H
#define DSGD_SIM_SHA256_H

#include <nettle/sha2.h>
#include <stddef.h>

/** Ends a sum: the first `digits` (an even number, at most 64) of its lower-case digits and a zero byte. `sha` then starts anew. */
void dsgd_sha256_end(struct sha256_ctx *sha, size_t digits, char *hex);

/** The same of `size` bytes. */
void dsgd_sha256_hex(const void *bytes, size_t size, size_t digits, char *hex);

#endif
