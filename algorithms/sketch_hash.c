/* sketch_hash.c - which family of hashes a sketch takes. Interface: sketch_hash.h. */
#include "algorithms/sketch_hash.h"

#include <stdio.h>

#include "sim/kernel/block_hash.h"

static bool fits(int64_t cols)
{
    return cols % DSGD_BLOCK == 0;
}

/* auto would take blocks if the number of columns were another one close by */
static bool would(const struct dsgd_hash_wish *wish)
{
    return wish->key == DSGD_HASH_AUTO && wish->may && wish->n >= DSGD_HASH_BLOCKS_FROM_D && wish->cols >= DSGD_HASH_BLOCKS_FROM_COLS;
}

enum dsgd_hash dsgd_hash_of(const struct dsgd_hash_wish *wish)
{
    return wish->key == DSGD_HASH_BLOCK || (would(wish) && fits(wish->cols)) ? DSGD_BLOCKS : DSGD_TEXTBOOK;
}

/* "99968 or 100032": the multiples of 64 on both sides, as far as both are numbers of columns. */
static void neighbours(int64_t cols, char *text, size_t size)
{
    const int64_t below = cols / DSGD_BLOCK * DSGD_BLOCK, above = below + DSGD_BLOCK;
    if (below < 1) {
        snprintf(text, size, "%lld", (long long)above);
    } else if (above > INT32_MAX) {
        snprintf(text, size, "%lld", (long long)below);
    } else {
        snprintf(text, size, "%lld or %lld", (long long)below, (long long)above);
    }
}

enum dsgd_status dsgd_hash_check(const struct dsgd_hash_wish *wish)
{
    if (wish->key != DSGD_HASH_BLOCK || fits(wish->cols)) { return DSGD_OK; }
    char both[48];
    neighbours(wish->cols, both, sizeof both);
    return dsgd_fail(DSGD_EINPUT, "%s.cols = %lld: expected a multiple of %d with hash = block: %s", wish->section, (long long)wish->cols,
                     (int)DSGD_BLOCK, both);
}

void dsgd_hash_hint(const struct dsgd_hash_wish *wish, char *text, size_t size)
{
    *text = '\0';
    if (!would(wish) || fits(wish->cols)) { return; }
    char both[48];
    neighbours(wish->cols, both, sizeof both);
    snprintf(text, size, "%s.cols = %lld: hash = auto takes textbook; with a multiple of %d, %s, it would take block, which is faster",
             wish->section, (long long)wish->cols, (int)DSGD_BLOCK, both);
}
