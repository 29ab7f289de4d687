/* sha256.c - the digits of a sum. Interface: sha256.h. */
#include "sim/sha256.h"

#include <stdint.h>
#include <stdio.h>

void dsgd_sha256_end(struct sha256_ctx *sha, size_t digits, char *hex)
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    sha256_digest(sha, sizeof sum, sum);
    for (size_t i = 0; 2 * i < digits; ++i) { snprintf(hex + 2 * i, 3, "%02x", (unsigned)sum[i]); }
}

void dsgd_sha256_hex(const void *bytes, size_t size, size_t digits, char *hex)
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, size, bytes);
    dsgd_sha256_end(&sha, digits, hex);
}
