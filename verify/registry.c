/* registry.c - one line for each check. */
#include <string.h>

#include "verify/verify.h"

/* The order is that of the table. */
#define CHECKS(X)             \
    X(verify_virtual_iterate) \
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
