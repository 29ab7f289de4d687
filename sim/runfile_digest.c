/* runfile_digest.c - SHA-256 of results ("same bits") and of snapshots' state. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/runfile.h"
#include "sim/sha256.h"

/* One number, little-endian; every NaN alike. */
static void hash_cell(struct sha256_ctx *sha, union dsgd_cell cell, bool integer)
{
    const uint64_t bits = !integer && isnan(cell.f) ? UINT64_C(0x7ff8000000000000) : (uint64_t)cell.i;
    uint8_t bytes[8];
    for (int b = 0; b < 8; ++b) { bytes[b] = (uint8_t)(bits >> (8 * b)); }
    sha256_update(sha, sizeof bytes, bytes);
}

static void hash_vector(struct sha256_ctx *sha, const double *v, size_t d)
{
    for (size_t i = 0; i < d; ++i) { hash_cell(sha, (union dsgd_cell){.f = v[i]}, false); }
}

static void hash_table(struct sha256_ctx *sha, const struct dsgd_table *table)
{
    for (int c = 0; c < table->columns; ++c) {
        const struct dsgd_column *column = &table->column[c];
        sha256_update(sha, strlen(column->name) + 1, (const uint8_t *)column->name);
        for (size_t r = 0; r < table->rows; ++r) { hash_cell(sha, column->cell[r], column->integer); }
    }
}

void dsgd_runfile_digest(const struct dsgd_runfile *run, char hex[65])
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    for (int t = 0; t < DSGD_TABLES; ++t) {
        if (strcmp(run->table[t].name, "time") != 0) { hash_table(&sha, &run->table[t]); }
    }
    hash_vector(&sha, run->x, run->d);
    hash_vector(&sha, run->output, run->d);
    dsgd_sha256_end(&sha, 64, hex);
}

void dsgd_runfile_state_sha256(struct dsgd_engine *engine, const struct dsgd_array *array, int arrays, char hex[65])
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    for (int j = 0; j < arrays; ++j) {
        sha256_update(&sha, strlen(array[j].name) + 1, (const uint8_t *)array[j].name);
        sha256_update(&sha, array[j].rows * array[j].cols * dsgd_field_size(array[j].type), array[j].data);
    }
    for (int t = 0; t < DSGD_TABLES; ++t) { hash_table(&sha, dsgd_engine_table(engine, t)); }
    dsgd_sha256_end(&sha, 64, hex);
}
