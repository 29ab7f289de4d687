/* registry.c - one line for each check, one for each table behind a figure. */
#include <string.h>

#include "verify/verify.h"

/* The order is that of the table. */
#define CHECKS(X)             \
    X(verify_virtual_iterate) \
    X(verify_sent)            \
    X(verify_sampler)         \
    X(verify_facts)           \
    X(verify_lemma2)          \
    X(verify_theorem4)        \
    X(verify_theorem5)        \
    X(verify_theorem1)        \
    X(verify_theorem6)        \
    X(verify_rates)           \
    X(verify_shares)          \
    X(verify_measured)        \
    X(verify_compressing)     \
    X(verify_heavy)           \
    X(verify_remark1)         \
    X(verify_theorem4_mnist)  \
    X(verify_theorem5_mnist)  \
    X(verify_sketch)          \
    X(verify_sizes)           \
    X(verify_lemma1)          \
    X(verify_lemma1_large)    \
    X(verify_lemma1_mnist)    \
    X(verify_lemma1_fill)     \
    X(verify_lemma1_controls) \
    X(verify_theorem7)        \
    X(verify_theorem1_reduction) \
    X(verify_lemma3)          \
    X(verify_rebuttal)        \
    X(verify_rebuttal_mnist)  \
    X(verify_same_rates)      \
    X(verify_mnist)           \
    /* the next one: a line above this one */

#define DECLARE(symbol) extern const struct verify_check symbol;
CHECKS(DECLARE)

#define ENTRY(symbol) &symbol,
static const struct verify_check *const checks[] = {CHECKS(ENTRY)};

const struct verify_check *verify_check_at(int i)
{
    return i >= 0 && (size_t)i < sizeof checks / sizeof *checks ? checks[i] : NULL;
}

const struct verify_check *verify_check_find(const char *name)
{
    for (int i = 0; verify_check_at(i); ++i) {
        if (strcmp(verify_check_at(i)->name, name) == 0) { return verify_check_at(i); }
    }
    return NULL;
}

/* function, name, title, version, whether it uses MNIST */
#define MAPS(X) \
    X(verify_map_contraction, "contraction", "where HEAVYMIX contracts by k/d, over rows, columns, k and shapes", 1, true) \
    X(verify_map_hashes, "hashes", "error memory with fixed and with fresh hashes", 1, false)             \
    X(verify_map_excess, "excess", "excess risk over T under the terms of Theorem 1", 1, false) \
    X(verify_map_memory, "memory", "error memory over t under Lemma 3", 1, false) \
    X(verify_map_workers, "workers", "excess risk over the number of workers", 1, false) \
    X(verify_map_figure5, "figure5", "figure 5 on MNIST under Theorems 1 and 5", 1, true) \
    X(verify_map_compressors, "compressors", "what every compressor leaves of five vector shapes", 1, true) \
    /* X(verify_map_name, "name", "title", 1, false) */

#define DECLARE_MAP(function, name, title, version, mnist) enum dsgd_status function(const struct verify_context *context, FILE *out);
MAPS(DECLARE_MAP)

#define MAP_ENTRY(function, name, title, version, mnist) {name, title, version, mnist, function},
static const struct verify_map maps[] = {MAPS(MAP_ENTRY){NULL, NULL, 0, false, NULL}};

const struct verify_map *verify_map_at(int i)
{
    return i >= 0 && (size_t)i + 1 < sizeof maps / sizeof *maps ? &maps[i] : NULL;
}

const struct verify_map *verify_map_find(const char *name)
{
    for (int i = 0; verify_map_at(i); ++i) {
        if (strcmp(verify_map_at(i)->name, name) == 0) { return verify_map_at(i); }
    }
    return NULL;
}
