/* verify_head.c - what stored numbers depend on, in one line. Interface: verify_head.h. */
#include "command/verify_head.h"

#include <stdio.h>
#include <string.h>

#include "sim/run_config.h"

void verify_head(const char *kind, const char *name, int version, const struct verify_context *context, const char *data, char head[VERIFY_HEAD_MAX])
{
    snprintf(head, VERIFY_HEAD_MAX, "# %s %s, version %d, results version %d, seed %lu, %s, fault %s, data %s\n", kind, name, version,
             DSGD_RESULTS_VERSION, (unsigned long)context->seed, context->full ? "full" : "quick", context->fault ? context->fault->name : "none", data);
}

bool verify_head_other_data(const char *line, const char *head, char data[VERIFY_HASH_MAX])
{
    const size_t same = strlen(head) - strlen("none\n"), digits = VERIFY_HASH_MAX - 1;
    if (strncmp(line, head, same) != 0 || strspn(line + same, "0123456789abcdef") != digits || line[same + digits] != '\n') { return false; }
    memcpy(data, line + same, digits);
    data[digits] = '\0';
    return true;
}
