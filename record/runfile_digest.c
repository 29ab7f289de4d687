/* runfile_digest.c - SHA-256 of results ("same bits") and of snapshots' state. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/runfile.h"
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

size_t dsgd_runfile_row_bytes(const struct dsgd_saved *saved)
{
    return saved->cols * (saved->type == DSGD_SAVED_F32 ? sizeof(float) : sizeof(uint64_t));
}

enum dsgd_status dsgd_runfile_row(const struct dsgd_saved saved[], int arrays, void **row)
{
    size_t bytes = 1;
    for (int j = 0; j < arrays; ++j) {
        if (dsgd_runfile_row_bytes(&saved[j]) > bytes) { bytes = dsgd_runfile_row_bytes(&saved[j]); }
    }
    *row = malloc(bytes);
    return *row ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for a row of the state, %zu bytes", bytes);
}

enum dsgd_status dsgd_runfile_state_sha256(struct dsgd_engine *engine, const struct dsgd_saved saved[], int arrays, void *row, char hex[65])
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    for (int j = 0; j < arrays; ++j) {
        sha256_update(&sha, strlen(saved[j].name) + 1, (const uint8_t *)saved[j].name);
        for (size_t r = 0; r < saved[j].rows; ++r) {
            DSGD_TRY(dsgd_engine_saved_get(engine, &saved[j], r, row));
            sha256_update(&sha, dsgd_runfile_row_bytes(&saved[j]), row);
        }
    }
    for (int t = 0; t < DSGD_TABLES; ++t) { hash_table(&sha, dsgd_engine_table(engine, t)); }
    dsgd_sha256_end(&sha, 64, hex);
    return DSGD_OK;
}
