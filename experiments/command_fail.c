/* command_fail.c - a failure as one line on stderr and an exit code. */
#include <stdio.h>

#include "experiments/commands.h"

int command_fail(enum dsgd_status status)
{
    fprintf(stderr, "dsgd: %s\n", *dsgd_message() ? dsgd_message() : dsgd_status_text(status));
    return dsgd_status_exit_code(status);
}
