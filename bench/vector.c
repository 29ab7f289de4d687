/* vector.c - a heavy-tailed vector, or one from a file, so that other programs are timed on the same numbers. Interface: vector.h. */
#include "bench/vector.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/kernel/rng.h"

static enum dsgd_status from_file(const char *path, size_t d, float *out)
{
    FILE *in = fopen(path, "rb");
    if (!in) { return dsgd_fail(DSGD_EINPUT, "bench: --vector %s: %s", path, strerror(errno)); }
    struct stat about;
    enum dsgd_status status = DSGD_OK;
    const bool whole = fstat(fileno(in), &about) == 0 && S_ISREG(about.st_mode) && (uint64_t)about.st_size == (uint64_t)d * sizeof *out;
    if (!whole || fread(out, sizeof *out, d, in) != d) {
        status = dsgd_fail(DSGD_EINPUT, "bench: --vector %s: expected a file of %zu floats, %zu bytes", path, d, d * sizeof *out);
    }
    fclose(in);
    for (size_t i = 0; status == DSGD_OK && i < d; ++i) {
        if (!isfinite(out[i])) { status = dsgd_fail(DSGD_EINPUT, "bench: --vector %s: number %zu is %g, expected finite ones", path, i, (double)out[i]); }
    }
    return status;
}

static void made(size_t d, float *out)
{
    const struct dsgd_rng_key key = {1, dsgd_rng_purpose("bench vector")};
    for (size_t i = 0; i < d; i += 2) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(i / 2), 0, 0, 0);
        for (size_t j = 0; j < 2 && i + j < d; ++j) {
            const float u = (float)(words.word[2 * j] >> 8) * 0x1p-24f, magnitude = 1.0f / (1.0f + 4096.0f * u);
            out[i + j] = words.word[2 * j + 1] & 1 ? -magnitude : magnitude;
        }
    }
}

enum dsgd_status bench_vector(const struct bench_options *options, float **out)
{
    float *v = malloc(options->d * sizeof *v);
    *out = v;
    if (!v) { return dsgd_fail(DSGD_ENOMEM, "bench: no memory for a vector of %zu floats", options->d); }
    if (options->vector) {
        const enum dsgd_status status = from_file(options->vector, options->d, v);
        if (status != DSGD_OK) {
            free(v);
            *out = NULL;
        }
        return status;
    }
    made(options->d, v);
    return DSGD_OK;
}
