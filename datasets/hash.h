/* hash.h - numbers of a dataset on their way into its SHA-256: little-endian on every machine. Internal. */
#ifndef DSGD_DATASETS_HASH_H
#define DSGD_DATASETS_HASH_H

#include <stddef.h>
#include <stdint.h>

struct sha256_ctx; /* nettle/sha2.h */

/** One number, 64 bits. */
void dsgd_hash_number(struct sha256_ctx *hash, uint64_t x);
/** n words of 32 bits, uint32_t or float. */
void dsgd_hash_words(struct sha256_ctx *hash, size_t n, const void *words);

#endif
